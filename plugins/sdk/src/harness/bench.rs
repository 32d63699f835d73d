//! How long a plugin takes natively: the figure that its wasm one stands beside.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::project;
use crate::Plugin;
use crate::guest::Instance;

/// A measurement.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Median over the batches.
    pub ns_per_event: f64,
    pub batches: usize,
}

/// Time `process` over the events, cut into batches of so many rows, for about so long.
///
/// Only the plugin is timed: making the columns and dropping the answer are not. Rows without a
/// subscription count as events that cost nothing, as in the router.
pub fn bench<P: Plugin>(config: Value, events: &[Value], batch_rows: usize, time: Duration) -> Result<Timing, String> {
    let config = if config.is_null() { String::new() } else { config.to_string() };
    let (mut plugin, plan) = Instance::<P>::configure(&config)?;
    let batches: Vec<_> = events
        .chunks(batch_rows.max(1))
        .map(|events| {
            let rows = project::subscribed(&plan, events);
            (events.len(), project::batch(&plan, events, &rows))
        })
        .collect();
    if batches.is_empty() {
        return Err("no events to time".into());
    }
    let mut figures = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end || figures.is_empty() {
        for (events, batch) in &batches {
            let batch = batch.clone();
            let start = Instant::now();
            let output = plugin.process(batch);
            let took = start.elapsed();
            drop(std::hint::black_box(output?));
            figures.push(took.as_nanos() as f64 / *events as f64);
        }
    }
    figures.sort_by(f64::total_cmp);
    Ok(Timing { ns_per_event: figures[figures.len() / 2], batches: figures.len() })
}
