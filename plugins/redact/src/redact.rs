//! The plugin: three kinds of fields, three ways over a column.

use tapline_plugin::{Batch, Memo, Output, Plan, Plugin, TextColumn, TextIn, TextOut};

use crate::config::Config;
use crate::json::mask_json_at;
use crate::key::Keys;
use crate::mask::{Hasher, MASKED, Mode, cover_digits, is_covered};
use crate::shape::Shapes;
use crate::text::TextMasker;

/// Covers secrets and personal data.
#[derive(Debug)]
pub struct Redact {
    fields: Vec<Field>,
    text: Vec<Column>,
    json: Vec<Column>,
    event: TextIn,
    masker: TextMasker,
    hashes: Memo<Hash>,
    /// Kept between calls for its capacity.
    candidates: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    read: TextIn,
    write: TextOut,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    column: Column,
    mode: Mode,
}

/// A keyed hash as text: `h:` and 16 hex digits.
type Hash = [u8; 18];

/// Hashing takes about a microsecond, finding a hash again a few nanoseconds: a firm has fewer
/// accounts than this.
const HASHES_MAX: usize = 4096;

// === impl Redact ===

impl Plugin for Redact {
    type Config = Config;

    fn configure(config: Config, plan: &mut Plan) -> Result<Self, String> {
        config.check()?;
        for field in Config::default().all_fields() {
            plan.optional(field);
        }
        let mut column = |name: &String| Column { read: plan.read_text(name), write: plan.write_text(name) };
        let fields: Vec<Field> =
            config.fields.iter().map(|(name, mode)| Field { column: column(name), mode: *mode }).collect();
        let text = config.text.iter().map(&mut column).collect();
        let json = config.json.iter().map(&mut column).collect();
        let patterns = config.more_keys.iter().chain(&config.keys);
        let allow = config.allow.iter().chain(&config.more_allow);
        let keys = Keys::new(patterns.map(|(pattern, mode)| (pattern.as_str(), *mode)), allow.map(String::as_str))?;
        let hasher = (!config.hash_key.is_empty()).then(|| Hasher::new(config.hash_key.as_bytes()));
        let shapes = Shapes::new(config.shapes.clone(), config.custom().to_vec(), keys);
        Ok(Redact {
            fields,
            text,
            json,
            event: plan.read_text("event"),
            masker: TextMasker::new(shapes, hasher),
            hashes: Memo::new(HASHES_MAX),
            candidates: Vec::new(),
        })
    }

    fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String> {
        for field in &self.fields {
            if batch.text(field.column.read).presence().none() {
                continue;
            }
            match field.mode {
                Mode::Digits => cover_column(batch, field.column, out),
                Mode::Full => {
                    let mut patch = field.column.write.patch();
                    for (row, value) in batch.text(field.column.read).iter_present() {
                        if !is_covered(value) {
                            patch.set(row, MASKED);
                        }
                    }
                    out.apply(patch);
                }
                Mode::Hash => {
                    let mut patch = field.column.write.patch();
                    let (masker, hashes) = (&self.masker, &mut self.hashes);
                    for (row, value) in batch.text(field.column.read).iter_present() {
                        if !is_covered(value) {
                            let hash = hashes.get(value, |value| hash(masker, value));
                            patch.set(row, std::str::from_utf8(&hash).unwrap_or(MASKED));
                        }
                    }
                    out.apply(patch);
                }
            }
        }
        let events = batch.text(self.event);
        for column in &self.text {
            let texts = batch.text(column.read);
            if texts.presence().none() {
                continue;
            }
            let mut patch = column.write.patch();
            self.masker.mask_column(texts, events, |row, text| patch.set(row, text));
            out.apply(patch);
        }
        for column in &self.json {
            let texts: TextColumn<'_> = batch.text(column.read);
            if texts.presence().none() {
                continue;
            }
            self.masker.candidates(texts.bytes(), &mut self.candidates);
            let mut candidates = self.candidates.as_slice();
            let mut begin = 0;
            let mut patch = column.write.patch();
            for (row, &end) in texts.ends().iter().enumerate() {
                let end = end as usize;
                let within = candidates.partition_point(|place| (*place as usize) < end);
                let (places, rest) = candidates.split_at(within);
                if let Some(text) = texts.get(row) {
                    let event = events.get(row).unwrap_or_default();
                    if let Some(covered) = mask_json_at(&mut self.masker, text, event, places, begin) {
                        patch.set(row, &covered);
                    }
                }
                (candidates, begin) = (rest, end);
            }
            out.apply(patch);
        }
        Ok(())
    }
}

/// Stars for the digits of a whole column at once.
fn cover_column(batch: &Batch, column: Column, out: &mut Output) {
    let mut text = batch.text_buffer(column.read);
    if cover_digits(text.bytes_mut()) {
        out.apply(column.write.put(text));
    }
}

fn hash(masker: &TextMasker, value: &str) -> Hash {
    let mut text = String::new();
    masker.cover(value, Mode::Hash, &mut text);
    let mut hash = [b'*'; 18];
    let length = text.len().min(hash.len());
    hash[..length].copy_from_slice(&text.as_bytes()[..length]);
    hash
}
