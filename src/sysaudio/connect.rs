//! Intelligent connect: a wire between two pins, direct or through what it takes (19.2).
//!
//! ```text
//!   direct  >  through filters that are there  >  through filters of the catalogue, by merit
//! ```
//! What is built is built on a copy and agreed there, wire by wire; of what does not hold nothing is left (INT-10).

use std::collections::BTreeSet;
use std::path::Path;

use super::attempt::{Attempt, Outcome};
use super::insert::{Bench, Cured, Sizes, wire};
use super::lay::Laid;
use crate::graph::route::{Goal, Look, MOST_ADDED, Routes, Seek, Stop};
use crate::graph::{
    Agreement, CureKind, Edit, FilterId, FilterPath, Graph, Negotiator, NodeKind, PinAddress,
    PinRef, Refusal, Step, Wiring, apply, settle, would_connect,
};
use crate::ks::{Catalogue, DataFlow, DataFormat, Descriptor, Facts, Status};

/// So many ways are built before it is given up.
const MOST_WAYS: usize = 32;

/// What a graph is built with.
#[derive(Clone, Copy)]
pub struct Builder<'a> {
    /// The filters on offer.
    pub catalogue: &'a Catalogue,
    /// The machine.
    pub facts: &'a Facts,
    /// The folder of the graph's file.
    pub base: Option<&'a Path>,
    /// Sizes of boxes that are known.
    pub sizes: &'a Sizes,
    /// How gladly each kind is taken.
    pub merit: &'a dyn Fn(&Descriptor) -> u32,
    /// The group in which it is built.
    pub level: &'a FilterPath,
    /// Whether every look is put down.
    pub is_told: bool,
}

/// A graph as it stands or would stand.
#[derive(Clone)]
pub struct Site {
    /// The document.
    pub graph: Graph,
    /// Its agreement, kept up with it.
    pub wiring: Negotiator,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// All of it, in the graph of the level.
    pub edit: Edit,
    /// Filters that were added, from the output on.
    pub added: Vec<FilterId>,
    /// Their names.
    pub names: Vec<String>,
    /// Names of all filters the way leads through.
    pub through: Vec<String>,
    /// What the last wire agreed.
    pub agreed: Agreement,
    /// What was tried.
    pub attempt: Attempt,
    /// Outputs of filters on the way that nothing is connected to yet.
    pub open: Vec<PinRef>,
    /// The two ends of its last wire.
    pub last: Option<(PinRef, PinRef)>,
}

/// Nothing was built.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// Why the direct wire is refused.
    pub refusal: Box<Refusal>,
    /// What was tried.
    pub attempt: Attempt,
}

/// Where a way may end: the goal, and which filters that let nothing through are one.
pub(super) type End<'e> = (Goal<'e>, &'e dyn Fn(&Stop, &Descriptor) -> bool);

