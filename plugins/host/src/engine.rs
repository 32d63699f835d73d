//! wasmtime, set up once for all plugins.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::component::Linker;
use wasmtime::{Config, OptLevel};

use crate::bindings;
use crate::fault::Refusal;
use crate::guest::State;
use crate::plugin::Digest;
use crate::ticker::Ticker;

/// Stack of a guest. Rust guests need some tens of KiB; the worker's own stack (2 MiB by default) has
/// to hold this and the host's frames.
const WASM_STACK_BYTES: usize = 512 << 10;

/// Compiles and runs plugins. Cheap to clone; the last clone stops the epoch thread.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    // Stops, and with it its use of the engine, before the engine goes.
    ticker: Ticker,
    linker: Linker<State>,
    wasmtime: wasmtime::Engine,
    fingerprint: String,
}

// === impl Engine ===

impl Engine {
    /// Fails only where wasmtime does not run at all: an unsupported machine, or no thread to be had.
    pub fn new() -> Result<Self, Refusal> {
        let wasmtime = wasmtime_engine()?;
        let mut linker = Linker::new(&wasmtime);
        bindings::Plugin::add_to_linker::<_, wasmtime::component::HasSelf<State>>(&mut linker, |state| state)
            .map_err(|e| Refusal::one(format!("the plugin interface can't be set up: {e:#}")))?;
        let ticker = Ticker::start(wasmtime.clone())
            .map_err(|e| Refusal::one(format!("no thread for the plugins' clock: {e}")))?;
        let fingerprint = fingerprint(&wasmtime);
        Ok(Self { inner: Arc::new(Inner { ticker, linker, wasmtime, fingerprint }) })
    }

    /// Machine code for this engine from a component, to be loaded later without compiling. Needs no
    /// epoch thread, so a build script can call it.
    pub fn precompile(wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
        let engine = wasmtime_engine()?;
        engine.precompile_component(wasm).map_err(|e| Refusal::one(format!("the component does not compile: {e:#}")))
    }

    /// Names what the compiled code depends on: wasmtime's version and settings, and the processor.
    pub fn fingerprint(&self) -> &str {
        &self.inner.fingerprint
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    pub(crate) fn linker(&self) -> &Linker<State> {
        &self.inner.linker
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.inner.ticker
    }
}

fn wasmtime_engine() -> Result<wasmtime::Engine, Refusal> {
    wasmtime::Engine::new(&config()).map_err(|e| Refusal::one(format!("WebAssembly can't run on this machine: {e:#}")))
}

/// The same for the build script that compiles the plugins shipped with the router and for the router
/// itself; a difference would make the shipped code useless.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // On, it makes an empty call four times as dear, for asynchrony that no plugin has.
        .concurrency_support(false)
        // The deadline. Fuel would do the same at several times the cost.
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_simd(true)
        // A fresh guest starts from a shared image of its memory, in microseconds.
        .memory_init_cow(true);
    config
}

fn fingerprint(engine: &wasmtime::Engine) -> String {
    /// What wasmtime hashes goes through SHA-256, since the standard hasher may change between
    /// versions of Rust while the cache stays on disk.
    struct Sha(Sha256);
    impl std::hash::Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut sha = Sha(Sha256::new());
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut sha);
    Digest(sha.0.finalize().into()).to_string()[..16].to_owned()
}
