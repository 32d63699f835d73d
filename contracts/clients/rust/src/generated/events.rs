//! One struct for each event of the contract.
//!
//! Generated from `contracts/trading.toml` by `cargo xtask bless`; do not edit.

use crate::event::{Event, Generated};
use crate::record::RecordWriter;
use crate::schema::{Lane, Level};

/// The best prices of an instrument changed.
///
/// `book_update` of component `market_data`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BookUpdate<'a> {
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// What changed in the book. One of `depth`, `trade`, `clear`.
    pub update_type: Option<&'a str>,
    /// Best bid, times price_scale. Unit: price_scale.
    pub bid_price: Option<i64>,
    /// Quantity at the best bid. Unit: contracts.
    pub bid_qty: Option<i64>,
    /// Best ask, times price_scale. Unit: price_scale.
    pub ask_price: Option<i64>,
    /// Quantity at the best ask. Unit: contracts.
    pub ask_qty: Option<i64>,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: Option<i64>,
    /// The exchange's own time, ns since 1970, UTC. Unit: nanoseconds.
    pub exch_ts: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for BookUpdate<'_> {}

impl Event for BookUpdate<'_> {
    const ID: u16 = 0;
    const NAME: &'static str = "book_update";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.bid_price);
        w.int_opt(1, self.bid_qty);
        w.int_opt(2, self.ask_price);
        w.int_opt(3, self.ask_qty);
        w.int_opt(4, self.price_scale);
        w.int_opt(5, self.exch_ts);
        w.float_opt(6, self.latency_us);
        w.text(7, self.symbol);
        w.text_opt(8, self.update_type);
    }
}

/// The tick that made a strategy act: where a transaction begins.
///
/// `tick_trigger` of component `market_data`, lane `audit`, level `info`, kept in `audit.trace_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TickTrigger<'a> {
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: &'a str,
    /// Price times price_scale. Unit: price_scale.
    pub price: i64,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: i64,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: Option<i64>,
    /// The exchange's own time, ns since 1970, UTC. Unit: nanoseconds.
    pub exch_ts: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for TickTrigger<'_> {}

impl Event for TickTrigger<'_> {
    const ID: u16 = 1;
    const NAME: &'static str = "tick_trigger";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.price);
        w.int(1, self.price_scale);
        w.int_opt(2, self.qty);
        w.int_opt(3, self.exch_ts);
        w.float_opt(4, self.latency_us);
        w.text(5, self.trace_id);
        w.text(6, self.symbol);
        w.text_opt(7, self.strategy_id);
        w.text_opt(8, self.side);
    }
}

/// No data for longer than a feed should be silent.
///
/// `feed_gap` of component `market_data`, lane `log`, level `warning`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedGap<'a> {
    /// Time without data. Unit: seconds.
    pub gap_s: f64,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// The connection: a name or a number.
    pub conn_id: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for FeedGap<'_> {}

impl Event for FeedGap<'_> {
    const ID: u16 = 2;
    const NAME: &'static str = "feed_gap";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float(0, self.gap_s);
        w.text_opt(1, self.symbol);
        w.text_opt(2, self.conn_id);
        w.text_opt(3, self.reason_code);
        w.text_opt(4, self.reason);
    }
}

/// A connection to the feed is up.
///
/// `feed_connected` of component `market_data`, lane `audit`, level `info`, kept in `audit.connectivity_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedConnected<'a> {
    /// The connection: a name or a number.
    pub conn_id: &'a str,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: Option<&'a str>,
    /// Which try this is, from 1.
    pub attempt: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for FeedConnected<'_> {}

impl Event for FeedConnected<'_> {
    const ID: u16 = 3;
    const NAME: &'static str = "feed_connected";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.attempt);
        w.float_opt(1, self.latency_us);
        w.text(2, self.conn_id);
        w.text_opt(3, self.result);
        w.text_opt(4, self.reason);
    }
}

/// A connection to the feed is down.
///
/// `feed_disconnected` of component `market_data`, lane `audit`, level `error`, kept in `audit.connectivity_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedDisconnected<'a> {
    /// The connection: a name or a number.
    pub conn_id: &'a str,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
    /// Time without data. Unit: seconds.
    pub gap_s: Option<f64>,
}

impl Generated for FeedDisconnected<'_> {}

impl Event for FeedDisconnected<'_> {
    const ID: u16 = 4;
    const NAME: &'static str = "feed_disconnected";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.gap_s);
        w.text(1, self.conn_id);
        w.text_opt(2, self.reason_code);
        w.text_opt(3, self.reason);
        w.text_opt(4, self.error);
    }
}

/// A session with the broker or the exchange was opened, or that was tried.
///
/// `feed_login` of component `market_data`, lane `audit`, level `info`, kept in `audit.connectivity_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedLogin<'a> {
    /// The connection: a name or a number.
    pub conn_id: &'a str,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: &'a str,
    /// Which try this is, from 1.
    pub attempt: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// How long it took. Unit: milliseconds.
    pub latency_ms: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
}

impl Generated for FeedLogin<'_> {}

impl Event for FeedLogin<'_> {
    const ID: u16 = 5;
    const NAME: &'static str = "feed_login";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.attempt);
        w.float_opt(1, self.latency_us);
        w.float_opt(2, self.latency_ms);
        w.text(3, self.conn_id);
        w.text(4, self.result);
        w.text_opt(5, self.reason_code);
        w.text_opt(6, self.account);
        w.text_opt(7, self.reason);
        w.text_opt(8, self.error);
    }
}

/// A session was closed.
///
/// `feed_logout` of component `market_data`, lane `audit`, level `info`, kept in `audit.connectivity_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedLogout<'a> {
    /// The connection: a name or a number.
    pub conn_id: &'a str,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for FeedLogout<'_> {}

