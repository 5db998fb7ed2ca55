//! Equal questions of an agreement, answered once: filters of the same kind and values are described once, lists of ranges
//! are shared, and what two lists or one filter make of equal lists is made once.
//!
//! Nothing here decides anything. All that goes into an answer is part of its question, so with or without a memo the
//! agreement is the same; it is only valid for one catalogue, one set of facts, one folder and one rate.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use super::agree::Setting;
use super::narrow::{Scratch, tidy};
use super::net::{Seen, Trail};
use super::refusal::{Cure, Step};
use super::units::gives_into_a_line;
use crate::ks::{
    DataFormat, DataRange, Descriptor, Filter, Settings, Value, intersections, overlaps,
};

/// Ranges of one pin, shared by all that have equal ones.
pub(super) type List = Arc<[DataRange]>;

/// More answers than that are not kept.
const MOST: usize = 1 << 16;
/// More cures than that are not kept.
const MOST_CURES: usize = 1 << 12;

/// A question about two pins, as places in memory and numbers.
type Places = (usize, usize, usize, usize);

/// A question for cures: the step, the ends by kind and pin with what they can still do, and which of them is full.
pub(super) type CureKey = (Step, [(usize, usize, usize); 2], bool);

/// What a question was asked about, held as long as its answer.
pub(super) type CureAsked = [(Arc<Make>, List); 2];

#[derive(Debug)]
struct Cured {
    _asked: CureAsked,
    found: Vec<Cure>,
}

/// All filters of one kind that go together with others alike: with the same values, but for those that have a slot on the
/// audio thread ([`has_slot`](crate::ks::Property::has_slot)), by which nothing is agreed.
pub(super) struct Make {
    pub(super) key: String,
    /// Those that count.
    pub(super) values: BTreeMap<String, Value>,
    /// Kind and descriptor, when such a filter is installed.
    pub(super) known: Option<(Arc<dyn Filter>, Arc<Descriptor>)>,
    /// The ranges of each pin factory at the graph's rate.
    pub(super) lists: Vec<List>,
    /// Whether a wire into each pin is a delay line (CYC-2).
    pub(super) deferred: Vec<bool>,
    /// For each pin those that what comes in there goes on to; `None`: all of the other data flow.
    reached: Option<Vec<BTreeSet<usize>>>,
    /// Whether it shares something with all filters of its kind: a limit of instances (INS-1), or lines of one device.
    pub(super) is_tied: bool,
}

impl Make {
    /// Whether a path leads from an input to an output within the filter.
    pub(super) fn leads(&self, input: usize, output: usize) -> bool {
        let reached = self.reached.as_ref();
        reached.is_none_or(|all| all.get(input).is_some_and(|it| it.contains(&output)))
    }
}

impl std::fmt::Debug for Make {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Make")
            .field("key", &self.key)
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

/// An answer, with what it was asked about: while that is held here, nothing else can lie in its place.
struct Answer {
    _asked: (Option<Arc<Make>>, Arc<[List]>),
    given: Arc<[List]>,
}

/// Other values of a filter that were found to help: by property, with what the question was about.
struct Helpful {
    _asked: ([Arc<Make>; 2], Vec<List>),
    found: Vec<(usize, Value)>,
}

/// What has been answered.
#[derive(Default)]
pub(super) struct Memo {
    makes: HashMap<u64, Vec<Arc<Make>>>,
    lists: HashSet<List>,
    overlaps: HashMap<Places, Answer, Quick>,
    constrained: HashMap<Box<[usize]>, Answer, Quick>,
    /// Pins whose frames go together (NEG-5), by kind and number.
    framed: HashMap<Places, [Arc<Make>; 2], Quick>,
    /// Values that would help, looked for (`settings.rs`).
    helpful: HashMap<Box<[usize]>, Helpful, Quick>,
    /// Cures that were looked for.
    cures: HashMap<CureKey, Cured>,
    /// What trials work with.
    pub(super) scratch: Scratch,
    /// The question that is being asked of `constrained`.
    question: Vec<usize>,
    trail: Trail,
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memo of {} lists", self.lists.len())
    }
}

/// A hash for questions made of places in memory, which nobody chooses. What is hashed are numbers of this program's own,
/// and only a few of them.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Mix(u64);

