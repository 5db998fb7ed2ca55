//! An agreement that is kept up with its graph: only what an edit can have changed is agreed anew.
//!
//! A wiring is a pure function of graph, catalogue and facts, and stays one: what is kept here is only what that function
//! gave before. A *part* is all that wires connect, directly or through others. Nothing that becomes of a part depends on
//! what is outside it, save the catalogue, the facts, the file's folder and the rate; when one of those is another, all is
//! agreed anew. Otherwise the parts in which a filter or a wire came, went or changed are taken apart, put together again
//! as the wires are now, and agreed by the same function that agrees a whole graph: from scratch is from an empty graph.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::agree::Setting;
use super::agree::part::{Part, PartWire, Place, agree_all};
use super::flatten::{Changes, Flat, FlatWire, order};
use super::instance::settled;
use super::memo::{Memo, Quick};
use super::model::{Graph, NodeKind};
use super::net::Member;
use super::problems::describe;
use super::wiring::{FilterPath, Joined, Wire, Wiring};
use crate::ks::{Catalogue, Facts};

/// What every part stands on.
#[derive(Clone)]
struct Ground {
    catalogue: Catalogue,
    facts: Facts,
    base: Option<PathBuf>,
    rate_hz: u32,
}

impl Ground {
    fn is(&self, catalogue: &Catalogue, facts: &Facts, base: Option<&Path>, rate_hz: u32) -> bool {
        self.rate_hz == rate_hz
            && self.base.as_deref() == base
            && self.catalogue.is_same(catalogue)
            && self.facts == *facts
    }
}

/// A wiring and what it takes to keep it up with its graph. Reads as the wiring.
#[derive(Default)]
pub struct Negotiator {
    wiring: Wiring,
    ground: Option<Ground>,
    flat: Flat,
    memo: RefCell<Memo>,
    /// Free places in the tables of the wiring.
    free_slots: Vec<usize>,
    free_parts: Vec<usize>,
    /// Parts with problems.
    troubled: BTreeSet<usize>,
    /// Filters that share a limit or a device with all of their kind, by its key: they are in one part.
    tied: BTreeMap<String, BTreeSet<FilterPath>>,
    /// How many parts were agreed last.
    agreed: usize,
}

/// A copy begins with nothing remembered but the wiring itself.
impl Clone for Negotiator {
    fn clone(&self) -> Self {
        Self {
            wiring: self.wiring.clone(),
            ground: self.ground.clone(),
            flat: self.flat.clone(),
            memo: RefCell::default(),
            free_slots: self.free_slots.clone(),
            free_parts: self.free_parts.clone(),
            troubled: self.troubled.clone(),
            tied: self.tied.clone(),
            agreed: self.agreed,
        }
    }
}

impl Deref for Negotiator {
    type Target = Wiring;

    fn deref(&self) -> &Wiring {
        &self.wiring
    }
}

/// What is taken apart and put together again.
#[derive(Default)]
struct Pool {
    members: Vec<Member>,
    wires: Vec<Arc<FlatWire>>,
}

impl Negotiator {
    /// The agreement of a graph. `base` is the folder of its file, for relative paths.
    pub fn agree(
        &mut self,
        graph: &Graph,
        catalogue: &Catalogue,
        facts: &Facts,
        base: Option<&Path>,
    ) -> &Wiring {
        let rate_hz = facts.graph_rate_hz(graph.rate_hz);
        let ground = self.ground.take();
        let ground = match ground.filter(|it| it.is(catalogue, facts, base, rate_hz)) {
            Some(ground) => ground,
            None => {
                *self = Self::default();
                Ground {
                    catalogue: catalogue.clone(),
                    facts: facts.clone(),
                    base: base.map(Path::to_owned),
                    rate_hz,
                }
            }
        };
        // Filters are described for the rate the graph runs at, whoever says it.
        let facts = match facts.graph_rate_hz(0) == rate_hz {
            true => Cow::Borrowed(facts),
            false => Cow::Owned(Facts {
                rate_hz,
                ..facts.clone()
            }),
        };
        let setting = Setting {
            catalogue,
            facts: &facts,
            base,
            rate_hz,
        };
        self.wiring.rate_hz = rate_hz;
        if self.wiring.timing != graph.timing {
            self.wiring.timing = graph.timing.clone();
        }
        let changes = self.flat.follow(&settled(graph, catalogue));
        self.agreed = 0;
        if !changes.is_nothing() {
            self.change(&setting, changes);
        }
        self.ground = Some(ground);
        &self.wiring
    }

