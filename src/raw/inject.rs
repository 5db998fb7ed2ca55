//! Failures on demand: what a pin's own code would answer at creation or in a change of state, for tests of those who
//! must cope (VAL lines 9 to 11, INS-6, STA-6).

use super::object::{Handle, Host};
use crate::ks::{State, Status};

/// Where something fails, once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// At this line of the validation list, the next time a pin is created on the filter: 9 the pin's own creation, 10
    /// its format, 11 its clock and allocator.
    Line(u8),
    /// When the pin is to enter this state.
    State(State),
}

/// A failure that waits for its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Injected {
    object: Handle,
    at: At,
    status: Status,
}

impl Host {
    /// Lets the next thing of that kind fail at an object. Whether there is such an object.
    pub fn inject(&mut self, object: Handle, at: At, status: Status) -> bool {
        let is_there = self.object(object).is_some();
        if is_there {
            self.injected.push(Injected { object, at, status });
        }
        is_there
    }

    /// The failure that waits there, taken out.
    pub(super) fn fails(&mut self, object: Handle, at: At) -> Option<Status> {
        let is_it = |it: &Injected| it.object == object && it.at == at;
        let index = self.injected.iter().position(is_it)?;
        Some(self.injected.remove(index).status)
    }
}
