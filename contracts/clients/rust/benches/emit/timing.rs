//! The timed loop and its figures.

use std::fmt;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::subjects::Subject;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Of each producer.
    PerSecond(u64),
    Full,
}

/// ns, as medians over the repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Of the fastest 99 %.
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    /// Share of the events that did not find room.
    pub(crate) dropped: f64,
}

/// So many events are emitted before the measured ones, to warm caches, pages and branches.
const WARM_UP: usize = 5_000;

/// Emits `events` events in all from `producers` threads, while one more thread drains.
pub(crate) fn measure<S: Subject>(subject: &S, producers: usize, pace: Pace, events: usize) -> Figures {
    let each = events / producers;
    let start = Barrier::new(producers);
    let done = AtomicBool::new(false);
    let mut ticks: Vec<u32> = thread::scope(|scope| {
        let drain = scope.spawn(|| {
            let mut drain = subject.drain();
            while !done.load(Ordering::Acquire) {
                if drain() == 0 {
                    thread::sleep(Duration::from_micros(50));
                }
            }
        });
        let producing: Vec<_> = (0..producers)
            .map(|_| {
                scope.spawn(|| {
                    let mut emit = subject.producer();
                    let mut ticks = vec![0; each];
                    for n in 0..WARM_UP / producers {
                        emit(n);
                    }
                    start.wait();
                    emit_timed(&mut emit, pace, &mut ticks);
                    ticks
                })
            })
            .collect();
        let ticks = producing.into_iter().flat_map(|p| p.join().expect("a producer panicked")).collect();
        done.store(true, Ordering::Release);
        drain.join().expect("the drain panicked");
        ticks
    });
    let all = (each * producers + WARM_UP) as f64;
    Figures::of(&mut ticks, subject.dropped() as f64 / all)
}

fn emit_timed(emit: &mut impl FnMut(usize), pace: Pace, ticks: &mut [u32]) {
    let interval = match pace {
        Pace::PerSecond(rate) => (ticks_per_second() / rate as f64) as u64,
        Pace::Full => 0,
    };
    let mut due = now();
    for (n, slot) in ticks.iter_mut().enumerate() {
        // With more producers than cores a spinning one would keep the others from their turn.
        while now() < due {
            if due.wrapping_sub(now()) > interval / 2 && interval > 4_000 {
                thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        due += interval;
        let before = now();
        emit(n);
        *slot = (now() - before).min(u64::from(u32::MAX)) as u32;
    }
}

/// What timing nothing at all shows.
pub(crate) fn of_nothing() -> Figures {
    let mut ticks = vec![0; 100_000];
    emit_timed(&mut |_| {}, Pace::PerSecond(1_000_000), &mut ticks);
    Figures::of(&mut ticks, 0.0)
}

/// The least by which two readings differ, if they do.
pub(crate) fn step_ns() -> f64 {
    let readings: Vec<u64> = (0..10_000).map(|_| now()).collect();
    let steps = readings.windows(2).map(|pair| pair[1] - pair[0]);
    let least = steps.filter(|step| *step > 0).min().unwrap_or(0);
    least as f64 * 1e9 / ticks_per_second()
}

/// The counter, read when all instructions before it are done: as the kernel's own clock reads it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn now() -> u64 {
    use core::arch::x86_64::{_mm_lfence, _rdtsc};
    // SAFETY: every x86-64 processor has both.
    unsafe {
        _mm_lfence();
        _rdtsc()
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn now() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

fn ticks_per_second() -> f64 {
    static RATE: std::sync::OnceLock<f64> = std::sync::OnceLock::new();
    *RATE.get_or_init(|| {
        let (since, ticks) = (Instant::now(), now());
        thread::sleep(Duration::from_millis(100));
        (now() - ticks) as f64 / since.elapsed().as_secs_f64()
    })
}

impl Figures {
    fn of(ticks: &mut [u32], dropped: f64) -> Figures {
        ticks.sort_unstable();
        let ns = 1e9 / ticks_per_second();
        let place = |share: f64| ((ticks.len() - 1) as f64 * share) as usize;
        let at = |share: f64| f64::from(ticks[place(share)]) * ns;
        let fast = &ticks[..=place(0.99)];
        let sum: u64 = fast.iter().map(|ticks| u64::from(*ticks)).sum();
        Figures {
            mean: sum as f64 / fast.len() as f64 * ns,
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
            dropped,
        }
    }

    pub(crate) fn median(runs: Vec<Figures>) -> Figures {
        let of = |figure: fn(&Figures) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Figures {
            mean: of(|f| f.mean),
            p50: of(|f| f.p50),
            p99: of(|f| f.p99),
            p999: of(|f| f.p999),
            max: of(|f| f.max),
            dropped: of(|f| f.dropped),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::PerSecond(rate) => write!(f, "{rate}"),
            Pace::Full => f.write_str("full"),
        }
    }
}
