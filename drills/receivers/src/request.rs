//! A request as a service sees it: read to its end, its body decoded.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Uri};

use crate::script::Partial;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Nanoseconds since 1970 at which the head of the request arrived.
    pub arrived_ns: u64,
    /// A script's wish that a part of the request fails.
    pub partial: Option<Partial>,
}

/// Why a body can't be handed to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    TooLarge,
    /// The encoding is not one that this service takes, or the bytes are not of that encoding.
    Encoding,
    /// The client went away, or sent a body that HTTP does not allow.
    Broken,
}

impl Request {
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap, arrived_ns: u64) -> Request {
        let query = uri.query().unwrap_or_default();
        Request {
            method,
            path: percent_decoded(uri.path(), false),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
            headers,
            body: Vec::new(),
            arrived_ns,
            partial: None,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case; empty if there is none.
    pub fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// What follows `scheme ` in `Authorization`; the scheme's case does not matter.
    pub fn credentials(&self, scheme: &str) -> Option<&str> {
        let (found, rest) = self.header(AUTHORIZATION.as_str())?.split_once(' ')?;
        found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
    }

    /// The parts of the path between slashes.
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').filter(|part| !part.is_empty()).collect()
    }
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (percent_decoded(name, true), percent_decoded(value, true))
}

/// What is not well encoded stays as it is.
fn percent_decoded(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let decoded = hex.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        rest = if decoded.is_some() { &tail[2..] } else { tail };
        bytes.push(decoded.unwrap_or(if *first == b'+' && plus_is_space { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded() {
        let uri: Uri = "/a%2Fb/c+d?x=1+2&y=%2a&z&w=%zz".parse().unwrap();
        let request = Request::new(Method::GET, &uri, HeaderMap::new(), 0);
        assert_eq!(request.path, "/a/b/c+d");
        assert_eq!(request.parameter("x"), Some("1 2"));
        assert_eq!(request.parameter("y"), Some("*"));
        assert_eq!(request.parameter("z"), Some(""));
        assert_eq!(request.parameter("w"), Some("%zz"));
    }
}
