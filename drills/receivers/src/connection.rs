//! A connection that can be torn: how an answer is reset, cut or replaced by noise.
//!
//! HTTP libraries write whole answers, so tearing is done below them, where bytes go to the socket. A
//! handler sets the connection's fate and gives an answer; the socket does the rest.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const WHOLE: u8 = 0;
const RESET: u8 = 1;
const CUT: u8 = 2;
const NOISE: u8 = 3;
const OVER: u8 = 4;

/// Neither a status line nor TLS.
const NOISE_BYTES: &[u8] = b"\x00\x17\xfe\xff what is this?\r\n\r\n\x00";

/// What happens to the next answer on a connection.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<AtomicU8>);

impl Fate {
    /// The connection is reset in the place of the answer.
    pub fn reset(&self) {
        self.0.store(RESET, Ordering::Release);
    }

    /// The last bytes of the answer are missing, and the connection is closed.
    pub fn cut(&self) {
        self.0.store(CUT, Ordering::Release);
    }

    /// Noise is sent in the place of the answer, and the connection is closed.
    pub fn noise(&self) {
        self.0.store(NOISE, Ordering::Release);
    }
}

pub struct Connection {
    stream: TcpStream,
    fate: Fate,
}

impl Connection {
    fn torn() -> io::Error {
        io::Error::new(io::ErrorKind::ConnectionReset, "torn by a script")
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.fate.0.load(Ordering::Acquire) {
            WHOLE => Pin::new(&mut self.stream).poll_write(cx, buf),
            RESET => {
                // Without a linger time the kernel sends RST at close, where it would send FIN.
                self.stream.set_zero_linger()?;
                self.fate.0.store(OVER, Ordering::Release);
                Poll::Ready(Err(Connection::torn()))
            }
            CUT => {
                // An answer without a body loses the end of its head.
                let kept = buf.len() - buf.len().min(8);
                let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..kept]))?;
                self.fate.0.store(OVER, Ordering::Release);
                Poll::Ready(Ok(written))
            }
            NOISE => {
                ready!(Pin::new(&mut self.stream).poll_write(cx, NOISE_BYTES))?;
                self.fate.0.store(OVER, Ordering::Release);
                Poll::Ready(Err(Connection::torn()))
            }
            _ => Poll::Ready(Err(Connection::torn())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Gives each connection a fate of its own.
pub struct Port(pub TcpListener);

impl Listener for Port {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // An answer is small and awaited; without this it may wait for 40 ms.
                    stream.set_nodelay(true).ok();
                    return (Connection { stream, fate: Fate::default() }, address);
                }
                // Out of files, most often: others will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Port>> for Fate {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Fate {
        stream.io().fate.clone()
    }
}
