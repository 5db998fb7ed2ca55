//! Groups dissolved: filters by path and wires between them. Knows the document only, nothing of what filters are.
//!
//! A wire to a group's pin ends at the pin inside that it stands for. What leads nowhere is named, never followed. A flat
//! graph follows the document: it looks at what the document does not share with the one it was made of, and says what
//! came, went and changed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::model::{Chosen, Connection, FilterId, Graph, Node, NodeKind, PinRef};
use super::resolve::{pin_words, resolve};
use super::shared::Shared;
use super::wiring::{FilterPath, PinAddress, Problem};

/// How deep groups may nest.
pub const MAX_DEPTH: usize = 32;

/// A wire as it was drawn, groups dissolved.
#[derive(Clone, Debug)]
pub struct FlatWire {
    /// The output.
    pub from: PinAddress,
    /// The input.
    pub to: PinAddress,
    /// The group it was drawn in; empty: the outermost graph.
    pub place: FilterPath,
    /// What was chosen for it; most wires have nothing.
    pub(super) asked: Option<Box<Chosen>>,
    /// Its number among all wires there are, which it keeps.
    pub(super) line: usize,
}

static NOTHING: Chosen = Chosen {
    format: None,
    medium: None,
    interface: None,
    framing: None,
    unknown_fields: BTreeMap::new(),
};

impl FlatWire {
    /// What its user insists on.
    pub(super) fn chosen(&self) -> &Chosen {
        self.asked.as_deref().unwrap_or(&NOTHING)
    }
}

/// What became of a wire of the document.
#[derive(Clone, Debug)]
enum Line {
    Wire(Arc<FlatWire>),
    /// One of its ends is not there.
    Nowhere(Vec<Problem>),
    /// It is gone, and its number free.
    Gone,
}

/// A graph without groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat {
    /// The document it was made of, as far as it matters.
    graph: Graph,
    lines: Vec<Line>,
    /// Free numbers of lines.
    free: Vec<usize>,
    /// For each line its index in the graph it was drawn in.
    pub(super) index_of: Vec<usize>,
    /// For each graph the lines of its wires, in the order of drawing.
    places: BTreeMap<FilterPath, Vec<usize>>,
    /// Wires that lead nowhere.
    nowhere: BTreeSet<usize>,
    /// Groups that nest too deep.
    deep: BTreeMap<FilterPath, Problem>,
}

/// A filter of the flat graph: its name, with those of the groups around, and its box.
pub(super) type Named = (String, Shared<Node>);

/// What another document changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Filters that came, or are not what they were, in the order of their paths.
    pub(super) filters: Vec<(FilterPath, Named)>,
    /// Filters that went; some may have come again.
    pub(super) gone: BTreeSet<FilterPath>,
    pub(super) new_wires: Vec<Arc<FlatWire>>,
    pub(super) gone_wires: Vec<Arc<FlatWire>>,
    /// Whether a wire has another index now.
    pub(super) is_shifted: bool,
    /// Whether what is wrong with the document itself has changed.
    pub(super) has_problems: bool,
    freed: Vec<usize>,
    /// Boxes of the outermost graph that are other ones, and the span of its wires that is another, before and after.
    boxes: Vec<FilterId>,
    wires: (Range<usize>, Range<usize>),
}

impl Changes {
    /// Whether it all stays as it was.
    pub(super) fn is_nothing(&self) -> bool {
        self.filters.is_empty()
            && self.gone.is_empty()
            && self.new_wires.is_empty()
            && self.gone_wires.is_empty()
            && !self.is_shifted
            && !self.has_problems
    }
}

