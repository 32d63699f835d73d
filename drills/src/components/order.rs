//! Order: sends approved intents to the broker and follows every order to its end.
//!
//! Each order has exactly one end, and an audit event that says which: filled, cancelled, rejected by
//! the broker, refused here, timed out, dead-lettered. An order that never reaches the broker ends as
//! visibly as one that does. What is reported about an order can be attributed from the first moment,
//! because its ids are registered with execution before it is sent.

mod breaker;
mod drain;
mod rates;
mod reports;
mod tracked;

use std::collections::HashMap;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::{Component, events};

use self::breaker::Breaker;
use self::rates::{CommandRate, RATE_MAX, RATE_SOFT, RejectRate, RoomFor};
use self::tracked::{Change, Tracked};
use crate::canaries::CanaryKind;
use crate::components::storm_guard::Mode;
use crate::farewell::Farewell;
use crate::ids::{Id, IdKind, Lineage};
use crate::market::PRICE_SCALE;
use crate::messages::{Action, BusMessage, ExecutionInput, Intent, News, OrderInput, Outcome, Request};
use crate::pace::{SECOND, SessionTime};
use crate::progress::OrderEnd;
use crate::scene::Scene;
use crate::script::Cue;
use crate::voice::Voice;

/// A broker that has not answered for so long may or may not have the order.
const TIMEOUT: SessionTime = 2 * SECOND;

pub struct Orders {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<OrderInput>,
    broker: Sender<Request>,
    execution: Sender<ExecutionInput>,
    news: Sender<News>,
    tracked: HashMap<Id, Tracked>,
    /// Running number of commands and of orders.
    commands: i64,
    orders: u64,
    at: SessionTime,
    breaker: Breaker,
    rate: CommandRate,
    rejects: RejectRate,
    /// The next order meets a fault of the adapter.
    faulty: bool,
    /// The broker has quoted more than it should once; that is enough.
    card_quoted: bool,
}

// === impl Orders ===

impl Orders {
    pub fn new(
        scene: Arc<Scene>,
        inbox: Receiver<OrderInput>,
        broker: Sender<Request>,
        execution: Sender<ExecutionInput>,
        news: Sender<News>,
    ) -> Self {
        scene.metrics.circuit_breaker_state.order().set(0.0);
        Orders {
            voice: scene.voice(Component::Order),
            scene,
            inbox,
            broker,
            execution,
            news,
            tracked: HashMap::new(),
            commands: 0,
            orders: 0,
            at: 0,
            breaker: Breaker::default(),
            rate: CommandRate::default(),
            rejects: RejectRate::default(),
            faulty: false,
            card_quoted: false,
        }
    }

    pub fn run(mut self) {
        // Said in time by `drain`; once more does no harm.
        let _farewell = Farewell::new(&self.broker, Request::Stop);
        while let Ok(input) = self.inbox.recv() {
            match input {
                OrderInput::Approved { intent, mode } => self.take(&intent, mode),
                OrderInput::Report(report) => self.hear(&report),
                OrderInput::PullAll { strategy, reason_code } => self.pull(strategy, reason_code),
                OrderInput::Bus(BusMessage::Pulse(pulse)) => {
                    self.time_passes(pulse.at);
                    self.scene.step.handled();
                }
                OrderInput::Bus(BusMessage::Cue { cue: Cue::AdapterFault, .. }) => {
                    self.faulty = true;
                }
                OrderInput::Bus(_) => {}
                OrderInput::Stop => self.drain(),
                OrderInput::BrokerDone => break,
            }
        }
        self.close();
    }

    fn take(&mut self, intent: &Intent, mode: Mode) {
        match intent.action {
            Action::New => self.take_new(intent, mode),
            Action::Amend | Action::Cancel => self.take_change(intent, mode),
        }
    }

