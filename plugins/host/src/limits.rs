//! What a plugin may use. Every limit has a default that a well-behaved plugin never notices.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// Core instances in one component: a Rust guest has 3, a JavaScript guest about 10.
const INSTANCES_MAX: usize = 32;
/// Memories and tables in one component, for the same reason.
const MEMORIES_MAX: usize = 8;
const TABLES_MAX: usize = 16;
/// Entries of all tables together: function pointers, some thousands in a large guest.
const TABLE_ELEMENTS_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU time for one `process` or `tick`. A batch of 256 events takes well below 1 ms.
    pub deadline: Duration,
    /// The same while a fault is being isolated, when calls are many and most of them fail.
    pub deadline_isolating: Duration,
    /// CPU time for `configure`, `save` and `restore`, which build and read tables.
    pub deadline_setup: Duration,
    /// All linear memory of one guest.
    pub memory_bytes: usize,
    /// Above this a guest is replaced by a fresh one that takes over its state, since WebAssembly
    /// memory never shrinks.
    pub recycle_bytes: usize,
    /// What one answer or one log line may bring across, measured in the host's memory.
    pub output_bytes: usize,
    /// One saved state.
    pub state_bytes: usize,
    /// Log lines a second, after a burst of as many.
    pub log_lines_per_s: u32,
    /// A longer log line is cut.
    pub log_line_bytes: usize,
}

/// Counts what one guest has taken, and says no beyond the limit.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_max: usize,
    memory: usize,
    table_elements: usize,
    /// A request was refused since the last [`Meter::clear_refused`]. A trap that follows is then the
    /// guest's way of saying that it is out of memory.
    refused: bool,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(50),
            deadline_isolating: Duration::from_millis(10),
            deadline_setup: Duration::from_secs(2),
            memory_bytes: 64 << 20,
            recycle_bytes: 32 << 20,
            output_bytes: 16 << 20,
            state_bytes: 4 << 20,
            log_lines_per_s: 20,
            log_line_bytes: 1024,
        }
    }
}

// === impl Meter ===

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory_max: limits.memory_bytes, memory: 0, table_elements: 0, refused: false }
    }

    pub(crate) fn memory_max(&self) -> usize {
        self.memory_max
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory
    }

    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    pub(crate) fn clear_refused(&mut self) {
        self.refused = false;
    }

    fn grow(&mut self, taken: usize, more: usize, max: usize) -> Option<usize> {
        let grown = taken.checked_add(more).filter(|sum| *sum <= max);
        self.refused |= grown.is_none();
        grown
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let grown = self.grow(self.memory, desired.saturating_sub(current), self.memory_max);
        self.memory = grown.unwrap_or(self.memory);
        Ok(grown.is_some())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let grown = self.grow(self.table_elements, more, TABLE_ELEMENTS_MAX);
        self.table_elements = grown.unwrap_or(self.table_elements);
        Ok(grown.is_some())
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_over_all_memories_and_refused_beyond_the_limit() {
        let mut meter = Meter::new(&Limits { memory_bytes: 300, ..Limits::default() });
        assert!(meter.memory_growing(0, 100, None).unwrap());
        assert!(meter.memory_growing(0, 200, None).unwrap());
        assert!(!meter.refused());
        assert!(!meter.memory_growing(200, 201, None).unwrap());
        assert!(meter.refused());
        assert_eq!(meter.memory_bytes(), 300);
    }
}
