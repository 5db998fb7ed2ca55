//! Ctrl+C, heard as a wish: the program ends softly instead of at once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use async_signal::{Signal, Signals};
use futures_core::Stream;

/// Hears whether the user wants an end.
pub(super) struct Interrupt(Option<Signals>);

impl Interrupt {
    /// Begins to listen. Where that is refused, Ctrl+C ends the program as it ends any other.
    pub(super) fn new() -> Self {
        Self(Signals::new(WANTED).ok())
    }

    /// Whether an end was asked for since the last time.
    pub(super) fn is_wanted(&mut self) -> bool {
        let Some(signals) = &mut self.0 else {
            return false;
        };
        // It is asked again and again, so nobody has to be woken.
        let mut context = Context::from_waker(Waker::noop());
        matches!(
            Pin::new(signals).poll_next(&mut context),
            Poll::Ready(Some(Ok(_)))
        )
    }
}

#[cfg(unix)]
const WANTED: [Signal; 3] = [Signal::Int, Signal::Term, Signal::Hup];
#[cfg(not(unix))]
const WANTED: [Signal; 1] = [Signal::Int];
