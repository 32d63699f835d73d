//! What a chain decided for a row, in a word.

use crate::batch::Batch;
use crate::chain::Effects;
use crate::ledger::Outcome;
use crate::route::Destinations;

/// `keep`, `drop:REASON`, `dead:REASON`, `send:A,B` or `also:A,B`.
pub fn verdict(batch: &Batch, row: usize, effects: &Effects, destinations: &Destinations) -> String {
    let head = &batch.rows()[row];
    let names = |set: u64| {
        let names = destinations.names().iter().enumerate();
        names.filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(",")
    };
    if let Some(gone) = effects.gone.iter().filter(|_| head.gone).find(|gone| gone.row == row) {
        return match gone.outcome {
            Outcome::DeadLettered => format!("dead:{}", gone.reason),
            _ => format!("drop:{}", gone.reason),
        };
    }
    match (head.send, head.also) {
        (0, 0) => "keep".into(),
        (0, also) => format!("also:{}", names(also)),
        (send, _) => format!("send:{}", names(send)),
    }
}
