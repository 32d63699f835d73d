//! Elasticsearch 8, and by flavour OpenSearch 2 and Quickwit: what a client of the bulk interface meets.
//!
//! # Where the rules are from
//! * "Bulk API", <https://www.elastic.co/guide/en/elasticsearch/reference/8.17/docs-bulk.html>: lines, actions, the
//!   final newline, items and their errors; `bulk`
//! * "Use a data stream" and "Create data stream API", same place (`use-a-data-stream.html`,
//!   `indices-create-data-stream.html`): only `create`, names; `@timestamp` is required
//! * "Create or update index template API" (`indices-put-template.html`): members, priorities, "overlapping
//!   index patterns at the same priority are not allowed", components; the built-in templates; `templates`
//! * "Create or update lifecycle policy API" (`ilm-put-lifecycle.html`) and "Index lifecycle actions"; `policies`
//! * "Field data types", "Dynamic mapping", "Mapping limit settings" (`mapping-settings-limit.html`: 1,000 fields,
//!   depth 20), "Keyword type family" (32,766 bytes); `mapping`, `field`
//! * "Aggregations" (`search-aggregations-bucket-terms-aggregation.html`, `…-metrics-cardinality-aggregation.html`,
//!   `…-metrics-max-aggregation.html`); `aggregation`
//! * "Networking", `http.max_content_length`: 100 MB, of the decoded body
//! * OpenSearch "ISM API", <https://docs.opensearch.org/latest/im-plugin/ism/api/>
//! * Quickwit "Elasticsearch compatible API", <https://quickwit.io/docs/reference/es_compatible_api>: paths below
//!   `/api/v1/_elastic`, only `create`, no notion of a document's id; per-item errors since
//!   <https://github.com/quickwit-oss/quickwit/issues/4424>
//!
//! # What is unclear, and what is assumed
//! * The exact words of many errors are not documented; they are the ones that Elasticsearch 8 is seen to
//!   give. Types and statuses are what a client should look at.
//! * Of an action whose source line is missing at the end of a body: the whole request is refused.
//! * Quickwit's page says that other actions than `create` are ignored; here they are refused by item, so
//!   that they can be seen.
//!
//! # Where it does less
//! * What a client may ask for and is not done here (pipelines, aliases, versions given from outside) is
//!   refused, not passed over.
//! * One node, one shard, no analysis: a `term` query compares whole values, and a search sees a document at
//!   once. No scripts, no runtime fields.
//! * Field types that telemetry has no use for (geo, vectors, percolators) are refused in a mapping.

mod access;
mod aggregation;
mod bulk;
mod date;
mod failure;
mod field;
mod filter;
mod index;
mod mapping;
mod pattern;
mod policies;
mod search;
mod store;
mod templates;

