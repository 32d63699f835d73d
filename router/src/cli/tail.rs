//! `tapline tail`

use std::io::{BufRead, BufReader, Write};

use clap::Args;

use super::Failure;
use super::client::{self, Client};

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline tail\n  tapline tail --where 'component=risk,level>=warning'\n  \
                  tapline tail --where 'event=stormguard_transition'\n  tapline tail --where 'message~timeout' --limit 10\n\n\
                  Conditions: = != ~ (contains) >= <= > < on component, event, level and every field of the contract,\n\
                  joined by commas.")]
pub(super) struct TailArgs {
    /// Show only events for which all of these hold.
    #[arg(long = "where", value_name = "CONDITIONS", default_value = "")]
    condition: String,
    /// End after so many events.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = client::DEFAULT_URL)]
    url: String,
    /// Events are JSON lines in any case; accepted for symmetry with the other commands.
    #[arg(long)]
    json: bool,
}

impl TailArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.url);
        let response = client.stream(&format!("/v1/tail?where={}", percent_encoded(&self.condition)))?;
        if !response.status().is_success() {
            client::answer::<serde_json::Value>(response)?;
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        let mut shown = 0;
        let mut missed = false;
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line = line?;
            if line == "event: missed" {
                missed = true;
            } else if let Some(data) = line.strip_prefix("data: ") {
                if std::mem::take(&mut missed) {
                    eprintln!("tapline: too slow, some events were not shown: {data}");
                    continue;
                }
                writeln!(out, "{data}")?;
                out.flush()?;
                shown += 1;
                if self.limit.is_some_and(|limit| shown >= limit) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// RFC 3986: all but the unreserved characters.
pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
