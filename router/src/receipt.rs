//! How a producer hears that its rows are safe.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// When the last holder of this one has let go, the rows are safe: in the journal, with their destinations on
/// this machine, or among the dead letters. Then whoever waits for it is told, unless a holder has said
/// that they are not.
pub struct Receipt {
    tell: Option<Box<dyn FnOnce() + Send + Sync>>,
    failed: AtomicBool,
}

/// The receipts of a batch of logs, held by the destinations on this machine until they have it. One that is in
/// trouble lets go of them: its rows are promised to nobody, and a producer that waits for it would stop sending
/// pages, too.
pub struct Hold(Mutex<Vec<Arc<Receipt>>>);

impl Hold {
    pub fn new(receipts: Vec<Arc<Receipt>>) -> Arc<Self> {
        Arc::new(Hold(Mutex::new(receipts)))
    }

    pub fn release(&self) {
        let receipts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(receipts);
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl Receipt {
    /// The other end hears when the rows are safe, or gets an error where they are not.
    pub fn new() -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        // Nobody may be waiting any more.
        let receipt = Self::calling(move || {
            let _ = sender.send(());
        });
        (receipt, receiver)
    }

    /// Calls when the rows are safe; never where they are not.
    pub fn calling(tell: impl FnOnce() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Receipt { tell: Some(Box::new(tell)), failed: AtomicBool::new(false) })
    }

    /// The rows could not be made safe: the producer is to keep them.
    pub fn fail(&self) {
        self.failed.store(true, Relaxed);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take().filter(|_| !*self.failed.get_mut()) {
            tell();
        }
    }
}
