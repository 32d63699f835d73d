//! What a strategy knows about its one order on one side.

use crate::ids::Id;
use crate::market::Price;
use crate::messages::{Action, News, Outcome};
use crate::pace::SessionTime;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    pub(super) live: Option<Live>,
    /// The intent under way. Nothing more is wanted until it is answered.
    pending: Option<Pending>,
    /// Nothing is wanted before, after a refusal.
    pub(super) rests_until: SessionTime,
}

/// An order that stands, as far as is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub(super) order: Id,
    pub(super) price: Price,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    intent: Id,
    action: Action,
    price: Price,
}

// === impl Slot ===

impl Slot {
    pub(super) fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn pend(&mut self, intent: Id, action: Action, price: Price) {
        self.pending = Some(Pending { intent, action, price });
    }

    pub(super) fn learn(&mut self, news: &News, rest_until: SessionTime) {
        let answered = self.pending.filter(|pending| pending.intent == news.intent);
        match news.outcome {
            Outcome::Refused => {
                if answered.is_some() {
                    self.pending = None;
                    self.rests_until = rest_until;
                }
            }
            Outcome::Accepted { client_order } => {
                if let Some(pending) = answered {
                    self.live = Some(Live { order: client_order, price: pending.price });
                    self.pending = None;
                }
            }
            Outcome::Amended => {
                if let (Some(pending), Some(live)) = (answered, self.live.as_mut()) {
                    live.price = pending.price;
                    self.pending = None;
                }
            }
            Outcome::Filled { leaves, .. } => {
                if leaves == 0 {
                    self.end();
                }
            }
            Outcome::Closed => {
                if answered.is_some() {
                    self.pending = None;
                }
                self.end();
            }
        }
    }

    /// The order is gone. A change of it that is under way will still be answered.
    fn end(&mut self) {
        self.live = None;
        if self.pending.is_some_and(|pending| pending.action == Action::New) {
            self.pending = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{IdKind, IdMint};
    use crate::market::Side;
    use crate::strategies::Strategy;

    fn news(intent: Id, outcome: Outcome) -> News {
        News { strategy: Strategy::QUICK_MAKER, side: Side::Buy, intent, outcome }
    }

    #[test]
    fn an_order_is_followed_from_intent_to_end() {
        let mint = IdMint::for_this_run();
        let [first, second, order] = [(IdKind::Intent, 1), (IdKind::Intent, 2), (IdKind::ClientOrder, 1)]
            .map(|(kind, number)| mint.id(kind, number));
        let mut slot = Slot::default();
        slot.pend(first, Action::New, 100);
        // News about another intent, a duplicate's refusal, changes nothing.
        slot.learn(&news(second, Outcome::Refused), 9);
        assert!(slot.is_waiting() && slot.rests_until == 0);
        slot.learn(&news(first, Outcome::Accepted { client_order: order }), 9);
        assert_eq!(slot.live.map(|live| live.price), Some(100));

        // Filled while an amendment is under way: the amendment is still waited for.
        slot.pend(second, Action::Amend, 101);
        slot.learn(&news(first, Outcome::Filled { quantity: 1, leaves: 0 }), 9);
        assert!(slot.live.is_none() && slot.is_waiting());
        slot.learn(&news(second, Outcome::Refused), 9);
        assert!(!slot.is_waiting() && slot.rests_until == 9);
    }

    #[test]
    fn an_order_filled_before_its_acceptance_is_known_leaves_the_slot_free() {
        let mint = IdMint::for_this_run();
        let intent = mint.id(IdKind::Intent, 1);
        let mut slot = Slot::default();
        slot.pend(intent, Action::New, 100);
        slot.learn(&news(intent, Outcome::Closed), 9);
        assert!(slot.live.is_none() && !slot.is_waiting());
    }
}
