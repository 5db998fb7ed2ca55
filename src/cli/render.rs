//! `ksgraph render GRAPH -o OUT.wav` or `OUT.flac`: offline, as fast as the machine allows, bit for bit the same for any quantum.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::{Exit, Failure};
use super::interrupt::Interrupt;
use super::load::{self, Bench, Document};
use super::{Answer, cores, feed, names, shapes, timing};
use crate::app::offline::{self, MOST_SECONDS, Order, Pace, Progress, Take};
use crate::app::places;
use crate::dsp::measure;
use crate::engine::{Epoch, Timed};
use crate::graph::{FilterPath, Problem};
use crate::ks::{AudioFormat, Descriptor};
use crate::media::{Container, SampleKind};

/// How often progress is told, in nanoseconds.
const TELL_NANOS: u64 = 200_000_000;
/// The longest cycle that may be asked for.
const MOST_SAMPLES: usize = 1 << 16;

/// What `render` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph render graphs/first_sound.ron --feed \"Computer Keyboard=notes.mid\" --seconds 5 -o out.wav"
)]
pub(super) struct Render {
    /// The graph
    graph: PathBuf,
    /// The file to write: .wav, or .flac
    #[arg(long, short, value_name = "OUT.wav")]
    output: PathBuf,
    /// Exactly so long; without it until everything has ended and the last echo was heard, at most 60 s
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Begin at that place, as if all before it had been rendered: seconds, 1:23.456, 66150 samples or 17|3|120
    #[arg(long, value_name = "T")]
    start: Option<String>,
    /// And end at that one
    #[arg(long, value_name = "T", conflicts_with = "seconds")]
    end: Option<String>,
    /// Samples of a cycle; the sound does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = samples)]
    quantum: usize,
    /// The graph's rate, in place of the one it says
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    rate: Option<u32>,
    /// How samples are written; without it 32f in a wave file and 24 in FLAC, which knows whole numbers only
    #[arg(long, value_enum)]
    bits: Option<Bits>,
    /// Call every filter by itself, for measuring and finding faults; the sound does not depend on it
    #[arg(long)]
    no_fuse: bool,
    #[command(flatten)]
    cores: cores::Choice,
    /// Which renderer, where there are several
    #[arg(long, value_name = "FILTER")]
    renderer: Option<String>,
    /// Plays a MIDI file into a source of MIDI; may be given several times
    #[arg(long, value_name = "FILTER=FILE.mid")]
    feed: Vec<String>,
    #[command(flatten)]
    timing: timing::Overrides,
}

/// How samples are written.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Bits {
    /// 16-bit whole numbers
    #[value(name = "16")]
    Pcm16,
    /// 24-bit whole numbers
    #[value(name = "24")]
    Pcm24,
    /// 32-bit floating point
    #[value(name = "32f")]
    Float32,
}

impl Bits {
    fn kind(self) -> SampleKind {
        match self {
            Self::Pcm16 => SampleKind::Pcm16,
            Self::Pcm24 => SampleKind::Pcm24,
            Self::Float32 => SampleKind::Float32,
        }
    }
}

/// Length of a cycle as it is written on the command line.
pub(super) fn samples(text: &str) -> Result<usize, String> {
    let number: Option<usize> = text.parse().ok();
    number
        .filter(|number| (1..=MOST_SAMPLES).contains(number))
        .ok_or_else(|| format!("wanted a whole number, 1 to {MOST_SAMPLES}"))
}

/// Seconds as they are written on the command line.
pub(super) fn check_seconds(seconds: Option<f64>) -> Result<(), Failure> {
    const MOST: f64 = 1e6;
    match seconds {
        Some(seconds) if !(seconds > 0.0 && seconds <= MOST) => Err(Failure::usage(
            format!("take --seconds {seconds}"),
            "wanted a number above 0, at most 1 000 000",
        )),
        _ => Ok(()),
    }
}

