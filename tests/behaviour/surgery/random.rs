//! States changed at random, in graphs with branches that part and meet, loops and wires of both kinds: nothing clicks,
//! nothing is lost or comes twice, and what nobody touched is what it would have been. Seeds are printed.

use super::*;
use ksgraph::dsp::Random;

/// Samples of a run, and how long before its end everything is let go.
const WHOLE: usize = 24_000;
const CALM: usize = 6_000;

/// A filter, or one of its pins.
type Place<'a> = (&'a str, Option<&'a str>);

/// Graphs, and what may be held back in them.
const GRAPHS: &[(&str, &[Place<'static>])] = &[
    (
        "tone frequency=441 level=-24 -> splitter -> mixer -> feedback_send -> null_renderer; \
         splitter -> gain -> meter -> mixer; feedback_return delay=109 level=-9 -> mixer; \
         feedback_send -> feedback_return",
        &[
            ("gain", None),
            ("meter", Some("in")),
            ("meter", None),
            ("mixer", Some("in#1")),
            ("feedback_return", None),
            ("splitter", Some("out#1")),
            ("null_renderer", None),
            ("tone", None),
        ],
    ),
    (
        "tone frequency=441 level=-24 -> gain -> mixer -> null_renderer; \
         pull_source frequency=330 level=-24 -> g:gain -> mixer; \
         q:tone rate='44100' frequency=220 level=-24 -> r:rate_converter -> mixer",
        &[
            ("gain", None),
            ("gain", Some("out")),
            ("pull_source", None),
            ("g", None),
            ("g", Some("in")),
            ("q", None),
            ("r", None),
            ("mixer", Some("in")),
            ("null_renderer", Some("in")),
        ],
    ),
];

/// What is done to one of them, in order of time; at the end everything runs again.
fn sequence<'a>(random: &mut Random, places: &[Place<'a>], states: &[State]) -> Vec<Cut<'a>> {
    let mut pick = |below: usize| random.next_bits() as usize % below;
    let count = 4 + pick(12);
    let mut cuts: Vec<Cut<'a>> = (0..count)
        .map(|_| {
            let (name, pin) = places[pick(places.len())];
            let at = 2_000 + pick(WHOLE - CALM - 2_000);
            (at, name, pin, states[pick(states.len())])
        })
        .collect();
    cuts.sort_by_key(|cut| cut.0);
    let all = places.iter();
    cuts.extend(all.map(|(name, pin)| (WHOLE - CALM, *name, *pin, State::Run)));
    cuts
}

#[test]
fn states_changed_at_random_do_not_click_and_sound_the_same_for_any_cutting() {
    let stage = Stage::new();
    for seed in 20_261_121..20_261_129 {
        println!("seed {seed}");
        for (text, places) in GRAPHS {
            let text = format!("{text}; c:tone frequency=600 -> apart:null_renderer");
            let graph = stage.graph(&text);
            let mut random = Random::new(seed);
            let all = [State::Stop, State::Acquire, State::Pause, State::Run];
            let cuts = sequence(&mut random, places, &all);
            let run = |sink: &str, lens: &[usize], is_live: bool| {
                let start = if is_live {
                    Offline::rehearse
                } else {
                    Offline::new
                };
                let mut offline = start(&stage.catalogue, &stage.job(&graph), 2_048);
                play(&mut offline, &stage, &graph, sink, &cuts, lens)
            };
            let lens = uneven(WHOLE, 1 + (seed % 7) as usize * 300, seed);
            let heard = run("null_renderer", &even(WHOLE, 100), true);
            let what = format!("seed {seed}: {cuts:?}");
            // Three tones and an echo, with two fades upon each other.
            let level = 0.32;
            let slope = level * std::f32::consts::TAU * 441.0 / 48_000.0;
            let allowed = slope + 2.0 * level / FRAME as f32;
            // Behind the first moments, in which the graph itself comes up.
            let (step, at) = largest_step(&heard[0]);
            assert!(step <= allowed, "{what}: a step of {step} at {at}");
            let end = heard[0][WHOLE - CALM / 2..].to_vec();
            assert!(peak(&[end]) > AUDIBLE, "{what}: it sounds in the end");
            assert_same_bits(&heard, &run("null_renderer", &lens, true), &what);
            let plain = run("null_renderer", &even(WHOLE, 64), false);
            assert_same_bits(&plain, &run("null_renderer", &lens, false), &what);
            let alone = stage.render("c:tone frequency=600 -> null_renderer", &lens);
            assert_same_bits(&run("apart", &lens, false), &alone, "what nobody touched");
        }
    }
}

#[test]
fn what_is_paused_at_random_comes_late_and_whole_and_in_order() {
    for seed in 20_261_121..20_261_141 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let (source, has) = match seed % 2 {
            0 => ("pushed", "push"),
            _ => ("pulled", "pull"),
        };
        let (stage, push, pull) = counting_stage();
        let made = if has == "push" { push } else { pull };
        let text = format!("{source} -> gain -> recorder -> null_renderer");
        let graph = stage.graph(&text);
        let places = [
            (source, None),
            ("gain", None),
            ("gain", Some("in")),
            ("recorder", None),
            ("null_renderer", None),
        ];
        let cuts = sequence(&mut random, &places, &[State::Pause, State::Run]);
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 1_000);
        let lens = uneven(WHOLE, 1_000, seed);
        let heard = play(&mut offline, &stage, &graph, "null_renderer", &cuts, &lens);
        let came: Vec<f32> = heard[0].iter().copied().filter(|it| *it != 0.0).collect();
        let what = format!("seed {seed}, {source}: {cuts:?}");
        assert!(came.len() > CALM, "{what}");
        // No matter where it stood still.
        assert!(came == rising(1, came.len()), "{what}");
        let made = made.load(Ordering::SeqCst) as usize;
        let kept = if has == "push" { 3 } else { 2 } * FRAMES * FRAME;
        assert!(
            made - came.len() <= kept,
            "{what}: {made} of {}",
            came.len()
        );
    }
}
