//! The search itself: breadth first by the number of filters that have to be added, over what is left of a format behind
//! each output. What two ways leave alike is looked at once, by the better of them; what cannot lead to the goal by the mere
//! kinds of its streams (`reach.rs`) is not looked at.

use std::collections::{HashSet, VecDeque};

use super::super::cures::{Side, common};
use super::super::narrow::tidy;
use super::super::pipes::pair_fault;
use super::super::words;
use super::reach::{Kinds, Reach};
use super::vertex::{Seat, Vertex};
use super::{Goal, Hop, Look, MOST_ADDED, Routes, Way};
use crate::ks::{Communication, DataRange, Descriptor, Interface, Medium, Settings};

/// Stands for the output that was asked about, and for the goal.
pub(super) const NOWHERE: usize = usize::MAX;
/// More pins than that are not looked at: what is not found by then is not looked for.
const MOST_LOOKS: usize = 50_000;
/// More looks than that are not put down in words.
const MOST_TOLD: usize = 2_000;

/// What may come out at the end of a way that has begun.
struct State {
    /// The state before it, in the list of all.
    before: Option<usize>,
    vertex: usize,
    input: Seat,
    output: Seat,
    ranges: Vec<DataRange>,
    added: usize,
    depth: usize,
}

/// All of an output that matters to who comes after it.
type Key = (Communication, Vec<Medium>, Vec<Interface>, Vec<DataRange>);

fn key(side: Side<'_>) -> Key {
    (
        side.pin.communication,
        side.pin.all_mediums().to_vec(),
        side.pin.all_interfaces().to_vec(),
        side.ranges.to_vec(),
    )
}

