//! Guids and the Kernel Streaming ids this program knows by name.
//!
//! Lives here: the 128-bit id, its text form, and the tables id -> name. Does not live here: any rule about ids.
//! Ids that are in no table are legal everywhere; they are shown by number and survive a round trip.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 128-bit id, written `6994AD04-93EF-11D0-A3CC-00A0C9223196`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid(pub u128);

impl Guid {
    /// All zeros: the wildcard of data ranges (FMT-5).
    pub const WILDCARD: Self = Self(0);

    /// Whether this is the wildcard.
    pub const fn is_wildcard(self) -> bool {
        self.0 == 0
    }

    /// As it lies in memory: the first three parts with their low byte first.
    pub fn to_bytes(self) -> [u8; 16] {
        let n = self.0;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&((n >> 96) as u32).to_le_bytes());
        bytes[4..6].copy_from_slice(&((n >> 80) as u16).to_le_bytes());
        bytes[6..8].copy_from_slice(&((n >> 64) as u16).to_le_bytes());
        bytes[8..].copy_from_slice(&(n as u64).to_be_bytes());
        bytes
    }

    /// Reads it as it lies in memory.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = bytes;
        let tail = u64::from_be_bytes([
            bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15],
        ]);
        let head = u128::from(u32::from_le_bytes([a, b, c, d])) << 96
            | u128::from(u16::from_le_bytes([e, f])) << 80
            | u128::from(u16::from_le_bytes([g, h])) << 64;
        Self(head | u128::from(tail))
    }

    /// The name of a well-known id, without its `KS...` prefix.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(id, _)| *id == self)
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            n >> 96,
            (n >> 80) & 0xFFFF,
            (n >> 64) & 0xFFFF,
            (n >> 48) & 0xFFFF,
            n & 0xFFFF_FFFF_FFFF
        )
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{self}"),
        }
    }
}

/// The text is not a guid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id: wanted 32 hex digits grouped 8-4-4-4-12")]
pub struct NotAGuid(pub String);

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        let wrong = || NotAGuid(text.to_owned());
        let groups: Vec<&str> = text
            .trim_matches(|c| c == '{' || c == '}')
            .split('-')
            .collect();
        let shape = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
        if !shape
            || !groups
                .iter()
                .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(wrong());
        }
        u128::from_str_radix(&groups.concat(), 16)
            .map(Self)
            .map_err(|_| wrong())
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Functional categories (CAT-2).
pub mod category {
    use super::Guid;

    /// The name KS has for a category; none for ids that are this program's own, or nobody's.
    pub fn ks_name(id: Guid) -> Option<String> {
        let name = id.name().filter(|_| ALL.contains(&id) && id != ANALYSIS)?;
        // One of them has its words apart.
        let gap = if id == AUDIO_DEVICE { "_" } else { "" };
        Some(format!(
            "KSCATEGORY_{}",
            name.to_uppercase().replace(' ', gap)
        ))
    }

    /// All that are known.
    pub const ALL: &[Guid] = &[
        AUDIO,
        CAPTURE,
        RENDER,
        TOPOLOGY,
        SYNTHESIZER,
        MIXER,
        SPLITTER,
        DATATRANSFORM,
        INTERFACETRANSFORM,
        FILESYSTEM,
        ANALYSIS,
        CLOCK,
        BRIDGE,
        DATACOMPRESSOR,
        DATADECOMPRESSOR,
        COMMUNICATIONSTRANSFORM,
        MEDIUMTRANSFORM,
        AUDIO_DEVICE,
        SYSAUDIO,
    ];

