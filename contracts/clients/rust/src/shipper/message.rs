//! The lines of the protocol that are not events: what the producer writes, what the router answers.

use std::io::Write;

use serde::Deserialize;

use crate::metric::{MetricFamily, MetricValue};
use crate::record::json;
use crate::schema::{CONTRACT_HASH, Lane};
use crate::stream::StreamCounts;
use crate::{Component, Telemetry};

const PROTOCOL: u32 = 1;

/// A snapshot is split into lines of about this length.
const METRICS_LINE_BYTES: usize = 256 * 1024;

/// A line of the router's. Members that do not belong to it are absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) tapline: Option<String>,
    pub(super) chunk: Option<u64>,
    pub(super) reason: Option<String>,
    pub(super) ack: Option<u64>,
    pub(super) rejected: u64,
}

impl Answer {
    pub(super) fn parse(line: &[u8]) -> Option<Answer> {
        // serde would take a list for the members in their order.
        let is_object = line.trim_ascii_start().starts_with(b"{");
        is_object.then(|| serde_json::from_slice(line).ok())?
    }
}

pub(super) fn hello(telemetry: &Telemetry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tapline\":\"hello\",\"protocol\":");
    number(PROTOCOL, out);
    who(telemetry, out);
    pid(telemetry, out);
    text_member("run", telemetry.run(), out);
    text_member("contract", CONTRACT_HASH, out);
    text_member("client", concat!("rust ", env!("CARGO_PKG_VERSION")), out);
    out.extend_from_slice(b",\"ack\":true}\n");
}

/// What every event line of the run begins with, its comma included.
pub(super) fn event_prefix(telemetry: &Telemetry, run: &str) -> Vec<u8> {
    let mut out = Vec::new();
    who(telemetry, &mut out);
    if run == telemetry.run() {
        pid(telemetry, &mut out);
    }
    text_member("run", run, &mut out);
    out[0] = b'{';
    out.push(b',');
    out
}

pub(super) fn chunk_head(n: u64, lines: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tapline\":\"chunk\",\"n\":");
    number(n, out);
    out.extend_from_slice(b",\"lines\":");
    number(lines, out);
    out.extend_from_slice(b"}\n");
}

pub(super) fn bye(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tapline\":\"bye\"}\n");
}

/// A stream's counts, and how many of its events are sent and not acknowledged.
pub(super) struct Counted {
    pub(super) component: Component,
    pub(super) lane: Lane,
    pub(super) counts: StreamCounts,
    pub(super) unacked: u64,
}

pub(super) fn counts(ts_ns: u64, streams: &[Counted], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tapline\":\"counts\",\"ts\":");
    number(ts_ns, out);
    out.extend_from_slice(b",\"streams\":[");
    let mut comma = b"".as_slice();
    for Counted { component, lane, counts, unacked } in streams {
        out.extend_from_slice(comma);
        comma = b",";
        out.extend_from_slice(b"{\"component\":");
        json::write_text(component.name(), out);
        text_member("lane", lane.name(), out);
        for (name, value) in [
            ("emitted", counts.emitted),
            ("queued", counts.queued),
            ("spilled", counts.spilled),
            ("unacked", *unacked),
            ("truncated", counts.truncated),
        ] {
            member(name, out);
            number(value, out);
        }
        out.extend_from_slice(b",\"dropped\":{");
        let mut comma = b"".as_slice();
        for (reason, count) in counts.dropped_reasons() {
            out.extend_from_slice(comma);
            comma = b",";
            json::write_text(reason, out);
            out.push(b':');
            number(count, out);
        }
        out.extend_from_slice(b"}}");
    }
    out.extend_from_slice(b"]}\n");
}

pub(super) fn metrics(ts_ns: u64, families: &[MetricFamily], out: &mut Vec<u8>) {
    let mut families = families.iter().peekable();
    while families.peek().is_some() {
        let line = out.len();
        out.extend_from_slice(b"{\"tapline\":\"metrics\",\"ts\":");
        number(ts_ns, out);
        out.extend_from_slice(b",\"families\":[");
        let mut comma = b"".as_slice();
        while out.len() - line < METRICS_LINE_BYTES
            && let Some(next) = families.next()
        {
            out.extend_from_slice(comma);
            comma = b",";
            family(next, out);
        }
        out.extend_from_slice(b"]}\n");
    }
}

fn family(family: &MetricFamily, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    json::write_text(family.name, out);
    text_member("type", family.kind.name(), out);
    text_member("help", family.help, out);
    text_member("owner", family.owner.name(), out);
    if family.swallowed > 0 {
        member("swallowed", out);
        number(family.swallowed, out);
        member("swallowed_names", out);
        list(&family.swallowed_names, out, |name, out| json::write_text(name, out));
    }
    member("samples", out);
    list(&family.samples, out, |sample, out| {
        out.extend_from_slice(b"{\"labels\":{");
        let mut comma = b"".as_slice();
        for (label, value) in &sample.labels {
            out.extend_from_slice(comma);
            comma = b",";
            json::write_text(label, out);
            out.push(b':');
            json::write_text(value, out);
        }
        out.push(b'}');
        match &sample.value {
            MetricValue::Counter(value) => {
                member("value", out);
                number(value, out);
            }
            MetricValue::Gauge(value) => {
                member("value", out);
                any_float(*value, out);
            }
            MetricValue::Histogram { buckets, sum, count } => {
                member("buckets", out);
                list(buckets, out, |(bound, reached), out| {
                    out.push(b'[');
                    any_float(*bound, out);
                    out.push(b',');
                    number(reached, out);
                    out.push(b']');
                });
                member("sum", out);
                any_float(*sum, out);
                member("count", out);
                number(count, out);
            }
        }
        out.push(b'}');
    });
    out.push(b'}');
}

fn list<T>(items: &[T], out: &mut Vec<u8>, item: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, next) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(next, out);
    }
    out.push(b']');
}

fn who(telemetry: &Telemetry, out: &mut Vec<u8>) {
    text_member("service", telemetry.service(), out);
    text_member("env", telemetry.env(), out);
    text_member("host", telemetry.host(), out);
}

fn pid(telemetry: &Telemetry, out: &mut Vec<u8>) {
    member("pid", out);
    number(telemetry.pid(), out);
}

fn text_member(name: &str, text: &str, out: &mut Vec<u8>) {
    member(name, out);
    json::write_text(text, out);
}

/// `,"name":`
fn member(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    json::write_text(name, out);
    out.push(b':');
}

/// JSON has no infinities; Prometheus does.
fn any_float(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"\"+Inf\"" } else { b"\"-Inf\"" });
    } else {
        json::write_float(value, out);
    }
}

fn number(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("a Vec takes every byte");
}
