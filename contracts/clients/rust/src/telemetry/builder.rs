//! Who the process is and what it may use, with defaults that need no configuration.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::{env, fs, process};

use super::{Handle, Inner, Telemetry};
use crate::schema::Lane;
use crate::shared::{self, Refusal};
use crate::shipper::Outbox;
use crate::spill::{LeftStream, SpillPlace, left_behind};
use crate::stream::Stream;
use crate::{Component, Metrics, clock, keeper};

/// Slots by lane: guard, audit, log, metric, at 256 bytes each. An audit queue has the whole of its
/// spill file behind it; a log queue holds 4 ms of a burst of a million events a second.
const CAPACITY: [usize; Lane::COUNT] = [256, 4096, 4096, 1024];
/// For each component, so about a quarter of a million audit events.
const SPILL_BUDGET_BYTES: u64 = 64 << 20;

#[derive(Clone, Debug)]
pub struct Builder {
    service: String,
    env: String,
    host: Option<String>,
    capacity: [usize; Lane::COUNT],
    spill_dir: Option<PathBuf>,
    spill_budget_bytes: u64,
    shared: Option<PathBuf>,
}

impl Builder {
    pub(super) fn new(service: &str) -> Builder {
        Builder {
            service: one_line(service),
            env: one_line(&env::var("TAPLINE_ENV").unwrap_or_else(|_| "dev".into())),
            host: None,
            capacity: CAPACITY,
            spill_dir: None,
            spill_budget_bytes: SPILL_BUDGET_BYTES,
            shared: None,
        }
    }

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

    /// Slots in each queue of the lane, rounded up to a power of two; 256 bytes apiece.
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

    /// The queues go into files of this folder, which a router on this machine reads
    /// ([`shared`](crate::shared), whose [`default_folder`](crate::shared::default_folder) is a good
    /// one). An event whose emit returned then survives the death of this process and of the router.
    ///
    /// There is nothing else to drain then: [`streams`](Telemetry::streams) shows only what runs
    /// without it left, and a [`Shipper`](crate::Shipper) sends only that and the metrics. A full
    /// metric lane drops its newest here, because its oldest are another process's to take.
    ///
    /// A component's file is made when it is first asked for. Should that fail then, its queues are
    /// this process's own, and [`Telemetry::trouble`] says why.
    ///
    /// # Errors
    /// The folder can't be made, or is not this user's alone.
    pub fn shared(mut self, folder: impl AsRef<Path>) -> Result<Builder, Refusal> {
        shared::prepare(folder.as_ref())?;
        self.shared = Some(folder.as_ref().to_owned());
        Ok(self)
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
            shared: self.shared,
            trouble: Mutex::new(Vec::new()),
        });
        let keeper = keeper::start(Arc::clone(&inner));
        Telemetry { handle: Arc::new(Handle { inner, keeper }) }
    }
}

fn new_run() -> String {
    /// Two in one process within a tick of the clock still differ.
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = clock::now_ns();
    let last = LAST.fetch_max(now, Ordering::Relaxed);
    let start = if last < now { now } else { LAST.fetch_add(1, Ordering::Relaxed) + 1 };
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
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.ok().map(|name| one_line(name.trim())).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// These names go into every event line and into the first lines of spill files: one line, not a
/// long one.
fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 100;
    let clean = text.chars().map(|c| if c.is_control() { '_' } else { c });
    clean.take(CHARS_MAX).collect()
}
