//! The operator's token: what changes something asks for it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::refuse;

/// In the data dir; only its owner can read it, and so do commands on the same machine.
pub const TOKEN_FILE: &str = "operator.token";

pub struct Operator {
    /// Compared instead of the token, so that how long it takes says nothing about it.
    digest: [u8; 32],
}

impl Operator {
    /// The token of the data dir, made where there is none.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(TOKEN_FILE);
        let token = match fs::read_to_string(&path) {
            Ok(token) if token.trim().len() >= 32 => token,
            Ok(_) | Err(_) => {
                let mut bytes = [0; 32];
                fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
                let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let _ = fs::remove_file(&path);
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
                file.write_all(token.as_bytes())?;
                file.sync_all()?;
                token
            }
        };
        Ok(Operator { digest: Sha256::digest(token.trim().as_bytes()).into() })
    }

    /// The answer for who has no token.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Response> {
        match self.allows(headers) {
            true => Ok(()),
            false => Err(refuse(
                StatusCode::UNAUTHORIZED,
                "no_token",
                "this changes something: send `Authorization: Bearer` with the token in operator.token of the data dir",
            )),
        }
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
        <[u8; 32]>::from(Sha256::digest(token.trim().as_bytes())) == self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_of_the_data_dir_is_let_in() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let operator = Operator::open(folder.path()).unwrap();
        let path = folder.path().join(TOKEN_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let token = fs::read_to_string(&path).unwrap();
        let with = |value: String| HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        assert!(operator.allows(&with(format!("Bearer {token}"))));
        assert!(!operator.allows(&with("Bearer ".into())) && !operator.allows(&HeaderMap::new()));
        assert!(!operator.allows(&with(format!("Basic {token}"))));
        // The next start keeps it.
        assert!(Operator::open(folder.path()).unwrap().allows(&with(format!("Bearer {token}"))));
    }
}
