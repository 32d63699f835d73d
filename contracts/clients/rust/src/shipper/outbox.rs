//! Chunks that the router has not acknowledged. They outlive connections and shippers.

use std::collections::VecDeque;

/// A numbered group of event lines, ready to send.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(super) number: u64,
    pub(super) lines: u64,
    /// The `chunk` line and the event lines.
    pub(super) bytes: Vec<u8>,
    /// Numbers of this run's streams (see [`Sources`](super::sources::Sources)), and how many of the
    /// lines are theirs.
    pub(super) shares: Vec<(usize, u64)>,
}

/// In the telemetry while there is no shipper, with the shipper while there is.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The last number given.
    last: u64,
    unacked: VecDeque<Chunk>,
    /// How many of them were given to the present connection.
    sent: usize,
}

impl Outbox {
    pub(super) fn next_number(&self) -> u64 {
        self.last + 1
    }

    pub(super) fn add(&mut self, chunk: Chunk) {
        self.last = chunk.number;
        self.unacked.push_back(chunk);
    }

    pub(super) fn unacked(&self) -> impl Iterator<Item = &Chunk> {
        self.unacked.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.unacked.len()
    }

    /// The next one for the present connection.
    pub(super) fn next_unsent(&mut self) -> Option<&Chunk> {
        let chunk = self.unacked.get(self.sent)?;
        self.sent += 1;
        Some(chunk)
    }

    /// A new connection has been given nothing yet.
    pub(super) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Forgets the chunks up to `number`. How many lines they had.
    pub(super) fn settle(&mut self, number: u64) -> u64 {
        let mut lines = 0;
        while let Some(chunk) = self.unacked.pop_front_if(|chunk| chunk.number <= number) {
            lines += chunk.lines;
            self.sent = self.sent.saturating_sub(1);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(chunks: u64) -> Outbox {
        let mut outbox = Outbox::default();
        for _ in 0..chunks {
            outbox.add(Chunk { number: outbox.next_number(), lines: 10, bytes: Vec::new(), shares: Vec::new() });
        }
        outbox
    }

    fn unsent(outbox: &mut Outbox) -> Vec<u64> {
        std::iter::from_fn(|| outbox.next_unsent().map(|chunk| chunk.number)).collect()
    }

    #[test]
    fn sends_again_what_was_not_settled() {
        let mut outbox = outbox(4);
        assert_eq!(unsent(&mut outbox), [1, 2, 3, 4]);
        assert_eq!(outbox.settle(1), 10);
        assert_eq!(unsent(&mut outbox), [0; 0]);
        outbox.rewind();
        assert_eq!(outbox.settle(2), 10);
        assert_eq!(unsent(&mut outbox), [3, 4]);
        assert_eq!(outbox.next_number(), 5);
    }

    #[test]
    fn a_router_that_knows_more_than_we_do_settles_all() {
        let mut outbox = outbox(2);
        assert_eq!(outbox.settle(99), 20);
        assert_eq!(outbox.len(), 0);
        assert_eq!(outbox.next_number(), 3);
    }
}
