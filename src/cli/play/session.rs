//! A graph that plays: begun, looked at until it ends, and told of.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::failure::{Exit, Failure};
use super::super::interrupt::Interrupt;
use super::super::load::Document;
use super::super::{Answer, say, shapes, timing};
use super::Play;
use crate::app::tail;
use crate::app::{Action, App, FilterStatus, Options, Urgency};
use crate::dsp::measure;
use crate::engine::{Epoch, Mark};
use crate::graph::{FilterPath, PinAddress, Problem};
use crate::ks::quality::LEAST;
use crate::ks::{Descriptor, REF_TIMES_PER_SECOND, State};

/// How often it is looked at what happens.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long the graph may take to get going, or to stop, in seconds.
const PATIENCE: f64 = 5.0;
/// For how long at most it goes on behind the end, in seconds.
const MOST_TAIL_SECONDS: f64 = 60.0;

/// A graph that plays.
pub(super) struct Session {
    pub(super) app: App,
    /// Lines of the log that were printed.
    told: f64,
    /// Outputs whose largest sample is told: those wired to renderers.
    heard: Vec<PinAddress>,
    peak: f32,
    /// Samples that were made.
    elapsed: u64,
    /// Where in what is played the graph is.
    position: u64,
    load: (f64, f64),
    latency_samples: u32,
    /// Marks to wait for.
    pub(super) marks: Vec<Mark>,
    /// Where to begin.
    pub(super) begin: Option<u64>,
    /// The rate that time is to go at, once it goes.
    pub(super) speed: Option<u32>,
    /// The clocks as they were last seen to run.
    clocks: Json,
    interrupt: Interrupt,
    epoch: Epoch,
}

/// The speeds that files and songs can be played at.
const SPEEDS: std::ops::RangeInclusive<u32> = 500..=2_000;

impl Session {
    pub(super) fn start(options: Options, document: &Document) -> Result<Self, Failure> {
        let mut app = App::new(options);
        let path = std::path::absolute(&document.path).ok();
        app.open_document(document.graph().clone(), path);
        let heard = renderers(&app);
        Ok(Self {
            app,
            told: -1.0,
            heard,
            peak: 0.0,
            elapsed: 0,
            position: 0,
            load: (0.0, 0.0),
            latency_samples: 0,
            marks: vec![],
            begin: None,
            speed: None,
            clocks: Json::Null,
            interrupt: Interrupt::new(),
            epoch: Epoch::new(),
        })
    }

    pub(super) fn write_trace(&mut self, path: &Path) -> Result<(), Failure> {
        let written = self.app.write_timeline(path);
        written.map_err(|error| {
            let what = format!("write the trace {}", path.display());
            Failure::file(path, what, error.to_string())
        })
    }

    fn seconds(&self) -> f64 {
        self.epoch.nanos() as f64 / 1e9
    }

    fn rate_hz(&self) -> f64 {
        f64::from(self.app.view().wiring.rate_hz.max(1))
    }

    /// Sets the speed of files and songs before they are heard; it is to be had in Pause and Run only. Where nothing plays
    /// any, and for speeds beyond theirs, it is left to the clock.
    fn begin_at_speed(&mut self) {
        let Some(rate) = self.speed.filter(|it| SPEEDS.contains(it)) else {
            return;
        };
        self.app.perform(Action::SetState(State::Pause));
        self.wait_for(State::Pause);
        let until = self.seconds() + PATIENCE;
        while !self.app.is_open() && self.seconds() < until {
            self.look();
            std::thread::sleep(LOOK_AGAIN);
        }
        if self.app.view().transport().takes_speeds {
            self.app.perform(Action::SetSpeed(rate));
            self.speed = None;
        }
    }

