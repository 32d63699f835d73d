//! One life of a plugin: a store, its memory, its limits. It ends with the first fault.

use std::time::{Duration, Instant};

use wasmtime::{Store, StoreContextMut, Trap, UpdateDeadline, WasmBacktrace};

use crate::batch::Batch;
use crate::bindings;
use crate::bindings::tapline::plugin::{host, types as wit};
use crate::clock::thread_cpu_time;
use crate::engine::Engine;
use crate::fault::{Call, Fault, FaultKind};
use crate::limits::{Limits, Meter};
use crate::log::LogBuffer;
use crate::plugin::Plugin;
use crate::ticker::TICK;

/// A message of the guest's own is cut to this before it travels on in a [`Fault`].
const MESSAGE_BYTES_MAX: usize = 512;
/// Function names in such a message.
const FRAMES_MAX: usize = 5;

pub(crate) struct Guest {
    engine: Engine,
    store: Store<State>,
    exports: bindings::Plugin,
    limits: Limits,
}

/// What the host keeps beside the guest's memory.
pub(crate) struct State {
    meter: Meter,
    log: LogBuffer,
    deadline: Deadline,
    output_bytes: usize,
}

/// Half the deadline passes in wall time without a question. Then the thread's CPU time is read, and
/// read again after the other half: a guest that used that half is stopped, one whose thread was kept
/// from running gets the half again. A call that ends in time costs no reading at all.
#[derive(Default)]
struct Deadline {
    whole: Duration,
    half: Duration,
    cpu_at_half: Option<Duration>,
}

// === impl Guest ===

impl Guest {
    pub(crate) fn start(
        engine: &Engine,
        plugin: &Plugin,
        limits: Limits,
        log: LogBuffer,
    ) -> Result<Self, (Fault, LogBuffer)> {
        let state =
            State { meter: Meter::new(&limits), log, deadline: Deadline::default(), output_bytes: limits.output_bytes };
        let mut store = Store::new(engine.wasmtime(), state);
        store.limiter(|state| &mut state.meter);
        store.epoch_deadline_callback(on_epoch);
        store.set_hostcall_fuel(limits.output_bytes);
        arm(&mut store, limits.deadline_setup);
        let in_flight = engine.ticker().enter();
        let started = plugin.pre().instantiate(&mut store);
        drop(in_flight);
        match started {
            Ok(exports) => Ok(Self { engine: engine.clone(), store, exports, limits }),
            Err(error) => {
                let fault = fault(Call::Configure, error, store.data_mut());
                Err((fault, store.into_data().log))
            }
        }
    }

    pub(crate) fn configure(&mut self, config: &str) -> Result<wit::Plan, Fault> {
        let answer = self.call(Call::Configure, self.limits.deadline_setup, |exports, store| {
            exports.tapline_plugin_filter().call_configure(store, config)
        })?;
        answer.map_err(|message| error(Call::Configure, message))
    }

    pub(crate) fn process(&mut self, batch: Batch<'_>, deadline: Duration) -> Result<wit::Output, Fault> {
        let answer = self.call(Call::Process, deadline, |exports, store| {
            exports.tapline_plugin_filter().call_process(store, batch)
        })?;
        answer.map_err(|message| error(Call::Process, message))
    }

    pub(crate) fn tick(&mut self, now_ns: u64) -> Result<wit::Output, Fault> {
        let answer = self.call(Call::Tick, self.limits.deadline, |exports, store| {
            exports.tapline_plugin_filter().call_tick(store, now_ns)
        })?;
        answer.map_err(|message| error(Call::Tick, message))
    }

    pub(crate) fn save(&mut self) -> Result<Vec<u8>, Fault> {
        let state = self.call(Call::Save, self.limits.deadline_setup, |exports, store| {
            exports.tapline_plugin_filter().call_save(store)
        })?;
        let max = self.limits.state_bytes;
        if state.len() > max {
            let message = format!("a state of {} bytes; the most is {max}", state.len());
            return Err(Fault { kind: FaultKind::Flood, call: Call::Save, message });
        }
        Ok(state)
    }

