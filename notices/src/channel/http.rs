//! HTTP for all channels: bounded in time, no redirects, and errors in words of our own, because a
//! library's may repeat an address that is a secret.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::{ChannelError, Retry};

#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// For the whole of a request.
    pub timeout: Duration,
    /// Trusted instead of the public authorities.
    pub ca_file: Option<PathBuf>,
}

pub struct Http {
    agent: ureq::Agent,
}

/// What a receiver answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: String,
}

const NO_TLS: &str = "TLS failed: the receiver has no certificate that is trusted here";
/// Nothing that we ask for is longer.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// A receiver that asks for more has made a mistake, or is as good as down.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

impl Http {
    pub fn new(settings: &HttpSettings) -> Result<Self, String> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
            let certificates: Vec<_> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(format!("{} has no certificate in it", path.display()));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            // A receiver that is not reached by then is not reached.
            .timeout_connect(Some(settings.timeout.mul_f32(0.6)))
            .http_status_as_error(false)
            // A redirect would carry a token to somebody whom nobody has configured.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(Duration::from_secs(5))
            .user_agent(concat!("tapline/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        Ok(Http { agent: config.new_agent() })
    }

    pub fn post_json(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, ChannelError> {
        let mut request = self.agent.post(url).header("content-type", "application/json; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body))
    }

    pub fn get(&self, url: &str) -> Result<Answer, ChannelError> {
        answer(self.agent.get(url).call())
    }

    pub fn post_empty(&self, url: &str) -> Result<Answer, ChannelError> {
        answer(self.agent.post(url).send_empty())
    }
}

fn answer(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, ChannelError> {
    let mut response = answered.map_err(in_our_words)?;
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(parse_retry_after);
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).lossy_utf8(true).read_to_string();
    // What the receiver did is decided by its status; a body that breaks off changes nothing about that.
    Ok(Answer { status: response.status().as_u16(), retry_after, body: body.unwrap_or_default() })
}

impl Answer {
    /// What an answer other than 2xx means. `who` is how messages call the receiver, `said` what it gave as
    /// a reason.
    pub fn error(&self, who: &str, said: &str) -> ChannelError {
        let said = crate::text::line(said.trim(), 200);
        let what = match said.is_empty() {
            true => format!("{who} answers {}", self.status),
            false => format!("{who} answers {}: {said}", self.status),
        };
        match self.status {
            429 => ChannelError::limited(what, self.retry_after),
            408 => ChannelError::timed_out(what),
            500.. => {
                let retry = self.retry_after.map_or(Retry::Later, Retry::After);
                ChannelError { retry, ..ChannelError::failed(what) }
            }
            _ => ChannelError::refused(what),
        }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn in_our_words(error: ureq::Error) -> ChannelError {
    use ureq::Error;
    match error {
        Error::Timeout(_) => ChannelError::timed_out("no answer in time"),
        Error::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            ChannelError::timed_out("no answer in time")
        }
        Error::Io(error) => ChannelError::failed(match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                "the connection broke".to_owned()
            }
            // rustls hands its own errors on in this way.
            ErrorKind::InvalidData => NO_TLS.to_owned(),
            kind => format!("the connection failed: {kind}"),
        }),
        Error::HostNotFound => ChannelError::failed("the receiver's name is not known"),
        Error::ConnectionFailed => ChannelError::failed("no connection"),
        Error::Tls(_) | Error::Pem(_) | Error::Rustls(_) => ChannelError::failed(NO_TLS),
        Error::Protocol(_) => ChannelError::failed("the answer is not HTTP"),
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
            ChannelError::refused("the address, a header or the proxy is not valid")
        }
        _ => ChannelError::failed("the request failed"),
    }
}

/// Seconds, or a date.
fn parse_retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    let after = match text.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 && seconds.is_finite() => {
            Duration::try_from_secs_f64(seconds).unwrap_or(RETRY_AFTER_MAX)
        }
        Ok(_) => return None,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            at.duration_since(jiff::Timestamp::now()).try_into().unwrap_or(Duration::ZERO)
        }
    };
    Some(after.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(parse_retry_after("30"), Some(Duration::from_secs(30)));
        assert_eq!(parse_retry_after("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(parse_retry_after("999999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(parse_retry_after("-1"), None);
        assert_eq!(parse_retry_after("soon"), None);
        assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("Wed, 06 Nov 2199 08:49:37 GMT"), Some(RETRY_AFTER_MAX));
    }

    #[test]
    fn a_status_says_whose_fault_it_is() {
        let check = |status: u16, outcome: Outcome, retries: bool| {
            let answer = Answer { status, retry_after: None, body: String::new() };
            let error = answer.error("x", "");
            assert_eq!((error.outcome, error.retry != Retry::Never), (outcome, retries), "{status}");
        };
        check(400, Outcome::Refused, false);
        check(302, Outcome::Refused, false);
        check(404, Outcome::Refused, false);
        check(429, Outcome::Limited, true);
        check(500, Outcome::Failed, true);
        check(503, Outcome::Failed, true);
    }

    #[test]
    fn an_address_is_not_in_an_error() {
        let http = Http::new(&HttpSettings { timeout: Duration::from_secs(2), ca_file: None }).unwrap();
        for url in ["http://127.0.0.1:1/services/T0/B0/secret", "not a url secret", "http://secret.invalid/secret"] {
            let error = http.post_json(url, &[], b"{}").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }
}