    fn take_new(&mut self, intent: &Intent, mode: Mode) {
        self.orders += 1;
        self.scene.progress.orders.inc();
        let client_order = self.scene.mint.id(IdKind::ClientOrder, self.orders);
        let lineage = Lineage { client_order: Some(client_order), ..intent.lineage };
        let refused = if self.breaker.refuses(intent.at) {
            Some("CIRCUIT_BREAKER_OPEN")
        } else if !self.has_room(intent) {
            Some("RATE_LIMIT")
        } else {
            None
        };
        if let Some(reason_code) = refused {
            self.refuse(intent, &lineage, mode, reason_code);
            self.scene.progress.ended(OrderEnd::Refused);
        } else if std::mem::take(&mut self.faulty) {
            self.fail_to_send(intent, &lineage, client_order);
        } else {
            self.send_new(intent, lineage, client_order, mode);
        }
    }

    fn send_new(&mut self, intent: &Intent, lineage: Lineage, client_order: Id, mode: Mode) {
        self.commands += 1;
        self.voice.emit(&events::OrderNew {
            client_order_id: &client_order,
            strategy_id: intent.strategy.name(),
            symbol: &self.scene.symbol,
            side: intent.side.name(),
            price: intent.price,
            price_scale: PRICE_SCALE,
            qty: intent.quantity,
            intent_id: Some(&lineage.intent),
            trace_id: Some(&lineage.trace),
            account: Some(self.scene.account()),
            order_type: Some("LIMIT"),
            time_in_force: Some("ROD"),
            risk_mode: Some(mode.name()),
            latency_us: Some(intent.received.elapsed().as_nanos() as f64 / 1e3),
            cmd_id: Some(self.commands),
        });
        self.scene.metrics.order_actions_total.new().inc();
        self.tracked.insert(client_order, Tracked::new(intent, lineage));
        // Registered before it is sent: no report about it can come too early to be understood.
        let _ = self.execution.send(ExecutionInput::Register { lineage, strategy: intent.strategy, at: intent.at });
        let _ = self.broker.send(Request::New {
            client_order,
            strategy: intent.strategy,
            side: intent.side,
            price: intent.price,
            quantity: intent.quantity,
            at: intent.at,
        });
    }

    /// An amendment or a cancellation that a strategy asked for.
    fn take_change(&mut self, intent: &Intent, mode: Mode) {
        let order =
            intent.lineage.client_order.filter(|order| self.tracked.get(order).is_some_and(Tracked::can_be_changed));
        let Some(client_order) = order else {
            self.refuse(intent, &intent.lineage, mode, "ORDER_NOT_LIVE");
            return;
        };
        // A cancellation makes things safer: no limit holds it up.
        if intent.action == Action::Amend && !self.has_room(intent) {
            self.refuse(intent, &intent.lineage, mode, "RATE_LIMIT");
            return;
        }
        let change = Change {
            action: intent.action,
            trace: intent.lineage.trace,
            intent: intent.lineage.intent,
            price: intent.price,
            sent_at: intent.at,
            reason_code: None,
        };
        self.send_change(client_order, change);
    }

    fn send_change(&mut self, client_order: Id, change: Change) {
        let Some(order) = self.tracked.get_mut(&client_order) else {
            return;
        };
        self.commands += 1;
        order.changes.push(change);
        let (broker_order, strategy) = (order.broker_order, order.strategy);
        let at = change.sent_at;
        if change.action == Action::Amend {
            self.voice.emit(&events::OrderAmend {
                client_order_id: &client_order,
                strategy_id: strategy.name(),
                symbol: &self.scene.symbol,
                new_price: Some(change.price),
                price_scale: Some(PRICE_SCALE),
                broker_order_id: broker_order.as_deref(),
                intent_id: Some(&change.intent),
                trace_id: Some(&change.trace),
                account: Some(self.scene.account()),
                cmd_id: Some(self.commands),
                ..Default::default()
            });
            self.scene.metrics.order_actions_total.amend().inc();
            let _ = self.execution.send(ExecutionInput::Expect { client_order, at });
            let _ = self.broker.send(Request::Amend { client_order, price: change.price, at });
        } else {
            self.voice.emit(&events::OrderCancel {
                client_order_id: &client_order,
                strategy_id: strategy.name(),
                symbol: &self.scene.symbol,
                broker_order_id: broker_order.as_deref(),
                intent_id: Some(&change.intent),
                trace_id: Some(&change.trace),
                account: Some(self.scene.account()),
                reason_code: change.reason_code,
                cmd_id: Some(self.commands),
                ..Default::default()
            });
            self.scene.metrics.order_actions_total.cancel().inc();
            let _ = self.execution.send(ExecutionInput::Expect { client_order, at });
            let _ = self.broker.send(Request::Cancel { client_order, at });
        }
    }

