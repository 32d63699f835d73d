//! One plugin's place in the chain: what it is given, what is done with its answers, and what becomes
//! of the events that break it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tapline_contract::Contract;
use tapline_host::{Fault, FaultKind, Instance, Notice, NoticeState, Severity};

use super::Names;
use super::apply::Applier;
use super::breaker::{Breaker, Change, Trial};
use super::effects::{Effects, Gone};
use super::gather::Gather;
use super::pick::Picker;
use super::state::StateFile;
use super::stats::EntryStats;
use crate::batch::{Batch, ROWS_MAX};
use crate::config::OnFault;
use crate::ledger::{Outcome, Reason};

/// So many events of one batch are looked for that break the plugin. With more it is not the events,
/// and each costs some ten calls to find.
const BROKEN_MAX: usize = 8;
/// Looking for them ends after this long, so that other plugins and lanes are not held up.
const ISOLATION_MAX: Duration = Duration::from_millis(300);
/// A plugin's state is asked for this often: what a fault can cost it.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(5);
/// Faults are told in the log this often; the rest is counted.
const FAULT_LOG_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) on_fault: OnFault,
    pub(super) instance: Instance,
    pub(super) picker: Picker,
    pub(super) gather: Gather,
    pub(super) applier: Applier,
    pub(super) stats: Arc<EntryStats>,
    pub(super) state: StateFile,
    breaker: Breaker,
    clock: Option<Clock>,
    snapshot_due: Instant,
    /// Rows were processed since the last snapshot.
    is_changed: bool,
    faults_told: FaultLog,
    // Kept for their memory.
    picked: Vec<u32>,
    work: Vec<(usize, usize)>,
}

struct Clock {
    every: Duration,
    due: Instant,
}

struct FaultLog {
    due: Option<Instant>,
    untold: u64,
}

// === impl Entry ===

impl Entry {
    #[allow(clippy::too_many_arguments, reason = "composed once, in build.rs")]
    pub(super) fn new(
        contract: &Contract,
        name: Arc<str>,
        on_fault: OnFault,
        instance: Instance,
        picker: Picker,
        gather: Gather,
        applier: Applier,
        state: StateFile,
    ) -> Self {
        let now = Instant::now();
        let digest = instance.plugin().digest().to_string();
        let stats = Arc::new(EntryStats::new(Arc::clone(&name), digest, contract));
        let every = instance.plan().tick_ms.map(|ms| Duration::from_millis(ms.into()));
        Entry {
            name,
            on_fault,
            instance,
            picker,
            gather,
            applier,
            stats,
            state,
            breaker: Breaker::new(),
            clock: every.map(|every| Clock { every, due: now + every }),
            snapshot_due: now + SNAPSHOT_EVERY,
            is_changed: false,
            faults_told: FaultLog { due: None, untold: 0 },
            picked: Vec::with_capacity(ROWS_MAX),
            work: Vec::new(),
        }
    }

    pub(super) fn stats(&self) -> &Arc<EntryStats> {
        &self.stats
    }

    pub(super) fn process(&mut self, names: &Names, batch: &mut Batch, effects: &mut Effects) {
        let begin = Instant::now();
        let mut picked = std::mem::take(&mut self.picked);
        self.picker.pick(batch, &mut picked);
        if !picked.is_empty() {
            self.stats.batches.add(1);
            self.stats.rows.add(picked.len() as u64);
            if self.breaker.admits(begin) {
                let trial = self.isolate(names, batch, &picked, effects);
                self.record(trial, effects);
                self.forward_log();
                self.stats.take_over(self.instance.stats());
            } else {
                self.give_up(batch, &picked, "plugin_quarantined", "the plugin is in quarantine", effects);
            }
        }
        // Picking costs time as well where nothing is picked.
        self.stats.took(begin.elapsed().as_nanos() as u64);
        self.picked = picked;
    }

