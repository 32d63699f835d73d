//! How a plugin can fail, as a closed set, because each kind is a metric label.

use std::fmt;

/// Which of the plugin's functions was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Configure,
    Process,
    Tick,
    Save,
    Restore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The guest stopped itself: a panic, a division by zero, an access outside its memory.
    Trap,
    /// It used up its deadline.
    Timeout,
    /// It asked for more memory than its limit.
    Memory,
    /// It used up its stack.
    Stack,
    /// It answered something that the interface forbids.
    Invalid,
    /// It answered more than the limit.
    Flood,
    /// It said itself that it failed.
    Error,
    /// It could not be started again after an earlier fault.
    Start,
}

/// One failed call. The guest is gone; the next call starts a new one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} in {call}: {message}")]
pub struct Fault {
    pub kind: FaultKind,
    pub call: Call,
    pub message: String,
}

/// Why a plugin is not taken: everything that is wrong with it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub problems: Vec<String>,
}

// === impl Call ===

impl Call {
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Configure => "configure",
            Call::Process => "process",
            Call::Tick => "tick",
            Call::Save => "save",
            Call::Restore => "restore",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl FaultKind ===

impl FaultKind {
    pub const ALL: [FaultKind; 8] = [
        FaultKind::Trap,
        FaultKind::Timeout,
        FaultKind::Memory,
        FaultKind::Stack,
        FaultKind::Invalid,
        FaultKind::Flood,
        FaultKind::Error,
        FaultKind::Start,
    ];

    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::Trap => "trap",
            FaultKind::Timeout => "timeout",
            FaultKind::Memory => "memory",
            FaultKind::Stack => "stack",
            FaultKind::Invalid => "invalid",
            FaultKind::Flood => "flood",
            FaultKind::Error => "error",
            FaultKind::Start => "start",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }

    pub(crate) fn unless_empty(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [one] => f.write_str(one),
            many => {
                write!(f, "{} problems:", many.len())?;
                many.iter().try_for_each(|p| write!(f, "\n  - {p}"))
            }
        }
    }
}

impl std::error::Error for Refusal {}
