//! `/metrics`: the router's own counters, and those of the trading stack, as Prometheus text.
//!
//! Every name comes from the contract: type, help, labels and caps are looked up there, and a family
//! that it does not declare is not exported but counted. Series are made at scrape time from counters
//! that live where they are counted; a scrape locks nothing that an event waits for.

mod events;
mod families;
mod histogram;
mod router;

use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{Encoder, TextEncoder};
use tapline_client::Telemetry;
use tapline_contract::Contract;

pub use events::EventCounts;
use families::Caps;
pub use families::{Families, Series};
pub use histogram::Histogram;
pub use router::Sources;

use crate::producers::{Family, Producers};

pub struct Exporter {
    contract: Arc<Contract>,
    sources: Sources,
    producers: Arc<Producers>,
    telemetry: Option<Telemetry>,
    caps: Mutex<Caps>,
}

impl Exporter {
    pub fn new(
        contract: Arc<Contract>,
        sources: Sources,
        producers: Arc<Producers>,
        telemetry: Option<Telemetry>,
    ) -> Self {
        Exporter { contract, sources, producers, telemetry, caps: Mutex::default() }
    }

    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut caps = self.caps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut families = Families::new(&self.contract, &mut caps);
        self.sources.collect(&self.contract, &mut families);
        if let Some(telemetry) = &self.telemetry {
            embedded(telemetry, &mut families);
        }
        for family in self.producers.families() {
            remote(&family, &mut families);
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&families.finish(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

/// Metrics of clients in this process.
fn embedded(telemetry: &Telemetry, families: &mut Families<'_>) {
    use tapline_client::metric::MetricValue;
    for family in telemetry.gather() {
        families.swallowed(family.name, family.swallowed);
        for sample in family.samples {
            let labels: Vec<(&str, &str)> = sample.labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let value = match sample.value {
                MetricValue::Counter(value) => Series::Counter(value as f64),
                MetricValue::Gauge(value) => Series::Gauge(value),
                MetricValue::Histogram { buckets, sum, count } => Series::Histogram { buckets, sum, count },
            };
            families.add(family.name, &labels, value);
        }
    }
}

/// Metrics of clients elsewhere, as their protocol brings them.
fn remote(family: &Family, families: &mut Families<'_>) {
    families.swallowed(&family.name, family.swallowed);
    for sample in &family.samples {
        let labels: Vec<(&str, &str)> =
            sample.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let value = match (&sample.value, &sample.sum, sample.count) {
            (Some(value), _, _) if family.kind == "counter" => Series::Counter(value.get()),
            (Some(value), _, _) => Series::Gauge(value.get()),
            (None, Some(sum), Some(count)) => {
                Series::Histogram { buckets: sample.buckets.clone(), sum: sum.get(), count }
            }
            _ => continue,
        };
        families.add(&family.name, &labels, value);
    }
}
