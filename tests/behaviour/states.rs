//! States and what paces a graph: single steps in order, Stop forgets, and a timer where there is no device.

use std::time::{Duration, Instant};

use ksgraph::app::{Action, App, Options};
use ksgraph::engine::{Message, Offline, Report};
use ksgraph::graph::{FilterPath, PinAddress, Position};
use ksgraph::ks::{Facts, State};

use crate::stage::{Stage, even, hear, path};

const CHAIN: &str = "slope -> a:probe id=1 -> b:probe id=2 -> c:probe id=3 -> null_renderer";

#[test]
fn sinks_go_up_first_and_sources_go_down_first_one_step_at_a_time() {
    let stage = Stage::new();
    let graph = stage.graph(CHAIN);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let steps = || -> Vec<(u32, State)> {
        let notes = stage.steps.take();
        notes
            .iter()
            .map(|note| (note / 4, State::from_number((note % 4) as u8)))
            .collect()
    };
    let up = |state| [(3, state), (2, state), (1, state)];
    let down = |state| [(1, state), (2, state), (3, state)];
    assert_eq!(
        steps(),
        [up(State::Acquire), up(State::Pause), up(State::Run)].concat()
    );
    offline.send(Message::State(State::Pause));
    offline.cycle(64).unwrap();
    assert_eq!(steps(), down(State::Pause));
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    assert_eq!(steps(), [down(State::Acquire), down(State::Stop)].concat());
    assert_eq!(offline.state(), State::Stop);
    let reached: Vec<State> = offline
        .reports()
        .filter_map(|report| match report {
            Report::Reached(state) => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(reached, [State::Run, State::Pause, State::Stop]);
}

#[test]
fn pause_keeps_the_position_and_stop_forgets_it() {
    let stage = Stage::new();
    let graph = stage.graph(CHAIN);
    let sink = path(&graph, "null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let first = hear(&mut offline, &sink, &even(640, 64));
    offline.send(Message::State(State::Pause));
    offline.cycle(64).unwrap();
    assert_eq!(offline.position(), 640, "time stands still");
    offline.send(Message::State(State::Run));
    let second = hear(&mut offline, &sink, &[64]);
    assert_eq!(second[0][0], 640.0 * 1e-6, "it goes on where it was");
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    assert_eq!(offline.position(), 0);
    offline.send(Message::State(State::Run));
    let again = hear(&mut offline, &sink, &even(640, 64));
    assert_eq!(again, first, "from the beginning");
}

#[test]
fn a_filter_that_arrives_is_stepped_up_to_the_others_and_one_that_leaves_is_stopped() {
    let stage = Stage::new();
    let before = stage.graph("slope -> a:probe id=1 -> null_renderer");
    let mut after = before.clone();
    crate::stage::cut(&mut after, "a", "null_renderer");
    stage.add(&mut after, "a -> b:probe id=2 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&before), 64);
    offline.cycle(64).unwrap();
    stage.steps.take();
    offline.change(&stage.job(&after));
    assert_eq!(stage.steps.take(), [2 * 4 + 1, 2 * 4 + 2, 2 * 4 + 3]);
    offline.change(&stage.job(&before));
    assert_eq!(stage.steps.take(), [2 * 4 + 2, 2 * 4 + 1, 2 * 4]);
}

#[expect(clippy::disallowed_methods, reason = "this test is about time")]
#[test]
fn a_machine_without_devices_plays_by_the_clock_and_says_so() {
    let options = Options {
        facts: Facts::default(),
        eyes: ksgraph::app::Eyes::new(|_| ksgraph::ks::FileFact::Pending, Facts::default),
        ..Options::nominal(1024)
    };
    let mut app = App::new(options);
    for key in ["tone", "audio_device_out"] {
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Position::default(),
        });
    }
    let ids: Vec<_> = app.view().graph.filters.keys().copied().collect();
    let pin = |id, pin: &str| PinAddress {
        filter: FilterPath::from(vec![id]),
        pin: pin.into(),
        instance: 0,
    };
    app.perform(Action::Connect {
        from: pin(ids[0], "out"),
        to: pin(ids[1], "in"),
    });
    app.perform(Action::SetState(State::Run));
    let wait = |app: &mut App, until: &dyn Fn(&App) -> bool| {
        let began = Instant::now();
        while !until(app) {
            assert!(began.elapsed() < Duration::from_secs(20), "nothing happens");
            std::thread::sleep(Duration::from_millis(1));
            app.poll();
        }
    };
    let position = |app: &App| app.cells().unwrap().position();
    wait(&mut app, &|app| position(app) > 0);
    let (began, from) = (Instant::now(), position(&app));
    wait(&mut app, &|_| began.elapsed() > Duration::from_millis(1000));
    let (samples, seconds) = (
        (position(&app) - from) as f64,
        began.elapsed().as_secs_f64(),
    );
    let wanted = seconds * 48_000.0;
    // Whole cycles are counted.
    assert!(
        (samples - wanted).abs() < wanted * 0.05 + 1024.0,
        "{samples} samples in {seconds} s"
    );
    let banners = app.view().banners;
    assert!(!banners.is_empty(), "a banner says that nothing is heard");
    app.perform(Action::SetState(State::Stop));
    wait(&mut app, &|app| app.cells().unwrap().state() == State::Stop);
    assert_eq!(position(&app), 0);
}
