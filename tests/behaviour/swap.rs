//! Edits of a sounding graph: nothing jumps, what was not touched goes on where it was.

use ksgraph::engine::{Message, Offline};
use ksgraph::graph::{Edit, Graph, apply};

use crate::stage::{AUDIBLE, RATE_HZ, Stage, cut, even, hear, largest_step, path, peak, set};

/// A sine of a tenth of full scale.
const SINE: &str = "tone frequency=441 level=-20 -> null_renderer";
const MIXED: &str = "tone frequency=441 level=-20 -> mixer -> null_renderer";
const AMPLITUDE: f32 = 0.1;
/// Samples of a fade of 10 ms.
const FADE: f32 = RATE_HZ as f32 / 100.0;

/// The steepest step of the sine itself, and of fades: as many as lie one behind the other.
fn allowed(amplitude: f32, fades: f32) -> f32 {
    let slope = amplitude * std::f32::consts::TAU * 441.0 / RATE_HZ as f32;
    (slope + fades * amplitude / FADE) * 1.001
}

/// An edit of a graph, by name.
type Kind = (&'static str, &'static str, fn(&Stage, &mut Graph));

/// Every kind of edit, on the graph it begins with.
const KINDS: &[Kind] = &[
    ("insert a filter", SINE, |stage, graph| {
        cut(graph, "tone", "null_renderer");
        stage.add(graph, "tone -> gain -> null_renderer");
    }),
    (
        "remove a filter and close the gap",
        "tone frequency=441 level=-20 -> gain -> null_renderer",
        |stage, graph| {
            let gain = graph.find("gain").unwrap();
            apply(graph, Edit::Remove(vec![gain])).unwrap();
            stage.add(graph, "tone -> null_renderer");
        },
    ),
    ("another source", SINE, |stage, graph| {
        cut(graph, "tone", "null_renderer");
        stage.add(graph, "b:tone frequency=330 level=-20 -> null_renderer");
    }),
    ("another input of a mixer", MIXED, |stage, graph| {
        stage.add(graph, "b:tone frequency=330 level=-20 -> mixer");
    }),
    (
        "an input of a mixer goes",
        "tone frequency=441 level=-20 -> mixer -> null_renderer; b:tone frequency=330 level=-20 -> mixer",
        |_, graph| cut(graph, "b", "mixer"),
    ),
    ("a structural property", SINE, |_, graph| {
        set(graph, "tone", "channels", "1")
    }),
    ("a source is deleted", MIXED, |_, graph| {
        let tone = graph.find("tone").unwrap();
        apply(graph, Edit::Remove(vec![tone])).unwrap();
    }),
    ("the only wire is cut", SINE, |_, graph| {
        cut(graph, "tone", "null_renderer")
    }),
];

/// Runs until the gate and everything else stands still, `offset` samples beyond.
fn sounding(stage: &Stage, graph: &Graph, offset: usize) -> Offline {
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(graph), 512);
    let sink = path(graph, "null_renderer");
    let heard = hear(&mut offline, &sink, &even(2000 + offset, 64));
    assert!(peak(&heard) > AUDIBLE, "it does not sound");
    offline
}

#[track_caller]
fn assert_smooth(heard: &[Vec<f32>], allowed: f32, what: &str) {
    assert!(peak(heard) > AUDIBLE, "{what}: silent");
    let (step, at) = largest_step(&heard[0]);
    assert!(
        step <= allowed,
        "{what}: a step of {step} at {at}, {allowed} is allowed"
    );
}

#[test]
fn no_kind_of_edit_jumps_nor_does_its_undo() {
    let stage = Stage::new();
    for (name, text, edit) in KINDS {
        for offset in [0, 17, 30, 55, 81, 103] {
            let before = stage.graph(text);
            let mut after = before.clone();
            edit(&stage, &mut after);
            let mut offline = sounding(&stage, &before, offset);
            let sink = path(&before, "null_renderer");
            let mut heard = hear(&mut offline, &sink, &[64]);
            for graph in [&after, &before, &after] {
                offline.change(&stage.job(graph));
                // Fades down and up and a while of the new sound.
                let more = hear(&mut offline, &sink, &even(1500, 100));
                heard[0].extend_from_slice(&more[0]);
            }
            // Two tones, and two fades one behind the other, at the most.
            assert_smooth(&heard, allowed(AMPLITUDE * 2.0, 2.0), name);
        }
    }
}

