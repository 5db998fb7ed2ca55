//! The wire probe: the frames of one wire as they passed, newest last. Looking is the audio thread's smallest duty: what it
//! could not tell in time is missing here.

use std::collections::VecDeque;

use super::view::View;
use crate::engine::TappedFrame;
use crate::graph::PinAddress;

/// Frames that are kept.
pub const KEPT_FRAMES: usize = 4096;

/// What was seen on a wire.
#[derive(Default)]
pub(super) struct Frames {
    /// The wire that is looked at.
    pub(super) wire: Option<(PinAddress, PinAddress)>,
    pub(super) rows: VecDeque<TappedFrame>,
    /// Nothing new is taken in.
    pub(super) is_held: bool,
}

impl Frames {
    /// Another wire, or none. What was seen of the last one goes.
    pub(super) fn look_at(&mut self, wire: Option<(PinAddress, PinAddress)>) {
        if self.wire != wire {
            self.wire = wire;
            self.rows.clear();
            self.is_held = false;
        }
    }

    pub(super) fn take(&mut self, mut frame: TappedFrame) {
        if self.is_held {
            return;
        }
        write_format(&mut frame);
        if self.rows.len() == KEPT_FRAMES {
            self.rows.pop_front();
        }
        self.rows.push_back(frame);
    }
}

/// A packet that is a change of format has the format for its bytes (HDR-12).
fn write_format(frame: &mut TappedFrame) {
    let Some(format) = &frame.format else { return };
    let bytes = crate::raw::layout::format(format);
    let shown = bytes.len().min(frame.bytes.len());
    frame.bytes[..shown].copy_from_slice(&bytes[..shown]);
    frame.shown = shown as u16;
    frame.header.data_used = bytes.len() as u32;
    frame.extent = frame.header.data_used;
}

impl<'a> View<'a> {
    /// The wire whose frames are looked at.
    pub fn probed(&self) -> Option<&'a (PinAddress, PinAddress)> {
        self.app.frames.wire.as_ref()
    }

    /// Its frames, the oldest first.
    pub fn frames(&self) -> &'a VecDeque<TappedFrame> {
        &self.app.frames.rows
    }

    /// Whether new frames are left out, so that those that are there can be read.
    pub fn frames_are_held(&self) -> bool {
        self.app.frames.is_held
    }

    /// Who has the frame that passed `age` frames ago: the reader the newest one, a card what it has not played, then
    /// the pool. Of the wire with that index in the wiring.
    pub fn holder(&self, wire: usize, age: usize) -> String {
        let pipes = self.pipes();
        let Some(pipe) = pipes.of(wire) else {
            return String::new();
        };
        let name = |end: &PinAddress| {
            let filter = self.wiring.filters.get(&end.filter);
            filter.map_or_else(String::new, |it| it.name.clone())
        };
        let wires = &self.wiring.wires;
        // A card holds what it has not played.
        let playing = self.app.playing.as_ref();
        let open = |pin: &PinAddress| playing?.open(&pin.filter);
        let last = pipe.wires.last().map(|last| &wires[*last].to);
        let card = last.and_then(|pin| Some((pin, open(pin).filter(|it| it.lends)?)));
        if let Some((pin, cells)) =
            card.and_then(|(pin, open)| Some((pin, open.telemetry.as_ref()?)))
        {
            let held = cells.get(crate::portcls::wavert::telemetry::ALLOCATED_FRAMES) as usize;
            return if age < held { name(pin) } else { "pool".into() };
        }
        match age {
            0 => name(&wires[wire].to),
            // One is read, the other fills.
            1 if pipes.is_cut_anew(wire) => name(&wires[wire].from),
            _ => "pool".into(),
        }
    }
}
