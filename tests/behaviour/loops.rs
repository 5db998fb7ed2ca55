//! Loops: refused everywhere but through a deferred pin (CYC-1, CYC-2), where they sound, by a stated delay and the same
//! however the run is cut.

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{Edit, FilterPath, Graph, Step, apply, explain, would_connect};
use ksgraph::ks::{
    Catalogue, DataFlow, DataRange, Declared, Descriptor, Facts, NodePin, PinFactory, State,
    Status, TopologyConnection, Value,
};

use super::support::{agree, catalogue, graph, outcomes, pin, refusals};

const LOOP: &str = "tone level=-20 frequency=441 -> mixer:m -> feedback_send:s -> null_renderer:n; \
    s.send -> feedback_return:r.return level=-3 delay=100; r -> m";

fn open(graph: &Graph, max_len: usize, is_rehearsal: bool) -> Offline {
    let catalogue = catalogue();
    let wiring = agree(&catalogue, graph);
    assert_eq!(refusals(&wiring).len(), 0, "{:?}", outcomes(&wiring));
    let job = Job {
        wiring,
        ..Job::default()
    };
    match is_rehearsal {
        true => Offline::rehearse(&catalogue, &job, max_len),
        false => Offline::new(&catalogue, &job, max_len),
    }
}

fn run(offline: &mut Offline, sink: &FilterPath, lens: impl Iterator<Item = usize>) -> Vec<f32> {
    let mut heard = vec![];
    for len in lens {
        let before = offline.position();
        offline.cycle(len).unwrap();
        let (wave, header) = offline.heard(sink).unwrap();
        assert_eq!(wave.len(), len, "the whole cycle is heard");
        assert_eq!(header.data_used as usize % 4, 0);
        assert_eq!(offline.position(), before + len as u64);
        heard.extend_from_slice(wave.channel(0));
    }
    heard
}

fn sink(graph: &Graph) -> FilterPath {
    FilterPath::of(graph.find("n").unwrap())
}

/// The sound of a graph in cycles of the given lengths, over and over.
fn heard(text: &str, lens: &[usize], cycles: usize) -> Vec<f32> {
    let graph = graph(&catalogue(), text);
    let longest = lens.iter().copied().max().unwrap();
    let mut offline = open(&graph, longest, false);
    run(
        &mut offline,
        &sink(&graph),
        lens.iter().copied().cycle().take(cycles),
    )
}

#[test]
fn cyc_2_a_loop_through_a_feedback_return_sounds_by_its_delay() {
    let alone = heard(
        "tone level=-20 frequency=441 -> null_renderer:n",
        &[480],
        10,
    );
    let around = heard(LOOP, &[480], 10);
    let gain = 10.0_f32.powf(-3.0 / 20.0);
    assert!(alone.iter().any(|sample| sample.abs() > 0.05));
    let mut wanted: Vec<f32> = vec![];
    for (at, sample) in alone.iter().enumerate() {
        let echo = at.checked_sub(100).map_or(0.0, |before| wanted[before]);
        wanted.push(sample + echo * gain);
    }
    for (at, (got, want)) in around.iter().zip(&wanted).enumerate() {
        assert!(
            (got - want).abs() < 1e-5,
            "sample {at}: {got}, wanted {want}"
        );
    }
}

#[test]
fn cyc_2_a_loop_is_the_same_to_the_bit_however_it_is_cut() {
    let bits = |sound: Vec<f32>| -> Vec<u32> {
        sound[..4_000]
            .iter()
            .map(|sample| sample.to_bits())
            .collect()
    };
    let wanted = bits(heard(LOOP, &[64], 70));
    for lens in [&[1_024][..], &[1, 100, 101, 7, 300], &[33], &[4_000]] {
        let cycles = 4_000_usize.div_ceil(lens.iter().sum::<usize>() / lens.len()) + lens.len();
        assert_eq!(bits(heard(LOOP, lens, cycles)), wanted, "{lens:?}");
    }
}

#[test]
fn cyc_2_the_delay_is_in_samples_of_the_wire_at_any_rate() {
    let text = |rate| {
        format!(
            "tone rate={rate} frequency=441 -> mixer:m -> feedback_send:s -> null_renderer:n; \
             s.send -> feedback_return:r.return delay=32; r -> m"
        )
    };
    for rate in ["44100", "192000"] {
        let one = heard(&text(rate), &[480], 10);
        let other = heard(&text(rate), &[7, 48, 960, 25], 18);
        let len = one.len().min(other.len());
        assert!(len > 3_000 && one[..len] == other[..len], "{rate}");
    }
}