/// What two pins have in common, framing included; `None` where a link, a format or frames are missing.
fn meet(
    (from, giver): (Side<'_>, &Descriptor),
    (to, taker): (Side<'_>, &Descriptor),
) -> Option<Vec<DataRange>> {
    let both = tidy(common(from, to)?);
    let is_any = both.iter().any(|range| range.choose().is_some());
    let frames = || {
        let mut mediums = from.pin.all_mediums().iter();
        let medium = mediums.find(|it| to.pin.all_mediums().contains(it));
        medium.is_some_and(|it| it.is_hard_wired())
            || pair_fault((giver, from.answering.1), (taker, to.answering.1)).is_none()
    };
    (is_any && frames()).then_some(both)
}

/// Why two pins do not meet.
fn apart(
    (from, from_name): (Side<'_>, &str),
    (to, to_name): (Side<'_>, &str),
    descriptors: (&Descriptor, &Descriptor),
) -> String {
    if from
        .pin
        .communication
        .issues_to(to.pin.communication)
        .is_none()
    {
        return format!(
            "{from_name} is {}, {to_name} is {}",
            from.pin.communication.name(),
            to.pin.communication.name()
        );
    }
    let mut mediums = from.pin.all_mediums().iter();
    if !mediums.any(|it| to.pin.all_mediums().contains(it)) {
        return "no medium in common".into();
    }
    let mut interfaces = from.pin.all_interfaces().iter();
    if !interfaces.any(|it| to.pin.all_interfaces().contains(it)) {
        return "no interface in common".into();
    }
    let sides = (
        (descriptors.0, from.answering.1),
        (descriptors.1, to.answering.1),
    );
    let fits = common(from, to).is_some_and(|both| !both.is_empty());
    if fits && let Some((offered, wanted)) = pair_fault(sides.0, sides.1) {
        return format!("{from_name} has {offered}, {to_name} has {wanted}");
    }
    let is_push = from.pin.communication.issues_to(to.pin.communication) == Some(true);
    let (offered, wanted) = words::apart((from_name, from.ranges), (to_name, to.ranges), is_push);
    format!("{offered}, {wanted}")
}

/// Who is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    There,
    New,
}

/// One run through everything.
struct Run<'r, 'a> {
    routes: &'r Routes<'a>,
    states: Vec<State>,
    known: HashSet<Key>,
    looks: Vec<Look>,
    count: usize,
    /// States to be looked at, those of the present number of added filters and of the next.
    now: VecDeque<usize>,
    next: Vec<usize>,
    reach: Reach,
}

pub(super) fn search(routes: &mut Routes<'_>) -> Option<Way> {
    let mut run = Run {
        routes,
        states: vec![],
        known: HashSet::new(),
        looks: vec![],
        count: 0,
        now: VecDeque::new(),
        next: vec![],
        reach: Reach::new(routes),
    };
    let way = run.all();
    let (looks, count) = (std::mem::take(&mut run.looks), run.count);
    routes.looks = looks;
    routes.is_cut_short = count >= MOST_LOOKS;
    way
}

impl Run<'_, '_> {
    fn all(&mut self) -> Option<Way> {
        let start = self.routes.start.as_ref()?;
        self.known.insert(key(start.side()));
        let mut settled = vec![None];
        if let Some(way) = self.look(None, Among::There) {
            return Some(way);
        }
        loop {
            // All that costs no more first: the goal may be there, whatever else could be added.
            while let Some(at) = self.now.pop_front() {
                // What a better way has left alike is not looked at again.
                if !self.settles(at) {
                    continue;
                }
                if let Some(way) = self.look(Some(at), Among::There) {
                    return Some(way);
                }
                settled.push(Some(at));
            }
            for at in settled.drain(..) {
                if self.count >= MOST_LOOKS {
                    return None;
                }
                self.look(at, Among::New);
            }
            if self.next.is_empty() {
                return None;
            }
            self.now = std::mem::take(&mut self.next).into();
        }
    }

    /// The output of a state, or the one that was asked about.
    fn side(&self, at: Option<usize>) -> Option<(Side<'_>, &Descriptor)> {
        match at {
            None => {
                let start = self.routes.start.as_ref()?;
                Some((start.side(), start.descriptor))
            }
            Some(at) => {
                let state = &self.states[at];
                let vertex = &self.routes.vertices[state.vertex];
                Some((
                    vertex.side(state.output.0, &state.ranges),
                    &vertex.descriptor,
                ))
            }
        }
    }

    /// What takes the output of a state: the goal first, then filters that can be led through, those that are there or those that
    /// would have to be added.
    fn look(&mut self, at: Option<usize>, among: Among) -> Option<Way> {
        let (added, depth, from) = match at {
            None => (0, 0, NOWHERE),
            Some(at) => {
                let state = &self.states[at];
                (state.added, state.depth, state.vertex)
            }
        };
        if among == Among::There {
            if at.is_some_and(|at| self.routes.vertices[self.states[at].vertex].is_end()) {
                return Some(self.way(at, None));
            }
            let is_banned = self.routes.banned.contains(&(from, NOWHERE));
            if let Some(end) = &self.routes.end
                && !is_banned
            {
                let offer = self.side(at)?;
                // The direct wire was tried before anybody asked for a way.
                if at.is_some() && meet(offer, (end.side(), end.descriptor)).is_some() {
                    return Some(self.way(at, None));
                }
            }
        }
        let mut kinds = Kinds::of(self.side(at)?.0.ranges);
        if self.routes.seek.is_told && depth == 0 {
            // Who asks for words hears of every pin beside the output.
            kinds = Kinds::any();
        }
        let routes = self.routes;
        for (number, vertex) in routes.vertices.iter().enumerate() {
            let is_end = matches!(routes.seek.goal, Goal::End { .. })
                && vertex.is_end()
                && (routes.seek.is_end)(&vertex.stop, &vertex.descriptor);
            let is_useless = vertex.is_end() && !is_end || vertex.is_new() != (among == Among::New);
            let cost = added + usize::from(vertex.is_new());
            let is_dear = cost > MOST_ADDED;
            let is_again = !vertex.is_new() && self.is_on(at, number);
            if is_useless || is_dear || is_again || routes.banned.contains(&(from, number)) {
                continue;
            }
            for &input in &vertex.inputs {
                if !kinds.meets(&vertex.kinds[input.0]) {
                    continue;
                }
                let Some(lists) = self.through((at, depth), number, input) else {
                    continue;
                };
                if is_end {
                    // A filter that is there ends a way at once; one that has to be added costs what any other does.
                    if !vertex.is_new() {
                        return Some(self.way(at, Some((number, input))));
                    }
                    self.put(at, (number, input, input), vec![], (cost, depth + 1));
                    continue;
                }
                for &output in &vertex.outputs {
                    let ranges = lists[output.0].clone();
                    if ranges.is_empty() {
                        continue;
                    }
                    let side = vertex.side(output.0, &ranges);
                    let left = MOST_ADDED - cost;
                    if self.reach.leads(&ranges, left) && !self.known.contains(&key(side)) {
                        self.put(at, (number, input, output), ranges, (cost, depth + 1));
                    }
                }
            }
        }
        None
    }

    /// Whether a state is the first to leave what it leaves.
    fn settles(&mut self, at: usize) -> bool {
        let state = &self.states[at];
        let vertex = &self.routes.vertices[state.vertex];
        vertex.is_end()
            || self
                .known
                .insert(key(vertex.side(state.output.0, &state.ranges)))
    }

    fn put(
        &mut self,
        before: Option<usize>,
        (vertex, input, output): (usize, Seat, Seat),
        ranges: Vec<DataRange>,
        (added, depth): (usize, usize),
    ) {
        let at = self.states.len();
        self.states.push(State {
            before,
            vertex,
            input,
            output,
            ranges,
            added,
            depth,
        });
        match self.routes.vertices[vertex].is_new() {
            true => self.next.push(at),
            false => self.now.push_back(at),
        }
    }

    /// Whether the way to a state leads through a filter already.
    fn is_on(&self, at: Option<usize>, vertex: usize) -> bool {
        let mut at = at;
        while let Some(state) = at.map(|at| &self.states[at]) {
            if state.vertex == vertex {
                return true;
            }
            at = state.before;
        }
        false
    }

    /// What is left on the pins of a filter when the output of a state comes in at one of them.
    fn through(
        &mut self,
        (at, depth): (Option<usize>, usize),
        number: usize,
        input: Seat,
    ) -> Option<Vec<Vec<DataRange>>> {
        self.count += 1;
        let routes = self.routes;
        let vertex = &routes.vertices[number];
        let (offer, giver) = self.side(at)?;
        let want = vertex.side(input.0, &vertex.lists[input.0]);
        let met = meet((offer, giver), (want, &vertex.descriptor));
        let reason = match met.is_none() && routes.seek.is_told {
            true => {
                let (from, to) = self.names(at, vertex, input);
                Some(apart(
                    (offer, &from),
                    (want, &to),
                    (giver, &vertex.descriptor),
                ))
            }
            false => None,
        };
        let lists = met.and_then(|taken| {
            let mut lists: Vec<Vec<DataRange>> =
                vertex.lists.iter().map(|list| list.to_vec()).collect();
            lists[input.0] = taken;
            let settings = Settings {
                values: &vertex.values,
                base: routes.seek.base,
            };
            vertex
                .kind
                .constrain(&vertex.descriptor, &settings, &mut lists);
            (!lists[input.0].is_empty()).then_some(lists)
        });
        // Of a kind that does not take it as it comes, its other settings are told only where they do.
        let is_variant =
            matches!(&vertex.stop, super::Stop::New { values, .. } if !values.is_empty());
        let is_news = lists.is_some() || !is_variant;
        if routes.seek.is_told && is_news && self.looks.len() < MOST_TOLD {
            let (from, to) = self.names(at, vertex, input);
            let reason = match (&lists, reason) {
                (None, None) => Some(format!("{} is left without a format", vertex.name)),
                (_, reason) => reason,
            };
            self.looks.push(Look {
                depth,
                from,
                to,
                reason,
            });
        }
        lists
    }

    /// What a look is called.
    fn names(&self, at: Option<usize>, vertex: &Vertex<'_>, input: Seat) -> (String, String) {
        let pin = |name: &str, descriptor: &Descriptor, factory: usize| {
            format!("{name}.{}", descriptor.pins[factory].name)
        };
        let from = match (at, &self.routes.start) {
            (Some(at), _) => {
                let state = &self.states[at];
                let vertex = &self.routes.vertices[state.vertex];
                pin(&vertex.name, &vertex.descriptor, state.output.0)
            }
            (None, Some(start)) => pin(&start.name, start.descriptor, start.factory),
            (None, None) => String::new(),
        };
        (from, pin(&vertex.name, &vertex.descriptor, input.0))
    }

    /// The way that leads to a state, and on to a filter where it ends.
    fn way(&self, at: Option<usize>, last: Option<(usize, Seat)>) -> Way {
        let mut hops = vec![];
        let mut over = vec![];
        if let Some((number, input)) = last {
            hops.push(self.hop(number, input, None));
            over.push(number);
        }
        let mut at = at;
        while let Some(state) = at.map(|at| &self.states[at]) {
            let vertex = &self.routes.vertices[state.vertex];
            let output = (!vertex.is_end()).then_some(state.output);
            hops.push(self.hop(state.vertex, state.input, output));
            over.push(state.vertex);
            at = state.before;
        }
        hops.reverse();
        over.reverse();
        let added = over.iter().filter(|&&it| self.routes.vertices[it].is_new());
        Way {
            added: added.count(),
            hops,
            over,
        }
    }

    fn hop(&self, number: usize, input: Seat, output: Option<Seat>) -> Hop {
        let vertex = &self.routes.vertices[number];
        let named = |seat: Seat| (vertex.descriptor.pins[seat.0].name.to_string(), seat.1);
        let others = vertex.outputs.iter().filter(|&&it| Some(it) != output);
        Hop {
            stop: vertex.stop.clone(),
            input: named(input),
            output: output.map(named),
            others: others.map(|&it| named(it)).collect(),
        }
    }
}
