//! How each kind of channel is described and opened.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Seconds, secrets};
use crate::Manner;
use crate::channel::{
    Alertmanager, Channel, Email, EmailSettings, Encryption, Http, HttpSettings, PagerDuty, SlackApi, SlackWebhook,
    Webhook,
};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq)]
pub struct ChannelConfig {
    pub kind: ChannelKind,
    pub common: Common,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ChannelKind {
    Slack(SlackConfig),
    PagerDuty(PagerDutyConfig),
    Email(EmailConfig),
    Webhook(WebhookConfig),
    Alertmanager(AlertmanagerConfig),
}

pub(super) const TYPES: [&str; 5] = ["slack", "pagerduty", "email", "webhook", "alertmanager"];

impl<'de> Deserialize<'de> for ChannelConfig {
    /// By hand, because serde's own way to tell variants apart loses what is wrong in them.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut table = toml::Table::deserialize(from)?;
        let kind = match table.remove("type") {
            Some(toml::Value::String(kind)) => kind,
            Some(_) => return Err(D::Error::custom("type is a text")),
            None => return Err(D::Error::custom(format!("type is missing; one of {}", TYPES.join(", ")))),
        };
        fn of<T: serde::de::DeserializeOwned, E: serde::de::Error>(table: toml::Table) -> Result<T, E> {
            T::deserialize(table).map_err(|error| E::custom(error.message()))
        }
        let common: toml::Table =
            COMMON.iter().filter_map(|key| Some(((*key).to_owned(), table.remove(*key)?))).collect();
        let common = of(common)?;
        let kind = match kind.as_str() {
            "slack" => ChannelKind::Slack(of(table)?),
            "pagerduty" => ChannelKind::PagerDuty(of(table)?),
            "email" => ChannelKind::Email(of(table)?),
            "webhook" => ChannelKind::Webhook(of(table)?),
            "alertmanager" => ChannelKind::Alertmanager(of(table)?),
            _ => return Err(D::Error::unknown_variant(&kind, &TYPES)),
        };
        Ok(ChannelConfig { kind, common })
    }
}

/// What every kind of channel has.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Common {
    pub timeout_s: Seconds,
    pub ca_file: Option<PathBuf>,
    pub allow_plain_http: bool,
    pub rate_per_s: Option<f64>,
    pub burst: Option<u32>,
    pub give_up_after_s: Seconds,
    pub queue: usize,
}

const COMMON: [&str; 7] =
    ["timeout_s", "ca_file", "allow_plain_http", "rate_per_s", "burst", "give_up_after_s", "queue"];

impl Default for Common {
    fn default() -> Self {
        Common {
            timeout_s: Seconds(10.0),
            ca_file: None,
            allow_plain_http: false,
            rate_per_s: None,
            burst: None,
            give_up_after_s: Seconds(600.0),
            queue: 1000,
        }
    }
}

/// By a webhook, or by a token and a channel; only the latter can edit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackConfig {
    pub webhook_url_file: Option<PathBuf>,
    pub webhook_url_env: Option<String>,
    pub token_file: Option<PathBuf>,
    pub token_env: Option<String>,
    pub channel: Option<String>,
    #[serde(default = "slack_api")]
    pub api_url: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDutyConfig {
    pub routing_key_file: Option<PathBuf>,
    pub routing_key_env: Option<String>,
    #[serde(default = "pagerduty_url")]
    pub url: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub encryption: EncryptionConfig,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    pub password_env: Option<String>,
    pub from: String,
    pub to: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncryptionConfig {
    #[default]
    Starttls,
    Tls,
    None,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub url_env: Option<String>,
    pub secret_file: Option<PathBuf>,
    pub secret_env: Option<String>,
    #[serde(default)]
    pub keeps_state: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerConfig {
    pub url: String,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    pub password_env: Option<String>,
    pub token_file: Option<PathBuf>,
    pub token_env: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default = "expires")]
    pub expires_s: Seconds,
}

fn slack_api() -> String {
    "https://slack.com/api/".to_owned()
}

fn pagerduty_url() -> String {
    "https://events.pagerduty.com/v2/enqueue".to_owned()
}

fn expires() -> Seconds {
    Seconds(900.0)
}

impl ChannelConfig {
    /// Of what the receiver is like; the board goes by it.
    pub fn manner(&self) -> Manner {
        match &self.kind {
            ChannelKind::Slack(slack) => Manner { acknowledges: slack.is_api(), ..Manner::default() },
            ChannelKind::PagerDuty(_) => Manner { keeps_state: true, acknowledges: true, refresh: None },
            ChannelKind::Email(_) => Manner::default(),
            ChannelKind::Webhook(webhook) => {
                Manner { keeps_state: webhook.keeps_state, acknowledges: webhook.keeps_state, refresh: None }
            }
            ChannelKind::Alertmanager(alertmanager) => {
                let refresh = alertmanager.expires_s.duration().mul_f64(0.4);
                Manner { keeps_state: true, acknowledges: false, refresh: Some(refresh) }
            }
        }
    }

    /// Messages a second in the long run, and at once. Slack's is stated: one a second and channel, with
    /// short bursts; the others are what a receiver of that kind takes without complaint.
    pub fn pace(&self) -> (f64, u32) {
        let (rate, burst) = match self.kind {
            ChannelKind::Slack(_) => (1.0, 3),
            ChannelKind::PagerDuty(_) => (2.0, 10),
            ChannelKind::Email(_) => (1.0, 10),
            ChannelKind::Webhook(_) => (20.0, 50),
            ChannelKind::Alertmanager(_) => (50.0, 200),
        };
        (self.common.rate_per_s.unwrap_or(rate), self.common.burst.unwrap_or(burst).max(1))
    }

