//! The ring under every order in which threads and memory may act, as `loom` tries them.

mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

// The client's own file; what this test does not use of it is not dead.
#[allow(dead_code)]
#[path = "../src/ring.rs"]
mod ring;

use loom::sync::Arc;
use loom::thread;
use ring::Ring;

/// A value of two words, so that a torn one would show.
type Pair = [u64; 2];

fn push(ring: &Ring<Pair>) -> bool {
    // SAFETY: writes the value, can't unwind.
    let pushed = unsafe {
        ring.push(|slot, seq| {
            slot.write([seq, seq]);
        })
    };
    pushed.is_some()
}

/// `producers` push once or more each, while the reader pops. Preemptions are bounded, since a model
/// takes for ever without.
fn check(producers: usize, pushes: usize, pops: usize, preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let (ring, mut reader) = Ring::<Pair>::new(2);
        let ring = Arc::new(ring);
        let threads: Vec<_> = (0..producers)
            .map(|_| {
                let ring = Arc::clone(&ring);
                thread::spawn(move || (0..pushes).filter(|_| push(&ring)).count())
            })
            .collect();
        let mut seen = Vec::new();
        for _ in 0..pops {
            // SAFETY: they came together.
            match unsafe { ring.pop(&mut reader) } {
                Some(pair) => seen.push(pair),
                // Without it the model does not come upon the orders in which there is something.
                None => thread::yield_now(),
            }
        }
        let pushed: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        // SAFETY: they came together.
        while let Some(pair) = unsafe { ring.pop(&mut reader) } {
            seen.push(pair);
        }
        assert_eq!(seen.len(), pushed, "what was pushed is popped");
        assert!(seen.iter().all(|pair| pair[0] == pair[1]), "no value is torn");
        assert!(seen.is_sorted_by(|a, b| a[0] < b[0]), "in the order of seq, none twice");
        assert_eq!(ring.seq(), (producers * pushes) as u64, "dropped ones took a seq too");
        assert_eq!(ring.len(), 0);
    });
}

#[test]
fn two_producers_and_a_reader() {
    check(2, 2, 3, 2);
}

#[test]
fn three_producers_overfill_it() {
    check(3, 1, 2, 1);
}
