//! Pin factories: what a filter's pins can do (section 2). A pin *instance* is an address, not an object; one instance
//! carries one connection.

use std::borrow::Cow;

use super::format::{DataRange, Kind};
use super::framing::Framing;
use super::ids::Guid;
use super::medium::{Interface, Medium};

/// Which way data cross the filter's border (COM-1).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum DataFlow {
    /// Into the filter.
    In,
    /// Out of it.
    Out,
}

impl DataFlow {
    /// `in` or `out`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Who issues requests (COM-2, COM-3). Independent of [`DataFlow`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Communication {
    /// No request traffic.
    None,
    /// Receives requests.
    Sink,
    /// Issues requests.
    Source,
    /// Either; fixed when connected.
    Both,
    /// A physical jack; never wired.
    Bridge,
}

impl Communication {
    /// The word KS uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Sink => "SINK",
            Self::Source => "SOURCE",
            Self::Both => "BOTH",
            Self::Bridge => "BRIDGE",
        }
    }

    /// Whether an output of this kind issues the requests to an input of that kind (COM-5); where both could, the
    /// output does (COM-6). `None` where the two cannot be connected.
    pub const fn issues_to(self, input: Self) -> Option<bool> {
        match (self, input) {
            (Self::None | Self::Bridge, _) | (_, Self::None | Self::Bridge) => None,
            (Self::Sink, Self::Sink) | (Self::Source, Self::Source) => None,
            (Self::Source, Self::Sink | Self::Both) | (Self::Both, Self::Sink | Self::Both) => {
                Some(true)
            }
            (Self::Sink, Self::Source | Self::Both) | (Self::Both, Self::Source) => Some(false),
        }
    }
}

/// How many pins of one factory there may and must be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instances {
    /// The most at a time (INS-1); `u32::MAX` is unlimited; 0 only describes (INS-3).
    pub possible: u32,
    /// The fewest before the filter processes data (INS-4).
    pub necessary: u32,
}

/// One kind of pin of a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinFactory {
    /// Unique among the filter's pins; what files and command lines say.
    pub name: Cow<'static, str>,
    /// In or out.
    pub data_flow: DataFlow,
    /// Who issues requests.
    pub communication: Communication,
    /// Static capability, best first (PIN-6).
    pub ranges: Cow<'static, [DataRange]>,
    /// Links this pin can use, best first.
    pub mediums: Cow<'static, [Medium]>,
    /// Interfaces it speaks, best first.
    pub interfaces: Cow<'static, [Interface]>,
    /// Counts.
    pub instances: Instances,
    /// The input whose frame this output works in. Implies the same format.
    pub in_place_of: Option<&'static str>,
    /// Another pin of the filter with which this one always shares its format.
    pub same_format_as: Option<&'static str>,
    /// Key of the property that says by how many samples a wire into this pin is delayed, where no path leads on from
    /// it (CYC-2).
    pub delayed_by: Option<&'static str>,
    /// Whether this input wants to see samples that are not numbers. Others are given zeros instead.
    pub takes_non_finite: bool,

    /// The most at a time over all filters of the kind (INS-1); `u32::MAX` is unlimited.
    pub global: u32,
    /// The input whose frame this output shows as it is, to however many readers (NEG-4). Implies the same format.
    pub shows: Option<&'static str>,

    /// What it wants of its frames; ask [`framing_of`](super::framing_of), which knows of work in place too.
    pub framing: Option<Framing>,

    /// Whether a pin that issues requests to this one acquires before it (ORD-1).
    pub acquires_in_order: bool,

    /// What kind of pin it is (CAT-4); none declares none.
    pub category: Option<Guid>,
    /// The id of its name for display (CAT-4); none leaves that to its category, or to its name.
    pub label: Option<Guid>,
}

