//! The command line.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use tapline_receivers::elasticsearch::{Access, Flavour};
use tapline_receivers::{Kind, Receiver, alertmanager, elasticsearch, logstash, pagerduty, script, slack, webhook};

use crate::console;

/// Strict stand-ins for services that telemetry is sent to: they refuse what the real ones refuse by their
/// published rules, and fail as a script tells them.
#[derive(Debug, Parser)]
#[command(version, after_long_help = HELP)]
pub struct Arguments {
    #[command(subcommand)]
    service: Service,

    #[command(flatten)]
    common: Common,
}

const HELP: &str = r#"Every receiver answers, beside its service's own paths:
  GET  /_received   what was accepted: time of arrival (ns), path, parsed content
  GET  /_refused    what was refused, and why
  GET  /_state      what the service holds: messages, open incidents, documents
  POST /_script     what happens to the next requests; then all is normal again
  POST /_clear      forget everything

A script is a list of steps. Each serves one request, or `for` many, of any path, or only of those that
contain `on`:
  [{"for": 3, "do": {"status": 503, "retry_after": 2}},   refuse
   {"do": {"delay_ms": 500}},                             be slow
   {"do": "hang"}, {"do": "reset"},                       never answer; reset the connection
   {"do": "lie_ok"},                                      say yes and keep nothing
   {"do": "accept_then_reset"}, {"do": "cut"},            keep it, and lose or cut the answer
   {"do": "garbage"}, {"do": "noise"},                    answer a page; answer no HTTP
   {"on": "/_bulk", "do": {"items": 429, "every": 2}},    refuse every second item of a bulk request
   {"do": "ok"}]                                          behave

Examples:
  tapline-receivers --port 8065 slack
  curl -d '{"text":"hello"}' -H 'Content-Type: application/json' \
       localhost:8065/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX
  curl -d '[{"for":2,"do":{"status":429,"retry_after":1}}]' localhost:8065/_script

  tapline-receivers --port 9200 elasticsearch --user elastic --password changeme --body-bytes-max 1000000
  tapline-receivers --port 8066 --script faults.json pagerduty --per-minute 10

It stops when the process is ended (Ctrl-C), and with it the port and all connections."#;

#[derive(Debug, Args)]
struct Common {
    /// Port to listen on; 0 takes a free one, which is printed.
    #[arg(long, short, default_value_t = 0, global = true)]
    port: u16,

    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), global = true)]
    host: IpAddr,

    /// A file with a script to begin with.
    #[arg(long, global = true)]
    script: Option<PathBuf>,

    /// Print entries as JSON, a line each.
    #[arg(long, global = true)]
    json: bool,

    /// Print nothing of what is received.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Service {
    /// Slack: incoming webhooks, chat.postMessage, chat.update, auth.test.
    Slack {
        /// The bearer token of the Web API.
        #[arg(long, default_value = slack::TOKEN)]
        token: String,
        /// Messages a second, for each channel.
        #[arg(long, default_value_t = 1.0)]
        per_second: f64,
        /// How many messages may come at once.
        #[arg(long, default_value_t = 5)]
        burst: u32,
    },
    /// PagerDuty: Events API v2.
    Pagerduty {
        /// A routing key that was issued; may be given several times.
        #[arg(long, default_value = pagerduty::ROUTING_KEY)]
        routing_key: Vec<String>,
        /// Events a minute, for each routing key.
        #[arg(long, default_value_t = 120)]
        per_minute: u32,
    },
    /// Elasticsearch 8: bulk, templates, lifecycle policies, data streams, search.
    Elasticsearch(Elastic),
    /// OpenSearch 2: the same with state management in the place of lifecycle policies.
    Opensearch(Elastic),
    /// Quickwit: bulk below /api/v1/_elastic, only create, no ids.
    Quickwit(Elastic),
    /// Logstash: its HTTP input.
    Logstash {
        #[command(flatten)]
        login: Login,
    },
    /// A signed webhook: X-Tapline-Signature, X-Tapline-Delivery.
    Webhook {
        /// The shared secret.
        #[arg(long, default_value = webhook::SECRET)]
        secret: String,
    },
    /// Alertmanager: /api/v2/alerts, for faults that the real one can't be made to have.
    Alertmanager,
}

#[derive(Debug, Args)]
struct Elastic {
    #[command(flatten)]
    login: Login,

    /// An API key, as it is handed out (base64).
    #[arg(long, conflicts_with = "user")]
    api_key: Option<String>,

    /// http.max_content_length, of the decoded body.
    #[arg(long)]
    body_bytes_max: Option<usize>,