    pub(super) fn tick(&mut self, now: Instant, now_ns: i64, effects: &mut Effects) {
        if let Some(clock) = &mut self.clock
            && now >= clock.due
        {
            clock.due = now + clock.every;
            if self.breaker.admits(now) && !self.breaker.is_half_open() {
                self.call_tick(now_ns, effects);
            }
        }
        if self.is_changed && now >= self.snapshot_due {
            self.snapshot(now);
        }
    }

    pub(super) fn tick_at(&mut self, now_ns: i64, effects: &mut Effects) {
        if self.clock.is_some() {
            self.call_tick(now_ns, effects);
        }
    }

    /// When `tick` has something to do.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let clock = self.clock.as_ref().map(|clock| clock.due);
        let snapshot = self.is_changed.then_some(self.snapshot_due);
        clock.into_iter().chain(snapshot).min()
    }

    pub(super) fn stop(&mut self) {
        if self.is_changed {
            self.snapshot(Instant::now());
        }
    }

    /// Calls the plugin, with all rows if it bears them, else with halves of halves, until the rows
    /// that break it are alone.
    fn isolate(&mut self, names: &Names, batch: &mut Batch, picked: &[u32], effects: &mut Effects) -> Trial {
        let mut trial = Trial { rows: picked.len(), ..Trial::default() };
        let mut last_fault: Option<Fault> = None;
        // A stack: the earlier half lies on top, so that rows are processed in their order.
        let mut work = std::mem::take(&mut self.work);
        work.push((0, picked.len()));
        while let Some((from, to)) = work.pop() {
            let part = &picked[from..to];
            if trial.hopeless {
                let message = last_fault.as_ref().map(|fault| format!("not tried after: {fault}"));
                self.give_up(batch, part, "plugin_failed", &message.unwrap_or_default(), effects);
                continue;
            }
            let begin = Instant::now();
            let Err(fault) = self.call(names, batch, part, last_fault.is_some(), effects) else { continue };
            trial.time_lost += begin.elapsed();
            let cannot_start = fault.kind == FaultKind::Start;
            if part.len() == 1 || cannot_start {
                self.give_up(batch, part, reason(fault.kind), &fault.to_string(), effects);
                trial.rows_broken += part.len();
            } else {
                let middle = from + part.len() / 2;
                work.push((middle, to));
                work.push((from, middle));
            }
            let patience = if self.breaker.is_half_open() { 1 } else { BROKEN_MAX };
            trial.hopeless = cannot_start || trial.rows_broken >= patience || trial.time_lost > ISOLATION_MAX;
            self.tell(&fault);
            last_fault = Some(fault);
        }
        self.work = work;
        trial
    }

    fn call(
        &mut self,
        names: &Names,
        batch: &mut Batch,
        part: &[u32],
        isolating: bool,
        effects: &mut Effects,
    ) -> Result<(), Fault> {
        self.gather.fill(names, batch, part);
        let instance = &mut self.instance;
        let output = self.gather.with(|columns| match isolating {
            false => instance.process(columns),
            true => instance.process_isolating(columns),
        })?;
        self.applier.check(&output).map_err(|message| self.instance.disbelieve(message))?;
        self.applier.apply(&self.name, output, batch, part, effects, &self.stats);
        self.is_changed = true;
        if isolating && self.stats.state_bytes.get() > 0 {
            // The next fault would take what the plugin learnt from these rows.
            self.instance.snapshot()?;
        }
        Ok(())
    }

    /// What the entry says for rows that the plugin did not process.
    fn give_up(&self, batch: &mut Batch, rows: &[u32], reason: &'static str, why: &str, effects: &mut Effects) {
        match self.on_fault {
            OnFault::Pass => self.stats.rows_passed.add(rows.len() as u64),
            OnFault::DeadLetter => {
                self.stats.rows_dead.add(rows.len() as u64);
                for &row in rows {
                    let row = row as usize;
                    batch.rows_mut()[row].gone = true;
                    effects.gone.push(Gone {
                        row,
                        outcome: Outcome::DeadLettered,
                        reason: Reason::Borrowed(reason),
                        by: Arc::clone(&self.name),
                        message: why.to_owned(),
                    });
                }
            }
        }
    }

    fn record(&mut self, trial: Trial, effects: &mut Effects) {
        match self.breaker.record(trial, Instant::now()) {
            Change::None => {}
            Change::Opened => {
                tracing::error!(plugin = &*self.name, "the plugin keeps failing and is taken out for a while");
                self.stats.quarantined.set(1);
                self.notify(NoticeState::Firing, effects);
            }
            Change::Closed => {
                tracing::info!(plugin = &*self.name, "the plugin works again");
                self.stats.quarantined.set(0);
                self.notify(NoticeState::Resolved, effects);
            }
        }
    }

    fn notify(&self, state: NoticeState, effects: &mut Effects) {
        let (severity, consequence) = match self.on_fault {
            OnFault::DeadLetter => (Severity::Critical, "its events go to the dead letters"),
            OnFault::Pass => (Severity::Warning, "its events pass without it"),
        };
        let name = &self.name;
        let summary = match state {
            NoticeState::Firing => format!("plugin {name} keeps failing and is out; {consequence}"),
            NoticeState::Resolved => format!("plugin {name} works again"),
        };
        let notice = Notice {
            key: format!("PluginQuarantined:{name}"),
            state,
            severity,
            summary,
            details: vec![("digest".into(), self.stats.digest.clone())],
            to: Vec::new(),
        };
        effects.notices.push((Arc::clone(name), notice));
    }

    fn call_tick(&mut self, now_ns: i64, effects: &mut Effects) {
        let begin = Instant::now();
        match self.instance.tick(now_ns.max(0) as u64) {
            Ok(output) => {
                effects.say(&self.name, output.notices, output.events);
                self.is_changed = true;
            }
            Err(fault) => {
                self.tell(&fault);
                let trial = Trial { rows: 1, rows_broken: 1, hopeless: false, time_lost: begin.elapsed() };
                self.record(trial, effects);
            }
        }
        self.forward_log();
        self.stats.take_over(self.instance.stats());
    }

    fn snapshot(&mut self, now: Instant) {
        self.snapshot_due = now + SNAPSHOT_EVERY;
        self.is_changed = false;
        match self.instance.snapshot() {
            Ok(state) => {
                if let Err(error) = self.state.store(state) {
                    tracing::warn!(plugin = &*self.name, %error, "the plugin's state can't be written");
                }
            }
            Err(fault) => self.tell(&fault),
        }
        self.stats.take_over(self.instance.stats());
    }

    fn tell(&mut self, fault: &Fault) {
        let now = Instant::now();
        if self.faults_told.due.is_some_and(|due| now < due) {
            self.faults_told.untold += 1;
            return;
        }
        let untold = std::mem::take(&mut self.faults_told.untold);
        self.faults_told.due = Some(now + FAULT_LOG_EVERY);
        tracing::warn!(plugin = &*self.name, %fault, more_since_last = untold, "a plugin call failed");
    }

    fn forward_log(&mut self) {
        for line in self.instance.take_log() {
            let (plugin, message) = (&*self.name, &*line.message);
            match line.level {
                0 => tracing::trace!(plugin, "{message}"),
                1 => tracing::debug!(plugin, "{message}"),
                2 => tracing::info!(plugin, "{message}"),
                3 => tracing::warn!(plugin, "{message}"),
                _ => tracing::error!(plugin, "{message}"),
            }
        }
    }
}

/// The ledger's word for an event that broke a plugin.
fn reason(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Trap => "plugin_trap",
        FaultKind::Timeout => "plugin_timeout",
        FaultKind::Memory => "plugin_memory",
        FaultKind::Stack => "plugin_stack",
        FaultKind::Invalid => "plugin_invalid",
        FaultKind::Flood => "plugin_flood",
        FaultKind::Error => "plugin_error",
        FaultKind::Start => "plugin_start",
    }
}