impl Flat {
    /// Follows the document to what it is now.
    pub(super) fn follow(&mut self, graph: &Graph) -> Changes {
        let mut changes = Changes::default();
        let mut old = std::mem::take(&mut self.graph);
        let is_first = old.filters.is_empty() && old.connections.is_empty();
        self.compare((&old, graph), &FilterPath::default(), "", &mut changes);
        debug_assert!(changes.filters.is_sorted_by(|a, b| a.0 < b.0));
        self.free.append(&mut changes.freed);
        // Only what changed is written down: to copy the rest would cost more than to compare it.
        if is_first {
            (old.filters, old.connections) = (graph.filters.clone(), graph.connections.clone());
        } else {
            for id in &changes.boxes {
                match graph.filters.get(id) {
                    Some(node) => old.filters.insert(*id, node.clone()),
                    None => old.filters.remove(id),
                };
            }
            let (before, after) = &changes.wires;
            let now = graph.connections[after.clone()].iter().cloned();
            old.connections.splice(before.clone(), now);
        }
        self.graph = old;
        changes
    }

    /// What is wrong with the document itself, in order.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let lines = self
            .nowhere
            .iter()
            .filter_map(|&line| match &self.lines[line] {
                Line::Nowhere(problems) => Some(problems),
                Line::Wire(_) | Line::Gone => None,
            });
        let mut all: Vec<Problem> = lines.flatten().cloned().collect();
        all.extend(self.deep.values().cloned());
        all.sort_by(|a, b| (&a.filter, &a.text).cmp(&(&b.filter, &b.text)));
        all
    }

    /// Compares a graph with what it was, and the graphs inside its groups.
    fn compare(
        &mut self,
        (old, new): (&Graph, &Graph),
        path: &FilterPath,
        prefix: &str,
        changes: &mut Changes,
    ) {
        // Boxes at which wires may end elsewhere now, in order.
        let mut touched: Vec<FilterId> = vec![];
        let mut before = old.filters.iter().peekable();
        let mut after = new.filters.iter().peekable();
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let was = before.next_if(|_| order.is_le());
            let is = after.next_if(|_| order.is_ge());
            let Some(id) = is.or(was).map(|(id, _)| *id) else {
                break;
            };
            let (was, is) = (was.map(|it| it.1), is.map(|it| it.1));
            if let (Some(was), Some(is)) = (was, is) {
                if was.is(is) {
                    continue;
                }
                if path.0.is_empty() {
                    changes.boxes.push(id);
                }
                let is_named_so = was.name == is.name;
                match (&was.kind, &is.kind) {
                    (NodeKind::Filter(one), NodeKind::Filter(other)) => {
                        if !is_named_so || one != other {
                            let named = (within(prefix, &is.name), is.clone());
                            changes.filters.push((path.child(id), named));
                        }
                        continue;
                    }
                    (NodeKind::Group(one), NodeKind::Group(other)) if is_named_so => {
                        let inner = path.child(id);
                        touched.push(id);
                        if inner.0.len() < MAX_DEPTH {
                            let prefix = format!("{prefix}{}/", is.name);
                            self.compare((&one.graph, &other.graph), &inner, &prefix, changes);
                        }
                        continue;
                    }
                    _ => {}
                }
            }
            touched.push(id);
            if path.0.is_empty() && (was.is_none() || is.is_none()) {
                changes.boxes.push(id);
            }
            if let Some(node) = was {
                self.leave(node, path.child(id), changes);
            }
            if let Some(node) = is {
                self.arrive(node, path.child(id), prefix, changes);
            }
        }
        self.compare_wires((old, new), path, prefix, &touched, changes);
    }

    /// A box that went, with all that is in it.
    fn leave(&mut self, node: &Node, path: FilterPath, changes: &mut Changes) {
        match &node.kind {
            NodeKind::Filter(_) => {
                changes.gone.insert(path);
            }
            NodeKind::Group(_) if path.0.len() >= MAX_DEPTH => {
                self.deep.remove(&path);
                changes.has_problems = true;
            }
            NodeKind::Group(group) => {
                for (id, node) in &group.graph.filters {
                    self.leave(node, path.child(*id), changes);
                }
                for line in self.places.remove(&path).unwrap_or_default() {
                    self.drop_line(line, changes);
                }
            }
        }
    }

    /// A box that came, with all that is in it.
    fn arrive(
        &mut self,
        node: &Shared<Node>,
        path: FilterPath,
        prefix: &str,
        changes: &mut Changes,
    ) {
        let name = within(prefix, &node.name);
        match &node.kind {
            NodeKind::Filter(_) => {
                changes.filters.push((path, (name, node.clone())));
            }
            NodeKind::Group(_) if path.0.len() >= MAX_DEPTH => {
                let problem = Problem {
                    filter: Some(path.clone()),
                    text: format!("{name}: groups nest deeper than {MAX_DEPTH}"),
                    is_blocking: true,
                };
                self.deep.insert(path, problem);
                changes.has_problems = true;
            }
            NodeKind::Group(group) => {
                let empty = Graph::default();
                self.compare((&empty, &group.graph), &path, &format!("{name}/"), changes);
            }
        }
    }

    /// Compares the wires of a graph with what they were.
    fn compare_wires(
        &mut self,
        (old, new): (&Graph, &Graph),
        path: &FilterPath,
        prefix: &str,
        touched: &[FilterId],
        changes: &mut Changes,
    ) {
        let (old, wires) = (&old.connections, &new.connections);
        let is_same = |(a, b): &(&Shared<Connection>, &Shared<Connection>)| a.is(b);
        let ahead = old.iter().zip(wires).take_while(is_same).count();
        let behind = old[ahead..].iter().rev().zip(wires[ahead..].iter().rev());
        let behind = behind.take_while(is_same).count();
        let is_moved = ahead < old.len() || ahead < wires.len();
        if path.0.is_empty() {
            changes.wires = (ahead..old.len() - behind, ahead..wires.len() - behind);
        }
        if !is_moved && touched.is_empty() {
            return;
        }
        let mut lines = self.places.remove(path).unwrap_or_default();
        // Those that are drawn now know where their ends lie.
        let mut is_new = vec![];
        if is_moved {
            let changed = ahead..old.len() - behind;
            let came = &wires[ahead..wires.len() - behind];
            let went: Vec<usize> = lines[changed.clone()].to_vec();
            let now = self.sort_out(&old[changed.clone()], &went, came, changes);
            is_new.extend(now.iter().map(Option::is_none));
            let now: Vec<usize> = now
                .into_iter()
                .zip(came)
                .map(|(line, wire)| {
                    line.unwrap_or_else(|| self.draw(new, path, prefix, wire, changes))
                })
                .collect();
            lines.splice(changed, now);
            for (index, &line) in lines.iter().enumerate().skip(ahead) {
                changes.is_shifted |= self.index_of[line] != index;
                self.index_of[line] = index;
            }
        }
        if !touched.is_empty() {
            let is_touched = |end: &PinRef| touched.binary_search(&end.filter).is_ok();
            for (at, (line, wire)) in lines.iter_mut().zip(wires).enumerate() {
                let is_new = at.checked_sub(ahead).and_then(|at| is_new.get(at));
                let is_old = is_new != Some(&true);
                if is_old && (is_touched(&wire.from) || is_touched(&wire.to)) {
                    *line = self.draw_again(new, path, prefix, (*line, wire), changes);
                }
            }
        }
        self.places.insert(path.clone(), lines);
    }

    /// Of wires that were and wires that are, which line each of the latter has already. What is left over goes, and so
    /// does what has changed its place among the others: of two wires between the same pins the order counts.
    fn sort_out(
        &mut self,
        were: &[Shared<Connection>],
        lines: &[usize],
        are: &[Shared<Connection>],
        changes: &mut Changes,
    ) -> Vec<Option<usize>> {
        let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, wire) in were.iter().enumerate().rev() {
            waiting.entry(wire.place()).or_default().push(at);
        }
        let mut next = 0;
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        let found = are.iter().map(|wire| {
            let at = waiting.get_mut(&wire.place())?.pop()?;
            if at < next {
                return None;
            }
            next = at + 1;
            kept.insert(at);
            Some(lines[at])
        });
        let found: Vec<Option<usize>> = found.collect();
        for (at, &line) in lines.iter().enumerate() {
            if !kept.contains(&at) {
                self.drop_line(line, changes);
            }
        }
        found
    }

    fn drop_line(&mut self, line: usize, changes: &mut Changes) {
        match std::mem::replace(&mut self.lines[line], Line::Gone) {
            Line::Wire(wire) => changes.gone_wires.push(wire),
            Line::Nowhere(_) => {
                self.nowhere.remove(&line);
                changes.has_problems = true;
            }
            Line::Gone => {}
        }
        // Not to be had before all is compared: who looks for it by its number must not find another.
        changes.freed.push(line);
    }

    /// A new line for a wire.
    fn draw(
        &mut self,
        graph: &Graph,
        path: &FilterPath,
        prefix: &str,
        wire: &Connection,
        changes: &mut Changes,
    ) -> usize {
        let line = self.free.pop().unwrap_or(self.lines.len());
        if line == self.lines.len() {
            self.lines.push(Line::Gone);
            self.index_of.push(usize::MAX);
        }
        self.index_of[line] = usize::MAX;
        let ends = [&wire.from, &wire.to].map(|end| resolve(graph, path, end));
        self.lines[line] = match ends {
            [Ok(from), Ok(to)] => {
                let flat = Arc::new(FlatWire {
                    from,
                    to,
                    place: path.clone(),
                    asked: (wire.chosen != NOTHING).then(|| Box::new(wire.chosen.clone())),
                    line,
                });
                changes.new_wires.push(Arc::clone(&flat));
                Line::Wire(flat)
            }
            ends => {
                self.nowhere.insert(line);
                changes.has_problems = true;
                Line::Nowhere(nowhere(path, prefix, wire, ends))
            }
        };
        line
    }

    /// The line of a wire whose ends may lie elsewhere now.
    fn draw_again(
        &mut self,
        graph: &Graph,
        path: &FilterPath,
        prefix: &str,
        (line, wire): (usize, &Connection),
        changes: &mut Changes,
    ) -> usize {
        if let Line::Wire(flat) = &self.lines[line] {
            let is_there = |end, was: &PinAddress| resolve(graph, path, end).as_ref() == Ok(was);
            if is_there(&wire.from, &flat.from) && is_there(&wire.to, &flat.to) {
                return line;
            }
        }
        let index = self.index_of[line];
        self.drop_line(line, changes);
        let line = self.draw(graph, path, prefix, wire, changes);
        self.index_of[line] = index;
        line
    }
}

