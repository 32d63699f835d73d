//! A plugin at work in one worker. It outlives its guests: a fault ends the guest, and the next call
//! meets a fresh one with the same configuration and the last good state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::engine::Engine;
use crate::fault::{Call, Fault, FaultKind, Refusal};
use crate::guest::Guest;
use crate::limits::Limits;
use crate::log::{LogBuffer, LogLine};
use crate::output::Output;
use crate::plan::{Plan, Resolver};
use crate::plugin::Plugin;

/// So many faults without a good call in between, and the saved state is suspected and left out.
const FAULTS_PER_STATE_MAX: u32 = 3;

#[derive(Clone)]
pub struct Settings {
    pub limits: Limits,
    /// JSON, handed to the plugin as it is.
    pub config: String,
    pub resolver: Arc<dyn Resolver>,
    /// A state from an earlier run or version. One that the plugin refuses is left out.
    pub saved: Option<Vec<u8>>,
}

pub struct Instance {
    engine: Engine,
    plugin: Plugin,
    settings: Settings,
    plan: Arc<Plan>,
    /// `None` between a fault and the next call.
    guest: Option<Guest>,
    /// Kept here while there is no guest to hold it.
    log: Option<LogBuffer>,
    /// Memory of the guest when it was fresh. A state that needs much is no reason to recycle for ever.
    memory_fresh: usize,
    faults_since_good: u32,
    stats: Stats,
}

/// Running counts, never reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub calls: u64,
    /// By [`FaultKind::ALL`].
    pub faults: [u64; FaultKind::ALL.len()],
    /// Guests started after the first, for a fault or to give memory back.
    pub restarts: u64,
    pub recycled: u64,
    /// States left out since the plugin refused them or kept faulting with them.
    pub states_dropped: u64,
    pub log_lines_suppressed: u64,
    pub log_lines_cut: u64,
    /// Now, not counted up.
    pub memory_bytes: usize,
    pub state_bytes: usize,
}

/// A guest that has just been configured.
struct Fresh {
    guest: Guest,
    plan: Plan,
    state_dropped: bool,
}

// === impl Instance ===

impl Instance {
    /// Starts and configures the plugin. What is wrong with its plan is said all at once.
    pub fn start(engine: &Engine, plugin: &Plugin, settings: Settings) -> Result<Self, Refusal> {
        let now = Instant::now();
        let log = LogBuffer::new(settings.limits.log_lines_per_s, settings.limits.log_line_bytes, now);
        let mut settings = settings;
        let fresh =
            Fresh::start(engine, plugin, &mut settings, log).map_err(|(fault, _)| Refusal::one(fault.to_string()))?;
        let plan = fresh.plan.check(&*settings.resolver)?;
        Ok(Self {
            engine: engine.clone(),
            plugin: plugin.clone(),
            settings,
            plan: Arc::new(plan),
            memory_fresh: fresh.guest.memory_bytes(),
            guest: Some(fresh.guest),
            log: None,
            faults_since_good: 0,
            stats: Stats { states_dropped: u64::from(fresh.state_dropped), ..Stats::default() },
        })
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Runs a batch. The answer is checked and can be applied by index. `batch` must hold the columns
    /// of `plan().reads`, in that order, each of its kind and layout.
    pub fn process(&mut self, batch: Batch<'_>) -> Result<Output, Fault> {
        self.process_within(self.settings.limits.deadline, batch)
    }

    /// As `process`, under the shorter deadline of a search for what broke the plugin.
    pub fn process_isolating(&mut self, batch: Batch<'_>) -> Result<Output, Fault> {
        self.process_within(self.settings.limits.deadline_isolating, batch)
    }

    fn process_within(&mut self, deadline: Duration, batch: Batch<'_>) -> Result<Output, Fault> {
        let rows = batch.rows;
        let raw = self.call(|guest| guest.process(batch, deadline))?;
        let output = Output::check(raw, &self.plan, rows, &*self.settings.resolver);
        let output = self.believed(Call::Process, output)?;
        self.recycle_if_large();
        Ok(output)
    }

    /// Lets a plugin with a clock look at it. Verdicts and edits of the answer are empty.
    pub fn tick(&mut self, now_ns: u64) -> Result<Output, Fault> {
        let raw = self.call(|guest| guest.tick(now_ns))?;
        let output = Output::check_tick(raw, &self.plan, &*self.settings.resolver);
        self.believed(Call::Tick, output)
    }

    /// Asks for the state and keeps it as the one to come back to after a fault.
    pub fn snapshot(&mut self) -> Result<&[u8], Fault> {
        let state = self.call(Guest::save)?;
        self.faults_since_good = 0;
        self.stats.state_bytes = state.len();
        Ok(self.settings.saved.insert(state))
    }

    /// The caller found something wrong in the last answer that this crate could not know. It counts
    /// like what is found here.
    pub fn disbelieve(&mut self, message: String) -> Fault {
        self.log = self.guest.take().map(Guest::end);
        self.count(Fault { kind: FaultKind::Invalid, call: Call::Process, message })
    }

    /// Lines since the last asking.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        let Some(log) = self.guest.as_mut().map(Guest::log).or(self.log.as_mut()) else {
            return Vec::new();
        };
        let (suppressed, cut) = log.take_counts();
        self.stats.log_lines_suppressed += suppressed;
        self.stats.log_lines_cut += cut;
        log.take()
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    fn call<R>(&mut self, run: impl FnOnce(&mut Guest) -> Result<R, Fault>) -> Result<R, Fault> {
        let mut guest = match self.guest.take() {
            Some(guest) => guest,
            None => self.restart()?,
        };
        self.stats.calls += 1;
        let answer = run(&mut guest);
        self.stats.memory_bytes = guest.memory_bytes();
        match answer {
            Ok(answer) => {
                self.guest = Some(guest);
                Ok(answer)
            }
            Err(fault) => {
                self.log = Some(guest.end());
                Err(self.count(fault))
            }
        }
    }

