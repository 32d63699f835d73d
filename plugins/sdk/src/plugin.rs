//! The one trait that a plugin implements.

use serde::de::DeserializeOwned;

use crate::{Batch, Output, Plan};

/// A plugin: made from its config, fed with batches.
///
/// Only `configure` and `process` have to be written. A plugin without windows ignores `tick`; one
/// without state ignores `save` and `restore`.
pub trait Plugin: Sized {
    /// The chain entry's `config` table. Give it `#[serde(default, deny_unknown_fields)]`: a
    /// misspelt key is then refused with the list of the keys that exist.
    type Config: DeserializeOwned;

    /// Check the config and declare what the plugin reads, writes and decides. An error refuses the
    /// plugin; say which key is wrong, why, and what would be right.
    fn configure(config: Self::Config, plan: &mut Plan) -> Result<Self, String>;

    /// The work. On an error the batch stays untouched and the plugin is counted as faulty, so an
    /// error is for a broken plugin, not for a strange event.
    fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String>;

    /// Called about as often as [`Plan::tick_every_ms`] said. Notices and events only.
    fn tick(&mut self, _now_ns: u64, _out: &mut Output) -> Result<(), String> {
        Ok(())
    }

    /// The state that must survive a hot swap or a restart; empty means none.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Take over a saved state, maybe of another version. It may be cut short or be another
    /// plugin's: refuse what is not understood, and the plugin starts empty.
    fn restore(&mut self, _state: &[u8]) -> Result<(), String> {
        Err("this plugin keeps no state".into())
    }
}