/// The name of a box inside groups.
fn within(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}{name}"),
    }
}

/// Why a wire leads nowhere.
fn nowhere(
    path: &FilterPath,
    prefix: &str,
    wire: &Connection,
    ends: [Result<PinAddress, String>; 2],
) -> Vec<Problem> {
    let [from, to] = [&wire.from, &wire.to]
        .map(|end| format!("{}.{}", end.filter, pin_words(&end.pin, end.instance)));
    let reasons = ends.into_iter().filter_map(Result::err);
    let problems = reasons.map(|reason| Problem {
        filter: (!path.0.is_empty()).then(|| path.clone()),
        text: format!("{prefix}wire from {from} to {to} leads nowhere: {reason}"),
        is_blocking: true,
    });
    problems.collect()
}

/// The order in which wires are agreed, which does not depend on how they were drawn; the flags say which take no part.
///
/// By the numbers of the boxes first, which they keep when they are grouped: the agreement stays the same. Wires that
/// take no part come last: they stand in nobody's way. Two wires between the same pins: by what was chosen for them.
pub(super) fn order(a: (bool, &FlatWire), b: (bool, &FlatWire)) -> Ordering {
    let ((a_out, a), (b_out, b)) = (a, b);
    let rank = |pin: &PinAddress, other: &PinAddress| {
        let id = |pin: &PinAddress| pin.filter.0.last().copied();
        let ids = id(pin).cmp(&id(other));
        let pins = ids.then_with(|| pin.pin.cmp(&other.pin));
        pins.then_with(|| pin.instance.cmp(&other.instance))
    };
    a_out
        .cmp(&b_out)
        .then_with(|| rank(&a.from, &b.from))
        .then_with(|| rank(&a.to, &b.to))
        .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        .then_with(|| format!("{:?}", a.chosen()).cmp(&format!("{:?}", b.chosen())))
        // Who is drawn inside a group comes before who is drawn around it.
        .then_with(|| b.place.cmp(&a.place))
}
