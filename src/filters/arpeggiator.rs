//! Arpeggiator: plays the keys that are held one after another, in time.
//!
//! in (events) -> out (events). Steps lie on a grid that is counted by time: while tempo and rate stand still, step k is
//! the sample nearest to its place, however the run is cut; a change begins a new grid where the last step was. Or they
//! follow the MIDI clock that comes in. What is no note passes. No note is begun without an end: with the wire, or when
//! notes are passed on as they are no more, what sounds ends.

use std::collections::VecDeque;

use crate::dsp::Random;
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, EVENT_CAPACITY, Filter, Flow, Held, Io, KernelEvent, Node, OpenError,
    Opened, Opening, Payload, PinFactory, Processor, Property, Seek, State, TopologyConnection,
    Unit, ValueSlot, Values, flag, run_length, sample_from_time, time_from_sample,
};
use crate::portcls::thru::{Outbox, Watch};

const TEMPO: Property = Property::number("tempo", "Tempo", 20.0, 400.0, 120.0)
    .group("Time")
    .unit(Unit::BeatsPerMinute)
    .inline();
const RATES: &[&str] = &[
    "1/2",
    "1/4",
    "1/4 triplet",
    "1/8",
    "1/8 triplet",
    "1/16",
    "1/16 triplet",
    "1/32",
];
/// Clocks of 24 a quarter note in a step, by rate.
const CLOCKS: [u32; 8] = [48, 24, 16, 12, 8, 6, 4, 3];
const RATE: Property = Property::choice("rate", "Step", RATES, "1/16")
    .group("Time")
    .inline();
const SYNC: Property = Property::choice("sync", "Follows", &["tempo", "MIDI clock"], "tempo")
    .group("Time")
    .help("Its own tempo, or the MIDI clock that comes in.");
const GATE: Property = Property::number("gate", "Gate", 5.0, 100.0, 60.0)
    .group("Time")
    .unit(Unit::Percent)
    .help("How much of a step a note sounds.");
const MODES: &[&str] = &["up", "down", "up and down", "as played", "random", "chord"];
const MODE: Property = Property::choice("mode", "Order", MODES, "up")
    .group("Notes")
    .inline();
const OCTAVES: Property = Property::count("octaves", "Octaves", 1, 4, 1)
    .group("Notes")
    .inline();
const VELOCITY: Property = Property::count("velocity", "Velocity", 0, 127, 0)
    .group("Notes")
    .help("Of every note; 0 leaves each that of its key.");
const LATCH: Property = Property::flag("latch", "Latch", false)
    .group("Notes")
    .help("Keys stay held until others are pressed.");
const PROPERTIES: &[Property] = &[TEMPO, RATE, SYNC, GATE, MODE, OCTAVES, VELOCITY, LATCH];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::EVENTS),
    PinFactory::output("out", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::NOTES,
        "Keys",
        &["mode", "octaves", "velocity", "latch"],
    ),
    Node::new(node::SEQUENCER, "Steps", &["tempo", "rate", "sync", "gate"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "arpeggiator",
    "Arpeggiator",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help("Plays held keys one after another, in time: at a tempo of its own, or by the MIDI clock that comes in.");

/// The most keys that are held at a time, and notes that sound.
const MOST_KEYS: usize = 128;
/// What keeps its dice the same in every run.
const SEED: u64 = 0x41_52_50;

/// What the catalogue offers and the graph negotiates with.
pub struct Arpeggiator;

impl Filter for Arpeggiator {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Playing {
            slots: std::array::from_fn(|index| opening.slot(&PROPERTIES[index])),
            rate_hz: opening.rate_hz,
            pending: VecDeque::with_capacity(2 * EVENT_CAPACITY),
            keys: Vec::with_capacity(MOST_KEYS),
            down: 0,
            sounding: Vec::with_capacity(MOST_KEYS),
            pedals: Held::default(),
            grid: Grid::default(),
            step: 0,
            clock: Clock::default(),
            dice: Random::new(SEED),
            watch: Watch::default(),
            out: Outbox::new(1),
        }))
    }
}

/// A key that is held, in the order in which they were pressed.
#[derive(Clone, Copy)]
struct Key {
    channel: u8,
    key: u8,
    velocity: u8,
    is_down: bool,
}

/// A note that sounds, and when it ends.
#[derive(Clone, Copy)]
struct Sounding {
    channel: u8,
    key: u8,
    end: u64,
}

