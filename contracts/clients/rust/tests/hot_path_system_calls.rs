//! Emitting makes no system call: a process that the kernel kills at its first one emits, and lives.

use libc::{c_long, c_ulong, sock_filter, sock_fprog};
use tapline_client::{Component, Emitter, Lane, Telemetry, clock, events, shared};

/// From here on the kernel kills this process at any system call but `exit`.
fn forbid_system_calls() {
    // Load the call's number (offset 0); `exit` is allowed, all others kill.
    let mut program = [
        sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 },
        sock_filter { code: 0x15, jt: 0, jf: 1, k: libc::SYS_exit as u32 },
        sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
        sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_KILL_PROCESS },
    ];
    let filter = sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the arguments are those that prctl(2) asks for, and `program` outlives the calls.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = c_ulong::from(libc::SECCOMP_MODE_FILTER);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter), 0);
    }
}

/// Runs `work` in a child that may make no system call. How the child ended, as `waitpid` says.
fn in_silence(work: impl FnOnce()) -> i32 {
    // SAFETY: the child runs only code that neither locks nor allocates, which is what is tested
    // here, and leaves by `exit` without unwinding.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
        if child == 0 {
            forbid_system_calls();
            work();
            libc::syscall(libc::SYS_exit, 0 as c_long);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        status
    }
}

fn emit_all(risk: &Emitter, recorder: &Emitter) {
    for n in 0..10_000 {
        risk.emit(&events::RiskDecision {
            strategy_id: "mm-1",
            intent_id: Some("intent-000001"),
            approved: true,
            price: Some(n),
            ..Default::default()
        });
        risk.emit(&events::StormguardTransition::default());
        recorder.emit(&events::RecorderFlush::default());
        risk.emit(&events::PnlSnapshot::default());
        risk.emit_at(clock::now_ns(), &events::KillSwitch::default());
    }
}

#[test]
fn emitting_makes_no_system_call() {
    let telemetry = Telemetry::builder("test").capacity(Lane::Audit, 64).without_spill().build();
    let risk = telemetry.component(Component::Risk);
    let recorder = telemetry.component(Component::Recorder);
    let metrics = telemetry.metrics();

    let status = in_silence(|| {
        emit_all(&risk, &recorder);
        metrics.feed_events_total.tick().inc();
        metrics.feed_latency_ns.observe(1.0);
    });
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "ended by {status:#x}");
}

/// Not even where a full ring is left for the overflow ring, and that one is full too.
#[test]
fn nor_does_it_in_shared_memory() {
    let dir = tempfile::tempdir().unwrap();
    let builder = Telemetry::builder("test").capacity(Lane::Audit, 64).spill_dir(dir.path().join("spill"));
    let telemetry = builder.shared(dir.path()).unwrap().build();
    let risk = telemetry.component(Component::Risk);
    let recorder = telemetry.component(Component::Recorder);
    let status = in_silence(|| emit_all(&risk, &recorder));
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "ended by {status:#x}");

    // The child wrote into the memory of its parent's files.
    let attached = shared::Attached::open(&shared::discover(dir.path()).unwrap()[1]).unwrap();
    let counts = attached.counts(Lane::Audit);
    assert!(counts.emitted == 10_000 && counts.dropped() > 0, "{counts:?}");
}

#[test]
fn the_filter_does_kill() {
    // SAFETY: getppid has no preconditions.
    let status = in_silence(|| unsafe {
        libc::getppid();
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSYS, "{status:#x}");
}
