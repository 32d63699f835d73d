-- Generated from contracts/trading.toml (contract trading 0.1.0) by `cargo xtask bless`; do not edit.
--
-- Run it with the database file attached as `audit`:
--   ATTACH DATABASE 'audit.db' AS audit;

-- The life of every order: sent, changed, cancelled, accepted, refused by the broker or before it, unanswered, filled.
CREATE TABLE IF NOT EXISTS audit."orders_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "strategy_id" TEXT,
    "symbol" TEXT,
    "side" TEXT,
    "price" INTEGER,
    "price_scale" INTEGER,
    "qty" INTEGER,
    "order_type" TEXT,
    "time_in_force" TEXT,
    "intent_type" TEXT,
    "new_price" INTEGER,
    "new_qty" INTEGER,
    "leaves_qty" INTEGER,
    "client_order_id" TEXT,
    "broker_order_id" TEXT,
    "order_id" TEXT,
    "fill_id" TEXT,
    "intent_id" TEXT,
    "trace_id" TEXT,
    "cmd_id" INTEGER,
    "account" TEXT,
    "risk_mode" TEXT,
    "reason_code" TEXT,
    "reason" TEXT,
    "error" TEXT,
    "error_type" TEXT,
    "fee_scaled" INTEGER,
    "tax_scaled" INTEGER,
    "exch_ts" INTEGER,
    "timeout_s" REAL,
    "latency_us" REAL,
    "details" TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS audit."orders_log_trace_id" ON "orders_log" ("trace_id") WHERE "trace_id" IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS audit."orders_log_no_update" BEFORE UPDATE ON "orders_log"
