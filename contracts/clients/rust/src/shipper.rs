//! The drain that sends streams to a router elsewhere, over a unix stream or TCP.
//!
//! One thread pops records, guard first, and sends them as numbered chunks of JSON lines
//! (`PROTOCOL.md`). A chunk is kept until the router acknowledges it and is sent again after a
//! reconnect; the router drops what it has already settled. While no router is there nothing is
//! popped, and the queues do what their lanes say.

mod address;
mod message;
mod outbox;
mod session;
mod sources;
mod worker;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use address::Address;
pub(crate) use outbox::Outbox;
use worker::Worker;

use crate::Telemetry;

/// Ships until it is stopped or dropped.
#[derive(Debug)]
pub struct Shipper {
    shared: Arc<Shared>,
    thread: Option<Thread>,
}

/// What the shipper has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShipperReport {
    /// Events sent at least once.
    pub sent: u64,
    /// Events that the router has settled...
    pub acknowledged: u64,
    /// ...and of those, the ones that it would not take.
    pub rejected: u64,
    /// Events sent, or about to be, that it has not answered for. A later shipper of the same
    /// telemetry sends them again.
    pub unacknowledged: u64,
    /// Events that still wait in queues and spill files.
    pub waiting: u64,
    /// Connections made.
    pub connections: u64,
    /// Why there is no connection, if there is none.
    pub trouble: Option<String>,
}

#[derive(Debug)]
pub enum ShipperError {
    /// Not `unix:PATH` or `tcp:HOST:PORT`.
    Address(String),
    /// The telemetry has a shipper already, and the two would take each other's events.
    AlreadyShipping,
    /// The thread could not be started.
    Thread(std::io::Error),
}

/// Between the handle and the thread.
#[derive(Debug, Default)]
struct Shared {
    /// Set once: when to give up flushing.
    deadline: Mutex<Option<Instant>>,
    sent: AtomicU64,
    acknowledged: AtomicU64,
    rejected: AtomicU64,
    unacknowledged: AtomicU64,
    waiting: AtomicU64,
    connections: AtomicU64,
    trouble: Mutex<Option<String>>,
    ended: Mutex<bool>,
    end: Condvar,
}

/// A dropped shipper flushes for so long.
const FLUSH_ON_DROP: Duration = Duration::from_secs(1);

/// For the thread to notice that its deadline has passed.
const GRACE: Duration = Duration::from_millis(200);

impl Shipper {
    /// Starts shipping to `unix:PATH` or `tcp:HOST:PORT`. The router need not be there yet.
    pub fn spawn(telemetry: Telemetry, address: &str) -> Result<Shipper, ShipperError> {
        let address = Address::parse(address).ok_or_else(|| ShipperError::Address(address.into()))?;
        let outbox = telemetry.inner().take_outbox().ok_or(ShipperError::AlreadyShipping)?;
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(telemetry, address, outbox, Arc::clone(&shared));
        let thread = thread::Builder::new()
            .name("tapline-shipper".into())
            .spawn(move || worker.run())
            .map_err(ShipperError::Thread)?
            .thread()
            .clone();
        Ok(Shipper { shared, thread: Some(thread) })
    }

    /// How it stands now.
    pub fn report(&self) -> ShipperReport {
        self.shared.report()
    }

    /// Sends what is there, waits for the answers, and says how it went. Takes hardly
    /// longer than `deadline`; emitters go on working, into queues that nobody drains.
    pub fn stop(mut self, deadline: Duration) -> ShipperReport {
        self.end(deadline);
        self.shared.report()
    }

    fn end(&mut self, deadline: Duration) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        *lock(&self.shared.deadline) = Some(Instant::now() + deadline);
        thread.unpark();
        // Not joined: it may hang in a connect that the kernel does not bound, and the trading
        // component must not hang with it.
        let ended = lock(&self.shared.ended);
        let waited = self.shared.end.wait_timeout_while(ended, deadline + GRACE, |ended| !*ended);
        drop(waited);
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        self.end(FLUSH_ON_DROP);
    }
}

impl Shared {
    fn end(&self) {
        *lock(&self.ended) = true;
        self.end.notify_all();
    }

    fn report(&self) -> ShipperReport {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ShipperReport {
            sent: load(&self.sent),
            acknowledged: load(&self.acknowledged),
            rejected: load(&self.rejected),
            unacknowledged: load(&self.unacknowledged),
            waiting: load(&self.waiting),
            connections: load(&self.connections),
            trouble: lock(&self.trouble).clone(),
        }
    }
}

impl fmt::Display for ShipperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShipperError::Address(given) => {
                write!(f, "{given:?} is no address to ship to; give unix:PATH or tcp:HOST:PORT")
            }
            ShipperError::AlreadyShipping => {
                f.write_str("this telemetry has a shipper already; stop it before starting another")
            }
            ShipperError::Thread(error) => write!(f, "can't start the shipper's thread: {error}"),
        }
    }
}

impl std::error::Error for ShipperError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ShipperError::Thread(error) => Some(error),
            _ => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
