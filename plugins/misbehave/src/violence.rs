//! What breaks the guest itself, or uses it up.

use std::hint::black_box;

use tapline_plugin::{Level, log};

use crate::behaviour::{Behaviour, Config};

/// Do it, where the behaviour is of this kind. `Err` is the plugin's own answer.
pub(crate) fn act(config: &Config) -> Result<(), String> {
    match config.behaviour {
        Behaviour::Trap => trap(),
        Behaviour::Panic => panic!("misbehave was told to panic"),
        Behaviour::Spin => spin(),
        Behaviour::Hog => hog(),
        Behaviour::Overflow => drop(black_box(overflow(black_box(1)))),
        Behaviour::Slow => steps(config.amount as u64 * 1_000_000),
        Behaviour::Error => {
            return Err(format!("misbehave was told to fail{}", ".".repeat(config.amount)));
        }
        Behaviour::ErrorNotUtf8 => return Err(not_utf8()),
        Behaviour::LogFlood => {
            for line in 0..config.amount {
                log(Level::Error, &format!("line {line} of {}", config.amount));
            }
        }
        Behaviour::LogLong => log(Level::Error, &"x".repeat(config.amount)),
        Behaviour::LogNotUtf8 => log(Level::Error, &not_utf8()),
        _ => {}
    }
    Ok(())
}

fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

fn spin() {
    loop {
        black_box(());
    }
}

fn steps(count: u64) {
    for step in 0..count {
        black_box(step);
    }
}

fn hog() {
    const MIB: usize = 1 << 20;
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; MIB]));
        black_box(&taken);
    }
}

fn overflow(depth: u64) -> u64 {
    // The black box keeps the compiler from making a loop of it.
    let deeper = if black_box(depth) == 0 { 0 } else { black_box(overflow(depth + 1)) };
    deeper + 1
}

/// A text that breaks the promise that texts are UTF-8.
pub(crate) fn not_utf8() -> String {
    // SAFETY: it is not sound, and that is the point: the host has to find out. Nothing in this crate
    // reads the text; it goes to the host as bytes.
    unsafe { String::from_utf8_unchecked(b"seen\xff\xfe".to_vec()) }
}
