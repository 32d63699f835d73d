//! The whole stack: how the components are connected, started and stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam::channel::bounded;
use tapline_client::Telemetry;

use crate::broker::Broker;
use crate::canaries::Canaries;
use crate::components::bus::{Bus, Consumer, Wants};
use crate::components::execution::Executions;
use crate::components::gateway::Gateway;
use crate::components::market_data::MarketData;
use crate::components::order::Orders;
use crate::components::position::Positions;
use crate::components::recorder::Recorder;
use crate::components::risk::Risk;
use crate::components::strategy::StrategyRunner;
use crate::ids::IdMint;
use crate::market::feed::{Feed, FeedError, Market};
use crate::pace::{Pace, Pacer, wall};
use crate::progress::Progress;
use crate::report::{StackReport, StackStatus};
use crate::scene::Scene;
use crate::script::Script;
use crate::step::Step;
use crate::voice::Tally;

/// Ticks between market data and the bus, and to each consumer: some seconds of a fast replay, so that
/// only a consumer that really stands still overflows.
const RING: usize = 16_384;
const TICKS: usize = 16_384;

/// Every other inbox. What can be under way at once is bounded by the strategies' one order a side;
/// this is far beyond it.
const INBOX: usize = 4_096;

/// Market data events a second unless told otherwise.
pub const DEFAULT_RATE: f64 = 50_000.0;

#[derive(Clone, Debug)]
pub struct StackOptions {
    pub market: Market,
    pub pace: Pace,
    /// The market's symbol; by default the first word of the recording's file name.
    pub symbol: Option<String>,
    /// Everything goes wrong that can.
    pub incidents: bool,
    /// Ends by itself after so many market events.
    pub rows_max: Option<u64>,
    /// What chance grows from. The canaries are of the run's own, whatever the seed.
    pub seed: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("cannot start a thread for {component}; is the machine out of memory or of threads?")]
    Thread { component: &'static str, source: std::io::Error },
}

/// Starts stacks.
pub struct Stack;

