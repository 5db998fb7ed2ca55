//! A plan laid out: delay lines, cuts and frames in their tables, the steps that were listed (`listing.rs`), and all that is
//! found from them. Opens nothing (`compile.rs`).

use std::sync::Arc;

use super::align::Align;
use super::compile::Builder;
use super::cut::Cut;
use super::islands::{Ground, split};
use super::line::Line;
use super::listing::{Desk, Plot, curious};
use super::outline::Outline;
use super::plan::{Plan, Step};
use super::runs::{Hops, Runs, Skills, gather};
use super::spec::{Spec, SpecWire};
use super::table::{Shape, Tables};
use super::tap::Sight;
use crate::graph::Way;
use crate::ks::{DataFormat, Kind, Output, StreamHeader, Telemetry};

/// How long what leaves and what arrives fades, as a part of a second.
const FADES_PER_SECOND: u32 = 100;

impl Builder {
    /// The delay lines of a layout by wire, in the order that plans keep them in, and the longest cycle they allow.
    fn lines(&self, spec: &Spec, tables: &mut Tables) -> (Vec<(usize, Line)>, usize) {
        let mut longest = self.quantum;
        let lines = by_identity(spec, |wire| wire.delay.is_some()).filter_map(|wire| {
            let (line, most) = Line::new(spec, wire, tables, self.quantum)?;
            longest = longest.min(most);
            Some((wire, line))
        });
        let lines = lines.collect();
        (lines, longest)
    }

    /// Where sound is cut anew, in the order that plans keep that in.
    fn cuts(&self, spec: &Spec, tables: &mut Tables, plot: &mut Plot) -> Vec<Cut> {
        let mut cuts = vec![];
        for wire in by_identity(spec, |wire| wire.cut.is_some()) {
            let it = &spec.wires[wire];
            let (Some(len), Some(audio)) = (it.cut, it.format().audio) else {
                continue;
            };
            let shape = Shape::of(Some(it.format()), Kind::Audio, spec.rate_hz);
            let to = tables.add_aligned(shape, spec.rate_hz, self.quantum, it.alignment);
            let id = (spec.ids[wire], wire as u32);
            plot.cuts.insert(wire, (cuts.len(), to));
            cuts.push(Cut::new(id, to, audio.channels as usize, len, it.alignment));
        }
        cuts
    }

    /// Lays frames out: every output has a slot; what works in place takes its input's. `arriving` says for each wire
    /// whether it fades up.
    pub(super) fn lay_out(&self, spec: &Arc<Spec>, arriving: &[bool]) -> (Plan, Plot) {
        let mut tables = Tables::default();
        let mut plot = Plot::default();
        let (lines, max_len) = self.lines(spec, &mut tables);
        plot.lines = lines.iter().map(|(wire, line)| (*wire, line.to)).collect();
        let cuts = self.cuts(spec, &mut tables, &mut plot);
        let mut aligns = vec![];
        for wire in by_identity(spec, |wire| wire.align > 0) {
            if let Some(align) = Align::new(spec, wire) {
                plot.aligns.insert(wire, aligns.len());
                aligns.push(align);
            }
        }
        let mut pins = 0;
        for node in &spec.nodes {
            plot.first.push(pins);
            pins += node.pins.len();
        }
        plot.allotted = vec![None; pins];
        let mut desk = Desk {
            spec,
            curious: curious(spec),
            plot,
            tables,
            max_len: self.quantum,
        };
        let own = desk.pass(false, arriving, true);
        // Frames are shared once everything has arrived, so nothing fades there; what leaves is never so far.
        let shows = spec.wires.iter().any(|wire| wire.way == Way::Reference);
        let shared = shows.then(|| desk.pass(true, &[], true));
        let Desk {
            mut tables,
            mut plot,
            ..
        } = desk;
        tables.sort();
        plot.outline = Outline::of(&tables);
        // A filter that is not open leaves its frames as they are: silence, its stream ended.
        for header in &mut tables.headers {
            *header = StreamHeader {
                flags: crate::ks::flag::ENDOFSTREAM,
                ..StreamHeader::default()
            };
        }
        let (shared, beside) = shared.map_or_else(Default::default, |it| (it.steps, it.heard));
        let heard = own.heard.into_iter().enumerate().map(|(node, slot)| {
            let slot = slot?;
            Some((slot, beside.get(node).copied().flatten().unwrap_or(slot)))
        });
        let fade_len = (spec.rate_hz / FADES_PER_SECOND) as usize;
        let delayed: Vec<usize> = lines.iter().map(|(wire, _)| *wire).collect();
        let holds = self.seat(spec, &own.slots, &delayed, fade_len);
        let steps = own.steps;
        let quality = self.watch_quality(spec);
        let lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        let skills = self.skills(spec);
        let hops = plot.hops();
        let found = [steps, shared].map(|steps| in_runs(steps, &skills, &plot.outline, &hops));
        let [(steps, own_runs), (shared, shared_runs)] = found;
        let runs = [own_runs, shared_runs];
        let levels = Telemetry::new(spec.wires.len());
        let ground = Ground {
            spec,
            tables: &tables,
            outline: &plot.outline,
            lines: &lines,
            cuts: &cuts,
            holds: &holds,
            skills: &skills,
            records: &own.records,
            levels: &levels,
            fade_len,
        };
        let splits = match self.has_crew {
            true => [&steps, &shared].map(|steps| split(steps, &ground)),
            false => [None, None],
        };
        let plan = Plan {
            serial: self.serial,
            rate_hz: spec.rate_hz,
            max_len: spec.longest.map_or(max_len, |longest| longest.min(max_len)),
            cuts,
            lines,
            aligns,
            has_fades: steps.iter().any(Step::is_fade),
            shared,
            is_shared: false,
            splits,
            is_split: false,
            tables,
            hands: vec![Output::default(); own.widest],
            pages: vec![],
            arrivals: vec![],
            departures: vec![],
            master: None,
            fade_len,
            fade_done: 0,
            heard: heard.collect(),
            spec: Arc::clone(spec),
            holds,

            quality,

            dense: who_cuts(spec),

            changed: vec![],
            sights: sights(spec),
            records: own.records,
            waited: who_waits(spec),
            runs,
            is_still: false,
            at_once: 0,
            steps,
            levels,
        };
        plot.skills = skills;
        (plan, plot)
    }

