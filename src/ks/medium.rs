//! Mediums and interfaces: the link two pins share and how headers travel on it. Matched literally (MED-3, MED-4, IFC-2).

use serde::{Deserialize, Serialize};

use super::ids::{Guid, set};

/// What kind of link, and which unit of it (MED-1). Flags are reserved and not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Medium {
    /// The kind of link.
    pub set: Guid,
    /// The unit; 0 matches only 0.
    pub id: u32,
}

impl Medium {
    /// Ordinary traffic through the host (MED-2). A pin that lists no medium has exactly this one.
    pub const STANDARD: Self = Self {
        set: set::STANDARD_MEDIUM,
        id: 0,
    };

    /// A wire on such a medium carries no frames: the data travel outside the host (MED-5).
    pub fn is_hard_wired(self) -> bool {
        self != Self::STANDARD
    }

    /// `standard`, or the set and unit.
    pub fn text(self) -> String {
        text(self.set, self.id, &["standard"])
    }
}

/// How stream headers are processed on a wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// The set.
    pub set: Guid,
    /// The member of the set.
    pub id: u32,
}

impl Interface {
    /// Each header is processed once (5.2). A pin that lists no interface has exactly this one (IFC-1).
    pub const STREAMING: Self = Self {
        set: set::STANDARD_INTERFACE,
        id: 0,
    };
    /// One buffer played round and round.
    pub const LOOPED_STREAMING: Self = Self {
        set: set::STANDARD_INTERFACE,
        id: 1,
    };

    /// `standard streaming`, or the set and member.
    pub fn text(self) -> String {
        text(
            self.set,
            self.id,
            &["standard streaming", "standard looped streaming"],
        )
    }
}

fn text(id_set: Guid, id: u32, standard: &[&str]) -> String {
    let known = [set::STANDARD_MEDIUM, set::STANDARD_INTERFACE].contains(&id_set);
    match standard.get(id as usize).filter(|_| known) {
        Some(name) => (*name).to_owned(),
        None => format!("{id_set:?} unit {id}"),
    }
}