#[test]
fn cyc_1_every_other_loop_is_refused_and_says_where_it_closes() {
    let all = catalogue();
    for text in [
        "gain:a -> gain:b -> a",
        "mixer:m -> splitter:s -> delay:d -> m",
        "feedback_send:s -> gain:g -> s.in",
        "mixer:m -> feedback_send:s -> gain:g -> m; s.send -> feedback_return:r.return; r -> m",
    ] {
        let wiring = agree(&all, &graph(&all, text));
        let refused = refusals(&wiring);
        assert_eq!(refused.len(), 1, "{text}: {:?}", outcomes(&wiring));
        assert_eq!(
            (refused[0].rule, refused[0].status),
            ("CYC-1", Status::InvalidParameter)
        );
    }
}

#[test]
fn cyc_2_a_return_may_even_feed_itself_and_explain_says_so() {
    let all = catalogue();
    let drawn = graph(&all, "feedback_return:r -> null_renderer:n");
    let wiring = agree(&all, &drawn);
    let facts = Facts::nominal();
    let (from, to) = (pin(&drawn, "r", "out", 0), pin(&drawn, "r", "return", 0));
    let looped = graph(&all, "feedback_return:r; r.out -> r.return");
    assert_eq!(refusals(&agree(&all, &looped)).len(), 0);
    let steps = explain(&wiring, &all, &facts, None, &from, &to);
    let texts: Vec<&str> = steps
        .iter()
        .filter_map(|(_, it)| it.as_deref().ok())
        .collect();
    assert!(texts[0].contains("feeds itself, later"), "{texts:?}");
    // Its output has its wire already here: no loop is what stands in the way.
    let refusal = would_connect(&wiring, &all, &facts, None, &from, &to).unwrap_err();
    assert_eq!(refusal.rule, "INS-2");
}

#[test]
fn stop_empties_the_loop_and_a_panic_too() {
    let drawn = graph(&catalogue(), LOOP);
    let sink = sink(&drawn);
    let mut offline = open(&drawn, 480, false);
    let first = run(&mut offline, &sink, [480; 5].into_iter());
    offline.send(Message::State(State::Stop));
    offline.cycle(480).unwrap();
    offline.send(Message::State(State::Run));
    let again = run(&mut offline, &sink, [480; 5].into_iter());
    assert_eq!(first, again, "nothing of the last run comes round");
}

#[test]
fn what_goes_round_outlives_an_edit_beside_it() {
    // A long loop, that only what is on its way can fill, and an edit of a wire that is not in it.
    let text = "tone:t level=-20 frequency=441 -> mixer:m -> feedback_send:s -> splitter:p -> null_renderer:n; \
        s.send -> feedback_return:r.return level=0 delay=24000; r -> m; noise:x level=-60 -> null_renderer:y";
    let mut drawn = graph(&catalogue(), text);
    let sink = sink(&drawn);
    let whole = run(&mut open(&drawn, 480, true), &sink, [480; 100].into_iter());
    let mut offline = open(&drawn, 480, true);
    let mut heard = run(&mut offline, &sink, [480; 20].into_iter());
    let wire = Edit::Disconnect(drawn.connections.len() - 1);
    apply(&mut drawn, wire).unwrap();
    let job = Job {
        wiring: agree(&catalogue(), &drawn),
        ..Job::default()
    };
    offline.change(&job);
    heard.extend(run(&mut offline, &sink, [480; 80].into_iter()));
    assert!(heard == whole, "a hole in the loop");
    // The wire of the loop itself goes: what still comes round dies away without a jump.
    let index = drawn
        .connections
        .iter()
        .position(|it| it.to.pin == "return");
    apply(&mut drawn, Edit::Disconnect(index.unwrap())).unwrap();
    let job = Job {
        wiring: agree(&catalogue(), &drawn),
        ..Job::default()
    };
    offline.change(&job);
    let after = run(&mut offline, &sink, [480; 20].into_iter());
    let last = heard.len() - 1;
    let all: Vec<f32> = heard[last..].iter().chain(&after).copied().collect();
    let step = all
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    // Two tones of -20 dBFS at 441 Hz and a fade.
    assert!(step < 0.015 + 0.001, "{step}");
}

