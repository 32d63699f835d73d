//! Newline JSON over unix and TCP streams.
//!
//! Plain lines are events, and nothing is answered: a full router simply stops reading. A first line
//! with a member `tapline` opens our own protocol instead (see `protocol.rs`).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};

use super::protocol;
use super::rejection::Rejection;
use crate::intake::{Intake, Reader};
use crate::producers::Producers;

/// A read takes as much as this at a time: enough lines for full batches.
const CHUNK_BYTES: usize = 256 << 10;

/// Reads that a connection still gets when the router stops: about what a socket's buffer holds.
const LAST_READS: u32 = 4;

/// What all sockets share.
pub struct Sockets {
    pub intake: Arc<Intake>,
    pub producers: Arc<Producers>,
    pub line_bytes_max: usize,
    pub connections: Semaphore,
    pub open_unix: AtomicU64,
    pub open_tcp: AtomicU64,
    pub bytes_unix: AtomicU64,
    pub bytes_tcp: AtomicU64,
    /// True once the router stops.
    pub stopping: watch::Receiver<bool>,
}

/// Accepts until the router stops; then each connection is read to what has arrived, and closed.
pub async fn serve_unix(sockets: Arc<Sockets>, listener: UnixListener) {
    let mut stopping = sockets.stopping.clone();
    let mut number = 0u64;
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let stream = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream.inspect_err(|error| tracing::warn!(%error, "a unix connection failed to open"))
        else {
            continue;
        };
        number += 1;
        let sockets = sockets.clone();
        tasks.spawn(async move {
            sockets.open_unix.fetch_add(1, Relaxed);
            let (read, write) = stream.into_split();
            connection(&sockets, &sockets.bytes_unix, read, write, format!("unix #{number}")).await;
            sockets.open_unix.fetch_sub(1, Relaxed);
        });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

pub async fn serve_tcp(sockets: Arc<Sockets>, listener: TcpListener) {
    let mut stopping = sockets.stopping.clone();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let stream = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = stream.inspect_err(|error| tracing::warn!(%error, "a TCP connection failed to open"))
        else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let sockets = sockets.clone();
        tasks.spawn(async move {
            sockets.open_tcp.fetch_add(1, Relaxed);
            let (read, write) = stream.into_split();
            connection(&sockets, &sockets.bytes_tcp, read, write, source(from)).await;
            sockets.open_tcp.fetch_sub(1, Relaxed);
        });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

fn source(from: SocketAddr) -> String {
    format!("tcp {from}")
}

/// Binds a unix socket; a file that a dead router left in its place is replaced, a live one is not.
pub fn bind_unix(path: &Path) -> std::io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match UnixListener::bind(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(std::io::Error::new(error.kind(), "another router listens there"));
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        result => result,
    }
}

async fn connection(
    sockets: &Arc<Sockets>,
    bytes: &AtomicU64,
    read: impl AsyncRead + Unpin + Send,
    write: impl AsyncWrite + Unpin + Send + 'static,
    source: String,
) {
    let Ok(_permit) = sockets.connections.acquire().await else { return };
    let mut lines = Lines::new(read, sockets, bytes);
    let first = loop {
        match lines.next().await {
            Some(Line::Whole(range)) if lines.text(range.clone()).trim_ascii().is_empty() => {
                // A blank first line decides nothing; it is counted as what it is.
                let mut reader = Reader::new(sockets.intake.clone(), source.clone(), None);
                let _ = reader.line(b"");
            }
            other => break other,
        }
    };
    let hello = match &first {
        Some(Line::Whole(range)) => protocol::hello(lines.text(range.clone())),
        _ => None,
    };
    match hello {
        Some(hello) => protocol::converse(sockets, &mut lines, write, hello, source).await,
        None => plain(sockets, &mut lines, first, source).await,
    }
}

/// Every line an event; nothing is answered.
async fn plain<R: AsyncRead + Unpin>(
    sockets: &Arc<Sockets>,
    lines: &mut Lines<'_, R>,
    first: Option<Line>,
    source: String,
) {
    let mut reader = Reader::new(sockets.intake.clone(), source.clone(), Some(source));
    let mut line = first;
    while let Some(this) = line {
        match this {
            Line::Whole(range) => {
                // A refusal has been counted and kept; nobody is there to tell.
                let _ = reader.line(lines.text(range));
            }
            Line::TooLong { bytes, start } => {
                let rejection = Rejection::new(
                    "line_too_long",
                    format!("{bytes} bytes, more than {} (limits.line_bytes_max)", lines.line_bytes_max),
                );
                reader.reject_beginning(&start, bytes, &rejection);
            }
        }
        if reader.has_full() {
            sockets.intake.hand_over(reader.full()).await;
        }
        if lines.needs_read() {
            // What this read brought goes on before the next is waited for.
            sockets.intake.hand_over(reader.finish()).await;
        }
        line = lines.next().await;
    }
    sockets.intake.hand_over(reader.finish()).await;
}

/// A line of a stream.
pub enum Line {
    /// Where it stands in the buffer, without its newline.
    Whole(std::ops::Range<usize>),
    /// Longer than allowed: only its beginning was kept.
    TooLong { bytes: usize, start: Vec<u8> },
}

/// Cuts a stream into lines, in a buffer that never grows beyond the longest allowed line.
pub struct Lines<'a, R> {
    read: R,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    begin: usize,
    end: usize,
    /// Where the search for the next newline goes on.
    searched: usize,
    /// The next newline, where it has been looked for and found already.
    newline: Option<usize>,
    /// Bytes of a too long line that were thrown away, and its beginning.
    skipping: Option<(usize, Vec<u8>)>,
    ended: bool,
    /// Reads left once the router stops.
    last_reads: u32,
    pub line_bytes_max: usize,
    bytes: &'a AtomicU64,
    stopping: watch::Receiver<bool>,
}