    /// Every audio filter.
    pub const AUDIO: Guid = Guid(0x6994AD04_93EF_11D0_A3CC_00A0C9223196);
    /// Data come into the computer here.
    pub const CAPTURE: Guid = Guid(0x65E8773D_8F56_11D0_A3B9_00A0C9223196);
    /// Data leave the computer here.
    pub const RENDER: Guid = Guid(0x65E8773E_8F56_11D0_A3B9_00A0C9223196);
    /// Mixer and topology filters.
    pub const TOPOLOGY: Guid = Guid(0xDDA54A40_1E4C_11D1_A050_405705C10000);
    /// Makes sound of notes.
    pub const SYNTHESIZER: Guid = Guid(0xDFF220F3_F70F_11D0_B917_00A0C9223196);
    /// Several streams in, one out.
    pub const MIXER: Guid = Guid(0xAD809C00_7B88_11D0_A5D6_28DB04C10000);
    /// One stream in, several out.
    pub const SPLITTER: Guid = Guid(0x0A4252A0_7E70_11D0_A5D6_28DB04C10000);
    /// Changes the data, keeps the format.
    pub const DATATRANSFORM: Guid = Guid(0x2EB07EA0_7E70_11D0_A5D6_28DB04C10000);
    /// Changes the format.
    pub const INTERFACETRANSFORM: Guid = Guid(0xCF1DDA2D_9743_11D0_A3EE_00A0C9223196);
    /// Reads and writes files.
    pub const FILESYSTEM: Guid = Guid(0x760FED5E_9357_11D0_A3CC_00A0C9223196);
    /// Measures and shows a stream. KS has no such category; the id is this program's own.
    pub const ANALYSIS: Guid = Guid(0x4B534752_4150_4831_8000_414E414C5953);
    /// Gives or measures time.
    pub const CLOCK: Guid = Guid(0x53172480_4791_11D0_A5D6_28DB04C10000);
    /// Joins a graph to something that is none.
    pub const BRIDGE: Guid = Guid(0x085AFF00_62CE_11CF_A5D6_28DB04C10000);
    /// Makes a stream smaller.
    pub const DATACOMPRESSOR: Guid = Guid(0x1E84C900_7E70_11D0_A5D6_28DB04C10000);
    /// Makes of a smaller stream what it was.
    pub const DATADECOMPRESSOR: Guid = Guid(0x2721AE20_7E70_11D0_A5D6_28DB04C10000);
    /// Changes who issues requests.
    pub const COMMUNICATIONSTRANSFORM: Guid = Guid(0xCF1DDA2C_9743_11D0_A3EE_00A0C9223196);
    /// Changes the medium.
    pub const MEDIUMTRANSFORM: Guid = Guid(0xCF1DDA2E_9743_11D0_A3EE_00A0C9223196);
    /// Devices made of several filters; no ordinary filter is one.
    pub const AUDIO_DEVICE: Guid = Guid(0xFBF6F530_07B9_11D2_A71E_0000F8004788);
    /// The program that builds graphs (SYS-1).
    pub const SYSAUDIO: Guid = Guid(0xA7C7A5B1_5AF3_11D1_9CED_00A024BF0407);
}

/// Major formats: what kind of stream (FMT-4).
pub mod major {
    use super::Guid;

    /// Sound.
    pub const AUDIO: Guid = Guid(0x73647561_0000_0010_8000_00AA00389B71);
    /// Clocks: this project's own, for ticks on wires.
    pub const CLOCK: Guid = Guid(0x6B736772_0001_4C4B_8000_636C6F636B73);

    /// Notes.
    pub const MUSIC: Guid = Guid(0xE725D360_62CC_11CF_A5D6_28DB04C10000);
}

/// Sub formats: which coding of that stream.
pub mod sub {
    use super::Guid;

