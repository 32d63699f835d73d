//! One plugin, played through the real chain on events given as data: what `tapline plugin test` does.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tapline_contract::{Contract, Sensitivity};
use tapline_host::{Engine, Instance, Kind, Limits, NoticeState, Resolver, Settings, Severity, Value as GuestValue};
use tapline_plugin::harness::Outcome as Played;

use crate::batch::Batch;
use crate::chain::{Chain, Effects, Setting, load_plugin};
use crate::clock;
use crate::config::ChainEntry;
use crate::encode::Encoder;
use crate::ingest::{Components, Decoder, SchemaCounts};
use crate::ledger::{Ledger, Outcome};
use crate::route::Destinations;
use crate::verdict::verdict;

pub struct Rehearsal {
    chain: Chain,
    contract: Arc<Contract>,
    components: Arc<Components>,
    destinations: Destinations,
}

/// Every destination exists here: a test is about the plugin, not about somebody's configuration.
#[derive(Default)]
struct Anywhere {
    named: Mutex<Vec<String>>,
}

impl Resolver for Anywhere {
    fn component(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn event(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn knows(&self, _: &str) -> bool {
        true
    }

    fn read(&self, _: &str, _: Kind) -> Result<(), String> {
        Ok(())
    }

    fn write(&self, _: &str, _: Kind) -> Result<(), String> {
        Ok(())
    }

    fn destination(&self, name: &str) -> Result<(), String> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        Ok(())
    }
}

impl Rehearsal {
    /// `plugin` is a path or the name of one that is built in.
    pub fn new(plugin: &str, config: &Value, contract: Arc<Contract>) -> Result<Self, String> {
        let table: toml::Table =
            toml::Table::try_from(config).map_err(|error| format!("the config can't be written as TOML: {error}"))?;
        let entry = ChainEntry::new(plugin, table);
        let destinations = Destinations::named(&destinations(plugin, config)?);
        let components = Arc::new(Components::new(&contract));
        let setting =
            Setting { contract: &contract, components: &components, destinations: &destinations, data_dir: None };
        let chain = Chain::build(&[entry], &setting).map_err(|error| error.to_string())?;
        Ok(Rehearsal { chain, contract, components, destinations })
    }

    /// Events in, what became of them out; then ticks at the given times (ns).
    pub fn play(&mut self, events: &[Value], ticks: &[u64]) -> Result<Played, String> {
        let mut played = Played::default();
        let mut decoder =
            Decoder::new(self.contract.clone(), self.components.clone(), Arc::new(SchemaCounts::default()));
        let mut encoder = Encoder::new(self.contract.clone(), self.components.clone(), Sensitivity::Secret);
        let ledger = Ledger::default();
        let mut effects = Effects::default();
        // Lanes share no batch in the router; here the order of the events counts, so all are in one.
        let mut batch = Batch::new(&self.contract);
        for event in events {
            let line = event_line(event)?;
            let mut stream = |decoded: &crate::ingest::Decoded, run: &str| ledger.stream("test", decoded.lane, run);
            decoder
                .decode(line.as_bytes(), clock::now_ns(), &mut stream, |_| &mut batch)
                .map_err(|rejection| rejection.message)?;
        }
        self.chain.process(&mut batch, &mut effects);
        if let Some(gone) = effects.gone.iter().find(|gone| gone.outcome == Outcome::DeadLettered) {
            return Err(format!("event {} broke the plugin: {}: {}", gone.row, gone.reason, gone.message));
        }
        if let Some(entry) = self.chain.stats().iter().find(|entry| entry.faults().any(|(_, n)| n > 0)) {
            return Err(format!("the plugin has faulted; see the log of {}", entry.name));
        }
        for row in 0..batch.len() {
            let mut json = Vec::new();
            encoder.object(&batch, row, &mut json);
            played.events.push(serde_json::from_slice(&json).map_err(|error| error.to_string())?);
            played.verdicts.push(verdict(&batch, row, &effects, &self.destinations));
        }
        self.take(&mut effects, &mut played);
        for &now in ticks {
            self.chain.tick_at(now as i64, &mut effects);
            self.take(&mut effects, &mut played);
        }
        Ok(played)
    }

    fn take(&self, effects: &mut Effects, played: &mut Played) {
        for (_, notice) in effects.notices.drain(..) {
            let details: Map<String, Value> =
                notice.details.into_iter().map(|(key, text)| (key, text.into())).collect();
            let state = match notice.state {
                NoticeState::Firing => "firing",
                NoticeState::Resolved => "resolved",
            };
            let severity = match notice.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Critical => "critical",
            };
            played.notices.push(json!({
                "key": notice.key, "state": state, "severity": severity, "summary": notice.summary,
                "details": details, "to": notice.to,
            }));
        }
        for (_, event) in effects.events.drain(..) {
            let mut made = Map::from_iter([("event".to_owned(), Value::from(event.event))]);
            for (name, value) in event.fields {
                made.insert(
                    name,
                    match value {
                        GuestValue::Text(text) => text.into(),
                        GuestValue::Int(value) => value.into(),
                        GuestValue::Float(value) => value.into(),
                        GuestValue::Bool(value) => value.into(),
                    },
                );
            }
            played.made.push(Value::Object(made));
        }
        effects.clear();
    }
}

/// The destinations that the plugin names in its plan.
pub fn destinations(plugin: &str, config: &Value) -> Result<Vec<String>, String> {
    let engine = Engine::new().map_err(|refusal| refusal.to_string())?;
    let loaded = load_plugin(&engine, plugin)?;
    let anywhere = Arc::new(Anywhere::default());
    let settings =
        Settings { limits: Limits::default(), config: config.to_string(), resolver: anywhere.clone(), saved: None };
    Instance::start(&engine, &loaded, settings).map_err(|refusal| refusal.to_string())?;
    let mut named = std::mem::take(&mut *anywhere.named.lock().unwrap_or_else(PoisonError::into_inner));
    // A notice may go to any of the usual ones.
    named.extend(["alerts", "console", "email", "logs", "pager", "slack"].map(str::to_owned));
    named.sort();
    named.dedup();
    Ok(named)
}

/// A case's event as the line that a producer would send.
fn event_line(event: &Value) -> Result<String, String> {
    let mut event = event.as_object().cloned().ok_or("an event is a table")?;
    // A case about one field need not name its event.
    if !event.contains_key("event") && !event.contains_key("message") {
        event.insert("event".into(), "test".into());
    }
    Ok(Value::Object(event).to_string())
}