    /// An index that is there from the start; may be given several times.
    #[arg(long)]
    index: Vec<String>,

    /// Do not create indexes by themselves.
    #[arg(long)]
    no_auto_create: bool,
}

#[derive(Debug, Args)]
struct Login {
    /// User for basic authentication.
    #[arg(long, requires = "password")]
    user: Option<String>,

    /// Password for basic authentication.
    #[arg(long, requires = "user")]
    password: Option<String>,
}

impl Arguments {
    pub fn start(&self) -> anyhow::Result<Receiver> {
        let steps = match &self.common.script {
            None => Vec::new(),
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
                let value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
                script::read_steps(&value).map_err(anyhow::Error::msg).with_context(|| path.display().to_string())?
            }
        };
        let address = SocketAddr::new(self.common.host, self.common.port);
        let onlooker = (!self.common.quiet).then(|| console::lines(self.common.json));
        let receiver = Receiver::start_on(self.kind(), address, onlooker)
            .with_context(|| format!("listening on {address}; is another program using it?"))?;
        if !steps.is_empty() {
            receiver.script(steps).map_err(anyhow::Error::msg)?;
        }
        Ok(receiver)
    }

    pub fn name(&self) -> &'static str {
        match self.service {
            Service::Slack { .. } => "slack",
            Service::Pagerduty { .. } => "pagerduty",
            Service::Elasticsearch(_) => "elasticsearch",
            Service::Opensearch(_) => "opensearch",
            Service::Quickwit(_) => "quickwit",
            Service::Logstash { .. } => "logstash",
            Service::Webhook { .. } => "webhook",
            Service::Alertmanager => "alertmanager",
        }
    }

    /// What a person needs to send something to it.
    pub fn hints(&self, url: &str) -> Vec<String> {
        match &self.service {
            Service::Slack { token, .. } => vec![
                format!("webhook  {url}{}", slack::HOOK),
                format!("Web API  {url}/api/chat.postMessage, token {token}, channel {}", slack::CHANNEL),
            ],
            Service::Pagerduty { routing_key, .. } => {
                vec![format!("events   {url}/v2/enqueue, routing key {}", routing_key.join(", "))]
            }
            Service::Elasticsearch(_) | Service::Opensearch(_) => vec![format!("bulk     {url}/_bulk")],
            Service::Quickwit(_) => vec![format!("bulk     {url}/api/v1/_elastic/_bulk")],
            Service::Logstash { .. } => vec![format!("events   {url}/")],
            Service::Webhook { secret } => vec![format!("any path of {url}, secret {secret}")],
            Service::Alertmanager => vec![format!("alerts   {url}/api/v2/alerts")],
        }
    }

    fn kind(&self) -> Kind {
        match &self.service {
            Service::Slack { token, per_second, burst } => Kind::Slack(slack::Options {
                token: token.clone(),
                per_second: *per_second,
                burst: *burst,
                ..slack::Options::default()
            }),
            Service::Pagerduty { routing_key, per_minute } => {
                Kind::PagerDuty(pagerduty::Options { routing_keys: routing_key.clone(), per_minute: *per_minute })
            }
            Service::Elasticsearch(elastic) => Kind::Elasticsearch(elastic.options(Flavour::Elasticsearch)),
            Service::Opensearch(elastic) => Kind::Elasticsearch(elastic.options(Flavour::OpenSearch)),
            Service::Quickwit(elastic) => Kind::Elasticsearch(elastic.options(Flavour::Quickwit)),
            Service::Logstash { login } => {
                Kind::Logstash(logstash::Options { access: login.access(), ..logstash::Options::default() })
            }
            Service::Webhook { secret } => {
                Kind::Webhook(webhook::Options { secret: secret.clone(), ..webhook::Options::default() })
            }
            Service::Alertmanager => Kind::Alertmanager(alertmanager::Options::default()),
        }
    }
}

impl Elastic {
    fn options(&self, flavour: Flavour) -> elasticsearch::Options {
        let usual = elasticsearch::Options::new(flavour);
        elasticsearch::Options {
            access: self.api_key.clone().map_or_else(|| self.login.access(), Access::ApiKey),
            body_bytes_max: self.body_bytes_max.unwrap_or(usual.body_bytes_max),
            auto_create_index: usual.auto_create_index && !self.no_auto_create,
            indexes: self.index.clone(),
            ..usual
        }
    }
}

impl Login {
    fn access(&self) -> Access {
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => Access::Basic { user: user.clone(), password: password.clone() },
            _ => Access::Open,
        }
    }
}
