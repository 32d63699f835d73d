//! A source of market rows as the stack consumes it: groups of one instant, in order, without end.
//!
//! Opening a file tells its layout by its first bytes, not by its name, and refuses one that holds no
//! market rows. A recording that ends starts again with its time moved on, so that time never runs
//! backwards for the stack.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::damage::{Damage, DamageCount};
use super::generator::Generator;
use super::ndjson::NdjsonRows;
use super::parquet::{ParquetLayoutError, ParquetRows};
use super::{Change, MarketEvent, Source};

/// Longer than any holiday closes a market: a row further ahead has a damaged time.
const TIME_JUMP_MAX_NS: i64 = 14 * 24 * 3600 * 1_000_000_000;

/// So many rows in a row that are "too early" mean that the clock was set back, or that one row far
/// ahead was the wrong one: time goes on from them.
const BACKWARDS_ROWS_MAX: u32 = 100;

/// A restarted recording goes on this long after its last row.
const RESTART_PAUSE_NS: i64 = 1_000_000;

/// A file whose first so many rows are all damaged is not a recording.
const TRIAL_ROWS: usize = 200;

/// Where market data comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Market {
    /// A recording, parquet or newline JSON.
    File(PathBuf),
    /// The generator of this crate.
    Generated { seed: u64 },
}

#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error(
        "cannot open the market file {} (--market takes the path of a recording; without it the \
         generator is used)",
        path.display()
    )]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{} is not a market recording", path.display())]
    Parquet { path: PathBuf, source: ParquetLayoutError },
    #[error(
        "{} is not a market recording: {reason}. Expected parquet with the columns ev, exch_ts, px, \
         qty, or lines (plain or gzipped) like {EXAMPLE}",
        path.display()
    )]
    NoRows { path: PathBuf, reason: String },
}

const EXAMPLE: &str = r#"{"k":"depth","side":"B","exch_ts":1775608270000000000,"px":34500,"qty":3}"#;

/// The rows of one instant. The book may be quoted after all of them, not between.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Market time, ns; never less than the group before.
    pub ts: i64,
    pub rows: Vec<MarketEvent>,
    /// The recording began again: forget the book first.
    pub restarted: bool,
}

pub struct Feed {
    market: Market,
    source: Box<dyn Source>,
    /// The first row of the next group, already read.
    pending: Option<MarketEvent>,
    /// Added to a row's time: grows by a recording's length each time it starts again.
    shift: i64,
    /// The row's own time that was accepted last.
    last: Option<i64>,
    backwards: u32,
    good_in_pass: u64,
    restarted: bool,
    passes: u64,
    rows: u64,
    damage: DamageCount,
}

/// What the generated market trades, and a recording whose name says nothing.
const SYMBOL: &str = "TXFD6";

// === impl Market ===

impl Market {
    /// The instrument: the first word of a recording's file name, where that can be one.
    pub fn symbol(&self) -> String {
        let Market::File(path) = self else {
            return SYMBOL.into();
        };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let word = name.split(['_', '.', '-']).next().unwrap_or_default();
        let fits = (2..=12).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if fits { word.into() } else { SYMBOL.into() }
    }

    fn source(&self) -> Result<Box<dyn Source>, FeedError> {
        match self {
            Market::Generated { seed } => Ok(Box::new(Generator::new(*seed))),
            Market::File(path) => open_recording(path),
        }
    }
}

impl std::fmt::Display for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Market::File(path) => write!(f, "{}", path.display()),
            Market::Generated { seed } => write!(f, "generator, seed {seed}"),
        }
    }
}

fn open_recording(path: &Path) -> Result<Box<dyn Source>, FeedError> {
    let open_error = |source| FeedError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(open_error)?;
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic).map_err(open_error)?;
    file.seek(SeekFrom::Start(0)).map_err(open_error)?;
    Ok(match magic.as_slice() {
        b"PAR1" => {
            Box::new(ParquetRows::open(file).map_err(|source| FeedError::Parquet { path: path.to_owned(), source })?)
        }
        [0x1f, 0x8b, ..] => Box::new(NdjsonRows::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))),
        _ => Box::new(NdjsonRows::new(BufReader::with_capacity(1 << 16, file))),
    })
}

