//! Latency along the ways of a plan, and the delays that make branches meet in step.
//!
//! A wire's latency is what lies between a sound at the beginning of the longest way to it and the same sound on it.
//! Where sound of several ways meets in one filter and the graph wishes it, the shorter ones wait: a delay stands on
//! their wire, right behind who writes it, in the frame it is written in. What passes through a deferred pin has its
//! own time (`line.rs`) and begins at none here. Events are not held: they carry their time with them.

use super::spec::Spec;
use crate::ks::{DataFlow, Kind, Payload};

/// Samples that wait on a wire, always as many.
#[derive(Debug)]
pub(super) struct Align {
    /// Identity of the wire.
    id: u64,
    /// One run of `len` samples a channel.
    memory: Box<[f32]>,
    len: usize,
    /// Place of the oldest sample.
    oldest: usize,
}

impl Align {
    /// A silent one for a wire of a layout; `None` where nothing waits.
    pub(super) fn new(spec: &Spec, wire: usize) -> Option<Self> {
        let it = &spec.wires[wire];
        let audio = it.format.audio.filter(|_| it.align > 0)?;
        let rates = (u64::from(audio.rate_hz), u64::from(spec.rate_hz.max(1)));
        let len = (it.align as u64 * rates.0 + rates.1 / 2) / rates.1;
        let len = len as usize;
        Some(Self {
            id: spec.ids[wire],
            memory: vec![0.0; len * audio.channels as usize].into_boxed_slice(),
            len,
            oldest: 0,
        })
        .filter(|_| len > 0)
    }

    /// Takes what stands in the frame, and leaves what is due.
    pub(super) fn pass(&mut self, payload: &mut Payload) {
        let Some(wave) = payload.wave_mut() else {
            return;
        };
        let len = wave.len();
        for (channel, memory) in wave
            .channels_mut()
            .zip(self.memory.chunks_exact_mut(self.len))
        {
            let mut at = self.oldest;
            for sample in channel {
                std::mem::swap(sample, &mut memory[at]);
                at = if at + 1 == self.len { 0 } else { at + 1 };
            }
        }
        self.oldest = (self.oldest + len) % self.len;
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.memory.fill(0.0);
        self.oldest = 0;
    }
}

/// Lets wires that stay keep what waits on them.
pub(super) fn carry_over(old: &mut [Align], new: &mut [Align]) {
    for align in new {
        let before = old.iter_mut().find(|it| it.id == align.id);
        if let Some(before) = before.filter(|it| it.memory.len() == align.memory.len()) {
            std::mem::swap(&mut before.memory, &mut align.memory);
            align.oldest = before.oldest;
        }
    }
}

/// Gives every wire its latency, and where `is_wished` those that are ahead of others the delay that brings them
/// together. `own` is what each node adds, in samples of the graph's rate.
pub(super) fn lead(spec: &mut Spec, own: &[usize], is_wished: bool) {
    let Spec {
        nodes,
        wires,
        rate_hz,
        ..
    } = spec;
    for (node, own) in nodes.iter().zip(own) {
        let comes_in = |wires: &[super::spec::SpecWire]| -> Vec<usize> {
            let pins = node.pins.iter().zip(&node.wires);
            pins.filter(|(pin, _)| pin.data_flow == DataFlow::In)
                .filter_map(|(_, wire)| *wire)
                .filter(|&wire| wires[wire].delay.is_none())
                .collect()
        };
        let inputs = comes_in(wires);
        let latest = inputs.iter().map(|&wire| wires[wire].latency).max();
        let latest = latest.unwrap_or(0);
        if is_wished {
            for wire in inputs {
                let wire = &mut wires[wire];
                if wire.format.kind() == Kind::Audio && !wire.is_hard_wired {
                    wire.align = latest - wire.latency;
                }
            }
        }
        for (pin, wire) in node.pins.iter().zip(&node.wires) {
            if let (DataFlow::Out, Some(wire)) = (pin.data_flow, wire) {
                // Sound that is cut anew comes one such frame later.
                let wire = &mut wires[*wire];
                let cut = wire.cut.unwrap_or(0);
                let wire_rate = wire.format.audio.map_or(0, |audio| audio.rate_hz as usize);
                let cut = (cut * *rate_hz as usize)
                    .checked_div(wire_rate)
                    .unwrap_or(0);
                wire.latency = latest + own + cut;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Wave;

    #[test]
    fn what_waits_comes_so_many_samples_later_however_it_is_cut() {
        let sound: Vec<f32> = (1..=60).map(|n| n as f32).collect();
        for cut in [1, 7, 13, 60] {
            let mut align = Align {
                id: 1,
                memory: vec![0.0; 10].into_boxed_slice(),
                len: 10,
                oldest: 0,
            };
            let mut heard = vec![];
            for piece in sound.chunks(cut) {
                let mut wave = Wave::new(1, piece.len());
                wave.set_len(piece.len());
                wave.channel_mut(0).copy_from_slice(piece);
                let mut payload = Payload::Wave(wave);
                align.pass(&mut payload);
                heard.extend_from_slice(payload.wave().unwrap().channel(0));
            }
            assert_eq!(heard[..10], [0.0; 10]);
            assert_eq!(heard[10..], sound[..50], "{cut}");
        }
    }
}
