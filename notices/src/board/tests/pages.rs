//! A page is never lost to one provider.

use super::*;

#[test]
fn a_silent_provider_does_not_keep_a_page() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    desk.wait(29);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k"]);
    desk.wait(1);
    assert_eq!(desk.told(), ["chat CRITICAL firing: k"]);
    desk.wait(200);
    assert_eq!(desk.told(), [""; 0], "chat has it");
    assert!(desk.alarms.is_empty());
    desk.resolve("k");
    desk.wait(60);
    let mut told = desk.told();
    told.sort();
    assert_eq!(told, ["chat CRITICAL resolved after 3 min 50 s: k", "pager CRITICAL resolved after 3 min 50 s: k"]);
}

#[test]
fn a_refusing_provider_costs_no_time() {
    let mut desk = Desk::new(rules());
    desk.refusing = vec!["pager", "chat"];
    desk.fire("k", Severity::Critical);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "chat CRITICAL firing: k", "mail CRITICAL firing: k"]);
}

#[test]
fn trouble_is_reason_enough_to_go_on() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    let id = SendId { dispatch: 2, channel: "pager".into() };
    desk.board.troubled(&id, desk.now());
    desk.board.troubled(&id, desk.now());
    desk.pump();
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "chat CRITICAL firing: k"]);
}

#[test]
fn a_page_that_nobody_has_is_an_alarm_until_somebody_has_it() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager", "mail"];
    desk.refusing = vec!["chat"];
    desk.fire("k", Severity::Critical);
    desk.wait(59);
    assert!(desk.alarms.is_empty());
    desk.wait(1);
    let tried = ["pager", "chat", "mail"].map(Arc::from).to_vec();
    assert_eq!(
        desk.alarms,
        [Alarm::PageUnreceipted {
            message: "t-2".into(),
            about: Some(Id { source: "rule".into(), key: "k".into() }),
            title: "CRITICAL firing: k".into(),
            tried
        }]
    );
    desk.silent.clear();
    desk.wait(300);
    assert!(matches!(desk.alarms[1..], [Alarm::PageReceipted { .. }]), "the repeat arrived: {:?}", desk.alarms);
}

#[test]
fn a_late_receipt_counts() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager", "chat", "mail"];
    desk.fire("k", Severity::Critical);
    desk.wait(100);
    assert_eq!(desk.alarms.len(), 1);
    let id = SendId { dispatch: 2, channel: "chat".into() };
    desk.board.answered(&id, Outcome::Delivered, None, desk.now());
    desk.pump();
    assert_eq!(desk.alarms.len(), 2);
}

#[test]
fn what_proves_nothing_is_no_receipt() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    let id = SendId { dispatch: 2, channel: "pager".into() };
    desk.board.answered(&id, Outcome::Assumed, None, desk.now());
    desk.wait(30);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "chat CRITICAL firing: k"]);
}

#[test]
fn acknowledging_stops_repeats_and_fallback() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    let id = Id { source: "rule".into(), key: "k".into() };
    assert!(desk.board.acknowledge(&id, "mara", desk.now()).is_some());
    desk.wait(10_000);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "pager CRITICAL acknowledged: k"]);
    assert!(desk.alarms.is_empty());
    desk.silent.clear();
    desk.resolve("k");
    desk.wait(60);
    assert_eq!(desk.told().len(), 1);
    assert_eq!(desk.board.acknowledge(&id, "mara", desk.now()), None);
}

#[test]
fn an_acknowledgement_holds_until_it_gets_worse_or_begins_anew() {
    let mut desk = Desk::new(rules());
    let id = Id { source: "rule".into(), key: "k".into() };
    desk.fire("k", Severity::Warning);
    let taken = desk.board.acknowledge(&id, "mara", desk.now()).unwrap();
    assert_eq!((taken.acknowledged_by.as_deref(), taken.told), (Some("mara"), vec!["chat".into()]));
    desk.fire("k", Severity::Warning);
    desk.wait(10_000);
    assert_eq!(desk.told(), ["chat WARNING firing: k"], "neither repeats nor what was known already");
    desk.fire("k", Severity::Critical);
    assert_eq!(desk.board.open()[0].acknowledged_by, None, "worse: it is open again");
    desk.wait(300);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "pager CRITICAL still firing after 2 h 51 min: k"]);
    desk.board.acknowledge(&id, "mara", desk.now()).unwrap();
    desk.pump();
    assert_eq!(desk.told(), ["pager CRITICAL acknowledged: k"]);
    // Said again it is told nobody again; by somebody else it is.
    desk.board.acknowledge(&id, "mara", desk.now()).unwrap();
    desk.pump();
    assert_eq!(desk.told(), [""; 0]);
    desk.board.acknowledge(&id, "kim", desk.now()).unwrap();
    desk.pump();
    assert_eq!(desk.told(), ["pager CRITICAL acknowledged: k"]);
    desk.resolve("k");
    desk.wait(60);
    assert_eq!(desk.board.open(), []);
    desk.told();
    desk.fire("k", Severity::Critical);
    assert_eq!(desk.board.open()[0].acknowledged_by, None, "another episode");
    desk.wait(300);
    assert_eq!(desk.told().len(), 2, "it is told and repeated as any other");
}

#[test]
fn the_worst_stands_first_and_a_storm_is_not_in_the_list() {
    let mut desk = Desk::new(rules());
    desk.fire("w", Severity::Warning);
    for key in 0..12 {
        desk.now += 1;
        desk.fire(&format!("c{key:02}"), Severity::Critical);
    }
    desk.wait(20);
    let keys: Vec<String> = desk.board.open().into_iter().map(|open| open.id.key).collect();
    let mut wanted: Vec<String> = (0..12).map(|key| format!("c{key:02}")).collect();
    wanted.push("w".into());
    assert_eq!(keys, wanted);
}

#[test]
fn copies_are_sent_beside_the_chain() {
    let mut rules = rules();
    change(&mut rules, "pages", |route| route.also = vec!["chat".into()]);
    let mut desk = Desk::new(rules);
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "chat CRITICAL firing: k"]);
    desk.wait(30);
    assert_eq!(desk.told(), ["mail CRITICAL firing: k"], "chat has it already");
}
