//! Groups: what is folded sounds the same bit for bit, live as well, and can be had out again.

use std::collections::{BTreeMap, BTreeSet};

use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{
    Edit, FilterId, FilterPath, Fold, Graph, NodeKind, apply, fold, from_ron, hide_pin, rename_pin,
    show_pin, to_ron, unfold,
};
use proptest::prelude::*;

use crate::stage::{
    AUDIBLE, Stage, assert_same_bits, even, feeds, hear, held_note, path, peak, uneven,
};

/// Graphs with branches, state, rates and events in them; each ends in `null_renderer`.
const GRAPHS: &[&str] = &[
    "tone frequency=441.3 level=-20 -> gain level=-3 -> null_renderer",
    "tone waveform=saw -> splitter -> gain level=-9 -> mixer -> null_renderer; splitter -> mixer; noise level=-30 -> mixer",
    "tone rate='44100' -> rate_converter -> mixer -> meter -> null_renderer; b:tone frequency=200 -> mixer",
    "keyboard -> tone_synth -> mixer -> gain -> null_renderer; slope -> mixer",
];

/// Where the filter that was made under that number stands now.
fn now_at(graph: &Graph, id: FilterId) -> FilterPath {
    fn search(graph: &Graph, id: FilterId, path: &FilterPath) -> Option<FilterPath> {
        graph
            .filters
            .iter()
            .find_map(|(at, node)| match &node.kind {
                NodeKind::Filter(_) => (*at == id).then(|| path.child(*at)),
                NodeKind::Group(group) => search(&group.graph, id, &path.child(*at)),
            })
    }
    search(graph, id, &FilterPath::default()).unwrap()
}

/// A job for a graph that came from `first` by moving boxes around.
fn job(stage: &Stage, first: &Graph, graph: &Graph) -> Job {
    let mut job = stage.job(graph);
    let feeds = feeds(first, &held_note(300)).into_iter();
    job.feeds = feeds
        .map(|(path, feed)| (now_at(graph, path.0[0]), feed))
        .collect();
    let ids = first.filters.keys();
    job.origins = ids
        .map(|id| (now_at(graph, *id), FilterPath::of(*id)))
        .collect();
    job
}

/// Folds some boxes of the outermost graph; the group's id.
fn folded(graph: &mut Graph, boxes: &BTreeSet<FilterId>) -> Option<FilterId> {
    let id = FilterId(graph.fresh_id().0.max(100));
    let what = Fold {
        filters: boxes,
        notes: &BTreeSet::new(),
        shown: &[],
        id,
        name: "Group",
    };
    let folding = fold(graph, &what)?;
    apply(graph, folding.edit).unwrap();
    Some(id)
}

fn unfolded(graph: &mut Graph, group: FilterId) {
    let folding = unfold(graph, group, FilterId(1000)).unwrap();
    apply(graph, folding.edit).unwrap();
}

/// Every set of boxes, as far as `most` goes.
fn subsets(graph: &Graph, most: usize) -> impl Iterator<Item = BTreeSet<FilterId>> {
    let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
    let count = 1_usize << ids.len();
    (1..count).step_by((count / most).max(1)).map(move |mask| {
        let chosen = ids.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
        chosen.map(|(_, id)| *id).collect()
    })
}

fn render(stage: &Stage, first: &Graph, graph: &Graph) -> Vec<Vec<f32>> {
    let sink = now_at(graph, first.find("null_renderer").unwrap());
    let mut offline = Offline::new(&stage.catalogue, &job(stage, first, graph), 512);
    assert!(offline.built.failures.is_empty());
    hear(&mut offline, &sink, &even(9000, 480))
}

#[test]
fn grouping_changes_no_sample_nor_does_ungrouping() {
    let stage = Stage::new();
    for text in GRAPHS {
        let first = stage.graph(text);
        let whole = render(&stage, &first, &first);
        assert!(peak(&whole) > AUDIBLE, "{text} is silent");
        for boxes in subsets(&first, 12) {
            let what = format!("{text}, {boxes:?}");
            let mut graph = first.clone();
            let inner = folded(&mut graph, &boxes).unwrap();
            assert_same_bits(&whole, &render(&stage, &first, &graph), &what);
            // A group in a group, with what stands beside it.
            let beside = graph.filters.keys().copied().take(2);
            let outer: BTreeSet<FilterId> = beside.chain([inner]).collect();
            let mut nested = graph.clone();
            let outer = folded(&mut nested, &outer).unwrap();
            assert_same_bits(&whole, &render(&stage, &first, &nested), &what);
            let text = to_ron(&nested);
            let read = from_ron(text.as_bytes(), "nested").unwrap();
            assert!(read.warnings.is_empty(), "{:?}\n{text}", read.warnings);
            assert_eq!(read.graph, nested);
            unfolded(&mut nested, outer);
            unfolded(&mut nested, inner);
            assert_same_bits(&whole, &render(&stage, &first, &nested), &what);
            assert_eq!(nested.filters, first.filters, "{what}: boxes as they were");
        }
    }
}