    /// Integer samples.
    pub const PCM: Guid = Guid(0x00000001_0000_0010_8000_00AA00389B71);
    /// Floating point samples.
    pub const IEEE_FLOAT: Guid = Guid(0x00000003_0000_0010_8000_00AA00389B71);
    /// Raw MIDI records on a millisecond grid (MID-1).
    pub const MIDI: Guid = Guid(0x1D262760_E957_11CF_A5D6_28DB04C10000);
    /// Time-stamped events (MUS-3).
    pub const DIRECTMUSIC: Guid = Guid(0x1A82F8BC_3F8B_11D2_B774_0060083316C1);
    /// A physical MIDI jack (MUS-5).
    pub const MIDI_BUS: Guid = Guid(0x2CA15FA0_6CFE_11CF_A5D6_28DB04C10000);
    /// Ticks of a clock: each the clock's own time of a moment of the graph's. This project's own.
    pub const TICKS: Guid = Guid(0x6B736772_0002_4C4B_8000_636C6F636B73);
    /// A physical audio jack (AUD-6).
    pub const ANALOG: Guid = Guid(0x6DBA3190_67BD_11CF_A0F7_0020AFD156E4);
}

/// Specifiers: which structure follows the format header.
pub mod specifier {
    use super::Guid;

    /// Nothing follows.
    pub const NONE: Guid = Guid(0x0F6417D6_C318_11D0_A43F_00A0C9223196);
    /// A wave format follows.
    pub const WAVEFORMATEX: Guid = Guid(0x05589F81_C356_11CE_BF01_00AA0055595A);
    /// A DirectSound buffer description follows.
    pub const DSOUND: Guid = Guid(0x518590A2_A184_11D0_8522_00C04FD9BAF3);
}

/// Medium, interface and property sets.
pub mod set {
    use super::Guid;

    /// Ordinary traffic through the host (MED-2).
    pub const STANDARD_MEDIUM: Guid = Guid(0x4747B320_62CE_11CF_A5D6_28DB04C10000);
    /// Inside a simulated card. This program's own.
    pub const LAB_CARD: Guid = Guid(0x4B534752_4150_4831_8000_4C4142434152);
    /// Between the subdevices of a simulated card. This program's own.
    pub const LAB_JACK: Guid = Guid(0x4B534752_4150_4831_8000_4C41424A4143);
    /// Standard streaming interfaces (5.2).
    pub const STANDARD_INTERFACE: Guid = Guid(0x1A8766A0_62CE_11CF_A5D6_28DB04C10000);
    /// A synthesizer's node.
    pub const SYNTH: Guid = Guid(0xFEDFAE25_E46E_11D1_AACE_0000F875AC12);
    /// Sounds of a synthesizer's node.
    pub const SYNTH_DLS: Guid = Guid(0xD523FA2C_DEE3_11D1_A789_0000F875AC12);
    /// The clock of its filter.
    pub const SYNTH_CLOCK: Guid = Guid(0xFEDFAE26_E46E_11D1_AACE_0000F875AC12);
}

/// Kinds of node inside a filter (TOP-1).
pub mod node {
    use super::Guid;

