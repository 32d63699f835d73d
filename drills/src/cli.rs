//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use tapline_client::Telemetry;
use tapline_drills::{DEFAULT_RATE, Market, Pace, StackOptions};

/// A simulated trading stack that shows what telemetry a real one makes.
///
/// Market data, bus, strategies, gateway, risk with StormGuard, orders, execution, positions and
/// recorder run in threads of their own, trade with a simulated broker, and emit every event and metric
/// that the contract declares for them to a Tapline router.
#[derive(Debug, Parser)]
#[command(name = "trading-stack", version, after_help = EXAMPLES)]
#[command(group(ArgGroup::new("drain").required(true).args(["connect", "discard"])))]
pub(crate) struct Arguments {
    /// Router to send to: unix:PATH or tcp:HOST:PORT. It need not be there yet
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) connect: Option<String>,

    /// Send nothing anywhere: emit, count and throw away
    #[arg(long)]
    discard: bool,

    /// Recording to play: parquet (columns ev, exch_ts, px, qty) or NDJSON, plain or gzipped. It starts
    /// again when it ends. Default: a market made up from --seed
    #[arg(long, value_name = "FILE")]
    market: Option<PathBuf>,

    /// How long to run: 500ms, 20s, 10m, 1h. Default: until Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) length: Option<Duration>,

    /// Market events a second, whatever time the recording says. Session time is then the wall clock
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RATE, value_parser = positive)]
    rate: f64,

    /// Play at the recording's own time, so many times faster; 1 as recorded, 0 as fast as possible
    #[arg(long, value_name = "FACTOR", conflicts_with = "rate", value_parser = not_negative)]
    speed: Option<f64>,

    /// End after so many market events
    #[arg(long, value_name = "N")]
    events: Option<u64>,

    /// What the made-up market and all chance in the stack grow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Symbol of the market. Default: the first word of the recording's file name
    #[arg(long)]
    symbol: Option<String>,

    /// Let everything go wrong within 19 seconds: reconnect storm, reject spike, lost fill, drawdown to
    /// HALT, feed gap, bus overflow, recorder failure and data loss, kill switch
    #[arg(long)]
    incidents: bool,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Name that the stack gives itself in every event
    #[arg(long, default_value = "trading-core")]
    pub(crate) service: String,

    /// Environment that the stack gives itself in every event
    #[arg(long, default_value = "demo")]
    pub(crate) env: String,

    /// How long to wait at the end for the router to take the last events
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) flush: Duration,
}

const EXAMPLES: &str = "\
Examples:
  trading-stack --connect unix:tapline-data/tapline.sock --for 20s
  trading-stack --connect tcp:127.0.0.1:7777 --market day.parquet --rate 50000
  trading-stack --connect unix:tapline-data/tapline.sock --incidents --for 20s --json
  trading-stack --discard --speed 0 --events 300000

Exit status: 0 all went well; 1 events were not delivered, or a component died;
2 the command line or the market file is wrong.";

// === impl Arguments ===

impl Arguments {
    pub(crate) fn telemetry(&self) -> Telemetry {
        let builder = Telemetry::builder(&self.service).env(&self.env);
        if self.discard {
            // What an earlier run left on disk is for a router, not for throwing away.
            builder.without_spill().build()
        } else {
            builder.build()
        }
    }

    pub(crate) fn options(&self) -> StackOptions {
        StackOptions {
            market: match &self.market {
                Some(path) => Market::File(path.clone()),
                None => Market::Generated { seed: self.seed },
            },
            pace: match self.speed {
                None => Pace::Rows { per_second: self.rate },
                Some(0.0) => Pace::FlatOut,
                Some(speed) => Pace::Recorded { speed },
            },
            symbol: self.symbol.clone(),
            incidents: self.incidents,
            rows_max: self.events,
            seed: self.seed,
        }
    }
}

fn address(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some(("unix" | "tcp", place)) if !place.is_empty() => Ok(text.to_owned()),
        _ => Err("expected unix:PATH or tcp:HOST:PORT".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds_each = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => {
            return Err(format!("unknown unit {unit:?}; use ms, s, m or h, e.g. 20s"));
        }
    };
    let number: f64 = number.parse().map_err(|_| "expected a time such as 20s or 1.5m".to_owned())?;
    Duration::try_from_secs_f64(number * seconds_each).map_err(|_| "that is too long".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    not_negative(text).and_then(|number| if number > 0.0 { Ok(number) } else { Err("must be more than 0".to_owned()) })
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("expected a number, 0 or more".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["trading-stack"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn the_examples_in_the_help_parse() {
        for line in EXAMPLES.lines().filter_map(|line| line.trim().strip_prefix("trading-stack ")) {
            parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert!(duration("20 parsecs").unwrap_err().contains("use ms, s, m or h"));
        assert!(duration("").is_err() && duration("-1s").is_err());
    }

    #[test]
    fn pace_is_a_rate_unless_a_speed_is_given() {
        let pace = |line: &str| parse(line).map(|arguments| arguments.options().pace);
        assert_eq!(pace("--discard").unwrap(), Pace::Rows { per_second: DEFAULT_RATE });
        assert_eq!(pace("--discard --speed 0").unwrap(), Pace::FlatOut);
        assert_eq!(pace("--discard --speed 2").unwrap(), Pace::Recorded { speed: 2.0 });
        assert!(pace("--discard --speed 2 --rate 5").is_err());
        assert!(pace("--discard --rate 0").is_err());
        assert!(pace("--for 5s").is_err(), "somewhere to send to is needed");
    }
}
