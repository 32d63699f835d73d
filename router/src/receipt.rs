//! How a producer hears that its rows are safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::oneshot;

/// Whoever waits for rows to be safe holds the other end: it hears when the last holder of this one
/// has let go, which happens only when the rows are in the journal, with their destinations, or among
/// the dead letters. Where one holder says that they are not, the other end hears of an error.
#[derive(Debug)]
pub struct Receipt {
    sender: Option<oneshot::Sender<()>>,
    failed: AtomicBool,
}

impl Receipt {
    pub fn new() -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Receipt { sender: Some(sender), failed: AtomicBool::new(false) }), receiver)
    }

    /// The rows could not be made safe: the producer is to keep them.
    pub fn fail(&self) {
        self.failed.store(true, Relaxed);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take().filter(|_| !*self.failed.get_mut()) {
            // Nobody may be waiting any more.
            let _ = sender.send(());
        }
    }
}
