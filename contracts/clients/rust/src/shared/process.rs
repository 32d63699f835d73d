//! One process, told from all others that ever had its number.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    /// Clock ticks from the machine's start to the process's.
    pub started: u64,
    /// The machine's start.
    pub boot: String,
    /// The space in which the pid means something: containers have their own.
    pub space: u64,
}

impl ProcessId {
    pub(super) fn own() -> ProcessId {
        let pid = std::process::id();
        ProcessId { pid, started: started(pid).unwrap_or(0), boot: boot().into(), space: space() }
    }

    /// False only if it is certain: another boot, or a process of that number here that is not it.
    pub(super) fn may_live(&self) -> bool {
        if self.boot != boot() {
            return false;
        }
        self.space != space() || self.space == 0 || started(self.pid) == Some(self.started)
    }
}

/// The 22nd field of its `stat`; the second is a name that may have blanks and brackets in it.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

// Neither changes while this process lives.

fn boot() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(|_| String::new(), |id| id.trim().into())
    })
}

fn space() -> u64 {
    static SPACE: OnceLock<u64> = OnceLock::new();
    *SPACE.get_or_init(|| fs::metadata("/proc/self/ns/pid").map_or(0, |space| space.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_told_from_one_that_has_its_number_now() {
        let own = ProcessId::own();
        assert!(own.started > 0 && own.may_live());
        assert!(!ProcessId { started: own.started - 1, ..own.clone() }.may_live());
        assert!(!ProcessId { boot: "another".into(), ..own.clone() }.may_live());
        // The number means nothing here.
        assert!(ProcessId { started: own.started - 1, space: own.space + 1, ..own }.may_live());
        let mut child = std::process::Command::new("sleep").arg("10").spawn().unwrap();
        let id = ProcessId { pid: child.id(), started: started(child.id()).unwrap(), ..ProcessId::own() };
        assert!(id.may_live());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!id.may_live());
    }
}
