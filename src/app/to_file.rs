//! The document rendered into a file beside what plays: on a thread of its own, on the nominal machine, with the same
//! samples as `ksgraph render`. How far it is stands in a banner, with a button that cancels it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use super::offline::{self, Feeds, Order, Pace, Progress, Rendered, Take, Trouble};
use super::{Action, App, Banner, Offer, Urgency};
use crate::dsp::measure::dbfs;
use crate::engine::Epoch;
use crate::graph::{FilterPath, Graph, negotiate};
use crate::ks::{AudioFormat, Catalogue, DEFAULT_RATE_HZ, Facts};
use crate::media::{Container, SampleKind};
use crate::portcls::Offline;

/// How often is told how far it is.
const TELL_NANOS: u64 = 200_000_000;
/// Samples of a cycle.
const QUANTUM: usize = 1024;

/// How long what is rendered is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum RenderLength {
    /// Until everything has ended and the last echo was heard.
    #[default]
    UntilEnd,
    /// So many seconds from the beginning.
    Seconds,
    /// The range that is, or would be, played round.
    Range,
}

/// What a render into a file is like: what was chosen last.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct RenderChoice {
    /// How long it is.
    pub length: RenderLength,
    /// The seconds, where it is those; from a thousandth to a day.
    pub seconds: f64,
    /// Bits of a sample: 16, 24, or 32 for floats.
    pub bits: u16,
}

impl RenderChoice {
    /// The seconds that can be had.
    pub const SECONDS: std::ops::RangeInclusive<f64> = 0.001..=86_400.0;

    /// Holds every value within its bounds.
    pub(super) fn tidy(&mut self) {
        let (least, most) = (*Self::SECONDS.start(), *Self::SECONDS.end());
        let is_one = self.seconds.is_finite();
        self.seconds = if is_one {
            self.seconds.clamp(least, most)
        } else {
            60.0
        };
        if !matches!(self.bits, 16 | 24) {
            self.bits = 32;
        }
    }

    fn kind(self) -> SampleKind {
        match self.bits {
            16 => SampleKind::Pcm16,
            24 => SampleKind::Pcm24,
            _ => SampleKind::Float32,
        }
    }
}

impl Default for RenderChoice {
    fn default() -> Self {
        Self {
            length: RenderLength::UntilEnd,
            seconds: 60.0,
            bits: 32,
        }
    }
}

/// A render under way. Let go, it is cancelled, and nothing is left of it.
pub(super) struct ToFile {
    path: PathBuf,
    shared: Arc<Shared>,
    answer: Receiver<Result<Rendered, String>>,
    thread: Option<JoinHandle<()>>,
    epoch: Epoch,
    told: u64,
}

#[derive(Default)]
struct Shared {
    seconds: AtomicU64,
    of: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Shared {
    fn tell(&self, progress: Progress) -> bool {
        self.seconds
            .store(progress.seconds.to_bits(), Ordering::Relaxed);
        self.of.store(progress.of.to_bits(), Ordering::Relaxed);
        !self.is_cancelled.load(Ordering::Relaxed)
    }

    fn progress(&self) -> Progress {
        let number = |cell: &AtomicU64| f64::from_bits(cell.load(Ordering::Relaxed));
        Progress {
            seconds: number(&self.seconds),
            of: number(&self.of),
        }
    }
}

impl Drop for ToFile {
    fn drop(&mut self) {
        self.shared.is_cancelled.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // What it has to say, it has sent.
        }
    }
}

/// All that a render is made from.
struct Job {
    graph: Graph,
    catalogue: Catalogue,
    facts: Facts,
    base: Option<PathBuf>,
    selected: Option<FilterPath>,
    path: PathBuf,
    container: Container,
    choice: RenderChoice,
    /// From where to where, in seconds, if it is not from the beginning.
    range: Option<(f64, f64)>,
}

impl Job {
    fn run(self, goes_on: &mut dyn FnMut(Progress) -> bool) -> Result<Rendered, String> {
        let base = self.base.as_deref();
        let wiring = negotiate(&self.graph, &self.catalogue, &self.facts, base);
        let found = offline::renderers(&wiring);
        let (sink, audio) = choose(found, self.selected.as_ref())?;
        let feeds = Feeds::new();
        let pace = Pace::of(QUANTUM);
        let mut take = Take::start(&wiring, &self.catalogue, self.base.clone(), feeds, pace);
        let words = |trouble: Trouble| match trouble {
            Trouble::Cancelled => "it was cancelled; nothing was written".into(),
            other => other.to_string(),
        };
        let seconds = match (self.choice.length, self.range) {
            (RenderLength::Seconds, _) => Some(self.choice.seconds),
            (_, Some((begin, end))) => Some(end - begin),
            _ => None,
        };
        if let Some((begin, _)) = self.range {
            let start = (begin * f64::from(take.rate_hz())).round() as u64;
            let begun = take.begin_at(start, &sink);
            begun.map_err(|stuck| words(stuck.into()))?;
        }
        let order = Order {
            sink,
            audio,
            seconds,
            container: self.container,
            kind: self.container.kind(self.choice.kind()),
            output: self.path,
        };
        offline::render(&mut take, &order, goes_on).map_err(words)
    }
}