/// Where steps lie: `anchor` is step 0 of it.
#[derive(Default)]
struct Grid {
    anchor: u64,
    /// Steps since then.
    count: u64,
    /// Tempo in thousandths and clocks of a step, as the grid was made with.
    tempo: u64,
    clocks: u32,
}

impl Grid {
    /// Samples from the anchor to step `count`: exact, rounded once.
    fn sample(&self, count: u64, rate_hz: u32) -> u64 {
        // A step lasts 60 s times its clocks, over 24 times the tempo.
        let wide = u128::from(count) * u128::from(self.clocks) * 60_000 * u128::from(rate_hz);
        let per = 24 * u128::from(self.tempo.max(1));
        self.anchor + ((wide + per / 2) / per) as u64
    }
}

/// The MIDI clock that comes in.
#[derive(Default)]
struct Clock {
    count: u32,
    last: Option<u64>,
    /// Samples between the last two.
    apart: u64,
}

/// The values of a cycle.
struct Wanted {
    clocks: u32,
    tempo: u64,
    follows_clock: bool,
    gate: f64,
    mode: usize,
    octaves: usize,
    velocity: u8,
    latches: bool,
}

/// The running half; lives on the audio thread.
struct Playing {
    slots: [ValueSlot; PROPERTIES.len()],
    rate_hz: u32,
    /// What came in and is not due yet, in order of time.
    pending: VecDeque<KernelEvent>,
    keys: Vec<Key>,
    /// Keys that are down in truth; with a latch others are held as well.
    down: usize,
    sounding: Vec<Sounding>,
    /// Pedals that went through and are down.
    pedals: Held,
    grid: Grid,
    /// Notes played since the first key.
    step: usize,
    clock: Clock,
    dice: Random,
    watch: Watch,
    out: Outbox,
}

impl Playing {
    fn wanted(&self, values: Values<'_>) -> Wanted {
        let [tempo, rate, sync, gate, mode, octaves, velocity, latch] = &self.slots;
        Wanted {
            clocks: CLOCKS[rate.index(values).min(CLOCKS.len() - 1)],
            tempo: (tempo.get(values) * 1000.0).round() as u64,
            follows_clock: sync.index(values) == 1,
            gate: gate.get(values) / 100.0,
            mode: mode.index(values),
            octaves: octaves.index(values).max(1),
            velocity: velocity.get(values) as u8,
            latches: latch.get(values) >= 0.5,
        }
    }

    /// Takes one event at its time.
    fn take(&mut self, event: &KernelEvent, sample: u64, wanted: &Wanted, payload: &mut Payload) {
        match *event.bytes() {
            [status @ 0x90..=0x9F, key, velocity] if velocity > 0 => {
                if self.down == 0 {
                    self.keys.clear();
                    self.step = 0;
                }
                self.keys
                    .retain(|held| (held.channel, held.key) != (status & 15, key));
                if self.keys.len() < MOST_KEYS {
                    self.keys.push(Key {
                        channel: status & 15,
                        key,
                        velocity,
                        is_down: true,
                    });
                }
            }
            [status @ 0x80..=0x9F, key, _] => {
                for held in &mut self.keys {
                    if (held.channel, held.key) == (status & 15, key) {
                        held.is_down = false;
                    }
                }
            }
            [0xF8] => {
                self.out.put(payload, *event);
                let clock = &mut self.clock;
                clock.apart = clock.last.map_or(0, |last| sample.saturating_sub(last));
                clock.last = Some(sample);
                let is_step = clock.count.is_multiple_of(wanted.clocks);
                clock.count += 1;
                if wanted.follows_clock && is_step {
                    let len = self.clock.apart * u64::from(wanted.clocks);
                    self.play(sample, len, wanted, payload);
                }
            }
            [0xFA] => {
                self.clock.count = 0;
                self.out.put(payload, *event);
            }
            [0xB0..=0xBF, 120 | 123..=127, _] => {
                self.keys.clear();
                self.silence(payload, event.time);
                self.out.put(payload, *event);
            }
            _ => {
                self.pedals.follow(event.bytes());
                self.out.put(payload, *event);
            }
        }
        self.down = self.keys.iter().filter(|held| held.is_down).count();
        if !wanted.latches {
            self.keys.retain(|held| held.is_down);
        }
    }

