//! The plugin: count, look, tell.

use std::collections::VecDeque;

use tapline_plugin::{Batch, BoolIn, Memo, Notice, Output, Plan, Plugin, Subscription, TextIn};

use crate::clock::{Arrival, Clock};
use crate::config::Config;
use crate::saved;
use crate::strategy::{Strategies, UNKNOWN};
use crate::window::{BUCKETS, Window};

/// Watches each strategy's share of refused orders.
#[derive(Debug)]
pub struct RejectSpike {
    config: Config,
    event: TextIn,
    strategy_id: TextIn,
    approved: BoolIn,
    kinds: Memo<Kind>,
    clock: Clock,
    strategies: Strategies,
    width_ns: u64,
    /// Notices that wait for their turn, with the strategy's place.
    waiting: VecDeque<(usize, Notice)>,
}

/// What an event means for the count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Nothing,
    Accepted,
    Refused,
    /// Refused unless `approved`; an approved intent is counted when the broker has answered.
    Decision,
}

/// The router takes 64 notices from a call; the rest goes out with the next one.
const NOTICES_A_CALL: usize = 32;

/// With so many waiting, states are left as they are until there is room: a change is told late, not
/// lost.
const WAITING_MAX: usize = 512;

/// How soon a silent strategy is resolved, and a waiting notice goes out.
const TICK_MS: u32 = 1000;

// === impl RejectSpike ===

impl Plugin for RejectSpike {
    type Config = Config;

    fn configure(config: Config, plan: &mut Plan) -> Result<Self, String> {
        config.check()?;
        let events = ["order_ack", "order_reject", "order_refused"];
        let mut wanted = events.into_iter().fold(Subscription::new(), Subscription::event);
        if config.count_risk {
            wanted = wanted.event("risk_decision");
        }
        plan.subscribe(wanted);
        plan.tick_every_ms(TICK_MS);
        Ok(RejectSpike {
            event: plan.read_text("event"),
            strategy_id: plan.read_text("strategy_id"),
            approved: plan.read_bool("approved"),
            kinds: Memo::new(16),
            clock: Clock::default(),
            strategies: Strategies::new(config.max_strategies),
            width_ns: config.window_s * 1_000_000_000 / BUCKETS,
            waiting: VecDeque::new(),
            config,
        })
    }

    fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String> {
        let strategy_ids = batch.text(self.strategy_id);
        let approved = batch.booleans(self.approved);
        for ((row, event), &ts_ns) in batch.text(self.event).iter().zip(batch.ts_ns()) {
            let refused = match self.kinds.get(event.unwrap_or_default(), kind) {
                Kind::Nothing => continue,
                Kind::Accepted => false,
                Kind::Refused => true,
                Kind::Decision if approved.get(row) == Some(false) => true,
                Kind::Decision => continue,
            };
            self.count(strategy_ids.get(row).unwrap_or(UNKNOWN), ts_ns, refused);
        }
        self.look_at_all();
        self.tell(out);
        Ok(())
    }

    fn tick(&mut self, now_ns: u64, out: &mut Output) -> Result<(), String> {
        self.clock.tick(now_ns);
        self.look_at_all();
        self.tell(out);
        Ok(())
    }

    fn save(&self) -> Vec<u8> {
        // What nobody was told yet has not happened: whoever takes over finds it out again.
        let untold = |place: usize| self.waiting.iter().filter(|(of, _)| *of == place).count() % 2 == 1;
        saved::save(&self.clock, &self.strategies, self.width_ns, untold)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let mut strategies = Strategies::new(self.config.max_strategies);
        self.clock = saved::restore(state, &mut strategies, self.width_ns)?;
        self.strategies = strategies;
        Ok(())
    }
}

fn kind(event: &str) -> Kind {
    match event {
        "order_ack" => Kind::Accepted,
        "order_reject" | "order_refused" => Kind::Refused,
        "risk_decision" => Kind::Decision,
        _ => Kind::Nothing,
    }
}

impl RejectSpike {
    fn count(&mut self, strategy_id: &str, ts_ns: u64, refused: bool) {
        match self.clock.event(ts_ns, self.config.window_s * 1_000_000_000) {
            Arrival::InTime => {}
            Arrival::Late => return,
            Arrival::SetBack => {
                // What was counted lies in the future now. Who fires goes on firing until its new
                // window says otherwise.
                for strategy in &mut self.strategies.list {
                    strategy.window = Window::new();
                    strategy.counted_at = 0;
                }
            }
        }
        let place = self.strategies.by_name(strategy_id);
        let Some(strategy) = self.strategies.list.get_mut(place) else {
            return;
        };
        let (bucket, now) = (ts_ns / self.width_ns, self.clock.now_ns / self.width_ns);
        // A batch of a replay can hold more time than a window: look at a bucket before it is left.
        if now != strategy.counted_at {
            let left = std::mem::replace(&mut strategy.counted_at, now);
            if left != 0 && self.waiting.len() < WAITING_MAX {
                let notice = strategy.look(left, &self.config);
                self.waiting.extend(notice.map(|notice| (place, notice)));
            }
        }
        strategy.window.add(bucket, 1, u32::from(refused));
    }

    fn look_at_all(&mut self) {
        let now = self.clock.now_ns / self.width_ns;
        for (place, strategy) in self.strategies.list.iter_mut().enumerate() {
            if self.waiting.len() >= WAITING_MAX {
                return;
            }
            self.waiting.extend(strategy.look(now, &self.config).map(|notice| (place, notice)));
        }
    }

    fn tell(&mut self, out: &mut Output) {
        for (_, notice) in self.waiting.drain(..self.waiting.len().min(NOTICES_A_CALL)) {
            out.notice(notice);
        }
    }
}
