//! The checks that an intent has to pass, in order; the first that refuses it decides.

use super::reduces;
use crate::components::storm_guard::Mode;
use crate::market::Price;
use crate::messages::{Action, Intent};
use crate::strategies::Strategy;

/// What a strategy may do while StormGuard is NORMAL.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    position_max: i64,
    quantity_max: i64,
    /// From the mid price.
    band_bps: i64,
    /// All of it as an audit row shows it; made once, for every decision carries it.
    json: String,
}

/// An intent and what it is measured by.
pub(super) struct Check<'a> {
    pub(super) intent: &'a Intent,
    pub(super) limits: &'a Limits,
    pub(super) mode: Mode,
    pub(super) kill_switch: bool,
    pub(super) mid: Option<Price>,
    pub(super) net_quantity: i64,
    pub(super) loses_too_much: bool,
    /// Intents of the strategy in this second, this one included.
    pub(super) recent_intents: u32,
    pub(super) intents_max: u32,
}

/// What was decided, by which check, on what grounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) approved: bool,
    pub(super) reason_code: &'static str,
    pub(super) check: &'static str,
    pub(super) limit: Option<f64>,
    pub(super) observed: Option<f64>,
}

// === impl Limits ===

impl Limits {
    pub(super) fn of(strategy: Strategy) -> Self {
        let profile = strategy.profile();
        let mut limits = Limits {
            position_max: profile.position_max,
            quantity_max: profile.quantity * 2,
            band_bps: 200,
            json: String::new(),
        };
        limits.set_position_max(profile.position_max);
        limits
    }

    pub(super) fn set_position_max(&mut self, contracts: i64) {
        self.position_max = contracts;
        self.json = format!(r#"{{"pos":{contracts},"qty":{},"band":{}}}"#, self.quantity_max, self.band_bps);
    }

    pub(super) fn as_json(&self) -> &str {
        &self.json
    }
}

// === impl Check ===

impl Check<'_> {
    pub(super) fn verdict(&self) -> Verdict {
        let intent = self.intent;
        if intent.action == Action::Cancel {
            return Verdict::approved("cancel");
        }
        if intent.quantity > self.limits.quantity_max {
            let (limit, observed) = (self.limits.quantity_max as f64, intent.quantity as f64);
            return Verdict::refused("QTY_EXCEEDS_CAP", "quantity", limit, observed);
        }
        if let Some(mid) = self.mid {
            let away_bps = (intent.price - mid).abs() as f64 / mid as f64 * 1e4;
            let limit = self.limits.band_bps as f64;
            if away_bps > limit {
                return Verdict::refused("PRICE_OUTSIDE_BAND", "price_band", limit, away_bps);
            }
        }
        if reduces(intent.action, intent.side, intent.quantity, self.net_quantity) {
            return Verdict::approved("reducing");
        }
        self.new_risk()
    }

    /// What holds for an order that may make the position larger.
    fn new_risk(&self) -> Verdict {
        if self.kill_switch {
            return Verdict::refused("KILL_SWITCH", "kill_switch", 0.0, 1.0);
        }
        let mode = f64::from(self.mode as u8);
        match self.mode {
            Mode::Halt => return Verdict::refused("STORMGUARD_HALT", "stormguard", 1.0, mode),
            Mode::Storm => {
                return Verdict::refused("STORMGUARD_STORM_BLOCKED", "stormguard", 1.0, mode);
            }
            Mode::Normal | Mode::Warm => {}
        }
        if self.loses_too_much {
            return Verdict::refused("DAILY_LOSS_LIMIT_EXCEEDED", "daily_loss", 0.0, 1.0);
        }
        if self.recent_intents > self.intents_max {
            let (limit, observed) = (f64::from(self.intents_max), f64::from(self.recent_intents));
            return Verdict::refused("RATE_LIMIT", "intent_rate", limit, observed);
        }
        let position_max = self.limits.position_max as f64 * self.mode.limit_share();
        let intended = self.net_quantity + self.intent.side.sign() * self.intent.quantity;
        let observed = intended.abs() as f64;
        if observed > position_max {
            return Verdict::refused("POSITION_LIMIT_EXCEEDED", "position", position_max, observed);
        }
        Verdict {
            approved: true,
            reason_code: "OK",
            check: "position",
            limit: Some(position_max),
            observed: Some(observed),
        }
    }
}

