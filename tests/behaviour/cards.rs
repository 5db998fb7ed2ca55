//! Hard-wired mediums: a simulated card of two filters with a ring of their own, sounding while its wire carries nothing.

use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{Edit, FilterPath, Graph, apply};
use ksgraph::ks::Value;

use super::support::{agree, catalogue, graph, outcomes, refusals};

const CARD: &str = "tone level=-20 -> lab_card_wave:w -> lab_card_mixer:m -> null_renderer:n";

fn open(graph: &Graph, is_rehearsal: bool) -> Offline {
    let catalogue = catalogue();
    let wiring = agree(&catalogue, graph);
    let job = Job {
        wiring,
        ..Job::default()
    };
    match is_rehearsal {
        true => Offline::rehearse(&catalogue, &job, 1_000),
        false => Offline::new(&catalogue, &job, 1_000),
    }
}

fn hear(offline: &mut Offline, graph: &Graph, lens: &[usize]) -> Vec<f32> {
    let sink = FilterPath::of(graph.find("n").unwrap());
    let mut heard = vec![];
    for len in lens {
        offline.cycle(*len).unwrap();
        heard.extend_from_slice(offline.heard(&sink).unwrap().0.channel(1));
    }
    heard
}

#[test]
fn med_5_sound_passes_inside_the_card_and_its_wire_counts_nothing() {
    let drawn = graph(&catalogue(), CARD);
    let mut offline = open(&drawn, false);
    let lens = [480, 1, 1_000, 519];
    let heard = hear(&mut offline, &drawn, &lens);
    let plain = graph(&catalogue(), "tone level=-20 -> null_renderer:n");
    let wanted = hear(&mut open(&plain, false), &plain, &[1_000, 1_000]);
    assert!(wanted.iter().any(|sample| sample.abs() > 0.05));
    assert!(heard == wanted, "the card changes no bit and adds no time");
    let levels = offline.built.levels.clone().unwrap();
    let mut silent = vec![];
    for (cell, (from, to)) in offline.built.map.wires().enumerate() {
        if levels.get(cell) == 0.0 {
            silent.push((from.pin.clone(), to.pin.clone()));
        }
    }
    assert_eq!(silent, [("line".to_owned(), "line".to_owned())]);
}

#[test]
fn med_1_a_line_of_one_card_fits_no_other_card_and_no_ordinary_pin() {
    let all = catalogue();
    for (text, offered) in [
        (
            "tone -> lab_card_wave:w unit=2 -> lab_card_mixer:m unit=3 -> null_renderer:n",
            "Lab Card unit 2",
        ),
        (
            "tone -> lab_card_wave:w unit=2 -> gain:g -> null_renderer:n",
            "Lab Card unit 2",
        ),
        ("tone -> lab_card_mixer:m -> null_renderer:n", "standard"),
    ] {
        let wiring = agree(&all, &graph(&all, text));
        let refused = refusals(&wiring);
        assert_eq!(refused.len(), 1, "{:?}", outcomes(&wiring));
        assert_eq!(refused[0].rule, "MED-3");
        assert!(
            refused[0].offered.contains(offered),
            "{}",
            refused[0].offered
        );
    }
}

#[test]
fn com_5_a_card_waits_to_be_asked() {
    let all = catalogue();
    let wiring = agree(
        &all,
        &graph(
            &all,
            "pull_source:p -> lab_card_wave:w -> lab_card_mixer:m -> null_renderer:n",
        ),
    );
    assert_eq!(refusals(&wiring)[0].rule, "COM-5");
    let wiring = agree(
        &all,
        &graph(
            &all,
            "pull_source:p -> gain:g -> lab_card_wave:w -> lab_card_mixer:m -> null_renderer:n",
        ),
    );
    assert_eq!(refusals(&wiring).len(), 0, "{:?}", outcomes(&wiring));
    let pushes: Vec<bool> = wiring
        .wires
        .iter()
        .map(|it| it.outcome.as_ref().unwrap().is_push)
        .collect();
    assert_eq!(
        pushes,
        [false, true, true, true],
        "the gain fetches, then it sends"
    );
}

