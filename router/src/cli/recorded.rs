//! Files of recorded events: plain, compressed, or standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

/// Plain, `.gz` or `.zst`; `-` is standard input.
pub(super) fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    Ok(match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(zstd::stream::read::Decoder::new(file)?),
        _ => Box::new(file),
    })
}