// === impl Verdict ===

impl Verdict {
    fn approved(check: &'static str) -> Self {
        Verdict { approved: true, reason_code: "OK", check, limit: None, observed: None }
    }

    fn refused(reason_code: &'static str, check: &'static str, limit: f64, observed: f64) -> Self {
        Verdict { approved: false, reason_code, check, limit: Some(limit), observed: Some(observed) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::ids::{IdKind, IdMint, Lineage};
    use crate::market::{PRICE_SCALE, Side};
    use crate::strategies::Strategy;

    fn intent(action: Action, side: Side, quantity: i64) -> Intent {
        let mint = IdMint::for_this_run();
        Intent {
            strategy: Strategy::QUICK_MAKER,
            lineage: Lineage {
                trace: mint.id(IdKind::Trace, 1),
                intent: mint.id(IdKind::Intent, 1),
                client_order: None,
                broker_order: None,
            },
            action,
            side,
            price: 20_000 * PRICE_SCALE,
            quantity,
            at: 0,
            received: Instant::now(),
        }
    }

    fn verdict(intent: &Intent, mode: Mode, net_quantity: i64) -> Verdict {
        Check {
            intent,
            limits: &Limits::of(Strategy::QUICK_MAKER),
            mode,
            kill_switch: false,
            mid: Some(20_000 * PRICE_SCALE),
            net_quantity,
            loses_too_much: false,
            recent_intents: 1,
            intents_max: 60,
        }
        .verdict()
    }

    #[test]
    fn in_halt_cancels_and_reducing_orders_pass_and_nothing_else() {
        let buy = intent(Action::New, Side::Buy, 1);
        assert_eq!(verdict(&buy, Mode::Halt, 0).reason_code, "STORMGUARD_HALT");
        assert!(verdict(&buy, Mode::Halt, -1).approved);
        assert!(!verdict(&intent(Action::New, Side::Buy, 2), Mode::Halt, -1).approved, "it would turn");
        assert!(!verdict(&buy, Mode::Halt, 1).approved);
        assert!(verdict(&intent(Action::Cancel, Side::Buy, 1), Mode::Halt, 5).approved);
        assert!(verdict(&intent(Action::Amend, Side::Sell, 1), Mode::Halt, 5).approved);
    }

    #[test]
    fn a_price_far_away_is_refused_even_where_it_reduces() {
        let mut sell = intent(Action::New, Side::Sell, 1);
        sell.price += sell.price / 20;
        let verdict = verdict(&sell, Mode::Normal, 3);
        assert_eq!(verdict.reason_code, "PRICE_OUTSIDE_BAND");
        assert!(verdict.observed > verdict.limit);
    }

    #[test]
    fn the_position_limit_shrinks_with_the_mode() {
        let buy = intent(Action::New, Side::Buy, 1);
        assert!(verdict(&buy, Mode::Normal, 4).approved);
        assert_eq!(verdict(&buy, Mode::Normal, 5).reason_code, "POSITION_LIMIT_EXCEEDED");
        assert!(verdict(&buy, Mode::Warm, 1).approved);
        assert_eq!(verdict(&buy, Mode::Warm, 2).reason_code, "POSITION_LIMIT_EXCEEDED");
        assert_eq!(verdict(&buy, Mode::Storm, 0).reason_code, "STORMGUARD_STORM_BLOCKED");
    }

    proptest! {
        #[test]
        fn a_worse_mode_never_allows_more(
            buys: bool, quantity in 1i64..4, net in -8i64..8, amends: bool,
        ) {
            let side = if buys { Side::Buy } else { Side::Sell };
            let action = if amends { Action::Amend } else { Action::New };
            let intent = intent(action, side, quantity);
            let allowed: Vec<bool> = [Mode::Normal, Mode::Warm, Mode::Storm, Mode::Halt]
                .into_iter()
                .map(|mode| verdict(&intent, mode, net).approved)
                .collect();
            prop_assert!(allowed.is_sorted_by(|before, after| before >= after), "{allowed:?}");
        }
    }
}