impl Event for FeedLogout<'_> {
    const ID: u16 = 6;
    const NAME: &'static str = "feed_logout";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.conn_id);
        w.text_opt(1, self.result);
        w.text_opt(2, self.reason_code);
        w.text_opt(3, self.reason);
        w.text_opt(4, self.error);
    }
}

/// A lost connection was opened again, or that was tried.
///
/// `feed_reconnect` of component `market_data`, lane `audit`, level `warning`, kept in `audit.connectivity_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedReconnect<'a> {
    /// The connection: a name or a number.
    pub conn_id: &'a str,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: &'a str,
    /// Which try this is, from 1.
    pub attempt: Option<i64>,
    /// Wait before the next try. Unit: seconds.
    pub delay_s: Option<f64>,
    /// Time without data. Unit: seconds.
    pub gap_s: Option<f64>,
    /// How long is waited. Unit: seconds.
    pub timeout_s: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for FeedReconnect<'_> {}

impl Event for FeedReconnect<'_> {
    const ID: u16 = 7;
    const NAME: &'static str = "feed_reconnect";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.attempt);
        w.float_opt(1, self.delay_s);
        w.float_opt(2, self.gap_s);
        w.float_opt(3, self.timeout_s);
        w.text(4, self.conn_id);
        w.text(5, self.result);
        w.text_opt(6, self.reason_code);
        w.text_opt(7, self.reason);
        w.text_opt(8, self.error);
    }
}

/// A consumer of the bus was too slow, and events were lost to it.
///
/// `bus_overflow` of component `bus`, lane `log`, level `error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BusOverflow<'a> {
    /// Who reads from the bus.
    pub consumer: &'a str,
    /// The queue or bus that it is about.
    pub queue: Option<&'a str>,
    /// Events that the consumer is behind.
    pub lag: Option<i64>,
    /// How many were lost.
    pub dropped: Option<i64>,
    /// How many fit.
    pub capacity: Option<i64>,
    /// How full, 0 to 1. Unit: ratio.
    pub occupancy: Option<f64>,
    /// Overflows since the start.
    pub overflow_count: Option<i64>,
    /// The limit that was passed.
    pub threshold: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
}

impl Generated for BusOverflow<'_> {}

impl Event for BusOverflow<'_> {
    const ID: u16 = 8;
    const NAME: &'static str = "bus_overflow";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.lag);
        w.int_opt(1, self.dropped);
        w.int_opt(2, self.capacity);
        w.float_opt(3, self.occupancy);
        w.int_opt(4, self.overflow_count);
        w.float_opt(5, self.threshold);
        w.text(6, self.consumer);
        w.text_opt(7, self.queue);
        w.text_opt(8, self.reason_code);
    }
}

/// A strategy sees something in the market.
///
/// `signal` of component `strategy`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signal<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Name of the signal.
    pub signal: &'a str,
    /// Strength of the signal, -1 to 1. Unit: ratio.
    pub strength: Option<f64>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for Signal<'_> {}

impl Event for Signal<'_> {
    const ID: u16 = 9;
    const NAME: &'static str = "signal";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.strength);
        w.float_opt(1, self.latency_us);
        w.text_opt(2, self.trace_id);
        w.text(3, self.strategy_id);
        w.text(4, self.symbol);
        w.text(5, self.signal);
        w.text_opt(6, self.side);
    }
}

/// A strategy wants something done.
///
/// `intent_created` of component `strategy`, lane `audit`, level `info`, kept in `audit.trace_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntentCreated<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: &'a str,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: &'a str,
    /// Price times price_scale. Unit: price_scale.
    pub price: i64,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: i64,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: i64,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for IntentCreated<'_> {}

impl Event for IntentCreated<'_> {
    const ID: u16 = 10;
    const NAME: &'static str = "intent_created";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.price);
        w.int(1, self.price_scale);
        w.int(2, self.qty);
        w.float_opt(3, self.latency_us);
        w.text(4, self.intent_id);
        w.text_opt(5, self.trace_id);
        w.text_opt(6, self.client_order_id);
        w.text(7, self.strategy_id);
        w.text(8, self.intent_type);
        w.text(9, self.symbol);
        w.text(10, self.side);
        w.text_opt(11, self.reason_code);
    }
}

/// An intent was approved or refused: every intent gets exactly one of these.
///
/// `risk_decision` of component `risk`, lane `audit`, level `info`, kept in `audit.risk_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RiskDecision<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Whether the intent may go on.
    pub approved: bool,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// Price times price_scale. Unit: price_scale.
    pub price: Option<i64>,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: Option<i64>,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: Option<i64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// The check that decided.
    pub check_name: Option<&'a str>,
    /// The threshold of the check that decided.
    pub limit_value: Option<f64>,
    /// What the check measured.
    pub observed_value: Option<f64>,
    /// All thresholds in force at the decision, by name.
    pub thresholds: Option<&'a str>,
    /// StormGuard mode at the time. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub risk_mode: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for RiskDecision<'_> {}

impl Event for RiskDecision<'_> {
    const ID: u16 = 11;
    const NAME: &'static str = "risk_decision";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.bool(0, self.approved);
        w.int_opt(1, self.price);
        w.int_opt(2, self.price_scale);
        w.int_opt(3, self.qty);
        w.float_opt(4, self.limit_value);
        w.float_opt(5, self.observed_value);
        w.float_opt(6, self.latency_us);
        w.int_opt(7, self.cmd_id);
        w.text_opt(8, self.intent_id);
        w.text_opt(9, self.trace_id);
        w.text(10, self.strategy_id);
        w.text_opt(11, self.intent_type);
        w.text_opt(12, self.symbol);
        w.text_opt(13, self.side);
        w.text_opt(14, self.reason_code);
        w.text_opt(15, self.check_name);
        w.text_opt(16, self.risk_mode);
        w.text_opt(17, self.account);
        w.text_opt(18, self.reason);
        w.text_opt(19, self.thresholds);
    }
}