#[test]
fn grouping_while_it_plays_is_not_heard_at_all() {
    let stage = Stage::new();
    for text in GRAPHS {
        let first = stage.graph(text);
        let all: Vec<BTreeSet<FilterId>> = subsets(&first, 5).collect();
        for quantum in [64, 256, 1000] {
            let mut left = Offline::rehearse(&stage.catalogue, &job(&stage, &first, &first), 1000);
            let mut edited =
                Offline::rehearse(&stage.catalogue, &job(&stage, &first, &first), 1000);
            let sink = path(&first, "null_renderer");
            let (mut quiet, mut heard) = (vec![], vec![]);
            let add = |list: &mut Vec<f32>, offline: &mut Offline, sink: &FilterPath| {
                let new = hear(offline, sink, &even(2000, quantum));
                list.extend_from_slice(&new[0]);
            };
            add(&mut quiet, &mut left, &sink);
            add(&mut heard, &mut edited, &sink);
            let entries = |offline: &Offline| -> BTreeSet<(u32, u64)> {
                let open = offline.built.open.values();
                open.map(|open| (open.entry, open.since)).collect()
            };
            let opened = entries(&edited);
            for boxes in &all {
                let mut graph = first.clone();
                let inner = folded(&mut graph, boxes).unwrap();
                let outer = folded(&mut graph, &[inner].into()).unwrap();
                let mut half = graph.clone();
                unfolded(&mut half, outer);
                for graph in [&graph, &half, &first] {
                    edited.change(&job(&stage, &first, graph));
                    let sink = now_at(graph, sink.0[0]);
                    add(&mut heard, &mut edited, &sink);
                    add(&mut quiet, &mut left, &path(&first, "null_renderer"));
                    assert_eq!(entries(&edited), opened, "{text}: nothing is opened anew");
                }
            }
            assert!(peak(&[quiet.clone()]) > AUDIBLE);
            assert_same_bits(&[quiet], &[heard], &format!("{text} at {quantum}"));
        }
    }
}

#[test]
fn a_processor_is_kept_by_where_its_filter_stood_at_first() {
    let stage = Stage::new();
    let first = stage.graph("slope -> gain -> null_renderer");
    let mut graph = first.clone();
    let boxes = BTreeSet::from([first.find("slope").unwrap()]);
    folded(&mut graph, &boxes).unwrap();
    let grouped = now_at(&graph, *boxes.first().unwrap());
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&first), 64);
    let sink = path(&first, "null_renderer");
    hear(&mut offline, &sink, &even(2000, 64));
    let kept = offline.built.open[&path(&first, "slope")].since;
    offline.change(&job(&stage, &first, &graph));
    assert_eq!(offline.built.open[&grouped].since, kept);
    // Two that claim the same first place are still two.
    let mut greedy = job(&stage, &first, &graph);
    greedy.origins.insert(sink.clone(), path(&first, "slope"));
    hear(&mut offline, &sink, &even(2000, 64));
    offline.change(&greedy);
    let open = offline.built.open.values();
    let entries: BTreeSet<u32> = open.map(|open| open.entry).collect();
    assert_eq!(entries.len(), 3);
}

#[test]
fn pins_of_a_group_are_named_for_what_they_are() {
    let stage = Stage::new();
    let names = |text: &str, boxes: &[&str]| {
        let mut graph = stage.graph(text);
        let boxes = boxes.iter().map(|name| graph.find(name).unwrap()).collect();
        let group = folded(&mut graph, &boxes).unwrap();
        let NodeKind::Group(group) = &graph.filters[&group].kind else {
            panic!("no group");
        };
        let pins = group.pins.iter().map(|pin| pin.name.clone());
        pins.collect::<Vec<_>>()
    };
    let chain = "tone -> a:gain -> b:gain -> null_renderer";
    assert_eq!(names(chain, &["a", "b"]), ["in", "out"]);
    let two = "tone -> a:gain -> mixer -> null_renderer; noise -> b:gain -> mixer";
    let mut four = names(two, &["a", "b"]);
    four.sort();
    assert_eq!(four, ["a in", "a out", "b in", "b out"]);
    assert_eq!(names(two, &["mixer"]), ["in", "out", "in 2"]);
}

