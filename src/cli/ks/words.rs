//! Ids, ranges, formats and pins as requests write them: names where there are some, guids and figures otherwise.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::ks::ids::{Guid, category, major, set, specifier, sub, technology};
use crate::ks::{
    Attribute, AudioFormat, AudioLimits, Communication, DataFlow, DataFormat, DataRange,
    Descriptor, Framing, Instances, Interface, Limits, Medium, MusicLimits, PinFactory, Status,
    UNLIMITED,
};
use crate::raw::{Connect, HANDLERS, NamedHandler, layout, sets};

/// Bytes as hex digits; spaces are free.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    /// Two digits a byte.
    pub(super) fn text(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => Ok(Self(
                digits
                    .chunks(2)
                    .map(|pair| pair[0] << 4 | pair[1])
                    .collect(),
            )),
            _ => Err(D::Error::custom("bytes are pairs of hex digits")),
        }
    }
}

/// The set of a call: a name, a guid, `own` for the filter's own properties, or none.
#[derive(Clone, Debug, Default)]
pub(super) enum Id {
    /// The null id.
    #[default]
    None,
    /// The filter's own properties.
    Own,
    /// Anything else.
    Word(String),
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "own" => Self::Own,
            _ => Self::Word(word),
        })
    }
}

impl Id {
    pub(super) fn guid(&self) -> Result<Guid, String> {
        match self {
            Self::None | Self::Own => Ok(Guid::WILDCARD),
            Self::Word(word) => named(word, sets::NAMES),
        }
    }
}

/// An id by its name in a table, with or without what stands before it in C headers, or as a guid.
fn named(word: &str, names: &[(&str, Guid)]) -> Result<Guid, String> {
    const PREFIXES: &[&str] = &[
        "ksdataformat_type_",
        "ksdataformat_subtype_",
        "ksdataformat_specifier_",
        "ksmusic_technology_",
        "kscategory_",
        "kspropsetid_",
        "kseventsetid_",
        "ksmethodsetid_",
    ];
    let small = word.to_lowercase();
    let mut prefixes = PREFIXES.iter();
    let plain = prefixes
        .find_map(|prefix| small.strip_prefix(prefix))
        .unwrap_or(&small);
    // Sets of events and methods share their names with sets of properties.
    let plain = match () {
        () if small.starts_with("kseventsetid_") => format!("{plain}_events"),
        () if small.starts_with("ksmethodsetid_") => format!("{plain}_methods"),
        () => plain.to_owned(),
    };
    let same = |name: &str| name.replace('_', "") == plain.replace('_', "");
    if let Some((_, id)) = names.iter().find(|(name, _)| same(name)) {
        return Ok(*id);
    }
    word.parse().map_err(|_| {
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        format!(
            "{word:?} is no id: wanted a guid or one of {}",
            known.join(", ")
        )
    })
}

const ANY: (&str, Guid) = ("*", Guid::WILDCARD);
const WILD: (&str, Guid) = ("wildcard", Guid::WILDCARD);
const MAJORS: &[(&str, Guid)] = &[
    ANY,
    WILD,
    ("audio", major::AUDIO),
    ("music", major::MUSIC),
    ("stream", Guid(0xE436EB83_524F_11CE_9F53_0020AF0BA770)),
    ("midi", Guid(0x7364696D_0000_0010_8000_00AA00389B71)),
    ("video", Guid(0x73646976_0000_0010_8000_00AA00389B71)),
];
const SUBS: &[(&str, Guid)] = &[
    ANY,
    WILD,
    ("pcm", sub::PCM),
    ("float", sub::IEEE_FLOAT),
    ("ieee_float", sub::IEEE_FLOAT),
    ("midi", sub::MIDI),
    ("directmusic", sub::DIRECTMUSIC),
    ("midi_bus", sub::MIDI_BUS),
    ("analog", sub::ANALOG),
    ("none", Guid(0xE436EB8E_524F_11CE_9F53_0020AF0BA770)),
    ("adpcm", Guid(0x00000002_0000_0010_8000_00AA00389B71)),
    ("alaw", Guid(0x00000006_0000_0010_8000_00AA00389B71)),
    ("mulaw", Guid(0x00000007_0000_0010_8000_00AA00389B71)),
    ("drm", Guid(0x00000009_0000_0010_8000_00AA00389B71)),
    ("mpeg", Guid(0x00000050_0000_0010_8000_00AA00389B71)),
];
const SPECIFIERS: &[(&str, Guid)] = &[
    ANY,
    WILD,
    ("none", specifier::NONE),
    ("waveformatex", specifier::WAVEFORMATEX),
    ("dsound", specifier::DSOUND),
];
const TECHNOLOGIES: &[(&str, Guid)] = &[
    ANY,
    WILD,
    ("port", technology::PORT),
    ("swsynth", technology::SWSYNTH),
    ("sqsynth", technology::SQSYNTH),
    ("fmsynth", technology::FMSYNTH),
    ("wavetable", Guid(0x394EC7C0_62E9_11CF_A5D6_28DB04C10000)),
];

