-- Generated from contracts/trading.toml (contract trading 0.1.0) by `cargo xtask bless`; do not edit.
--
-- audit_writer  the router: adds rows, reads none of them
-- audit_reader  people and dashboards: read all but the columns that hold personal data
-- audit_verifier  `tapline audit verify`: reads every column, since the hash chain is over all of them
-- audit_admin   migrations: adds tables, columns and indexes, changes retention; no role drops,
--               updates or deletes

CREATE ROLE IF NOT EXISTS audit_writer;
CREATE ROLE IF NOT EXISTS audit_reader;
CREATE ROLE IF NOT EXISTS audit_verifier;
CREATE ROLE IF NOT EXISTS audit_admin;

-- The writer looks at the columns before it writes.
GRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_writer;
GRANT INSERT ON audit.orders_log TO audit_writer;
GRANT INSERT ON audit.risk_log TO audit_writer;
GRANT INSERT ON audit.guardrail_log TO audit_writer;
GRANT INSERT ON audit.connectivity_log TO audit_writer;
GRANT INSERT ON audit.config_log TO audit_writer;
GRANT INSERT ON audit.plugin_log TO audit_writer;
GRANT INSERT ON audit.delivery_log TO audit_writer;
GRANT INSERT ON audit.trace_log TO audit_writer;

GRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `strategy_id`, `symbol`, `side`, `price`, `price_scale`, `qty`, `order_type`, `time_in_force`, `intent_type`, `new_price`, `new_qty`, `leaves_qty`, `client_order_id`, `broker_order_id`, `order_id`, `fill_id`, `intent_id`, `trace_id`, `cmd_id`, `risk_mode`, `reason_code`, `reason`, `error`, `error_type`, `fee_scaled`, `tax_scaled`, `exch_ts`, `timeout_s`, `latency_us`, `details`) ON audit.orders_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `strategy_id`, `approved`, `intent_id`, `trace_id`, `ack_token`, `cmd_id`, `intent_type`, `symbol`, `side`, `price`, `price_scale`, `qty`, `reason_code`, `reason`, `check_name`, `limit_value`, `observed_value`, `thresholds`, `risk_mode`, `latency_us`, `details`) ON audit.risk_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `old_mode`, `new_mode`, `trigger`, `trigger_values`, `strategy_id`, `drawdown_bps`, `gap_s`, `hold_s`, `clear_updates`, `active`, `actor`, `reason_code`, `reason`, `trace_id`, `details`) ON audit.guardrail_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `conn_id`, `result`, `attempt`, `delay_s`, `gap_s`, `timeout_s`, `reason_code`, `reason`, `error`, `latency_us`, `details`) ON audit.connectivity_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `config_name`, `hash_before`, `hash_after`, `actor`, `result`, `changed_keys`, `reason`, `error`, `details`) ON audit.config_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `plugin`, `plugin_version`, `digest`, `action`, `actor`, `result`, `reason_code`, `reason`, `error`, `details`) ON audit.plugin_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `notice_key`, `notice_state`, `severity`, `summary`, `plugin`, `plugin_version`, `destination`, `delivery_outcome`, `receipt`, `attempt`, `actor`, `reason`, `strategy_id`, `latency_us`, `error`, `details`) ON audit.delivery_log TO audit_reader;
GRANT SELECT(`ts`, `ingest_ts`, `run`, `seq`, `event_id`, `chain_position`, `chain_hash`, `event`, `component`, `level`, `trace_id`, `intent_id`, `client_order_id`, `fill_id`, `strategy_id`, `symbol`, `side`, `intent_type`, `price`, `price_scale`, `qty`, `net_qty`, `delta_qty`, `avg_price`, `realized_pnl`, `unrealized_pnl`, `reason_code`, `exch_ts`, `latency_us`, `details`) ON audit.trace_log TO audit_reader;

GRANT SHOW TABLES, SHOW COLUMNS, CREATE DATABASE, CREATE TABLE, ALTER ADD COLUMN, ALTER MODIFY COLUMN,
    ALTER COMMENT COLUMN, ALTER ADD INDEX, ALTER MATERIALIZE INDEX, ALTER TTL
    ON audit.* TO audit_admin;

GRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_verifier;
GRANT SELECT ON audit.orders_log TO audit_verifier;
GRANT SELECT ON audit.risk_log TO audit_verifier;
GRANT SELECT ON audit.guardrail_log TO audit_verifier;
GRANT SELECT ON audit.connectivity_log TO audit_verifier;
GRANT SELECT ON audit.config_log TO audit_verifier;
GRANT SELECT ON audit.plugin_log TO audit_verifier;
GRANT SELECT ON audit.delivery_log TO audit_verifier;
GRANT SELECT ON audit.trace_log TO audit_verifier;
