use proptest::prelude::*;

use super::*;

fn calendar(text: &str) -> Calendar {
    toml::from_str::<CalendarConfig>(text).unwrap().calendar().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Until when it is closed; nothing while one of them is open.
fn check(calendar: &Calendar, sessions: &[&str], cases: &[(&str, Option<&str>)]) {
    let sessions: Vec<String> = sessions.iter().map(|name| (*name).to_owned()).collect();
    for (now, opens) in cases {
        assert_eq!(calendar.closed_until(&sessions, at(now)), opens.map(at), "at {now}");
    }
}

const TAIPEI: &str = "
    zone = 'Asia/Taipei'
    holidays = ['2026-02-16', '2026-02-17']
    valid_until = '2026-12-31'
    [sessions.day]
    open = '08:45'
    close = '13:45'
    half_days = { '2026-02-13' = '12:00' }
    [sessions.night]
    open = '15:00'
    close = '05:00'
";

#[test]
fn a_day_a_weekend_holidays_and_a_half_day() {
    check(
        &calendar(TAIPEI),
        &["day"],
        &[
            // Thursday, 2026-02-12, in Taipei eight hours ahead.
            ("2026-02-12T00:44:59Z", Some("2026-02-12T00:45:00Z")),
            ("2026-02-12T00:45:00Z", None),
            ("2026-02-12T05:44:59Z", None),
            ("2026-02-12T05:45:00Z", Some("2026-02-13T00:45:00Z")),
            // Friday closes early; Monday and Tuesday are holidays.
            ("2026-02-13T03:59:59Z", None),
            ("2026-02-13T04:00:00Z", Some("2026-02-18T00:45:00Z")),
            ("2026-02-16T02:00:00Z", Some("2026-02-18T00:45:00Z")),
            ("2026-02-18T00:45:00Z", None),
        ],
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    check(
        &calendar(TAIPEI),
        &["night"],
        &[
            ("2026-02-12T07:00:00Z", None),
            ("2026-02-12T20:59:59Z", None),
            ("2026-02-12T21:00:00Z", Some("2026-02-13T07:00:00Z")),
            // Friday's night is over on Saturday morning, though no session begins on a Saturday.
            ("2026-02-13T20:00:00Z", None),
            ("2026-02-13T21:00:00Z", Some("2026-02-18T07:00:00Z")),
        ],
    );
}

#[test]
fn several_are_closed_when_all_are() {
    check(
        &calendar(TAIPEI),
        &["day", "night"],
        &[
            ("2026-02-12T05:45:00Z", Some("2026-02-12T07:00:00Z")),
            ("2026-02-12T07:00:00Z", None),
            ("2026-02-12T21:00:00Z", Some("2026-02-13T00:45:00Z")),
        ],
    );
}

#[test]
fn hours_move_with_summer_time() {
    let calendar = calendar(
        "[sessions.xetra]\nzone = 'Europe/Berlin'\nopen = '09:00'\nclose = '17:30'\n\
         [sessions.skipped]\nzone = 'Europe/Berlin'\nopen = '02:30'\nclose = '04:00'\ndays = ['sun']\n\
         [sessions.twice]\nzone = 'America/New_York'\nopen = '01:30'\nclose = '03:00'\ndays = ['sun']\n",
    );
    check(
        &calendar,
        &["xetra"],
        &[
            ("2026-03-27T16:30:00Z", Some("2026-03-30T07:00:00Z")),
            ("2026-10-23T15:30:00Z", Some("2026-10-26T08:00:00Z")),
        ],
    );
    // 02:30 does not exist on that day: what would open then opens at 03:30.
    check(
        &calendar,
        &["skipped"],
        &[("2026-03-29T01:29:59Z", Some("2026-03-29T01:30:00Z")), ("2026-03-29T01:30:00Z", None)],
    );
    // 01:30 comes twice: it opens the first time, and is open over the hour that comes again.
    check(&calendar, &["twice"], &[("2026-11-01T05:30:00Z", None), ("2026-11-01T07:59:59Z", None)]);
}

#[test]
fn what_it_does_not_know_is_not_closed() {
    let known = calendar(TAIPEI);
    check(&known, &["dya"], &[("2026-02-12T21:00:00Z", None)]);
    // Behind its last day, and where no session is to be seen ahead.
    check(&known, &["day"], &[("2026-12-31T14:00:00Z", Some("2027-01-01T00:45:00Z")), ("2027-01-01T16:00:00Z", None)]);
    assert_eq!(Calendar::default().closed_until(&["day".into()], at("2026-02-12T21:00:00Z")), None);
    assert_eq!(known.closed_until(&[], at("2026-02-12T21:00:00Z")), None);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = "
        holidays = ['2026-02-30']
        valid_until = 'soon'
        [sessions.day]
        open = '8:99'
        close = '13:45'
        zone = 'Asia/Taipeh'
        days = ['mo']
        half_days = { '2026-13-01' = 'noon' }
        [sessions.night]
        open = '15:00'
        close = '05:00'
    ";
    let wrong = toml::from_str::<CalendarConfig>(text).unwrap().calendar().unwrap_err().join("\n");
    for part in [
        "calendar.holidays: \"2026-02-30\"",
        "calendar.valid_until: \"soon\"",
        "calendar.sessions.day.open: \"8:99\"",
        "calendar.sessions.day.zone: there is no time zone \"Asia/Taipeh\"",
        "calendar.sessions.day.days: there is no day \"mo\"",
        "calendar.sessions.day.half_days: \"2026-13-01\"",
        "calendar.sessions.day.half_days: \"noon\"",
        "calendar.sessions.night.zone: none is given",
    ] {
        assert!(wrong.contains(part), "{part} in\n{wrong}");
    }
    let empty = toml::from_str::<CalendarConfig>("zone = 'UTC'").unwrap().calendar().unwrap_err();
    assert!(empty[0].contains("there is none"), "{empty:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let config = || toml::from_str::<CalendarConfig>("file = 'market.toml'").unwrap();
    let missing = config().read(folder.path()).unwrap_err();
    assert!(missing.contains("calendar.file") && missing.contains("market.toml"), "{missing}");
    let path = folder.path().join("market.toml");
    std::fs::write(&path, "zone = 'Asia/Taipei'\n[sesions.day]\n").unwrap();
    let broken = config().read(folder.path()).unwrap_err();
    assert!(broken.contains("market.toml") && broken.contains("sesions"), "{broken}");
    std::fs::write(&path, TAIPEI).unwrap();
    assert!(config().read(folder.path()).unwrap().calendar().unwrap().has("night"));
    let both = toml::from_str::<CalendarConfig>("file = 'market.toml'\nzone = 'UTC'").unwrap();
    assert!(both.read(folder.path()).unwrap_err().contains("nothing else"));
}

proptest! {
    /// At the moment that it names one of them opens, and until then none is open.
    #[test]
    fn it_is_closed_until_it_opens(
        zone in prop::sample::select(vec!["Asia/Taipei", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        (open, close, other) in (0u32..48, 0u32..48, 0u32..48),
        seconds in 1_767_225_600i64..1_798_761_600,
    ) {
        let clock = |half_hours: u32| format!("{:02}:{:02}", half_hours / 2, half_hours % 2 * 30);
        let text = format!(
            "zone = '{zone}'\nholidays = ['2026-05-01', '2026-12-25']\n\
             [sessions.a]\nopen = '{}'\nclose = '{}'\n[sessions.b]\nopen = '{}'\nclose = '{}'\ndays = ['sat']\n",
            clock(open), clock(close), clock(close), clock(other),
        );
        let (calendar, both) = (calendar(&text), ["a".to_owned(), "b".to_owned()]);
        let now = Timestamp::from_second(seconds).unwrap();
        if let Some(opens) = calendar.closed_until(&both, now) {
            prop_assert!(opens > now);
            prop_assert_eq!(calendar.closed_until(&both, opens), None, "one is open then");
            let before = opens - jiff::SignedDuration::from_nanos(1);
            prop_assert_eq!(calendar.closed_until(&both, before), Some(opens), "none is open just before");
        } else {
            let one_is_open = both.iter().any(|name| calendar.closed_until(std::slice::from_ref(name), now).is_none());
            prop_assert!(one_is_open);
        }
    }
}
