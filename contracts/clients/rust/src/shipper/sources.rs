//! The streams that are shipped, and the chunks made of them.

use std::sync::Arc;

use super::message::{self, Counted};
use super::outbox::{Chunk, Outbox};
use crate::schema::Lane;
use crate::stream::Stream;
use crate::{Record, Telemetry};

/// Lines and bytes of one chunk. Large enough that headers and answers cost nothing, small enough
/// that guard events, which go first, never wait long behind others.
const CHUNK_LINES: usize = 512;
const CHUNK_BYTES: usize = 256 * 1024;
/// Taken from one stream before the next one of its lane has its turn.
const STREAM_SHARE: usize = 128;

pub(super) struct Sources {
    telemetry: Telemetry,
    /// As of `generation`.
    streams: Vec<Source>,
    generation: u64,
    records: Vec<Record>,
}

struct Source {
    stream: Arc<dyn Stream>,
    /// What each of its lines begins with.
    prefix: Vec<u8>,
    /// Its number among this run's streams; none for another run's.
    place: Option<usize>,
}

impl Sources {
    pub(super) fn new(telemetry: Telemetry) -> Sources {
        Sources { telemetry, streams: Vec::new(), generation: 0, records: Vec::new() }
    }

    /// Drains up to a chunk of records, in the order of lanes. None if there are none.
    pub(super) fn chunk(&mut self, number: u64) -> Option<Chunk> {
        self.renew();
        let mut lines = Vec::new();
        let mut taken = 0;
        let mut shares = Vec::new();
        let mut moved = true;
        while moved {
            moved = false;
            for source in &self.streams {
                let room = (CHUNK_LINES - taken).min(STREAM_SHARE);
                if room == 0 || lines.len() >= CHUNK_BYTES {
                    break;
                }
                self.records.clear();
                let popped = source.stream.pop(&mut self.records, room);
                if popped == 0 {
                    continue;
                }
                for record in &self.records {
                    lines.extend_from_slice(&source.prefix);
                    record.write_json_members(&mut lines);
                    lines.extend_from_slice(b"}\n");
                }
                moved = true;
                taken += popped;
                shares.extend(source.place.map(|place| (place, popped as u64)));
            }
        }
        if taken == 0 {
            return None;
        }
        let mut bytes = Vec::with_capacity(lines.len() + 64);
        message::chunk_head(number, taken as u64, &mut bytes);
        bytes.extend_from_slice(&lines);
        Some(Chunk { number, lines: taken as u64, bytes, shares })
    }

    /// What this run's streams have emitted, and where it is.
    pub(super) fn counted(&self, outbox: &Outbox) -> Vec<Counted> {
        let unacked_of = |place| {
            let shares = outbox.unacked().flat_map(|chunk| &chunk.shares);
            shares.filter(|(at, _)| *at == place).map(|(_, lines)| lines).sum()
        };
        self.streams
            .iter()
            .filter_map(|source| Some((&source.stream, source.place?)))
            .map(|(stream, place)| Counted {
                component: stream.component(),
                lane: stream.lane(),
                unacked: unacked_of(place),
                counts: stream.counts(),
            })
            .filter(|stream| stream.counts.emitted > 0)
            .collect()
    }

    /// Events that no drain has taken yet.
    pub(super) fn waiting(&self) -> u64 {
        let counts = self.streams.iter().map(|source| source.stream.counts());
        counts.map(|counts| counts.queued + counts.spilled).sum()
    }

    fn renew(&mut self) {
        let generation = self.telemetry.stream_generation();
        if generation == self.generation {
            return;
        }
        self.generation = generation;
        let run = self.telemetry.run();
        let source = |stream: Arc<dyn Stream>| Source {
            prefix: message::event_prefix(&self.telemetry, stream.run()),
            place: (stream.run() == run).then(|| stream.component() as usize * Lane::COUNT + stream.lane() as usize),
            stream,
        };
        self.streams = self.telemetry.streams().into_iter().map(source).collect();
    }
}
