//! The owner's clock in its file: a reader turns stamps into time by it, though it runs after the
//! owner has ended, or after the machine's counter began anew.

use std::sync::atomic::{Ordering, fence};

use super::layout::AnchorWords;
use crate::clock::Reference;

/// A writer comes by once a second.
const TRIES: usize = 8;

impl AnchorWords {
    /// By the owner's keeper alone.
    pub(super) fn publish(&self, reference: Reference) {
        let generation = self.generation.load(Ordering::Relaxed).wrapping_add(1);
        let Reference { ticks, ns, rate } = reference;
        let words = &self.anchors[generation as usize % 2];
        // The one in use stays as it is, so a reader has two generations to notice.
        for (word, value) in words.iter().zip([ticks, ns, rate]) {
            word.store(value, Ordering::Relaxed);
        }
        self.generation.store(generation, Ordering::Release);
    }

    /// None while there is none.
    pub(super) fn newest(&self) -> Option<Reference> {
        for _ in 0..TRIES {
            let generation = self.generation.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            if generation == 0 {
                return None;
            }
            let [ticks, ns, rate] = &self.anchors[generation as usize % 2];
            let reference = Reference {
                ticks: ticks.load(Ordering::Relaxed),
                ns: ns.load(Ordering::Relaxed),
                rate: rate.load(Ordering::Relaxed),
            };
            fence(Ordering::Acquire);
            if self.generation.load(Ordering::Relaxed) == generation {
                return Some(reference);
            }
        }
        None
    }
}
