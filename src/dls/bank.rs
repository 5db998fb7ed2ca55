//! A collection made ready to be played: waves as numbers with room to read over their ends, regions with their
//! connections worked out, instruments found by what a channel asks for.
//!
//! Made outside the audio thread, and never changed after that.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::articulation::Articulation;
use super::collection::{Collection, Instrument, Link, LoopKind, Patch, Region, Sample, Wave};
use super::part::{Part, Sources};
use super::voice::STEP;

/// Samples of a loop below which it is not one.
const SHORTEST_LOOP: u32 = 4;
/// What lies before the first sample, so that one before it can be read.
pub(super) const GUARD_BEFORE: usize = 1;
/// What lies behind the last: as much as is read in a step at four times the pitch, and what lies around the point there.
/// So a voice goes round, or ends, between steps.
pub(super) const GUARD_BEHIND: usize = 4 * STEP + 4;
/// The bank of General MIDI 2's drums.
const DRUM_BANK: u8 = 120;

/// Instruments that can be played.
#[derive(Debug, Default)]
pub struct Bank {
    instruments: BTreeMap<Patch, Arc<Playable>>,
    /// All of them in the order of the file, those that no channel can ask for as well.
    order: Vec<Arc<Playable>>,
}

/// An instrument that can be played.
#[derive(Debug)]
pub(super) struct Playable {
    pub(super) patch: Patch,
    /// Of the instrument alone: chooses the key.
    pub(super) articulation: Articulation,
    pub(super) regions: Vec<Arc<Zone>>,
}

impl Playable {
    /// Of an instrument at that place in its bank; how its second envelopes rise, see [`Collection`]. `find` has the wave of a region, with a number that no other wave has among these sounds.
    pub(super) fn new<'a>(
        it: &Instrument,
        (number, is_soundfont): (usize, bool),
        sounds: &mut Sounds,
        find: impl Fn(&Region) -> Option<(usize, &'a Wave)>,
    ) -> Self {
        let regions = it.regions.iter().enumerate();
        let regions = regions.filter_map(|(own, region)| {
            let (place, wave) = find(region)?;
            let sample = region.sample.or(wave.sample).unwrap_or_default();
            let lists = [it.connections.as_slice(), region.connections.as_slice()];
            Some(Arc::new(Zone {
                place: (counted(number), counted(own)),
                keys: region.keys.clone(),
                velocities: region.velocities.clone(),
                overlaps: region.overlaps,
                group: region.group,
                is_soundfont,
                link: region.link,
                articulation: Articulation::new(lists),
                sound: sound(sounds, place, wave, sample),
            }))
        });
        Self {
            patch: it.patch,
            regions: regions.collect(),
            articulation: Articulation::new([it.connections.as_slice()]),
        }
    }

    /// The key that is played where `key` is struck, 0 to 127.
    pub(super) fn key(&self, part: &Part, key: u8, velocity: u8) -> u8 {
        let sources = Sources {
            part,
            key,
            played: key,
            velocity,
        };
        self.articulation.key(&sources).clamp(0, 127) as u8
    }
}

/// A region that can be played.
#[derive(Debug)]
pub(super) struct Zone {
    /// Its instrument's place in the bank, and its own in the instrument, as far as they can be counted.
    pub(super) place: (u16, u16),
    pub(super) keys: RangeInclusive<u8>,
    pub(super) velocities: RangeInclusive<u8>,
    pub(super) overlaps: bool,
    pub(super) group: u16,
    pub(super) is_soundfont: bool,
    pub(super) link: Link,
    pub(super) articulation: Articulation,
    pub(super) sound: Sound,
}

/// A wave as a voice reads it. Sample `n` stands at `n + GUARD_BEFORE`.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    /// As recorded, silence behind it.
    pub(super) whole: Arc<[f32]>,
    /// Up to the end of the loop, its beginning behind it.
    pub(super) round: Option<Round>,
    /// Samples.
    pub(super) len: usize,
    pub(super) rate_hz: u32,
    pub(super) unity: u16,
    /// Cents that are added.
    pub(super) fine: i16,
    /// Decibels that are added.
    pub(super) gain: f32,
}

/// What is repeated.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) samples: Arc<[f32]>,
    /// Behind its last sample.
    pub(super) end: usize,
    pub(super) len: usize,
    pub(super) is_left_on_release: bool,
}

