//! The reader of one lane: ring first, and after the owner's death what had overflowed.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::layout::{OwnerLane, OwnerWords, ReaderLane};
use super::life::Life;
use super::mapping::Mapping;
use super::progress::Progress;
use super::refusal::{Reason, Refusal};
use super::view::View;
use crate::ring::POSITIONS;
use crate::schema::Lane;
use crate::spill::{self, SpillFile, left_by, pop_files};
use crate::stream::{DropReason, StreamCounts};
use crate::{Component, Record};

pub(super) struct LaneReader {
    lane: Lane,
    component: Component,
    ring: View,
    overflow: Option<Overflow>,
    owner: *const OwnerWords,
    own: *const ReaderLane,
    _memory: [Arc<Mapping>; 2],
    /// Handed out.
    read: Progress,
    /// Given back.
    released: Progress,
}

/// What an owner that is dead had not yet brought back into the ring.
struct Overflow {
    ring: View,
    dir: PathBuf,
    head: spill::Head,
    /// Once they were looked for.
    files: Option<VecDeque<SpillFile>>,
    /// Read to their end.
    done: Vec<SpillFile>,
}

// SAFETY: the pointers are to atomics, in memory that is kept mapped.
unsafe impl Send for LaneReader {}

impl LaneReader {
    /// # Safety
    /// `owner` is in the first of the mappings, and `own` in the second.
    pub(super) unsafe fn new(
        (lane, component): (Lane, Component),
        ring: View,
        overflow: Option<(View, PathBuf, spill::Head)>,
        (owner, own): (*const OwnerWords, *const ReaderLane),
        memory: [Arc<Mapping>; 2],
    ) -> Result<LaneReader, &'static str> {
        let overflow = overflow.map(|(ring, dir, head)| Overflow { ring, dir, head, files: None, done: Vec::new() });
        let mut reader = LaneReader {
            lane,
            component,
            ring,
            overflow,
            owner,
            own,
            _memory: memory,
            read: Progress::default(),
            released: Progress::default(),
        };
        reader.released = reader.own().load().ok_or("what its last reader left is damaged")?;
        reader.read = reader.released;
        reader.unread().ok_or("its reader's position is not within the ring")?;
        Ok(reader)
    }

    /// Appends up to `max` records.
    pub(super) fn read(&mut self, out: &mut Vec<Record>, max: usize, life: &Life) -> Result<Progress, Refusal> {
        // Before its words are: when it is known to be dead, they are final.
        let dead = life.is_known_dead();
        let wanted = out.len().saturating_add(max);
        let before = out.len();
        life.check_size()?;
        let unread = self.unread().ok_or_else(|| self.damaged(life, "its claim is ahead of its reader by too much"))?;
        let rest = self.read_ring(out, wanted, unread, dead);
        // One source in each call: an error leaves nothing behind that no mark tells of.
        if dead && rest == 0 && out.len() == before && self.read_spill(out, wanted) && out.len() == before {
            self.read_aside(out, wanted).map_err(|what| self.damaged(life, what))?;
        }
        // One clock for the batch; an owner without a counter wrote times.
        if let Some(reference) = self.owner().anchors.newest() {
            for record in &mut out[before..] {
                record.settle_time_by(|ticks| reference.ns_at(ticks));
            }
        }
        if out.len() == before && !dead {
            life.look_sometimes();
        }
        Ok(self.read)
    }

    /// How many are still unread.
    fn read_ring(&mut self, out: &mut Vec<Record>, wanted: usize, mut unread: u64, dead: bool) -> u64 {
        let emitted = self.emitted();
        while unread > 0 && out.len() < wanted {
            match self.ring.read(self.read.passed, self.read.seq, place(out)) {
                // SAFETY: it was read to there.
                Some(seq) => unsafe { self.take(seq, emitted, out) },
                // Its producer died over it, or else is about to write it.
                None if dead => self.read.torn += 1,
                None => break,
            }
            self.read.passed = self.read.passed.wrapping_add(1);
            unread -= 1;
        }
        unread
    }

    /// The overflow ring, after the spill files; only of the dead. Where one died between putting a
    /// record in its new place and taking it out of the old one, it is in both; its `seq` tells.
    fn read_aside(&mut self, out: &mut Vec<Record>, wanted: usize) -> Result<(), &'static str> {
        let Some(mut unread) = self.unread_aside()? else { return Ok(()) };
        let from = self.owner().overflow_released.0.load(Ordering::Relaxed) % POSITIONS;
        let emitted = self.emitted();
        while unread > 0 && out.len() < wanted {
            let Some(overflow) = &self.overflow else { return Ok(()) };
            match overflow.ring.read(from.wrapping_add(self.read.aside), 0, place(out)) {
                Some(seq) if seq <= self.read.seq => {}
                // SAFETY: it was read to there.
                Some(seq) => unsafe { self.take(seq, emitted, out) },
                None => self.read.torn += 1,
            }
            self.read.aside = self.read.aside.wrapping_add(1);
            unread -= 1;
        }
        Ok(())
    }

    /// The spill files, from their first record on if a reader before did not come to their end. False
    /// while there is more.
    fn read_spill(&mut self, out: &mut Vec<Record>, wanted: usize) -> bool {
        let Some(overflow) = &mut self.overflow else { return true };
        if self.read.spill_read == 1 {
            return true;
        }
        if overflow.files.is_none() {
            overflow.files = left_by(&overflow.dir, &overflow.head);
        }
        let Some(files) = &mut overflow.files else { return false };
        while !files.is_empty() && out.len() < wanted {
            let before = out.len();
            self.read.damaged += pop_files(files, &mut overflow.done, out, wanted - out.len());
            let mut last = self.read.seq;
            let mut kept = before;
            for at in before..out.len() {
                let record = out[at];
                if record.seq() > last && record.is_whole(self.component, self.lane) {
                    last = record.seq();
                    out[kept] = record;
                    kept += 1;
                }
            }
            out.truncate(kept);
            self.read.records += (kept - before) as u64;
            self.read.seq = last;
        }
        self.read.spill_read = u64::from(files.is_empty());
        files.is_empty()
    }

    /// The stamp and the record have to agree, and the record to be one of this lane.
    ///
    /// # Safety
    /// The record is in its [`place`].
    unsafe fn take(&mut self, seq: u64, emitted: u64, out: &mut Vec<Record>) {
        // SAFETY: passed on.
        let record = unsafe { place(out).assume_init_ref() };
        if seq > emitted || record.seq() != seq || !record.is_whole(self.component, self.lane) {
            self.read.damaged += 1;
            return;
        }
        self.read.seq = seq;
        self.read.records += 1;
        // SAFETY: the place is the first one behind the end, and has a record.
        unsafe { out.set_len(out.len() + 1) };
    }

    /// All that was read up to there is safe. What is not past the last one says nothing new.
    pub(super) fn release(&mut self, upto: Progress) {
        if upto.is_past(&self.released) && !upto.is_past(&self.read) {
            self.own().store(upto, self.released);
            self.released = upto;
        }
    }

    /// Cheap, and asked often. Not for a slot that its producer is about to write.
    pub(super) fn has_events(&self, dead: bool) -> bool {
        match self.unread() {
            Some(0) => dead && !self.is_read(),
            Some(_) => dead || self.ring.is_written(self.read.passed, self.read.seq),
            // What can't be is for `read` to say.
            None => true,
        }
    }

    /// Once the owner is dead: everything was read and released.
    pub(super) fn is_done(&self) -> bool {
        self.is_read() && self.read == self.released
    }

    fn is_read(&self) -> bool {
        let overflow_read = self.overflow.is_none()
            || (self.read.spill_read == 1 && matches!(self.unread_aside(), Ok(None | Some(0)) | Err(_)));
        self.unread() == Some(0) && overflow_read
    }

    /// The spill files, once everything in them is released.
    pub(super) fn remove_spill(&mut self) {
        if let Some(overflow) = &mut self.overflow {
            let left = overflow.files.take().or_else(|| left_by(&overflow.dir, &overflow.head));
            let done = std::mem::take(&mut overflow.done);
            left.into_iter().flatten().chain(done).for_each(SpillFile::remove);
        }
    }

    pub(super) fn released_seq(&self) -> u64 {
        self.released.seq
    }

    pub(super) fn counts(&self, dead: bool) -> StreamCounts {
        let losses = &self.owner_lane().losses;
        let mut dropped_by = losses.dropped_by();
        for (reason, lost) in [(DropReason::Torn, self.released.torn), (DropReason::Damaged, self.released.damaged)] {
            dropped_by[reason as usize] = lost;
        }
        let aside = match (&self.overflow, self.unread_aside()) {
            (Some(_), Ok(Some(unread))) => unread,
            _ => 0,
        };
        let in_ring = self.ring.occupied(self.ring.word(), self.released.passed).unwrap_or(0);
        let mut counts = StreamCounts {
            popped: self.released.records,
            queued: in_ring.saturating_add(aside),
            spilled: losses.spilled.load(Ordering::Relaxed),
            dropped_by,
            truncated: losses.truncated.load(Ordering::Relaxed),
            // Last, so that it is never less than the rest adds up to.
            emitted: self.emitted(),
        };
        let settled = dropped_by.iter().fold(counts.popped, |sum, n| sum.saturating_add(*n));
        let rest = counts.emitted.saturating_sub(settled);
        if !dead {
            // On its way back from the spill an event is in two places for a moment.
            counts.queued = counts.queued.min(rest);
            counts.spilled = counts.spilled.min(rest - counts.queued);
        } else if self.is_done() {
            // Died between its number and its count.
            counts.dropped_by[DropReason::Torn as usize] += rest;
            (counts.queued, counts.spilled) = (0, 0);
        } else {
            (counts.queued, counts.spilled) = (rest, 0);
        }
        counts
    }

    fn emitted(&self) -> u64 {
        let overflow = self.overflow.as_ref().map_or(0, |overflow| overflow.ring.word().seq());
        self.ring.word().seq().max(overflow)
    }

    /// In the ring and not read. None where the words contradict each other.
    fn unread(&self) -> Option<u64> {
        let occupied = self.ring.occupied(self.ring.word(), self.released.passed)?;
        occupied.checked_sub(self.read.passed.wrapping_sub(self.released.passed))
    }

    /// The same of the overflow ring; its owner's keeper released it for the last time.
    fn unread_aside(&self) -> Result<Option<u64>, &'static str> {
        let Some(overflow) = &self.overflow else { return Ok(None) };
        let from = self.owner().overflow_released.0.load(Ordering::Relaxed);
        let occupied = overflow.ring.occupied(overflow.ring.word(), from);
        let unread = occupied.and_then(|occupied| occupied.checked_sub(self.read.aside));
        unread.map(Some).ok_or("the claim of its overflow can't be right")
    }

    fn damaged(&self, life: &Life, what: &'static str) -> Refusal {
        Refusal::new(&life.path, Reason::Lane { lane: self.lane.name(), what })
    }

    fn owner(&self) -> &OwnerWords {
        // SAFETY: in the first mapping.
        unsafe { &*self.owner }
    }

    fn owner_lane(&self) -> &OwnerLane {
        &self.owner().lanes[self.lane as usize]
    }

    fn own(&self) -> &ReaderLane {
        // SAFETY: in the second mapping.
        unsafe { &*self.own }
    }
}

/// Where the next record goes.
#[inline]
fn place(out: &mut Vec<Record>) -> &mut MaybeUninit<Record> {
    out.reserve(1);
    &mut out.spare_capacity_mut()[0]
}