#[test]
fn a_group_in_the_middle_stands_there_and_gives_its_boxes_back() {
    let stage = Stage::new();
    let mut graph = stage.graph("tone -> gain -> null_renderer");
    let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
    let places = [(0.0, 0.0), (240.0, 96.0), (480.0, 48.0)];
    let moves = ids.iter().zip(places);
    let moves = moves.map(|(id, (x, y))| (*id, ksgraph::graph::Position { x, y }));
    apply(&mut graph, Edit::Move(moves.collect())).unwrap();
    let first = graph.clone();
    let group = folded(&mut graph, &ids.iter().copied().take(2).collect()).unwrap();
    let at = graph.filters[&group].position;
    assert_eq!((at.x, at.y), (128.0, 48.0));
    let moved = ksgraph::graph::Position { x: 160.0, y: 48.0 };
    let mut elsewhere = graph.clone();
    apply(&mut elsewhere, Edit::Move(vec![(group, moved)])).unwrap();
    unfolded(&mut graph, group);
    assert_eq!(graph.filters, first.filters);
    unfolded(&mut elsewhere, group);
    assert_eq!(
        elsewhere.filters[&ids[1]].position.x, 272.0,
        "it takes its boxes along"
    );
}

#[test]
fn names_and_numbers_that_are_taken_give_way_when_a_group_is_dissolved() {
    let text = r#"(kind: "ksgraph", version: 1,
        filters: [
            (id: 1, name: "Gain", at: (0, 0), group: (
                pins: [(name: "x", inner: "2.out"), (name: "y", inner: "1.in")],
                filters: [
                    (id: 1, key: "gain", name: "Gain", at: (0, 0)),
                    (id: 2, key: "not_installed", name: "Tone", at: (240, 0), values: {"a": Later(1)}, more: [1]),
                ],
                connections: [(from: "1.out", to: "2.in")],
                comments: [(id: 3, text: "inside", at: (0, 0), size: (9, 9))],
            )),
            (id: 2, key: "tone", name: "Tone", at: (0, 300)),
            (id: 3, key: "meter", name: "Meter", at: (480, 0)),
        ],
        connections: [(from: "2.out", to: "1.y"), (from: "1.x", to: "3.in"), (from: "1.gone", to: "3.in[1]")],
    )"#;
    let mut graph = from_ron(text.as_bytes(), "test").unwrap().graph;
    let before = graph.clone();
    let folding = unfold(&graph, FilterId(1), FilterId(50)).unwrap();
    let back = apply(&mut graph, folding.edit).unwrap();
    let names: Vec<&str> = graph
        .filters
        .values()
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(names, ["Tone", "Meter", "Gain", "Tone 2"]);
    let kept = graph.filter(graph.find("Tone 2").unwrap()).unwrap();
    assert_eq!(
        kept.unknown["a"], "Later(1)",
        "what is not installed stays whole"
    );
    assert_eq!(kept.unknown_fields["more"], "[1]");
    assert_eq!(
        graph.connections.len(),
        3,
        "a wire that led nowhere is gone"
    );
    assert_eq!(graph.notes.len(), 1);
    apply(&mut graph, back).unwrap();
    assert_eq!(to_ron(&graph), to_ron(&before));
}