    /// The steps of a plan that runs, with fades down where `leaving` says so of a wire, and what is done at once of them.
    /// None where nothing fades.
    pub(super) fn leave(
        &self,
        spec: &Spec,
        plot: Plot,
        leaving: &[bool],
    ) -> Option<(Vec<Step>, Runs)> {
        let mut desk = Desk {
            spec,
            curious: curious(spec),
            plot,
            tables: Tables::default(),
            max_len: self.quantum,
        };
        let steps = desk.pass(false, leaving, false).steps;
        let fades = steps.iter().any(Step::is_fade);
        let Plot {
            outline, skills, ..
        } = &desk.plot;
        fades.then(|| in_runs(steps, skills, outline, &desk.plot.hops()))
    }
}

/// Steps put in order, and what is done at once of them.
fn in_runs(steps: Vec<Step>, skills: &Skills, outline: &Outline, hops: &Hops) -> (Vec<Step>, Runs) {
    let (steps, found) = gather(steps, skills, outline, hops);
    let runs = Runs::among(&steps, skills, outline, found);
    (steps, runs)
}

/// Wires in the order of their identities.
fn by_identity(spec: &Spec, is_one: impl Fn(&SpecWire) -> bool) -> impl Iterator<Item = usize> {
    let wires = (0..spec.wires.len()).filter(|&wire| is_one(&spec.wires[wire]));
    let mut wires: Vec<usize> = wires.collect();
    wires.sort_by_key(|&wire| spec.ids[wire]);
    wires.into_iter()
}

/// Who may have more events for a cycle than a frame holds.
fn who_cuts(spec: &Spec) -> Vec<u32> {
    let open = spec.nodes.iter().filter_map(|node| node.open.as_ref());
    let open = open.filter(|open| open.cuts);
    open.map(|open| open.entry).collect()
}

/// Who may have to be waited for, with its place in the state table.
fn who_waits(spec: &Spec) -> Vec<(u32, u32)> {
    let nodes = spec.nodes.iter().zip(0..);
    let open = nodes.filter_map(|(node, place)| Some((node.open.as_ref()?, place)));
    let open = open.filter(|(open, _)| open.waits);
    open.map(|(open, place)| (open.entry, place)).collect()
}

/// How each wire is looked at. Neighbours of one format share it.
fn sights(spec: &Spec) -> Vec<Sight> {
    let mut last: Option<Arc<DataFormat>> = None;
    let sights = spec.wires.iter().map(|wire| {
        let known = last.take().filter(|it| **it == *wire.format());
        let format = known.unwrap_or_else(|| Arc::new(wire.format().clone()));
        last = Some(Arc::clone(&format));
        Sight::of(format)
    });
    sights.collect()
}
