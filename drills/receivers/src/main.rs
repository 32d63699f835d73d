//! `tapline-receivers`: a receiver as a process of its own.

mod cli;
mod console;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Arguments;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("tapline-receivers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<std::convert::Infallible> {
    let receiver = arguments.start()?;
    eprintln!("{} on {}", arguments.name(), receiver.url());
    for line in arguments.hints(&receiver.url()) {
        eprintln!("  {line}");
    }
    loop {
        // Until a signal ends the process: there is nothing to save.
        std::thread::park();
    }
}
