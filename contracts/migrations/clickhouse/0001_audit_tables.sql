-- Generated from contracts/trading.toml (contract trading 0.1.0) by `cargo xtask bless`; do not edit.

CREATE DATABASE IF NOT EXISTS audit;

-- The life of every order: sent, changed, cancelled, accepted, refused by the broker or before it, unanswered, filled.
CREATE TABLE IF NOT EXISTS audit.orders_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `strategy_id` LowCardinality(String),
    `symbol` LowCardinality(String),
    `side` LowCardinality(Nullable(String)),
    `price` Nullable(Int64),
    `price_scale` Nullable(Int64),
    `qty` Nullable(Int64),
    `order_type` LowCardinality(Nullable(String)),
    `time_in_force` LowCardinality(Nullable(String)),
    `intent_type` LowCardinality(Nullable(String)),
    `new_price` Nullable(Int64),
    `new_qty` Nullable(Int64),
    `leaves_qty` Nullable(Int64),
    `client_order_id` Nullable(String),
    `broker_order_id` Nullable(String),
    `order_id` Nullable(String),
    `fill_id` Nullable(String),
    `intent_id` Nullable(String),
    `trace_id` Nullable(String),
    `cmd_id` Nullable(Int64),
    `account` Nullable(String),
    `risk_mode` LowCardinality(Nullable(String)),
    `reason_code` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `error` Nullable(String),
    `error_type` LowCardinality(Nullable(String)),
    `fee_scaled` Nullable(Int64),
    `tax_scaled` Nullable(Int64),
    `exch_ts` Nullable(Int64),
    `timeout_s` Nullable(Float64),
    `latency_us` Nullable(Float64),
    `details` String DEFAULT '{}',
    INDEX client_order_id_bloom `client_order_id` TYPE bloom_filter GRANULARITY 4,
    INDEX broker_order_id_bloom `broker_order_id` TYPE bloom_filter GRANULARITY 4,
    INDEX order_id_bloom `order_id` TYPE bloom_filter GRANULARITY 4,
    INDEX fill_id_bloom `fill_id` TYPE bloom_filter GRANULARITY 4,
    INDEX intent_id_bloom `intent_id` TYPE bloom_filter GRANULARITY 4,
    INDEX trace_id_bloom `trace_id` TYPE bloom_filter GRANULARITY 4,
    INDEX cmd_id_bloom `cmd_id` TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`symbol`, `strategy_id`, `ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Every decision about an intent, refusals included, and the thresholds it was measured by.
CREATE TABLE IF NOT EXISTS audit.risk_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `strategy_id` LowCardinality(String),
    `approved` Nullable(Bool),
    `intent_id` Nullable(String),
    `trace_id` Nullable(String),
    `ack_token` Nullable(String),
    `cmd_id` Nullable(Int64),
    `intent_type` LowCardinality(Nullable(String)),
    `symbol` LowCardinality(Nullable(String)),
    `side` LowCardinality(Nullable(String)),
    `price` Nullable(Int64),
    `price_scale` Nullable(Int64),
    `qty` Nullable(Int64),
    `account` Nullable(String),
    `reason_code` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `check_name` LowCardinality(Nullable(String)),
    `limit_value` Nullable(Float64),
    `observed_value` Nullable(Float64),
    `thresholds` Nullable(String),
    `risk_mode` LowCardinality(Nullable(String)),
    `latency_us` Nullable(Float64),
    `details` String DEFAULT '{}',
    INDEX intent_id_bloom `intent_id` TYPE bloom_filter GRANULARITY 4,
    INDEX trace_id_bloom `trace_id` TYPE bloom_filter GRANULARITY 4,
    INDEX ack_token_bloom `ack_token` TYPE bloom_filter GRANULARITY 4,
    INDEX cmd_id_bloom `cmd_id` TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`strategy_id`, `ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Every change of the StormGuard mode and every use of the kill switch.
CREATE TABLE IF NOT EXISTS audit.guardrail_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `old_mode` LowCardinality(Nullable(String)),
    `new_mode` LowCardinality(Nullable(String)),
    `trigger` Nullable(String),
    `trigger_values` Nullable(String),
    `strategy_id` LowCardinality(Nullable(String)),
    `drawdown_bps` Nullable(Float64),
    `gap_s` Nullable(Float64),
    `hold_s` Nullable(Float64),
    `clear_updates` Nullable(Int64),
    `active` Nullable(Bool),
    `actor` LowCardinality(Nullable(String)),
    `reason_code` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `trace_id` Nullable(String),
    `details` String DEFAULT '{}',
    INDEX trace_id_bloom `trace_id` TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Connections and sessions: up, down, login, logout, every try to come back.
