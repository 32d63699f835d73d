//! Position: what the fills add up to, and whether the broker sees the same.
//!
//! A transaction ends here: the fill changes a position, and risk learns how the strategy stands. Every
//! pulse values all positions at the market; every statement of the broker is compared with the own
//! view as of the same fill, so a difference is a real one.

mod account;

use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::metric::Gauge;
use tapline_client::{Component, events};

use self::account::Account;
use crate::components::storm_guard::HaltTrigger;
use crate::farewell::Farewell;
use crate::market::{PRICE_SCALE, Price};
use crate::messages::{BusMessage, Fill, PositionInput, Pulse, RecorderInput, RiskInput, Standing};
use crate::pace::{SECOND, SessionTime};
use crate::scene::Scene;
use crate::script::Cue;
use crate::strategies::{Money, POINT_VALUE, PerStrategy, Strategy, per_strategy};
use crate::voice::Voice;

const SNAPSHOT_INTERVAL: SessionTime = SECOND;

/// The day's loss budget, in bps of the capital: what `drawdown_ratio` is measured against.
const BUDGET_BPS: f64 = 300.0;

pub struct Positions {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<PositionInput>,
    risk: Sender<RiskInput>,
    recorder: Sender<RecorderInput>,
    books: PerStrategy<Book>,
    mid: Option<Price>,
    next_snapshot: SessionTime,
    /// Positions that differed at the last comparison.
    differing: PerStrategy<bool>,
}

/// One strategy's account, and how it is shown.
struct Book {
    account: Account,
    realized: Arc<Gauge>,
    unrealized: Arc<Gauge>,
}

// === impl Positions ===

impl Positions {
    pub fn new(
        scene: Arc<Scene>,
        inbox: Receiver<PositionInput>,
        risk: Sender<RiskInput>,
        recorder: Sender<RecorderInput>,
    ) -> Self {
        let books = per_strategy(|strategy| Book {
            account: Account::default(),
            realized: scene.metrics.pnl_realized.with(strategy.name()),
            unrealized: scene.metrics.pnl_unrealized.with(strategy.name()),
        });
        Positions {
            voice: scene.voice(Component::Position),
            scene,
            inbox,
            risk,
            recorder,
            books,
            mid: None,
            next_snapshot: 0,
            differing: per_strategy(|_| false),
        }
    }

    pub fn run(mut self) {
        let _farewell = Farewell::new(&self.recorder, RecorderInput::Stop);
        while let Ok(input) = self.inbox.recv() {
            match input {
                PositionInput::Fill(fill) => self.take(&fill),
                PositionInput::BrokerPositions { net_quantity } => self.reconcile(net_quantity),
                PositionInput::Bus(BusMessage::Pulse(pulse)) => {
                    self.value(&pulse);
                    self.scene.step.handled();
                }
                PositionInput::Bus(BusMessage::Cue { cue, .. }) => {
                    if let Cue::TradeBust { strategy, loss_bps } = cue {
                        let loss = strategy.profile().capital / 10_000 * loss_bps;
                        self.books[strategy.index()].account.book_loss(loss);
                    }
                }
                PositionInput::Bus(_) => {}
                PositionInput::Stop => break,
            }
        }
        self.snapshot();
    }

    fn take(&mut self, fill: &Fill) {
        let mid = self.mid.unwrap_or(fill.price);
        let account = &mut self.books[fill.strategy.index()].account;
        let delta = fill.side.sign() * fill.quantity;
        account.fill(delta, fill.price, fill.fee + fill.tax);
        account.mark(mid);
        self.emit_update(fill, delta);
        self.scene.progress.reached_position(fill);
        self.scene.progress.fills.inc();
        self.tell_risk(fill.strategy, Some(fill.received));
        let _ = self.recorder.send(RecorderInput::Fill(*fill));
    }

    fn emit_update(&self, fill: &Fill, delta: i64) {
        let account = &self.books[fill.strategy.index()].account;
        self.voice.emit(&events::PositionUpdate {
            strategy_id: fill.strategy.name(),
            symbol: &self.scene.symbol,
            net_qty: account.net_quantity(),
            delta_qty: Some(delta),
            avg_price: Some(account.average_price()),
            price_scale: Some(PRICE_SCALE),
            realized_pnl: Some(account.realized()),
            unrealized_pnl: Some(account.unrealized()),
            fill_id: Some(&fill.id),
            client_order_id: fill.lineage.client_order.as_deref(),
            intent_id: Some(&fill.lineage.intent),
            trace_id: Some(&fill.lineage.trace),
            account: Some(self.scene.account()),
            latency_us: Some(fill.received.elapsed().as_nanos() as f64 / 1e3),
        });
    }

