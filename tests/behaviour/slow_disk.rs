//! A disk that does not answer: what lies on it is left out and named, the rest plays, and it joins in once it can.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use ksgraph::app::{Action, App, Eyes, FilterStatus, Options};
use ksgraph::filters::wave_reader::WaveReader;
use ksgraph::graph::{FilterPath, PinAddress};
use ksgraph::ks::{Facts, FileFact, State};
use ksgraph::media::{self, Info, MediaError, Source};
use ksgraph::stream::ClassDriver;
use ksgraph::stream::errand::{in_time, patience};

use crate::desk::Desk;

/// Whether the disk answers, and how often it was asked.
static ANSWERS: AtomicBool = AtomicBool::new(false);
static OPENED: AtomicU32 = AtomicU32::new(0);
/// The same for a disk that does not even say what is on it.
static LOOKS: AtomicBool = AtomicBool::new(false);
/// The same for one that opens a file and then has to wake up before it can be read.
static READS: AtomicBool = AtomicBool::new(false);

fn await_it(answers: &AtomicBool) {
    while !answers.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn open(path: &Path) -> Result<Box<dyn Source>, MediaError> {
    if path.ends_with("stuck.wav") {
        OPENED.fetch_add(1, Ordering::SeqCst);
        await_it(&ANSWERS);
    }
    let source = media::open(path)?;
    Ok(match path.ends_with("sleepy.wav") {
        true => Box::new(Sleepy(source)),
        false => source,
    })
}

/// Sound on a disk that sleeps.
struct Sleepy(Box<dyn Source>);

impl Source for Sleepy {
    fn info(&self) -> &Info {
        self.0.info()
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn seek(&mut self, frame: u64) -> Result<(), MediaError> {
        self.0.seek(frame)
    }

    fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, MediaError> {
        await_it(&READS);
        self.0.read(planar)
    }
}

fn probe(path: &Path) -> FileFact {
    let own = path.to_owned();
    let look = move || {
        if own.ends_with("unseen.wav") {
            await_it(&LOOKS);
        }
        ksgraph::filters::probe(&own)
    };
    match path.ends_with("unseen.wav") {
        true => in_time(path, patience(true), look)
            .unwrap_or_else(|late| FileFact::Unusable(late.to_string())),
        false => look(),
    }
}

/// A tone beside a file; what is wrong with its disk is up to its name.
fn app(desk: &Desk, file: &str) -> App {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(desk.path(file), spec).unwrap();
    // The first sample is the loudest.
    let sample = |n| if n == 0 { 30_000_i16 } else { 8_000 };
    (0..480_000).for_each(|n| writer.write_sample(sample(n)).unwrap());
    writer.finalize().unwrap();
    let lines = format!(
        "add tone --name t\nadd wave_reader --name r\nadd null_renderer --name one\nadd null_renderer --name two\n\
         set r.path=\"{file}\"\nset r.loop=true\nconnect t.out one.in\nconnect r.out two.in\n"
    );
    let made = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], &lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let mut options = Options::nominal(256);
    assert!(options.catalogue.unregister("wave_reader"));
    let reader = ClassDriver::new(WaveReader::opening(open));
    options.catalogue.register(Arc::new(reader)).unwrap();
    options.eyes = Eyes::new(probe, Facts::nominal);
    let mut app = App::new(options);
    app.perform(Action::Open(desk.path("g.ron")));
    app.perform(Action::SetState(State::Run));
    app
}

fn status(app: &App, name: &str) -> FilterStatus {
    let id = app.view().graph.find(name).unwrap();
    app.view().status(&FilterPath::of(id))
}

fn sounds(app: &App, name: &str) -> bool {
    peak(app, name) > 0.01
}

fn peak(app: &App, name: &str) -> f32 {
    let view = app.view();
    let id = view.graph.find(name).unwrap();
    let out = PinAddress {
        filter: FilterPath::of(id),
        pin: "out".into(),
        instance: 0,
    };
    view.figures(&out).map_or(0.0, |it| it.peak)
}

#[track_caller]
fn wait(app: &mut App, is_so: impl Fn(&App) -> bool) {
    for _ in 0..30_000 {
        app.poll();
        if is_so(app) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it did not come about: {:?}", app.view().log);
}

fn tells(app: &App, words: &str) -> bool {
    app.view().log.iter().any(|line| line.text.contains(words))
}

#[test]
fn a_file_that_does_not_open_is_left_out_and_named_the_rest_plays_and_it_joins_in_later() {
    let desk = Desk::new("stuck");
    let mut app = app(&desk, "stuck.wav");
    wait(&mut app, |app| sounds(app, "t"));
    let late = "stuck.wav: the disk has not answered for";
    wait(&mut app, |app| tells(app, late));
    assert!(!sounds(&app, "r"));
    assert!(!matches!(status(&app, "r"), FilterStatus::Ready(_)));
    // Whatever is changed meanwhile, nobody else is sent to that disk.
    app.perform(Action::SetState(State::Stop));
    app.perform(Action::SetState(State::Run));
    wait(&mut app, |app| {
        status(app, "t") == FilterStatus::Ready(State::Run)
    });
    assert_eq!(OPENED.load(Ordering::SeqCst), 1);
    ANSWERS.store(true, Ordering::SeqCst);
    wait(&mut app, |app| sounds(app, "r"));
    assert!(OPENED.load(Ordering::SeqCst) >= 2);
}

#[test]
fn a_file_that_cannot_even_be_looked_at_keeps_nobody_waiting() {
    let desk = Desk::new("unseen");
    let mut app = app(&desk, "unseen.wav");
    wait(&mut app, |app| sounds(app, "t"));
    wait(&mut app, |app| {
        tells(app, "unseen.wav: the disk has not answered for")
    });
    assert!(!sounds(&app, "r"));
    LOOKS.store(true, Ordering::SeqCst);
    wait(&mut app, |app| sounds(app, "r"));
}

#[test]
fn a_file_is_heard_from_its_first_sample_on_however_late_it_is_read() {
    let desk = Desk::new("sleepy");
    let mut app = app(&desk, "sleepy.wav");
    // The devices run, and get silence.
    let elapsed = |app: &App| app.view().cells.map_or(0, |cells| cells.elapsed());
    wait(&mut app, |app| elapsed(app) > 4_800);
    assert!(!sounds(&app, "r") && !sounds(&app, "t"));
    READS.store(true, Ordering::SeqCst);
    wait(&mut app, |app| sounds(app, "r"));
    let first = peak(&app, "r");
    assert!(first > 0.9, "it began behind its first sample: {first}");
}
