//! `tapline replay`

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::Failure;
use super::client::{self, Client};
use super::recorded;

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline replay events.ndjson\n  tapline replay *.ndjson.gz --rate 5000\n  \
                  zcat events.ndjson.gz | tapline replay -\n\n\
                  Files may be plain, .gz or .zst. Each batch is sent under an X-Batch-Id, so a retry never counts twice.\n\
                  The exit code is 3 where lines were rejected.")]
pub(super) struct Replay {
    /// NDJSON files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Lines a second; without it, as fast as the router takes them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Lines in a request.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = client::DEFAULT_URL)]
    url: String,
    /// Print one JSON object at the end.
    #[arg(long)]
    json: bool,
}

/// A request is sent before its body grows beyond this, however few lines it has.
const BODY_BYTES_MAX: usize = 8 << 20;

/// A router that is full or restarting is asked again for so long.
const RETRY_FOR: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Counts {
    offered: u64,
    accepted: u64,
    rejected: u64,
    batches: u64,
    retries: u64,
    errors: Vec<String>,
}

impl Replay {
    pub(super) fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.url);
        let begin = Instant::now();
        let session = format!("replay-{:x}-{}", crate::clock::now_ns(), std::process::id());
        let mut counts = Counts::default();
        let mut shown = Instant::now();
        for path in &self.files {
            let mut lines = BufReader::with_capacity(1 << 20, recorded::open(path)?);
            let (mut body, mut held) = (Vec::new(), 0u32);
            loop {
                let before = body.len();
                let read = lines.read_until(b'\n', &mut body).with_context(|| format!("reading {}", path.display()))?;
                if read > 0 {
                    if body.last() != Some(&b'\n') {
                        body.push(b'\n');
                    }
                    held += 1;
                }
                if held > 0 && (read == 0 || held >= self.batch || body.len() > BODY_BYTES_MAX) {
                    // A line that makes the body too long goes into the next one.
                    let keep =
                        if body.len() > BODY_BYTES_MAX && held > 1 { body.split_off(before) } else { Vec::new() };
                    let sent = held - u32::from(!keep.is_empty());
                    self.send(&client, &session, &body, sent, &mut counts)?;
                    held -= sent;
                    body = keep;
                    self.pace(begin, counts.offered);
                    if shown.elapsed() > Duration::from_millis(500) && std::io::stderr().is_terminal() {
                        shown = Instant::now();
                        eprint!(
                            "\r{} lines, {} rejected, {:.0} lines/s   ",
                            counts.offered,
                            counts.rejected,
                            counts.offered as f64 / begin.elapsed().as_secs_f64()
                        );
                    }
                }
                if read == 0 && held == 0 {
                    break;
                }
            }
        }
        self.report(&counts, begin.elapsed())
    }

    fn pace(&self, begin: Instant, offered: u64) {
        if let Some(rate) = self.rate {
            let due = begin + Duration::from_secs_f64(offered as f64 / f64::from(rate));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    fn send(
        &self,
        client: &Client,
        session: &str,
        body: &[u8],
        lines: u32,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        counts.offered += u64::from(lines);
        counts.batches += 1;
        let id = format!("{session}-{}", counts.batches);
        let deadline = Instant::now() + RETRY_FOR;
        loop {
            match client.post_lines("/v1/events", &id, body) {
                Ok((status @ (200 | 400), answer)) if answer["accepted"].is_u64() => {
                    let _ = status;
                    counts.accepted += answer["accepted"].as_u64().unwrap_or(0);
                    counts.rejected += answer["rejected"].as_u64().unwrap_or(0);
                    let errors = answer["errors"].as_array().into_iter().flatten();
                    for error in errors.take(5usize.saturating_sub(counts.errors.len())) {
                        let line = counts.offered - u64::from(lines) + error["line"].as_u64().unwrap_or(0);
                        counts.errors.push(format!("line {line}: {}", error["message"].as_str().unwrap_or("?")));
                    }
                    return Ok(());
                }
                Ok((408 | 429 | 500..=599, _)) | Err(_) if Instant::now() < deadline => {
                    counts.retries += 1;
                    std::thread::sleep(Duration::from_millis(500));
                }
                Ok((status, answer)) => {
                    let message = answer["message"].as_str().unwrap_or("no reason given").to_owned();
                    return Err(anyhow::anyhow!("{message} (HTTP {status})").into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn report(&self, counts: &Counts, took: Duration) -> Result<(), Failure> {
        let rate = counts.offered as f64 / took.as_secs_f64();
        if self.json {
            println!(
                "{}",
                json!({
                    "offered": counts.offered, "accepted": counts.accepted, "rejected": counts.rejected,
                    "batches": counts.batches, "retries": counts.retries, "seconds": took.as_secs_f64(),
                    "lines_per_s": rate, "errors": counts.errors,
                })
            );
        } else {
            if std::io::stderr().is_terminal() {
                eprintln!();
            }
            println!(
                "{} lines offered: {} accepted, {} rejected, in {:.1} s ({rate:.0} lines/s)",
                counts.offered,
                counts.accepted,
                counts.rejected,
                took.as_secs_f64()
            );
            for error in &counts.errors {
                println!("  {error}");
            }
        }
        if counts.rejected == 0 { Ok(()) } else { Err(Failure::Found) }
    }
}
