//! One member for each metric of the contract.
//!
//! Generated from `contracts/trading.toml` by `cargo xtask bless`; do not edit.

use std::sync::Arc;

use crate::metric::{Closed, Counter, Gauge, Histogram, MetricFamily, Open};
use crate::schema::METRICS;

/// The handles of all metrics of the contract.
#[derive(Debug)]
pub struct Metrics {
    /// Market data events taken in, by type.
    pub feed_events_total: FeedEventsTotal,
    /// Time since the last market data event.
    pub feed_gap_seconds: FeedGapSeconds,
    /// From the arrival of a packet to the normalised event.
    pub feed_latency_ns: FeedLatencyNs,
    /// Attempts to open a feed connection again, by how they ended.
    pub feed_reconnect_total: FeedReconnectTotal,
    /// Time of the last event of a source, seconds since 1970; absent until there was one.
    pub feed_last_event_ts: FeedLastEventTs,
    /// 1 while the connection is up, 0 while it is down.
    pub feed_connected: FeedConnected,
    /// Use of the broker's call quota, 0 to 1.
    pub api_usage_ratio: ApiUsageRatio,
    /// How full the bus is, 0 to 1.
    pub bus_occupancy_ratio: BusOccupancyRatio,
    /// Times that the bus was full and events were lost.
    pub bus_overflow_total: BusOverflowTotal,
    /// Events that a consumer is behind.
    pub bus_consumer_lag: BusConsumerLag,
    /// From the market data event to the strategy's decision.
    pub strategy_latency_ns: StrategyLatencyNs,
    /// Intents that a strategy created.
    pub strategy_intents_total: StrategyIntentsTotal,
    /// Intents that the risk check refused, by reason.
    pub risk_reject_total: RiskRejectTotal,
    /// StormGuard mode: 0 NORMAL, 1 WARM, 2 STORM, 3 HALT.
    pub stormguard_mode: StormguardMode,
    /// Changes of the StormGuard mode.
    pub stormguard_transitions_total: StormguardTransitionsTotal,
    /// What went to the broker and what came back, by type.
    pub order_actions_total: OrderActionsTotal,
    /// Orders that the broker refused, by reason.
    pub order_reject_total: OrderRejectTotal,
    /// Share of orders refused over the last minute, 0 to 1; absent without orders.
    pub order_reject_rate: OrderRejectRate,
    /// From sending an order to the broker's answer.
    pub order_latency_ns: OrderLatencyNs,
    /// Orders in the current rate window.
    pub order_rate_window: OrderRateWindow,
    /// Orders in the current rate window against its hard limit, 0 to 1.
    pub order_rate_limit_ratio: OrderRateLimitRatio,
    /// 0 closed, 1 half open, 2 open.
    pub circuit_breaker_state: CircuitBreakerState,
    /// Reports from the broker, by type.
    pub execution_events_total: ExecutionEventsTotal,
    /// Fills that were reported but could not be recorded.
    pub execution_fill_lost_total: ExecutionFillLostTotal,
    /// Time since the broker's last report; absent until there was one.
    pub callback_gap_seconds: CallbackGapSeconds,
    /// From the fill to the changed position that risk sees.
    pub position_delta_latency_ns: PositionDeltaLatencyNs,
    /// Realized profit since the start of the day, in the account's currency.
    pub pnl_realized: PnlRealized,
    /// Unrealized profit, in the account's currency.
    pub pnl_unrealized: PnlUnrealized,
    /// Notional of the positions, in the account's currency.
    pub exposure_notional: ExposureNotional,
    /// Loss from the day's peak against the day's budget, 0 to 1.
    pub drawdown_ratio: DrawdownRatio,
    /// Open positions.
    pub position_count: PositionCount,
    /// How long a comparison with the broker's positions took.
    pub reconciliation_duration_ms: ReconciliationDurationMs,
    /// Positions that differed from the broker's at the last comparison; absent until there was one.
    pub reconciliation_discrepancy_count: ReconciliationDiscrepancyCount,
    /// Writes to storage that failed.
    pub recorder_write_failures_total: RecorderWriteFailuresTotal,
    /// Rows waiting to be written.
    pub recorder_queue_depth: RecorderQueueDepth,
    /// How long an insert took.
    pub clickhouse_latency_ms: ClickhouseLatencyMs,
    /// 1 while storage answers, 0 while it does not; absent until it was asked.
    pub clickhouse_up: ClickhouseUp,
    /// Starts of the trading process since the day began, this one not counted.
    pub process_restart_count: ProcessRestartCount,
    /// 1 while the market is open, 0 while it is closed.
    pub market_session_active: MarketSessionActive,
    /// Always 1; what is running.
    pub build_info: BuildInfo,
    /// Events that producers numbered or lines that arrived: what has to be accounted for.
    pub tapline_events_emitted_total: TaplineEventsEmittedTotal,
    /// Events that every destination has confirmed.
    pub tapline_events_delivered_total: TaplineEventsDeliveredTotal,
    /// Events that a plugin ended, or that no route wanted.
    pub tapline_events_filtered_total: TaplineEventsFilteredTotal,
    /// Events that were refused at the border, by reason.
    pub tapline_events_rejected_total: TaplineEventsRejectedTotal,
    /// Events that were lost, by reason: there is no other loss.
    pub tapline_events_dropped_total: TaplineEventsDroppedTotal,
    /// Events that were set aside with the fault that stopped them.
    pub tapline_events_dead_lettered_total: TaplineEventsDeadLetteredTotal,
    /// Events on their way.
    pub tapline_events_pending: TaplineEventsPending,
    /// Numbers missing in a producer's sequence: its own losses.
    pub tapline_sequence_holes_total: TaplineSequenceHolesTotal,
    /// Rows offered to an audit table.
    pub tapline_audit_rows_offered_total: TaplineAuditRowsOfferedTotal,
    /// Rows that an audit table took: less than offered means loss.
    pub tapline_audit_rows_accepted_total: TaplineAuditRowsAcceptedTotal,
    /// Events waiting in a queue.
    pub tapline_queue_depth: TaplineQueueDepth,
    /// Events that fit into a queue.
    pub tapline_queue_capacity: TaplineQueueCapacity,
    /// Events in a batch.
    pub tapline_batch_events: TaplineBatchEvents,
    /// Open connections of producers.
    pub tapline_ingest_connections: TaplineIngestConnections,
    /// Bytes that arrived.
    pub tapline_ingest_bytes_total: TaplineIngestBytesTotal,
    /// Events with a name that the contract does not know.
    pub tapline_unknown_events_total: TaplineUnknownEventsTotal,
    /// Fields that the contract does not know, kept in details.
    pub tapline_unknown_fields_total: TaplineUnknownFieldsTotal,
    /// Events taken in, by name: who talks most. Names that the contract does not have, beyond 128 of them, count under _other.
    pub tapline_events_by_name_total: TaplineEventsByNameTotal,
    /// Required fields that an event did not have.
    pub tapline_missing_fields_total: TaplineMissingFieldsTotal,
    /// Audit events whose required join key is absent or empty: rows that can't be followed.
    pub tapline_null_join_keys_total: TaplineNullJoinKeysTotal,
    /// Values of another kind than declared, kept in details.
    pub tapline_kind_mismatches_total: TaplineKindMismatchesTotal,
    /// Values outside their field's closed set, kept as they came.
    pub tapline_unknown_values_total: TaplineUnknownValuesTotal,
    /// Lines that were taken although something in them had to be converted, repaired or left to the router.
    pub tapline_line_repairs_total: TaplineLineRepairsTotal,
    /// Keys that lines used for something else than Tapline does, kept as field.\<name>.
    pub tapline_reserved_keys_total: TaplineReservedKeysTotal,
    /// Values that the host masked because the destination is not cleared for them.
    pub tapline_withheld_values_total: TaplineWithheldValuesTotal,
    /// Samples counted under _other because their label was full or the value not in its set.
    pub tapline_label_values_capped_total: TaplineLabelValuesCappedTotal,
    /// Time that a plugin took for a batch.
    pub tapline_plugin_duration_seconds: TaplinePluginDurationSeconds,
    /// Events that a plugin saw.
    pub tapline_plugin_events_total: TaplinePluginEventsTotal,
    /// Faults of a plugin, by kind.
    pub tapline_plugin_faults_total: TaplinePluginFaultsTotal,
    /// Memory of a plugin's instances.
    pub tapline_plugin_memory_bytes: TaplinePluginMemoryBytes,
    /// 1 for the version of a plugin that is in service.
    pub tapline_plugin_active: TaplinePluginActive,
    /// 1 while a plugin is out of service because it kept failing.
    pub tapline_plugin_quarantined: TaplinePluginQuarantined,
    /// Alerts of plugins and of the router itself.
    pub tapline_notices_total: TaplineNoticesTotal,
    /// Pages and messages sent, by what came of them.
    pub tapline_deliveries_total: TaplineDeliveriesTotal,
    /// Alerts that fire, as the board of notices knows them.
    pub tapline_alerts_firing: TaplineAlertsFiring,
    /// Pages without a receipt from any of their destinations.
    pub tapline_pages_unreceipted_total: TaplinePagesUnreceiptedTotal,
    /// Notices for which the board had no room; the journal hands them over again.
    pub tapline_notices_dropped_total: TaplineNoticesDroppedTotal,
    /// Events that a destination confirmed.
    pub tapline_sink_events_total: TaplineSinkEventsTotal,
    /// Bytes of the journal, on disk and on the way there.
    pub tapline_journal_bytes: TaplineJournalBytes,
    /// Bytes that the journal never exceeds; log events may use 70 %, audit events 95 %.
    pub tapline_journal_budget_bytes: TaplineJournalBudgetBytes,
    /// 1 while the journal can't be written, so that audit events are not taken.
    pub tapline_journal_failing: TaplineJournalFailing,
    /// Records written to the journal.
    pub tapline_journal_records_total: TaplineJournalRecordsTotal,
    /// Audit rows that got a position in the hash chain.
    pub tapline_journal_rows_total: TaplineJournalRowsTotal,
    /// Commits of the journal that failed; they are tried again.
    pub tapline_journal_failures_total: TaplineJournalFailuresTotal,
    /// Events of the run before that were still in the journal at the start.
    pub tapline_journal_recovered_events_total: TaplineJournalRecoveredEventsTotal,
    /// From the first write of a commit to the end of its sync.
    pub tapline_journal_commit_seconds: TaplineJournalCommitSeconds,
    /// How long a destination took for a batch.
    pub tapline_sink_write_seconds: TaplineSinkWriteSeconds,
    /// Writes that had to be tried again.
    pub tapline_sink_retries_total: TaplineSinkRetriesTotal,
    /// Writes that failed.
    pub tapline_sink_failures_total: TaplineSinkFailuresTotal,
    /// Events that wait for a destination.
    pub tapline_sink_backlog_events: TaplineSinkBacklogEvents,
    /// Bytes that wait for a destination.
    pub tapline_sink_backlog_bytes: TaplineSinkBacklogBytes,
    /// Age of the oldest event that waits for a destination; absent when none waits.
    pub tapline_sink_backlog_age_seconds: TaplineSinkBacklogAgeSeconds,
    /// Bytes of audit events on disk that have not been delivered yet.
    pub tapline_spill_bytes: TaplineSpillBytes,
    /// Configurations and plugins loaded again, by how it went.
    pub tapline_reloads_total: TaplineReloadsTotal,
    /// Lines that a plugin or the router itself printed beyond their rate.
    pub tapline_log_lines_suppressed_total: TaplineLogLinesSuppressedTotal,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            feed_events_total: FeedEventsTotal { family: Closed::new(&METRICS[0]) },
            feed_gap_seconds: FeedGapSeconds { family: Closed::new(&METRICS[1]) },
            feed_latency_ns: FeedLatencyNs { family: Closed::new(&METRICS[2]) },
            feed_reconnect_total: FeedReconnectTotal { family: Closed::new(&METRICS[3]) },
            feed_last_event_ts: FeedLastEventTs { family: Open::new(&METRICS[4]) },
            feed_connected: FeedConnected { family: Open::new(&METRICS[5]) },
            api_usage_ratio: ApiUsageRatio { family: Closed::new(&METRICS[6]) },
            bus_occupancy_ratio: BusOccupancyRatio { family: Closed::new(&METRICS[7]) },
            bus_overflow_total: BusOverflowTotal { family: Closed::new(&METRICS[8]) },
            bus_consumer_lag: BusConsumerLag { family: Open::new(&METRICS[9]) },
            strategy_latency_ns: StrategyLatencyNs { family: Open::new(&METRICS[10]) },
            strategy_intents_total: StrategyIntentsTotal { family: Open::new(&METRICS[11]) },
            risk_reject_total: RiskRejectTotal { family: Closed::new(&METRICS[12]) },
            stormguard_mode: StormguardMode { family: Open::new(&METRICS[13]) },
            stormguard_transitions_total: StormguardTransitionsTotal { family: Closed::new(&METRICS[14]) },
            order_actions_total: OrderActionsTotal { family: Closed::new(&METRICS[15]) },
            order_reject_total: OrderRejectTotal { family: Closed::new(&METRICS[16]) },
            order_reject_rate: OrderRejectRate { family: Closed::new(&METRICS[17]) },
            order_latency_ns: OrderLatencyNs { family: Closed::new(&METRICS[18]) },
            order_rate_window: OrderRateWindow { family: Closed::new(&METRICS[19]) },
            order_rate_limit_ratio: OrderRateLimitRatio { family: Closed::new(&METRICS[20]) },
            circuit_breaker_state: CircuitBreakerState { family: Closed::new(&METRICS[21]) },
            execution_events_total: ExecutionEventsTotal { family: Closed::new(&METRICS[22]) },
            execution_fill_lost_total: ExecutionFillLostTotal { family: Closed::new(&METRICS[23]) },
            callback_gap_seconds: CallbackGapSeconds { family: Closed::new(&METRICS[24]) },
            position_delta_latency_ns: PositionDeltaLatencyNs { family: Closed::new(&METRICS[25]) },
            pnl_realized: PnlRealized { family: Open::new(&METRICS[26]) },
            pnl_unrealized: PnlUnrealized { family: Open::new(&METRICS[27]) },
            exposure_notional: ExposureNotional { family: Closed::new(&METRICS[28]) },
            drawdown_ratio: DrawdownRatio { family: Closed::new(&METRICS[29]) },
            position_count: PositionCount { family: Closed::new(&METRICS[30]) },
            reconciliation_duration_ms: ReconciliationDurationMs { family: Closed::new(&METRICS[31]) },
            reconciliation_discrepancy_count: ReconciliationDiscrepancyCount { family: Closed::new(&METRICS[32]) },
            recorder_write_failures_total: RecorderWriteFailuresTotal { family: Closed::new(&METRICS[33]) },
            recorder_queue_depth: RecorderQueueDepth { family: Closed::new(&METRICS[34]) },
            clickhouse_latency_ms: ClickhouseLatencyMs { family: Closed::new(&METRICS[35]) },
            clickhouse_up: ClickhouseUp { family: Closed::new(&METRICS[36]) },
            process_restart_count: ProcessRestartCount { family: Closed::new(&METRICS[37]) },
            market_session_active: MarketSessionActive { family: Closed::new(&METRICS[38]) },
            build_info: BuildInfo { family: Open::new(&METRICS[39]) },
            tapline_events_emitted_total: TaplineEventsEmittedTotal { family: Open::new(&METRICS[40]) },
            tapline_events_delivered_total: TaplineEventsDeliveredTotal { family: Open::new(&METRICS[41]) },
            tapline_events_filtered_total: TaplineEventsFilteredTotal { family: Open::new(&METRICS[42]) },
            tapline_events_rejected_total: TaplineEventsRejectedTotal { family: Open::new(&METRICS[43]) },
            tapline_events_dropped_total: TaplineEventsDroppedTotal { family: Open::new(&METRICS[44]) },
            tapline_events_dead_lettered_total: TaplineEventsDeadLetteredTotal { family: Open::new(&METRICS[45]) },
            tapline_events_pending: TaplineEventsPending { family: Open::new(&METRICS[46]) },
            tapline_sequence_holes_total: TaplineSequenceHolesTotal { family: Open::new(&METRICS[47]) },
            tapline_audit_rows_offered_total: TaplineAuditRowsOfferedTotal { family: Closed::new(&METRICS[48]) },
            tapline_audit_rows_accepted_total: TaplineAuditRowsAcceptedTotal { family: Closed::new(&METRICS[49]) },
            tapline_queue_depth: TaplineQueueDepth { family: Open::new(&METRICS[50]) },
            tapline_queue_capacity: TaplineQueueCapacity { family: Open::new(&METRICS[51]) },
            tapline_batch_events: TaplineBatchEvents { family: Closed::new(&METRICS[52]) },
            tapline_ingest_connections: TaplineIngestConnections { family: Closed::new(&METRICS[53]) },
            tapline_ingest_bytes_total: TaplineIngestBytesTotal { family: Closed::new(&METRICS[54]) },
            tapline_unknown_events_total: TaplineUnknownEventsTotal { family: Open::new(&METRICS[55]) },
            tapline_unknown_fields_total: TaplineUnknownFieldsTotal { family: Open::new(&METRICS[56]) },
            tapline_events_by_name_total: TaplineEventsByNameTotal { family: Open::new(&METRICS[57]) },
            tapline_missing_fields_total: TaplineMissingFieldsTotal { family: Open::new(&METRICS[58]) },
            tapline_null_join_keys_total: TaplineNullJoinKeysTotal { family: Open::new(&METRICS[59]) },
            tapline_kind_mismatches_total: TaplineKindMismatchesTotal { family: Open::new(&METRICS[60]) },
            tapline_unknown_values_total: TaplineUnknownValuesTotal { family: Open::new(&METRICS[61]) },
            tapline_line_repairs_total: TaplineLineRepairsTotal { family: Closed::new(&METRICS[62]) },
            tapline_reserved_keys_total: TaplineReservedKeysTotal { family: Closed::new(&METRICS[63]) },
            tapline_withheld_values_total: TaplineWithheldValuesTotal { family: Open::new(&METRICS[64]) },
            tapline_label_values_capped_total: TaplineLabelValuesCappedTotal { family: Open::new(&METRICS[65]) },
            tapline_plugin_duration_seconds: TaplinePluginDurationSeconds { family: Open::new(&METRICS[66]) },
            tapline_plugin_events_total: TaplinePluginEventsTotal { family: Open::new(&METRICS[67]) },
            tapline_plugin_faults_total: TaplinePluginFaultsTotal { family: Open::new(&METRICS[68]) },
            tapline_plugin_memory_bytes: TaplinePluginMemoryBytes { family: Open::new(&METRICS[69]) },
            tapline_plugin_active: TaplinePluginActive { family: Open::new(&METRICS[70]) },
            tapline_plugin_quarantined: TaplinePluginQuarantined { family: Open::new(&METRICS[71]) },
            tapline_notices_total: TaplineNoticesTotal { family: Closed::new(&METRICS[72]) },
            tapline_deliveries_total: TaplineDeliveriesTotal { family: Open::new(&METRICS[73]) },
            tapline_alerts_firing: TaplineAlertsFiring { family: Closed::new(&METRICS[74]) },
            tapline_pages_unreceipted_total: TaplinePagesUnreceiptedTotal { family: Closed::new(&METRICS[75]) },
            tapline_notices_dropped_total: TaplineNoticesDroppedTotal { family: Closed::new(&METRICS[76]) },
            tapline_sink_events_total: TaplineSinkEventsTotal { family: Open::new(&METRICS[77]) },
            tapline_journal_bytes: TaplineJournalBytes { family: Closed::new(&METRICS[78]) },
            tapline_journal_budget_bytes: TaplineJournalBudgetBytes { family: Closed::new(&METRICS[79]) },
            tapline_journal_failing: TaplineJournalFailing { family: Closed::new(&METRICS[80]) },
            tapline_journal_records_total: TaplineJournalRecordsTotal { family: Closed::new(&METRICS[81]) },
            tapline_journal_rows_total: TaplineJournalRowsTotal { family: Closed::new(&METRICS[82]) },
            tapline_journal_failures_total: TaplineJournalFailuresTotal { family: Closed::new(&METRICS[83]) },
            tapline_journal_recovered_events_total: TaplineJournalRecoveredEventsTotal { family: Closed::new(&METRICS[84]) },
            tapline_journal_commit_seconds: TaplineJournalCommitSeconds { family: Closed::new(&METRICS[85]) },
            tapline_sink_write_seconds: TaplineSinkWriteSeconds { family: Open::new(&METRICS[86]) },
            tapline_sink_retries_total: TaplineSinkRetriesTotal { family: Open::new(&METRICS[87]) },
            tapline_sink_failures_total: TaplineSinkFailuresTotal { family: Open::new(&METRICS[88]) },
            tapline_sink_backlog_events: TaplineSinkBacklogEvents { family: Open::new(&METRICS[89]) },
            tapline_sink_backlog_bytes: TaplineSinkBacklogBytes { family: Open::new(&METRICS[90]) },
            tapline_sink_backlog_age_seconds: TaplineSinkBacklogAgeSeconds { family: Open::new(&METRICS[91]) },
            tapline_spill_bytes: TaplineSpillBytes { family: Closed::new(&METRICS[92]) },
            tapline_reloads_total: TaplineReloadsTotal { family: Closed::new(&METRICS[93]) },
            tapline_log_lines_suppressed_total: TaplineLogLinesSuppressedTotal { family: Open::new(&METRICS[94]) },
        }
    }

    pub(crate) fn gather(&self, families: &mut Vec<MetricFamily>) {
        self.feed_events_total.family.gather(families);
        self.feed_gap_seconds.family.gather(families);
        self.feed_latency_ns.family.gather(families);
        self.feed_reconnect_total.family.gather(families);
        self.feed_last_event_ts.family.gather(families);
        self.feed_connected.family.gather(families);
        self.api_usage_ratio.family.gather(families);
        self.bus_occupancy_ratio.family.gather(families);
        self.bus_overflow_total.family.gather(families);
        self.bus_consumer_lag.family.gather(families);
        self.strategy_latency_ns.family.gather(families);
        self.strategy_intents_total.family.gather(families);
        self.risk_reject_total.family.gather(families);
        self.stormguard_mode.family.gather(families);
        self.stormguard_transitions_total.family.gather(families);
        self.order_actions_total.family.gather(families);
        self.order_reject_total.family.gather(families);
        self.order_reject_rate.family.gather(families);
        self.order_latency_ns.family.gather(families);
        self.order_rate_window.family.gather(families);
        self.order_rate_limit_ratio.family.gather(families);
        self.circuit_breaker_state.family.gather(families);
        self.execution_events_total.family.gather(families);
        self.execution_fill_lost_total.family.gather(families);
        self.callback_gap_seconds.family.gather(families);
        self.position_delta_latency_ns.family.gather(families);
        self.pnl_realized.family.gather(families);
        self.pnl_unrealized.family.gather(families);
        self.exposure_notional.family.gather(families);
        self.drawdown_ratio.family.gather(families);
        self.position_count.family.gather(families);
        self.reconciliation_duration_ms.family.gather(families);
        self.reconciliation_discrepancy_count.family.gather(families);
        self.recorder_write_failures_total.family.gather(families);
        self.recorder_queue_depth.family.gather(families);
        self.clickhouse_latency_ms.family.gather(families);
        self.clickhouse_up.family.gather(families);
        self.process_restart_count.family.gather(families);
        self.market_session_active.family.gather(families);
        self.build_info.family.gather(families);
        self.tapline_events_emitted_total.family.gather(families);
        self.tapline_events_delivered_total.family.gather(families);
        self.tapline_events_filtered_total.family.gather(families);
        self.tapline_events_rejected_total.family.gather(families);
        self.tapline_events_dropped_total.family.gather(families);
        self.tapline_events_dead_lettered_total.family.gather(families);
        self.tapline_events_pending.family.gather(families);
        self.tapline_sequence_holes_total.family.gather(families);
        self.tapline_audit_rows_offered_total.family.gather(families);
        self.tapline_audit_rows_accepted_total.family.gather(families);
        self.tapline_queue_depth.family.gather(families);
        self.tapline_queue_capacity.family.gather(families);
        self.tapline_batch_events.family.gather(families);
        self.tapline_ingest_connections.family.gather(families);
        self.tapline_ingest_bytes_total.family.gather(families);
        self.tapline_unknown_events_total.family.gather(families);
        self.tapline_unknown_fields_total.family.gather(families);
        self.tapline_events_by_name_total.family.gather(families);
        self.tapline_missing_fields_total.family.gather(families);
        self.tapline_null_join_keys_total.family.gather(families);
        self.tapline_kind_mismatches_total.family.gather(families);
        self.tapline_unknown_values_total.family.gather(families);
        self.tapline_line_repairs_total.family.gather(families);
        self.tapline_reserved_keys_total.family.gather(families);
        self.tapline_withheld_values_total.family.gather(families);
        self.tapline_label_values_capped_total.family.gather(families);
        self.tapline_plugin_duration_seconds.family.gather(families);
        self.tapline_plugin_events_total.family.gather(families);
        self.tapline_plugin_faults_total.family.gather(families);
        self.tapline_plugin_memory_bytes.family.gather(families);
        self.tapline_plugin_active.family.gather(families);
        self.tapline_plugin_quarantined.family.gather(families);
        self.tapline_notices_total.family.gather(families);
        self.tapline_deliveries_total.family.gather(families);
        self.tapline_alerts_firing.family.gather(families);
        self.tapline_pages_unreceipted_total.family.gather(families);
        self.tapline_notices_dropped_total.family.gather(families);
        self.tapline_sink_events_total.family.gather(families);
        self.tapline_journal_bytes.family.gather(families);
        self.tapline_journal_budget_bytes.family.gather(families);
        self.tapline_journal_failing.family.gather(families);
        self.tapline_journal_records_total.family.gather(families);
        self.tapline_journal_rows_total.family.gather(families);
        self.tapline_journal_failures_total.family.gather(families);
        self.tapline_journal_recovered_events_total.family.gather(families);
        self.tapline_journal_commit_seconds.family.gather(families);
        self.tapline_sink_write_seconds.family.gather(families);
        self.tapline_sink_retries_total.family.gather(families);
        self.tapline_sink_failures_total.family.gather(families);
        self.tapline_sink_backlog_events.family.gather(families);
        self.tapline_sink_backlog_bytes.family.gather(families);
        self.tapline_sink_backlog_age_seconds.family.gather(families);
        self.tapline_spill_bytes.family.gather(families);
        self.tapline_reloads_total.family.gather(families);
        self.tapline_log_lines_suppressed_total.family.gather(families);
    }
}

