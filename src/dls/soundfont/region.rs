//! Zones, and the region that a preset's and an instrument's zone are together.

use super::super::collection::{Link, Loop, LoopKind, Region, Sample};
use super::connections::connections;
use super::modulator::{self, Modulator};
use super::{ATTENUATION, GENERATORS, Mapper, generator as g};

/// What a zone says.
#[derive(Clone)]
pub(super) struct Zone {
    pub(super) values: [Option<i16>; GENERATORS],
    pub(super) modulators: Vec<Modulator>,
}

impl Zone {
    pub(super) const fn empty() -> Self {
        Self {
            values: [None; GENERATORS],
            modulators: vec![],
        }
    }

    /// This one, with what `before` says where it says nothing.
    pub(super) fn over(mut self, before: &Self) -> Self {
        for (own, before) in self.values.iter_mut().zip(before.values) {
            *own = own.or(before);
        }
        modulator::over(&mut self.modulators, &before.modulators);
        self
    }

    /// A range of keys or velocities.
    fn range(&self, at: usize) -> (u8, u8) {
        let [low, high] = self.values[at].unwrap_or(0x7F00).to_le_bytes();
        (low.min(127), high.min(127))
    }
}

/// A preset zone and an instrument zone together.
pub(super) struct Both<'a> {
    pub(super) preset: &'a Zone,
    pub(super) instrument: &'a Zone,
}

impl Both<'_> {
    /// A value of the instrument or its default, with what the preset adds.
    pub(super) fn sum(&self, at: usize, default: i32) -> i32 {
        let own = self.instrument.values[at].map_or(default, i32::from);
        own + self.preset.values[at].map_or(0, i32::from)
    }

    /// A value that presets have no say in.
    pub(super) fn own(&self, at: usize) -> Option<i32> {
        self.instrument.values[at].map(i32::from)
    }

    /// Modulators of both.
    fn modulators(&self) -> Vec<Modulator> {
        modulator::sum(&self.instrument.modulators, &self.preset.modulators)
    }

    /// A place in samples, fine and coarse.
    fn place(&self, fine: usize, coarse: usize) -> i64 {
        let of = |at| i64::from(self.own(at).unwrap_or(0));
        of(fine) + 32_768 * of(coarse)
    }
}

impl Mapper<'_> {
    pub(super) fn region(&mut self, sample: usize, both: &Both<'_>) -> Option<Region> {
        let (k, v) = (
            meet(both.preset.range(g::KEYS), both.instrument.range(g::KEYS))?,
            meet(
                both.preset.range(g::VELOCITIES),
                both.instrument.range(g::VELOCITIES),
            )?,
        );
        let Some((head, sound)) = self.samples.head(sample) else {
            self.silent += 1;
            return None;
        };
        let start = sound.0 + both.place(g::START, g::START_COARSE);
        let end = sound.1 + both.place(g::END, g::END_COARSE);
        let loops = (
            head.loop_start + both.place(g::LOOP_START, g::LOOP_START_COARSE) - start,
            head.loop_end + both.place(g::LOOP_END, g::LOOP_END_COARSE) - start,
        );
        let root = match both.own(g::ROOT) {
            Some(root @ 0..=127) => root as u8,
            _ if head.root <= 127 => head.root,
            _ => 60,
        };
        let cents =
            i32::from(head.correction) + 100 * both.sum(g::COARSE, 0) + both.sum(g::FINE, 0);
        let Some(cue) = self.samples.wave(sample, (start, end), &mut self.all) else {
            self.silent += 1;
            return None;
        };
        let kind = match both.own(g::MODES).unwrap_or(0) & 3 {
            1 => Some(LoopKind::Forward),
            3 => Some(LoopKind::UntilRelease),
            _ => None,
        };
        let repeat = kind.and_then(|kind| {
            let (from, to) = (u32::try_from(loops.0).ok()?, u32::try_from(loops.1).ok()?);
            Some(Loop {
                kind,
                start: from,
                length: to.checked_sub(from).filter(|it| *it > 0)?,
            })
        });
        // Below nothing it makes up for what velocity and volume take away, as players do that people compare with.
        let attenuation = both.sum(g::ATTENUATION, 0).clamp(-1_440, 1_440);
        let attenuation = f64::from(attenuation) * ATTENUATION;
        let (connections, left_out) = connections(both, root, &both.modulators());
        self.left_out += left_out;
        Some(Region {
            keys: k.0..=k.1,
            velocities: v.0..=v.1,
            overlaps: true,
            group: both.own(g::GROUP).unwrap_or(0).clamp(0, 127) as u16,
            layer: 0,
            link: Link {
                cue: cue as u32,
                channel: 1,
                phase_group: 0,
                is_master: false,
            },
            sample: Some(Sample {
                unity: root.into(),
                fine: cents.clamp(-32_768, 32_767) as i16,
                gain: (-attenuation * 65_536.0).round() as i32,
                repeat,
            }),
            connections,
        })
    }
}

fn meet(one: (u8, u8), other: (u8, u8)) -> Option<(u8, u8)> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 <= both.1).then_some(both)
}
