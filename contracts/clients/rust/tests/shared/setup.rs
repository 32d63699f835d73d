//! Both sides of a file, for the tests of it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tapline_client::shared::{Attached, discover};
use tapline_client::{Builder, Component, Emitter, Lane, Record, Telemetry, Value, events};

pub fn builder(folder: &Path) -> Builder {
    Telemetry::builder("test").env("test").spill_dir(folder.join("spill")).shared(folder.join("rings")).unwrap()
}

/// The one file that there is.
pub fn the_file(folder: &Path) -> PathBuf {
    let found = discover(&folder.join("rings")).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

pub fn attach(folder: &Path) -> Attached {
    Attached::open(&the_file(folder)).unwrap()
}

/// An audit event that is told by its two numbers.
pub fn emit(risk: &Emitter, producer: i64, n: i64) {
    risk.emit(&events::RiskDecision {
        strategy_id: "mm-1",
        intent_id: Some("intent-000001"),
        qty: Some(producer),
        price: Some(n),
        ..Default::default()
    });
}

pub fn number(record: &Record) -> (i64, i64) {
    let mut of = (-1, -1);
    let schema = record.schema().unwrap();
    for (index, value) in record.fields() {
        match (schema.field(index).unwrap().name, value) {
            ("qty", Value::Int(n)) => of.0 = n,
            ("price", Value::Int(n)) => of.1 = n,
            _ => {}
        }
    }
    of
}

pub fn seqs(records: &[Record]) -> Vec<u64> {
    records.iter().map(Record::seq).collect()
}

/// All that can be read now, released.
pub fn drain(attached: &Attached, lane: Lane) -> Vec<Record> {
    let mut all = Vec::new();
    while attached.has_events(lane) {
        let before = all.len();
        let mark = attached.read(lane, &mut all, 100).unwrap();
        attached.release(mark);
        if all.len() == before && attached.is_owner_alive() {
            break;
        }
    }
    all
}

/// Where the slots of the lane begin, by the file's own head.
pub fn slots_from(file: &File, lane: Lane) -> u64 {
    let mut head = [0; 8192];
    file.read_exact_at(&mut head, 0).unwrap();
    let length = u32::from_ne_bytes(head[12..16].try_into().unwrap()) as usize;
    let head: serde_json::Value = serde_json::from_slice(&head[20..20 + length]).unwrap();
    head["rings"][lane as usize]["from"].as_u64().unwrap()
}

pub fn risk(telemetry: &Telemetry) -> Emitter {
    telemetry.component(Component::Risk)
}
