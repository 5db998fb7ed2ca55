//! Renders: the same samples for any cutting, streams that end, wires at a rate of their own.

use ksgraph::engine::{Offline, Report};
use ksgraph::graph::{FilterPath, NodeKind};
use ksgraph::ks::samples_at;

use crate::stage::{
    AGREED_EXAMPLES, AUDIBLE, RATE_HZ, Stage, assert_same_bits, even, examples, hear, path, peak,
    uneven,
};

const TOTAL: usize = 30_000;

#[track_caller]
fn same_for_any_cutting(text: &str) {
    let stage = Stage::new();
    let whole = stage.render(text, &even(TOTAL, 64));
    assert!(peak(&whole) > AUDIBLE, "{text}: silent");
    for (what, lens) in [
        ("256", even(TOTAL, 256)),
        ("1000", even(TOTAL, 1000)),
        ("random lengths", uneven(TOTAL, 2048, 1)),
        ("other random lengths", uneven(TOTAL, 2048, 2)),
        ("single samples for a while", {
            let mut lens = vec![1; 3000];
            lens.extend(uneven(TOTAL - 3000, 700, 3));
            lens
        }),
    ] {
        stage.lens.take();
        let cut = stage.render(text, &lens);
        assert_same_bits(&whole, &cut, &format!("{text} at {what}"));
        let seen: Vec<usize> = stage.lens.take().iter().map(|len| *len as usize).collect();
        if text.contains("probe") {
            assert_eq!(seen, lens, "the processors saw other lengths");
        }
    }
}

#[test]
fn a_chain_renders_the_same_for_any_cutting() {
    same_for_any_cutting("tone frequency=441.3 -> gain level=-3 -> probe -> null_renderer");
}

#[test]
fn branches_that_meet_again_render_the_same_for_any_cutting() {
    same_for_any_cutting(
        "tone waveform=saw -> splitter -> gain level=-9 -> mixer -> probe -> null_renderer; splitter -> mixer",
    );
}

#[test]
fn converters_render_the_same_for_any_cutting() {
    same_for_any_cutting("tone rate='44100' -> rate_converter -> probe -> null_renderer");
    same_for_any_cutting("noise -> probe -> format_converter -> null_renderer");
}

#[test]
fn effects_render_the_same_for_any_cutting() {
    same_for_any_cutting(
        "noise -> equaliser band2_gain=9 -> delay time=33 damping=50 -> probe -> null_renderer",
    );
    same_for_any_cutting(
        "noise -> guard -> compressor threshold=-40 -> chorus -> reverb mix=50 -> limiter gain=20 -> probe -> null_renderer; \
         tone -> compressor",
    );
}

#[test]
fn what_comes_in_at_the_side_makes_the_sound_softer() {
    let stage = Stage::new();
    let text = "a:tone level=-40 -> compressor threshold=-30 ratio=100 knee=0 -> null_renderer";
    let alone = stage.render(text, &even(TOTAL, 256));
    let ducked = format!("{text}; b:tone level=0 frequency=100 -> compressor");
    let ducked = stage.render(&ducked, &even(TOTAL, 256));
    let late = |sound: &[Vec<f32>]| {
        let late: Vec<Vec<f32>> = sound.iter().map(|it| it[TOTAL / 2..].to_vec()).collect();
        f64::from(peak(&late))
    };
    let taken = 20.0 * (late(&alone) / late(&ducked)).log10();
    assert!((taken - 30.0 * 0.99).abs() < 0.5, "{taken}");
}

#[test]
fn every_example_sounds_and_renders_the_same_for_any_cutting() {
    let stage = Stage::new();
    let mut names = vec![];
    for (name, graph) in examples() {
        let Some(job) = stage.example_job(&graph) else {
            continue;
        };
        let sink = graph.filters.iter().find(
            |(_, node)| matches!(&node.kind, NodeKind::Filter(it) if it.key == "audio_device_out"),
        );
        let sink = FilterPath::from(vec![*sink.unwrap().0]);
        let render = |lens: &[usize]| {
            let max_len = lens.iter().copied().max().unwrap();
            let mut offline = Offline::new(&stage.catalogue, &job, max_len);
            assert!(offline.built.failures.is_empty(), "{name}");
            hear(&mut offline, &sink, lens)
        };
        let whole = render(&even(TOTAL, 64));
        assert!(peak(&whole) > AUDIBLE, "{name} is silent");
        for lens in [even(TOTAL, 256), even(TOTAL, 1000), uneven(TOTAL, 2048, 11)] {
            let what = format!("{name}, up to {}", lens.iter().max().unwrap());
            assert_same_bits(&whole, &render(&lens), &what);
        }
        names.push(name);
    }
    assert!(names.len() >= AGREED_EXAMPLES, "{names:?}");
}

