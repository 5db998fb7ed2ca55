//! The allocators of a graph's pipes as objects: made when the first pin of a pipe reserves what it needs, gone when the
//! last one has stopped, and counting what is out while the graph plays (NEG-3, ALC-8).

use super::OpenWire;
use crate::engine::Held;
use crate::graph::Pipes;
use crate::ks::State;
use crate::raw::{Handle, Host};

/// A pipe that has frames.
#[derive(Debug)]
struct Frames {
    allocator: Handle,
    /// Wires of the pipe, and how many requests each had issued when it was looked at last.
    wires: Vec<(usize, u64)>,
    most: u32,
}

/// All of them, in the order of the pipes.
#[derive(Debug, Default)]
pub(super) struct PipeAllocators {
    pipes: Vec<Option<Frames>>,
}

impl PipeAllocators {
    pub(super) fn holds(&self, handle: Handle) -> bool {
        let mut all = self.pipes.iter().flatten();
        all.any(|it| it.allocator == handle)
    }

    /// Lets allocators come and go with the states of the pins. `open` has the pins of each wire.
    pub(super) fn follow(&mut self, host: &mut Host, pipes: &Pipes, open: &[Option<OpenWire>]) {
        self.pipes.resize_with(pipes.pipes.len(), || None);
        for (pipe, frames) in pipes.pipes.iter().zip(&mut self.pipes) {
            let pins = || {
                let open = pipe.wires.iter().filter_map(|&wire| open[wire]);
                open.flat_map(|it| [it.from, it.to])
            };
            let is_up = pins().any(|pin| host.state(pin) > Some(State::Stop));
            let answers = |pin: &Handle| host.answers(*pin);
            match (is_up, &frames) {
                (true, None) => {
                    // The allocator stands on the pin that answers requests, nearest to where the pipe ends (ALC-13).
                    let sinks: Vec<Handle> = pins().filter(answers).collect();
                    let Some(&sink) = sinks.last() else { continue };
                    let allocator = host.adopt_allocator(
                        sink,
                        pipe.frames.value,
                        pipe.size.value,
                        pipe.alignment.value,
                    );
                    for pin in pins().collect::<Vec<_>>() {
                        host.assign_allocator(pin, allocator);
                    }
                    host.commit(allocator, true);
                    *frames = Some(Frames {
                        allocator,
                        wires: pipe.wires.iter().map(|&wire| (wire, 0)).collect(),
                        most: pipe.frames.value,
                    });
                }
                (false, Some(it)) => {
                    let allocator = it.allocator;
                    host.lend_out(allocator, 0, 0);
                    host.close(allocator);
                    *frames = None;
                }
                _ => {}
            }
        }
    }

    /// The graph was agreed anew: all frames are others.
    pub(super) fn clear(&mut self, host: &mut Host) {
        for it in self.pipes.drain(..).flatten() {
            host.lend_out(it.allocator, 0, 0);
            host.close(it.allocator);
        }
    }

    /// The graph has played: how many frames went out since, and how many have not come back. `held` has what lies on
    /// each wire.
    pub(super) fn count(&mut self, host: &mut Host, held: &[Held]) {
        for it in self.pipes.iter_mut().flatten() {
            let mut taken = 0;
            let mut out = 0;
            for (wire, before) in &mut it.wires {
                let now = held[*wire];
                // A frame goes all along the pipe: it is taken where most are.
                taken = taken.max(now.requests.saturating_sub(*before));
                *before = now.requests;
                out += now.held;
            }
            host.lend_out(it.allocator, taken, out.min(it.most));
        }
    }
}