/// Handles of [`feed_events_total`](Metrics::feed_events_total).
#[derive(Debug)]
pub struct FeedEventsTotal {
    family: Closed<Counter>,
}

impl FeedEventsTotal {
    /// `type="tick"`
    #[inline]
    pub fn tick(&self) -> &Counter {
        self.family.at(0)
    }

    /// `type="bidask"`
    #[inline]
    pub fn bidask(&self) -> &Counter {
        self.family.at(1)
    }

    /// `type="snapshot"`
    #[inline]
    pub fn snapshot(&self) -> &Counter {
        self.family.at(2)
    }

    /// `type="clear"`
    #[inline]
    pub fn clear(&self) -> &Counter {
        self.family.at(3)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, r#type: &str) -> &Counter {
        self.family.find(&[r#type])
    }
}

/// Handles of [`feed_gap_seconds`](Metrics::feed_gap_seconds).
#[derive(Debug)]
pub struct FeedGapSeconds {
    family: Closed<Gauge>,
}

impl std::ops::Deref for FeedGapSeconds {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`feed_latency_ns`](Metrics::feed_latency_ns).
#[derive(Debug)]
pub struct FeedLatencyNs {
    family: Closed<Histogram>,
}

impl std::ops::Deref for FeedLatencyNs {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`feed_reconnect_total`](Metrics::feed_reconnect_total).
#[derive(Debug)]
pub struct FeedReconnectTotal {
    family: Closed<Counter>,
}

impl FeedReconnectTotal {
    /// `result="ok"`
    #[inline]
    pub fn ok(&self) -> &Counter {
        self.family.at(0)
    }

    /// `result="failed"`
    #[inline]
    pub fn failed(&self) -> &Counter {
        self.family.at(1)
    }

    /// `result="timeout"`
    #[inline]
    pub fn timeout(&self) -> &Counter {
        self.family.at(2)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, result: &str) -> &Counter {
        self.family.find(&[result])
    }
}

/// Handles of [`feed_last_event_ts`](Metrics::feed_last_event_ts).
#[derive(Debug)]
pub struct FeedLastEventTs {
    family: Open<Gauge>,
}

impl FeedLastEventTs {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, source: &str) -> Arc<Gauge> {
        self.family.find(&[source])
    }
}

/// Handles of [`feed_connected`](Metrics::feed_connected).
#[derive(Debug)]
pub struct FeedConnected {
    family: Open<Gauge>,
}

impl FeedConnected {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, conn: &str) -> Arc<Gauge> {
        self.family.find(&[conn])
    }
}

