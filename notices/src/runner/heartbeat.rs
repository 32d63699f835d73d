//! A dead man's switch: a call that somebody outside expects. It is made only when the board's thread
//! answers, so that it says something, and it is counted when it is tried.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::inbox::Control;
use super::receipts::Beat;
use super::{Shared, calmly};
use crate::channel::{Http, HttpSettings};
use crate::config::{HeartbeatConfig, Method};
use crate::secret::Secret;
use crate::{ChannelError, Outcome};

pub struct Settings {
    http: Http,
    url: Secret,
    method: Method,
    every: Duration,
}

pub struct Heartbeat {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

const ANSWER: Duration = Duration::from_secs(2);

impl Settings {
    pub fn open(config: &HeartbeatConfig) -> Result<Self, String> {
        let settings = HttpSettings { timeout: config.timeout_s.duration(), ca_file: config.ca_file.clone() };
        let url = config.address()?;
        if let Some(wrong) = crate::config::check_url("url", url.expose(), config.allow_plain_http) {
            return Err(wrong);
        }
        Ok(Settings { http: Http::new(&settings)?, url, method: config.method, every: config.every_s.duration() })
    }

    fn call(&self) -> Result<(), ChannelError> {
        let answer = match self.method {
            Method::Get => self.http.get(self.url.expose())?,
            Method::Post => self.http.post_empty(self.url.expose())?,
        };
        match answer.is_success() {
            true => Ok(()),
            false => Err(answer.error("the heartbeat's receiver", "")),
        }
    }
}

impl Heartbeat {
    pub fn start(settings: Settings, shared: Arc<Shared>) -> Self {
        let (stop, stopped) = channel();
        let body = move || {
            loop {
                beat(&settings, &shared);
                match stopped.recv_timeout(settings.every) {
                    Err(RecvTimeoutError::Timeout) => {}
                    _ => return,
                }
            }
        };
        let thread =
            std::thread::Builder::new().name("notify-beat".into()).spawn(body).expect("a thread can be started");
        Heartbeat { stop, thread }
    }

    pub fn stop(self) {
        drop(self.stop);
        // A call may be under way; nobody has to wait for it.
        drop(self.thread);
    }
}

fn beat(settings: &Settings, shared: &Shared) {
    let began = Instant::now();
    let (answer, answered) = sync_channel(1);
    shared.inbox.control(Control::Ping(answer));
    let lives = answered.recv_timeout(ANSWER).is_ok();
    shared.beats.0.fetch_add(1, Relaxed);
    let (outcome, error) = match (lives, lives && shared.receipts.healthy()) {
        (false, _) => (Outcome::Suppressed, Some("notices are not worked on".to_owned())),
        (true, false) => (Outcome::Suppressed, Some("the router is not well".to_owned())),
        (true, true) => match settings.call() {
            Ok(()) => (Outcome::Delivered, None),
            Err(error) => (error.outcome, Some(error.what)),
        },
    };
    if outcome == Outcome::Delivered {
        shared.beats.1.fetch_add(1, Relaxed);
    }
    calmly(|| shared.receipts.heartbeat(&Beat { outcome, error, took: began.elapsed() }));
}
