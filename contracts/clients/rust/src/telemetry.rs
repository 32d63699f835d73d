//! The client as a whole: who the process is, which components it has, what drains may take.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::{env, fmt, fs, process};

use crate::emitter::Station;
use crate::metric::MetricFamily;
use crate::queue::Queue;
use crate::schema::{EVENTS, Lane};
use crate::shipper::Outbox;
use crate::spill::{Head, LeftStream, Spill, SpillPlace, left_behind};
use crate::stream::{Stream, StreamCounts};
use crate::{Component, Emitter, Metrics, Record, clock, keeper};

/// Slots by lane: guard, audit, log, metric, at 256 bytes each. An audit queue has the whole of its
/// spill file behind it; a log queue holds 4 ms of a burst of a million events a second.
const CAPACITY: [usize; Lane::COUNT] = [256, 4096, 4096, 1024];
/// For lanes in which the contract gives the component no event.
const SPARE_CAPACITY: usize = 16;
/// For each component, so about a quarter of a million audit events.
const SPILL_BUDGET_BYTES: u64 = 64 << 20;

/// The telemetry of one process. Clone it freely, use it from any thread.
///
/// Works before a router exists and after it has gone. When the last handle (emitters included) is
/// dropped, audit events that no drain took are put into the spill folder for the next run.
#[derive(Clone)]
pub struct Telemetry {
    handle: Arc<Handle>,
}

/// What telemetry and emitters hold: the last one to go ends the run.
pub(crate) struct Handle {
    inner: Arc<Inner>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
pub struct Builder {
    service: String,
    env: String,
    host: Option<String>,
    capacity: [usize; Lane::COUNT],
    spill_dir: Option<PathBuf>,
    spill_budget_bytes: u64,
}

pub(crate) struct Inner {
    service: String,
    env: String,
    host: String,
    pid: u32,
    run: Arc<str>,
    capacity: [usize; Lane::COUNT],
    spill: Option<Arc<SpillPlace>>,
    stations: [OnceLock<Arc<Station>>; Component::COUNT],
    /// Of dead runs.
    left: Vec<Arc<dyn Stream>>,
    generation: AtomicU64,
    metrics: Arc<Metrics>,
    /// No handle is left.
    pub(crate) ended: AtomicBool,
    /// With the shipper while there is one.
    outbox: Mutex<Option<Outbox>>,
}

impl Builder {
    /// Where the process runs: `prod`, `sim`, ... Default: `TAPLINE_ENV`, else `dev`.
    pub fn env(mut self, env: &str) -> Builder {
        self.env = one_line(env);
        self
    }

    /// Default: the machine's name.
    pub fn host(mut self, host: &str) -> Builder {
        self.host = Some(one_line(host));
        self
    }

    /// Slots in each queue of the lane, 256 bytes apiece.
    pub fn capacity(mut self, lane: Lane, slots: usize) -> Builder {
        self.capacity[lane as usize] = slots.max(1);
        self
    }

    /// Where filling audit queues are spilled to. Default: `TAPLINE_SPILL_DIR`, else a folder of
    /// this user's under the temporary folder. Give a disk that outlives a reboot if audit events
    /// must.
    pub fn spill_dir(mut self, dir: impl AsRef<Path>) -> Builder {
        self.spill_dir = Some(dir.as_ref().to_owned());
        self
    }

    /// For each component; the folder never takes more than this times the number of components.
    pub fn spill_budget_bytes(mut self, bytes: u64) -> Builder {
        self.spill_budget_bytes = bytes;
        self
    }

    /// Never touch the disk: a full audit queue drops its newest, as a log queue does.
    pub fn without_spill(self) -> Builder {
        self.spill_budget_bytes(0)
    }

    pub fn build(self) -> Telemetry {
        clock::start();
        let spill = (self.spill_budget_bytes > 0).then(|| {
            Arc::new(SpillPlace {
                dir: self.spill_dir.unwrap_or_else(default_spill_dir),
                budget_bytes: self.spill_budget_bytes,
            })
        });
        let left = spill
            .iter()
            .flat_map(|place| left_behind(&place.dir, &self.service, &self.env))
            .map(|stream: LeftStream| Arc::new(stream) as Arc<dyn Stream>)
            .collect();
        let inner = Arc::new(Inner {
            service: self.service,
            env: self.env,
            host: self.host.unwrap_or_else(host_name),
            pid: process::id(),
            run: new_run().into(),
            capacity: self.capacity,
            spill,
            stations: [const { OnceLock::new() }; Component::COUNT],
            left,
            generation: AtomicU64::new(1),
            metrics: Arc::new(Metrics::new()),
            ended: AtomicBool::new(false),
            outbox: Mutex::new(Some(Outbox::default())),
        });
        let keeper = keeper::start(Arc::clone(&inner));
        Telemetry {
            handle: Arc::new(Handle { inner, keeper }),
        }
    }
}

impl Telemetry {
    /// `service` is what the process is called in every line and metric.
    pub fn builder(service: &str) -> Builder {
        Builder {
            service: one_line(service),
            env: one_line(&env::var("TAPLINE_ENV").unwrap_or_else(|_| "dev".into())),
            host: None,
            capacity: CAPACITY,
            spill_dir: None,
            spill_budget_bytes: SPILL_BUDGET_BYTES,
        }
    }

