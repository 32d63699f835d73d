//! The circuit breaker: a broker that refuses everything is not asked for a while.

use crate::pace::{SECOND, SessionTime};

/// Refusals in a row that open it, and how long it then stays open.
const REFUSALS_MAX: u32 = 8;
const OPEN_FOR: SessionTime = SECOND / 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Breaker {
    #[default]
    Closed,
    /// So many refusals in a row so far.
    Doubting {
        refusals: u32,
    },
    Open {
        until: SessionTime,
    },
    /// One order at a time is let through to see.
    HalfOpen,
}

// === impl Breaker ===

impl Breaker {
    /// Whether an order must not be sent now.
    pub(super) fn refuses(&mut self, at: SessionTime) -> bool {
        if let Breaker::Open { until } = *self {
            if at < until {
                return true;
            }
            *self = Breaker::HalfOpen;
        }
        false
    }

    pub(super) fn accepted(&mut self) {
        *self = Breaker::Closed;
    }

    pub(super) fn rejected(&mut self, at: SessionTime) {
        *self = match *self {
            Breaker::Closed => Breaker::Doubting { refusals: 1 },
            Breaker::Doubting { refusals } if refusals + 1 < REFUSALS_MAX => {
                Breaker::Doubting { refusals: refusals + 1 }
            }
            Breaker::Doubting { .. } | Breaker::HalfOpen => Breaker::Open { until: at + OPEN_FOR },
            open @ Breaker::Open { .. } => open,
        };
    }

    /// 0 closed, 1 half open, 2 open: as the metric shows it.
    pub(super) fn number(self) -> f64 {
        match self {
            Breaker::Closed | Breaker::Doubting { .. } => 0.0,
            Breaker::HalfOpen => 1.0,
            Breaker::Open { .. } => 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_refusals_in_a_row_and_tries_again() {
        let mut breaker = Breaker::default();
        for _ in 0..REFUSALS_MAX - 1 {
            breaker.rejected(0);
        }
        breaker.accepted();
        for _ in 0..REFUSALS_MAX {
            assert!(!breaker.refuses(0));
            breaker.rejected(0);
        }
        assert!(breaker.refuses(OPEN_FOR - 1));
        assert!(!breaker.refuses(OPEN_FOR));
        assert_eq!(breaker, Breaker::HalfOpen);
        breaker.rejected(OPEN_FOR);
        assert!(breaker.refuses(OPEN_FOR + 1));
        breaker.accepted();
        assert_eq!(breaker.number(), 0.0);
    }
}
