//! The figures of a grown pipe, and why each is what it is (NEG-5, steps 3 to 5, and what was asked for by hand).

use super::sizes::Sizes;
use super::walk::{Growing, Work};
use super::{End, Figure, Pipe};
use crate::ks::DataFlow;
use crate::ks::framing::require;

impl Work<'_> {
    pub(super) fn settle(&self, growing: &Growing, before: &[Pipe], quantum: usize) -> Pipe {
        let settled = growing.joint.settle();
        let first = growing.wires[0];
        let wire = &self.wiring.wires[first];
        let agreed = wire.outcome.as_ref().ok();
        let audio = agreed.and_then(|it| it.format.audio);
        let block = u64::from(agreed.map_or(0, |it| it.format.sample_size()));
        let rate = self.wiring.rate_hz.max(1);
        let cycle = audio.map_or(0, |audio| {
            (quantum as u64 * u64::from(audio.rate_hz)).div_ceil(u64::from(rate))
        });
        let mut sizes = settled.sizes;
        let mut size = Figure {
            value: (cycle * block).min(u64::from(u32::MAX)) as u32,
            by: None,
            why: "nobody asks: a cycle's",
        };
        let mut unheard = settled.unheard;
        let mut is_cut_anew = false;
        let mut most_samples = None;
        let fixed = |bytes: u64, by, why| Figure {
            value: bytes.min(u64::from(u32::MAX)) as u32,
            by,
            why,
        };
        // The ratio of a compression binds what goes out to what came in.
        if let Some(ratio) = self.ratio(first, before) {
            match sizes.meet(Sizes::only(ratio)) {
                Some(met) => {
                    sizes = met;
                    let end = End {
                        wire: first,
                        is_reader: false,
                    };
                    size = fixed(met.first, Some(end), "the ratio of its compression");
                    is_cut_anew = true;
                }
                None => unheard.push(End {
                    wire: first,
                    is_reader: false,
                }),
            }
        }
        if !is_cut_anew && sizes.first > 0 {
            let why = match settled.is_stepped {
                true => "the largest least size, on everybody's steps",
                false => "the largest least size",
            };
            size = fixed(sizes.first, settled.size_by, why);
            is_cut_anew = true;
        } else if !is_cut_anew && !sizes.is_any() && block > 0 {
            let whole = sizes.meet(Sizes::of(crate::ks::SizeRange {
                min: 0,
                max: u32::MAX,
                stepping: block as u32,
            }));
            let on_every_sample = whole.and_then(|it| {
                let next = it.largest_up_to(block)?;
                (next == block).then_some(it)
            });
            match (on_every_sample, whole) {
                // Any number of samples will do, up to a limit: cycles are kept as short.
                (Some(it), _) => {
                    let most = (it.last / block).max(1);
                    most_samples = Some(most.min(u64::from(u32::MAX)) as u32);
                    if u64::from(size.value) > most * block {
                        size = fixed(most * block, None, "the least largest size");
                    }
                }
                (None, Some(it)) => {
                    const USUAL: u64 = 256;
                    if let Some(bytes) =
                        it.largest_up_to((USUAL * block).max(it.first)).or_else(|| {
                            let above = it.meet(Sizes::of(crate::ks::SizeRange {
                                min: 1,
                                max: u32::MAX,
                                stepping: 1,
                            }))?;
                            Some(above.first)
                        })
                    {
                        size = fixed(bytes, None, "the steps of its pins");
                        is_cut_anew = true;
                    }
                }
                (None, None) => {}
            }
        }
        let mut frames = Figure {
            value: settled.frames.0,
            by: settled.frames.1,
            why: "the most that any pin wants",
        };
        let is_push = growing.wires.iter().any(|&wire| {
            let outcome = &self.wiring.wires[wire].outcome;
            outcome.as_ref().is_ok_and(|it| it.is_push)
        });
        let least = if is_push { 2 } else { 1 };
        if frames.value < least {
            frames = Figure {
                value: least,
                by: None,
                why: if is_push {
                    "at least two where the writer issues the requests"
                } else {
                    "at least one"
                },
            };
        }
        if let Some((bytes, count)) = growing.asked {
            let on_grid = u64::from(bytes).next_multiple_of(block.max(1));
            if bytes > 0 && block > 0 {
                match growing.joint.settle().sizes.meet(Sizes::only(on_grid)) {
                    Some(_) => {
                        size = fixed(on_grid, None, "asked for by hand");
                        is_cut_anew = true;
                        most_samples = None;
                    }
                    None => unheard.extend(settled.size_by),
                }
            }
            if count > frames.value {
                frames = Figure {
                    value: count,
                    by: None,
                    why: "asked for by hand",
                };
            }
        }
        let samples = u64::from(size.value).checked_div(block).unwrap_or(0);
        // A frame without room for one sample carries no sound of its own length.
        let is_cut_anew = is_cut_anew && samples > 0;
        let last = growing.wires.iter().copied().next_back().unwrap_or(first);
        let sink = End {
            wire: last,
            is_reader: true,
        };
        let (by, why) = settled.owner.map_or_else(
            || match self.framing(sink) {
                Some(_) => (Some(sink), "nobody insists: the reader at the end"),
                None => (None, "nobody declares a framing"),
            },
            |(end, why)| (Some(end), why),
        );
        Pipe {
            wires: growing.wires.clone(),
            size,
            samples: samples as u32,
            frames,
            alignment: Figure {
                value: settled.alignment.0,
                by: settled.alignment.1,
                why: match settled.alignment.1 {
                    Some(_) => "every pin's mask",
                    None => "nobody asks",
                },
            },
            memory: settled.memory,
            owner: Figure { value: (), by, why },
            is_cut_anew,
            most_samples,
            unheard,
        }
    }

    /// Bytes that leave a filter which insists on the ratio of its compression.
    fn ratio(&self, wire: usize, before: &[Pipe]) -> Option<u64> {
        let framing = self.framing(End {
            wire,
            is_reader: false,
        })?;
        let insists = framing
            .items
            .iter()
            .any(|item| item.flags & require::INSIST_ON_FRAMESIZE_RATIO != 0);
        if !insists {
            return None;
        }
        let [filter, _] = self.roster.ends(&self.wiring.wires[wire]);
        let pins = self.descriptor(filter)?.pins.iter().enumerate();
        let inputs = pins.filter(|(_, pin)| pin.data_flow == DataFlow::In);
        let source = inputs
            .filter_map(|(factory, _)| self.first_into(filter, factory))
            .next()?;
        let pipe = before.get(self.passages[source]?.pipe?)?;
        let compression = framing.compression;
        let scaled = u64::from(pipe.size.value) * u64::from(compression.numerator)
            / u64::from(compression.denominator.max(1));
        pipe.is_cut_anew
            .then_some(scaled + u64::from(compression.margin))
    }
}
