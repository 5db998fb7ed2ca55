//! Leading a wire that is there through a filter.

use super::{Pending, cost};
use crate::app::App;
use crate::graph::arrange::{Area, make_room};
use crate::graph::{Connection, Edit, FilterId, PinAddress, PinRef, Position, Refusal};
use crate::ks::DataFlow;
use crate::sysaudio::area;
use crate::sysaudio::wire;

impl App {
    /// Puts a new filter into a wire, if both halves agree.
    pub(in crate::app) fn insert_on_wire(&mut self, key: &str, at: Position, connection: usize) {
        let Some(kind) = self.catalogue.get(key) else {
            self.tell(format!("There is no filter with the key {key:?}"));
            return;
        };
        let title = kind.descriptor().title.clone();
        let id = self.fresh_id();
        let mut start = vec![self.add_filter(id, key, &title, at)];
        start.extend(self.make_way(&start[0], id));
        self.thread(&format!("Insert {title}"), id, start, connection);
    }

    /// Leads a wire through a filter that is there.
    pub(in crate::app) fn drop_on_wire(&mut self, filter: FilterId, connection: usize) {
        let Some(node) = self.shown().filters.get(&filter) else {
            return;
        };
        let name = format!("Insert {}", node.name);
        let start = self.make_way(&Edit::Batch(vec![]), filter);
        self.thread(&name, filter, start.into_iter().collect(), connection);
    }

    /// The move that keeps a box from standing on others once an edit is made: it gives way, or they do.
    fn make_way(&self, edit: &Edit, id: FilterId) -> Option<Edit> {
        let trial = self.trial(edit)?;
        let graph = self.shown_in(&trial.graph);
        let area = |id| area(graph, &self.catalogue, &self.sizes, id);
        let others: Vec<(FilterId, Area)> = graph
            .filters
            .keys()
            .filter(|&&other| other != id)
            .map(|&other| (other, area(other)))
            .collect();
        let new = area(id);
        if !others.iter().any(|(_, other)| new.is_near(other, 0.0)) {
            return None;
        }
        let mut placed = make_room(&others, new.at, new.size, None);
        placed.moves.push((id, placed.at));
        Some(Edit::Move(placed.moves))
    }

    /// Leads a wire through a filter: the first pins of which both halves hold. Else the refusal that is nearest to
    /// holding is shown, and its cure does it all.
    fn thread(&mut self, name: &str, id: FilterId, first: Vec<Edit>, index: usize) {
        let Some(old) = self.shown().connections.get(index).cloned() else {
            return;
        };
        if old.from.filter == id || old.to.filter == id {
            return;
        }
        let mut start: Vec<Edit> = vec![Edit::Disconnect(index)];
        start.extend(first);
        let Some(trial) = self.trial(&Edit::Batch(start.clone())) else {
            return;
        };
        let pins = |flow| self.free_pins(&trial, id, flow);
        let (inputs, outputs) = (pins(DataFlow::In), pins(DataFlow::Out));
        // What was chosen for the wire is kept where it can be: for both halves, or for one.
        let plain = crate::graph::Chosen::default();
        let choices = match old.chosen == plain {
            true => vec![(&plain, &plain)],
            false => vec![
                (&old.chosen, &old.chosen),
                (&old.chosen, &plain),
                (&plain, &old.chosen),
                (&plain, &plain),
            ],
        };
        let mut nearest: Option<(u32, PinAddress, PinAddress, Refusal, Edit)> = None;
        for (input, output) in inputs
            .iter()
            .flat_map(|it| outputs.iter().map(move |o| (it, o)))
        {
            for (before, behind) in &choices {
                let mut edits = start.clone();
                edits.push(Edit::Connect(Connection {
                    from: old.from.clone(),
                    to: input.clone(),
                    chosen: (*before).clone(),
                }));
                edits.push(Edit::Connect(Connection {
                    from: output.clone(),
                    to: old.to.clone(),
                    chosen: (*behind).clone(),
                }));
                let edit = Edit::Batch(edits);
                let Some(trial) = self.trial(&edit) else {
                    continue;
                };
                // The two halves were drawn last.
                let count = self.shown_in(&trial.graph).connections.len();
                let wires = trial.wiring.wires.iter();
                let stuck = wires
                    .filter(|wire| wire.place == self.place && wire.index + 2 >= count)
                    .find_map(|wire| Some((wire, wire.outcome.as_ref().err()?)));
                match stuck {
                    None if self.is_no_worse(&trial.wiring) => {
                        self.refusal = None;
                        if self.apply(name, edit) {
                            self.select_one(id);
                            self.agree();
                        }
                        return;
                    }
                    None => {}
                    Some((wire, refusal)) => {
                        let cost = cost(refusal);
                        if nearest.as_ref().is_none_or(|it| cost < it.0) {
                            let (from, to) = (wire.from.clone(), wire.to.clone());
                            nearest = Some((cost, from, to, (**refusal).clone(), edit));
                        }
                    }
                }
            }
        }
        if nearest.is_none() && (inputs.is_empty() != outputs.is_empty()) {
            self.join(name, id, start, (&old, &inputs, &outputs));
            return;
        }
        match nearest {
            Some((_, from, to, refusal, edit)) => {
                self.refuse(&from, &to, refusal);
                self.pending = Some(Pending {
                    name: name.to_owned(),
                    edit,
                    selection: Some(id),
                });
            }
            None => self.cannot_stand(name, id, &inputs, &outputs),
        }
    }

