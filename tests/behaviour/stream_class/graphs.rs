//! The class driver in graphs: minidrivers that hang or panic while the rest plays, and the Lab Device.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ksgraph::app::{Action, App, FilterStatus, Options};
use ksgraph::engine::Offline;
use ksgraph::graph::{FilterPath, Graph};
use ksgraph::ks::{Catalogue, Health, RegisterError, State, Value};
use ksgraph::portcls;
use ksgraph::stream::{ClassDriver, HandTime, Kind};

use super::puppet::{Puppet, wait_until};
use crate::desk::Desk;
use crate::stage::{Stage, even, hear, path};

/// A stage whose catalogue has the puppet too, registered as any program would.
fn stage(puppet: &Puppet, time: &Arc<HandTime>) -> Stage {
    let driver = ClassDriver::new(puppet.clone()).timed_by(time.clone());
    let mut stage = Stage::new();
    stage.catalogue.register(Arc::new(driver)).unwrap();
    stage
}

/// What a graph sounds like, and how its puppet is after that, while time goes by at a second for every millisecond; or
/// stands, for one that must not be late.
fn heard(stage: &Stage, graph: &Graph, time: &HandTime, goes_by: bool) -> (Vec<f32>, Health) {
    let mut offline = Offline::new(&stage.catalogue, &stage.job(graph), 480);
    assert!(
        offline.built.failures.is_empty(),
        "{:?}",
        offline.built.failures
    );
    let is_over = AtomicBool::new(false);
    let heard = std::thread::scope(|scope| {
        scope.spawn(|| {
            while goes_by && !is_over.load(Ordering::SeqCst) {
                time.pass(Duration::from_secs(1));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let heard = hear(&mut offline, &path(graph, "sink"), &even(24_000, 480));
        is_over.store(true, Ordering::SeqCst);
        heard
    });
    let class = offline.built.open[&path(graph, "puppet")].class.clone();
    let class = class.unwrap();
    // What a panic drops is answered a moment before its thread says so.
    for _ in 0..5_000 {
        if class.health() != Health::Well {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    (heard[0].clone(), class.health())
}

/// What is wrong with a puppet, how that is done, and what is said of it.
type Case = (&'static str, fn(&Puppet), Health);

#[test]
fn a_foreign_minidriver_that_hangs_or_panics_is_named_and_the_rest_plays_bit_for_bit() {
    let text = "puppet -> m:mixer -> sink:null_renderer; tone level=-12 -> m";
    let cases: [Case; 3] = [
        (
            "it keeps what it gets",
            |it| {
                it.script().keeps.push(Kind::Read);
                it.script().is_deaf = true;
            },
            Health::NotResponding,
        ),
        (
            "it does not come back",
            |it| it.script().blocks_at = Some(Kind::Read),
            Health::NotResponding,
        ),
        (
            "it panics",
            |it| it.script().panics_at = Some(Kind::Read),
            Health::Panicked,
        ),
    ];
    let alone = Stage::new().render(
        "tone level=-12 -> m:mixer -> null_renderer",
        &even(24_000, 480),
    );
    for (what, spoil, wanted) in cases {
        let (puppet, time) = (Puppet::default(), Arc::new(HandTime::default()));
        let stage = stage(&puppet, &time);
        let graph = stage.graph(text);
        spoil(&puppet);
        let (samples, health) = heard(&stage, &graph, &time, wanted == Health::NotResponding);
        assert_eq!(health, wanted, "{what}");
        assert_eq!(samples, alone[0], "{what}");
        puppet.is_stuck.store(false, Ordering::SeqCst);
    }
}

#[test]
fn driver_entry_registers_like_any_filter() {
    let mut catalogue = Catalogue::default();
    let entry = || Arc::new(ClassDriver::new(Puppet::default()));
    catalogue.register(entry()).unwrap();
    let twice: Result<(), RegisterError> = catalogue.register(entry());
    assert!(twice.is_err());
    let listed = catalogue.get("puppet").unwrap().descriptor();
    assert_eq!((&*listed.title, listed.pins.len()), ("Puppet", 3));
    let offline = Arc::new(portcls::Offline);
    let all = ksgraph::filters::catalogue(Arc::clone(&offline) as _, offline);
    assert!(all.get("lab_device").is_some());
}

#[test]
fn the_lab_device_gives_two_tones_by_one_callback_and_swallows_what_comes_in() {
    let stage = Stage::new();
    let text = "tone level=-6 -> lab_device level=-20 -> sink:null_renderer; lab_device -> other:null_renderer";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
    let mut both = [vec![], vec![]];
    for _ in 0..100 {
        offline.cycle(480).unwrap();
        for (name, list) in ["sink", "other"].iter().zip(&mut both) {
            let (wave, _) = offline.heard(&path(&graph, name)).unwrap();
            list.extend_from_slice(wave.channel(0));
        }
    }
    let ups = |samples: &[f32]| {
        let pairs = samples.windows(2);
        pairs.filter(|it| it[0] < 0.0 && it[1] >= 0.0).count()
    };
    // A second of 220 Hz, and of 330 Hz.
    assert_eq!((ups(&both[0]), ups(&both[1])), (219, 329));
    let class = offline.built.open[&path(&graph, "lab_device")]
        .class
        .clone()
        .unwrap();
    let sheet = class.sheet();
    let names: Vec<&str> = sheet.lanes.iter().map(|lane| lane.name.as_str()).collect();
    let wanted = [
        "device",
        "in control",
        "in data",
        "low control",
        "low data",
        "high control",
        "high data",
    ];
    assert_eq!(names, wanted);
    for name in ["in data", "low data", "high data"] {
        let lane = || {
            let lanes = class.sheet().lanes;
            lanes.into_iter().find(|lane| lane.name == name).unwrap()
        };
        // A second, in frames of 50 ms.
        wait_until(|| lane().done >= 20);
        assert_eq!(lane().most_in_flight, 1, "{name}");
    }
}

#[test]
fn a_lab_device_that_is_slow_gives_the_same_samples() {
    let stage = Stage::new();
    let prompt = stage.render("lab_device -> null_renderer", &even(9_600, 480));
    let graph = stage.graph("lab_device delay=5 -> sink:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
    let slow = hear(&mut offline, &path(&graph, "sink"), &even(9_600, 480));
    assert_eq!(prompt, slow);
    let class = offline.built.open[&path(&graph, "lab_device")]
        .class
        .clone();
    let trace = class.unwrap().sheet().trace;
    assert!(
        trace.iter().any(|line| line.contains("timer low")),
        "{trace:?}"
    );
}

#[test]
fn a_lab_device_that_refuses_or_panics_is_silent_and_says_so() {
    let stage = Stage::new();
    for (failure, wanted) in [("'refuse data'", Health::Well), ("panic", Health::Panicked)] {
        let mut graph = stage.graph("lab_device -> sink:null_renderer");
        crate::stage::set(&mut graph, "lab_device", "failure", failure);
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
        let heard = hear(&mut offline, &path(&graph, "sink"), &even(4_800, 480));
        assert!(heard[0].iter().all(|sample| *sample == 0.0), "{failure}");
        let class = offline.built.open[&path(&graph, "lab_device")]
            .class
            .clone()
            .unwrap();
        wait_until(|| class.health() == wanted);
    }
}

#[test]
fn check_run_tells_what_became_of_requests() {
    let desk = Desk::new("class");
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/lab_device.ron");
    let did = desk.json(&["check", graph, "--run"]);
    let drivers = did.json["class_drivers"].as_array().unwrap();
    assert_eq!(drivers.len(), 1);
    let driver = &drivers[0];
    assert_eq!(
        (&driver["filter"], &driver["health"]),
        (&"Lab Device".into(), &"responding".into())
    );
    let lanes = driver["lanes"].as_array().unwrap();
    let low = lanes.iter().find(|lane| lane["name"] == "low data");
    // Two seconds in frames of 50 ms.
    assert!(low.unwrap()["done"].as_u64() >= Some(40), "{low:?}");
    let trace = driver["trace"].as_array().unwrap();
    let says = |line: &serde_json::Value| line.as_str().unwrap().contains("data packet READ_DATA");
    assert!(trace.iter().any(says), "{trace:?}");
    let words = desk.run(&["check", graph, "--run"]).text;
    assert!(
        words.contains("class driver of Lab Device: responding"),
        "{words}"
    );
    let silent = desk.json(&["check", graph]).json;
    assert_eq!(silent["class_drivers"], serde_json::json!([]));
}

#[test]
fn a_filter_whose_minidriver_is_gone_is_marked_until_it_is_opened_anew() {
    let mut app = App::new(Options::nominal(64));
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/lab_device.ron");
    app.perform(Action::Open(graph.into()));
    app.perform(Action::SetState(State::Run));
    let filter = app.view().graph.find("Lab Device").unwrap();
    let path = FilterPath::of(filter);
    let mut turn = |word: &str, is_so: &dyn Fn(&FilterStatus) -> bool| {
        app.perform(Action::SetProperty {
            filter,
            key: "failure".into(),
            value: Some(Value::Text(word.into())),
        });
        wait_until(|| {
            app.poll();
            is_so(&app.view().status(&path))
        });
    };
    turn("none", &|status| *status == FilterStatus::Ready(State::Run));
    turn(
        "panic",
        &|status| matches!(status, FilterStatus::Faulty(why) if why.starts_with("panicked")),
    );
    turn("none", &|status| *status == FilterStatus::Ready(State::Run));
    // Told once, by its name.
    let view = app.view();
    let told = view.log.iter().filter(|line| line.source == "Lab Device");
    let told = told.filter(|line| line.text.contains("minidriver panicked"));
    assert_eq!(told.count(), 1);
}

/// A program whose one source is a puppet.
fn program(puppet: &Puppet, time: &Arc<HandTime>) -> App {
    let mut options = Options::nominal(256);
    let driver = ClassDriver::new(puppet.clone()).timed_by(time.clone());
    options.catalogue.register(Arc::new(driver)).unwrap();
    let mut app = App::new(options);
    let graph = stage(puppet, time).graph("puppet -> null_renderer");
    app.open_document(graph, None);
    app.perform(Action::SetState(State::Run));
    app
}

fn loads(puppet: &Puppet) -> usize {
    puppet.count("device INITIALIZE_DEVICE")
}

#[test]
fn a_minidriver_that_never_answered_is_loaded_again_by_itself_once_and_then_by_hand() {
    let (puppet, time) = (Puppet::default(), Arc::new(HandTime::default()));
    puppet.script().keeps.push(Kind::Read);
    puppet.script().is_deaf = true;
    let mut app = program(&puppet, &time);
    let path = FilterPath::of(app.view().graph.find("puppet").unwrap());
    let poll = |app: &mut App, is_so: &dyn Fn(&App) -> bool| {
        wait_until(|| {
            app.poll();
            // Only while it owes an answer, so that a slow machine has time to open it.
            if puppet.held() > 0 {
                time.pass(Duration::from_secs(1));
            }
            is_so(app)
        });
    };
    let is_reset = |app: &App| matches!(app.view().status(&path), FilterStatus::Faulty(_));
    let is_told = |app: &App, words: &str| {
        let log = app.view().log.iter();
        log.filter(|line| line.text.contains(words)).count()
    };
    poll(&mut app, &is_reset);
    assert_eq!(loads(&puppet), 1);
    puppet.script().kept.clear();
    // It is tried again after a while, though nobody asks, and does no better.
    poll(&mut app, &|_| loads(&puppet) == 2);
    assert_eq!(is_told(&app, "It is loaded again"), 1);
    poll(&mut app, &|app| is_told(app, "not responding again") == 1);
    assert_eq!(loads(&puppet), 2);
    // The disk has woken up; somebody asks.
    puppet.script().keeps.clear();
    app.perform(Action::LoadAgain(path.clone()));
    wait_until(|| {
        app.poll();
        app.view().status(&path) == FilterStatus::Ready(State::Run)
    });
    assert_eq!(loads(&puppet), 3);
}
