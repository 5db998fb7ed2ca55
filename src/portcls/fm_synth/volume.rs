//! The FM synthesizer with a volume of its own behind the voices: FmSynthWithVol.

use crate::portcls::priority::PriorityTable;
use std::ops::Range;

use super::{FmSynth, SynthSink};
use crate::dsp::Ramp;
use crate::dsp::gain::amplitude_from_db;
use crate::ks::{KernelEvent, Wave};
use crate::portcls::dmus::Mxf;

/// How long the volume takes to another value.
const GLIDE_SECONDS: f64 = 0.02;

/// The miniport with a volume node.
pub struct FmSynthWithVol {
    synth: FmSynth,
    level: Ramp,
    /// Nothing was heard yet: a level is taken as it is.
    is_fresh: bool,
}

impl FmSynthWithVol {
    /// A synthesizer at `rate_hz` with so many groups of sixteen channels, for cycles of at most `longest` samples, and a
    /// level in decibels.
    pub fn new(rate_hz: f64, groups: usize, longest: usize, level_db: f32) -> Self {
        Self {
            synth: FmSynth::new(rate_hz, groups, longest),
            level: Ramp::new(
                amplitude_from_db(level_db),
                (GLIDE_SECONDS * rate_hz) as u32,
            ),
            is_fresh: true,
        }
    }

    /// The voices.
    pub fn synth(&mut self) -> &mut FmSynth {
        &mut self.synth
    }

    /// The same; which voice gives way stands in that table.
    pub fn priorities(mut self, table: PriorityTable) -> Self {
        self.synth = self.synth.priorities(table);
        self
    }

    /// Notes that found no voice since it was opened.
    pub fn lost(&self) -> u64 {
        self.synth.lost()
    }

    /// Another level, in decibels; it glides there.
    pub fn set_level(&mut self, level_db: f32) {
        let level = amplitude_from_db(level_db);
        if std::mem::take(&mut self.is_fresh) {
            self.level.jump(level);
        }
        self.level.set(level);
    }
}

impl Mxf for FmSynthWithVol {
    fn put(&mut self, event: &KernelEvent, offset: usize) {
        self.synth.put(event, offset);
    }
}

impl SynthSink for FmSynthWithVol {
    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        self.synth.render(out, part.clone());
        let begun = self.level.clone();
        let mut end = begun.clone();
        for channel in out.channels_mut() {
            let mut level = begun.clone();
            for sample in &mut channel[part.clone()] {
                *sample *= level.step();
            }
            end = level;
        }
        self.level = end;
    }

    fn silence(&mut self) {
        self.synth.silence();
        self.is_fresh = true;
    }

    fn sounding(&self) -> usize {
        self.synth.sounding()
    }

    fn degrade(&mut self, level: u8) {
        self.synth.degrade(level);
    }
}