/// Handles of [`api_usage_ratio`](Metrics::api_usage_ratio).
#[derive(Debug)]
pub struct ApiUsageRatio {
    family: Closed<Gauge>,
}

impl std::ops::Deref for ApiUsageRatio {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`bus_occupancy_ratio`](Metrics::bus_occupancy_ratio).
#[derive(Debug)]
pub struct BusOccupancyRatio {
    family: Closed<Gauge>,
}

impl std::ops::Deref for BusOccupancyRatio {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`bus_overflow_total`](Metrics::bus_overflow_total).
#[derive(Debug)]
pub struct BusOverflowTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for BusOverflowTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`bus_consumer_lag`](Metrics::bus_consumer_lag).
#[derive(Debug)]
pub struct BusConsumerLag {
    family: Open<Gauge>,
}

impl BusConsumerLag {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, consumer: &str) -> Arc<Gauge> {
        self.family.find(&[consumer])
    }
}

/// Handles of [`strategy_latency_ns`](Metrics::strategy_latency_ns).
#[derive(Debug)]
pub struct StrategyLatencyNs {
    family: Open<Histogram>,
}

impl StrategyLatencyNs {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, strategy: &str) -> Arc<Histogram> {
        self.family.find(&[strategy])
    }
}

/// Handles of [`strategy_intents_total`](Metrics::strategy_intents_total).
#[derive(Debug)]
pub struct StrategyIntentsTotal {
    family: Open<Counter>,
}

