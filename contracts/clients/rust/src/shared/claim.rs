//! Who has a ring file: locks on its first two bytes, which the kernel drops with the process.
//!
//! Locks of the open file (OFD), not of the process: a process that opens the file a second time
//! and closes it again keeps its lock. They say nothing about what is in these bytes.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(super) enum Role {
    Owner = 0,
    Reader = 1,
}

impl Role {
    /// False if somebody else has it. It lasts as long as the file is open.
    pub(super) fn take(self, file: &File) -> io::Result<bool> {
        match self.call(file, libc::F_OFD_SETLK) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether anybody else has it.
    pub(super) fn is_taken(self, file: &File) -> io::Result<bool> {
        Ok(i32::from(self.call(file, libc::F_OFD_GETLK)?.l_type) != libc::F_UNLCK)
    }

    fn call(self, file: &File, command: i32) -> io::Result<libc::flock> {
        // SAFETY: plain numbers, for which zero is a value.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as i16;
        lock.l_whence = libc::SEEK_SET as i16;
        lock.l_start = self as i64;
        lock.l_len = 1;
        // SAFETY: the command takes a lock, and writes to it at most.
        let done = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(lock) }
    }
}
