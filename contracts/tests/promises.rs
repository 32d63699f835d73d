//! What the trading contract promises to those who rely on its names.

use tapline_contract::{ColumnSource, Constant, Contract, Event, Field, Form, Lane, Level, MetricType, Sensitivity};

fn event(name: &str) -> (&'static Event, Option<&'static Form>) {
    let contract = Contract::embedded();
    let (id, form) = contract.recognise(name).unwrap_or_else(|| panic!("{name} is not declared"));
    (contract.event_at(id), form)
}

fn field(name: &str) -> &'static Field {
    let contract = Contract::embedded();
    contract.field_at(contract.field(name).unwrap_or_else(|| panic!("{name} is not declared")))
}

/// Is there as a required field.
fn requires(event: &Event, name: &str) -> bool {
    let id = Contract::embedded().field(name);
    event.fields.iter().any(|f| f.required && Some(f.field) == id)
}

fn table(event: &Event) -> Option<&'static str> {
    event.table.map(|id| Contract::embedded().table_at(id).name.as_str())
}

/// An order that the broker refuses or never answers, and one that never reaches it, leave a row.
#[test]
fn every_end_of_an_order_has_a_place_in_the_orders_log() {
    for name in [
        "order_new",
        "order_amend",
        "order_cancel",
        "order_ack",
        "order_reject",
        "order_refused",
        "order_dead_lettered",
        "order_timeout",
        "order_error",
        "fill",
        "fill_lost",
    ] {
        let (event, _) = event(name);
        assert_eq!((table(event), event.lane), (Some("audit.orders_log"), Lane::Audit), "{name}");
    }
    // As a real platform prints them.
    for (line, ours) in [
        ("Placing Order", "order_new"),
        ("Order added to DLQ", "order_dead_lettered"),
        ("Circuit Breaker Open - Rejecting", "order_refused"),
        ("Cancel timeout during drain", "order_timeout"),
        ("fubon_place_order_failed", "order_error"),
        ("fill_data_loss", "fill_lost"),
    ] {
        assert_eq!(event(line).0.name, ours);
    }
}

#[test]
fn a_refusal_is_a_decision_like_an_approval() {
    let (decision, _) = event("risk_decision");
    assert!(requires(decision, "approved"));
    assert_eq!(table(decision), Some("audit.risk_log"));
    let (refusal, form) = event("Order Rejected by Risk");
    let form = form.expect("a form of its own");
    assert_eq!(refusal.name, "risk_decision");
    let approved = Contract::embedded().field("approved").expect("declared");
    assert_eq!(form.constants, [(approved, Constant::Bool(false))]);
}

#[test]
fn a_halt_that_is_printed_as_a_warning_is_a_guard_event() {
    let contract = Contract::embedded();
    let (transition, form) = event("StormGuard Transition");
    assert_eq!((transition.lane, transition.level), (Lane::Guard, Level::Warning));
    assert_eq!(table(transition), Some("audit.guardrail_log"));
    assert_eq!(transition.renamed(form, "new"), contract.field("new_mode"));
    assert_eq!(field("new_mode").values, ["NORMAL", "WARM", "STORM", "HALT"]);
}

/// `token` is a secret in general and a broker's id in one event: neither may cost the other.
#[test]
fn a_token_that_is_a_correlation_id_is_told_from_a_secret() {
    assert_eq!(field("token").sensitivity, Sensitivity::Secret);
    for line in ["order_id_map_set", "order_id_map_del"] {
        let (event, form) = event(line);
        let id = event.renamed(form, "token").expect("a name of its own");
        let renamed = Contract::embedded().field_at(id);
        assert!(renamed.join && renamed.sensitivity == Sensitivity::Public, "{}", renamed.name);
    }
    assert!(field("ack_token").join);
}

#[test]
fn credentials_and_personal_data_are_known_by_name() {
    for name in [
        "password",
        "passwd",
        "secret",
        "client_secret",
        "api_key",
        "apiKey",
        "api_secret",
        "token",
        "access_token",
        "bot_token",
        "authorization",
        "Authorization",
        "jwt",
        "private_key",
        "cookie",
        "ca_passwd",
    ] {
        assert_eq!(field(name).sensitivity, Sensitivity::Secret, "{name}");
    }
    for name in ["account", "account_id", "national_id", "person_id", "phone", "email", "client_ip"] {
        assert_eq!(field(name).sensitivity, Sensitivity::Pii, "{name}");
    }
    // Where brokers quote them back.
    for name in ["error", "exception", "message", "reason", "hint", "path", "url"] {
        assert!(field(name).free_text, "{name}");
    }
}

