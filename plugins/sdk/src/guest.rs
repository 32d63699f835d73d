//! The glue between a [`Plugin`] and the exported functions. The native harness goes the same way,
//! so that what is tested natively is what runs as wasm.

use crate::bindings::tapline::plugin::types as raw;
use crate::{Batch, Output, Plan, Plugin};

/// A configured plugin with what it declared.
#[derive(Debug)]
pub struct Instance<P> {
    plugin: P,
    reads: Vec<raw::Want>,
}

/// Where an exported guest keeps its instance: empty until `configure` succeeded.
#[derive(Debug)]
pub struct Slot<P>(std::cell::RefCell<Option<Instance<P>>>);

// === impl Instance ===

impl<P: Plugin> Instance<P> {
    pub fn configure(config: &str) -> Result<(Self, raw::Plan), String> {
        let config = if config.trim().is_empty() { "{}" } else { config };
        let config = serde_json::from_str(config).map_err(|error| format!("config: {error}"))?;
        let mut plan = Plan::default();
        let plugin = P::configure(config, &mut plan)?;
        let plan = plan.into_raw()?;
        Ok((Instance { plugin, reads: plan.reads.clone() }, plan))
    }

    pub fn process(&mut self, batch: raw::Batch) -> Result<raw::Output, String> {
        let mut batch = Batch::from_raw(batch, &self.reads)?;
        let mut out = Output::new(batch.rows());
        self.plugin.process(&mut batch, &mut out)?;
        out.into_raw()
    }

    pub fn tick(&mut self, now_ns: u64) -> Result<raw::Output, String> {
        let mut out = Output::new(0);
        self.plugin.tick(now_ns, &mut out)?;
        out.into_raw()
    }

    pub fn save(&self) -> Vec<u8> {
        self.plugin.save()
    }

    pub fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.plugin.restore(state)
    }
}

// === impl Slot ===

const UNCONFIGURED: &str = "called before configure succeeded";

impl<P: Plugin> Slot<P> {
    pub const fn empty() -> Self {
        Slot(std::cell::RefCell::new(None))
    }

    pub fn configure(&self, config: &str) -> Result<raw::Plan, String> {
        let (instance, plan) = Instance::configure(config)?;
        *self.0.borrow_mut() = Some(instance);
        Ok(plan)
    }

    /// Do something with the instance, if there is one.
    pub fn with<T>(&self, work: impl FnOnce(&mut Instance<P>) -> T) -> Result<T, String> {
        self.0.borrow_mut().as_mut().map(work).ok_or_else(|| UNCONFIGURED.to_string())
    }
}

/// Tell the router's log why a plugin panicked: the trap itself says only `unreachable`.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        crate::log(crate::Level::Error, &panic.to_string());
    }));
}

/// Make a crate's wasm module a plugin: `tapline_plugin::export!(MyPlugin);`.
///
/// Natively it makes nothing, so that several plugins can be linked into one benchmark or test.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::exports::tapline::plugin::filter::{Batch, Guest, Output, Plan};

            ::std::thread_local! {
                static SLOT: $crate::guest::Slot<$plugin> = const { $crate::guest::Slot::empty() };
            }

            struct Exported;

            impl Guest for Exported {
                fn configure(config: String) -> Result<Plan, String> {
                    $crate::guest::log_panics();
                    SLOT.with(|slot| slot.configure(&config))
                }

                fn process(batch: Batch) -> Result<Output, String> {
                    SLOT.with(|slot| slot.with(|plugin| plugin.process(batch))).and_then(|out| out)
                }

                fn tick(now_ns: u64) -> Result<Output, String> {
                    SLOT.with(|slot| slot.with(|plugin| plugin.tick(now_ns))).and_then(|out| out)
                }

                fn save() -> Vec<u8> {
                    SLOT.with(|slot| slot.with(|plugin| plugin.save())).unwrap_or_default()
                }

                fn restore(state: Vec<u8>) -> Result<(), String> {
                    SLOT.with(|slot| slot.with(|plugin| plugin.restore(&state))).and_then(|out| out)
                }
            }

    $crate::bindings::export_guest!(Exported with_types_in $crate::bindings);
        };
    };
}
