//! A report that a user can mail: what program this is, on what machine, what it was doing, the graph and its picture.
//!
//! One file: a page with the picture in it, that any browser shows and that any editor can be pasted from; as `.md` or
//! `.txt` it is plain text, and the picture stands beside it. What it says is made from values alone; a user's home
//! folder is written `~` wherever it turns up.

use std::path::{Path, PathBuf};

use super::picture::{self, Look};
use super::{App, LogLine, Urgency, Xrun};
use crate::engine::Cells;
use crate::graph::{FileError, Graph, Wiring, save_atomically, to_ron};
use crate::ks::{AudioDevice, Facts};

/// What a report is made from.
pub struct Sources<'a> {
    /// The document.
    pub graph: &'a Graph,
    /// Its file; `None` when it was never saved.
    pub path: Option<&'a Path>,
    /// What its pins agreed.
    pub wiring: &'a Wiring,
    /// The machine's devices.
    pub facts: &'a Facts,
    /// Every setting as it stands in its file.
    pub settings: String,
    /// What the audio thread did, a line each; empty when there was none.
    pub engine: Vec<String>,
    /// What each filter is doing, a line each.
    pub filters: Vec<String>,
    /// Gaps in what was heard.
    pub xruns: &'a [Xrun],
    /// The log, oldest first.
    pub log: &'a [LogLine],
    /// How the picture looks.
    pub look: Look,
}

/// A report.
pub struct Report {
    parts: Vec<Part>,
    svg: String,
}

struct Part {
    title: &'static str,
    lines: String,
}

impl Report {
    /// Puts one together. Folders of `home` are shortened.
    pub fn new(sources: &Sources<'_>, home: Option<&Path>) -> Self {
        let mut parts = vec![];
        let mut part = |title, lines: Vec<String>| {
            let lines = match lines.is_empty() {
                true => "none".to_owned(),
                false => lines.join("\n"),
            };
            let lines = shortened(&lines, home);
            parts.push(Part { title, lines });
        };
        part("Program", program(sources.path));
        part("Engine", sources.engine.clone());
        part("Dropouts", dropouts(sources.xruns));
        part("Devices", devices(sources.facts));
        part("Filters", sources.filters.clone());
        let (agreed, refused) = wires(sources.wiring);
        part("Wires", agreed);
        part("Refusals", refused);
        let problems = sources.wiring.problems.iter();
        part("Problems", problems.map(|it| it.text.clone()).collect());
        part("Log", sources.log.iter().map(log_line).collect());
        part("Settings", vec![sources.settings.trim_end().to_owned()]);
        part("Graph", vec![to_ron(sources.graph).trim_end().to_owned()]);
        let svg = picture::svg(sources.graph, sources.wiring, &sources.look);
        Self {
            parts,
            svg: shortened(&svg, home),
        }
    }

    /// As plain text, which is Markdown too. `picture` is the name of the file beside it.
    pub fn text(&self, picture: Option<&str>) -> String {
        let mut text = String::from("# KSGraph report\n");
        if let Some(picture) = picture {
            text += &format!("\n![The graph](<{picture}>)\n");
        }
        for part in &self.parts {
            // A fence longer than any in it.
            let longest = longest_run(&part.lines, '`');
            let fence = "`".repeat(longest.max(2) + 1);
            text += &format!("\n## {}\n\n{fence}\n{}\n{fence}\n", part.title, part.lines);
        }
        text
    }

    /// As a page with the picture in it.
    pub fn html(&self) -> String {
        let mut page = String::from(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>KSGraph report</title>\n\
             <style>body{font-family:sans-serif;margin:2em;max-width:70em}pre{background:#8882;padding:1em;\
             overflow:auto}svg{max-width:100%;height:auto}</style></head><body>\n<h1>KSGraph report</h1>\n",
        );
        page += &self.svg;
        for part in &self.parts {
            page += &format!(
                "\n<h2>{}</h2>\n<pre>{}</pre>\n",
                part.title,
                escaped(&part.lines)
            );
        }
        page + "</body></html>\n"
    }

    /// Writes it: as text with the picture beside it where the name ends in `.md` or `.txt`, else as a page. The files
    /// that were written.
    pub fn write(&self, path: &Path) -> Result<Vec<PathBuf>, FileError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if !matches!(&*ending.to_lowercase(), "md" | "txt") {
            save_atomically(path, &self.html())?;
            return Ok(vec![path.to_owned()]);
        }
        let beside = path.with_extension("svg");
        let name = beside.file_name().unwrap_or_default().to_string_lossy();
        save_atomically(&beside, &self.svg)?;
        save_atomically(path, &self.text(Some(&name)))?;
        Ok(vec![path.to_owned(), beside])
    }
}

