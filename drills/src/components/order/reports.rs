//! What the broker says, and what follows from it.

use tapline_client::events;

use super::Orders;
use super::tracked::Tracked;
use crate::canaries::CanaryKind;
use crate::ids::{Id, Lineage};
use crate::messages::{Action, ExecutionInput, Outcome, RejectReason, Report, ReportKind, Request};
use crate::pace::SessionTime;
use crate::progress::OrderEnd;

/// The request that an answer is to, and what it was sent for.
struct Answered {
    lineage: Lineage,
    sent_at: SessionTime,
}

// === impl Orders ===

impl Orders {
    pub(super) fn hear(&mut self, report: &Report) {
        self.at = self.at.max(report.at);
        let id = report.client_order;
        // Taken out while it is worked on; a report about an order that is none of ours ends here, and
        // execution has already made an event of it.
        let Some(mut order) = self.tracked.remove(&id) else {
            return;
        };
        match report.kind {
            ReportKind::Ack { action } => self.acknowledged(&mut order, report, action),
            ReportKind::Reject { action, reason } => {
                self.rejected(&mut order, report, action, reason);
            }
            ReportKind::Fill { quantity, leaves, .. } => {
                let intent = order.lineage.intent;
                let _ = self.news.send(order.news(intent, Outcome::Filled { quantity, leaves }));
                if leaves == 0 {
                    self.end(&mut order, OrderEnd::Filled);
                }
            }
        }
        let pull = order.pull.take().filter(|_| order.can_be_changed());
        let change = pull.map(|reason_code| order.pulled(reason_code, report.at));
        if order.is_finished() {
            let _ = self.execution.send(ExecutionInput::Forget { client_order: id });
        } else {
            self.tracked.insert(id, order);
        }
        if let Some(change) = change {
            self.send_change(id, change);
        }
    }

    fn acknowledged(&mut self, order: &mut Tracked, report: &Report, action: Action) {
        let Some(answered) = answered(order, action) else {
            return;
        };
        order.broker_order = report.broker_order.or(order.broker_order);
        let latency_ns = report.at - answered.sent_at;
        self.voice.emit(&events::OrderAck {
            client_order_id: &report.client_order,
            strategy_id: order.strategy.name(),
            symbol: &self.scene.symbol,
            broker_order_id: order.broker_order.as_deref(),
            intent_type: Some(action.name()),
            intent_id: Some(&answered.lineage.intent),
            trace_id: Some(&answered.lineage.trace),
            account: Some(self.scene.account()),
            latency_us: Some(latency_ns as f64 / 1e3),
        });
        self.scene.metrics.order_actions_total.ack().inc();
        self.scene.metrics.order_latency_ns.observe(latency_ns as f64);
        let intent = answered.lineage.intent;
        match action {
            Action::New if order.end == Some(OrderEnd::TimedOut) => self.came_late(order, report),
            Action::New => {
                self.breaker.accepted();
                self.rejects.note(report.at, false);
                self.map_broker_order(order, report.client_order);
                let client_order = report.client_order;
                let _ = self.news.send(order.news(intent, Outcome::Accepted { client_order }));
            }
            Action::Amend => {
                let _ = self.news.send(order.news(intent, Outcome::Amended));
            }
            Action::Cancel => {
                let _ = self.news.send(order.news(intent, Outcome::Closed));
                self.end(order, OrderEnd::Cancelled);
            }
        }
    }

    fn rejected(&mut self, order: &mut Tracked, report: &Report, action: Action, reason: RejectReason) {
        let Some(answered) = answered(order, action) else {
            return;
        };
        let error = self.broker_words(action, reason);
        let latency_ns = report.at - answered.sent_at;
        self.voice.emit(&events::OrderReject {
            client_order_id: &report.client_order,
            strategy_id: order.strategy.name(),
            symbol: &self.scene.symbol,
            reason_code: reason.code(),
            broker_order_id: order.broker_order.as_deref(),
            intent_type: Some(action.name()),
            intent_id: Some(&answered.lineage.intent),
            trace_id: Some(&answered.lineage.trace),
            account: Some(self.scene.account()),
            error: Some(&error),
            latency_us: Some(latency_ns as f64 / 1e3),
        });
        self.scene.metrics.order_actions_total.reject().inc();
        self.scene.metrics.order_reject_total.with(reason.code()).inc();
        self.scene.metrics.order_latency_ns.observe(latency_ns as f64);
        let _ = self.news.send(order.news(answered.lineage.intent, Outcome::Refused));
        if action == Action::New {
            self.breaker.rejected(report.at);
            self.rejects.note(report.at, true);
            self.end(order, OrderEnd::Rejected);
        } else if order.can_be_changed() {
            // The broker does not know an order that should stand: its end was never reported.
            self.give_up(report.client_order, order);
        }
    }

    /// What the broker writes; once with something in it that is nobody's business.
    fn broker_words(&mut self, action: Action, reason: RejectReason) -> String {
        if reason == RejectReason::UnknownOrder {
            return format!("{}: no such order", action.name());
        }
        if std::mem::replace(&mut self.card_quoted, true) {
            return format!("{} refused", action.name());
        }
        let card = self.scene.canaries.value(CanaryKind::CardNumber);
        format!("{} refused, deposit card {card} declined", action.name())
    }

    /// An order that was given up stands after all: it is taken back.
    fn came_late(&self, order: &Tracked, report: &Report) {
        self.voice.emit(&events::OrderError {
            error: "acknowledged after its timeout; cancelled",
            client_order_id: Some(&report.client_order),
            broker_order_id: report.broker_order.as_deref(),
            strategy_id: Some(order.strategy.name()),
            symbol: Some(&self.scene.symbol),
            intent_type: Some(Action::New.name()),
            intent_id: Some(&order.lineage.intent),
            trace_id: Some(&order.lineage.trace),
            reason_code: Some("LATE_ACK"),
            ..Default::default()
        });
        self.scene.metrics.order_actions_total.error().inc();
        let client_order = report.client_order;
        let _ = self.broker.send(Request::Cancel { client_order, at: report.at });
    }

    fn map_broker_order(&self, order: &Tracked, client_order: Id) {
        let key = format!("{}:{client_order}", order.strategy.name());
        self.voice.emit(&events::OrderIdMapSet {
            order_key: &key,
            broker_custom_field: order.broker_order.as_deref(),
            source: Some("ack"),
            state: Some("live"),
            ..Default::default()
        });
    }

    /// Gives the order its end, if it has none yet.
    pub(super) fn end(&self, order: &mut Tracked, end: OrderEnd) {
        if order.end.is_some() {
            return;
        }
        order.end = Some(end);
        self.scene.progress.ended(end);
        if let Some(broker_order) = &order.broker_order {
            self.voice.emit(&events::OrderIdMapDel { broker_custom_field: broker_order, source: Some("end") });
        }
    }
}

/// Finds what was asked, and takes it off the list of open questions.
fn answered(order: &mut Tracked, action: Action) -> Option<Answered> {
    if action == Action::New {
        return Some(Answered { lineage: order.lineage, sent_at: order.sent_at });
    }
    let change = order.answer_change(action)?;
    let lineage = Lineage { trace: change.trace, intent: change.intent, ..order.lineage };
    Some(Answered { lineage, sent_at: change.sent_at })
}
