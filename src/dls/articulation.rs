//! What moves what in a region: the default graph of DLS with the instrument's and the region's connections laid over it.
//!
//! Lives here: that list, and what it comes to for one note at one moment. Envelopes, oscillators and the sound are the
//! voice's. Units from here on are plain: cents, decibels, seconds, Hz, parts of 1.

use super::connection::{Connection, Control, Curve, Destination, Segment, Source, Transform};
use super::transform::Reading;

/// A time that stands for none at all.
const NO_TIME: i32 = i32::MIN;
/// A cutoff that stands for none at all.
const OPEN: i32 = i32::MAX;
/// Cents of 440 Hz.
const CENTS_OF_440_HZ: f32 = 6900.0;
/// Decibels of a gain's full scale in the default graph.
const GAIN_DB: i32 = 96;
/// Terms that move while a note sounds; more than any file has had.
pub(super) const MOST_MOVING: usize = 16;

/// What moves by itself while a note sounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(super) enum Mover {
    /// The LFO of level 1.
    Lfo,
    /// The second LFO.
    Vibrato,
    /// The envelope of loudness.
    Volume,
    /// The second envelope.
    Modulation,
}

impl Mover {
    const fn of(source: Source) -> Option<Self> {
        Some(match source {
            Source::ModulationLfo => Self::Lfo,
            Source::VibratoLfo => Self::Vibrato,
            Source::VolumeEnvelope => Self::Volume,
            Source::ModulationEnvelope => Self::Modulation,
            _ => return None,
        })
    }
}

/// What a voice asks about at each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    Pitch,
    Gain,
    Cutoff,
    Resonance,
    Pan,
}

impl Target {
    const fn of(destination: Destination) -> Option<Self> {
        Some(match destination {
            Destination::Pitch => Self::Pitch,
            Destination::Gain => Self::Gain,
            Destination::Cutoff => Self::Cutoff,
            Destination::Resonance => Self::Resonance,
            Destination::Pan => Self::Pan,
            _ => return None,
        })
    }
}

/// A part of a target that moves by itself: so much of it, times where its mover stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving {
    pub(super) target: Target,
    pub(super) mover: Mover,
    pub(super) amount: f32,
    transform: Transform,
}

impl Moving {
    /// What it adds where its mover stands at `x`, -1 to 1 for LFOs and 0 to 1 for envelopes.
    pub(super) fn at(&self, x: f32) -> f32 {
        let is_plain = self.transform.curve == Curve::Linear && !self.transform.is_inverted;
        let shaped = match self.mover {
            Mover::Lfo | Mover::Vibrato if is_plain => x,
            Mover::Lfo | Mover::Vibrato => self.transform.of_swing(x),
            Mover::Volume | Mover::Modulation if is_plain && !self.transform.is_bipolar => x,
            Mover::Volume | Mover::Modulation => self.transform.of(Reading::of_part(x)),
        };
        self.amount * shaped
    }
}

/// Where the sources of a note stand that do not move by themselves.
pub(super) trait Readings {
    /// Of a source; `None` of one that moves by itself.
    fn reading(&self, source: Source) -> Option<Reading>;
}

/// The times of an envelope in seconds, and what it sustains, 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Times {
    pub(super) delay: f32,
    pub(super) attack: f32,
    pub(super) hold: f32,
    pub(super) decay: f32,
    pub(super) sustain: f32,
    pub(super) release: f32,
}

/// What a list of connections comes to for a note, as its controllers stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Cents above the pitch at which the wave is played as it is.
    pub(super) pitch: f32,
    /// Decibels.
    pub(super) gain: f32,
    /// Hz of the filter; `None`: there is none.
    pub(super) cutoff: Option<f32>,
    /// Decibels above the level at which nothing resounds.
    pub(super) resonance: f32,
    /// -0.5 left to 0.5 right.
    pub(super) pan: f32,
    /// Parts that go to the effects.
    pub(super) reverb: f32,
    pub(super) chorus: f32,
    /// Hz, and seconds before it begins.
    pub(super) lfo: (f32, f32),
    pub(super) vibrato: (f32, f32),
    moving: [Option<Moving>; MOST_MOVING],
}

impl Standing {
    /// Of a voice that is over.
    pub(super) const fn nothing() -> Self {
        Self {
            pitch: 0.0,
            gain: 0.0,
            cutoff: None,
            resonance: 0.0,
            pan: 0.0,
            reverb: 0.0,
            chorus: 0.0,
            lfo: (0.0, 0.0),
            vibrato: (0.0, 0.0),
            moving: [None; MOST_MOVING],
        }
    }