impl StrategyIntentsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, strategy: &str) -> Arc<Counter> {
        self.family.find(&[strategy])
    }
}

/// Handles of [`risk_reject_total`](Metrics::risk_reject_total).
#[derive(Debug)]
pub struct RiskRejectTotal {
    family: Closed<Counter>,
}

impl RiskRejectTotal {
    /// `reason="PRICE_ZERO_OR_NEG"`
    #[inline]
    pub fn price_zero_or_neg(&self) -> &Counter {
        self.family.at(0)
    }

    /// `reason="FLOAT_PRICE"`
    #[inline]
    pub fn float_price(&self) -> &Counter {
        self.family.at(1)
    }

    /// `reason="PRICE_EXCEEDS_CAP"`
    #[inline]
    pub fn price_exceeds_cap(&self) -> &Counter {
        self.family.at(2)
    }

    /// `reason="PRICE_OUTSIDE_BAND"`
    #[inline]
    pub fn price_outside_band(&self) -> &Counter {
        self.family.at(3)
    }

    /// `reason="QTY_EXCEEDS_CAP"`
    #[inline]
    pub fn qty_exceeds_cap(&self) -> &Counter {
        self.family.at(4)
    }

    /// `reason="POSITION_LIMIT_EXCEEDED"`
    #[inline]
    pub fn position_limit_exceeded(&self) -> &Counter {
        self.family.at(5)
    }

    /// `reason="MAX_NOTIONAL_EXCEEDED"`
    #[inline]
    pub fn max_notional_exceeded(&self) -> &Counter {
        self.family.at(6)
    }

    /// `reason="DAILY_LOSS_LIMIT_EXCEEDED"`
    #[inline]
    pub fn daily_loss_limit_exceeded(&self) -> &Counter {
        self.family.at(7)
    }

    /// `reason="DRAWDOWN_LIMIT"`
    #[inline]
    pub fn drawdown_limit(&self) -> &Counter {
        self.family.at(8)
    }

    /// `reason="GREEKS_LIMIT_EXCEEDED"`
    #[inline]
    pub fn greeks_limit_exceeded(&self) -> &Counter {
        self.family.at(9)
    }

    /// `reason="RATE_LIMIT"`
    #[inline]
    pub fn rate_limit(&self) -> &Counter {
        self.family.at(10)
    }

    /// `reason="STORMGUARD_STORM_BLOCKED"`
    #[inline]
    pub fn stormguard_storm_blocked(&self) -> &Counter {
        self.family.at(11)
    }

    /// `reason="STORMGUARD_HALT"`
    #[inline]
    pub fn stormguard_halt(&self) -> &Counter {
        self.family.at(12)
    }

    /// `reason="REDUCE_ONLY"`
    #[inline]
    pub fn reduce_only(&self) -> &Counter {
        self.family.at(13)
    }

    /// `reason="KILL_SWITCH"`
    #[inline]
    pub fn kill_switch(&self) -> &Counter {
        self.family.at(14)
    }

    /// `reason="FASTGATE_REJECT"`
    #[inline]
    pub fn fastgate_reject(&self) -> &Counter {
        self.family.at(15)
    }

    /// `reason="FASTGATE_ERROR"`
    #[inline]
    pub fn fastgate_error(&self) -> &Counter {
        self.family.at(16)
    }

    /// `reason="UNKNOWN_SYMBOL"`
    #[inline]
    pub fn unknown_symbol(&self) -> &Counter {
        self.family.at(17)
    }

    /// `reason="INTERNAL_ERROR"`
    #[inline]
    pub fn internal_error(&self) -> &Counter {
        self.family.at(18)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, reason: &str) -> &Counter {
        self.family.find(&[reason])
    }
}

/// Handles of [`stormguard_mode`](Metrics::stormguard_mode).
#[derive(Debug)]
pub struct StormguardMode {
    family: Open<Gauge>,
}

impl StormguardMode {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, strategy: &str) -> Arc<Gauge> {
        self.family.find(&[strategy])
    }
}

/// Handles of [`stormguard_transitions_total`](Metrics::stormguard_transitions_total).
#[derive(Debug)]
pub struct StormguardTransitionsTotal {
    family: Closed<Counter>,
}

impl StormguardTransitionsTotal {
    /// `from="NORMAL", to="NORMAL"`
    #[inline]
    pub fn normal_normal(&self) -> &Counter {
        self.family.at(0)
    }

    /// `from="NORMAL", to="WARM"`
    #[inline]
    pub fn normal_warm(&self) -> &Counter {
        self.family.at(1)
    }

    /// `from="NORMAL", to="STORM"`
    #[inline]
    pub fn normal_storm(&self) -> &Counter {
        self.family.at(2)
    }

    /// `from="NORMAL", to="HALT"`
    #[inline]
    pub fn normal_halt(&self) -> &Counter {
        self.family.at(3)
    }

    /// `from="WARM", to="NORMAL"`
    #[inline]
    pub fn warm_normal(&self) -> &Counter {
        self.family.at(4)
    }

