//! `drill-producer`: a producer for drills. It emits at a steady rate on each lane, and says on standard output
//! what the router has acknowledged, so that whoever kills it, or what it sends to, knows what must be there
//! afterwards.
//!
//! A line for each kind of event, each few milliseconds: kind, run, emitted, acknowledged, dropped. Each kind has
//! a run of its own and is the only one of that run, so its first *n* numbers are what *n* acknowledged events
//! are. Pages come in two: the change to HALT number *n* is number *2n - 1* of its run, and what ends the one
//! before is the next.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use tapline_client::{Component, Emitter, Lane, Shipper, Telemetry, events};

#[derive(Parser)]
#[command(
    name = "drill-producer",
    about = "Emits at a steady rate and says what was acknowledged, until standard input ends",
    after_help = "Example:\n  drill-producer --connect unix:tapline-data/tapline.sock --orders 500 --pages 2"
)]
struct Arguments {
    /// The router, e.g. unix:/run/tapline.sock.
    #[arg(long, required_unless_present = "shared")]
    connect: Option<String>,
    /// Write into queues in shared memory in this folder instead: then whatever was emitted must arrive.
    #[arg(long, conflicts_with = "connect")]
    shared: Option<PathBuf>,
    /// Orders a second, on the audit lane.
    #[arg(long, default_value_t = 0)]
    orders: u64,
    /// Changes to HALT a second, each of a strategy of its own, on the guard lane.
    #[arg(long, default_value_t = 0)]
    pages: u64,
    /// Events a second on the log lane.
    #[arg(long, default_value_t = 0)]
    logs: u64,
    /// Events a second on the metric lane.
    #[arg(long, default_value_t = 0)]
    metrics: u64,
}

const STEP: Duration = Duration::from_millis(5);

/// Orders that wait while the router is away, at most.
const QUEUE: usize = 1 << 17;

/// Events of one kind, with their run.
struct Stream {
    kind: Kind,
    rate: u64,
    telemetry: Telemetry,
    emitter: Emitter,
    /// None over shared memory: an event is safe as soon as its emit has returned.
    shipper: Option<Shipper>,
    /// Events; of pages, pairs of them.
    turns: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Orders,
    Pages,
    Logs,
    Metrics,
}

// === impl Kind ===

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Orders => "orders",
            Kind::Pages => "pages",
            Kind::Logs => "logs",
            Kind::Metrics => "metrics",
        }
    }

    fn component(self) -> Component {
        match self {
            Kind::Orders => Component::Order,
            Kind::Pages => Component::Risk,
            Kind::Logs => Component::Bus,
            Kind::Metrics => Component::Position,
        }
    }
}

// === impl Stream ===

impl Stream {
    fn open(kind: Kind, rate: u64, arguments: &Arguments) -> anyhow::Result<Self> {
        let builder = Telemetry::builder(&format!("drill-{}", kind.name())).env("drill").capacity(Lane::Audit, QUEUE);
        let telemetry = match &arguments.shared {
            Some(folder) => builder.shared(folder)?.build(),
            None => builder.without_spill().capacity(Lane::Guard, QUEUE / 16).build(),
        };
        let shipper = match &arguments.connect {
            Some(address) => Some(
                Shipper::spawn(telemetry.clone(), address).map_err(|error| anyhow::anyhow!("{address}: {error}"))?,
            ),
            None => None,
        };
        Ok(Stream { kind, rate, emitter: telemetry.component(kind.component()), telemetry, shipper, turns: 0 })
    }

    /// Everything that is due by now.
    fn catch_up(&mut self, elapsed: Duration) {
        let due = elapsed.as_micros() as u64 * self.rate / 1_000_000;
        while self.turns < due {
            self.turns += 1;
            self.emit();
        }
    }

    fn emit(&self) {
        let number = self.turns;
        let id = |number: u64| format!("{}-{number}", self.telemetry.run());
        match self.kind {
            Kind::Orders => self.emitter.emit(&events::OrderNew {
                client_order_id: &id(number),
                strategy_id: "drill",
                symbol: "TXFD6",
                side: "BUY",
                price: 345_213_000,
                price_scale: 10_000,
                qty: 1,
                ..Default::default()
            }),
            Kind::Pages => {
                let change = |old_mode, new_mode, strategy: &str| {
                    self.emitter.emit(&events::StormguardTransition {
                        old_mode,
                        new_mode,
                        trigger: Some("drill"),
                        strategy_id: Some(strategy),
                        ..Default::default()
                    });
                };
                change("STORM", "HALT", &id(number));
                change("HALT", "NORMAL", &id(number - 1));
            }
            Kind::Logs => self.emitter.emit(&events::Heartbeat::default()),
            Kind::Metrics => self.emitter.emit(&events::PnlSnapshot::default()),
        }
    }

    fn emitted(&self) -> u64 {
        match self.kind {
            Kind::Pages => 2 * self.turns,
            _ => self.turns,
        }
    }

    fn acknowledged(&self) -> u64 {
        self.shipper.as_ref().map_or(self.emitted(), |shipper| shipper.report().acknowledged)
    }

    fn dropped(&self) -> u64 {
        self.telemetry.streams().iter().map(|stream| stream.counts().dropped()).sum()
    }

    /// Nothing more comes of it.
    fn is_settled(&self) -> bool {
        self.acknowledged() + self.dropped() >= self.emitted()
    }

    fn say(&self) -> io::Result<()> {
        let (run, emitted, dropped) = (self.telemetry.run(), self.emitted(), self.dropped());
        writeln!(io::stdout(), "{} {run} {emitted} {} {dropped}", self.kind.name(), self.acknowledged())
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let rates = [
        (Kind::Orders, arguments.orders),
        (Kind::Pages, arguments.pages),
        (Kind::Logs, arguments.logs),
        (Kind::Metrics, arguments.metrics),
    ];
    let mut streams = rates
        .into_iter()
        .filter(|(_, rate)| *rate > 0)
        .map(|(kind, rate)| Stream::open(kind, rate, &arguments))
        .collect::<anyhow::Result<Vec<Stream>>>()?;
    let stopped = Arc::new(AtomicBool::new(false));
    std::thread::spawn({
        let stopped = stopped.clone();
        move || {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            stopped.store(true, Relaxed);
        }
    });
    let begin = Instant::now();
    while !stopped.load(Relaxed) {
        for stream in &mut streams {
            stream.catch_up(begin.elapsed());
            stream.say()?;
        }
        std::thread::sleep(STEP);
    }
    let patience = Instant::now() + Duration::from_secs(60);
    while !streams.iter().all(Stream::is_settled) && Instant::now() < patience {
        std::thread::sleep(STEP);
    }
    for stream in &streams {
        stream.say()?;
    }
    for stream in streams {
        if let Some(shipper) = stream.shipper {
            shipper.stop(Duration::from_secs(5));
        }
    }
    Ok(())
}
