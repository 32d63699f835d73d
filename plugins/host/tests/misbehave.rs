//! One test for each way in which a plugin can break its promises (`plugins/misbehave`): the fault has
//! the right kind, the host is unharmed, and the next batch is processed as if nothing had been.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tapline_host::{
    Batch, Engine, Fault, FaultKind, Instance, Kind, Limits, Output, Plugin, Refusal, Resolver, Settings,
};

/// Knows the fields, components, events and destinations that a well-behaved `misbehave` uses.
struct Small;

impl Resolver for Small {
    fn component(&self, name: &str) -> Result<(), String> {
        known(name, "order", "component")
    }
    fn event(&self, name: &str) -> Result<(), String> {
        known(name, "fill", "event")
    }
    fn knows(&self, field: &str) -> bool {
        matches!(field, "message" | "desk" | "approved")
    }
    fn read(&self, field: &str, _: Kind) -> Result<(), String> {
        known(field, "message", "field")
    }
    fn write(&self, field: &str, kind: Kind) -> Result<(), String> {
        match (field, kind) {
            ("desk" | "message", Kind::Text) | ("approved", Kind::Bool) => Ok(()),
            _ => Err(format!("no field `{field}` of kind {kind:?}")),
        }
    }
    fn destination(&self, name: &str) -> Result<(), String> {
        known(name, "ops", "destination")
    }
}

fn known(name: &str, known: &str, what: &str) -> Result<(), String> {
    if name == known { Ok(()) } else { Err(format!("there is no {what} `{name}`")) }
}

/// Small enough that every limit is met within milliseconds.
const LIMITS: Limits = Limits {
    deadline: Duration::from_millis(20),
    deadline_isolating: Duration::from_millis(10),
    deadline_setup: Duration::from_millis(200),
    memory_bytes: 16 << 20,
    recycle_bytes: 8 << 20,
    output_bytes: 1 << 20,
    state_bytes: 64 << 10,
    log_lines_per_s: 10,
    log_line_bytes: 256,
};

fn plugin() -> &'static (Engine, Plugin) {
    static PLUGIN: OnceLock<(Engine, Plugin)> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("plugins-build");
        let wasm = tapline_plugin_build::build(&workspace, "tapline-misbehave", &target_dir).unwrap();
        let engine = Engine::new().unwrap();
        let plugin = Plugin::compile(&engine, &wasm).unwrap();
        (engine, plugin)
    })
}

fn start(config: &str) -> Result<Instance, Refusal> {
    start_with(config, None)
}

fn start_with(config: &str, saved: Option<Vec<u8>>) -> Result<Instance, Refusal> {
    let (engine, plugin) = plugin();
    let settings = Settings { limits: LIMITS, config: config.into(), resolver: Arc::new(Small), saved };
    Instance::start(engine, plugin, settings)
}

fn process(instance: &mut Instance, messages: [&str; 3]) -> Result<Output, Fault> {
    let bytes = messages.concat();
    let mut end = 0;
    let ends = messages.map(|message| {
        end += message.len() as u32;
        end
    });
    instance.process(Batch {
        rows: 3,
        ts_ns: &[1, 2, 3],
        presence: &[2],
        bitmaps: &[],
        ends: &ends,
        bytes: bytes.as_bytes(),
        strings: &[],
        ints: &[],
        floats: &[],
        booleans: &[],
    })
}

#[track_caller]
fn works(instance: &mut Instance) {
    let output = process(instance, ["a", "b", "c"]).expect("a harmless batch");
    let values = output.edits[0].values.as_ref().expect("desk");
    assert_eq!(values.text(), Some((&[4, 8, 12][..], "seenseenseen")));
}

/// A harmless batch, one that sets the plugin off, and a harmless one again.
#[track_caller]
fn faults(behaviour: &str, kind: FaultKind, message: &str) {
    faults_much(behaviour, 1000, kind, message);
}

