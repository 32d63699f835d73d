//! Which service a receiver stands in for.

use crate::service::Service;
use crate::{alertmanager, elasticsearch, logstash, pagerduty, slack, webhook};

#[derive(Debug, Clone)]
pub enum Kind {
    Slack(slack::Options),
    PagerDuty(pagerduty::Options),
    /// Elasticsearch, OpenSearch or Quickwit, by its flavour.
    Elasticsearch(elasticsearch::Options),
    Logstash(logstash::Options),
    Webhook(webhook::Options),
    Alertmanager(alertmanager::Options),
}

impl Kind {
    pub(crate) fn service(self) -> Box<dyn Service> {
        match self {
            Kind::Slack(options) => Box::new(slack::Slack::new(options)),
            Kind::PagerDuty(options) => Box::new(pagerduty::PagerDuty::new(options)),
            Kind::Elasticsearch(options) => Box::new(elasticsearch::Elasticsearch::new(options)),
            Kind::Logstash(options) => Box::new(logstash::Logstash::new(options)),
            Kind::Webhook(options) => Box::new(webhook::Webhook::new(options)),
            Kind::Alertmanager(options) => Box::new(alertmanager::Alertmanager::new(options)),
        }
    }
}
