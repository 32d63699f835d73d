//! The embedded contract holds together, and a wrong one is told so in full.

use crate::{Contract, EventId, FieldId, Kind, Lane, TRADING_TOML};

/// The smallest contract that is right; tests put their declarations behind it.
pub(crate) const SMALL: &str = r#"
[contract]
name = "small"
version = "1"
doc = "A small one."
envelope = ["symbol"]
[components.unknown]
doc = "Lines without a component."
[components.order]
doc = "Orders."
[fields.symbol]
kind = "text"
doc = "Instrument."
[fields.price]
kind = "int"
doc = "Price."
[fields.password]
kind = "text"
sensitivity = "secret"
doc = "Password."
"#;

fn findings(more: &str) -> Vec<String> {
    match Contract::parse(&format!("{SMALL}{more}")) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// One finding, and it says all of `words`.
fn check(more: &str, words: &[&str]) {
    let found = findings(more);
    assert_eq!(found.len(), 1, "{more}: {found:#?}");
    for word in words {
        assert!(found[0].contains(word), "{:?} does not say {word:?}", found[0]);
    }
}

#[test]
fn the_embedded_contract_is_right_and_finds_by_every_name() {
    let contract = Contract::embedded();
    let (event, form) = contract.recognise("StormGuard Transition").expect("an alias");
    let form = form.expect("with a form");
    let event = contract.event_at(event);
    assert_eq!((event.name.as_str(), event.lane), ("stormguard_transition", Lane::Guard));
    let name = |id: Option<FieldId>| id.map(|id| contract.field_at(id).name.as_str());
    assert_eq!(name(event.renamed(Some(form), "old")), Some("old_mode"));
    assert_eq!(name(event.renamed(Some(form), "else")), None);
    assert_eq!(name(contract.field("exchange")), Some("venue"));
    assert_eq!(contract.component("feed_adapter"), contract.component("market_data"));
    assert!(contract.metric("feed_gap_seconds").is_some());
    assert_eq!(contract.hash.len(), 16);

    assert_eq!(contract.recognise("fill").map(|(_, form)| form.is_some()), Some(false));
}

#[test]
fn canonical_text_parses_back_to_the_same_contract() {
    let contract = Contract::embedded();
    let printed = contract.to_toml();
    let again = Contract::parse(&printed).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(again.to_toml(), printed);
    assert_eq!(again.hash, contract.hash);
    // Layout and comments don't count, meaning does.
    let commented = format!("# a comment\n\n{TRADING_TOML}\n# another\n");
    assert_eq!(Contract::parse(&commented).map(|c| c.hash).as_ref(), Ok(&contract.hash));
    let changed = TRADING_TOML.replacen("audit_days = 1825", "audit_days = 400", 1);
    assert_ne!(Contract::parse(&changed).map(|c| c.hash).as_ref(), Ok(&contract.hash));
}

#[test]
fn a_users_own_contract_works() {
    let contract = Contract::parse(&format!(
        "{SMALL}[events.order_sent]\ncomponent = 'order'\nlane = 'log'\nlevel = 'info'\ndoc = 'Sent.'\nrequired = ['price', 'symbol']\n"
    ))
    .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(contract.event("order_sent"), Some(EventId(0)));
    assert_eq!(contract.field_at(FieldId(1)).kind, Kind::Int);
    assert_eq!(contract.component_at(contract.unknown_component()).name, "unknown");
}

#[test]
fn all_mistakes_come_at_once_with_lines_and_nearest_names() {
    let found = findings(
        "[events.sent]\ncomponent = 'ordr'\nlane = 'logg'\nlevel = 'info'\ndoc = 'Sent.'\nrequired = ['symbl']\ncolour = 1\n\
         [metrics.sent]\ntype = 'counter'\nowner = 'order'\nhelp = 'Sent.'\n",
    );
    let text = found.join("\n");
    for words in [
        r#"line 22: events.sent.component: no component "ordr" is declared (did you mean "order"?)"#,
        r#"line 23: events.sent.lane: "logg" is not one of guard, audit, log, metric (did you mean "log"?)"#,
        r#"line 26: events.sent.required: no field "symbl" is declared (did you mean "symbol"?)"#,
        "line 27: events.sent.colour: unknown key",
        "metrics.sent: a counter ends in _total (name it sent_total)",
    ] {
        assert!(text.contains(words), "{words}\nnot in\n{text}");
    }
}

const EVENT: &str = "component = 'order'\nlevel = 'info'\ndoc = 'Sent.'\n";
const TABLE: &str = "[tables.'audit.orders_log']\ndoc = 'Orders.'\n";
const KEPT: &str = "[events.sent]\ncomponent = 'order'\nlane = 'audit'\nlevel = 'info'\ndoc = 'Sent.'\nrequired = ['price']\ntable = 'audit.orders_log'\n";

#[test]
fn reserved_names_are_refused() {
    for name in ["ts", "seq", "run", "level", "event", "component", "details", "event_id"] {
        check(&format!("[fields.{name}]\nkind = 'int'\ndoc = 'x'\n"), &["reserved", name]);
        check(&format!("[events.sent]\nlane = 'log'\nrequired = ['{name}']\n{EVENT}"), &["reserved"]);
    }
}

#[test]
fn a_field_has_one_kind_everywhere() {
    check("[fields.cost]\nkind = 'int'\ndoc = 'x'\naliases = ['price']\n", &["price", "taken already"]);
    // TOML itself refuses a second declaration.
    let twice = findings("[fields.price]\nkind = 'text'\ndoc = 'x'\n");
    assert!(twice.iter().any(|f| f.contains("not valid TOML")), "{twice:#?}");
}

#[test]
fn audit_and_guard_events_need_a_table_and_its_columns() {
    check(&format!("[events.sent]\nlane = 'audit'\n{EVENT}"), &["needs a table"]);
    check(&format!("{TABLE}columns = ['price', 'symbol']\n{KEPT}"), &["symbol", "would stay empty"]);
    check(&format!("{TABLE}columns = []\n{KEPT}"), &["price", "has no column"]);
    check(
        &format!("{TABLE}columns = ['prise']\n{KEPT}").replace("required = ['price']\n", ""),
        &["did you mean \"price\""],
    );
    assert_eq!(findings(&format!("{TABLE}columns = ['price']\n{KEPT}")), Vec::<String>::new());
}

#[test]
fn audit_rows_are_kept_for_a_year_or_a_reason() {
    let table = |ttl: &str| findings(&format!("{TABLE}columns = ['price']\n{ttl}\n{KEPT}"));
    assert!(table("ttl_days = 90")[0].contains("at least 365 days, here 90"));
    assert_eq!(table("ttl_days = 365"), Vec::<String>::new());
    let reasoned = "ttl_days = 90\nttl_override_reason = 'a trial system'";
    assert!(table(reasoned)[0].contains("could not be audited: there is no event config_change"));
    let audited = "[events.config_change]\ncomponent = 'order'\nlane = 'audit'\nlevel = 'info'\ndoc = 'x'\n\
                   table = 'audit.orders_log'\n";
    assert_eq!(findings(&format!("{TABLE}columns = ['price']\n{reasoned}\n{KEPT}{audited}")), Vec::<String>::new());
    assert!(table("ttl_days = 90\nttl_override_reason = ' '")[0].contains("reason is empty"));
    assert!(table("ttl_days = 900\nttl_override_reason = 'why not'")[0].contains("nothing is overridden"));
}

#[test]
fn secrets_reach_neither_events_nor_tables() {
    check(&format!("[events.sent]\nlane = 'log'\noptional = ['password']\n{EVENT}"), &["secret"]);
}

const METRIC: &str = "owner = 'order'\nhelp = 'x'\n";

#[test]
fn metrics_have_good_names_owners_and_bounds() {
    check(&format!("[metrics.wait_ms]\ntype = 'gauge'\nunit = 'ms'\n{METRIC}"), &["base unit"]);
    check(&format!("[metrics.wait]\ntype = 'gauge'\nunit = 'seconds'\n{METRIC}"), &["end the name in _seconds"]);
    check(&format!("[metrics.Wait]\ntype = 'gauge'\n{METRIC}"), &["not a good metric name"]);
    check(&format!("[metrics.wait]\ntype = 'histogram'\n{METRIC}"), &["upper bounds"]);
    check(&format!("[metrics.wait]\ntype = 'histogram'\nbuckets = [1, 1]\n{METRIC}"), &["must rise"]);
    check("[metrics.wait]\ntype = 'gauge'\nhelp = 'x'\n", &["owner"]);
    assert_eq!(
        findings(&format!("[metrics.order_actions]\nfixed = true\ntype = 'counter'\n{METRIC}")),
        Vec::<String>::new()
    );
}

#[test]
fn labels_are_bounded_codes() {
    let label = |label: &str| format!("[metrics.x_total]\ntype = 'counter'\n{METRIC}{label}\n");
    check(&label("labels.reason = {}"), &["neither values nor a cap"]);
    check(&label("labels.reason.values = ['abs(-3) > 1']"), &["not a code"]);
    check(&label("labels.reason.values = ['42']"), &["not a code"]);
    check(&label("labels.le.cap = 3"), &["Prometheus"]);
    check(&label("alert = true\nlabels.reason.cap = 3"), &["closed sets"]);
    check(&label("labels.reason.cap = 1000000"), &["cap is from 1"]);
    assert_eq!(findings(&label("labels.reason.cap = 3")), Vec::<String>::new());
}

#[test]
fn forms_say_only_what_fits() {
    let form = |form: &str| {
        format!("[events.sent]\nlane = 'log'\nrequired = ['price']\nforms = [{{ name = 'Sent It', {form} }}]\n{EVENT}")
    };
    check(&form("constants = { price = 'high' }"), &["kind int"]);
    check(&form("renames = { p = 'pryce' }"), &["did you mean \"price\""]);
    check(&form("renames = { event = 'price' }"), &["reserved"]);
    check(&form("renames = { p = 'password' }"), &["has no field"]);
    assert_eq!(findings(&form("renames = { p = 'price' }, constants = { price = 1 }")), Vec::<String>::new());
}

#[test]
fn codes_lead_to_values_of_the_closed_set() {
    let field = |codes: &str| {
        format!("[fields.side]\nkind = 'text'\nvalues = ['BUY', 'SELL']\ncodes = {{ {codes} }}\ndoc = 'x'\n")
    };
    check(&field("0 = 'SEL'"), &["fields.side.codes", "not one of", "did you mean \"SELL\""]);
    check(&field("buy = 'BUY'"), &["one of the values already"]);
    check(&field("'Side.BUY' = 'BUY', 'side.buy' = 'SELL'"), &["stands here twice"]);
    check("[fields.count]\nkind = 'int'\ncodes = { one = '1' }\ndoc = 'x'\n", &["not one of"]);
    let text = format!("{SMALL}{}", field("0 = 'BUY', 1 = 'SELL', 'Side.SELL' = 'SELL'"));
    let contract = Contract::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let side = contract.field_at(contract.field("side").expect("declared"));
    for (theirs, ours) in
        [("BUY", Some("BUY")), ("sell", Some("SELL")), ("1", Some("SELL")), ("SIDE.sell", Some("SELL")), ("2", None)]
    {
        assert_eq!(side.canonical(theirs), ours, "{theirs}");
    }
    assert!(contract.to_toml().contains("codes = { \"0\" = \"BUY\""), "{}", contract.to_toml());
}

#[test]
fn plain_logs_are_kept_with_the_envelope_as_columns() {
    let text = format!("{SMALL}[retention]\nlog_days = 7\n");
    let contract = Contract::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let columns: Vec<&str> = contract.log_table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        columns,
        ["ts", "ingest_ts", "run", "seq", "event_id", "event", "component", "level", "lane", "symbol", "details"]
    );
    assert_eq!(contract.log_table.ttl_days, 7);
    check("[retention]\nlog_days = 0\n", &["retention.log_days", "0 days"]);
}

#[test]
fn a_price_comes_with_its_scale() {
    let scale =
        "[fields.price_scale]\nkind = 'int'\ndoc = 'x'\n[fields.cost]\nkind = 'int'\nunit = 'price_scale'\ndoc = 'x'\n";
    check(
        &format!("{scale}[events.sent]\nlane = 'log'\nrequired = ['cost']\n{EVENT}"),
        &["scaled", "add \"price_scale\""],
    );
}

#[test]
fn a_join_key_is_never_sensitive() {
    let field =
        |kind: &str| format!("[fields.order_token]\nkind = 'text'\njoin = true\nsensitivity = '{kind}'\ndoc = 'x'\n");
    check(&field("secret"), &["never masked"]);
    check(&field("pii"), &["never masked"]);
    assert_eq!(findings(&field("public")), Vec::<String>::new());
}
