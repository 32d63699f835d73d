//! `tapline check`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::Failure;
use crate::chain::{Chain, Setting};
use crate::config::Config;
use crate::ingest::Components;
use crate::route::Destinations;

#[derive(Args)]
#[command(after_help = "Example:\n  tapline check --config tapline.toml")]
pub(super) struct Check {
    /// Settings; without it the defaults are checked.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A contract of your own, in place of the one that the settings name.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut findings: Vec<(&str, String)> = Vec::new();
        let mut good: Vec<String> = Vec::new();
        let mut warnings: Vec<String> = Vec::new();
        let mut config = match &self.config {
            None => Config::default(),
            Some(path) => match Config::load(path) {
                Ok(config) => config,
                Err(error) => {
                    findings.push(("config", error.to_string()));
                    return self.report(&good, &warnings, &findings);
                }
            },
        };
        if let Some(path) = &self.contract {
            config.contract = Some(path.clone());
        }
        good.push(format!("config: {} destinations, {} plugins", config.sinks.len(), config.chain.len()));
        match crate::router::contract(&config) {
            Err(error) => findings.push(("contract", error.to_string())),
            Ok(contract) => {
                good.push(format!(
                    "contract {} {}: {} events, {} fields, {} metrics, {} tables ({})",
                    contract.name,
                    contract.version,
                    contract.events.len(),
                    contract.fields.len(),
                    contract.metrics.len(),
                    contract.tables.len(),
                    contract.hash
                ));
                warnings.extend(tapline_contract::warnings(&contract).iter().map(ToString::to_string));
                let setting = Setting {
                    contract: &contract,
                    components: &Arc::new(Components::new(&contract)),
                    destinations: &Destinations::new(&config),
                    data_dir: None,
                };
                match Chain::build(&config.chain, &setting) {
                    Ok(chain) => good.extend(
                        chain
                            .stats()
                            .iter()
                            .map(|entry| format!("plugin {} (sha256 {})", entry.name, &entry.digest[..12])),
                    ),
                    Err(error) => findings.push(("chain", error.to_string())),
                }
            }
        }
        self.report(&good, &warnings, &findings)
    }

    fn report(&self, good: &[String], warnings: &[String], findings: &[(&str, String)]) -> Result<(), Failure> {
        if self.json {
            let findings: Vec<_> =
                findings.iter().map(|(what, message)| json!({ "in": what, "message": message })).collect();
            println!(
                "{}",
                json!({ "ok": findings.is_empty(), "checked": good, "warnings": warnings, "findings": findings })
            );
        } else {
            for line in good {
                println!("ok    {line}");
            }
            for line in warnings {
                println!("note  contract: {line}");
            }
            for (what, message) in findings {
                println!("WRONG {what}: {message}");
            }
        }
        if findings.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }
}
