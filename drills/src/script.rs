//! What is arranged to happen in a run, and when.
//!
//! Market data brings ticks; this brings the rest of a trading day: a configuration change, a line
//! that drops, a broker that falls silent. The routine part happens in every run, so that every
//! ordinary event is seen within 20 seconds. The incidents are the bad day that drills and alerts are
//! tried with; those that stop trading come last, so that the others still find orders to spoil.

use crate::pace::{MILLISECOND, SECOND, SessionTime};
use crate::strategies::Strategy;

/// One arranged occurrence. It travels on the bus; the component that it concerns acts on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cue {
    /// The feed's line drops and comes back after some tries, longer than a second later.
    LineDrop,
    /// The standby line drops and fails to come back again and again.
    ReconnectStorm,
    /// An operator changes a risk limit.
    ConfigChange,
    /// The makers move their quotes without need and without waiting, as after a bug, for so long.
    QuoteStorm { length: SessionTime },
    /// The next order can't be sent: the adapter throws an error, tries again, and gives up.
    AdapterFault,
    /// The broker answers nothing for so long.
    BrokerPause { length: SessionTime },
    /// The broker begins or ends to refuse most orders.
    RejectSpike { on: bool },
    /// The broker reports a fill of the strategy so that its order can't be told.
    GarbledFill { strategy: Strategy },
    /// A consumer of the bus counts as full for so long.
    BusOverflow { length: SessionTime },
    /// The recorder's storage goes away or comes back.
    StoreDown { on: bool },
    /// The disk behind the storage fills up or is cleared: rows have nowhere to go.
    DiskFull { on: bool },
    /// The exchange cancels trades afterwards, at a loss of so many basis points of the capital.
    TradeBust { strategy: Strategy, loss_bps: i64 },
    /// An operator stops trading, or allows it again.
    KillSwitch { active: bool },
}

/// Cues in order of time, counted from the first tick.
#[derive(Clone, Debug)]
pub struct Script {
    cues: Vec<(SessionTime, Cue)>,
    next: usize,
    start: Option<SessionTime>,
}

/// The routine day begins again after so long, for runs of hours.
const ROUTINE_LENGTH: SessionTime = 300 * SECOND;

// === impl Script ===

impl Script {
    /// An ordinary day.
    pub fn routine() -> Self {
        Script::new(Script::routine_cues(true))
    }

    /// The same with everything that can go wrong, within 19 seconds.
    pub fn incidents() -> Self {
        let patient = Strategy::PATIENT_MAKER;
        let ms = |at: i64| at * MILLISECOND;
        let mut cues = Script::routine_cues(false);
        cues.extend([
            (ms(2_000), Cue::ReconnectStorm),
            (ms(5_000), Cue::RejectSpike { on: true }),
            (ms(7_000), Cue::RejectSpike { on: false }),
            (ms(9_400), Cue::GarbledFill { strategy: Strategy::QUICK_MAKER }),
            (ms(11_500), Cue::TradeBust { strategy: patient, loss_bps: 60 }),
            (ms(11_900), Cue::TradeBust { strategy: patient, loss_bps: 60 }),
            (ms(12_300), Cue::TradeBust { strategy: patient, loss_bps: 100 }),
            (ms(12_800), Cue::LineDrop),
            (ms(14_500), Cue::BusOverflow { length: ms(300) }),
            (ms(15_500), Cue::StoreDown { on: true }),
            (ms(15_600), Cue::DiskFull { on: true }),
            (ms(16_600), Cue::DiskFull { on: false }),
            (ms(16_700), Cue::StoreDown { on: false }),
            (ms(17_200), Cue::KillSwitch { active: true }),
            (ms(18_500), Cue::KillSwitch { active: false }),
        ]);
        Script::new(cues)
    }

    fn routine_cues(line_drop: bool) -> Vec<(SessionTime, Cue)> {
        let ms = |at: i64| at * MILLISECOND;
        let mut cues = vec![
            (ms(1_200), Cue::ConfigChange),
            (ms(1_400), Cue::QuoteStorm { length: ms(2_000) }),
            (ms(3_000), Cue::AdapterFault),
            (ms(3_600), Cue::StoreDown { on: true }),
            (ms(4_600), Cue::StoreDown { on: false }),
            (ms(7_600), Cue::BrokerPause { length: ms(1_700) }),
        ];
        if line_drop {
            cues.push((ms(14_000), Cue::LineDrop));
        }
        cues
    }

    fn new(mut cues: Vec<(SessionTime, Cue)>) -> Self {
        cues.sort_by_key(|(at, _)| *at);
        Script { cues, next: 0, start: None }
    }

    /// The next cue that is due by `at`, if one is. Ask until there is none.
    pub fn due(&mut self, at: SessionTime) -> Option<Cue> {
        let start = *self.start.get_or_insert(at);
        match self.cues.get(self.next) {
            Some((offset, cue)) if at - start >= *offset => {
                self.next += 1;
                Some(*cue)
            }
            Some(_) => None,
            None if at - start >= ROUTINE_LENGTH => {
                self.cues = Script::routine_cues(true);
                self.next = 0;
                self.start = Some(at);
                None
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(mut script: Script, until: SessionTime) -> Vec<(SessionTime, Cue)> {
        let mut seen = Vec::new();
        let begin = 1_000 * SECOND;
        let mut at = begin;
        while at <= begin + until {
            while let Some(cue) = script.due(at) {
                seen.push((at - begin, cue));
            }
            at += 100 * MILLISECOND;
        }
        seen
    }

    #[test]
    fn all_incidents_come_within_twenty_seconds_and_what_begins_ends() {
        let seen = play(Script::incidents(), 20 * SECOND);
        let count = |matches: fn(&Cue) -> bool| seen.iter().filter(|(_, cue)| matches(cue)).count();
        assert_eq!(count(|cue| matches!(cue, Cue::RejectSpike { .. })), 2);
        assert_eq!(count(|cue| matches!(cue, Cue::StoreDown { .. })), 4);
        assert_eq!(count(|cue| matches!(cue, Cue::DiskFull { .. })), 2);
        assert_eq!(count(|cue| matches!(cue, Cue::KillSwitch { .. })), 2);
        assert_eq!(count(|cue| matches!(cue, Cue::LineDrop)), 1);
        assert!(seen.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn the_routine_comes_again_in_a_long_run() {
        let drops = play(Script::routine(), 700 * SECOND).iter().filter(|(_, cue)| *cue == Cue::LineDrop).count();
        assert_eq!(drops, 3);
    }
}