    /// Ends what sounds and is due before `until`.
    fn end_notes(&mut self, until: u64, payload: &mut Payload) {
        while let Some(index) = (0..self.sounding.len())
            .filter(|index| self.sounding[*index].end < until)
            .min_by_key(|index| self.sounding[*index].end)
        {
            let note = self.sounding.remove(index);
            let time = time_from_sample(note.end, self.rate_hz);
            if let Some(event) = KernelEvent::new(time, &[0x80 | note.channel, note.key, 64]) {
                self.out.put(payload, event);
            }
        }
    }

    /// Ends everything now.
    fn silence(&mut self, payload: &mut Payload, time: i64) {
        for note in self.sounding.drain(..) {
            if let Some(event) = KernelEvent::new(time, &[0x80 | note.channel, note.key, 64]) {
                self.out.put(payload, event);
            }
        }
    }

    /// The key at a place of the order, the lowest first.
    fn nth_lowest(&self, place: usize) -> Option<Key> {
        let rank = |key: &Key| {
            let lower = |it: &&Key| (it.key, it.channel) < (key.key, key.channel);
            self.keys.iter().filter(lower).count()
        };
        self.keys.iter().find(|key| rank(key) == place).copied()
    }

    /// Plays one step of `len` samples.
    fn play(&mut self, sample: u64, len: u64, wanted: &Wanted, payload: &mut Payload) {
        if self.keys.is_empty() {
            return;
        }
        let keys = self.keys.len();
        let all = keys * wanted.octaves;
        let step = self.step;
        self.step += 1;
        let place = match wanted.mode {
            0 | 3 => step % all,
            1 => all - 1 - step % all,
            2 => {
                let turn = (2 * all).saturating_sub(2).max(1);
                let at = step % turn;
                if at < all { at } else { turn - at }
            }
            4 => (self.dice.next_bits() % all as u64) as usize,
            _ => 0,
        };
        let count = if wanted.mode == 5 { keys } else { 1 };
        for index in 0..count {
            let place = if wanted.mode == 5 {
                (step % wanted.octaves) * keys + index
            } else {
                place
            };
            let key = match wanted.mode {
                3 => self.keys.get(place % keys).copied(),
                _ => self.nth_lowest(place % keys),
            };
            if let Some(key) = key {
                self.begin(key, (place / keys * 12) as u8, sample, len, wanted, payload);
            }
        }
    }

    fn begin(
        &mut self,
        key: Key,
        up: u8,
        sample: u64,
        len: u64,
        wanted: &Wanted,
        payload: &mut Payload,
    ) {
        let number = key.key.saturating_add(up);
        if number > 127 || self.sounding.len() == MOST_KEYS {
            return;
        }
        let time = time_from_sample(sample, self.rate_hz);
        let velocity = match wanted.velocity {
            0 => key.velocity,
            fixed => fixed,
        };
        let gate = ((len as f64 * wanted.gate).round() as u64).max(1);
        // Where the same note still sounds it ends first.
        if let Some(index) =
            (self.sounding.iter()).position(|it| (it.channel, it.key) == (key.channel, number))
        {
            self.sounding.remove(index);
            if let Some(event) = KernelEvent::new(time, &[0x80 | key.channel, number, 64]) {
                self.out.put(payload, event);
            }
        }
        if let Some(event) = KernelEvent::new(time, &[0x90 | key.channel, number, velocity]) {
            self.out.put(payload, event);
            self.sounding.push(Sounding {
                channel: key.channel,
                key: number,
                end: sample + gate,
            });
        }
    }

