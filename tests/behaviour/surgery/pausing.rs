//! What waits and what runs on when a filter or a pin is held back, and that nothing of it clicks.

use super::*;

#[test]
fn a_push_source_runs_until_its_frames_are_out_then_waits_and_nothing_is_lost() {
    for lens in [
        even(12_000, 64),
        even(12_000, 1000),
        uneven(12_000, 2048, 5),
    ] {
        let (stage, made, _) = counting_stage();
        let graph = stage.graph("pushed -> gain level=0 -> null_renderer");
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 2048);
        let wire = (("gain", "out"), ("null_renderer", "in"));
        let pause = (2000, "null_renderer", Some("in"), State::Pause);
        let first = lens.iter().scan(0, |at, len| {
            *at += len;
            Some(*at)
        });
        let until = first.take_while(|at| *at <= 8000).count();
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[pause],
            &lens[..until],
        );
        let played: usize = lens[..until].iter().sum();
        assert_eq!(heard[0][..2000], rising(1, 2000));
        assert!(
            heard[0][2000..].iter().all(|it| *it == 0.0),
            "nothing is taken"
        );
        let out = 2000 + FRAMES * FRAME;
        assert_eq!(
            made.load(Ordering::SeqCst),
            out as u64,
            "two frames went out"
        );
        let now = held(&offline, &graph, wire.0, wire.1);
        assert_eq!(
            (now.held, now.frames, now.is_waiting, now.dropped),
            (2, 2, true, 0)
        );
        assert_eq!(state(&offline, &graph, "null_renderer", "in"), State::Pause);
        assert_eq!(state(&offline, &graph, "gain", "out"), State::Run);
        let waited = now.requests;
        // It goes on: late, in order, whole.
        let run = (0, "null_renderer", Some("in"), State::Run);
        let more = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &[run],
            &lens[until..],
        );
        let rest = 12_000 - played;
        assert_eq!(more[0], rising(2001, rest));
        assert_eq!(made.load(Ordering::SeqCst), (out + rest) as u64);
        let now = held(&offline, &graph, wire.0, wire.1);
        assert!(now.requests > waited && !now.is_waiting);
    }
}

#[test]
fn a_pull_source_is_not_called_at_all_while_nobody_asks() {
    let (stage, _, made) = counting_stage();
    let graph = stage.graph("pulled -> gain level=0 -> null_renderer");
    let wire = (("pulled", "out"), ("gain", "in"));
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let pause = (2000, "gain", Some("in"), State::Pause);
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[pause],
        &even(8000, 64),
    );
    assert_eq!(heard[0][..2000], rising(1, 2000));
    assert!(heard[0][2000..].iter().all(|it| *it == 0.0));
    assert_eq!(made.load(Ordering::SeqCst), 2000, "not a sample more");
    let now = held(&offline, &graph, wire.0, wire.1);
    assert_eq!((now.held, now.frames, now.is_waiting), (0, 0, false));
    // 2000 samples are 31 cycles and a piece.
    assert_eq!(now.requests, 32, "the sink asked once a cycle while it ran");
    let run = (0, "gain", Some("in"), State::Run);
    let more = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[run],
        &even(2000, 64),
    );
    assert_eq!(more[0], rising(2001, 2000));
}

#[test]
fn a_pull_wire_behind_a_filter_that_waits_gives_nothing_either() {
    let (stage, _, made) = counting_stage();
    let graph = stage.graph("pulled -> gain level=0 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let pause = (640, "null_renderer", None, State::Pause);
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &[pause],
        &even(6400, 64),
    );
    // What the gain could still push; then it asks no more.
    let out = 640 + FRAMES * FRAME;
    assert_eq!(made.load(Ordering::SeqCst), out as u64);
}