/// An intent that never reached the risk check: refused at the gateway, expired or dropped there.
///
/// `intent_refused` of component `gateway`, lane `audit`, level `warning`, kept in `audit.risk_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntentRefused<'a> {
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Answers an intent at the gateway: a correlation id, no secret.
    pub ack_token: Option<&'a str>,
    /// StormGuard mode at the time. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub risk_mode: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for IntentRefused<'_> {}

impl Event for IntentRefused<'_> {
    const ID: u16 = 12;
    const NAME: &'static str = "intent_refused";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text_opt(0, self.intent_id);
        w.text_opt(1, self.trace_id);
        w.text_opt(2, self.ack_token);
        w.text(3, self.reason_code);
        w.text_opt(4, self.strategy_id);
        w.text_opt(5, self.symbol);
        w.text_opt(6, self.risk_mode);
        w.text_opt(7, self.reason);
    }
}

/// StormGuard changed its mode. A change to HALT pages, whatever level the line has.
///
/// `stormguard_transition` of component `risk`, lane `guard`, level `warning`, kept in `audit.guardrail_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StormguardTransition<'a> {
    /// StormGuard mode before. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub old_mode: &'a str,
    /// StormGuard mode after. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub new_mode: &'a str,
    /// What set it off, in the program's words.
    pub trigger: Option<&'a str>,
    /// What was measured at the trigger, by name.
    pub trigger_values: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Fall from the peak of the day; negative. Unit: basis_points.
    pub drawdown_bps: Option<f64>,
    /// Time without data. Unit: seconds.
    pub gap_s: Option<f64>,
    /// How long a mode is held before it may be left. Unit: seconds.
    pub hold_s: Option<f64>,
    /// Updates in a row without a trigger.
    pub clear_updates: Option<i64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
}

impl Generated for StormguardTransition<'_> {}

impl Event for StormguardTransition<'_> {
    const ID: u16 = 13;
    const NAME: &'static str = "stormguard_transition";
    const LANE: Lane = Lane::Guard;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.drawdown_bps);
        w.float_opt(1, self.gap_s);
        w.float_opt(2, self.hold_s);
        w.int_opt(3, self.clear_updates);
        w.text_opt(4, self.trace_id);
        w.text(5, self.old_mode);
        w.text(6, self.new_mode);
        w.text_opt(7, self.strategy_id);
        w.text_opt(8, self.reason_code);
        w.text_opt(9, self.trigger);
        w.text_opt(10, self.trigger_values);
    }
}

/// Trading was stopped by hand, or allowed again.
///
/// `kill_switch` of component `risk`, lane `guard`, level `critical`, kept in `audit.guardrail_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KillSwitch<'a> {
    /// Whether it is on.
    pub active: bool,
    /// Who did it: an operator's name or a program.
    pub actor: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// File or folder.
    pub path: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
}

impl Generated for KillSwitch<'_> {}

impl Event for KillSwitch<'_> {
    const ID: u16 = 14;
    const NAME: &'static str = "kill_switch";
    const LANE: Lane = Lane::Guard;
    const LEVEL: Level = Level::Critical;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.bool(0, self.active);
        w.text_opt(1, self.actor);
        w.text_opt(2, self.reason_code);
        w.text_opt(3, self.strategy_id);
        w.text_opt(4, self.reason);
        w.text_opt(5, self.path);
    }
}

/// An order goes to the broker.
///
/// `order_new` of component `order`, lane `audit`, level `info`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderNew<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: &'a str,
    /// Price times price_scale. Unit: price_scale.
    pub price: i64,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: i64,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: i64,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// Kind of order. One of `LIMIT`, `MARKET`, `STOP`, `STOP_LIMIT`.
    pub order_type: Option<&'a str>,
    /// How long the order stands. One of `DAY`, `IOC`, `FOK`, `GTC`, `ROD`.
    pub time_in_force: Option<&'a str>,
    /// StormGuard mode at the time. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub risk_mode: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderNew<'_> {}

impl Event for OrderNew<'_> {
    const ID: u16 = 15;
    const NAME: &'static str = "order_new";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.price);
        w.int(1, self.price_scale);
        w.int(2, self.qty);
        w.float_opt(3, self.latency_us);
        w.int_opt(4, self.cmd_id);
        w.text(5, self.client_order_id);
        w.text_opt(6, self.intent_id);
        w.text_opt(7, self.trace_id);
        w.text(8, self.strategy_id);
        w.text(9, self.symbol);
        w.text(10, self.side);
        w.text_opt(11, self.account);
        w.text_opt(12, self.order_type);
        w.text_opt(13, self.time_in_force);
        w.text_opt(14, self.risk_mode);
    }
}

/// A change of an order goes to the broker.
///
/// `order_amend` of component `order`, lane `audit`, level `info`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderAmend<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Price after an amendment, times price_scale. Unit: price_scale.
    pub new_price: Option<i64>,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: Option<i64>,
    /// Quantity after an amendment. Unit: contracts.
    pub new_qty: Option<i64>,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderAmend<'_> {}

impl Event for OrderAmend<'_> {
    const ID: u16 = 16;
    const NAME: &'static str = "order_amend";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.new_price);
        w.int_opt(1, self.price_scale);
        w.int_opt(2, self.new_qty);
        w.float_opt(3, self.latency_us);
        w.int_opt(4, self.cmd_id);
        w.text(5, self.client_order_id);
        w.text_opt(6, self.broker_order_id);
        w.text_opt(7, self.intent_id);
        w.text_opt(8, self.trace_id);
        w.text(9, self.strategy_id);
        w.text(10, self.symbol);
        w.text_opt(11, self.account);
    }
}

/// The cancellation of an order goes to the broker.
///
/// `order_cancel` of component `order`, lane `audit`, level `info`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderCancel<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderCancel<'_> {}