/// Makes them.
pub(super) type Quick = BuildHasherDefault<Mix>;

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        // The table takes its lowest and its highest bits.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(ODD);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

fn place(list: &List) -> usize {
    list.as_ptr().addr()
}

impl Memo {
    /// Filters of a kind with these values, described.
    pub(super) fn make(
        &mut self,
        setting: &Setting<'_>,
        key: &str,
        values: &BTreeMap<String, Value>,
    ) -> Arc<Make> {
        let kind = setting.catalogue.get(key);
        let counts = |(key, value): &(&String, &Value)| {
            let property = kind.and_then(|it| it.descriptor().property(key));
            property.is_none_or(|(_, property)| !property.has_slot(Some(value)))
        };
        let counting = values.iter().filter(counts);
        let hash = hash(key, counting.clone());
        let same = |make: &&Arc<Make>| make.key == key && make.values.iter().eq(counting.clone());
        let known = self.makes.get(&hash).and_then(|all| all.iter().find(same));
        if let Some(make) = known {
            return Arc::clone(make);
        }
        let counting = counting.map(|(key, value)| (key.clone(), value.clone()));
        let values: BTreeMap<String, Value> = counting.collect();
        let settings = Settings {
            values: &values,
            base: setting.base,
        };
        let known = kind.map(|kind| {
            let descriptor = kind.describe(&settings, setting.facts).into_owned();
            (Arc::clone(kind), Arc::new(descriptor))
        });
        let mut lists = vec![];
        for pin in known.iter().flat_map(|(_, it)| it.pins.iter()) {
            let ranges = pin.ranges.iter();
            let filled = ranges.map(|range| range.at_graph_rate(setting.rate_hz));
            lists.push(self.list(filled.collect()));
        }
        let descriptor = known.as_ref().map(|(_, descriptor)| &**descriptor);
        let count = descriptor.map_or(0, |it| it.pins.len());
        let deferred = descriptor.map(|it| (0..count).map(|pin| it.is_deferred(pin)).collect());
        let reached = descriptor
            .filter(|it| !it.topology.is_empty())
            .map(|it| (0..count).map(|pin| it.reached(pin)).collect());
        let has_limit = |it: &Descriptor| it.pins.iter().any(|it| it.global < u32::MAX);
        let is_tied = descriptor.is_some_and(|it| has_limit(it) || gives_into_a_line(it));
        let make = Arc::new(Make {
            key: key.to_owned(),
            values,
            deferred: deferred.unwrap_or_default(),
            reached,
            is_tied,
            known,
            lists,
        });
        self.makes.entry(hash).or_default().push(Arc::clone(&make));
        make
    }

    /// The one list with these ranges.
    pub(super) fn list(&mut self, ranges: Vec<DataRange>) -> List {
        if let Some(list) = self.lists.get(&ranges[..]) {
            return Arc::clone(list);
        }
        let list: List = ranges.into();
        self.lists.insert(Arc::clone(&list));
        list
    }

    /// What is left of two lists that meet on a wire, the client's first; `answering` is the filter and the pin that
    /// answer (CON-4), `chosen` what its user insists on.
    pub(super) fn overlap(
        &mut self,
        client: &List,
        own: &List,
        answering: (&Arc<Make>, usize),
        chosen: Option<&DataFormat>,
    ) -> List {
        let make = Arc::as_ptr(answering.0).addr();
        let question = (place(client), place(own), make, answering.1);
        if chosen.is_none()
            && let Some(answer) = self.overlaps.get(&question)
        {
            return Arc::clone(&answer.given[0]);
        }
        // A client whose user insists on a format offers nothing else.
        let only = chosen.map(DataRange::only);
        let narrowed: Option<Vec<DataRange>> = only.map(|only| {
            let left = client.iter().filter_map(|it| it.overlap(&only).ok());
            left.collect()
        });
        let client_ranges = narrowed.as_deref().unwrap_or(client);
        let ranges = match &answering.0.known {
            Some((kind, _)) => intersections(client_ranges, own, (&**kind, answering.1)),
            None => overlaps(client_ranges, own).collect(),
        };
        let list = self.list(tidy(ranges));
        if chosen.is_none() && self.overlaps.len() < MOST {
            let answer = Answer {
                _asked: (
                    Some(Arc::clone(answering.0)),
                    [Arc::clone(client), Arc::clone(own)].into(),
                ),
                given: [Arc::clone(&list)].into(),
            };
            self.overlaps.insert(question, answer);
        }
        list
    }

