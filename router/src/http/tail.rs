//! `GET /v1/tail`: events as they go out, as server-sent events.
//!
//! `where` narrows it down, e.g. `component=risk,level>=warning`. A watcher that is too slow misses
//! events, and is told how many batches (`event: missed`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tapline_contract::Sensitivity;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::{App, refuse};
use crate::encode::Encoder;
use crate::filter::Filter;
use crate::sink::Parcel;

#[derive(Deserialize)]
pub struct Params {
    #[serde(rename = "where", default)]
    condition: String,
}

/// A comment line this often keeps the connection open through proxies, and shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub async fn get(State(app): State<Arc<App>>, Query(params): Query<Params>) -> Response {
    let filter = match Filter::parse(&params.condition, &app.contract) {
        Ok(filter) => filter,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, "bad_where", message),
    };
    let encoder = Encoder::new(app.contract.clone(), app.components.clone(), Sensitivity::Public);
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(feed(app.clone(), filter, encoder, sender));
    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

async fn feed(app: Arc<App>, filter: Filter, mut encoder: Encoder, sender: mpsc::Sender<Bytes>) {
    let mut parcels = app.tail.watch();
    let mut text = b": watching\n\n".to_vec();
    loop {
        if !text.is_empty() && sender.send(std::mem::take(&mut text).into()).await.is_err() {
            return;
        }
        match tokio::time::timeout(HEARTBEAT, parcels.recv()).await {
            Err(_) => text.extend_from_slice(b": alive\n\n"),
            Ok(Ok(parcel)) => show(&app, &parcel, &filter, &mut encoder, &mut text),
            Ok(Err(broadcast::error::RecvError::Lagged(batches))) => {
                text.extend_from_slice(format!("event: missed\ndata: {{\"batches\":{batches}}}\n\n").as_bytes());
            }
            Ok(Err(broadcast::error::RecvError::Closed)) => return,
        }
    }
}

fn show(app: &App, parcel: &Parcel, filter: &Filter, encoder: &mut Encoder, text: &mut Vec<u8>) {
    let batch = parcel.batch();
    for row in 0..batch.len() {
        if !batch.rows()[row].gone && filter.matches(&app.contract, &app.components, batch, row) {
            text.extend_from_slice(b"data: ");
            encoder.line(batch, row, text);
            text.push(b'\n');
        }
    }
}
