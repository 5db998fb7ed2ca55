//! What the pins of one pipe want together: sizes, counts, alignment, memory and who would allocate, pin by pin as the
//! pipe grows (NEG-5, steps 2 to 5).

use smallvec::SmallVec;

use super::sizes::Sizes;
use super::{End, Figure};
use crate::ks::framing::{SYSTEM_MEMORY_TYPE, require};
use crate::ks::ids::Guid;
use crate::ks::{Framing, FramingItem};

/// Ways that are followed side by side, at the most: pins with several items multiply them.
const CANDIDATES: usize = 64;

/// Why a pin cannot share the frames of a pipe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Conflict {
    /// It wants memory of another kind.
    Memory,
    /// No size suits it and the others.
    Size,
    /// It insists on allocating, and so does another.
    Allocator(End),
}

/// The way in which the pins so far can share one kind of memory.
#[derive(Clone, Debug)]
struct Candidate {
    /// `None`: nobody said anything yet.
    memory: Option<Guid>,
    memory_by: Option<End>,
    weight: u64,
    sizes: Sizes,
    /// The largest least size, and whose.
    least: (u64, Option<End>),
    /// Wishes, to be heard where they conflict with nothing.
    wishes: Vec<(End, Sizes)>,
    frames: (u32, Option<End>),
    alignment: (u32, Option<End>),
    must: Option<End>,
    /// The gladdest that can allocate, and how gladly.
    can: Option<(u64, End)>,
    exists: Option<End>,
}

/// The pins of a pipe so far.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    candidates: SmallVec<[Candidate; 1]>,
    /// Who needs the frame back as it was (ALC-6).
    pub(super) integrity: Option<End>,
}

impl Default for Joint {
    fn default() -> Self {
        Self {
            candidates: SmallVec::from_buf([Candidate {
                memory: None,
                memory_by: None,
                weight: 0,
                sizes: Sizes::of(crate::ks::SizeRange::ANY),
                least: (0, None),
                wishes: vec![],
                frames: (0, None),
                alignment: (0, None),
                must: None,
                can: None,
                exists: None,
            }]),
            integrity: None,
        }
    }
}

/// Whether a pin needs its frame back as it was.
fn wants_back(framing: &Framing) -> bool {
    let mut items = framing.items.iter();
    items.any(|item| item.flags & require::FRAME_INTEGRITY != 0)
}

/// What the pins of a pipe come to.
pub(super) struct Settled {
    pub(super) memory: Figure<Guid>,
    pub(super) sizes: Sizes,
    pub(super) size_by: Option<End>,
    pub(super) is_stepped: bool,
    pub(super) frames: (u32, Option<End>),
    pub(super) alignment: (u32, Option<End>),
    pub(super) owner: Option<(End, &'static str)>,
    /// Wishes that were not heard.
    pub(super) unheard: Vec<End>,
}

impl Joint {
    /// Takes two pins in, or neither: what stands against it.
    pub(super) fn take(&mut self, ends: [Option<(End, &Framing)>; 2]) -> Result<(), Conflict> {
        if let [candidate] = &mut self.candidates[..]
            && candidate.fits(ends.iter().flatten().map(|it| it.1))
        {
            for (end, framing) in ends.into_iter().flatten() {
                candidate.take(end, framing, &framing.items[0])?;
                self.integrity = self.integrity.or(wants_back(framing).then_some(end));
            }
            return Ok(());
        }
        let mut both = self.clone();
        for (end, framing) in ends.into_iter().flatten() {
            both = both.with(end, framing)?;
        }
        *self = both;
        Ok(())
    }

    /// The pins so far and one more; or what stands against it.
    pub(super) fn with(&self, end: End, framing: &Framing) -> Result<Self, Conflict> {
        let mut candidates: SmallVec<[Candidate; 1]> = SmallVec::new();
        let mut conflict = Conflict::Memory;
        for before in &self.candidates {
            for item in framing.items.iter() {
                match before.with(end, framing, item) {
                    Ok(after) => {
                        let is_new = candidates.iter().all(|it| !it.is_like(&after));
                        if is_new && candidates.len() < CANDIDATES {
                            candidates.push(after);
                        }
                    }
                    // A conflict of figures says more than that of memory.
                    Err(why) if conflict == Conflict::Memory => conflict = why,
                    Err(_) => {}
                }
            }
        }
        if candidates.is_empty() {
            return Err(conflict);
        }
        Ok(Self {
            candidates,
            integrity: self
                .integrity
                .or_else(|| wants_back(framing).then_some(end)),
        })
    }

