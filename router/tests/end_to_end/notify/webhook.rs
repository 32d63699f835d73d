//! By a signed webhook, to a receiver that checks the signature.

use serde_json::Value;
use tapline_receivers::{Kind, Receiver, webhook};

use super::setup::{all_to, config, delivered, receipts, transition};
use crate::harness::{Folder, Router};

fn start(receiver: &Receiver, secret: &str) -> Router {
    let folder = Folder::new();
    let secret = folder.write("secret", secret).display().to_string();
    let channel = format!(
        "[notify.channels.hook]\ntype = \"webhook\"\nurl = \"{}/tapline\"\nsecret_file = \"{secret}\"\n{}",
        receiver.url(),
        all_to("hook")
    );
    let path = folder.write("tapline.toml", &config(&channel));
    Router::start_in(folder, Some(&path))
}

#[test]
fn a_halt_and_its_end_reach_a_receiver_that_checks_the_signature() {
    let receiver = Receiver::start(Kind::Webhook(webhook::Options::default())).unwrap();
    let mut router = start(&receiver, webhook::SECRET);
    router.send(&[transition("STORM", "HALT")]);
    delivered(&mut router, "hook", 1);
    router.send(&[transition("HALT", "STORM")]);
    delivered(&mut router, "hook", 2);
    let bodies: Vec<Value> = receiver.received().into_iter().map(|received| received.content["body"].clone()).collect();
    let states: Vec<_> = bodies.iter().map(|body| body["alerts"][0]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["firing", "resolved"], "{bodies:#?}");
    assert_eq!(bodies[0]["alerts"][0]["key"], "stormguard_transition/mm-1");
    assert_eq!(bodies[1]["follows"], bodies[0]["id"], "the end names the message that it ends");
    assert!(receiver.refused().is_empty(), "{:?}", receiver.refused());
    router.stop_well();
}

#[test]
fn a_wrong_secret_is_refused_and_the_page_is_said_to_have_no_receipt() {
    let receiver = Receiver::start(Kind::Webhook(webhook::Options::default())).unwrap();
    let mut router = start(&receiver, "another secret");
    router.send(&[transition("STORM", "HALT")]);
    router.until("the page is said to be without a receipt", |router| {
        let wanted = [("hook", "refused"), ("hook", "unreceipted")];
        let found = receipts(router);
        wanted.iter().all(|(channel, outcome)| found.contains(&((*channel).into(), (*outcome).into()))).then_some(())
    });
    assert!(receiver.received().is_empty(), "{:?}", receiver.received());
    let metrics = router.get("/metrics").text;
    assert!(metrics.contains("tapline_pages_unreceipted_total 1"), "{metrics}");
    router.stop_well();
}
