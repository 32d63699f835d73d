//! The command line: checks, tail, replay, plugins; what is wrong is told with what to do.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Folder, Router, assert_balanced, count, tapline, text, write_lines};

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        &["run"][..],
        &["check"],
        &["tail"],
        &["trace"],
        &["audit", "sql"],
        &["ledger"],
        &["replay"],
        &["plugin", "build"],
        &["plugin", "test"],
    ] {
        let output = tapline(&[command, &["--help"]].concat());
        let help = text(&output.stdout);
        assert!(output.status.success() && help.contains("Example"), "{command:?}: {help}");
    }
    assert_eq!(tapline(&["fly"]).status.code(), Some(2));
}

#[test]
fn an_unknown_key_is_refused_by_name_with_a_suggestion() {
    let folder = Folder::new();
    let config = folder.write("tapline.toml", "[listen]\nhtpp = \"127.0.0.1:0\"\n").display().to_string();
    for args in [["check", "--config"], ["run", "--config"]] {
        let output = tapline(&[args[0], args[1], &config]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains("htpp") && said.contains("http") && said.contains("did you mean"), "{args:?}: {said}");
    }
}

#[test]
fn check_says_what_is_wrong_in_config_contract_and_plugins() {
    let good = tapline(&["check", "--json"]);
    let found: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert!(good.status.success() && found["ok"] == true, "{found}");
    let folder = Folder::new();
    let cases = [
        ("[[chain]]\nplugin = \"redact\"\n[chain.config]\nfeilds = {}\n", "feilds"),
        ("[[chain]]\nplugin = \"no-such-plugin\"\n", "no-such-plugin"),
        ("[route]\ndefault = [\"lgos\"]\n", "lgos"),
        ("[listen]\nhttp = \"0.0.0.0:7311\"\n", "allow_remote"),
        ("contract = \"nowhere.toml\"\n", "nowhere.toml"),
    ];
    for (text_of_config, wanted) in cases {
        let config = folder.write("tapline.toml", text_of_config).display().to_string();
        let output = tapline(&["check", "--config", &config]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{text_of_config}: {said}");
        assert!(said.contains(wanted), "{text_of_config}: {said}");
    }
}

#[test]
fn the_printed_defaults_are_a_config() {
    let folder = Folder::new();
    let printed = text(&tapline(&["run", "--print-config"]).stdout);
    let config = folder.write("tapline.toml", &printed).display().to_string();
    assert!(tapline(&["check", "--config", &config]).status.success());
}

#[test]
fn a_contract_of_ones_own_works_without_compiling_anything() {
    let folder = Folder::new();
    let contract = r#"
[contract]
name = "kitchen"
version = "1"
doc = "Not trading at all."
envelope = ["message"]

[policy]
unknown_event = "reject"
unknown_field = "details"
missing_field = "count"

[retention]
log_days = 30
audit_days = 1825

[components.oven]
doc = "Bakes."

[components.router]
doc = "Tapline."

[components.plugin]
doc = "A plugin."

[components.unknown]
doc = "Anybody."

[fields.message]
kind = "text"
doc = "Words."

[fields.degrees]
kind = "int"
unit = "celsius"
doc = "How hot."

[events.baked]
component = "oven"
lane = "log"
level = "info"
doc = "Something is done."
required = ["degrees"]
"#;
    let contract = folder.write("kitchen.toml", contract);
    let config = folder.write("tapline.toml", &format!("contract = {:?}\n", contract.display().to_string()));
    let checked = text(&tapline(&["check", "--config", &config.display().to_string()]).stdout);
    assert!(checked.contains("note  contract: fields: no field is a join key"), "{checked}");
    let mut router = Router::start_in(folder, Some(&config));
    let body = "{\"event\":\"baked\",\"degrees\":200,\"crust\":\"thin\",\"message\":\"token=geheim1234567\"}\n{\"event\":\"burnt\"}\n";
    let answer = router.post("/v1/events", &[("content-type", "application/x-ndjson")], body.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["errors"][0]["reason"]), (&json!(1), &json!("unknown_event")), "{answer}");
    router.settled(2);
    let folder = router.stop_well();
    let event = &folder.lines("logs/events.ndjson")[0];
    assert_eq!(
        (&event["component"], &event["degrees"], &event["details"]["crust"]),
        (&json!("oven"), &json!(200), &json!("thin"))
    );
    // The chain of a router without a configuration is at home with any contract.
    assert_eq!(event["message"], "token=[masked]", "{event}");
}

