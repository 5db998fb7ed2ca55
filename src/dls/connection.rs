//! Connections: what moves what in a voice, and how far (DLS 2, section "articulation").

/// What moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// Nothing: it counts as 1.
    None,
    /// The LFO of level 1.
    ModulationLfo,
    /// Velocity of the note.
    Velocity,
    /// Its key.
    Key,
    /// The envelope of loudness.
    VolumeEnvelope,
    /// The second envelope.
    ModulationEnvelope,
    /// The bender.
    PitchWheel,
    /// Pressure on the key.
    PolyPressure,
    /// Pressure on the channel.
    ChannelPressure,
    /// The second LFO.
    VibratoLfo,
    /// A controller.
    Controller(u8),
    /// A registered parameter: 0 bend range, 1 fine tuning, 2 coarse tuning.
    Parameter(u8),
}

/// What scales the source: the same kinds of thing.
pub type Control = Source;

impl Source {
    /// By its number in files.
    pub const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::ModulationLfo,
            2 => Self::Velocity,
            3 => Self::Key,
            4 => Self::VolumeEnvelope,
            5 => Self::ModulationEnvelope,
            6 => Self::PitchWheel,
            7 => Self::PolyPressure,
            8 => Self::ChannelPressure,
            9 => Self::VibratoLfo,
            0x80..=0xFF => Self::Controller((number - 0x80) as u8),
            0x100..=0x102 => Self::Parameter((number - 0x100) as u8),
            _ => return None,
        })
    }

    /// Its number in files.
    pub const fn to_number(self) -> u16 {
        match self {
            Self::None => 0,
            Self::ModulationLfo => 1,
            Self::Velocity => 2,
            Self::Key => 3,
            Self::VolumeEnvelope => 4,
            Self::ModulationEnvelope => 5,
            Self::PitchWheel => 6,
            Self::PolyPressure => 7,
            Self::ChannelPressure => 8,
            Self::VibratoLfo => 9,
            Self::Controller(number) => 0x80 + (number & 127) as u16,
            Self::Parameter(number) => 0x100 + number as u16,
        }
    }
}

/// What is moved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Destination {
    /// Loudness.
    Gain,
    /// Pitch.
    Pitch,
    /// Place between left and right.
    Pan,
    /// The key that chooses the region.
    Key,
    /// Loudness on the left.
    Left,
    /// Loudness on the right.
    Right,
    /// Loudness in the centre.
    Centre,
    /// Loudness on a speaker that stereo has not: 0x13 to 0x15, on which sources part.
    OtherSpeaker(u8),
    /// What goes to the chorus.
    Chorus,
    /// What goes to the reverb.
    Reverb,
    /// Rate of the first LFO.
    LfoRate,
    /// How long it waits.
    LfoDelay,
    /// Rate of the second LFO.
    VibratoRate,
    /// How long it waits.
    VibratoDelay,
    /// A part of the envelope of loudness.
    Volume(Segment),
    /// A part of the second envelope.
    Modulation(Segment),
    /// Where the filter begins to cut.
    Cutoff,
    /// How much it resounds there.
    Resonance,
}

/// A part of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Segment {
    /// Before it begins.
    Delay,
    /// Up.
    Attack,
    /// At the top.
    Hold,
    /// Down to what is sustained.
    Decay,
    /// What is sustained.
    Sustain,
    /// Down to nothing once the key is up.
    Release,
    /// Down to nothing when it is cut.
    Shutdown,
}

impl Segment {
    /// The low part of its number, in the first envelope.
    const fn number(self) -> u16 {
        match self {
            Self::Attack => 6,
            Self::Decay => 7,
            Self::Release => 9,
            Self::Sustain => 0xA,
            Self::Delay => 0xB,
            Self::Hold => 0xC,
            Self::Shutdown => 0xD,
        }
    }

    /// And in the second, where all are four more.
    const fn number_of_second(self) -> u16 {
        self.number() + 4
    }
}

/// What a file may name without meaning anything by it.
const RESERVED: [u16; 3] = [2, 0x208, 0x30C];

impl Destination {
    /// By its number in files; `None` for one that is not known.
    pub const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Gain,
            3 => Self::Pitch,
            4 => Self::Pan,
            5 => Self::Key,
            0x10 => Self::Left,
            0x11 => Self::Right,
            0x12 => Self::Centre,
            0x13..=0x15 => Self::OtherSpeaker((number - 0x10) as u8),
            0x80 => Self::Chorus,
            0x81 => Self::Reverb,
            0x104 => Self::LfoRate,
            0x105 => Self::LfoDelay,
            0x114 => Self::VibratoRate,
            0x115 => Self::VibratoDelay,
            0x206 => Self::Volume(Segment::Attack),
            0x207 => Self::Volume(Segment::Decay),
            0x209 => Self::Volume(Segment::Release),
            0x20A => Self::Volume(Segment::Sustain),
            0x20B => Self::Volume(Segment::Delay),
            0x20C => Self::Volume(Segment::Hold),
            0x20D => Self::Volume(Segment::Shutdown),
            0x30A => Self::Modulation(Segment::Attack),
            0x30B => Self::Modulation(Segment::Decay),
            0x30D => Self::Modulation(Segment::Release),
            0x30E => Self::Modulation(Segment::Sustain),
            0x30F => Self::Modulation(Segment::Delay),
            0x310 => Self::Modulation(Segment::Hold),
            0x500 => Self::Cutoff,
            0x501 => Self::Resonance,
            _ => return None,
        })
    }

    /// Its number in files; `None` for the one that has none, the shutdown of the second envelope.
    pub const fn to_number(self) -> Option<u16> {
        Some(match self {
            Self::Gain => 1,
            Self::Pitch => 3,
            Self::Pan => 4,
            Self::Key => 5,
            Self::Left => 0x10,
            Self::Right => 0x11,
            Self::Centre => 0x12,
            Self::OtherSpeaker(number) => 0x10 + number as u16,
            Self::Chorus => 0x80,
            Self::Reverb => 0x81,
            Self::LfoRate => 0x104,
            Self::LfoDelay => 0x105,
            Self::VibratoRate => 0x114,
            Self::VibratoDelay => 0x115,
            Self::Volume(segment) => 0x200 + segment.number(),
            Self::Modulation(Segment::Shutdown) => return None,
            Self::Modulation(segment) => 0x300 + segment.number_of_second(),
            Self::Cutoff => 0x500,
            Self::Resonance => 0x501,
        })
    }
}