#[test]
fn a_line_that_is_cut_falls_silent_without_a_jump() {
    let mut drawn = graph(&catalogue(), CARD);
    let mut offline = open(&drawn, true);
    let mut heard = hear(&mut offline, &drawn, &[480; 10]);
    let index = drawn.connections.iter().position(|it| it.to.pin == "line");
    apply(&mut drawn, Edit::Disconnect(index.unwrap())).unwrap();
    let job = Job {
        wiring: agree(&catalogue(), &drawn),
        ..Job::default()
    };
    offline.change(&job);
    heard.extend(hear(&mut offline, &drawn, &[480; 5]));
    let step = heard
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.0065, "{step}");
    assert_eq!(heard[heard.len() - 480..], [0.0; 480]);
    // Another unit on both sides is the same card by another name.
    let both = |drawn: &mut Graph, unit: f64| {
        for name in ["w", "m"] {
            let filter = drawn.find(name).unwrap();
            let (key, value) = ("unit".to_owned(), Some(Value::Number(unit)));
            apply(drawn, Edit::SetProperty { filter, key, value }).unwrap();
        }
    };
    let mut drawn = graph(&catalogue(), CARD);
    both(&mut drawn, 9.0);
    let again = hear(&mut open(&drawn, false), &drawn, &[480; 2]);
    assert!(again.iter().any(|sample| sample.abs() > 0.05));
}

#[test]
fn med_1_a_second_giver_into_one_unit_is_told() {
    let told = |text: &str| {
        let all = catalogue();
        let drawn = graph(&all, text);
        let wiring = agree(&all, &drawn);
        assert!(wiring.problems.iter().all(|it| it.is_blocking));
        wiring
            .problems
            .into_iter()
            .map(|it| (it.filter.unwrap(), it.text))
            .collect::<Vec<_>>()
    };
    let two =
        "tone -> lab_card_wave:w -> lab_card_mixer:m -> null_renderer:n; noise -> lab_card_wave:v";
    let problems = told(two);
    let [(filter, text)] = &problems[..] else {
        panic!("{problems:?}");
    };
    let second = graph(&catalogue(), two).find("v").unwrap();
    assert_eq!(*filter, FilterPath::of(second));
    assert!(
        text.contains("v.line")
            && text.contains("w has already")
            && text.ends_with("set its Card to 2"),
        "{text}"
    );
    assert!(told(&format!("{two} unit=2")).is_empty(), "another card");
    assert!(told(CARD).is_empty(), "one pair");
}

#[test]
fn pcl_1_a_card_sounds_the_same_behind_every_port_and_after_a_stop() {
    let lens = [480, 1, 1_000, 519, 64, 936, 1_000];
    let behind = |port: &str| {
        let text = format!(
            "tone level=-20 -> lab_card_wave:w port={port} -> lab_card_mixer:m -> null_renderer:n"
        );
        let drawn = graph(&catalogue(), &text);
        hear(&mut open(&drawn, false), &drawn, &lens)
    };
    let plain = graph(&catalogue(), "tone level=-20 -> null_renderer:n");
    let wanted = hear(
        &mut open(&plain, false),
        &plain,
        &[1_000, 1_000, 1_000, 1_000],
    );
    for port in ["WaveRT", "WaveCyclic", "WavePci"] {
        assert!(behind(port) == wanted, "{port}");
    }
}

#[test]
fn pcl_7_jacks_of_one_card_are_soldered_and_those_of_two_are_not() {
    let all = catalogue();
    let jack = |key: &str, unit: u32| {
        let values =
            std::collections::BTreeMap::from([("unit".to_owned(), Value::Number(f64::from(unit)))]);
        let settings = ksgraph::ks::Settings {
            values: &values,
            base: None,
        };
        let filter = all.get(key).unwrap();
        let described = filter.describe(&settings, &ksgraph::ks::Facts::nominal());
        described.pin("wave").unwrap().1.clone()
    };
    let (wave, topology) = (jack("lab_card_wave", 2), jack("lab_card_topology", 2));
    assert!(
        wave.is_bridge() && topology.is_bridge(),
        "PCL-4: no streams"
    );
    assert!(ksgraph::ks::soldered(&wave, &topology));
    assert!(!ksgraph::ks::soldered(&wave, &jack("lab_card_topology", 3)));
    assert!(!ksgraph::ks::soldered(&wave, &wave), "two ways");
    let speaker = all
        .get("audio_device_out")
        .unwrap()
        .descriptor()
        .pin("speaker")
        .unwrap()
        .1
        .clone();
    assert!(
        !ksgraph::ks::soldered(&speaker, &topology),
        "a standard jack"
    );
}
