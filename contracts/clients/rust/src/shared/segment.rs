//! A ring file as its owner has it: the four lanes of one component of one run.
//!
//! One file for each component and run. Components come at any time, and a file is complete when it
//! gets its name, so one for the whole process would have to be made for components that never
//! come. The lanes of a component share their owner, their clock and their end, so a file for each
//! lane would say and check everything four times.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::claim::Role;
use super::folder::{SUFFIX, UNFINISHED_SUFFIX, check_room, prepare};
use super::head::{Head, Owner, RingPlace};
use super::layout::{OWNER_FROM, OwnerWords, READER_FROM, ReaderWords};
use super::mapping::Mapping;
use super::refusal::{Reason, Refusal};
use crate::clock;
use crate::losses::Losses;
use crate::queue::SharedRings;
use crate::ring::{Claim, Parts, Ring};
use crate::schema::Lane;

/// Alive as long as one of its queues is; then its lock goes, and a reader knows that nothing more
/// comes.
#[derive(Debug)]
pub(crate) struct Segment {
    mapping: Mapping,
    head: Head,
    _locked: File,
}

impl Segment {
    /// `capacity` by lane. `spill` is the folder of the audit lane's spill files, if it has any.
    pub(crate) fn create(
        folder: &Path,
        owner: Owner,
        capacity: [usize; Lane::COUNT],
        spill: Option<String>,
    ) -> Result<Arc<Segment>, Refusal> {
        prepare(folder)?;
        let name = format!("{}-{}", owner.run, owner.component().name());
        let unfinished = folder.join(format!("{name}.{UNFINISHED_SUFFIX}"));
        let path = folder.join(format!("{name}.{SUFFIX}"));
        let head = Head::new(owner, capacity, spill);
        check_room(folder, head.file_bytes)?;
        let made = Segment::make(&unfinished, head).and_then(|segment| {
            // From here on readers find it.
            fs::rename(&unfinished, &path).map_err(Refusal::system(&path, "make"))?;
            Ok(segment)
        });
        if made.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        made.map(Arc::new)
    }

    fn make(path: &Path, head: Head) -> Result<Segment, Refusal> {
        let bytes = head
            .to_bytes()
            .ok_or_else(|| Refusal::new(path, Reason::Head("the spill folder's path is too long for it".into())))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map_err(Refusal::system(path, "make"))?;
        if !Role::Owner.take(&file).map_err(Refusal::system(path, "lock"))? {
            return Err(Refusal::new(path, Reason::InUse));
        }
        // All of it now: a page that can't be had later would kill the process as it emits.
        allocate(&file, head.file_bytes).map_err(Refusal::system(path, "allocate"))?;
        file.write_all_at(&bytes, 0).map_err(Refusal::system(path, "write"))?;
        let mapping = Mapping::to_own(&file, head.file_bytes as usize).map_err(Refusal::system(path, "map"))?;
        let segment = Segment { mapping, head, _locked: file };
        segment.words().overflow_claim.0.store(Claim(0).closed().0, Ordering::Relaxed);
        segment.publish_clock();
        Ok(segment)
    }

    /// For one queue.
    pub(crate) fn rings(self: &Arc<Self>, lane: Lane) -> SharedRings {
        let words = &self.words().lanes[lane as usize];
        let ring = |claim, released, place: &RingPlace| {
            let parts = Parts {
                claim,
                released,
                slots: self.mapping.at(place.from as usize, place.capacity as usize),
                capacity: place.capacity as usize,
                memory: self.clone(),
            };
            // SAFETY: new memory, zeroed, and in no other use; the segment keeps it mapped.
            unsafe { Ring::at(parts) }
        };
        // SAFETY: within the mapping; atomics only.
        let reader = unsafe { &*self.mapping.at::<ReaderWords>(READER_FROM, 1) };
        let released = &raw const reader.lanes[lane as usize].released;
        let overflow = self.head.overflow.as_ref().filter(|_| lane == Lane::Audit).map(|place| {
            let (claim, released) = (&raw const self.words().overflow_claim, &raw const self.words().overflow_released);
            ring(claim, released, place)
        });
        SharedRings {
            main: ring(&raw const words.claim, released, &self.head.rings[lane as usize]),
            overflow,
            // SAFETY: as above.
            losses: unsafe { Losses::at(&raw const words.losses, self.clone()) },
        }
    }

    /// Once a second, by the keeper.
    pub(crate) fn publish_clock(&self) {
        if let Some(reference) = clock::reference() {
            self.words().anchors.publish(reference);
        }
    }

    fn words(&self) -> &OwnerWords {
        // SAFETY: within the mapping; atomics only.
        unsafe { &*self.mapping.at(OWNER_FROM, 1) }
    }
}

fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    // SAFETY: the file is open; the call touches no memory.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