#[test]
fn what_an_edit_does_not_touch_is_done_at_once_while_it_fades() {
    let stage = Stage::new();
    let gains: Vec<String> = (0..200).map(|n| format!("g{n}:gain level=-0.01")).collect();
    let chain = |gains: &[String]| {
        let chain = gains.join(" -> ");
        format!("tone frequency=441 level=-20 -> {chain} -> null_renderer")
    };
    let before = stage.graph(&chain(&gains));
    let mut after = before.clone();
    let gone = after.find("g100").unwrap();
    apply(&mut after, Edit::Remove(vec![gone])).unwrap();
    stage.add(&mut after, "g99 -> g101");
    let mut offline = sounding(&stage, &before, 30);
    let sink = path(&before, "null_renderer");
    assert!(offline.done_at_once() >= 199, "{}", offline.done_at_once());
    for graph in [&after, &before] {
        offline.change(&stage.job(graph));
        let mut fewest = usize::MAX;
        let mut heard = vec![vec![]];
        // Down for ten milliseconds, and up again for ten.
        for _ in 0..30 {
            heard[0].extend(hear(&mut offline, &sink, &[64]).remove(0));
            fewest = fewest.min(offline.done_at_once());
        }
        assert_smooth(&heard, allowed(AMPLITUDE, 2.0), "while it fades");
        // But for those next to what comes and goes.
        assert!((70..199).contains(&fewest), "{fewest}");
        assert!(offline.done_at_once() >= 198);
    }
}

#[test]
fn what_is_behind_a_filter_that_is_not_open_works_on_silence_and_not_on_what_it_left() {
    let stage = Stage::new();
    let sounds = stage
        .graph("tone frequency=441 level=-20 -> gain -> delay mix=50 feedback=0 -> null_renderer");
    let mut silent = sounds.clone();
    let filter = silent.find("tone").unwrap();
    let edit = Edit::SetDisabled {
        filter,
        is_on: true,
    };
    apply(&mut silent, edit).unwrap();
    let mut offline = sounding(&stage, &sounds, 30);
    let sink = path(&sounds, "null_renderer");
    hear(&mut offline, &sink, &even(48_000, 64));
    offline.change(&stage.job(&silent));
    hear(&mut offline, &sink, &even(96_000, 64));
    let tail = hear(&mut offline, &sink, &even(9_600, 64));
    assert!(peak(&tail) < 1e-4, "{}", peak(&tail));
}

#[test]
fn edits_within_the_fade_of_another_do_not_jump() {
    let stage = Stage::new();
    for (name, text, edit) in KINDS {
        for pause in [1, 100, 300, 479, 500, 700] {
            let before = stage.graph(text);
            let mut after = before.clone();
            edit(&stage, &mut after);
            let mut offline = sounding(&stage, &before, 30);
            let sink = path(&before, "null_renderer");
            let mut heard = hear(&mut offline, &sink, &[64]);
            for graph in [&after, &before, &after, &before] {
                offline.change(&stage.job(graph));
                let more = hear(&mut offline, &sink, &even(pause, 50));
                heard[0].extend_from_slice(&more[0]);
            }
            let more = hear(&mut offline, &sink, &even(3000, 50));
            heard[0].extend_from_slice(&more[0]);
            let what = format!("{name}, every {pause} samples");
            assert_smooth(&heard, allowed(AMPLITUDE * 2.0, 2.0), &what);
            let tail = &heard[0][heard[0].len() - 500..];
            assert!(
                peak(&[tail.to_vec()]) > AUDIBLE,
                "{what}: the last graph plays"
            );
        }
    }
}

