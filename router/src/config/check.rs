//! What TOML's types can't say.

use super::{Config, ConfigError, Notices, Route, SinkKind, error};

impl Config {
    /// Everything that is wrong, at once.
    pub fn check(&self, origin: &str) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        let names: Vec<&str> = self.sinks.keys().map(String::as_str).collect();
        if names.len() > 64 {
            wrong.push(format!("sinks: {} destinations, at most 64 are possible", names.len()));
        }
        let lists = [
            ("route.default", &self.route.default),
            ("notices.info", &self.notices.info),
            ("notices.warning", &self.notices.warning),
            ("notices.critical", &self.notices.critical),
        ];
        for (key, list) in lists {
            // A default that names a destination which the file's own `sinks` does not have is no
            // mistake of the file's: it is left out (see `Destinations`).
            if list == list_of_defaults(key) {
                continue;
            }
            for name in list.iter().filter(|name| !self.sinks.contains_key(*name)) {
                wrong.push(error::unknown_name(key, "destination", name, &names));
            }
        }
        for (name, sink) in &self.sinks {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            {
                wrong.push(format!("sinks.{name}: a name has letters, digits, `_` and `-`"));
            }
            match (sink.kind, &sink.path) {
                (SinkKind::Console | SinkKind::Clickhouse | SinkKind::Elasticsearch | SinkKind::Notify, Some(_)) => {
                    wrong.push(format!("sinks.{name}: path is for files and sqlite"));
                }
                (SinkKind::File | SinkKind::Sqlite, None) => wrong.push(format!("sinks.{name}: path is missing")),
                _ => {}
            }
            match (sink.kind, &sink.url) {
                (SinkKind::Elasticsearch, None) => {
                    wrong.push(format!("sinks.{name}: url is missing, e.g. \"http://127.0.0.1:9200\""));
                }
                (SinkKind::Clickhouse, None) => {
                    wrong.push(format!("sinks.{name}: url is missing, e.g. \"http://127.0.0.1:8123\""));
                }
                (SinkKind::Clickhouse | SinkKind::Elasticsearch, Some(url))
                    if !url.starts_with("http://") && !url.starts_with("https://") =>
                {
                    wrong.push(format!("sinks.{name}: url `{url}` begins neither with http:// nor with https://"));
                }
                (SinkKind::Clickhouse | SinkKind::Elasticsearch, Some(_)) | (_, None) => {}
                (_, Some(_)) => wrong.push(format!("sinks.{name}: url is for servers")),
            }
            if sink.ca_file.is_some() && !sink.url.as_ref().is_some_and(|url| url.starts_with("https://")) {
                wrong.push(format!("sinks.{name}: ca_file is for an url with https://"));
            }
            if sink.kind != SinkKind::Clickhouse && !sink.verify_user.is_empty() {
                wrong.push(format!("sinks.{name}: verify_user is for clickhouse"));
            }
            wrong.extend(sink.wrong_cluster().map(|problem| format!("sinks.{name}: {problem}")));
            if sink.kind == SinkKind::File && (sink.rotate_mib == 0 || sink.rotate_hours == 0) {
                wrong.push(format!("sinks.{name}: rotate_mib and rotate_hours are at least 1"));
            }
        }
        for (key, address) in [("http", self.listen.http), ("tcp", self.listen.tcp)] {
            if address.is_some_and(|address| !address.ip().is_loopback()) && !self.listen.allow_remote {
                wrong.push(format!(
                    "listen.{key}: not a loopback address. Whoever reaches it can send events and read the audit \
                     tables; set listen.allow_remote = true where the network in between keeps others out"
                ));
            }
        }
        let sqlite = self.sinks.values().filter(|sink| sink.kind == SinkKind::Sqlite).count();
        if sqlite > 1 {
            wrong.push(format!("sinks: {sqlite} of type \"sqlite\"; the audit tables are in one"));
        }
        for (key, seconds) in [
            ("expect_scrape_within_s", self.watch.expect_scrape_within_s),
            ("audit_stalled_after_s", self.watch.audit_stalled_after_s),
        ] {
            if !(0.0..=1e9).contains(&seconds) {
                wrong.push(format!("watch.{key}: from 0 to a thousand million seconds"));
            }
        }
        wrong.extend(self.calendar.calendar().err().into_iter().flatten());
        let is_used = self.sinks.values().any(|sink| sink.kind == SinkKind::Notify);
        if is_used {
            wrong.extend(self.notify.problems());
        } else if !self.notify.channels.is_empty() {
            wrong.push("notify: it has channels, and no destination of type \"notify\" leads to them: nobody would ever be told".into());
        }
        let tables: Vec<_> = self.sinks.values().filter(|sink| sink.kind.holds_tables()).collect();
        if tables.windows(2).any(|two| two[0].clearance != two[1].clearance) {
            wrong.push(
                "sinks: all that hold the audit tables have one clearance; the hash chain is over what they see".into(),
            );
        }
        let lanes = ["guard", "audit", "log", "metric"];
        let mut entries = std::collections::BTreeSet::new();
        for entry in &self.chain {
            for lane in entry.may_drop.iter().filter(|lane| !lanes.contains(&lane.as_str())) {
                wrong.push(error::unknown_name(&format!("chain.{}.may_drop", entry.plugin), "lane", lane, &lanes));
            }
            if entry.deadline_ms == 0 || entry.memory_mib == 0 {
                wrong.push(format!("chain.{}: deadline_ms and memory_mib are at least 1", entry.plugin));
            }
            if !entries.insert(entry.name()) {
                wrong
                    .push(format!("chain: two entries are called `{}`; give one of them another `name`", entry.name()));
            }
        }
        if self.queues.input_batches == 0 || self.queues.sink_batches == 0 {
            wrong.push("queues: input_batches and sink_batches are at least 1".into());
        }
        if self.journal.segment_mib == 0 || self.journal.budget_mib < 4 * self.journal.segment_mib {
            wrong.push("journal: segment_mib is at least 1, and budget_mib at least 4 times that".into());
        }
        if self.limits.line_bytes_max < 1024 {
            wrong.push("limits.line_bytes_max: at least 1024".into());
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::Wrong { origin: origin.to_owned(), wrong }),
        }
    }
}

fn list_of_defaults(key: &str) -> &'static Vec<String> {
    static DEFAULTS: std::sync::OnceLock<(Route, Notices)> = std::sync::OnceLock::new();
    let (route, notices) = DEFAULTS.get_or_init(|| (Route::default(), Notices::default()));
    match key {
        "route.default" => &route.default,
        "notices.info" => &notices.info,
        "notices.warning" => &notices.warning,
        _ => &notices.critical,
    }
}