    /// Puts what comes in where it is due.
    fn gather(&mut self, events: &[KernelEvent], payload: &mut Payload) {
        let mut rest = events;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(run_length(rest));
            rest = behind;
            for event in run {
                // What is joined holds no keys: it passes whole.
                if run.len() > 1 || self.pending.len() == self.pending.capacity() {
                    self.out.put(payload, *event);
                    continue;
                }
                let place = self.pending.partition_point(|it| it.time <= event.time);
                self.pending.insert(place, *event);
            }
        }
    }

    /// Begins a new grid where the last step was, if steps have another length now.
    fn keep_grid(&mut self, wanted: &Wanted, start: u64) {
        let Grid {
            anchor,
            count,
            tempo,
            clocks,
        } = self.grid;
        if (tempo, clocks) != (wanted.tempo, wanted.clocks) {
            let anchor = match (clocks, count) {
                (0, _) => start,
                (_, 0) => anchor,
                _ => self.grid.sample(count - 1, self.rate_hz),
            };
            self.grid = Grid {
                anchor,
                count: u64::from(clocks > 0 && count > 0),
                tempo: wanted.tempo,
                clocks: wanted.clocks,
            };
        }
        while self.grid.sample(self.grid.count, self.rate_hz) < start {
            self.grid.count += 1;
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let (start, end) = (io.position, io.position + io.len as u64);
        let (time, rate_hz) = (io.time(), io.rate_hz);
        let wanted = self.wanted(io.values);
        let input = io.inputs.get(0);
        let output = &mut io.outputs[0];
        self.out.begin(&mut output.payload);
        if self.watch.is_broken(&input) {
            self.pending.clear();
            self.keys.clear();
            self.down = 0;
            self.silence(&mut output.payload, time);
            let Self { pedals, out, .. } = self;
            pedals.release(|message| {
                if let Some(event) = KernelEvent::new(time, &message) {
                    out.put(&mut output.payload, event);
                }
                true
            });
            output.header.flags &= !flag::DATADISCONTINUITY;
        }
        let payload = &mut output.payload;
        self.gather(input.events(), payload);
        if !wanted.latches {
            self.keys.retain(|held| held.is_down);
        }
        self.keep_grid(&wanted, start);
        loop {
            let event = self.pending.front().copied().map(|event| {
                let sample = sample_from_time(event.time, rate_hz).max(start);
                (sample, event)
            });
            let event = event.filter(|(sample, _)| *sample < end);
            let step = self.grid.sample(self.grid.count, rate_hz);
            match event {
                Some((sample, event)) if sample <= step => {
                    self.pending.pop_front();
                    self.end_notes(sample + 1, payload);
                    self.take(&event, sample, &wanted, payload);
                }
                _ if step < end => {
                    self.end_notes(step + 1, payload);
                    self.grid.count += 1;
                    if !wanted.follows_clock {
                        let len = self.grid.sample(self.grid.count, rate_hz) - step;
                        self.play(step, len, &wanted, payload);
                    }
                }
                _ => break,
            }
        }
        self.end_notes(end, payload);
        Flow::Running
    }

    /// Over the seam of a loop what sounds and what waits keeps its distance, and the grid begins there.
    fn seek(&mut self, seek: Seek) -> bool {
        if !seek.flushes {
            let by = |sample| time_from_sample(sample, seek.rate_hz);
            let shift = by(seek.to) - by(seek.from);
            for event in &mut self.pending {
                *event = event.at(event.time + shift);
            }
            for note in &mut self.sounding {
                note.end = seek.to + note.end.saturating_sub(seek.from);
            }
            self.grid = Grid::default();
            self.clock.last = None;
        }
        false
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.pending.clear();
            self.keys.clear();
            self.sounding.clear();
            self.pedals = Held::default();
            (self.down, self.step) = (0, 0);
            self.grid = Grid::default();
            self.clock = Clock::default();
            self.dice = Random::new(SEED);
            self.watch = Watch::default();
            self.out.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ks::Value;
    use crate::ks::rig::{RATE_HZ, Rig};

    fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, RATE_HZ), bytes).unwrap()
    }

    fn rig(words: &[(&str, Value)]) -> Rig {
        let values = words
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()));
        Rig::open_with(&Arpeggiator, values.collect(), &BTreeMap::new(), None)
    }

    fn word(text: &str) -> Value {
        Value::Text(text.into())
    }

    type Heard = Vec<(u64, Vec<u8>)>;

    fn hear(rig: &mut Rig, cuts: &[usize], events: &[KernelEvent]) -> Heard {
        let mut heard = vec![];
        for (index, len) in cuts.iter().enumerate() {
            let now = if index == 0 { events } else { &[] };
            let new = rig.cycle(*len, &[], now).events;
            heard.extend(
                new.iter()
                    .map(|it| (sample_from_time(it.time, RATE_HZ), it.bytes().to_vec())),
            );
        }
        heard
    }

    fn keys(heard: &Heard) -> Vec<u8> {
        let ons = heard.iter().filter(|it| it.1[0] & 0xF0 == 0x90);
        ons.map(|it| it.1[1]).collect()
    }

    const CHORD: [(u8, u8); 3] = [(64, 90), (60, 100), (67, 80)];

    fn chord() -> Vec<KernelEvent> {
        CHORD
            .iter()
            .map(|(key, velocity)| event(10, &[0x90, *key, *velocity]))
            .collect()
    }

    #[test]
    fn steps_lie_on_their_samples_at_any_cutting() {
        let values = [
            ("tempo", Value::Number(133.0)),
            ("gate", Value::Number(50.0)),
        ];
        let wanted = hear(&mut rig(&values), &[4_096; 12], &chord());
        let ons: Vec<u64> = wanted
            .iter()
            .filter(|it| it.1[0] == 0x90)
            .map(|it| it.0)
            .collect();
        // A sixteenth at 133 a minute lasts 5 413.53 samples; step 0 was before the keys came.
        assert_eq!(ons[..4], [5_414, 10_827, 16_241, 21_654]);
        assert_eq!(wanted[1], (5_414 + 2_707, vec![0x80, 60, 64]));
        let odd: Vec<usize> = (0..40).map(|n| 1 + n * 379 % 2_400).collect();
        let left = 4_096 * 12 - odd.iter().sum::<usize>();
        let cuts: Vec<usize> = odd
            .into_iter()
            .chain([left % 4_096])
            .chain(vec![4_096; left / 4_096])
            .collect();
        assert_eq!(hear(&mut rig(&values), &cuts, &chord()), wanted);
    }

    #[test]
    fn keys_come_in_the_order_that_is_chosen() {
        let order = |mode: &str, octaves: f64| {
            let values = [("mode", word(mode)), ("octaves", Value::Number(octaves))];
            keys(&hear(&mut rig(&values), &[4_096; 12], &chord()))[..6].to_vec()
        };
        assert_eq!(order("up", 1.0), [60, 64, 67, 60, 64, 67]);
        assert_eq!(order("up", 2.0), [60, 64, 67, 72, 76, 79]);
        assert_eq!(order("down", 1.0), [67, 64, 60, 67, 64, 60]);
        assert_eq!(order("up and down", 1.0), [60, 64, 67, 64, 60, 64]);
        assert_eq!(order("as played", 1.0), [64, 60, 67, 64, 60, 67]);
        assert_eq!(order("chord", 1.0), [60, 64, 67, 60, 64, 67]);
        assert!(
            order("random", 1.0)
                .iter()
                .all(|key| [60, 64, 67].contains(key))
        );
    }

    #[test]
    fn every_note_ends_and_none_begins_when_no_key_is_held() {
        let mut events = chord();
        events.extend(CHORD.iter().map(|(key, _)| event(15_000, &[0x80, *key, 0])));
        let heard = hear(&mut rig(&[]), &[4_096; 12], &events);
        assert_eq!(keys(&heard).len(), 2);
        assert_eq!(heard.len(), 4);
        assert!(heard.iter().all(|it| it.0 < 17_000), "{heard:?}");
        // With a latch they go on until others come.
        let mut latched = rig(&[("latch", Value::Flag(true))]);
        assert!(keys(&hear(&mut latched, &[4_096; 12], &events)).len() > 6);
        let other = [event(50_000, &[0x90, 40, 1])];
        assert_eq!(
            keys(&hear(&mut latched, &[4_096; 3], &other))[..2],
            [40, 40]
        );
        // And with the wire it ends at once.
        let mut cut = rig(&[("gate", Value::Number(100.0))]);
        hear(&mut cut, &[4_096, 3_000], &chord());
        cut.unplug(0);
        let ends = hear(&mut cut, &[4_096; 4], &[]);
        assert_eq!(ends, [(7_096, vec![0x80, 60, 64])]);
    }

    #[test]
    fn it_follows_the_midi_clock() {
        let values = [("sync", word("MIDI clock")), ("rate", word("1/8"))];
        let mut events = chord();
        // A clock every 500 samples: an eighth has 12.
        events.extend((0..40_u64).map(|n| event(n * 500, &[0xF8])));
        events.sort_by_key(|it| it.time);
        let heard = hear(&mut rig(&values), &[4_096; 6], &events);
        let ons: Vec<u64> = heard
            .iter()
            .filter(|it| it.1[0] == 0x90)
            .map(|it| it.0)
            .collect();
        assert_eq!(ons, [6_000, 12_000, 18_000]);
        assert_eq!(
            heard.iter().filter(|it| it.1 == [0xF8]).count(),
            40,
            "the clock passes"
        );
        let off = heard.iter().find(|it| it.1[0] == 0x80).unwrap();
        assert_eq!(off.0, 6_000 + 3_600);
    }
}
