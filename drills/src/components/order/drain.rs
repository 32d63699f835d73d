//! Orders that get no answer, and orders that are taken back: by a halt, and at the end of the day.

use tapline_client::events;

use super::tracked::{Change, Tracked};
use super::{Orders, TIMEOUT};
use crate::ids::{Id, Lineage};
use crate::messages::{Action, ExecutionInput, Outcome, Request};
use crate::pace::SessionTime;
use crate::progress::OrderEnd;
use crate::strategies::Strategy;

// === impl Orders ===

impl Orders {
    pub(super) fn time_passes(&mut self, at: SessionTime) {
        self.at = self.at.max(at);
        self.rate.advance(at);
        let metrics = &self.scene.metrics;
        let count = f64::from(self.rate.count());
        metrics.order_rate_window.set(count);
        metrics.order_rate_limit_ratio.set((count / f64::from(super::RATE_MAX)).min(1.0));
        metrics.circuit_breaker_state.order().set(self.breaker.number());
        match self.rejects.share(at) {
            Some(share) => metrics.order_reject_rate.set(share),
            None => metrics.order_reject_rate.unset(),
        }
        self.give_up_the_unanswered();
    }

    fn give_up_the_unanswered(&mut self) {
        let limit = self.at - TIMEOUT;
        let mut orders = Vec::new();
        let mut changes: Vec<(Id, Change)> = Vec::new();
        for (id, order) in &mut self.tracked {
            if order.broker_order.is_none() && order.end.is_none() && order.sent_at <= limit {
                orders.push(*id);
            }
            order.changes.retain(|change| {
                let late = change.sent_at <= limit;
                if late {
                    changes.push((*id, *change));
                }
                !late
            });
        }
        for id in orders {
            self.give_up_order(id);
        }
        for (id, change) in changes {
            self.give_up_change(id, &change);
        }
    }

    fn give_up_order(&mut self, id: Id) {
        if let Some(mut order) = self.tracked.remove(&id) {
            self.give_up(id, &mut order);
            self.tracked.insert(id, order);
        }
    }

    /// Nobody knows whether the order stands, and nobody waits any longer to learn it.
    pub(super) fn give_up(&self, id: Id, order: &mut Tracked) {
        self.emit_timeout(id, order.strategy, &order.lineage, Action::New);
        let _ = self.execution.send(ExecutionInput::GaveUp { client_order: id });
        let _ = self.news.send(order.news(order.lineage.intent, Outcome::Closed));
        self.end(order, OrderEnd::TimedOut);
    }

    fn give_up_change(&mut self, id: Id, change: &Change) {
        let Some(order) = self.tracked.get(&id) else {
            return;
        };
        let lineage = Lineage { trace: change.trace, intent: change.intent, ..order.lineage };
        self.emit_timeout(id, order.strategy, &lineage, change.action);
        let _ = self.execution.send(ExecutionInput::GaveUp { client_order: id });
        let _ = self.news.send(order.news(change.intent, Outcome::Refused));
        if order.is_finished() {
            self.tracked.remove(&id);
            let _ = self.execution.send(ExecutionInput::Forget { client_order: id });
        }
    }

    fn emit_timeout(&self, id: Id, strategy: Strategy, lineage: &Lineage, action: Action) {
        self.voice.emit(&events::OrderTimeout {
            client_order_id: &id,
            strategy_id: strategy.name(),
            symbol: &self.scene.symbol,
            intent_type: Some(action.name()),
            intent_id: Some(&lineage.intent),
            trace_id: Some(&lineage.trace),
            account: Some(self.scene.account()),
            timeout_s: Some(TIMEOUT as f64 / 1e9),
            ..Default::default()
        });
        self.scene.metrics.order_actions_total.timeout().inc();
    }

    /// Cancels all orders of a strategy: what the broker has now, the rest once it has it.
    pub(super) fn pull(&mut self, strategy: Strategy, reason_code: &'static str) {
        let mut standing = Vec::new();
        for (id, order) in &mut self.tracked {
            if order.strategy != strategy || order.end.is_some() || order.is_being_cancelled() {
                continue;
            }
            if order.broker_order.is_some() {
                standing.push((*id, order.pulled(reason_code, self.at)));
            } else {
                order.pull = Some(reason_code);
            }
        }
        for (id, change) in standing {
            self.send_change(id, change);
        }
    }

    /// The day is over: cancels everything, and tells the broker that this was all.
    pub(super) fn drain(&mut self) {
        let at = self.at;
        let open: Vec<(Id, Change)> = self
            .tracked
            .iter()
            .filter(|(_, order)| order.end.is_none() && !order.is_being_cancelled())
            .map(|(id, order)| (*id, order.pulled("SESSION_END", at)))
            .collect();
        for (id, change) in open {
            self.send_change(id, change);
        }
        let _ = self.broker.send(Request::Stop);
    }

    /// The broker has answered all it ever will: what has no end by now timed out.
    pub(super) fn close(mut self) {
        let unanswered: Vec<Id> =
            self.tracked.iter().filter(|(_, order)| order.end.is_none()).map(|(id, _)| *id).collect();
        for id in unanswered {
            self.give_up_order(id);
        }
    }
}
