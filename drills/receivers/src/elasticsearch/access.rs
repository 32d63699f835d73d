//! Who may use it: "HTTP Basic" and "API key" authentication.

use crate::request::Request;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    Open,
    Basic {
        user: String,
        password: String,
    },
    /// `Authorization: ApiKey …`, with the key as it is handed out: base64 of id and key.
    ApiKey(String),
}

impl Access {
    pub fn check(&self, request: &Request) -> Result<(), String> {
        let (given, expected) = match self {
            Access::Open => return Ok(()),
            Access::Basic { user, password } => {
                (request.credentials("Basic"), base64(format!("{user}:{password}").as_bytes()))
            }
            Access::ApiKey(key) => (request.credentials("ApiKey"), key.clone()),
        };
        match given {
            Some(given) if given == expected => Ok(()),
            Some(_) => Err(format!("unable to authenticate for REST request [{}]", request.path)),
            None => Err(format!("missing authentication credentials for REST request [{}]", request.path)),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(*chunk.get(at).unwrap_or(&0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit > chunk.len() { '=' } else { char::from(DIGITS[value as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
