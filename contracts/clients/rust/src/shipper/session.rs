//! One connection: bytes out, answers in, never blocking.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::address::Connection;
use super::message::Answer;

/// How long the router may take to answer a `hello`...
const WELCOME_TIMEOUT: Duration = Duration::from_secs(5);
/// ...and the oldest chunk. Its disk may be slow; a minute of silence is a dead router.
const ACK_TIMEOUT: Duration = Duration::from_secs(15);
/// A longer answer is no answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const READ_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    out: Vec<u8>,
    /// Of `out`, so much is written.
    written: usize,
    input: Vec<u8>,
    buffer: Box<[u8]>,
    /// The router has answered our `hello`.
    pub(super) welcomed: bool,
    /// When we last heard of it, or began to wait for it.
    waiting_since: Instant,
}

impl Session {
    pub(super) fn new(connection: Connection) -> Session {
        Session {
            connection,
            out: Vec::new(),
            written: 0,
            input: Vec::new(),
            buffer: vec![0; READ_BYTES].into(),
            welcomed: false,
            waiting_since: Instant::now(),
        }
    }

    /// To be written, whole lines only.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    pub(super) fn unwritten(&self) -> usize {
        self.out.len() - self.written
    }

    /// Writes what the connection takes. True if it took any.
    pub(super) fn write(&mut self) -> io::Result<bool> {
        let mut moved = false;
        while self.unwritten() > 0 {
            match self.connection.write(&self.out[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.written += n;
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.unwritten() == 0 {
            self.out.clear();
            self.written = 0;
        }
        Ok(moved)
    }

    /// The answers that have come.
    pub(super) fn read(&mut self) -> io::Result<Vec<Answer>> {
        let mut answers = Vec::new();
        loop {
            match self.connection.read(&mut self.buffer) {
                Ok(0) => {
                    // What came before the end still counts.
                    return if answers.is_empty() {
                        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the router closed the connection"))
                    } else {
                        Ok(answers)
                    };
                }
                Ok(n) => {
                    self.input.extend_from_slice(&self.buffer[..n]);
                    self.take_lines(&mut answers)?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(answers),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_lines(&mut self, answers: &mut Vec<Answer>) -> io::Result<()> {
        let mut done = 0;
        for line in self.input.split_inclusive(|byte| *byte == b'\n') {
            if line.last() != Some(&b'\n') {
                break;
            }
            done += line.len();
            let answer = Answer::parse(line).ok_or_else(|| {
                let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
                io::Error::other(format!("the other side does not speak the protocol: {shown:?}"))
            })?;
            answers.push(answer);
        }
        self.input.drain(..done);
        if self.input.len() > ANSWER_BYTES_MAX {
            return Err(io::Error::other("the other side sends lines without end"));
        }
        Ok(())
    }

    /// The router was heard of, or there is nothing to wait for.
    pub(super) fn heard(&mut self) {
        self.waiting_since = Instant::now();
    }

    pub(super) fn check_patience(&self, chunks_unacked: bool) -> io::Result<()> {
        let (patience, what) = if !self.welcomed {
            (WELCOME_TIMEOUT, "the router does not answer our hello")
        } else if chunks_unacked {
            (ACK_TIMEOUT, "the router acknowledges nothing")
        } else {
            return Ok(());
        };
        if self.waiting_since.elapsed() > patience {
            return Err(io::Error::new(io::ErrorKind::TimedOut, what));
        }
        Ok(())
    }
}
