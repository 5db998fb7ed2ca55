//! `ksgraph play GRAPH`: live, without a window.

mod session;

use std::path::PathBuf;

use clap::Args;

use super::devices::{choose, is_output};
use super::failure::Failure;
use super::load::{self, Document};
use super::render::{check_seconds, samples};
use super::{Answer, cores, feed, render, timing};
use crate::app::Options;
use crate::engine::{MARKS, Mark};
use crate::ks::ids::category;
use crate::ks::{
    DataFlow, Descriptor, Domain, FileFact, Kind, Property, REF_TIMES_PER_SECOND, RefTime, Value,
};
use crate::sysaudio::{StreamError, stream_graph};
use session::Session;

/// What `play` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph play graphs/first_sound.ron --seconds 10 --host jack\n  ksgraph play song.mid --number 0"
)]
pub(super) struct Play {
    /// The graph, or a file of sound or notes, for which one is built
    #[arg(value_name = "GRAPH|MEDIA")]
    graph: PathBuf,
    /// The number of the virtual device that plays MEDIA, as `devices` lists them; without it the default one
    #[arg(long, value_name = "N")]
    number: Option<usize>,
    /// The device to play on: a name as `devices` prints it, `default` or `null`
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The sound system to play through
    #[arg(long, value_name = "HOST", value_parser = ["alsa", "jack", "pipewire", "pulseaudio", "coreaudio", "wasapi", "null"])]
    host: Option<String>,
    /// Samples of a cycle
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = samples)]
    quantum: usize,
    /// The MIDI input to listen to
    #[arg(long, value_name = "PORT")]
    midi_in: Option<String>,
    /// Plays a MIDI file into a source of MIDI; may be given several times
    #[arg(long, value_name = "FILTER=FILE.mid")]
    feed: Vec<String>,
    /// So long; without it until end of stream or Ctrl+C
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Begin at that place: seconds, 1:23.456, 66150 samples or 17|3|120
    #[arg(long, value_name = "T")]
    start: Option<String>,
    /// Write which filter ran when into a file that a browser's tracing viewer reads
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
    /// Write what was played last, at most five minutes, into a file at the end: .wav, or .flac
    #[arg(long, value_name = "FILE.wav")]
    keep_last: Option<PathBuf>,
    #[command(flatten)]
    timing: timing::Overrides,
    #[command(flatten)]
    cores: cores::Choice,
    /// Tell when the graph's clock comes to that time; may be given several times
    #[arg(long, value_name = "S")]
    mark: Vec<f64>,
    /// Tell every so many seconds, or `FIRST,EVERY`; may be given several times
    #[arg(long, value_name = "S")]
    mark_every: Vec<String>,
    /// How fast it goes: files, songs and metronomes at 0.5 to 2 times (sound by resampling, with its pitch); where the
    /// system's timer drives and nothing else can, time itself at 0.1 to 4
    #[arg(long, value_name = "TIMES")]
    speed: Option<f64>,
    /// End with exit code 1 when there was a gap in the sound
    #[arg(long)]
    fail_on_xrun: bool,
}

pub(super) fn run(it: &Play) -> Result<Answer, Failure> {
    check_seconds(it.seconds)?;
    let marks = marks(it)?;
    let rate_permille = speed(it.speed)?;
    let mut options = Options::for_this_machine(it.quantum);
    options.cores = it.cores.cores.into();
    let mut document = document(it, &options)?;
    it.timing.put(&mut document, &options.catalogue)?;
    let (device, host) = (it.device.as_deref(), it.host.as_deref());
    let device = choose(&mut options.facts, device, host)?;
    if let Some(device) = device {
        override_devices(&mut document, &options, &device, &is_output);
    }
    if let Some(port) = &it.midi_in {
        // One of our own is made, and there from then on.
        let is_own = port.starts_with("virtual:") || port.starts_with("jack:virtual:");
        if !is_own && !options.facts.midi_inputs.contains(port) {
            let ports = options.facts.midi_inputs.join(", ");
            return Err(Failure::device(
                format!("listen to the MIDI input {port}"),
                "there is none of that name",
            )
            .cure(if ports.is_empty() {
                "this machine has no MIDI input now".to_owned()
            } else {
                format!("one of {ports}")
            }));
        }
        override_devices(&mut document, &options, port, &is_midi_input);
    }
    let bench = load::agree(&document, options.catalogue.clone(), options.facts.clone());
    let mut problems = document.problems(&bench.wiring);
    problems.extend(render::refusals(&bench));
    problems.extend(load::oddities(&document, &bench));
    document.warn(&problems);
    // The program that plays tells of these itself.
    problems.extend(crate::app::air_problems(&bench.wiring, &bench.facts));
    load::check_media(&document, &bench, &format!("play {}", it.graph.display()))?;
    for (path, events) in feed::read(&it.feed, &document, &bench.wiring)? {
        if let Some(filter) = bench.wiring.filters.get(&path) {
            options.feeds.insert(filter.name.clone(), events);
        }
    }
    // What plays agrees for itself: only one of both is kept.
    options.facts = bench.facts;
    drop(bench.wiring);
    let mut session = Session::start(options, &document)?;
    if it.keep_last.is_none() {
        session.app.keep_no_minutes();
    }
    if let Some(trace) = &it.trace {
        // Now, and not when all was played.
        session.write_trace(trace)?;
        session.app.record_timeline(true);
    }
    session.marks = marks;
    let rate_hz = session.app.view().wiring.rate_hz;
    session.begin = render::place(it.start.as_deref(), "--start", &document, rate_hz)?;
    session.speed = rate_permille;
    session.run(it)?;
    if let Some(trace) = &it.trace {
        session.write_trace(trace)?;
    }
    if let Some(path) = &it.keep_last {
        session.app.write_minutes(path).map_err(|reason| {
            Failure::file(path, format!("write {}", path.display()), reason)
                .cure("play on a device, and name a .wav or .flac in a folder you may write to")
        })?;
    }
    Ok(session.answer(it, &document, problems))
}