    /// The same; pitch and what moves it are another's.
    pub(super) fn led_by(mut self, lead: &Self) -> Self {
        (self.pitch, self.lfo, self.vibrato) = (lead.pitch, lead.lfo, lead.vibrato);
        let is_pitch = |it: &&Moving| it.target == Target::Pitch;
        let own: [Option<Moving>; MOST_MOVING] = self.moving;
        let own = own.iter().flatten().filter(|it| !is_pitch(it));
        let mut all = lead.moving().filter(is_pitch).chain(own).copied();
        self.moving.fill_with(|| all.next());
        self
    }

    /// What moves by itself.
    pub(super) fn moving(&self) -> impl Iterator<Item = &Moving> {
        self.moving.iter().map_while(Option::as_ref)
    }
}

/// The connections of a region.
#[derive(Clone, Debug)]
pub(super) struct Articulation {
    all: Vec<Connection>,
}

const fn plain(
    source: Source,
    control: Control,
    destination: Destination,
    scale: i32,
) -> Connection {
    let none = Transform {
        is_inverted: false,
        is_bipolar: false,
        curve: Curve::Linear,
    };
    Connection {
        source,
        control,
        destination,
        of_source: none,
        of_control: none,
        scale,
    }
}

/// What DLS 2 has every region begin with. What is nothing unless a file says so is not in it.
fn default_graph() -> Vec<Connection> {
    let loudness = Transform {
        is_inverted: true,
        is_bipolar: false,
        curve: Curve::Concave,
    };
    let bipolar = Transform {
        is_bipolar: true,
        ..Transform::default()
    };
    let (none, cents) = (Source::None, |cents: i32| cents << 16);
    let gain = |source| Connection {
        of_source: loudness,
        ..plain(source, none, Destination::Gain, -GAIN_DB * 655_360)
    };
    let swing = |source, control, destination, scale| Connection {
        of_source: bipolar,
        ..plain(source, control, destination, scale)
    };
    use Destination::{Chorus, Key, Pan, Pitch, Reverb};
    vec![
        gain(Source::Velocity),
        gain(Source::Controller(7)),
        gain(Source::Controller(11)),
        swing(
            Source::PitchWheel,
            Source::Parameter(0),
            Pitch,
            cents(12_800),
        ),
        plain(Source::Key, none, Pitch, cents(12_800)),
        swing(Source::Parameter(1), none, Pitch, cents(100)),
        plain(Source::Key, none, Key, cents(12_800)),
        swing(Source::Parameter(2), none, Key, cents(6_400)),
        swing(Source::Controller(10), none, Pan, 508 << 16),
        plain(Source::Controller(91), none, Reverb, 1000 << 16),
        plain(Source::Controller(93), none, Chorus, 1000 << 16),
    ]
}

/// Some files have louder notes softer: what falls with velocity and volume is meant the other way round.
fn mended(mut it: Connection) -> Connection {
    let is_loudness = it.destination == Destination::Gain
        && matches!(it.source, Source::Velocity | Source::Controller(7 | 11));
    if is_loudness && it.scale < 0 && it.of_source.curve == Curve::Concave {
        it.of_source.is_inverted = true;
    }
    it
}

