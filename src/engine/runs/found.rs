//! Which steps of a plan are runs.

use super::{Member, Outline, Skills, Step};
use crate::dsp::lanes::LANES;
use crate::ks::{Kernel, Resting};

/// The most filters of a run: one that moves has no more of them called than this.
const LONGEST: usize = 64;
/// So many that only multiply, one behind the other, are a run of their own.
const PRODUCT: usize = 4;
/// So many tones are done without a call of each; where there are fewer, what each of them takes is worth knowing.
const FEWEST: usize = 4;

/// All runs there are among steps, and where they begin.
pub(super) fn all(
    steps: &[Step],
    skills: &Skills,
    outline: &Outline,
    last_uses: &LastUses,
) -> Vec<(usize, Found)> {
    let mut all: Vec<(usize, Found)> = vec![];
    let mut at = 0;
    while at < steps.len() {
        let Some(found) = Found::at((steps, at), skills, outline, last_uses) else {
            at += 1;
            continue;
        };
        let begin = at;
        at += found.steps;
        all.push((begin, found));
    }
    all
}

/// Those of them that are worth it.
pub(super) fn worth(mut all: Vec<(usize, Found)>) -> Vec<(usize, Found)> {
    if all.iter().filter(|(_, it)| it.is_source).count() < FEWEST {
        all.retain(|(_, it)| !it.is_source || it.members.len() > PRODUCT);
    }
    all
}

/// A run that was found among steps.
pub(in crate::engine) struct Found {
    /// Where its frame stands in the end, and where it comes from: somewhere else where one of its filters writes to a frame
    /// of its own, the only reader of another.
    pub(super) slot: u32,
    pub(super) from: u32,
    pub(super) steps: usize,
    pub(super) members: Vec<Member>,
    pub(super) is_source: bool,
    pub(super) channels: usize,
    /// The most samples of its frame.
    pub(super) capacity: usize,
}

impl Found {
    /// The run that begins at one of these steps, if one does.
    pub(super) fn at(
        (steps, begin): (&[Step], usize),
        skills: &Skills,
        outline: &Outline,
        last_uses: &LastUses,
    ) -> Option<Self> {
        let mut members = vec![];
        let mut known = None;
        // Behind each member: the steps so far, and where the frame stands.
        let mut ends: Vec<(usize, u32)> = vec![];
        let (mut begins, mut first) = (false, None);
        for (at, step) in steps[begin..].iter().enumerate() {
            match step {
                Step::Process {
                    entry,
                    inputs,
                    outputs,
                    lent: None,
                    records,
                    ..
                } if members.len() < LONGEST => {
                    let Some(skill) = skills.of(*entry) else {
                        break;
                    };
                    let [output] = &**outputs else { break };
                    let from = match &**inputs {
                        [input] => input.slot.filter(|from| match output.slot == *from {
                            true => output.is_in_place,
                            false => {
                                let is_last = last_uses.of(*from) == Some(begin + at);
                                let is_own = !output.is_in_place && !output.begins_silent;
                                is_last && is_own && outline.are_alike(*from, output.slot)
                            }
                        }),
                        [] => {
                            let is_first = members.is_empty() && !output.is_in_place;
                            is_first.then_some(output.slot)
                        }
                        _ => None,
                    };
                    let is_alone = output.copy_from.is_none() && !output.is_let_through;
                    let Some(from) = from.filter(|_| is_alone) else {
                        break;
                    };
                    if known.is_some_and(|known| known != from) {
                        break;
                    }
                    known = Some(output.slot);
                    begins |= inputs.is_empty();
                    members.push(Member {
                        entry: *entry,
                        skill,
                        wire: output.wire,
                        record: *records as usize,
                        pins: inputs.len() + 1,
                    });
                    ends.push((at + 1, output.slot));
                    first.get_or_insert(from);
                }
                // While it arrives the run is not done at once.
                Step::Fade {
                    slot,
                    is_arriving: true,
                } if Some(*slot) == known => {}
                _ => break,
            }
        }
        members.truncate(until_another_way(&members));
        let (from, &(count, slot)) = (first?, ends.get(members.len().checked_sub(1)?)?);
        let (channels, capacity) = outline.sound(slot)?;
        let found = Self {
            slot,
            from,
            // Not what is behind it: that is a step of its own.
            steps: count,
            members,
            is_source: begins,
            channels,
            capacity,
        };
        let most = match found.is_product() {
            true => Kernel::CHANNELS,
            false => LANES,
        };
        (found.channels <= most).then_some(found)
    }

    /// What is left of it when the first of its filters is called, if that is worth a run.
    pub(super) fn rest(&self) -> Option<Self> {
        let is_long = self.members.len() > PRODUCT && self.is_source && self.is_product();
        let is_long = is_long && self.slot == self.from;
        is_long.then(|| Self {
            members: self.members[1..].to_vec(),
            steps: self.steps - 1,
            is_source: false,
            ..*self
        })
    }

    /// Whether all of them only multiply, but for one that makes what they multiply.
    pub(super) fn is_product(&self) -> bool {
        self.members.iter().all(|it| makes(it) || multiplies(it))
    }

    /// The most operations that one of them says.
    pub(super) fn room(&self) -> usize {
        self.members.iter().map(Member::room).max().unwrap_or(0)
    }
}

/// By frame: the last of some steps that has to do with it. Of none it is known: then every run keeps to one frame.
#[derive(Debug, Default)]
pub(in crate::engine) struct LastUses(Vec<Option<usize>>);

impl LastUses {
    /// A later step has to do with a frame; one that is none means whoever comes behind all of them.
    pub(in crate::engine) fn note(&mut self, slot: u32, step: usize) {
        let slot = slot as usize;
        self.0.resize(self.0.len().max(slot + 1), None);
        self.0[slot] = Some(step);
    }

    fn of(&self, slot: u32) -> Option<usize> {
        self.0.get(slot as usize).copied().flatten()
    }
}

/// How many of these filters are best done in one way: those in a row that only multiply have a quicker one, and who makes
/// the sound is left to itself where others are to be done side by side.
fn until_another_way(members: &[Member]) -> usize {
    let makes = usize::from(members.first().is_some_and(makes));
    let first = members[makes..]
        .iter()
        .take_while(|it| multiplies(it))
        .count();
    if makes + first == members.len() || first >= PRODUCT {
        return makes + first;
    }
    if makes > 0 {
        return makes;
    }
    let mut windows = members.windows(PRODUCT);
    let product = windows.position(|it| it.iter().all(multiplies));
    product.unwrap_or(members.len())
}

fn makes(member: &Member) -> bool {
    member.skill.1 == Resting::Makes
}

fn multiplies(member: &Member) -> bool {
    member.skill.1 == Resting::Multiplies
}

impl Member {
    /// The most operations that it says.
    pub(super) fn room(&self) -> usize {
        match self.skill.1 {
            Resting::Multiplies | Resting::Makes => 2,
            Resting::Operates(count) => usize::from(count),
        }
    }
}
