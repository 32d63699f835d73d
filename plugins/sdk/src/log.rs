//! Lines for the router's log.

use crate::plan::Level;

/// Write a line to the router's log. The host limits rate and length, so this is for what an
/// operator should know, not for every event.
pub fn log(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::tapline::plugin::host::log(level as u8, message);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("[plugin {}] {message}", level.name());
}
