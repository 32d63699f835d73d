//! The project's own commands, as `cargo xtask …`. Each is a file of its name; `setup` brings what
//! they need.

mod bench;
mod bless;
mod clickhouse;
mod client;
mod demo;
mod drill;
mod figures;
mod latency;
mod lint;
mod plugins;
mod process;
mod router;
mod setup;
mod table;
mod test;
mod waiting;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything, start a router and a simulated trading stack, and show what comes of it.
    Demo(demo::Demo),
    /// Install what the tests need, and run them all.
    Test(test::Test),
    /// Measure: emit, chain, router beside its peers, idle, pages in a storm.
    Bench(bench::Bench),
    /// Break something on purpose, and check what must hold afterwards.
    Drill(drill::Drill),
    /// Start a ClickHouse to play with or to test against, with the audit tables and roles in it.
    Clickhouse(clickhouse::ClickHouse),
    /// Build every plugin to target/plugins/*.wasm.
    Plugins,
    /// Check formatting and lints.
    Lint,
    /// Rewrite the files that are generated from contracts/trading.toml.
    Bless,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::find();
    let result = match cli.command {
        Command::Demo(demo) => demo.run(&workspace),
        Command::Test(test) => test.run(&workspace),
        Command::Bench(bench) => bench.run(&workspace),
        Command::Drill(drill) => drill.run(&workspace),
        Command::Clickhouse(clickhouse) => clickhouse.run(&workspace),
        Command::Plugins => plugins::build(&workspace).map(|_| ()),
        Command::Lint => lint::lint(&workspace),
        Command::Bless => bless::bless(&workspace.root),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