/// A category by its alias, its name in KS or its guid.
pub(super) fn category(word: &str) -> Result<Guid, String> {
    let names: Vec<(String, Guid)> = category::ALL
        .iter()
        .filter_map(|id| Some((id.name()?.to_lowercase().replace(' ', "_"), *id)))
        .collect();
    let names: Vec<(&str, Guid)> = names.iter().map(|(name, id)| (&name[..], *id)).collect();
    named(word, &names)
}

/// A handler of intersections by its name.
pub(super) fn handler(word: &str) -> Result<NamedHandler, String> {
    let found = HANDLERS.iter().find(|(name, _)| *name == word);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = HANDLERS.iter().map(|(name, _)| *name).collect();
        format!("{word:?} is no handler: {}", names.join(", "))
    })
}

/// A status by its name, with or without `STATUS_`.
pub(super) fn status(word: &str) -> Result<Status, String> {
    let plain = word.strip_prefix("STATUS_").unwrap_or(word);
    let mut all = Status::ALL.iter();
    all.find(|status| status.name() == plain)
        .copied()
        .ok_or_else(|| format!("{word:?} is no status"))
}

/// A figure, or the two ends of an interval.
#[derive(Clone, Copy, Deserialize, Debug)]
#[serde(untagged)]
pub(super) enum Span {
    One(u32),
    Two(u32, u32),
}

impl Span {
    fn ends(self) -> (u32, u32) {
        match self {
            Self::One(both) => (both, both),
            Self::Two(low, high) => (low, high),
        }
    }
}

/// An attribute.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeWords {
    id: Guid,
    #[serde(default)]
    required: bool,
}

fn attributes(words: &[AttributeWords]) -> Vec<Attribute> {
    words
        .iter()
        .map(|it| Attribute {
            id: it.id,
            required: it.required,
        })
        .collect()
}

/// A data range in words. Limits of sound exist where one of them is given.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeWords {
    major: String,
    sub: String,
    #[serde(default)]
    specifier: Option<String>,
    #[serde(default)]
    sample_size: u32,
    /// Most channels.
    max_channels: Option<u32>,
    bits: Option<Span>,
    rate_hz: Option<Span>,
    technology: Option<String>,
    #[serde(default)]
    channels: u32,
    #[serde(default)]
    notes: u32,
    channel_mask: Option<u32>,
    #[serde(default)]
    attributes: Vec<AttributeWords>,
    /// A size to be claimed in place of the true one.
    format_size: Option<u32>,
    /// Flags in place of those that follow from the attributes.
    flags: Option<u32>,
}

impl RangeWords {
    pub(super) fn range(&self) -> Result<DataRange, String> {
        let major_id = named(&self.major, MAJORS)?;
        let has_sound =
            self.max_channels.is_some() || self.bits.is_some() || self.rate_hz.is_some();
        let limits = if has_sound {
            let (min_bits, max_bits) = self.bits.unwrap_or(Span::Two(1, 32)).ends();
            let (min_rate_hz, max_rate_hz) = self.rate_hz.unwrap_or(Span::Two(1, UNLIMITED)).ends();
            Limits::Audio(AudioLimits {
                min_channels: 1,
                max_channels: self.max_channels.unwrap_or(UNLIMITED).max(1),
                min_bits,
                max_bits,
                min_rate_hz,
                max_rate_hz,
            })
        } else if self.technology.is_some() || self.channel_mask.is_some() {
            Limits::Music(MusicLimits {
                technology: match &self.technology {
                    Some(word) => named(word, TECHNOLOGIES)?,
                    None => Guid::WILDCARD,
                },
                channels: self.channels,
                notes: self.notes,
                channel_mask: self.channel_mask.unwrap_or(0xFFFF),
            })
        } else {
            Limits::None
        };
        let specifier_id = match &self.specifier {
            Some(word) => named(word, SPECIFIERS)?,
            None if has_sound => specifier::WAVEFORMATEX,
            None => specifier::NONE,
        };
        Ok(DataRange {
            major: major_id,
            sub: named(&self.sub, SUBS)?,
            specifier: specifier_id,
            sample_size: self.sample_size,
            attributes: Cow::Owned(attributes(&self.attributes)),
            limits,
        })
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = layout::range(&self.range()?);
        if let Some(flags) = self.flags {
            bytes[4..8].copy_from_slice(&flags.to_le_bytes());
        }
        if let Some(size) = self.format_size {
            bytes[..4].copy_from_slice(&size.to_le_bytes());
            if (size as usize) < layout::HEADER {
                bytes.truncate(layout::HEADER);
            }
        }
        Ok(bytes)
    }
}