    pub fn open(&self, host: &str) -> Result<Box<dyn Channel>, String> {
        let common = &self.common;
        let http =
            || Http::new(&HttpSettings { timeout: common.timeout_s.duration(), ca_file: common.ca_file.clone() });
        Ok(match &self.kind {
            ChannelKind::Slack(slack) if slack.is_api() => {
                let token = secrets::read("token", &slack.token_file, &slack.token_env)?;
                let channel = slack.channel.as_deref().unwrap_or_default();
                Box::new(SlackApi::new(http()?, &slack.api_url, token, channel))
            }
            ChannelKind::Slack(slack) => {
                let url = secrets::read("webhook_url", &slack.webhook_url_file, &slack.webhook_url_env)?;
                let url = self.checked("webhook_url", url)?;
                Box::new(SlackWebhook::new(http()?, url))
            }
            ChannelKind::PagerDuty(pager) => {
                let key = secrets::read("routing_key", &pager.routing_key_file, &pager.routing_key_env)?;
                if key.expose().len() != 32 {
                    return Err("routing_key: PagerDuty's integration keys have 32 characters".to_owned());
                }
                Box::new(PagerDuty::new(http()?, &pager.url, key, host))
            }
            ChannelKind::Email(email) => Box::new(Email::new(&email.settings(common)?)?),
            ChannelKind::Webhook(webhook) => {
                let url = secrets::read_or_text("url", webhook.url.as_deref(), &webhook.url_file, &webhook.url_env)?;
                let secret = secrets::read("secret", &webhook.secret_file, &webhook.secret_env)?;
                Box::new(Webhook::new(http()?, self.checked("url", url)?, secret))
            }
            ChannelKind::Alertmanager(config) => {
                let authorization = config.authorization()?;
                let url = Secret::new(config.url.clone());
                let (labels, expires) = (config.labels.clone(), config.expires_s.duration());
                Box::new(Alertmanager::new(http()?, url, authorization, labels, expires))
            }
        })
    }

    fn checked(&self, key: &str, url: Secret) -> Result<Secret, String> {
        match secrets::check_url(key, url.expose(), self.common.allow_plain_http) {
            Some(wrong) => Err(wrong),
            None => Ok(url),
        }
    }

    pub fn give_up_after(&self) -> Duration {
        self.common.give_up_after_s.duration()
    }

    /// Everything in it that is the path of a file.
    pub(super) fn files(&mut self) -> Vec<&mut Option<PathBuf>> {
        let mut files = match &mut self.kind {
            ChannelKind::Slack(slack) => vec![&mut slack.webhook_url_file, &mut slack.token_file],
            ChannelKind::PagerDuty(pager) => vec![&mut pager.routing_key_file],
            ChannelKind::Email(email) => vec![&mut email.password_file],
            ChannelKind::Webhook(webhook) => vec![&mut webhook.url_file, &mut webhook.secret_file],
            ChannelKind::Alertmanager(config) => vec![&mut config.password_file, &mut config.token_file],
        };
        files.push(&mut self.common.ca_file);
        files
    }
}

impl SlackConfig {
    pub(super) fn is_api(&self) -> bool {
        self.token_file.is_some() || self.token_env.is_some()
    }
}

impl EmailConfig {
    fn settings(&self, common: &Common) -> Result<EmailSettings, String> {
        let address = |key: &str, text: &str| -> Result<Mailbox, String> {
            text.parse().map_err(|_| format!("{key}: {text:?} is not a mail address"))
        };
        let user = match &self.user {
            Some(user) => Some((user.clone(), secrets::read("password", &self.password_file, &self.password_env)?)),
            None => None,
        };
        let (encryption, port) = match self.encryption {
            EncryptionConfig::Starttls => (Encryption::StartTls, 587),
            EncryptionConfig::Tls => (Encryption::Tls, 465),
            EncryptionConfig::None => (Encryption::Plain, 25),
        };
        Ok(EmailSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(port),
            encryption,
            user,
            from: address("from", &self.from)?,
            to: self.to.iter().map(|to| address("to", to)).collect::<Result<_, _>>()?,
            ca_file: common.ca_file.clone(),
            timeout: common.timeout_s.duration(),
        })
    }
}

impl AlertmanagerConfig {
    fn authorization(&self) -> Result<Option<Secret>, String> {
        if let Some(token) = secrets::read_if_any("token", &self.token_file, &self.token_env)? {
            return Ok(Some(Secret::new(format!("Bearer {}", token.expose()))));
        }
        let Some(user) = &self.user else { return Ok(None) };
        let password = secrets::read("password", &self.password_file, &self.password_env)?;
        let pair = format!("{user}:{}", password.expose());
        Ok(Some(Secret::new(format!("Basic {}", base64(pair.as_bytes())))))
    }
}

/// For one header, a crate of its own would be much.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= chunk.len() { char::from(DIGITS[at as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_as_everywhere() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("user:pa55", "dXNlcjpwYTU1")]
        {
            assert_eq!(super::base64(text.as_bytes()), encoded);
        }
    }
}
