//! Calls the short way beside the same the long way: the same samples, headers and figures of pins.

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::ks::{KernelEvent, State};

use crate::stage::{self, AUDIBLE, Stage, path};

/// Filters in rows, in place and not, behind splitters and converters, with values that move, beside a row of its own that
/// can be held: while it is, every call goes the long way.
const TEXT: &str = "tone frequency=300 -> g1:gain level=-3 -> g2:gain pan=0.4 -> e1:equaliser band2_gain=4 -> s:splitter; \
    s -> g3:gain level=-9 -> m:mixer; s -> g4:gain level=-2 -> c:rate_converter rate=44100 -> g5:gain level=-1 -> \
    d:rate_converter rate=48000 -> m; s -> w:reverb -> m; n:noise level=-30 -> g6:gain level=-20 -> l:limiter -> m; \
    k:keyboard -> x:midi_transform -> y:tone_synth -> g7:gain level=-12 -> m; m -> audio_device_out; \
    aside:tone -> aside_gain:gain -> null_renderer";

#[test]
fn the_short_way_and_the_long_one_leave_the_same() {
    let stage = Stage::new();
    let graph = stage.graph(TEXT);
    let key = |seconds: f64, status| {
        let time = (seconds * 1e7) as i64;
        KernelEvent::new(time, &[status, 69, 100]).unwrap()
    };
    let keys = [key(0.01, 0x90), key(0.05, 0x80), key(0.06, 0x90)];
    let job = Job {
        one_by_one: true,
        feeds: stage::feeds(&graph, &keys.into()),
        ..stage.job(&graph)
    };
    let mut ways = [0, 1].map(|_| Offline::new(&stage.catalogue, &job, 256));
    let aside = path(&graph, "aside");
    let entry = ways[0].built.open[&aside].entry;
    ways[1].send(Message::Limit {
        entry,
        pin: None,
        state: State::Pause,
    });
    let sink = path(&graph, "audio_device_out");
    let moved = |name: &str, property, value| {
        let entry = ways[0].built.open[&path(&graph, name)].entry;
        move || Message::Set {
            entry,
            property,
            value,
        }
    };
    let moves = [
        moved("g2", 0, -7.0),
        moved("e1", 0, -2.0),
        moved("g5", 0, 3.0),
        moved("tone", 1, 777.0),
    ];
    let mut loudest = 0.0_f32;
    for turn in 0..60 {
        if let Some(moved) = moves.get(turn / 10).filter(|_| turn % 10 == 5) {
            ways.iter_mut().for_each(|way| way.send(moved()));
        }
        let len = [64, 256, 1, 33, 200, 128][turn % 6];
        let heard = ways.each_mut().map(|way| {
            way.cycle(len).unwrap();
            let (wave, header) = way.heard(&sink).unwrap();
            let bits = wave.channels().flatten().map(|it| it.to_bits());
            (bits.collect::<Vec<u32>>(), header)
        });
        assert_eq!(heard[0].1, heard[1].1, "turn {turn}");
        assert!(heard[0].0 == heard[1].0, "turn {turn}");
        let peak = heard[0].0.iter().map(|bits| f32::from_bits(*bits).abs());
        loudest = peak.fold(loudest, f32::max);
    }
    assert!(loudest > AUDIBLE, "{loudest}");
    // In Pause everything is told.
    for way in &mut ways {
        way.send(Message::State(State::Pause));
        way.cycle(64).unwrap();
    }
    let [short, long] = &ways;
    let mut pins = 0;
    for (pin, record) in short.built.map.records() {
        let name = &graph.filters[&pin.filter.0[0]].name;
        if name.starts_with("aside") || name.starts_with("null") {
            continue;
        }
        let other = long.built.map.record(&pin).unwrap().figures();
        let own = record.figures();
        assert_eq!(
            (own.frames, own.peak, own.fill),
            (other.frames, other.peak, other.fill),
            "{name} {pin:?}"
        );
        assert!(own.frames >= 60, "{name} {pin:?}");
        pins += 1;
    }
    assert!(pins > 30, "{pins}");
}
