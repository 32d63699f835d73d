//! Gateway: where intents and commands enter the core.
//!
//! Every intent passes here before risk sees it. One that repeats an intent still under way, or that
//! is too old to be meant any more, ends here with an event of its own. The gateway also keeps the
//! session's state: heartbeat, configuration changes, whether the market is open.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender};
use sha2::{Digest, Sha256};
use tapline_client::{Component, events};

use crate::canaries::CanaryKind;
use crate::farewell::Farewell;
use crate::messages::{Action, BusMessage, GatewayInput, Intent, News, Outcome, RiskInput};
use crate::pace::{MILLISECOND, SECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::strategies::{Strategy, per_strategy};
use crate::voice::Voice;

/// An intent that repeats another of its strategy and side within this is a mistake.
const DUPLICATE_WINDOW: SessionTime = 10 * MILLISECOND;
/// An intent whose tick arrived longer ago was held up somewhere, and the market has moved on.
const INTENT_TTL: Duration = Duration::from_millis(500);
const HEARTBEAT: SessionTime = SECOND;

pub struct Gateway {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<GatewayInput>,
    risk: Sender<RiskInput>,
    news: Sender<News>,
    /// The last intent by strategy and side.
    last: Vec<[Option<Intent>; 2]>,
    started: Option<SessionTime>,
    next_heartbeat: SessionTime,
    heartbeats: i64,
    config: Config,
}

/// The settings that an operator changes in this run.
struct Config {
    position_max: [i64; crate::strategies::STRATEGIES.len()],
}

// === impl Gateway ===

impl Gateway {
    pub fn new(scene: Arc<Scene>, inbox: Receiver<GatewayInput>, risk: Sender<RiskInput>, news: Sender<News>) -> Self {
        Gateway {
            voice: scene.voice(Component::Gateway),
            scene,
            inbox,
            risk,
            news,
            last: vec![[None; 2]; crate::strategies::STRATEGIES.len()],
            started: None,
            next_heartbeat: 0,
            heartbeats: 0,
            config: Config { position_max: per_strategy(|strategy| strategy.profile().position_max) },
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.risk, RiskInput::Stop);
        let metrics = Arc::clone(&self.scene.metrics);
        metrics.market_session_active.set(1.0);
        metrics.process_restart_count.set(0.0);
        while let Ok(input) = self.inbox.recv() {
            match input {
                GatewayInput::Intent(intent) => self.take(intent),
                GatewayInput::Bus(BusMessage::Pulse(pulse)) => {
                    self.time_passes(pulse.at);
                    self.scene.step.handled();
                }
                GatewayInput::Bus(BusMessage::Cue { cue: Cue::ConfigChange, .. }) => {
                    self.change_config();
                }
                GatewayInput::Bus(_) => {}
                GatewayInput::Stop => break,
            }
        }
        metrics.market_session_active.set(0.0);
    }

    fn take(&mut self, intent: Intent) {
        let last = &mut self.last[intent.strategy.index()][intent.side as usize];
        let repeats = last.is_some_and(|last| is_repeated(&last, &intent));
        let late = self.scene.step.is_free() && intent.received.elapsed() > INTENT_TTL;
        if repeats {
            self.refuse(&intent, "DUPLICATE_IN_FLIGHT");
        } else if late {
            self.refuse(&intent, "INTENT_EXPIRED");
        } else {
            *last = Some(intent);
            let _ = self.risk.send(RiskInput::Intent(intent));
        }
    }

    fn refuse(&self, intent: &Intent, reason_code: &str) {
        self.voice.emit(&events::IntentRefused {
            reason_code,
            strategy_id: Some(intent.strategy.name()),
            intent_id: Some(&intent.lineage.intent),
            trace_id: Some(&intent.lineage.trace),
            symbol: Some(&self.scene.symbol),
            ..Default::default()
        });
        self.scene.progress.intents_refused.inc();
        let _ = self.news.send(News {
            strategy: intent.strategy,
            side: intent.side,
            intent: intent.lineage.intent,
            outcome: Outcome::Refused,
        });
    }

    fn time_passes(&mut self, at: SessionTime) {
        let started = *self.started.get_or_insert(at);
        if at < self.next_heartbeat {
            return;
        }
        self.next_heartbeat = at + HEARTBEAT;
        self.heartbeats += 1;
        self.voice.emit(&events::Heartbeat {
            uptime_s: Some((at - started) as f64 / 1e9),
            count: Some(self.heartbeats),
            config_hash: Some(&self.config.hash()),
            ..Default::default()
        });
    }

    /// An operator gives the first maker another limit, with a comment that should not say what it
    /// does.
    fn change_config(&mut self) {
        let strategy = Strategy::QUICK_MAKER;
        let before = self.config.hash();
        let limit = &mut self.config.position_max[strategy.index()];
        *limit = if *limit == strategy.profile().position_max { *limit + 1 } else { *limit - 1 };
        let contracts = *limit;
        let reason = format!(
            "limit of {} now {contracts}, set by api_key={}",
            strategy.name(),
            self.scene.canaries.value(CanaryKind::ApiKey)
        );
        self.voice.emit(&events::ConfigChange {
            config_name: "risk",
            hash_before: Some(&before),
            hash_after: Some(&self.config.hash()),
            actor: Some("ops-1"),
            result: Some("ok"),
            changed_keys: Some(r#"["mm-1.position_max"]"#),
            reason: Some(&reason),
            ..Default::default()
        });
        let _ = self.risk.send(RiskInput::PositionMax { strategy, contracts });
    }
}

fn is_repeated(last: &Intent, intent: &Intent) -> bool {
    last.action == Action::New
        && intent.action == Action::New
        && (last.side, last.price, last.quantity) == (intent.side, intent.price, intent.quantity)
        && intent.at - last.at < DUPLICATE_WINDOW
}

// === impl Config ===

impl Config {
    /// Short enough to leave an event room for the rest: the first half of the SHA-256.
    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for strategy in Strategy::all() {
            hasher.update(strategy.name());
            hasher.update(self.position_max[strategy.index()].to_le_bytes());
        }
        hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
