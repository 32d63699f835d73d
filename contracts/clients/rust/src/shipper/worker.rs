//! The shipper's thread: drain, send, listen, and connect again when that fails.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::address::Address;
use super::message::{self, Answer};
use super::outbox::Outbox;
use super::session::Session;
use super::sources::Sources;
use super::{Shared, lock};
use crate::{Telemetry, clock};

/// Unacknowledged chunks at most: what a router has to take twice after a reconnect, and what the
/// shipper keeps in memory (about 2 MB).
const WINDOW: usize = 8;
const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);
/// No snapshot while so much waits to be written: the router is behind, and an old one is worthless.
const SNAPSHOT_BELOW_BYTES: usize = 1 << 20;

/// How stale an idle shipper's report may be.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// Pauses when there was nothing to do: doubled from the first to the last, so an idle shipper costs
/// about a thousandth of a core and a busy one reacts at once.
const PAUSE_FIRST: Duration = Duration::from_micros(200);
const PAUSE_LAST: Duration = Duration::from_millis(10);

/// After a small chunk the next one is waited for: chunks of a few events each would cost the router a
/// plugin call and a transaction for each few events. This is what it adds to an event's way.
const GATHER: Duration = Duration::from_millis(5);
const SMALL_LINES: u64 = 128;

/// Before connecting again: a random time up to this, doubled with each failure.
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_LAST: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    telemetry: Telemetry,
    address: Address,
    outbox: Outbox,
    shared: Arc<Shared>,
    sources: Sources,
    session: Option<Session>,
    backoff: Duration,
    connect_at: Instant,
    snapshot_at: Instant,
    report_at: Instant,
    /// Queues are drained again from then on.
    drain_at: Instant,
    random: u64,
}

impl Worker {
    pub(super) fn new(telemetry: Telemetry, address: Address, outbox: Outbox, shared: Arc<Shared>) -> Worker {
        let now = Instant::now();
        Worker {
            random: clock::now_ns() | 1,
            sources: Sources::new(telemetry.clone()),
            telemetry,
            address,
            outbox,
            shared,
            session: None,
            backoff: BACKOFF_FIRST,
            connect_at: now,
            snapshot_at: now,
            report_at: now,
            drain_at: now,
        }
    }

    pub(super) fn run(mut self) {
        let mut pause = PAUSE_FIRST;
        loop {
            let deadline = *lock(&self.shared.deadline);
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
            let moved = match self.step(deadline.is_some()) {
                Ok(Step::Done) => break,
                Ok(Step::Moved) => true,
                Ok(Step::Idle) => false,
                Err(error) => {
                    self.disconnect(&error);
                    false
                }
            };
            if moved || Instant::now() >= self.report_at {
                self.report();
            }
            if moved {
                pause = PAUSE_FIRST;
            } else {
                let drain_in = self.drain_at.saturating_duration_since(Instant::now());
                thread::park_timeout(if drain_in.is_zero() { pause } else { pause.min(drain_in) });
                pause = (pause * 2).min(PAUSE_LAST);
            }
        }
        self.report();
    }

    fn step(&mut self, stopping: bool) -> io::Result<Step> {
        if self.session.is_none() && !self.connect()? {
            return Ok(Step::Idle);
        }
        let mut moved = self.listen()?;
        let Some(session) = &mut self.session else {
            return Ok(Step::Idle);
        };
        if !session.welcomed {
            moved |= session.write()?;
            session.check_patience(false)?;
            return Ok(if moved { Step::Moved } else { Step::Idle });
        }
        if self.outbox.len() == 0 {
            session.heard();
        }
        session.check_patience(self.outbox.len() > 0)?;
        let mut drained = false;
        while (stopping || Instant::now() >= self.drain_at) && self.outbox.len() < WINDOW {
            let lines = self.fill_chunk();
            if lines == 0 {
                break;
            }
            drained = true;
            if lines < SMALL_LINES {
                self.drain_at = Instant::now() + GATHER;
            }
        }
        self.send();
        let emptied = !drained && self.outbox.len() == 0;
        if stopping && emptied {
            return self.say_bye().map(|()| Step::Done);
        }
        if Instant::now() >= self.snapshot_at {
            self.snapshot_at = Instant::now() + SNAPSHOT_EVERY;
            self.snapshot();
        }
        if let Some(session) = &mut self.session {
            moved |= session.write()?;
        }
        Ok(if moved | drained { Step::Moved } else { Step::Idle })
    }