    /// The order or the change ends here, before the broker could see it.
    fn refuse(&self, intent: &Intent, lineage: &Lineage, mode: Mode, reason_code: &str) {
        self.voice.emit(&events::OrderRefused {
            reason_code,
            client_order_id: lineage.client_order.as_deref(),
            strategy_id: Some(intent.strategy.name()),
            symbol: Some(&self.scene.symbol),
            side: Some(intent.side.name()),
            price: Some(intent.price),
            price_scale: Some(PRICE_SCALE),
            qty: Some(intent.quantity),
            intent_type: Some(intent.action.name()),
            intent_id: Some(&lineage.intent),
            trace_id: Some(&lineage.trace),
            account: Some(self.scene.account()),
            risk_mode: Some(mode.name()),
            ..Default::default()
        });
        self.scene.metrics.order_actions_total.refused().inc();
        self.tell(intent, Outcome::Refused);
    }

    /// The adapter throws, is tried again, throws again; the order is set aside. What it throws shows
    /// more than it should.
    fn fail_to_send(&self, intent: &Intent, lineage: &Lineage, client_order: Id) {
        let canaries = &self.scene.canaries;
        let errors = [
            format!(
                "notify failed: https://api.telegram.org/bot{}/sendMessage: 502",
                canaries.value(CanaryKind::BotToken)
            ),
            format!("place_order: 401, jwt {}", canaries.value(CanaryKind::Jwt)),
        ];
        for error in &errors {
            self.voice.emit(&events::OrderError {
                error,
                client_order_id: Some(&client_order),
                strategy_id: Some(intent.strategy.name()),
                intent_type: Some(intent.action.name()),
                intent_id: Some(&lineage.intent),
                trace_id: Some(&lineage.trace),
                reason_code: Some("ADAPTER_EXCEPTION"),
                ..Default::default()
            });
            self.scene.metrics.order_actions_total.error().inc();
        }
        self.voice.emit(&events::OrderDeadLettered {
            strategy_id: intent.strategy.name(),
            symbol: &self.scene.symbol,
            reason_code: "NOT_SENT_RETRIES_EXHAUSTED",
            client_order_id: Some(&client_order),
            intent_type: Some(intent.action.name()),
            intent_id: Some(&lineage.intent),
            trace_id: Some(&lineage.trace),
            account: Some(self.scene.account()),
            ..Default::default()
        });
        self.scene.progress.ended(OrderEnd::DeadLettered);
        self.tell(intent, Outcome::Refused);
    }

    /// Whether the rate limit has room for one more command; says so when it gets close or is full.
    fn has_room(&mut self, intent: &Intent) -> bool {
        let room = self.rate.room_for_one(intent.at);
        let (limit_kind, threshold) = match room {
            RoomFor::Plenty => return true,
            RoomFor::FirstBeyondSoft => ("soft", RATE_SOFT),
            RoomFor::None { first: true } => ("hard", RATE_MAX),
            RoomFor::None { first: false } => return false,
        };
        self.voice.emit(&events::RateLimitHit {
            limit_kind,
            limit_scope: "global",
            count: i64::from(self.rate.count()),
            symbol: Some(&self.scene.symbol),
            strategy_id: Some(intent.strategy.name()),
            op: Some(intent.action.name()),
            threshold: Some(f64::from(threshold)),
            ..Default::default()
        });
        room == RoomFor::FirstBeyondSoft
    }

    fn tell(&self, intent: &Intent, outcome: Outcome) {
        let _ = self.news.send(News {
            strategy: intent.strategy,
            side: intent.side,
            intent: intent.lineage.intent,
            outcome,
        });
    }
}
