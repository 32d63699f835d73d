//! Storms, quiet hours, and that a critical gets through both.

use jiff::tz::TimeZone;

use super::*;
use crate::{Kind, Why};

#[test]
fn a_storm_is_told_in_a_summary_with_counts() {
    let mut desk = Desk::new(rules());
    for key in 0..1000 {
        desk.fire(&format!("k{key:04}"), Severity::Warning);
        desk.fire(&format!("k{key:04}"), Severity::Warning);
    }
    assert_eq!(desk.told().len(), 10, "the budget's burst");
    desk.wait(120);
    let (_, _, message) = desk.sent.pop().unwrap();
    assert!(desk.sent.is_empty());
    assert_eq!(message.kind, Kind::Summary);
    let summary = message.summary.unwrap();
    assert_eq!((summary.firing, summary.resolved, summary.why), (990, 0, Why::Storm));
    assert_eq!((summary.lines.len(), summary.more), (30, 960));
    for key in 0..1000 {
        desk.resolve(&format!("k{key:04}"));
    }
    desk.wait(10_000);
    assert_eq!(desk.board.firing(), 0);
    assert!(desk.board.state.alerts.values().all(|alert| alert.told.is_empty()), "every end was told");
    assert!(desk.sent.len() < 10, "{}", desk.sent.len());
}

#[test]
fn criticals_have_a_budget_of_their_own_and_beyond_it_are_never_nothing() {
    let mut desk = Desk::new(rules());
    for key in 0..500 {
        desk.fire(&format!("warning{key}"), Severity::Warning);
    }
    desk.told();
    for key in 0..50 {
        desk.fire(&format!("critical{key}"), Severity::Critical);
    }
    assert_eq!(desk.told().len(), 10, "the reserve's burst, at once");
    desk.wait(10);
    assert_eq!(desk.told(), ["pager CRITICAL 40 firing, storm"]);
    for key in 0..50 {
        desk.resolve(&format!("critical{key}"));
    }
    desk.wait(59);
    desk.told();
    desk.wait(1);
    let told = desk.told();
    assert_eq!(told.iter().filter(|told| told.starts_with("pager CRITICAL resolved")).count(), 11, "{told:?}");
}

#[test]
fn beyond_what_is_remembered_is_counted() {
    let mut desk = Desk::new(Rules { alerts_max: 20, ..rules() });
    for key in 0..30 {
        desk.fire(&format!("warning{key}"), Severity::Warning);
    }
    desk.told();
    for key in 0..6 {
        desk.fire(&format!("critical{key}"), Severity::Critical);
    }
    assert_eq!(desk.told().len(), 5, "warnings do not take the places of criticals");
    desk.wait(10);
    assert_eq!(desk.told(), ["pager CRITICAL 1 firing, storm"]);
    desk.wait(110);
    assert_eq!(desk.told(), ["chat WARNING 20 firing, storm"]);
    desk.wait(3600);
    assert!(desk.told().iter().any(|told| told.starts_with("pager CRITICAL resolved after 1 h")));
}

fn at_night() -> Rules {
    let mut rules = rules();
    let quiet = Quiet::Hours(Hours {
        zone: TimeZone::get("Asia/Taipei").unwrap(),
        days: Vec::new(),
        from: jiff::civil::time(22, 0, 0, 0),
        to: jiff::civil::time(7, 0, 0, 0),
    });
    for route in ["pages", "rest"] {
        change(&mut rules, route, |route| route.quiet = vec![quiet.clone()]);
    }
    rules
}

#[test]
fn quiet_hours_keep_warnings_and_never_a_critical() {
    let mut desk = Desk::new(at_night());
    let midnight: jiff::Timestamp = "2026-03-02T00:00:00+08:00".parse().unwrap();
    desk.now = midnight.as_second() as u64;
    desk.fire("stays", Severity::Warning);
    desk.fire("goes", Severity::Warning);
    desk.resolve("goes");
    desk.fire("page", Severity::Critical);
    desk.resolve("page");
    assert_eq!(desk.told(), ["pager CRITICAL firing: page"]);
    desk.wait(60);
    assert_eq!(desk.told(), ["pager CRITICAL resolved after 0 s: page"]);
    desk.wait(7 * 3600 - 61);
    assert_eq!(desk.told(), [""; 0]);
    desk.wait(1);
    let summary = desk.sent[0].2.summary.clone().unwrap();
    assert_eq!((summary.why, summary.firing, summary.resolved), (Why::Quiet, 1, 1));
    assert_eq!(desk.told(), ["chat WARNING 1 firing, 1 resolved, in quiet hours"]);
}

#[test]
fn outside_the_session_warnings_wait_for_it_to_open_and_criticals_do_not() {
    let calendar = "zone = 'Asia/Taipei'\nholidays = ['2026-02-16', '2026-02-17']\n\
                    [sessions.day]\nopen = '08:45'\nclose = '13:45'\n";
    let calendar: crate::calendar::CalendarConfig = toml::from_str(calendar).unwrap();
    let calendar = Arc::new(calendar.calendar().unwrap());
    let mut rules = rules();
    for route in ["pages", "rest"] {
        let quiet = Quiet::Outside { calendar: calendar.clone(), sessions: vec!["day".into()] };
        change(&mut rules, route, |route| route.quiet = vec![quiet]);
    }
    let mut desk = Desk::new(rules);
    let friday: jiff::Timestamp = "2026-02-13T13:44:59+08:00".parse().unwrap();
    desk.now = friday.as_second() as u64;
    desk.fire("in session", Severity::Warning);
    desk.now += 1;
    desk.fire("closed", Severity::Warning);
    desk.fire("page", Severity::Critical);
    assert_eq!(desk.told(), ["chat WARNING firing: in session", "pager CRITICAL firing: page"]);
    let wednesday: jiff::Timestamp = "2026-02-18T08:45:00+08:00".parse().unwrap();
    desk.resolve("page");
    desk.resolve("in session");
    desk.wait(wednesday.as_second() as u64 - desk.now - 1);
    assert!(
        desk.told().iter().all(|told| told.starts_with("pager CRITICAL resolved")),
        "over a weekend and two holidays"
    );
    desk.wait(1);
    assert_eq!(desk.told(), ["chat WARNING 1 firing, 1 resolved, in quiet hours"]);
}

#[test]
fn one_that_was_kept_alone_is_told_by_itself() {
    let mut desk = Desk::new(at_night());
    let night: jiff::Timestamp = "2026-03-02T06:59:00+08:00".parse().unwrap();
    desk.now = night.as_second() as u64;
    desk.fire("k", Severity::Warning);
    desk.wait(60);
    assert_eq!(desk.told(), ["chat WARNING firing: k"]);
}

#[test]
fn a_warning_that_waits_and_becomes_critical_waits_no_more() {
    let mut desk = Desk::new(at_night());
    let night: jiff::Timestamp = "2026-03-02T03:00:00+08:00".parse().unwrap();
    desk.now = night.as_second() as u64;
    desk.fire("k", Severity::Warning);
    desk.fire("k", Severity::Critical);
    assert_eq!(desk.told(), ["pager CRITICAL firing: k"]);
}