    /// `from="WARM", to="WARM"`
    #[inline]
    pub fn warm_warm(&self) -> &Counter {
        self.family.at(5)
    }

    /// `from="WARM", to="STORM"`
    #[inline]
    pub fn warm_storm(&self) -> &Counter {
        self.family.at(6)
    }

    /// `from="WARM", to="HALT"`
    #[inline]
    pub fn warm_halt(&self) -> &Counter {
        self.family.at(7)
    }

    /// `from="STORM", to="NORMAL"`
    #[inline]
    pub fn storm_normal(&self) -> &Counter {
        self.family.at(8)
    }

    /// `from="STORM", to="WARM"`
    #[inline]
    pub fn storm_warm(&self) -> &Counter {
        self.family.at(9)
    }

    /// `from="STORM", to="STORM"`
    #[inline]
    pub fn storm_storm(&self) -> &Counter {
        self.family.at(10)
    }

    /// `from="STORM", to="HALT"`
    #[inline]
    pub fn storm_halt(&self) -> &Counter {
        self.family.at(11)
    }

    /// `from="HALT", to="NORMAL"`
    #[inline]
    pub fn halt_normal(&self) -> &Counter {
        self.family.at(12)
    }

    /// `from="HALT", to="WARM"`
    #[inline]
    pub fn halt_warm(&self) -> &Counter {
        self.family.at(13)
    }

    /// `from="HALT", to="STORM"`
    #[inline]
    pub fn halt_storm(&self) -> &Counter {
        self.family.at(14)
    }

    /// `from="HALT", to="HALT"`
    #[inline]
    pub fn halt_halt(&self) -> &Counter {
        self.family.at(15)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, from: &str, to: &str) -> &Counter {
        self.family.find(&[from, to])
    }
}

/// Handles of [`order_actions_total`](Metrics::order_actions_total).
#[derive(Debug)]
pub struct OrderActionsTotal {
    family: Closed<Counter>,
}

impl OrderActionsTotal {
    /// `type="new"`
    #[inline]
    pub fn new(&self) -> &Counter {
        self.family.at(0)
    }

    /// `type="amend"`
    #[inline]
    pub fn amend(&self) -> &Counter {
        self.family.at(1)
    }

    /// `type="cancel"`
    #[inline]
    pub fn cancel(&self) -> &Counter {
        self.family.at(2)
    }

    /// `type="ack"`
    #[inline]
    pub fn ack(&self) -> &Counter {
        self.family.at(3)
    }

    /// `type="reject"`
    #[inline]
    pub fn reject(&self) -> &Counter {
        self.family.at(4)
    }

    /// `type="refused"`
    #[inline]
    pub fn refused(&self) -> &Counter {
        self.family.at(5)
    }

    /// `type="timeout"`
    #[inline]
    pub fn timeout(&self) -> &Counter {
        self.family.at(6)
    }

    /// `type="error"`
    #[inline]
    pub fn error(&self) -> &Counter {
        self.family.at(7)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, r#type: &str) -> &Counter {
        self.family.find(&[r#type])
    }
}

/// Handles of [`order_reject_total`](Metrics::order_reject_total).
#[derive(Debug)]
pub struct OrderRejectTotal {
    family: Closed<Counter>,
}

impl OrderRejectTotal {
    /// `reason="PRICE_LIMIT"`
    #[inline]
    pub fn price_limit(&self) -> &Counter {
        self.family.at(0)
    }

    /// `reason="QTY_LIMIT"`
    #[inline]
    pub fn qty_limit(&self) -> &Counter {
        self.family.at(1)
    }

    /// `reason="INSUFFICIENT_MARGIN"`
    #[inline]
    pub fn insufficient_margin(&self) -> &Counter {
        self.family.at(2)
    }

    /// `reason="MARKET_CLOSED"`
    #[inline]
    pub fn market_closed(&self) -> &Counter {
        self.family.at(3)
    }

    /// `reason="UNKNOWN_ORDER"`
    #[inline]
    pub fn unknown_order(&self) -> &Counter {
        self.family.at(4)
    }

    /// `reason="DUPLICATE"`
    #[inline]
    pub fn duplicate(&self) -> &Counter {
        self.family.at(5)
    }

    /// `reason="SESSION"`
    #[inline]
    pub fn session(&self) -> &Counter {
        self.family.at(6)
    }

    /// `reason="THROTTLED"`
    #[inline]
    pub fn throttled(&self) -> &Counter {
        self.family.at(7)
    }

    /// `reason="BROKER_OTHER"`
    #[inline]
    pub fn broker_other(&self) -> &Counter {
        self.family.at(8)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, reason: &str) -> &Counter {
        self.family.find(&[reason])
    }
}

/// Handles of [`order_reject_rate`](Metrics::order_reject_rate).
#[derive(Debug)]
pub struct OrderRejectRate {
    family: Closed<Gauge>,
}

impl std::ops::Deref for OrderRejectRate {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`order_latency_ns`](Metrics::order_latency_ns).
#[derive(Debug)]
pub struct OrderLatencyNs {
    family: Closed<Histogram>,
}

impl std::ops::Deref for OrderLatencyNs {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`order_rate_window`](Metrics::order_rate_window).
#[derive(Debug)]
pub struct OrderRateWindow {
    family: Closed<Gauge>,
}

impl std::ops::Deref for OrderRateWindow {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`order_rate_limit_ratio`](Metrics::order_rate_limit_ratio).
#[derive(Debug)]
pub struct OrderRateLimitRatio {
    family: Closed<Gauge>,
}

impl std::ops::Deref for OrderRateLimitRatio {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`circuit_breaker_state`](Metrics::circuit_breaker_state).
#[derive(Debug)]
pub struct CircuitBreakerState {
    family: Closed<Gauge>,
}

impl CircuitBreakerState {
    /// `component="market_data"`
    #[inline]
    pub fn market_data(&self) -> &Gauge {
        self.family.at(0)
    }

    /// `component="strategy"`
    #[inline]
    pub fn strategy(&self) -> &Gauge {
        self.family.at(1)
    }

    /// `component="risk"`
    #[inline]
    pub fn risk(&self) -> &Gauge {
        self.family.at(2)
    }

    /// `component="order"`
    #[inline]
    pub fn order(&self) -> &Gauge {
        self.family.at(3)
    }

    /// `component="execution"`
    #[inline]
    pub fn execution(&self) -> &Gauge {
        self.family.at(4)
    }

    /// `component="recorder"`
    #[inline]
    pub fn recorder(&self) -> &Gauge {
        self.family.at(5)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, component: &str) -> &Gauge {
        self.family.find(&[component])
    }
}

/// Handles of [`execution_events_total`](Metrics::execution_events_total).
#[derive(Debug)]
pub struct ExecutionEventsTotal {
    family: Closed<Counter>,
}

impl ExecutionEventsTotal {
    /// `type="fill"`
    #[inline]
    pub fn fill(&self) -> &Counter {
        self.family.at(0)
    }

    /// `type="partial_fill"`
    #[inline]
    pub fn partial_fill(&self) -> &Counter {
        self.family.at(1)
    }

    /// `type="ack"`
    #[inline]
    pub fn ack(&self) -> &Counter {
        self.family.at(2)
    }

    /// `type="reject"`
    #[inline]
    pub fn reject(&self) -> &Counter {
        self.family.at(3)
    }

    /// `type="cancel"`
    #[inline]
    pub fn cancel(&self) -> &Counter {
        self.family.at(4)
    }

    /// `type="expired"`
    #[inline]
    pub fn expired(&self) -> &Counter {
        self.family.at(5)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, r#type: &str) -> &Counter {
        self.family.find(&[r#type])
    }
}

/// Handles of [`execution_fill_lost_total`](Metrics::execution_fill_lost_total).
#[derive(Debug)]
pub struct ExecutionFillLostTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for ExecutionFillLostTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`callback_gap_seconds`](Metrics::callback_gap_seconds).
#[derive(Debug)]
pub struct CallbackGapSeconds {
    family: Closed<Gauge>,
}

impl std::ops::Deref for CallbackGapSeconds {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`position_delta_latency_ns`](Metrics::position_delta_latency_ns).
#[derive(Debug)]
pub struct PositionDeltaLatencyNs {
    family: Closed<Histogram>,
}

impl std::ops::Deref for PositionDeltaLatencyNs {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`pnl_realized`](Metrics::pnl_realized).
#[derive(Debug)]
pub struct PnlRealized {
    family: Open<Gauge>,
}

impl PnlRealized {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, strategy: &str) -> Arc<Gauge> {
        self.family.find(&[strategy])
    }
}

/// Handles of [`pnl_unrealized`](Metrics::pnl_unrealized).
#[derive(Debug)]
pub struct PnlUnrealized {
    family: Open<Gauge>,
}

impl PnlUnrealized {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, strategy: &str) -> Arc<Gauge> {
        self.family.find(&[strategy])
    }
}

/// Handles of [`exposure_notional`](Metrics::exposure_notional).
#[derive(Debug)]
pub struct ExposureNotional {
    family: Closed<Gauge>,
}

impl ExposureNotional {
    /// `side="long"`
    #[inline]
    pub fn long(&self) -> &Gauge {
        self.family.at(0)
    }