#[test]
fn another_delay_is_another_wire_and_fades() {
    let mut drawn = graph(&catalogue(), LOOP);
    let sink = sink(&drawn);
    let mut offline = open(&drawn, 480, true);
    run(&mut offline, &sink, [480; 50].into_iter());
    let filter = drawn.find("r").unwrap();
    let (key, value) = ("delay".to_owned(), Some(Value::Number(5_000.0)));
    apply(&mut drawn, Edit::SetProperty { filter, key, value }).unwrap();
    let job = Job {
        wiring: agree(&catalogue(), &drawn),
        ..Job::default()
    };
    offline.change(&job);
    let after = run(&mut offline, &sink, [480; 50].into_iter());
    let step = after
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.03, "{step}");
    assert!(after.iter().all(|sample| sample.is_finite()));
}

/// A filter with two ways through it that know nothing of each other.
fn lanes() -> Catalogue {
    const WAYS: &[TopologyConnection] = &[
        TopologyConnection::new(NodePin::Filter(0), NodePin::Filter(1)),
        TopologyConnection::new(NodePin::Filter(2), NodePin::Filter(3)),
    ];
    let mut descriptor = Descriptor::new("lanes", "Lanes", &[], &[], &[]);
    let pin = |name, flow| match flow {
        DataFlow::In => PinFactory::input(name, DataRange::FLOAT).instances(0, 1),
        DataFlow::Out => PinFactory::output(name, DataRange::FLOAT),
    };
    descriptor.pins = vec![
        pin("in", DataFlow::In),
        pin("out", DataFlow::Out),
        pin("back", DataFlow::In),
        pin("end", DataFlow::Out),
    ]
    .into();
    descriptor.topology = WAYS.into();
    let mut all = catalogue();
    let filter = Declared(descriptor, vec![]);
    all.register(std::sync::Arc::new(filter)).unwrap();
    all
}

#[test]
fn cyc_2_a_loop_of_filters_is_none_of_pins_where_their_ways_are_apart() {
    let all = lanes();
    let clean = |text: &str| {
        let wiring = agree(&all, &graph(&all, text));
        assert_eq!(
            refusals(&wiring).len(),
            0,
            "{text}: {:?}",
            outcomes(&wiring)
        );
    };
    clean("tone -> lanes:l.in; l.out -> gain:g -> l.back; l.end -> null_renderer:n");
    clean("tone -> lanes:l.in; l.out -> l.back; l.end -> null_renderer:n");
    // Once more round is a loop of pins: through one filter, and through two.
    for (text, step) in [
        ("lanes:l.out -> l.in", Step::SameFilter),
        ("lanes:l.out -> gain:g -> l.in", Step::Cycle),
        (
            "lanes:l.out -> gain:g -> l.back; l.end -> gain:h -> l.in",
            Step::Cycle,
        ),
        (
            "lanes:l.out -> gain:g -> lanes:k.in; k.out -> l.back; l.end -> k.back; k.end -> l.in",
            Step::Cycle,
        ),
    ] {
        let wiring = agree(&all, &graph(&all, text));
        let refused = refusals(&wiring);
        assert_eq!(refused.len(), 1, "{text}: {:?}", outcomes(&wiring));
        assert_eq!(
            (refused[0].rule, refused[0].step),
            ("CYC-1", step),
            "{text}"
        );
    }
    // Pins without any way between them are no wire of a filter to itself either way round.
    let wiring = agree(&all, &graph(&all, "lanes:l.end -> l.in"));
    assert_eq!(refusals(&wiring).len(), 0, "{:?}", outcomes(&wiring));
}

#[test]
fn cyc_2_a_loop_of_filters_sounds_by_the_usual_delay_however_it_is_cut() {
    let all = lanes();
    let drawn = graph(
        &all,
        "tone:t level=-20 frequency=441 -> lanes:l.in; l.out -> gain:g -> l.back; l.end -> null_renderer:n",
    );
    let hear = |lens: &[usize], cycles: usize| {
        let job = Job {
            wiring: agree(&all, &drawn),
            ..Job::default()
        };
        let mut offline = Offline::new(&all, &job, 4_000);
        let lens = lens.iter().copied().cycle().take(cycles);
        run(&mut offline, &sink(&drawn), lens)
    };
    let around = hear(&[480], 20);
    let alone = heard(
        "tone level=-20 frequency=441 -> null_renderer:n",
        &[480],
        20,
    );
    assert!(around[..2_048].iter().all(|it| *it == 0.0));
    assert!(alone.iter().any(|it| it.abs() > 0.05));
    assert_eq!(around[2_048..], alone[..alone.len() - 2_048]);
    let other = hear(&[7, 300, 1_024], 21);
    assert_eq!(around[..9_000], other[..9_000]);
}