    /// An answer that breaks a rule ends the guest, as a trap does.
    fn believed(&mut self, call: Call, answer: Result<Output, String>) -> Result<Output, Fault> {
        match answer {
            Ok(output) => {
                self.faults_since_good = 0;
                Ok(output)
            }
            Err(message) => {
                self.log = self.guest.take().map(Guest::end);
                Err(self.count(Fault { kind: FaultKind::Invalid, call, message }))
            }
        }
    }

    fn count(&mut self, fault: Fault) -> Fault {
        self.faults_since_good += 1;
        self.stats.faults[fault.kind as usize] += 1;
        if self.faults_since_good >= FAULTS_PER_STATE_MAX && self.settings.saved.take().is_some() {
            self.stats.states_dropped += 1;
        }
        fault
    }

    fn restart(&mut self) -> Result<Guest, Fault> {
        self.stats.restarts += 1;
        let log = self.log.take().unwrap_or_else(|| {
            let limits = &self.settings.limits;
            LogBuffer::new(limits.log_lines_per_s, limits.log_line_bytes, Instant::now())
        });
        let fresh = match Fresh::start(&self.engine, &self.plugin, &mut self.settings, log) {
            Ok(fresh) => fresh,
            Err((fault, log)) => return Err(self.not_started(fault, log)),
        };
        self.stats.states_dropped += u64::from(fresh.state_dropped);
        if fresh.plan != *self.plan {
            let message = "it declares another plan than the first time".to_owned();
            let fault = Fault { kind: FaultKind::Invalid, call: Call::Configure, message };
            return Err(self.not_started(fault, fresh.guest.end()));
        }
        self.memory_fresh = fresh.guest.memory_bytes();
        Ok(fresh.guest)
    }

    fn not_started(&mut self, fault: Fault, log: LogBuffer) -> Fault {
        self.log = Some(log);
        self.count(Fault { kind: FaultKind::Start, call: fault.call, message: fault.to_string() })
    }

    /// WebAssembly memory never shrinks: a guest that once met a huge batch would hold it for ever.
    fn recycle_if_large(&mut self) {
        let limit = self.settings.limits.recycle_bytes.max(2 * self.memory_fresh);
        if self.stats.memory_bytes <= limit || self.snapshot().is_err() {
            return;
        }
        self.log = self.guest.take().map(Guest::end);
        self.stats.recycled += 1;
        if let Ok(guest) = self.restart() {
            self.stats.memory_bytes = guest.memory_bytes();
            self.guest = Some(guest);
        }
    }
}

// === impl Fresh ===

impl Fresh {
    /// With the last good state, unless the plugin refuses it, or fails over it.
    fn start(
        engine: &Engine,
        plugin: &Plugin,
        settings: &mut Settings,
        log: LogBuffer,
    ) -> Result<Self, (Fault, LogBuffer)> {
        let mut fresh = Self::empty(engine, plugin, settings, log)?;
        let Some(state) = settings.saved.take() else { return Ok(fresh) };
        if let Ok(Ok(())) = fresh.guest.restore(&state) {
            settings.saved = Some(state);
            return Ok(fresh);
        }
        let fresh = Self::empty(engine, plugin, settings, fresh.guest.end())?;
        Ok(Self { state_dropped: true, ..fresh })
    }

    fn empty(
        engine: &Engine,
        plugin: &Plugin,
        settings: &Settings,
        log: LogBuffer,
    ) -> Result<Self, (Fault, LogBuffer)> {
        let mut guest = Guest::start(engine, plugin, settings.limits, log)?;
        match guest.configure(&settings.config) {
            Ok(plan) => Ok(Self { guest, plan: plan.into(), state_dropped: false }),
            Err(fault) => Err((fault, guest.end())),
        }
    }
}