#[test]
fn pins_can_be_shown_hidden_and_renamed() {
    let stage = Stage::new();
    let mut graph = stage.graph("tone -> gain -> null_renderer; noise -> n:null_renderer");
    let gain = graph.find("gain").unwrap();
    let boxes = [gain, graph.find("noise").unwrap()].into();
    let group = folded(&mut graph, &boxes).unwrap();
    let flat = |graph: &Graph| {
        let wires = stage.job(graph).wiring.wires.into_iter();
        wires
            .map(|wire| (wire.from.clone(), wire.to.clone()))
            .collect::<Vec<_>>()
    };
    let before = flat(&graph);
    let first = graph.clone();
    let folding = rename_pin(&graph, group, "in", "sound").unwrap();
    let back = apply(&mut graph, folding.edit).unwrap();
    assert_eq!(flat(&graph), before, "wires follow the name");
    assert!(to_ron(&graph).contains(".sound\""));
    assert!(rename_pin(&graph, group, "sound", "").is_none());
    let other = graph
        .connections
        .iter()
        .find(|wire| wire.from.filter == group);
    let taken = other.unwrap().from.pin.clone();
    assert!(rename_pin(&graph, group, "sound", &taken).is_none());
    apply(&mut graph, back).unwrap();
    assert_eq!(graph, first);
    let hidden = hide_pin(&graph, group, "in").unwrap();
    apply(&mut graph, hidden).unwrap();
    assert_eq!(graph.connections.len(), 2, "its wire goes with it");
    let inner = ksgraph::graph::PinRef {
        filter: gain,
        pin: "in".into(),
        instance: 0,
    };
    assert!(
        show_pin(&first, group, inner.clone()).is_none(),
        "it is shown"
    );
    let shown = show_pin(&graph, group, inner.clone()).unwrap();
    apply(&mut graph, shown).unwrap();
    assert!(hide_pin(&graph, group, "in").is_some());
    graph.connections.clear();
    let hidden = hide_pin(&graph, group, "in").unwrap();
    apply(&mut graph, hidden).unwrap();
    assert!(show_pin(&graph, group, inner).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_folding_and_its_inverse_are_nothing(
        picks in prop::collection::vec((any::<u64>(), any::<bool>()), 1..8),
        which in 0..GRAPHS.len(),
    ) {
        let stage = Stage::new();
        let first = stage.graph(GRAPHS[which]);
        let mut graph = first.clone();
        let mut back = vec![];
        let flat = |graph: &Graph| -> BTreeMap<(FilterId, String, u32), String> {
            let wires = stage.job(graph).wiring.wires.into_iter();
            let last = |path: &FilterPath| *path.0.last().unwrap();
            wires
                .map(|wire| {
                    let to = (last(&wire.to.filter), wire.to.pin.clone(), wire.to.instance);
                    let format = wire.outcome.clone().unwrap().format;
                    let from = (last(&wire.from.filter), wire.from.pin.clone(), wire.from.instance);
                    (to, format!("{from:?} {format}"))
                })
                .collect()
        };
        let agreed = flat(&graph);
        for (pick, folds) in picks {
            let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
            let chosen = ids.iter().enumerate().filter(|(at, _)| pick >> (at % 64) & 1 == 1);
            let chosen: BTreeSet<FilterId> = chosen.map(|(_, id)| *id).collect();
            let change = if folds {
                let what = Fold {
                    filters: &chosen,
                    notes: &BTreeSet::new(),
                    shown: &[],
                    id: FilterId(100 + back.len() as u32),
                    name: "Group",
                };
                fold(&graph, &what)
            } else {
                chosen.first().and_then(|id| unfold(&graph, *id, FilterId(1000)))
            };
            let Some(change) = change else { continue };
            let before = graph.clone();
            let inverse = apply(&mut graph, change.edit).unwrap();
            prop_assert_eq!(&flat(&graph), &agreed, "the same wires");
            let mut twice = graph.clone();
            apply(&mut twice, inverse.clone()).unwrap();
            prop_assert_eq!(to_ron(&twice), to_ron(&before));
            let text = to_ron(&graph);
            prop_assert_eq!(&from_ron(text.as_bytes(), "test").unwrap().graph, &graph);
            back.push(inverse);
        }
        for inverse in back.into_iter().rev() {
            apply(&mut graph, inverse).unwrap();
        }
        prop_assert_eq!(&graph, &first);
    }
}

#[test]
fn cuttings_do_not_matter_for_groups_either() {
    let stage = Stage::new();
    let first = stage.graph(GRAPHS[1]);
    let mut graph = first.clone();
    let boxes = ["splitter", "gain", "mixer"].map(|name| first.find(name).unwrap());
    folded(&mut graph, &boxes.into()).unwrap();
    let sink = now_at(&graph, first.find("null_renderer").unwrap());
    let play = |lens: &[usize]| {
        let mut offline = Offline::new(&stage.catalogue, &job(&stage, &first, &graph), 1000);
        hear(&mut offline, &sink, lens)
    };
    let whole = play(&even(9000, 64));
    assert_same_bits(&whole, &play(&uneven(9000, 1000, 5)), "uneven");
}

#[test]
fn which_wire_is_refused_does_not_change_by_grouping() {
    let stage = Stage::new();
    let first = stage.graph(
        "a:tone rate='44100' -> mixer -> null_renderer; b:tone rate='48000' -> mixer; c:tone rate='44100' -> mixer",
    );
    let refused = |graph: &Graph| {
        let wiring = ksgraph::graph::negotiate(graph, &stage.catalogue, &stage.facts, None);
        let wires = wiring
            .wires
            .into_iter()
            .filter(|wire| wire.outcome.is_err());
        let ids = wires.filter_map(|wire| wire.from.filter.0.last().copied());
        ids.collect::<BTreeSet<FilterId>>()
    };
    assert!(!refused(&first).is_empty());
    for boxes in subsets(&first, 31) {
        let mut graph = first.clone();
        let group = folded(&mut graph, &boxes).unwrap();
        assert_eq!(refused(&graph), refused(&first), "{boxes:?}");
        folded(&mut graph, &[group].into()).unwrap();
        assert_eq!(refused(&graph), refused(&first), "{boxes:?}, twice");
    }
}
