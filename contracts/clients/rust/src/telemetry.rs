//! The client as a whole: who the process is, which components it has, what drains may take.

mod builder;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

pub use builder::Builder;

use crate::emitter::Station;
use crate::metric::MetricFamily;
use crate::queue::Queue;
use crate::schema::{EVENTS, Lane};
use crate::shared::{Owner, Segment};
use crate::shipper::Outbox;
use crate::spill::{Head, Spill, SpillPlace};
use crate::stream::{Stream, StreamCounts};
use crate::{Component, Emitter, Metrics, Record};

/// For lanes in which the contract gives the component no event.
const SPARE_CAPACITY: usize = 16;

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
    /// The folder for queues that another process drains.
    shared: Option<PathBuf>,
    trouble: Mutex<Vec<String>>,
}

impl Telemetry {
    /// `service` is what the process is called in every line and metric.
    pub fn builder(service: &str) -> Builder {
        Builder::new(service)
    }

    /// The component's emitter. The first call makes its queues; all later ones share them.
    pub fn component(&self, component: Component) -> Emitter {
        let station =
            self.inner().stations[component as usize].get_or_init(|| Arc::new(self.inner().new_station(component)));
        let streams_since = 1 + self.inner().stations().count() as u64;
        self.inner().generation.fetch_max(streams_since, Ordering::Release);
        Emitter { station: Arc::clone(station), _handle: Arc::clone(&self.handle) }
    }

    /// The contract's metrics. Keep it, and keep the handles of open labels too.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.inner().metrics)
    }

    /// All metrics of the components that this process has, as they are now.
    pub fn gather(&self) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        self.inner().metrics.gather(&mut families);
        families.retain(|family| self.inner().stations[family.owner as usize].get().is_some() || family.is_touched());
        families
    }

    /// What drains take from: guard first, then audit, log, metric; what dead runs left before what
    /// this one emits.
    pub fn streams(&self) -> Vec<Arc<dyn Stream>> {
        let mut streams = self.inner().left.clone();
        for lane in Lane::ALL {
            let drained_here = self.inner().stations().filter(|station| station.segment.is_none());
            streams.extend(drained_here.map(|station| {
                Arc::new(QueueStream { run: Arc::clone(&self.inner().run), station: Arc::clone(station), lane })
                    as Arc<dyn Stream>
            }));
        }
        streams.sort_by_key(|stream| stream.lane());
        streams
    }

    /// Changes when a stream was added.
    pub fn stream_generation(&self) -> u64 {
        self.inner().generation.load(Ordering::Acquire)
    }

    /// Why queues that were to be shared are not: nobody reads them but what is in this process.
    pub fn trouble(&self) -> Vec<String> {
        self.inner().trouble().clone()
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
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn put_outbox(&self, outbox: Outbox) {
        *self.outbox.lock().unwrap_or_else(PoisonError::into_inner) = Some(outbox);
    }

    fn new_station(&self, component: Component) -> Station {
        let capacity = Lane::ALL.map(|lane| {
            let used = EVENTS.iter().any(|e| e.component == component && e.lane == lane);
            let capacity = self.capacity[lane as usize];
            if used { capacity } else { capacity.min(SPARE_CAPACITY) }
        });
        let spill = |lane: Lane, place: &Arc<SpillPlace>| {
            let head = Head {
                service: self.service.clone(),
                env: self.env.clone(),
                run: self.run.to_string(),
                component,
                lane,
            };
            (lane == Lane::Audit).then(|| Spill::new(Arc::clone(place), head))
        };
        if let Some(segment) = self.new_segment(component, capacity) {
            let place = self.spill.as_ref().map(|place| Arc::new(place.shared()));
            let queues = Lane::ALL
                .map(|lane| Queue::shared(segment.rings(lane), place.as_ref().and_then(|place| spill(lane, place))));
            return Station { component, segment: Some(segment), queues };
        }
        let queues = Lane::ALL.map(|lane| {
            let spill = self.spill.as_ref().and_then(|place| spill(lane, place));
            Queue::new(lane, capacity[lane as usize], spill)
        });
        Station { component, segment: None, queues }
    }

    /// None if queues are not to be shared, or can't be.
    fn new_segment(&self, component: Component, capacity: [usize; Lane::COUNT]) -> Option<Arc<Segment>> {
        let folder = self.shared.as_ref()?;
        let owner = Owner::new(&self.service, &self.env, &self.host, &self.run, component);
        let spill = self.spill.as_ref().map(|place| place.shared().dir.to_string_lossy().into_owned());
        let segment = Segment::create(folder, owner, capacity, spill);
        segment.map_err(|refusal| self.trouble().push(refusal.to_string())).ok()
    }

    fn trouble(&self) -> MutexGuard<'_, Vec<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
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
        write!(f, "{}/{}/{}", self.run, self.station.component.name(), self.lane.name())
    }
}
