//! The board on the wall clock: a thread for it, threads for each channel, one that writes down the state,
//! one for the heartbeat.
//!
//! ```text
//! notify ─▶ inbox: critical │ other │ answers ─▶ board thread ─▶ lanes: a channel's pages │ its rest ─▶ receiver
//!                                     ▲                                     │
//!                                     └────────────── answered ─────────────┘──▶ Receipts
//! ```
//!
//! A page never waits behind what is no page: it has its own queue into the board, and in each channel a
//! thread of its own.

mod breaker;
mod clock;
mod heartbeat;
mod inbox;
mod keeper;
mod lane;
mod receipts;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use breaker::Pace;
pub use inbox::Full;
pub use receipts::{Acknowledged, Beat, Delivery, Receipts};

use breaker::Health;
use clock::Clock;
use inbox::{Acknowledge, Control, Inbox};
use keeper::Keeper;
use lane::{Lane, LaneSettings};

use crate::config::NotifyConfig;
use crate::{Channel, ChannelName, Counts, Id, Notice, OpenAlert, Rules};

/// Takes notices, and sees to it that they are told. `stop` it; dropped, it ends without telling what waits.
pub struct Runner {
    handle: Handle,
    work: Option<JoinHandle<()>>,
    heartbeat: Option<heartbeat::Heartbeat>,
}

/// Gives notices to a runner, from any thread, and never waits.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// A channel as the runner needs it.
pub struct Outlet {
    pub name: ChannelName,
    /// Once for pages and once for the rest.
    pub page: Box<dyn Channel>,
    pub rest: Box<dyn Channel>,
    pub pace: Pace,
    /// Beyond this a message that could not be sent is a failure.
    pub give_up_after: Duration,
    pub queue: usize,
}

/// All that a runner is made of; `Runner::start` makes it of a configuration.
pub struct Parts {
    pub rules: Rules,
    pub outlets: Vec<Outlet>,
    pub queue: usize,
    pub state_file: Option<PathBuf>,
    pub receipts: Arc<dyn Receipts>,
}

/// The board did not answer: the runner has stopped, or has more to do than it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the board of notices does not answer")]
pub struct Silent;

/// How long a question to the board waits for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("notices can't be told as configured\n  - {}", .wrong.join("\n  - "))]
pub struct StartError {
    pub wrong: Vec<String>,
}

/// How things stand, for metrics.
#[derive(Clone, Debug, Default)]
pub struct Status {
    pub counts: Counts,
    /// Alerts that fire.
    pub firing: usize,
    /// Notices that wait for the board.
    pub waiting: usize,
    /// Notices that found the queue full.
    pub dropped: u64,
    /// Heartbeats that were tried, and those that arrived.
    pub beats: (u64, u64),
    pub channels: Vec<ChannelStatus>,
}

#[derive(Clone, Debug)]
pub struct ChannelStatus {
    pub name: ChannelName,
    /// Messages that wait, those that are tried included.
    pub waiting: usize,
    /// The receiver is taken to be down.
    pub broken: bool,
}

/// What every thread of a runner has.
pub(crate) struct Shared {
    inbox: Inbox,
    clock: Clock,
    lanes: Vec<ChannelLanes>,
    receipts: Arc<dyn Receipts>,
    kept: Arc<std::sync::atomic::AtomicU64>,
    board: std::sync::Mutex<(Counts, usize)>,
    beats: (std::sync::atomic::AtomicU64, std::sync::atomic::AtomicU64),
}

struct ChannelLanes {
    name: ChannelName,
    page: Arc<Lane>,
    rest: Arc<Lane>,
    health: Arc<Health>,
}

impl Shared {
    fn report(&self, delivery: &Delivery<'_>) {
        calmly(|| self.receipts.delivery(delivery));
    }
}

/// What keeps the books may fail; a page is sent all the same.
fn calmly(call: impl FnOnce()) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err() {
        tracing::error!("whoever keeps the books of notices has panicked");
    }
}

impl Runner {
    /// Checks the configuration, opens every channel, takes up the state that was saved, and begins.
    /// Relative paths in it are as `NotifyConfig::lies_in` left them; `state_file` is where it says.
    pub fn start(
        config: &NotifyConfig,
        state_file: Option<PathBuf>,
        receipts: Arc<dyn Receipts>,
    ) -> Result<Self, StartError> {
        let mut wrong = config.problems();
        let mut outlets = Vec::new();
        let heartbeat = config.heartbeat.as_ref().map(heartbeat::Settings::open).transpose();
        if wrong.is_empty() {
            for (name, channel) in &config.channels {
                match Outlet::open(name, channel, &config.host()) {
                    Ok(outlet) => outlets.push(outlet),
                    Err(what) => wrong.push(format!("notify.channels.{name}: {what}")),
                }
            }
            wrong.extend(heartbeat.as_ref().err().map(|what| format!("notify.heartbeat: {what}")));
        }
        if !wrong.is_empty() {
            return Err(StartError { wrong });
        }
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let mut runner =
            Runner::with(Parts { rules: config.rules(), outlets, queue: config.queue, state_file, receipts });
        if let Ok(Some(settings)) = heartbeat {
            runner.heartbeat = Some(heartbeat::Heartbeat::start(settings, runner.handle.shared.clone()));
        }
        if config.test_at_start {
            let (config, shared) = (config.clone(), runner.handle.shared.clone());
            let test = move || crate::trial::at_start(&config, &*shared.receipts);
            std::thread::Builder::new().name("notify-test".into()).spawn(test).expect("a thread can be started");
        }
        Ok(runner)
    }