impl Builder<'_> {
    /// A copy of a graph with an edit made and agreed; `None` where the edit cannot be made.
    pub(super) fn trial(&self, site: &Site, edit: &Edit) -> Option<Site> {
        let mut trial = site.clone();
        apply(&mut trial.graph, edit.clone().within(&self.level.0)).ok()?;
        settle(&mut trial.graph, self.catalogue);
        trial
            .wiring
            .agree(&trial.graph, self.catalogue, self.facts, self.base);
        Some(trial)
    }

    /// The graph that is built in.
    pub(super) fn shown<'g>(&self, site: &'g Site) -> &'g Graph {
        site.graph.graph_at(self.level).unwrap_or(&site.graph)
    }

    /// The pin that stands behind an end of a wire, whatever groups lie between.
    pub(super) fn address(&self, site: &Site, end: &PinRef) -> PinAddress {
        let outer = PinAddress {
            filter: self.level.child(end.filter),
            pin: end.pin.clone(),
            instance: end.instance,
        };
        site.graph.resolve(&outer).unwrap_or(outer)
    }

    /// What two pins would agree on as they stand.
    pub(super) fn direct(
        &self,
        site: &Site,
        from: &PinRef,
        to: &PinRef,
    ) -> Result<Agreement, Box<Refusal>> {
        let (from, to) = (self.address(site, from), self.address(site, to));
        would_connect(
            &site.wiring,
            self.catalogue,
            self.facts,
            self.base,
            &from,
            &to,
        )
    }

    /// A wire from one pin to another with whatever it takes. Ends that are given the wrong way round are turned (INT-1).
    pub fn connect(&self, site: &Site, from: &PinRef, to: &PinRef) -> Result<Built, Box<Stopped>> {
        let flow = |end: &PinRef| flow_of(&site.wiring, &self.address(site, end));
        let is_turned = (flow(from), flow(to)) == (Some(DataFlow::In), Some(DataFlow::Out));
        let (from, to) = if is_turned { (to, from) } else { (from, to) };
        let mut attempt = Attempt::new(
            self.pair(site, from, to),
            Outcome::Fails("nothing leads there".into()),
        );
        let direct = match self.not_ready(site, from, to) {
            Some(refusal) => Err(refusal),
            None => self.direct(site, from, to),
        };
        let refusal = match direct {
            Ok(agreed) => {
                attempt.outcome = Outcome::Holds(agreed.format.to_string());
                return Ok(Built {
                    edit: self.wired(site, from, to),
                    added: vec![],
                    names: vec![],
                    through: vec![],
                    agreed,
                    attempt,
                    open: vec![],
                    last: Some((from.clone(), to.clone())),
                });
            }
            Err(refusal) => refusal,
        };
        let first = Attempt::new("direct", Outcome::Refused(refusal.clone()));
        attempt.inner.push(first);
        if let Some(why) = ends_at_once(&refusal) {
            attempt.outcome = Outcome::Fails(why.into());
            return Err(Box::new(Stopped { refusal, attempt }));
        }
        let built = match refusal.step {
            Step::Instances => self.with_cures(site, (from, to), &refusal, &mut attempt),
            _ => {
                let goal = self.address(site, to);
                self.by_way(
                    site,
                    from,
                    (Goal::Pin(&goal), &|_, _| true),
                    Some(to),
                    &mut attempt,
                )
            }
        };
        match built {
            Some(mut built) => {
                attempt.outcome = Outcome::Holds(match built.through.is_empty() {
                    true => built.agreed.format.to_string(),
                    false => format!("through {}", built.through.join(", ")),
                });
                built.attempt = attempt;
                Ok(built)
            }
            None => Err(Box::new(Stopped { refusal, attempt })),
        }
    }

    /// The wire as it is, or why not: nothing is put in between. With a format it is that one.
    pub fn connect_direct(
        &self,
        site: &Site,
        from: &PinRef,
        to: &PinRef,
        format: Option<DataFormat>,
    ) -> Result<Built, Box<Stopped>> {
        let pair = self.pair(site, from, to);
        let found = match &format {
            None => self
                .direct(site, from, to)
                .map(|agreed| (self.wired(site, from, to), agreed)),
            Some(format) => self.with_format(site, (from, to), format),
        };
        match found {
            Ok((edit, agreed)) => Ok(Built {
                edit,
                added: vec![],
                names: vec![],
                through: vec![],
                attempt: Attempt::new(pair, Outcome::Holds(agreed.format.to_string())),
                agreed,
                open: vec![],
                last: Some((from.clone(), to.clone())),
            }),
            Err(refusal) => {
                let mut attempt = Attempt::new(pair, Outcome::Fails("refused".into()));
                let direct = Attempt::new("direct", Outcome::Refused(refusal.clone()));
                attempt.inner.push(direct);
                Err(Box::new(Stopped { refusal, attempt }))
            }
        }
    }

    /// The wire with a format that was chosen for it.
    fn with_format(
        &self,
        site: &Site,
        (from, to): (&PinRef, &PinRef),
        format: &DataFormat,
    ) -> Result<(Edit, Agreement), Box<Refusal>> {
        // What does not hold in any format is refused for that.
        self.direct(site, from, to)?;
        let mut edits = self.refused_between(site, from, to);
        let mut connection = wire(from, to);
        connection.chosen.format = Some(format.clone());
        edits.push(Edit::Connect(connection));
        let edit = Edit::Batch(edits);
        let ends = (self.address(site, from), self.address(site, to));
        let trial = self.trial(site, &edit);
        let made = trial
            .as_ref()
            .and_then(|it| it.wiring.wire(&ends.0, &ends.1));
        match made.map(|wire| wire.outcome.clone()) {
            Some(outcome) => outcome.map(|agreed| (edit, agreed)),
            None => self.direct(site, from, to).map(|agreed| (edit, agreed)),
        }
    }

    /// The wire itself; a refused one that stands there gives way.
    fn wired(&self, site: &Site, from: &PinRef, to: &PinRef) -> Edit {
        let mut edits = self.refused_between(site, from, to);
        edits.push(Edit::Connect(wire(from, to)));
        Edit::Batch(edits)
    }

    pub(super) fn refused_between(&self, site: &Site, from: &PinRef, to: &PinRef) -> Vec<Edit> {
        let mut wires = self.shown(site).connections.iter();
        let found = wires.position(|it| it.from == *from && it.to == *to);
        let ends = (self.address(site, from), self.address(site, to));
        let there = site.wiring.wire(&ends.0, &ends.1);
        let is_red = there.is_none_or(|wire| wire.outcome.is_err());
        let red = found.filter(|_| is_red);
        red.map(Edit::Disconnect).into_iter().collect()
    }

    /// Ways one after the other, the best first, until one holds.
    pub(super) fn by_way(
        &self,
        site: &Site,
        from: &PinRef,
        (goal, is_end): End<'_>,
        to: Option<&PinRef>,
        attempt: &mut Attempt,
    ) -> Option<Built> {
        let start = self.address(site, from);
        let mut routes = Routes::new(Seek {
            wiring: &site.wiring,
            catalogue: self.catalogue,
            facts: self.facts,
            base: self.base,
            merit: self.merit,
            from: &start,
            goal,
            is_end,
            is_told: self.is_told,
        });
        for round in 0..MOST_WAYS {
            let way = routes.best();
            let looks = match routes.is_cut_short {
                false => format!("{} pins", routes.looks.len()),
                true => "more pins than are looked at: what lies behind them was not seen".into(),
            };
            let mut looks = Attempt::new("look around", Outcome::Fails(looks));
            looks.inner = looked_at(&routes.looks);
            let Some(way) = way else {
                if self.is_told {
                    attempt.inner.push(looks);
                }
                if round == 0 {
                    let words = format!(
                        "no way through filters that are there, nor through up to {MOST_ADDED} of the catalogue"
                    );
                    attempt.outcome = Outcome::Fails(words);
                }
                return None;
            };
            let laid = self.lay(site, from, &way, to)?;
            let mut tried = Attempt::new(
                format!("through {}", laid.through.join(", ")),
                Outcome::Fails("it does not hold".into()),
            );
            if self.is_told && round == 0 {
                looks.outcome = Outcome::Holds(looks.outcome.words());
                tried.inner.push(looks);
            }
            match self.holds(site, &laid, &mut tried) {
                Ok(agreed) => {
                    tried.outcome = Outcome::Holds(String::new());
                    attempt.inner.push(tried);
                    return Some(Built {
                        edit: laid.edit,
                        added: laid.added,
                        names: laid.names,
                        through: laid.through,
                        agreed,
                        attempt: Attempt::new("", Outcome::Holds(String::new())),
                        open: laid.open,
                        last: laid.wires.last().cloned(),
                    });
                }
                Err(wire) => {
                    attempt.inner.push(tried);
                    routes.ban(&way, wire);
                }
            }
        }
        None
    }

    /// Whether all wires of a way hold, and no wire that held does not any more; else the number of the first that does not.
    fn holds(&self, site: &Site, laid: &Laid, tried: &mut Attempt) -> Result<Agreement, usize> {
        let last = laid.wires.len().saturating_sub(1);
        let Some(trial) = self.trial(site, &laid.edit) else {
            return Err(last);
        };
        let mut agreed = None;
        for (number, (from, to)) in laid.wires.iter().enumerate() {
            let ends = (self.address(&trial, from), self.address(&trial, to));
            let made = trial.wiring.wire(&ends.0, &ends.1);
            let what = self.pair(&trial, from, to);
            match made.map(|wire| &wire.outcome) {
                Some(Ok(found)) => {
                    let outcome = Outcome::Holds(found.format.to_string());
                    tried.inner.push(Attempt::new(what, outcome));
                    agreed = Some(found.clone());
                }
                Some(Err(refusal)) => {
                    tried
                        .inner
                        .push(Attempt::new(what, Outcome::Refused(refusal.clone())));
                    return Err(number);
                }
                None => return Err(number),
            }
        }
        if let Some(red) = newly_refused(&site.wiring, &trial.wiring) {
            let what = format!("{} -> {}", red.from, red.to);
            tried.inner.push(Attempt::new(what, Outcome::Refused(red)));
            // What was there before is disturbed by who was there before, as where a loop would close.
            let into = |end: &PinRef| !laid.added.contains(&end.filter);
            let mut hops = laid.wires.iter().take(laid.through.len());
            let there = hops.rposition(|(_, to)| into(to));
            return Err(there.unwrap_or(last));
        }
        let is_new = |text: &&crate::graph::Problem| {
            text.is_blocking && !site.wiring.problems.contains(text)
        };
        let path = |id: &FilterId| self.level.child(*id);
        let mine: BTreeSet<FilterPath> = laid.added.iter().map(path).collect();
        let mut problems = trial.wiring.problems.iter().filter(is_new);
        let problem = problems.find(|it| it.filter.as_ref().is_some_and(|it| mine.contains(it)));
        if let Some(problem) = problem {
            let said = Outcome::Fails(problem.text.clone());
            tried.inner.push(Attempt::new("it runs", said));
            return Err(last);
        }
        agreed.ok_or(last)
    }

    /// What a full pin takes: somebody who parts or adds, as its cures say.
    fn with_cures(
        &self,
        site: &Site,
        (from, to): (&PinRef, &PinRef),
        refusal: &Refusal,
        attempt: &mut Attempt,
    ) -> Option<Built> {
        let merits = |key: &String| {
            let kind = self.catalogue.get(key);
            kind.is_some_and(|kind| (self.merit)(kind.descriptor()) >= crate::ks::merit::UNLIKELY)
        };
        let inserts = refusal
            .cures
            .iter()
            .filter(|cure| cure.kind == CureKind::Insert && cure.inserts.iter().all(merits));
        for cure in inserts {
            let bench = Bench {
                graph: self.shown(site),
                catalogue: self.catalogue,
                fresh: FilterId(fresh(&site.graph)),
                sizes: self.sizes,
            };
            let nowhere = |_: &PinAddress| None;
            let Some(cured) = bench.carry_out((from, to), refusal.step, cure, &nowhere) else {
                continue;
            };
            let Cured {
                edit,
                last,
                names,
                added,
            } = cured;
            let laid = Laid {
                edit,
                added,
                through: names.clone(),
                names,
                wires: vec![last],
                open: vec![],
            };
            let mut tried = Attempt::new(&*cure.text, Outcome::Fails("it does not hold".into()));
            let found = self.holds(site, &laid, &mut tried);
            if found.is_ok() {
                tried.outcome = Outcome::Holds(String::new());
            }
            attempt.inner.push(tried);
            if let Ok(agreed) = found {
                return Some(Built {
                    edit: laid.edit,
                    added: laid.added,
                    names: laid.names,
                    through: laid.through,
                    agreed,
                    attempt: Attempt::new("", Outcome::Holds(String::new())),
                    open: vec![],
                    last: laid.wires.last().cloned(),
                });
            }
        }
        None
    }

    /// `Tone.out -> Gain.in`.
    pub(super) fn pair(&self, site: &Site, from: &PinRef, to: &PinRef) -> String {
        format!("{} -> {}", self.pin(site, from), self.pin(site, to))
    }

    /// `Tone.out`.
    pub(super) fn pin(&self, site: &Site, end: &PinRef) -> String {
        let node = self.shown(site).filters.get(&end.filter);
        let name = node.map_or("?", |node| &node.name);
        match end.instance {
            0 => format!("{name}.{}", end.pin),
            instance => format!("{name}.{}[{instance}]", end.pin),
        }
    }
}

