//! Events into Elasticsearch, or what takes its `_bulk` requests: OpenSearch and Quickwit; and into Logstash by
//! its HTTP input.
//!
//! Everything goes into one data stream, whose template and lifecycle are made from the contract. A document's
//! `_id` is the event's id and the action is `create`, so that an event which is sent again is told by a
//! conflict (409) and counts as delivered. Items of a bulk request are answered one by one: what was refused
//! for good becomes a dead letter, what there was no room for (429) is sent again.
//!
//! Quickwit makes ids of its own, and Logstash answers a request as a whole and never says that it could not read
//! a line: there an event that is sent again is there twice. Logstash gets each event's id as `event_id`, for
//! `document_id` in its output.
//!
//! Elastic, "Bulk API", "Data streams", "Index lifecycle management"; OpenSearch, "Bulk", "Index State
//! Management"; Quickwit, "Elasticsearch compatible API"; Logstash, "Http input plugin", "Json_lines codec plugin".

mod bulk;
mod setup;

use std::sync::Arc;
use std::time::Duration;

use tapline_contract::Contract;
use ureq::Agent;

use super::{Authorities, Delivery, LateRefusal, Refusal, Sink, SinkError, SinkStats};
use crate::audit::event_id;
use crate::encode::Encoder;
use crate::ingest::Components;
use bulk::{Bulk, Item};

/// Whose dialect it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    #[default]
    Elasticsearch,
    Opensearch,
    /// No templates, and a path of its own.
    Quickwit,
    /// Lines of JSON to its HTTP input, with `additional_codecs => { "application/x-ndjson" => "json_lines" }`.
    Logstash,
}

/// Documents; their requests are cut by bytes.
const GROUP_ROWS: usize = 8_192;

#[derive(Clone, Debug)]
pub struct Server {
    pub url: String,
    pub flavour: Flavour,
    pub data_stream: String,
    pub user: String,
    pub password: String,
    pub api_key: String,
    pub authorities: Authorities,
    pub timeout: Duration,
    /// Make the template and the lifecycle.
    pub migrate: bool,
}

pub struct ElasticsearchSink {
    server: Server,
    agent: Agent,
    contract: Arc<Contract>,
    components: Arc<Components>,
    encoder: Encoder,
    stats: Arc<SinkStats>,
    bulk: Bulk,
    deliveries: usize,
    is_set_up: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("{0}")]
    Http(#[from] ureq::Error),
    #[error("it answers {status}: {text}")]
    Status { status: u16, text: String },
    #[error("the answer is not what `_bulk` answers: {0}")]
    Answer(String),
    #[error("it has no room for {0} of the documents")]
    Busy(usize),
}

impl ElasticsearchSink {
    pub fn new(
        server: Server,
        contract: Arc<Contract>,
        components: Arc<Components>,
        encoder: Encoder,
        stats: Arc<SinkStats>,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(server.timeout))
            .tls_config(server.authorities.for_ureq());
        ElasticsearchSink {
            agent: config.build().into(),
            server,
            contract,
            components,
            encoder,
            stats,
            bulk: Bulk::default(),
            deliveries: 0,
            is_set_up: false,
        }
    }

    fn error(&self, operation: &'static str, source: ServerError) -> SinkError {
        SinkError { operation, what: self.server.url.clone(), source: source.into() }
    }
}

impl Server {
    /// Status and text of an answer.
    fn call(
        &self,
        agent: &Agent,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<(u16, String), ServerError> {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if !body.is_empty() {
            request = request.header("content-type", kind);
        }
        if !self.api_key.is_empty() {
            request = request.header("authorization", format!("ApiKey {}", self.api_key));
        } else if !self.user.is_empty() {
            request = request.header("authorization", basic(&self.user, &self.password));
        }
        let request = request.body(body).map_err(|error| ServerError::Answer(error.to_string()))?;
        let mut answer = agent.run(request)?;
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
        Ok((answer.status().as_u16(), text))
    }
}

/// RFC 7617.
fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

impl Sink for ElasticsearchSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        let batch = delivery.batch();
        for row in delivery.rows() {
            let mut document = Vec::with_capacity(512);
            // Nanoseconds since 1970 in `ts`, and as Elasticsearch wants a time beside it.
            document.extend_from_slice(b"{\"@timestamp\":\"");
            document.extend_from_slice(crate::ingest::timestamp::to_text(batch.rows()[row].ts_ns).as_bytes());
            document.extend_from_slice(b"\",");
            let mut object = Vec::with_capacity(512);
            self.encoder.object(batch, row, &mut object);
            document.extend_from_slice(&object[1..]);
            let id = event_id(&self.components, batch, row);
            if self.server.flavour == Flavour::Logstash {
                document.pop();
                document.extend_from_slice(b",\"event_id\":");
                document.extend_from_slice(serde_json::Value::from(id.as_str()).to_string().as_bytes());
                document.push(b'}');
            }
            self.bulk.push(Item { delivery: self.deliveries, row, id, document });
        }
        self.deliveries += 1;
        self.stats.take_withheld(&mut self.encoder.withheld);
        Ok(Vec::new())
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        let mut bulk = std::mem::take(&mut self.bulk);
        self.deliveries = 0;
        if !self.is_set_up {
            setup::set_up(&self.server, &self.agent, &self.contract).map_err(|error| self.error("set up", error))?;
            self.is_set_up = true;
        }
        let sent = bulk.send(&self.server, &self.agent, &self.stats);
        sent.map_err(|error| {
            // It may be another server when it comes back.
            self.is_set_up = false;
            self.error("send to", error)
        })
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn group_rows(&self) -> usize {
        GROUP_ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::basic;

    /// The example of RFC 7617, section 2.
    #[test]
    fn credentials_are_as_the_rfc_has_them() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("a", "b"), "Basic YTpi");
    }
}
