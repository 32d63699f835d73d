//! Programs that run beside us: they end with us, and what they use is read from `/proc`.

use std::fs;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A running program. Dropped, it is killed: an error on our side leaves nothing behind.
pub(crate) struct Process {
    child: Child,
    name: String,
    /// Its end has been seen by `account`, behind the back of `child`.
    gone: bool,
}

/// What a process has used since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    pub(crate) user_s: f64,
    pub(crate) system_s: f64,
    /// Largest resident size so far, bytes.
    pub(crate) peak_bytes: u64,
    /// Resident size now, bytes.
    pub(crate) resident_bytes: u64,
}

impl Usage {
    pub(crate) fn cpu_s(&self) -> f64 {
        self.user_s + self.system_s
    }
}

impl Process {
    /// In a process group of its own, so that Ctrl-C at the terminal reaches us alone and we stop the
    /// others in order.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't start {name} ({})", command.get_program().to_string_lossy()))?;
        Ok(Process { child, name: name.to_owned(), gone: false })
    }

    /// The writing end of its standard input, where that is a pipe.
    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The reading end of its standard output, where that is a pipe.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, where it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Fails where it has ended: while something is expected of it.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} has ended too early ({status})", self.name),
        }
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: `kill` takes plain numbers. The child has not been waited for (`Child` would know),
        // so its number is its own still.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits for the end and says what the whole run has used: time from the kernel's account of the
    /// ended process, memory from the last look at it (the account's own figure begins at the size of
    /// whoever started the process).
    pub(crate) fn account(mut self, patience: Duration) -> Result<(ExitStatus, Usage)> {
        use std::os::unix::process::ExitStatusExt;
        let end = Instant::now() + patience;
        let mut peak_bytes = 0;
        loop {
            let mut status = 0;
            // SAFETY: a zeroed `rusage` is one of all zeros, which the kernel then fills.
            let mut used: libc::rusage = unsafe { std::mem::zeroed() };
            // SAFETY: the child is ours and not waited for yet; both pointers are to live variables.
            let waited = unsafe { libc::wait4(self.child.id() as i32, &raw mut status, libc::WNOHANG, &raw mut used) };
            if waited < 0 {
                return Err(std::io::Error::last_os_error()).with_context(|| format!("waiting for {}", self.name));
            }
            if waited > 0 {
                // Waited for: the drop must not signal whoever gets the number next.
                self.gone = true;
                let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
                let usage = Usage {
                    user_s: seconds(used.ru_utime),
                    system_s: seconds(used.ru_stime),
                    peak_bytes,
                    resident_bytes: 0,
                };
                return Ok((ExitStatus::from_raw(status), usage));
            }
            if Instant::now() > end {
                bail!("{} did not end within {} s", self.name, patience.as_secs());
            }
            if let Ok(usage) = self.usage() {
                peak_bytes = peak_bytes.max(usage.peak_bytes);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// CPU time of all threads that are alive, in ns as the scheduler keeps it.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let folder = format!("/proc/{}/task", self.child.id());
        let mut total_ns = 0.0;
        for task in fs::read_dir(&folder).with_context(|| format!("{} is gone", self.name))?.flatten() {
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            total_ns += text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(total_ns / 1e9)
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let id = self.child.id();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).with_context(|| format!("{} is gone", self.name))?;
        // The name, in brackets, may hold anything; the numbers follow it.
        let numbers: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_ascii_whitespace().collect();
        let ticks = |at: usize| numbers.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        // SAFETY: no pointers; an unknown name gives -1.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let bytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            Some(line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
        };
        Ok(Usage {
            user_s: ticks(11) / per_second,
            system_s: ticks(12) / per_second,
            peak_bytes: bytes("VmHWM:").unwrap_or(0),
            resident_bytes: bytes("VmRSS:").unwrap_or(0),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.gone && matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
