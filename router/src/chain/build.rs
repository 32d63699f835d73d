//! From configuration to a chain: plugins are loaded, configured and checked against the contract and
//! the destinations; everything that is wrong is said at once.

use std::fmt;
use std::path::{Path, PathBuf};
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
use crate::config::{ChainEntry, Config};
use crate::ingest::Components;
use crate::route::Destinations;

/// Loads plugins, and keeps what they leave between runs.
pub struct Plugins {
    engine: Engine,
    /// Machine code of plugins that are not the router's own.
    cache: Option<Cache>,
    states: Option<PathBuf>,
}

#[derive(Debug)]
pub struct ChainError {
    problems: Vec<String>,
}

// === impl Plugins ===

impl Plugins {
    pub fn new(data_dir: &Path) -> Result<Self, ChainError> {
        let cache = Cache::open(data_dir.join("plugins/compiled"))?;
        Ok(Plugins { cache: Some(cache), states: Some(data_dir.join("plugins/state")), ..Self::keeping_nothing()? })
    }

    /// For a look at plugins that are not to run for long.
    pub fn keeping_nothing() -> Result<Self, ChainError> {
        Ok(Plugins { engine: Engine::new()?, cache: None, states: None })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// `plugin` as in the configuration: the name of one that the router carries, or a path.
    pub fn load(&self, plugin: &str) -> Result<Plugin, String> {
        source::load(&self.engine, self.cache.as_ref(), plugin)
    }
}

/// What a chain is built into.
pub struct Setting<'a> {
    pub contract: &'a Arc<Contract>,
    pub components: &'a Arc<Components>,
    pub destinations: &'a Destinations,
    /// Where states and machine code are kept between runs. `None` keeps nothing, for a check.
    pub data_dir: Option<&'a Path>,
}

/// `plugin` as in the configuration: the name of one that the router carries, or a path.
pub fn load_plugin(engine: &Engine, plugin: &str) -> Result<Plugin, String> {
    source::load(engine, None, plugin)
}

// === impl Chain ===

impl Chain {
    pub fn build(entries: &[ChainEntry], setting: &Setting<'_>) -> Result<Self, ChainError> {
        let plugins = match setting.data_dir {
            Some(dir) => Plugins::new(dir)?,
            None => Plugins::keeping_nothing()?,
        };
        let destinations = Arc::new(setting.destinations.clone());
        Chain::new(entries, setting.contract.clone(), setting.components.clone(), destinations, &plugins)
    }

    /// Everything that is wrong with any entry is said at once.
    pub fn new(
        entries: &[ChainEntry],
        contract: Arc<Contract>,
        components: Arc<Components>,
        destinations: Arc<Destinations>,
        plugins: &Plugins,
    ) -> Result<Self, ChainError> {
        let names = Names::new(contract, components);
        let mut problems = Vec::new();
        let mut built = Vec::new();
        for entry in entries {
            match build(entry, &names, &destinations, plugins) {
                Ok(entry) => built.push(entry),
                Err(problem) => problems.push(format!("chain.{}: {problem}", label(entry))),
            }
        }
        if !problems.is_empty() {
            return Err(ChainError { problems });
        }
        Ok(Chain { entries: built, names })
    }
}

/// Builds the chain and throws it away; a line for each entry.
pub fn check(config: &Config, contract: Arc<Contract>) -> Result<Vec<String>, ChainError> {
    let components = Arc::new(Components::new(&contract));
    let destinations = Arc::new(Destinations::new(config));
    let plugins = Plugins::keeping_nothing()?;
    let chain = Chain::new(&config.chain, contract, components, destinations, &plugins)?;
    let line = |entry: &Entry| {
        let plan = entry.instance.plan();
        let digest = entry.instance.plugin().digest().to_string();
        let (reads, writes) = (plan.reads.len(), plan.writes.len());
        format!("chain.{}: reads {reads} fields, writes {writes} (sha256 {})", entry.name, &digest[..12])
    };
    Ok(chain.entries.iter().map(line).collect())
}

fn build(entry: &ChainEntry, names: &Names, destinations: &Destinations, plugins: &Plugins) -> Result<Entry, String> {
    let plugin = plugins.load(&entry.plugin)?;
    let name = label(entry);
    let mut state = StateFile::new(plugins.states.as_deref(), &name);
    let contract = &names.contract;
    let settings = Settings {
        limits: limits(entry),
        config: serde_json::to_string(&entry.config).map_err(|error| format!("config: {error}"))?,
        resolver: Arc::new(Known {
            contract: Arc::clone(contract),
            destinations: destinations.names().to_vec(),
        }),
        saved: state.load(),
    };
    let instance = Instance::start(&plugins.engine, &plugin, settings).map_err(|refusal| refusal.to_string())?;
    if instance.stats().states_dropped > 0 {
        tracing::warn!(plugin = name, "the plugin refused its saved state and starts empty");
    }
    let plan: Arc<Plan> = Arc::clone(instance.plan());
    let picker = Picker::new(&plan.subscriptions, contract, &names.components);
    let gather = Gather::new(&plan.reads, |field| source_of(contract, field));
    let applier = Applier::new(&plan, contract, destinations, &may_drop(entry));
    Ok(Entry::new(contract, name.into(), entry.on_fault, instance, picker, gather, applier, state))
}

/// How the entry is called in metrics and logs.
fn label(entry: &ChainEntry) -> String {
    match &entry.name {
        Some(name) => name.clone(),
        None => Path::new(&entry.plugin).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
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
        // A plan's fields have been resolved, so the last case never comes to be.
        name => contract.field(name).map_or(Source::Details, Source::Field),
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
