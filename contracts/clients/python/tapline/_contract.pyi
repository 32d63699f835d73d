# Generated from contracts/trading.toml (contract trading 0.1.0) by `cargo xtask bless`; do not edit.
"""Types of the contract trading: one TypedDict for each event."""

from typing import Any, Final, Literal, Required, TypeAlias, TypedDict

CONTRACT_NAME: Final = "trading"
CONTRACT_VERSION: Final = "0.1.0"

Component: TypeAlias = Literal[
    "market_data",
    "bus",
    "strategy",
    "risk",
    "order",
    "execution",
    "position",
    "recorder",
    "gateway",
    "router",
    "plugin",
    "unknown",
]

Lane: TypeAlias = Literal[
    "guard",
    "audit",
    "log",
    "metric",
]

Level: TypeAlias = Literal[
    "trace",
    "debug",
    "info",
    "warning",
    "error",
    "critical",
]

EventName: TypeAlias = Literal[
    "book_update",
    "tick_trigger",
    "feed_gap",
    "feed_connected",
    "feed_disconnected",
    "feed_login",
    "feed_logout",
    "feed_reconnect",
    "bus_overflow",
    "signal",
    "intent_created",
    "risk_decision",
    "intent_refused",
    "stormguard_transition",
    "kill_switch",
    "order_new",
    "order_amend",
    "order_cancel",
    "order_ack",
    "order_reject",
    "order_refused",
    "order_dead_lettered",
    "order_timeout",
    "order_error",
    "rate_limit_hit",
    "order_id_map_set",
    "order_id_map_del",
    "fill",
    "fill_lost",
    "execution_gap",
    "position_update",
    "pnl_snapshot",
    "reconciliation",
    "recorder_flush",
    "recorder_write_failed",
    "recorder_fallback",
    "recorder_overflow",
    "audit_fallback",
    "config_change",
    "heartbeat",
    "notice",
    "plugin_lifecycle",
    "notice_acknowledged",
    "delivery",
]

MetricName: TypeAlias = Literal[
    "feed_events_total",
    "feed_gap_seconds",
    "feed_latency_ns",
    "feed_reconnect_total",
    "feed_last_event_ts",
    "feed_connected",
    "api_usage_ratio",
    "bus_occupancy_ratio",
    "bus_overflow_total",
    "bus_consumer_lag",
    "strategy_latency_ns",
    "strategy_intents_total",
    "risk_reject_total",
    "stormguard_mode",
    "stormguard_transitions_total",
    "order_actions_total",
    "order_reject_total",
    "order_reject_rate",
    "order_latency_ns",
    "order_rate_window",
    "order_rate_limit_ratio",
    "circuit_breaker_state",
    "execution_events_total",
    "execution_fill_lost_total",
    "callback_gap_seconds",
    "position_delta_latency_ns",
    "pnl_realized",
    "pnl_unrealized",
    "exposure_notional",
    "drawdown_ratio",
    "position_count",
    "reconciliation_duration_ms",
    "reconciliation_discrepancy_count",
    "recorder_write_failures_total",
    "recorder_queue_depth",
    "clickhouse_latency_ms",
    "clickhouse_up",
    "process_restart_count",
    "market_session_active",
    "build_info",
    "tapline_events_emitted_total",
    "tapline_events_delivered_total",
    "tapline_events_filtered_total",
    "tapline_events_rejected_total",
    "tapline_events_dropped_total",
    "tapline_events_dead_lettered_total",
    "tapline_events_pending",
    "tapline_sequence_holes_total",
    "tapline_audit_rows_offered_total",
    "tapline_audit_rows_accepted_total",
    "tapline_queue_depth",
    "tapline_queue_capacity",
    "tapline_batch_events",
    "tapline_ingest_connections",
    "tapline_ingest_bytes_total",
    "tapline_unknown_events_total",
    "tapline_unknown_fields_total",
    "tapline_events_by_name_total",
    "tapline_missing_fields_total",
    "tapline_null_join_keys_total",
    "tapline_kind_mismatches_total",
    "tapline_unknown_values_total",
    "tapline_line_repairs_total",
    "tapline_reserved_keys_total",
    "tapline_withheld_values_total",
    "tapline_label_values_capped_total",
    "tapline_plugin_duration_seconds",
    "tapline_plugin_events_total",
    "tapline_plugin_faults_total",
    "tapline_plugin_memory_bytes",
    "tapline_plugin_active",
    "tapline_plugin_quarantined",
    "tapline_notices_total",
    "tapline_deliveries_total",
    "tapline_alerts_firing",
    "tapline_pages_unreceipted_total",
    "tapline_notices_dropped_total",
    "tapline_sink_events_total",
    "tapline_journal_bytes",
    "tapline_journal_budget_bytes",
    "tapline_journal_failing",
    "tapline_journal_records_total",
    "tapline_journal_rows_total",
    "tapline_journal_failures_total",
    "tapline_journal_recovered_events_total",
    "tapline_journal_commit_seconds",
    "tapline_sink_write_seconds",
    "tapline_sink_retries_total",
    "tapline_sink_failures_total",
    "tapline_sink_backlog_events",
    "tapline_sink_backlog_bytes",
    "tapline_sink_backlog_age_seconds",
    "tapline_spill_bytes",
    "tapline_reloads_total",
    "tapline_log_lines_suppressed_total",
]