fn program(path: Option<&Path>) -> Vec<String> {
    let features = [
        ("gui", cfg!(feature = "gui")),
        ("jack", cfg!(feature = "jack")),
        ("pulseaudio", cfg!(feature = "pulseaudio")),
        ("pipewire", cfg!(feature = "pipewire")),
        ("rtkit", cfg!(feature = "rtkit")),
    ];
    let features: Vec<&str> = features
        .iter()
        .filter(|(_, is_on)| *is_on)
        .map(|(name, _)| *name)
        .collect();
    let build = match cfg!(debug_assertions) {
        true => "debug",
        false => "release",
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let mut lines = vec![
        format!(
            "KSGraph {} ({build}; {})",
            env!("CARGO_PKG_VERSION"),
            features.join(", ")
        ),
        format!(
            "{} {}, {processors} processors",
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
    ];
    lines.extend(system());
    lines.push(match path {
        Some(path) => format!("Graph {}", path.display()),
        None => "Graph not saved yet".to_owned(),
    });
    lines
}

/// What the system calls itself, where it says so in files.
fn system() -> Vec<String> {
    let mut lines = vec![];
    if let Ok(text) = std::fs::read_to_string("/etc/os-release") {
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("PRETTY_NAME="));
        lines.extend(name.map(|name| name.trim_matches('"').to_owned()));
    }
    if let Ok(text) = std::fs::read_to_string("/proc/sys/kernel/osrelease") {
        lines.push(format!("Kernel {}", text.trim()));
    }
    lines
}

fn dropouts(xruns: &[Xrun]) -> Vec<String> {
    let mut by_filter: Vec<(&str, usize)> = vec![];
    for xrun in xruns {
        match by_filter.iter_mut().find(|(name, _)| *name == xrun.filter) {
            Some((_, count)) => *count += 1,
            None => by_filter.push((&xrun.filter, 1)),
        }
    }
    let mut lines: Vec<String> = by_filter
        .iter()
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    if let Some(last) = xruns.last() {
        lines.push(format!("the last at {:.3} s", last.at_seconds));
    }
    lines
}

fn devices(facts: &Facts) -> Vec<String> {
    let line = |device: &AudioDevice| {
        let side = |ranges: &[crate::ks::DataRange], name: &'static str| {
            (!ranges.is_empty()).then_some(name)
        };
        let sides = [
            side(&device.render, "output"),
            side(&device.capture, "input"),
        ];
        let sides: Vec<&str> = sides.into_iter().flatten().collect();
        let mark = if device.is_default { ", default" } else { "" };
        let name = device.whole_name();
        format!(
            "{name}: {}, {} Hz{mark}",
            sides.join(" and "),
            device.rate_hz
        )
    };
    let mut lines: Vec<String> = facts.devices.iter().map(line).collect();
    let gone = facts.gone.iter().map(AudioDevice::whole_name);
    lines.extend(gone.map(|name| format!("{name}: gone")));
    let ports = facts.midi_inputs.iter();
    lines.extend(ports.map(|port| format!("{port}: MIDI input")));
    let ports = facts.midi_outputs.iter();
    lines.extend(ports.map(|port| format!("{port}: MIDI output")));
    lines
}

/// What was agreed, and what was refused.
fn wires(wiring: &Wiring) -> (Vec<String>, Vec<String>) {
    let (mut agreed, mut refused) = (vec![format!("at {} Hz", wiring.rate_hz)], vec![]);
    for wire in &wiring.wires {
        let (from, to) = (wiring.pin_text(&wire.from), wiring.pin_text(&wire.to));
        match &wire.outcome {
            Ok(it) => agreed.push(format!(
                "{from} -> {to}: {}, {}, {}, {}",
                it.format,
                it.medium.text(),
                it.interface.text(),
                if it.is_push { "push" } else { "pull" }
            )),
            Err(refusal) => {
                let (sentence, rule) = (refusal.sentence(), refusal.rule);
                refused.push(format!(
                    "{from} -> {to}: {sentence} ({rule}, {})",
                    refusal.status
                ));
                let cures = refusal.cures.iter();
                refused.extend(cures.map(|cure| format!("    cure: {}", cure.text)));
            }
        }
    }
    (agreed, refused)
}

fn log_line(line: &LogLine) -> String {
    let mark = match line.urgency {
        Urgency::News => ' ',
        Urgency::Attention => '!',
        Urgency::Error => 'x',
    };
    let mut text = format!(
        "{:10.3} {mark} {}: {}",
        line.seconds, line.source, line.text
    );
    for (_, part) in &line.parts {
        text += &format!("\n{:13}{part}", "");
    }
    text
}

