//! A disk that loses power: what was not synced may be gone, or there in part, or as zeros; names that were
//! not synced may be the old or the new ones. And one whose operations fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use crate::disk::{Disk, DiskFile};

#[derive(Clone, Debug, Default)]
pub(crate) struct Simulated(Rc<RefCell<State>>);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// So many more changes are made, then none.
    pub(crate) power_lost_after: Option<u64>,
    /// So many more changes are made, then so many fail.
    pub(crate) fail_after: Option<u64>,
    pub(crate) fail_count: u64,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Inode>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Changes of names since they were synced, in order: the name, and what it names then.
    renamed: Vec<(String, Option<usize>)>,
    faults: Faults,
    is_off: bool,
}

#[derive(Debug, Default)]
struct Inode {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

pub(crate) struct SimulatedFile {
    state: Rc<RefCell<State>>,
    inode: usize,
}

impl State {
    /// Before each change of the disk.
    fn change(&mut self) -> io::Result<()> {
        if self.is_off {
            return Err(io::Error::other("no power"));
        }
        if let Some(left) = &mut self.faults.power_lost_after {
            if *left == 0 {
                self.is_off = true;
                return Err(io::Error::other("no power"));
            }
            *left -= 1;
        }
        match &mut self.faults.fail_after {
            Some(0) if self.faults.fail_count > 0 => {
                self.faults.fail_count -= 1;
                Err(io::Error::other("the disk says no"))
            }
            Some(0) | None => Ok(()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn name(&mut self, name: &str, inode: Option<usize>) {
        self.renamed.push((name.to_owned(), inode));
        match inode {
            Some(inode) => self.names.insert(name.to_owned(), inode),
            None => self.names.remove(name),
        };
    }
}

/// Small, as the records of the tests are.
const SECTOR: usize = 64;

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Simulated {
    pub(crate) fn set(&self, faults: Faults) {
        self.0.borrow_mut().faults = faults;
    }

    /// Ends a planned loss of power that has been dealt with.
    pub(crate) fn set_if_calm(&self) {
        let mut state = self.0.borrow_mut();
        if !state.is_off {
            state.faults.power_lost_after = None;
        }
    }

    /// The machine starts again; what was not synced is as the seed wants it.
    pub(crate) fn power_on(&self, mut seed: u64) {
        let mut state = self.0.borrow_mut();
        state.is_off = false;
        state.faults = Faults::default();
        // Names reach the disk in order, up to some point.
        let kept = random(&mut seed) as usize % (state.renamed.len() + 1);
        let mut names = state.synced_names.clone();
        for (name, inode) in state.renamed.drain(..).take(kept) {
            match inode {
                Some(inode) => names.insert(name, inode),
                None => names.remove(&name),
            };
        }
        state.names.clone_from(&names);
        state.synced_names = names;
        for file in &mut state.files {
            // Of what was cut off or appended since the sync, any part; some of it as zeros.
            let common = file.bytes.iter().zip(&file.synced).take_while(|(a, b)| a == b).count();
            let mut bytes = file.synced.clone();
            if random(&mut seed).is_multiple_of(2) {
                bytes.truncate(common.max(if file.bytes.len() < file.synced.len() { file.bytes.len() } else { 0 }));
                let new = &file.bytes[common.min(file.bytes.len())..];
                let part = random(&mut seed) as usize % (new.len() + 1);
                bytes.truncate(common);
                bytes.extend_from_slice(&new[..part]);
                match random(&mut seed) % 4 {
                    0 => {
                        let zeros = random(&mut seed) as usize % (part + 1);
                        let from = bytes.len() - zeros;
                        bytes[from..].fill(0);
                    }
                    // Sectors arrive in any order, so that earlier ones may be missing.
                    1 => {
                        for sector in bytes[common..].chunks_mut(SECTOR) {
                            if random(&mut seed).is_multiple_of(3) {
                                sector.fill(0);
                            }
                        }
                    }
                    _ => {}
                }
                if bytes.len() < file.synced.len() && file.bytes.len() >= file.synced.len() {
                    // What was synced and not touched since stays.
                    bytes = file.synced.clone();
                }
            }
            file.bytes.clone_from(&bytes);
            file.synced = bytes;
        }
    }
}

impl Disk for Simulated {
    type File = SimulatedFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.borrow().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut state = self.0.borrow_mut();
        state.change()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.files.push(Inode::default());
        let inode = state.files.len() - 1;
        state.name(name, Some(inode));
        Ok(SimulatedFile { state: self.0.clone(), inode })
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        let inode = self.0.borrow().names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(SimulatedFile { state: self.0.clone(), inode })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.change()?;
        state.name(name, None);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.change()?;
        let inode = state.names.get(from).copied().ok_or(io::ErrorKind::NotFound)?;
        state.name(to, Some(inode));
        state.name(from, None);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.change()?;
        state.renamed.clear();
        state.synced_names = state.names.clone();
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.state.borrow().files[self.inode].bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state.borrow();
        let rest = state.files[self.inode].bytes.get(offset as usize..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    /// One that fails may have written a part.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        let result = state.change();
        let part = if result.is_ok() { bytes.len() } else { bytes.len() / 2 };
        if !state.is_off || result.is_ok() {
            state.files[self.inode].bytes.extend_from_slice(&bytes[..part]);
        }
        result
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        state.change()?;
        state.files[self.inode].bytes.truncate(bytes as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        state.change()?;
        let file = &mut state.files[self.inode];
        file.synced = file.bytes.clone();
        Ok(())
    }
}