/// A list of ranges behind its head.
pub(super) fn list(ranges: &[RangeWords]) -> Result<Vec<u8>, String> {
    let items: Result<Vec<_>, _> = ranges.iter().map(RangeWords::bytes).collect();
    Ok(layout::list(items?))
}

/// The ranges of a list.
pub(super) fn ranges(words: &[RangeWords]) -> Result<Vec<DataRange>, String> {
    words.iter().map(RangeWords::range).collect()
}

/// A format in words.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatWords {
    major: String,
    sub: String,
    specifier: Option<String>,
    channels: Option<u32>,
    bits: Option<u32>,
    rate_hz: Option<u32>,
    #[serde(default)]
    attributes: Vec<AttributeWords>,
}

impl FormatWords {
    pub(super) fn format(&self) -> Result<DataFormat, String> {
        let audio = match (self.channels, self.bits, self.rate_hz) {
            (None, None, None) => None,
            (channels, bits, rate_hz) => {
                // They have two bytes each in a wave format.
                let short = |number: Option<u32>, name: &str| match number {
                    None => Err(format!("a sound format needs {name}")),
                    Some(number) if number > u32::from(u16::MAX) => {
                        Err(format!("{name} is {number}, and 65535 at most"))
                    }
                    Some(number) => Ok(number),
                };
                Some(AudioFormat {
                    channels: short(channels, "channels")?,
                    bits: short(bits, "bits")?,
                    rate_hz: rate_hz.ok_or("a sound format needs rate_hz")?,
                })
            }
        };
        let specifier_id = match &self.specifier {
            Some(word) => named(word, SPECIFIERS)?,
            None if audio.is_some() => specifier::WAVEFORMATEX,
            None => specifier::NONE,
        };
        Ok(DataFormat {
            major: named(&self.major, MAJORS)?,
            sub: named(&self.sub, SUBS)?,
            specifier: specifier_id,
            attributes: attributes(&self.attributes),
            audio,
        })
    }
}

/// A medium or interface: `standard`, or its set and member.
#[derive(Clone, Deserialize, Debug)]
#[serde(untagged)]
pub(super) enum LinkWords {
    Word(String),
    Pair {
        set: String,
        id: u32,
        /// Reserved; never compared (MED-3).
        #[serde(default, rename = "flags")]
        _flags: u32,
    },
    /// A link inside a device, which is told apart by the device's name.
    Inside {
        set: String,
        device: String,
    },
}

impl LinkWords {
    fn pair(&self, names: &[(&str, (Guid, u32))]) -> Result<(Guid, u32), String> {
        match self {
            Self::Word(word) => names
                .iter()
                .find(|(name, _)| name == word)
                .map(|(_, pair)| *pair)
                .ok_or_else(|| {
                    let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                    format!("{word:?} is none of {}", known.join(", "))
                }),
            Self::Inside { .. } => {
                Err("`device` stands in mediums of filters that are registered".into())
            }
            Self::Pair { set: word, id, .. } => {
                let standard: Vec<(&str, Guid)> =
                    names.iter().map(|(name, pair)| (*name, pair.0)).collect();
                Ok((named(word, &standard)?, *id))
            }
        }
    }

    pub(super) fn medium(&self) -> Result<Medium, String> {
        let (set, id) = self.pair(&[("standard", (set::STANDARD_MEDIUM, 0))])?;
        Ok(Medium { set, id })
    }

    /// The same with the unit that a device is.
    fn of_unit(&mut self, unit: &mut dyn FnMut(Guid, &str) -> u32) -> Result<(), String> {
        if let Self::Inside { set: word, device } = self {
            let id = unit(named(word, &[])?, device);
            *self = Self::Pair {
                set: word.clone(),
                id,
                _flags: 0,
            };
        }
        Ok(())
    }

    pub(super) fn interface(&self) -> Result<Interface, String> {
        let (set, id) = self.pair(&[
            ("streaming", (set::STANDARD_INTERFACE, 0)),
            ("looped", (set::STANDARD_INTERFACE, 1)),
        ])?;
        Ok(Interface { set, id })
    }
}

