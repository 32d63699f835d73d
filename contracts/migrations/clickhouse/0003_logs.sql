-- Generated from contracts/trading.toml (contract trading 0.1.0) by `cargo xtask bless`; do not edit.

CREATE DATABASE IF NOT EXISTS logs;

-- Plain logs: every event that has no audit table.
CREATE TABLE IF NOT EXISTS logs.events (
    `ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `ingest_ts` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `run` LowCardinality(String),
    `seq` UInt64 CODEC(Delta, ZSTD),
    `event_id` String,
    `event` LowCardinality(String),
    `component` LowCardinality(String),
    `level` LowCardinality(String),
    `lane` LowCardinality(String),
    `service` LowCardinality(Nullable(String)),
    `env` LowCardinality(Nullable(String)),
    `host` LowCardinality(Nullable(String)),
    `pid` Nullable(Int64),
    `symbol` LowCardinality(Nullable(String)),
    `strategy_id` LowCardinality(Nullable(String)),
    `trace_id` Nullable(String),
    `intent_id` Nullable(String),
    `client_order_id` Nullable(String),
    `broker_order_id` Nullable(String),
    `account` Nullable(String),
    `risk_mode` LowCardinality(Nullable(String)),
    `reason_code` LowCardinality(Nullable(String)),
    `latency_us` Nullable(Float64),
    `desk` LowCardinality(Nullable(String)),
    `book` LowCardinality(Nullable(String)),
    `venue` LowCardinality(Nullable(String)),
    `message` Nullable(String),
    `details` String DEFAULT '{}',
    INDEX trace_id_bloom `trace_id` TYPE bloom_filter GRANULARITY 4,
    INDEX intent_id_bloom `intent_id` TYPE bloom_filter GRANULARITY 4,
    INDEX client_order_id_bloom `client_order_id` TYPE bloom_filter GRANULARITY 4,
    INDEX broker_order_id_bloom `broker_order_id` TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (`component`, `ts`)
TTL toDateTime(ts) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The writer looks at the columns before it writes.
GRANT SHOW TABLES, SHOW COLUMNS ON logs.* TO audit_writer;
GRANT INSERT ON logs.events TO audit_writer;

GRANT SHOW TABLES, SHOW COLUMNS ON logs.* TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `event`, `component`, `level`, `lane`, `service`, `env`, `host`, `pid`, `symbol`, `strategy_id`, `trace_id`, `intent_id`, `client_order_id`, `broker_order_id`, `risk_mode`, `reason_code`, `latency_us`, `desk`, `book`, `venue`, `message`, `details`) ON logs.events TO audit_reader;

GRANT SHOW TABLES, SHOW COLUMNS, CREATE DATABASE, CREATE TABLE, ALTER ADD COLUMN, ALTER MODIFY COLUMN,
    ALTER COMMENT COLUMN, ALTER ADD INDEX, ALTER MATERIALIZE INDEX, ALTER TTL
    ON logs.* TO audit_admin;