class BookUpdate(TypedDict, total=False):
    """The best prices of an instrument changed."""

    event: Required[Literal["book_update"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    symbol: Required[str]
    update_type: Literal["depth", "trade", "clear"]
    bid_price: int
    bid_qty: int
    ask_price: int
    ask_qty: int
    price_scale: int
    exch_ts: int
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class TickTrigger(TypedDict, total=False):
    """The tick that made a strategy act: where a transaction begins."""

    event: Required[Literal["tick_trigger"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    symbol: Required[str]
    trace_id: Required[str]
    price: Required[int]
    price_scale: Required[int]
    strategy_id: str
    side: Literal["BUY", "SELL"]
    qty: int
    exch_ts: int
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class FeedGap(TypedDict, total=False):
    """No data for longer than a feed should be silent."""

    event: Required[Literal["feed_gap"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    gap_s: Required[float]
    symbol: str
    conn_id: str
    reason_code: str
    reason: str
    service: str
    env: str
    host: str
    pid: int
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class FeedConnected(TypedDict, total=False):
    """A connection to the feed is up."""

    event: Required[Literal["feed_connected"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    conn_id: Required[str]
    result: Literal["attempt", "ok", "failed", "timeout", "skipped"]
    attempt: int
    latency_us: float
    reason: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class FeedDisconnected(TypedDict, total=False):
    """A connection to the feed is down."""

    event: Required[Literal["feed_disconnected"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    conn_id: Required[str]
    reason_code: str
    reason: str
    error: str
    gap_s: float
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class FeedLogin(TypedDict, total=False):
    """A session with the broker or the exchange was opened, or that was tried."""

    event: Required[Literal["feed_login"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    conn_id: Required[str]
    result: Required[Literal["attempt", "ok", "failed", "timeout", "skipped"]]
    attempt: int
    latency_us: float
    latency_ms: float
    reason_code: str
    reason: str
    error: str
    account: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class FeedLogout(TypedDict, total=False):
    """A session was closed."""

    event: Required[Literal["feed_logout"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    conn_id: Required[str]
    result: Literal["attempt", "ok", "failed", "timeout", "skipped"]
    reason_code: str
    reason: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class FeedReconnect(TypedDict, total=False):
    """A lost connection was opened again, or that was tried."""

    event: Required[Literal["feed_reconnect"]]
    component: Literal["market_data"]
    ts: int
    level: Level
    run: str
    seq: int
    conn_id: Required[str]
    result: Required[Literal["attempt", "ok", "failed", "timeout", "skipped"]]
    attempt: int
    delay_s: float
    gap_s: float
    timeout_s: float
    reason_code: str
    reason: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class BusOverflow(TypedDict, total=False):
    """A consumer of the bus was too slow, and events were lost to it."""

    event: Required[Literal["bus_overflow"]]
    component: Literal["bus"]
    ts: int
    level: Level
    run: str
    seq: int
    consumer: Required[str]
    queue: str
    lag: int
    dropped: int
    capacity: int
    occupancy: float
    overflow_count: int
    threshold: float
    reason_code: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Signal(TypedDict, total=False):
    """A strategy sees something in the market."""

    event: Required[Literal["signal"]]
    component: Literal["strategy"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    symbol: Required[str]
    signal: Required[str]
    strength: float
    side: Literal["BUY", "SELL"]
    trace_id: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class IntentCreated(TypedDict, total=False):
    """A strategy wants something done."""

    event: Required[Literal["intent_created"]]
    component: Literal["strategy"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    intent_id: Required[str]
    intent_type: Required[Literal["NEW", "AMEND", "CANCEL"]]
    symbol: Required[str]
    side: Required[Literal["BUY", "SELL"]]
    price: Required[int]
    price_scale: Required[int]
    qty: Required[int]
    trace_id: str
    client_order_id: str
    reason_code: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class RiskDecision(TypedDict, total=False):
    """An intent was approved or refused: every intent gets exactly one of these."""

    event: Required[Literal["risk_decision"]]
    component: Literal["risk"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    approved: Required[bool]
    intent_id: str
    trace_id: str
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    symbol: str
    side: Literal["BUY", "SELL"]
    price: int
    price_scale: int
    qty: int
    reason_code: str
    reason: str
    check_name: str
    limit_value: float
    observed_value: float
    thresholds: Any
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    account: str
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    client_order_id: str
    broker_order_id: str
    desk: str
    book: str
    venue: str
    message: str

class IntentRefused(TypedDict, total=False):
    """An intent that never reached the risk check: refused at the gateway, expired or dropped there."""

    event: Required[Literal["intent_refused"]]
    component: Literal["gateway"]
    ts: int
    level: Level
    run: str
    seq: int
    reason_code: Required[str]
    strategy_id: str
    intent_id: str
    trace_id: str
    symbol: str
    ack_token: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason: str
    service: str
    env: str
    host: str
    pid: int
    client_order_id: str
    broker_order_id: str
    account: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class StormguardTransition(TypedDict, total=False):
    """StormGuard changed its mode. A change to HALT pages, whatever level the line has."""

    event: Required[Literal["stormguard_transition"]]
    component: Literal["risk"]
    ts: int
    level: Level
    run: str
    seq: int
    old_mode: Required[Literal["NORMAL", "WARM", "STORM", "HALT"]]
    new_mode: Required[Literal["NORMAL", "WARM", "STORM", "HALT"]]
    trigger: str
    trigger_values: Any
    strategy_id: str
    drawdown_bps: float
    gap_s: float
    hold_s: float
    clear_updates: int
    reason_code: str
    trace_id: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class KillSwitch(TypedDict, total=False):
    """Trading was stopped by hand, or allowed again."""

    event: Required[Literal["kill_switch"]]
    component: Literal["risk"]
    ts: int
    level: Level
    run: str
    seq: int
    active: Required[bool]
    actor: str
    reason_code: str
    reason: str
    path: str
    strategy_id: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class OrderNew(TypedDict, total=False):
    """An order goes to the broker."""

    event: Required[Literal["order_new"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    side: Required[Literal["BUY", "SELL"]]
    price: Required[int]
    price_scale: Required[int]
    qty: Required[int]
    intent_id: str
    trace_id: str
    account: str
    order_type: Literal["LIMIT", "MARKET", "STOP", "STOP_LIMIT"]
    time_in_force: Literal["DAY", "IOC", "FOK", "GTC", "ROD"]
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    broker_order_id: str
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class OrderAmend(TypedDict, total=False):
    """A change of an order goes to the broker."""

    event: Required[Literal["order_amend"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    new_price: int
    price_scale: int
    new_qty: int
    broker_order_id: str
    intent_id: str
    trace_id: str
    account: str
    latency_us: float
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class OrderCancel(TypedDict, total=False):
    """The cancellation of an order goes to the broker."""

    event: Required[Literal["order_cancel"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    broker_order_id: str
    intent_id: str
    trace_id: str
    account: str
    reason_code: str
    latency_us: float
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class OrderAck(TypedDict, total=False):
    """The broker accepted an order, a change or a cancellation."""

    event: Required[Literal["order_ack"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    broker_order_id: str
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class OrderReject(TypedDict, total=False):
    """The broker refused an order, a change or a cancellation."""

    event: Required[Literal["order_reject"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    reason_code: Required[str]
    broker_order_id: str
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    error: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class OrderRefused(TypedDict, total=False):
    """The order adapter refused an order: it never reached the broker."""

    event: Required[Literal["order_refused"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    reason_code: Required[str]
    client_order_id: str
    strategy_id: str
    symbol: str
    side: Literal["BUY", "SELL"]
    price: int
    price_scale: int
    qty: int
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason: str
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    broker_order_id: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class OrderDeadLettered(TypedDict, total=False):
    """The order adapter gave an order up and set it aside; reason_code says whether it may have reached the broker."""

    event: Required[Literal["order_dead_lettered"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    symbol: Required[str]
    reason_code: Required[str]
    client_order_id: str
    order_id: str
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    error: str
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    broker_order_id: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class OrderTimeout(TypedDict, total=False):
    """The broker did not answer in time: nobody knows whether the order stands."""

    event: Required[Literal["order_timeout"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    broker_order_id: str
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    timeout_s: float
    reason_code: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class OrderError(TypedDict, total=False):
    """Sending an order failed: in the adapter, in the network or in the broker's interface."""

    event: Required[Literal["order_error"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    error: Required[str]
    client_order_id: str
    broker_order_id: str
    order_id: str
    strategy_id: str
    symbol: str
    side: Literal["BUY", "SELL"]
    intent_type: Literal["NEW", "AMEND", "CANCEL"]
    intent_id: str
    trace_id: str
    account: str
    reason_code: str
    error_type: str
    latency_us: float
    cmd_id: int
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    desk: str
    book: str
    venue: str
    message: str

class RateLimitHit(TypedDict, total=False):
    """Orders or calls came close to a limit (soft) or were stopped by it (hard)."""

    event: Required[Literal["rate_limit_hit"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    limit_kind: Required[Literal["soft", "hard"]]
    limit_scope: Required[Literal["global", "symbol", "strategy", "api"]]
    count: Required[int]
    symbol: str
    strategy_id: str
    op: str
    threshold: float
    reason_code: str
    service: str
    env: str
    host: str
    pid: int
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class OrderIdMapSet(TypedDict, total=False):
    """The adapter noted which order a broker's id belongs to. The `token` of this line is that id, no secret."""

    event: Required[Literal["order_id_map_set"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    order_key: Required[str]
    broker_custom_field: str
    source: str
    state: str
    t_ns: int
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class OrderIdMapDel(TypedDict, total=False):
    """The adapter forgot a broker's id. The `token` of this line is that id, no secret."""

    event: Required[Literal["order_id_map_del"]]
    component: Literal["order"]
    ts: int
    level: Level
    run: str
    seq: int
    broker_custom_field: Required[str]
    source: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Fill(TypedDict, total=False):
    """An order, or a part of it, was executed."""

    event: Required[Literal["fill"]]
    component: Literal["execution"]
    ts: int
    level: Level
    run: str
    seq: int
    fill_id: Required[str]
    client_order_id: Required[str]
    strategy_id: Required[str]
    symbol: Required[str]
    side: Required[Literal["BUY", "SELL"]]
    price: Required[int]
    price_scale: Required[int]
    qty: Required[int]
    broker_order_id: str
    intent_id: str
    trace_id: str
    account: str
    leaves_qty: int
    fee_scaled: int
    tax_scaled: int
    exch_ts: int
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class FillLost(TypedDict, total=False):
    """A fill was reported that could not be recorded: the position is wrong from here on."""

    event: Required[Literal["fill_lost"]]
    component: Literal["execution"]
    ts: int
    level: Level
    run: str
    seq: int
    reason_code: Required[str]
    fill_id: str
    client_order_id: str
    broker_order_id: str
    strategy_id: str
    symbol: str
    side: Literal["BUY", "SELL"]
    qty: int
    event_type: str
    reason: str
    service: str
    env: str
    host: str
    pid: int
    trace_id: str
    intent_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class ExecutionGap(TypedDict, total=False):
    """No report from the broker for longer than there should be."""

    event: Required[Literal["execution_gap"]]
    component: Literal["execution"]
    ts: int
    level: Level
    run: str
    seq: int
    gap_s: Required[float]
    conn_id: str
    reason_code: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class PositionUpdate(TypedDict, total=False):
    """A fill changed a position: where a transaction ends."""

    event: Required[Literal["position_update"]]
    component: Literal["position"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    symbol: Required[str]
    net_qty: Required[int]
    delta_qty: int
    avg_price: int
    price_scale: int
    realized_pnl: int
    unrealized_pnl: int
    fill_id: str
    client_order_id: str
    intent_id: str
    trace_id: str
    account: str
    latency_us: float
    service: str
    env: str
    host: str
    pid: int
    broker_order_id: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

class PnlSnapshot(TypedDict, total=False):
    """Profit and exposure of a strategy at this moment."""

    event: Required[Literal["pnl_snapshot"]]
    component: Literal["position"]
    ts: int
    level: Level
    run: str
    seq: int
    strategy_id: Required[str]
    realized_pnl: Required[int]
    unrealized_pnl: Required[int]
    price_scale: Required[int]
    symbol: str
    total_pnl: int
    exposure: int
    drawdown_bps: float
    net_qty: int
    service: str
    env: str
    host: str
    pid: int
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Reconciliation(TypedDict, total=False):
    """Own positions were compared with the broker's."""

    event: Required[Literal["reconciliation"]]
    component: Literal["position"]
    ts: int
    level: Level
    run: str
    seq: int
    reconciliation_result: Required[Literal["match", "mismatch", "failed"]]
    discrepancy_count: int
    positions_checked: int
    duration_ms: float
    reason_code: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class RecorderFlush(TypedDict, total=False):
    """Rows were written to storage."""

    event: Required[Literal["recorder_flush"]]
    component: Literal["recorder"]
    ts: int
    level: Level
    run: str
    seq: int
    rows: Required[int]
    table: str
    bytes: int
    duration_ms: float
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class RecorderWriteFailed(TypedDict, total=False):
    """Rows could not be written to storage."""

    event: Required[Literal["recorder_write_failed"]]
    component: Literal["recorder"]
    ts: int
    level: Level
    run: str
    seq: int
    error: Required[str]
    table: str
    rows: int
    attempt: int
    error_type: str
    duration_ms: float
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class RecorderFallback(TypedDict, total=False):
    """Rows went to the write-ahead log instead of storage."""

    event: Required[Literal["recorder_fallback"]]
    component: Literal["recorder"]
    ts: int
    level: Level
    run: str
    seq: int
    table: Required[str]
    rows: Required[int]
    reason_code: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class RecorderOverflow(TypedDict, total=False):
    """Rows were lost before they reached storage."""

    event: Required[Literal["recorder_overflow"]]
    component: Literal["recorder"]
    ts: int
    level: Level
    run: str
    seq: int
    dropped: Required[int]
    table: str
    queue: str
    total_skipped: int
    policy: str
    reason_code: str
    threshold: float
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class AuditFallback(TypedDict, total=False):
    """An audit row was printed because it could not be stored."""

    event: Required[Literal["audit_fallback"]]
    component: Literal["recorder"]
    ts: int
    level: Level
    run: str
    seq: int
    table: Required[str]
    ts_ns: int
    strategy_id: str
    symbol: str
    intent_id: str
    cmd_id: int
    approved: bool
    reason_code: str
    reason: str
    service: str
    env: str
    host: str
    pid: int
    trace_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class ConfigChange(TypedDict, total=False):
    """A configuration was changed or loaded again: what, from what to what, by whom."""

    event: Required[Literal["config_change"]]
    component: Literal["gateway"]
    ts: int
    level: Level
    run: str
    seq: int
    config_name: Required[str]
    hash_before: str
    hash_after: str
    actor: str
    result: Literal["attempt", "ok", "failed", "timeout", "skipped"]
    changed_keys: Any
    reason: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Heartbeat(TypedDict, total=False):
    """The program is alive."""

    event: Required[Literal["heartbeat"]]
    component: Literal["gateway"]
    ts: int
    level: Level
    run: str
    seq: int
    uptime_s: float
    count: int
    git_sha: str
    config_hash: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Notice(TypedDict, total=False):
    """An alert of a plugin, or of the router itself, fires or ends."""

    event: Required[Literal["notice"]]
    component: Literal["plugin"]
    ts: int
    level: Level
    run: str
    seq: int
    notice_key: Required[str]
    notice_state: Required[Literal["firing", "resolved"]]
    severity: Required[Literal["info", "warning", "critical"]]
    summary: Required[str]
    plugin: str
    plugin_version: str
    destination: str
    strategy_id: str
    trigger_values: Any
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class PluginLifecycle(TypedDict, total=False):
    """A plugin was loaded, put into service, quarantined, replaced or taken out."""

    event: Required[Literal["plugin_lifecycle"]]
    component: Literal["router"]
    ts: int
    level: Level
    run: str
    seq: int
    plugin: Required[str]
    action: Required[str]
    plugin_version: str
    digest: str
    actor: str
    result: Literal["attempt", "ok", "failed", "timeout", "skipped"]
    reason_code: str
    reason: str
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class NoticeAcknowledged(TypedDict, total=False):
    """Somebody has taken an alert on: it is not told again while it stays as it is."""

    event: Required[Literal["notice_acknowledged"]]
    component: Literal["router"]
    ts: int
    level: Level
    run: str
    seq: int
    notice_key: Required[str]
    actor: Required[str]
    plugin: str
    notice_state: Literal["firing", "resolved"]
    severity: Literal["info", "warning", "critical"]
    summary: str
    reason: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    latency_us: float
    desk: str
    book: str
    venue: str
    message: str

class Delivery(TypedDict, total=False):
    """A page or a message was sent, and this is what came of it."""

    event: Required[Literal["delivery"]]
    component: Literal["router"]
    ts: int
    level: Level
    run: str
    seq: int
    destination: Required[str]
    delivery_outcome: Required[Literal["delivered", "assumed", "refused", "limited", "timed_out", "failed", "suppressed", "unreceipted"]]
    notice_key: str
    notice_state: Literal["firing", "resolved"]
    severity: Literal["info", "warning", "critical"]
    summary: str
    receipt: str
    attempt: int
    latency_us: float
    error: str
    service: str
    env: str
    host: str
    pid: int
    symbol: str
    strategy_id: str
    trace_id: str
    intent_id: str
    client_order_id: str
    broker_order_id: str
    account: str
    risk_mode: Literal["NORMAL", "WARM", "STORM", "HALT"]
    reason_code: str
    desk: str
    book: str
    venue: str
    message: str

# Labels of each metric that has some.
FeedEventsTotalLabels = TypedDict("FeedEventsTotalLabels", {"type": Literal["tick", "bidask", "snapshot", "clear"]})
FeedReconnectTotalLabels = TypedDict("FeedReconnectTotalLabels", {"result": Literal["ok", "failed", "timeout"]})
FeedLastEventTsLabels = TypedDict("FeedLastEventTsLabels", {"source": str})
FeedConnectedLabels = TypedDict("FeedConnectedLabels", {"conn": str})
BusConsumerLagLabels = TypedDict("BusConsumerLagLabels", {"consumer": str})
StrategyLatencyNsLabels = TypedDict("StrategyLatencyNsLabels", {"strategy": str})
StrategyIntentsTotalLabels = TypedDict("StrategyIntentsTotalLabels", {"strategy": str})
RiskRejectTotalLabels = TypedDict("RiskRejectTotalLabels", {"reason": Literal["PRICE_ZERO_OR_NEG", "FLOAT_PRICE", "PRICE_EXCEEDS_CAP", "PRICE_OUTSIDE_BAND", "QTY_EXCEEDS_CAP", "POSITION_LIMIT_EXCEEDED", "MAX_NOTIONAL_EXCEEDED", "DAILY_LOSS_LIMIT_EXCEEDED", "DRAWDOWN_LIMIT", "GREEKS_LIMIT_EXCEEDED", "RATE_LIMIT", "STORMGUARD_STORM_BLOCKED", "STORMGUARD_HALT", "REDUCE_ONLY", "KILL_SWITCH", "FASTGATE_REJECT", "FASTGATE_ERROR", "UNKNOWN_SYMBOL", "INTERNAL_ERROR"]})
StormguardModeLabels = TypedDict("StormguardModeLabels", {"strategy": str})
StormguardTransitionsTotalLabels = TypedDict("StormguardTransitionsTotalLabels", {"from": Literal["NORMAL", "WARM", "STORM", "HALT"], "to": Literal["NORMAL", "WARM", "STORM", "HALT"]})
OrderActionsTotalLabels = TypedDict("OrderActionsTotalLabels", {"type": Literal["new", "amend", "cancel", "ack", "reject", "refused", "timeout", "error"]})
OrderRejectTotalLabels = TypedDict("OrderRejectTotalLabels", {"reason": Literal["PRICE_LIMIT", "QTY_LIMIT", "INSUFFICIENT_MARGIN", "MARKET_CLOSED", "UNKNOWN_ORDER", "DUPLICATE", "SESSION", "THROTTLED", "BROKER_OTHER"]})
CircuitBreakerStateLabels = TypedDict("CircuitBreakerStateLabels", {"component": Literal["market_data", "strategy", "risk", "order", "execution", "recorder"]})
ExecutionEventsTotalLabels = TypedDict("ExecutionEventsTotalLabels", {"type": Literal["fill", "partial_fill", "ack", "reject", "cancel", "expired"]})
PnlRealizedLabels = TypedDict("PnlRealizedLabels", {"strategy": str})
PnlUnrealizedLabels = TypedDict("PnlUnrealizedLabels", {"strategy": str})
ExposureNotionalLabels = TypedDict("ExposureNotionalLabels", {"side": Literal["long", "short", "gross", "net"]})
BuildInfoLabels = TypedDict("BuildInfoLabels", {"version": str, "git_sha": str, "contract": str})
TaplineEventsEmittedTotalLabels = TypedDict("TaplineEventsEmittedTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"]})
TaplineEventsDeliveredTotalLabels = TypedDict("TaplineEventsDeliveredTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"]})
TaplineEventsFilteredTotalLabels = TypedDict("TaplineEventsFilteredTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"], "reason": str})
TaplineEventsRejectedTotalLabels = TypedDict("TaplineEventsRejectedTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"], "reason": str})
TaplineEventsDroppedTotalLabels = TypedDict("TaplineEventsDroppedTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"], "reason": str})
TaplineEventsDeadLetteredTotalLabels = TypedDict("TaplineEventsDeadLetteredTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"], "reason": str})
TaplineEventsPendingLabels = TypedDict("TaplineEventsPendingLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"]})
TaplineSequenceHolesTotalLabels = TypedDict("TaplineSequenceHolesTotalLabels", {"component": str, "lane": Literal["guard", "audit", "log", "metric"]})
TaplineAuditRowsOfferedTotalLabels = TypedDict("TaplineAuditRowsOfferedTotalLabels", {"table": Literal["orders_log", "risk_log", "guardrail_log", "connectivity_log", "config_log", "plugin_log", "delivery_log", "trace_log"]})
TaplineAuditRowsAcceptedTotalLabels = TypedDict("TaplineAuditRowsAcceptedTotalLabels", {"table": Literal["orders_log", "risk_log", "guardrail_log", "connectivity_log", "config_log", "plugin_log", "delivery_log", "trace_log"]})
TaplineQueueDepthLabels = TypedDict("TaplineQueueDepthLabels", {"queue": str})
TaplineQueueCapacityLabels = TypedDict("TaplineQueueCapacityLabels", {"queue": str})
TaplineIngestConnectionsLabels = TypedDict("TaplineIngestConnectionsLabels", {"protocol": Literal["unix", "tcp", "http"]})
TaplineIngestBytesTotalLabels = TypedDict("TaplineIngestBytesTotalLabels", {"protocol": Literal["unix", "tcp", "http"]})
TaplineUnknownEventsTotalLabels = TypedDict("TaplineUnknownEventsTotalLabels", {"component": str})
TaplineUnknownFieldsTotalLabels = TypedDict("TaplineUnknownFieldsTotalLabels", {"component": str})
TaplineEventsByNameTotalLabels = TypedDict("TaplineEventsByNameTotalLabels", {"event": str})
TaplineMissingFieldsTotalLabels = TypedDict("TaplineMissingFieldsTotalLabels", {"event": str})
TaplineNullJoinKeysTotalLabels = TypedDict("TaplineNullJoinKeysTotalLabels", {"event": str})
TaplineKindMismatchesTotalLabels = TypedDict("TaplineKindMismatchesTotalLabels", {"field": str})
TaplineUnknownValuesTotalLabels = TypedDict("TaplineUnknownValuesTotalLabels", {"field": str})
TaplineLineRepairsTotalLabels = TypedDict("TaplineLineRepairsTotalLabels", {"repair": Literal["unknown_component", "converted", "code", "duplicate_key", "utf8", "number", "timestamp", "level", "truncated"]})
TaplineReservedKeysTotalLabels = TypedDict("TaplineReservedKeysTotalLabels", {"key": Literal["ts", "ingest_ts", "run", "seq", "event_id", "chain_position", "event", "component", "level", "lane", "details"]})
TaplineWithheldValuesTotalLabels = TypedDict("TaplineWithheldValuesTotalLabels", {"sink": str, "sensitivity": Literal["pii", "secret"]})
TaplineLabelValuesCappedTotalLabels = TypedDict("TaplineLabelValuesCappedTotalLabels", {"metric": str})
TaplinePluginDurationSecondsLabels = TypedDict("TaplinePluginDurationSecondsLabels", {"plugin": str, "version": str})
TaplinePluginEventsTotalLabels = TypedDict("TaplinePluginEventsTotalLabels", {"plugin": str, "version": str})
TaplinePluginFaultsTotalLabels = TypedDict("TaplinePluginFaultsTotalLabels", {"plugin": str, "version": str, "kind": Literal["trap", "timeout", "memory", "stack", "invalid", "flood", "error", "start"]})
TaplinePluginMemoryBytesLabels = TypedDict("TaplinePluginMemoryBytesLabels", {"plugin": str, "version": str})
TaplinePluginActiveLabels = TypedDict("TaplinePluginActiveLabels", {"plugin": str, "version": str})
TaplinePluginQuarantinedLabels = TypedDict("TaplinePluginQuarantinedLabels", {"plugin": str})
TaplineNoticesTotalLabels = TypedDict("TaplineNoticesTotalLabels", {"severity": Literal["info", "warning", "critical"], "state": Literal["firing", "resolved"]})
TaplineDeliveriesTotalLabels = TypedDict("TaplineDeliveriesTotalLabels", {"destination": str, "outcome": Literal["delivered", "assumed", "refused", "limited", "timed_out", "failed", "suppressed"]})
TaplineSinkEventsTotalLabels = TypedDict("TaplineSinkEventsTotalLabels", {"sink": str})
TaplineSinkWriteSecondsLabels = TypedDict("TaplineSinkWriteSecondsLabels", {"sink": str})
TaplineSinkRetriesTotalLabels = TypedDict("TaplineSinkRetriesTotalLabels", {"sink": str})
TaplineSinkFailuresTotalLabels = TypedDict("TaplineSinkFailuresTotalLabels", {"sink": str})
TaplineSinkBacklogEventsLabels = TypedDict("TaplineSinkBacklogEventsLabels", {"sink": str})
TaplineSinkBacklogBytesLabels = TypedDict("TaplineSinkBacklogBytesLabels", {"sink": str})
TaplineSinkBacklogAgeSecondsLabels = TypedDict("TaplineSinkBacklogAgeSecondsLabels", {"sink": str})
TaplineReloadsTotalLabels = TypedDict("TaplineReloadsTotalLabels", {"result": Literal["ok", "failed"]})
TaplineLogLinesSuppressedTotalLabels = TypedDict("TaplineLogLinesSuppressedTotalLabels", {"source": str})
