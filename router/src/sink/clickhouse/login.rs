//! Whose name a server is asked in, and how it is reached.

use ::clickhouse::{Client, Compression};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

use crate::sink::Authorities;

#[derive(Clone, Debug)]
pub struct Login {
    pub url: String,
    pub user: String,
    pub password: String,
    pub authorities: Authorities,
}

/// As the client's own connections have them: below the server's `keep_alive_timeout`, 3 s in older versions.
const IDLE: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_secs(60);

impl Login {
    pub fn client(&self, compression: Compression) -> Result<Client, rustls::Error> {
        let client = match self.authorities.for_hyper()? {
            None => Client::default(),
            Some(tls) => {
                let mut connector = HttpConnector::new();
                connector.set_keepalive(Some(KEEPALIVE));
                connector.enforce_http(false);
                let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
                let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
                let connections = Connections::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
                Client::with_http_client(connections)
            }
        };
        let client = client.with_url(&self.url).with_user(&self.user).with_password(&self.password);
        Ok(client.with_compression(compression))
    }
}