    /// The wiring alone.
    pub fn into_wiring(self) -> Wiring {
        self.wiring
    }

    /// How many parts of the graph were agreed anew last time.
    pub fn parts_agreed(&self) -> usize {
        self.agreed
    }

    /// Values that are heard without a new agreement, by filter and key, follow the graph.
    pub fn follow_values(&mut self, graph: &Graph, values: &BTreeSet<(FilterPath, String)>) {
        for (path, _) in values {
            if let Some(NodeKind::Filter(node)) = graph.at(path).map(|node| &node.kind)
                && self
                    .wiring
                    .filters
                    .get(path)
                    .is_some_and(|it| it.values != node.values)
                && let Some(wired) = self.wiring.filters.get_mut(path)
            {
                wired.values = node.values.clone();
            }
        }
    }

    fn change(&mut self, setting: &Setting<'_>, mut changes: Changes) {
        if self.memo.borrow().is_full(self.wiring.filters.len()) {
            self.memo = RefCell::default();
        }
        let touched = self.touched(&changes);
        let had_problems = touched.iter().any(|part| self.troubled.contains(part));
        let pool = self.pool(setting, &mut changes, &touched);
        let mut is_touched = vec![false; self.wiring.parts.len()];
        touched.iter().for_each(|&part| is_touched[part] = true);
        let new = self.put_together(setting, pool);
        if changes.is_shifted {
            for wire in &mut self.wiring.wires {
                wire.index = self.flat.index_of[wire.line];
                if let Some(connection) = &mut wire.connection {
                    *connection = wire.index;
                }
            }
        }
        let is_touched = |wire: &Wire| is_touched.get(wire.part) == Some(&true);
        replace(&mut self.wiring.wires, is_touched, new);
        if changes.has_problems || had_problems || !self.troubled.is_empty() {
            self.gather_problems();
        }
    }

    /// The parts in which something came, went or changed.
    fn touched(&self, changes: &Changes) -> BTreeSet<usize> {
        let part = |path: &FilterPath| {
            let filter = self.wiring.filters.get(path)?;
            Some(self.wiring.homes[filter.slot].0)
        };
        let wires = changes.new_wires.iter().chain(&changes.gone_wires);
        let ends = wires.flat_map(|wire| [&wire.from.filter, &wire.to.filter]);
        let filters = changes.filters.iter().map(|it| &it.0).chain(&changes.gone);
        // Who comes to a kind whose filters are tied is of one part with the others.
        let kinds = changes.filters.iter().filter_map(|(_, (_, node))| {
            let NodeKind::Filter(node) = &node.kind else {
                return None;
            };
            self.tied.get(&node.key)?.first()
        });
        filters.chain(ends).chain(kinds).filter_map(part).collect()
    }

