//! A webhook of anybody's: JSON, signed so that the receiver knows whose it is and that it is fresh.
//!
//! `X-Tapline-Signature: t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of `<t>.<body>` under the
//! shared secret. The receiver computes it over the raw body, compares in constant time, and refuses a `t`
//! that is minutes old. `X-Tapline-Delivery` is the same over all tries of a message.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Channel, Http};
use crate::message::Item;
use crate::secret::Secret;
use crate::text::plain;
use crate::{ChannelError, Message, Receipt};

pub struct Webhook {
    http: Http,
    url: Secret,
    secret: Secret,
}

/// Larger bodies are refused by many receivers.
const BODY_BYTES_MAX: usize = 256 << 10;

impl Webhook {
    pub fn new(http: Http, url: Secret, secret: Secret) -> Self {
        Webhook { http, url, secret }
    }
}

impl Channel for Webhook {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let body = body(message);
        let now = jiff::Timestamp::now().as_second();
        let signature = signature(&self.secret, now, &body);
        let headers = [("x-tapline-signature", signature.as_str()), ("x-tapline-delivery", message.id.as_str())];
        let answer = self.http.post_json(self.url.expose(), &headers, body.as_bytes())?;
        match answer.is_success() {
            true => Ok(Receipt::proven(receipt(&answer.body))),
            false => Err(answer.error("the webhook", &self.url.scrub(&self.secret.scrub(&answer.body)))),
        }
    }
}

/// The receiver's own id, where it answers with JSON that has one.
fn receipt(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    value.get("id")?.as_str().map(|id| plain(id, 200))
}

pub fn signature(secret: &Secret, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length is a key");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

fn body(message: &Message) -> String {
    let mut most = 4 << 10;
    loop {
        let body = json!({
            "version": 1,
            "id": message.id,
            "kind": message.kind,
            "severity": message.severity,
            "state": message.state(),
            "title": plain(&message.title(), 1024),
            "at": message.at.rfc3339(),
            "alerts": message.items.iter().map(|item| alert(item, most)).collect::<Vec<_>>(),
            "summary": message.summary.as_ref().map(|summary| json!({
                "why": summary.why,
                "from": summary.from.rfc3339(),
                "firing": summary.firing,
                "resolved": summary.resolved,
                "lines": summary.lines.iter().map(|line| json!({
                    "source": plain(&line.source, most.min(512)),
                    "key": plain(&line.key, most.min(512)),
                    "severity": line.severity,
                    "state": line.state,
                    "count": line.count,
                    "summary": plain(&line.summary, most.min(512)),
                })).collect::<Vec<_>>(),
                "more": summary.more,
            })),
            "follows": message.earlier.as_ref().map(|earlier| &earlier.message),
        });
        let body = body.to_string();
        if body.len() <= BODY_BYTES_MAX {
            return body;
        }
        most /= 2;
    }
}

fn alert(item: &Item, most: usize) -> Value {
    let notice = &item.notice;
    // A list of pairs: their order means something, and a name may come twice.
    let details: Vec<(String, String)> =
        notice.details.iter().take(64).map(|(name, value)| (plain(name, most.min(512)), plain(value, most))).collect();
    json!({
        "source": plain(&notice.source, most.min(512)),
        "key": plain(&notice.key, most.min(512)),
        "state": item.state,
        "severity": item.severity,
        "summary": plain(&notice.summary, most.max(64)),
        "closing": item.closing.as_ref().map(|closing| plain(closing, most)),
        "details": details,
        "runbook": notice.runbook.as_ref().map(|link| plain(link, most)),
        "dashboard": notice.dashboard.as_ref().map(|link| plain(link, most)),
        "since": item.since.rfc3339(),
        "ended": item.ended.map(|at| at.rfc3339()),
        "count": item.count,
        "flapping": item.flapping,
        "acknowledged_by": item.acknowledged_by.as_ref().map(|by| plain(by, most)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel_tests::{arbitrary_message, firing};

    #[test]
    fn is_signed_as_stated() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature(&Secret::new("secret"), 1_700_000_000, "{}"),
            "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
        );
    }

    #[test]
    fn megabytes_become_a_body() {
        let text = "\u{1}\"é".repeat(1 << 20);
        let mut message = firing(&text);
        let notice = std::sync::Arc::make_mut(&mut message.items[0].notice);
        notice.details = (0..100).map(|_| (text.clone(), text.clone())).collect();
        message.items = vec![message.items[0].clone(); 20];
        let body = body(&message);
        assert!(body.len() <= BODY_BYTES_MAX);
        serde_json::from_str::<Value>(&body).unwrap();
    }

    proptest! {
        #[test]
        fn every_message_is_json_within_bounds(message in arbitrary_message()) {
            let body = body(&message);
            prop_assert!(body.len() <= BODY_BYTES_MAX);
            let value: Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(value["alerts"].as_array().unwrap().len(), message.items.len());
        }
    }
}