impl<'a, R: AsyncRead + Unpin> Lines<'a, R> {
    fn new(read: R, sockets: &Sockets, bytes: &'a AtomicU64) -> Self {
        Lines {
            read,
            buffer: vec![0; CHUNK_BYTES],
            begin: 0,
            end: 0,
            searched: 0,
            newline: None,
            skipping: None,
            ended: false,
            last_reads: LAST_READS,
            line_bytes_max: sockets.line_bytes_max,
            bytes,
            stopping: sockets.stopping.clone(),
        }
    }

    pub fn text(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Whether the next call of `next` will have to read.
    pub fn needs_read(&mut self) -> bool {
        self.find_newline().is_none()
    }

    fn find_newline(&mut self) -> Option<usize> {
        if self.newline.is_none() {
            let found = memchr::memchr(b'\n', &self.buffer[self.searched..self.end]);
            self.newline = found.map(|at| self.searched + at);
            self.searched = self.end;
        }
        self.newline
    }

    /// The next line; the last one may lack its newline. `None` at the end, on an error, or when the
    /// router stops and nothing more has arrived.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(newline) = self.find_newline() {
                self.newline = None;
                let range = self.begin..newline;
                self.begin = newline + 1;
                self.searched = self.begin;
                match self.skipping.take() {
                    Some((bytes, start)) => return Some(Line::TooLong { bytes: bytes + range.len(), start }),
                    None if range.len() > self.line_bytes_max => {
                        let start = self.buffer[range.start..range.start + 4096.min(range.len())].to_vec();
                        return Some(Line::TooLong { bytes: range.len(), start });
                    }
                    None => return Some(Line::Whole(range)),
                }
            }
            if self.ended {
                let range = self.begin..self.end;
                self.begin = self.end;
                return match self.skipping.take() {
                    Some((bytes, start)) => Some(Line::TooLong { bytes: bytes + range.len(), start }),
                    None if range.is_empty() => None,
                    None => Some(Line::Whole(range)),
                };
            }
            self.fill().await;
        }
    }

    async fn fill(&mut self) {
        let open = self.end - self.begin;
        if open > self.line_bytes_max || self.skipping.is_some() {
            let (bytes, _) =
                self.skipping.get_or_insert_with(|| (0, self.buffer[self.begin..self.begin + 4096.min(open)].to_vec()));
            *bytes += open;
            (self.begin, self.end, self.searched) = (0, 0, 0);
        } else if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.searched -= self.begin;
            self.end = open;
            self.begin = 0;
        }
        if self.end == self.buffer.len() {
            let grown = (self.buffer.len() * 2).min(self.line_bytes_max + CHUNK_BYTES);
            self.buffer.resize(grown, 0);
        } else if self.end == 0 && self.buffer.len() > CHUNK_BYTES {
            // A rare long line must not hold memory for the connection's life.
            self.buffer.truncate(CHUNK_BYTES);
            self.buffer.shrink_to_fit();
        }
        let read = self.read.read(&mut self.buffer[self.end..]);
        let result = if *self.stopping.borrow() {
            // What has arrived is still read; nothing more is waited for, and a producer that goes on
            // sending does not keep the router from stopping.
            if self.last_reads == 0 {
                self.ended = true;
                return;
            }
            self.last_reads -= 1;
            tokio::time::timeout(std::time::Duration::from_millis(50), read).await.unwrap_or(Ok(0))
        } else {
            tokio::select! {
                biased;
                result = read => result,
                _ = self.stopping.wait_for(|stop| *stop) => return,
            }
        };
        match result {
            Ok(0) | Err(_) => self.ended = true,
            Ok(n) => {
                self.end += n;
                self.bytes.fetch_add(n as u64, Relaxed);
            }
        }
    }
}