    /// True once there is a connection; false while it is not yet time to try.
    fn connect(&mut self) -> io::Result<bool> {
        if Instant::now() < self.connect_at {
            return Ok(false);
        }
        let mut session = Session::new(self.address.connect()?);
        message::hello(&self.telemetry, session.out());
        self.outbox.rewind();
        self.session = Some(session);
        Ok(true)
    }

    fn disconnect(&mut self, error: &io::Error) {
        self.session = None;
        *lock(&self.shared.trouble) = Some(error.to_string());
        let most = self.backoff.as_micros() as u64;
        self.connect_at = Instant::now() + Duration::from_micros(self.random_below(most));
        self.backoff = (self.backoff * 2).min(BACKOFF_LAST);
    }

    /// True if the router said anything.
    fn listen(&mut self) -> io::Result<bool> {
        let Some(session) = &mut self.session else {
            return Ok(false);
        };
        let answers = session.read()?;
        let heard = !answers.is_empty();
        if heard {
            session.heard();
        }
        for answer in answers {
            self.take(answer)?;
        }
        Ok(heard)
    }

    fn take(&mut self, answer: Answer) -> io::Result<()> {
        if let Some(number) = answer.ack {
            self.shared.rejected.fetch_add(answer.rejected, Ordering::Relaxed);
            self.settle(number);
            return Ok(());
        }
        match answer.tapline.as_deref() {
            Some("welcome") => {
                self.settle(answer.chunk.unwrap_or(0));
                self.backoff = BACKOFF_FIRST;
                self.snapshot_at = Instant::now();
                *lock(&self.shared.trouble) = None;
                self.shared.connections.fetch_add(1, Ordering::Relaxed);
                if let Some(session) = &mut self.session {
                    session.welcomed = true;
                }
                Ok(())
            }
            Some(kind @ ("refused" | "error")) => {
                let reason = answer.reason.unwrap_or_else(|| "no reason given".into());
                Err(io::Error::other(format!("the router answers {kind}: {reason}")))
            }
            _ => Ok(()),
        }
    }

    fn settle(&mut self, number: u64) {
        let lines = self.outbox.settle(number);
        self.shared.acknowledged.fetch_add(lines, Ordering::Relaxed);
    }

    /// Drains up to a chunk of records into the outbox; how many there were.
    fn fill_chunk(&mut self) -> u64 {
        let Some(chunk) = self.sources.chunk(self.outbox.next_number()) else { return 0 };
        let lines = chunk.lines;
        self.shared.sent.fetch_add(lines, Ordering::Relaxed);
        self.outbox.add(chunk);
        lines
    }

    fn send(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        while let Some(chunk) = self.outbox.next_unsent() {
            session.out().extend_from_slice(&chunk.bytes);
        }
    }

    fn snapshot(&mut self) {
        let counted = self.sources.counted(&self.outbox);
        let Some(session) = &mut self.session else {
            return;
        };
        if session.unwritten() > SNAPSHOT_BELOW_BYTES {
            return;
        }
        let now = clock::now_ns();
        message::metrics(now, &self.telemetry.gather(), session.out());
        message::counts(now, &counted, session.out());
    }

    fn say_bye(&mut self) -> io::Result<()> {
        self.snapshot();
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        message::bye(session.out());
        let deadline = lock(&self.shared.deadline).unwrap_or_else(Instant::now);
        while session.unwritten() > 0 && Instant::now() < deadline {
            if !session.write()? {
                thread::sleep(PAUSE_FIRST);
            }
        }
        Ok(())
    }

    fn report(&mut self) {
        self.report_at = Instant::now() + REPORT_EVERY;
        let set = |count: &AtomicU64, value| count.store(value, Ordering::Relaxed);
        set(&self.shared.unacknowledged, self.outbox.unacked().map(|chunk| chunk.lines).sum());
        set(&self.shared.waiting, self.sources.waiting());
    }

    /// xorshift: enough to keep a hundred producers from coming back at once.
    fn random_below(&mut self, most: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % most.max(1)
    }
}

/// However the thread ends, what is not acknowledged goes back for the next shipper.
impl Drop for Worker {
    fn drop(&mut self) {
        let outbox = std::mem::take(&mut self.outbox);
        self.telemetry.inner().put_outbox(outbox);
        self.shared.end();
    }
}

enum Step {
    /// There may be more to do at once.
    Moved,
    Idle,
    /// Stopped, and all is said.
    Done,
}
