//! Faults of one filter: it is silenced and named, the rest plays on bit for bit.

use ksgraph::engine::{Offline, Report};

use crate::stage::{Stage, assert_same_bits, even, hear, path, uneven};

/// A steady tone, and beside it one that passes the faulty filter.
const TEXT: &str =
    "tone frequency=300 -> mixer -> null_renderer; other:tone frequency=700 -> faulty -> mixer";

fn with(settings: &str) -> String {
    TEXT.replace("faulty", &format!("faulty {settings}"))
}

#[test]
fn a_filter_that_panics_is_silenced_and_named_and_the_rest_plays_on() {
    let stage = Stage::new();
    let graph = stage.graph(&with("fault=panic at=1000"));
    let job = stage.job(&graph);
    let mut offline = Offline::new(&stage.catalogue, &job, 256);
    let sink = path(&graph, "null_renderer");
    let lens = even(5000, 100);
    let heard = hear(&mut offline, &sink, &lens);
    let whole = stage.render(&with(""), &lens);
    // A mixer of two inputs of which one is silent, as it is from the faulty cycle on.
    let alone = stage.render(&with("").replace("frequency=700", "level=-60"), &lens);
    let part = |heard: &[Vec<f32>], from: usize, to: usize| -> Vec<Vec<f32>> {
        heard.iter().map(|it| it[from..to].to_vec()).collect()
    };
    assert_same_bits(&part(&heard, 0, 1000), &part(&whole, 0, 1000), "before");
    let silent = stage.render(
        "tone frequency=300 -> mixer -> null_renderer; count samples=1 -> mixer",
        &lens,
    );
    assert_same_bits(
        &part(&heard, 1000, 5000),
        &part(&silent, 1000, 5000),
        "after",
    );
    assert_ne!(part(&heard, 1000, 5000), part(&alone, 1000, 5000));
    let faulty = offline.built.open[&path(&graph, "faulty")].entry;
    let told: Vec<(u32, String)> = offline
        .reports()
        .filter_map(|report| match report {
            Report::Panicked { entry, message } => {
                Some((entry, message.downcast_ref::<&str>()?.to_string()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [(faulty, "a planted fault".to_owned())],
        "told once, by name"
    );
}

#[test]
fn the_stream_of_a_silenced_filter_ends_with_its_input() {
    let stage = Stage::new();
    let graph = stage.graph("count samples=500 -> faulty fault=panic -> mixer -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 200);
    let sink = path(&graph, "null_renderer");
    for is_last in [false, false, true] {
        offline.cycle(200).unwrap();
        let (wave, header) = offline.heard(&sink).unwrap();
        assert!(wave.channels().flatten().all(|sample| *sample == 0.0));
        assert_eq!(header.is_end_of_stream(), is_last);
        assert_eq!(header.data_used, 200 * 8);
    }
}

#[test]
fn samples_that_are_no_numbers_are_silenced_and_named_with_their_place() {
    for fault in ["nan", "infinity"] {
        let stage = Stage::new();
        let graph = stage.graph(&with(&format!("fault={fault} at=1000")));
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 2048);
        let sink = path(&graph, "null_renderer");
        let heard = hear(&mut offline, &sink, &uneven(20_000, 300, 7));
        assert!(heard.iter().flatten().all(|sample| sample.is_finite()));
        let faulty = offline.built.open[&path(&graph, "faulty")].entry;
        let told: Vec<(u32, u16, u64)> = offline
            .reports()
            .filter_map(|report| match report {
                Report::NonFinite {
                    entry,
                    output,
                    position,
                } => Some((entry, output, position)),
                _ => None,
            })
            .collect();
        let [(entry, 0, position)] = told[..] else {
            panic!("{fault}: {told:?}");
        };
        assert_eq!(entry, faulty);
        assert_eq!(position, 1000, "{fault}");
    }
}

#[test]
fn a_sample_that_is_no_number_leaves_a_gap_of_one_sample_for_any_quantum() {
    let stage = Stage::new();
    for fault in ["nan", "infinity"] {
        let text = with(&format!("fault={fault} at=1000"));
        let bad = stage.render(&text, &even(4_000, 64));
        for quantum in [1, 441, 2048] {
            let other = stage.render(&text, &even(4_000, quantum));
            assert_same_bits(&other, &bad, fault);
        }
        let good = stage.render(&with("at=1000000"), &even(4_000, 64));
        let unlike = |channel: usize| {
            let pairs = bad[channel].iter().zip(&good[channel]).enumerate();
            pairs
                .filter(|(_, (bad, good))| bad != good)
                .map(|(at, _)| at)
                .collect::<Vec<_>>()
        };
        assert!(good[0].iter().any(|sample| *sample != 0.0));
        assert_eq!(unlike(0), [1000], "{fault}");
    }
}

#[test]
fn numbers_too_small_to_reckon_with_are_silenced_where_they_are_born_and_named() {
    let stage = Stage::new();
    for quantum in [1, 256, 2_048] {
        let graph = stage.graph(&with("fault=denormal at=1000"));
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), quantum);
        let sink = path(&graph, "null_renderer");
        let heard = hear(&mut offline, &sink, &even(4_000, quantum));
        assert!(!heard.iter().flatten().any(|sample| sample.is_subnormal()));
        let faulty = offline.built.open[&path(&graph, "faulty")].entry;
        let told: Vec<(u32, u16, u64)> = offline
            .reports()
            .filter_map(|report| match report {
                Report::Denormal {
                    entry,
                    output,
                    position,
                } => Some((entry, output, position)),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(faulty, 0, 1_000)], "quantum {quantum}");
        let figures = |name: &str| {
            let pin = ksgraph::graph::PinAddress {
                filter: path(&graph, name),
                pin: "out".into(),
                instance: 0,
            };
            offline.built.map.record(&pin).unwrap().figures()
        };
        assert_eq!(figures("faulty").denormal, 1);
        assert_eq!(figures("faulty").non_finite, 0);
        assert_eq!(figures("other").denormal, 0);
        // The sample itself is nothing, as far as anybody behind it knows.
        let silent = stage.render(&with("fault=nan at=1000"), &even(4_000, quantum));
        assert_same_bits(&heard, &silent, "as if there had been nothing");
    }
}

#[test]
fn a_guard_sees_numbers_too_small_to_reckon_with_and_counts_them() {
    let stage = Stage::new();
    let text = "tone frequency=300 -> faulty fault=denormal at=1000 -> guard -> null_renderer";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let sink = path(&graph, "null_renderer");
    let heard = hear(&mut offline, &sink, &even(4_096, 256));
    assert!(!heard.iter().flatten().any(|sample| sample.is_subnormal()));
    let cells = offline.built.open[&path(&graph, "guard")].telemetry.clone();
    assert_eq!(cells.unwrap().get(ksgraph::filters::guard::DENORMAL), 1.0);
}

#[test]
fn a_meter_sees_what_is_no_number_and_is_not_blamed_for_it() {
    let stage = Stage::new();
    let text = "tone frequency=300 -> faulty fault=nan at=1000 -> meter -> null_renderer";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let heard = hear(
        &mut offline,
        &path(&graph, "null_renderer"),
        &even(4_000, 256),
    );
    assert!(heard.iter().flatten().all(|sample| sample.is_finite()));
    let meter = &offline.built.open[&path(&graph, "meter")];
    let cells = meter.telemetry.clone().unwrap();
    assert_eq!(cells.get(ksgraph::filters::meter::NON_FINITE), 1.0);
    let faulty = offline.built.open[&path(&graph, "faulty")].entry;
    let blamed: Vec<u32> = offline
        .reports()
        .filter_map(|report| match report {
            Report::NonFinite { entry, .. } => Some(entry),
            _ => None,
        })
        .collect();
    assert_eq!(blamed, [faulty]);
}

#[test]
fn a_guard_counts_what_is_no_number_and_takes_the_dc_away() {
    let stage = Stage::new();
    let text = "tone frequency=300 -> faulty fault=infinity at=1000 -> guard -> null_renderer";
    let graph = stage.graph(text);
    let mut heard = vec![];
    for quantum in [64, 441] {
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), quantum);
        let sink = path(&graph, "null_renderer");
        heard.push(hear(&mut offline, &sink, &even(4_000, quantum)));
        let guard = &offline.built.open[&path(&graph, "guard")];
        let cells = guard.telemetry.clone().unwrap();
        assert_eq!(cells.get(ksgraph::filters::guard::NON_FINITE), 1.0);
        let blamed: Vec<u32> = offline
            .reports()
            .filter_map(|report| match report {
                Report::NonFinite { entry, .. } => Some(entry),
                _ => None,
            })
            .collect();
        assert_eq!(blamed, [offline.built.open[&path(&graph, "faulty")].entry]);
    }
    assert_same_bits(&heard[0], &heard[1], "another quantum");
    let largest = |sample: f32, it: &f32| sample.max(it.abs());
    assert!(heard[0].iter().flatten().fold(0.0, largest) < 1.0);
}

#[test]
fn a_filter_that_panics_while_opening_is_a_failure_with_a_sentence() {
    let stage = Stage::new();
    let graph = stage.graph(&TEXT.replace("faulty", "faulty:unopenable"));
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let [(failed, error)] = &offline.built.failures[..] else {
        panic!("{:?}", offline.built.failures);
    };
    assert_eq!(*failed, path(&graph, "faulty"));
    assert!(error.to_string().contains("broke while opening"), "{error}");
    let lens = even(1000, 64);
    let heard = hear(&mut offline, &path(&graph, "null_renderer"), &lens);
    let silent = stage.render(
        "tone frequency=300 -> mixer -> null_renderer; count samples=1 -> mixer",
        &lens,
    );
    assert_eq!(heard[0][1..], silent[0][1..], "the rest plays");
}
