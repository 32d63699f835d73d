//! The state in bytes: what a hot swap or a restart carries over.
//!
//! JSON with a version. Times are kept as buckets with their width, so a version with another window
//! can take them over: the counts go to where their time lies.

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::strategy::{Strategies, Strategy};
use crate::window::Bucket;

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    width_ns: u64,
    newest_ns: u64,
    seen_ns: Option<u64>,
    now_ns: u64,
    strategies: Vec<SavedStrategy>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedStrategy {
    name: String,
    firing: bool,
    buckets: Vec<Bucket>,
}

/// `untold` says of a strategy, by its place, whether the notice of its last change still waits.
pub(crate) fn save(clock: &Clock, strategies: &Strategies, width_ns: u64, untold: impl Fn(usize) -> bool) -> Vec<u8> {
    let now = clock.now_ns / width_ns;
    let strategies = strategies.list.iter().enumerate().map(|(place, strategy)| SavedStrategy {
        name: strategy.name.clone(),
        firing: strategy.firing != untold(place),
        buckets: strategy.window.within(now).copied().collect(),
    });
    let saved = Saved {
        version: VERSION,
        width_ns,
        newest_ns: clock.newest_ns,
        seen_ns: clock.seen_ns,
        now_ns: clock.now_ns,
        strategies: strategies.filter(|strategy| strategy.firing || !strategy.buckets.is_empty()).collect(),
    };
    serde_json::to_vec(&saved).unwrap_or_default()
}

/// The clock and the strategies of a saved state. Nothing is taken over by half: what is not
/// understood is refused as a whole.
pub(crate) fn restore(state: &[u8], strategies: &mut Strategies, width_ns: u64) -> Result<Clock, String> {
    let saved: Saved =
        serde_json::from_slice(state).map_err(|error| format!("this is no state of reject-spike: {error}"))?;
    if saved.version != VERSION {
        return Err(format!("the state has version {}, this plugin reads version {VERSION}", saved.version));
    }
    let is_sound = |bucket: &Bucket| bucket.refused <= bucket.orders;
    if saved.width_ns == 0
        || saved.now_ns < saved.newest_ns
        || !saved.strategies.iter().all(|strategy| strategy.buckets.iter().all(is_sound))
    {
        return Err("the state contradicts itself: it was not saved by this plugin".into());
    }
    for saved_strategy in saved.strategies {
        let mut strategy = Strategy::new(&saved_strategy.name);
        strategy.firing = saved_strategy.firing;
        strategy.counted_at = saved.now_ns / width_ns;
        let mut buckets = saved_strategy.buckets;
        buckets.sort_by_key(|bucket| bucket.number);
        for bucket in buckets {
            let number = bucket.number.saturating_mul(saved.width_ns) / width_ns;
            strategy.window.add(number, bucket.orders, bucket.refused);
        }
        strategies.restore(strategy);
    }
    Ok(Clock::at(saved.newest_ns, saved.seen_ns, saved.now_ns))
}
