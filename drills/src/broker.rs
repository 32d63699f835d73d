//! A simulated broker and exchange: acknowledges, refuses, fills, and now and then stays silent.
//!
//! It sees the same ticks as the strategies and the orders that the stack sends, and answers after a
//! delay of session time, in the order in which it was asked. It is no component of the stack and
//! emits nothing: what it does is seen only through what the stack makes of its reports.

mod matching;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::Component;

use self::matching::{Execution, Resting, RestingOrders};
use crate::farewell::Farewell;
use crate::ids::{Id, IdKind};
use crate::market::dice::Dice;
use crate::messages::{Action, BusMessage, ExecutionInput, RejectReason, Report, ReportKind, Request};
use crate::pace::{SECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::strategies::{PerStrategy, Strategy, per_strategy};

/// Shortest answer, and how much longer an answer takes on average.
const DELAY_MIN: SessionTime = 300_000;
const DELAY_MEAN_NS: f64 = 1.2e6;

/// On a calm day one new order in so many is refused, and one in so many is never answered; the first
/// of each early in the run, so that a short one has both.
const REJECTED_EVERY: u64 = 50;
const REJECTED_FIRST: u64 = 12;
const SILENT_EVERY: u64 = 250;
const SILENT_FIRST: u64 = 30;

/// Share of new orders refused during a spike.
const REJECTED_IN_SPIKE: f64 = 0.75;

/// How often it tells what positions it sees.
const STATEMENT_INTERVAL: SessionTime = SECOND;

pub struct Broker {
    scene: Arc<Scene>,
    bus: Receiver<BusMessage>,
    requests: Receiver<Request>,
    reports: Sender<ExecutionInput>,
    dice: Dice,
    now: SessionTime,
    resting: RestingOrders,
    /// Answers to come, in order.
    answers: VecDeque<Answer>,
    /// New orders that arrived, and those that were accepted.
    asked: u64,
    orders: u64,
    fills: u64,
    net_quantity: PerStrategy<i64>,
    next_statement: SessionTime,
    spike: bool,
    /// Nothing is answered or reported before.
    paused_until: SessionTime,
    /// What was executed meanwhile.
    held_back: Vec<Report>,
    garbles_next_fill: Option<Strategy>,
    /// The market is over: whatever is asked is answered at once.
    closing: bool,
    /// Nothing more will be asked.
    asked_all: bool,
}

/// An answer that waits for its time.
#[derive(Debug)]
struct Answer {
    due: SessionTime,
    request: Request,
    refused: Option<RejectReason>,
}

// === impl Broker ===

impl Broker {
    pub fn new(
        scene: Arc<Scene>,
        bus: Receiver<BusMessage>,
        requests: Receiver<Request>,
        reports: Sender<ExecutionInput>,
    ) -> Self {
        Broker {
            dice: scene.dice(Component::Unknown),
            scene,
            bus,
            requests,
            reports,
            now: 0,
            resting: RestingOrders::default(),
            answers: VecDeque::new(),
            asked: 0,
            orders: 0,
            fills: 0,
            net_quantity: per_strategy(|_| 0),
            next_statement: 0,
            spike: false,
            paused_until: 0,
            held_back: Vec::new(),
            garbles_next_fill: None,
            closing: false,
            asked_all: false,
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.reports, ExecutionInput::BrokerDone);
        while let Ok(message) = self.bus.recv() {
            while let Ok(request) = self.requests.try_recv() {
                self.take(request);
            }
            match message {
                BusMessage::Tick(tick) => {
                    self.time_is(tick.at);
                    for execution in self.resting.match_tick(&tick, &mut self.dice) {
                        self.execute(execution);
                    }
                    self.answer_due();
                }
                BusMessage::Pulse(pulse) => {
                    self.time_is(pulse.at);
                    self.answer_due();
                    self.state_positions();
                    self.scene.step.handled();
                }
                BusMessage::Cue { at, cue } => self.heed(at, cue),
                BusMessage::Stop => break,
            }
        }
        self.close_the_day();
    }

    /// The market is over: answers everything that is still asked, at once.
    fn close_the_day(&mut self) {
        self.closing = true;
        self.answer_due();
        while !self.asked_all
            && let Ok(request) = self.requests.recv()
        {
            self.take(request);
            self.answer_due();
        }
    }

    fn time_is(&mut self, at: SessionTime) {
        self.now = self.now.max(at);
    }

    fn heed(&mut self, at: SessionTime, cue: Cue) {
        match cue {
            Cue::RejectSpike { on } => self.spike = on,
            Cue::BrokerPause { length } => self.paused_until = at + length,
            Cue::GarbledFill { strategy } => self.garbles_next_fill = Some(strategy),
            _ => {}
        }
    }

    fn take(&mut self, request: Request) {
        let (at, refused) = match request {
            Request::New { at, .. } => {
                self.asked += 1;
                if self.asked % SILENT_EVERY == SILENT_FIRST {
                    return;
                }
                (at, self.refusal())
            }
            Request::Amend { at, .. } | Request::Cancel { at, .. } => (at, None),
            Request::Stop => {
                self.asked_all = true;
                return;
            }
        };
        let delay = DELAY_MIN + self.dice.exponential(DELAY_MEAN_NS) as SessionTime;
        let before = self.answers.back().map_or(0, |answer| answer.due);
        let due = (at.max(self.now) + delay).max(before);
        self.answers.push_back(Answer { due, request, refused });
    }

    /// Whether a new order is refused, and why.
    fn refusal(&mut self) -> Option<RejectReason> {
        const CALM: [RejectReason; 2] = [RejectReason::PriceLimit, RejectReason::Throttled];
        if self.spike {
            let refused = self.dice.chance(REJECTED_IN_SPIKE);
            refused.then_some(RejectReason::InsufficientMargin)
        } else if self.asked % REJECTED_EVERY == REJECTED_FIRST {
            Some(*self.dice.pick(&CALM))
        } else {
            None
        }
    }

    fn is_paused(&self) -> bool {
        self.now < self.paused_until && !self.closing
    }

    fn answer_due(&mut self) {
        if self.is_paused() {
            return;
        }
        for report in std::mem::take(&mut self.held_back) {
            let _ = self.reports.send(ExecutionInput::Report(report));
        }
        while let Some(answer) = self.answers.pop_front_if(|next| next.due <= self.now || self.closing) {
            self.answer(answer);
        }
    }

    fn answer(&mut self, answer: Answer) {
        match (answer.request, answer.refused) {
            (Request::New { client_order, .. }, Some(reason)) => {
                self.report(client_order, None, ReportKind::Reject { action: Action::New, reason });
            }
            (Request::New { client_order, strategy, side, price, quantity, .. }, None) => {
                self.orders += 1;
                let broker_order = self.scene.mint.id(IdKind::BrokerOrder, self.orders);
                let order = Resting { client_order, broker_order, strategy, side, price, leaves: quantity };
                self.report(client_order, Some(broker_order), ReportKind::Ack { action: Action::New });
                if let Some(execution) = self.resting.add(order) {
                    self.execute(execution);
                }
            }
            (Request::Amend { client_order, price, .. }, _) => {
                let action = Action::Amend;
                match self.resting.reprice(client_order, price) {
                    Some((broker_order, execution)) => {
                        self.report(client_order, Some(broker_order), ReportKind::Ack { action });
                        if let Some(execution) = execution {
                            self.execute(execution);
                        }
                    }
                    None => self.report_unknown(client_order, action),
                }
            }
            (Request::Cancel { client_order, .. }, _) => {
                let action = Action::Cancel;
                match self.resting.remove(client_order) {
                    Some(order) => {
                        let kind = ReportKind::Ack { action };
                        self.report(client_order, Some(order.broker_order), kind);
                    }
                    None => self.report_unknown(client_order, action),
                }
            }
            (Request::Stop, _) => {}
        }
    }

    fn execute(&mut self, execution: Execution) {
        let Execution { order, price, quantity } = execution;
        self.fills += 1;
        self.net_quantity[order.strategy.index()] += order.side.sign() * quantity;
        let fill = self.scene.mint.id(IdKind::Execution, self.fills);
        let kind = ReportKind::Fill { fill, side: order.side, price, quantity, leaves: order.leaves };
        // A garbled report names an order that nobody sent.
        let client_order = if self.garbles_next_fill == Some(order.strategy) {
            self.garbles_next_fill = None;
            self.scene.mint.id(IdKind::ClientOrder, u64::MAX)
        } else {
            order.client_order
        };
        self.report(client_order, Some(order.broker_order), kind);
    }

    fn report_unknown(&mut self, client_order: Id, action: Action) {
        let reason = RejectReason::UnknownOrder;
        self.report(client_order, None, ReportKind::Reject { action, reason });
    }

    fn report(&mut self, client_order: Id, broker_order: Option<Id>, kind: ReportKind) {
        let report = Report { client_order, broker_order, at: self.now, received: Instant::now(), kind };
        if self.is_paused() {
            self.held_back.push(report);
        } else {
            let _ = self.reports.send(ExecutionInput::Report(report));
        }
    }

    fn state_positions(&mut self) {
        if self.now < self.next_statement || self.is_paused() {
            return;
        }
        self.next_statement = self.now + STATEMENT_INTERVAL;
        let net_quantity = self.net_quantity;
        let _ = self.reports.send(ExecutionInput::BrokerPositions { net_quantity });
    }
}
