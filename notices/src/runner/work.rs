//! The board's thread.

use std::time::Instant;

use super::inbox::{Acknowledge, Control};
use super::keeper::Keeper;
use super::receipts::{Acknowledged, Delivery};
use super::{Shared, calmly};
use crate::{Board, Outcome, Sending, Time};

/// Works until it is stopped. Should it break, nobody is told anything any more, so that has to be known:
/// notices are refused, the heartbeat stops, and the router is told.
pub fn run(board: Board, keeper: Keeper, shared: &Shared) {
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(board, keeper, shared)));
    if worked.is_err() {
        shared.inbox.close();
        tracing::error!("the thread of notices has panicked; nobody is told anything any more");
        shared.receipts.broken();
    }
}

fn work(mut board: Board, mut keeper: Keeper, shared: &Shared) {
    let mut stop: Option<Instant> = None;
    let mut lanes = shared.lanes.len() * 2;
    send(&mut board, shared);
    loop {
        let now = shared.clock.now();
        let due = board.next_due().map(|due| due.since(now));
        let wait = [due, keeper.due(), stop.map(|at| at.saturating_duration_since(Instant::now()))];
        let mut batch = shared.inbox.take(wait.into_iter().flatten().min());
        let mut changed = !batch.critical.is_empty() || !batch.rest.is_empty();
        let now = shared.clock.now();
        for (place, notice) in batch.critical.drain(..) {
            board.offer_in_order(notice, place, now);
            send(&mut board, shared);
        }
        for control in batch.controls.drain(..) {
            changed |= !matches!(control, Control::Ping(_) | Control::Open(_) | Control::LaneDone);
            match control {
                Control::Answered(id, outcome, receipt) => board.answered(&id, outcome, receipt, now),
                Control::Troubled(id) => board.troubled(&id, now),
                Control::Acknowledge(take_on) => acknowledge(&mut board, take_on, now, shared),
                Control::Open(answer) => {
                    let _ = answer.try_send(board.open());
                }
                Control::Ping(answer) => {
                    // Nobody waits any more where it can't be answered.
                    let _ = answer.try_send(());
                }
                Control::Stop(at) => stop = Some(at),
                Control::LaneDone => lanes -= 1,
            }
        }
        for (place, notice) in batch.rest.drain(..) {
            board.offer_in_order(notice, place, now);
        }
        changed |= send(&mut board, shared);
        for alarm in board.alarms() {
            tracing::error!(?alarm, "notices");
            calmly(|| shared.receipts.alarm(&alarm));
        }
        *shared.board.lock().unwrap() = (board.counts(), board.firing());
        if changed {
            keeper.changed();
        }
        // Read before the board is copied: what comes from now on may not be in the copy.
        let mut seen = shared.inbox.taken();
        keeper.keep(&board, seen);
        let Some(at) = stop else { continue };
        let over = at <= Instant::now();
        if over {
            // What nobody looked at yet is at least known when it is written down.
            while shared.inbox.waiting().0 > 0 {
                let batch = shared.inbox.take(Some(Default::default()));
                for (place, notice) in batch.critical.into_iter().chain(batch.rest) {
                    board.offer_in_order(notice, place, now);
                }
                seen = shared.inbox.taken();
            }
        }
        // What was in the queue is on its way now; the lanes empty theirs and end.
        if shared.inbox.waiting().0 == 0 {
            shared.lanes.iter().flat_map(|lanes| [&lanes.page, &lanes.rest]).for_each(|lane| lane.close(at));
        }
        if lanes == 0 || over {
            return keeper.close(&board, seen);
        }
    }
}

fn acknowledge(board: &mut Board, Acknowledge { id, by, reason, answer }: Acknowledge, now: Time, shared: &Shared) {
    let alert = board.acknowledge(&id, &by, now);
    if let Some(alert) = &alert {
        tracing::info!(%id, by, reason, "somebody has taken an alert on");
        calmly(|| shared.receipts.acknowledged(&Acknowledged { alert, by: &by, reason: &reason }));
    }
    let _ = answer.try_send(alert);
}

/// Hands out what is due. Answers whether there was something.
fn send(board: &mut Board, shared: &Shared) -> bool {
    let mut any = false;
    loop {
        let now = shared.clock.now();
        let sendings = board.due(now);
        if sendings.is_empty() {
            return any;
        }
        any = true;
        for sending in sendings {
            let Some(lanes) = shared.lanes.iter().find(|lanes| lanes.name == sending.id.channel) else {
                refuse(board, &sending, "there is no such channel", shared);
                continue;
            };
            // What ends a page goes its way, so that it does not overtake it.
            let page = sending.page || sending.message.severity == crate::Severity::Critical;
            let lane = if page { &lanes.page } else { &lanes.rest };
            if let Err(sending) = lane.push(sending) {
                refuse(board, &sending, "too many messages wait for this channel", shared);
            }
        }
    }
}

fn refuse(board: &mut Board, sending: &Sending, why: &str, shared: &Shared) {
    let at = shared.clock.now();
    shared.report(&Delivery {
        at,
        channel: &sending.id.channel,
        message: &sending.message,
        outcome: Outcome::Suppressed,
        receipt: None,
        error: Some(why),
        attempt: 0,
        last: true,
        took: Default::default(),
        since_event: at.since(sending.message.first().notice.at),
    });
    board.answered(&sending.id, Outcome::Suppressed, None, at);
}
