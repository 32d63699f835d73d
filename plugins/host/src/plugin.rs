//! A plugin's code: checked, compiled, ready to be started any number of times.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use crate::bindings::PluginPre;
use crate::cache::Cache;
use crate::engine::Engine;
use crate::fault::Refusal;
use crate::guest::State;
use crate::interface;

/// SHA-256 of the component: the name of a version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// Where the machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Compiled,
    /// Compiled by an earlier run.
    Cached,
    /// Compiled when the router was built.
    Shipped,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    pre: PluginPre<State>,
    digest: Digest,
    origin: Origin,
}

// === impl Plugin ===

impl Plugin {
    /// Compiles, which takes 70 to 170 ms and more for a large component: not on a worker.
    pub fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self, Refusal> {
        interface::check_header(wasm)?;
        let component = Component::new(engine.wasmtime(), wasm)
            .map_err(|e| Refusal::one(format!("the component does not compile: {e:#}")))?;
        Self::link(engine, &component, Digest::of(wasm), Origin::Compiled)
    }

    /// As `compile`, unless the cache has the machine code from an earlier time.
    pub fn compile_cached(engine: &Engine, wasm: &[u8], cache: &Cache) -> Result<Self, Refusal> {
        interface::check_header(wasm)?;
        let digest = Digest::of(wasm);
        if let Some(component) = cache.get(engine, digest) {
            return Self::link(engine, &component, digest, Origin::Cached);
        }
        let plugin = Self::compile(engine, wasm)?;
        cache.put(engine, digest, plugin.inner.pre.instance_pre().component());
        Ok(plugin)
    }

    /// From machine code that [`Engine::precompile`] made of `wasm` when the router was built. `None`
    /// where it is of no use here, such as on an older processor: then compile.
    ///
    /// # Safety
    ///
    /// `machine_code` must be the unchanged result of [`Engine::precompile`]: it runs as it is.
    pub unsafe fn shipped(engine: &Engine, wasm: &[u8], machine_code: &[u8]) -> Option<Result<Self, Refusal>> {
        // SAFETY: as promised by the caller.
        let component = unsafe { Component::deserialize(engine.wasmtime(), machine_code) }.ok()?;
        Some(Self::link(engine, &component, Digest::of(wasm), Origin::Shipped))
    }

    fn link(engine: &Engine, component: &Component, digest: Digest, origin: Origin) -> Result<Self, Refusal> {
        interface::check(engine, component)?;
        let typed = |e: wasmtime::Error| Refusal::one(format!("its interface differs from tapline:plugin: {e:#}"));
        let pre = engine.linker().instantiate_pre(component).map_err(typed)?;
        let pre = PluginPre::new(pre).map_err(typed)?;
        Ok(Self { inner: Arc::new(Inner { pre, digest, origin }) })
    }

    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    pub fn origin(&self) -> Origin {
        self.inner.origin
    }

    pub(crate) fn pre(&self) -> &PluginPre<State> {
        &self.inner.pre
    }
}

// === impl Digest ===

impl Digest {
    pub fn of(wasm: &[u8]) -> Self {
        Self(Sha256::digest(wasm).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