/// What is rendered: the selected sink, or the only one.
fn choose(
    mut found: Vec<(FilterPath, AudioFormat)>,
    selected: Option<&FilterPath>,
) -> Result<(FilterPath, AudioFormat), String> {
    if let Some(at) = found.iter().position(|(path, _)| Some(path) == selected) {
        return Ok(found.swap_remove(at));
    }
    match found.len() {
        0 => Err("no sound arrives at anything that renders: connect an Audio Device Out".into()),
        1 => Ok(found.swap_remove(0)),
        _ => Err("several filters render: select the one that is meant".into()),
    }
}

impl App {
    /// Begins to render the document into a file.
    pub(super) fn render_to_file(&mut self, path: &Path) {
        const WHAT: &str = "Render to File";
        if self.to_file.is_some() {
            let text = "Another render is under way: let it end, or cancel it";
            return self.warn(WHAT, text.into());
        }
        let container = match Container::of(path) {
            Ok(container) => container,
            Err(reason) => return self.warn(WHAT, format!("{}: {reason}", path.display())),
        };
        let choice = self.preferences().render;
        let mut range = None;
        if choice.length == RenderLength::Range {
            let rate = f64::from(self.wiring.rate_hz.max(1));
            let Some(own) = self.loop_range() else {
                let text = "There is no loop range to render: drag one on the seek bar with Shift, or choose another length";
                return self.warn(WHAT, text.into());
            };
            range = Some((own.begin as f64 / rate, own.end as f64 / rate));
        }
        let mut catalogue = crate::filters::catalogue(Arc::new(Offline), Arc::new(Offline));
        for kind in self.catalogue.iter() {
            // What is built in is there already; the rest came from files or a program.
            let _ = catalogue.register(Arc::clone(kind));
        }
        let mut facts = Facts::nominal_at(DEFAULT_RATE_HZ);
        facts.files = self.facts.files.clone();
        let selected = self.selection.one_filter();
        let job = Job {
            graph: self.graph.clone(),
            catalogue,
            facts,
            base: self.base(),
            selected: selected.map(|id| self.path_of(id)),
            path: path.to_owned(),
            container,
            choice,
            range,
        };
        let shared = Arc::new(Shared::default());
        let (tell, answer) = channel();
        let bell = self.waveforms.bell().clone();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("render".into())
            .spawn(move || {
                let (epoch, mut told) = (Epoch::new(), 0);
                let done = job.run(&mut |progress| {
                    let now = epoch.nanos();
                    if now >= told + TELL_NANOS {
                        told = now;
                        bell.ring();
                    }
                    theirs.tell(progress)
                });
                let _ = tell.send(done); // Nobody listens when the program ends.
                bell.ring();
            });
        match thread {
            Ok(thread) => {
                self.to_file = Some(ToFile {
                    path: path.to_owned(),
                    shared,
                    answer,
                    thread: Some(thread),
                    epoch: Epoch::new(),
                    told: 0,
                });
                self.tell_progress();
            }
            Err(error) => self.warn(WHAT, error.to_string()),
        }
    }

    /// The render is not wanted any more.
    pub(super) fn cancel_render(&mut self) {
        if let Some(to_file) = &self.to_file {
            to_file.shared.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Says how far the render is, and what came of it.
    pub(super) fn hear_render(&mut self) {
        let Some(to_file) = &mut self.to_file else {
            return;
        };
        let answer = match to_file.answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Disconnected) => Err("it broke".into()),
            Err(TryRecvError::Empty) => {
                let now = to_file.epoch.nanos();
                if now >= to_file.told + TELL_NANOS {
                    to_file.told = now;
                    self.tell_progress();
                }
                return;
            }
        };
        let path = to_file.path.clone();
        self.to_file = None;
        self.banners.retain(|it| !is_progress(it));
        match answer {
            Ok(done) => {
                let level = match done.peak {
                    peak if peak > 0.0 => format!("peak {:.1} dBFS", dbfs(peak)),
                    _ => "silent".into(),
                };
                let text = format!(
                    "{} is written: {} samples, {level}",
                    path.display(),
                    done.written.frames
                );
                self.say(Urgency::News, "Render to File", None, text);
            }
            Err(reason) => {
                let text = format!("{} was not rendered: {reason}", path.display());
                self.warn("Render to File", text);
            }
        }
    }

    fn tell_progress(&mut self) {
        let Some(to_file) = &self.to_file else {
            return;
        };
        let name = to_file.path.file_name().unwrap_or_default();
        let took = to_file.epoch.nanos() as f64 / 1e9;
        let words = progress_words(to_file.shared.progress(), took);
        let text = format!("Rendering {}: {words}", name.to_string_lossy());
        let cancel = Offer {
            words: "Cancel".into(),
            action: Action::CancelRender,
        };
        let banner = Banner {
            urgency: Urgency::News,
            text,
            is_dismissible: false,
            offers: vec![cancel],
        };
        match self.banners.iter_mut().find(|it| is_progress(it)) {
            Some(shown) => *shown = banner,
            None => self.banners.insert(0, banner),
        }
    }
}

fn is_progress(banner: &Banner) -> bool {
    let mut offers = banner.offers.iter();
    offers.any(|it| it.action == Action::CancelRender)
}

/// How far it is after so many seconds: `12.0 s of sound, 35 %, 4 s left`.
fn progress_words(progress: Progress, took: f64) -> String {
    let share = (progress.seconds / progress.of.max(1e-9)).min(1.0);
    if share <= 0.0 {
        return "it begins".into();
    }
    let left = took * (1.0 - share) / share;
    format!(
        "{:.1} s of sound, {:.0} % of the most it can be, {left:.0} s left at most",
        progress.seconds,
        share * 100.0
    )
}
