//! What is known about one order.

use crate::ids::{Id, Lineage};
use crate::market::{Price, Side};
use crate::messages::{Action, Intent, News, Outcome};
use crate::pace::SessionTime;
use crate::progress::OrderEnd;
use crate::strategies::Strategy;

#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) lineage: Lineage,
    pub(super) strategy: Strategy,
    pub(super) side: Side,
    pub(super) sent_at: SessionTime,
    /// Known once the broker acknowledged the order.
    pub(super) broker_order: Option<Id>,
    /// Changes that were sent and not yet answered.
    pub(super) changes: Vec<Change>,
    /// To be cancelled as soon as the broker has acknowledged it.
    pub(super) pull: Option<&'static str>,
    pub(super) end: Option<OrderEnd>,
}

/// An amendment or a cancellation on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) trace: Id,
    pub(super) intent: Id,
    /// For an amendment.
    pub(super) price: Price,
    pub(super) sent_at: SessionTime,
    /// Why, where it was not a strategy that wanted it.
    pub(super) reason_code: Option<&'static str>,
}

// === impl Tracked ===

impl Tracked {
    pub(super) fn new(intent: &Intent, lineage: Lineage) -> Self {
        Tracked {
            lineage,
            strategy: intent.strategy,
            side: intent.side,
            sent_at: intent.at,
            broker_order: None,
            changes: Vec::new(),
            pull: None,
            end: None,
        }
    }

    /// The broker has it, and nothing has ended it as far as is known here.
    pub(super) fn can_be_changed(&self) -> bool {
        self.broker_order.is_some() && self.end.is_none()
    }

    pub(super) fn is_being_cancelled(&self) -> bool {
        self.changes.iter().any(|change| change.action == Action::Cancel)
    }

    /// Neither the order nor a change of it is of interest any more. A timed-out order stays: it may
    /// still turn out to stand.
    pub(super) fn is_finished(&self) -> bool {
        self.changes.is_empty() && !matches!(self.end, None | Some(OrderEnd::TimedOut))
    }

    /// Takes out the change of this kind that was sent first.
    pub(super) fn answer_change(&mut self, action: Action) -> Option<Change> {
        let index = self.changes.iter().position(|change| change.action == action)?;
        Some(self.changes.remove(index))
    }

    /// A cancellation that nobody's intent asked for: it carries on the order's own ids.
    pub(super) fn pulled(&self, reason_code: &'static str, at: SessionTime) -> Change {
        Change {
            action: Action::Cancel,
            trace: self.lineage.trace,
            intent: self.lineage.intent,
            price: 0,
            sent_at: at,
            reason_code: Some(reason_code),
        }
    }

    pub(super) fn news(&self, intent: Id, outcome: Outcome) -> News {
        News { strategy: self.strategy, side: self.side, intent, outcome }
    }
}