    /// What a filter leaves of the lists of its pins, one for each factory.
    pub(super) fn constrained(
        &mut self,
        make: &Arc<Make>,
        setting: &Setting<'_>,
        lists: &[List],
    ) -> Arc<[List]> {
        let Some((kind, descriptor)) = &make.known else {
            return lists.into();
        };
        self.question.clear();
        self.question.push(Arc::as_ptr(make).addr());
        self.question.extend(lists.iter().map(place));
        if let Some(answer) = self.constrained.get(&self.question[..]) {
            return Arc::clone(&answer.given);
        }
        let mut pins: Vec<Vec<DataRange>> = lists.iter().map(|list| list.to_vec()).collect();
        let settings = Settings {
            values: &make.values,
            base: setting.base,
        };
        kind.constrain(descriptor, &settings, &mut pins);
        let given: Arc<[List]> = pins.into_iter().map(|pin| self.list(tidy(pin))).collect();
        if self.constrained.len() < MOST {
            let answer = Answer {
                _asked: (Some(Arc::clone(make)), lists.into()),
                given: Arc::clone(&given),
            };
            self.constrained.insert(self.question[..].into(), answer);
        }
        given
    }

    /// Whether the frames of two pins can go together, as `ask` says; it is asked once for all pins of the same kinds.
    pub(super) fn is_framed(
        &mut self,
        (from, output): (&Arc<Make>, usize),
        (to, input): (&Arc<Make>, usize),
        ask: impl FnOnce() -> bool,
    ) -> bool {
        let place = |make: &Arc<Make>| Arc::as_ptr(make).addr();
        let question = (place(from), output, place(to), input);
        if self.framed.contains_key(&question) {
            return true;
        }
        let fits = ask();
        if fits && self.framed.len() < MOST {
            let asked = [Arc::clone(from), Arc::clone(to)];
            self.framed.insert(question, asked);
        }
        fits
    }

    /// Room for a search among so many filters.
    pub(super) fn trail(&mut self, filters: usize) -> (Seen<'_>, &mut Vec<usize>) {
        self.trail.begin(filters)
    }

    /// What would help two pins that do not fit, by all that goes into it; looked for once.
    pub(super) fn cured(&self, key: &CureKey) -> Option<Vec<Cure>> {
        self.cures.get(key).map(|it| it.found.clone())
    }

    /// Values of a filter that would help two pins, by all that goes into it.
    pub(super) fn helpful(&self, question: &[usize]) -> Option<Vec<(usize, Value)>> {
        self.helpful.get(question).map(|it| it.found.clone())
    }

    /// Keeps them, and what was asked about.
    pub(super) fn keep_helpful(
        &mut self,
        question: &[usize],
        asked: ([Arc<Make>; 2], Vec<List>),
        found: &[(usize, Value)],
    ) {
        if self.helpful.len() < MOST_CURES {
            let helpful = Helpful {
                _asked: asked,
                found: found.to_vec(),
            };
            self.helpful.insert(question.into(), helpful);
        }
    }

    /// Keeps what would help.
    pub(super) fn keep_cures(&mut self, key: CureKey, asked: CureAsked, found: &[Cure]) {
        if self.cures.len() < MOST_CURES {
            let found = found.to_vec();
            self.cures.insert(
                key,
                Cured {
                    _asked: asked,
                    found,
                },
            );
        }
    }

    /// Whether so much is kept that it is better to begin anew, for so many filters.
    pub(super) fn is_full(&self, filters: usize) -> bool {
        self.makes.len() > 1000 + 2 * filters || self.lists.len() > MOST
    }
}

fn hash<'a>(key: &str, values: impl Iterator<Item = (&'a String, &'a Value)>) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    for (key, value) in values {
        key.hash(&mut hasher);
        match value {
            Value::Flag(flag) => flag.hash(&mut hasher),
            Value::Number(number) => number.to_bits().hash(&mut hasher),
            Value::Text(text) => text.hash(&mut hasher),
        }
    }
    hasher.finish()
}
