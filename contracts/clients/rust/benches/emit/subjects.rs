//! What is measured: the client, a bare push of as many bytes, and two common ways to log.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};
use crossbeam::queue::ArrayQueue;
use tapline_client::metric::text;
use tapline_client::shared::{self, Attached};
use tapline_client::{Component, Emitter, Lane, Record, Stream, Telemetry, events};
use tempfile::TempDir;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;

use crate::ring::{Ring, RingReader};

/// Room for 8 ms at a million events a second, for each subject alike.
const CAPACITY: usize = 8_192;

pub(crate) trait Subject: Sync {
    const NAME: &'static str;
    /// Made on the producer's own thread; called with the number of the event.
    fn producer(&self) -> impl FnMut(usize);
    /// Made on the drain's own thread; returns how many events it took.
    fn drain(&self) -> impl FnMut() -> usize;
    fn dropped(&self) -> u64;
}

/// The twelve values of the event that all subjects emit. Text is not known to the compiler.
struct Values {
    strategy_id: String,
    intent_id: String,
    trace_id: String,
    symbol: String,
    price: i64,
}

/// So many different events, in turn.
const VALUES: usize = 64;

fn values() -> Vec<Values> {
    (0..VALUES)
        .map(|n| Values {
            strategy_id: format!("mm-twse-{n}"),
            intent_id: format!("int-20251124-{:05}", n * 7),
            trace_id: format!("{:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(n as u64 + 1)),
            symbol: ["2330", "TXFL5", "0050", "MXF"][n % 4].to_owned(),
            price: 345_213_000 + n as i64,
        })
        .collect()
}

pub(crate) struct Client {
    telemetry: Telemetry,
    risk: Emitter,
    stream: Arc<dyn Stream>,
}

impl Client {
    pub(crate) fn new() -> Client {
        let telemetry = Telemetry::builder("bench").capacity(Lane::Audit, CAPACITY).without_spill().build();
        let risk = telemetry.component(Component::Risk);
        let streams = telemetry.streams();
        let stream = streams.iter().find(|stream| stream.lane() == Lane::Audit);
        Client { stream: Arc::clone(stream.expect("risk has an audit lane")), telemetry, risk }
    }

    /// Ten times a second somebody reads all metrics of all components, and encodes them.
    pub(crate) fn while_scraped<T>(&self, on: bool, work: impl FnOnce() -> T) -> T {
        for component in Component::ALL {
            self.telemetry.component(component);
        }
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while on && !done.load(Ordering::Acquire) {
                    let mut out = String::new();
                    text::write(&self.telemetry.gather(), &mut out);
                    black_box(out);
                    thread::sleep(Duration::from_millis(100));
                }
            });
            let result = work();
            done.store(true, Ordering::Release);
            result
        })
    }
}

impl Subject for Client {
    const NAME: &'static str = "client, 12 fields";

    fn producer(&self) -> impl FnMut(usize) {
        let values = values();
        let metrics = self.telemetry.metrics();
        move |n| {
            emit(&self.risk, &values[n % VALUES], n);
            black_box(&metrics);
        }
    }

    fn drain(&self) -> impl FnMut() -> usize {
        let mut records = Vec::new();
        move || {
            records.clear();
            self.stream.pop(&mut records, 256)
        }
    }

    fn dropped(&self) -> u64 {
        self.stream.counts().dropped()
    }
}

#[inline(always)]
fn emit(risk: &Emitter, v: &Values, n: usize) {
    risk.emit(&events::RiskDecision {
        strategy_id: &v.strategy_id,
        approved: true,
        intent_id: Some(&v.intent_id),
        trace_id: Some(&v.trace_id),
        intent_type: Some("NEW"),
        symbol: Some(&v.symbol),
        side: Some("BUY"),
        price: Some(v.price),
        price_scale: Some(10_000),
        qty: Some(n as i64),
        risk_mode: Some("NORMAL"),
        latency_us: Some(12.5),
        ..Default::default()
    });
}

/// The same into shared memory, read as a router does it.
pub(crate) struct SharedClient {
    // First, so that the run ends before its folder goes.
    risk: Emitter,
    attached: Attached,
    _folder: TempDir,
}

impl SharedClient {
    pub(crate) fn new() -> SharedClient {
        let folder = tempfile::tempdir_in("/dev/shm").expect("a tmpfs is there");
        let builder = Telemetry::builder("bench").capacity(Lane::Audit, CAPACITY).without_spill();
        let risk = builder.shared(folder.path()).expect("a new folder").build().component(Component::Risk);
        let files = shared::discover(folder.path()).expect("a new folder");
        let attached = Attached::open(&files[0]).expect("a new file");
        SharedClient { risk, attached, _folder: folder }
    }
}

impl Subject for SharedClient {
    const NAME: &'static str = "client, shared memory";

    fn producer(&self) -> impl FnMut(usize) {
        let values = values();
        move |n| emit(&self.risk, &values[n % VALUES], n)
    }

    fn drain(&self) -> impl FnMut() -> usize {
        let mut records = Vec::new();
        move || {
            records.clear();
            let mark = self.attached.read(Lane::Audit, &mut records, 256).expect("the file is whole");
            self.attached.release(mark);
            records.len()
        }
    }

    fn dropped(&self) -> u64 {
        self.attached.counts(Lane::Audit).dropped()
    }
}

