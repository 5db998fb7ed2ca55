//! What SysAudio builds for the window: ways between two pins and to where an output ends, with the user's own opinion of the
//! filters. All of it is one step of the history.

use super::{App, Selection};
use crate::graph::{Cure, CureKind, Edit, FilterId, PinAddress, Refusal};
use crate::ks::Descriptor;
use crate::sysaudio::{Attempt, Builder, Built, Outcome, Rendered, Site, Stopped};

impl App {
    /// How gladly a kind of filter is taken: as its user says, else as it says itself; what is hidden is not.
    pub(super) fn merit_of(&self, descriptor: &Descriptor) -> u32 {
        let preferences = self.preferences();
        let key: &str = &descriptor.key;
        match (
            preferences.blocked.contains(key),
            preferences.merits.get(key),
        ) {
            (true, _) => 0,
            (false, Some(own)) => *own,
            (false, None) => descriptor.merit,
        }
    }

    pub(super) fn with_builder<T>(&self, call: impl FnOnce(&Builder<'_>, &Site) -> T) -> T {
        let base = self.base();
        let site = Site {
            graph: self.graph.clone(),
            wiring: self.wiring.clone(),
        };
        let builder = Builder {
            catalogue: &self.catalogue,
            facts: &self.facts,
            base: base.as_deref(),
            sizes: &self.sizes,
            merit: &|descriptor| self.merit_of(descriptor),
            level: &self.place,
            is_told: true,
        };
        call(&builder, &site)
    }

    /// A wire between two pins of the shown graph with what it takes.
    pub(super) fn way_between(
        &self,
        from: &PinAddress,
        to: &PinAddress,
    ) -> Option<Result<Built, Box<Stopped>>> {
        let (from, to) = (self.pin_ref(from)?, self.pin_ref(to)?);
        Some(self.with_builder(|builder, site| builder.connect(site, &from, &to)))
    }

    /// Why the device behind one of two pins is not ready.
    pub(super) fn unready(&self, from: &PinAddress, to: &PinAddress) -> Option<Box<Refusal>> {
        if self.facts.is_nominal {
            return None;
        }
        let (from, to) = (self.pin_ref(from)?, self.pin_ref(to)?);
        self.with_builder(|builder, site| builder.not_ready(site, &from, &to))
    }

    /// What would help where no cure does, because it takes more than one or two filters, or one that is there: the way as a cure.
    pub(super) fn far_cure(&self, from: &PinAddress, to: &PinAddress) -> Option<Cure> {
        let built = self.way_between(from, to)?.ok()?;
        let text = match built.names.len() == built.through.len() {
            true => format!("Insert {}", listed(&built.names)),
            false => format!("Lead it through {}", listed(&built.through)),
        };
        let inserts = keys_added(&built.edit);
        Some(Cure {
            kind: CureKind::Insert,
            cost: inserts.len() as u32,
            values: vec![vec![]; inserts.len()],
            inserts,
            pins: None,
            set: None,
            text,
        })
    }

    /// Connects two pins through whatever it takes: one step. False when nothing leads there.
    pub(super) fn connect_through(&mut self, from: &PinAddress, to: &PinAddress) -> bool {
        match self.way_between(from, to) {
            Some(Ok(built)) => {
                let name = match built.names.is_empty() {
                    true => "Connect".to_owned(),
                    false => format!("Insert {}", built.names.join(" and ")),
                };
                self.tell_attempt(&built.attempt);
                if self.apply(&name, built.edit) {
                    self.select_added(built.added);
                    self.agree();
                }
                true
            }
            Some(Err(stopped)) => {
                self.tell_attempt(&stopped.attempt);
                false
            }
            None => false,
        }
    }

    /// What renders an output, and what was tried when nothing does.
    pub(super) fn way_to_end(&self, from: &PinAddress) -> Option<Result<Rendered, Box<Attempt>>> {
        let from = self.pin_ref(from)?;
        Some(self.with_builder(|builder, site| builder.render_pin(site, &from, false)))
    }

    /// Keeps what was tried last, to be looked at.
    pub(super) fn tell_attempt(&mut self, attempt: &Attempt) {
        if !attempt.inner.is_empty() || !attempt.outcome.holds() {
            self.built = Some(attempt.clone());
        }
    }

    /// Selects filters that came.
    pub(super) fn select_added(&mut self, added: Vec<FilterId>) {
        // Wires have other indices now: what was selected by them is not what is meant.
        self.selection.connections.clear();
        if !added.is_empty() {
            self.selection = Selection {
                filters: added.into_iter().collect(),
                ..Selection::default()
            };
        }
    }

    /// Renders an output by SysAudio: one step. `Err` says why not.
    pub(super) fn render_by_ways(&mut self, from: &PinAddress, name: &str) -> Result<(), String> {
        let found = self.way_to_end(from);
        let found = found.ok_or_else(|| "it is not in the graph".to_owned())?;
        match found {
            Ok(rendered) => {
                self.tell_attempt(&rendered.attempt);
                if let Outcome::Partly(words) = &rendered.attempt.outcome {
                    self.warn("Render Pin", format!("{name} is rendered {words}"));
                }
                if self.apply(&format!("Render {name}"), rendered.edit) {
                    self.select_added(rendered.added);
                    self.agree();
                }
                Ok(())
            }
            Err(attempt) => {
                self.tell_attempt(&attempt);
                Err(attempt.outcome.words())
            }
        }
    }
}

/// Keys of the filters that an edit adds, in order.
fn keys_added(edit: &Edit) -> Vec<String> {
    match edit {
        Edit::Batch(edits) => edits.iter().flat_map(keys_added).collect(),
        Edit::Add { node, .. } => node
            .kind
            .filter()
            .map(|it| it.key.clone())
            .into_iter()
            .collect(),
        _ => vec![],
    }
}

/// `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