    /// What only gives or only takes cannot stand in a wire, but beside it: a source joins what the wire leads to, and
    /// what only takes is fed by what the wire comes from. The pin is taken, and the cure of that makes room.
    fn join(
        &mut self,
        name: &str,
        id: FilterId,
        mut start: Vec<Edit>,
        (old, inputs, outputs): (&Connection, &[PinRef], &[PinRef]),
    ) {
        // The wire itself stays.
        start.remove(0);
        let pairs: Vec<(PinRef, PinRef)> = match outputs.is_empty() {
            false => outputs
                .iter()
                .map(|it| (it.clone(), old.to.clone()))
                .collect(),
            true => inputs
                .iter()
                .map(|it| (old.from.clone(), it.clone()))
                .collect(),
        };
        let mut nearest: Option<(u32, PinAddress, PinAddress, Refusal, Edit)> = None;
        for (from, to) in pairs {
            let mut edits = start.clone();
            edits.push(Edit::Connect(wire(&from, &to)));
            let edit = Edit::Batch(edits);
            let Some(trial) = self.trial(&edit) else {
                continue;
            };
            let count = self.shown_in(&trial.graph).connections.len();
            let mut wires = trial.wiring.wires.iter();
            let made = wires.find(|wire| wire.place == self.place && wire.index + 1 == count);
            // Which of two wires to one pin is the refused one is the agreement's choice.
            let (from, to) = (self.address(&from), self.address(&to));
            let refusal = match made.map(|wire| &wire.outcome) {
                Some(Err(refusal)) => (**refusal).clone(),
                Some(Ok(_)) if self.is_no_worse(&trial.wiring) => {
                    self.refusal = None;
                    if self.apply(name, edit) {
                        self.select_one(id);
                        self.agree();
                    }
                    return;
                }
                _ => {
                    let bare = self.trial(&Edit::Batch(start.clone()));
                    let held = bare.map(|bare| self.would_hold(bare.both(), &from, &to));
                    let Some(Err(refusal)) = held else { continue };
                    *refusal
                }
            };
            let cost = cost(&refusal);
            let is_better = nearest.as_ref().is_none_or(|it| cost < it.0);
            if is_better && !refusal.cures.is_empty() {
                nearest = Some((cost, from, to, refusal, edit));
            }
        }
        match nearest {
            Some((_, from, to, refusal, edit)) => {
                self.refuse(&from, &to, refusal);
                self.pending = Some(Pending {
                    name: name.to_owned(),
                    edit,
                    selection: Some(id),
                });
            }
            None => self.cannot_stand(name, id, inputs, outputs),
        }
    }

    /// Nothing helps: it is told why.
    fn cannot_stand(&mut self, name: &str, id: FilterId, inputs: &[PinRef], outputs: &[PinRef]) {
        let is_new = !self.shown().filters.contains_key(&id);
        let what = if is_new { "That filter" } else { "It" };
        let missing = match (inputs.is_empty(), outputs.is_empty()) {
            (true, true) => "no free input and no free output",
            (true, false) => "no free input",
            (false, true) => "no free output",
            (false, false) => "no pins that go with both ends",
        };
        let text = format!("{what} cannot stand in the wire: it has {missing}");
        self.warn(name, text);
    }
}
