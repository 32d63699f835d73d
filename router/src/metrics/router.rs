//! The router's own metrics, read where they are counted.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use tapline_contract::{BUILT_INS, Contract};

use super::families::Families;
use crate::batch::ComponentRef;
use crate::chain::EntryStats;
use crate::clock;
use crate::ingest::socket::Sockets;
use crate::ingest::{Components, SchemaCount, SchemaCounts};
use crate::intake::{Intake, LANES};
use crate::journal::JournalStats;
use crate::ledger::Ledger;
use crate::receipts::Books;
use crate::sink::{SinkHandle, TableCounts};
use crate::worker::WorkerStats;

/// Everything that counts.
pub struct Sources {
    pub ledger: Arc<Ledger>,
    pub components: Arc<Components>,
    pub schema_counts: Arc<SchemaCounts>,
    pub intake: Arc<Intake>,
    pub sockets: Arc<Sockets>,
    pub sinks: Vec<Arc<SinkHandle>>,
    pub tables: Arc<[TableCounts]>,
    pub plugins: Vec<Arc<EntryStats>>,
    pub worker: Arc<WorkerStats>,
    pub journal: Arc<JournalStats>,
    pub books: Arc<Books>,
    /// Where anybody is told.
    pub notices: Option<tapline_notices::Handle>,
}

