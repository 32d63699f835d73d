//! Square waves.

use super::*;

#[test]
fn a_square_wave_is_one_message_and_its_end_another() {
    let mut desk = Desk::new(rules());
    // 26 escalations and 25 recoveries in 27 minutes, as a real stack once had them.
    for _ in 0..25 {
        desk.fire("daily-loss", Severity::Critical);
        desk.wait(32);
        desk.resolve("daily-loss");
        desk.wait(32);
    }
    desk.fire("daily-loss", Severity::Critical);
    assert_eq!(
        desk.told(),
        ["pager CRITICAL firing: daily-loss", "pager CRITICAL flapping: daily-loss"],
        "51 changes are two pages"
    );
    desk.wait(600);
    assert_eq!(desk.told(), ["pager CRITICAL stays firing: daily-loss"]);
    desk.resolve("daily-loss");
    desk.wait(600);
    assert_eq!(desk.told(), ["pager CRITICAL resolved after 36 min 40 s: daily-loss"]);
}

#[test]
fn a_wave_slower_than_the_hold_ends_resolved() {
    let mut desk = Desk::new(rules());
    for _ in 0..6 {
        desk.fire("gap", Severity::Warning);
        desk.wait(10);
        desk.resolve("gap");
        desk.wait(70);
    }
    let told = desk.told();
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(told[4..], ["chat WARNING firing: gap", "chat WARNING flapping: gap"]);
    desk.wait(600);
    assert_eq!(desk.told(), ["chat WARNING stays resolved: gap"]);
    desk.wait(2000);
    assert!(desk.board.state.alerts.is_empty());
}

#[test]
fn what_becomes_critical_while_it_flaps_is_told() {
    let mut desk = Desk::new(rules());
    for _ in 0..6 {
        desk.fire("gap", Severity::Warning);
        desk.resolve("gap");
        desk.wait(1);
    }
    desk.told();
    desk.fire("gap", Severity::Critical);
    assert_eq!(desk.told(), ["pager CRITICAL flapping: gap"]);
}

#[test]
fn no_flap_detection_where_none_is_wanted() {
    let mut desk = Desk::new(Rules { flap: None, hold: Duration::ZERO, ..rules() });
    for _ in 0..5 {
        desk.fire("gap", Severity::Critical);
        desk.resolve("gap");
    }
    assert_eq!(desk.told().len(), 10);
}
