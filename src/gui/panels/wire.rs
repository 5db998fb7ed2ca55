//! The inspector's pages of a wire: what was agreed, and what both sides had offered.

use std::collections::BTreeMap;

use egui::{Rect, Ui, vec2};

use super::page::{Head, fact, head_ui, heading, row, scrolled, section_rule, sentence, tabs_ui};
use super::pins::list_ui;
use crate::app::{Action, View};
use crate::graph::pipes::{End, memory_words, pin_words};
use crate::graph::{Agreement, AskedFraming, Chosen, Connection, FilterId, FilterPath, Way, Wire};
use crate::gui::canvas::wire_of;
use crate::gui::controls::{self, Face};
use crate::gui::drop_down::DropDown;
use crate::gui::icons::Icon;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};
use crate::ks::{DataRange, Kind, grouped};

/// Which page of a wire is in front.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Hash)]
pub(super) enum WirePage {
    #[default]
    Agreed,
    Offered,
}

/// Draws the page of one wire.
pub(super) fn ui(
    ui: &mut Ui,
    view: &View<'_>,
    index: usize,
    page: &mut WirePage,
    asks_format: bool,
    commands: &mut Vec<Command>,
) {
    let Some(connection) = view.graph.connections.get(index) else {
        return;
    };
    let name = |id: FilterId| {
        let node = view.graph.filters.get(&id);
        node.map_or("?", |node| node.name.as_str())
    };
    let (from, to) = (name(connection.from.filter), name(connection.to.filter));
    let title = format!("{from} \u{2192} {to}");
    let second = format!(
        "Wire {} · {} to {}",
        index + 1,
        connection.from.pin,
        connection.to.pin
    );
    let head = Head {
        icon: Icon::Arrow,
        title: &title,
        second: &second,
        right: 0.0,
    };
    let rest = head_ui(ui, ui.max_rect(), &head);
    let pages = [(WirePage::Agreed, "Agreed"), (WirePage::Offered, "Offered")];
    let (body, clicked) = tabs_ui(ui, rest, &pages, *page);
    *page = clicked.unwrap_or(*page);
    scrolled(ui, body, ("wire", index, *page), |ui| {
        let theme = Theme::of(ui.ctx());
        let Some(wire) = wire_of(view, index) else {
            ui.add_space(6.0);
            let words = "One end is missing; the wire is kept.";
            sentence(ui, words, theme.dim);
            remove_ui(ui, index, commands);
            return;
        };
        match (*page, &wire.outcome) {
            (WirePage::Agreed, Ok(agreement)) => {
                agreed_ui(ui, view, connection, wire, agreement, (from, to));
                choose_ui(ui, view, index, (connection, wire), asks_format, commands);
                remove_ui(ui, index, commands);
            }
            (WirePage::Agreed, Err(_)) => {
                refused_ui(ui, wire, index, commands);
                choose_ui(ui, view, index, (connection, wire), asks_format, commands);
                remove_ui(ui, index, commands);
            }
            (WirePage::Offered, _) => offered_ui(ui, view, wire, (from, to)),
        }
    });
}

fn agreed_ui(
    ui: &mut Ui,
    view: &View<'_>,
    connection: &Connection,
    wire: &Wire,
    agreement: &Agreement,
    (from, to): (&str, &str),
) {
    let theme = Theme::of(ui.ctx());
    let chosen = &connection.chosen;
    let by = |is_chosen: bool| {
        if is_chosen {
            "chosen by hand"
        } else {
            "automatic"
        }
    };
    let format = &agreement.format;
    heading(ui, "Format", by(chosen.format.is_some()));
    fact(ui, "Agreed", &format.to_string());
    let words = format!("{:?}, {:?}", format.major, format.sub);
    fact(ui, "Major, sub format", &words);
    if let Some(audio) = format.audio {
        let block = audio.channels * audio.bits.div_ceil(8);
        let second = u64::from(block) * u64::from(audio.rate_hz);
        let words = format!(
            "{} bytes, {} bytes/s",
            grouped(block),
            grouped(u32::try_from(second).unwrap_or(u32::MAX))
        );
        fact(ui, "Block", &words);
        let words = match audio.channels {
            1 => "one".to_owned(),
            2 => "left, right".to_owned(),
            count => count.to_string(),
        };
        fact(ui, "Channels", &words);
    }
    ui.add_space(6.0);
    section_rule(ui);
    let is_chosen = chosen.medium.is_some() || chosen.interface.is_some();
    heading(ui, "Link", by(is_chosen));
    fact(ui, "Medium", &agreement.medium.text());
    fact(ui, "Interface", &agreement.interface.text());
    fact(ui, "Data", &format!("{from} \u{2192} {to}"));
    let (issues, answers) = match agreement.is_push {
        true => ((from, &connection.from.pin), (to, &connection.to.pin)),
        false => ((to, &connection.to.pin), (from, &connection.from.pin)),
    };
    let words = format!("{} \u{2192} {}", issues.0, answers.0);
    fact(ui, "Requests", &words);
    let way = if agreement.is_push { "push" } else { "pull" };
    let words = format!("{way}: {} issues, {} answers", issues.1, answers.1);
    sentence(ui, &words, theme.dim);
    ui.add_space(6.0);
    section_rule(ui);
    framing_ui(ui, view, wire, agreement);
    now_ui(ui, view, wire, agreement);
}

