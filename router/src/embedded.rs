//! The queues of clients that live in the router's own process.

use std::sync::Arc;

use tapline_client::{Record, Stream, Telemetry};
use tapline_contract::{Contract, Lane};

use crate::batch::{Batch, ROWS_MAX};
use crate::ingest::record::{self, Origin, RecordDecoder};
use crate::ingest::{Components, SchemaCounts};
use crate::ledger::{Ledger, Producer, ProducerCounts, StreamKey};

pub struct Embedded {
    telemetry: Option<Telemetry>,
    generation: u64,
    queues: Vec<Queue>,
    contract: Arc<Contract>,
    components: Arc<Components>,
    ledger: Arc<Ledger>,
    decoder: RecordDecoder,
    records: Vec<Record>,
    /// Where the next round begins, so that no queue of a lane starves another.
    turn: usize,
}

struct Queue {
    stream: Arc<dyn Stream>,
    origin: Origin,
}

/// The ledger asks the queue itself what was emitted, what waits and what was dropped.
struct QueueProducer(Arc<dyn Stream>);

impl Producer for QueueProducer {
    fn counts(&self) -> ProducerCounts {
        let counts = self.0.counts();
        ProducerCounts {
            emitted: counts.emitted,
            waiting: counts.queued + counts.spilled,
            dropped: counts.dropped_reasons().collect(),
        }
    }
}

impl Embedded {
    pub fn new(
        telemetry: Option<Telemetry>,
        contract: Arc<Contract>,
        components: Arc<Components>,
        ledger: Arc<Ledger>,
        counts: Arc<SchemaCounts>,
    ) -> Self {
        let decoder = RecordDecoder::new(contract.clone(), counts);
        let mut embedded = Embedded {
            telemetry,
            generation: u64::MAX,
            queues: Vec::new(),
            contract,
            components,
            ledger,
            decoder,
            records: Vec::with_capacity(ROWS_MAX),
            turn: 0,
        };
        embedded.look_for_queues();
        embedded
    }

    pub fn is_attached(&self) -> bool {
        self.telemetry.is_some()
    }

    /// A component may register at any time.
    fn look_for_queues(&mut self) {
        let Some(telemetry) = &self.telemetry else { return };
        let generation = telemetry.stream_generation();
        if generation == self.generation {
            return;
        }
        self.generation = generation;
        for stream in telemetry.streams() {
            let (component, lane) = (stream.component().name(), record::lane(stream.lane()));
            let known = self.queues.iter().any(|queue| {
                queue.stream.component() == stream.component()
                    && queue.stream.lane() == stream.lane()
                    && queue.stream.run() == stream.run()
            });
            if known {
                continue;
            }
            let key = StreamKey { component: component.to_owned(), lane, run: stream.run().to_owned() };
            let id = self.ledger.stream_of(key, Arc::new(QueueProducer(stream.clone())));
            let origin = record::origin(&self.contract, &self.components, telemetry, component, lane, stream.run(), id);
            self.queues.push(Queue { stream, origin });
        }
    }

    pub fn has_events(&mut self, lane: Lane) -> bool {
        self.look_for_queues();
        self.queues.iter().any(|queue| {
            queue.origin.lane == lane && {
                let counts = queue.stream.counts();
                counts.queued + counts.spilled > 0
            }
        })
    }

    /// Fills the batch from the lane's queues, round robin.
    pub fn drain(&mut self, lane: Lane, batch: &mut Batch) {
        let queues = self.queues.len();
        for step in 0..queues {
            let queue = &self.queues[(self.turn + step) % queues];
            if queue.origin.lane != lane || batch.is_full() {
                continue;
            }
            self.records.clear();
            let n = queue.stream.pop(&mut self.records, ROWS_MAX - batch.len());
            if n == 0 {
                continue;
            }
            self.ledger.get(queue.origin.stream).take_over(n as u64);
            let placed = queue.origin.place(batch);
            for record in &self.records {
                self.decoder.decode(record, &queue.origin, &placed, 0, batch);
            }
        }
        self.turn = self.turn.wrapping_add(1) % queues.max(1);
        self.decoder.flush();
    }
}
