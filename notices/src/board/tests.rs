//! What the board does, on a clock of the tests' own.

mod budgets;
mod flapping;
mod histories;
mod pages;
mod saving;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::{Message, Outcome};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Criticals to a pager, then chat, then mail; warnings and infos to chat.
fn rules() -> Rules {
    let people = Manner::default();
    let pager = Manner { keeps_state: true, acknowledges: true, refresh: None };
    let channels = [("pager", pager), ("chat", people), ("mail", people)];
    Rules {
        channels: channels.into_iter().map(|(name, manner)| (Arc::from(name), manner)).collect(),
        routes: vec![
            Arc::new(route("pages", &[Severity::Critical], &["pager", "chat", "mail"])),
            Arc::new(route("rest", &[Severity::Warning, Severity::Info], &["chat"])),
        ],
        hold: seconds(60),
        flap: Some(Flap { changes: 6, window: seconds(600) }),
        alerts_max: 1000,
    }
}

fn route(name: &str, severities: &[Severity], to: &[&str]) -> Route {
    Route {
        name: name.into(),
        severities: severities.to_vec(),
        sources: Vec::new(),
        details: Vec::new(),
        to: to.iter().map(|name| Arc::from(*name)).collect(),
        also: Vec::new(),
        fallback_after: seconds(30),
        repeat: Backoff { first: seconds(300), most: seconds(3600) },
        group: None,
        budget: Budget { burst: 10, every: seconds(60) },
        reserve: Budget { burst: 10, every: seconds(10) },
        window: seconds(120),
        reserve_window: seconds(10),
        quiet: Vec::new(),
    }
}

fn change(rules: &mut Rules, route: &str, with: impl FnOnce(&mut Route)) {
    let route = rules.routes.iter_mut().find(|of| *of.name == *route).unwrap();
    with(Arc::make_mut(route));
}

/// A board whose channels answer at once, unless they are said to be down.
struct Desk {
    board: Board,
    now: u64,
    /// Channels that never answer.
    silent: Vec<&'static str>,
    /// Channels that refuse.
    refusing: Vec<&'static str>,
    sent: Vec<(u64, String, Message)>,
    alarms: Vec<Alarm>,
}

impl Desk {
    fn new(rules: Rules) -> Self {
        let board = Board::new(rules, "t");
        Desk { board, now: 1_000_000, silent: Vec::new(), refusing: Vec::new(), sent: Vec::new(), alarms: Vec::new() }
    }

    fn now(&self) -> Time {
        Time::from_secs(self.now)
    }

    fn fire(&mut self, key: &str, severity: Severity) -> Offered {
        let notice = Notice::firing("rule", key, severity, key, self.now());
        self.offer(notice)
    }

    fn resolve(&mut self, key: &str) -> Offered {
        let notice = Notice::resolved("rule", key, "fine again", self.now());
        self.offer(notice)
    }

    fn offer(&mut self, notice: Notice) -> Offered {
        let offered = self.board.offer(notice, self.now());
        self.pump();
        offered
    }

    /// Lets time pass, stopping whenever the board wants to be asked.
    fn wait(&mut self, seconds: u64) {
        let end = self.now + seconds;
        while let Some(due) = self.board.next_due().map(|due| due.seconds().max(self.now))
            && due <= end
        {
            self.now = due;
            self.pump();
        }
        self.now = end;
        self.pump();
    }

    fn pump(&mut self) {
        loop {
            let sends = self.board.due(self.now());
            if sends.is_empty() {
                break;
            }
            for send in sends {
                let channel = send.id.channel.to_string();
                if self.refusing.contains(&&*channel) {
                    self.board.answered(&send.id, Outcome::Refused, None, self.now());
                } else if !self.silent.contains(&&*channel) {
                    let receipt = Some(format!("r-{}", send.message.id));
                    self.board.answered(&send.id, Outcome::Delivered, receipt, self.now());
                }
                self.sent.push((self.now, channel, send.message));
            }
        }
        self.alarms.extend(self.board.alarms());
    }

    /// What was sent since the last look: `channel title`.
    fn told(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, channel, message)| format!("{channel} {}", message.title())).collect()
    }
}
