//! The contract as the rest of Tapline sees it: resolved, indexed, checked.
//!
//! Raw TOML (`raw.rs`) becomes these types once, in `resolve.rs`. Names are looked up by hash; a
//! field, an event and a component are small integers from there on.

use std::collections::HashMap;

/// Index into [`Contract::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// Index into [`Contract::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u16);

/// Index into [`Contract::components`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentId(pub u16);

/// Index into [`Contract::tables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    Guard = 0,
    Audit = 1,
    Log = 2,
    Metric = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warning = 3,
    Error = 4,
    Critical = 5,
}

/// A field has one kind everywhere: that is what keeps a typed column or an index mapping from
/// refusing a row.
///
/// A value of another JSON type is taken where nothing is lost by it; otherwise it is kept in
/// `details` under its name and counted. It never costs the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Also takes a number or a truth value, as its JSON text.
    Text,
    /// 64 bits, signed. Also takes a whole number written as a float (`3.0`).
    Int,
    /// Also takes an integer.
    Float,
    Bool,
    /// Any JSON value, kept as its text.
    Json,
}

/// Who may see a field. A sink has a clearance; a field above it is withheld by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Sensitivity {
    Public = 0,
    Pii = 1,
    Secret = 2,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub unit: Option<String>,
    pub sensitivity: Sensitivity,
    /// Joins the lines of one transaction (`trace_id`, `intent_id`, order ids). Never masked.
    pub join: bool,
    /// May hold free text, so value patterns (tokens, card numbers) are looked for in it.
    pub free_text: bool,
    /// The closed set of values, where there is one.
    pub values: Vec<String>,
    /// What producers write for them: (theirs, ours), e.g. `0` and `Side.BUY` for `BUY`.
    pub codes: Vec<(String, String)>,
    pub doc: String,
    /// Other names under which the field arrives, in any event.
    pub aliases: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Component {
    pub name: String,
    pub doc: String,
    pub aliases: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    pub component: ComponentId,
    pub lane: Lane,
    pub level: Level,
    pub doc: String,
    /// The fields that a typed event carries, in declared order, required ones first. An envelope
    /// field stands here only where the event names it (an order's `client_order_id`); the others
    /// may arrive with any event all the same.
    pub fields: Vec<EventField>,
    /// The audit table that keeps it.
    pub table: Option<TableId>,
    /// Names under which other programs print this event, e.g. `StormGuard Transition`: the names
    /// of `forms`, in the same order.
    pub aliases: Vec<String>,
    /// Names that fields have in lines of this event, under whichever name: (theirs, ours). They go
    /// before the names of the dictionary.
    pub renames: Vec<(String, FieldId)>,
    /// How each of the `aliases` differs from our own form.
    pub forms: Vec<Form>,
}

/// Index into [`Event::forms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormId(pub u16);

/// How another program prints one of our events. [`Contract::recognise`] finds it by its name.
///
/// The level of the line stays as it was printed; lane, table and, where the line names none, the
/// component are those of the event.
#[derive(Clone, Debug)]
pub struct Form {
    /// Their name of the event.
    pub name: String,
    /// Their names of fields: (theirs, ours). They go before [`Event::renames`].
    pub renames: Vec<(String, FieldId)>,
    /// What the line means without saying it: `Order Rejected by Risk` is a decision with
    /// `approved = false`. A value that the line does carry wins.
    pub constants: Vec<(FieldId, Constant)>,
    /// Their spelling of values, by field: (theirs as text, ours), e.g. side `0` is `BUY`.
    pub values: Vec<(FieldId, Vec<(String, String)>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventField {
    pub field: FieldId,
    pub required: bool,
}

#[derive(Clone, Debug)]
pub struct Table {
    /// With its schema, e.g. `audit.orders_log`.
    pub name: String,
    pub doc: String,
    pub columns: Vec<Column>,
    pub order_by: Vec<String>,
    pub partition_by: Partition,
    pub ttl_days: u32,
    /// Why an audit table may keep its rows for less than a year. Without it that is refused; with
    /// it the router writes a `config_change` audit row that carries the reason.
    pub ttl_override_reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    Month,
    Day,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub source: ColumnSource,
    pub doc: String,
}

/// Where a table's column gets its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnSource {
    Field(FieldId),
    /// Event time, ns since 1970, UTC.
    Ts,
    Level,
    Component,
    Event,
    /// Of plain logs only: an audit table's events say it by their names.
    Lane,
    Run,
    Seq,
    /// `run/component/lane/seq` for sequenced producers, else given by the router.
    EventId,
    /// The router's own running number of audit rows.
    ChainPosition,
    /// The hash chain behind the row, in hex.
    ChainHash,
    /// When the router took the event in, ns since 1970, UTC.
    IngestTs,
    /// JSON of all fields that have no column of their own.
    Details,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Debug)]