    /// The component's emitter. The first call makes its queues; all later ones share them.
    pub fn component(&self, component: Component) -> Emitter {
        let station = self.inner().stations[component as usize]
            .get_or_init(|| Arc::new(self.inner().new_station(component)));
        let streams_since = 1 + self.inner().stations().count() as u64;
        self.inner()
            .generation
            .fetch_max(streams_since, Ordering::Release);
        Emitter {
            station: Arc::clone(station),
            _handle: Arc::clone(&self.handle),
        }
    }

    /// The contract's metrics. Keep it, and keep the handles of open labels too.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.inner().metrics)
    }

    /// All metrics of the components that this process has, as they are now.
    pub fn gather(&self) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        self.inner().metrics.gather(&mut families);
        families.retain(|family| {
            self.inner().stations[family.owner as usize].get().is_some() || family.is_touched()
        });
        families
    }

    /// What drains take from: guard first, then audit, log, metric; what dead runs left before what
    /// this one emits.
    pub fn streams(&self) -> Vec<Arc<dyn Stream>> {
        let mut streams = self.inner().left.clone();
        for lane in Lane::ALL {
            streams.extend(self.inner().stations().map(|station| {
                Arc::new(QueueStream {
                    run: Arc::clone(&self.inner().run),
                    station: Arc::clone(station),
                    lane,
                }) as Arc<dyn Stream>
            }));
        }
        streams.sort_by_key(|stream| stream.lane());
        streams
    }

    /// Changes when a stream was added.
    pub fn stream_generation(&self) -> u64 {
        self.inner().generation.load(Ordering::Acquire)
    }

    pub fn service(&self) -> &str {
        &self.inner().service
    }

    pub fn env(&self) -> &str {
        &self.inner().env
    }

    pub fn host(&self) -> &str {
        &self.inner().host
    }

    pub fn pid(&self) -> u32 {
        self.inner().pid
    }

    /// Start of this telemetry in ns as hex, then the pid: sorts by time, unique on a machine.
    pub fn run(&self) -> &str {
        &self.inner().run
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.handle.inner
    }
}

impl Inner {
    pub(crate) fn stations(&self) -> impl Iterator<Item = &Arc<Station>> {
        self.stations.iter().filter_map(OnceLock::get)
    }

    /// None while a shipper has it.
    pub(crate) fn take_outbox(&self) -> Option<Outbox> {
        self.outbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(crate) fn put_outbox(&self, outbox: Outbox) {
        *self.outbox.lock().unwrap_or_else(PoisonError::into_inner) = Some(outbox);
    }

    fn new_station(&self, component: Component) -> Station {
        let queues = Lane::ALL.map(|lane| {
            let used = EVENTS
                .iter()
                .any(|e| e.component == component && e.lane == lane);
            let capacity = self.capacity[lane as usize];
            let spill = self
                .spill
                .as_ref()
                .filter(|_| lane == Lane::Audit)
                .map(|place| {
                    let head = Head {
                        service: self.service.clone(),
                        env: self.env.clone(),
                        run: self.run.to_string(),
                        component,
                        lane,
                    };
                    Spill::new(Arc::clone(place), head)
                });
            let spare = capacity.min(SPARE_CAPACITY);
            Queue::new(lane, if used { capacity } else { spare }, spill)
        });
        Station { component, queues }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.ended.store(true, Ordering::Release);
        if let Some(keeper) = self.keeper.take() {
            // It sleeps, or writes to a spill file; either ends soon.
            keeper.thread().unpark();
            let _ = keeper.join();
        }
        for station in self.inner.stations() {
            station.queues[Lane::Audit as usize].spill_all();
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("service", &self.service())
            .field("env", &self.env())
            .field("run", &self.run())
            .finish_non_exhaustive()
    }
}

/// A queue of this process, as drains see it.
struct QueueStream {
    run: Arc<str>,
    station: Arc<Station>,
    lane: Lane,
}

impl QueueStream {
    fn queue(&self) -> &Queue {
        &self.station.queues[self.lane as usize]
    }
}

impl Stream for QueueStream {
    fn component(&self) -> Component {
        self.station.component
    }

    fn lane(&self) -> Lane {
        self.lane
    }

    fn run(&self) -> &str {
        &self.run
    }

    fn pop(&self, into: &mut Vec<Record>, max: usize) -> usize {
        self.queue().pop(into, max)
    }

    fn counts(&self) -> StreamCounts {
        self.queue().counts()
    }
}

impl fmt::Debug for QueueStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.run,
            self.station.component.name(),
            self.lane.name()
        )
    }
}

fn new_run() -> String {
    /// Two in one process within a tick of the clock still differ.
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = clock::now_ns();
    let last = LAST.fetch_max(now, Ordering::Relaxed);
    let start = if last < now {
        now
    } else {
        LAST.fetch_add(1, Ordering::Relaxed) + 1
    };
    format!("{start:016x}-{:x}", process::id())
}

fn default_spill_dir() -> PathBuf {
    if let Some(dir) = env::var_os("TAPLINE_SPILL_DIR") {
        return dir.into();
    }
    // With the user in its name: another one's folder could not be written.
    use std::os::unix::fs::MetadataExt;
    let user = fs::metadata("/proc/self").map_or_else(|_| "any".into(), |m| m.uid().to_string());
    env::temp_dir().join(format!("tapline-spill-{user}"))
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"));
    name.ok()
        .map(|name| one_line(name.trim()))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

/// These names go into every event line and into the first lines of spill files: one line, not a
/// long one.
fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 100;
    let clean = text.chars().map(|c| if c.is_control() { '_' } else { c });
    clean.take(CHARS_MAX).collect()
}
