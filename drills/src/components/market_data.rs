//! Market data: plays the market, rebuilds the book, and puts ticks on the ring.
//!
//! It is also the stack's sense of time: pulses go out at least every 50 ms of session time, whether
//! or not there is data, and the cues of the [script](crate::script) when they are due. While the line
//! is down rows pass unseen; the book is rebuilt from them when it is up again, as from a snapshot.

mod line;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use tapline_client::metric::Gauge;
use tapline_client::{Component, events};

use self::line::Line;
use crate::farewell::Farewell;
use crate::market::Change;
use crate::market::PRICE_SCALE;
use crate::market::book::{Book, Quote};
use crate::market::feed::{Feed, Group};
use crate::messages::{BusMessage, Pulse, Tick, Trade};
use crate::pace::{Due, Pacer, SECOND, SessionTime};
use crate::scene::Scene;
use crate::script::{Cue, Script};
use crate::voice::Voice;

/// How often time passes for those that get no ticks: often enough for StormGuard's gap of a second.
const PULSE: Duration = Duration::from_millis(50);

/// A silence from here on is an event: what StormGuard reacts to.
const GAP_NS: i64 = SECOND;

const FEED: &str = "feed-1";
const STANDBY: &str = "feed-2";

pub struct MarketData {
    scene: Arc<Scene>,
    voice: Voice,
    feed: Feed,
    pacer: Pacer,
    script: Script,
    ring: Sender<BusMessage>,
    stop: Arc<AtomicBool>,
    rows_max: u64,
    book: Book,
    quote: Option<Quote>,
    line: Line,
    standby: Line,
    ticks: u64,
    last_data: Option<SessionTime>,
    last_pulse: SessionTime,
    /// The gap now going on was reported.
    gap_reported: bool,
    last_event: Arc<Gauge>,
}

// === impl MarketData ===

impl MarketData {
    pub fn new(
        scene: Arc<Scene>,
        feed: Feed,
        pacer: Pacer,
        script: Script,
        ring: Sender<BusMessage>,
        stop: Arc<AtomicBool>,
        rows_max: u64,
    ) -> Self {
        let voice = scene.voice(Component::MarketData);
        MarketData {
            line: Line::new(FEED, Arc::clone(&scene), voice.clone()),
            standby: Line::new(STANDBY, Arc::clone(&scene), voice.clone()),
            last_event: scene.metrics.feed_last_event_ts.with(FEED),
            voice,
            scene,
            feed,
            pacer,
            script,
            ring,
            stop,
            rows_max,
            book: Book::default(),
            quote: None,
            ticks: 0,
            last_data: None,
            last_pulse: 0,
            gap_reported: false,
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.ring, BusMessage::Stop);
        self.line.open();
        self.standby.open();
        let mut group = Group::default();
        while !self.is_over() && self.feed.next_group(&mut group) {
            let Some(at) = self.wait_for(&group) else {
                break;
            };
            self.time_passes(at);
            self.play(&group, at);
            self.pacer.sent(&group);
        }
        self.line.close();
        self.standby.close();
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.feed.rows() >= self.rows_max
    }

    /// Lets time pass until the group is due. `None`: told to stop meanwhile.
    fn wait_for(&mut self, group: &Group) -> Option<SessionTime> {
        loop {
            match self.pacer.due(group, PULSE) {
                Due::At(at) => return Some(at),
                Due::Silent { at } => self.time_passes(at),
                Due::In { wait, at } => {
                    self.time_passes(at);
                    thread::sleep(wait);
                }
            }
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
        }
    }

    fn time_passes(&mut self, at: SessionTime) {
        while let Some(cue) = self.script.due(at) {
            match cue {
                Cue::LineDrop => self.line.drop_for_a_while(at),
                Cue::ReconnectStorm => self.standby.drop_again_and_again(at),
                _ => {}
            }
            self.send(BusMessage::Cue { at, cue });
        }
        self.line.advance(at);
        self.standby.advance(at);
        if at - self.last_pulse >= PULSE.as_nanos() as i64 {
            self.last_pulse = at;
            self.pulse(at);
        }
    }

