//! Framing: what a pin wants of the frames that pass it, as its descriptor declares it (7.1, 7.3). Who allocates in the
//! end, and what, is not decided here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::ids::Guid;
use super::pin::{DataFlow, PinFactory};

/// What an item says of its frames (ALC-6, AFX-1). The words of a *create* request are others (ALC-1).
pub mod require {
    /// The filter edits frames in place.
    pub const INPLACE_MODIFIER: u32 = 1;
    /// Frames must be addressable by the host.
    pub const SYSTEM_MEMORY: u32 = 2;
    /// Nobody downstream may alter the frame.
    pub const FRAME_INTEGRITY: u32 = 4;
    /// This pin insists on being the allocator.
    pub const MUST_ALLOCATE: u32 = 8;

    /// The pin takes a frame in parts.
    pub const PARTIAL_READ_SUPPORT: u32 = 0x10;
    /// The memory is the device's own.
    pub const DEVICE_SPECIFIC: u32 = 0x20;

    /// This pin can be the allocator.
    pub const CAN_ALLOCATE: u32 = 0x40;
    /// Frame sizes keep to the ratio of the compression.
    pub const INSIST_ON_FRAMESIZE_RATIO: u32 = 0x80;
    /// The pin does not need its frames unaltered.
    pub const NO_FRAME_INTEGRITY: u32 = 0x100;

    /// One frame goes out at several pins.
    pub const MULTIPLE_OUTPUT: u32 = 0x200;
    /// The frames go round in a loop.
    pub const CYCLE: u32 = 0x400;

    /// An allocator is there already.
    pub const ALLOCATOR_EXISTS: u32 = 0x800;

    /// The ranges of the items do not depend on each other.
    pub const INDEPENDENT_RANGES: u32 = 0x1000;
    /// The stepping matters.
    pub const ATTENTION_STEPPING: u32 = 0x2000;

    /// All figures are wishes.
    pub const PREFERENCES_ONLY: u32 = 0x8000_0000;

    /// Those that a framing without items knows as well.
    pub const BASIC: u32 =
        INPLACE_MODIFIER | SYSTEM_MEMORY | FRAME_INTEGRITY | MUST_ALLOCATE | PREFERENCES_ONLY;
}

/// The flags of an item by their names.
pub fn flag_words(flags: u32) -> String {
    const NAMES: &[(u32, &str)] = &[
        (require::INPLACE_MODIFIER, "INPLACE_MODIFIER"),
        (require::SYSTEM_MEMORY, "SYSTEM_MEMORY"),
        (require::FRAME_INTEGRITY, "FRAME_INTEGRITY"),
        (require::MUST_ALLOCATE, "MUST_ALLOCATE"),
        (require::PARTIAL_READ_SUPPORT, "PARTIAL_READ_SUPPORT"),
        (require::DEVICE_SPECIFIC, "DEVICE_SPECIFIC"),
        (require::CAN_ALLOCATE, "CAN_ALLOCATE"),
        (
            require::INSIST_ON_FRAMESIZE_RATIO,
            "INSIST_ON_FRAMESIZE_RATIO",
        ),
        (require::NO_FRAME_INTEGRITY, "NO_FRAME_INTEGRITY"),
        (require::MULTIPLE_OUTPUT, "MULTIPLE_OUTPUT"),
        (require::CYCLE, "CYCLE"),
        (require::ALLOCATOR_EXISTS, "ALLOCATOR_EXISTS"),
        (require::INDEPENDENT_RANGES, "INDEPENDENT_RANGES"),
        (require::ATTENTION_STEPPING, "ATTENTION_STEPPING"),
        (require::PREFERENCES_ONLY, "PREFERENCES_ONLY"),
    ];
    let set = NAMES.iter().filter(|(bit, _)| flags & bit != 0);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

/// Memory that the host's system hands out.
pub const SYSTEM_MEMORY_TYPE: Guid = Guid(0x091BB638_603F_11D1_B067_00A0C9062802);

/// Sizes that are legal: `min + k · stepping` up to `max`; a stepping of 0 is one of 1 (AFX-3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeRange {
    /// The least, in bytes.
    pub min: u32,
    /// The most; `u32::MAX` is no limit.
    pub max: u32,
    /// From one to the next.
    #[serde(default)]
    pub stepping: u32,
}

