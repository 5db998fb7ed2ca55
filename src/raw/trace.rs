//! The trace: every call that a filter's, a pin's, an allocator's or a clock's dispatch table gets, in order, with what
//! it answered. The log (`Host::log`) tells in sentences what became of the objects; this is for who looks for a call.

use super::object::{Handle, Host, Object, Role};
use crate::ks::Status;

/// The most that is kept; what is older goes.
const MOST: usize = 1 << 16;

/// Whose table a call is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    /// Of pins.
    Pin,
    /// Of allocators.
    Allocator,
}

impl Table {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Allocator => "allocator",
        }
    }
}

/// A call that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// The object.
    pub object: Handle,
    /// Whose table.
    pub table: Table,
    /// Which of its calls.
    pub call: &'static str,
    /// What it answered.
    pub status: Status,
    /// With what, in a few words.
    pub detail: String,
}

impl Host {
    /// Every call so far, oldest first.
    pub fn trace(&self) -> impl Iterator<Item = &Traced> {
        self.traced.iter()
    }

    /// Two pins are the ends of one wire now: whoever issues the requests was connected to whoever answers them.
    pub(super) fn note_connection(&mut self, one: Handle, other: Handle) {
        let is_source = |handle| match self.object(handle) {
            Some(Object::Pin(it)) => it.role == Role::Source,
            _ => false,
        };
        let (source, sink) = if is_source(one) {
            (one, other)
        } else {
            (other, one)
        };
        let words = format!("to pin {sink}");
        self.note_call((source, Table::Pin), "connect", Status::Success, words);
    }

    pub(super) fn note_call(
        &mut self,
        (object, table): (Handle, Table),
        call: &'static str,
        status: Status,
        detail: impl Into<String>,
    ) {
        if self.traced.len() == MOST {
            self.traced.pop_front();
        }
        self.traced.push_back(Traced {
            object,
            table,
            call,
            status,
            detail: detail.into(),
        });
    }
}
