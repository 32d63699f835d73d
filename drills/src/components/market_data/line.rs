//! One connection to the feed: up, down, and the tries to come back.

use std::sync::Arc;

use tapline_client::events;
use tapline_client::metric::Gauge;

use crate::canaries::CanaryKind;
use crate::pace::{MILLISECOND, SECOND, SessionTime};
use crate::scene::Scene;
use crate::voice::Voice;

/// Wait before each try to come back; with two tries a drop lasts longer than StormGuard's second.
const RETRY: SessionTime = 700 * MILLISECOND;
/// In a storm the client forgets to wait.
const STORM_RETRY: SessionTime = 150 * MILLISECOND;

/// Logins that the broker allows in [`QUOTA_WINDOW`].
const QUOTA_CALLS: f64 = 20.0;
const QUOTA_WINDOW: SessionTime = 60 * SECOND;

pub(super) struct Line {
    name: &'static str,
    scene: Arc<Scene>,
    voice: Voice,
    connected: Arc<Gauge>,
    down: Option<Down>,
    /// Calls to the broker's interface, for its quota.
    calls: Vec<SessionTime>,
}

struct Down {
    since: SessionTime,
    next_try: SessionTime,
    retry: SessionTime,
    /// How many tries fail before one succeeds.
    failures_left: u32,
    attempt: i64,
}

// === impl Line ===

impl Line {
    pub(super) fn new(name: &'static str, scene: Arc<Scene>, voice: Voice) -> Self {
        let connected = scene.metrics.feed_connected.with(name);
        Line { name, scene, voice, connected, down: None, calls: Vec::new() }
    }

    pub(super) fn is_up(&self) -> bool {
        self.down.is_none()
    }

    /// Logs in. The first try fails, and the broker echoes what it was given, as brokers do.
    pub(super) fn open(&mut self) {
        self.connected.set(0.0);
        let canaries = &self.scene.canaries;
        let error = format!(
            "login refused for {} (Authorization: Bearer {})",
            canaries.value(CanaryKind::NationalId),
            canaries.value(CanaryKind::BearerToken),
        );
        self.login("failed", 1, Some(("SESSION_BUSY", &error)));
        self.login("ok", 2, None);
        self.up(2);
    }

    pub(super) fn close(&mut self) {
        self.voice.emit(&events::FeedLogout {
            conn_id: self.name,
            result: Some("ok"),
            reason_code: Some("SESSION_END"),
            ..Default::default()
        });
        self.connected.set(0.0);
    }

    pub(super) fn drop_for_a_while(&mut self, at: SessionTime) {
        self.drop(at, "CONNECTION_RESET", RETRY, 1);
    }

    pub(super) fn drop_again_and_again(&mut self, at: SessionTime) {
        self.drop(at, "SESSION_KICKED", STORM_RETRY, 8);
    }

    /// Tries to come back, if it is time to.
    pub(super) fn advance(&mut self, at: SessionTime) {
        let Some(down) = self.down.as_mut() else {
            return;
        };
        if at < down.next_try {
            return;
        }
        down.attempt += 1;
        down.next_try = at + down.retry;
        let (attempt, retry, gap) = (down.attempt, down.retry, at - down.since);
        let succeeds = down.failures_left == 0;
        down.failures_left = down.failures_left.saturating_sub(1);
        self.calls.push(at);
        if succeeds {
            self.reconnect("ok", attempt, gap, None, None);
            self.scene.metrics.feed_reconnect_total.ok().inc();
            self.login("ok", attempt, None);
            self.down = None;
            self.up(attempt);
        } else if attempt % 4 == 3 {
            self.reconnect("timeout", attempt, gap, Some(retry), None);
            self.scene.metrics.feed_reconnect_total.timeout().inc();
        } else {
            let error = format!("handshake refused: 401, token {}", self.scene.canaries.value(CanaryKind::Jwt));
            self.reconnect("failed", attempt, gap, Some(retry), Some(&error));
            self.scene.metrics.feed_reconnect_total.failed().inc();
        }
    }

    /// Use of the broker's call quota, 0 to 1.
    pub(super) fn api_usage(&mut self, at: SessionTime) -> f64 {
        self.calls.retain(|call| at - call < QUOTA_WINDOW);
        (self.calls.len() as f64 / QUOTA_CALLS).min(1.0)
    }

    fn drop(&mut self, at: SessionTime, reason: &'static str, retry: SessionTime, failures: u32) {
        if self.down.is_some() {
            return;
        }
        self.down = Some(Down { since: at, next_try: at + retry, retry, failures_left: failures, attempt: 0 });
        self.connected.set(0.0);
        self.voice.emit(&events::FeedDisconnected {
            conn_id: self.name,
            reason_code: Some(reason),
            error: Some("recv: connection reset by peer"),
            ..Default::default()
        });
    }

    fn up(&self, attempt: i64) {
        self.connected.set(1.0);
        self.voice.emit(&events::FeedConnected {
            conn_id: self.name,
            result: Some("ok"),
            attempt: Some(attempt),
            ..Default::default()
        });
    }

    fn login(&self, result: &str, attempt: i64, failure: Option<(&str, &str)>) {
        self.voice.emit(&events::FeedLogin {
            conn_id: self.name,
            result,
            attempt: Some(attempt),
            reason_code: failure.map(|(code, _)| code),
            error: failure.map(|(_, error)| error),
            account: Some(self.scene.account()),
            ..Default::default()
        });
    }

    fn reconnect(&self, result: &str, attempt: i64, gap: SessionTime, delay: Option<SessionTime>, error: Option<&str>) {
        self.voice.emit(&events::FeedReconnect {
            conn_id: self.name,
            result,
            attempt: Some(attempt),
            delay_s: delay.map(|delay| delay as f64 / 1e9),
            gap_s: Some(gap as f64 / 1e9),
            reason_code: Some(if result == "ok" { "RECOVERED" } else { "HANDSHAKE_FAILED" }),
            error,
            ..Default::default()
        });
    }
}
