//! A restart neither forgets nor repeats.

use super::*;

fn through_text(board: &Board) -> Saved {
    serde_json::from_str(&serde_json::to_string(&board.save()).unwrap()).unwrap()
}

#[test]
fn what_was_told_is_not_told_again() {
    let mut desk = Desk::new(rules());
    desk.fire("k", Severity::Critical);
    desk.fire("w", Severity::Warning);
    desk.told();
    let saved = through_text(&desk.board);
    desk.board = Board::restore(rules(), saved, desk.now()).unwrap();
    assert_eq!(desk.fire("k", Severity::Critical), Offered::Counted);
    desk.wait(299);
    assert_eq!(desk.told(), [""; 0]);
    desk.wait(1);
    assert_eq!(desk.told().len(), 2, "the repeats, at their time");
}

#[test]
fn what_somebody_has_taken_on_stays_so() {
    let mut desk = Desk::new(rules());
    desk.fire("k", Severity::Critical);
    desk.board.acknowledge(&Id { source: "rule".into(), key: "k".into() }, "mara", desk.now()).unwrap();
    desk.pump();
    desk.told();
    desk.board = Board::restore(rules(), through_text(&desk.board), desk.now()).unwrap();
    assert_eq!(desk.board.open()[0].acknowledged_by.as_deref(), Some("mara"));
    desk.wait(10_000);
    assert_eq!(desk.told(), [""; 0]);
}

#[test]
fn what_has_no_answer_is_sent_again_under_the_same_id() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    let first = desk.sent.pop().unwrap().2;
    let saved = through_text(&desk.board);
    desk.board = Board::restore(rules(), saved, desk.now()).unwrap();
    desk.pump();
    assert_eq!(desk.sent.pop().unwrap().2, first);
    desk.wait(30);
    assert_eq!(desk.told(), ["chat CRITICAL firing: k"], "and the chain goes on");
}

#[test]
fn a_clock_set_back_does_not_hold_a_page() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    let saved = through_text(&desk.board);
    desk.now -= 86_400;
    desk.board = Board::restore(rules(), saved, desk.now()).unwrap();
    desk.told();
    desk.wait(30);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k", "chat CRITICAL firing: k"]);
}

#[test]
fn a_channel_that_is_gone_does_not_keep_a_page() {
    let mut desk = Desk::new(rules());
    desk.silent = vec!["pager"];
    desk.fire("k", Severity::Critical);
    desk.told();
    let mut changed = rules();
    changed.channels.remove("pager");
    change(&mut changed, "pages", |route| route.to = vec!["chat".into()]);
    desk.board = Board::restore(changed, through_text(&desk.board), desk.now()).unwrap();
    desk.pump();
    assert_eq!(desk.told(), ["chat CRITICAL firing: k"]);
}

#[test]
fn what_waits_for_a_route_that_is_gone_finds_another() {
    let mut desk = Desk::new(rules());
    for key in 0..12 {
        desk.fire(&format!("k{key}"), Severity::Warning);
    }
    desk.told();
    let mut changed = rules();
    change(&mut changed, "rest", |route| route.name = "other".into());
    desk.board = Board::restore(changed, through_text(&desk.board), desk.now()).unwrap();
    desk.wait(120);
    assert_eq!(desk.told(), ["chat WARNING firing: k10", "chat WARNING firing: k11"]);
}

#[test]
fn a_state_of_another_form_is_not_taken_up() {
    let mut value = serde_json::to_value(Board::new(rules(), "t").save()).unwrap();
    value["version"] = 2.into();
    let saved: Saved = serde_json::from_value(value).unwrap();
    assert!(Board::restore(rules(), saved, Time(0)).is_err());
}
