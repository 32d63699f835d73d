//! A ring file as its reader has it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::claim::Role;
use super::folder::own_uid;
use super::head::{Head, Owner, RingPlace};
use super::lane::LaneReader;
use super::layout::{HEAD_BYTES, OWNER_FROM, OwnerWords, READER_BYTES, READER_FROM, ReaderWords};
use super::life::Life;
use super::mapping::Mapping;
use super::progress::Progress;
use super::refusal::{Reason, Refusal};
use super::view::View;
use crate::schema::Lane;
use crate::stream::StreamCounts;
use crate::{Component, Record, spill};

/// The lanes of one component of one run, read by this process and no other.
///
/// Reading is done in two steps. [`read`](Attached::read) hands records out and leaves them in the
/// file; [`release`](Attached::release) says that everything up to a [`Mark`] is safe, and only
/// then are the slots free, and only then does a reader that starts again not see them again.
/// Between the two a killed reader costs nothing but a repetition, which [`Record::seq`] tells.
///
/// Any thread may use it; a lane has a lock, which reading holds.
pub struct Attached {
    owner: Owner,
    life: Life,
    lanes: [Mutex<LaneReader>; Lane::COUNT],
}

/// How far a lane was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    lane: Lane,
    progress: Progress,
}

impl Attached {
    /// Attaches to a file that [`discover`](super::discover) found. Everything about it is looked at
    /// before: a file that is another user's, damaged, of another version or contract, or read by
    /// somebody else is refused.
    pub fn open(path: &Path) -> Result<Attached, Refusal> {
        let refuse = |reason| Refusal::new(path, reason);
        let file = open_regular(path)?;
        let mut start = vec![0; HEAD_BYTES];
        let length = read_start(&file, &mut start).map_err(Refusal::system(path, "read"))?;
        let head = Head::parse(&start[..length]).map_err(refuse)?;
        let process = head.owner.process.clone();
        let life = Life::new(path.to_owned(), file, head.file_bytes, process);
        life.check_size()?;
        if !become_reader(&life.file).map_err(Refusal::system(path, "lock"))? {
            return Err(refuse(Reason::InUse));
        }
        let map = |mapped: io::Result<Mapping>| mapped.map(Arc::new).map_err(Refusal::system(path, "map"));
        let all = map(Mapping::to_read(&life.file, head.file_bytes as usize))?;
        let own = map(Mapping::to_write(&life.file, READER_FROM, READER_BYTES))?;
        let mut lanes = Vec::with_capacity(Lane::COUNT);
        for lane in Lane::ALL {
            let reader = lane_reader(&head, lane, &all, &own);
            lanes.push(Mutex::new(reader.map_err(|what| refuse(Reason::Lane { lane: lane.name(), what }))?));
        }
        let Ok(lanes) = lanes.try_into() else { unreachable!("one for each lane") };
        life.look();
        Ok(Attached { owner: head.owner, life, lanes })
    }

    pub fn path(&self) -> &Path {
        &self.life.path
    }

    /// Whose it is. `run`, component and lane name the stream that `seq` counts in.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    pub fn component(&self) -> Component {
        self.owner.component()
    }

    /// In the order in which they should be emptied.
    pub fn lanes(&self) -> [Lane; Lane::COUNT] {
        Lane::ALL
    }

    /// Whether the lane is worth a [`read`](Attached::read). Costs a few loads, and every 50 ms a look
    /// at the owner and at the file. True for torn slots too, from which no record comes: who reads
    /// in a loop ends it at a mark that is not past the last one.
    pub fn has_events(&self, lane: Lane) -> bool {
        // Before the words: a file that was cut has none.
        let dead = self.life.look_sometimes();
        // What is wrong is for `read` to say.
        self.life.is_known_cut() || self.lane(lane).has_events(dead)
    }

    /// Appends up to `max` records, oldest first, that were not read before. They stay in the file
    /// until the mark, or a later one, is released.
    ///
    /// No record may come and the mark be a new one all the same, where slots were torn or damaged:
    /// always release it. After an error the lane can't be read; the other ones may be.
    pub fn read(&self, lane: Lane, into: &mut Vec<Record>, max: usize) -> Result<Mark, Refusal> {
        let progress = self.lane(lane).read(into, max, &self.life)?;
        Ok(Mark { lane, progress })
    }

    /// Everything that was read up to the mark is safe elsewhere. Of several marks the last one says
    /// it for all, and in whatever order they are released.
    pub fn release(&self, mark: Mark) {
        self.lane(mark.lane).release(mark.progress);
    }

    /// The highest `seq` that was released, by this reader or one before it: what comes from now on
    /// is above.
    pub fn released_seq(&self, lane: Lane) -> u64 {
        self.lane(lane).released_seq()
    }

    /// Whether more may come. Once it is false it stays so.
    pub fn is_owner_alive(&self) -> bool {
        !self.life.look()
    }

    /// Where the events of the lane are. `popped` are the released ones, and `queued` includes what
    /// was read and not released. While the owner lives the sum may be short by the events that are
    /// between two places; once it is dead it is exact, and once everything is released too, what is
    /// missing is [`Torn`](crate::DropReason::Torn).
    pub fn counts(&self, lane: Lane) -> StreamCounts {
        if self.life.check_size().is_err() {
            return StreamCounts::default();
        }
        self.lane(lane).counts(self.life.is_known_dead())
    }

    /// The owner is dead, and all it left was read and released.
    pub fn is_done(&self) -> bool {
        self.life.look() && self.life.check_size().is_ok() && Lane::ALL.iter().all(|lane| self.lane(*lane).is_done())
    }

    /// Removes the file of an owner that is gone, and the spill files that go with it, once nothing is
    /// left in them. Take the last [`counts`](Attached::counts) before.
    pub fn retire(&self) -> Result<(), Refusal> {
        if !self.is_done() {
            return Err(Refusal::new(self.path(), Reason::NotDone));
        }
        self.lane(Lane::Audit).remove_spill();
        let look = Refusal::system(self.path(), "look at");
        let own = self.life.file.metadata().map_err(look)?;
        match fs::symlink_metadata(self.path()) {
            Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => {
                fs::remove_file(self.path()).map_err(Refusal::system(self.path(), "remove"))
            }
            // Gone already, or another one by that name.
            _ => Ok(()),
        }
    }

    fn lane(&self, lane: Lane) -> MutexGuard<'_, LaneReader> {
        self.lanes[lane as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Whether releasing it would change anything, where `other` was released.
    pub fn is_past(&self, other: &Mark) -> bool {
        self.lane == other.lane && self.progress.is_past(&other.progress)
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").field("path", &self.path()).field("owner", &self.owner).finish_non_exhaustive()
    }
}

