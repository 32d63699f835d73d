//! What was received and what was refused, for a test to look at.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

/// How many entries of each list are remembered, and of how many bytes of requests the content is; the
/// oldest is given up for the newest, and counted. Parsed content takes several times the bytes.
const ENTRIES_MAX: usize = 100_000;
const BYTES_MAX: usize = 128 << 20;

#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// Nanoseconds since 1970.
    pub arrived_ns: u64,
    pub method: String,
    pub path: String,
    /// The parsed body, with what the service made of it.
    pub content: Value,
}

#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    /// Nanoseconds since 1970.
    pub arrived_ns: u64,
    pub method: String,
    pub path: String,
    /// What was answered; 0 if nothing was.
    pub status: u16,
    /// A rule's name for it, or `script: …` where the refusal was arranged.
    pub reason: String,
}

/// An entry as it is told to an onlooker.
pub enum Entry<'a> {
    Received(&'a Received),
    Refused(&'a Refused),
}

pub type Onlooker = Box<dyn Fn(Entry<'_>) + Send + Sync>;

#[derive(Default)]
pub struct Journal {
    lists: Mutex<Lists>,
    grown: Condvar,
    onlooker: Option<Onlooker>,
}

#[derive(Default)]
struct Lists {
    received: VecDeque<Received>,
    refused: VecDeque<Refused>,
    /// Of the requests in `received`, in the same order, and their sum.
    sizes: VecDeque<usize>,
    bytes: usize,
    forgotten: u64,
}

impl Journal {
    pub fn new(onlooker: Option<Onlooker>) -> Journal {
        Journal { onlooker, ..Journal::default() }
    }

    /// The size is that of the request.
    pub fn receive(&self, entry: Received, size: usize) {
        self.tell(Entry::Received(&entry));
        self.push(|lists| {
            lists.received.push_back(entry);
            lists.sizes.push_back(size);
            lists.bytes += size;
            while lists.received.len() > ENTRIES_MAX || lists.bytes > BYTES_MAX && lists.received.len() > 1 {
                lists.received.pop_front();
                lists.bytes -= lists.sizes.pop_front().unwrap_or(0);
                lists.forgotten += 1;
            }
        });
    }

    pub fn refuse(&self, entry: Refused) {
        self.tell(Entry::Refused(&entry));
        self.push(|lists| {
            let full = lists.refused.len() == ENTRIES_MAX;
            lists.forgotten += u64::from(full && lists.refused.pop_front().is_some());
            lists.refused.push_back(entry);
        });
    }

    pub fn received(&self) -> Vec<Received> {
        self.lists().received.iter().cloned().collect()
    }

    pub fn refused(&self) -> Vec<Refused> {
        self.lists().refused.iter().cloned().collect()
    }

    /// How many entries were given up for newer ones.
    pub fn forgotten(&self) -> u64 {
        self.lists().forgotten
    }

    pub fn clear(&self) {
        *self.lists() = Lists::default();
    }

    /// Waits until `enough` entries were received, or the time is over; gives what there is then.
    pub fn wait(&self, enough: usize, time: Duration) -> Vec<Received> {
        let end = Instant::now() + time;
        let mut lists = self.lists();
        while lists.received.len() < enough {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            lists = self.grown.wait_timeout(lists, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        lists.received.iter().cloned().collect()
    }

    fn tell(&self, entry: Entry<'_>) {
        if let Some(onlooker) = &self.onlooker {
            onlooker(entry);
        }
    }

    fn push(&self, change: impl FnOnce(&mut Lists)) {
        change(&mut self.lists());
        self.grown.notify_all();
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_given_up() {
        let journal = Journal::new(None);
        let entry = |ns| Received { arrived_ns: ns, method: String::new(), path: String::new(), content: Value::Null };
        for ns in 0..5 {
            journal.receive(entry(ns), BYTES_MAX / 3);
        }
        let left: Vec<u64> = journal.received().iter().map(|entry| entry.arrived_ns).collect();
        assert_eq!((left, journal.forgotten()), (vec![2, 3, 4], 2));
        journal.receive(entry(9), 2 * BYTES_MAX);
        assert_eq!(journal.received().len(), 1, "the newest always stays");
        journal.clear();
        assert_eq!((journal.received().len(), journal.forgotten()), (0, 0));
    }
}