#[test]
fn the_example_shows_both_and_pauses_each_sink_alone() {
    let stage = Stage::new();
    let mut examples = crate::stage::examples().into_iter();
    let (_, graph) = examples.find(|(name, _)| name == "push_and_pull").unwrap();
    let job = stage.example_job(&graph).unwrap();
    let mut offline = Offline::rehearse(&stage.catalogue, &job, 256);
    let cuts = [
        (4800, "Push Sink", Some("in"), State::Pause),
        (4800, "Pull Sink", Some("in"), State::Pause),
    ];
    let sink = "Audio Device Out";
    let heard = play(&mut offline, &stage, &graph, sink, &cuts, &even(9600, 64));
    assert!(peak(&heard) > AUDIBLE);
    let push = held(
        &offline,
        &graph,
        ("Push Source", "out"),
        ("Push Sink", "in"),
    );
    let pull = held(
        &offline,
        &graph,
        ("Pull Source", "out"),
        ("Pull Sink", "in"),
    );
    assert_eq!((push.held, push.frames, push.is_waiting), (2, 2, true));
    assert_eq!((pull.held, pull.frames, pull.is_waiting), (0, 0, false));
    let more = play(&mut offline, &stage, &graph, sink, &[], &even(4800, 64));
    assert_eq!(
        peak(&more),
        0.0,
        "both are silent, and nothing moves any more"
    );
    let still = |before: Held, from: (&str, &str), to: (&str, &str)| {
        assert_eq!(held(&offline, &graph, from, to).requests, before.requests);
    };
    still(push, ("Push Source", "out"), ("Push Sink", "in"));
    still(pull, ("Pull Source", "out"), ("Pull Sink", "in"));
}

#[test]
fn the_rest_plays_on_bit_for_bit() {
    let stage = Stage::new();
    let text = "tone frequency=441 -> splitter -> null_renderer; splitter -> gain -> b:null_renderer; \
                c:tone frequency=600 -> d:null_renderer";
    let graph = stage.graph(text);
    let lens = uneven(20_000, 700, 3);
    let whole = stage.render("tone frequency=441 -> splitter -> null_renderer", &lens);
    let cuts = [
        (3000, "gain", None, State::Pause),
        (6000, "c", None, State::Stop),
        (9000, "gain", None, State::Run),
        (12_000, "b", Some("in"), State::Acquire),
        (15_000, "c", None, State::Run),
    ];
    for is_live in [false, true] {
        let start = if is_live {
            Offline::rehearse
        } else {
            Offline::new
        };
        let mut offline = start(&stage.catalogue, &stage.job(&graph), 700);
        let heard = play(&mut offline, &stage, &graph, "null_renderer", &cuts, &lens);
        assert_same_bits(&heard, &whole, "the branch that nobody touched");
    }
}