    /// The figures: the memory that is taken most gladly, first come first served among equals.
    pub(super) fn settle(&self) -> Settled {
        let mut best = &self.candidates[0];
        for candidate in &self.candidates[1..] {
            if candidate.weight > best.weight {
                best = candidate;
            }
        }
        let mut sizes = best.sizes;
        let (mut least, mut size_by) = best.least;
        let mut unheard = vec![];
        for (end, wish) in &best.wishes {
            match sizes.meet(*wish) {
                Some(met) => {
                    if wish.first > least {
                        (least, size_by) = (wish.first, Some(*end));
                    }
                    sizes = met;
                }
                None => unheard.push(*end),
            }
        }
        let owner = best
            .must
            .map(|end| (end, "it insists on allocating"))
            .or_else(|| best.can.map(|(_, end)| (end, "it allocates most gladly")))
            .or_else(|| best.exists.map(|end| (end, "it has an allocator already")));
        Settled {
            memory: Figure {
                value: best.memory.unwrap_or(SYSTEM_MEMORY_TYPE),
                by: best.memory_by,
                why: match best.memory_by {
                    Some(_) => "the memory all pins can use",
                    None => "nobody asks for other memory",
                },
            },
            sizes,
            size_by,
            is_stepped: sizes.first > least,
            frames: best.frames,
            alignment: best.alignment,
            owner,
            unheard,
        }
    }
}

impl Candidate {
    /// Whether it leads no further than another one does.
    fn is_like(&self, other: &Self) -> bool {
        let (own, its) = ((self.memory, self.sizes), (other.memory, other.sizes));
        own == its && self.must == other.must && self.wishes == other.wishes
    }

    /// Whether framings stand in nobody's way, as most do: one kind of memory, of any size, that nobody insists on.
    fn fits<'a>(&self, mut framings: impl Iterator<Item = &'a Framing>) -> bool {
        let mut memory = self.memory;
        framings.all(|framing| {
            let [item] = &framing.items[..] else {
                return false;
            };
            let asked = (!item.memory.is_wildcard()).then_some(item.memory);
            let is_other = asked.is_some_and(|it| *memory.get_or_insert(it) != it);
            let must = item.flags & require::MUST_ALLOCATE != 0;
            !is_other && !must && Sizes::of(item.size).is_any()
        })
    }

    fn with(&self, end: End, framing: &Framing, item: &FramingItem) -> Result<Self, Conflict> {
        let mut after = self.clone();
        after.take(end, framing, item)?;
        Ok(after)
    }

    /// Takes a pin in; what has not fit is spoilt.
    fn take(&mut self, end: End, framing: &Framing, item: &FramingItem) -> Result<(), Conflict> {
        let is_any = item.memory.is_wildcard();
        let asked = (!is_any).then_some(item.memory);
        let after = self;
        match (after.memory, asked) {
            (Some(before), Some(now)) if before != now => return Err(Conflict::Memory),
            (None, Some(now)) => {
                after.memory = Some(now);
                after.memory_by = Some(end);
            }
            _ => {}
        }
        let has = |flag: u32| item.flags & flag != 0;
        if has(require::MUST_ALLOCATE) {
            if let Some(other) = after.must {
                return Err(Conflict::Allocator(other));
            }
            after.must = Some(end);
        }
        after.weight += u64::from(item.weight);
        let sizes = Sizes::of(item.size);
        if has(require::PREFERENCES_ONLY) {
            if !sizes.is_any() {
                after.wishes.push((end, sizes));
            }
        } else {
            after.sizes = after.sizes.meet(sizes).ok_or(Conflict::Size)?;
            if sizes.first > after.least.0 {
                after.least = (sizes.first, Some(end));
            }
        }
        if item.frames > after.frames.0 {
            after.frames = (item.frames, Some(end));
        }
        if item.alignment & !after.alignment.0 != 0 {
            after.alignment = (after.alignment.0 | item.alignment, Some(end));
        }
        if has(require::CAN_ALLOCATE) {
            let gladly = u64::from(framing.weight) * u64::from(item.weight);
            if after.can.is_none_or(|(most, _)| gladly > most) {
                after.can = Some((gladly, end));
            }
        }
        if has(require::ALLOCATOR_EXISTS) && after.exists.is_none() {
            after.exists = Some(end);
        }
        Ok(())
    }
}