/// A pin factory in words.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct PinWords {
    name: Option<String>,
    data_flow: DataFlow,
    #[serde(default = "both")]
    communication: Communication,
    #[serde(default)]
    ranges: Vec<RangeWords>,
    #[serde(default)]
    mediums: Vec<LinkWords>,
    #[serde(default)]
    interfaces: Vec<LinkWords>,
    #[serde(default = "one")]
    possible: u32,
    #[serde(default)]
    necessary: u32,
    /// The most over all filters of the kind.
    global: Option<u32>,
    /// What it wants of its frames; nothing declares nothing (AFX-5).
    framing: Option<Framing>,
    /// It is acquired behind what gives to it (ORD-1).
    #[serde(default)]
    acquires_in_order: bool,
    /// Another pin with which it shares its format; for filters that are registered.
    pub(super) same_format_as: Option<String>,
    /// A handler of its own for intersections, by its name; for filters that are registered, and for `match`.
    handler: Option<String>,
    /// What kind of pin it is, and the id of its name (CAT-4).
    category: Option<String>,
    label: Option<String>,
}

fn both() -> Communication {
    Communication::Both
}

fn one() -> u32 {
    1
}

impl PinWords {
    /// Names of devices in its mediums become the units they are (MED-7).
    pub(super) fn of_units(
        &mut self,
        unit: &mut dyn FnMut(Guid, &str) -> u32,
    ) -> Result<(), String> {
        self.mediums.iter_mut().try_for_each(|it| it.of_unit(unit))
    }

    /// Its handler.
    pub(super) fn handler(&self) -> Result<NamedHandler, String> {
        let word = self.handler.as_deref().unwrap_or("default");
        handler(word)
    }

    /// What it is called, by its number when it has no name.
    pub(super) fn name(&self, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("pin{index}"))
    }

    /// What it is called, or `other`.
    pub(super) fn name_or(&self, other: &str) -> String {
        self.name.clone().unwrap_or_else(|| other.to_owned())
    }

    /// The factory, called `name`.
    pub(super) fn factory(&self, name: &str) -> Result<PinFactory, String> {
        let blank = match self.data_flow {
            DataFlow::In => PinFactory::input("", &[]),
            DataFlow::Out => PinFactory::output("", &[]),
        };
        let mediums: Result<Vec<_>, _> = self.mediums.iter().map(LinkWords::medium).collect();
        let interfaces: Result<Vec<_>, _> =
            self.interfaces.iter().map(LinkWords::interface).collect();
        Ok(PinFactory {
            name: Cow::Owned(name.to_owned()),
            communication: self.communication,
            ranges: Cow::Owned(ranges(&self.ranges)?),
            mediums: Cow::Owned(mediums?),
            interfaces: Cow::Owned(interfaces?),
            instances: Instances {
                possible: self.possible,
                necessary: self.necessary,
            },
            global: self.global.unwrap_or(u32::MAX),
            framing: self.framing.clone(),
            acquires_in_order: self.acquires_in_order,
            category: self.category.as_deref().map(category).transpose()?,
            label: self.label.as_deref().map(category).transpose()?,
            ..blank
        })
    }
}

/// A connect request in words.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectWords {
    interface: Option<LinkWords>,
    medium: Option<LinkWords>,
    pin: PinName,
    to: Option<u32>,
    /// Class and subclass (CON-6).
    priority: Option<(u32, u32)>,
    format: FormatWords,
}

/// A pin by number or name.
#[derive(Clone, Deserialize, Debug)]
#[serde(untagged)]
enum PinName {
    Number(u32),
    Name(String),
}

impl ConnectWords {
    /// The pin, where it is a number.
    pub(super) fn number(&self) -> Option<u32> {
        match self.pin {
            PinName::Number(number) => Some(number),
            PinName::Name(_) => None,
        }
    }

    pub(super) fn connect(&self, descriptor: Option<&Descriptor>) -> Result<Connect, String> {
        let pin = match &self.pin {
            PinName::Number(number) => *number,
            PinName::Name(name) => descriptor
                .and_then(|descriptor| descriptor.pin(name))
                .map(|(index, _)| index as u32)
                .ok_or_else(|| format!("there is no pin {name:?}"))?,
        };
        let medium = self.medium.as_ref().map(LinkWords::medium).transpose()?;
        let interface = self
            .interface
            .as_ref()
            .map(LinkWords::interface)
            .transpose()?;
        Ok(Connect {
            interface: interface.unwrap_or(Interface::STREAMING),
            medium: medium.unwrap_or(Medium::STANDARD),
            pin,
            to: self.to,
            priority: self.priority.unwrap_or((0x4000_0000, 1)),
            format: self.format.format()?,
        })
    }

    pub(super) fn bytes(&self, descriptor: Option<&Descriptor>) -> Result<Vec<u8>, String> {
        Ok(self.connect(descriptor)?.bytes())
    }
}