/// A wave by its place, and the part of it that goes round: its start and its length.
type Cut = (usize, Option<(u32, u32)>);

/// Waves as numbers, each made once.
#[derive(Default, Debug)]
pub(super) struct Sounds {
    made: BTreeMap<Cut, Arc<[f32]>>,
}

impl Sounds {
    /// A wave is gone; who plays it has it still.
    pub(super) fn forget(&mut self, wave: usize) {
        self.made.retain(|(place, _), _| *place != wave);
    }

    fn whole(&mut self, place: usize, wave: &Wave) -> Arc<[f32]> {
        let made = self.made.entry((place, None));
        made.or_insert_with(|| guarded(&wave.samples, &[])).clone()
    }

    fn round(&mut self, place: usize, wave: &Wave, start: u32, len: u32) -> Arc<[f32]> {
        let made = self.made.entry((place, Some((start, len))));
        let (start, end) = (start as usize, (start + len) as usize);
        let samples = &wave.samples;
        made.or_insert_with(|| guarded(&samples[..end], &samples[start..end]))
            .clone()
    }
}

fn guarded(samples: &[i16], then: &[i16]) -> Arc<[f32]> {
    let silence = std::iter::repeat(&0);
    let behind = then.iter().cycle().chain(silence).take(GUARD_BEHIND);
    let before = [0; GUARD_BEFORE];
    let all = before.iter().chain(samples).chain(behind);
    all.map(|it| f32::from(*it) / 32_768.0).collect()
}

impl Bank {
    /// Of a collection. Takes a while for a large one.
    pub fn new(collection: &Collection) -> Self {
        Self::watched(collection, |_, _| true).unwrap_or_default()
    }

    /// The same; is told before each instrument how many are done of how many, and says whether to go on. `None` when it
    /// was not to.
    pub fn watched(
        collection: &Collection,
        mut goes_on: impl FnMut(usize, usize) -> bool,
    ) -> Option<Self> {
        let mut sounds = Sounds::default();
        let mut instruments = BTreeMap::new();
        let mut order = vec![];
        for (number, it) in collection.instruments.iter().enumerate() {
            if !goes_on(number, collection.instruments.len()) {
                return None;
            }
            let playable = Playable::new(
                it,
                (number, collection.is_soundfont),
                &mut sounds,
                |region| {
                    let place = *collection.pool.get(region.link.cue as usize)?;
                    let wave = collection.waves.get(place?)?;
                    Some((place?, &**wave))
                },
            );
            let playable = Arc::new(playable);
            order.push(playable.clone());
            // The first of one patch counts.
            instruments.entry(it.patch).or_insert(playable);
        }
        Some(Self { instruments, order })
    }

    /// The instrument at a place in the order of the file.
    pub(super) fn at(&self, place: usize) -> Option<&Arc<Playable>> {
        self.order.get(place)
    }

    /// How many instruments there are.
    pub fn len(&self) -> usize {
        self.instruments.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }

    /// The instrument of a patch, and of no other.
    pub(super) fn get(&self, patch: Patch) -> Option<&Arc<Playable>> {
        self.instruments.get(&patch)
    }

    /// All there is.
    pub(super) fn all(&self) -> impl Iterator<Item = (Patch, &Arc<Playable>)> {
        self.instruments.iter().map(|(patch, it)| (*patch, it))
    }

    /// What a channel plays that asks for a patch: that, or what comes nearest to it, or nothing.
    #[cfg(test)]
    fn find(&self, patch: Patch) -> Option<&Arc<Playable>> {
        nearest(patch).find_map(|it| self.get(it))
    }
}

/// A patch, and what is played where it is missing, best first.
pub(super) fn nearest(patch: Patch) -> impl Iterator<Item = Patch> {
    let Patch {
        is_drum,
        msb,
        lsb,
        program,
    } = patch;
    let of = |is_drum, msb, lsb, program| Patch {
        is_drum,
        msb,
        lsb,
        program,
    };
    let tones = [
        patch,
        of(false, msb, 0, program),
        of(false, 0, 0, program),
        patch,
        patch,
        patch,
    ];
    let drums = [
        patch,
        of(true, msb, lsb, 0),
        of(true, 0, 0, program),
        of(true, 0, 0, 0),
        of(true, DRUM_BANK, 0, program),
        of(true, DRUM_BANK, 0, 0),
    ];
    let (all, count) = if is_drum { (drums, 6) } else { (tones, 3) };
    all.into_iter().take(count)
}