    /// Makes louder or softer.
    pub const VOLUME: Guid = Guid(0x3A5ACC00_C557_11D0_8A2B_00A0C9255AC1);
    /// Adds streams.
    pub const SUM: Guid = Guid(0xDA441A60_C556_11D0_8A2B_00A0C9255AC1);
    /// Measures how loud it is.
    pub const PEAKMETER: Guid = Guid(0xA085651E_5F0D_4B36_A869_D195D6AB4B9E);
    /// Shapes the spectrum.
    pub const EQUALIZER: Guid = Guid(0x9D41B4A0_C557_11D0_8A2B_00A0C9255AC1);
    /// Bass and treble.
    pub const TONE: Guid = Guid(0x7607E580_C557_11D0_8A2B_00A0C9255AC1);
    /// Repeats later.
    pub const DELAY: Guid = Guid(0x144981E0_C558_11D0_8A2B_00A0C9255AC1);
    /// Several voices of one.
    pub const CHORUS: Guid = Guid(0x20173F20_C559_11D0_8A2B_00A0C9255AC1);
    /// A room.
    pub const REVERB: Guid = Guid(0xEF0328E0_C558_11D0_8A2B_00A0C9255AC1);
    /// Evens out loudness.
    pub const LOUDNESS: Guid = Guid(0x41887440_C558_11D0_8A2B_00A0C9255AC1);
    /// Changes rate.
    pub const SRC: Guid = Guid(0x9DB7B9E0_C555_11D0_8A2B_00A0C9255AC1);
    /// From figures to voltage.
    pub const DAC: Guid = Guid(0x507AE360_C554_11D0_8A2B_00A0C9255AC1);
    /// From voltage to figures.
    pub const ADC: Guid = Guid(0x4D837FE0_C555_11D0_8A2B_00A0C9255AC1);
    /// One stream into several channels, or back.
    pub const SUPERMIX: Guid = Guid(0xE573ADC0_C555_11D0_8A2B_00A0C9255AC1);
    /// Makes sound of notes.
    pub const SYNTHESIZER: Guid = Guid(0xDFF220F0_F70F_11D0_B917_00A0C9223196);
    /// Makes sound of notes by software.
    pub const SWSYNTH: Guid = Guid(0x37407739_3620_11D1_85D3_0000F8754380);
    /// Silences.
    pub const MUTE: Guid = Guid(0x02B223C0_C557_11D0_8A2B_00A0C9255AC1);
    /// Lets one of several streams through.
    pub const MUX: Guid = Guid(0x2CEAF780_C556_11D0_8A2B_00A0C9255AC1);
    /// Hands one stream to one of several ways.
    pub const DEMUX: Guid = Guid(0xC0EB67D4_E807_11D0_958A_00C04FB925D3);
    /// Keeps a level by itself.
    pub const AGC: Guid = Guid(0xE88C9BA0_C557_11D0_8A2B_00A0C9255AC1);
    /// Evens out what is loud and what is soft.
    pub const DYN_RANGE_COMPRESSOR: Guid = Guid(0x08C8A6A8_601F_4AF8_8793_D905FF4CA97D);
    /// Gives what a file holds, or keeps it. KS has no such node; the id is this program's own.
    pub const FILE: Guid = Guid(0x4B534752_4150_4831_8000_464C454E4F44);
    /// Makes a steady sound. This program's own.
    pub const GENERATOR: Guid = Guid(0x4B534752_4150_4831_8000_47454E4F4445);
    /// Counts what it takes and drops it. This program's own.
    pub const NULL: Guid = Guid(0x4B534752_4150_4831_8000_4E554C4E4F44);
    /// Changes the grid of samples, not their rate. This program's own.
    pub const QUANTISER: Guid = Guid(0x4B534752_4150_4831_8000_51554E4F4445);
    /// Lets pass what lies within limits. This program's own.
    pub const LIMITS: Guid = Guid(0x4B534752_4150_4831_8000_4C494D495453);
    /// Where notes are played by hand or come in from a port. This program's own.
    pub const NOTES: Guid = Guid(0x4B534752_4150_4831_8000_4E4F54455300);
    /// Holds events until they are due.
    pub const SEQUENCER: Guid = Guid(0xDFF220F0_F70F_11D0_B917_00A0C9223197);
}

/// Technologies of music ranges (MUS-1).
pub mod technology {
    use super::Guid;

    /// A plain MIDI port.
    pub const PORT: Guid = Guid(0x86C92E60_62E8_11CF_A5D6_28DB04C10000);
    /// Square waves.
    pub const SQSYNTH: Guid = Guid(0x0ECF4380_62E9_11CF_A5D6_28DB04C10000);
    /// Frequency modulation.
    pub const FMSYNTH: Guid = Guid(0x252C5C80_62E9_11CF_A5D6_28DB04C10000);
    /// A software synthesizer.
    pub const SWSYNTH: Guid = Guid(0x37407736_3620_11D1_85D3_0000F8754380);
}

