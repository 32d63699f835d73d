//! The ring by one thread; by several at once it is checked in `tests/ring_model.rs`.

use crate::ring::{CAPACITY_MAX, POSITIONS, Ring, RingReader};

fn push(ring: &Ring<u64>) -> bool {
    // SAFETY: writes the value, can't unwind.
    let pushed = unsafe {
        ring.push(|slot, seq| {
            slot.write(seq);
        })
    };
    match pushed {
        Ok(()) => true,
        Err(word) => !ring.pass(word),
    }
}

fn drain(ring: &Ring<u64>, reader: &mut RingReader) -> Vec<u64> {
    // SAFETY: they came together.
    std::iter::from_fn(|| unsafe { ring.pop(reader) }).collect()
}

#[test]
fn a_full_ring_takes_the_seq_and_keeps_what_it_has() {
    let (ring, mut reader) = Ring::new(3);
    assert_eq!(ring.capacity(), 4);
    let pushed: Vec<bool> = (0..6).map(|_| push(&ring)).collect();
    assert_eq!(pushed, [true, true, true, true, false, false]);
    assert_eq!((ring.len(), ring.seq()), (4, 6));
    assert_eq!(drain(&ring, &mut reader), [1, 2, 3, 4]);
    assert!(push(&ring));
    assert_eq!(drain(&ring, &mut reader), [7]);
    assert_eq!(ring.len(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "half a million rounds")]
fn positions_wrap_around() {
    let (ring, mut reader) = Ring::new(4);
    let rounds = POSITIONS + 10;
    for round in 0..rounds {
        assert!(push(&ring) && push(&ring));
        assert_eq!(ring.len(), 2);
        assert_eq!(drain(&ring, &mut reader), [round * 2 + 1, round * 2 + 2]);
    }
    assert_eq!(ring.seq(), rounds * 2);
}

#[test]
#[cfg_attr(miri, ignore = "a quarter of a million slots")]
fn the_smallest_and_the_largest_ring_tell_full_from_empty() {
    for capacity in [1, CAPACITY_MAX + 1] {
        let (ring, mut reader) = Ring::new(capacity);
        for _ in 0..ring.capacity() {
            assert!(push(&ring));
        }
        assert!(!push(&ring));
        assert_eq!(ring.len(), ring.capacity());
        assert_eq!(drain(&ring, &mut reader).len(), ring.capacity());
        assert!(push(&ring));
    }
}