/// A place as far as it can be counted.
fn counted(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

fn sound(sounds: &mut Sounds, place: usize, wave: &Wave, sample: Sample) -> Sound {
    let len = wave.samples.len();
    let fits = sample.repeat.and_then(|it| {
        let end = (u64::from(it.start) + u64::from(it.length)).min(len as u64) as u32;
        let len = end.checked_sub(it.start)?;
        (len >= SHORTEST_LOOP).then_some((it.start, len, it.kind))
    });
    let round = fits.map(|(start, len, kind)| Round {
        samples: sounds.round(place, wave, start, len),
        end: (start + len) as usize,
        len: len as usize,
        is_left_on_release: kind == LoopKind::UntilRelease,
    });
    Sound {
        whole: sounds.whole(place, wave),
        round,
        len,
        rate_hz: wave.rate_hz,
        unity: sample.unity,
        fine: sample.fine,
        gain: sample.gain as f32 / 655_360.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::collection::{Instrument, Loop};
    use super::*;

    fn patch(is_drum: bool, msb: u8, lsb: u8, program: u8) -> Patch {
        Patch {
            is_drum,
            msb,
            lsb,
            program,
        }
    }

    fn bank(patches: &[Patch]) -> Bank {
        let instruments = patches.iter().map(|patch| Instrument {
            patch: *patch,
            ..Instrument::default()
        });
        Bank::new(&Collection {
            instruments: instruments.collect(),
            ..Collection::default()
        })
    }

    #[test]
    fn what_is_missing_is_played_by_what_comes_nearest() {
        let has = [
            patch(false, 0, 0, 5),
            patch(false, 8, 0, 5),
            patch(true, 0, 0, 0),
        ];
        let bank = bank(&has);
        let found = |asked: Patch| {
            let found = bank.find(asked)?;
            has.iter()
                .find(|it| Arc::ptr_eq(&bank.instruments[it], found))
        };
        assert_eq!(found(patch(false, 8, 3, 5)), Some(&has[1]));
        assert_eq!(found(patch(false, 9, 3, 5)), Some(&has[0]));
        assert_eq!(found(patch(false, 0, 0, 6)), None);
        assert_eq!(found(patch(true, 0, 0, 25)), Some(&has[2]));
        assert_eq!(found(patch(true, 120, 0, 25)), Some(&has[2]));
    }

    #[test]
    fn a_wave_can_be_read_over_its_ends_and_over_those_of_its_loop() {
        let wave = Wave {
            id: None,
            info: super::super::Info::default(),
            rate_hz: 8_000,
            samples: (1..=10).map(|n| n * 3_276).collect(),
            sample: None,
        };
        let sample = |start, length| Sample {
            repeat: Some(Loop {
                kind: LoopKind::Forward,
                start,
                length,
            }),
            ..Sample::default()
        };
        let mut sounds = Sounds::default();
        let looped = sound(&mut sounds, 0, &wave, sample(4, 5));
        let round = looped.round.unwrap();
        let tenths =
            |it: &[f32]| -> Vec<i32> { it.iter().map(|x| (x * 10.0).round() as i32).collect() };
        assert_eq!(
            tenths(&round.samples)[..17],
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 5, 6, 7, 8, 9, 5, 6]
        );
        assert_eq!(round.samples.len(), 1 + 9 + GUARD_BEHIND);
        assert_eq!(tenths(&looped.whole)[9..15], [9, 10, 0, 0, 0, 0]);
        assert_eq!(looped.whole.len(), 1 + 10 + GUARD_BEHIND);
        assert_eq!((round.end, round.len), (9, 5));
        // Beyond the wave it is cut; what is left of it is too short to be one.
        let cut = sound(&mut sounds, 0, &wave, sample(4, 500)).round.unwrap();
        assert_eq!((cut.end, cut.len), (10, 6));
        assert!(sound(&mut sounds, 0, &wave, sample(8, 500)).round.is_none());
        assert!(
            sound(&mut sounds, 0, &wave, sample(u32::MAX, 9))
                .round
                .is_none()
        );
    }
}
