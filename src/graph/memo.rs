//! Equal questions of an agreement, answered once: filters of the same kind and values are described once, lists of ranges
//! are shared, and what two lists or one filter make of equal lists is made once.
//!
//! Lists, formats and kinds of filters have numbers here, and by these they are asked about: a number is never given twice,
//! so equal numbers are equal things. Nothing here decides anything. All that goes into an answer is part of its question, so with or without a memo the
//! agreement is the same; it is only valid for one catalogue, one set of facts, one folder and one rate.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use super::agree::Setting;
use super::narrow::tidy;
use super::net::{Seen, Trail};
use super::refusal::{Cure, Step};
use super::units::gives_into_a_line;
use crate::ks::{
    DataFormat, DataRange, Descriptor, Filter, Settings, Value, intersections, overlaps,
};

/// Ranges of one pin, shared by all that have equal ones.
pub(super) type List = Arc<[DataRange]>;

/// A list, a format or a [`Make`] by its number in a memo.
pub(super) type Number = u32;

/// More answers than that are not kept.
const MOST: usize = 1 << 16;
/// More cures than that are not kept.
const MOST_CURES: usize = 1 << 12;

/// A question made of numbers.
type Question = (Number, Number, Number, Number);

/// A list and what follows from it alone.
#[derive(Debug)]
struct Listed {
    list: List,
    /// It leaves one format.
    is_single: bool,
    /// The formats of its ranges, best first, once somebody has asked for them.
    choices: Option<Box<[Number]>>,
}

/// A make that has its number, and the lists it was described with.
#[derive(Debug)]
struct Numbered {
    make: Arc<Make>,
    lists: Box<[Number]>,
}

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

/// What two lists leave, and whether asking again for just that would leave it as it is.
pub(super) type Left = (Number, bool);

/// Where the lists stand that a filter leaves, and whether asking again for just those would leave them as they are.
pub(super) type Given = (usize, bool);

/// Other values of a filter that were found to help: by property, with what the question was about.
struct Helpful {
    _asked: ([Arc<Make>; 2], Vec<List>),
    found: Vec<(usize, Value)>,
}

/// What has been answered.
#[derive(Default)]
pub(super) struct Memo {
    makes: HashMap<u64, Vec<Arc<Make>>, Quick>,
    /// The one that was asked for last: filters of a kind come one behind the other.
    last: Option<Arc<Make>>,
    /// All lists, and their numbers; the same by where they lie.
    lists: Vec<Listed>,
    numbers: HashMap<List, Number>,
    places: HashMap<usize, Number, Quick>,
    formats: Vec<DataFormat>,
    format_numbers: HashMap<DataFormat, Number>,
    /// Makes, and their numbers by where they lie: while they are held here, nothing else can lie there.
    numbered: Vec<Numbered>,
    make_numbers: HashMap<usize, Number, Quick>,
    overlaps: HashMap<Question, Left, Quick>,
    /// By a make and the lists of its pins where in `given` those begin that it leaves.
    constrained: HashMap<Box<[Number]>, Given, Quick>,
    given: Vec<Number>,
    /// By a list and a format what is left of it.
    only: HashMap<(Number, Number), Number, Quick>,
    /// Pins whose frames go together (NEG-5), by make and number.
    framed: HashSet<Question, Quick>,
    /// Values that would help, looked for (`settings.rs`).
    helpful: HashMap<Box<[usize]>, Helpful, Quick>,
    /// Cures that were looked for.
    cures: HashMap<CureKey, Cured>,
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
        let last = self.last.as_ref().filter(|it| it.key == key);
        let kind = match last {
            Some(make) => make.known.as_ref().map(|it| &it.0),
            None => setting.catalogue.get(key),
        };
        let counts = |(key, value): &(&String, &Value)| {
            let property = kind.and_then(|it| it.descriptor().property(key));
            property.is_none_or(|(_, property)| !property.has_slot(Some(value)))
        };
        let counting = values.iter().filter(counts);
        let same = |make: &&Arc<Make>| make.key == key && make.values.iter().eq(counting.clone());
        if let Some(make) = last.filter(same) {
            return Arc::clone(make);
        }
        let hash = hash(key, counting.clone());
        let known = self.makes.get(&hash).and_then(|all| all.iter().find(same));
        if let Some(make) = known {
            let make = Arc::clone(make);
            self.last = Some(Arc::clone(&make));
            return make;
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
        self.last = Some(Arc::clone(&make));
        make
    }

