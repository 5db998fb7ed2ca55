//! Runs of equal filters side by side: each of their channels is a lane, and one operation is done to all lanes at once.
//!
//! What filters remember moves into the lanes when they are asked, and home again by value when they are to be called. A run
//! joins and leaves by itself; lanes without one are idle. A sample that a pin would silence undoes the cycle, and the
//! filters are called.

use super::{Found, Kernel, Run, Slab, Tables};
use crate::dsp::lanes::{LANES, Row, Sections, extents, multiply, one_by_one, side_by_side};
use crate::dsp::wide::Extent;
use crate::engine::brisk::ORDINARY;
use crate::ks::{Operation, Payload};

/// So many cycles pass before a group that could not be done is tried again.
const PATIENCE: u32 = 32;

/// One operation of all lanes.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it becomes another one on the audio thread, where nothing is allocated"
)]
enum Stage {
    Nothing,
    Multiply(Row),
    Sections(Sections),
}

/// Runs that are done side by side.
#[derive(Debug)]
pub(super) struct Group {
    first: u32,
    count: usize,
    channels: usize,
    capacity: usize,
    /// Where their frames stand, in that order, and their places in the group.
    by_slot: Vec<(u32, usize)>,
    /// Their filters, by kind and operations, and where the stages of each begin.
    kinds: Vec<(u32, usize)>,
    places: Vec<usize>,
    stages: Vec<Stage>,
    /// By stage: the lanes that have something there.
    lit: Vec<u8>,
    /// What it remembered before a cycle.
    before: Vec<Option<[[f64; LANES]; 2]>>,
    rows: Vec<Row>,
    /// Behind each filter: the largest sample of each lane since it was told.
    peaks: Vec<Row>,
    /// The same in this cycle.
    loudest: Vec<Row>,
    /// By run: whether it was done in this cycle.
    is_done: u8,
    len: usize,
    /// Cycles to wait until it is tried again.
    rest: u32,
}

/// The lanes of a place.
fn lanes(place: u32, channels: usize) -> std::ops::Range<usize> {
    let first = place as usize * channels;
    first..first + channels
}

fn bits(lanes: std::ops::Range<usize>) -> u8 {
    lanes.fold(0, |bits, lane| bits | 1 << lane)
}

impl Group {
    /// A group that begins with one run.
    pub(super) fn new(found: &Found, first: u32) -> Self {
        let kinds: Vec<(u32, usize)> = kinds(found).collect();
        let mut places = vec![0];
        for (_, room) in &kinds {
            places.push(places[places.len() - 1] + room);
        }
        let count = places[places.len() - 1];
        Self {
            first,
            count: 1,
            channels: found.channels,
            capacity: found.capacity,
            by_slot: vec![(found.slot, 0)],
            places,
            stages: std::iter::repeat_with(|| Stage::Nothing)
                .take(count)
                .collect(),
            lit: vec![0; count],
            before: vec![None; count],
            rows: vec![[0.0; LANES]; found.capacity],
            peaks: vec![[0.0; LANES]; kinds.len()],
            loudest: vec![[0.0; LANES]; kinds.len()],
            kinds,
            is_done: 0,
            len: 0,
            rest: 0,
        }
    }

    /// Takes the run that follows its last, if it is its like and there is a lane for it: its place.
    pub(super) fn take(&mut self, found: &Found, number: u32) -> Option<u32> {
        let is_next = self.first + self.count as u32 == number;
        let has_room = (self.count + 1) * self.channels <= LANES;
        let is_like = (found.channels, found.capacity) == (self.channels, self.capacity)
            && kinds(found).eq(self.kinds.iter().copied());
        if !is_next || !has_room || !is_like {
            return None;
        }
        self.by_slot.push((found.slot, self.count));
        self.by_slot.sort_unstable();
        self.count += 1;
        Some(self.count as u32 - 1)
    }

    /// Its first run, and how many there are.
    pub(super) fn span(&self) -> (usize, usize) {
        (self.first as usize, self.count)
    }

    /// Whether a run was done in this cycle: how many samples of a channel there were.
    pub(super) fn done(&self, place: u32) -> Option<usize> {
        (self.is_done & 1 << place != 0).then_some(self.len)
    }

    /// Whether all of them were.
    pub(super) fn is_whole(&self) -> bool {
        u32::from(self.is_done).count_ones() as usize == self.count
    }

