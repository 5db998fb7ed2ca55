//! Bypassed and disabled filters: what is heard, what is agreed, and that switching does not click.

use ksgraph::engine::Offline;
use ksgraph::graph::{Edit, Graph, apply, negotiate};
use ksgraph::ks::DataFlow;

use crate::stage::{
    AUDIBLE, RATE_HZ, Stage, assert_same_bits, cut, even, hear, largest_step, path, peak,
};

fn bypass(graph: &mut Graph, name: &str, is_on: bool) {
    let filter = graph.find(name).unwrap();
    apply(graph, Edit::SetBypass { filter, is_on }).unwrap();
}

fn disable(graph: &mut Graph, name: &str, is_on: bool) {
    let filter = graph.find(name).unwrap();
    apply(graph, Edit::SetDisabled { filter, is_on }).unwrap();
}

fn render(stage: &Stage, graph: &Graph) -> Vec<Vec<f32>> {
    let mut offline = Offline::new(&stage.catalogue, &stage.job(graph), 512);
    assert!(offline.built.failures.is_empty());
    hear(
        &mut offline,
        &path(graph, "null_renderer"),
        &even(9000, 300),
    )
}

#[test]
fn what_goes_into_a_bypassed_filter_comes_out_bit_for_bit() {
    let stage = Stage::new();
    for (through, without) in [
        (
            "tone level=-20 -> gain level=-12 -> null_renderer",
            "tone level=-20 -> null_renderer",
        ),
        (
            "tone level=-20 -> a:gain level=-6 -> gain level=-12 -> null_renderer",
            "tone level=-20 -> a:gain level=-6 -> null_renderer",
        ),
        (
            "tone -> gain level=-12 -> mixer -> null_renderer; noise level=-30 -> mixer",
            "tone -> mixer -> null_renderer; noise level=-30 -> mixer",
        ),
    ] {
        let mut graph = stage.graph(through);
        let before = stage.job(&graph).wiring;
        let loud = render(&stage, &graph);
        bypass(&mut graph, "gain", true);
        let after = stage.job(&graph).wiring;
        let formats = |wiring: &ksgraph::graph::Wiring| {
            let wires = wiring.wires.iter();
            let formats = wires.map(|wire| wire.outcome.as_ref().unwrap().format.to_string());
            formats.collect::<Vec<_>>()
        };
        assert_eq!(formats(&before), formats(&after), "what was agreed stays");
        let heard = render(&stage, &graph);
        assert!(peak(&heard) > AUDIBLE && heard != loud);
        assert_same_bits(&render(&stage, &stage.graph(without)), &heard, through);
        bypass(&mut graph, "gain", false);
        assert_same_bits(&loud, &render(&stage, &graph), through);
    }
}

#[test]
fn a_bypassed_mixer_lets_its_first_input_through() {
    let stage = Stage::new();
    let mut graph = stage.graph("tone -> mixer -> null_renderer; noise -> mixer");
    bypass(&mut graph, "mixer", true);
    let tone = render(&stage, &stage.graph("tone -> null_renderer"));
    assert_same_bits(&tone, &render(&stage, &graph), "the first input");
}

#[test]
fn what_cannot_be_let_through_is_left_out_and_says_why() {
    let stage = Stage::new();
    for (text, name, words) in [
        (
            "tone rate='44100' -> rate_converter -> null_renderer",
            "rate_converter",
            "comes in and",
        ),
        (
            "keyboard -> tone_synth -> null_renderer",
            "tone_synth",
            "has no output of the kind of its input",
        ),
    ] {
        let mut graph = stage.graph(text);
        bypass(&mut graph, name, true);
        let wiring = stage.job(&graph).wiring;
        assert!(wiring.is_agreed());
        let why = wiring.bypass(&path(&graph, name)).unwrap_err();
        assert!(why.contains(words), "{why}");
        assert_eq!(peak(&render(&stage, &graph)), 0.0, "{text}");
    }
}

#[test]
fn what_is_disabled_is_silent_and_the_rest_plays_on_as_it_was() {
    let stage = Stage::new();
    let mut graph = stage.graph(
        "tone level=-20 -> gain -> mixer -> null_renderer; noise level=-20 -> b:gain -> mixer; slope -> n:null_renderer",
    );
    let before = stage.job(&graph);
    let mut offline = Offline::rehearse(&stage.catalogue, &before, 256);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(2000, 256));
    let open = offline.built.open.clone();
    disable(&mut graph, "noise", true);
    let after = stage.job(&graph);
    let count = |job: &ksgraph::engine::Job| job.wiring.wires.len();
    assert_eq!(count(&before), count(&after), "everything stays drawn");
    offline.change(&after);
    hear(&mut offline, &sink, &even(2000, 256));
    for (path, now) in &offline.built.open {
        assert_eq!(now.since, open[path].since, "{path} plays on");
    }
    assert_eq!(offline.built.open.len(), open.len() - 1);
    let silent = stage.graph("tone level=-20 -> gain -> mixer -> null_renderer");
    assert_same_bits(
        &render(&stage, &silent),
        &render(&stage, &graph),
        "one tone",
    );
    disable(&mut graph, "null_renderer", true);
    let offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let closed = path(&graph, "null_renderer");
    assert!(
        !offline.built.open.contains_key(&closed),
        "a device is let go"
    );
}