#[test]
fn what_was_not_touched_goes_on_where_it_was() {
    let stage = Stage::new();
    let before = stage.graph("slope -> null_renderer; tone -> n:null_renderer");
    let mut offline = sounding(&stage, &before, 0);
    let entry = |offline: &Offline, name: &str| offline.built.open[&path(&before, name)].entry;
    let (slope, tone) = (entry(&offline, "slope"), entry(&offline, "tone"));
    let mut after = before.clone();
    cut(&mut after, "slope", "null_renderer");
    stage.add(&mut after, "slope -> gain -> null_renderer");
    offline.change(&stage.job(&after));
    assert_eq!(entry(&offline, "slope"), slope, "the source was kept");
    assert_eq!(entry(&offline, "tone"), tone);
    let sink = path(&before, "null_renderer");
    let heard = hear(&mut offline, &sink, &even(3000, 64));
    let last = heard[0].last().unwrap();
    let wanted = (offline.position() - 1) as f32 * 1e-6;
    assert!(
        (last - wanted).abs() < 1e-7,
        "{last}, {wanted}: it counted on through the edit"
    );
}

#[test]
fn a_structural_change_opens_anew_and_nothing_else_does() {
    let stage = Stage::new();
    let before = stage.graph("tone -> gain -> null_renderer; slope -> n:null_renderer");
    let mut offline = sounding(&stage, &before, 0);
    let entries = |offline: &Offline| -> Vec<u32> {
        let open = offline.built.open.values();
        open.map(|open| open.entry).collect()
    };
    let first = entries(&offline);
    let mut plain = before.clone();
    set(&mut plain, "tone", "frequency", "600");
    offline.change(&stage.job(&plain));
    assert_eq!(entries(&offline), first, "a value alone opens nothing");
    hear(
        &mut offline,
        &path(&before, "null_renderer"),
        &even(1000, 64),
    );
    let mut after = plain.clone();
    set(&mut after, "tone", "channels", "1");
    offline.change(&stage.job(&after));
    let open = &offline.built.open;
    let of = |name: &str| open[&path(&before, name)].entry;
    assert_ne!(of("tone"), first[0], "another number of channels");
    assert_eq!(of("slope"), first[3]);
    assert_eq!(of("n"), first[4]);
}

#[test]
fn values_glide() {
    let stage = Stage::new();
    let graph = stage.graph(SINE);
    for offset in [0, 30, 55] {
        let mut offline = sounding(&stage, &graph, offset);
        let sink = path(&graph, "null_renderer");
        let mut heard = hear(&mut offline, &sink, &[64]);
        let entry = offline.built.open[&path(&graph, "tone")].entry;
        let kind = stage.catalogue.get("tone").unwrap();
        let (property, _) = kind.descriptor().property("level").unwrap();
        for value in [-60.0, -20.0, -26.0] {
            offline.send(Message::Set {
                entry,
                property: property as u16,
                value,
            });
            heard[0].extend_from_slice(&hear(&mut offline, &sink, &even(1500, 64))[0]);
        }
        // A glide lasts twice as long as a fade.
        assert_smooth(&heard, allowed(AMPLITUDE, 1.0), "level");
        let tail = peak(&[heard[0][heard[0].len() - 200..].to_vec()]);
        assert!(
            (tail - 0.05).abs() < 0.002,
            "the last value is reached: {tail}"
        );
    }
}

#[test]
fn a_note_that_is_held_goes_on_while_something_else_is_edited() {
    let stage = Stage::new();
    if stage.catalogue.get("keyboard").is_none() {
        // Nothing to hold a note with.
        return;
    }
    let before = stage.graph("keyboard -> tone_synth -> mixer -> null_renderer");
    let mut job = stage.job(&before);
    job.feeds = crate::stage::feeds(&before, &crate::stage::held_note(60_000));
    let mut offline = Offline::rehearse(&stage.catalogue, &job, 512);
    let sink = path(&before, "null_renderer");
    let settled = hear(&mut offline, &sink, &even(12_000, 64));
    let steady = largest_step(&settled[0][6000..]).0;
    let mut after = before.clone();
    stage.add(&mut after, "b:tone level=-40 -> mixer");
    let mut changed = stage.job(&after);
    changed.feeds = job.feeds.clone();
    offline.change(&changed);
    let heard = hear(&mut offline, &sink, &even(12_000, 64));
    assert!(peak(&heard) > AUDIBLE, "the note goes on");
    let (step, at) = largest_step(&heard[0]);
    assert!(
        step < steady * 1.2 + 0.002,
        "a step of {step} at {at}, {steady} before"
    );
}