#[test]
fn tail_shows_what_fits_the_conditions() {
    let mut router = Router::start();
    let mut tail = router
        .command(&["tail", "--where", "component=risk,level>=warning", "--limit", "2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let event = |component: &str, level: &str| json!({ "event": "e", "component": component, "level": level });
    // It may not be watching yet: until it has seen enough.
    router.until("tail has seen two", |router| {
        router.send(&[
            event("risk", "info"),
            event("order", "error"),
            event("risk", "warning"),
            event("risk", "critical"),
        ]);
        tail.try_wait().unwrap()
    });
    let shown: Vec<Value> = lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|event| event["component"] == "risk" && event["level"] != "info"), "{shown:?}");
    let wrong = router.tapline(&["tail", "--where", "componnt=risk"]);
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("component"), "{}", text(&wrong.stderr));
}

#[test]
fn replay_sends_files_of_any_kind_and_reports() {
    let mut router = Router::start();
    let line = |number: usize| json!({ "event": "e", "n": number }).to_string() + "\n";
    let plain =
        router.folder().write("a.ndjson", &((0..50).map(line).collect::<String>() + "broken\n")).display().to_string();
    let gzipped = router.folder().write("b.ndjson.gz", "").display().to_string();
    let mut encoder =
        flate2::write::GzEncoder::new(std::fs::File::create(&gzipped).unwrap(), flate2::Compression::fast());
    encoder.write_all((50..100).map(line).collect::<String>().as_bytes()).unwrap();
    encoder.finish().unwrap();
    let output = router.tapline(&["replay", &plain, &gzipped, "--json", "--batch", "7"]);
    assert_eq!(output.status.code(), Some(3), "a line was rejected: {}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["offered"], &report["accepted"], &report["rejected"]),
        (&json!(101), &json!(100), &json!(1)),
        "{report}"
    );
    let ledger = router.settled(101);
    assert_balanced(&ledger);
    assert_eq!(count(&ledger, "delivered"), 100);
    let begin = std::time::Instant::now();
    let paced = router.tapline(&["replay", &gzipped, "--rate", "100", "--batch", "10"]);
    assert!(paced.status.success() && begin.elapsed().as_millis() > 300, "{:?}", begin.elapsed());
    let nowhere = router.tapline(&["replay", "/no/such/file"]);
    assert_eq!(nowhere.status.code(), Some(1));
}