impl Event for OrderCancel<'_> {
    const ID: u16 = 17;
    const NAME: &'static str = "order_cancel";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.latency_us);
        w.int_opt(1, self.cmd_id);
        w.text(2, self.client_order_id);
        w.text_opt(3, self.broker_order_id);
        w.text_opt(4, self.intent_id);
        w.text_opt(5, self.trace_id);
        w.text(6, self.strategy_id);
        w.text(7, self.symbol);
        w.text_opt(8, self.account);
        w.text_opt(9, self.reason_code);
    }
}

/// The broker accepted an order, a change or a cancellation.
///
/// `order_ack` of component `order`, lane `audit`, level `info`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderAck<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for OrderAck<'_> {}

impl Event for OrderAck<'_> {
    const ID: u16 = 18;
    const NAME: &'static str = "order_ack";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.latency_us);
        w.text(1, self.client_order_id);
        w.text_opt(2, self.broker_order_id);
        w.text_opt(3, self.intent_id);
        w.text_opt(4, self.trace_id);
        w.text(5, self.strategy_id);
        w.text(6, self.symbol);
        w.text_opt(7, self.intent_type);
        w.text_opt(8, self.account);
    }
}

/// The broker refused an order, a change or a cancellation.
///
/// `order_reject` of component `order`, lane `audit`, level `warning`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderReject<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: &'a str,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for OrderReject<'_> {}

impl Event for OrderReject<'_> {
    const ID: u16 = 19;
    const NAME: &'static str = "order_reject";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.latency_us);
        w.text(1, self.client_order_id);
        w.text_opt(2, self.broker_order_id);
        w.text_opt(3, self.intent_id);
        w.text_opt(4, self.trace_id);
        w.text(5, self.strategy_id);
        w.text(6, self.symbol);
        w.text(7, self.reason_code);
        w.text_opt(8, self.intent_type);
        w.text_opt(9, self.account);
        w.text_opt(10, self.error);
    }
}

/// The order adapter refused an order: it never reached the broker.
///
/// `order_refused` of component `order`, lane `audit`, level `warning`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderRefused<'a> {
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: &'a str,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// Price times price_scale. Unit: price_scale.
    pub price: Option<i64>,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: Option<i64>,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: Option<i64>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// StormGuard mode at the time. One of `NORMAL`, `WARM`, `STORM`, `HALT`.
    pub risk_mode: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderRefused<'_> {}

impl Event for OrderRefused<'_> {
    const ID: u16 = 20;
    const NAME: &'static str = "order_refused";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.price);
        w.int_opt(1, self.price_scale);
        w.int_opt(2, self.qty);
        w.int_opt(3, self.cmd_id);
        w.text_opt(4, self.client_order_id);
        w.text_opt(5, self.intent_id);
        w.text_opt(6, self.trace_id);
        w.text(7, self.reason_code);
        w.text_opt(8, self.strategy_id);
        w.text_opt(9, self.symbol);
        w.text_opt(10, self.side);
        w.text_opt(11, self.intent_type);
        w.text_opt(12, self.account);
        w.text_opt(13, self.risk_mode);
        w.text_opt(14, self.reason);
    }
}

/// The order adapter gave an order up and set it aside; reason_code says whether it may have reached the broker.
///
/// `order_dead_lettered` of component `order`, lane `audit`, level `warning`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderDeadLettered<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: &'a str,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// An order's id where the line does not say whose id it is.
    pub order_id: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderDeadLettered<'_> {}

impl Event for OrderDeadLettered<'_> {
    const ID: u16 = 21;
    const NAME: &'static str = "order_dead_lettered";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.cmd_id);
        w.text_opt(1, self.client_order_id);
        w.text_opt(2, self.order_id);
        w.text_opt(3, self.intent_id);
        w.text_opt(4, self.trace_id);
        w.text(5, self.strategy_id);
        w.text(6, self.symbol);
        w.text(7, self.reason_code);
        w.text_opt(8, self.intent_type);
        w.text_opt(9, self.account);
        w.text_opt(10, self.error);
    }
}

/// The broker did not answer in time: nobody knows whether the order stands.
///
/// `order_timeout` of component `order`, lane `audit`, level `error`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderTimeout<'a> {
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// How long is waited. Unit: seconds.
    pub timeout_s: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for OrderTimeout<'_> {}

impl Event for OrderTimeout<'_> {
    const ID: u16 = 22;
    const NAME: &'static str = "order_timeout";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.timeout_s);
        w.float_opt(1, self.latency_us);
        w.text(2, self.client_order_id);
        w.text_opt(3, self.broker_order_id);
        w.text_opt(4, self.intent_id);
        w.text_opt(5, self.trace_id);
        w.text(6, self.strategy_id);
        w.text(7, self.symbol);
        w.text_opt(8, self.intent_type);
        w.text_opt(9, self.account);
        w.text_opt(10, self.reason_code);
    }
}

/// Sending an order failed: in the adapter, in the network or in the broker's interface.
///
/// `order_error` of component `order`, lane `audit`, level `error`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderError<'a> {
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: &'a str,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// An order's id where the line does not say whose id it is.
    pub order_id: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// What the intent asks for. One of `NEW`, `AMEND`, `CANCEL`.
    pub intent_type: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Class of the error.
    pub error_type: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
}

impl Generated for OrderError<'_> {}

impl Event for OrderError<'_> {
    const ID: u16 = 23;
    const NAME: &'static str = "order_error";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.latency_us);
        w.int_opt(1, self.cmd_id);
        w.text_opt(2, self.client_order_id);
        w.text_opt(3, self.broker_order_id);
        w.text_opt(4, self.order_id);
        w.text_opt(5, self.intent_id);
        w.text_opt(6, self.trace_id);
        w.text_opt(7, self.strategy_id);
        w.text_opt(8, self.symbol);
        w.text_opt(9, self.side);
        w.text_opt(10, self.intent_type);
        w.text_opt(11, self.account);
        w.text_opt(12, self.reason_code);
        w.text_opt(13, self.error_type);
        w.text(14, self.error);
    }
}