    /// Takes parts apart: their filters and wires as they are now.
    fn pool(
        &mut self,
        setting: &Setting<'_>,
        changes: &mut Changes,
        touched: &BTreeSet<usize>,
    ) -> Pool {
        let mut pool = Pool::default();
        let has_changed = |path: &FilterPath| {
            let filters = &changes.filters;
            filters.binary_search_by(|it| it.0.cmp(path)).is_ok()
        };
        let gone: BTreeSet<usize> = changes.gone_wires.iter().map(|wire| wire.line).collect();
        for &at in touched {
            self.troubled.remove(&at);
            self.free_parts.push(at);
            let Some(part) = self.wiring.parts[at].take() else {
                continue;
            };
            let is_old = |path: &FilterPath| changes.gone.contains(path) || has_changed(path);
            let members = part.members.iter().filter(|it| !is_old(&it.path));
            pool.members.extend(members.cloned());
            let wires = part.wires.iter().map(|wire| &wire.flat);
            let wires = wires.filter(|wire| !gone.contains(&wire.line));
            pool.wires.extend(wires.cloned());
        }
        pool.wires.extend(changes.new_wires.iter().cloned());
        if changes.filters.is_empty() && changes.gone.is_empty() {
            return pool;
        }
        let filters = &mut *self.wiring.filters;
        if !self.tied.is_empty() {
            let changed = changes.filters.iter().map(|it| &it.0);
            for path in changes.gone.iter().chain(changed) {
                if let Some(filter) = filters.get(path)
                    && let Some(same) = self.tied.get_mut(&filter.key)
                {
                    same.remove(path);
                }
            }
            self.tied.retain(|_, same| !same.is_empty());
        }
        for path in &changes.gone {
            if !has_changed(path)
                && let Some(filter) = filters.remove(path)
            {
                self.free_slots.push(filter.slot);
            }
        }
        let is_first = filters.is_empty();
        let changed = changes.filters.len();
        pool.members.reserve(changed);
        self.wiring
            .homes
            .reserve(if is_first { changed } else { 0 });
        for (path, (name, node)) in changes.filters.drain(..) {
            let NodeKind::Filter(node) = &node.kind else {
                continue;
            };
            let known = filters.get(&path).map(|filter| filter.slot);
            let slot = known.or_else(|| self.free_slots.pop());
            let slot = slot.unwrap_or_else(|| {
                self.wiring.homes.push((usize::MAX, usize::MAX));
                self.wiring.homes.len() - 1
            });
            let member = describe(setting, self.memo.get_mut(), (path, name, node), slot);
            if member.make.is_tied {
                let same = self.tied.entry(node.key.clone()).or_default();
                same.insert(member.path.clone());
            }
            if !is_first {
                filters.insert(member.path.clone(), member.wired.clone());
            }
            pool.members.push(member);
        }
        if is_first {
            let all = pool.members.iter();
            *filters = all.map(|it| (it.path.clone(), it.wired.clone())).collect();
        }
        pool
    }

