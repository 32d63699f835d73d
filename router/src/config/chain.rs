//! `[[chain]]`: which plugins events pass, and within which bounds.

use std::path::Path;

use serde::Deserialize;

/// A plugin's place in the chain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainEntry {
    /// A plugin that is built in (`redact`), or the path of a `.wasm` component.
    pub plugin: String,
    /// How it is called in metrics and logs; the plugin's name where it is not given.
    pub name: Option<String>,
    #[serde(default = "OnFault::dead_letter")]
    pub on_fault: OnFault,
    /// Lanes from which the plugin may drop events. A drop on any other is refused and counted.
    #[serde(default = "default_may_drop")]
    pub may_drop: Vec<String>,
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    #[serde(default = "default_memory_mib")]
    pub memory_mib: u64,
    /// The plugin's own configuration.
    #[serde(default)]
    pub config: toml::Table,
}

/// What becomes of an event that breaks a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFault {
    /// It goes to the dead letters: nothing passes that the plugin has not seen.
    DeadLetter,
    /// It goes on as if the plugin were not there.
    Pass,
}

impl OnFault {
    fn dead_letter() -> Self {
        OnFault::DeadLetter
    }
}

fn default_may_drop() -> Vec<String> {
    vec!["log".into(), "metric".into()]
}

fn default_deadline_ms() -> u64 {
    50
}

fn default_memory_mib() -> u64 {
    64
}

impl ChainEntry {
    /// A plugin with its own configuration, everything else as by default.
    pub fn new(plugin: &str, config: toml::Table) -> Self {
        ChainEntry {
            plugin: plugin.to_owned(),
            name: None,
            on_fault: OnFault::DeadLetter,
            may_drop: default_may_drop(),
            deadline_ms: default_deadline_ms(),
            memory_mib: default_memory_mib(),
            config,
        }
    }

    /// Whether `plugin` is a path and not the name of a built-in one.
    pub fn is_file(&self) -> bool {
        let path = Path::new(&self.plugin);
        path.extension().is_some() || path.components().count() > 1
    }

    /// How the entry is called in metrics and logs.
    pub fn name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => Path::new(&self.plugin).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}