/// Orders or calls came close to a limit (soft) or were stopped by it (hard).
///
/// `rate_limit_hit` of component `order`, lane `log`, level `warning`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateLimitHit<'a> {
    /// Whether the limit warns or stops. One of `soft`, `hard`.
    pub limit_kind: &'a str,
    /// What the limit counts over. One of `global`, `symbol`, `strategy`, `api`.
    pub limit_scope: &'a str,
    /// How many.
    pub count: i64,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Operation.
    pub op: Option<&'a str>,
    /// The limit that was passed.
    pub threshold: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
}

impl Generated for RateLimitHit<'_> {}

impl Event for RateLimitHit<'_> {
    const ID: u16 = 24;
    const NAME: &'static str = "rate_limit_hit";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.count);
        w.float_opt(1, self.threshold);
        w.text(2, self.limit_kind);
        w.text(3, self.limit_scope);
        w.text_opt(4, self.symbol);
        w.text_opt(5, self.strategy_id);
        w.text_opt(6, self.op);
        w.text_opt(7, self.reason_code);
    }
}

/// The adapter noted which order a broker's id belongs to. The `token` of this line is that id, no secret.
///
/// `order_id_map_set` of component `order`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderIdMapSet<'a> {
    /// Key under which the order adapter keeps an order: strategy and running number.
    pub order_key: &'a str,
    /// What the broker hands back with an order so that it can be found again: a correlation id.
    pub broker_custom_field: Option<&'a str>,
    /// Where a value came from.
    pub source: Option<&'a str>,
    /// State of the thing that the line is about.
    pub state: Option<&'a str>,
    /// Time within the program, ns. Unit: nanoseconds.
    pub t_ns: Option<i64>,
}

impl Generated for OrderIdMapSet<'_> {}

impl Event for OrderIdMapSet<'_> {
    const ID: u16 = 25;
    const NAME: &'static str = "order_id_map_set";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.t_ns);
        w.text(1, self.order_key);
        w.text_opt(2, self.broker_custom_field);
        w.text_opt(3, self.source);
        w.text_opt(4, self.state);
    }
}

/// The adapter forgot a broker's id. The `token` of this line is that id, no secret.
///
/// `order_id_map_del` of component `order`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderIdMapDel<'a> {
    /// What the broker hands back with an order so that it can be found again: a correlation id.
    pub broker_custom_field: &'a str,
    /// Where a value came from.
    pub source: Option<&'a str>,
}

impl Generated for OrderIdMapDel<'_> {}

impl Event for OrderIdMapDel<'_> {
    const ID: u16 = 26;
    const NAME: &'static str = "order_id_map_del";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.broker_custom_field);
        w.text_opt(1, self.source);
    }
}

/// An order, or a part of it, was executed.
///
/// `fill` of component `execution`, lane `audit`, level `info`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fill<'a> {
    /// The broker's id of a fill.
    pub fill_id: &'a str,
    /// Our id of the order.
    pub client_order_id: &'a str,
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: &'a str,
    /// Price times price_scale. Unit: price_scale.
    pub price: i64,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: i64,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: i64,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// Quantity still open. Unit: contracts.
    pub leaves_qty: Option<i64>,
    /// Fee of a fill, times price_scale. Unit: price_scale.
    pub fee_scaled: Option<i64>,
    /// Tax of a fill, times price_scale. Unit: price_scale.
    pub tax_scaled: Option<i64>,
    /// The exchange's own time, ns since 1970, UTC. Unit: nanoseconds.
    pub exch_ts: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for Fill<'_> {}

impl Event for Fill<'_> {
    const ID: u16 = 27;
    const NAME: &'static str = "fill";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.price);
        w.int(1, self.price_scale);
        w.int(2, self.qty);
        w.int_opt(3, self.leaves_qty);
        w.int_opt(4, self.fee_scaled);
        w.int_opt(5, self.tax_scaled);
        w.int_opt(6, self.exch_ts);
        w.float_opt(7, self.latency_us);
        w.text(8, self.fill_id);
        w.text(9, self.client_order_id);
        w.text_opt(10, self.broker_order_id);
        w.text_opt(11, self.intent_id);
        w.text_opt(12, self.trace_id);
        w.text(13, self.strategy_id);
        w.text(14, self.symbol);
        w.text(15, self.side);
        w.text_opt(16, self.account);
    }
}

/// A fill was reported that could not be recorded: the position is wrong from here on.
///
/// `fill_lost` of component `execution`, lane `audit`, level `critical`, kept in `audit.orders_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FillLost<'a> {
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: &'a str,
    /// The broker's id of a fill.
    pub fill_id: Option<&'a str>,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// The broker's id of the order.
    pub broker_order_id: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Direction, as a word: numbers mean different things to different brokers. One of `BUY`, `SELL`.
    pub side: Option<&'a str>,
    /// Quantity, always positive; side says the direction. Unit: contracts.
    pub qty: Option<i64>,
    /// Type of the thing that the line is about.
    pub event_type: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for FillLost<'_> {}

impl Event for FillLost<'_> {
    const ID: u16 = 28;
    const NAME: &'static str = "fill_lost";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Critical;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.qty);
        w.text_opt(1, self.fill_id);
        w.text_opt(2, self.client_order_id);
        w.text_opt(3, self.broker_order_id);
        w.text(4, self.reason_code);
        w.text_opt(5, self.strategy_id);
        w.text_opt(6, self.symbol);
        w.text_opt(7, self.side);
        w.text_opt(8, self.event_type);
        w.text_opt(9, self.reason);
    }
}