/// How the data travel: whose frames, how many, how long, and why.
fn framing_ui(ui: &mut Ui, view: &View<'_>, wire: &Wire, agreement: &Agreement) {
    if agreement.medium.is_hard_wired() {
        heading(ui, "Framing", "none");
        fact(ui, "Frames", "none, the link is hard-wired");
        return;
    }
    let same = |it: &Wire| it.from == wire.from && it.to == wire.to;
    let pipes = view.pipes();
    let place = view.wiring.wires.iter().position(same);
    let Some((index, pipe)) = place.and_then(|index| Some((index, pipes.of(index)?))) else {
        return;
    };
    let waits = view
        .latency(&wire.from, &wire.to)
        .is_some_and(|it| it.1 > 0);
    let path = pipes.path_words(view.wiring, index);
    // What waits for another way has a frame of its own to wait in.
    let path = if waits && path == "by reference" {
        "copied"
    } else {
        path
    };
    heading(ui, "Framing", path);
    let words = match pipe.samples {
        0 => format!("{} of the events of a cycle", pipe.frames.value),
        samples => format!(
            "{} of {} samples, {} bytes",
            pipe.frames.value,
            grouped(samples),
            grouped(pipe.size.value)
        ),
    };
    fact(ui, "Frames", &words);
    let millis = view.quantum as f64 * 1000.0 / f64::from(view.wiring.rate_hz.max(1));
    fact(ui, "One every", &format!("{millis:.3}\u{a0}ms"));
    let memory = memory_words(pipe.memory.value);
    let words = match pipe.alignment.value {
        0 => format!("any byte, {memory}"),
        mask => format!("{} bytes, {memory}", mask + 1),
    };
    fact(ui, "Aligned to", &words);
    let words = format!("{}, NEG-5", pipes.owner_words(view.wiring, pipe));
    fact(ui, "Decided by", &words);
    let theme = Theme::of(ui.ctx());
    let mut because = |name: &str, by: Option<End>, why: &str| {
        let words = match by {
            Some(end) => format!("{name}: {}, {why}", pin_words(view.wiring, end)),
            None => format!("{name}: {why}"),
        };
        sentence(ui, &words, theme.dim);
    };
    because("Size", pipe.size.by, pipe.size.why);
    because("Number", pipe.frames.by, pipe.frames.why);
    if pipe.alignment.by.is_some() {
        because("Alignment", pipe.alignment.by, pipe.alignment.why);
    }
    because("Owner", pipe.owner.by, pipe.owner.why);
    if let Some(Way::Copy(why)) = pipes.passage(index).map(|it| it.way) {
        because("Copied", None, why);
    }
    for end in &pipe.unheard {
        because("Not heard", Some(*end), "its wish suits nobody else");
    }
    // Who reads runs behind who writes, in the same cycle.
    match view.wiring.delay(&wire.to) {
        None => fact(ui, "Queue", "none, read in its cycle"),
        Some(samples) => {
            let words = format!("{} samples, a delay line", grouped(samples as u32));
            fact(ui, "Queue", &words);
        }
    }
    if pipes.is_cut_anew(index) {
        let samples = grouped(pipe.samples);
        fact(ui, "Cut anew", &format!("{samples} samples later"));
    }
    let samples = latency(view, &wire.from.filter, &mut BTreeMap::new());
    let samples = samples.saturating_add(pipes.latency_samples(index));
    let millis = f64::from(samples) * 1000.0 / f64::from(view.wiring.rate_hz.max(1));
    let words = match samples {
        0 => "0 samples".to_owned(),
        _ => format!("{} samples, {millis:.1}\u{a0}ms", grouped(samples)),
    };
    fact(ui, "Latency", &words);
    if let Some((_, waits)) = view.latency(&wire.from, &wire.to).filter(|it| it.1 > 0) {
        let words = format!("{} samples, for a longer way", grouped(waits as u32));
        fact(ui, "Waits", &words);
    }
}