    /// Waits for the banks that synthesizers are to begin with, as long as they come nearer: nobody is there to see that
    /// they are on their way.
    fn await_banks(&mut self) {
        let filters = self.app.view().wiring.filters.values();
        let mut banks = filters.filter_map(|it| it.values.get("bank"));
        if !banks.any(|it| !it.text().is_empty()) {
            return;
        }
        let (mut last, mut since) = (None, self.seconds());
        while !self.interrupt.is_wanted() && self.seconds() - since < PATIENCE {
            self.look();
            let now = self.app.banks_coming();
            if now.is_none() && self.app.is_open() {
                return;
            }
            if now != last {
                (last, since) = (now, self.seconds());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    pub(super) fn run(&mut self, it: &Play) -> Result<(), Failure> {
        if let Some(begin) = self.begin {
            self.app.perform(Action::Seek(begin));
        }
        self.await_banks();
        self.begin_at_speed();
        self.app.perform(Action::SetState(State::Run));
        for mark in std::mem::take(&mut self.marks) {
            self.app.perform(Action::Mark(mark));
        }
        let end = it
            .seconds
            .map(|seconds| (seconds * self.rate_hz()).ceil() as u64);
        let (mut last, mut ended) = ((0, self.seconds()), None);
        let tail = (self.tail_seconds() * self.rate_hz()).ceil() as u64;
        loop {
            self.look();
            let now = self.seconds();
            if self.elapsed > last.0 {
                last = (self.elapsed, now);
                self.clocks = timing::clocks(&self.app.view());
                if let Some(rate) = self.speed.take() {
                    self.app.perform(Action::SetClockRate(rate));
                }
            } else if now - last.1 > PATIENCE {
                return Err(Failure::device(
                    format!("play {}", it.graph.display()),
                    format!("the device took nothing for {PATIENCE} s"),
                )
                .cure("`ksgraph devices` lists others; --device null plays without one"));
            }
            let is_over = end.is_some_and(|end| self.elapsed >= end);
            if self.app.has_ended() && ended.is_none() {
                ended = Some(self.elapsed);
            }
            let is_still = ended.is_some_and(|ended| self.elapsed >= ended + tail);
            if is_over || is_still || self.interrupt.is_wanted() {
                break;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        // What is on its way is still to be heard, and the end is soft.
        let before = (self.elapsed, self.position, self.load);
        self.app.perform(Action::SetState(State::Pause));
        self.wait_for(State::Pause);
        // A server cuts off what it still holds when a stream is closed, and holds more than it says while it is busy.
        let tail = 2.0 * f64::from(self.latency_samples) / self.rate_hz();
        let until = self.seconds() + tail.min(PATIENCE);
        while self.seconds() < until {
            self.look();
            std::thread::sleep(LOOK_AGAIN);
        }
        self.app.perform(Action::SetState(State::Stop));
        self.wait_for(State::Stop);
        (self.elapsed, self.position, self.load) = before;
        Ok(())
    }

    /// How long what was played goes on behind its end, within reason.
    fn tail_seconds(&self) -> f64 {
        let view = self.app.view();
        let cuts = tail::cuts(view.wiring);
        let tails = tail::Tails::of(view.wiring, view.catalogue);
        let own = |path: &FilterPath| {
            let cut = cuts.get(path).copied().unwrap_or(0.0);
            tails.seconds(path) + cut
        };
        let ways = tail::longest_ways(view.wiring, &own);
        within_reason(ways.into_values())
    }

    fn wait_for(&mut self, state: State) {
        let until = self.seconds() + PATIENCE;
        while self.seconds() < until {
            self.look();
            if self.app.cells().is_none_or(|cells| cells.state() == state) {
                return;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Takes in what happened, and tells what people want to know.
    fn look(&mut self) {
        self.app.poll();
        let view = self.app.view();
        // As it was recorded, not as a meter shows it now: a click has faded before anybody looks on a busy machine.
        let heard = self.heard.iter().filter_map(|from| view.figures(from));
        self.peak = heard.fold(self.peak, |peak, it| peak.max(it.peak));
        if let Some(cells) = view.cells {
            (self.elapsed, self.position) = (cells.elapsed(), cells.position());
            self.load = (f64::from(cells.load_mean()), f64::from(cells.load_max()));
            self.latency_samples = self.latency_samples.max(cells.latency_samples());
        }
        let new = view.log.iter().filter(|line| line.seconds > self.told);
        for line in new {
            if line.urgency != Urgency::News {
                say(&format!("{}: {}", line.source, line.text));
            }
        }
        if let Some(last) = view.log.last() {
            self.told = self.told.max(last.seconds);
        }
    }

    pub(super) fn answer(
        self,
        it: &Play,
        document: &Document,
        mut problems: Vec<Problem>,
    ) -> Answer {
        problems.extend(self.faults());
        let view = self.app.view();
        let rate_hz = self.rate_hz();
        let seconds = self.elapsed as f64 / rate_hz;
        let latency = f64::from(self.latency_samples) / rate_hz;
        let dbfs = (self.peak > 0.0).then(|| f64::from(measure::dbfs(self.peak)));
        let mut text = format!(
            "{seconds:.2} s played, load {:.1} % (at most {:.1} %), latency {:.1} ms, {}\n",
            self.load.0 * 100.0,
            self.load.1 * 100.0,
            latency * 1000.0,
            dbfs.map_or("silent".to_owned(), |dbfs| format!("peak {dbfs:.1} dBFS")),
        );
        let xruns = self.app.xruns();
        let count = self.app.xrun_count();
        text += &format!("{count} xruns\n");
        for xrun in xruns {
            text += &format!("  at {:.3} s: {}\n", xrun.at_seconds, xrun.filter);
        }
        if count > xruns.len() as u64 {
            text += "  and so on\n";
        }
        let stories = self.app.dropouts();
        for story in stories {
            text += &format!("  {}; {}\n", story.sentence, story.details());
        }
        let told_late: Vec<Json> = stories.iter().map(shapes::story).collect();
        let list: Vec<Json> = xruns
            .iter()
            .map(|xrun| json!({ "at_seconds": xrun.at_seconds, "filter": xrun.filter }))
            .collect();
        let (complaints, asked) = (self.app.complaints(), self.app.asked());
        if !complaints.is_empty() || !asked.is_empty() {
            text += &match complaints.len() {
                1 => "1 complaint of quality\n".to_owned(),
                count => format!("{count} complaints of quality\n"),
            };
        }
        for it in asked {
            let words = match it.level {
                0 => "full quality again".to_owned(),
                level => format!("level {level} of {LEAST}, {}", it.gives_up),
            };
            text += &format!("  at {:.3} s: {}: {words}\n", it.at_seconds, it.filter);
        }
        let complaints: Vec<Json> = complaints
            .iter()
            .map(|it| {
                json!({
                    "at_seconds": it.at_seconds,
                    "filter": it.filter,
                    "proportion": it.quality.proportion,
                    "late_seconds": it.quality.delta as f64 / REF_TIMES_PER_SECOND as f64,
                })
            })
            .collect();
        let asked: Vec<Json> = asked
            .iter()
            .map(|it| {
                json!({
                    "at_seconds": it.at_seconds,
                    "filter": it.filter,
                    "level": it.level,
                    "gives_up": it.gives_up,
                })
            })
            .collect();
        let marks = self.app.fired();
        for mark in marks {
            let at = mark.time as f64 / REF_TIMES_PER_SECOND as f64;
            text += &format!("mark {} at {at:.7} s, sample {}\n", mark.id, mark.sample);
        }
        let marks: Vec<Json> = marks
            .iter()
            .map(|it| {
                json!({
                    "mark": it.id,
                    "at_seconds": it.time as f64 / REF_TIMES_PER_SECOND as f64,
                    "sample": it.sample,
                })
            })
            .collect();
        let told: Vec<Json> = problems
            .iter()
            .map(|problem| shapes::problem(view.wiring, problem, document.line_of(problem)))
            .collect();
        let answer = json!({
            "seconds": seconds,
            "frames": self.elapsed,
            "position": self.position,
            "rate_hz": view.wiring.rate_hz,
            "device": view.device,
            "xruns": list,
            "xrun_count": count,
            "late_cycles": view.cells.map_or(0, |cells| cells.late()),
            "stories": told_late,
            "load_mean": self.load.0,
            "load_max": self.load.1,
            "latency_seconds": latency,
            "peak_dbfs": dbfs,
            "real_time": view.cells.is_some_and(|cells| cells.is_real_time()),
            "quality": { "complaints": complaints, "asked": asked },
            "clock": self.clocks,
            "marks": marks,
            "problems": told,
        });
        let has_gaps = it.fail_on_xrun && !xruns.is_empty();
        let exit = match self.app.class_faults().is_empty() {
            false => Exit::File,
            true if has_gaps => Exit::No,
            true => Exit::Done,
        };
        Answer::new(text, answer).exit(exit)
    }

    /// Filters that could not be opened, broke, or gave what is no sound.
    fn faults(&self) -> Vec<Problem> {
        let view = self.app.view();
        let fault = |path: &FilterPath| match view.status(path) {
            FilterStatus::Faulty(text) => Some(Problem {
                filter: Some(path.clone()),
                text: format!("{}: {text}", view.wiring.filters[path].name),
                is_blocking: true,
            }),
            _ => None,
        };
        let failed = self.app.class_faults().iter();
        let failed = failed.map(|(path, text)| Problem {
            filter: Some(path.clone()),
            text: format!("{}: {text}", view.wiring.filters[path].name),
            is_blocking: true,
        });
        let faults = view.wiring.filters.keys().filter_map(fault);
        faults.chain(failed).collect()
    }
}

/// The wires into filters of the render category; where there are none, as in a recorder, those into the last of each way.
fn renderers(app: &App) -> Vec<PinAddress> {
    let view = app.view();
    let is_renderer = |path: &FilterPath| {
        let filter = view.wiring.filters.get(path);
        let descriptor = filter.and_then(|filter| filter.descriptor.as_deref());
        descriptor.is_some_and(Descriptor::renders_sound)
    };
    let wires = &view.wiring.wires;
    let is_last = |path: &FilterPath| wires.iter().all(|wire| wire.from.filter != *path);
    let into = |is_end: &dyn Fn(&FilterPath) -> bool| -> Vec<_> {
        let ends = wires.iter().filter(|wire| is_end(&wire.to.filter));
        ends.map(|wire| wire.from.clone()).collect()
    };
    let rendered = into(&is_renderer);
    match rendered.is_empty() {
        true => into(&is_last),
        false => rendered,
    }
}

/// The longest of some tails, or as long as anybody waits.
fn within_reason(tails: impl Iterator<Item = f64>) -> f64 {
    tails.fold(0.0, f64::max).min(MOST_TAIL_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_longer_than_a_minute_for_an_echo() {
        assert_eq!(within_reason([0.2, 1.5].into_iter()), 1.5);
        assert_eq!(within_reason([0.2, 3_600.0].into_iter()), MOST_TAIL_SECONDS);
        assert_eq!(within_reason(std::iter::empty()), 0.0);
        assert_eq!(MOST_TAIL_SECONDS, 60.0);
    }
}