/// No report from the broker for longer than there should be.
///
/// `execution_gap` of component `execution`, lane `log`, level `warning`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionGap<'a> {
    /// Time without data. Unit: seconds.
    pub gap_s: f64,
    /// The connection: a name or a number.
    pub conn_id: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
}

impl Generated for ExecutionGap<'_> {}

impl Event for ExecutionGap<'_> {
    const ID: u16 = 29;
    const NAME: &'static str = "execution_gap";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float(0, self.gap_s);
        w.text_opt(1, self.conn_id);
        w.text_opt(2, self.reason_code);
    }
}

/// A fill changed a position: where a transaction ends.
///
/// `position_update` of component `position`, lane `audit`, level `info`, kept in `audit.trace_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PositionUpdate<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: &'a str,
    /// Position; negative is short. Unit: contracts.
    pub net_qty: i64,
    /// Change of the position. Unit: contracts.
    pub delta_qty: Option<i64>,
    /// Average entry price, times price_scale. Unit: price_scale.
    pub avg_price: Option<i64>,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: Option<i64>,
    /// Realized profit since the start of the day, times price_scale. Unit: price_scale.
    pub realized_pnl: Option<i64>,
    /// Unrealized profit, times price_scale. Unit: price_scale.
    pub unrealized_pnl: Option<i64>,
    /// The broker's id of a fill.
    pub fill_id: Option<&'a str>,
    /// Our id of the order.
    pub client_order_id: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// One transaction, from the tick that triggered it to the position it changed.
    pub trace_id: Option<&'a str>,
    /// Trading account.
    pub account: Option<&'a str>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
}

impl Generated for PositionUpdate<'_> {}

impl Event for PositionUpdate<'_> {
    const ID: u16 = 30;
    const NAME: &'static str = "position_update";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.net_qty);
        w.int_opt(1, self.delta_qty);
        w.int_opt(2, self.avg_price);
        w.int_opt(3, self.price_scale);
        w.int_opt(4, self.realized_pnl);
        w.int_opt(5, self.unrealized_pnl);
        w.float_opt(6, self.latency_us);
        w.text_opt(7, self.fill_id);
        w.text_opt(8, self.client_order_id);
        w.text_opt(9, self.intent_id);
        w.text_opt(10, self.trace_id);
        w.text(11, self.strategy_id);
        w.text(12, self.symbol);
        w.text_opt(13, self.account);
    }
}

/// Profit and exposure of a strategy at this moment.
///
/// `pnl_snapshot` of component `position`, lane `metric`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PnlSnapshot<'a> {
    /// The strategy on whose behalf something happens.
    pub strategy_id: &'a str,
    /// Realized profit since the start of the day, times price_scale. Unit: price_scale.
    pub realized_pnl: i64,
    /// Unrealized profit, times price_scale. Unit: price_scale.
    pub unrealized_pnl: i64,
    /// What prices of the same event are multiplied with: 10000 means that 345213000 is 34521.3.
    pub price_scale: i64,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// Realized and unrealized profit, times price_scale. Unit: price_scale.
    pub total_pnl: Option<i64>,
    /// Gross notional, times price_scale. Unit: price_scale.
    pub exposure: Option<i64>,
    /// Fall from the peak of the day; negative. Unit: basis_points.
    pub drawdown_bps: Option<f64>,
    /// Position; negative is short. Unit: contracts.
    pub net_qty: Option<i64>,
}

impl Generated for PnlSnapshot<'_> {}

impl Event for PnlSnapshot<'_> {
    const ID: u16 = 31;
    const NAME: &'static str = "pnl_snapshot";
    const LANE: Lane = Lane::Metric;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.realized_pnl);
        w.int(1, self.unrealized_pnl);
        w.int(2, self.price_scale);
        w.int_opt(3, self.total_pnl);
        w.int_opt(4, self.exposure);
        w.float_opt(5, self.drawdown_bps);
        w.int_opt(6, self.net_qty);
        w.text(7, self.strategy_id);
        w.text_opt(8, self.symbol);
    }
}

/// Own positions were compared with the broker's.
///
/// `reconciliation` of component `position`, lane `log`, level `info`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reconciliation<'a> {
    /// How own positions compare with the broker's. One of `match`, `mismatch`, `failed`.
    pub reconciliation_result: &'a str,
    /// Positions that differ.
    pub discrepancy_count: Option<i64>,
    /// Positions that were compared.
    pub positions_checked: Option<i64>,
    /// How long it took. Unit: milliseconds.
    pub duration_ms: Option<f64>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for Reconciliation<'_> {}

impl Event for Reconciliation<'_> {
    const ID: u16 = 32;
    const NAME: &'static str = "reconciliation";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.discrepancy_count);
        w.int_opt(1, self.positions_checked);
        w.float_opt(2, self.duration_ms);
        w.text(3, self.reconciliation_result);
        w.text_opt(4, self.reason_code);
        w.text_opt(5, self.error);
    }
}

/// Rows were written to storage.
///
/// `recorder_flush` of component `recorder`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecorderFlush<'a> {
    /// How many rows.
    pub rows: i64,
    /// The storage table that it is about.
    pub table: Option<&'a str>,
    /// Size. Unit: bytes.
    pub bytes: Option<i64>,
    /// How long it took. Unit: milliseconds.
    pub duration_ms: Option<f64>,
}

impl Generated for RecorderFlush<'_> {}

impl Event for RecorderFlush<'_> {
    const ID: u16 = 33;
    const NAME: &'static str = "recorder_flush";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.rows);
        w.int_opt(1, self.bytes);
        w.float_opt(2, self.duration_ms);
        w.text_opt(3, self.table);
    }
}

