//! What a trading component holds: the one place where events enter.

use std::fmt;
use std::sync::Arc;

use crate::clock::{self, Stamp};
use crate::queue::Queue;
use crate::schema::Lane;
use crate::shared::Segment;
use crate::telemetry::Handle;
use crate::{Component, Event};

/// Emits the events of one component. Clone it freely, use it from any thread.
///
/// Emitting allocates nothing, takes no lock, makes no system call and never waits, whether or not
/// anything drains the queues: a full queue does what its lane says, and counts it.
#[derive(Clone)]
pub struct Emitter {
    pub(crate) station: Arc<Station>,
    /// The run lasts as long as anyone may emit.
    pub(crate) _handle: Arc<Handle>,
}

/// The queues of one component, shared by its emitters and its drains.
pub(crate) struct Station {
    pub(crate) component: Component,
    /// The file that the queues are in, where another process drains them.
    pub(crate) segment: Option<Arc<Segment>>,
    /// By lane.
    pub(crate) queues: [Queue; Lane::COUNT],
}

impl Emitter {
    pub fn component(&self) -> Component {
        self.station.component
    }

    /// Emits it now.
    #[inline(always)]
    pub fn emit<E: Event>(&self, event: &E) {
        self.push(event, clock::stamp);
    }

    /// Emits it as of `ts_ns` (UTC, ns since 1970): for replays, or where the time is known.
    #[inline(always)]
    pub fn emit_at<E: Event>(&self, ts_ns: u64, event: &E) {
        self.push(event, || Stamp::Ns(ts_ns));
    }

    // Inlined into the component's code, where most fields of an event are constants or absent:
    // what does not depend on the moment is then decided by the compiler.
    #[inline(always)]
    fn push<E: Event>(&self, event: &E, stamp: impl Fn() -> Stamp) {
        let queue = &self.station.queues[E::LANE as usize];
        queue.push(event, self.station.component, stamp);
    }
}

impl fmt::Debug for Emitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Emitter").field(&self.station.component).finish()
    }
}
