//! CPU time of the calling thread.
//!
//! A deadline in wall time would blame a plugin for a machine that is busy with something else, and a
//! blamed redaction costs events. Guests can't wait for anything, so CPU time is what a guest that
//! never ends is certain to use.

use std::time::Duration;

pub(crate) fn thread_cpu_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for one timespec, and the call writes nothing else.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    // The clock exists on every Linux; on a failure zero makes every later reading look long, which
    // turns the deadline into one of wall time.
    if failed != 0 {
        return Duration::ZERO;
    }
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_costs_no_cpu_time_and_spinning_does() {
        let start = thread_cpu_time();
        std::thread::sleep(Duration::from_millis(20));
        let slept = thread_cpu_time() - start;
        assert!(slept < Duration::from_millis(15), "{slept:?}");
        while thread_cpu_time() - start < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
    }
}