/// A field without a column is kept, never left out because the first row of a batch lacked it.
#[test]
fn every_table_keeps_what_has_no_column() {
    for table in &Contract::embedded().tables {
        assert_eq!(table.columns.last().map(|c| c.source), Some(ColumnSource::Details), "{}", table.name);
        for wanted in ["ts", "ingest_ts", "run", "seq", "event_id", "chain_position", "event", "component", "level"] {
            assert!(table.columns.iter().any(|c| c.name == wanted), "{} lacks {wanted}", table.name);
        }
    }
}

#[test]
fn the_tables_of_the_specification_are_there_for_five_years() {
    let contract = Contract::embedded();
    for name in [
        "orders_log",
        "risk_log",
        "guardrail_log",
        "connectivity_log",
        "config_log",
        "plugin_log",
        "delivery_log",
        "trace_log",
    ] {
        let id = contract.table(&format!("audit.{name}")).unwrap_or_else(|| panic!("{name} is not declared"));
        assert_eq!(contract.table_at(id).ttl_days, 1825, "{name}");
    }
    assert_eq!(contract.retention.log_days, 30);
}

#[test]
fn metrics_that_dashboards_know_keep_their_names_and_labels() {
    use MetricType::{Counter, Gauge, Histogram};
    let known: [(&str, MetricType, &[&str]); 41] = [
        ("feed_events_total", Counter, &["type"]),
        ("feed_gap_seconds", Gauge, &[]),
        ("feed_latency_ns", Histogram, &[]),
        ("feed_reconnect_total", Counter, &["result"]),
        ("feed_last_event_ts", Gauge, &["source"]),
        ("feed_connected", Gauge, &["conn"]),
        ("api_usage_ratio", Gauge, &[]),
        ("bus_occupancy_ratio", Gauge, &[]),
        ("bus_overflow_total", Counter, &[]),
        ("bus_consumer_lag", Gauge, &["consumer"]),
        ("strategy_latency_ns", Histogram, &["strategy"]),
        ("strategy_intents_total", Counter, &["strategy"]),
        ("risk_reject_total", Counter, &["reason"]),
        ("stormguard_mode", Gauge, &["strategy"]),
        ("stormguard_transitions_total", Counter, &["from", "to"]),
        ("order_actions_total", Counter, &["type"]),
        ("order_reject_total", Counter, &["reason"]),
        ("order_reject_rate", Gauge, &[]),
        ("order_latency_ns", Histogram, &[]),
        ("order_rate_window", Gauge, &[]),
        ("order_rate_limit_ratio", Gauge, &[]),
        ("circuit_breaker_state", Gauge, &["component"]),
        ("execution_events_total", Counter, &["type"]),
        ("callback_gap_seconds", Gauge, &[]),
        ("position_delta_latency_ns", Histogram, &[]),
        ("pnl_realized", Gauge, &["strategy"]),
        ("pnl_unrealized", Gauge, &["strategy"]),
        ("exposure_notional", Gauge, &["side"]),
        ("drawdown_ratio", Gauge, &[]),
        ("position_count", Gauge, &[]),
        ("reconciliation_duration_ms", Histogram, &[]),
        ("reconciliation_discrepancy_count", Gauge, &[]),
        ("recorder_write_failures_total", Counter, &[]),
        ("recorder_queue_depth", Gauge, &[]),
        ("clickhouse_latency_ms", Histogram, &[]),
        ("clickhouse_up", Gauge, &[]),
        ("process_restart_count", Gauge, &[]),
        ("market_session_active", Gauge, &[]),
        ("build_info", Gauge, &["version", "git_sha", "contract"]),
        ("tapline_events_emitted_total", Counter, &["component", "lane"]),
        ("tapline_events_dropped_total", Counter, &["component", "lane", "reason"]),
    ];
    for (name, kind, labels) in known {
        let metric = Contract::embedded().metric(name).unwrap_or_else(|| panic!("{name} is not declared"));
        let found: Vec<&str> = metric.labels.iter().map(|l| l.name.as_str()).collect();
        assert_eq!((metric.kind, found.as_slice()), (kind, labels), "{name}");
    }
    // The last bound lies beyond what is measured, not in the middle of it.
    let feed = Contract::embedded().metric("feed_latency_ns").expect("declared");
    assert_eq!((feed.buckets.first(), feed.buckets.last()), (Some(&1e3), Some(&1e9)));
}
