//! When it fires, and whom it tells.

use serde::Deserialize;

/// The plugin's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Length of the window, seconds.
    pub window_s: u64,
    /// Share of refused orders from which on it fires.
    pub enter: f64,
    /// Share at which it resolves; below `enter`.
    pub exit: f64,
    /// Orders in the window, at least, before it fires: one refusal of three is no spike.
    pub min_orders: u32,
    /// Count refusals by risk as well.
    pub count_risk: bool,
    /// Strategies watched one by one; all others count together, as `_other`.
    pub max_strategies: usize,
    /// Destinations of the notices; empty means the router's default for criticals.
    pub to: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            window_s: 60,
            enter: 0.05,
            exit: 0.02,
            min_orders: 20,
            count_risk: true,
            max_strategies: 64,
            to: Vec::new(),
        }
    }
}

/// A day: longer windows answer no question about a spike.
const WINDOW_S_MAX: u64 = 86_400;

/// Each strategy costs less than a kilobyte; this keeps the state below a megabyte.
const STRATEGIES_MAX: usize = 1024;

impl Config {
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=WINDOW_S_MAX).contains(&self.window_s) {
            return Err(format!("window_s: {} is not within 1 to {WINDOW_S_MAX}", self.window_s));
        }
        if !(self.enter > 0.0 && self.enter <= 1.0) {
            return Err(format!("enter: {} is no share; give one above 0, at most 1", self.enter));
        }
        if !(self.exit >= 0.0 && self.exit < self.enter) {
            return Err(format!(
                "exit: {} must be below enter ({}) and not below 0, or the alert flaps",
                self.exit, self.enter
            ));
        }
        if self.min_orders == 0 {
            return Err("min_orders: give 1 or more".into());
        }
        if !(1..=STRATEGIES_MAX).contains(&self.max_strategies) {
            return Err(format!("max_strategies: {} is not within 1 to {STRATEGIES_MAX}", self.max_strategies));
        }
        Ok(())
    }
}
