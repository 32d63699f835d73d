//! The bus: takes ticks from the ring and hands them to every consumer.
//!
//! A consumer that is behind must not slow the others. In real time a tick that finds a consumer's
//! queue full is lost to that consumer, counted, reported once when it begins and once when it ends,
//! and StormGuard is told: whoever trades on a market with holes must stop. Time, cues and the end of
//! the run are never lost. Faster than real time, the bus waits instead.

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, TrySendError};
use tapline_client::metric::Gauge;
use tapline_client::{Component, events};

use crate::components::storm_guard::HaltTrigger;
use crate::messages::{BusMessage, RiskInput};
use crate::pace::SessionTime;
use crate::scene::Scene;
use crate::script::Cue;
use crate::voice::Voice;

/// The consumer that the arranged overflow hits.
const SLOW_CONSUMER: &str = "recorder";

pub struct Bus {
    scene: Arc<Scene>,
    voice: Voice,
    ring: Receiver<BusMessage>,
    consumers: Vec<Consumer>,
    alarms: Sender<RiskInput>,
    overflows: i64,
    /// An arranged overflow lasts until then.
    full_until: SessionTime,
}

/// One reader of the bus.
pub struct Consumer {
    name: &'static str,
    outlet: Box<dyn Outlet>,
    wants: Wants,
    lag: Arc<Gauge>,
    /// Ticks lost since the queue was found full.
    lost: i64,
}

/// What a consumer is given beside the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Every tick, time and cues.
    Ticks,
    /// Time and cues.
    Time,
}

/// Any inbox that takes what the bus carries.
trait Outlet: Send {
    fn send(&self, message: BusMessage);
    /// False if it is full.
    fn try_send(&self, message: BusMessage) -> bool;
    fn queued(&self) -> usize;
    fn capacity(&self) -> usize;
}

// === impl Bus ===

impl Bus {
    pub fn new(
        scene: Arc<Scene>,
        ring: Receiver<BusMessage>,
        consumers: Vec<Consumer>,
        alarms: Sender<RiskInput>,
    ) -> Self {
        let voice = scene.voice(Component::Bus);
        Bus { scene, voice, ring, consumers, alarms, overflows: 0, full_until: 0 }
    }

    pub fn run(mut self) {
        while let Ok(message) = self.ring.recv() {
            match message {
                BusMessage::Tick(tick) => self.hand_out_tick(message, tick.at),
                BusMessage::Pulse(_) => {
                    self.measure();
                    self.hand_out(message);
                }
                BusMessage::Cue { at, cue } => {
                    if let Cue::BusOverflow { length } = cue {
                        self.full_until = at + length;
                    }
                    self.hand_out(message);
                }
                BusMessage::Stop => break,
            }
        }
        self.end_overflows();
        self.hand_out(BusMessage::Stop);
    }

    fn hand_out(&self, message: BusMessage) {
        for consumer in &self.consumers {
            consumer.outlet.send(message);
        }
    }

    fn hand_out_tick(&mut self, message: BusMessage, at: SessionTime) {
        for index in 0..self.consumers.len() {
            let consumer = &mut self.consumers[index];
            if consumer.wants != Wants::Ticks {
                continue;
            }
            let full = consumer.name == SLOW_CONSUMER && at < self.full_until;
            let taken = if full {
                false
            } else if self.scene.step.is_free() {
                consumer.outlet.try_send(message)
            } else {
                consumer.outlet.send(message);
                true
            };
            match (taken, consumer.lost) {
                (true, 0) => {}
                (true, _) => self.end_overflow(index),
                (false, 0) => self.begin_overflow(index),
                (false, _) => consumer.lost += 1,
            }
        }
    }

    fn begin_overflow(&mut self, index: usize) {
        self.consumers[index].lost = 1;
        self.overflows += 1;
        self.scene.metrics.bus_overflow_total.inc();
        self.report(index);
        // Risk may be gone at the very end of a run.
        let _ = self.alarms.send(RiskInput::Alarm { trigger: HaltTrigger::BusOverflow, strategy: None });
    }

    fn end_overflow(&mut self, index: usize) {
        self.report(index);
        self.consumers[index].lost = 0;
    }

    fn end_overflows(&mut self) {
        for index in 0..self.consumers.len() {
            if self.consumers[index].lost > 1 {
                self.end_overflow(index);
            }
        }
    }

    fn report(&self, index: usize) {
        let consumer = &self.consumers[index];
        self.voice.emit(&events::BusOverflow {
            consumer: consumer.name,
            queue: Some("market"),
            lag: Some(consumer.outlet.queued() as i64),
            dropped: Some(consumer.lost),
            capacity: Some(consumer.outlet.capacity() as i64),
            occupancy: Some(consumer.occupancy()),
            overflow_count: Some(self.overflows),
            ..Default::default()
        });
    }

    fn measure(&self) {
        let ring = self.ring.len() as f64 / self.ring.capacity().unwrap_or(1) as f64;
        let fullest = self.consumers.iter().map(Consumer::occupancy).fold(ring, f64::max);
        self.scene.metrics.bus_occupancy_ratio.set(fullest);
        for consumer in &self.consumers {
            consumer.lag.set(consumer.outlet.queued() as f64);
        }
    }
}

// === impl Consumer ===

impl Consumer {
    pub fn new<T>(scene: &Scene, name: &'static str, inbox: Sender<T>, wants: Wants) -> Self
    where
        T: From<BusMessage> + Send + 'static,
    {
        let lag = scene.metrics.bus_consumer_lag.with(name);
        Consumer { name, outlet: Box::new(inbox), wants, lag, lost: 0 }
    }

    fn occupancy(&self) -> f64 {
        self.outlet.queued() as f64 / self.outlet.capacity() as f64
    }
}

// === impl Outlet ===

impl<T: From<BusMessage> + Send> Outlet for Sender<T> {
    fn send(&self, message: BusMessage) {
        // A consumer that has ended needs no message.
        let _ = Sender::send(self, message.into());
    }

    fn try_send(&self, message: BusMessage) -> bool {
        !matches!(Sender::try_send(self, message.into()), Err(TrySendError::Full(_)))
    }

    fn queued(&self) -> usize {
        self.len()
    }

    fn capacity(&self) -> usize {
        // Every inbox is bounded.
        Sender::capacity(self).unwrap_or(usize::MAX)
    }
}