    /// The one list with these ranges.
    pub(super) fn list(&mut self, ranges: Vec<DataRange>) -> List {
        let number = self.number(ranges);
        Arc::clone(&self.lists[number as usize].list)
    }

    /// The number of the list with these ranges.
    fn number(&mut self, ranges: Vec<DataRange>) -> Number {
        match self.numbers.get(&ranges[..]) {
            Some(number) => *number,
            None => self.enter(ranges.into()),
        }
    }

    /// A list that is new here.
    fn enter(&mut self, list: List) -> Number {
        let number = self.lists.len() as Number;
        self.numbers.insert(Arc::clone(&list), number);
        self.places.insert(place(&list), number);
        self.lists.push(Listed {
            is_single: matches!(&list[..], [range] if range.is_single()),
            list,
            choices: None,
        });
        number
    }

    /// The number of a list, wherever it is from.
    pub(super) fn number_of(&mut self, list: &List) -> Number {
        if let Some(number) = self.places.get(&place(list)) {
            return *number;
        }
        match self.numbers.get(list) {
            Some(number) => *number,
            None => self.enter(Arc::clone(list)),
        }
    }

    /// The list of a number.
    pub(super) fn list_of(&self, number: Number) -> &List {
        &self.lists[number as usize].list
    }

    /// Whether a list leaves one format.
    pub(super) fn is_single(&self, list: Number) -> bool {
        self.lists[list as usize].is_single
    }

    /// The number of a make.
    pub(super) fn number_of_make(&mut self, make: &Arc<Make>) -> Number {
        let place = Arc::as_ptr(make).addr();
        if let Some(number) = self.make_numbers.get(&place) {
            return *number;
        }
        let lists = make.lists.iter().map(|list| self.number_of(list));
        let numbered = Numbered {
            lists: lists.collect(),
            make: Arc::clone(make),
        };
        let number = self.numbered.len() as Number;
        self.numbered.push(numbered);
        self.make_numbers.insert(place, number);
        number
    }

    /// The lists that filters of a make were described with.
    pub(super) fn described(&self, make: Number) -> &[Number] {
        &self.numbered[make as usize].lists
    }

    /// The number of a format.
    pub(super) fn number_of_format(&mut self, format: DataFormat) -> Number {
        if let Some(number) = self.format_numbers.get(&format) {
            return *number;
        }
        let number = self.formats.len() as Number;
        self.formats.push(format.clone());
        self.format_numbers.insert(format, number);
        number
    }

    /// The format of a number.
    pub(super) fn format(&self, number: Number) -> &DataFormat {
        &self.formats[number as usize]
    }

    /// The format of a list that stands at that place, best first (DIX-13).
    pub(super) fn choice(&mut self, list: Number, at: usize) -> Option<Number> {
        let known = &self.lists[list as usize];
        if let Some(choices) = &known.choices {
            return choices.get(at).copied();
        }
        let formats: Vec<DataFormat> = known.list.iter().filter_map(DataRange::choose).collect();
        let formats = formats.into_iter();
        let choices: Box<[Number]> = formats.map(|it| self.number_of_format(it)).collect();
        let choice = choices.get(at).copied();
        self.lists[list as usize].choices = Some(choices);
        choice
    }

    /// What a list leaves where nothing but a format may be: limits that are no part of a format stay.
    pub(super) fn only(&mut self, list: Number, format: Number) -> Number {
        if let Some(left) = self.only.get(&(list, format)) {
            return *left;
        }
        let only = DataRange::only(self.format(format));
        let ranges = self.list_of(list).iter();
        let left = ranges.filter_map(|range| range.overlap(&only).ok());
        let left = tidy(left.collect());
        let left = self.number(left);
        if self.only.len() < MOST {
            self.only.insert((list, format), left);
        }
        left
    }

