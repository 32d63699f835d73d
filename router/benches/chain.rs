//! What a plugin costs an event: by plugin and batch size, as WebAssembly in the chain (gathering the
//! columns, the call, applying the answer) and natively (the same code on the same columns).
//!
//! Prints one JSON object; `cargo xtask bench chain` shows it as a table. `--quick` is for a first look.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tapline::measure::{Input, Measured, Plain};
use tapline_plugin::bindings::tapline::plugin::types as raw;
use tapline_plugin::guest::Instance;

const ROWS: [usize; 5] = [1, 16, 64, 256, 1024];
/// Events for one figure. The best of several rounds counts: other work on the machine only adds.
const EVENTS: usize = 300_000;
const ROUNDS: usize = 7;

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let events = if quick { EVENTS / 10 } else { EVENTS };
    // `chain enrich` measures that plugin alone.
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|arg| arg == name);
    let mut rows = Vec::new();
    for (name, native) in [
        ("redact", native::<tapline_redact::Redact> as fn(&Input, usize) -> Duration),
        ("enrich", native::<tapline_enrich::Enrich>),
        ("route", native::<tapline_route::Route>),
    ] {
        for batch in ROWS.into_iter().filter(|_| wanted(name)) {
            rows.push(figure(&[name], batch, events, Some(native)));
        }
    }
    for batch in ROWS.into_iter().filter(|_| wanted("all")) {
        rows.push(figure(&["redact", "enrich", "route"], batch, events, None));
    }
    println!("{{\"rows\":[{}]}}", rows.join(","));
}

fn figure(plugins: &[&str], batch: usize, events: usize, native: Option<fn(&Input, usize) -> Duration>) -> String {
    let passes = (events / ROUNDS / batch).max(1);
    let per_event = |spent: Duration| spent.as_nanos() as f64 / (passes * batch) as f64;
    let mut measured = Measured::new(plugins, "", batch);
    measured.run(passes);
    let wasm = (0..ROUNDS).map(|_| per_event(measured.run(passes))).fold(f64::MAX, f64::min);
    assert_eq!(measured.faults(), 0, "{plugins:?} faults on the benchmark's lines");
    let native = native.map(|native| {
        let input = measured.input();
        (0..ROUNDS).map(|_| per_event(native(&input, passes))).fold(f64::MAX, f64::min)
    });
    let native = native.map_or("null".to_owned(), |ns| format!("{ns:.1}"));
    format!(
        "{{\"plugins\":\"{}\",\"batch\":{batch},\"wasm_ns_per_event\":{wasm:.1},\"native_ns_per_event\":{native}}}",
        plugins.join("+")
    )
}

/// The time of so many calls of the plugin's own code, without wasm and without the chain.
fn native<P: tapline_plugin::Plugin>(input: &Input, passes: usize) -> Duration {
    let (mut plugin, _) = Instance::<P>::configure("{}").expect("the default configuration");
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
    let columns = input.columns.iter().cloned().map(|(present, plain)| raw::Column {
        present,
        data: match plain {
            Plain::Text { ends, bytes } => raw::Data::Packed(raw::PackedText { ends, bytes }),
            Plain::Ints(values) => raw::Data::Ints(values),
            Plain::Floats(values) => raw::Data::Floats(values),
            Plain::Booleans(values) => raw::Data::Booleans(values),
        },
    });
    raw::Batch { rows: input.rows, ts_ns: input.ts_ns.clone(), columns: columns.collect() }
}
