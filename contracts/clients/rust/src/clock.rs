//! Time without a system call: the processor's time stamp counter, tied to the system clock.
//!
//! An event needs UTC nanoseconds, and asking the kernel for them is what emitting must not do. So
//! emitting notes the counter ([`stamp`]), and the drain converts it ([`Stamp::ns`]) by an *anchor*:
//! counter value, UTC ns, ns per tick. The client's background thread makes a new anchor once a
//! second. It follows the system clock's rate and slews small errors away over the next second, so
//! readings do not step back unless someone set the system clock by more than [`STEP_NS`].
//!
//! Where the counter is not invariant (or the machine is not x86-64) the system clock is read
//! instead, on Linux by the vDSO.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An error above this is a clock that was set, or a machine that slept: followed at once.
pub const STEP_NS: i64 = 5_000_000;

/// How fast a smaller error is slewed away: 500 ppm, as NTP does.
const SLEW_LIMIT: f64 = 500e-6;

/// Two readings this far apart give the counter's rate to about 20 ppm; the first refresh a second
/// later brings it below 1 ppm.
const FIRST_INTERVAL: Duration = Duration::from_millis(5);

/// A reader holds an anchor for nanoseconds, the writer comes back to the same slot only after
/// seven refreshes, so in practice a reader never has to try twice.
const ANCHORS: usize = 8;

/// Now, UTC, ns since 1970. Never a system call once a [`Telemetry`](crate::Telemetry) was built.
#[inline(always)]
pub fn now_ns() -> u64 {
    CLOCK.now_ns()
}

/// A moment as the emitting thread notes it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stamp {
    /// Of the counter.
    Ticks(u64),
    /// UTC, ns since 1970.
    Ns(u64),
}

impl Stamp {
    pub(crate) fn ns(self) -> u64 {
        match self {
            Stamp::Ticks(ticks) => CLOCK.convert(ticks, CLOCK.generation.load(Ordering::Acquire)),
            Stamp::Ns(ns) => ns,
        }
    }
}

/// Now, for later conversion: costs the reading of the counter and nothing else.
#[inline(always)]
pub(crate) fn stamp() -> Stamp {
    if CLOCK.generation.load(Ordering::Relaxed) == 0 { Stamp::Ns(system_ns()) } else { Stamp::Ticks(ticks()) }
}

/// A moment by both clocks, and ns per tick with 32 fractional bits: what turns ticks into ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) ticks: u64,
    pub(crate) ns: u64,
    pub(crate) rate: u64,
}

impl Reference {
    #[inline(always)]
    pub(crate) fn ns_at(self, ticks: u64) -> u64 {
        let since = ticks.wrapping_sub(self.ticks) as i64;
        let ns = ((u128::from(since.unsigned_abs()) * u128::from(self.rate)) >> 32) as u64;
        // An event may have waited while a new anchor was made.
        if since < 0 { self.ns.saturating_sub(ns) } else { self.ns.saturating_add(ns) }
    }
}

/// The newest anchor, for another process that reads this one's stamps. None while the counter is
/// not in use.
pub(crate) fn reference() -> Option<Reference> {
    match CLOCK.generation.load(Ordering::Acquire) {
        0 => None,
        generation => Some(CLOCK.reference(generation)),
    }
}

/// Calibrates the process's clock; later calls do nothing.
pub(crate) fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| CLOCK.start());
}

/// Called about once a second.
pub(crate) fn refresh() {
    CLOCK.refresh();
}

/// There is one counter, so there is one clock for the whole process.
static CLOCK: Clock = Clock::new();

struct Clock {
    /// Number of anchors made; 0 while the counter is not in use.
    generation: AtomicU64,
    anchors: [Anchor; ANCHORS],
    /// Rate as last measured, without slew, f64 bits.
    nominal: AtomicU64,
    /// The sample behind the newest anchor.
    last_ticks: AtomicU64,
    last_ns: AtomicU64,
}