/// Rows could not be written to storage.
///
/// `recorder_write_failed` of component `recorder`, lane `log`, level `error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecorderWriteFailed<'a> {
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: &'a str,
    /// The storage table that it is about.
    pub table: Option<&'a str>,
    /// How many rows.
    pub rows: Option<i64>,
    /// Which try this is, from 1.
    pub attempt: Option<i64>,
    /// Class of the error.
    pub error_type: Option<&'a str>,
    /// How long it took. Unit: milliseconds.
    pub duration_ms: Option<f64>,
}

impl Generated for RecorderWriteFailed<'_> {}

impl Event for RecorderWriteFailed<'_> {
    const ID: u16 = 34;
    const NAME: &'static str = "recorder_write_failed";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.rows);
        w.int_opt(1, self.attempt);
        w.float_opt(2, self.duration_ms);
        w.text_opt(3, self.table);
        w.text_opt(4, self.error_type);
        w.text(5, self.error);
    }
}

/// Rows went to the write-ahead log instead of storage.
///
/// `recorder_fallback` of component `recorder`, lane `log`, level `warning`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecorderFallback<'a> {
    /// The storage table that it is about.
    pub table: &'a str,
    /// How many rows.
    pub rows: i64,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for RecorderFallback<'_> {}

impl Event for RecorderFallback<'_> {
    const ID: u16 = 35;
    const NAME: &'static str = "recorder_fallback";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.rows);
        w.text(1, self.table);
        w.text_opt(2, self.reason_code);
        w.text_opt(3, self.error);
    }
}

/// Rows were lost before they reached storage.
///
/// `recorder_overflow` of component `recorder`, lane `log`, level `error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecorderOverflow<'a> {
    /// How many were lost.
    pub dropped: i64,
    /// The storage table that it is about.
    pub table: Option<&'a str>,
    /// The queue or bus that it is about.
    pub queue: Option<&'a str>,
    /// Rows not written since the start.
    pub total_skipped: Option<i64>,
    /// What is done in such a case.
    pub policy: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// The limit that was passed.
    pub threshold: Option<f64>,
}

impl Generated for RecorderOverflow<'_> {}

impl Event for RecorderOverflow<'_> {
    const ID: u16 = 36;
    const NAME: &'static str = "recorder_overflow";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Error;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int(0, self.dropped);
        w.int_opt(1, self.total_skipped);
        w.float_opt(2, self.threshold);
        w.text_opt(3, self.table);
        w.text_opt(4, self.queue);
        w.text_opt(5, self.policy);
        w.text_opt(6, self.reason_code);
    }
}

/// An audit row was printed because it could not be stored.
///
/// `audit_fallback` of component `recorder`, lane `log`, level `info`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditFallback<'a> {
    /// The storage table that it is about.
    pub table: &'a str,
    /// Time of a row that the line is about, ns since 1970, UTC. Unit: nanoseconds.
    pub ts_ns: Option<i64>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// Instrument, as the venue names it. Never a metric label.
    pub symbol: Option<&'a str>,
    /// One intent of a strategy; risk decision and order carry it on.
    pub intent_id: Option<&'a str>,
    /// Running number of a command on its way to the broker.
    pub cmd_id: Option<i64>,
    /// Whether the intent may go on.
    pub approved: Option<bool>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for AuditFallback<'_> {}

impl Event for AuditFallback<'_> {
    const ID: u16 = 37;
    const NAME: &'static str = "audit_fallback";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.ts_ns);
        w.int_opt(1, self.cmd_id);
        w.bool_opt(2, self.approved);
        w.text_opt(3, self.intent_id);
        w.text(4, self.table);
        w.text_opt(5, self.strategy_id);
        w.text_opt(6, self.symbol);
        w.text_opt(7, self.reason_code);
        w.text_opt(8, self.reason);
    }
}

/// A configuration was changed or loaded again: what, from what to what, by whom.
///
/// `config_change` of component `gateway`, lane `audit`, level `info`, kept in `audit.config_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfigChange<'a> {
    /// What was changed: a file, a section or a limit.
    pub config_name: &'a str,
    /// SHA-256 of the configuration before.
    pub hash_before: Option<&'a str>,
    /// SHA-256 of the configuration after.
    pub hash_after: Option<&'a str>,
    /// Who did it: an operator's name or a program.
    pub actor: Option<&'a str>,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: Option<&'a str>,
    /// Names of what was changed.
    pub changed_keys: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for ConfigChange<'_> {}

impl Event for ConfigChange<'_> {
    const ID: u16 = 38;
    const NAME: &'static str = "config_change";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.config_name);
        w.text_opt(1, self.hash_before);
        w.text_opt(2, self.hash_after);
        w.text_opt(3, self.actor);
        w.text_opt(4, self.result);
        w.text_opt(5, self.reason);
        w.text_opt(6, self.error);
        w.text_opt(7, self.changed_keys);
    }
}

/// The program is alive.
///
/// `heartbeat` of component `gateway`, lane `log`, level `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat<'a> {
    /// Time since the program started. Unit: seconds.
    pub uptime_s: Option<f64>,
    /// How many.
    pub count: Option<i64>,
    /// Commit that the program was built from.
    pub git_sha: Option<&'a str>,
    /// SHA-256 of the configuration in force.
    pub config_hash: Option<&'a str>,
}

impl Generated for Heartbeat<'_> {}

impl Event for Heartbeat<'_> {
    const ID: u16 = 39;
    const NAME: &'static str = "heartbeat";
    const LANE: Lane = Lane::Log;
    const LEVEL: Level = Level::Debug;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.float_opt(0, self.uptime_s);
        w.int_opt(1, self.count);
        w.text_opt(2, self.git_sha);
        w.text_opt(3, self.config_hash);
    }
}

