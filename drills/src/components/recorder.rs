//! Recorder: writes ticks and fills to storage, and copes when storage does not.
//!
//! Rows gather in a batch that is written every quarter of a second. When a write fails the rows go to
//! a write-ahead log, and from there to storage once it is back. When the disk is full too, rows are
//! lost: that is counted, said, and stops trading, since a day that can't be reconstructed must not go
//! on. Storage is simulated: what is exercised is the recorder's own behaviour.

mod store;

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::{Component, events};

use self::store::Store;
use crate::canaries::CanaryKind;
use crate::components::storm_guard::HaltTrigger;
use crate::messages::{BusMessage, Fill, RecorderInput, RiskInput};
use crate::pace::{MILLISECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::voice::Voice;

const FLUSH_INTERVAL: SessionTime = 250 * MILLISECOND;

/// Bytes of a row, as storage counts them.
const TICK_BYTES: u64 = 48;
const FILL_BYTES: u64 = 160;

const TICKS_TABLE: &str = "market.ticks";
const FILLS_TABLE: &str = "trading.fills";

pub struct Recorder {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<RecorderInput>,
    risk: Sender<RiskInput>,
    store: Store,
    ticks: u64,
    fills: Vec<Fill>,
    /// Rows in the write-ahead log.
    logged: u64,
    next_flush: SessionTime,
    attempt: i64,
    lost: u64,
    /// Rows are being lost; said when it began.
    losing: bool,
}

// === impl Recorder ===

impl Recorder {
    pub fn new(scene: Arc<Scene>, inbox: Receiver<RecorderInput>, risk: Sender<RiskInput>) -> Self {
        Recorder {
            voice: scene.voice(Component::Recorder),
            store: Store::new(scene.dice(Component::Recorder)),
            scene,
            inbox,
            risk,
            ticks: 0,
            fills: Vec::new(),
            logged: 0,
            next_flush: 0,
            attempt: 0,
            lost: 0,
            losing: false,
        }
    }

    pub fn run(mut self) {
        while let Ok(input) = self.inbox.recv() {
            match input {
                RecorderInput::Bus(BusMessage::Tick(_)) => self.ticks += 1,
                RecorderInput::Fill(fill) => self.fills.push(fill),
                RecorderInput::Bus(BusMessage::Pulse(pulse)) => {
                    if pulse.at >= self.next_flush {
                        self.next_flush = pulse.at + FLUSH_INTERVAL;
                        self.flush();
                    }
                    self.scene.step.handled();
                }
                RecorderInput::Bus(BusMessage::Cue { cue, .. }) => match cue {
                    Cue::StoreDown { on } => self.store.set_down(on),
                    Cue::DiskFull { on } => self.store.set_disk_full(on),
                    _ => {}
                },
                RecorderInput::Bus(BusMessage::Stop) => {}
                RecorderInput::Stop => break,
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        let metrics = &self.scene.metrics;
        let waiting = self.ticks + self.fills.len() as u64 + self.logged;
        metrics.recorder_queue_depth.set(waiting as f64);
        if waiting == 0 {
            return;
        }
        let written = self.store.write(waiting);
        metrics.clickhouse_latency_ms.observe(written.duration_ms);
        metrics.clickhouse_up.set(f64::from(u8::from(written.ok)));
        if written.ok {
            self.attempt = 0;
            self.losing = false;
            let ticks = std::mem::take(&mut self.ticks) + std::mem::take(&mut self.logged);
            let fills = self.fills.len() as u64;
            self.fills.clear();
            self.emit_flush(TICKS_TABLE, ticks, TICK_BYTES, written.duration_ms);
            self.emit_flush(FILLS_TABLE, fills, FILL_BYTES, written.duration_ms);
            metrics.recorder_queue_depth.set(0.0);
        } else {
            self.attempt += 1;
            metrics.recorder_write_failures_total.inc();
            self.emit_failure(written.duration_ms);
            self.fall_back();
        }
    }

    fn emit_flush(&self, table: &str, rows: u64, row_bytes: u64, duration_ms: f64) {
        if rows > 0 {
            self.voice.emit(&events::RecorderFlush {
                rows: rows as i64,
                table: Some(table),
                bytes: Some((rows * row_bytes) as i64),
                duration_ms: Some(duration_ms),
            });
        }
    }

    fn emit_failure(&self, duration_ms: f64) {
        // The storage's client quotes its own connection string.
        let error = format!(
            "Code: 210. Connection refused (recorder:9000, password={})",
            self.scene.canaries.value(CanaryKind::Password)
        );
        self.voice.emit(&events::RecorderWriteFailed {
            error: &error,
            table: Some(TICKS_TABLE),
            rows: Some(self.ticks as i64),
            attempt: Some(self.attempt),
            error_type: Some("NetworkException"),
            duration_ms: Some(duration_ms),
        });
    }

    /// Rows that storage did not take go to the log, or are lost if the disk is full.
    fn fall_back(&mut self) {
        let fills = std::mem::take(&mut self.fills);
        let rows = std::mem::take(&mut self.ticks) + fills.len() as u64;
        if self.store.disk_has_room() {
            self.logged += rows;
            self.voice.emit(&events::RecorderFallback {
                table: TICKS_TABLE,
                rows: rows as i64,
                reason_code: Some("STORAGE_DOWN"),
                ..Default::default()
            });
            for fill in &fills {
                self.print(fill);
            }
        } else if rows > 0 {
            self.lose(rows);
        }
    }

    /// A fill is worth a line of its own where its row can't be stored.
    fn print(&self, fill: &Fill) {
        self.voice.emit(&events::AuditFallback {
            table: FILLS_TABLE,
            strategy_id: Some(fill.strategy.name()),
            symbol: Some(&self.scene.symbol),
            intent_id: Some(&fill.lineage.intent),
            reason_code: Some("STORAGE_DOWN"),
            ..Default::default()
        });
    }

    fn lose(&mut self, rows: u64) {
        self.lost += rows;
        self.voice.emit(&events::RecorderOverflow {
            dropped: rows as i64,
            table: Some(TICKS_TABLE),
            queue: Some("wal"),
            total_skipped: Some(self.lost as i64),
            policy: Some("drop_newest"),
            reason_code: Some("DISK_FULL"),
            ..Default::default()
        });
        if !std::mem::replace(&mut self.losing, true) {
            let trigger = HaltTrigger::RecorderDataLoss;
            let _ = self.risk.send(RiskInput::Alarm { trigger, strategy: None });
        }
    }
}
