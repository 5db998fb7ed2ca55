//! Which steps of a plan are runs.

use super::{Member, Skills, Step, Tables};
use crate::dsp::lanes::LANES;
use crate::ks::{Kernel, Resting};

/// The most filters of a run: one that moves has no more of them called than this.
const LONGEST: usize = 64;
/// So many that only multiply, one behind the other, are a run of their own.
const PRODUCT: usize = 4;
/// So many tones are done without a call of each; where there are fewer, what each of them takes is worth knowing.
const FEWEST: usize = 4;

/// All runs there are among steps, and where they begin.
pub(super) fn all(steps: &[Step], skills: &Skills, tables: &Tables) -> Vec<(usize, Found)> {
    let mut all: Vec<(usize, Found)> = vec![];
    let mut at = 0;
    while at < steps.len() {
        let Some(found) = Found::at(&steps[at..], skills, tables) else {
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
    pub(super) slot: u32,
    pub(super) steps: usize,
    pub(super) members: Vec<Member>,
    pub(super) is_source: bool,
    pub(super) channels: usize,
    /// The most samples of its frame.
    pub(super) capacity: usize,
}

impl Found {
    /// The run that begins with the first of these steps, if one does.
    pub(super) fn at(steps: &[Step], skills: &Skills, tables: &Tables) -> Option<Self> {
        let mut members = vec![];
        let mut known = None;
        let mut ends = vec![];
        let mut begins = false;
        for (at, step) in steps.iter().enumerate() {
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
                    let stands = match &**inputs {
                        [input] => output.is_in_place && input.slot == Some(output.slot),
                        [] => members.is_empty() && !output.is_in_place,
                        _ => false,
                    };
                    let is_alone = stands && output.copy_from.is_none() && !output.is_shown;
                    if !is_alone || *known.get_or_insert(output.slot) != output.slot {
                        break;
                    }
                    begins |= inputs.is_empty();
                    members.push(Member {
                        entry: *entry,
                        skill,
                        wire: output.wire,
                        record: *records as usize,
                        pins: inputs.len() + 1,
                    });
                    ends.push(at + 1);
                }
                // It has arrived by the time that runs are done at once.
                Step::Fade {
                    slot,
                    is_arriving: true,
                } if Some(*slot) == known => {}
                _ => break,
            }
        }
        members.truncate(until_another_way(&members));
        let slot = known.filter(|_| !members.is_empty())?;
        let wave = tables.payloads[slot as usize].wave()?;
        let found = Self {
            slot,
            // Not what is behind it: that is a step of its own.
            steps: ends[members.len() - 1],
            members,
            is_source: begins,
            channels: wave.channel_count(),
            capacity: wave.capacity(),
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
