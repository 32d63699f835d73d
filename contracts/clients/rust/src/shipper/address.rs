//! Where the router listens.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Unix(PathBuf),
    Tcp(String),
}

/// A connection that never blocks.
#[derive(Debug)]
pub(super) enum Connection {
    Unix(UnixStream),
    Tcp(TcpStream),
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

impl Address {
    pub(super) fn parse(text: &str) -> Option<Address> {
        match text.split_once(':')? {
            ("unix", path) if !path.is_empty() => Some(Address::Unix(path.into())),
            ("tcp", address) => {
                let (host, port) = address.rsplit_once(':')?;
                (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| Address::Tcp(address.to_owned()))
            }
            _ => None,
        }
    }

    pub(super) fn connect(&self) -> io::Result<Connection> {
        match self {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_nonblocking(true)?;
                Ok(Connection::Unix(stream))
            }
            Address::Tcp(address) => {
                let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                for address in address.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            stream.set_nonblocking(true)?;
                            return Ok(Connection::Tcp(stream));
                        }
                        Err(error) => failed = error,
                    }
                }
                Err(failed)
            }
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Unix(stream) => stream.read(buffer),
            Connection::Tcp(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Connection::Unix(stream) => stream.write(bytes),
            Connection::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_an_address() {
        assert_eq!(Address::parse("unix:/run/x"), Some(Address::Unix("/run/x".into())));
        assert_eq!(Address::parse("tcp:[::1]:4545"), Some(Address::Tcp("[::1]:4545".into())));
        for bad in ["", "unix:", "tcp:", "tcp:host", "tcp::1", "tcp:h:99999", "http://x", "/run/x"] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
    }
}