    /// `side="short"`
    #[inline]
    pub fn short(&self) -> &Gauge {
        self.family.at(1)
    }

    /// `side="gross"`
    #[inline]
    pub fn gross(&self) -> &Gauge {
        self.family.at(2)
    }

    /// `side="net"`
    #[inline]
    pub fn net(&self) -> &Gauge {
        self.family.at(3)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, side: &str) -> &Gauge {
        self.family.find(&[side])
    }
}

/// Handles of [`drawdown_ratio`](Metrics::drawdown_ratio).
#[derive(Debug)]
pub struct DrawdownRatio {
    family: Closed<Gauge>,
}

impl std::ops::Deref for DrawdownRatio {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`position_count`](Metrics::position_count).
#[derive(Debug)]
pub struct PositionCount {
    family: Closed<Gauge>,
}

impl std::ops::Deref for PositionCount {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`reconciliation_duration_ms`](Metrics::reconciliation_duration_ms).
#[derive(Debug)]
pub struct ReconciliationDurationMs {
    family: Closed<Histogram>,
}

impl std::ops::Deref for ReconciliationDurationMs {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`reconciliation_discrepancy_count`](Metrics::reconciliation_discrepancy_count).
#[derive(Debug)]
pub struct ReconciliationDiscrepancyCount {
    family: Closed<Gauge>,
}

impl std::ops::Deref for ReconciliationDiscrepancyCount {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`recorder_write_failures_total`](Metrics::recorder_write_failures_total).
#[derive(Debug)]
pub struct RecorderWriteFailuresTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for RecorderWriteFailuresTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`recorder_queue_depth`](Metrics::recorder_queue_depth).
#[derive(Debug)]
pub struct RecorderQueueDepth {
    family: Closed<Gauge>,
}

impl std::ops::Deref for RecorderQueueDepth {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`clickhouse_latency_ms`](Metrics::clickhouse_latency_ms).
#[derive(Debug)]
pub struct ClickhouseLatencyMs {
    family: Closed<Histogram>,
}

impl std::ops::Deref for ClickhouseLatencyMs {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`clickhouse_up`](Metrics::clickhouse_up).
#[derive(Debug)]
pub struct ClickhouseUp {
    family: Closed<Gauge>,
}

impl std::ops::Deref for ClickhouseUp {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`process_restart_count`](Metrics::process_restart_count).
#[derive(Debug)]
pub struct ProcessRestartCount {
    family: Closed<Gauge>,
}

impl std::ops::Deref for ProcessRestartCount {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`market_session_active`](Metrics::market_session_active).
#[derive(Debug)]
pub struct MarketSessionActive {
    family: Closed<Gauge>,
}

impl std::ops::Deref for MarketSessionActive {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`build_info`](Metrics::build_info).
#[derive(Debug)]
pub struct BuildInfo {
    family: Open<Gauge>,
}

impl BuildInfo {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, version: &str, git_sha: &str, contract: &str) -> Arc<Gauge> {
        self.family.find(&[version, git_sha, contract])
    }
}

/// Handles of [`tapline_events_emitted_total`](Metrics::tapline_events_emitted_total).
#[derive(Debug)]
pub struct TaplineEventsEmittedTotal {
    family: Open<Counter>,
}

impl TaplineEventsEmittedTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str) -> Arc<Counter> {
        self.family.find(&[component, lane])
    }
}

/// Handles of [`tapline_events_delivered_total`](Metrics::tapline_events_delivered_total).
#[derive(Debug)]
pub struct TaplineEventsDeliveredTotal {
    family: Open<Counter>,
}

impl TaplineEventsDeliveredTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str) -> Arc<Counter> {
        self.family.find(&[component, lane])
    }
}

/// Handles of [`tapline_events_filtered_total`](Metrics::tapline_events_filtered_total).
#[derive(Debug)]
pub struct TaplineEventsFilteredTotal {
    family: Open<Counter>,
}

impl TaplineEventsFilteredTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str, reason: &str) -> Arc<Counter> {
        self.family.find(&[component, lane, reason])
    }
}

/// Handles of [`tapline_events_rejected_total`](Metrics::tapline_events_rejected_total).
#[derive(Debug)]
pub struct TaplineEventsRejectedTotal {
    family: Open<Counter>,
}

impl TaplineEventsRejectedTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str, reason: &str) -> Arc<Counter> {
        self.family.find(&[component, lane, reason])
    }
}

/// Handles of [`tapline_events_dropped_total`](Metrics::tapline_events_dropped_total).
#[derive(Debug)]
pub struct TaplineEventsDroppedTotal {
    family: Open<Counter>,
}

impl TaplineEventsDroppedTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str, reason: &str) -> Arc<Counter> {
        self.family.find(&[component, lane, reason])
    }
}

/// Handles of [`tapline_events_dead_lettered_total`](Metrics::tapline_events_dead_lettered_total).
#[derive(Debug)]
pub struct TaplineEventsDeadLetteredTotal {
    family: Open<Counter>,
}

impl TaplineEventsDeadLetteredTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str, reason: &str) -> Arc<Counter> {
        self.family.find(&[component, lane, reason])
    }
}

/// Handles of [`tapline_events_pending`](Metrics::tapline_events_pending).
#[derive(Debug)]
pub struct TaplineEventsPending {
    family: Open<Gauge>,
}

impl TaplineEventsPending {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str) -> Arc<Gauge> {
        self.family.find(&[component, lane])
    }
}

/// Handles of [`tapline_sequence_holes_total`](Metrics::tapline_sequence_holes_total).
#[derive(Debug)]
pub struct TaplineSequenceHolesTotal {
    family: Open<Counter>,
}

impl TaplineSequenceHolesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str, lane: &str) -> Arc<Counter> {
        self.family.find(&[component, lane])
    }
}

/// Handles of [`tapline_audit_rows_offered_total`](Metrics::tapline_audit_rows_offered_total).
#[derive(Debug)]
pub struct TaplineAuditRowsOfferedTotal {
    family: Closed<Counter>,
}

impl TaplineAuditRowsOfferedTotal {
    /// `table="orders_log"`
    #[inline]
    pub fn orders_log(&self) -> &Counter {
        self.family.at(0)
    }

    /// `table="risk_log"`
    #[inline]
    pub fn risk_log(&self) -> &Counter {
        self.family.at(1)
    }

    /// `table="guardrail_log"`
    #[inline]
    pub fn guardrail_log(&self) -> &Counter {
        self.family.at(2)
    }

    /// `table="connectivity_log"`
    #[inline]
    pub fn connectivity_log(&self) -> &Counter {
        self.family.at(3)
    }

    /// `table="config_log"`
    #[inline]
    pub fn config_log(&self) -> &Counter {
        self.family.at(4)
    }

    /// `table="plugin_log"`
    #[inline]
    pub fn plugin_log(&self) -> &Counter {
        self.family.at(5)
    }

    /// `table="delivery_log"`
    #[inline]
    pub fn delivery_log(&self) -> &Counter {
        self.family.at(6)
    }

    /// `table="trace_log"`
    #[inline]
    pub fn trace_log(&self) -> &Counter {
        self.family.at(7)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, table: &str) -> &Counter {
        self.family.find(&[table])
    }
}

/// Handles of [`tapline_audit_rows_accepted_total`](Metrics::tapline_audit_rows_accepted_total).
#[derive(Debug)]
pub struct TaplineAuditRowsAcceptedTotal {
    family: Closed<Counter>,
}

impl TaplineAuditRowsAcceptedTotal {
    /// `table="orders_log"`
    #[inline]
    pub fn orders_log(&self) -> &Counter {
        self.family.at(0)
    }

    /// `table="risk_log"`
    #[inline]
    pub fn risk_log(&self) -> &Counter {
        self.family.at(1)
    }

    /// `table="guardrail_log"`
    #[inline]
    pub fn guardrail_log(&self) -> &Counter {
        self.family.at(2)
    }

    /// `table="connectivity_log"`
    #[inline]
    pub fn connectivity_log(&self) -> &Counter {
        self.family.at(3)
    }

    /// `table="config_log"`
    #[inline]
    pub fn config_log(&self) -> &Counter {
        self.family.at(4)
    }

    /// `table="plugin_log"`
    #[inline]
    pub fn plugin_log(&self) -> &Counter {
        self.family.at(5)
    }

    /// `table="delivery_log"`
    #[inline]
    pub fn delivery_log(&self) -> &Counter {
        self.family.at(6)
    }

    /// `table="trace_log"`
    #[inline]
    pub fn trace_log(&self) -> &Counter {
        self.family.at(7)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, table: &str) -> &Counter {
        self.family.find(&[table])
    }
}

/// Handles of [`tapline_queue_depth`](Metrics::tapline_queue_depth).
#[derive(Debug)]
pub struct TaplineQueueDepth {
    family: Open<Gauge>,
}