fn open_regular(path: &Path) -> Result<File, Refusal> {
    let refuse = |reason| Refusal::new(path, reason);
    // Not blocking: opening a pipe would wait for its other end.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => refuse(Reason::Link),
        Some(libc::EISDIR | libc::ENXIO | libc::ENODEV) => refuse(Reason::NotAFile),
        _ => Refusal::system(path, "open")(error),
    })?;
    let metadata = file.metadata().map_err(Refusal::system(path, "look at"))?;
    if !metadata.is_file() {
        Err(refuse(Reason::NotAFile))
    } else if metadata.uid() != own_uid() {
        Err(refuse(Reason::Foreign { uid: metadata.uid(), own: own_uid() }))
    } else if metadata.mode() & 0o022 != 0 {
        Err(refuse(Reason::Open { mode: metadata.mode() & 0o7777 }))
    } else {
        Ok(file)
    }
}

/// False if there is another one, for longer than a moment: a process that the last one was about
/// to start has a copy of its files until it becomes another program.
fn become_reader(file: &File) -> io::Result<bool> {
    const TRIES: u32 = 10;
    const PAUSE: Duration = Duration::from_millis(5);
    for _ in 1..TRIES {
        if Role::Reader.take(file)? {
            return Ok(true);
        }
        thread::sleep(PAUSE);
    }
    Role::Reader.take(file)
}

/// Up to as many bytes as there is room for.
fn read_start(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], length as u64)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

fn lane_reader(head: &Head, lane: Lane, all: &Arc<Mapping>, own: &Arc<Mapping>) -> Result<LaneReader, &'static str> {
    let component = head.owner.component();
    let words: *const OwnerWords = all.at(OWNER_FROM, 1);
    // SAFETY: within the mapping; atomics only.
    let owner = unsafe { &*words };
    // SAFETY: within the mapping; atomics only.
    let reader = unsafe { &*own.at::<ReaderWords>(0, 1) };
    let view = |claim, place: &RingPlace| {
        let slots = all.at(place.from as usize, place.capacity as usize);
        // SAFETY: both are in the mapping, and the head's check has the capacity a power of two.
        unsafe { View::new(claim, slots, place.capacity, all.clone()) }
    };
    let overflow = head.overflow.as_ref().zip(head.spill.as_ref()).filter(|_| lane == Lane::Audit);
    let overflow = overflow.map(|(place, dir)| {
        let of = spill::Head {
            service: head.owner.service.clone(),
            env: head.owner.env.clone(),
            run: head.owner.run.clone(),
            component,
            lane,
        };
        (view(&raw const owner.overflow_claim.0, place), PathBuf::from(dir), of)
    });
    let ring = view(&raw const owner.lanes[lane as usize].claim.0, &head.rings[lane as usize]);
    let pointers = (words, &raw const reader.lanes[lane as usize]);
    // SAFETY: taken from these mappings just now.
    unsafe { LaneReader::new((lane, component), ring, overflow, pointers, [Arc::clone(all), Arc::clone(own)]) }
}
