//! Where the events go: to a router, or nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tapline_client::{Shipper, Telemetry};

pub(crate) enum Drain {
    Router {
        address: String,
        shipper: Shipper,
        telemetry: Telemetry,
    },
    /// Takes what comes and throws it away, as fast as a router would.
    Nowhere {
        taken: Arc<AtomicU64>,
        stop: Arc<AtomicBool>,
        thread: JoinHandle<()>,
    },
}

/// What came of the delivery.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Delivery {
    /// The router, or `discard`.
    pub(crate) to: String,
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    /// Acknowledged by the router as not wanted.
    pub(crate) rejected: u64,
    /// Sent or still waiting, and not acknowledged.
    pub(crate) left: u64,
    pub(crate) connections: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

// === impl Drain ===

impl Drain {
    pub(crate) fn start(telemetry: &Telemetry, connect: Option<&str>) -> anyhow::Result<Self> {
        match connect {
            Some(address) => {
                let shipper =
                    Shipper::spawn(telemetry.clone(), address).with_context(|| format!("cannot send to {address}"))?;
                Ok(Drain::Router { address: address.to_owned(), shipper, telemetry: telemetry.clone() })
            }
            None => discard(telemetry).context("cannot start a thread"),
        }
    }

    /// Events that have left the process so far.
    pub(crate) fn sent(&self) -> u64 {
        match self {
            Drain::Router { shipper, .. } => shipper.report().sent,
            Drain::Nowhere { taken, .. } => taken.load(Ordering::Relaxed),
        }
    }

    /// What is wrong with the connection, if anything is.
    pub(crate) fn trouble(&self) -> Option<String> {
        match self {
            Drain::Router { shipper, .. } => shipper.report().trouble,
            Drain::Nowhere { .. } => None,
        }
    }

    pub(crate) fn stop(self, flush: Duration) -> Delivery {
        match self {
            Drain::Router { address, shipper, telemetry } => {
                let report = shipper.stop(flush);
                Delivery {
                    to: address,
                    sent: report.sent,
                    acknowledged: report.acknowledged,
                    rejected: report.rejected,
                    left: report.unacknowledged + waiting(&telemetry),
                    connections: report.connections,
                    trouble: report.trouble,
                }
            }
            Drain::Nowhere { taken, stop, thread } => {
                stop.store(true, Ordering::Relaxed);
                let died = thread.join().is_err();
                let sent = taken.load(Ordering::Relaxed);
                Delivery {
                    to: "discard".into(),
                    sent,
                    acknowledged: sent,
                    trouble: died.then(|| "the discarding thread died".to_owned()),
                    ..Delivery::default()
                }
            }
        }
    }
}

/// Events that no drain has taken.
fn waiting(telemetry: &Telemetry) -> u64 {
    let counts = telemetry.streams().into_iter().map(|stream| stream.counts());
    counts.map(|counts| counts.queued + counts.spilled).sum()
}

fn discard(telemetry: &Telemetry) -> std::io::Result<Drain> {
    let (taken, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let (telemetry, count, stopped) = (telemetry.clone(), Arc::clone(&taken), Arc::clone(&stop));
    let thread = thread::Builder::new().name("discard".into()).spawn(move || {
        let mut records = Vec::with_capacity(1024);
        loop {
            let last_round = stopped.load(Ordering::Relaxed);
            let mut round = 0;
            for stream in telemetry.streams() {
                while stream.pop(&mut records, 1024) > 0 {
                    round += records.len() as u64;
                    records.clear();
                }
            }
            count.fetch_add(round, Ordering::Relaxed);
            if last_round {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    })?;
    Ok(Drain::Nowhere { taken, stop, thread })
}

// === impl Delivery ===

impl Delivery {
    pub(crate) fn is_complete(&self) -> bool {
        self.left == 0 && self.trouble.is_none()
    }
}
