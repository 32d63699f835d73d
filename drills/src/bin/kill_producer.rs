//! `kill-producer`: a producer to be killed. It emits orders as fast as it is told to, and says on standard
//! output what the router has acknowledged, so that whoever kills it knows what must be there afterwards.
//!
//! A line each few milliseconds: run, emitted, acknowledged, dropped. Orders are the only events of its run, so
//! the first *n* numbers of it are what *n* acknowledged events are. Noise on the log lane comes from a second
//! run, which is not counted.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use tapline_client::{Component, Lane, Shipper, Telemetry, events};

#[derive(Parser)]
#[command(name = "kill-producer", about = "Emits orders and says what was acknowledged, until standard input ends")]
struct Arguments {
    /// The router, e.g. unix:/run/tapline.sock.
    #[arg(long)]
    connect: Option<String>,
    /// Write into queues in shared memory in this folder instead: then whatever was emitted must arrive.
    #[arg(long, conflicts_with = "connect")]
    shared: Option<PathBuf>,
    /// Orders a second; about as many log events come with them.
    #[arg(long, default_value_t = 2_000)]
    rate: u64,
}

const STEP: Duration = Duration::from_millis(5);

/// Orders that wait while the router is away, at most.
const QUEUE: usize = 1 << 17;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let build = |service: &str| -> anyhow::Result<Telemetry> {
        let builder = Telemetry::builder(service).env("drill").capacity(Lane::Audit, QUEUE);
        Ok(match &arguments.shared {
            Some(folder) => builder.shared(folder)?.build(),
            None => builder.without_spill().build(),
        })
    };
    let (orders, noise) = (build("kill-drill")?, build("kill-drill-noise")?);
    let shippers: Vec<Shipper> = match &arguments.connect {
        Some(address) => [&orders, &noise]
            .into_iter()
            .map(|telemetry| Shipper::spawn(telemetry.clone(), address).map_err(|error| anyhow::anyhow!("{error}")))
            .collect::<anyhow::Result<_>>()?,
        None => Vec::new(),
    };
    // Without a shipper an event is safe as soon as its emit has returned.
    let acknowledged = |emitted: u64| shippers.first().map_or(emitted, |shipper| shipper.report().acknowledged);
    let stopped = Arc::new(AtomicBool::new(false));
    std::thread::spawn({
        let stopped = stopped.clone();
        move || {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            stopped.store(true, Relaxed);
        }
    });
    let order = orders.component(Component::Order);
    let bus = noise.component(Component::Bus);
    let begin = Instant::now();
    let mut emitted = 0;
    while !stopped.load(Relaxed) {
        let due = begin.elapsed().as_micros() as u64 * arguments.rate / 1_000_000;
        while emitted < due {
            emitted += 1;
            let id = format!("{}-{emitted}", orders.run());
            order.emit(&events::OrderNew {
                client_order_id: &id,
                strategy_id: "kill-drill",
                symbol: "TXFD6",
                side: "BUY",
                price: 345_213_000,
                price_scale: 10_000,
                qty: 1,
                ..Default::default()
            });
            bus.emit(&events::Heartbeat::default());
        }
        say(&orders, emitted, acknowledged(emitted))?;
        std::thread::sleep(STEP);
    }
    let patience = Instant::now() + Duration::from_secs(60);
    while acknowledged(emitted) < emitted && Instant::now() < patience {
        std::thread::sleep(STEP);
    }
    say(&orders, emitted, acknowledged(emitted))?;
    for shipper in shippers {
        shipper.stop(Duration::from_secs(5));
    }
    Ok(())
}

fn say(orders: &Telemetry, emitted: u64, acknowledged: u64) -> io::Result<()> {
    let dropped: u64 = orders.streams().iter().map(|stream| stream.counts().dropped()).sum();
    let mut out = io::stdout().lock();
    writeln!(out, "{} {emitted} {acknowledged} {dropped}", orders.run())?;
    out.flush()
}
