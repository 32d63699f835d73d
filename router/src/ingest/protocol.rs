//! The router's side of the producer protocol (`contracts/clients/rust/PROTOCOL.md`): chunks of
//! events, each acknowledged when it is safe, none taken twice.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::rejection::Rejection;
use super::socket::{Line, Lines, Sockets};
use crate::intake::Reader;
use crate::producers::{Counts, Family};
use crate::receipt::Receipt;

const PROTOCOL: u64 = 1;
const CHUNK_LINES_MAX: usize = 1024;
const CHUNK_BYTES_MAX: usize = 1 << 20;
/// Rejected lines named in an acknowledgement.
const ERRORS_SHOWN: usize = 10;

#[derive(Debug, Deserialize)]
pub struct Hello {
    tapline: String,
    #[serde(default)]
    protocol: u64,
    #[serde(default)]
    service: String,
    #[serde(default)]
    run: String,
    #[serde(default)]
    contract: String,
    #[serde(default)]
    client: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "tapline", rename_all = "lowercase")]
enum Message {
    Chunk { n: u64, lines: usize },
    Metrics { families: Vec<Family> },
    Counts { streams: Vec<Counts> },
    Bye,
}

/// An answer on its way: sent when the chunk's rows are safe, in the order of the chunks.
struct Answer {
    chunk: u64,
    line: String,
    safe: Option<oneshot::Receiver<()>>,
}

/// The line as a `hello`, where it has a member `tapline`.
pub fn hello(line: &[u8]) -> Option<Hello> {
    // Most first lines are events: look before parsing.
    memchr::memmem::find(line, b"\"tapline\"")?;
    serde_json::from_slice(line).ok()
}

pub async fn converse<R: AsyncRead + Unpin>(
    sockets: &Arc<Sockets>,
    lines: &mut Lines<'_, R>,
    mut write: impl AsyncWrite + Unpin + Send + 'static,
    hello: Hello,
    source: String,
) {
    if hello.tapline != "hello" || hello.run.is_empty() || hello.protocol != PROTOCOL {
        let reason = match hello.protocol {
            PROTOCOL => "the first message is a hello that names its run".to_owned(),
            other => format!("protocol {other} is not spoken here, {PROTOCOL} is"),
        };
        say(&mut write, &json!({ "tapline": "refused", "reason": reason }).to_string()).await;
        return;
    }
    let producer = sockets.producers.run(&hello.run);
    // The connection that spoke for this run until now ends; its complete chunks are settled first.
    producer.replaced.notify_waiters();
    let replaced = producer.replaced.notified();
    tokio::pin!(replaced);
    replaced.as_mut().enable();
    let session = producer.session.clone().lock_owned().await;
    producer.connected(true);
    let settled = producer.settled.load(Relaxed);
    tracing::info!(service = hello.service, run = hello.run, client = hello.client, contract = hello.contract, %source, settled, "a producer has connected");
    let welcome = json!({ "tapline": "welcome", "protocol": PROTOCOL, "run": hello.run, "chunk": settled });
    if !say(&mut write, &welcome.to_string()).await {
        producer.connected(false);
        return;
    }
    let (answers, receiver) = mpsc::channel(64);
    let answering = tokio::spawn(answer(receiver, write, producer.clone()));
    let mut conversation =
        Conversation { reader: Reader::new(sockets.intake.clone(), source, None).numbered(), taken: settled, answers };
    let end = tokio::select! {
        end = conversation.listen(sockets, lines, &producer, &hello.run) => end,
        () = &mut replaced => Ok(()),
    };
    if let Err(reason) = end {
        tracing::warn!(run = hello.run, %reason, "a producer broke the protocol");
        let line = json!({ "tapline": "error", "reason": reason }).to_string();
        let _ = conversation.answers.send(Answer { chunk: 0, line, safe: None }).await;
    }
    drop(conversation);
    // Chunks that are on their way are settled before another connection may speak for the run.
    let _ = answering.await;
    producer.connected(false);
    drop(session);
}

struct Conversation {
    reader: Reader,
    /// The highest chunk that was taken in on any connection.
    taken: u64,
    answers: mpsc::Sender<Answer>,
}