    /// Does those of its runs that can be done.
    pub(super) fn pass(
        &mut self,
        runs: &mut [Run],
        (tapped, is_fading): (Option<u32>, bool),
        tables: &mut Tables,
        slab: &mut Slab,
        said: &mut Kernel,
    ) {
        self.is_done = 0;
        if self.rest > 0 {
            self.rest -= 1;
            return;
        }
        let (mut able, mut active) = (0, 0);
        self.len = 0;
        let payloads = &tables.payloads;
        let mut sounds = [&[][..]; LANES];
        for (place, run) in runs.iter_mut().enumerate() {
            let place = place as u32;
            let header = &tables.headers[run.from as usize];
            let wave = payloads[run.from as usize].wave();
            let is_ordinary = header.flags == ORDINARY;
            let wave = wave.filter(|wave| {
                wave.channel_count() == self.channels
                    && (able == 0 || wave.len() == self.len)
                    && wave.len() <= self.rows.len()
                    && is_ordinary
                    && !run.is_interrupted(tapped, is_fading)
            });
            let Some(wave) = wave else {
                // Before its like go on without it.
                if std::mem::take(&mut run.rests) {
                    self.send_home(place, run, slab, said);
                }
                continue;
            };
            if !run.rests {
                run.rests = self.ask(place, run, slab, said);
            }
            if !run.rests {
                continue;
            }
            self.len = wave.len();
            able |= 1 << place;
            for (channel, lane) in lanes(place, self.channels).enumerate() {
                (sounds[lane], active) = (wave.channel(channel), active | 1 << lane);
            }
        }
        if able == 0 {
            return;
        }
        side_by_side(&mut self.rows[..self.len], &sounds);
        if !self.work(active) {
            self.rest = PATIENCE;
            return;
        }
        self.lie_down(runs, able, tables);
        for (all, now) in self.peaks.iter_mut().zip(&self.loudest) {
            for (all, now) in all.iter_mut().zip(now) {
                *all = if *now > *all { *now } else { *all };
            }
        }
        self.is_done = able;
    }

    /// The sounds of those runs that are able come out of the rows.
    fn lie_down(&mut self, runs: &[Run], able: u8, tables: &mut Tables) {
        let mut sounds = [const { None }; LANES];
        let (mut rest, mut at) = (&mut tables.payloads[..], 0);
        for (slot, place) in &self.by_slot {
            let Some(gap) = (*slot as usize).checked_sub(at) else {
                continue;
            };
            let behind = std::mem::take(&mut rest).split_at_mut(gap).1;
            let Some((payload, behind)) = behind.split_first_mut() else {
                break;
            };
            (rest, at) = (behind, at + gap + 1);
            if able & 1 << place != 0
                && let Payload::Wave(wave) = payload
            {
                wave.set_len(self.len);
                match self.channels {
                    1 => sounds[*place] = Some(wave.channel_mut(0)),
                    channels => {
                        let lanes = sounds[*place * channels..].iter_mut();
                        let all = lanes.zip(wave.channels_mut());
                        all.for_each(|(lane, it)| *lane = Some(it));
                    }
                }
            }
        }
        one_by_one(&self.rows[..self.len], &mut sounds);
        for (place, run) in runs.iter().enumerate() {
            if able & 1 << place != 0 && run.slot != run.from {
                tables.headers[run.slot as usize] = tables.headers[run.from as usize];
            }
        }
    }

    /// All stages over all rows. False: something came that a pin would silence, and nothing was done.
    fn work(&mut self, active: u8) -> bool {
        // Most stages are of bands that are off: what is idle is not touched.
        for place in (0..self.stages.len()).filter(|it| self.lit[*it] & active != 0) {
            self.before[place] = match &self.stages[place] {
                Stage::Sections(sections) => Some(sections.memories()),
                _ => None,
            };
        }
        let rows = &mut self.rows[..self.len];
        // What comes was looked at when it was made; what no longer is what came is looked at here.
        let lit = |stage: &&Stage| !matches!(stage, Stage::Nothing);
        let mut is_known = !matches!(self.stages.iter().find(lit), Some(Stage::Sections(_)));
        let mut seen = match is_known {
            true => extents(rows),
            false => Default::default(),
        };
        let mut is_sound = is_sound(&seen, active);
        for (member, bounds) in self.places.windows(2).enumerate() {
            for place in bounds[0]..bounds[1] {
                let lit = self.lit[place] & active;
                if lit == 0 {
                    continue;
                }
                match &mut self.stages[place] {
                    Stage::Nothing => {}
                    Stage::Multiply(factors) => {
                        multiply(rows, factors);
                        // Rounding keeps the order of sizes: the largest stays the largest. Of no use where it is not known.
                        for (seen, factor) in seen.iter_mut().zip(factors) {
                            *seen = seen.times(*factor);
                        }
                    }
                    Stage::Sections(sections) => {
                        sections.pass(rows, if lit == active { u8::MAX } else { lit }, active);
                        is_known = false;
                    }
                }
            }
            if !std::mem::replace(&mut is_known, true) {
                seen = extents(rows);
            }
            is_sound &= self::is_sound(&seen, active);
            for (peak, seen) in self.loudest[member].iter_mut().zip(&seen) {
                *peak = seen.peak();
            }
        }
        if !is_sound {
            let lit = |place: &usize| self.lit[*place] & active != 0;
            for place in (0..self.stages.len()).filter(lit) {
                if let (Stage::Sections(sections), Some(memories)) =
                    (&mut self.stages[place], &self.before[place])
                {
                    sections.restore(*memories);
                }
            }
        }
        is_sound
    }

