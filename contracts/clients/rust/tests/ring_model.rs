//! The ring under every order in which threads and memory may act, as `loom` tries them.

mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

// The client's own files; what this test does not use of them is not dead.
#[allow(dead_code)]
#[path = "../src/diversion.rs"]
mod diversion;
#[allow(dead_code)]
#[path = "../src/ring.rs"]
mod ring;

use diversion::{Diversion, Next};
use loom::sync::Arc;
use loom::thread;
use ring::{Ring, RingReader};

/// A value of two words, so that a torn one would show.
type Pair = [u64; 2];

fn push(ring: &Ring<Pair>) -> bool {
    loop {
        // SAFETY: writes the value, can't unwind.
        let pushed = unsafe {
            ring.push(|slot, seq| {
                slot.write([seq, seq]);
            })
        };
        match pushed {
            Ok(()) => return true,
            Err(word) if ring.pass(word) => return false,
            Err(_) => {}
        }
    }
}

fn in_order(seen: &[Pair]) {
    assert!(seen.iter().all(|pair| pair[0] == pair[1]), "no value is torn");
    assert!(seen.is_sorted_by(|a, b| a[0] < b[0]), "in the order of seq, none twice: {seen:?}");
}

fn model(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    // A model takes for ever without.
    model.preemption_bound = Some(preemptions);
    model.check(check);
}

/// `producers` push once or more each, while the reader reads, and releases every other time.
fn check(producers: usize, pushes: usize, reads: usize, preemptions: usize) {
    model(preemptions, move || {
        let (ring, mut reader) = Ring::<Pair>::new(2);
        let ring = Arc::new(ring);
        let threads: Vec<_> = (0..producers)
            .map(|_| {
                let ring = Arc::clone(&ring);
                thread::spawn(move || (0..pushes).filter(|_| push(&ring)).count())
            })
            .collect();
        let mut seen = Vec::new();
        for read in 0..reads {
            // SAFETY: they came together.
            match unsafe { ring.peek(&mut reader) } {
                Some(pair) => seen.push(pair),
                // Without it the model does not come upon the orders in which there is something.
                None => thread::yield_now(),
            }
            if read % 2 == 1 {
                // SAFETY: they came together.
                unsafe { ring.release(&mut reader) };
            }
        }
        let pushed: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        // SAFETY: they came together.
        while let Some(pair) = unsafe { ring.pop(&mut reader) } {
            seen.push(pair);
        }
        // SAFETY: they came together.
        unsafe { ring.release(&mut reader) };
        assert_eq!(seen.len(), pushed, "what was pushed is popped");
        in_order(&seen);
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

struct Pairing {
    main: Ring<Pair>,
    overflow: Ring<Pair>,
}

impl Pairing {
    /// As a queue of shared memory does it. False if it was dropped.
    fn push(&self) -> bool {
        let diversion = Diversion { main: &self.main, overflow: &self.overflow };
        let mut next = Next::Main;
        loop {
            let ring = if next == Next::Main { &self.main } else { &self.overflow };
            // SAFETY: writes the value, can't unwind.
            let pushed = unsafe {
                ring.push(|slot, seq| {
                    slot.write([seq, seq]);
                })
            };
            let Err(word) = pushed else { return true };
            next = match next {
                Next::Main => diversion.turned_away_by_main(word),
                _ => diversion.turned_away_by_overflow(word),
            };
            if next == Next::Dropped {
                return false;
            }
        }
    }

    /// As the keeper does it.
    fn give_back(&self, reader: &mut RingReader) {
        if !self.main.word().is_closed() {
            return;
        }
        while self.main.has_room(self.main.word())
            // SAFETY: they came together.
            && let Some(pair) = unsafe { self.overflow.peek(reader) }
        {
            // SAFETY: the main ring is closed while there is something in the overflow ring.
            let placed = unsafe {
                self.main.place(pair[0], |slot| {
                    slot.write(pair);
                })
            };
            assert!(placed);
        }
        // SAFETY: they came together.
        unsafe { self.overflow.release(reader) };
        Diversion { main: &self.main, overflow: &self.overflow }.end(reader);
    }
}

/// The main ring is full from the start; `producers` push on, while the keeper and the reader work.
fn check_diversion(producers: usize, pushes: usize, rounds: usize, preemptions: usize) {
    model(preemptions, move || {
        let (main, mut reader) = Ring::<Pair>::new(2);
        let (overflow, mut aside) = Ring::<Pair>::new(2);
        assert!(overflow.close(overflow.word()));
        let pairing = Arc::new(Pairing { main, overflow });
        let mut pushed = 0;
        while pairing.main.len() < 2 {
            pushed += usize::from(pairing.push());
        }
        let threads: Vec<_> = (0..producers)
            .map(|_| {
                let pairing = Arc::clone(&pairing);
                thread::spawn(move || (0..pushes).filter(|_| pairing.push()).count())
            })
            .collect();
        // Reader and keeper are one thread here: what they have in common is the released word, which
        // the other model has.
        let mut seen = Vec::new();
        for _ in 0..rounds {
            // SAFETY: they came together.
            seen.extend(unsafe { pairing.main.pop(&mut reader) });
            pairing.give_back(&mut aside);
        }
        pushed += threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>();
        while pairing.main.len() > 0 || pairing.main.word().is_closed() {
            // SAFETY: they came together.
            while let Some(pair) = unsafe { pairing.main.pop(&mut reader) } {
                seen.push(pair);
            }
            pairing.give_back(&mut aside);
        }
        in_order(&seen);
        assert_eq!(seen.len(), pushed, "what was pushed comes out");
        assert!(pairing.overflow.word().is_closed());
        let taken = 2 + producers * pushes;
        assert_eq!(pairing.main.seq().max(pairing.overflow.seq()), taken as u64);
        assert!(pairing.push(), "and it goes on");
        // SAFETY: they came together.
        assert_eq!(unsafe { pairing.main.pop(&mut reader) }, Some([taken as u64 + 1; 2]));
    });
}

#[test]
fn one_producer_is_diverted_and_returns() {
    check_diversion(1, 3, 3, 3);
}

#[test]
fn two_producers_are_diverted_and_return() {
    check_diversion(2, 1, 2, 2);
}
