//! Live view: whoever watches gets batches as they go out; nobody watching costs one atomic load.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::sink::Parcel;

/// Batches that a slow watcher may be behind before it misses some (and is told so). Each holds its
/// batch's memory until it is shown, so few.
const BEHIND_MAX: usize = 16;

pub struct Tail {
    parcels: broadcast::Sender<Arc<Parcel>>,
}

impl Default for Tail {
    fn default() -> Self {
        Tail { parcels: broadcast::channel(BEHIND_MAX).0 }
    }
}

impl Tail {
    pub fn show(&self, parcel: &Arc<Parcel>) {
        if self.parcels.receiver_count() > 0 {
            let _ = self.parcels.send(parcel.clone());
        }
    }

    pub fn watch(&self) -> broadcast::Receiver<Arc<Parcel>> {
        self.parcels.subscribe()
    }
}