use axum::http::Method;
use axum::http::header::{HeaderName, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;
use failure::Failure;
use policies::Policies;
use store::Store;
use templates::Templates;

pub use access::Access;

/// `http.max_content_length`.
const BODY_BYTES_MAX: usize = 100 << 20;
/// "Quickwit … limits the payload size to 10MB".
const QUICKWIT_BODY_BYTES_MAX: usize = 10 << 20;
const PRODUCT: HeaderName = HeaderName::from_static("x-elastic-product");
const QUICKWIT_PREFIX: [&str; 3] = ["api", "v1", "_elastic"];

const COMMON_PARAMETERS: [&str; 5] = ["error_trace", "filter_path", "format", "human", "pretty"];
const BULK_PARAMETERS: [&str; 5] =
    ["include_source_on_error", "refresh", "routing", "timeout", "wait_for_active_shards"];
const OTHER_PARAMETERS: [&str; 22] = [
    "allow_no_indices",
    "cause",
    "create",
    "dry_run",
    "expand_wildcards",
    "flat_settings",
    "from",
    "if_primary_term",
    "if_seq_no",
    "ignore_unavailable",
    "include_defaults",
    "level",
    "local",
    "master_timeout",
    "preference",
    "realtime",
    "refresh",
    "size",
    "timeout",
    "track_total_hits",
    "wait_for_status",
    "rest_total_hits_as_int",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Elasticsearch,
    OpenSearch,
    Quickwit,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub flavour: Flavour,
    pub access: Access,
    pub body_bytes_max: usize,
    /// `action.auto_create_index`
    pub auto_create_index: bool,
    /// Indexes that are there from the start; for Quickwit, which makes none by itself.
    pub indexes: Vec<String>,
    /// Above this many documents a write is refused as on a full disk (429, flood stage).
    pub documents_max: usize,
}

#[derive(Debug, Clone)]
pub struct Elasticsearch {
    options: Options,
    templates: Templates,
    policies: Policies,
    store: Store,
}

impl Options {
    pub fn new(flavour: Flavour) -> Options {
        let quickwit = flavour == Flavour::Quickwit;
        Options {
            flavour,
            access: Access::Open,
            body_bytes_max: if quickwit { QUICKWIT_BODY_BYTES_MAX } else { BODY_BYTES_MAX },
            auto_create_index: !quickwit,
            indexes: Vec::new(),
            documents_max: 1_000_000,
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::new(Flavour::Elasticsearch)
    }
}

// === impl Elasticsearch ===

impl Elasticsearch {
    pub fn new(options: Options) -> Elasticsearch {
        let templates = Templates::new(options.flavour);
        let policies = Policies::new(options.flavour);
        let store = Store::new(&options);
        Elasticsearch { options, templates, policies, store }
    }

    fn route(&mut self, request: &Request) -> Result<Outcome, Failure> {
        let segments = request.segments();
        let path = match self.options.flavour {
            Flavour::Quickwit => segments.strip_prefix(&QUICKWIT_PREFIX).ok_or_else(|| no_handler(request))?,
            _ => &segments[..],
        };
        let told = |result: Result<Answer, Failure>| result.map(Outcome::told);
        let (get, put, post) =
            (request.method == Method::GET, request.method == Method::PUT, request.method == Method::POST);
        let head = request.method == Method::HEAD;
        let quickwit = self.options.flavour == Flavour::Quickwit;
        match path {
            [] if get || head => Ok(Outcome::told(self.info())),
            ["_cluster", "health", ..] if get => Ok(Outcome::told(self.health())),
            ["_bulk"] if post || put => bulk::take(self, None, request),
            [target, "_bulk"] if post || put => bulk::take(self, Some(target), request),
            ["_search"] if get || post => told(search::search(&self.store, "_all", request)),
            ["_count"] if get || post => told(search::count(&self.store, "_all", request)),
            [target, "_search"] if get || post => told(search::search(&self.store, target, request)),
            [target, "_count"] if get || post => told(search::count(&self.store, target, request)),
            _ if quickwit => Err(no_handler(request)),
            ["_index_template", rest @ ..] => self.templates.index_template(rest, request),
            ["_component_template", rest @ ..] => self.templates.component_template(rest, request),
            ["_ilm", "policy", rest @ ..] => self.policies.lifecycle(rest, request),
            ["_plugins", "_ism", "policies", rest @ ..] => self.policies.state_management(rest, request),
            ["_data_stream"] if get => told(self.store.streams(None)),
            ["_data_stream", name] if get || head => told(self.store.streams(Some(name))),
            ["_data_stream", name] if put => self.store.put_stream(name, &self.templates),
            [target, "_rollover"] if post => self.store.roll_over(target, &self.templates),
            ["_refresh"] | [_, "_refresh"] if get || post => Ok(Outcome::told(shards())),
            [index, "_doc", id] if get || head => told(self.store.document(index, id)),
            [index] if (get || head) && !index.starts_with('_') => told(self.store.index(index)),
            _ => Err(no_handler(request)),
        }
    }

    fn info(&self) -> Answer {
        let version = match self.options.flavour {
            Flavour::Elasticsearch => json!({
                "number": "8.17.0", "build_flavor": "default", "build_type": "receiver", "build_hash": "receiver",
                "build_snapshot": false, "lucene_version": "9.12.0",
                "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
            }),
            Flavour::OpenSearch => json!({
                "distribution": "opensearch", "number": "2.17.0", "build_type": "receiver", "build_hash": "receiver",
                "build_snapshot": false, "lucene_version": "9.11.1",
                "minimum_wire_compatibility_version": "7.10.0", "minimum_index_compatibility_version": "7.0.0",
            }),
            Flavour::Quickwit => json!({"distribution": "quickwit", "number": "7.17.23", "build_hash": "receiver"}),
        };
        let tagline = match self.options.flavour {
            Flavour::Elasticsearch => "You Know, for Search",
            Flavour::OpenSearch => "The OpenSearch Project: https://opensearch.org/",
            Flavour::Quickwit => "receiver",
        };
        let info = json!({
            "name": "receiver", "cluster_name": "receiver", "cluster_uuid": "AAAAAAAAAAAAAAAAAAAAAA",
            "version": version, "tagline": tagline,
        });
        Answer::json(200, &info)
    }

    fn health(&self) -> Answer {
        let health = json!({
            "cluster_name": "receiver", "status": "green", "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": self.store.indices(),
            "active_shards": self.store.indices(), "relocating_shards": 0, "initializing_shards": 0,
            "unassigned_shards": 0, "active_shards_percent_as_number": 100.0,
        });
        Answer::json(200, &health)
    }

    fn check(&self, request: &Request) -> Result<(), Failure> {
        self.options.access.check(request).map_err(|reason| Failure::new(401, "security_exception", reason))?;
        let bulk = request.path.ends_with("/_bulk");
        check_media_type(request, bulk)?;
        let own: &[&str] = if bulk { &BULK_PARAMETERS } else { &OTHER_PARAMETERS };
        let known = |name: &String| COMMON_PARAMETERS.contains(&name.as_str()) || own.contains(&name.as_str());
        match request.query.iter().find(|(name, _)| !known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let reason = format!("request [{}] contains unrecognized parameter: [{name}]", request.path);
                Err(Failure::new(400, "illegal_argument_exception", reason))
            }
        }
    }

    /// What every answer has in common.
    fn dress(&self, request: &Request, answer: Answer) -> Answer {
        let answer = match request.parameter("filter_path") {
            Some(paths) if answer.status < 300 => filter::filtered(answer, paths),
            _ => answer,
        };
        match self.options.flavour {
            Flavour::Elasticsearch => answer.with(PRODUCT, "Elasticsearch"),
            _ => answer,
        }
    }
}

impl Service for Elasticsearch {
    fn take(&mut self, request: &Request) -> Outcome {
        let result = self.check(request).and_then(|()| self.route(request));
        let mut outcome = result.unwrap_or_else(|failure| {
            let reason = failure.summary();
            let mut answer = failure.answer();
            if answer.status == 401 {
                answer = answer
                    .also(WWW_AUTHENTICATE, "Basic realm=\"security\", charset=\"UTF-8\"")
                    .also(WWW_AUTHENTICATE, "ApiKey");
            }
            Outcome::refused(answer, reason)
        });
        // A question whose answer is no is no refusal.
        if outcome.answer.status == 404 && (request.method == Method::GET || request.method == Method::HEAD) {
            outcome.refusals.clear();
        }
        Outcome { answer: self.dress(request, outcome.answer), ..outcome }
    }

    fn body_limit(&self) -> usize {
        self.options.body_bytes_max
    }

    fn takes_gzip(&self) -> bool {
        true
    }

    fn body_fault(&self, _: &Request, fault: BodyFault) -> Answer {
        match fault {
            BodyFault::TooLarge => Answer::empty(413),
            BodyFault::Encoding => Failure::new(400, "parse_exception", "the body can't be decoded").answer(),
            BodyFault::Broken => Answer::empty(400),
        }
    }

    fn scripted(&self, request: &Request, status: u16) -> Answer {
        let (kind, reason) = match status {
            ..=399 => return Answer::json(status, &json!({})),
            401 => ("security_exception", "missing authentication credentials"),
            429 => ("es_rejected_execution_exception", "rejected execution of coordinating operation"),
            503 => ("cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/2/no master];"),
            _ => ("scripted_exception", "a script said so"),
        };
        self.dress(request, Failure::new(status, kind, reason).answer())
    }

    fn has_parts(&self) -> bool {
        true
    }

    /// `{"indices": {name: {"documents": n, "stream": name}}, "streams": {name: [indices]}, "documents": n}`
    fn state(&self) -> Value {
        self.store.state()
    }

    fn clear(&mut self) {
        *self = Elasticsearch::new(self.options.clone());
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

/// A body needs a type, and bulk lines need one of their own kind or plain JSON.
fn check_media_type(request: &Request, bulk: bool) -> Result<(), Failure> {
    let media_type = request.media_type();
    if request.body.is_empty() && media_type.is_empty() {
        return Ok(());
    }
    let json = ["application/json", "application/vnd.elasticsearch+json"];
    let lines = ["application/x-ndjson", "application/vnd.elasticsearch+x-ndjson"];
    if json.contains(&media_type.as_str()) || bulk && lines.contains(&media_type.as_str()) {
        return Ok(());
    }
    let given = request.header("content-type").unwrap_or_default();
    Err(Failure::bare(406, format!("Content-Type header [{given}] is not supported")))
}

fn no_handler(request: &Request) -> Failure {
    Failure::bare(400, format!("no handler found for uri [{}] and method [{}]", request.path, request.method))
}

fn shards() -> Answer {
    Answer::json(200, &json!({"_shards": {"total": 1, "successful": 1, "failed": 0}}))
}
