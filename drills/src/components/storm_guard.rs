//! StormGuard: how much trading a strategy may do, by how bad things look.
//!
//! | mode | enters at once when | leaves |
//! |---|---|---|
//! | WARM 1 | drawdown ≤ −50 bps | 30 s after the last such update, and 5 clear updates |
//! | STORM 2 | drawdown ≤ −100 bps, or the feed silent for ≥ 1 s | the same |
//! | HALT 3 | drawdown ≤ −200 bps, or an explicit trigger | after 60 s, and 5 clear updates |
//!
//! WARM halves the position limit, STORM allows no new risk, HALT pulls the resting orders as well;
//! cancels and orders that reduce a position always pass.
//!
//! Each mode is a latch of its own, and the mode is the highest latch that is set. The hold runs from
//! the last update that called for the mode, not from the first: a loss that hovers at the limit then
//! holds the mode instead of making a square wave of it, and worse input can never lead to a lower
//! mode later. A mode that is fallen back to has its own hold, from then on. Time comes with the input, so nothing here sleeps or asks a clock.

use crate::pace::{SECOND, SessionTime};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Mode {
    #[default]
    Normal = 0,
    Warm = 1,
    Storm = 2,
    Halt = 3,
}

/// What makes a HALT whatever the drawdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltTrigger {
    DailyLoss,
    KillSwitch,
    BusOverflow,
    Reconciliation,
    RecorderDataLoss,
}

/// What StormGuard looks at in one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signs {
    pub at: SessionTime,
    /// Loss from the day's highest equity, in hundredths of a per cent; 0 or negative.
    pub drawdown_bps: f64,
    /// How long the feed has been silent.
    pub feed_gap_ns: i64,
    pub halt: Option<HaltTrigger>,
}

/// Why the mode changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Drawdown,
    FeedGap,
    Halt(HaltTrigger),
    /// The hold is over and the updates are clear.
    Cleared,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    pub from: Mode,
    pub to: Mode,
    pub trigger: Trigger,
    pub signs: Signs,
}

#[derive(Clone, Debug, Default)]
pub struct StormGuard {
    warm: Latch,
    storm: Latch,
    halt: Latch,
}

pub const WARM_DRAWDOWN_BPS: f64 = -50.0;
pub const STORM_DRAWDOWN_BPS: f64 = -100.0;
pub const HALT_DRAWDOWN_BPS: f64 = -200.0;
pub const STORM_FEED_GAP_NS: i64 = SECOND;
/// So many updates in a row must be clear before a mode is left.
pub const CLEAR_UPDATES: u32 = 5;

/// One mode's memory.
#[derive(Clone, Copy, Debug, Default)]
struct Latch {
    /// When the mode was last called for, while the latch is set.
    called_for: Option<SessionTime>,
    clear_updates: u32,
}

// === impl Mode ===

impl Mode {
    /// The name that events use.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Normal => "NORMAL",
            Mode::Warm => "WARM",
            Mode::Storm => "STORM",
            Mode::Halt => "HALT",
        }
    }

    /// How long the mode lasts after it was last called for.
    pub fn hold(self) -> SessionTime {
        match self {
            Mode::Normal => 0,
            Mode::Warm | Mode::Storm => 30 * SECOND,
            Mode::Halt => 60 * SECOND,
        }
    }

    /// The share of its position limit that a strategy may still build up to. Cancels and orders that
    /// reduce a position pass in every mode.
    pub fn limit_share(self) -> f64 {
        match self {
            Mode::Normal => 1.0,
            Mode::Warm => 0.5,
            Mode::Storm | Mode::Halt => 0.0,
        }
    }
}

// === impl HaltTrigger ===

impl HaltTrigger {
    /// The code that events use as their reason.
    pub fn code(self) -> &'static str {
        match self {
            HaltTrigger::DailyLoss => "DAILY_LOSS",
            HaltTrigger::KillSwitch => "KILL_SWITCH",
            HaltTrigger::BusOverflow => "BUS_OVERFLOW",
            HaltTrigger::Reconciliation => "RECONCILIATION",
            HaltTrigger::RecorderDataLoss => "RECORDER_DATA_LOSS",
        }
    }
}

// === impl Trigger ===

impl Trigger {
    /// The code that events use as their reason.
    pub fn code(self) -> &'static str {
        match self {
            Trigger::Drawdown => "DRAWDOWN",
            Trigger::FeedGap => "FEED_GAP",
            Trigger::Halt(trigger) => trigger.code(),
            Trigger::Cleared => "CLEARED",
        }
    }
}