pub(super) fn run(it: &Render, is_json: bool) -> Result<Answer, Failure> {
    check_seconds(it.seconds)?;
    let mut document = load::read(&it.graph)?;
    if same_file(&it.output, &it.graph) {
        return Err(Failure::usage(
            format!("render into {}", it.output.display()),
            "it is the graph itself",
        )
        .cure("name another file: -o out.wav"));
    }
    let (container, kind) = wanted(&it.output, it.bits)?;
    if let Some(rate) = it.rate {
        document.loaded.graph.rate_hz = rate;
    }
    if it.timing.any() {
        let known = load::offline_catalogue();
        it.timing.put(&mut document, &known)?;
    }
    let bench = load::nominal(&document, it.rate);
    let mut problems = document.problems(&bench.wiring);
    problems.extend(refusals(&bench));
    problems.extend(load::oddities(&document, &bench));
    document.warn(&problems);
    load::check_media(&document, &bench, &format!("render {}", it.graph.display()))?;
    let Target {
        sink,
        audio,
        is_reached,
    } = renderer(&document, &bench, it.renderer.as_deref())?;
    let feeds = feed::read(&it.feed, &document, &bench.wiring)?;
    let rate_hz = bench.wiring.rate_hz;
    let start = place(it.start.as_deref(), "--start", &document, rate_hz)?;
    let end = place(it.end.as_deref(), "--end", &document, rate_hz)?;
    let asked = match end {
        Some(end) if end <= start.unwrap_or(0) => {
            return Err(Failure::usage(
                format!("render {}", it.graph.display()),
                "its end is not behind its start",
            )
            .cure("name a later --end"));
        }
        Some(end) => Some((end - start.unwrap_or(0)) as f64 / f64::from(rate_hz.max(1))),
        None => it.seconds,
    };
    let mut take = Take::start(
        &bench.wiring,
        &bench.catalogue,
        document.base.clone(),
        feeds,
        Pace {
            quantum: it.quantum,
            cores: it.cores.cores.into(),
            is_one_by_one: it.no_fuse,
            // How long the longest took is asked for there alone.
            timed: if is_json { Timed::Each } else { Timed::Some },
        },
    );
    let endless = take.endless();
    if asked.is_none() && !endless.is_empty() {
        return Err(Failure::usage(
            format!("render {}", it.graph.display()),
            format!("{} never ends", endless.join(", ")),
        )
        .cure("say how long: --seconds 10"));
    }
    if let Some(start) = start.filter(|it| *it > 0) {
        take.begin_at(start, &sink)?;
    }
    let order = Order {
        sink: sink.clone(),
        audio,
        seconds: asked,
        container,
        kind,
        output: it.output.clone(),
    };
    let done = if is_reached {
        let mut teller = Teller::new();
        let done = offline::render(&mut take, &order, &mut |progress| teller.goes_on(progress));
        teller.clear();
        done?
    } else {
        offline::silence(&order, rate_hz)?
    };
    let (written, peak, graph_samples) = (done.written, done.peak, done.graph_samples);

    let seconds = written.frames as f64 / f64::from(audio.rate_hz);
    let (load_mean, load_max) = take.loads();
    let latency = take.latency_samples(&sink) as f64 / f64::from(rate_hz);
    if written.non_finite > 0 {
        let text = format!(
            "{} samples were not numbers and were written as silence",
            written.non_finite
        );
        take.add(Some(sink.clone()), text, true);
    }
    if written.clipped > 0 {
        let text = format!(
            "{} samples were over full scale and were clipped",
            written.clipped
        );
        take.add(Some(sink.clone()), text, false);
    }
    if peak == 0.0 {
        take.add(None, "the result is silent".into(), false);
    }
    if asked.is_none() && graph_samples >= u64::from(rate_hz) * MOST_SECONDS {
        take.add(
            None,
            format!("it did not end by itself within {MOST_SECONDS} s"),
            false,
        );
    }
    let (new, has_failed_file) = take.into_problems();
    document.warn(&new);
    problems.extend(new);
    let dbfs = (peak > 0.0).then(|| f64::from(measure::dbfs(peak)));
    let level = dbfs.map_or("silent".to_owned(), |dbfs| format!("peak {dbfs:.1} dBFS"));
    let text = format!(
        "{}: {seconds:.3} s, {} samples, {} channels at {} Hz, {level}, {:.0} times as fast as it plays\n",
        it.output.display(),
        written.frames,
        audio.channels,
        audio.rate_hz,
        1.0 / load_mean.max(1e-9),
    );
    let list: Vec<_> = problems
        .iter()
        .map(|problem| shapes::problem(&bench.wiring, problem, document.line_of(problem)))
        .collect();
    let answer = json!({
        "output": it.output.to_string_lossy(),
        "seconds": seconds,
        "frames": written.frames,
        "rate_hz": audio.rate_hz,
        "channels": audio.channels,
        "xruns": [],
        "load_mean": load_mean,
        "load_max": load_max,
        "latency_seconds": latency,
        "peak_dbfs": dbfs,
        "problems": list,
    });
    let exit = if has_failed_file {
        Exit::File
    } else {
        Exit::Done
    };
    Ok(Answer::new(text, answer).exit(exit))
}

/// What is written, by the name of the file and what was asked for.
fn wanted(output: &Path, bits: Option<Bits>) -> Result<(Container, SampleKind), Failure> {
    let tried = || format!("write {}", output.display());
    let container = Container::of(output).map_err(|reason| {
        Failure::usage(tried(), reason).cure("give the name another ending: -o out.wav")
    })?;
    let kind = bits.map_or(SampleKind::default(), Bits::kind);
    if bits.is_some() && container.kind(kind) != kind {
        return Err(Failure::usage(tried(), "FLAC knows whole numbers only")
            .cure("take --bits 24 or --bits 16, or write a .wav"));
    }
    Ok((container, container.kind(kind)))
}

