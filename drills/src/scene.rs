//! What all components of one run share.

use std::sync::Arc;

use tapline_client::{Component, Metrics, Telemetry};

use crate::canaries::{Canaries, CanaryKind};
use crate::ids::IdMint;
use crate::market::dice::Dice;
use crate::progress::Progress;
use crate::step::Step;
use crate::voice::{Tally, Voice};

pub struct Scene {
    pub telemetry: Telemetry,
    pub metrics: Arc<Metrics>,
    pub tally: Arc<Tally>,
    pub mint: IdMint,
    pub symbol: String,
    pub canaries: Canaries,
    pub progress: Progress,
    /// Keeps the components in step where session time is not the wall clock's.
    pub step: Step,
    /// What chance in the run grows from, beside the market's own.
    pub seed: u64,
}

// === impl Scene ===

impl Scene {
    pub fn voice(&self, component: Component) -> Voice {
        Voice::new(self.telemetry.component(component), Arc::clone(&self.tally))
    }

    /// Chance for one component, apart from all others'.
    pub fn dice(&self, component: Component) -> Dice {
        Dice::new(self.seed ^ ((component as u64 + 1) << 40))
    }

    /// The trading account, a value that no output may show.
    pub fn account(&self) -> &str {
        self.canaries.value(CanaryKind::Account)
    }
}