/// Refusals that nothing between the two pins would help: a filter on a way closes the same loop, and what is not ready is not
/// ready for anybody (INT-2).
fn ends_at_once(refusal: &Refusal) -> Option<&'static str> {
    match refusal.step {
        _ if refusal.status == Status::DeviceNotReady => Some("the device is not ready"),
        Step::SameFilter => Some("a filter cannot feed itself"),
        Step::DataFlow => Some("a wire leads from an output to an input"),
        Step::Cycle => Some("whatever goes in between closes the same loop"),
        _ => None,
    }
}

/// Which way a pin's data flow.
pub(super) fn flow_of(wiring: &Wiring, pin: &PinAddress) -> Option<DataFlow> {
    let wired = wiring.filters.get(&pin.filter)?;
    let (_, factory) = wired.descriptor.as_deref()?.pin(&pin.pin)?;
    Some(factory.data_flow)
}

/// An id that no filter in any group has.
pub(super) fn fresh(graph: &Graph) -> u32 {
    let inner = graph.filters.values().map(|node| match &node.kind {
        NodeKind::Group(group) => fresh(&group.graph),
        NodeKind::Filter(_) => 0,
    });
    inner.fold(graph.fresh_id().0, u32::max)
}

/// A wire that held, or was not there to be refused, and is refused now.
fn newly_refused(before: &Wiring, after: &Wiring) -> Option<Box<Refusal>> {
    after.wires.iter().find_map(|wire| {
        let refusal = wire.outcome.as_ref().err()?;
        let was = before.wire(&wire.from, &wire.to);
        let is_old = was.is_some_and(|it| it.outcome.is_err());
        (!is_old).then(|| refusal.clone())
    })
}

