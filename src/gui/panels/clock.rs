//! The clocks of a graph: what opens below the master clock in the transport, and the section of a filter whose pin has
//! a clock.
//!
//! What drives the graph and whether ways wait for each other is the document's and can be taken back; the first can be
//! changed in Stop only. Marks and the rate are of this run.

use egui::{Align2, Sense, Ui, vec2};

use super::devices::{choice, heading, row, tick};
use super::page::{fact, section_rule};
use crate::app::telemetry::device as telemetry;
use crate::app::{Action, Mark, View, written};
use crate::graph::{FilterPath, Master};
use crate::gui::body::clocks;
use crate::gui::controls;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};
use crate::ks::quality::LEAST;
use crate::ks::{REF_TIMES_PER_SECOND, Reading, State, grouped};

const WIDE: f32 = 420.0;
/// Rates on offer where the system's timer drives.
const RATES: [u32; 4] = [500, 1_000, 1_500, 2_000];

fn name(view: &View<'_>, path: &FilterPath) -> String {
    let filter = view.wiring.filters.get(path);
    filter.map_or_else(|| path.to_string(), |filter| filter.name.clone())
}

/// Draws the popup.
pub(super) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    ui.set_width(WIDE);
    ui.spacing_mut().item_spacing = vec2(0.0, 2.0);
    let reading = view.graph_clock().unwrap_or_default();
    let words = match reading.state {
        State::Stop => "Driven by",
        _ => "Driven by; stop to exchange it",
    };
    heading(ui, words);
    let wish = &view.timing().master;
    let drives = view.driver();
    let now = drives.map_or("now the timer".to_owned(), |path| {
        format!("now {}", name(view, path))
    });
    let mut choices = vec![(Master::Automatic, "Automatic".to_owned(), now)];
    for path in view.drivers() {
        let words = name(view, &path);
        choices.push((Master::Filter(path), words, String::new()));
    }
    if let Master::Filter(path) = wish
        && !choices.iter().any(|(master, ..)| master == wish)
    {
        choices.push((wish.clone(), name(view, path), "not there".into()));
    }
    choices.push((Master::System, "The system's timer".into(), String::new()));
    for (master, words, side) in choices {
        if row(
            ui,
            &format!("Clock {words}"),
            &words,
            &side,
            master == *wish,
        ) {
            commands.push(Command::Do(Action::SetMaster(master)));
        }
    }
    heading(ui, "The graph's clock");
    for (words, value) in answers(&reading) {
        line(ui, words, &value);
    }
    let cells = view.cells.filter(|cells| cells.is_timed());
    if cells.is_some() && reading.state >= State::Pause {
        heading(ui, "Rate");
        let words = RATES.map(|rate| format!("{:.1}", f64::from(rate) / 1_000.0));
        let chosen = RATES.iter().position(|rate| *rate == reading.rate_permille);
        if let Some(index) = choice(ui, "Clock rate", &words, chosen) {
            commands.push(Command::Do(Action::SetClockRate(RATES[index])));
        }
    }
    heading(ui, "Marks, told in the log");
    if let Some(index) = choice(ui, "Set a mark", &MARKS.map(str::to_owned), None) {
        let base = reading.time + REF_TIMES_PER_SECOND;
        let mark = match index {
            0 => Mark::At(base),
            1 => Mark::Every {
                base,
                interval: REF_TIMES_PER_SECOND,
            },
            _ => Mark::Every {
                base,
                interval: 10 * REF_TIMES_PER_SECOND,
            },
        };
        commands.push(Command::Do(Action::Mark(mark)));
    }
    for (id, mark) in view.marks() {
        let words = match mark {
            Mark::At(time) => format!("Mark {id} at {}", written(time)),
            Mark::Every { interval, .. } => format!("Mark {id} every {}", written(interval)),
        };
        if row(ui, &format!("Remove mark {id}"), &words, "remove", false) {
            commands.push(Command::Do(Action::Unmark(id)));
        }
    }
    heading(ui, "Where ways meet");
    let is_on = view.timing().compensates;
    if tick(ui, "Shorter ways wait for longer ones", is_on) {
        commands.push(Command::Do(Action::SetCompensation(!is_on)));
    }
    heading(ui, "Under load");
    let is_on = !view.timing().full_quality;
    if tick(ui, "Filters may do with less", is_on) {
        commands.push(Command::Do(Action::SetFullQuality(is_on)));
    }
}

const MARKS: [&str; 3] = ["In a second", "Every second", "Every ten"];

/// What a clock answers, in words.
fn answers(it: &Reading) -> [(&'static str, String); 5] {
    let ahead = (it.latency - it.time).max(0) as f64 / 10_000.0;
    [
        ("Time", written(it.time)),
        ("Physical time", written(it.physical)),
        ("System's time with them", written(it.system)),
        (
            "Resolution, error",
            format!("{}, {} × 100 ns", it.granularity, grouped(it.error as u32)),
        ),
        (
            "Latency clock",
            format!("{}, {ahead:.1} ms ahead", written(it.latency)),
        ),
    ]
}

fn line(ui: &mut Ui, words: &str, value: &str) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(WIDE, 20.0), Sense::hover());
    let at = rect.left_center() + vec2(8.0, 0.0);
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
    let at = rect.right_center() - vec2(8.0, 0.0);
    controls::text(
        ui,
        at,
        Align2::RIGHT_CENTER,
        value,
        Type::Value,
        theme.strong,
    );
    crate::gui::probe::note(ui.ctx(), "clock", words, value, rect);
}

