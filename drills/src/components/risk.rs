//! Risk: decides about every intent, and is the home of StormGuard.
//!
//! Every intent that arrives gets exactly one decision, approved or not, and an audit event about it.
//! Each strategy has a StormGuard of its own; a feed gap or a bus overflow concerns all of them. When a
//! strategy halts, its resting orders are pulled.

mod checks;

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::metric::Gauge;
use tapline_client::{Component, events};

use self::checks::{Check, Limits, Verdict};
use crate::components::storm_guard::{CLEAR_UPDATES, HaltTrigger, Mode, Signs, StormGuard, Transition};
use crate::farewell::Farewell;
use crate::market::book::Quote;
use crate::market::{PRICE_SCALE, Side};
use crate::messages::{Action, BusMessage, Intent, News, OrderInput, Outcome, Pulse, RiskInput, Standing};
use crate::pace::{SECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::strategies::{PerStrategy, Strategy, per_strategy};
use crate::voice::Voice;

/// A loss of the day beyond this stops the strategy, whatever its drawdown.
const DAILY_LOSS_BPS: f64 = -300.0;

/// Intents a strategy may have decided in a second.
const INTENTS_PER_SECOND: u32 = 120;

pub struct Risk {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<RiskInput>,
    orders: Sender<OrderInput>,
    news: Sender<News>,
    guarded: PerStrategy<Guarded>,
    quote: Option<Quote>,
    at: SessionTime,
    feed_gap_ns: i64,
    kill_switch: bool,
}

/// One strategy under guard.
struct Guarded {
    guard: StormGuard,
    limits: Limits,
    net_quantity: i64,
    /// Profit of the day in bps of the capital.
    profit_bps: f64,
    drawdown_bps: f64,
    /// Intents in the second that began then.
    window: (SessionTime, u32),
    mode: Arc<Gauge>,
}

// === impl Risk ===

impl Risk {
    pub fn new(scene: Arc<Scene>, inbox: Receiver<RiskInput>, orders: Sender<OrderInput>, news: Sender<News>) -> Self {
        let guarded = per_strategy(|strategy| {
            let mode = scene.metrics.stormguard_mode.with(strategy.name());
            mode.set(0.0);
            Guarded {
                guard: StormGuard::default(),
                limits: Limits::of(strategy),
                net_quantity: 0,
                profit_bps: 0.0,
                drawdown_bps: 0.0,
                window: (0, 0),
                mode,
            }
        });
        Risk {
            voice: scene.voice(Component::Risk),
            scene,
            inbox,
            orders,
            news,
            guarded,
            quote: None,
            at: 0,
            feed_gap_ns: 0,
            kill_switch: false,
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.orders, OrderInput::Stop);
        while let Ok(input) = self.inbox.recv() {
            match input {
                RiskInput::Intent(intent) => self.decide(&intent),
                RiskInput::Position(standing) => self.stand(&standing),
                RiskInput::Alarm { trigger, strategy } => self.alarm(trigger, strategy),
                RiskInput::PositionMax { strategy, contracts } => {
                    self.guarded[strategy.index()].limits.set_position_max(contracts);
                }
                RiskInput::Bus(BusMessage::Pulse(pulse)) => {
                    self.time_passes(&pulse);
                    self.scene.step.handled();
                }
                RiskInput::Bus(BusMessage::Cue { cue: Cue::KillSwitch { active }, .. }) => {
                    self.switch(active);
                }
                RiskInput::Bus(_) => {}
                RiskInput::Stop => break,
            }
        }
    }

    fn decide(&mut self, intent: &Intent) {
        let guarded = &mut self.guarded[intent.strategy.index()];
        let mode = guarded.guard.mode();
        let recent_intents = guarded.count_intent(intent.at);
        let check = Check {
            intent,
            limits: &guarded.limits,
            mode,
            kill_switch: self.kill_switch,
            mid: self.quote.map(|quote| quote.mid()),
            net_quantity: guarded.net_quantity,
            loses_too_much: guarded.profit_bps <= DAILY_LOSS_BPS,
            recent_intents,
            intents_max: INTENTS_PER_SECOND,
        };
        let verdict = check.verdict();
        self.emit_decision(intent, &verdict, mode);
        let progress = &self.scene.progress;
        if verdict.approved {
            progress.risk_approved.inc();
            let _ = self.orders.send(OrderInput::Approved { intent: *intent, mode });
        } else {
            progress.risk_rejected.inc();
            self.scene.metrics.risk_reject_total.with(verdict.reason_code).inc();
            let _ = self.news.send(News {
                strategy: intent.strategy,
                side: intent.side,
                intent: intent.lineage.intent,
                outcome: Outcome::Refused,
            });
        }
    }

    fn emit_decision(&self, intent: &Intent, verdict: &Verdict, mode: Mode) {
        let limits = &self.guarded[intent.strategy.index()].limits;
        self.voice.emit(&events::RiskDecision {
            strategy_id: intent.strategy.name(),
            approved: verdict.approved,
            intent_id: Some(&intent.lineage.intent),
            trace_id: Some(&intent.lineage.trace),
            intent_type: Some(intent.action.name()),
            symbol: Some(&self.scene.symbol),
            side: Some(intent.side.name()),
            price: Some(intent.price),
            price_scale: Some(PRICE_SCALE),
            qty: Some(intent.quantity),
            reason_code: Some(verdict.reason_code),
            check_name: Some(verdict.check),
            limit_value: verdict.limit,
            observed_value: verdict.observed,
            thresholds: Some(limits.as_json()),
            risk_mode: Some(mode.name()),
            latency_us: Some(intent.received.elapsed().as_nanos() as f64 / 1e3),
            ..Default::default()
        });
    }

    fn stand(&mut self, standing: &Standing) {
        let guarded = &mut self.guarded[standing.strategy.index()];
        guarded.net_quantity = standing.net_quantity;
        guarded.profit_bps = standing.total as f64 / standing.strategy.profile().capital as f64 * 1e4;
        guarded.drawdown_bps = standing.drawdown_bps;
        if let Some(received) = standing.received {
            // What a changed position is worth is known here first: from the fill to risk.
            self.scene.metrics.position_delta_latency_ns.observe(received.elapsed().as_nanos() as f64);
        }
    }

    fn time_passes(&mut self, pulse: &Pulse) {
        self.at = pulse.at;
        self.feed_gap_ns = pulse.feed_gap_ns;
        self.quote = pulse.quote.or(self.quote);
        for strategy in Strategy::all() {
            let loses_too_much = self.guarded[strategy.index()].profit_bps <= DAILY_LOSS_BPS;
            let halt = if self.kill_switch {
                Some(HaltTrigger::KillSwitch)
            } else {
                loses_too_much.then_some(HaltTrigger::DailyLoss)
            };
            self.update_guard(strategy, halt);
        }
    }

    fn alarm(&mut self, trigger: HaltTrigger, strategy: Option<Strategy>) {
        for concerned in Strategy::all().filter(|each| strategy.is_none_or(|one| one == *each)) {
            self.update_guard(concerned, Some(trigger));
        }
    }

    fn switch(&mut self, active: bool) {
        self.kill_switch = active;
        self.voice.emit(&events::KillSwitch {
            active,
            actor: Some("ops-1"),
            reason_code: Some(if active { "OPERATOR_STOP" } else { "OPERATOR_RELEASE" }),
            ..Default::default()
        });
        if active {
            self.alarm(HaltTrigger::KillSwitch, None);
        }
    }

    fn update_guard(&mut self, strategy: Strategy, halt: Option<HaltTrigger>) {
        let guarded = &mut self.guarded[strategy.index()];
        let signs = Signs { at: self.at, drawdown_bps: guarded.drawdown_bps, feed_gap_ns: self.feed_gap_ns, halt };
        let Some(transition) = guarded.guard.update(signs) else {
            return;
        };
        guarded.mode.set(f64::from(transition.to as u8));
        self.scene.progress.mode_is(strategy, transition.to);
        let (from, to) = (transition.from.name(), transition.to.name());
        self.scene.metrics.stormguard_transitions_total.with(from, to).inc();
        self.emit_transition(strategy, &transition);
        if transition.to == Mode::Halt {
            let reason_code = "STORMGUARD_HALT";
            let _ = self.orders.send(OrderInput::PullAll { strategy, reason_code });
        }
    }

    fn emit_transition(&self, strategy: Strategy, transition: &Transition) {
        let signs = &transition.signs;
        let gap_s = signs.feed_gap_ns as f64 / 1e9;
        let values = format!(r#"{{"drawdown_bps":{:.1},"gap_s":{gap_s:.3}}}"#, signs.drawdown_bps);
        self.voice.emit(&events::StormguardTransition {
            old_mode: transition.from.name(),
            new_mode: transition.to.name(),
            trigger: Some(&transition.words()),
            trigger_values: Some(&values),
            strategy_id: Some(strategy.name()),
            drawdown_bps: Some(signs.drawdown_bps),
            gap_s: Some(gap_s),
            hold_s: Some(transition.to.hold() as f64 / 1e9),
            clear_updates: (transition.to < transition.from).then_some(i64::from(CLEAR_UPDATES)),
            reason_code: Some(transition.trigger.code()),
            ..Default::default()
        });
    }
}

// === impl Guarded ===

impl Guarded {
    /// Counts an intent, and says how many there were in its second.
    fn count_intent(&mut self, at: SessionTime) -> u32 {
        if at - self.window.0 >= SECOND {
            self.window = (at, 0);
        }
        self.window.1 += 1;
        self.window.1
    }
}

/// Whether an order of this kind can only make a position smaller.
fn reduces(action: Action, side: Side, quantity: i64, net_quantity: i64) -> bool {
    action == Action::Cancel || (net_quantity * side.sign() < 0 && quantity <= net_quantity.abs())
}
