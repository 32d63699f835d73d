//! Waiting for something to come about: it is looked for again and again, and not for ever.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks: the first come soon after each other, and later ones cost those little who are asked.
const INTERVAL_MIN: Duration = Duration::from_millis(10);
const INTERVAL_MAX: Duration = Duration::from_millis(100);

/// Waits until it is there, and returns it; an error where that takes longer than `patience`. `what` ends the
/// sentence "waited in vain until …".
pub(crate) fn wait_until<T>(what: &str, patience: Duration, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    match wait_at_most(patience, look)? {
        Some(found) => Ok(found),
        None => bail!("waited {} s in vain until {what}", patience.as_secs()),
    }
}

/// [`wait_until`] where it is no error that it does not come: `None` then.
pub(crate) fn wait_at_most<T>(patience: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let end = Instant::now() + patience;
    let mut interval = INTERVAL_MIN;
    loop {
        // What comes at the last moment has come: the last look is behind the end.
        let is_last = Instant::now() >= end;
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if is_last {
            return Ok(None);
        }
        std::thread::sleep(interval);
        interval = INTERVAL_MAX.min(interval * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_returned_and_what_does_not_is_an_error_that_says_so() {
        let mut looks = 0;
        let found = wait_until("the third look", Duration::from_secs(60), || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(found.unwrap(), 3);
        let nothing = wait_until("pigs fly", Duration::ZERO, || Ok(None::<()>));
        assert_eq!(nothing.unwrap_err().to_string(), "waited 0 s in vain until pigs fly");
        assert_eq!(wait_at_most(Duration::ZERO, || Ok(Some(1))).unwrap(), Some(1), "it is looked for once at least");
        let gone = wait_until::<()>("never", Duration::from_secs(60), || bail!("it is gone"));
        assert_eq!(gone.unwrap_err().to_string(), "it is gone");
    }
}
