//! Who vouches for a server's certificate.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Certificates of a PEM file, or the public authorities.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<Certificate<'static>>);

#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("can't read {0}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0} has no certificate in it; it should be PEM, with `-----BEGIN CERTIFICATE-----`")]
    None(PathBuf),
    #[error("a certificate in {0} can't vouch for others")]
    Unfit(PathBuf, #[source] rustls::Error),
}

impl Authorities {
    /// The public ones where no file is given.
    pub fn read(path: Option<&Path>) -> Result<Self, AuthoritiesError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let pem = std::fs::read(path).map_err(|source| AuthoritiesError::Read(path.to_owned(), source))?;
        let certificates: Vec<_> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(AuthoritiesError::None(path.to_owned()));
        }
        let authorities = Authorities(certificates);
        authorities.store().map_err(|source| AuthoritiesError::Unfit(path.to_owned(), source))?;
        Ok(authorities)
    }

    /// For requests by ureq.
    pub fn for_ureq(&self) -> TlsConfig {
        let config = TlsConfig::builder();
        let config = if self.0.is_empty() { config } else { config.root_certs(RootCerts::new_with_certs(&self.0)) };
        config.build()
    }

    /// For requests by hyper; `None` where a client's own choice, the public ones, will do.
    pub fn for_hyper(&self) -> Result<Option<rustls::ClientConfig>, rustls::Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let provider = rustls::crypto::ring::default_provider();
        let config =
            rustls::ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions()?;
        Ok(Some(config.with_root_certificates(self.store()?).with_no_client_auth()))
    }

    fn store(&self) -> Result<RootCertStore, rustls::Error> {
        let mut store = RootCertStore::empty();
        for certificate in &self.0 {
            store.add(certificate.der().to_vec().into())?;
        }
        Ok(store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_vouches_for_nobody_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(Authorities::read(Some(&path)).unwrap_err().to_string().contains("ca.pem"));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nnonsense").unwrap();
        assert!(Authorities::read(Some(&path)).unwrap_err().to_string().contains("no certificate"));
        // Whole PEM, around what is no certificate.
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(Authorities::read(Some(&path)).unwrap_err().to_string().contains("can't vouch"));
        assert!(Authorities::read(None).unwrap().for_hyper().unwrap().is_none());
    }
}
