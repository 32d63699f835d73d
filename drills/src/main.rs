//! `trading-stack`: the simulated trading stack as a process of its own.

mod cli;
mod console;
mod drain;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use tapline_drills::{Stack, StackError};

use crate::cli::Arguments;
use crate::console::Console;
use crate::drain::Drain;

/// How often the run looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// The run did what was asked; something of it failed; it could not begin.
const OK: u8 = 0;
const INCOMPLETE: u8 = 1;
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("trading-stack: {error:#}");
            ExitCode::from(if error.is::<StackError>() { REFUSED } else { INCOMPLETE })
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let stopped = stop_on_signals()?;
    let telemetry = arguments.telemetry();
    let drain = Drain::start(&telemetry, arguments.connect.as_deref())?;
    let stack = Stack::start(&telemetry, arguments.options())?;
    let mut console = Console::new(arguments.json);
    let started = Instant::now();
    while !stopped.load(Ordering::Relaxed)
        && !stack.is_finished()
        && arguments.length.is_none_or(|length| started.elapsed() < length)
    {
        stack.wait(LOOK);
        console.show(&stack.status(), &drain);
    }
    console.clear();
    let report = stack.stop();
    let delivery = drain.stop(arguments.flush);
    console.print(&report, &delivery)?;
    Ok(if report.died.is_empty() && delivery.is_complete() { OK } else { INCOMPLETE })
}

/// SIGINT and SIGTERM end the day in order. That takes no longer than `--flush` and a moment, so a second
/// signal changes nothing.
fn stop_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stopped)).context("cannot handle signals")?;
    }
    Ok(stopped)
}
