//! Execution: takes in everything the broker reports.
//!
//! Reports about orders go on to the order component, fills to position as well. A fill is attributed
//! by the ids that were registered before its order was sent; one that can't be is lost to the
//! position, and says so at once and loudly.

use std::collections::HashMap;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};
use tapline_client::{Component, events};

use crate::farewell::Farewell;
use crate::ids::{Id, Lineage};
use crate::market::{PRICE_SCALE, Price};
use crate::messages::{Action, BusMessage, ExecutionInput, Fill, OrderInput, PositionInput, Report, ReportKind};
use crate::pace::{SECOND, SessionTime};
use crate::scene::Scene;
use crate::strategies::{FEE, POINT_VALUE, Strategy, TAX_RATE};
use crate::voice::Voice;

/// A broker that owes an answer and reports nothing at all for so long is a gap.
const GAP: SessionTime = SECOND;

const CONNECTION: &str = "broker-1";

pub struct Executions {
    scene: Arc<Scene>,
    voice: Voice,
    inbox: Receiver<ExecutionInput>,
    orders: Sender<OrderInput>,
    position: Sender<PositionInput>,
    registered: HashMap<Id, Registered>,
    last_report: Option<SessionTime>,
    gap_reported: bool,
}

struct Registered {
    lineage: Lineage,
    strategy: Strategy,
    /// When the request was sent that the broker has not answered yet.
    awaiting: Option<SessionTime>,
}

// === impl Executions ===

impl Executions {
    pub fn new(
        scene: Arc<Scene>,
        inbox: Receiver<ExecutionInput>,
        orders: Sender<OrderInput>,
        position: Sender<PositionInput>,
    ) -> Self {
        Executions {
            voice: scene.voice(Component::Execution),
            scene,
            inbox,
            orders,
            position,
            registered: HashMap::new(),
            last_report: None,
            gap_reported: false,
        }
    }

    pub fn run(mut self) {
        let _to_orders = Farewell::new(&self.orders, OrderInput::BrokerDone);
        let _to_position = Farewell::new(&self.position, PositionInput::Stop);
        while let Ok(input) = self.inbox.recv() {
            match input {
                ExecutionInput::Register { lineage, strategy, at } => {
                    if let Some(client_order) = lineage.client_order {
                        let awaiting = Some(at);
                        self.registered.insert(client_order, Registered { lineage, strategy, awaiting });
                    }
                }
                ExecutionInput::Expect { client_order, at } => {
                    if let Some(order) = self.registered.get_mut(&client_order) {
                        order.awaiting.get_or_insert(at);
                    }
                }
                ExecutionInput::GaveUp { client_order } => self.answered(client_order),
                ExecutionInput::Forget { client_order } => {
                    self.registered.remove(&client_order);
                }
                ExecutionInput::Report(report) => self.hear(&report),
                ExecutionInput::BrokerPositions { net_quantity } => {
                    let _ = self.position.send(PositionInput::BrokerPositions { net_quantity });
                }
                ExecutionInput::Bus(BusMessage::Pulse(pulse)) => {
                    self.watch_gap(pulse.at);
                    self.scene.step.handled();
                }
                ExecutionInput::Bus(_) => {}
                ExecutionInput::BrokerDone => break,
            }
        }
    }

    fn hear(&mut self, report: &Report) {
        self.last_report = Some(report.at);
        self.gap_reported = false;
        let totals = &self.scene.metrics.execution_events_total;
        match report.kind {
            ReportKind::Ack { action: Action::Cancel } => totals.cancel().inc(),
            ReportKind::Ack { .. } => totals.ack().inc(),
            ReportKind::Reject { .. } => totals.reject().inc(),
            ReportKind::Fill { leaves: 0, .. } => totals.fill().inc(),
            ReportKind::Fill { .. } => totals.partial_fill().inc(),
        }
        if let ReportKind::Fill { .. } = report.kind {
            self.fill(report);
        } else {
            self.answered(report.client_order);
        }
        let _ = self.orders.send(OrderInput::Report(*report));
    }

    fn fill(&self, report: &Report) {
        let ReportKind::Fill { fill: id, side, price, quantity, leaves } = report.kind else {
            return;
        };
        let Some(order) = self.registered.get(&report.client_order) else {
            self.lose(report);
            return;
        };
        let (fee, tax) = costs(price, quantity);
        let fill = Fill {
            id,
            strategy: order.strategy,
            lineage: Lineage { broker_order: report.broker_order, ..order.lineage },
            side,
            price,
            quantity,
            fee,
            tax,
            received: report.received,
        };
        self.voice.emit(&events::Fill {
            fill_id: &id,
            client_order_id: &report.client_order,
            strategy_id: order.strategy.name(),
            symbol: &self.scene.symbol,
            side: side.name(),
            price,
            price_scale: PRICE_SCALE,
            qty: quantity,
            broker_order_id: report.broker_order.as_deref(),
            intent_id: Some(&order.lineage.intent),
            trace_id: Some(&order.lineage.trace),
            account: Some(self.scene.account()),
            leaves_qty: Some(leaves),
            fee_scaled: Some(fee),
            tax_scaled: Some(tax),
            latency_us: Some(report.received.elapsed().as_nanos() as f64 / 1e3),
            ..Default::default()
        });
        let _ = self.position.send(PositionInput::Fill(fill));
    }

    fn lose(&self, report: &Report) {
        let ReportKind::Fill { fill, side, quantity, .. } = report.kind else {
            return;
        };
        self.voice.emit(&events::FillLost {
            reason_code: "UNMAPPABLE",
            fill_id: Some(&fill),
            client_order_id: Some(&report.client_order),
            broker_order_id: report.broker_order.as_deref(),
            symbol: Some(&self.scene.symbol),
            side: Some(side.name()),
            qty: Some(quantity),
            reason: Some("the report names an order that was never sent"),
            ..Default::default()
        });
        self.scene.metrics.execution_fill_lost_total.inc();
        self.scene.progress.fills_lost.inc();
    }

    fn answered(&mut self, client_order: Id) {
        if let Some(order) = self.registered.get_mut(&client_order) {
            order.awaiting = None;
        }
    }

    fn watch_gap(&mut self, at: SessionTime) {
        let Some(last) = self.last_report else { return };
        let gap_ns = at - last;
        self.scene.metrics.callback_gap_seconds.set(gap_ns.max(0) as f64 / 1e9);
        if gap_ns < GAP || self.gap_reported {
            return;
        }
        let owes = self.registered.values().any(|order| order.awaiting.is_some_and(|since| at - since >= GAP));
        if owes {
            self.gap_reported = true;
            self.voice.emit(&events::ExecutionGap {
                gap_s: gap_ns as f64 / 1e9,
                conn_id: Some(CONNECTION),
                reason_code: Some("NO_REPORT"),
            });
        }
    }
}

/// Fee and tax of a fill, in money times the price scale.
fn costs(price: Price, quantity: i64) -> (i64, i64) {
    let notional = price as f64 * POINT_VALUE as f64 * quantity as f64;
    (FEE * quantity, (notional * TAX_RATE).round() as i64)
}