    /// Asks the filters of a run, which move into its lanes. Whether all of them rest; else none has moved.
    pub(super) fn ask(
        &mut self,
        place: u32,
        run: &Run,
        slab: &mut Slab,
        said: &mut Kernel,
    ) -> bool {
        let lanes = lanes(place, self.channels);
        for (number, member) in run.members.iter().enumerate() {
            let entry = slab.get(member.entry).filter(|entry| !entry.is_faulty);
            let rests = said.begin(self.channels)
                && entry.is_some_and(|it| it.processor.kernel(&it.values, said))
                && said.is_whole();
            let stages = self.places[number]..self.places[number + 1];
            let fits = rests
                && lanes.clone().enumerate().all(|(channel, lane)| {
                    let operations = said.of(channel);
                    operations.len() <= stages.len()
                        && stages
                            .clone()
                            .zip(operations)
                            .all(|(stage, it)| self.light(stage, lane, it))
                });
            if !fits {
                self.leave(&lanes);
                return false;
            }
        }
        true
    }

    /// Puts an operation into a lane of a stage. False: others have something else there.
    fn light(&mut self, stage: usize, lane: usize, operation: &Operation) -> bool {
        let (lit, stage) = (&mut self.lit[stage], &mut self.stages[stage]);
        if *lit == 0 {
            *stage = match operation {
                Operation::Nothing => Stage::Nothing,
                Operation::Multiply(_) => Stage::Multiply([1.0; LANES]),
                Operation::Section(..) => Stage::Sections(Sections::default()),
                Operation::Tone(_) => return false,
            };
        }
        match (stage, operation) {
            (_, Operation::Nothing) => return true,
            (Stage::Multiply(factors), Operation::Multiply(factor)) => factors[lane] = *factor,
            (Stage::Sections(sections), Operation::Section(tuning, memory)) => {
                sections.set(lane, tuning, *memory);
            }
            _ => return false,
        }
        *lit |= 1 << lane;
        true
    }

    /// Lanes are idle from here on.
    fn leave(&mut self, lanes: &std::ops::Range<usize>) {
        for (stage, lit) in self.stages.iter_mut().zip(&mut self.lit) {
            for lane in lanes.clone() {
                if *lit & 1 << lane == 0 {
                    continue;
                }
                match stage {
                    Stage::Nothing => {}
                    Stage::Multiply(factors) => factors[lane] = 1.0,
                    Stage::Sections(sections) => {
                        sections.set(lane, &Default::default(), Default::default());
                    }
                }
            }
            *lit &= !bits(lanes.clone());
        }
    }

    /// What the filters of a run remember goes back to them.
    pub(super) fn send_home(&mut self, place: u32, run: &Run, slab: &mut Slab, said: &mut Kernel) {
        let lanes = lanes(place, self.channels);
        for (number, member) in run.members.iter().enumerate() {
            let Some(entry) = slab.get(member.entry).filter(|entry| !entry.is_faulty) else {
                continue;
            };
            said.begin(self.channels);
            for (channel, lane) in lanes.clone().enumerate() {
                for stage in self.places[number]..self.places[number + 1] {
                    said.push(channel, self.in_lane(stage, lane));
                }
            }
            entry.processor.resume(said);
        }
        self.leave(&lanes);
    }

    /// What a lane has in a stage, as it is now.
    fn in_lane(&self, stage: usize, lane: usize) -> Operation {
        if self.lit[stage] & 1 << lane == 0 {
            return Operation::Nothing;
        }
        match &self.stages[stage] {
            Stage::Nothing => Operation::Nothing,
            Stage::Multiply(factors) => Operation::Multiply(factors[lane]),
            Stage::Sections(sections) => {
                Operation::Section(Default::default(), sections.memory(lane))
            }
        }
    }

    /// The largest sample behind each filter of a run since they were told last.
    pub(super) fn tell(&mut self, place: u32, mut tell: impl FnMut(usize, f32)) {
        let lanes = lanes(place, self.channels);
        for (member, peaks) in self.peaks.iter_mut().enumerate() {
            let own = &mut peaks[lanes.clone()];
            tell(member, own.iter().copied().fold(0.0, f32::max));
            own.fill(0.0);
        }
    }
}

/// What the filters of a run are, and how many operations they say.
fn kinds(found: &Found) -> impl Iterator<Item = (u32, usize)> {
    found.members.iter().map(|it| (it.skill.0, it.room()))
}

/// Whether no pin would silence anything.
fn is_sound(seen: &[Extent; LANES], active: u8) -> bool {
    let mut seen = seen.iter().enumerate();
    seen.all(|(lane, it)| active & 1 << lane == 0 || (it.is_finite() && !it.has_denormal()))
}