impl Articulation {
    /// The default graph with these laid over it, each list over those before it.
    pub(super) fn new<'a>(lists: impl IntoIterator<Item = &'a [Connection]>) -> Self {
        let mut all = default_graph();
        for it in lists.into_iter().flatten() {
            let it = mended(*it);
            match all.iter_mut().find(|old| old.is_named_as(&it)) {
                Some(old) => *old = it,
                None => all.push(it),
            }
        }
        Self { all }
    }

    fn of(&self, destination: Destination) -> impl Iterator<Item = &Connection> {
        self.all
            .iter()
            .filter(move |it| it.destination == destination)
    }

    /// The sum of what does not move by itself, in the file's units without their 16 bits of fraction.
    fn sum(&self, destination: Destination, readings: &dyn Readings) -> f32 {
        self.of(destination).map(|it| term(it, readings)).sum()
    }

    /// What stands there for nothing at all.
    fn is_constant(&self, destination: Destination, scale: i32) -> Option<bool> {
        let constant = |it: &&Connection| it.source == Source::None && it.control == Source::None;
        self.of(destination)
            .find(constant)
            .map(|it| it.scale == scale)
    }

    /// Seconds; none where no constant says how long.
    fn time(&self, destination: Destination, otherwise: f32, readings: &dyn Readings) -> f32 {
        match self.is_constant(destination, NO_TIME) {
            Some(true) => 0.0,
            Some(false) => (self.sum(destination, readings) / 1200.0).exp2(),
            None => otherwise * (self.sum(destination, readings) / 1200.0).exp2(),
        }
    }

    fn hz(&self, destination: Destination, otherwise: f32, readings: &dyn Readings) -> f32 {
        let cents = self.sum(destination, readings);
        match self.is_constant(destination, OPEN) {
            Some(_) => 440.0 * ((cents - CENTS_OF_440_HZ) / 1200.0).exp2(),
            None => otherwise * (cents / 1200.0).exp2(),
        }
    }

    /// The times of an envelope.
    pub(super) fn times(&self, of: fn(Segment) -> Destination, readings: &dyn Readings) -> Times {
        let time = |segment| self.time(of(segment), 0.0, readings);
        let sustain = of(Segment::Sustain);
        let whole = self.is_constant(sustain, 0).is_none();
        let sustained = self.sum(sustain, readings) / 1000.0 + f32::from(u8::from(whole));
        Times {
            delay: time(Segment::Delay),
            attack: time(Segment::Attack),
            hold: time(Segment::Hold),
            decay: time(Segment::Decay),
            sustain: sustained.clamp(0.0, 1.0),
            release: time(Segment::Release),
        }
    }

    /// Seconds in which a voice that is cut is gone.
    pub(super) fn shutdown(&self, readings: &dyn Readings) -> f32 {
        self.time(Destination::Volume(Segment::Shutdown), 0.015, readings)
    }

    /// The key that chooses regions and pitch: that of the note, behind coarse tuning.
    pub(super) fn key(&self, readings: &dyn Readings) -> i32 {
        (self.sum(Destination::Key, readings) / 100.0).round() as i32
    }

    /// Everything else, for a wave that has its own pitch at `unity`.
    pub(super) fn standing(&self, unity: u16, readings: &dyn Readings) -> Standing {
        let sum = |destination| self.sum(destination, readings);
        let mut moving = [None; MOST_MOVING];
        let moves = self.all.iter().filter_map(|it| moves(it, readings));
        for (place, it) in moving.iter_mut().zip(moves.filter(|it| it.amount != 0.0)) {
            *place = Some(it);
        }
        // What the key adds is counted from the key at which the wave has its own pitch.
        let unity = Reading::of_7_bits(unity.min(127) as u8);
        let from_unity = |it: &Connection| {
            let control = readings.reading(it.control).map(|at| it.of_control.of(at));
            let control = if it.control == Source::None {
                Some(1.0)
            } else {
                control
            };
            it.of_source.of(unity) * control.unwrap_or(0.0) * it.scale as f32 / 65_536.0
        };
        let by_key = |it: &&Connection| it.source == Source::Key;
        let own: f32 = self
            .of(Destination::Pitch)
            .filter(by_key)
            .map(from_unity)
            .sum();
        let cutoff = match self.is_constant(Destination::Cutoff, OPEN) {
            None | Some(true) => None,
            Some(false) => Some(self.hz(Destination::Cutoff, 0.0, readings)),
        };
        let rate = |destination| self.hz(destination, 5.0, readings);
        let wait = |destination| self.time(destination, 0.01, readings);
        Standing {
            pitch: sum(Destination::Pitch) - own,
            gain: sum(Destination::Gain) / 10.0,
            cutoff,
            resonance: sum(Destination::Resonance) / 10.0,
            pan: sum(Destination::Pan) / 1000.0,
            reverb: (sum(Destination::Reverb) / 1000.0).clamp(0.0, 1.0),
            chorus: (sum(Destination::Chorus) / 1000.0).clamp(0.0, 1.0),
            lfo: (rate(Destination::LfoRate), wait(Destination::LfoDelay)),
            vibrato: (
                rate(Destination::VibratoRate),
                wait(Destination::VibratoDelay),
            ),
            moving,
        }
    }
}

/// What a connection adds that does not move by itself.
fn term(it: &Connection, readings: &dyn Readings) -> f32 {
    let of = |source: Source, transform: Transform| match source {
        Source::None => Some(1.0),
        source => readings.reading(source).map(|at| transform.of(at)),
    };
    let (Some(source), Some(control)) =
        (of(it.source, it.of_source), of(it.control, it.of_control))
    else {
        return 0.0;
    };
    source * control * (it.scale as f32 / 65_536.0)
}

/// What a connection has move by itself.
fn moves(it: &Connection, readings: &dyn Readings) -> Option<Moving> {
    let mover = Mover::of(it.source)?;
    let target = Target::of(it.destination)?;
    let control = match it.control {
        Source::None => 1.0,
        control => it.of_control.of(readings.reading(control)?),
    };
    let unit = match target {
        Target::Gain | Target::Resonance => 10.0,
        Target::Pan => 1000.0,
        Target::Pitch | Target::Cutoff => 1.0,
    };
    Some(Moving {
        target,
        mover,
        amount: control * (it.scale as f32 / 65_536.0) / unit,
        transform: it.of_source,
    })
}
