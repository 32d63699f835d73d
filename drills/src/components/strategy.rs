//! Strategy: turns ticks into intents.
//!
//! Each strategy keeps at most one order a side, and one intent under way for it, so everything that
//! can be in flight between the components is bounded by the number of strategies. That is why no
//! channel behind this one can fill up, and sends along the cycle of intents and news can't block each
//! other for good.

mod quoting;
mod signal;
mod slot;

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::metric::{Counter, Histogram};
use tapline_client::{Component, events};

use self::quoting::Wish;
use self::signal::Trend;
use self::slot::Slot;
use crate::farewell::Farewell;
use crate::ids::{Id, IdKind, Lineage};
use crate::market::dice::Dice;
use crate::market::{PRICE_SCALE, Side};
use crate::messages::{Action, BusMessage, GatewayInput, Intent, News, Outcome, Tick};
use crate::pace::{MILLISECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::strategies::{PerStrategy, Strategy, per_strategy};
use crate::voice::Voice;

/// A strategy acts at most so often; a fast replay would make it act on every tick.
const INTENT_INTERVAL: SessionTime = 30 * MILLISECOND;
/// After a refusal it lets that side rest.
const REFUSED_REST: SessionTime = 400 * MILLISECOND;
/// Signals are for people: no more often than this.
const SIGNAL_INTERVAL: SessionTime = 100 * MILLISECOND;

/// Bugs that real strategies have, and that the gateway and risk are there for: one new order in so
/// many is asked for twice, the first of them early in the run, and one carries a price from long ago.
const STUTTER_EVERY: u64 = 250;
const STUTTER_FIRST: u64 = 25;
const STALE_PRICE: f64 = 1.0 / 150.0;

/// The worst such bug: makers that move their quotes so often, without waiting for an answer.
const STORM_INTERVAL: SessionTime = 2 * MILLISECOND;

pub struct StrategyRunner {
    scene: Arc<Scene>,
    voice: Voice,
    /// The tick that triggers an intent is an event of market data; who acts on it knows which it was.
    market_voice: Voice,
    bus: Receiver<BusMessage>,
    news: Receiver<News>,
    gateway: Sender<GatewayInput>,
    dice: Dice,
    running: PerStrategy<Running>,
    triggers: u64,
    intents: u64,
    new_orders: u64,
    /// Until then the makers move their quotes for no reason.
    restless_until: SessionTime,
}

/// What one strategy knows and holds.
struct Running {
    strategy: Strategy,
    trend: Trend,
    position: i64,
    slots: [Slot; 2],
    next_intent: SessionTime,
    next_signal: SessionTime,
    latency: Arc<Histogram>,
    intents: Arc<Counter>,
}

// === impl StrategyRunner ===

impl StrategyRunner {
    pub fn new(
        scene: Arc<Scene>,
        bus: Receiver<BusMessage>,
        news: Receiver<News>,
        gateway: Sender<GatewayInput>,
    ) -> Self {
        let running = per_strategy(|strategy| Running {
            strategy,
            trend: Trend::default(),
            position: 0,
            slots: Default::default(),
            next_intent: 0,
            next_signal: 0,
            latency: scene.metrics.strategy_latency_ns.with(strategy.name()),
            intents: scene.metrics.strategy_intents_total.with(strategy.name()),
        });
        StrategyRunner {
            voice: scene.voice(Component::Strategy),
            market_voice: scene.voice(Component::MarketData),
            dice: scene.dice(Component::Strategy),
            scene,
            bus,
            news,
            gateway,
            running,
            triggers: 0,
            intents: 0,
            new_orders: 0,
            restless_until: 0,
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.gateway, GatewayInput::Stop);
        while let Ok(message) = self.bus.recv() {
            while let Ok(news) = self.news.try_recv() {
                self.running[news.strategy.index()].learn(&news, self.scene.progress.now());
            }
            match message {
                BusMessage::Tick(tick) => {
                    for strategy in Strategy::all() {
                        self.decide(strategy, &tick);
                    }
                }
                BusMessage::Pulse(_) => self.scene.step.handled(),
                BusMessage::Cue { at, cue: Cue::QuoteStorm { length } } => {
                    self.restless_until = at + length;
                }
                BusMessage::Cue { .. } => {}
                BusMessage::Stop => break,
            }
        }
    }

    fn decide(&mut self, strategy: Strategy, tick: &Tick) {
        let running = &mut self.running[strategy.index()];
        let turned = running.trend.update(tick);
        if turned && tick.at >= running.next_signal {
            running.next_signal = tick.at + SIGNAL_INTERVAL;
            self.emit_signal(strategy, tick);
        }
        let restless = tick.at < self.restless_until;
        let running = &mut self.running[strategy.index()];
        if tick.at >= running.next_intent
            && let Some(wish) = quoting::wish(running, tick, restless)
        {
            running.next_intent = tick.at + if restless { STORM_INTERVAL } else { INTENT_INTERVAL };
            self.intend(strategy, wish, tick);
        }
        let latency_ns = tick.received.elapsed().as_nanos() as f64;
        self.running[strategy.index()].latency.observe(latency_ns);
    }

    /// Sends the intent, or twice by mistake.
    fn intend(&mut self, strategy: Strategy, mut wish: Wish, tick: &Tick) {
        if wish.action == Action::New && self.dice.chance(STALE_PRICE) {
            wish.price -= wish.side.sign() * wish.price / 20;
        }
        // Two strategies that act on one tick begin two transactions.
        self.triggers += 1;
        let trace = self.scene.mint.id(IdKind::Trace, self.triggers);
        self.emit_trigger(strategy, &wish, trace, tick);
        let intent = self.send(strategy, &wish, trace, tick);
        let slot = &mut self.running[strategy.index()].slots[wish.side as usize];
        slot.pend(intent, wish.action, wish.price);
        if wish.action == Action::New {
            self.new_orders += 1;
            if self.new_orders % STUTTER_EVERY == STUTTER_FIRST {
                self.send(strategy, &wish, trace, tick);
            }
        }
    }

    fn send(&mut self, strategy: Strategy, wish: &Wish, trace: Id, tick: &Tick) -> Id {
        self.intents += 1;
        let id = self.scene.mint.id(IdKind::Intent, self.intents);
        let intent = Intent {
            strategy,
            lineage: Lineage { trace, intent: id, client_order: wish.order, broker_order: None },
            action: wish.action,
            side: wish.side,
            price: wish.price,
            quantity: strategy.profile().quantity,
            at: tick.at,
            received: tick.received,
        };
        self.voice.emit(&events::IntentCreated {
            strategy_id: strategy.name(),
            intent_id: &id,
            intent_type: wish.action.name(),
            symbol: &self.scene.symbol,
            side: wish.side.name(),
            price: wish.price,
            price_scale: PRICE_SCALE,
            qty: intent.quantity,
            trace_id: Some(&trace),
            client_order_id: wish.order.as_deref(),
            reason_code: Some(wish.why),
            latency_us: Some(tick.received.elapsed().as_nanos() as f64 / 1e3),
        });
        self.running[strategy.index()].intents.inc();
        self.scene.progress.intents_created.inc();
        let _ = self.gateway.send(GatewayInput::Intent(intent));
        id
    }

    fn emit_trigger(&self, strategy: Strategy, wish: &Wish, trace: Id, tick: &Tick) {
        let traded = tick.trade.map(|trade| trade.price);
        self.market_voice.emit(&events::TickTrigger {
            symbol: &self.scene.symbol,
            trace_id: &trace,
            price: traded.unwrap_or_else(|| tick.quote.touch(wish.side)),
            price_scale: PRICE_SCALE,
            strategy_id: Some(strategy.name()),
            side: Some(wish.side.name()),
            qty: tick.trade.map(|trade| trade.quantity),
            exch_ts: Some(tick.exch_ts),
            latency_us: Some(tick.received.elapsed().as_nanos() as f64 / 1e3),
        });
    }

    fn emit_signal(&self, strategy: Strategy, tick: &Tick) {
        let trend = &self.running[strategy.index()].trend;
        self.voice.emit(&events::Signal {
            strategy_id: strategy.name(),
            symbol: &self.scene.symbol,
            signal: "trend",
            strength: Some(trend.strength()),
            side: Some(if trend.strength() > 0.0 { Side::Buy } else { Side::Sell }.name()),
            latency_us: Some(tick.received.elapsed().as_nanos() as f64 / 1e3),
            ..Default::default()
        });
    }
}

// === impl Running ===

impl Running {
    fn learn(&mut self, news: &News, now: SessionTime) {
        if let Outcome::Filled { quantity, .. } = news.outcome {
            self.position += news.side.sign() * quantity;
        }
        self.slots[news.side as usize].learn(news, now + REFUSED_REST);
    }
}