    /// What is left of two lists that meet on a wire, the client's first; `answering` is the filter and the pin that
    /// answer (CON-4), `chosen` what its user insists on.
    pub(super) fn overlap(
        &mut self,
        (client, own): (Number, Number),
        answering: (Number, usize),
        chosen: Option<&DataFormat>,
    ) -> Left {
        let question = (client, own, answering.0, answering.1 as Number);
        if chosen.is_none()
            && let Some(answer) = self.overlaps.get(&question)
        {
            return *answer;
        }
        let left = self.left(client, own, answering, chosen);
        let again = match (client, own) == (left, left) {
            true => left,
            false => self.left(left, left, answering, chosen),
        };
        let answer = (left, left == again);
        if chosen.is_none() && self.overlaps.len() < MOST {
            self.overlaps.insert(question, answer);
        }
        answer
    }

    fn left(
        &mut self,
        client: Number,
        own: Number,
        (make, pin): (Number, usize),
        chosen: Option<&DataFormat>,
    ) -> Number {
        let (client, own) = (self.list_of(client), self.list_of(own));
        // A client whose user insists on a format offers nothing else.
        let only = chosen.map(DataRange::only);
        let narrowed: Option<Vec<DataRange>> = only.map(|only| {
            let left = client.iter().filter_map(|it| it.overlap(&only).ok());
            left.collect()
        });
        let client_ranges = narrowed.as_deref().unwrap_or(client);
        let ranges = match &self.numbered[make as usize].make.known {
            Some((kind, _)) => intersections(client_ranges, own, (&**kind, pin)),
            None => overlaps(client_ranges, own).collect(),
        };
        self.number(tidy(ranges))
    }

    /// What a filter leaves of the lists of its pins, one for each factory: asked by the number of its make and those lists, and
    /// answered with where in [`given`](Self::given) the lists begin.
    pub(super) fn constrained(&mut self, setting: &Setting<'_>, question: &[Number]) -> Given {
        if let Some(answer) = self.constrained.get(question) {
            return *answer;
        }
        let (make, lists) = (question[0], &question[1..]);
        let given = self.leaves(setting, make, lists);
        let again = match given == lists {
            true => given.clone(),
            false => self.leaves(setting, make, &given),
        };
        let answer = (self.given.len(), given == again);
        self.given.extend(given);
        if self.constrained.len() < MOST {
            self.constrained.insert(question.into(), answer);
        }
        answer
    }

    fn leaves(&mut self, setting: &Setting<'_>, make: Number, lists: &[Number]) -> Vec<Number> {
        let Numbered { make, .. } = &self.numbered[make as usize];
        let Some((kind, descriptor)) = &make.known else {
            return lists.to_vec();
        };
        let pins = lists.iter().map(|list| self.list_of(*list).to_vec());
        let mut pins: Vec<Vec<DataRange>> = pins.collect();
        let settings = Settings {
            values: &make.values,
            base: setting.base,
        };
        kind.constrain(descriptor, &settings, &mut pins);
        let lists = pins.into_iter().map(|pin| self.number(tidy(pin)));
        lists.collect()
    }

    /// A list that a filter leaves.
    pub(super) fn given(&self, at: usize) -> Number {
        self.given[at]
    }

    /// Whether the frames of two pins can go together, as `ask` says; it is asked once for all pins of the same kinds.
    pub(super) fn is_framed(
        &mut self,
        (from, output): (&Arc<Make>, usize),
        (to, input): (&Arc<Make>, usize),
        ask: impl FnOnce() -> bool,
    ) -> bool {
        let (from, to) = (self.number_of_make(from), self.number_of_make(to));
        let question = (from, output as Number, to, input as Number);
        if self.framed.contains(&question) {
            return true;
        }
        let fits = ask();
        if fits && self.framed.len() < MOST {
            self.framed.insert(question);
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