// === impl Transition ===

impl Transition {
    /// What set it off, in words.
    pub fn words(&self) -> String {
        match self.trigger {
            Trigger::Drawdown => format!("drawdown {:.1} bps", self.signs.drawdown_bps),
            Trigger::FeedGap => format!("feed gap {:.3} s", self.signs.feed_gap_ns as f64 / 1e9),
            Trigger::Halt(HaltTrigger::DailyLoss) => "daily loss limit".into(),
            Trigger::Halt(HaltTrigger::KillSwitch) => "kill switch".into(),
            Trigger::Halt(HaltTrigger::BusOverflow) => "bus overflow".into(),
            Trigger::Halt(HaltTrigger::Reconciliation) => "positions differ from the broker's".into(),
            Trigger::Halt(HaltTrigger::RecorderDataLoss) => "recorder lost rows".into(),
            Trigger::Cleared => "hold over, updates clear".into(),
        }
    }
}

// === impl Signs ===

impl Signs {
    /// The mode that these signs alone call for, and which of them does.
    pub fn called_for(&self) -> (Mode, Trigger) {
        if let Some(trigger) = self.halt {
            (Mode::Halt, Trigger::Halt(trigger))
        } else if self.drawdown_bps <= HALT_DRAWDOWN_BPS {
            (Mode::Halt, Trigger::Drawdown)
        } else if self.feed_gap_ns >= STORM_FEED_GAP_NS {
            (Mode::Storm, Trigger::FeedGap)
        } else if self.drawdown_bps <= STORM_DRAWDOWN_BPS {
            (Mode::Storm, Trigger::Drawdown)
        } else if self.drawdown_bps <= WARM_DRAWDOWN_BPS {
            (Mode::Warm, Trigger::Drawdown)
        } else {
            (Mode::Normal, Trigger::Cleared)
        }
    }
}

// === impl StormGuard ===

impl StormGuard {
    pub fn mode(&self) -> Mode {
        if self.halt.is_set() {
            Mode::Halt
        } else if self.storm.is_set() {
            Mode::Storm
        } else if self.warm.is_set() {
            Mode::Warm
        } else {
            Mode::Normal
        }
    }

    /// Takes in the signs and tells whether the mode changed.
    pub fn update(&mut self, signs: Signs) -> Option<Transition> {
        let from = self.mode();
        let (called_for, trigger) = signs.called_for();
        for (mode, latch) in
            [(Mode::Warm, &mut self.warm), (Mode::Storm, &mut self.storm), (Mode::Halt, &mut self.halt)]
        {
            latch.update(signs.at, called_for >= mode, mode.hold());
        }
        let to = self.mode();
        if to < from {
            for latch in [&mut self.warm, &mut self.storm] {
                latch.start_again(signs.at);
            }
        }
        let trigger = if to > from { trigger } else { Trigger::Cleared };
        (to != from).then_some(Transition { from, to, trigger, signs })
    }
}

// === impl Latch ===

impl Latch {
    fn is_set(&self) -> bool {
        self.called_for.is_some()
    }

    /// The mode was fallen back to: its hold begins.
    fn start_again(&mut self, at: SessionTime) {
        if self.is_set() {
            self.update(at, true, 0);
        }
    }