// === impl Feed ===

impl Feed {
    pub fn open(market: Market) -> Result<Self, FeedError> {
        if let Market::File(path) = &market {
            try_rows(path, market.source()?.as_mut())?;
        }
        Ok(Feed {
            source: market.source()?,
            market,
            pending: None,
            shift: 0,
            last: None,
            backwards: 0,
            good_in_pass: 0,
            restarted: true,
            passes: 0,
            rows: 0,
            damage: DamageCount::default(),
        })
    }

    /// Reads the next group into `group`. False when there are no rows at all any more: the file was
    /// emptied or replaced under us.
    pub fn next_group(&mut self, group: &mut Group) -> bool {
        group.rows.clear();
        group.restarted = false;
        loop {
            let row = match self.pending.take() {
                Some(row) => row,
                None => match self.next_good_row() {
                    Some(row) => row,
                    None if !group.rows.is_empty() => return true,
                    None if self.restart() => continue,
                    None => return false,
                },
            };
            if group.rows.is_empty() {
                group.ts = row.exch_ts;
                group.restarted = std::mem::take(&mut self.restarted);
            } else if row.exch_ts != group.ts {
                self.pending = Some(row);
                return true;
            }
            group.rows.push(row);
        }
    }

    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Rows taken so far, over all passes.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How often the recording was read to its end.
    pub fn passes(&self) -> u64 {
        self.passes
    }

    pub fn damage(&self) -> &DamageCount {
        &self.damage
    }

    fn next_good_row(&mut self) -> Option<MarketEvent> {
        loop {
            match self.source.next_row()?.and_then(|row| self.in_time(row)) {
                Ok(row) => {
                    self.rows += 1;
                    self.good_in_pass += 1;
                    return Some(row);
                }
                Err(damage) => self.damage.add(damage),
            }
        }
    }

    /// Moves a row into the stack's time, or says why its time can't be right.
    fn in_time(&mut self, mut row: MarketEvent) -> Result<MarketEvent, Damage> {
        if let Some(last) = self.last {
            if row.exch_ts < last {
                self.backwards += 1;
                if self.backwards < BACKWARDS_ROWS_MAX {
                    return Err(Damage::TimeBackwards);
                }
                self.shift += last - row.exch_ts;
            } else if row.exch_ts - last > TIME_JUMP_MAX_NS {
                return Err(Damage::TimeJump);
            }
        }
        self.backwards = 0;
        self.last = Some(row.exch_ts);
        row.exch_ts = row.exch_ts.saturating_add(self.shift);
        Ok(row)
    }

    fn restart(&mut self) -> bool {
        let Ok(source) = self.market.source() else {
            return false;
        };
        if std::mem::take(&mut self.good_in_pass) == 0 {
            return false;
        }
        self.source = source;
        self.passes += 1;
        self.restarted = true;
        let ended = self.last.take();
        // The first row of the new pass follows the last of the old one.
        if let (Some(ended), Some(first)) = (ended, self.next_good_row()) {
            let moved = ended + RESTART_PAUSE_NS - (first.exch_ts - self.shift);
            self.pending = Some(MarketEvent { exch_ts: first.exch_ts + moved, change: first.change });
            self.shift += moved;
        }
        self.pending.is_some()
    }
}

