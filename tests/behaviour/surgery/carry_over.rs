//! What is kept over a pause, a stop or an edit, and what is not.

use super::*;

#[test]
fn what_a_branch_did_not_take_while_another_ran_is_dropped_and_time_is_kept() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> splitter -> null_renderer; splitter -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let cuts = [
        (1000, "b", None, State::Pause),
        (5000, "b", None, State::Run),
    ];
    let heard = play(&mut offline, &stage, &graph, "b", &cuts, &even(8000, 64));
    assert_eq!(
        made.load(Ordering::SeqCst),
        8000,
        "the source was never held"
    );
    assert_eq!(heard[0][..1000], rising(1, 1000));
    assert_eq!(
        heard[0][5000..],
        rising(5001, 3000),
        "both branches stay together"
    );
    // As long as there are frames nothing is dropped: it comes late.
    let cuts = [(0, "b", None, State::Pause), (700, "b", None, State::Run)];
    let heard = play(&mut offline, &stage, &graph, "b", &cuts, &even(2000, 64));
    assert_eq!(heard[0][700..], rising(8001, 1300));
}

#[test]
fn a_stop_gives_frames_back_and_begins_anew() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let wire = (("pushed", "out"), ("null_renderer", "in"));
    let pause = [(640, "null_renderer", None, State::Pause)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &pause,
        &even(6400, 64),
    );
    assert_eq!(held(&offline, &graph, wire.0, wire.1).held, 2);
    let stop = [(0, "null_renderer", None, State::Stop)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &stop,
        &even(640, 64),
    );
    assert_eq!(
        held(&offline, &graph, wire.0, wire.1).held,
        0,
        "completed, empty"
    );
    let at = made.load(Ordering::SeqCst);
    let run = [(0, "null_renderer", None, State::Run)];
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &run,
        &even(640, 64),
    );
    assert_eq!(
        heard[0],
        rising(at as usize + 1, 640),
        "what was out is gone"
    );
    // And a source that was stopped begins at its own zero, which its processor asserts.
    let again = [
        (0, "pushed", None, State::Stop),
        (640, "pushed", None, State::Run),
    ];
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &again,
        &even(1280, 64),
    );
    assert_eq!(heard[0][640..], rising(1, 640));
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    assert_eq!(offline.position(), 0);
}

#[test]
fn an_edit_leaves_what_is_held_as_it_is() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer; tone -> b:null_renderer");
    let mut after = graph.clone();
    stage.add(&mut after, "tone2:tone -> gain -> c:null_renderer");
    for is_live in [false, true] {
        let start = if is_live {
            Offline::rehearse
        } else {
            Offline::new
        };
        let mut offline = start(&stage.catalogue, &stage.job(&graph), 64);
        let pause = [(640, "null_renderer", None, State::Pause)];
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(6400, 64),
        );
        let taken = if is_live { 640 + FRAME } else { 640 };
        assert_eq!(made.load(Ordering::SeqCst) as usize, taken + FRAMES * FRAME);
        assert!(heard[0][taken..].iter().all(|it| *it == 0.0));
        offline.change(&stage.job(&after));
        play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[],
            &even(6400, 64),
        );
        assert_eq!(made.load(Ordering::SeqCst) as usize, taken + FRAMES * FRAME);
        let wire = (("pushed", "out"), ("null_renderer", "in"));
        assert_eq!(held(&offline, &after, wire.0, wire.1).held, 2);
        let run = [(0, "null_renderer", None, State::Run)];
        let heard = play(
            &mut offline,
            &stage,
            &after,
            "null_renderer",
            &run,
            &even(6400, 64),
        );
        let faded = if is_live { FRAME } else { 0 };
        assert_eq!(heard[0][faded..], rising(taken + 1 + faded, 6400 - faded));
    }
}

#[test]
fn a_limit_of_a_job_holds_from_the_beginning() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    let mut job = stage.job(&graph);
    let pins = [(("in".to_owned(), 0), State::Pause)].into();
    let limits = Limits {
        pins,
        ..Limits::default()
    };
    job.limits.insert(path(&graph, "null_renderer"), limits);
    let mut offline = Offline::new(&stage.catalogue, &job, 64);
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[],
        &even(6400, 64),
    );
    assert_eq!(made.load(Ordering::SeqCst) as usize, FRAMES * FRAME);
    assert_eq!(state(&offline, &graph, "null_renderer", "in"), State::Pause);
}

#[test]
fn hdr_11_what_waits_and_says_so_is_dropped_upon_pause() {
    for flags in [0, ksgraph::ks::flag::FLUSHONPAUSE] {
        let mut stage = Stage::new();
        let flushing = Flushing(AtomicU32::new(flags));
        stage.catalogue.register(Arc::new(flushing)).unwrap();
        let graph = stage.graph("flushing -> null_renderer");
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
        let sink = "null_renderer";
        let set = |at: usize, state: State| (at, sink, Some("in"), state);
        // The first pause finds nothing that waits; two frames are filled in it, and are late from then on.
        let cuts = [set(640, State::Pause), set(3200, State::Run)];
        let heard = play(&mut offline, &stage, &graph, sink, &cuts, &even(6400, 64));
        let late = 640 + FRAMES * FRAME;
        assert_eq!(heard[0][3200..], rising(641, 3200));
        // The second finds those that are late.
        let cuts = [set(0, State::Pause), set(640, State::Run)];
        let heard = play(&mut offline, &stage, &graph, sink, &cuts, &even(1280, 64));
        let made = late + 3200;
        let next = if flags == 0 { 641 + 3200 } else { made + 1 };
        assert_eq!(heard[0][640..], rising(next, 640), "flags {flags:#x}");
    }
}