    /// The inner `Err` is the plugin's refusal of the state.
    pub(crate) fn restore(&mut self, state: &[u8]) -> Result<Result<(), String>, Fault> {
        self.call(Call::Restore, self.limits.deadline_setup, |exports, store| {
            exports.tapline_plugin_filter().call_restore(store, state)
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().meter.memory_bytes()
    }

    pub(crate) fn log(&mut self) -> &mut LogBuffer {
        &mut self.store.data_mut().log
    }

    /// The guest ends; its log stays.
    pub(crate) fn end(self) -> LogBuffer {
        self.store.into_data().log
    }

    fn call<R>(
        &mut self,
        call: Call,
        deadline: Duration,
        run: impl FnOnce(&bindings::Plugin, &mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Fault> {
        arm(&mut self.store, deadline);
        let in_flight = self.engine.ticker().enter();
        let answer = run(&self.exports, &mut self.store);
        drop(in_flight);
        answer.map_err(|e| fault(call, e, self.store.data_mut()))
    }
}

fn arm(store: &mut Store<State>, deadline: Duration) {
    let half = deadline / 2;
    store.set_epoch_deadline(ticks(half));
    let state = store.data_mut();
    state.deadline = Deadline { whole: deadline, half, cpu_at_half: None };
    state.meter.clear_refused();
    state.log.forget_last_error();
}

fn on_epoch(mut store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let Deadline { half, cpu_at_half, .. } = &mut store.data_mut().deadline;
    let now = thread_cpu_time();
    let used = now.saturating_sub(*cpu_at_half.get_or_insert(now));
    // A tick's tolerance, since the two clocks do not start together.
    let left = half.saturating_sub(used + TICK);
    Ok(match left.is_zero() && used > Duration::ZERO {
        true => UpdateDeadline::Interrupt,
        false => UpdateDeadline::Continue(ticks(left.max(TICK))),
    })
}

/// One more than fits, since the tick under way counts as the first.
fn ticks(time: Duration) -> u64 {
    (time.as_micros() / TICK.as_micros()) as u64 + 1
}

// === impl State ===

impl host::Host for State {
    fn log(&mut self, level: u8, message: String) {
        self.log.push(level, message, Instant::now());
    }
}

impl wit::Host for State {}

// === what went wrong ===

fn error(call: Call, message: String) -> Fault {
    Fault { kind: FaultKind::Error, call, message: cut(message) }
}

fn fault(call: Call, error: wasmtime::Error, state: &mut State) -> Fault {
    let refused = state.meter.refused();
    let kind = match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => FaultKind::Timeout,
        Some(Trap::StackOverflow) => FaultKind::Stack,
        // A guest whose allocation fails ends itself, in most languages.
        Some(_) if refused => FaultKind::Memory,
        Some(Trap::MemoryOutOfBounds) if is_below_zero(&error) => FaultKind::Stack,
        Some(_) => FaultKind::Trap,
        None if is_fuel(&error) => FaultKind::Flood,
        None if refused => FaultKind::Memory,
        // Not a trap: wasmtime met something in the answer that the interface forbids.
        None => FaultKind::Invalid,
    };
    let message = match kind {
        FaultKind::Timeout => format!("no answer within {:?} of CPU time", state.deadline.whole),
        FaultKind::Memory => format!("it needs more than {} bytes of memory", state.meter.memory_max()),
        FaultKind::Flood => format!("an answer or a log line above {} bytes", state.output_bytes),
        FaultKind::Stack => "it used up its stack".to_owned(),
        _ => describe(&error),
    };
    // A panic's text reaches the host as a log line; the trap itself says only `unreachable`.
    let last_words = state.log.last_error().map(|line| format!(": {line}")).unwrap_or_default();
    Fault { kind, call, message: cut(message + &last_words) }
}

/// Without the addresses of the backtrace, which say nothing once a plugin is stripped; with the names
/// of the innermost functions where they are known.
fn describe(error: &wasmtime::Error) -> String {
    let causes = error.chain().map(ToString::to_string);
    let causes = causes.filter(|cause| !cause.starts_with("error while executing at wasm backtrace"));
    let mut text = causes.collect::<Vec<_>>().join(": ");
    let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
    let names: Vec<&str> = frames.iter().filter_map(|f| f.func_name()).take(FRAMES_MAX).collect();
    if !names.is_empty() {
        text += &format!(", in {}", names.join(" < "));
    }
    text
}

/// Rust, C and Go keep a stack of their own at the bottom of linear memory; an overflow of it runs
/// below address zero, which wraps to the top.
fn is_below_zero(error: &wasmtime::Error) -> bool {
    const TOP: u64 = 0xff00_0000;
    error.chain().any(|cause| {
        let text = cause.to_string();
        let hex = text.split_once("wasm address 0x").map(|(_, rest)| rest);
        let hex = hex.and_then(|rest| rest.split(|c: char| !c.is_ascii_hexdigit()).next());
        hex.and_then(|digits| u64::from_str_radix(digits, 16).ok()).is_some_and(|address| address >= TOP)
    })
}

/// wasmtime keeps the type of this error to itself, so it is known by its words; a test holds them.
fn is_fuel(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls has been exhausted"))
}

fn cut(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    message
}
