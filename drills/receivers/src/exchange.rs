//! One request, from its arrival to its answer.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::Response;
use serde_json::Value;
use tokio_stream::StreamExt;

use crate::answer::{Answer, Outcome};
use crate::connection::Fate;
use crate::control;
use crate::journal::{Journal, Received, Refused};
use crate::request::{BodyFault, Request};
use crate::script::{Deed, Script};
use crate::service::Service;

/// How much of a body that is too large is read and thrown away, so that the client can read the answer
/// before the connection is closed.
const DRAIN_BYTES_MAX: usize = 256 << 20;

const GARBAGE: &str = "<html><head><title>502</title></head><body><h1>Bad gateway</h1>";

/// What all requests to one receiver share.
pub struct Desk {
    service: Mutex<Box<dyn Service>>,
    script: Mutex<Script>,
    pub journal: Journal,
}

impl Desk {
    pub fn new(service: Box<dyn Service>, journal: Journal) -> Desk {
        Desk { service: Mutex::new(service), script: Mutex::default(), journal }
    }

    pub fn service(&self) -> MutexGuard<'_, Box<dyn Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn clear(&self) {
        self.service().clear();
        self.script().replace([]);
        self.journal.clear();
    }

    fn refuse(&self, request: &Request, status: u16, reason: String) {
        self.journal.refuse(Refused {
            arrived_ns: request.arrived_ns,
            method: request.method.to_string(),
            path: request.path.clone(),
            status,
            reason,
        });
    }

    fn write_down(&self, request: &Request, outcome: &Outcome) {
        for reason in &outcome.refusals {
            self.refuse(request, outcome.answer.status, reason.clone());
        }
        if let Some(content) = &outcome.kept {
            let entry = Received {
                arrived_ns: request.arrived_ns,
                method: request.method.to_string(),
                path: request.path.clone(),
                content: content.clone(),
            };
            self.journal.receive(entry, request.body.len());
        }
    }

    /// Lets the service take the request. What it says is written down before the lock is given back, so
    /// that the journal has the order in which the service saw the requests.
    fn take(&self, request: &Request) -> Answer {
        let mut service = self.service();
        let outcome = service.take(request);
        self.write_down(request, &outcome);
        outcome.answer
    }
}

pub async fn exchange(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(fate): ConnectInfo<Fate>,
    request: axum::extract::Request,
) -> Response {
    let (head, body) = request.into_parts();
    let mut request = Request::new(head.method, &head.uri, head.headers, now_ns());
    if control::is_control(&request.path) {
        let body = read(body, control::BODY_BYTES_MAX).await;
        return control::answer(&desk, &request, body).into_response();
    }
    let (limit, gzip) = {
        let service = desk.service();
        (service.body_limit(), service.takes_gzip())
    };
    let body = read(body, limit).await.and_then(|body| decode(&request, body, gzip, limit));
    let deed = desk.script().next(&request.path);
    play(&desk, &fate, &mut request, body, deed).await
}

async fn play(
    desk: &Desk,
    fate: &Fate,
    request: &mut Request,
    body: Result<Vec<u8>, BodyFault>,
    deed: Deed,
) -> Response {
    let name = format!("script: {}", deed.name());
    match &deed {
        Deed::Ok => {}
        Deed::Delay { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Deed::Items(partial) => request.partial = Some(*partial),
        Deed::Status { status, retry_after, body } => {
            desk.refuse(request, *status, name);
            let answer = match body {
                Some(Value::String(text)) => Answer::text(*status, text),
                Some(value) => Answer::json(*status, value),
                None => desk.service().scripted(request, *status),
            };
            return retry_after.iter().fold(answer, |answer, after| answer.retry_after(*after)).into_response();
        }
        Deed::Hang => {
            desk.refuse(request, 0, name);
            return std::future::pending().await;
        }
        Deed::Reset => {
            desk.refuse(request, 0, name);
            fate.reset();
            return Answer::empty(200).into_response();
        }
        Deed::Garbage => {
            desk.refuse(request, 200, name);
            return Answer::text(200, GARBAGE).with(CONTENT_TYPE, "text/html").into_response();
        }
        Deed::Noise => {
            desk.refuse(request, 0, name);
            fate.noise();
            return Answer::empty(200).into_response();
        }
        Deed::LieOk | Deed::AcceptThenReset | Deed::Cut => {}
    }
    let answer = match body {
        Err(fault) => {
            let answer = desk.service().body_fault(request, fault);
            desk.refuse(request, answer.status, format!("body: {fault:?}"));
            answer
        }
        Ok(body) => {
            request.body = body;
            if deed == Deed::LieOk {
                let outcome = desk.service().copy().take(request);
                desk.refuse(request, outcome.answer.status, name);
                outcome.answer
            } else {
                desk.take(request)
            }
        }
    };
    match deed {
        Deed::AcceptThenReset => fate.reset(),
        Deed::Cut => fate.cut(),
        _ => {}
    }
    answer.into_response()
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, BodyFault> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut drained = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyFault::Broken)?;
        if drained > 0 || bytes.len() + chunk.len() > limit {
            bytes = Vec::new();
            drained += chunk.len();
            if drained > DRAIN_BYTES_MAX {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if drained > 0 { Err(BodyFault::TooLarge) } else { Ok(bytes) }
}

/// The limit holds for what comes out, so that a small body can't fill the memory.
fn decode(request: &Request, body: Vec<u8>, gzip: bool, limit: usize) -> Result<Vec<u8>, BodyFault> {
    match request.header(CONTENT_ENCODING.as_str()).map(str::to_ascii_lowercase).as_deref() {
        None | Some("identity") => Ok(body),
        Some("gzip") if gzip => {
            let mut decoded = Vec::new();
            let reader = flate2::read::MultiGzDecoder::new(body.as_slice());
            reader.take(limit as u64 + 1).read_to_end(&mut decoded).map_err(|_| BodyFault::Encoding)?;
            if decoded.len() > limit { Err(BodyFault::TooLarge) } else { Ok(decoded) }
        }
        Some(_) => Err(BodyFault::Encoding),
    }
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
