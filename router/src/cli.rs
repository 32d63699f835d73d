//! The command line. Each command is a file; this one parses, dispatches and turns errors into exit
//! codes.

mod audit;
mod check;
mod client;
mod dead_letters;
mod ledger;
mod notify;
mod plugin;
mod recorded;
mod replay;
mod run;
mod schema;
mod table;
mod tail;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// A telemetry router for trading stacks whose logic is pluggable WebAssembly.
#[derive(Parser)]
#[command(
    name = "tapline",
    version,
    after_help = "Exit codes: 0 done; 1 it did not work, the message says why; 2 the command line or the \
                  configuration is wrong; 3 a check found something (ledger not balanced, cases failed, lines rejected)."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the router, until SIGINT or SIGTERM.
    Run(run::Run),
    /// Check a configuration, its contract and its plugins; say everything that is wrong.
    Check(check::Check),
    /// Show events of the running router as they go out.
    Tail(tail::TailArgs),
    /// Follow one transaction by any of its ids, step by step.
    Trace(trace::TraceArgs),
    /// Read the audit tables.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Show where every event went.
    Ledger(ledger::LedgerArgs),
    /// Look at events that could not be processed or delivered, and send them again.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    /// What fires and who was told; take an alert on; try out who would be told.
    #[command(subcommand)]
    Notify(notify::Notify),
    /// Send recorded lines to the running router.
    Replay(replay::Replay),
    /// Print the SQL that makes the tables, for whoever runs the database.
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Build and test plugins.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

/// Where the running router is, or the data dir that a stopped one left.
#[derive(Args, Clone)]
struct Source {
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = client::DEFAULT_URL)]
    url: String,
    /// Read this data dir instead of asking a running router.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Why a command ends, with the exit code that says so.
#[derive(Debug)]
enum Failure {
    /// It did not work.
    Failed(anyhow::Error),
    /// The command line or the configuration is wrong.
    Usage(String),
    /// It worked, and what it was asked to check is not in order. The message has been printed.
    Found,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}

pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Tail(command) => command.run(),
        Command::Trace(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Ledger(command) => command.run(),
        Command::DeadLetters(command) => command.run(),
        Command::Notify(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Plugin(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            eprintln!("tapline: {error:#}");
            ExitCode::from(1)
        }
        Err(Failure::Usage(message)) => {
            eprintln!("tapline: {message}");
            ExitCode::from(2)
        }
        Err(Failure::Found) => ExitCode::from(3),
    }
}

/// `tapline tail | head` ends when `head` has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