#[test]
fn what_is_disabled_is_in_nobodys_way() {
    let stage = Stage::new();
    // Whichever is drawn first and has the lower number, the one that is left is agreed.
    for off in ["a", "b"] {
        let mut graph = stage
            .graph("a:tone rate='44100' -> mixer -> null_renderer; b:tone rate='48000' -> mixer");
        let agree = |graph: &Graph| negotiate(graph, &stage.catalogue, &stage.facts, None);
        assert!(!agree(&graph).is_agreed());
        disable(&mut graph, off, true);
        let wiring = agree(&graph);
        assert!(wiring.is_agreed(), "without {off}");
        for wire in &wiring.wires {
            assert!(wire.outcome.is_ok() || !wiring.takes_part(wire));
        }
    }
    let mut graph = stage.graph("tone -> null_renderer");
    stage.add(
        &mut graph,
        "wave_reader path='absent.wav' -> n:null_renderer",
    );
    let mut facts = stage.facts.clone();
    let missing = ksgraph::ks::FileFact::Unusable("it is not there".into());
    facts.files.insert("absent.wav".into(), missing);
    let agree = |graph: &Graph| negotiate(graph, &stage.catalogue, &facts, None).is_agreed();
    assert!(!agree(&graph));
    disable(&mut graph, "wave_reader", true);
    assert!(agree(&graph), "its file is nobody's business");
}

/// The steepest step of a sine of a tenth at 441 Hz and of three fades one behind the other, over two such tones.
fn bound() -> f32 {
    let amplitude = 0.2;
    let slope = amplitude * std::f32::consts::TAU * 441.0 / RATE_HZ as f32;
    (slope + 3.0 * amplitude / (RATE_HZ as f32 / 100.0)) * 1.001
}

#[test]
fn switching_while_it_plays_does_not_click() {
    type Switch = fn(&mut Graph, bool);
    let stage = Stage::new();
    let switches: [(&str, Switch); 7] = [
        ("bypass a gain", |graph, on| bypass(graph, "gain", on)),
        ("bypass a mixer", |graph, on| bypass(graph, "mixer", on)),
        ("disable a gain", |graph, on| disable(graph, "gain", on)),
        ("disable a source", |graph, on| disable(graph, "tone", on)),
        ("disable a mixer", |graph, on| disable(graph, "mixer", on)),
        ("disable the sink", |graph, on| {
            disable(graph, "null_renderer", on)
        }),
        ("both at once", |graph, on| {
            bypass(graph, "gain", on);
            disable(graph, "b", on);
        }),
    ];
    let text = "tone frequency=441 level=-20 -> gain level=-6 -> mixer -> null_renderer; \
                b:tone frequency=330 level=-20 -> mixer";
    for (name, switch) in switches {
        for quantum in [64, 256, 1000] {
            for pause in [60, 300, 700, 3000] {
                let off = stage.graph(text);
                let mut on = off.clone();
                switch(&mut on, true);
                let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&off), 1000);
                let sink = path(&off, "null_renderer");
                let mut heard = hear(&mut offline, &sink, &even(3000, quantum));
                for graph in [&on, &off, &on, &off] {
                    offline.change(&stage.job(graph));
                    let more = hear(&mut offline, &sink, &even(pause, quantum));
                    heard[0].extend_from_slice(&more[0]);
                }
                let more = hear(&mut offline, &sink, &even(4000, quantum));
                heard[0].extend_from_slice(&more[0]);
                let what = format!("{name} at {quantum}, every {pause}");
                let (step, at) = largest_step(&heard[0]);
                assert!(step <= bound(), "{what}: a step of {step} at {at}");
                let tail = heard[0][heard[0].len() - 500..].to_vec();
                assert!(peak(&[tail]) > AUDIBLE, "{what}: it plays on in the end");
            }
        }
    }
}

#[test]
fn wires_behind_a_bypassed_filter_fade_by_themselves() {
    let stage = Stage::new();
    let mut before = stage.graph("tone frequency=441 level=-20 -> gain -> mixer -> null_renderer");
    bypass(&mut before, "gain", true);
    let mut after = before.clone();
    cut(&mut after, "gain", "mixer");
    stage.add(&mut after, "gain -> meter -> mixer");
    for quantum in [64, 256, 1000] {
        let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&before), 1000);
        let sink = path(&before, "null_renderer");
        let mut heard = hear(&mut offline, &sink, &even(3017, quantum));
        for graph in [&after, &before, &after] {
            offline.change(&stage.job(graph));
            let more = hear(&mut offline, &sink, &even(2031, quantum));
            heard[0].extend_from_slice(&more[0]);
        }
        let (step, at) = largest_step(&heard[0]);
        assert!(step <= bound() / 2.0, "a step of {step} at {at}");
        assert!(
            peak(&[heard[0][7000..].to_vec()]) > 0.09,
            "it is heard again"
        );
    }
}

#[test]
fn every_built_in_filter_can_be_bypassed_and_disabled() {
    let stage = Stage::new();
    for filter in stage.catalogue.iter() {
        let descriptor = filter.descriptor();
        let pins = descriptor.pins.iter().filter(|pin| !pin.is_bridge());
        let flows: Vec<DataFlow> = pins.map(|pin| pin.data_flow).collect();
        let key = &descriptor.key;
        if !flows.contains(&DataFlow::Out) || !flows.contains(&DataFlow::In) {
            continue;
        }
        let mut graph = Graph::default();
        stage.add(&mut graph, &format!("f:{key}"));
        for (on, off) in [(true, false), (false, true), (true, true)] {
            bypass(&mut graph, "f", on);
            disable(&mut graph, "f", off);
            let wiring = negotiate(&graph, &stage.catalogue, &stage.facts, None);
            let is_through = wiring.bypass(&path(&graph, "f"));
            assert!(is_through.is_ok() || !is_through.unwrap_err().is_empty());
            Offline::new(&stage.catalogue, &stage.job(&graph), 64);
        }
    }
}