/// Graphs with what is held back in them, heard at `null_renderer`.
const OPERATIONS: &[(&str, &str, &[Cut<'static>])] = &[
    (
        "a sink",
        "tone frequency=441 level=-20 -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "a source",
        "tone frequency=441 level=-20 -> gain -> null_renderer",
        &[
            (5000, "tone", None, State::Pause),
            (9001, "tone", None, State::Run),
        ],
    ),
    (
        "a filter between",
        "tone frequency=441 level=-20 -> gain -> null_renderer",
        &[
            (5000, "gain", None, State::Acquire),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "one input of a mixer",
        "tone frequency=441 level=-20 -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "mixer", Some("in#1"), State::Pause),
            (9001, "mixer", Some("in#1"), State::Run),
        ],
    ),
    (
        "a branch between splitter and mixer",
        "tone frequency=441 level=-20 -> splitter -> mixer -> null_renderer; splitter -> gain -> mixer",
        &[
            (5000, "gain", None, State::Pause),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "a branch at a mixer that is stopped and begins anew",
        "tone frequency=441 level=-20 -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "b", None, State::Stop),
            (9001, "b", None, State::Run),
        ],
    ),
    (
        "a wire of another rate",
        "tone rate='44100' frequency=441 level=-20 -> gain -> rate_converter -> null_renderer",
        &[
            (5000, "gain", None, State::Pause),
            (9001, "gain", None, State::Run),
        ],
    ),
    (
        "the end of a chain with another rate in it",
        "tone rate='44100' frequency=441 level=-20 -> gain -> rate_converter -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "a loop",
        "tone frequency=441 level=-30 -> mixer -> feedback_send -> null_renderer; \
         feedback_return delay=109 level=-6 -> mixer; feedback_send -> feedback_return",
        &[
            (5000, "feedback_return", None, State::Pause),
            (9001, "feedback_return", None, State::Run),
        ],
    ),
    (
        "a change of mind within the fade",
        "tone frequency=441 level=-20 -> null_renderer",
        &[
            (5000, "null_renderer", None, State::Pause),
            (5100, "null_renderer", None, State::Run),
            (5200, "null_renderer", None, State::Pause),
            (9001, "null_renderer", None, State::Run),
        ],
    ),
    (
        "two at once",
        "tone frequency=441 level=-20 -> gain -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        &[
            (5000, "gain", None, State::Pause),
            (5000, "b", None, State::Stop),
            (7000, "null_renderer", Some("in"), State::Pause),
            (9001, "gain", None, State::Run),
            (9100, "b", None, State::Run),
            (9300, "null_renderer", Some("in"), State::Run),
        ],
    ),
];

#[test]
fn nothing_clicks() {
    let stage = Stage::new();
    for (what, text, cuts) in OPERATIONS {
        let graph = stage.graph(text);
        for offset in [0, 30, 55, 81] {
            let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 512);
            let sink = path(&graph, "null_renderer");
            hear(&mut offline, &sink, &even(2000 + offset, 64));
            let heard = play(
                &mut offline,
                &stage,
                &graph,
                "null_renderer",
                cuts,
                &even(16_000, 100),
            );
            // The steepest of two tones with two fades upon each other.
            let slope = 0.2 * std::f32::consts::TAU * 441.0 / 48_000.0;
            let allowed = (slope + 2.0 * 0.2 / FRAME as f32) * 1.01;
            let (step, at) = largest_step(&heard[0]);
            assert!(
                step <= allowed,
                "{what}: a step of {step} at {at}, {allowed} is allowed"
            );
            assert!(
                peak(&[heard[0][..5000].to_vec()]) > AUDIBLE,
                "{what}: it sounds before"
            );
            assert!(
                peak(&[heard[0][13_000..].to_vec()]) > AUDIBLE,
                "{what}: and after"
            );
        }
    }
}

#[test]
fn the_samples_are_the_same_for_any_cutting() {
    let stage = Stage::new();
    for (what, text, cuts) in OPERATIONS {
        let graph = stage.graph(text);
        for is_live in [false, true] {
            let render = |lens: &[usize]| {
                let start = if is_live {
                    Offline::rehearse
                } else {
                    Offline::new
                };
                let mut offline = start(&stage.catalogue, &stage.job(&graph), 2048);
                play(&mut offline, &stage, &graph, "null_renderer", cuts, lens)
            };
            let one = render(&even(16_000, 64));
            for lens in [
                even(16_000, 1000),
                uneven(16_000, 2048, 7),
                uneven(16_000, 90, 8),
            ] {
                assert_same_bits(&one, &render(&lens), &format!("{what}, live: {is_live}"));
            }
        }
    }
}

#[test]
fn notes_are_released_where_their_source_is_held_back() {
    let stage = Stage::new();
    let graph = stage.graph("keyboard -> tone_synth -> null_renderer");
    for held_back in ["keyboard", "tone_synth"] {
        let mut job = stage.job(&graph);
        job.feeds = crate::stage::feeds(&graph, &crate::stage::held_note(10_000));
        let mut offline = Offline::rehearse(&stage.catalogue, &job, 512);
        let pause = [(9600, held_back, None, State::Pause)];
        let heard = play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(96_000, 480),
        );
        assert!(peak(&[heard[0][4800..9600].to_vec()]) > AUDIBLE);
        let tail = peak(&[heard[0][90_000..].to_vec()]);
        assert!(tail < AUDIBLE, "{held_back}: {tail} still sounds");
    }
}

#[test]
fn sta_9_nothing_is_processed_below_run() {
    let (stage, made, _) = counting_stage();
    let graph = stage.graph("pushed -> null_renderer");
    for state in [State::Pause, State::Acquire, State::Stop] {
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
        let pause = [(640, "pushed", None, state)];
        play(
            &mut offline,
            &stage,
            &graph,
            "null_renderer",
            &pause,
            &even(6400, 64),
        );
        assert_eq!(made.load(Ordering::SeqCst), 640, "{state:?}");
    }
}
