//! Everything that a router can be connected to: ClickHouse's engine, and receivers for Elasticsearch, PagerDuty
//! and Slack, in this process. SQLite and files are the router's own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tapline_receivers::journal::Onlooker;
use tapline_receivers::{Kind, Receiver, elasticsearch, pagerduty, slack};

use crate::clickhouse::Front;
use crate::workspace::{Workspace, say};

pub(crate) struct Destinations {
    pub(crate) clickhouse: Front,
    pub(crate) elasticsearch: Receiver,
    pub(crate) pager: Receiver,
    pub(crate) slack: Receiver,
}

/// Who is told each entry of a receiver's journal as it comes.
#[derive(Default)]
pub(crate) struct Onlookers {
    pub(crate) elasticsearch: Option<Onlooker>,
    pub(crate) pager: Option<Onlooker>,
    pub(crate) slack: Option<Onlooker>,
}

/// Far beyond what the real ones allow: a drill counts what arrives, and is not about their limits.
const MESSAGES_A_SECOND: u32 = 1000;

/// Names of the router's destinations and channels, as its configuration below has them.
pub(crate) const CLICKHOUSE: &str = "warehouse";
pub(crate) const ELASTICSEARCH: &str = "elk";
pub(crate) const PAGER_CHANNEL: &str = "duty";
pub(crate) const CHAT_CHANNEL: &str = "desk";

const CONFIG: &str = include_str!("../../drill/tapline.toml");

impl Destinations {
    pub(crate) fn start(workspace: &Workspace, folder: &Path, onlookers: Onlookers) -> Result<Self> {
        say("starting ClickHouse and the receivers");
        let log = File::create(folder.join("clickhouse.log"))?;
        let mut clickhouse = Front::start(workspace, &folder.join("clickhouse"), 0, Some(log))?;
        clickhouse.wait(|| false)?;
        let receiver = |kind, onlooker| {
            let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            Receiver::start_on(kind, anywhere, onlooker).context("starting a receiver")
        };
        let elasticsearch = elasticsearch::Options {
            documents_max: usize::MAX,
            ..elasticsearch::Options::new(elasticsearch::Flavour::Elasticsearch)
        };
        let pager = pagerduty::Options { per_minute: MESSAGES_A_SECOND * 60, ..pagerduty::Options::default() };
        let slack = slack::Options {
            per_second: f64::from(MESSAGES_A_SECOND),
            burst: MESSAGES_A_SECOND,
            ..slack::Options::default()
        };
        Ok(Destinations {
            clickhouse,
            elasticsearch: receiver(Kind::Elasticsearch(elasticsearch), onlookers.elasticsearch)?,
            pager: receiver(Kind::PagerDuty(pager), onlookers.pager)?,
            slack: receiver(Kind::Slack(slack), onlookers.slack)?,
        })
    }

    /// Writes a configuration that leads to all of them; `more` stands before its first section.
    pub(crate) fn configure(&self, folder: &Path, more: &str) -> Result<PathBuf> {
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
            Ok(path)
        };
        write("clickhouse-password", "router\n")?;
        write("pagerduty-key", pagerduty::ROUTING_KEY)?;
        write("slack-webhook", &format!("{}{}", self.slack.url(), slack::HOOK))?;
        let config = CONFIG
            .replace("CLICKHOUSE_URL", self.clickhouse.asker().url())
            .replace("ELASTICSEARCH_URL", &self.elasticsearch.url())
            .replace("PAGERDUTY_URL", &format!("{}/v2/enqueue", self.pager.url()));
        write("tapline.toml", &format!("{more}\n{config}"))
    }
}