/// What the audio thread did.
fn engine_lines(cells: &Cells, quantum: usize, rate_hz: u32, device: &str) -> Vec<String> {
    let percent = |share: f32| f64::from(share * 100.0);
    let device = if device.is_empty() { "a timer" } else { device };
    vec![
        format!("{}, driven by {device}", cells.state().name()),
        format!("{quantum} samples a cycle at {rate_hz} Hz"),
        format!(
            "priority {:?}, latency {} samples",
            cells.priority(),
            cells.latency_samples()
        ),
        format!(
            "load now {:.1} %, mean {:.1} %, most {:.1} %",
            percent(cells.load()),
            percent(cells.load_mean()),
            percent(cells.load_max())
        ),
        format!(
            "{} cycles, {} late, {} xruns, {} reports lost",
            cells.cycles(),
            cells.late(),
            cells.xruns(),
            cells.lost_reports()
        ),
    ]
}

/// `~` for the home folder, in whatever way its name is written.
fn shortened(text: &str, home: Option<&Path>) -> String {
    let Some(home) = home.filter(|home| home.parent().is_some()) else {
        return text.to_owned();
    };
    let plain = home.to_string_lossy().into_owned();
    let mut short = text.to_owned();
    // As texts in RON and in pages have it, the longest way first.
    for name in [plain.replace('\\', "\\\\"), escaped(&plain), plain] {
        let mut rest = short.as_str();
        let mut done = String::with_capacity(short.len());
        while let Some(at) = rest.find(&name) {
            let after = &rest[at + name.len()..];
            // `/home/ada` is not the beginning of `/home/adam`.
            let goes_on = after
                .chars()
                .next()
                .is_some_and(|it| it.is_alphanumeric() || it == '_' || it == '-');
            done += &rest[..at];
            done += if goes_on { &name } else { "~" };
            rest = after;
        }
        done += rest;
        short = done;
    }
    short
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn longest_run(text: &str, of: char) -> usize {
    let runs = text.split(|it| it != of);
    runs.map(|run| run.chars().count()).max().unwrap_or(0)
}

impl App {
    /// The report as it would be written now.
    pub fn report(&self) -> Report {
        let view = self.view();
        let engine = view.cells.map_or_else(Vec::new, |cells| {
            engine_lines(cells, view.quantum, self.wiring.rate_hz, view.device)
        });
        let filters = self.wiring.filters.iter().map(|(path, filter)| {
            let cost = self
                .cost(path)
                .map_or_else(String::new, |(nanos, latency)| {
                    format!(", {nanos} ns a cycle, latency {latency} samples")
                });
            let status = self.status(path);
            format!("{} ({}): {status:?}{cost}", filter.name, filter.key)
        });
        let sources = Sources {
            graph: &self.graph,
            path: self.path.as_deref(),
            wiring: &self.wiring,
            facts: &self.facts,
            settings: self.preferences().to_ron(),
            engine,
            filters: filters.collect(),
            xruns: self.xruns.list(),
            log: &self.log,
            look: self.look(),
        };
        Report::new(&sources, std::env::home_dir().as_deref())
    }

    /// The colours that the user has chosen.
    fn look(&self) -> Look {
        use super::{ThemeChoice, palette};
        let palette = match self.preferences().theme {
            ThemeChoice::Dark | ThemeChoice::System => &palette::DARK,
            ThemeChoice::Light => &palette::LIGHT,
            ThemeChoice::HighContrast => &palette::HIGH_CONTRAST,
        };
        Look {
            palette,
            ..Look::default()
        }
    }

    pub(super) fn write_report(&mut self, path: &Path) {
        match self.report().write(path) {
            Ok(files) => {
                let names: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
                let text = format!("The report is in {}", names.join(" and "));
                self.say(Urgency::News, "Report", None, text);
            }
            Err(error) => self.tell(error.to_string()),
        }
    }

    pub(super) fn write_picture(&mut self, path: &Path) {
        let drawn = picture::bytes(path, &self.graph, &self.wiring, &self.look());
        let drawn = drawn.map_err(|reason| format!("draw {}: {reason}", path.display()));
        let written = drawn
            .and_then(|bytes| save_atomically(path, &bytes).map_err(|error| error.to_string()));
        match written {
            Ok(()) => {
                let text = format!("The picture is in {}", path.display());
                self.say(Urgency::News, "Picture", None, text);
            }
            Err(text) => self.tell(text),
        }
    }
}

#[cfg(test)]
mod tests;
