//! The last message of a component.
//!
//! The stack ends in a chain: who has nothing more to say tells the next. A component that dies of a
//! bug must tell it too, or those behind it would wait for ever and a stop would hang.

use crossbeam::channel::Sender;

/// Sends its message when it is dropped, whether the component returns or panics.
pub struct Farewell<T> {
    to: Sender<T>,
    message: Option<T>,
}

// === impl Farewell ===

impl<T> Farewell<T> {
    pub fn new(to: &Sender<T>, message: T) -> Self {
        Farewell { to: to.clone(), message: Some(message) }
    }
}

impl<T> Drop for Farewell<T> {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            // Whoever has left already needs no farewell.
            let _ = self.to.send(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_panics_still_says_farewell() {
        let (to, from) = crossbeam::channel::bounded(1);
        let died = std::thread::spawn(move || {
            let _farewell = Farewell::new(&to, "stop");
            std::panic::resume_unwind(Box::new("a bug"));
        });
        assert!(died.join().is_err());
        assert_eq!(from.recv(), Ok("stop"));
    }
}