struct Anchor {
    ticks: AtomicU64,
    ns: AtomicU64,
    /// ns per tick, 32 fractional bits.
    rate: AtomicU64,
}

#[derive(Clone, Copy)]
struct Sample {
    ticks: u64,
    ns: u64,
}

impl Clock {
    const fn new() -> Clock {
        Clock {
            generation: AtomicU64::new(0),
            anchors: [const { Anchor { ticks: AtomicU64::new(0), ns: AtomicU64::new(0), rate: AtomicU64::new(0) } };
                ANCHORS],
            nominal: AtomicU64::new(0),
            last_ticks: AtomicU64::new(0),
            last_ns: AtomicU64::new(0),
        }
    }

    #[inline(always)]
    fn now_ns(&self) -> u64 {
        let generation = self.generation.load(Ordering::Acquire);
        if generation == 0 {
            return system_ns();
        }
        self.convert(ticks(), generation)
    }

    #[inline(always)]
    fn convert(&self, ticks: u64, generation: u64) -> u64 {
        self.reference(generation).ns_at(ticks)
    }

    /// That of the generation, or of a newer one.
    #[inline(always)]
    fn reference(&self, mut generation: u64) -> Reference {
        loop {
            let anchor = &self.anchors[generation as usize % ANCHORS];
            let reference = Reference {
                ticks: anchor.ticks.load(Ordering::Relaxed),
                ns: anchor.ns.load(Ordering::Relaxed),
                rate: anchor.rate.load(Ordering::Relaxed),
            };
            fence(Ordering::Acquire);
            let newest = self.generation.load(Ordering::Relaxed);
            if newest - generation < ANCHORS as u64 - 1 {
                return reference;
            }
            generation = newest;
        }
    }

    fn start(&self) {
        if !counter_is_invariant() {
            return;
        }
        let first = sample();
        std::thread::sleep(FIRST_INTERVAL);
        let second = sample();
        let Some(rate) = rate_between(first, second) else {
            return;
        };
        self.nominal.store(rate.to_bits(), Ordering::Relaxed);
        self.publish(second, second.ns, rate);
    }

    fn refresh(&self) {
        if self.generation.load(Ordering::Acquire) != 0 {
            self.follow(sample());
        }
    }

    /// Makes the anchor that takes the clock from where it is to where the sample says it should
    /// be.
    fn follow(&self, now: Sample) {
        let generation = self.generation.load(Ordering::Acquire);
        let last = Sample { ticks: self.last_ticks.load(Ordering::Relaxed), ns: self.last_ns.load(Ordering::Relaxed) };
        let mut nominal = f64::from_bits(self.nominal.load(Ordering::Relaxed));
        // A rate far off the last one is a clock that was set in between, not a rate.
        if let Some(rate) = rate_between(last, now)
            && (rate / nominal - 1.0).abs() < SLEW_LIMIT
        {
            nominal = rate;
            self.nominal.store(rate.to_bits(), Ordering::Relaxed);
        }
        let shown = self.convert(now.ticks, generation);
        let error = now.ns.wrapping_sub(shown) as i64;
        if error.abs() > STEP_NS {
            self.publish(now, now.ns, nominal);
        } else {
            let slew = (error as f64 / 1e9).clamp(-SLEW_LIMIT, SLEW_LIMIT);
            self.publish(now, shown, nominal * (1.0 + slew));
        }
    }

    fn publish(&self, sample: Sample, shown_ns: u64, rate: f64) {
        self.last_ticks.store(sample.ticks, Ordering::Relaxed);
        self.last_ns.store(sample.ns, Ordering::Relaxed);
        let generation = self.generation.load(Ordering::Relaxed) + 1;
        let anchor = &self.anchors[generation as usize % ANCHORS];
        anchor.ticks.store(sample.ticks, Ordering::Relaxed);
        anchor.ns.store(shown_ns, Ordering::Relaxed);
        let rate = (rate * (1u64 << 32) as f64) as u64;
        anchor.rate.store(rate, Ordering::Relaxed);
        self.generation.store(generation, Ordering::Release);
    }
}

