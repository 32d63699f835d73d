//! All that it can do wrong.

use serde::Deserialize;

/// The plugin's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub behaviour: Behaviour,
    pub call: Call,
    pub when: When,
    /// So many calls go well first.
    pub after: u64,
    /// How many, or how many bytes; each behaviour says which.
    pub amount: usize,
}

/// The call in which it happens. Lies and floods of an answer need one that answers: `process` or
/// `tick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Configure,
    Process,
    Tick,
    Save,
    Restore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Always,
    /// Only where a row's `message` contains the word.
    Poison,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// None: a plugin in good order.
    Well,

    // Violence.
    /// An `unreachable` instruction.
    Trap,
    Panic,
    /// A loop without an end.
    Spin,
    /// Takes memory until it gets no more.
    Hog,
    /// Calls itself without an end.
    Overflow,
    /// Busy for `amount` million steps, then well.
    Slow,
    /// An answer that is an error; its text has `amount` more bytes.
    Error,
    /// An error whose text is not UTF-8.
    ErrorNotUtf8,
    /// `amount` lines of log.
    LogFlood,
    /// One line of `amount` bytes.
    LogLong,
    /// A line that is not UTF-8.
    LogNotUtf8,

    // Lies about columns; the edit is of `desk`.
    EndsBeyondBytes,
    EndsDescending,
    /// Text that is not UTF-8.
    NotUtf8,
    /// Ends within a character.
    SplitCharacter,
    /// One value fewer, or more, than rows.
    ShortColumn,
    LongColumn,
    /// A bitmap of the wrong length.
    WrongBitmap,
    /// Integers where text was declared.
    WrongKind,
    /// Plain strings where packed text was declared.
    WrongLayout,
    /// A truth value of 7, for `approved`.
    WrongBoolean,
    /// Rows beyond the batch, twice, or descending.
    RowOutOfRange,
    RowTwice,
    RowsDescending,
    /// Two rows and one value.
    RowsWithoutValues,
    /// A write that was not declared.
    UndeclaredWrite,
    /// Two edits of one write.
    EditTwice,

    // Lies about the rest.
    /// A verdict that was not declared.
    UndeclaredVerdict,
    ShortVerdicts,
    LongVerdicts,
    /// A list that reaches beyond the guest's memory.
    BadPointer,
    /// A made event with a level of 200.
    EventLevel,
    /// A made event without a name, and fields with names nobody declared.
    EventNameless,
    /// A notice without a key.
    NoticeKeyless,
    /// A notice to a destination that does not exist.
    NoticeNowhere,
    /// A notice whose text is not UTF-8.
    NoticeNotUtf8,
    /// Verdicts in answer to a tick.
    TickVerdicts,

    // Floods.
    /// A text of `amount` bytes in each row.
    FloodText,
    /// `amount` edits.
    FloodEdits,
    /// `amount` verdicts.
    FloodVerdicts,
    /// `amount` notices.
    FloodNotices,
    /// One notice of `amount` bytes.
    NoticeLong,
    /// `amount` made events.
    FloodEvents,
    /// A made event with `amount` fields.
    EventWide,
    /// A state of `amount` bytes.
    FloodState,

    // States.
    /// Saves bytes that no version can read, and takes over whatever it is given.
    SaveGarbage,
    /// Refuses every state.
    RefuseState,

    // Plans.
    /// Reads a field that does not exist.
    PlanUnknownField,
    /// Writes one of the fields that can't be written.
    PlanReservedWrite,
    /// Reads a field as a kind that it doesn't have.
    PlanWrongKind,
    /// 300 verdicts.
    PlanManyVerdicts,
    /// A drop reason that is a sentence.
    PlanBadReason,
    /// Sends to a destination that does not exist.
    PlanNowhere,
    /// Subscribes to a component and an event that do not exist, at a level of 9.
    PlanBadSubscription,
    /// Wants a tick every millisecond.
    PlanFastTick,
    /// `amount` reads.
    PlanWide,
}

impl Default for Config {
    fn default() -> Self {
        Config { behaviour: Behaviour::Well, call: Call::Process, when: When::Always, after: 0, amount: 1000 }
    }
}
