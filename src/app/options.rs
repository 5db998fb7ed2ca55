//! What a program is started with: the filters on offer, the machine, where things are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Eyes, Folders};
use crate::engine::Cores;
use crate::ks::{Catalogue, Facts, KernelEvent};

/// What a program is started with.
pub struct Options {
    /// The filters on offer.
    pub catalogue: Catalogue,
    /// The machine as it was found.
    pub facts: Facts,
    /// How files and devices are looked at from here on.
    pub eyes: Eyes,
    /// Samples of a cycle.
    pub quantum: usize,
    /// On how many processors.
    pub cores: Cores,
    /// Events for sources of notes, in place of live ones, by the filter's name.
    pub feeds: BTreeMap<String, Arc<[KernelEvent]>>,
    /// Where settings and copies are kept; without it they live as long as the program does.
    pub folders: Option<Folders>,
    /// Whether New begins empty whatever the settings say.
    pub is_safe: bool,
}

impl Options {
    /// The program on this machine, with every built-in filter. Looks for devices, so it may take a moment.
    pub fn for_this_machine(quantum: usize) -> Self {
        let machine = Arc::new(crate::device::Machine);
        Self {
            catalogue: crate::filters::catalogue(Arc::clone(&machine) as _, machine),
            facts: crate::device::facts(),
            eyes: Eyes::new(crate::filters::probe, crate::device::facts)
                .glance(crate::device::glance())
                .clocks(crate::device::clocks),
            quantum,
            cores: Cores::Auto,
            feeds: BTreeMap::new(),
            folders: None,
            is_safe: false,
        }
    }

    /// The nominal machine, on which no device is ever opened: for renders, checks and tests.
    pub fn nominal(quantum: usize) -> Self {
        let offline = Arc::new(crate::portcls::Offline);
        Self {
            catalogue: crate::filters::catalogue(Arc::clone(&offline) as _, offline),
            facts: Facts::nominal(),
            eyes: Eyes::new(crate::filters::probe, Facts::nominal),
            quantum,
            cores: Cores::Auto,
            feeds: BTreeMap::new(),
            folders: None,
            is_safe: false,
        }
    }
}
