//! The strategies watched, each with its window and whether it fires.

use tapline_plugin::{Memo, Notice, Severity};

use crate::config::Config;
use crate::window::Window;

/// One strategy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strategy {
    pub(crate) name: String,
    pub(crate) window: Window,
    pub(crate) firing: bool,
    /// The present, in buckets, when something was last counted; 0 before that.
    pub(crate) counted_at: u64,
}

/// All of them. The first one, `_other`, stands for those beyond the limit.
#[derive(Debug)]
pub(crate) struct Strategies {
    pub(crate) list: Vec<Strategy>,
    /// A name's place in the list; 0 where it has none of its own.
    memo: Memo<u32>,
    limit: usize,
}

/// Who has no place of its own.
pub(crate) const OTHER: &str = "_other";
/// Orders that name no strategy.
pub(crate) const UNKNOWN: &str = "_unknown";

/// A name goes into an alert's key; what is longer is cut.
const NAME_BYTES_MAX: usize = 64;

// === impl Strategies ===

impl Strategies {
    pub(crate) fn new(limit: usize) -> Self {
        Strategies { list: vec![Strategy::new(OTHER)], memo: Memo::new(limit.saturating_mul(4)), limit: limit + 1 }
    }

    pub(crate) fn by_name(&mut self, name: &str) -> usize {
        let Strategies { list, memo, limit } = self;
        memo.get(name, |name| {
            let name = cut(name);
            let place = list.iter().position(|strategy| strategy.name == name);
            let place = place.unwrap_or_else(|| {
                if list.len() >= *limit {
                    return 0;
                }
                list.push(Strategy::new(name));
                list.len() - 1
            });
            place as u32
        }) as usize
    }

    /// Take over a strategy with its state, as long as there is room.
    pub(crate) fn restore(&mut self, strategy: Strategy) {
        match self.list.iter().position(|known| known.name == strategy.name) {
            Some(place) => self.list[place] = strategy,
            None if self.list.len() < self.limit => self.list.push(strategy),
            None => {}
        }
    }
}

fn cut(name: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
    &name[..end.unwrap_or(0)]
}

// === impl Strategy ===

impl Strategy {
    pub(crate) fn new(name: &str) -> Self {
        Strategy { name: name.into(), window: Window::new(), firing: false, counted_at: 0 }
    }

    /// Look at the window that ends with bucket `now`; a change of state makes a notice.
    pub(crate) fn look(&mut self, now: u64, config: &Config) -> Option<Notice> {
        let (orders, refused) = self.window.sum(now);
        let share = if orders == 0 { 0.0 } else { f64::from(refused) / f64::from(orders) };
        let (firing, word) = match self.firing {
            false if orders >= config.min_orders && share >= config.enter => (true, "rejected"),
            true if share <= config.exit => (false, "only rejected"),
            _ => return None,
        };
        self.firing = firing;
        let key = format!("reject_spike/{}", self.name);
        let summary = format!("{}: {word} {refused} of {orders} orders in {} s", self.name, config.window_s);
        let notice = if firing {
            Notice::firing(key, Severity::Critical, summary)
        } else {
            Notice::resolved(key, Severity::Critical, summary)
        };
        let notice = notice
            .detail("strategy_id", &self.name)
            .detail("orders", orders)
            .detail("refused", refused)
            .detail("rate", format_args!("{share:.4}"))
            .detail("window_s", config.window_s);
        Some(config.to.iter().fold(notice, |notice, to| notice.to(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_beyond_the_limit_count_together() {
        let mut strategies = Strategies::new(2);
        assert_eq!(strategies.by_name("a"), 1);
        assert_eq!(strategies.by_name("b"), 2);
        assert_eq!(strategies.by_name("c"), 0);
        assert_eq!(strategies.by_name("a"), 1);
        assert_eq!(strategies.list[0].name, OTHER);
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let mut strategies = Strategies::new(9);
        let place = strategies.by_name(&"é".repeat(50));
        assert_eq!(strategies.list[place].name, "é".repeat(32));
    }

    #[test]
    fn between_enter_and_exit_nothing_changes() {
        let config = Config::default();
        let mut strategy = Strategy::new("s");
        strategy.window.add(1, 19, 19);
        assert!(strategy.look(1, &config).is_none(), "too few");
        strategy.window.add(1, 81, 0);
        assert!(strategy.look(1, &config).is_some() && strategy.firing);
        strategy.window.add(1, 400, 0);
        assert!(strategy.look(1, &config).is_none() && strategy.firing, "19 of 500 is between");
        strategy.window.add(1, 500, 0);
        assert!(strategy.look(1, &config).is_some() && !strategy.firing);
        assert!(strategy.look(1, &config).is_none(), "said once");
    }
}