/// A place that was named on the command line.
pub(super) fn place(
    text: Option<&str>,
    option: &str,
    document: &Document,
    rate_hz: u32,
) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let metre = places::metre_of(document.graph(), &load::offline_catalogue());
    let place = places::read(text, rate_hz, metre, places::Plain::Seconds);
    place
        .map(Some)
        .map_err(|reason| Failure::usage(format!("take {option} {text}"), reason))
}

/// Refused wires, as problems: what hangs behind them is not heard.
pub(super) fn refusals(bench: &Bench) -> Vec<Problem> {
    let refused = |wire: &crate::graph::Wire| {
        let refusal = wire.outcome.as_ref().err()?;
        Some(Problem {
            filter: Some(wire.to.filter.clone()),
            text: format!(
                "{} -> {} is refused: {}",
                refusal.from,
                refusal.to,
                refusal.sentence()
            ),
            is_blocking: true,
        })
    };
    let wires = bench.wiring.wires.iter();
    let wires = wires.filter(|wire| bench.wiring.takes_part(wire));
    wires.filter_map(refused).collect()
}

/// What is rendered.
struct Target {
    sink: FilterPath,
    audio: AudioFormat,
    /// Whether anything arrives there. Behind a filter that is not installed nothing does.
    is_reached: bool,
}

/// The sink that is rendered: the one filter of the render category whose input is connected.
fn renderer(document: &Document, bench: &Bench, wanted: Option<&str>) -> Result<Target, Failure> {
    let tried = format!("render {}", document.path.display());
    let wiring = &bench.wiring;
    let renders = |path: &FilterPath| {
        let filter = wiring.filters.get(path).filter(|it| !it.is_disabled);
        let descriptor = filter.and_then(|it| it.descriptor.as_deref());
        descriptor.is_some_and(Descriptor::renders_sound)
    };
    if let Some(name) = wanted {
        let (_, path) = names::find(
            document.graph(),
            &names::Name::read_in(document.graph(), name)?,
        )?;
        let format = offline::arriving(wiring, &path).ok_or_else(|| {
            Failure::usage(&tried, format!("no sound arrives at {name}"))
                .cure("name a sink whose input is connected")
        })?;
        return Ok(Target {
            sink: path,
            audio: format,
            is_reached: true,
        });
    }
    let found = offline::renderers(wiring);
    match <[(FilterPath, AudioFormat); 1]>::try_from(found) {
        Ok([(sink, audio)]) => Ok(Target {
            sink,
            audio,
            is_reached: true,
        }),
        Err(found) if found.is_empty() => {
            // The rest is rendered, be it nothing: what is not installed is a problem, not an end.
            let is_missing = wiring.filters.values().any(|it| it.descriptor.is_none());
            let mut all = wiring.filters.keys().filter(|path| renders(path));
            if let (true, Some(sink), None) = (is_missing, all.next(), all.next()) {
                return Ok(Target {
                    sink: sink.clone(),
                    audio: AudioFormat {
                        channels: 2,
                        bits: 32,
                        rate_hz: wiring.rate_hz,
                    },
                    is_reached: false,
                });
            }
            let refused = wiring
                .wires
                .iter()
                .find_map(|wire| wire.outcome.as_ref().err());
            Err(match refused {
                Some(refusal) => Failure::refused((**refusal).clone()).while_trying(&tried),
                None => Failure::no(tried, "no renderer's input is connected")
                    .cure("add a renderer, audio_device_out say, and connect it"),
            })
        }
        Err(found) => {
            let names: Vec<String> = found
                .iter()
                .filter_map(|(path, _)| wiring.filters.get(path))
                .map(|filter| filter.name.clone())
                .collect();
            Err(Failure::usage(
                tried,
                format!("there are several renderers: {}", names.join(", ")),
            )
            .cure(format!("choose one: --renderer {:?}", names[0])))
        }
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(one).is_some_and(|one| Some(one) == whole(other))
}

/// Says on a terminal how far a render is, and hears whether an end is wanted.
struct Teller {
    is_seen: bool,
    interrupt: Interrupt,
    epoch: Epoch,
    told: u64,
}

impl Teller {
    fn new() -> Self {
        Self {
            is_seen: std::io::stderr().is_terminal(),
            interrupt: Interrupt::new(),
            epoch: Epoch::new(),
            told: 0,
        }
    }

    fn goes_on(&mut self, progress: Progress) -> bool {
        let now = self.epoch.nanos();
        if self.is_seen && now >= self.told + TELL_NANOS {
            self.told = now;
            let _ = write!(std::io::stderr(), "\r{}", words(progress, now));
        }
        !self.interrupt.is_wanted()
    }

    fn clear(&self) {
        if self.told > 0 {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

/// How far a render is after so long.
fn words(progress: Progress, nanos: u64) -> String {
    let share = progress.seconds / progress.of.max(1e-9);
    let left = nanos as f64 / 1e9 * (1.0 - share) / share.max(1e-9);
    format!("{:3.0} %, {left:.0} s left  ", share * 100.0)
}
