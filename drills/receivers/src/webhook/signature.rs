//! `t=SECONDS,v1=HEX`: HMAC-SHA256 (RFC 2104) over the time and the body.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::TOLERANCE_SECONDS;

const BLOCK_BYTES: usize = 64;

/// The header's value.
pub fn sign(secret: &str, seconds: u64, body: &[u8]) -> String {
    format!("t={seconds},v1={}", hex(&mac(secret, seconds, body)))
}

pub fn verify(header: &str, secret: &str, body: &[u8], now_seconds: u64) -> Result<(), String> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", seconds)) if time.is_none() => time = Some(seconds.parse::<u64>()),
            Some(("v1", signature)) => signatures.push(signature),
            // Later versions may stand beside ours.
            Some((name, _)) if name != "t" => {}
            _ => return Err("malformed signature".into()),
        }
    }
    let Some(Ok(seconds)) = time else { return Err("malformed signature: no time".into()) };
    if seconds.abs_diff(now_seconds) > TOLERANCE_SECONDS {
        return Err(format!("signed {} s away from now", seconds.abs_diff(now_seconds)));
    }
    let expected = hex(&mac(secret, seconds, body));
    if signatures.contains(&expected.as_str()) { Ok(()) } else { Err("wrong signature".into()) }
}

fn mac(secret: &str, seconds: u64, body: &[u8]) -> [u8; 32] {
    let mut key = [0; BLOCK_BYTES];
    if secret.len() > BLOCK_BYTES {
        key[..32].copy_from_slice(&Sha256::digest(secret.as_bytes()));
    } else {
        key[..secret.len()].copy_from_slice(secret.as_bytes());
    }
    let pad = |byte: u8| key.map(|part| part ^ byte);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(seconds.to_string())
        .chain_update(b".")
        .chain_update(body)
        .finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_that_others_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac not-a-real-secret
        let expected = "55f5da61a014ef5cf3d7825a63ca0d185134164a77d1614e0922fb1498eb1182";
        assert_eq!(sign("not-a-real-secret", 1_700_000_000, b"{\"a\":1}"), format!("t=1700000000,v1={expected}"));
        // A secret longer than a block is hashed first.
        let expected = "e0b419ce90349e7bf07569fb4c3e646db7042eb8c074a060f9d00f9df36890d1";
        assert_eq!(sign(&"k".repeat(100), 1_700_000_000, b"{\"a\":1}"), format!("t=1700000000,v1={expected}"));
    }

    #[test]
    fn only_what_fits_is_taken() {
        let good = sign("s", 1000, b"x");
        let v1 = good.split_once(',').unwrap().1.to_owned();
        for (header, now, fits) in [
            (good.clone(), 1000, true),
            (good.clone(), 1300, true),
            (good.clone(), 700, true),
            (good.clone(), 1301, false),
            (good.clone(), 699, false),
            (format!("t=1000,v1=00,{v1}"), 1000, true),
            (format!("t=1000,v0=1,{v1}"), 1000, true),
            (format!("t=1001,{v1}"), 1000, false),
            (format!("t=x,{v1}"), 1000, false),
            (v1.clone(), 1000, false),
            ("t=1000".into(), 1000, false),
            ("nonsense".into(), 1000, false),
            (String::new(), 1000, false),
        ] {
            assert_eq!(verify(&header, "s", b"x", now).is_ok(), fits, "{header} at {now}");
        }
        assert!(verify(&good, "other", b"x", 1000).is_err());
        assert!(verify(&good, "s", b"y", 1000).is_err());
    }
}
