//! Recordings as newline JSON, plain or gzipped.
//!
//! ```text
//! {"k":"depth","side":"B","exch_ts":1775608270000000000,"px":34500,"qty":3}
//! {"k":"trade","side":"S","exch_ts":1775608270120000000,"px":34499,"qty":1}
//! {"k":"clear","side":"","exch_ts":1775608270000000000,"px":0,"qty":0}
//! ```

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde::Deserialize;

use super::damage::Damage;
use super::{MarketEvent, RowKind, Side, Source};

/// A row has about 70 bytes. A line beyond this is not one, and is skipped without being kept.
const LINE_BYTES_MAX: usize = 4096;

pub struct NdjsonRows<R> {
    input: R,
    line: Vec<u8>,
    ended: bool,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    k: Cow<'a, str>,
    #[serde(borrow, default)]
    side: Cow<'a, str>,
    exch_ts: i64,
    px: f64,
    qty: f64,
}

/// What one attempt to read a line gave.
enum Line {
    Whole,
    TooLong,
    End,
}

// === impl NdjsonRows ===

impl<R: BufRead> NdjsonRows<R> {
    pub fn new(input: R) -> Self {
        NdjsonRows { input, line: Vec::with_capacity(128), ended: false }
    }

    /// Reads up to the next newline, keeping at most [`LINE_BYTES_MAX`] bytes of it.
    fn read_line(&mut self) -> io::Result<Line> {
        self.line.clear();
        let mut seen = 0usize;
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(match seen {
                    0 => Line::End,
                    n if n > LINE_BYTES_MAX => Line::TooLong,
                    _ => Line::Whole,
                });
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let taken = newline.unwrap_or(available.len());
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&available[..taken.min(room)]);
            seen += taken;
            self.input.consume(taken + usize::from(newline.is_some()));
            if newline.is_some() {
                return Ok(if seen > LINE_BYTES_MAX { Line::TooLong } else { Line::Whole });
            }
        }
    }
}

impl<R: BufRead + Send> Source for NdjsonRows<R> {
    fn next_row(&mut self) -> Option<Result<MarketEvent, Damage>> {
        while !self.ended {
            match self.read_line() {
                Ok(Line::End) => self.ended = true,
                Ok(Line::TooLong) => return Some(Err(Damage::LineTooLong)),
                Ok(Line::Whole) if self.line.trim_ascii().is_empty() => {}
                Ok(Line::Whole) => return Some(parse(&self.line)),
                Err(_) => {
                    self.ended = true;
                    return Some(Err(Damage::Unreadable));
                }
            }
        }
        None
    }
}

fn parse(line: &[u8]) -> Result<MarketEvent, Damage> {
    let row: Row<'_> = serde_json::from_slice(line).map_err(|_| Damage::NotARow)?;
    let kind = match &*row.k {
        "depth" => RowKind::Depth,
        "trade" => RowKind::Trade,
        "clear" => RowKind::Clear,
        _ => return Err(Damage::BadKind),
    };
    let side = match &*row.side {
        "B" => Some(Side::Buy),
        "S" => Some(Side::Sell),
        "" => None,
        _ => return Err(Damage::BadSide),
    };
    MarketEvent::from_columns(kind, side, row.exch_ts, row.px, row.qty)
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::*;

    fn rows(text: &[u8]) -> Vec<Result<MarketEvent, Damage>> {
        let mut rows = NdjsonRows::new(io::BufReader::with_capacity(7, text));
        std::iter::from_fn(|| rows.next_row()).collect()
    }

    #[test]
    fn good_and_damaged_lines_keep_their_order() {
        let mut text = Vec::new();
        text.extend_from_slice(br#"{"k":"depth","side":"B","exch_ts":5,"px":34500,"qty":3}"#);
        text.extend_from_slice(b"\n\n{\"k\":\"depth\"\n");
        text.extend_from_slice(&[b'x'; 3 * LINE_BYTES_MAX]);
        text.extend_from_slice(b"\n\xff\xfe\n");
        text.extend_from_slice(br#"{"k":"magic","side":"B","exch_ts":5,"px":1,"qty":3}"#);
        text.extend_from_slice(b"\n");
        text.extend_from_slice(br#"{"k":"trade","side":"?","exch_ts":5,"px":1,"qty":3}"#);
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(br#"{"k":"trade","side":"S","exch_ts":6,"px":"1","qty":3}"#);
        text.extend_from_slice(b"\n");
        text.extend_from_slice(br#"{"k":"trade","side":"S","exch_ts":6,"px":1.5,"qty":3}"#);
        let got = rows(&text);
        assert_eq!(got.len(), 8);
        assert!(matches!(got[0], Ok(MarketEvent { exch_ts: 5, change: Change::Depth { side: Side::Buy, .. } })));
        let damages: Vec<Damage> = got[1..7].iter().map(|row| row.unwrap_err()).collect();
        assert_eq!(
            damages,
            [Damage::NotARow, Damage::LineTooLong, Damage::NotARow, Damage::BadKind, Damage::BadSide, Damage::NotARow,]
        );
        assert!(matches!(
            got[7],
            Ok(MarketEvent { change: Change::Trade { side: Side::Sell, price: 15_000, .. }, .. })
        ));
    }

    #[test]
    fn an_empty_file_has_no_rows() {
        assert!(rows(b"").is_empty());
        assert!(rows(b"\n\n").is_empty());
    }
}