impl TaplineQueueDepth {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, queue: &str) -> Arc<Gauge> {
        self.family.find(&[queue])
    }
}

/// Handles of [`tapline_queue_capacity`](Metrics::tapline_queue_capacity).
#[derive(Debug)]
pub struct TaplineQueueCapacity {
    family: Open<Gauge>,
}

impl TaplineQueueCapacity {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, queue: &str) -> Arc<Gauge> {
        self.family.find(&[queue])
    }
}

/// Handles of [`tapline_batch_events`](Metrics::tapline_batch_events).
#[derive(Debug)]
pub struct TaplineBatchEvents {
    family: Closed<Histogram>,
}

impl std::ops::Deref for TaplineBatchEvents {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`tapline_ingest_connections`](Metrics::tapline_ingest_connections).
#[derive(Debug)]
pub struct TaplineIngestConnections {
    family: Closed<Gauge>,
}

impl TaplineIngestConnections {
    /// `protocol="unix"`
    #[inline]
    pub fn unix(&self) -> &Gauge {
        self.family.at(0)
    }

    /// `protocol="tcp"`
    #[inline]
    pub fn tcp(&self) -> &Gauge {
        self.family.at(1)
    }

    /// `protocol="http"`
    #[inline]
    pub fn http(&self) -> &Gauge {
        self.family.at(2)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, protocol: &str) -> &Gauge {
        self.family.find(&[protocol])
    }
}

/// Handles of [`tapline_ingest_bytes_total`](Metrics::tapline_ingest_bytes_total).
#[derive(Debug)]
pub struct TaplineIngestBytesTotal {
    family: Closed<Counter>,
}

impl TaplineIngestBytesTotal {
    /// `protocol="unix"`
    #[inline]
    pub fn unix(&self) -> &Counter {
        self.family.at(0)
    }

    /// `protocol="tcp"`
    #[inline]
    pub fn tcp(&self) -> &Counter {
        self.family.at(1)
    }

    /// `protocol="http"`
    #[inline]
    pub fn http(&self) -> &Counter {
        self.family.at(2)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, protocol: &str) -> &Counter {
        self.family.find(&[protocol])
    }
}

/// Handles of [`tapline_unknown_events_total`](Metrics::tapline_unknown_events_total).
#[derive(Debug)]
pub struct TaplineUnknownEventsTotal {
    family: Open<Counter>,
}

impl TaplineUnknownEventsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str) -> Arc<Counter> {
        self.family.find(&[component])
    }
}

/// Handles of [`tapline_unknown_fields_total`](Metrics::tapline_unknown_fields_total).
#[derive(Debug)]
pub struct TaplineUnknownFieldsTotal {
    family: Open<Counter>,
}

impl TaplineUnknownFieldsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, component: &str) -> Arc<Counter> {
        self.family.find(&[component])
    }
}

/// Handles of [`tapline_events_by_name_total`](Metrics::tapline_events_by_name_total).
#[derive(Debug)]
pub struct TaplineEventsByNameTotal {
    family: Open<Counter>,
}

impl TaplineEventsByNameTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, event: &str) -> Arc<Counter> {
        self.family.find(&[event])
    }
}

/// Handles of [`tapline_missing_fields_total`](Metrics::tapline_missing_fields_total).
#[derive(Debug)]
pub struct TaplineMissingFieldsTotal {
    family: Open<Counter>,
}

impl TaplineMissingFieldsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, event: &str) -> Arc<Counter> {
        self.family.find(&[event])
    }
}

/// Handles of [`tapline_null_join_keys_total`](Metrics::tapline_null_join_keys_total).
#[derive(Debug)]
pub struct TaplineNullJoinKeysTotal {
    family: Open<Counter>,
}

impl TaplineNullJoinKeysTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, event: &str) -> Arc<Counter> {
        self.family.find(&[event])
    }
}

/// Handles of [`tapline_kind_mismatches_total`](Metrics::tapline_kind_mismatches_total).
#[derive(Debug)]
pub struct TaplineKindMismatchesTotal {
    family: Open<Counter>,
}

impl TaplineKindMismatchesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, field: &str) -> Arc<Counter> {
        self.family.find(&[field])
    }
}

/// Handles of [`tapline_unknown_values_total`](Metrics::tapline_unknown_values_total).
#[derive(Debug)]
pub struct TaplineUnknownValuesTotal {
    family: Open<Counter>,
}

impl TaplineUnknownValuesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, field: &str) -> Arc<Counter> {
        self.family.find(&[field])
    }
}

/// Handles of [`tapline_line_repairs_total`](Metrics::tapline_line_repairs_total).
#[derive(Debug)]
pub struct TaplineLineRepairsTotal {
    family: Closed<Counter>,
}

impl TaplineLineRepairsTotal {
    /// `repair="unknown_component"`
    #[inline]
    pub fn unknown_component(&self) -> &Counter {
        self.family.at(0)
    }

    /// `repair="converted"`
    #[inline]
    pub fn converted(&self) -> &Counter {
        self.family.at(1)
    }

    /// `repair="code"`
    #[inline]
    pub fn code(&self) -> &Counter {
        self.family.at(2)
    }

    /// `repair="duplicate_key"`
    #[inline]
    pub fn duplicate_key(&self) -> &Counter {
        self.family.at(3)
    }

    /// `repair="utf8"`
    #[inline]
    pub fn utf8(&self) -> &Counter {
        self.family.at(4)
    }

    /// `repair="number"`
    #[inline]
    pub fn number(&self) -> &Counter {
        self.family.at(5)
    }

    /// `repair="timestamp"`
    #[inline]
    pub fn timestamp(&self) -> &Counter {
        self.family.at(6)
    }

    /// `repair="level"`
    #[inline]
    pub fn level(&self) -> &Counter {
        self.family.at(7)
    }

    /// `repair="truncated"`
    #[inline]
    pub fn truncated(&self) -> &Counter {
        self.family.at(8)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, repair: &str) -> &Counter {
        self.family.find(&[repair])
    }
}

/// Handles of [`tapline_reserved_keys_total`](Metrics::tapline_reserved_keys_total).
#[derive(Debug)]
pub struct TaplineReservedKeysTotal {
    family: Closed<Counter>,
}

impl TaplineReservedKeysTotal {
    /// `key="ts"`
    #[inline]
    pub fn ts(&self) -> &Counter {
        self.family.at(0)
    }

    /// `key="ingest_ts"`
    #[inline]
    pub fn ingest_ts(&self) -> &Counter {
        self.family.at(1)
    }

    /// `key="run"`
    #[inline]
    pub fn run(&self) -> &Counter {
        self.family.at(2)
    }

    /// `key="seq"`
    #[inline]
    pub fn seq(&self) -> &Counter {
        self.family.at(3)
    }

    /// `key="event_id"`
    #[inline]
    pub fn event_id(&self) -> &Counter {
        self.family.at(4)
    }

    /// `key="chain_position"`
    #[inline]
    pub fn chain_position(&self) -> &Counter {
        self.family.at(5)
    }

    /// `key="event"`
    #[inline]
    pub fn event(&self) -> &Counter {
        self.family.at(6)
    }

    /// `key="component"`
    #[inline]
    pub fn component(&self) -> &Counter {
        self.family.at(7)
    }

    /// `key="level"`
    #[inline]
    pub fn level(&self) -> &Counter {
        self.family.at(8)
    }

    /// `key="lane"`
    #[inline]
    pub fn lane(&self) -> &Counter {
        self.family.at(9)
    }

    /// `key="details"`
    #[inline]
    pub fn details(&self) -> &Counter {
        self.family.at(10)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, key: &str) -> &Counter {
        self.family.find(&[key])
    }
}

/// Handles of [`tapline_withheld_values_total`](Metrics::tapline_withheld_values_total).
#[derive(Debug)]
pub struct TaplineWithheldValuesTotal {
    family: Open<Counter>,
}

impl TaplineWithheldValuesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str, sensitivity: &str) -> Arc<Counter> {
        self.family.find(&[sink, sensitivity])
    }
}

/// Handles of [`tapline_label_values_capped_total`](Metrics::tapline_label_values_capped_total).
#[derive(Debug)]
pub struct TaplineLabelValuesCappedTotal {
    family: Open<Counter>,
}

impl TaplineLabelValuesCappedTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, metric: &str) -> Arc<Counter> {
        self.family.find(&[metric])
    }
}

/// Handles of [`tapline_plugin_duration_seconds`](Metrics::tapline_plugin_duration_seconds).
#[derive(Debug)]
pub struct TaplinePluginDurationSeconds {
    family: Open<Histogram>,
}

impl TaplinePluginDurationSeconds {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str, version: &str) -> Arc<Histogram> {
        self.family.find(&[plugin, version])
    }
}

/// Handles of [`tapline_plugin_events_total`](Metrics::tapline_plugin_events_total).
#[derive(Debug)]
pub struct TaplinePluginEventsTotal {
    family: Open<Counter>,
}