/// How a filter's device keeps in step, in words: what it does, and how far its clock is from the driver's.
pub(super) fn step(view: &View<'_>, path: &FilterPath) -> Option<(&'static str, f32, f32)> {
    view.pin_clock(path)?;
    if key_of(view, path) == "clock_source" {
        return Some(match view.master() == Some(path) {
            true => ("drives the graph", 0.0, 0.0),
            false => ("beside the graph", 0.0, 0.0),
        });
    }
    let cells = view.telemetry(path)?;
    let drift = cells.get(telemetry::DRIFT_PPM);
    let error = cells.get(telemetry::FILL_ERROR);
    Some(match cells.get(telemetry::STEP) as u32 {
        0 => ("drives the graph", 0.0, 0.0),
        1 => ("learns its clock", drift, 0.0),
        _ => ("kept in step", drift, error),
    })
}

/// The section of a filter's page, where its pin has a clock.
pub(super) fn section_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    slave_ui(ui, view, path);
    injector_ui(ui, view, path);
    quality_ui(ui, view, path);
    let (Some(reading), Some((words, drift, error))) = (view.pin_clock(path), step(view, path))
    else {
        return;
    };
    section_rule(ui);
    super::page::heading(ui, "Clock", words);
    let is_card = key_of(view, path) != "clock_source";
    let fact_of_card = |ui: &mut Ui, words: &str, value: &str| {
        if is_card {
            fact(ui, words, value);
        }
    };
    fact_of_card(
        ui,
        "Drift",
        &format!("{drift:+.1}\u{a0}ppm").replace('-', "\u{2212}"),
    );
    fact_of_card(
        ui,
        "Fill off by",
        &format!("{error:+.0} samples").replace('-', "\u{2212}"),
    );
    for (words, value) in answers(&reading) {
        fact(ui, words, &value);
    }
}

fn key_of<'a>(view: &'a View<'_>, path: &FilterPath) -> &'a str {
    let filter = view.wiring.filters.get(path);
    filter.map_or("", |filter| filter.key.as_str())
}

/// What a Clock Slave has found out.
fn slave_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    use crate::app::telemetry::clock_slave as cell;
    let cells = view.telemetry(path);
    let Some(cells) = cells.filter(|_| key_of(view, path) == "clock_slave") else {
        return;
    };
    section_rule(ui);
    let (words, _) = clocks::follows(view, path);
    super::page::heading(ui, "Clock on the wire", words);
    let signed = |text: String| text.replace('-', "\u{2212}");
    let drift = format!("{:+.1}\u{a0}ppm", cells.get(cell::DRIFT_PPM));
    fact(ui, "Drift", &signed(drift));
    let lead = format!("{:+.3}\u{a0}ms", cells.get(cell::LEAD_MILLIS));
    fact(ui, "Ahead by", &signed(lead));
    if clocks::has_sound(view, path) {
        let behind = format!("{:+.2}\u{a0}ms", cells.get(cell::BEHIND_MILLIS));
        fact(ui, "Sound read late by", &signed(behind));
        let steps = format!("{:.0}", cells.get(cell::STEPS));
        fact(ui, "Steps back to the middle", &steps);
    }
}

/// What a sink says of the frames it gets, and what is asked of a filter that can do with less.
fn quality_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    if let Some(quality) = view.quality(path) {
        section_rule(ui);
        super::page::heading(ui, "Quality of what comes in", "");
        fact(ui, "Proportion", &format!("{} of 1000", quality.proportion));
        let millis = quality.delta as f64 / 10_000.0;
        fact(
            ui,
            "Late by up to",
            &format!("{millis:+.1}\u{a0}ms").replace('-', "\u{2212}"),
        );
    }
    if let Some((level, words)) = view.degraded(path) {
        section_rule(ui);
        let right = match level {
            0 => "full".to_owned(),
            level => format!("level {level} of {LEAST}"),
        };
        super::page::heading(ui, "Under load", &right);
        fact(ui, "Gives up", words);
    }
}

/// What a Quality Injector has spoiled.
fn injector_ui(ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
    use crate::app::telemetry::quality_injector as cell;
    let cells = view.telemetry(path);
    let Some(cells) = cells.filter(|_| key_of(view, path) == "quality_injector") else {
        return;
    };
    section_rule(ui);
    super::page::heading(ui, "Quality", "as a sink would report it");
    let words = format!("{:.0} of 1000", cells.get(cell::PROPORTION));
    fact(ui, "Proportion", &words);
    let late = format!("{:+.1}\u{a0}ms", cells.get(cell::DELTA_MILLIS));
    fact(ui, "Late by", &late.replace('-', "\u{2212}"));
    fact(ui, "Frames hit", &format!("{:.0}", cells.get(cell::HIT)));
}
