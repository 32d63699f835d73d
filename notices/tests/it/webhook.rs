//! The signed webhook, checked as a receiver would.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tapline_notices::channel::Webhook;
use tapline_notices::{Channel, Outcome, Secret};

use super::server::Server;
use super::{firing, http};

#[test]
fn a_receiver_can_check_whose_it_is() {
    let server = Server::start(|_, _| (200, "", "{\"id\":\"w-7\"}".into()));
    let mut hook = Webhook::new(http(), Secret::new(server.url.clone()), Secret::new("shared"));
    let receipt = hook.send(&firing("gap")).unwrap();
    assert_eq!((receipt.outcome(), receipt.id.as_deref()), (Outcome::Delivered, Some("w-7")));
    let request = &server.requests()[0];
    assert_eq!(request.headers["x-tapline-delivery"], "t-1");
    let (time, signature) = request.headers["x-tapline-signature"].split_once(",v1=").unwrap();
    let time = time.strip_prefix("t=").unwrap();
    let age = jiff::Timestamp::now().as_second() - time.parse::<i64>().unwrap();
    assert!((0..5).contains(&age));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"shared").unwrap();
    mac.update(format!("{time}.{}", request.body).as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, signature);
    assert_eq!(request.json()["alerts"][0]["details"][0][0], "trace_id");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(|_, _| (200, "", String::new()));
    let location: &'static str = Box::leak(format!("location: {}\r\n", elsewhere.url).into_boxed_str());
    let server = Server::start(move |_, _| (307, location, String::new()));
    let mut hook = Webhook::new(http(), Secret::new(server.url.clone()), Secret::new("shared"));
    assert_eq!(hook.send(&firing("gap")).unwrap_err().outcome, Outcome::Refused);
    assert!(elsewhere.requests().is_empty());
}