pub struct Metric {
    pub name: String,
    pub kind: MetricType,
    pub unit: Option<String>,
    pub help: String,
    /// The one component that may report it.
    pub owner: ComponentId,
    pub labels: Vec<Label>,
    /// Upper bounds, for histograms; ascending, without `+Inf`.
    pub buckets: Vec<f64>,
    /// The name is fixed by dashboards of the field, so the rules for new names don't apply.
    pub fixed: bool,
    /// An alert counts on its increase: its label sets are closed, and all of them are reported as 0
    /// from the start, so that the first increment fires.
    pub alert: bool,
}

#[derive(Clone, Debug)]
pub struct Label {
    pub name: String,
    /// The closed set of values; empty where the set is open up to `cap`.
    pub values: Vec<String>,
    /// So many distinct values are kept; any more count under `_other`.
    pub cap: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownEvent {
    /// Take it as a log event, count it.
    Accept,
    /// Refuse it, with the reason `unknown_event`.
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownField {
    /// Keep it in `details`, count it.
    Details,
    /// Refuse the event, with the reason `unknown_field`.
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingField {
    /// Take the event with the field absent, count it.
    Count,
    /// Refuse it, with the reason `missing_field`.
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub unknown_event: UnknownEvent,
    pub unknown_field: UnknownField,
    /// A required field that a line does not have.
    pub missing_field: MissingField,
}

/// How long plain logs and, where a table does not say otherwise, audit rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub log_days: u32,
    pub audit_days: u32,
}

/// A limit that the platform has set itself, for the document and for panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    pub name: String,
    pub doc: String,
    /// What shows it.
    pub metric: Option<String>,
    pub limit: f64,
    pub unit: String,
}

/// A section of prose in the generated document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub name: String,
    pub title: String,
    pub text: String,
}

/// All of it. Built by [`Contract::parse`]; immutable and shared from then on.
#[derive(Clone, Debug)]
pub struct Contract {
    pub name: String,
    pub version: String,
    pub doc: String,
    pub policy: Policy,
    pub retention: Retention,
    pub components: Vec<Component>,
    pub fields: Vec<Field>,
    /// Envelope fields that every event may carry, in the order in which they are written out.
    pub envelope: Vec<FieldId>,
    pub events: Vec<Event>,
    pub tables: Vec<Table>,
    /// Where plain logs go in a database: the envelope as columns, kept for `retention.log_days`.
    pub log_table: Table,
    pub metrics: Vec<Metric>,
    pub budgets: Vec<Budget>,
    pub notes: Vec<Note>,
    /// Stable over formatting: SHA-256 of the resolved contract, first 16 hex digits.
    pub hash: String,

    pub(crate) component_by_name: HashMap<String, ComponentId>,
    pub(crate) field_by_name: HashMap<String, FieldId>,
    pub(crate) event_by_name: HashMap<String, (EventId, Option<FormId>)>,
    pub(crate) table_by_name: HashMap<String, TableId>,
    pub(crate) metric_by_name: HashMap<String, usize>,
}