BEGIN SELECT RAISE(ABORT, 'audit.orders_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."orders_log_no_delete" BEFORE DELETE ON "orders_log"
BEGIN SELECT RAISE(ABORT, 'audit.orders_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."orders_log_no_replace" BEFORE INSERT ON "orders_log"
WHEN EXISTS (SELECT 1 FROM "orders_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "orders_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.orders_log: the chain position is taken by another event') END; END;

-- Every decision about an intent, refusals included, and the thresholds it was measured by.
CREATE TABLE IF NOT EXISTS audit."risk_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "strategy_id" TEXT,
    "approved" INTEGER,
    "intent_id" TEXT,
    "trace_id" TEXT,
    "ack_token" TEXT,
    "cmd_id" INTEGER,
    "intent_type" TEXT,
    "symbol" TEXT,
    "side" TEXT,
    "price" INTEGER,
    "price_scale" INTEGER,
    "qty" INTEGER,
    "account" TEXT,
    "reason_code" TEXT,
    "reason" TEXT,
    "check_name" TEXT,
    "limit_value" REAL,
    "observed_value" REAL,
    "thresholds" TEXT,
    "risk_mode" TEXT,
    "latency_us" REAL,
    "details" TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS audit."risk_log_trace_id" ON "risk_log" ("trace_id") WHERE "trace_id" IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS audit."risk_log_no_update" BEFORE UPDATE ON "risk_log"
BEGIN SELECT RAISE(ABORT, 'audit.risk_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."risk_log_no_delete" BEFORE DELETE ON "risk_log"
BEGIN SELECT RAISE(ABORT, 'audit.risk_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."risk_log_no_replace" BEFORE INSERT ON "risk_log"
WHEN EXISTS (SELECT 1 FROM "risk_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "risk_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.risk_log: the chain position is taken by another event') END; END;

-- Every change of the StormGuard mode and every use of the kill switch.
CREATE TABLE IF NOT EXISTS audit."guardrail_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "old_mode" TEXT,
    "new_mode" TEXT,
    "trigger" TEXT,
    "trigger_values" TEXT,
    "strategy_id" TEXT,
    "drawdown_bps" REAL,
    "gap_s" REAL,
    "hold_s" REAL,
    "clear_updates" INTEGER,
    "active" INTEGER,
    "actor" TEXT,
    "reason_code" TEXT,
    "reason" TEXT,
    "trace_id" TEXT,
    "details" TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS audit."guardrail_log_trace_id" ON "guardrail_log" ("trace_id") WHERE "trace_id" IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS audit."guardrail_log_no_update" BEFORE UPDATE ON "guardrail_log"
BEGIN SELECT RAISE(ABORT, 'audit.guardrail_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."guardrail_log_no_delete" BEFORE DELETE ON "guardrail_log"
BEGIN SELECT RAISE(ABORT, 'audit.guardrail_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."guardrail_log_no_replace" BEFORE INSERT ON "guardrail_log"
WHEN EXISTS (SELECT 1 FROM "guardrail_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "guardrail_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.guardrail_log: the chain position is taken by another event') END; END;

-- Connections and sessions: up, down, login, logout, every try to come back.
CREATE TABLE IF NOT EXISTS audit."connectivity_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "conn_id" TEXT,
    "result" TEXT,
    "attempt" INTEGER,
    "delay_s" REAL,
    "gap_s" REAL,
    "timeout_s" REAL,
    "reason_code" TEXT,
    "reason" TEXT,
    "error" TEXT,
    "account" TEXT,
    "latency_us" REAL,
    "details" TEXT
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit."connectivity_log_no_update" BEFORE UPDATE ON "connectivity_log"
BEGIN SELECT RAISE(ABORT, 'audit.connectivity_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."connectivity_log_no_delete" BEFORE DELETE ON "connectivity_log"
BEGIN SELECT RAISE(ABORT, 'audit.connectivity_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."connectivity_log_no_replace" BEFORE INSERT ON "connectivity_log"
WHEN EXISTS (SELECT 1 FROM "connectivity_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "connectivity_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.connectivity_log: the chain position is taken by another event') END; END;

-- Changes of configuration: what, from what to what, by whom.
CREATE TABLE IF NOT EXISTS audit."config_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "config_name" TEXT,
    "hash_before" TEXT,
    "hash_after" TEXT,
    "actor" TEXT,
    "result" TEXT,
    "changed_keys" TEXT,
    "reason" TEXT,
    "error" TEXT,
    "details" TEXT
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit."config_log_no_update" BEFORE UPDATE ON "config_log"
BEGIN SELECT RAISE(ABORT, 'audit.config_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."config_log_no_delete" BEFORE DELETE ON "config_log"
BEGIN SELECT RAISE(ABORT, 'audit.config_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."config_log_no_replace" BEFORE INSERT ON "config_log"
WHEN EXISTS (SELECT 1 FROM "config_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "config_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.config_log: the chain position is taken by another event') END; END;

-- What was done with plugins, by whom and why.
CREATE TABLE IF NOT EXISTS audit."plugin_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "plugin" TEXT,
    "plugin_version" TEXT,
    "digest" TEXT,
    "action" TEXT,
    "actor" TEXT,
    "result" TEXT,
    "reason_code" TEXT,
    "reason" TEXT,
    "error" TEXT,
    "details" TEXT
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit."plugin_log_no_update" BEFORE UPDATE ON "plugin_log"
BEGIN SELECT RAISE(ABORT, 'audit.plugin_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."plugin_log_no_delete" BEFORE DELETE ON "plugin_log"
BEGIN SELECT RAISE(ABORT, 'audit.plugin_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."plugin_log_no_replace" BEFORE INSERT ON "plugin_log"
WHEN EXISTS (SELECT 1 FROM "plugin_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "plugin_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.plugin_log: the chain position is taken by another event') END; END;

-- Alerts that fired or ended, a receipt for every page that was sent, and who took an alert on.
CREATE TABLE IF NOT EXISTS audit."delivery_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "notice_key" TEXT,
    "notice_state" TEXT,
    "severity" TEXT,
    "summary" TEXT,
    "plugin" TEXT,
    "plugin_version" TEXT,
    "destination" TEXT,
    "delivery_outcome" TEXT,
    "receipt" TEXT,
    "attempt" INTEGER,
    "actor" TEXT,
    "reason" TEXT,
    "strategy_id" TEXT,
    "latency_us" REAL,
    "error" TEXT,
    "details" TEXT
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit."delivery_log_no_update" BEFORE UPDATE ON "delivery_log"
BEGIN SELECT RAISE(ABORT, 'audit.delivery_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."delivery_log_no_delete" BEFORE DELETE ON "delivery_log"
BEGIN SELECT RAISE(ABORT, 'audit.delivery_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."delivery_log_no_replace" BEFORE INSERT ON "delivery_log"
WHEN EXISTS (SELECT 1 FROM "delivery_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "delivery_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.delivery_log: the chain position is taken by another event') END; END;

-- Steps of a transaction that no other table keeps: the tick, the intent, the position.
CREATE TABLE IF NOT EXISTS audit."trace_log" (
    "ts" INTEGER NOT NULL,
    "ingest_ts" INTEGER NOT NULL,
    "run" TEXT,
    "seq" INTEGER,
    "event_id" TEXT NOT NULL,
    "chain_position" INTEGER PRIMARY KEY,
    "chain_hash" TEXT,
    "event" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "trace_id" TEXT,
    "intent_id" TEXT,
    "client_order_id" TEXT,
    "fill_id" TEXT,
    "strategy_id" TEXT,
    "symbol" TEXT,
    "side" TEXT,
    "intent_type" TEXT,
    "price" INTEGER,
    "price_scale" INTEGER,
    "qty" INTEGER,
    "net_qty" INTEGER,
    "delta_qty" INTEGER,
    "avg_price" INTEGER,
    "realized_pnl" INTEGER,
    "unrealized_pnl" INTEGER,
    "account" TEXT,
    "reason_code" TEXT,
    "exch_ts" INTEGER,
    "latency_us" REAL,
    "details" TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS audit."trace_log_trace_id" ON "trace_log" ("trace_id") WHERE "trace_id" IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS audit."trace_log_no_update" BEFORE UPDATE ON "trace_log"
BEGIN SELECT RAISE(ABORT, 'audit.trace_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."trace_log_no_delete" BEFORE DELETE ON "trace_log"
BEGIN SELECT RAISE(ABORT, 'audit.trace_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit."trace_log_no_replace" BEFORE INSERT ON "trace_log"
WHEN EXISTS (SELECT 1 FROM "trace_log" WHERE "chain_position" = NEW."chain_position")
BEGIN SELECT CASE
    WHEN (SELECT "event_id" FROM "trace_log" WHERE "chain_position" = NEW."chain_position") = NEW."event_id"
    THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit.trace_log: the chain position is taken by another event') END; END;
