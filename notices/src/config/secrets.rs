//! Secrets come from files or the environment, never from the configuration itself.

use std::path::PathBuf;

use crate::secret::Secret;

/// Whether it is said once where the secret is.
pub fn check(key: &str, file: &Option<PathBuf>, env: &Option<String>, needed: bool) -> Option<String> {
    match (file, env) {
        (Some(_), Some(_)) => Some(format!("{key}_file and {key}_env are both given; one of them is enough")),
        (None, None) if needed => Some(format!("{key}_file or {key}_env is missing")),
        _ => None,
    }
}

pub fn read(key: &str, file: &Option<PathBuf>, env: &Option<String>) -> Result<Secret, String> {
    read_if_any(key, file, env)?.ok_or_else(|| format!("{key}_file or {key}_env is missing"))
}

pub fn read_if_any(key: &str, file: &Option<PathBuf>, env: &Option<String>) -> Result<Option<Secret>, String> {
    let (text, from) = match (file, env) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("{key}_file: can't read {}: {error}", file.display()))?;
            warn_if_open(file);
            (text, file.display().to_string())
        }
        (None, Some(name)) => {
            let text = std::env::var(name).map_err(|_| format!("{key}_env: the environment has no {name}"))?;
            (text, name.clone())
        }
        (None, None) => return Ok(None),
    };
    match text.trim() {
        "" => Err(format!("{key}: {from} is empty")),
        text => Ok(Some(Secret::new(text))),
    }
}

/// An address may stand in the configuration where nothing in it is secret.
pub fn read_or_text(
    key: &str,
    text: Option<&str>,
    file: &Option<PathBuf>,
    env: &Option<String>,
) -> Result<Secret, String> {
    match text {
        Some(text) => Ok(Secret::new(text)),
        None => read(key, file, env),
    }
}

#[cfg(unix)]
fn warn_if_open(file: &std::path::Path) {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        tracing::warn!(file = %file.display(), "a file with a secret can be read by others; make it mode 0600");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &std::path::Path) {}

/// `https`, or `http` to this machine or where it is allowed.
pub fn check_url(key: &str, url: &str, allow_plain: bool) -> Option<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return Some(format!("{key}: not an address")) };
    let host = host_of(rest);
    match scheme {
        _ if host.is_empty() => Some(format!("{key}: not an address")),
        "https" => None,
        "http" if allow_plain || is_loopback(host) => None,
        "http" => Some(format!("{key}: http would send it in the clear; use https, or set allow_plain_http = true")),
        _ => Some(format!("{key}: not an http or https address")),
    }
}

fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_to_this_machine_in_the_clear() {
        for good in ["https://x.example/a", "http://127.0.0.1:8080/x", "http://[::1]:1/", "http://localhost"] {
            assert_eq!(check_url("url", good, false), None, "{good}");
        }
        for bad in ["http://x.example", "http://127.0.0.1@evil.example/", "ftp://127.0.0.1", "https://"] {
            assert!(check_url("url", bad, false).is_some(), "{bad}");
        }
        assert_eq!(check_url("url", "http://am.internal:9093", true), None);
    }
}