/// As many bytes as a record.
type Bytes = [u64; size_of::<Record>() / 8];

/// As many bytes as a record, ready made, onto the client's own queue.
pub(crate) struct RingPush {
    ring: Ring<Bytes>,
    reader: Mutex<RingReader>,
    dropped: AtomicU64,
}

impl RingPush {
    pub(crate) fn new() -> RingPush {
        let (ring, reader) = Ring::new(CAPACITY);
        RingPush { ring, reader: Mutex::new(reader), dropped: AtomicU64::new(0) }
    }
}

impl Subject for RingPush {
    const NAME: &'static str = "raw push, same queue";

    fn producer(&self) -> impl FnMut(usize) {
        let bytes: Bytes = black_box([7; _]);
        move |_| {
            // SAFETY: writes the value, can't unwind.
            let pushed = unsafe {
                self.ring.push(|slot, _| {
                    slot.write(bytes);
                })
            };
            if let Err(word) = pushed {
                self.ring.pass(word);
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn drain(&self) -> impl FnMut() -> usize {
        let mut taken = Vec::new();
        move || {
            taken.clear();
            let mut reader = self.reader.lock().expect("the drain does not panic");
            while taken.len() < 256 {
                // SAFETY: they came together.
                let Some(bytes) = (unsafe { self.ring.peek(&mut reader) }) else {
                    break;
                };
                taken.push(bytes);
            }
            // SAFETY: they came together.
            unsafe { self.ring.release(&mut reader) };
            taken.len()
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The same onto crossbeam's.
pub(crate) struct RawPush {
    queue: ArrayQueue<Bytes>,
    dropped: AtomicU64,
}

impl RawPush {
    pub(crate) fn new() -> RawPush {
        RawPush { queue: ArrayQueue::new(CAPACITY), dropped: AtomicU64::new(0) }
    }
}

impl Subject for RawPush {
    const NAME: &'static str = "raw push, ArrayQueue";

    fn producer(&self) -> impl FnMut(usize) {
        let bytes: Bytes = black_box([7; _]);
        move |_| {
            if self.queue.push(bytes).is_err() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn drain(&self) -> impl FnMut() -> usize {
        let mut taken = Vec::new();
        move || {
            taken.clear();
            while taken.len() < 256
                && let Some(bytes) = self.queue.pop()
            {
                taken.push(bytes);
            }
            taken.len()
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The line formatted by the emitting thread, sent as a `String`.
pub(crate) struct Channel {
    sender: Sender<String>,
    receiver: Receiver<String>,
    dropped: AtomicU64,
}

impl Channel {
    pub(crate) fn new() -> Channel {
        let (sender, receiver) = bounded(CAPACITY);
        Channel { sender, receiver, dropped: AtomicU64::new(0) }
    }
}

impl Subject for Channel {
    const NAME: &'static str = "channel of Strings";

    fn producer(&self) -> impl FnMut(usize) {
        let values = values();
        move |n| {
            let v = &values[n % VALUES];
            let line = format!(
                "{{\"event\":\"risk_decision\",\"strategy_id\":\"{}\",\"approved\":{},\"intent_id\":\"{}\",\
                 \"trace_id\":\"{}\",\"intent_type\":\"{}\",\"symbol\":\"{}\",\"side\":\"{}\",\"price\":{},\
                 \"price_scale\":{},\"qty\":{},\"risk_mode\":\"{}\",\"latency_us\":{}}}",
                v.strategy_id,
                true,
                v.intent_id,
                v.trace_id,
                "NEW",
                v.symbol,
                "BUY",
                v.price,
                10_000,
                n,
                "NORMAL",
                12.5
            );
            if self.sender.try_send(line).is_err() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn drain(&self) -> impl FnMut() -> usize {
        move || self.receiver.try_iter().take(256).map(black_box).count()
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// `tracing` with its JSON layer and the non-blocking appender, writing to nowhere.
pub(crate) struct Tracing {
    writer: NonBlocking,
    _guard: WorkerGuard,
}

impl Tracing {
    pub(crate) fn new() -> Tracing {
        let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(CAPACITY).finish(std::io::sink());
        Tracing { writer, _guard: guard }
    }
}

impl Subject for Tracing {
    const NAME: &'static str = "tracing, JSON appender";

    fn producer(&self) -> impl FnMut(usize) {
        let values = values();
        let layer = tracing_subscriber::fmt::layer().json().with_writer(self.writer.clone());
        let subscriber = tracing_subscriber::registry().with(layer);
        let guard = tracing::subscriber::set_default(subscriber);
        move |n| {
            let _of_this_thread = &guard;
            let v = &values[n % VALUES];
            tracing::info!(
                strategy_id = v.strategy_id,
                approved = true,
                intent_id = v.intent_id,
                trace_id = v.trace_id,
                intent_type = "NEW",
                symbol = v.symbol,
                side = "BUY",
                price = v.price,
                price_scale = 10_000,
                qty = n,
                risk_mode = "NORMAL",
                latency_us = 12.5,
                "risk_decision"
            );
        }
    }

    fn drain(&self) -> impl FnMut() -> usize {
        // The appender has a thread of its own.
        || 0
    }

    fn dropped(&self) -> u64 {
        self.writer.error_counter().dropped_lines() as u64
    }
}
