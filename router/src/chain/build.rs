//! From configuration to a chain: plugins are loaded, configured and checked against the contract and
//! the destinations; everything that is wrong is said at once.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tapline_contract::{Contract, Lane, Word};
use tapline_host::{Cache, Engine, Instance, Limits, Plan, Plugin, Refusal, Settings};

use super::apply::Applier;
use super::entry::Entry;
use super::gather::{Gather, Source};
use super::pick::Picker;
use super::resolver::Known;
use super::state::StateFile;
use super::{Chain, Names, source};
use crate::config::ChainEntry;
use crate::ingest::Components;
use crate::route::Destinations;

/// What a chain is built into.
pub struct Setting<'a> {
    pub contract: &'a Arc<Contract>,
    pub components: &'a Arc<Components>,
    pub destinations: &'a Destinations,
    /// Where states and machine code are kept between runs. `None` keeps nothing, for a check.
    pub data_dir: Option<&'a Path>,
}

#[derive(Debug)]
pub struct ChainError {
    problems: Vec<String>,
}

/// Loads what the entries name.
struct Loader {
    engine: Engine,
    /// Machine code of plugins that are not the router's own.
    cache: Option<Cache>,
}

/// `plugin` as in the configuration: the name of one that the router carries, or a path.
pub fn load_plugin(engine: &Engine, plugin: &str) -> Result<Plugin, String> {
    source::load(engine, None, plugin)
}

// === impl Chain ===

impl Chain {
    /// Everything that is wrong with any entry is said at once.
    pub fn build(entries: &[ChainEntry], setting: &Setting<'_>) -> Result<Self, ChainError> {
        let loader = Loader::new(setting.data_dir)?;
        let names = Names::new(setting.contract, Arc::clone(setting.components));
        let mut problems = Vec::new();
        let mut built = Vec::new();
        for entry in entries {
            match build(entry, setting, &loader) {
                Ok(entry) => built.push(entry),
                Err(problem) => problems.push(format!("chain.{}: {problem}", entry.name())),
            }
        }
        if !problems.is_empty() {
            return Err(ChainError { problems });
        }
        Ok(Chain { entries: built, names })
    }
}

// === impl Loader ===

impl Loader {
    fn new(data_dir: Option<&Path>) -> Result<Self, Refusal> {
        let cache = data_dir.map(|dir| Cache::open(dir.join("plugins/compiled"))).transpose()?;
        Ok(Loader { engine: Engine::new()?, cache })
    }
}

fn build(entry: &ChainEntry, setting: &Setting<'_>, loader: &Loader) -> Result<Entry, String> {
    let Loader { engine, cache } = loader;
    let destinations = setting.destinations;
    let plugin = source::load(engine, cache.as_ref(), &entry.plugin)?;
    let name = entry.name();
    let states = setting.data_dir.map(|dir| dir.join("plugins/state"));
    let mut state = StateFile::new(states.as_deref(), &name);
    let contract = setting.contract;
    let settings = Settings {
        limits: limits(entry),
        config: serde_json::to_string(&entry.config).map_err(|error| format!("config: {error}"))?,
        resolver: Arc::new(Known { contract: Arc::clone(contract), destinations: destinations.names().to_vec() }),
        saved: state.load(),
    };
    let instance = Instance::start(engine, &plugin, settings).map_err(|refusal| match entry.config.is_empty() {
        true => {
            format!("{refusal}\n  (by the plugin's own defaults: give it a [chain.config], or declare what is missing)")
        }
        false => refusal.to_string(),
    })?;
    if instance.stats().states_dropped > 0 {
        tracing::warn!(plugin = name, "the plugin refused its saved state and starts empty");
    }
    let plan: Arc<Plan> = Arc::clone(instance.plan());
    let picker = Picker::new(&plan.subscriptions, contract, setting.components);
    let gather = Gather::new(&plan.reads, |field| source_of(contract, field));
    let applier = Applier::new(&plan, contract, destinations, &may_drop(entry));
    Ok(Entry::new(contract, name.into(), entry.on_fault, instance, picker, gather, applier, state))
}

fn limits(entry: &ChainEntry) -> Limits {
    let memory_bytes = usize::try_from(entry.memory_mib << 20).unwrap_or(usize::MAX);
    Limits {
        deadline: Duration::from_millis(entry.deadline_ms),
        memory_bytes,
        recycle_bytes: memory_bytes / 2,
        ..Limits::default()
    }
}

/// The names have been checked with the configuration.
fn may_drop(entry: &ChainEntry) -> Vec<Lane> {
    entry.may_drop.iter().filter_map(|name| Lane::from_word(name)).collect()
}

fn source_of(contract: &Contract, field: &str) -> Source {
    match field {
        "component" => Source::Component,
        "event" => Source::Event,
        "level" => Source::Level,
        "details" => Source::Details,
        name => contract.field(name).map_or(Source::Nothing, Source::Field),
    }
}

// === impl ChainError ===

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ChainError {}

impl From<Refusal> for ChainError {
    fn from(refusal: Refusal) -> Self {
        ChainError { problems: refusal.problems }
    }
}