/// ns per tick, if the two samples can tell.
fn rate_between(from: Sample, to: Sample) -> Option<f64> {
    let ticks = to.ticks.checked_sub(from.ticks).filter(|&t| t > 0)?;
    let ns = to.ns.checked_sub(from.ns).filter(|&n| n > 0)?;
    Some(ns as f64 / ticks as f64)
}

/// The pair with the shortest time between its two counter readings, of five.
fn sample() -> Sample {
    (0..5)
        .map(|_| {
            let before = ticks();
            let ns = system_ns();
            let gap = ticks().wrapping_sub(before);
            let ticks = before.wrapping_add(gap / 2);
            (gap, Sample { ticks, ns })
        })
        .min_by_key(|(gap, _)| *gap)
        .map(|(_, sample)| sample)
        .expect("five samples were taken")
}

fn system_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has RDTSC; it touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn ticks() -> u64 {
    0
}

/// Same rate in every power state, and on all cores.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn counter_is_invariant() -> bool {
    use core::arch::x86_64::__cpuid;
    __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & (1 << 8) != 0
}

#[cfg(any(not(target_arch = "x86_64"), miri))]
fn counter_is_invariant() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manual(rate: f64) -> Clock {
        let clock = Clock::new();
        clock.nominal.store(rate.to_bits(), Ordering::Relaxed);
        clock.publish(Sample { ticks: 1_000, ns: 1_000_000_000 }, 1_000_000_000, rate);
        clock
    }

    fn read(clock: &Clock, ticks: u64) -> u64 {
        clock.convert(ticks, clock.generation.load(Ordering::Acquire))
    }

    #[test]
    fn shows_the_system_time_and_does_not_step_back() {
        start();
        let mut last = 0;
        for _ in 0..100_000 {
            let now = now_ns();
            assert!(now >= last);
            last = now;
        }
        let apart = now_ns().abs_diff(system_ns());
        assert!(apart < 2_000_000, "{apart} ns from the system clock");
    }

    #[test]
    fn a_small_error_is_slewed_away_without_a_step() {
        let clock = manual(0.5);
        // One second later the system clock is 100 µs ahead of the counter.
        let ticks = 1_000 + 2_000_000_000;
        let before = read(&clock, ticks);
        clock.follow(Sample { ticks, ns: 2_000_100_000 });
        assert_eq!(read(&clock, ticks), before);
        let after = read(&clock, ticks + 2_000_000_000);
        assert!(after.abs_diff(3_000_200_000) < 100_000, "{after}");
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once_in_both_directions() {
        for ns in [90_000_000_000, 10] {
            let clock = manual(0.5);
            let ticks = 1_000 + 2_000_000_000;
            clock.follow(Sample { ticks, ns });
            assert_eq!(read(&clock, ticks), ns);
            // and the rate did not believe it
            assert_eq!(read(&clock, ticks + 2_000), ns + 1_000);
        }
    }

    #[test]
    fn a_stamp_from_before_the_anchor_is_converted_backwards() {
        let clock = manual(0.5);
        assert_eq!(read(&clock, 990), 999_999_995);
        assert_eq!(read(&clock, 1_000), 1_000_000_000);
    }

    #[test]
    fn many_refreshes_leave_a_reader_of_an_old_generation_right() {
        let clock = manual(0.5);
        let old = clock.generation.load(Ordering::Acquire);
        for second in 1..20u64 {
            clock.follow(Sample { ticks: 1_000 + second * 2_000_000_000, ns: 1_000_000_000 + second * 1_000_000_000 });
        }
        let ticks = 1_000 + 40_000_000_000;
        assert_eq!(clock.convert(ticks, old), 21_000_000_000);
    }
}
