//! Log lines of a guest: few, short, and what is left out is counted.

use std::time::{Duration, Instant};

/// Levels as in the interface: 0 trace to 5 critical.
const LEVEL_MAX: u8 = 5;
const LEVEL_ERROR: u8 = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub level: u8,
    pub message: String,
}

/// A token bucket before a short list. The caller empties the list after each call, so it holds at
/// most one burst.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    lines: Vec<LogLine>,
    /// Kept apart from `lines`, so that a guest's last words are known even after a flood.
    last_error: Option<String>,
    suppressed: u64,
    cut: u64,
    line_bytes_max: usize,
    burst: u32,
    tokens: u32,
    refilled: Instant,
}

// === impl LogBuffer ===

impl LogBuffer {
    pub(crate) fn new(lines_per_s: u32, line_bytes_max: usize, now: Instant) -> Self {
        Self {
            lines: Vec::new(),
            last_error: None,
            suppressed: 0,
            cut: 0,
            line_bytes_max,
            burst: lines_per_s,
            tokens: lines_per_s,
            refilled: now,
        }
    }

    pub(crate) fn push(&mut self, level: u8, mut message: String, now: Instant) {
        let long = message.len() > self.line_bytes_max;
        if long {
            message.truncate(message.floor_char_boundary(self.line_bytes_max));
            // What is left may be a thousandth of the room that the guest's string took.
            message.shrink_to_fit();
        }
        if level >= LEVEL_ERROR {
            self.last_error = Some(message.clone());
        }
        self.refill(now);
        if self.tokens == 0 || self.lines.len() >= self.burst as usize {
            self.suppressed += 1;
            return;
        }
        self.tokens -= 1;
        self.cut += u64::from(long);
        self.lines.push(LogLine { level: level.min(LEVEL_MAX), message });
    }

    pub(crate) fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines)
    }

    /// Lines left out, and lines cut, since the last asking.
    pub(crate) fn take_counts(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.suppressed), std::mem::take(&mut self.cut))
    }

    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    pub(crate) fn forget_last_error(&mut self) {
        self.last_error = None;
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled);
        let earned = passed.as_secs_f64() * f64::from(self.burst);
        if earned >= 1.0 {
            let earned = earned as u32;
            self.tokens = self.tokens.saturating_add(earned).min(self.burst);
            self.refilled += Duration::from_secs_f64(f64::from(earned) / f64::from(self.burst));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_one_burst_and_a_count() {
        let start = Instant::now();
        let mut log = LogBuffer::new(10, 100, start);
        (0..1000).for_each(|i| log.push(2, format!("line {i}"), start));
        assert_eq!(log.take().len(), 10);
        assert_eq!(log.take_counts(), (990, 0));
        log.push(2, "still too early".into(), start + Duration::from_millis(50));
        assert_eq!(log.take(), []);
        log.push(2, "in time".into(), start + Duration::from_millis(150));
        assert_eq!(log.take().len(), 1);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let start = Instant::now();
        let mut log = LogBuffer::new(10, 4, start);
        log.push(9, "aaaé…".into(), start);
        assert_eq!(log.take(), [LogLine { level: 5, message: "aaa".into() }]);
        assert_eq!(log.take_counts(), (0, 1));
    }
}