/// Gives every device property that `is_wanted` picks a name.
fn override_devices(
    document: &mut Document,
    options: &Options,
    name: &str,
    is_wanted: &dyn Fn(&Descriptor, &Property) -> bool,
) {
    let graph = &mut document.loaded.graph;
    load::override_values(graph, &options.catalogue, &|filter, property| {
        is_wanted(filter, property).then(|| Value::Text(name.to_owned()))
    });
}

/// The graph that was named, or one that plays the stream that was.
fn document(it: &Play, options: &Options) -> Result<Document, Failure> {
    // What is called a graph is read as one, so that what is wrong with it is said of a graph.
    let is_graph = it.graph.extension().is_some_and(|it| it == "ron");
    let fact = match is_graph {
        true => None,
        false => Some(crate::filters::probe(&it.graph)),
    };
    let Some(fact) = fact.filter(|it| !matches!(it, FileFact::Unusable(_))) else {
        if it.number.is_some() {
            let tried = format!("play {} on a virtual device", it.graph.display());
            return Err(Failure::usage(tried, "it is no file of sound or notes")
                .cure("a graph says itself what it plays on; --device names another"));
        }
        return load::read(&it.graph);
    };
    let whole = std::path::absolute(&it.graph).unwrap_or_else(|_| it.graph.clone());
    let graph = stream_graph(&whole, fact, it.number, &options.catalogue, &options.facts);
    let graph = graph.map_err(|error| {
        let tried = format!("play {}", it.graph.display());
        match error {
            StreamError::File(_) | StreamError::Graph(_) => {
                Failure::file(&it.graph, tried, error.to_string())
                    .cure("wanted a graph (.ron), a file of sound or a MIDI file")
            }
            StreamError::Number { .. } | StreamError::Nothing(_) => {
                Failure::device(tried, error.to_string()).cure("`ksgraph devices` lists them")
            }
        }
    })?;
    let mut document = Document::new(&it.graph.with_extension("ron"));
    document.loaded.graph = graph;
    Ok(document)
}

fn is_midi_input(descriptor: &Descriptor, property: &Property) -> bool {
    let mut pins = descriptor.pins.iter();
    property.domain == Domain::Device
        && descriptor.categories.contains(&category::CAPTURE)
        && pins.any(|pin| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Events)
}

/// The marks that are asked for.
fn marks(it: &Play) -> Result<Vec<Mark>, Failure> {
    let units = |seconds: f64| (seconds * REF_TIMES_PER_SECOND as f64).round() as RefTime;
    let is_time = |seconds: &f64| (0.0..=1e6).contains(seconds);
    let mut all = vec![];
    for &seconds in &it.mark {
        if !is_time(&seconds) {
            let tried = format!("take --mark {seconds}");
            return Err(Failure::usage(tried, "wanted seconds, 0 to 1 000 000"));
        }
        all.push(Mark::At(units(seconds)));
    }
    for text in &it.mark_every {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|it| it.trim().parse()).collect();
        let (base, every) = match numbers.as_deref() {
            Ok([every]) => (*every, *every),
            Ok([base, every]) => (*base, *every),
            _ => (f64::NAN, f64::NAN),
        };
        let interval = if is_time(&every) { units(every) } else { 0 };
        if !is_time(&base) || interval <= 0 {
            let tried = format!("take --mark-every {text}");
            let wanted = "wanted seconds above 0, or the first time and the distance: 0.5,2";
            return Err(Failure::usage(tried, wanted));
        }
        let base = units(base);
        all.push(Mark::Every { base, interval });
    }
    match all.len() {
        0..=MARKS => Ok(all),
        count => Err(Failure::usage(
            format!("wait for {count} marks"),
            format!("{MARKS} at most can be waited for at a time"),
        )),
    }
}

/// How fast time is to go, in 1000.
fn speed(times: Option<f64>) -> Result<Option<u32>, Failure> {
    match times {
        Some(times) if !(0.1..=4.0).contains(&times) => Err(Failure::usage(
            format!("take --speed {times}"),
            "wanted 0.1 to 4",
        )),
        times => Ok(times.map(|it| (it * 1000.0).round() as u32)),
    }
}
