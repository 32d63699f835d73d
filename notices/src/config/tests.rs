use super::*;

#[derive(Debug, Deserialize)]
struct File {
    notify: NotifyConfig,
}

fn parse(text: &str) -> Result<NotifyConfig, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.notify)
}

const GOOD: &str = "
    [notify.channels.desk]
    type = 'slack'
    webhook_url_env = 'X'
    [[notify.routes]]
    severity = ['critical', 'warning', 'info']
    to = ['desk']
";

#[test]
fn the_reference_says_the_defaults() {
    let reference = parse(REFERENCE_TOML).unwrap();
    assert_eq!(reference.problems(), [""; 0]);
    let default = NotifyConfig::default();
    let without = NotifyConfig { channels: BTreeMap::new(), routes: Vec::new(), heartbeat: None, ..reference.clone() };
    assert_eq!(without, default);
    // What the examples spell out is what is meant where nothing is said.
    let bare = parse(GOOD).unwrap();
    let (said, meant) = (&reference.routes[0], &bare.routes[0]);
    assert_eq!((said.repeat_s, said.repeat_max_s), (meant.repeat_s, meant.repeat_max_s));
    assert_eq!((said.budget, said.reserve), (meant.budget, meant.reserve));
    assert_eq!((said.storm_window_s, said.reserve_window_s), (meant.storm_window_s, meant.reserve_window_s));
    assert_eq!(said.fallback_after_s, meant.fallback_after_s);
    assert_eq!(reference.channels["desk-slack"].common, bare.channels["desk"].common);
    let rules = reference.rules();
    assert_eq!(rules.routes.len(), 2);
    assert!(rules.channels["alertmanager"].refresh.is_some());
}

#[test]
fn unknown_keys_are_refused_by_name() {
    let message = parse(&GOOD.replace("webhook_url_env", "webhook_ulr_env")).unwrap_err();
    assert!(message.message().starts_with("unknown field `webhook_ulr_env`"), "{message}");
    let message = parse("[notify]\nqeue = 1").unwrap_err().to_string();
    assert!(message.contains("unknown field `qeue`"), "{message}");
    let message = parse("[notify.channels.x]\ntype = 'pigeon'").unwrap_err().to_string();
    assert!(message.contains("unknown variant `pigeon`"), "{message}");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = "
        [notify]
        hold_s = -1
        [notify.channels.desk]
        type = 'slack'
        [notify.channels.mail]
        type = 'email'
        host = 'mail.example.com'
        encryption = 'none'
        from = 'nobody'
        to = []
        [notify.channels.hook]
        type = 'webhook'
        url = 'http://hooks.example.com/x'
        [[notify.routes]]
        severity = ['critical']
        to = ['dsek']
        quiet = [
            { from = '25:00', to = '07:00', zone = 'Asia/Taipeh' }, { outside = ['day'] }, { days = [] },
            { from = '22:00', to = '07:00', zone = 'UTC', outside = ['day'] }, { from = '22:00' },
        ]
        [[notify.routes]]
        severity = ['warning']
        sources = ['x']
        to = []
    ";
    let problems = parse(text).unwrap().problems().join("\n");
    for part in [
        "notify.hold_s: at least 0",
        "notify.channels.desk.webhook_url_file or webhook_url_env is missing",
        "notify.channels.mail.encryption: without it mail goes to this machine only",
        "notify.channels.mail.to: nobody",
        "notify.channels.mail.from: \"nobody\" is not a mail address",
        "notify.channels.hook.url: http would send it in the clear",
        "notify.channels.hook.secret_file or secret_env is missing",
        "notify.routes.critical.to: there is no channel `dsek`; did you mean \"desk\"?",
        "notify.routes.critical.quiet: zone: there is no time zone \"Asia/Taipeh\"",
        "notify.routes.critical.quiet: outside: [calendar] has no session `day`",
        "notify.routes.critical.quiet: either hours or outside",
        "notify.routes.critical.quiet: it says no time",
        "notify.routes.critical.quiet: hours have from, to and zone",
        "notify.routes.warning.to: no channel, so it would deliver nothing",
        "no route takes every warning notice",
        "no route takes every info notice",
    ] {
        assert!(problems.contains(part), "{part} in\n{problems}");
    }
}

#[test]
fn a_secret_is_not_in_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("url"), "https://hooks.slack.com/services/T0/B0/hush\n").unwrap();
    let mut config = parse(&GOOD.replace("webhook_url_env = 'X'", "webhook_url_file = 'url'")).unwrap();
    config.lies_in(folder.path());
    assert!(config.channels["desk"].open("h").is_ok());
    assert!(!format!("{config:?}").contains("hush"));
    std::fs::write(folder.path().join("url"), "http://elsewhere.example/hush").unwrap();
    let error = config.channels["desk"].open("h").map(|_| ()).unwrap_err();
    assert!(error.contains("in the clear") && !error.contains("hush"), "{error}");
}
