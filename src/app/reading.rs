//! What a screen may read: the view as a whole, and figures and states of single filters and wires. Nothing here
//! changes anything.

use std::collections::BTreeMap;

use super::playing::Playing;
use super::{App, Document, FilterStatus, View, Xrun};
use crate::engine::Cells;
use crate::graph::{Agreement, FilterPath, PinAddress, Refusal, would_connect};
use crate::ks::{State, Telemetry};

/// Keys of the filters that letter keys play.
const KEYBOARDS: [&str; 2] = ["keyboard", "on_screen_keyboard"];

impl App {
    /// What a screen may see.
    pub fn view(&self) -> View<'_> {
        let name = self.path.as_ref().and_then(|path| path.file_name());
        View {
            graph: self.shown(),
            here: &self.place,
            wiring: &self.wiring,
            catalogue: &self.catalogue,
            facts: &self.facts,
            selection: &self.selection,
            document: Document {
                name: name.map_or_else(
                    || "untitled.ron".into(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                path: self.path.clone(),
                is_dirty: self.history.is_dirty(),
            },
            undo: (self.score_steps.undo_name(self.history.state()))
                .or_else(|| self.history.undo_name().map(str::to_owned)),
            redo: (self.score_steps.redo_name(self.history.state()))
                .or_else(|| self.history.redo_name().map(str::to_owned)),
            requested: self.requested,
            cells: self.cells(),
            quantum: self.playing.as_ref().map_or(0, Playing::quantum),
            device: &self.desk.name,
            granted: self.desk.driving.as_ref(),
            follows_default: self.preferences().follow_default,
            refusal: self.refusal.as_ref(),
            banners: &self.banners,
            log: &self.log,
            play_mode: self.play_mode.as_ref(),

            preferences: self.preferences(),

            app: self,
        }
    }

    /// Figures of the audio thread.
    pub fn cells(&self) -> Option<&Cells> {
        self.playing.as_ref().map(Playing::cells)
    }

    /// Whether every source has given its last sample since the graph was set running.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Gaps in what was heard, in order.
    pub fn xruns(&self) -> &[Xrun] {
        self.xruns.list()
    }

    /// How many there were. Of a storm only the first ones are kept one by one.
    pub fn xrun_count(&self) -> u64 {
        self.xruns.count()
    }

    /// Letter keys play filters that take live events and nothing from a device: those with an output of events only.
    pub(super) fn is_keyboard(&self, path: &FilterPath) -> bool {
        use crate::graph::NodeKind;
        let node = self.graph.at(path);
        node.is_some_and(
            |node| matches!(&node.kind, NodeKind::Filter(filter) if KEYBOARDS.contains(&filter.key.as_str())),
        )
    }

    pub(super) fn status(&self, path: &FilterPath) -> FilterStatus {
        let Some(filter) = self
            .wiring
            .filters
            .get(path)
            .filter(|filter| filter.descriptor.is_some())
        else {
            return self.status_inside(path).unwrap_or(FilterStatus::Missing);
        };
        if filter.is_disabled {
            return FilterStatus::Disabled;
        }
        if filter.is_bypassed {
            return FilterStatus::Bypassed(match self.wiring.bypass(path) {
                Ok(_) => "bypassed, in goes to out".into(),
                Err(why) => format!("left out: {why}"),
            });
        }
        if let Some(words) = self.barred_words(path) {
            return FilterStatus::Faulty(words.into());
        }
        let playing = self.playing.as_ref();
        if let Some(fault) = playing.and_then(|playing| playing.fault(path)) {
            return FilterStatus::Faulty(fault.clone());
        }
        let class = playing.and_then(|playing| playing.open(path)?.class.as_ref());
        if let Some(health) = class.map(|class| class.health())
            && health != crate::ks::Health::Well
        {
            let words = format!(
                "{}; Load Again on its page Class tries once more",
                health.words()
            );
            return FilterStatus::Faulty(words);
        }
        if let Some(trouble) = self.bank_trouble(path) {
            return FilterStatus::Faulty(trouble);
        }
        if playing.is_some_and(|playing| playing.open(path).is_some()) {
            return FilterStatus::Ready(self.state_of_filter(path).unwrap_or_default());
        }
        let reason = self.wiring.problem_of(path).map_or_else(
            || format!("{} is not connected", filter.name),
            |problem| problem.text.clone(),
        );
        FilterStatus::Idle(reason)
    }

    /// What the filters inside one that is made of others cost together, and the latency of the longest way through them.
    fn cost_inside(&self, path: &FilterPath) -> Option<(u32, usize)> {
        self.graph.at(path)?.kind.filter()?;
        let is_inside = |it: &FilterPath| it.0.len() > path.0.len() && it.0.starts_with(&path.0);
        let filters = self.wiring.filters.keys().filter(|it| is_inside(it));
        let costs = filters.map(|it| Some((it, self.cost(it)?)));
        let costs: BTreeMap<&FilterPath, (u32, usize)> = costs.collect::<Option<_>>()?;
        let mut late: BTreeMap<&FilterPath, usize> =
            costs.iter().map(|(it, cost)| (*it, cost.1)).collect();
        let wires = self.wiring.wires.iter();
        let wires: Vec<_> = wires
            .filter(|wire| is_inside(&wire.from.filter) && is_inside(&wire.to.filter))
            .collect();
        // So many rounds as filters are enough for any way; loops end with them.
        for _ in 0..costs.len() {
            for wire in &wires {
                let before = late.get(&wire.from.filter).copied().unwrap_or_default();
                let own = costs.get(&wire.to.filter).map_or(0, |cost| cost.1);
                if let Some(late) = late.get_mut(&wire.to.filter) {
                    *late = (*late).max(before.saturating_add(own));
                }
            }
        }
        let nanos = costs.values().map(|cost| cost.0);
        Some((
            nanos.fold(0, u32::saturating_add),
            late.into_values().max()?,
        ))
    }

    /// What a filter made of others is doing: what ails one of them, else as far as all of them are.
    fn status_inside(&self, path: &FilterPath) -> Option<FilterStatus> {
        let node = self.graph.at(path)?.kind.filter()?;
        if node.is_disabled {
            return Some(FilterStatus::Disabled);
        }
        if node.is_bypassed {
            return Some(FilterStatus::Bypassed(
                "bypassed with all that is inside".into(),
            ));
        }
        let filters = self.wiring.filters.keys();
        let mut parts = filters.filter(|it| it.0.len() > path.0.len() && it.0.starts_with(&path.0));
        let rank = |status: &FilterStatus| match status {
            FilterStatus::Faulty(_) => (0, State::Stop),
            FilterStatus::Missing | FilterStatus::Idle(_) => (1, State::Stop),
            FilterStatus::Ready(state) => (2, *state),
            FilterStatus::Bypassed(_) | FilterStatus::Disabled => (3, State::Run),
        };
        let first = parts.next().map(|it| self.status(it))?;
        let all = parts.map(|it| self.status(it));
        Some(all.fold(first, |worst, it| match rank(&it) < rank(&worst) {
            true => it,
            false => worst,
        }))
    }

    pub(super) fn telemetry(&self, filter: &FilterPath) -> Option<&Telemetry> {
        self.playing.as_ref()?.open(filter)?.telemetry.as_ref()
    }

    pub(super) fn level(&self, from: &PinAddress, to: &PinAddress) -> f32 {
        self.playing
            .as_ref()
            .map_or(0.0, |playing| playing.level(from, to))
    }

    pub(super) fn cost(&self, filter: &FilterPath) -> Option<(u32, usize)> {
        let Some(open) = self.playing.as_ref()?.open(filter) else {
            return self.cost_inside(filter);
        };
        Some((self.cells()?.cost_nanos(open.entry), open.latency_samples))
    }

    pub(super) fn would_connect(
        &self,
        from: &PinAddress,
        to: &PinAddress,
    ) -> Result<Agreement, Box<Refusal>> {
        would_connect(
            &self.wiring,
            &self.catalogue,
            &self.facts,
            self.base().as_deref(),
            &self.resolved(from),
            &self.resolved(to),
        )
    }
}
