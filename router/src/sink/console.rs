//! The console: a line for a person, on standard output.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use tapline_contract::Level;

use super::{Delivery, LateRefusal, Refusal, Sink, SinkError, SinkStats};
use crate::encode::Encoder;
use crate::ingest::timestamp;

pub struct ConsoleSink {
    encoder: Encoder,
    stats: Arc<SinkStats>,
    pending: Vec<u8>,
    colour: bool,
}

impl ConsoleSink {
    pub fn new(encoder: Encoder, stats: Arc<SinkStats>) -> Self {
        ConsoleSink { encoder, stats, pending: Vec::new(), colour: std::io::stdout().is_terminal() }
    }
}

impl Sink for ConsoleSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        let batch = delivery.batch();
        for row in delivery.rows() {
            let head = &batch.rows()[row];
            let (colour, reset) = match (self.colour, head.level) {
                (false, _) => ("", ""),
                (true, Level::Critical | Level::Error) => ("\x1b[31m", "\x1b[0m"),
                (true, Level::Warning) => ("\x1b[33m", "\x1b[0m"),
                (true, _) => ("\x1b[2m", "\x1b[0m"),
            };
            self.pending.extend_from_slice(timestamp::to_text(head.ts_ns).as_bytes());
            self.pending.extend_from_slice(b" ");
            self.pending.extend_from_slice(colour.as_bytes());
            self.encoder.object(batch, row, &mut self.pending);
            self.pending.extend_from_slice(reset.as_bytes());
            self.pending.push(b'\n');
        }
        self.stats.take_withheld(&mut self.encoder.withheld);
        Ok(Vec::new())
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        let result = {
            let mut out = std::io::stdout().lock();
            out.write_all(&self.pending).and_then(|()| out.flush())
        };
        SinkStats::add(&self.stats.bytes, self.pending.len() as u64);
        self.pending.clear();
        match result {
            // Whoever read the console has gone: that is no reason to keep anything.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Vec::new()),
            Err(source) => {
                Err(SinkError { operation: "write to", what: "standard output".into(), source: source.into() })
            }
            Ok(()) => Ok(Vec::new()),
        }
    }
}