impl TaplinePluginEventsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str, version: &str) -> Arc<Counter> {
        self.family.find(&[plugin, version])
    }
}

/// Handles of [`tapline_plugin_faults_total`](Metrics::tapline_plugin_faults_total).
#[derive(Debug)]
pub struct TaplinePluginFaultsTotal {
    family: Open<Counter>,
}

impl TaplinePluginFaultsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str, version: &str, kind: &str) -> Arc<Counter> {
        self.family.find(&[plugin, version, kind])
    }
}

/// Handles of [`tapline_plugin_memory_bytes`](Metrics::tapline_plugin_memory_bytes).
#[derive(Debug)]
pub struct TaplinePluginMemoryBytes {
    family: Open<Gauge>,
}

impl TaplinePluginMemoryBytes {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str, version: &str) -> Arc<Gauge> {
        self.family.find(&[plugin, version])
    }
}

/// Handles of [`tapline_plugin_active`](Metrics::tapline_plugin_active).
#[derive(Debug)]
pub struct TaplinePluginActive {
    family: Open<Gauge>,
}

impl TaplinePluginActive {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str, version: &str) -> Arc<Gauge> {
        self.family.find(&[plugin, version])
    }
}

/// Handles of [`tapline_plugin_quarantined`](Metrics::tapline_plugin_quarantined).
#[derive(Debug)]
pub struct TaplinePluginQuarantined {
    family: Open<Gauge>,
}

impl TaplinePluginQuarantined {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, plugin: &str) -> Arc<Gauge> {
        self.family.find(&[plugin])
    }
}

/// Handles of [`tapline_notices_total`](Metrics::tapline_notices_total).
#[derive(Debug)]
pub struct TaplineNoticesTotal {
    family: Closed<Counter>,
}

impl TaplineNoticesTotal {
    /// `severity="info", state="firing"`
    #[inline]
    pub fn info_firing(&self) -> &Counter {
        self.family.at(0)
    }

    /// `severity="info", state="resolved"`
    #[inline]
    pub fn info_resolved(&self) -> &Counter {
        self.family.at(1)
    }

    /// `severity="warning", state="firing"`
    #[inline]
    pub fn warning_firing(&self) -> &Counter {
        self.family.at(2)
    }

    /// `severity="warning", state="resolved"`
    #[inline]
    pub fn warning_resolved(&self) -> &Counter {
        self.family.at(3)
    }

    /// `severity="critical", state="firing"`
    #[inline]
    pub fn critical_firing(&self) -> &Counter {
        self.family.at(4)
    }

    /// `severity="critical", state="resolved"`
    #[inline]
    pub fn critical_resolved(&self) -> &Counter {
        self.family.at(5)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, severity: &str, state: &str) -> &Counter {
        self.family.find(&[severity, state])
    }
}

/// Handles of [`tapline_deliveries_total`](Metrics::tapline_deliveries_total).
#[derive(Debug)]
pub struct TaplineDeliveriesTotal {
    family: Open<Counter>,
}

impl TaplineDeliveriesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, destination: &str, outcome: &str) -> Arc<Counter> {
        self.family.find(&[destination, outcome])
    }
}

/// Handles of [`tapline_alerts_firing`](Metrics::tapline_alerts_firing).
#[derive(Debug)]
pub struct TaplineAlertsFiring {
    family: Closed<Gauge>,
}

impl std::ops::Deref for TaplineAlertsFiring {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`tapline_pages_unreceipted_total`](Metrics::tapline_pages_unreceipted_total).
#[derive(Debug)]
pub struct TaplinePagesUnreceiptedTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplinePagesUnreceiptedTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_notices_dropped_total`](Metrics::tapline_notices_dropped_total).
#[derive(Debug)]
pub struct TaplineNoticesDroppedTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplineNoticesDroppedTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_sink_events_total`](Metrics::tapline_sink_events_total).
#[derive(Debug)]
pub struct TaplineSinkEventsTotal {
    family: Open<Counter>,
}

impl TaplineSinkEventsTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Counter> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_journal_bytes`](Metrics::tapline_journal_bytes).
#[derive(Debug)]
pub struct TaplineJournalBytes {
    family: Closed<Gauge>,
}

impl std::ops::Deref for TaplineJournalBytes {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_budget_bytes`](Metrics::tapline_journal_budget_bytes).
#[derive(Debug)]
pub struct TaplineJournalBudgetBytes {
    family: Closed<Gauge>,
}

impl std::ops::Deref for TaplineJournalBudgetBytes {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_failing`](Metrics::tapline_journal_failing).
#[derive(Debug)]
pub struct TaplineJournalFailing {
    family: Closed<Gauge>,
}

impl std::ops::Deref for TaplineJournalFailing {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_records_total`](Metrics::tapline_journal_records_total).
#[derive(Debug)]
pub struct TaplineJournalRecordsTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplineJournalRecordsTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_rows_total`](Metrics::tapline_journal_rows_total).
#[derive(Debug)]
pub struct TaplineJournalRowsTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplineJournalRowsTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_failures_total`](Metrics::tapline_journal_failures_total).
#[derive(Debug)]
pub struct TaplineJournalFailuresTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplineJournalFailuresTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_recovered_events_total`](Metrics::tapline_journal_recovered_events_total).
#[derive(Debug)]
pub struct TaplineJournalRecoveredEventsTotal {
    family: Closed<Counter>,
}

impl std::ops::Deref for TaplineJournalRecoveredEventsTotal {
    type Target = Counter;

    #[inline]
    fn deref(&self) -> &Counter {
        self.family.at(0)
    }
}

/// Handles of [`tapline_journal_commit_seconds`](Metrics::tapline_journal_commit_seconds).
#[derive(Debug)]
pub struct TaplineJournalCommitSeconds {
    family: Closed<Histogram>,
}

impl std::ops::Deref for TaplineJournalCommitSeconds {
    type Target = Histogram;

    #[inline]
    fn deref(&self) -> &Histogram {
        self.family.at(0)
    }
}

/// Handles of [`tapline_sink_write_seconds`](Metrics::tapline_sink_write_seconds).
#[derive(Debug)]
pub struct TaplineSinkWriteSeconds {
    family: Open<Histogram>,
}

impl TaplineSinkWriteSeconds {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Histogram> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_sink_retries_total`](Metrics::tapline_sink_retries_total).
#[derive(Debug)]
pub struct TaplineSinkRetriesTotal {
    family: Open<Counter>,
}

impl TaplineSinkRetriesTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Counter> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_sink_failures_total`](Metrics::tapline_sink_failures_total).
#[derive(Debug)]
pub struct TaplineSinkFailuresTotal {
    family: Open<Counter>,
}

impl TaplineSinkFailuresTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Counter> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_sink_backlog_events`](Metrics::tapline_sink_backlog_events).
#[derive(Debug)]
pub struct TaplineSinkBacklogEvents {
    family: Open<Gauge>,
}

impl TaplineSinkBacklogEvents {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Gauge> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_sink_backlog_bytes`](Metrics::tapline_sink_backlog_bytes).
#[derive(Debug)]
pub struct TaplineSinkBacklogBytes {
    family: Open<Gauge>,
}

impl TaplineSinkBacklogBytes {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Gauge> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_sink_backlog_age_seconds`](Metrics::tapline_sink_backlog_age_seconds).
#[derive(Debug)]
pub struct TaplineSinkBacklogAgeSeconds {
    family: Open<Gauge>,
}

impl TaplineSinkBacklogAgeSeconds {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, sink: &str) -> Arc<Gauge> {
        self.family.find(&[sink])
    }
}

/// Handles of [`tapline_spill_bytes`](Metrics::tapline_spill_bytes).
#[derive(Debug)]
pub struct TaplineSpillBytes {
    family: Closed<Gauge>,
}

impl std::ops::Deref for TaplineSpillBytes {
    type Target = Gauge;

    #[inline]
    fn deref(&self) -> &Gauge {
        self.family.at(0)
    }
}

/// Handles of [`tapline_reloads_total`](Metrics::tapline_reloads_total).
#[derive(Debug)]
pub struct TaplineReloadsTotal {
    family: Closed<Counter>,
}

impl TaplineReloadsTotal {
    /// `result="ok"`
    #[inline]
    pub fn ok(&self) -> &Counter {
        self.family.at(0)
    }

    /// `result="failed"`
    #[inline]
    pub fn failed(&self) -> &Counter {
        self.family.at(1)
    }

    /// By label value. Any other value counts under `_other`.
    pub fn with(&self, result: &str) -> &Counter {
        self.family.find(&[result])
    }
}

/// Handles of [`tapline_log_lines_suppressed_total`](Metrics::tapline_log_lines_suppressed_total).
#[derive(Debug)]
pub struct TaplineLogLinesSuppressedTotal {
    family: Open<Counter>,
}

impl TaplineLogLinesSuppressedTotal {
    /// By label value. Locks: keep the handle.
    pub fn with(&self, source: &str) -> Arc<Counter> {
        self.family.find(&[source])
    }
}
