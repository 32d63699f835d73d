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
    assert!(desk.board.acknowledge(&id, "mara", desk.now()));
    desk.wait(10_000);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "pager CRITICAL acknowledged: k"]);
    assert!(desk.alarms.is_empty());
    desk.silent.clear();
    desk.resolve("k");
    desk.wait(60);
    assert_eq!(desk.told().len(), 1);
    assert!(!desk.board.acknowledge(&id, "mara", desk.now()));
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
