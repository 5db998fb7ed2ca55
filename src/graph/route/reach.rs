//! What can lead to the goal at all, by the major ids of streams alone: an estimate that is never too long, so that what it rules
//! out leads nowhere.

use std::collections::HashMap;

use super::{Goal, MOST_ADDED, Routes};
use crate::ks::DataRange;
use crate::ks::ids::Guid;

/// The major ids of some ranges.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Kinds {
    /// Each once.
    majors: Vec<Guid>,
    /// Whether any will do.
    is_any: bool,
}

impl Kinds {
    pub(super) fn of(ranges: &[DataRange]) -> Self {
        let mut kinds = Self::default();
        for range in ranges {
            kinds.is_any |= range.major.is_wildcard();
            if !kinds.majors.contains(&range.major) {
                kinds.majors.push(range.major);
            }
        }
        kinds
    }

    /// All there are.
    pub(super) fn any() -> Self {
        Self {
            majors: vec![],
            is_any: true,
        }
    }

    /// Whether a stream may be of both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.is_any || other.is_any || self.majors.iter().any(|major| other.majors.contains(major))
    }
}

/// How many filters have to be added, at least, behind an output of a kind.
pub(super) struct Reach {
    least: HashMap<Guid, usize>,
    /// The same for an output of any kind, or for one of a kind that only a pin for all kinds takes.
    least_of_any: usize,
    least_of_other: usize,
}

/// More than any way has.
const NEVER: usize = MOST_ADDED + 1;

impl Reach {
    pub(super) fn new(routes: &Routes<'_>) -> Self {
        let mut reach = Self {
            least: HashMap::new(),
            least_of_any: NEVER,
            least_of_other: NEVER,
        };
        if let Some(end) = &routes.end {
            reach.takes(&Kinds::of(&end.ranges), 0);
        }
        let is_end = |at: usize| {
            let vertex = &routes.vertices[at];
            matches!(routes.seek.goal, Goal::End { .. })
                && vertex.is_end()
                && (routes.seek.is_end)(&vertex.stop, &vertex.descriptor)
        };
        for at in (0..routes.vertices.len()).filter(|&at| is_end(at)) {
            let vertex = &routes.vertices[at];
            for input in &vertex.inputs {
                reach.takes(&vertex.kinds[input.0], usize::from(vertex.is_new()));
            }
        }
        // Shorter and shorter, until nothing changes: a filter that is there costs nothing, so rounds are not steps.
        let mut is_settled = false;
        while !is_settled {
            is_settled = true;
            for vertex in &routes.vertices {
                let outputs = vertex.outputs.iter();
                let behind = outputs.map(|it| reach.least(&vertex.kinds[it.0]));
                let least = behind.min().unwrap_or(NEVER) + usize::from(vertex.is_new());
                if least < NEVER {
                    for input in &vertex.inputs {
                        is_settled &= !reach.takes(&vertex.kinds[input.0], least);
                    }
                }
            }
        }
        reach
    }

    /// Notes that a pin of some kinds is so far from the goal; whether that was news.
    fn takes(&mut self, kinds: &Kinds, least: usize) -> bool {
        let mut is_news = false;
        let mut note = |known: &mut usize| {
            if least < *known {
                *known = least;
                is_news = true;
            }
        };
        for major in &kinds.majors {
            note(self.least.entry(*major).or_insert(NEVER));
        }
        if kinds.is_any {
            note(&mut self.least_of_other);
        }
        note(&mut self.least_of_any);
        is_news
    }

    fn least(&self, kinds: &Kinds) -> usize {
        if kinds.is_any {
            return self.least_of_any;
        }
        let of = |major: &Guid| self.least.get(major).copied().unwrap_or(NEVER);
        let least = kinds.majors.iter().map(of).min().unwrap_or(NEVER);
        least.min(self.least_of_other)
    }

    /// Whether an output with these ranges may lead to the goal with so many filters.
    pub(super) fn leads(&self, ranges: &[DataRange], left: usize) -> bool {
        self.least(&Kinds::of(ranges)) <= left
    }
}