    /// Puts filters and wires together to parts and agrees each. Their wires, in order.
    fn put_together(&mut self, setting: &Setting<'_>, pool: Pool) -> Vec<Wire> {
        let Pool { mut members, wires } = pool;
        members.sort_by(|a, b| a.path.cmp(&b.path));
        // Where the filters of the pool stand in it.
        let stands: HashMap<&FilterPath, usize, Quick> = members
            .iter()
            .enumerate()
            .map(|(at, member)| (&member.path, at))
            .collect();
        let stand = |path: &FilterPath| stands[path];
        let mut wires: Vec<PartWire> = wires
            .into_iter()
            .map(|flat| PartWire {
                from: stand(&flat.from.filter),
                to: stand(&flat.to.filter),
                flat,
            })
            .collect();
        let is_out = |wire: &PartWire| {
            [wire.from, wire.to]
                .iter()
                .any(|&at| members[at].wired.is_disabled)
        };
        let index_of = &self.flat.index_of;
        wires.sort_by(|a, b| {
            order((is_out(a), &a.flat), (is_out(b), &b.flat))
                .then_with(|| index_of[a.flat.line].cmp(&index_of[b.flat.line]))
        });
        let mut last_of: BTreeMap<&str, usize> = BTreeMap::new();
        let kinds = members.iter().enumerate().filter(|it| it.1.make.is_tied);
        let ties =
            kinds.filter_map(|(at, member)| Some((last_of.insert(&member.make.key, at)?, at)));
        let ties: Vec<(usize, usize)> = ties.collect();
        let ends = wires.iter().map(|wire| (wire.from, wire.to));
        let group_of = groups(members.len(), ends.chain(ties));
        let count = group_of.iter().max().map_or(0, |last| last + 1);
        // Each filter's place in its part, then filters and wires part by part, both in their order.
        let mut place_of = vec![0; members.len()];
        let mut parts: Vec<(Vec<Member>, Vec<PartWire>)> = vec![(vec![], vec![]); count];
        for (at, member) in members.into_iter().enumerate() {
            let part = &mut parts[group_of[at]];
            place_of[at] = part.0.len();
            part.0.push(member);
        }
        let mut owner: Vec<usize> = Vec::with_capacity(wires.len());
        for wire in wires {
            let group = group_of[wire.from];
            owner.push(group);
            parts[group].1.push(PartWire {
                from: place_of[wire.from],
                to: place_of[wire.to],
                ..wire
            });
        }
        let done = agree_all(setting, &self.memo, parts);
        let mut agreed = vec![];
        for (part, outcomes) in done {
            let has_late = part.net.wires.iter().any(|wire| wire.is_late);
            let settled = self.settle_in(part);
            agreed.push((settled, has_late, outcomes.into_iter()));
        }
        // What was agreed before is the same thing as long as it says the same.
        let lines = self.flat.index_of.len();
        let mut before: Vec<Option<&Arc<Joined>>> = vec![None; lines];
        for wire in &self.wiring.wires {
            before[wire.line] = Some(&wire.joined);
        }
        let mut new = Vec::with_capacity(owner.len());
        let mut next = vec![0; agreed.len()];
        for group in owner {
            let ((at, part), has_late, outcomes) = &mut agreed[group];
            let PartWire {
                flat: wire,
                from,
                to,
            } = &part.wires[next[group]];
            next[group] += 1;
            let Some(Some(outcome)) = outcomes.next() else {
                continue;
            };
            let index = self.flat.index_of[wire.line];
            let is_out = |&at: &usize| part.members[at].wired.is_disabled;
            let plugs = [(from, &wire.from), (to, &wire.to)]
                .map(|(&at, pin)| part.members[at].plug(&pin.pin));
            let end = (*to, plugs[1].factory as usize, wire.to.instance);
            new.push(Wire {
                connection: wire.place.0.is_empty().then_some(index),
                index,
                line: wire.line,
                part: *at,
                is_out: is_out(from) || is_out(to),
                is_line: part.defers(end) || *has_late && part.is_late(end),
                plugs,
                joined: match before[wire.line] {
                    Some(it) if Arc::ptr_eq(&it.flat, wire) && it.outcome == outcome => {
                        Arc::clone(it)
                    }
                    _ => Arc::new(Joined {
                        outcome,
                        flat: Arc::clone(wire),
                    }),
                },
            });
        }
        new
    }

    /// Gives a part its place in the tables.
    fn settle_in(&mut self, part: Part) -> (usize, Arc<Part>) {
        self.agreed += 1;
        let parts = &mut self.wiring.parts;
        let at = self.free_parts.pop().unwrap_or(parts.len());
        if at == parts.len() {
            parts.push(None);
        }
        for (place, member) in part.members.iter().enumerate() {
            self.wiring.homes[member.wired.slot] = (at, place);
        }
        if !part.problems.is_empty() {
            self.troubled.insert(at);
        }
        let part = Arc::new(part);
        parts[at] = Some(Arc::clone(&part));
        (at, part)
    }