    fn tell_risk(&self, strategy: Strategy, received: Option<Instant>) {
        let account = &self.books[strategy.index()].account;
        let _ = self.risk.send(RiskInput::Position(Standing {
            strategy,
            net_quantity: account.net_quantity(),
            total: account.total(),
            drawdown_bps: drawdown_bps(strategy, account),
            received,
        }));
    }

    /// Values every position at the market of this pulse.
    fn value(&mut self, pulse: &Pulse) {
        self.mid = pulse.quote.map(|quote| quote.mid()).or(self.mid);
        let Some(mid) = self.mid else { return };
        let (mut long, mut short, mut open, mut worst) = (0.0, 0.0, 0, 0.0f64);
        for strategy in Strategy::all() {
            let book = &mut self.books[strategy.index()];
            book.account.mark(mid);
            book.realized.set(in_currency(book.account.realized()));
            book.unrealized.set(in_currency(book.account.unrealized()));
            let notional = in_currency(book.account.net_quantity() * mid * POINT_VALUE);
            if notional > 0.0 {
                long += notional;
            } else {
                short -= notional;
            }
            open += i64::from(notional != 0.0);
            worst = worst.min(drawdown_bps(strategy, &book.account));
            self.tell_risk(strategy, None);
        }
        let metrics = &self.scene.metrics;
        metrics.exposure_notional.long().set(long);
        metrics.exposure_notional.short().set(short);
        metrics.exposure_notional.gross().set(long + short);
        metrics.exposure_notional.net().set(long - short);
        metrics.position_count.set(open as f64);
        metrics.drawdown_ratio.set((-worst / BUDGET_BPS).min(1.0));
        if pulse.at >= self.next_snapshot {
            self.next_snapshot = pulse.at + SNAPSHOT_INTERVAL;
            self.snapshot();
        }
    }

    fn snapshot(&self) {
        let mid = self.mid.unwrap_or_default();
        for strategy in Strategy::all() {
            let account = &self.books[strategy.index()].account;
            self.voice.emit(&events::PnlSnapshot {
                strategy_id: strategy.name(),
                realized_pnl: account.realized(),
                unrealized_pnl: account.unrealized(),
                price_scale: PRICE_SCALE,
                symbol: Some(&self.scene.symbol),
                total_pnl: Some(account.total()),
                exposure: Some((account.net_quantity() * mid * POINT_VALUE).abs()),
                drawdown_bps: Some(drawdown_bps(strategy, account)),
                net_qty: Some(account.net_quantity()),
            });
        }
    }

    /// Compares with the broker's statement. A new difference stops the strategy.
    fn reconcile(&mut self, broker: PerStrategy<i64>) {
        let started = Instant::now();
        let mut count = 0;
        for strategy in Strategy::all() {
            let index = strategy.index();
            let differs = self.books[index].account.net_quantity() != broker[index];
            count += i64::from(differs);
            if differs && !std::mem::replace(&mut self.differing[index], differs) {
                let _ =
                    self.risk.send(RiskInput::Alarm { trigger: HaltTrigger::Reconciliation, strategy: Some(strategy) });
            }
            self.differing[index] = differs;
        }
        let duration_ms = started.elapsed().as_nanos() as f64 / 1e6;
        self.scene.metrics.reconciliation_duration_ms.observe(duration_ms);
        self.scene.metrics.reconciliation_discrepancy_count.set(count as f64);
        self.voice.emit(&events::Reconciliation {
            reconciliation_result: if count == 0 { "match" } else { "mismatch" },
            discrepancy_count: Some(count),
            positions_checked: Some(broker.len() as i64),
            duration_ms: Some(duration_ms),
            reason_code: Some(if count == 0 { "SCHEDULED" } else { "POSITION_DIFFERS" }),
            ..Default::default()
        });
    }
}

fn drawdown_bps(strategy: Strategy, account: &Account) -> f64 {
    account.drawdown() as f64 / strategy.profile().capital as f64 * 1e4
}

fn in_currency(money: Money) -> f64 {
    money as f64 / PRICE_SCALE as f64
}