CREATE TABLE IF NOT EXISTS audit.connectivity_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `conn_id` LowCardinality(Nullable(String)),
    `result` LowCardinality(Nullable(String)),
    `attempt` Nullable(Int64),
    `delay_s` Nullable(Float64),
    `gap_s` Nullable(Float64),
    `timeout_s` Nullable(Float64),
    `reason_code` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `error` Nullable(String),
    `account` Nullable(String),
    `latency_us` Nullable(Float64),
    `details` String DEFAULT '{}'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Changes of configuration: what, from what to what, by whom.
CREATE TABLE IF NOT EXISTS audit.config_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `config_name` LowCardinality(Nullable(String)),
    `hash_before` LowCardinality(Nullable(String)),
    `hash_after` LowCardinality(Nullable(String)),
    `actor` LowCardinality(Nullable(String)),
    `result` LowCardinality(Nullable(String)),
    `changed_keys` Nullable(String),
    `reason` Nullable(String),
    `error` Nullable(String),
    `details` String DEFAULT '{}'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What was done with plugins, by whom and why.
CREATE TABLE IF NOT EXISTS audit.plugin_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `plugin` LowCardinality(Nullable(String)),
    `plugin_version` LowCardinality(Nullable(String)),
    `digest` LowCardinality(Nullable(String)),
    `action` LowCardinality(Nullable(String)),
    `actor` LowCardinality(Nullable(String)),
    `result` LowCardinality(Nullable(String)),
    `reason_code` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `error` Nullable(String),
    `details` String DEFAULT '{}'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Alerts that fired or ended, a receipt for every page that was sent, and who took an alert on.
CREATE TABLE IF NOT EXISTS audit.delivery_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `notice_key` LowCardinality(Nullable(String)),
    `notice_state` LowCardinality(Nullable(String)),
    `severity` LowCardinality(Nullable(String)),
    `summary` Nullable(String),
    `plugin` LowCardinality(Nullable(String)),
    `plugin_version` LowCardinality(Nullable(String)),
    `destination` LowCardinality(Nullable(String)),
    `delivery_outcome` LowCardinality(Nullable(String)),
    `receipt` LowCardinality(Nullable(String)),
    `attempt` Nullable(Int64),
    `actor` LowCardinality(Nullable(String)),
    `reason` Nullable(String),
    `strategy_id` LowCardinality(Nullable(String)),
    `latency_us` Nullable(Float64),
    `error` Nullable(String),
    `details` String DEFAULT '{}'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Steps of a transaction that no other table keeps: the tick, the intent, the position.
CREATE TABLE IF NOT EXISTS audit.trace_log (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `chain_position` UInt64 CODEC(Delta, ZSTD),
    `chain_hash` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `trace_id` Nullable(String),
    `intent_id` Nullable(String),
    `client_order_id` Nullable(String),
    `fill_id` Nullable(String),
    `strategy_id` LowCardinality(Nullable(String)),
    `symbol` LowCardinality(String),
    `side` LowCardinality(Nullable(String)),
    `intent_type` LowCardinality(Nullable(String)),
    `price` Nullable(Int64),
    `price_scale` Nullable(Int64),
    `qty` Nullable(Int64),
    `net_qty` Nullable(Int64),
    `delta_qty` Nullable(Int64),
    `avg_price` Nullable(Int64),
    `realized_pnl` Nullable(Int64),
    `unrealized_pnl` Nullable(Int64),
    `account` Nullable(String),
    `reason_code` LowCardinality(Nullable(String)),
    `exch_ts` Nullable(Int64),
    `latency_us` Nullable(Float64),
    `details` String DEFAULT '{}',
    INDEX trace_id_bloom `trace_id` TYPE bloom_filter GRANULARITY 4,
    INDEX intent_id_bloom `intent_id` TYPE bloom_filter GRANULARITY 4,
    INDEX client_order_id_bloom `client_order_id` TYPE bloom_filter GRANULARITY 4,
    INDEX fill_id_bloom `fill_id` TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (`symbol`, `ts`, `run`, `seq`)
TTL toDateTime(ts) + INTERVAL 1825 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