/// What was looked at as attempts, those behind another below it as far as their order tells.
fn looked_at(looks: &[Look]) -> Vec<Attempt> {
    let mut roots: Vec<Attempt> = vec![];
    for look in looks {
        let outcome = match &look.reason {
            None => Outcome::Holds("takes it".into()),
            Some(reason) => Outcome::Fails(reason.clone()),
        };
        let attempt = Attempt::new(format!("{} -> {}", look.from, look.to), outcome);
        // Below the look that led to the output it starts from.
        let filter = look.from.rsplit_once('.').map_or("", |(name, _)| name);
        match (look.depth > 0).then(|| find(&mut roots, filter)).flatten() {
            Some(parent) => parent.inner.push(attempt),
            None => roots.push(attempt),
        }
    }
    roots
}

/// The attempt that ends at a filter of that name.
fn find<'t>(tree: &'t mut [Attempt], filter: &str) -> Option<&'t mut Attempt> {
    for attempt in tree {
        let end = attempt.what.rsplit_once(" -> ").map(|(_, end)| end);
        let name = end.and_then(|end| end.rsplit_once('.'));
        if name.is_some_and(|(name, _)| name == filter) && attempt.outcome.holds() {
            return Some(attempt);
        }
        if let Some(found) = find(&mut attempt.inner, filter) {
            return Some(found);
        }
    }
    None
}