#[test]
fn a_wire_at_another_rate_carries_its_share_of_time() {
    let stage = Stage::new();
    let graph = stage.graph("tone rate='44100' -> null_renderer");
    let sink = path(&graph, "null_renderer");
    for lens in [even(TOTAL, 1), even(TOTAL, 64), uneven(TOTAL, 2048, 5)] {
        let max_len = lens.iter().copied().max().unwrap();
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), max_len);
        let mut position = 0;
        for len in lens {
            offline.cycle(len).unwrap();
            let end = position + len as u64;
            let wanted = samples_at(end, 44_100, RATE_HZ) - samples_at(position, 44_100, RATE_HZ);
            let floor = |at: u64| at * 44_100 / 48_000;
            assert_eq!(wanted, floor(end) - floor(position));
            let (wave, header) = offline.heard(&sink).unwrap();
            assert_eq!(wave.len() as u64, wanted, "samples in [{position}, {end})");
            assert_eq!(
                u64::from(header.data_used),
                wanted * 8,
                "bytes of stereo floats"
            );
            position = end;
        }
    }
}

#[test]
fn two_outputs_in_place_of_one_input_both_hold_it() {
    let stage = Stage::new();
    let graph = stage.graph("slope -> pair -> one:null_renderer; pair -> two:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 100);
    for cycle in 0..3 {
        offline.cycle(100).unwrap();
        let first = |name: &str| {
            let (wave, _) = offline.heard(&path(&graph, name)).unwrap();
            wave.channel(1)[50]
        };
        let wanted = (cycle * 100 + 50) as f32 * 1e-6;
        assert_eq!((first("one"), first("two")), (wanted, wanted * 0.5));
    }
}

#[test]
fn a_source_that_ends_says_so_at_the_sink() {
    let stage = Stage::new();
    let graph = stage.graph("count samples=1000 -> gain -> null_renderer");
    let sink = path(&graph, "null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 300);
    for (cycle, is_last) in [(0, false), (1, false), (2, false), (3, true), (4, true)] {
        offline.cycle(300).unwrap();
        let (_, header) = offline.heard(&sink).unwrap();
        assert_eq!(header.is_end_of_stream(), is_last, "cycle {cycle}");
        assert_eq!(offline.has_ended(), is_last, "cycle {cycle}");
    }
    let ends = offline
        .reports()
        .filter(|report| matches!(report, Report::Ended));
    assert_eq!(ends.count(), 1, "told once");
}

#[test]
fn a_mixer_ends_when_all_its_inputs_have() {
    let stage = Stage::new();
    let graph =
        stage.graph("count samples=100 -> mixer -> null_renderer; b:count samples=500 -> mixer");
    let sink = path(&graph, "null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 200);
    let mut sums = vec![];
    for is_last in [false, false, true, true] {
        sums.extend(hear(&mut offline, &sink, &[200]).swap_remove(0));
        let (_, header) = offline.heard(&sink).unwrap();
        assert_eq!(header.is_end_of_stream(), is_last);
        assert_eq!(offline.has_ended(), is_last);
    }
    assert_eq!(
        (sums[99], sums[100], sums[499], sums[500]),
        (0.25, 0.125, 0.125, 0.0)
    );
}

#[test]
fn an_endless_source_beside_one_that_ends_goes_on() {
    let stage = Stage::new();
    let graph = stage.graph("count samples=100 -> mixer -> null_renderer; tone -> mixer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 200);
    offline.cycle(200).unwrap();
    assert!(!offline.has_ended());
}