impl Conversation {
    /// Until the connection ends (`Ok`), or says something that it must not (`Err`).
    async fn listen<R: AsyncRead + Unpin>(
        &mut self,
        sockets: &Arc<Sockets>,
        lines: &mut Lines<'_, R>,
        producer: &crate::producers::Producer,
        run: &str,
    ) -> Result<(), String> {
        while let Some(line) = lines.next().await {
            let Line::Whole(range) = line else {
                return Err(format!("a line is longer than {} bytes", lines.line_bytes_max));
            };
            let text = lines.text(range);
            let message: Message = serde_json::from_slice(text).map_err(|error| {
                let shown = String::from_utf8_lossy(&text[..text.len().min(80)]);
                format!("`{shown}` is no message of the protocol: {error}")
            })?;
            match message {
                Message::Chunk { n, lines: count } => {
                    if !self.chunk(sockets, lines, n, count).await? {
                        return Ok(());
                    }
                }
                Message::Metrics { families } => producer.set_metrics(families),
                Message::Counts { streams } => producer.set_counts(&sockets.intake.ledger, run, streams),
                Message::Bye => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a chunk, all or nothing; false where the connection ended within it.
    async fn chunk<R: AsyncRead + Unpin>(
        &mut self,
        sockets: &Arc<Sockets>,
        lines: &mut Lines<'_, R>,
        n: u64,
        count: usize,
    ) -> Result<bool, String> {
        if count == 0 || count > CHUNK_LINES_MAX {
            return Err(format!("chunk {n} has {count} lines; 1 to {CHUNK_LINES_MAX} are allowed"));
        }
        let mut text: Vec<u8> = Vec::new();
        let mut ends: Vec<usize> = Vec::with_capacity(count);
        while ends.len() < count {
            match lines.next().await {
                Some(Line::Whole(range)) => text.extend_from_slice(lines.text(range)),
                Some(Line::TooLong { .. }) => {
                    return Err(format!("line {} of chunk {n} is longer than 1 MiB", ends.len() + 1));
                }
                None => return Ok(false),
            }
            ends.push(text.len());
            if text.len() > CHUNK_BYTES_MAX {
                return Err(format!("chunk {n} is longer than 1 MiB"));
            }
        }
        if n <= self.taken {
            let line = json!({ "ack": n, "accepted": 0, "rejected": 0, "duplicate": true }).to_string();
            return Ok(self.answers.send(Answer { chunk: n, line, safe: None }).await.is_ok());
        }
        self.taken = n;
        let (receipt, safe) = Receipt::new();
        self.reader.set_receipt(Some(receipt));
        let (mut accepted, mut rejected, mut errors) = (0u64, 0u64, Vec::new());
        let mut start = 0;
        for (at, end) in ends.into_iter().enumerate() {
            match self.reader.line(&text[start..end]) {
                Ok(()) => accepted += 1,
                Err(Rejection { message, .. }) => {
                    rejected += 1;
                    if errors.len() < ERRORS_SHOWN {
                        errors.push(json!({ "line": at + 1, "reason": message }));
                    }
                }
            }
            start = end;
        }
        let batches = self.reader.finish();
        let mut batches = std::mem::take(batches);
        self.reader.set_receipt(None);
        sockets.intake.hand_over(&mut batches).await;
        let line = json!({ "ack": n, "accepted": accepted, "rejected": rejected, "errors": errors }).to_string();
        // Full: so many chunks are not safe yet that no more are read.
        Ok(self.answers.send(Answer { chunk: n, line, safe: Some(safe) }).await.is_ok())
    }
}

/// Sends answers in order, each when its chunk is safe. A producer that does not read them any more
/// has its chunks settled all the same.
async fn answer(
    mut answers: mpsc::Receiver<Answer>,
    mut write: impl AsyncWrite + Unpin,
    producer: Arc<crate::producers::Producer>,
) {
    let mut listening = true;
    while let Some(answer) = answers.recv().await {
        if let Some(safe) = answer.safe
            && safe.await.is_err()
        {
            // Not safe: the producer keeps the chunk, and sends it again to the next router.
            break;
        }
        producer.settle(answer.chunk);
        if listening {
            listening = say(&mut write, &answer.line).await;
        }
    }
    let _ = write.shutdown().await;
}

async fn say(write: &mut (impl AsyncWrite + Unpin), line: &str) -> bool {
    let line = format!("{line}\n");
    write.write_all(line.as_bytes()).await.is_ok() && write.flush().await.is_ok()
}