/// A running stack. Dropping it stops the stack without waiting.
pub struct StackHandle {
    scene: Arc<Scene>,
    market: String,
    started: Instant,
    stop: Arc<AtomicBool>,
    threads: Vec<(&'static str, JoinHandle<()>)>,
}

// === impl StackOptions ===

impl Default for StackOptions {
    fn default() -> Self {
        StackOptions {
            market: Market::Generated { seed: 1 },
            pace: Pace::Rows { per_second: DEFAULT_RATE },
            symbol: None,
            incidents: false,
            rows_max: None,
            seed: 1,
        }
    }
}

// === impl Stack ===

impl Stack {
    /// Starts the stack on this telemetry. Fails where the market can't be read.
    pub fn start(telemetry: &Telemetry, options: StackOptions) -> Result<StackHandle, StackError> {
        let feed = Feed::open(options.market.clone())?;
        let scene = Arc::new(scene(telemetry, &options));
        let mut handle = StackHandle {
            scene: Arc::clone(&scene),
            market: options.market.to_string(),
            started: Instant::now(),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        compose(&mut handle, feed, &options)?;
        Ok(handle)
    }
}

/// The stack in one piece: channels, who reads which, who writes which.
fn compose(handle: &mut StackHandle, feed: Feed, options: &StackOptions) -> Result<(), StackError> {
    let scene = || Arc::clone(&handle.scene);
    let script = if options.incidents { Script::incidents() } else { Script::routine() };
    let rows_max = options.rows_max.unwrap_or(u64::MAX);

    let (ring, from_ring) = bounded(RING);
    let (to_strategy, strategy_ticks) = bounded(TICKS);
    let (to_broker, broker_ticks) = bounded(TICKS);
    let (to_recorder, recorder_inbox) = bounded(TICKS);
    let (to_gateway, gateway_inbox) = bounded(INBOX);
    let (to_risk, risk_inbox) = bounded(INBOX);
    let (to_order, order_inbox) = bounded(INBOX);
    let (to_execution, execution_inbox) = bounded(INBOX);
    let (to_position, position_inbox) = bounded(INBOX);
    let (requests, broker_requests) = bounded(INBOX);
    let (news, strategy_news) = bounded(INBOX);

    let consumers = vec![
        Consumer::new(&handle.scene, "strategy", to_strategy, Wants::Ticks),
        Consumer::new(&handle.scene, "broker", to_broker, Wants::Ticks),
        Consumer::new(&handle.scene, "recorder", to_recorder.clone(), Wants::Ticks),
        Consumer::new(&handle.scene, "gateway", to_gateway.clone(), Wants::Time),
        Consumer::new(&handle.scene, "risk", to_risk.clone(), Wants::Time),
        Consumer::new(&handle.scene, "order", to_order.clone(), Wants::Time),
        Consumer::new(&handle.scene, "execution", to_execution.clone(), Wants::Time),
        Consumer::new(&handle.scene, "position", to_position.clone(), Wants::Time),
    ];

    let recorder = Recorder::new(scene(), recorder_inbox, to_risk.clone());
    let position = Positions::new(scene(), position_inbox, to_risk.clone(), to_recorder);
    let execution = Executions::new(scene(), execution_inbox, to_order.clone(), to_position);
    let broker = Broker::new(scene(), broker_ticks, broker_requests, to_execution.clone());
    let order = Orders::new(scene(), order_inbox, requests, to_execution, news.clone());
    let risk = Risk::new(scene(), risk_inbox, to_order, news.clone());
    let gateway = Gateway::new(scene(), gateway_inbox, to_risk.clone(), news);
    let strategy = StrategyRunner::new(scene(), strategy_ticks, strategy_news, to_gateway);
    let bus = Bus::new(scene(), from_ring, consumers, to_risk);
    let pacer = Pacer::new(options.pace);
    let stop = Arc::clone(&handle.stop);
    let market_data = MarketData::new(scene(), feed, pacer, script, ring, stop, rows_max);

    handle.spawn("recorder", move || recorder.run())?;
    handle.spawn("position", move || position.run())?;
    handle.spawn("execution", move || execution.run())?;
    handle.spawn("broker", move || broker.run())?;
    handle.spawn("order", move || order.run())?;
    handle.spawn("risk", move || risk.run())?;
    handle.spawn("gateway", move || gateway.run())?;
    handle.spawn("strategy", move || strategy.run())?;
    handle.spawn("bus", move || bus.run())?;
    handle.spawn("market_data", move || market_data.run())
}

/// Components that get the time from the bus: those that have to keep step.
const KEEPS_STEP: usize = 8;

fn scene(telemetry: &Telemetry, options: &StackOptions) -> Scene {
    /// Two runs within one tick of the clock still have canaries of their own.
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = (wall() as u64).wrapping_add(RUNS.fetch_add(1, Ordering::Relaxed) << 48);
    Scene {
        telemetry: telemetry.clone(),
        metrics: telemetry.metrics(),
        tally: Tally::new(),
        mint: IdMint::for_this_run(),
        symbol: options.symbol.clone().unwrap_or_else(|| options.market.symbol()),
        canaries: Canaries::new(run ^ options.seed),
        progress: Progress::new(),
        step: if options.pace.is_real_time() { Step::free() } else { Step::locked(KEEPS_STEP) },
        seed: options.seed,
    }
}

// === impl StackHandle ===

impl StackHandle {
    /// What the stack is doing now.
    pub fn status(&self) -> StackStatus {
        StackStatus::of(&self.scene, self.started.elapsed())
    }

    /// Whether it has ended by itself: the row limit was reached, or the market file is gone.
    pub fn is_finished(&self) -> bool {
        self.threads.iter().all(|(_, thread)| thread.is_finished())
    }

    /// Waits until it ends by itself, or for so long.
    pub fn wait(&self, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        while !self.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2).min(at_most));
        }
        self.is_finished()
    }

    /// Ends the day in order: market data stops, every order is brought to its end, everyone leaves.
    pub fn stop(mut self) -> StackReport {
        self.stop.store(true, Ordering::Relaxed);
        let mut died = Vec::new();
        // In the order in which they end.
        for (component, thread) in self.threads.drain(..).rev() {
            if thread.join().is_err() {
                died.push(component);
            }
        }
        StackReport::of(&self.scene, &self.market, self.started.elapsed(), died)
    }

    fn spawn(&mut self, component: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), StackError> {
        let thread = thread::Builder::new()
            .name(component.to_owned())
            .spawn(run)
            .map_err(|source| StackError::Thread { component, source })?;
        self.threads.push((component, thread));
        Ok(())
    }
}

impl Drop for StackHandle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