impl SizeRange {
    /// Any size.
    pub const ANY: Self = Self {
        min: 0,
        max: u32::MAX,
        stepping: 1,
    };
}

/// How much larger or smaller what comes out is (AFX-2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Out.
    pub numerator: u32,
    /// In.
    pub denominator: u32,
    /// Bytes added whatever the size.
    #[serde(default)]
    pub margin: u32,
}

impl Compression {
    /// As much comes out as goes in.
    pub const NONE: Self = Self {
        numerator: 1,
        denominator: 1,
        margin: 0,
    };
}

/// One way in which a pin can take its frames.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FramingItem {
    /// Where frames lie; the null id is anywhere.
    pub memory: Guid,
    /// [`require`].
    pub flags: u32,
    /// The most frames outstanding at a time; 0 is no requirement (ALC-2).
    pub frames: u32,
    /// Alignment less one (ALC-3).
    pub alignment: u32,
    /// How gladly this memory is taken.
    pub weight: u32,
    /// Sizes of a frame in bytes.
    pub size: SizeRange,
}

impl FramingItem {
    /// Memory of the host, any size, any number.
    pub const SYSTEM: Self = Self {
        memory: SYSTEM_MEMORY_TYPE,
        flags: require::SYSTEM_MEMORY,
        frames: 0,
        alignment: 0,
        weight: 1,
        size: SizeRange::ANY,
    };
}

impl Default for FramingItem {
    fn default() -> Self {
        Self::SYSTEM
    }
}

/// What a pin declares of its frames.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framing {
    /// Ways to take frames, best first; at least one.
    pub items: Cow<'static, [FramingItem]>,
    /// What the filter does to sizes on the way out.
    #[serde(default = "none")]
    pub compression: Compression,
    /// How much this pin's wish counts against others'.
    #[serde(default)]
    pub weight: u32,
}

const fn none() -> Compression {
    Compression::NONE
}

impl Framing {
    /// What every pin of ours says that has no wish of its own: memory of the host.
    pub const SYSTEM: Self = Self::of(&[FramingItem::SYSTEM]);

    /// The framing of these items, without compression.
    pub const fn of(items: &'static [FramingItem]) -> Self {
        Self {
            items: Cow::Borrowed(items),
            compression: Compression::NONE,
            weight: 0,
        }
    }

    /// What does not hang together in it.
    pub fn fault(&self) -> Option<String> {
        const PAGE: u32 = 4096;
        if self.items.is_empty() {
            return Some("has no item".into());
        }
        if self.compression.denominator == 0 {
            return Some("compresses by a ratio of nothing".into());
        }
        self.items.iter().find_map(|item| {
            let SizeRange { min, max, stepping } = item.size;
            if min > max {
                return Some(format!("wants frames from {min} to {max} bytes"));
            }
            // AFX-3; a step to the only size there is means nothing.
            if stepping > (max - min).max(1) {
                return Some(format!("steps by {stepping} from {min} to {max} bytes"));
            }
            if !(u64::from(item.alignment) + 1).is_power_of_two() || item.alignment >= PAGE {
                let alignment = item.alignment;
                return Some(format!(
                    "aligns by the mask {alignment}: wanted 0, 1, 3, 7 ..."
                ));
            }
            None
        })
    }
}