impl Sources {
    pub(super) fn collect(&self, contract: &Contract, families: &mut Families<'_>) {
        families.gauge(
            "build_info",
            &[
                ("version", env!("CARGO_PKG_VERSION")),
                ("git_sha", option_env!("TAPLINE_GIT_SHA").unwrap_or("unknown")),
                ("contract", &contract.hash),
            ],
            1.0,
        );
        self.accounting(families);
        self.schema(contract, families);
        self.ingest(families);
        self.destinations(contract, families);
        self.journal(families);
        for ((destination, outcome), n) in self.books.counts() {
            let labels = [("destination", destination.as_str()), ("outcome", outcome.code())];
            families.counter("tapline_deliveries_total", &labels, n);
        }
        if let Some(notices) = &self.notices {
            let status = notices.status();
            families.gauge("tapline_alerts_firing", &[], status.firing as f64);
            families.counter("tapline_pages_unreceipted_total", &[], status.counts.pages_unreceipted);
            families.counter("tapline_notices_dropped_total", &[], status.dropped);
        }
        for plugin in &self.plugins {
            plugin.collect(families);
        }
        self.worker.events.collect(contract, families);
        families.add("tapline_batch_events", &[], self.worker.batch_events.series());
        for (notice, n) in self.worker.notices.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = [("severity", notice.severity), ("state", notice.state)];
            families.counter("tapline_notices_total", &labels, *n);
        }
    }

    fn accounting(&self, families: &mut Families<'_>) {
        // Runs are no label: a producer that restarts must not make a new series each time.
        let mut emitted: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut delivered = emitted.clone();
        let mut pending = emitted.clone();
        let mut reasons: BTreeMap<(String, String, String, String), u64> = BTreeMap::new();
        for stream in self.ledger.snapshot().streams {
            let key = (stream.component.clone(), stream.lane.clone());
            *emitted.entry(key.clone()).or_default() += stream.totals.emitted;
            *delivered.entry(key.clone()).or_default() += stream.totals.delivered;
            *pending.entry(key).or_default() += stream.totals.pending;
            for count in stream.reasons {
                let key = (count.outcome, stream.component.clone(), stream.lane.clone(), count.reason);
                *reasons.entry(key).or_default() += count.count;
            }
        }
        for (name, counts) in
            [("tapline_events_emitted_total", &emitted), ("tapline_events_delivered_total", &delivered)]
        {
            for ((component, lane), n) in counts {
                families.counter(name, &[("component", component), ("lane", lane)], *n);
            }
        }
        for ((component, lane), n) in &pending {
            families.gauge("tapline_events_pending", &[("component", component), ("lane", lane)], *n as f64);
        }
        for ((outcome, component, lane, reason), n) in &reasons {
            let labels = [("component", component.as_str()), ("lane", lane), ("reason", reason)];
            families.counter(&format!("tapline_events_{outcome}_total"), &labels, *n);
            if reason == "producer_gap" {
                families.counter("tapline_sequence_holes_total", &labels[..2], *n);
            }
        }
    }

    fn schema(&self, contract: &Contract, families: &mut Families<'_>) {
        let mut names = self.components.names();
        names.shrink_to_fit();
        let component = |id: u16| names.get(usize::from(ComponentRef(id).0)).map_or("unknown", |name| name);
        for ((what, label), n) in self.schema_counts.all() {
            let at = usize::from(label);
            match what {
                SchemaCount::UnknownEvent => {
                    families.counter("tapline_unknown_events_total", &[("component", component(label))], n);
                }
                SchemaCount::UnknownField => {
                    families.counter("tapline_unknown_fields_total", &[("component", component(label))], n);
                }
                SchemaCount::TypeConflict => {
                    families.counter("tapline_kind_mismatches_total", &[("field", &contract.fields[at].name)], n);
                }
                SchemaCount::UnknownValue => {
                    families.counter("tapline_unknown_values_total", &[("field", &contract.fields[at].name)], n);
                }
                SchemaCount::MissingField => {
                    families.counter("tapline_missing_fields_total", &[("event", &contract.events[at].name)], n);
                }
                SchemaCount::NullJoinKey => {
                    families.counter("tapline_null_join_keys_total", &[("event", &contract.events[at].name)], n);
                }
                SchemaCount::ReservedKey => {
                    families.counter("tapline_reserved_keys_total", &[("key", BUILT_INS[at].name)], n);
                }
                other => {
                    families.counter("tapline_line_repairs_total", &[("repair", other.name())], n);
                }
            }
        }
    }

    fn ingest(&self, families: &mut Families<'_>) {
        for (lane, (depth, capacity)) in LANES.iter().zip(self.intake.queue_depths()) {
            let queue = format!("ingest_{lane}");
            families.gauge("tapline_queue_depth", &[("queue", &queue)], depth as f64);
            families.gauge("tapline_queue_capacity", &[("queue", &queue)], capacity as f64);
        }
        let sockets = &self.sockets;
        for (protocol, open, bytes) in
            [("unix", &sockets.open_unix, &sockets.bytes_unix), ("tcp", &sockets.open_tcp, &sockets.bytes_tcp)]
        {
            families.gauge("tapline_ingest_connections", &[("protocol", protocol)], open.load(Relaxed) as f64);
            families.counter("tapline_ingest_bytes_total", &[("protocol", protocol)], bytes.load(Relaxed));
        }
    }

    fn journal(&self, families: &mut Families<'_>) {
        let stats = &self.journal;
        families.gauge("tapline_journal_bytes", &[], stats.bytes.load(Relaxed) as f64);
        families.gauge("tapline_journal_budget_bytes", &[], stats.budget_bytes as f64);
        families.gauge("tapline_journal_failing", &[], f64::from(u8::from(stats.failing.load(Relaxed))));
        families.counter("tapline_journal_records_total", &[], stats.records.load(Relaxed));
        families.counter("tapline_journal_rows_total", &[], stats.rows.load(Relaxed));
        families.counter("tapline_journal_failures_total", &[], stats.failures.load(Relaxed));
        families.counter("tapline_journal_recovered_events_total", &[], stats.recovered_rows.load(Relaxed));
        families.add("tapline_journal_commit_seconds", &[], stats.commits.series());
    }

    fn destinations(&self, contract: &Contract, families: &mut Families<'_>) {
        for (table, counts) in contract.tables.iter().zip(self.tables.iter()) {
            let bare = table.name.rsplit('.').next().unwrap_or(&table.name);
            families.counter("tapline_audit_rows_offered_total", &[("table", bare)], counts.offered.load(Relaxed));
            families.counter("tapline_audit_rows_accepted_total", &[("table", bare)], counts.accepted.load(Relaxed));
        }
        for sink in &self.sinks {
            let (label, stats) = ([("sink", &*sink.name)], &sink.stats);
            families.counter("tapline_sink_events_total", &label, stats.delivered.load(Relaxed));
            families.counter("tapline_sink_retries_total", &label, stats.retries.load(Relaxed));
            families.counter(
                "tapline_sink_failures_total",
                &label,
                stats.dead_lettered.load(Relaxed) + stats.dropped.load(Relaxed),
            );
            families.gauge("tapline_sink_backlog_events", &label, stats.pending() as f64);
            let oldest_ns = stats.oldest_ns.load(Relaxed);
            if oldest_ns > 0 {
                let age_s = clock::now_ns().saturating_sub(oldest_ns) as f64 / 1e9;
                families.gauge("tapline_sink_backlog_age_seconds", &label, age_s.max(0.0));
            }
            let (_, owed_bytes) = sink.owed();
            families.gauge("tapline_sink_backlog_bytes", &label, owed_bytes as f64);
            families.add("tapline_sink_write_seconds", &label, stats.writes.series());
            for (sensitivity, n) in [("pii", &stats.withheld_pii), ("secret", &stats.withheld_secret)] {
                let labels = [("sink", &*sink.name), ("sensitivity", sensitivity)];
                families.counter("tapline_withheld_values_total", &labels, n.load(Relaxed));
            }
        }
    }
}
