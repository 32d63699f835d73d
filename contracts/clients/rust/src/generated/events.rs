//! One struct for each event of the contract. Generated; do not edit.

use crate::event::Event;
use crate::record::RecordWriter;
use crate::schema::{Lane, Level};

/// A decision of the risk engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RiskDecision<'a> {
    pub approved: bool,
    pub strategy_id: &'a str,
    pub symbol: Option<&'a str>,
    pub trace_id: Option<&'a str>,
    pub intent_id: Option<&'a str>,
    pub reason_code: Option<&'a str>,
    pub latency_us: Option<i64>,
    pub message: Option<&'a str>,
}

impl Event for RiskDecision<'_> {
    const ID: u16 = 0;
    const NAME: &'static str = "risk_decision";
    const LANE: Lane = Lane::Audit;
    const LEVEL: Level = Level::Info;

    #[inline(always)]
    fn encode(&self, w: &mut RecordWriter<'_>) {
        w.bool(0, self.approved);
        w.int_opt(1, self.latency_us);
        w.text(2, self.strategy_id);
        w.text_opt(3, self.symbol);
        w.text_opt(4, self.trace_id);
        w.text_opt(5, self.intent_id);
        w.text_opt(6, self.reason_code);
        w.text_opt(7, self.message);
    }
}