/// The framing of one of a filter's pins: what it declares; a pin that works in place, or in whose frame another works,
/// says so. None where nothing is declared, or where the pin is never given a frame (AFX-5).
pub fn framing_of(pins: &[PinFactory], index: usize) -> Option<Framing> {
    let pin = pins.get(index)?;
    let mut framing = pin.framing.clone().filter(|_| !pin.is_bridge())?;
    let is_edited = pin.in_place_of.is_some()
        || pins
            .iter()
            .any(|it| it.in_place_of.is_some_and(|input| input == pin.name));
    if is_edited {
        for item in framing.items.to_mut() {
            item.flags |= require::INPLACE_MODIFIER;
        }
    }
    let is_shown = pin.shows.is_some()
        || pins
            .iter()
            .any(|it| it.shows.is_some_and(|input| input == pin.name));
    if is_shown {
        for item in framing.items.to_mut() {
            item.flags |= require::MULTIPLE_OUTPUT;
        }
    }
    Some(framing)
}

/// How an output comes by an input's frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Borrowed {
    /// It is edited in place.
    Edited,
    /// It is shown as it is, to every reader (NEG-4).
    Shown,
}

/// The input in whose frame an output works, or whose frame it shows: as its factory says, or by the flag on both pins.
pub fn frame_of(pins: &[PinFactory], output: usize) -> Option<(usize, Borrowed)> {
    let pin = pins.get(output)?;
    let place = |name: &str| pins.iter().position(|it| it.name == name);
    if let Some(input) = pin.in_place_of {
        return Some((place(input)?, Borrowed::Edited));
    }
    if let Some(input) = pin.shows {
        return Some((place(input)?, Borrowed::Shown));
    }
    if pin.data_flow != DataFlow::Out {
        return None;
    }
    let says = |pin: &PinFactory, flag: u32| {
        let mut items = pin.framing.iter().flat_map(|it| it.items.iter());
        !pin.is_bridge() && items.any(|it| it.flags & flag != 0)
    };
    let flags = [
        (require::INPLACE_MODIFIER, Borrowed::Edited),
        (require::MULTIPLE_OUTPUT, Borrowed::Shown),
    ];
    let (flag, how) = flags.into_iter().find(|(flag, _)| says(pin, *flag))?;
    let mut inputs = pins.iter().enumerate();
    let input = inputs.find(|(_, it)| it.data_flow == DataFlow::In && says(it, flag))?;
    Some((input.0, how))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_says_what_it_declares_and_whether_its_frame_is_edited() {
        let pins = [
            PinFactory::input("in", &[]),
            PinFactory::output("out", &[]).in_place_of("in"),
            PinFactory::output("copy", &[]),
            PinFactory::bridge("jack", DataFlow::Out, &[]),
        ];
        let flags = |index| framing_of(&pins, index).map(|it| it.items[0].flags);
        let edited = require::SYSTEM_MEMORY | require::INPLACE_MODIFIER;
        assert_eq!(flags(0), Some(edited));
        assert_eq!(flags(1), Some(edited));
        assert_eq!(flags(2), Some(require::SYSTEM_MEMORY));
        assert_eq!(flags(3), None, "a jack has no frames");
        assert_eq!(flags(4), None);
    }

    #[test]
    fn a_framing_that_does_not_hang_together_is_told() {
        let of = |change: &dyn Fn(&mut FramingItem)| {
            let mut item = FramingItem::SYSTEM;
            change(&mut item);
            let framing = Framing {
                items: Cow::Owned(vec![item]),
                ..Framing::SYSTEM
            };
            framing.fault().unwrap_or_default()
        };
        assert_eq!(of(&|_| {}), "");
        let size = |min, max, stepping| of(&|it| it.size = SizeRange { min, max, stepping });
        assert_eq!(size(64, 64, 1), "");
        assert!(size(65, 64, 1).contains("from 65 to 64"));
        assert!(size(64, 128, 65).contains("steps by 65"));
        assert!(of(&|it| it.alignment = 5).contains("mask 5"));
        assert!(of(&|it| it.alignment = 8191).contains("mask"));
        let mut none = Framing::of(&[]);
        assert!(none.fault().is_some());
        none.items = Cow::Borrowed(&[FramingItem::SYSTEM]);
        none.compression.denominator = 0;
        assert!(none.fault().is_some());
    }
}