    pub fn with(parts: Parts) -> Self {
        let clock = Clock::start();
        let (board, keeper) = Keeper::open(parts.rules, parts.state_file, clock.now());
        let kept = keeper.kept();
        let (mut lanes, mut channels) = (Vec::new(), Vec::new());
        for outlet in parts.outlets {
            let health = Arc::new(Health::new(outlet.pace));
            let settings = |page| LaneSettings {
                name: outlet.name.clone(),
                page,
                give_up_after: outlet.give_up_after,
                queue: outlet.queue,
            };
            let page = Arc::new(Lane::new(settings(true), health.clone()));
            let rest = Arc::new(Lane::new(settings(false), health.clone()));
            channels.push((page.clone(), outlet.page));
            channels.push((rest.clone(), outlet.rest));
            lanes.push(ChannelLanes { name: outlet.name, page, rest, health });
        }
        let shared = Arc::new(Shared {
            inbox: Inbox::new(parts.queue),
            clock,
            lanes,
            receipts: parts.receipts,
            kept,
            board: std::sync::Mutex::new((board.counts(), board.firing())),
            beats: Default::default(),
        });
        for (lane, channel) in channels {
            lane::run(lane, channel, shared.clone());
        }
        let work = {
            let shared = shared.clone();
            let work = move || work::run(board, keeper, &shared);
            std::thread::Builder::new().name("notify".into()).spawn(work).expect("a thread can be started")
        };
        Runner { handle: Handle { shared }, work: Some(work), heartbeat: None }
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes no more notices, sends for at most `within` what can be sent, and writes down the rest, to be
    /// sent at the next start.
    pub fn stop(mut self, within: Duration) {
        self.end(within);
    }

    fn end(&mut self, within: Duration) {
        if let Some(heartbeat) = self.heartbeat.take() {
            heartbeat.stop();
        }
        if let Some(work) = self.work.take() {
            self.handle.shared.inbox.control(Control::Stop(Instant::now() + within));
            // It panicked before, if at all, and said so then.
            let _ = work.join();
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

impl std::ops::Deref for Runner {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Handle {
    /// Takes a notice and gives its place in line, or says at once that it can't.
    pub fn notify(&self, notice: Notice) -> Result<u64, Full> {
        self.shared.inbox.offer(notice)
    }

    /// All notices up to this place in line outlive a kill: they are in the state file. Those behind it have to be
    /// given again to a runner that starts anew.
    pub fn kept(&self) -> u64 {
        self.shared.kept.load(Relaxed)
    }

    /// Somebody has taken it on. Answers with the alert, or with nothing where it does not fire; waits for
    /// the board.
    pub fn acknowledge(&self, id: Id, by: &str, reason: &str) -> Result<Option<OpenAlert>, Silent> {
        let (by, reason) = (by.to_owned(), reason.to_owned());
        self.ask(|answer| Control::Acknowledge(Acknowledge { id, by, reason, answer }))
    }

    /// What fires; waits for the board.
    pub fn open(&self) -> Result<Vec<OpenAlert>, Silent> {
        self.ask(Control::Open)
    }

    fn ask<T>(&self, control: impl FnOnce(SyncSender<T>) -> Control) -> Result<T, Silent> {
        let (answer, answered) = sync_channel(1);
        self.shared.inbox.control(control(answer));
        answered.recv_timeout(PATIENCE).map_err(|_| Silent)
    }

    pub fn status(&self) -> Status {
        let shared = &self.shared;
        let (counts, firing) = *shared.board.lock().unwrap();
        let (waiting, dropped) = shared.inbox.waiting();
        Status {
            counts,
            firing,
            waiting,
            dropped,
            beats: (shared.beats.0.load(Relaxed), shared.beats.1.load(Relaxed)),
            channels: shared
                .lanes
                .iter()
                .map(|lanes| ChannelStatus {
                    name: lanes.name.clone(),
                    waiting: lanes.page.waiting() + lanes.rest.waiting(),
                    broken: lanes.health.is_broken(Instant::now()),
                })
                .collect(),
        }
    }
}

impl Outlet {
    pub fn open(name: &str, config: &crate::config::ChannelConfig, host: &str) -> Result<Self, String> {
        let (rate, burst) = config.pace();
        Ok(Outlet {
            name: name.into(),
            page: config.open(host)?,
            rest: config.open(host)?,
            pace: Pace { every: Duration::from_secs_f64(1.0 / rate), burst },
            give_up_after: config.give_up_after(),
            queue: config.common.queue,
        })
    }
}
