//! Alertmanager's API v2.

use std::collections::BTreeMap;
use std::time::Duration;

use tapline_notices::channel::Alertmanager;
use tapline_notices::{Channel, Outcome, Secret};

use super::server::Server;
use super::{firing, http, resolved};

#[test]
fn an_alert_ends_under_the_labels_that_it_began_with() {
    let server = Server::start(|_, _| (200, "", String::new()));
    let authorization = Some(Secret::new("Bearer hush"));
    let url = Secret::new(format!("{}/am/", server.url));
    let mut channel = Alertmanager::new(http(), url, authorization, BTreeMap::new(), Duration::from_secs(900));
    assert_eq!(channel.send(&firing("gap")).unwrap().outcome(), Outcome::Delivered);
    channel.send(&resolved("gap", None)).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].path, "/am/api/v2/alerts");
    assert_eq!(requests[0].headers["authorization"], "Bearer hush");
    let (begin, end) = (requests[0].json(), requests[1].json());
    assert_eq!(begin[0]["labels"], end[0]["labels"]);
    let time = |value: &serde_json::Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time(&begin[0]["endsAt"]) > jiff::Timestamp::now());
    assert!(time(&end[0]["endsAt"]) <= jiff::Timestamp::now());
}