/// Samples by which what leaves a filter is later than what went in at its farthest source.
fn latency(view: &View<'_>, filter: &FilterPath, known: &mut BTreeMap<FilterPath, u32>) -> u32 {
    if let Some(samples) = known.get(filter) {
        return *samples;
    }
    // A loop is counted once.
    known.insert(filter.clone(), 0);
    let wires = view.wiring.wires.iter();
    let before: Vec<&FilterPath> = wires
        .filter(|wire| wire.to.filter == *filter && wire.outcome.is_ok())
        .map(|wire| &wire.from.filter)
        .collect();
    let before = before.into_iter().map(|from| latency(view, from, known));
    let own = view.cost(filter).map_or(0, |(_, samples)| samples as u32);
    let samples = before.max().unwrap_or(0).saturating_add(own);
    known.insert(filter.clone(), samples);
    samples
}

fn now_ui(ui: &mut Ui, view: &View<'_>, wire: &Wire, agreement: &Agreement) {
    if view.cells.is_none() {
        return;
    }
    ui.add_space(6.0);
    section_rule(ui);
    heading(ui, "Now", "");
    let level = view.level(&wire.from, &wire.to);
    if agreement.format.kind() == Kind::Audio {
        let db = 20.0 * level.max(1e-9).log10();
        let words = match db > -100.0 {
            true => format!("{db:.1}\u{a0}dBFS").replace('-', "\u{2212}"),
            false => "silent".to_owned(),
        };
        fact(ui, "Peak", &words);
    } else {
        fact(ui, "Events so far", &grouped(level.max(0.0) as u32));
    }
    if let Some(quality) = view.quality(&wire.to.filter) {
        fact(ui, "Quality", &crate::app::quality_words(quality));
    }
}

fn refused_ui(ui: &mut Ui, wire: &Wire, index: usize, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let Err(refusal) = &wire.outcome else {
        return;
    };
    heading(ui, "Not agreed", refusal.rule);
    sentence(ui, &refusal.sentence(), theme.error);
    for (place, cure) in refusal.cures.iter().take(4).enumerate() {
        ui.add_space(4.0);
        let rect = row(ui, 28.0);
        let face = if place == 0 {
            Face::Primary
        } else {
            Face::Plain
        };
        if controls::button_at(ui, rect, &cure.text, face, true).clicked() {
            commands.push(Command::Cure {
                connection: Some(index),
                from: wire.from.clone(),
                to: wire.to.clone(),
                cure: place,
            });
        }
    }
}

/// What the user may insist on, a list each and a step of the history. Row one leaves it to the pins (SEL-3).
fn choose_ui(
    ui: &mut Ui,
    view: &View<'_>,
    index: usize,
    (connection, wire): (&Connection, &Wire),
    asks_format: bool,
    commands: &mut Vec<Command>,
) {
    let choices = view.wiring.choices(&wire.from, &wire.to);
    let chosen = &connection.chosen;
    let with = |change: &dyn Fn(&mut Chosen)| {
        let mut then = chosen.clone();
        change(&mut then);
        then
    };
    let mut lists: Vec<Choice> = vec![];
    let formats = choices.formats.iter().map(|it| {
        let then = with(&|then| then.format = Some(it.clone()));
        (it.to_string(), chosen.format.as_ref() == Some(it), then)
    });
    lists.push(Choice {
        name: "Format",
        free: with(&|then| then.format = None),
        asked: chosen.format.as_ref().map(ToString::to_string),
        rows: formats.collect(),
    });
    let mediums = choices.mediums.iter().map(|&it| {
        let then = with(&|then| then.medium = Some(it));
        (it.text(), chosen.medium == Some(it), then)
    });
    lists.push(Choice {
        name: "Medium",
        free: with(&|then| then.medium = None),
        asked: chosen.medium.map(|it| it.text()),
        rows: mediums.collect(),
    });
    let interfaces = choices.interfaces.iter().map(|&it| {
        let then = with(&|then| then.interface = Some(it));
        (it.text(), chosen.interface == Some(it), then)
    });
    lists.push(Choice {
        name: "Interface",
        free: with(&|then| then.interface = None),
        asked: chosen.interface.map(|it| it.text()),
        rows: interfaces.collect(),
    });
    // Frames of a length that serves whoever wants to see them.
    let agreed = wire.outcome.as_ref().ok();
    let block = agreed.map_or(0, |it| it.format.sample_size());
    let words = |bytes: u32| match bytes.checked_div(block) {
        Some(samples) => format!("{} samples, {} bytes", grouped(samples), grouped(bytes)),
        None => format!("{} bytes", grouped(bytes)),
    };
    let mut sizes: Vec<u32> = [64, 256, 1024, 4096].map(|it| it * block).to_vec();
    sizes.retain(|it| *it > 0 && agreed.is_some_and(|it| !it.medium.is_hard_wired()));
    let asked = chosen.framing.map(|it| it.bytes);
    sizes.extend(asked.filter(|bytes| !sizes.contains(bytes)));
    let sizes = sizes.into_iter().map(|bytes| {
        let frames = chosen.framing.map_or(0, |it| it.frames);
        let framing = AskedFraming { bytes, frames };
        let then = with(&|then| then.framing = Some(framing));
        (words(bytes), asked == Some(bytes), then)
    });
    lists.push(Choice {
        name: "Frames",
        free: with(&|then| then.framing = None),
        asked: asked.map(words),
        rows: sizes.collect(),
    });
    lists.retain(|list| list.rows.len() > 1 || list.asked.is_some());
    if lists.is_empty() {
        return;
    }
    ui.add_space(6.0);
    section_rule(ui);
    heading(ui, "By hand", "");
    for list in lists {
        let is_asked = asks_format && list.name == "Format";
        if let Some(then) = list.ui(ui, index, is_asked) {
            commands.push(Command::Do(Action::Choose {
                connection: index,
                chosen: then,
            }));
        }
    }
}

