//! What `gather` shows: absent gauges, counters from 0, caps, and text that a scraper can read.

use tapline_client::metric::{MetricFamily, MetricValue, text};
use tapline_client::{Component, Telemetry};

fn find(families: &[MetricFamily], name: &str) -> Option<MetricFamily> {
    families.iter().find(|family| family.name == name).cloned()
}

fn telemetry() -> Telemetry {
    Telemetry::builder("test").without_spill().build()
}

#[test]
fn only_a_metric_of_a_component_that_is_here_is_exported() {
    let telemetry = telemetry();
    assert_eq!(telemetry.gather(), []);
    telemetry.component(Component::Bus);
    let families = telemetry.gather();
    assert!(find(&families, "bus_overflow_total").is_some());
    assert!(find(&families, "risk_reject_total").is_none());
}

#[test]
fn a_counter_is_there_from_zero_and_a_gauge_only_once_it_is_set() {
    let telemetry = telemetry();
    telemetry.component(Component::Bus);
    telemetry.component(Component::MarketData);
    let value = |name: &str| {
        let family = find(&telemetry.gather(), name).unwrap();
        family.samples.into_iter().map(|sample| sample.value).collect::<Vec<_>>()
    };
    assert_eq!(value("bus_overflow_total"), [MetricValue::Counter(0)]);
    assert_eq!(value("bus_occupancy_ratio"), []);
    assert_eq!(value("feed_events_total").len(), 4);
    let metrics = telemetry.metrics();
    metrics.bus_overflow_total.inc();
    metrics.bus_occupancy_ratio.set(0.5);
    assert_eq!(value("bus_overflow_total"), [MetricValue::Counter(1)]);
    assert_eq!(value("bus_occupancy_ratio"), [MetricValue::Gauge(0.5)]);
    metrics.bus_occupancy_ratio.unset();
    assert_eq!(value("bus_occupancy_ratio"), []);
}

#[test]
fn a_label_beyond_its_cap_or_set_counts_as_other_and_is_remembered() {
    let telemetry = telemetry();
    let metrics = telemetry.metrics();
    for n in 0..100 {
        metrics.strategy_intents_total.with(&format!("s{n:03}")).inc();
    }
    metrics.strategy_intents_total.with("s000").inc();
    let family = find(&telemetry.gather(), "strategy_intents_total").unwrap();
    assert_eq!(family.samples.len(), 65, "64 strategies and _other");
    let of = |strategy: &str| {
        let sample = family.samples.iter().find(|sample| sample.labels[0].1 == strategy);
        sample.unwrap().value.clone()
    };
    assert_eq!(of("s000"), MetricValue::Counter(2));
    assert_eq!(of("_other"), MetricValue::Counter(36));
    assert_eq!(family.swallowed, 36);
    assert!(family.swallowed_names.contains(&"strategy=s064".to_owned()));

    metrics.risk_reject_total.with("POSITION_LIMIT_EXCEEDED: abs(-3) > 1").inc();
    let family = find(&telemetry.gather(), "risk_reject_total").unwrap();
    let other = family.samples.last().unwrap();
    assert_eq!((other.labels[0].1.as_str(), &other.value), ("_other", &MetricValue::Counter(1)));
    assert_eq!(family.swallowed, 1);
}

#[test]
fn two_closed_labels_have_an_accessor_for_each_pair() {
    let telemetry = telemetry();
    let metrics = telemetry.metrics();
    metrics.stormguard_transitions_total.normal_halt().inc();
    metrics.stormguard_transitions_total.with("NORMAL", "HALT").inc();
    let family = find(&telemetry.gather(), "stormguard_transitions_total").unwrap();
    assert_eq!(family.samples.len(), 16);
    let counted: Vec<_> = family.samples.iter().filter(|s| s.value != MetricValue::Counter(0)).collect();
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].value, MetricValue::Counter(2));
    assert_eq!(counted[0].labels, [("from", "NORMAL".to_owned()), ("to", "HALT".to_owned())]);
}

#[test]
fn a_histogram_counts_up_to_its_bounds() {
    let telemetry = telemetry();
    let latency = telemetry.metrics().strategy_latency_ns.with("mm-1");
    for value in [500.0, 1_000.0, 1_001.0, 5e9, f64::NAN] {
        latency.observe(value);
    }
    let family = find(&telemetry.gather(), "strategy_latency_ns").unwrap();
    let MetricValue::Histogram { buckets, sum, count } = &family.samples[0].value else {
        panic!("no histogram");
    };
    assert_eq!(&buckets[..2], [(1e3, 2), (2.5e3, 3)]);
    assert_eq!(buckets.last(), Some(&(1e9, 3)));
    assert_eq!((*sum, *count), (5_000_002_501.0, 5));
}

#[test]
fn the_text_is_what_a_scraper_reads() {
    let telemetry = telemetry();
    let metrics = telemetry.metrics();
    metrics.strategy_latency_ns.with("a \"b\"\\\n").observe(1_500.0);
    metrics.bus_occupancy_ratio.set(f64::INFINITY);
    let mut out = String::new();
    text::write(&telemetry.gather(), &mut out);
    for line in [
        "# TYPE bus_occupancy_ratio gauge\nbus_occupancy_ratio +Inf\n",
        "# TYPE strategy_latency_ns histogram\n",
        "strategy_latency_ns_bucket{strategy=\"a \\\"b\\\"\\\\\\n\",le=\"1000\"} 0\n",
        "strategy_latency_ns_bucket{strategy=\"a \\\"b\\\"\\\\\\n\",le=\"+Inf\"} 1\n",
        "strategy_latency_ns_sum{strategy=\"a \\\"b\\\"\\\\\\n\"} 1500\n",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    assert!(!out.contains("feed_gap_seconds"), "a gauge that is not set has no line");
}