/// Fails where the first rows are all damaged, saying how.
fn try_rows(path: &Path, source: &mut dyn Source) -> Result<(), FeedError> {
    let mut damage = DamageCount::default();
    for _ in 0..TRIAL_ROWS {
        match source.next_row() {
            Some(Ok(row)) if !matches!(row.change, Change::Clear { .. }) => return Ok(()),
            Some(Ok(_)) => {}
            Some(Err(reason)) => damage.add(reason),
            None => break,
        }
    }
    let reason = match damage.total() {
        0 => "it has no rows".to_owned(),
        rows => {
            let reasons: Vec<String> = damage.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            format!("none of its first {rows} rows is one ({})", reasons.join(", "))
        }
    };
    Err(FeedError::NoRows { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn line(ts: i64, px: f64) -> String {
        format!("{{\"k\":\"depth\",\"side\":\"B\",\"exch_ts\":{ts},\"px\":{px},\"qty\":1}}\n")
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn feed(text: &str) -> (Feed, tempfile::NamedTempFile) {
        let file = file(text);
        (Feed::open(Market::File(file.path().to_owned())).unwrap(), file)
    }

    #[test]
    fn rows_of_one_instant_come_together_and_a_recording_starts_again_later() {
        let (mut feed, _file) = feed(&[line(10, 1.0), line(10, 2.0), line(12, 3.0), line(15, 4.0)].concat());
        let mut group = Group::default();
        let mut seen = Vec::new();
        for _ in 0..7 {
            assert!(feed.next_group(&mut group));
            seen.push((group.ts, group.rows.len(), group.restarted));
        }
        let pause = RESTART_PAUSE_NS;
        assert_eq!(
            seen,
            [
                (10, 2, true),
                (12, 1, false),
                (15, 1, false),
                (15 + pause, 2, true),
                (17 + pause, 1, false),
                (20 + pause, 1, false),
                (20 + 2 * pause, 2, true),
            ]
        );
        assert_eq!(feed.passes(), 2);
    }

    #[test]
    fn a_wrong_time_costs_one_row_and_a_clock_set_back_costs_no_more_than_a_hundred() {
        let mut text = [line(1000, 1.0), line(i64::MAX, 1.0), line(999, 1.0), line(1001, 1.0)].concat();
        for n in 0..150 {
            text += &line(500 + n, 1.0);
        }
        let (mut feed, _file) = feed(&text);
        let mut group = Group::default();
        let mut times = Vec::new();
        while feed.passes() == 0 {
            assert!(feed.next_group(&mut group));
            times.push(group.ts);
        }
        assert!(times.is_sorted(), "{times:?}");
        // One and 99 in the first pass; the second has been read up to its own first good row.
        let damage: Vec<_> = feed.damage().iter().collect();
        assert_eq!(damage, [("time_backwards", 101), ("time_jump", 2)]);
    }

    #[test]
    fn files_that_are_no_recordings_are_refused_with_what_was_expected() {
        let refused = |text: &str| {
            let file = file(text);
            Feed::open(Market::File(file.path().to_owned())).err().unwrap().to_string()
        };
        assert!(refused("").contains("it has no rows"));
        let error = refused("{\"event\":\"login\"}\nhello\n");
        assert!(error.contains("not_a_row 2") && error.contains(EXAMPLE), "{error}");
        let missing = Feed::open(Market::File("/nowhere/at/all.parquet".into())).err().unwrap();
        assert!(missing.to_string().contains("cannot open the market file /nowhere/at/all.parquet"));
    }

    #[test]
    fn gzip_is_told_by_its_bytes_and_a_torn_end_is_counted() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for n in 0..5000 {
            gzip.write_all(line(1 + n, 100.0 + (n * 7919 % 997) as f64).as_bytes()).unwrap();
        }
        let whole = gzip.finish().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&whole[..whole.len() / 2]).unwrap();
        let mut feed = Feed::open(Market::File(file.path().to_owned())).unwrap();
        let mut group = Group::default();
        while feed.passes() == 0 {
            assert!(feed.next_group(&mut group));
        }
        assert!(feed.rows() > 1000);
        assert_eq!(feed.damage().iter().find(|(code, _)| *code == "unreadable"), Some(("unreadable", 1)));
    }
}
