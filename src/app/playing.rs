//! The engine and what is known of it: which filters are open, what the audio thread last said.

use crate::engine::{Cells, Engine};
use crate::ks::Catalogue;

/// An engine, with its results kept for the screen.
pub(super) struct Playing {
    engine: Engine,
}

impl Playing {
    pub(super) fn start(catalogue: Catalogue, quantum: usize) -> std::io::Result<Self> {
        Ok(Self {
            engine: Engine::start(catalogue, quantum)?,
        })
    }

    pub(super) fn cells(&self) -> &Cells {
        self.engine.cells()
    }

    pub(super) fn quantum(&self) -> usize {
        self.engine.quantum()
    }
}
