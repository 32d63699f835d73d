//! What a plugin costs an event: by plugin and batch size, as WebAssembly in the chain (gathering the
//! columns, the call, applying the answer) and natively (the same code on the same columns).
//!
//! Prints one JSON object; `cargo xtask bench chain` shows it as a table. `--quick` is for a first look.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tapline::measure::{Input, Measured};
use tapline_plugin::bindings::tapline::plugin::types as raw;
use tapline_plugin::guest::Instance;

const ROWS: [usize; 4] = [1, 16, 64, 256];
/// Events for one figure. The best of several rounds counts: other work on the machine only adds.
const EVENTS: usize = 300_000;
const ROUNDS: usize = 7;

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let events = if quick { EVENTS / 10 } else { EVENTS };
    // `chain enrich 256` measures that plugin alone, in batches of that size.
    let (sizes, only): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).partition(|arg| arg.parse::<usize>().is_ok());
    let sizes: Vec<usize> = sizes.iter().filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { ROWS.to_vec() } else { sizes };
    let wanted = |name: &str| only.is_empty() || only.iter().any(|arg| arg == name);
    let mut rows = Vec::new();
    for work in [Work::Comparison, Work::Defaults] {
        for plugin in PLUGINS {
            for &batch in sizes.iter().filter(|_| wanted(plugin.name)) {
                rows.push(figure(work, &[plugin], batch, events));
            }
        }
        for &batch in sizes.iter().filter(|_| wanted("all")) {
            rows.push(figure(work, &PLUGINS, batch, events));
        }
    }
    println!("{{\"rows\":[{}]}}", rows.join(","));
}

/// What the plugins have to do.
#[derive(Clone, Copy)]
enum Work {
    /// What `cargo xtask bench router` and its peers do: cover the account's digits, find the desk of
    /// the strategy, send errors of the risk component elsewhere.
    Comparison,
    /// What each does unasked: redact searches all free text for secrets.
    Defaults,
}

#[derive(Clone, Copy)]
struct Plugin {
    name: &'static str,
    /// For [`Work::Comparison`].
    config: fn() -> toml::Table,
    native: fn(&toml::Table, &Input, usize) -> Duration,
}

const PLUGINS: [Plugin; 3] = [
    Plugin {
        name: "redact",
        config: || table("fields = { account = \"digits\" }\ntext = []\njson = []"),
        native: native::<tapline_redact::Redact>,
    },
    Plugin {
        name: "enrich",
        config: || {
            const DESKS: [&str; 5] = ["fx", "options", "crypto", "futures", "equities"];
            let desks = (0..40).map(|n| (format!("STRAT-{n:03}"), DESKS[n % DESKS.len()].into()));
            let mut config = table("[columns.desk]\nfrom = \"strategy_id\"\ndefault = \"unknown\"");
            config["columns"]["desk"]
                .as_table_mut()
                .expect("a table")
                .insert("table".into(), toml::Value::Table(desks.collect()));
            config
        },
        native: native::<tapline_enrich::Enrich>,
    },
    Plugin {
        name: "route",
        config: || table("[[rules]]\nwhen = { component = \"risk\", min_level = \"error\" }\nsend = [\"logs\"]"),
        native: native::<tapline_route::Route>,
    },
];

fn table(text: &str) -> toml::Table {
    text.parse().expect("a TOML table")
}

fn figure(work: Work, plugins: &[Plugin], batch: usize, events: usize) -> String {
    let config = |plugin: &Plugin| match work {
        Work::Comparison => (plugin.config)(),
        Work::Defaults => toml::Table::new(),
    };
    let passes = (events / ROUNDS / batch).max(1);
    let per_event = |spent: Duration| spent.as_nanos() as f64 / (passes * batch) as f64;
    let chain: Vec<_> = plugins.iter().map(|plugin| (plugin.name, config(plugin))).collect();
    let mut measured = Measured::new(&chain, batch);
    measured.run(passes);
    let wasm = (0..ROUNDS).map(|_| per_event(measured.run(passes))).fold(f64::MAX, f64::min);
    let names: Vec<_> = plugins.iter().map(|plugin| plugin.name).collect();
    assert_eq!(measured.faults(), 0, "{names:?} fails on the benchmark's lines");
    let native = match plugins {
        [plugin] => {
            let (input, config) = (measured.input(), config(plugin));
            let best =
                (0..ROUNDS).map(|_| per_event((plugin.native)(&config, &input, passes))).fold(f64::MAX, f64::min);
            format!("{best:.1}")
        }
        _ => "null".to_owned(),
    };
    let work = match work {
        Work::Comparison => "comparison",
        Work::Defaults => "defaults",
    };
    format!(
        "{{\"work\":\"{work}\",\"plugins\":\"{}\",\"batch\":{batch},\"wasm_ns_per_event\":{wasm:.1},\"native_ns_per_event\":{native}}}",
        names.join("+")
    )
}

/// The time of so many calls of the plugin's own code, without wasm and without the chain.
fn native<P: tapline_plugin::Plugin>(config: &toml::Table, input: &Input, passes: usize) -> Duration {
    let config = serde_json::to_string(config).expect("TOML fits into JSON");
    let (mut plugin, _) = Instance::<P>::configure(&config).expect("a good configuration");
    let mut spent = Duration::ZERO;
    for _ in 0..passes {
        let batch = raw_batch(input);
        let begin = Instant::now();
        black_box(plugin.process(batch)).expect("a good answer");
        spent += begin.elapsed();
    }
    spent
}

fn raw_batch(input: &Input) -> raw::Batch {
    let Input { rows, ts_ns, presence, bitmaps, ends, bytes, ints, floats, booleans } = input.clone();
    raw::Batch { rows, ts_ns, presence, bitmaps, ends, bytes, strings: Vec::new(), ints, floats, booleans }
}
