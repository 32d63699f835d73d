//! A part of a file as memory that is shared with whoever maps it too.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: it is memory; what is done with it is for those to answer who take pointers into it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// For its owner: all pages are made present, so that no emit pays for that.
    pub(super) fn to_own(file: &File, bytes: usize) -> io::Result<Mapping> {
        Mapping::new(file, 0, bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_POPULATE)
    }

    pub(super) fn to_read(file: &File, bytes: usize) -> io::Result<Mapping> {
        Mapping::new(file, 0, bytes, libc::PROT_READ, 0)
    }

    pub(super) fn to_write(file: &File, from: usize, bytes: usize) -> io::Result<Mapping> {
        Mapping::new(file, from, bytes, libc::PROT_READ | libc::PROT_WRITE, 0)
    }

    fn new(file: &File, from: usize, bytes: usize, protection: i32, flags: i32) -> io::Result<Mapping> {
        // SAFETY: the kernel picks the place, so nothing that is mapped already is touched.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                protection,
                libc::MAP_SHARED | flags,
                file.as_raw_fd(),
                from as libc::off_t,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped at address 0"))?;
        Ok(Mapping { start, bytes })
    }

    /// Where a `T` is, `from` bytes into it. Only a place: who follows it says why that is sound.
    pub(super) fn at<T>(&self, from: usize, count: usize) -> *const T {
        assert!(from.is_multiple_of(align_of::<T>()), "misaligned");
        assert!(
            from.checked_add(count * size_of::<T>()).is_some_and(|end| end <= self.bytes),
            "outside of the mapping"
        );
        // SAFETY: within the mapping, as just looked at.
        unsafe { self.start.as_ptr().add(from).cast_const().cast() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and who has pointers into it keeps it alive.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
