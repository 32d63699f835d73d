//! One alert: firing, repeated, ended.

use super::*;
use crate::Kind;

#[test]
fn is_told_once_and_its_end_once() {
    let mut desk = Desk::new(rules());
    assert_eq!(desk.fire("feed-gap", Severity::Warning), Offered::Fired);
    for _ in 0..100 {
        desk.wait(1);
        assert_eq!(desk.fire("feed-gap", Severity::Warning), Offered::Counted);
    }
    assert_eq!(desk.told(), ["chat WARNING firing: feed-gap"]);
    desk.resolve("feed-gap");
    desk.wait(59);
    assert_eq!(desk.told(), [""; 0], "the end is told only after the hold");
    desk.wait(1);
    let (_, _, message) = &desk.sent[0];
    assert_eq!(message.kind, Kind::Resolved);
    assert_eq!(message.first().count, 101);
    assert_eq!(message.first().closing.as_deref(), Some("fine again"));
    let earlier = message.earlier.as_ref().unwrap();
    assert!(earlier.alone && earlier.receipt.as_deref() == Some("r-t-2"), "{earlier:?}");
    assert_eq!(desk.told(), ["chat WARNING resolved after 1 min 40 s: feed-gap"]);
    desk.wait(100_000);
    assert_eq!(desk.told(), [""; 0]);
    assert_eq!(desk.board.next_due(), None, "nothing is kept of it");
    assert!(desk.board.state.alerts.is_empty() && desk.board.state.dispatches.is_empty());
}

#[test]
fn is_repeated_with_longer_and_longer_pauses() {
    let mut desk = Desk::new(rules());
    let start = desk.now;
    desk.fire("wal", Severity::Warning);
    desk.wait(20_000);
    let times: Vec<u64> = desk.sent.iter().map(|(at, _, _)| at - start).collect();
    assert_eq!(times, [0, 300, 900, 2100, 4500, 8100, 11_700, 15_300, 18_900]);
    assert!(desk.sent[1..].iter().all(|(_, _, message)| message.kind == Kind::Repeated));
}

#[test]
fn a_firing_within_the_hold_takes_the_end_back() {
    let mut desk = Desk::new(rules());
    desk.fire("gap", Severity::Warning);
    desk.resolve("gap");
    desk.wait(30);
    assert_eq!(desk.fire("gap", Severity::Warning), Offered::Again);
    desk.wait(200);
    assert_eq!(desk.told(), ["chat WARNING firing: gap"]);
}

#[test]
fn getting_worse_is_told_on_the_new_severitys_way() {
    let mut desk = Desk::new(rules());
    desk.fire("disk", Severity::Warning);
    assert_eq!(desk.fire("disk", Severity::Critical), Offered::Escalated);
    assert_eq!(desk.fire("disk", Severity::Warning), Offered::Counted);
    desk.resolve("disk");
    desk.wait(60);
    let mut told = desk.told();
    told[2..].sort();
    assert_eq!(
        told,
        [
            "chat WARNING firing: disk",
            "pager CRITICAL firing: disk",
            "chat CRITICAL resolved after 0 s: disk",
            "pager CRITICAL resolved after 0 s: disk",
        ]
    );
}

#[test]
fn sources_do_not_share_keys() {
    let mut desk = Desk::new(rules());
    desk.offer(Notice::firing("a", "k", Severity::Warning, "one", desk.now()));
    desk.offer(Notice::firing("b", "k", Severity::Warning, "two", desk.now()));
    assert_eq!(desk.told().len(), 2);
}

#[test]
fn what_overtook_is_not_undone() {
    let mut desk = Desk::new(rules());
    let firing = Notice::firing("rule", "k", Severity::Critical, "k", desk.now());
    let resolved = Notice::resolved("rule", "k", "", desk.now());
    assert_eq!(desk.board.offer_in_order(firing.clone(), 1, desk.now()), Offered::Fired);
    assert_eq!(desk.board.offer_in_order(firing, 3, desk.now()), Offered::Counted);
    assert_eq!(desk.board.offer_in_order(resolved, 2, desk.now()), Offered::Stale);
    assert_eq!(desk.board.firing(), 1);
}

#[test]
fn a_notice_may_name_its_channels() {
    let mut desk = Desk::new(rules());
    let mut notice = Notice::firing("rule", "k", Severity::Warning, "k", desk.now());
    notice.to = vec!["nowhere".into(), "mail".into()];
    desk.offer(notice);
    assert_eq!(desk.told(), ["mail WARNING firing: k"]);
}

#[test]
fn an_end_that_cannot_be_told_is_tried_again_and_given_up_aloud() {
    let mut desk = Desk::new(rules());
    desk.fire("k", Severity::Warning);
    desk.refusing = vec!["chat"];
    desk.resolve("k");
    desk.wait(60);
    desk.refusing.clear();
    desk.wait(2000);
    assert_eq!(desk.told().len(), 3, "firing, a refused end, an end");
    desk.fire("k", Severity::Warning);
    desk.refusing = vec!["chat"];
    desk.resolve("k");
    desk.wait(100_000);
    assert!(matches!(&desk.alarms[..], [Alarm::EndUndelivered { .. }]), "{:?}", desk.alarms);
    assert!(desk.board.state.alerts.is_empty());
}

#[test]
fn a_receiver_that_forgets_is_reminded_until_the_end() {
    let mut rules = rules();
    let forgets = Manner { keeps_state: true, refresh: Some(seconds(100)), acknowledges: false };
    rules.channels.insert("chat".into(), forgets);
    let mut desk = Desk::new(rules);
    desk.fire("k", Severity::Warning);
    desk.wait(250);
    let kinds: Vec<Kind> = desk.sent.drain(..).map(|(_, _, message)| message.kind).collect();
    assert_eq!(kinds, [Kind::Firing, Kind::Refresh, Kind::Refresh]);
    desk.resolve("k");
    desk.wait(1000);
    let kinds: Vec<Kind> = desk.sent.drain(..).map(|(_, _, message)| message.kind).collect();
    assert_eq!(kinds, [Kind::Refresh, Kind::Resolved], "within the hold it still fires");
}

#[test]
fn groups_are_told_in_one_message() {
    let mut rules = rules();
    change(&mut rules, "rest", |route| {
        route.group = Some(Group { by: vec!["symbol".into()], wait: seconds(10) });
    });
    let mut desk = Desk::new(rules);
    for (key, symbol) in [("a", "2330"), ("b", "2330"), ("c", "2317")] {
        let mut notice = Notice::firing("rule", key, Severity::Warning, key, desk.now());
        notice.details.push(("symbol".into(), symbol.into()));
        desk.offer(notice);
    }
    desk.fire("critical", Severity::Critical);
    assert_eq!(desk.told(), ["pager CRITICAL firing: critical"], "criticals wait for nobody");
    desk.wait(10);
    let mut told = desk.told();
    told.sort();
    assert_eq!(told, ["chat WARNING 2 firing", "chat WARNING firing: c"]);
    desk.resolve("a");
    desk.resolve("b");
    desk.wait(70);
    assert_eq!(desk.told(), ["chat WARNING 2 resolved"]);
}
