//! The exported functions: well until it is time.

use std::cell::RefCell;

use tapline_plugin::bindings::exports::tapline::plugin::filter::Guest;
use tapline_plugin::bindings::tapline::plugin::types::{Batch, Output, Plan};

use crate::behaviour::{Behaviour, Call, Config, When};
use crate::{answer, lie, plan, violence};

/// The plugin.
#[derive(Debug)]
pub struct Misbehave;

#[derive(Debug, Default)]
struct State {
    config: Config,
    calls: u64,
}

std::thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Whether it is time, and what it is time for.
fn due(call: Call, poisoned: bool) -> Option<Config> {
    STATE.with_borrow_mut(|state| {
        let config = &state.config;
        if config.call != call || config.when == When::Poison && !poisoned {
            return None;
        }
        state.calls += 1;
        (state.calls > state.config.after).then(|| state.config.clone())
    })
}

impl Guest for Misbehave {
    fn configure(config: String) -> Result<Plan, String> {
        #[cfg(target_arch = "wasm32")]
        tapline_plugin::guest::log_panics();
        let text = if config.trim().is_empty() { "{}" } else { &config };
        let config: Config = serde_json::from_str(text).map_err(|error| format!("config: {error}"))?;
        let plan = plan::plan(&config);
        STATE.set(State { config, calls: 0 });
        if let Some(config) = due(Call::Configure, false) {
            violence::act(&config)?;
        }
        Ok(plan)
    }

    fn process(batch: Batch) -> Result<Output, String> {
        match due(Call::Process, is_poisoned(&batch)) {
            Some(config) => {
                violence::act(&config)?;
                Ok(lie::answer(&config, batch.rows as usize))
            }
            None => Ok(answer::well(batch.rows as usize)),
        }
    }

    fn tick(_now_ns: u64) -> Result<Output, String> {
        match due(Call::Tick, false) {
            Some(config) => {
                violence::act(&config)?;
                let mut output = lie::answer(&config, 0);
                if config.behaviour == Behaviour::TickVerdicts {
                    output.verdicts = vec![0; 3];
                } else {
                    output.edits.clear();
                }
                Ok(output)
            }
            None => Ok(answer::nothing()),
        }
    }

    fn save() -> Vec<u8> {
        if let Some(config) = due(Call::Save, false) {
            // An error has no way out of this call: it shows as a state that is garbage.
            if violence::act(&config).is_err() {
                return vec![0xff; 16];
            }
        }
        let config = STATE.with_borrow(|state| state.config.clone());
        match config.behaviour {
            Behaviour::FloodState => vec![b'x'; config.amount],
            Behaviour::SaveGarbage => (0..=255).rev().collect(),
            _ => b"well".to_vec(),
        }
    }

    fn restore(state: Vec<u8>) -> Result<(), String> {
        if let Some(config) = due(Call::Restore, false) {
            violence::act(&config)?;
        }
        let behaviour = STATE.with_borrow(|state| state.config.behaviour);
        match behaviour {
            Behaviour::RefuseState => Err("misbehave refuses every state".into()),
            Behaviour::SaveGarbage => Ok(()),
            _ if state == b"well" => Ok(()),
            _ => Err("misbehave did not save this".into()),
        }
    }
}

/// Whether a message holds the word. `message` is all that is read.
fn is_poisoned(batch: &Batch) -> bool {
    batch.bytes.windows(6).any(|bytes| bytes == b"poison")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tapline_plugin::BatchBuilder;
    use tapline_plugin::bindings::tapline::plugin::types::{Change, Data};

    fn batch(messages: &[&str]) -> Batch {
        let mut batch = BatchBuilder::new(vec![0; messages.len()]);
        batch.text(messages.iter().map(Some));
        batch.build()
    }

    fn configure(config: &str) -> Plan {
        Misbehave::configure(config.into()).unwrap()
    }

    #[test]
    fn behaves_when_nothing_is_asked_of_it() {
        let plan = configure("");
        assert_eq!(plan.verdicts.len(), 2);
        let output = Misbehave::process(batch(&["a", "b"])).unwrap();
        let [edit] = output.edits.as_slice() else { panic!("one edit") };
        let Change::Replace(column) = &edit.change else { panic!("a replacement") };
        let Data::Packed(text) = &column.data else { panic!("packed text") };
        assert_eq!((text.bytes.as_slice(), text.ends.as_slice()), (&b"seenseen"[..], &[4, 8][..]));
    }

    #[test]
    fn only_poison_sets_it_off_and_only_after_so_many() {
        configure(r#"{ "behaviour": "error", "when": "poison", "after": 1, "amount": 0 }"#);
        assert!(Misbehave::process(batch(&["a"])).is_ok());
        assert!(Misbehave::process(batch(&["a", "xpoison"])).is_ok(), "the first goes well");
        assert!(Misbehave::process(batch(&["a"])).is_ok());
        assert!(Misbehave::process(batch(&["a", "poison"])).is_err());
    }

    #[test]
    fn a_behaviour_that_it_does_not_know_is_refused() {
        let error = Misbehave::configure(r#"{ "behaviour": "explode" }"#.into()).unwrap_err();
        assert!(error.contains("`explode`") && error.contains("`trap`"), "{error}");
    }

    #[test]
    fn states_are_saved_and_refused() {
        configure("{}");
        assert_eq!(Misbehave::restore(Misbehave::save()), Ok(()));
        assert!(Misbehave::restore(b"other".to_vec()).is_err());
        configure(r#"{ "behaviour": "flood_state", "amount": 12345 }"#);
        assert_eq!(Misbehave::save().len(), 12345);
    }

    #[test]
    fn a_tick_lies_when_told_to() {
        configure(r#"{ "behaviour": "tick_verdicts", "call": "tick" }"#);
        assert_eq!(Misbehave::tick(1).unwrap().verdicts.len(), 3);
    }
}