impl PinFactory {
    const fn new(
        name: &'static str,
        data_flow: DataFlow,
        ranges: &'static [DataRange],
        necessary: u32,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            data_flow,
            communication: Communication::Both,
            ranges: Cow::Borrowed(ranges),
            mediums: Cow::Borrowed(&[Medium::STANDARD]),
            interfaces: Cow::Borrowed(&[Interface::STREAMING]),
            instances: Instances {
                possible: 1,
                necessary,
            },
            in_place_of: None,
            same_format_as: None,
            delayed_by: None,
            takes_non_finite: false,

            global: u32::MAX,
            shows: None,

            framing: Some(Framing::SYSTEM),

            acquires_in_order: false,

            category: None,
            label: None,
        }
    }

    /// The same; a pin that issues requests to it acquires first (ORD-1).
    pub const fn acquires_in_order(mut self) -> Self {
        self.acquires_in_order = true;
        self
    }

    /// An input that must be connected for the filter to run.
    pub const fn input(name: &'static str, ranges: &'static [DataRange]) -> Self {
        Self::new(name, DataFlow::In, ranges, 1)
    }

    /// An output; it may stay unconnected.
    pub const fn output(name: &'static str, ranges: &'static [DataRange]) -> Self {
        Self::new(name, DataFlow::Out, ranges, 0)
    }

    /// A physical jack: drawn, never wired (COM-8).
    pub const fn bridge(
        name: &'static str,
        data_flow: DataFlow,
        ranges: &'static [DataRange],
    ) -> Self {
        let mut pin = Self::new(name, data_flow, ranges, 0);
        pin.communication = Communication::Bridge;
        pin.instances.possible = 0;
        pin
    }

    /// The same pin, working in the frame of an input. The engine hands the input's samples over in the output.
    pub const fn in_place_of(mut self, input: &'static str) -> Self {
        self.in_place_of = Some(input);
        self
    }

    /// The same pin, always of the same format as another.
    pub const fn same_format_as(mut self, pin: &'static str) -> Self {
        self.same_format_as = Some(pin);
        self
    }

    /// The same input, which sees samples that are not numbers as they are.
    pub const fn takes_non_finite(mut self) -> Self {
        self.takes_non_finite = true;
        self
    }

    /// The same pin, showing the frame of an input as it is. Nothing is handed over: the readers see the input's frame.
    pub const fn shows(mut self, input: &'static str) -> Self {
        self.shows = Some(input);
        self
    }

    /// The same pin with wishes for its frames.
    pub const fn framing(mut self, framing: Framing) -> Self {
        core::mem::forget(self.framing.replace(framing));
        self
    }

    /// The same pin, a wire into it being delayed by so many samples as a property says.
    pub const fn delayed_by(mut self, property: &'static str) -> Self {
        self.delayed_by = Some(property);
        self
    }

    /// The same pin with other counts.
    pub const fn instances(mut self, necessary: u32, possible: u32) -> Self {
        self.instances = Instances {
            possible,
            necessary,
        };
        self
    }

    /// The same pin with another request role.
    pub const fn communication(mut self, communication: Communication) -> Self {
        self.communication = communication;
        self
    }

    /// The same pin with other mediums.
    pub const fn mediums(mut self, mediums: &'static [Medium]) -> Self {
        core::mem::forget(core::mem::replace(
            &mut self.mediums,
            Cow::Borrowed(mediums),
        ));
        self
    }

    /// The same pin with other interfaces.
    pub const fn interfaces(mut self, interfaces: &'static [Interface]) -> Self {
        core::mem::forget(core::mem::replace(
            &mut self.interfaces,
            Cow::Borrowed(interfaces),
        ));
        self
    }

    /// The same pin with ranges found out at run time, say from a file or a device.
    pub fn with_ranges(mut self, ranges: Vec<DataRange>) -> Self {
        self.ranges = Cow::Owned(ranges);
        self
    }

    /// The name for display: that of the name's id, else that of the category's, where they are known; else its own.
    pub fn title(&self) -> &str {
        let known = [self.label, self.category].into_iter().flatten();
        let mut names = known.filter_map(Guid::name);
        names.next().unwrap_or(&self.name)
    }

    /// Its mediums; a pin that lists none has exactly the standard one (MED-2).
    pub fn all_mediums(&self) -> &[Medium] {
        match self.mediums.is_empty() {
            true => &[Medium::STANDARD],
            false => &self.mediums,
        }
    }

    /// Its interfaces; a pin that lists none has exactly standard streaming (IFC-1).
    pub fn all_interfaces(&self) -> &[Interface] {
        match self.interfaces.is_empty() {
            true => &[Interface::STREAMING],
            false => &self.interfaces,
        }
    }

    /// Whether it can never be wired.
    pub fn is_bridge(&self) -> bool {
        self.communication == Communication::Bridge || self.instances.possible == 0
    }

    /// Whether more than one instance may exist, so that a new one is offered when the last is connected.
    pub fn grows(&self) -> bool {
        self.instances.possible > 1
    }

    /// The kind of data it prefers.
    pub fn kind(&self) -> Kind {
        self.ranges.first().map_or(Kind::Control, DataRange::kind)
    }
}

/// Whether two pins are joined inside a card: they lead different ways and share a hard-wired medium (MED-1, PCL-7).
pub fn soldered(one: &PinFactory, other: &PinFactory) -> bool {
    let mut lines = one.all_mediums().iter().filter(|it| it.is_hard_wired());
    one.data_flow != other.data_flow && lines.any(|it| other.all_mediums().contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_communication_matrix() {
        use Communication::{Both, Bridge, None as Nothing, Sink, Source};
        let all = [Nothing, Sink, Source, Both, Bridge];
        let (no, push, pull) = (None, Some(true), Some(false));
        let expected = [
            [no, no, no, no, no],
            [no, no, pull, pull, no],
            [no, push, no, push, no],
            [no, push, pull, push, no],
            [no, no, no, no, no],
        ];
        for (from, row) in all.into_iter().zip(expected) {
            for (to, cell) in all.into_iter().zip(row) {
                assert_eq!(from.issues_to(to), cell, "{from:?} to {to:?}");
            }
        }
    }
}