#[track_caller]
fn faults_much(behaviour: &str, amount: usize, kind: FaultKind, message: &str) {
    let config = format!(r#"{{ "behaviour": "{behaviour}", "when": "poison", "amount": {amount} }}"#);
    let mut instance = start(&config).unwrap();
    works(&mut instance);
    let fault = process(&mut instance, ["a", "poison", "c"]).expect_err(behaviour);
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(fault.message.contains(message), "{fault}");
    assert!(fault.message.len() <= 512);
    works(&mut instance);
    assert_eq!(instance.stats().faults.iter().sum::<u64>(), 1);
    assert_eq!(instance.stats().restarts, 1);
}

#[track_caller]
fn is_harmless(behaviour: &str, amount: usize) -> Instance {
    let config = format!(r#"{{ "behaviour": "{behaviour}", "when": "poison", "amount": {amount} }}"#);
    let mut instance = start(&config).unwrap();
    process(&mut instance, ["a", "poison", "c"]).expect(behaviour);
    works(&mut instance);
    instance
}

// === violence ===

#[test]
fn trap() {
    faults("trap", FaultKind::Trap, "unreachable");
}

#[test]
fn panic_says_why() {
    faults("panic", FaultKind::Trap, "misbehave was told to panic");
}

#[test]
fn endless_loop() {
    faults("spin", FaultKind::Timeout, "20ms");
}

#[test]
fn memory_hog() {
    faults("hog", FaultKind::Memory, "16777216 bytes");
}

#[test]
fn stack_overflow() {
    faults("overflow", FaultKind::Stack, "stack");
}

#[test]
fn slow_but_in_time_is_no_fault() {
    is_harmless("slow", 1);
}

#[test]
fn error() {
    faults_much("error", 0, FaultKind::Error, "misbehave was told to fail");
}

#[test]
fn error_without_end_is_cut() {
    faults_much("error", 100_000, FaultKind::Error, "misbehave was told to fail....");
}

#[test]
fn error_not_utf8() {
    faults("error_not_utf8", FaultKind::Invalid, "");
}

#[test]
fn log_flood_leaves_a_burst_and_a_count() {
    let mut instance = is_harmless("log_flood", 1000);
    assert_eq!(instance.take_log().len(), 10);
    assert_eq!(instance.stats().log_lines_suppressed, 990);
}

#[test]
fn log_line_is_cut() {
    let mut instance = is_harmless("log_long", 100_000);
    assert_eq!(instance.take_log()[0].message.len(), 256);
    assert_eq!(instance.stats().log_lines_cut, 1);
}

#[test]
fn log_line_beyond_all_bounds() {
    faults_much("log_long", 4 << 20, FaultKind::Flood, "1048576 bytes");
}

#[test]
fn log_not_utf8() {
    faults("log_not_utf8", FaultKind::Invalid, "");
}

// === lies ===

#[test]
fn lies_about_columns() {
    for (behaviour, message) in [
        ("ends_beyond_bytes", "entry 0"),
        ("ends_descending", "goes from 3 to 2"),
        ("not_utf8", "not UTF-8"),
        ("split_character", "entry 0"),
        ("short_column", "2 entries instead of 3"),
        ("long_column", "4 entries instead of 3"),
        ("wrong_bitmap", "bitmap of 12 bytes"),
        ("wrong_kind", "integers instead of text"),
        ("wrong_layout", "strings instead of text"),
        ("wrong_boolean", "7 as a boolean"),
        ("row_out_of_range", "row 3 of a batch of 3"),
        ("row_twice", "row 0 after row 0"),
        ("rows_descending", "row 0 after row 1"),
        ("rows_without_values", "1 entries instead of 2"),
        ("undeclared_write", "target 2"),
        ("edit_twice", "two edits of `desk`"),
    ] {
        faults(behaviour, FaultKind::Invalid, message);
    }
}

#[test]
fn lies_about_the_rest() {
    for (behaviour, message) in [
        ("undeclared_verdict", "verdict 2"),
        ("short_verdicts", "2 verdicts for 3 rows"),
        ("long_verdicts", "4 verdicts for 3 rows"),
        ("bad_pointer", "out of bounds"),
        ("event_level", "event level 200"),
        ("event_nameless", "event name"),
        ("notice_keyless", "without a key"),
        ("notice_nowhere", "no destination `no-such-place`"),
        ("notice_not_utf8", ""),
    ] {
        faults(behaviour, FaultKind::Invalid, message);
    }
}

#[test]
fn floods() {
    for (behaviour, amount, kind) in [
        ("flood_text", 1 << 20, FaultKind::Flood),
        ("flood_edits", 1000, FaultKind::Invalid),
        ("flood_verdicts", 1000, FaultKind::Invalid),
        ("flood_verdicts", 2 << 20, FaultKind::Flood),
        ("flood_notices", 1000, FaultKind::Invalid),
        ("notice_long", 10_000, FaultKind::Invalid),
        ("flood_events", 1000, FaultKind::Invalid),
        ("event_wide", 1000, FaultKind::Invalid),
    ] {
        faults_much(behaviour, amount, kind, "");
    }
}

// === other calls ===

#[test]
fn a_tick_may_fail_too() {
    for (behaviour, kind) in [
        ("trap", FaultKind::Trap),
        ("spin", FaultKind::Timeout),
        ("tick_verdicts", FaultKind::Invalid),
        ("notice_nowhere", FaultKind::Invalid),
    ] {
        let config = format!(r#"{{ "behaviour": "{behaviour}", "call": "tick" }}"#);
        let mut instance = start(&config).unwrap();
        assert_eq!(instance.plan().tick_ms, Some(20));
        assert_eq!(instance.tick(1).unwrap_err().kind, kind);
        works(&mut instance);
    }
}

#[test]
fn configure_that_fails_refuses_the_plugin() {
    for (behaviour, message) in
        [("trap", "unreachable"), ("spin", "200ms"), ("hog", "memory"), ("error", "told to fail")]
    {
        let config = format!(r#"{{ "behaviour": "{behaviour}", "call": "configure" }}"#);
        let refusal = start(&config).err().expect(behaviour);
        assert!(refusal.to_string().contains(message), "{refusal}");
    }
    let refusal = start(r#"{ "behaviour": "explode" }"#).err().unwrap();
    assert!(refusal.to_string().contains("`explode`"), "{refusal}");
}

#[test]
fn plans_are_refused_with_everything_that_is_wrong() {
    for (behaviour, messages) in [
        ("plan_unknown_field", &["`no_such_field`"][..]),
        ("plan_reserved_write", &["`component`"]),
        ("plan_wrong_kind", &["`message`"]),
        ("plan_many_verdicts", &["300 verdicts"]),
        ("plan_bad_reason", &["not a code"]),
        ("plan_nowhere", &["`no-such-place`"]),
        ("plan_bad_subscription", &["`no_such_component`", "`no_such_event`", "min-level is 9"]),
        ("plan_fast_tick", &["tick-ms is 1"]),
        ("plan_wide", &["1000 reads"]),
    ] {
        let refusal = start(&format!(r#"{{ "behaviour": "{behaviour}" }}"#)).err().expect(behaviour);
        let text = refusal.to_string();
        let said = messages.iter().filter(|message| text.contains(**message)).count();
        assert_eq!(said, messages.len(), "{behaviour}: {text}");
    }
}

// === state ===

#[test]
fn a_state_survives_a_fault() {
    let mut instance = start(r#"{ "behaviour": "trap", "when": "poison" }"#).unwrap();
    assert_eq!(instance.snapshot().unwrap(), b"well");
    process(&mut instance, ["a", "poison", "c"]).unwrap_err();
    works(&mut instance);
    assert_eq!(instance.stats().states_dropped, 0);
    assert_eq!(instance.stats().state_bytes, 4);
}

#[test]
fn a_state_that_is_refused_is_left_out() {
    let mut instance = start_with(r#"{ "behaviour": "refuse_state" }"#, Some(b"well".to_vec())).unwrap();
    assert_eq!(instance.stats().states_dropped, 1);
    works(&mut instance);
    for behaviour in ["trap", "spin"] {
        let config = format!(r#"{{ "behaviour": "{behaviour}", "call": "restore" }}"#);
        let mut instance = start_with(&config, Some(b"well".to_vec())).unwrap();
        assert_eq!(instance.stats().states_dropped, 1);
        works(&mut instance);
    }
}

#[test]
fn a_state_with_which_it_keeps_failing_is_left_out() {
    let mut instance = start(r#"{ "behaviour": "trap", "when": "poison" }"#).unwrap();
    instance.snapshot().unwrap();
    for _ in 0..3 {
        process(&mut instance, ["poison", "", ""]).unwrap_err();
    }
    assert_eq!(instance.stats().states_dropped, 1);
    works(&mut instance);
}

#[test]
fn save_may_fail_too() {
    let flood = r#"{ "behaviour": "flood_state", "amount": 100000 }"#;
    let mut instance = start(flood).unwrap();
    assert_eq!(instance.snapshot().unwrap_err().kind, FaultKind::Flood);
    works(&mut instance);
    let mut instance = start(r#"{ "behaviour": "trap", "call": "save" }"#).unwrap();
    assert_eq!(instance.snapshot().unwrap_err().kind, FaultKind::Trap);
    works(&mut instance);
    let mut instance = start(r#"{ "behaviour": "save_garbage" }"#).unwrap();
    assert_eq!(instance.snapshot().unwrap().len(), 256);
}

/// Many faults in a row leave nothing behind: no thread, no growing memory in the instance.
#[test]
fn a_thousand_faults_are_like_one() {
    let mut instance = start(r#"{ "behaviour": "trap", "when": "poison" }"#).unwrap();
    for _ in 0..1000 {
        process(&mut instance, ["poison", "", ""]).unwrap_err();
    }
    works(&mut instance);
    assert_eq!(instance.stats().faults[FaultKind::Trap as usize], 1000);
}
