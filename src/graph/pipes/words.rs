//! Pipes in words: for cards, texts and refusals.

use super::joint::{Conflict, Joint};
use super::{End, Pipe, Pipes, Way};
use crate::graph::wiring::Wiring;
use crate::ks::framing::framing_of;
use crate::ks::ids::Guid;
use crate::ks::{Descriptor, Framing, Status};

impl Pipes {
    /// How a wire's frame reaches who reads it, in a word or two.
    pub fn path_words(&self, wiring: &Wiring, wire: usize) -> &'static str {
        let Some(passage) = self.passage(wire) else {
            return "refused";
        };
        let is_delayed = wiring
            .wires
            .get(wire)
            .is_some_and(|it| wiring.is_deferred(&it.to));
        match passage.way {
            Way::HardWired => "no frames",
            _ if is_delayed => "delay line",
            _ if self.is_cut_anew(wire) => "cut anew",
            Way::Copy(_) => "copied",
            _ if passage.is_altered || passage.way == Way::InPlace => "in place",
            _ if passage.is_shared => "by reference",
            _ => "read",
        }
    }

    /// Who decides over the frames of a pipe, in words.
    pub fn owner_words(&self, wiring: &Wiring, pipe: &Pipe) -> String {
        pipe.owner
            .by
            .map_or_else(|| "default allocator".into(), |end| pin_words(wiring, end))
    }
}

/// `Gain.in`, for the end of a wire.
pub fn pin_words(wiring: &Wiring, end: End) -> String {
    let wire = wiring.wires.get(end.wire);
    wire.map_or_else(String::new, |wire| {
        wiring.pin_text(if end.is_reader { &wire.to } else { &wire.from })
    })
}

/// The name of a kind of memory.
pub fn memory_words(memory: Guid) -> String {
    if memory == crate::ks::framing::SYSTEM_MEMORY_TYPE {
        "system memory".into()
    } else {
        format!("{memory:?}")
    }
}

/// Why two pins cannot share an allocator, which a wire between them would have to have (NEG-5): what the one offers and
/// the other wants.
pub(in crate::graph) fn pair_fault(
    from: (&Descriptor, usize),
    to: (&Descriptor, usize),
) -> Option<(String, String)> {
    let (offered, wanted) = (
        framing_of(&from.0.pins, from.1)?,
        framing_of(&to.0.pins, to.1)?,
    );
    let end = |is_reader| End { wire: 0, is_reader };
    let joint = Joint::default().with(end(false), &offered).ok()?;
    let words = |framing: &Framing, what: &dyn Fn(&crate::ks::FramingItem) -> String| {
        let items: Vec<String> = framing.items.iter().map(what).collect();
        items.join(" or ")
    };
    let say = |what: &dyn Fn(&crate::ks::FramingItem) -> String| {
        (words(&offered, what), words(&wanted, what))
    };
    match joint.with(end(true), &wanted).err()? {
        Conflict::Memory => Some(say(&|item| {
            format!("frames in {}", memory_words(item.memory))
        })),
        Conflict::Size => Some(say(&|item| {
            let (min, max, step) = (item.size.min, item.size.max, item.size.stepping.max(1));
            match max {
                u32::MAX => format!("frames of {min} bytes and more in steps of {step}"),
                _ => format!("frames of {min} to {max} bytes in steps of {step}"),
            }
        })),
        Conflict::Allocator(_) => Some((
            "insists on allocating the frames".into(),
            "insists on allocating them too".into(),
        )),
    }
}

pub(in crate::graph) const PAIR_STATUS: Status = Status::NoMatch;