/// An alert of a plugin, or of the router itself, fires or ends.
///
/// `notice` of component `plugin`, lane `guard`, level `warning`, kept in `audit.delivery_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notice<'a> {
    /// What fires: the same key ends it.
    pub notice_key: &'a str,
    /// Whether the notice begins or ends. One of `firing`, `resolved`.
    pub notice_state: &'a str,
    /// How urgent. One of `info`, `warning`, `critical`.
    pub severity: &'a str,
    /// What happened, in one sentence.
    pub summary: &'a str,
    /// Name of a plugin in the chain.
    pub plugin: Option<&'a str>,
    /// Version that the plugin gives itself.
    pub plugin_version: Option<&'a str>,
    /// Where it was sent: the name of a sink.
    pub destination: Option<&'a str>,
    /// The strategy on whose behalf something happens.
    pub strategy_id: Option<&'a str>,
    /// What was measured at the trigger, by name.
    pub trigger_values: Option<&'a str>,
}

impl Generated for Notice<'_> {}

impl Event for Notice<'_> {
    const ID: u16 = 40;
    const NAME: &'static str = "notice";
    const LANE: Lane = Lane::Guard;
    const LEVEL: Level = Level::Warning;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.notice_key);
        w.text(1, self.notice_state);
        w.text(2, self.severity);
        w.text_opt(3, self.plugin);
        w.text_opt(4, self.plugin_version);
        w.text_opt(5, self.destination);
        w.text_opt(6, self.strategy_id);
        w.text(7, self.summary);
        w.text_opt(8, self.trigger_values);
    }
}

/// A plugin was loaded, put into service, quarantined, replaced or taken out.
///
/// `plugin_lifecycle` of component `router`, lane `audit`, level `info`, kept in `audit.plugin_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PluginLifecycle<'a> {
    /// Name of a plugin in the chain.
    pub plugin: &'a str,
    /// What was done, as a code.
    pub action: &'a str,
    /// Version that the plugin gives itself.
    pub plugin_version: Option<&'a str>,
    /// SHA-256 of the plugin's bytes.
    pub digest: Option<&'a str>,
    /// Who did it: an operator's name or a program.
    pub actor: Option<&'a str>,
    /// How it went; `attempt` is written before the outcome is known. One of `attempt`, `ok`, `failed`, `timeout`, `skipped`.
    pub result: Option<&'a str>,
    /// Why, as a code such as POSITION_LIMIT_EXCEEDED: never a sentence, never with numbers in it.
    pub reason_code: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for PluginLifecycle<'_> {}

impl Event for PluginLifecycle<'_> {
    const ID: u16 = 41;
    const NAME: &'static str = "plugin_lifecycle";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.plugin);
        w.text(1, self.action);
        w.text_opt(2, self.plugin_version);
        w.text_opt(3, self.digest);
        w.text_opt(4, self.actor);
        w.text_opt(5, self.result);
        w.text_opt(6, self.reason_code);
        w.text_opt(7, self.reason);
        w.text_opt(8, self.error);
    }
}

/// Somebody has taken an alert on: it is not told again while it stays as it is.
///
/// `notice_acknowledged` of component `router`, lane `audit`, level `info`, kept in `audit.delivery_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoticeAcknowledged<'a> {
    /// What fires: the same key ends it.
    pub notice_key: &'a str,
    /// Who did it: an operator's name or a program.
    pub actor: &'a str,
    /// Name of a plugin in the chain.
    pub plugin: Option<&'a str>,
    /// Whether the notice begins or ends. One of `firing`, `resolved`.
    pub notice_state: Option<&'a str>,
    /// How urgent. One of `info`, `warning`, `critical`.
    pub severity: Option<&'a str>,
    /// What happened, in one sentence.
    pub summary: Option<&'a str>,
    /// Why, in words; reason_code is the code.
    pub reason: Option<&'a str>,
}

impl Generated for NoticeAcknowledged<'_> {}

impl Event for NoticeAcknowledged<'_> {
    const ID: u16 = 42;
    const NAME: &'static str = "notice_acknowledged";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.text(0, self.notice_key);
        w.text(1, self.actor);
        w.text_opt(2, self.plugin);
        w.text_opt(3, self.notice_state);
        w.text_opt(4, self.severity);
        w.text_opt(5, self.summary);
        w.text_opt(6, self.reason);
    }
}

/// A page or a message was sent, and this is what came of it.
///
/// `delivery` of component `router`, lane `audit`, level `info`, kept in `audit.delivery_log`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery<'a> {
    /// Where it was sent: the name of a sink.
    pub destination: &'a str,
    /// What came of it: delivered is the receiver's word, assumed has no proof, unreceipted is a page that none of its destinations has confirmed. One of `delivered`, `assumed`, `refused`, `limited`, `timed_out`, `failed`, `suppressed`, `unreceipted`.
    pub delivery_outcome: &'a str,
    /// What fires: the same key ends it.
    pub notice_key: Option<&'a str>,
    /// Whether the notice begins or ends. One of `firing`, `resolved`.
    pub notice_state: Option<&'a str>,
    /// How urgent. One of `info`, `warning`, `critical`.
    pub severity: Option<&'a str>,
    /// What happened, in one sentence.
    pub summary: Option<&'a str>,
    /// What the receiver answered as proof.
    pub receipt: Option<&'a str>,
    /// Which try this is, from 1.
    pub attempt: Option<i64>,
    /// How long the step took. Unit: microseconds.
    pub latency_us: Option<f64>,
    /// What went wrong, as the program or the broker says it. May quote credentials and persons.
    pub error: Option<&'a str>,
}

impl Generated for Delivery<'_> {}

impl Event for Delivery<'_> {
    const ID: u16 = 43;
    const NAME: &'static str = "delivery";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.int_opt(0, self.attempt);
        w.float_opt(1, self.latency_us);
        w.text(2, self.destination);
        w.text(3, self.delivery_outcome);
        w.text_opt(4, self.notice_key);
        w.text_opt(5, self.notice_state);
        w.text_opt(6, self.severity);
        w.text_opt(7, self.receipt);
        w.text_opt(8, self.summary);
        w.text_opt(9, self.error);
    }
}