#[test]
fn a_router_that_is_not_there_is_said_so() {
    let output = tapline(&["ledger", "--url", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("tapline run") && said.contains("--data-dir"), "{said}");
}

#[test]
fn a_plugin_is_built_tested_and_used() {
    let folder = Folder::new();
    let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins");
    let wasm = folder.write("route.wasm", "").display().to_string();
    let built = tapline(&["plugin", "build", &format!("{plugins}/route"), "-o", &wasm]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    let tested = tapline(&["plugin", "test", &wasm, "--cases", &format!("{plugins}/route/tests/cases.toml")]);
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
    assert!(text(&tested.stdout).contains(" passed, 0 failed"));
    // A case that does not hold.
    let cases = folder.write(
        "cases.toml",
        "[[case]]\nname = \"wrong\"\nevents = [{ level = \"info\" }]\nexpect = [{ _verdict = \"drop:x\" }]\n",
    );
    let failed = tapline(&["plugin", "test", &wasm, "--cases", &cases.display().to_string()]);
    assert_eq!(failed.status.code(), Some(3), "{}", text(&failed.stdout));

    let config = folder.write("tapline.toml", &format!(
        "[[chain]]\nplugin = {wasm:?}\n[[chain.config.rules]]\nwhen = {{ component = \"risk\" }}\nsend = [\"alerts\"]\n"
    ));
    let mut router = Router::start_in(folder, Some(&config));
    write_lines(router.unix(), &[r#"{"event":"a","component":"risk"}"#, r#"{"event":"b","component":"order"}"#]);
    router.settled(2);
    let folder = router.stop_well();
    assert_eq!(folder.lines("logs/alerts.ndjson")[0]["event"], "a");
    assert_eq!(folder.lines("logs/events.ndjson")[0]["event"], "b");
}

#[test]
fn the_built_in_plugins_pass_their_own_cases() {
    let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins");
    for plugin in ["redact", "enrich", "route"] {
        let output = tapline(&["plugin", "test", plugin, "--cases", &format!("{plugins}/{plugin}/tests/cases.toml")]);
        assert!(output.status.success(), "{plugin}: {}{}", text(&output.stdout), text(&output.stderr));
    }
}

/// What a destination that takes nothing was given stays in the journal when the router stops; where the
/// next configuration lacks the destination, it is a dead letter.
#[test]
fn dead_letters_are_listed_and_shown() {
    let logs = "chain = []\n[sinks.logs]\ntype = \"file\"\npath = \"/dev/full\"\n[route]\ndefault = [\"logs\"]\n";
    let other = "chain = []\n[sinks.other]\ntype = \"file\"\npath = \"other.ndjson\"\n[route]\ndefault = [\"other\"]\n";
    let mut router = Router::start_with(logs);
    router.send(&[json!({ "event": "e", "message": "say \"a\"" }), json!({ "event": "e", "message": "b" })]);
    router.until("the destination fails", |router| {
        router
            .get("/metrics")
            .text
            .lines()
            .find(|line| line.starts_with("tapline_sink_retries_total") && !line.ends_with(" 0"))
            .map(drop)
    });
    let folder = router.stop_well();
    let kept: Value = serde_json::from_str(&folder.read("ledger.json")).unwrap();
    assert_eq!((&kept["totals"]["pending"], &kept["balanced"]), (&json!(2), &json!(true)), "{}", kept["totals"]);
    let config = folder.write("tapline.toml", other);
    let mut router = Router::start_in(folder, Some(&config));
    let ledger = router.settled(2);
    assert_eq!((&ledger["totals"]["dead_lettered"], &ledger["balanced"]), (&json!(2), &json!(true)));
    let folder = router.stop_well();
    let dir = folder.path().display().to_string();
    let run = |args: &[&str]| {
        let output = tapline(&[&["dead-letters"], args, &["--data-dir", &dir]].concat());
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let listed: Value = serde_json::from_str(&run(&["list", "--json"])).unwrap();
    assert_eq!((&listed["events"], &listed["unreadable_lines"]), (&json!(2), &json!(0)), "{listed}");
    let kind = &listed["kinds"][0];
    assert_eq!(
        (&kind["by"], &kind["reason"], &kind["events"]),
        (&json!("logs"), &json!("destination_removed"), &json!(2))
    );
    assert!(run(&["list"]).contains("destination_removed"));
    let shown: Value = serde_json::from_str(run(&["show", "--limit", "1", "--by", "logs"]).trim()).unwrap();
    assert_eq!(shown["event"]["message"], "say \"a\"");
    assert_eq!(run(&["show", "--reason", "plugin_trap"]), "");
    assert_eq!(run(&["list", "--by", "redact"]), "no dead letters\n");
    // The destination is there again, and takes them; only who has the token may have them sent.
    let config = folder.write("tapline.toml", &logs.replace("/dev/full", "logs.ndjson"));
    let mut router = Router::start_in(folder, Some(&config));
    let refused = router.post("/v1/dead-letters/redrive", &[("content-type", "application/json")], b"{}");
    assert_eq!(refused.status, 401, "{}", refused.text);
    let dir = router.folder().path().display().to_string();
    let redrive = |router: &Router| {
        let output = router.tapline(&["dead-letters", "redrive", "--by", "logs", "--json", "--data-dir", &dir]);
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let redriven = redrive(&router);
    assert_eq!((&redriven["redriven"], &redriven["failed"]), (&json!(2), &json!(0)), "{redriven}");
    assert_eq!(redrive(&router)["redriven"], 0);
    router.settled(2);
    let folder = router.stop_well();
    let messages: Vec<Value> = folder.lines("logs.ndjson").iter().map(|event| event["message"].clone()).collect();
    assert_eq!(messages, [json!("say \"a\""), json!("b")]);
    assert!(folder.lines("dead-letters.ndjson").is_empty());
    let nowhere = tapline(&["dead-letters", "list", "--data-dir", "/nowhere"]);
    assert!(nowhere.status.code() == Some(2) && text(&nowhere.stderr).contains("--data-dir"));
}

#[test]
fn what_a_config_names_lies_beside_it() {
    let folder = Folder::new();
    let contract = folder.write("mine.toml", "[contract]\nname = \"mine\"\n").display().to_string();
    let config = folder.write("tapline.toml", "contract = \"mine.toml\"\n[[chain]]\nplugin = \"plugins/mine.wasm\"\n");
    let config = config.display().to_string();
    // Started elsewhere: what is said is about the files beside the configuration.
    let said = text(&tapline(&["check", "--config", &config]).stdout);
    assert!(said.contains(&contract) && !said.contains("No such file"), "{said}");
    folder.write("tapline.toml", "[[chain]]\nplugin = \"plugins/mine.wasm\"\n");
    let said = text(&tapline(&["check", "--config", &config]).stdout);
    let plugin = contract.replace("mine.toml", "plugins/mine.wasm");
    assert!(said.contains(&plugin) && said.contains("chain.mine"), "{said}");
}