/// The shape between a source and what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Curve {
    /// A line.
    #[default]
    Linear,
    /// Slow first.
    Concave,
    /// Fast first.
    Convex,
    /// Nothing, then all.
    Switch,
}

impl Curve {
    const fn from_bits(bits: u16) -> Option<Self> {
        Some(match bits {
            0 => Self::Linear,
            1 => Self::Concave,
            2 => Self::Convex,
            3 => Self::Switch,
            _ => return None,
        })
    }

    const fn to_bits(self) -> u16 {
        self as u16
    }
}

/// How a source or control is seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Transform {
    /// The other way round.
    pub is_inverted: bool,
    /// From -1 to 1, and not from 0.
    pub is_bipolar: bool,
    /// The shape.
    pub curve: Curve,
}

/// One connection: the destination moves by source times control times scale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Connection {
    /// What moves.
    pub source: Source,
    /// What scales it.
    pub control: Control,
    /// What is moved.
    pub destination: Destination,
    /// How the source is seen.
    pub of_source: Transform,
    /// How the control is seen.
    pub of_control: Transform,
    /// How far, in the destination's unit as a 16.16 number.
    pub scale: i32,
}

/// What became of twelve bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parsed {
    /// A connection.
    Connection(Connection),
    /// One that means nothing and is passed over in silence.
    Reserved,
    /// One that nobody knows.
    Unknown,
}

impl Connection {
    /// Whether a later one takes its place.
    pub fn is_named_as(&self, other: &Self) -> bool {
        (self.source, self.control, self.destination)
            == (other.source, other.control, other.destination)
    }

    /// The twelve bytes of an `art2` chunk; `None` where the destination has no number.
    pub(super) fn to_bytes(self) -> Option<[u8; 12]> {
        let bits = |it: Transform, inverted: u16, bipolar: u16, curve: u16| {
            u16::from(it.is_inverted) << inverted
                | u16::from(it.is_bipolar) << bipolar
                | it.curve.to_bits() << curve
        };
        let transform = bits(self.of_source, 15, 14, 10) | bits(self.of_control, 9, 8, 4);
        let numbers = [
            self.source.to_number(),
            self.control.to_number(),
            self.destination.to_number()?,
            transform,
        ];
        let mut bytes = [0; 12];
        for (to, number) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(numbers) {
            *to = number.to_le_bytes();
        }
        bytes[8..].copy_from_slice(&self.scale.to_le_bytes());
        Some(bytes)
    }

    /// Reads twelve bytes, of an `art1` or an `art2` chunk.
    pub(super) fn parse(bytes: [u8; 12], is_level_2: bool) -> Parsed {
        let [a, b, c, d, e, f, g, h, scale @ ..] = bytes;
        let number = |low, high| u16::from_le_bytes([low, high]);
        let (destination, transform) = (number(e, f), number(g, h));
        if RESERVED.contains(&destination) {
            return Parsed::Reserved;
        }
        let known = (
            Source::from_number(number(a, b)),
            Source::from_number(number(c, d)),
            Destination::from_number(destination),
        );
        let (Some(source), Some(control), Some(destination)) = known else {
            return Parsed::Unknown;
        };
        let transforms = match is_level_2 {
            true => two(transform),
            false => one(transform, source),
        };
        let Some((of_source, of_control)) = transforms else {
            return Parsed::Unknown;
        };
        Parsed::Connection(Self {
            source,
            control,
            destination,
            of_source,
            of_control,
            scale: i32::from_le_bytes(scale),
        })
    }
}

/// Level 2: bits for both, and a shape of what comes out, which has to be linear.
fn two(bits: u16) -> Option<(Transform, Transform)> {
    let part = |inverted: u16, bipolar: u16, curve: u16| {
        Some(Transform {
            is_inverted: bits >> inverted & 1 == 1,
            is_bipolar: bits >> bipolar & 1 == 1,
            curve: Curve::from_bits(bits >> curve & 15)?,
        })
    };
    let is_linear = bits & 15 == 0;
    Some((part(15, 14, 10)?, part(9, 8, 4)?)).filter(|_| is_linear)
}

/// Level 1: one shape, of the source; what is bipolar by nature is so.
fn one(bits: u16, source: Source) -> Option<(Transform, Transform)> {
    let is_bipolar = matches!(
        source,
        Source::ModulationLfo | Source::VibratoLfo | Source::PitchWheel | Source::Controller(10)
    ) || matches!(source, Source::Parameter(1 | 2));
    let curve = match bits {
        0 => Curve::Linear,
        1 => Curve::Concave,
        // Files of level 1 with words of level 2 occur.
        _ => return two(bits),
    };
    // Concave of level 1 falls: the loudest velocity attenuates by nothing.
    let of_source = Transform {
        is_inverted: curve == Curve::Concave,
        is_bipolar,
        curve,
    };
    Some((of_source, Transform::default()))
}