    /// Puts the problems of all parts in order: what is wrong with the document, with descriptions, with wires to pins that
    /// are not there, with pins that need a wire.
    fn gather_problems(&mut self) {
        let parts = self.troubled.iter();
        let parts = parts.filter_map(|&at| self.wiring.parts[at].as_deref());
        let all = parts.flat_map(|part| part.problems.iter().map(move |it| (part, it)));
        let mut all: Vec<_> = all.collect();
        let wire = |part: &'_ Part, at: usize| {
            let PartWire { flat, from, to } = &part.wires[at];
            let is_out = [from, to]
                .iter()
                .any(|&&at| part.members[at].wired.is_disabled);
            (is_out, Arc::clone(flat))
        };
        let rank = |place: &Place| match place {
            Place::Described(_) => 0,
            Place::NoPin(_) => 1,
            Place::Necessary(_) => 2,
        };
        all.sort_by(|(a, (place, _)), (b, (other, _))| {
            rank(place).cmp(&rank(other)).then_with(|| {
                use Place::{Described, Necessary, NoPin};
                match (*place, *other) {
                    (NoPin(at), NoPin(there)) => {
                        let (one, two) = (wire(a, at), wire(b, there));
                        let index = |it: &FlatWire| self.flat.index_of[it.line];
                        order((one.0, &one.1), (two.0, &two.1))
                            .then_with(|| index(&one.1).cmp(&index(&two.1)))
                    }
                    (Described(at) | Necessary(at) | NoPin(at), Described(there))
                    | (Described(at) | Necessary(at) | NoPin(at), Necessary(there))
                    | (Described(at) | Necessary(at), NoPin(there)) => {
                        a.members[at].path.cmp(&b.members[there].path)
                    }
                }
            })
        });
        let of_parts = all.into_iter().map(|(_, (_, problem))| problem.clone());
        let mut problems = self.flat.problems();
        problems.extend(of_parts);
        let mut first_problem = BTreeMap::new();
        for (at, problem) in problems.iter().enumerate() {
            if let Some(filter) = &problem.filter {
                first_problem.entry(filter.clone()).or_insert(at);
            }
        }
        self.wiring.problems = problems;
        self.wiring.first_problem = first_problem;
    }
}

/// For each of `count` nodes the number of its group, where edges group them; numbered by the first of each.
fn groups(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut above: Vec<usize> = (0..count).collect();
    let root = |above: &mut Vec<usize>, mut node: usize| {
        while above[node] != node {
            above[node] = above[above[node]];
            node = above[node];
        }
        node
    };
    for (one, other) in edges {
        let (one, other) = (root(&mut above, one), root(&mut above, other));
        // The first stands for all, so that groups are numbered by it.
        above[one.max(other)] = one.min(other);
    }
    let mut numbers = 0;
    let mut group_of = vec![0; count];
    for node in 0..count {
        let first = root(&mut above, node);
        if first == node {
            group_of[node] = numbers;
            numbers += 1;
        } else {
            group_of[node] = group_of[first];
        }
    }
    group_of
}

/// Takes wires out and puts others in, all in their order. What lies before and behind them is not looked at.
fn replace(wires: &mut Vec<Wire>, is_old: impl Fn(&Wire) -> bool, new: Vec<Wire>) {
    let is_before = |a: &Wire, b: &Wire| {
        let by_rule = order((a.is_out, &a.flat), (b.is_out, &b.flat));
        by_rule.then_with(|| a.index.cmp(&b.index)).is_lt()
    };
    let (mut low, mut high) = match wires.iter().position(&is_old) {
        Some(low) => {
            let last = wires.iter().rposition(&is_old);
            (low, last.map_or(low, |last| last + 1))
        }
        // Nothing is taken out: they come in where the first of them belongs.
        None => {
            let first = new.first();
            let at = first.map_or(0, |new| wires.partition_point(|it| is_before(it, new)));
            (at, at)
        }
    };
    if let (Some(first), Some(last)) = (new.first(), new.last()) {
        while low > 0 && !is_before(&wires[low - 1], first) {
            low -= 1;
        }
        while high < wires.len() && is_before(&wires[high], last) {
            high += 1;
        }
    }
    let stay: Vec<Wire> = wires[low..high]
        .iter()
        .filter(|wire| !is_old(wire))
        .cloned()
        .collect();
    let mut both = Vec::with_capacity(stay.len() + new.len());
    let (mut stay, mut new) = (stay.into_iter().peekable(), new.into_iter().peekable());
    while let Some(next) = new.peek() {
        let ahead = stay.next_if(|it| is_before(it, next));
        both.extend(ahead.or_else(|| new.next()));
    }
    both.extend(stay);
    wires.splice(low..high, both);
}
