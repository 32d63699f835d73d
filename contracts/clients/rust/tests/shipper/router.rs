//! A router as `PROTOCOL.md` describes it, with the failures that a test asks for.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What to do with the next chunk. The last plan goes on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Settle,
    /// Read half of it, then go.
    LeaveInside,
    /// Settle it, then go without an answer.
    LeaveUnanswered,
    /// Settle it, refuse its first line.
    Reject,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) hellos: Vec<Value>,
    pub(crate) events: Vec<Value>,
    pub(crate) metrics: Vec<Value>,
    pub(crate) counts: Vec<Value>,
    pub(crate) duplicates: u64,
    pub(crate) byes: u64,
    settled: HashMap<String, u64>,
}

#[derive(Clone)]
pub(crate) struct Router {
    seen: Arc<Mutex<Seen>>,
    plans: Arc<Mutex<Vec<Plan>>>,
}

impl Router {
    /// Listens from now on, until the test ends. `plans` are used from the front.
    pub(crate) fn listen(path: &Path, plans: &[Plan]) -> Router {
        let listener = UnixListener::bind(path).unwrap();
        let router =
            Router { seen: Arc::default(), plans: Arc::new(Mutex::new(plans.iter().rev().copied().collect())) };
        let serving = router.clone();
        thread::spawn(move || {
            // One connection at a time: the next one is welcomed when this one is done with.
            for connection in listener.incoming() {
                let _ = serving.serve(connection.unwrap());
            }
        });
        router
    }

    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    pub(crate) fn wait_until(&self, what: &str, reached: impl Fn(&Seen) -> bool) {
        let give_up = Instant::now() + Duration::from_secs(20);
        while !self.seen(&reached) {
            assert!(Instant::now() < give_up, "waited in vain until {what}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn plan(&self) -> Plan {
        let mut plans = self.plans.lock().unwrap();
        if plans.len() > 1 { plans.pop().unwrap() } else { plans[0] }
    }

    fn serve(&self, connection: UnixStream) -> Option<()> {
        let mut answers = connection.try_clone().unwrap();
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        let mut next = move || serde_json::from_str::<Value>(&lines.next()?).ok();
        let hello = next()?;
        assert_eq!(hello["tapline"], "hello");
        let run = hello["run"].as_str().unwrap().to_owned();
        let settled = self.seen(|seen| seen.settled.get(&run).copied().unwrap_or(0));
        self.seen.lock().unwrap().hellos.push(hello);
        writeln!(answers, "{}", json!({"tapline": "welcome", "protocol": 1, "run": run, "chunk": settled})).ok()?;
        loop {
            let line = next()?;
            match line["tapline"].as_str().unwrap() {
                "chunk" => {
                    let plan = self.plan();
                    let (number, count) = (line["n"].as_u64().unwrap(), line["lines"].as_u64().unwrap());
                    let take = if plan == Plan::LeaveInside { count / 2 } else { count };
                    let events: Option<Vec<Value>> = (0..take).map(|_| next()).collect();
                    if plan == Plan::LeaveInside {
                        return None;
                    }
                    let answer = self.settle(&run, number, events?, plan);
                    if plan == Plan::LeaveUnanswered {
                        return None;
                    }
                    writeln!(answers, "{answer}").ok()?;
                }
                "metrics" => self.seen.lock().unwrap().metrics.push(line),
                "counts" => self.seen.lock().unwrap().counts.push(line),
                "bye" => {
                    self.seen.lock().unwrap().byes += 1;
                    return None;
                }
                other => panic!("{other}"),
            }
        }
    }

    fn settle(&self, run: &str, number: u64, events: Vec<Value>, plan: Plan) -> Value {
        let mut seen = self.seen.lock().unwrap();
        let settled = seen.settled.entry(run.to_owned()).or_default();
        if number <= *settled {
            seen.duplicates += 1;
            return json!({"ack": number, "accepted": 0, "rejected": 0, "duplicate": true});
        }
        *settled = number;
        let rejected = u64::from(plan == Plan::Reject);
        let accepted = events.len() as u64 - rejected;
        seen.events.extend(events.into_iter().skip(rejected as usize));
        json!({"ack": number, "accepted": accepted, "rejected": rejected})
    }
}
