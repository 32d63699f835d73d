//! How a producer hears that its rows are safe.

use std::sync::Arc;

use tokio::sync::oneshot;

/// Whoever waits for rows to be safe holds the other end: it hears when the last holder of this one
/// has let go, which a destination does only when it has the rows safe, or has kept them as dead
/// letters.
#[derive(Debug)]
pub struct Receipt(Option<oneshot::Sender<()>>);

impl Receipt {
    pub fn new() -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Receipt(Some(sender))), receiver)
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            // Nobody may be waiting any more.
            let _ = sender.send(());
        }
    }
}