    fn pulse(&mut self, at: SessionTime) {
        let feed_gap_ns = self.last_data.map_or(0, |last| (at - last).max(0));
        if feed_gap_ns >= GAP_NS && !self.gap_reported {
            self.gap_reported = true;
            self.report_gap(feed_gap_ns);
        }
        let metrics = &self.scene.metrics;
        if self.last_data.is_some() {
            metrics.feed_gap_seconds.set(feed_gap_ns as f64 / 1e9);
        }
        metrics.api_usage_ratio.set(self.line.api_usage(at));
        let progress = &self.scene.progress;
        progress.time_is(at);
        progress.rows.set(self.feed.rows());
        progress.passes.set(self.feed.passes());
        progress.damage_is(self.feed.damage());
        self.scene.step.wait();
        self.send(BusMessage::Pulse(Pulse { at, feed_gap_ns, quote: self.quote }));
    }

    fn report_gap(&self, gap_ns: i64) {
        self.voice.emit(&events::FeedGap {
            gap_s: gap_ns as f64 / 1e9,
            symbol: Some(&self.scene.symbol),
            conn_id: Some(FEED),
            reason_code: Some(if self.line.is_up() { "FEED_SILENT" } else { "LINE_DOWN" }),
            ..Default::default()
        });
    }

    /// Applies a group and publishes what it made of the book.
    fn play(&mut self, group: &Group, at: SessionTime) {
        let received = Instant::now();
        if group.restarted {
            self.book.apply(&Change::Clear { side: None });
        }
        let mut seen = Seen::default();
        for row in &group.rows {
            self.book.apply(&row.change);
            seen.note(&row.change);
        }
        if !self.line.is_up() {
            return;
        }
        self.data_arrived(at);
        seen.count(&self.scene);
        let quote = self.book.quote();
        let moved = quote != self.quote;
        self.quote = quote;
        if let Some(quote) = quote {
            if moved || seen.trade.is_some() {
                self.emit_book(&quote, &seen, group.ts, received);
            }
            self.ticks += 1;
            self.scene.progress.ticks.set(self.ticks);
            self.send(BusMessage::Tick(Tick { at, exch_ts: group.ts, received, quote, trade: seen.trade }));
        }
        self.scene.metrics.feed_latency_ns.observe(received.elapsed().as_nanos() as f64);
    }

    fn data_arrived(&mut self, at: SessionTime) {
        if std::mem::take(&mut self.gap_reported)
            && let Some(last) = self.last_data
        {
            self.report_gap(at - last);
        }
        self.last_data = Some(at);
        self.last_event.set(at as f64 / 1e9);
    }

    fn emit_book(&self, quote: &Quote, seen: &Seen, exch_ts: i64, received: Instant) {
        self.voice.emit(&events::BookUpdate {
            symbol: &self.scene.symbol,
            update_type: Some(seen.name()),
            bid_price: Some(quote.bid.price),
            bid_qty: Some(quote.bid.quantity),
            ask_price: Some(quote.ask.price),
            ask_qty: Some(quote.ask.quantity),
            price_scale: Some(PRICE_SCALE),
            exch_ts: Some(exch_ts),
            latency_us: Some(received.elapsed().as_nanos() as f64 / 1e3),
        });
    }

    fn send(&self, message: BusMessage) {
        // The bus outlives this thread; were it gone, the run would be over anyway.
        let _ = self.ring.send(message);
    }
}

/// What a group held.
#[derive(Default)]
struct Seen {
    depth: u64,
    trades: u64,
    clears: u64,
    trade: Option<Trade>,
}

impl Seen {
    fn note(&mut self, change: &Change) {
        match *change {
            Change::Depth { .. } => self.depth += 1,
            Change::Clear { .. } => self.clears += 1,
            Change::Trade { side, price, quantity } => {
                self.trades += 1;
                self.trade = Some(Trade { side, price, quantity });
            }
        }
    }

    /// A clear with depth after it is a snapshot; trades are ticks, as such feeds call them.
    fn count(&self, scene: &Scene) {
        let totals = &scene.metrics.feed_events_total;
        if self.clears > 0 {
            totals.clear().add(self.clears);
            totals.snapshot().add(self.depth);
        } else {
            totals.bidask().add(self.depth);
        }
        totals.tick().add(self.trades);
    }

    fn name(&self) -> &'static str {
        if self.clears > 0 {
            "clear"
        } else if self.trades > 0 {
            "trade"
        } else {
            "depth"
        }
    }
}