/// One thing that may be insisted on.
struct Choice {
    name: &'static str,
    /// Nothing is.
    free: Chosen,
    /// What is insisted on now, in words.
    asked: Option<String>,
    rows: Vec<(String, bool, Chosen)>,
}

impl Choice {
    /// Draws it in a row. What is to be insisted on from now on.
    fn ui(self, ui: &mut Ui, wire: usize, opens: bool) -> Option<Chosen> {
        let theme = Theme::of(ui.ctx());
        let rect = row(ui, window::PROPERTY_ROW);
        let (kind, ink) = match self.asked {
            Some(_) => (Type::FilterName, theme.strong),
            None => (Type::Body, theme.text),
        };
        controls::clipped(ui, rect.left_center(), 68.0, self.name, kind, ink);
        let words = self.rows.iter().map(|(words, _, _)| words.clone());
        let rows: Vec<String> = std::iter::once("Automatic".to_owned())
            .chain(words)
            .collect();
        let place = self.rows.iter().position(|(_, is_on, _)| *is_on);
        let list = DropDown {
            name: self.name,
            shown: self.asked.as_deref().unwrap_or("Automatic"),
            rows: &rows,
            // What is insisted on and not on offer is none of them.
            chosen: match self.asked {
                None => Some(0),
                Some(_) => place.map(|place| place + 1),
            },
            zoom: 1.0,
        };
        let mut slot = rect.with_min_x(rect.left() + 72.0).shrink2(vec2(0.0, 3.0));
        if self.asked.is_some() {
            // A user's choice wears a padlock.
            slot.max.x -= 20.0;
            let at = egui::pos2(rect.right() - 7.0, rect.center().y);
            let square = Rect::from_center_size(at, egui::Vec2::splat(14.0));
            Icon::Lock.paint(ui.painter(), square, theme.dim);
        }
        let id = egui::Id::unique("by hand").with((wire, self.name));
        match list.asked_ui(ui, id, slot, opens)? {
            0 => Some(self.free),
            taken => self
                .rows
                .into_iter()
                .nth(taken - 1)
                .map(|(_, _, then)| then),
        }
    }
}

/// Both lists of ranges as they were compared, the pair that won marked.
fn offered_ui(ui: &mut Ui, view: &View<'_>, wire: &Wire, (from, to): (&str, &str)) {
    let theme = Theme::of(ui.ctx());
    let format = wire.outcome.as_ref().ok().map(|it| &it.format);
    let winner = |ranges: &[DataRange]| {
        let format = format?;
        ranges.iter().position(|range| range.contains(format))
    };
    let count = |ranges: &[DataRange]| match ranges.len() {
        1 => "1 range".to_owned(),
        count => format!("{count} ranges"),
    };
    let offered = view.wiring.described(&wire.from);
    heading(
        ui,
        &format!("{from} {} offers", wire.from.pin),
        &count(offered),
    );
    list_ui(ui, offered, winner(offered).or(Some(usize::MAX)));
    let taken = view.wiring.described(&wire.to);
    ui.add_space(4.0);
    heading(ui, &format!("{to} {} takes", wire.to.pin), &count(taken));
    list_ui(ui, taken, winner(taken).or(Some(usize::MAX)));
    ui.add_space(4.0);
    let words = match format {
        Some(_) => "Best first on both sides; the tick is where the agreed format lies.",
        None => "No range of one list meets a range of the other.",
    };
    sentence(ui, words, theme.dim);
}

fn remove_ui(ui: &mut Ui, index: usize, commands: &mut Vec<Command>) {
    ui.add_space(10.0);
    let rect = row(ui, 28.0);
    let rect = Rect::from_min_size(rect.min, vec2(130.0, 28.0));
    if controls::button_at(ui, rect, "Remove the wire", Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::Disconnect(vec![index])));
    }
}