    fn update(&mut self, at: SessionTime, called_for: bool, hold: SessionTime) {
        if called_for {
            // `max`: an update that arrives late must not shorten the hold.
            self.called_for = Some(self.called_for.map_or(at, |last| last.max(at)));
            self.clear_updates = 0;
            return;
        }
        let Some(last) = self.called_for else { return };
        self.clear_updates = self.clear_updates.saturating_add(1);
        if at - last >= hold && self.clear_updates >= CLEAR_UPDATES {
            *self = Latch::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signs(seconds: f64, drawdown_bps: f64) -> Signs {
        Signs { at: (seconds * 1e9) as i64, drawdown_bps, feed_gap_ns: 0, halt: None }
    }

    #[test]
    fn limits_are_those_of_the_contract() {
        let mode = |signs: Signs| signs.called_for();
        assert_eq!(mode(signs(0.0, -49.9)).0, Mode::Normal);
        assert_eq!(mode(signs(0.0, -50.0)), (Mode::Warm, Trigger::Drawdown));
        assert_eq!(mode(signs(0.0, -100.0)), (Mode::Storm, Trigger::Drawdown));
        assert_eq!(mode(signs(0.0, -200.0)), (Mode::Halt, Trigger::Drawdown));
        let gap = |gap_ns| Signs { feed_gap_ns: gap_ns, ..signs(0.0, 0.0) };
        assert_eq!(mode(gap(SECOND - 1)).0, Mode::Normal);
        assert_eq!(mode(gap(SECOND)), (Mode::Storm, Trigger::FeedGap));
        let halt = Signs { halt: Some(HaltTrigger::KillSwitch), ..signs(0.0, 0.0) };
        assert_eq!(mode(halt), (Mode::Halt, Trigger::Halt(HaltTrigger::KillSwitch)));
        assert_eq!(Mode::Halt as u8, 3);
    }

    #[test]
    fn a_storm_is_left_after_its_hold_and_five_clear_updates() {
        let mut guard = StormGuard::default();
        let entered = guard.update(signs(0.0, -120.0)).unwrap();
        assert_eq!((entered.from, entered.to), (Mode::Normal, Mode::Storm));
        // Four clear updates long after the hold do not do.
        for at in [31.0, 32.0, 33.0, 34.0] {
            assert_eq!(guard.update(signs(at, 0.0)), None);
        }
        let left = guard.update(signs(35.0, 0.0)).unwrap();
        assert_eq!((left.to, left.trigger), (Mode::Normal, Trigger::Cleared));
    }

    #[test]
    fn many_clear_updates_do_not_end_the_hold_early() {
        let mut guard = StormGuard::default();
        guard.update(Signs { halt: Some(HaltTrigger::BusOverflow), ..signs(0.0, 0.0) });
        for tenth in 1..600 {
            assert_eq!(guard.update(signs(f64::from(tenth) / 10.0, 0.0)), None, "at {tenth}/10 s");
        }
        assert_eq!(guard.update(signs(60.0, 0.0)).unwrap().to, Mode::Normal);
    }

    #[test]
    fn a_halt_falls_to_the_mode_that_is_still_called_for() {
        let mut guard = StormGuard::default();
        guard.update(signs(0.0, -250.0));
        let left = (1..).find_map(|second| guard.update(signs(f64::from(second), -60.0))).unwrap();
        assert_eq!((left.from, left.to), (Mode::Halt, Mode::Warm));
        assert_eq!(left.signs.at, 60 * SECOND);
    }

    #[test]
    fn a_loss_that_hovers_at_the_limit_makes_one_transition_not_a_square_wave() {
        let mut guard = StormGuard::default();
        let transitions = (0..1200)
            .filter(|tenth| {
                let drawdown = if tenth % 70 < 35 { -201.0 } else { -199.0 };
                guard.update(signs(f64::from(*tenth) / 10.0, drawdown)).is_some()
            })
            .count();
        assert_eq!((transitions, guard.mode()), (1, Mode::Halt));
    }

    fn any_signs() -> impl Strategy<Value = (i64, f64, i64, bool)> {
        (0..20 * SECOND, -260.0..10.0f64, 0..3 * SECOND, prop::bool::weighted(0.03))
    }

    fn history() -> impl Strategy<Value = Vec<Signs>> {
        prop::collection::vec(any_signs(), 1..120).prop_map(|steps| {
            let mut at = 0;
            steps
                .into_iter()
                .map(|(step, drawdown_bps, gap, halt)| {
                    at += step;
                    // Mostly quiet, or the hold would never be seen to end.
                    let loud = step % 5 == 0;
                    Signs {
                        at,
                        drawdown_bps: if loud { drawdown_bps } else { 0.0 },
                        feed_gap_ns: if loud { gap } else { 0 },
                        halt: halt.then_some(HaltTrigger::KillSwitch),
                    }
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn entering_is_immediate_and_no_hold_is_skipped(history in history()) {
            let mut guard = StormGuard::default();
            let mut entered = 0;
            let mut clear = 0;
            for signs in history {
                let before = guard.mode();
                let (called_for, _) = signs.called_for();
                let transition = guard.update(signs);
                prop_assert!(guard.mode() >= called_for, "a mode that is called for is entered at once");
                prop_assert_eq!(transition.is_some(), guard.mode() != before);
                clear = if called_for < before { clear + 1 } else { 0 };
                if guard.mode() < before {
                    prop_assert!(signs.at - entered >= before.hold(), "left before the hold was over");
                    prop_assert!(clear >= CLEAR_UPDATES, "left after {clear} clear updates");
                }
                if guard.mode() != before {
                    entered = signs.at;
                    clear = 0;
                }
            }
        }
    }
}