const NAMES: &[(Guid, &str)] = &[
    (Guid::WILDCARD, "any"),
    (category::AUDIO, "Audio"),
    (category::CAPTURE, "Capture"),
    (category::RENDER, "Render"),
    (category::TOPOLOGY, "Topology"),
    (category::SYNTHESIZER, "Synthesizer"),
    (category::MIXER, "Mixer"),
    (category::SPLITTER, "Splitter"),
    (category::DATATRANSFORM, "Data transform"),
    (category::INTERFACETRANSFORM, "Interface transform"),
    (category::FILESYSTEM, "Filesystem"),
    (category::CLOCK, "Clock and quality"),
    (category::ANALYSIS, "Analysis"),
    (category::BRIDGE, "Bridge"),
    (category::DATACOMPRESSOR, "Data compressor"),
    (category::DATADECOMPRESSOR, "Data decompressor"),
    (
        category::COMMUNICATIONSTRANSFORM,
        "Communications transform",
    ),
    (category::MEDIUMTRANSFORM, "Medium transform"),
    (category::AUDIO_DEVICE, "Audio device"),
    (category::SYSAUDIO, "SysAudio"),
    (major::AUDIO, "audio"),
    (major::MUSIC, "music"),
    (major::CLOCK, "clock"),
    (sub::TICKS, "ticks"),
    (sub::PCM, "PCM"),
    (sub::IEEE_FLOAT, "IEEE float"),
    (sub::MIDI, "MIDI records"),
    (sub::DIRECTMUSIC, "DirectMusic events"),
    (sub::MIDI_BUS, "MIDI bus"),
    (sub::ANALOG, "analog"),
    (node::VOLUME, "Volume"),
    (node::SUM, "Sum"),
    (node::PEAKMETER, "Peak meter"),
    (node::EQUALIZER, "Equalizer"),
    (node::TONE, "Tone"),
    (node::DELAY, "Delay"),
    (node::CHORUS, "Chorus"),
    (node::REVERB, "Reverb"),
    (node::LOUDNESS, "Loudness"),
    (node::SRC, "Sample rate converter"),
    (node::DAC, "Digital to analogue"),
    (node::ADC, "Analogue to digital"),
    (node::SUPERMIX, "Supermix"),
    (node::SYNTHESIZER, "Synthesizer"),
    (node::SWSYNTH, "Software synthesizer"),
    (node::SEQUENCER, "Sequencer"),
    (node::MUTE, "Mute"),
    (node::MUX, "Mux"),
    (node::DEMUX, "Demux"),
    (node::AGC, "Automatic gain control"),
    (node::DYN_RANGE_COMPRESSOR, "Dynamic range compressor"),
    (node::FILE, "File"),
    (node::GENERATOR, "Generator"),
    (node::NULL, "Null"),
    (node::QUANTISER, "Quantiser"),
    (node::LIMITS, "Format limits"),
    (node::NOTES, "Notes"),
    (specifier::NONE, "none"),
    (specifier::WAVEFORMATEX, "WAVEFORMATEX"),
    (specifier::DSOUND, "DSOUND"),
    (set::STANDARD_MEDIUM, "standard"),
    (set::LAB_CARD, "Lab Card"),
    (set::LAB_JACK, "Lab Card, inside"),
    (set::STANDARD_INTERFACE, "standard"),
    (technology::PORT, "MIDI port"),
    (technology::SWSYNTH, "software synthesizer"),
    (technology::SQSYNTH, "square wave synthesizer"),
    (technology::FMSYNTH, "FM synthesizer"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_agree() {
        let text = "6994AD04-93EF-11D0-A3CC-00A0C9223196";
        let id: Guid = text.parse().unwrap();
        assert_eq!(id, category::AUDIO);
        assert_eq!(id.to_string(), text);
        assert!("6994AD04-93EF".parse::<Guid>().is_err());
        assert!(
            "6994AD04-93EF-11D0-A3CC-00A0C922319é"
                .parse::<Guid>()
                .is_err()
        );
    }
}
