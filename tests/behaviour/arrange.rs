//! Boxes put in order: layers, common edges, even gaps; and the list of steps that leads back.

use std::collections::BTreeMap;

use ksgraph::app::{Action, App};
use ksgraph::graph::arrange::{Alignment, Area, Axis, Link, layered};
use ksgraph::graph::{FilterId, Position};
use proptest::prelude::*;

use crate::editor::{editor, id, no_step, one_step, select, text};

fn place(app: &App, name: &str) -> (f32, f32) {
    let at = app.view().graph.filters[&id(app, name)].position;
    (at.x, at.y)
}

fn sized(app: &App, size: (f32, f32)) -> BTreeMap<FilterId, (f32, f32)> {
    let ids = app.view().graph.filters.keys();
    ids.map(|id| (*id, size)).collect()
}

#[test]
fn wires_run_forward_in_columns_that_are_eighty_apart() {
    let mut app = editor("mixer:m -> null_renderer:a; tone:t -> gain:g -> m; tone:u -> m");
    let sizes = sized(&app, (160.0, 96.0));
    one_step(&mut app, Action::Arrange { sizes });
    let x = |name: &str| place(&app, name).0;
    assert_eq!(x("g") - x("t"), 240.0);
    assert_eq!(x("m") - x("g"), 240.0);
    assert_eq!(x("a") - x("m"), 240.0);
    assert_eq!(
        x("u"),
        x("g"),
        "what only gives stands right before what takes it"
    );
    let apart = (place(&app, "u").1 - place(&app, "g").1).abs();
    assert!(apart >= 96.0 + 24.0, "{apart}");
    assert!(
        place(&app, "g").1 < place(&app, "u").1,
        "in the order of the mixer's pins"
    );
    let sizes = sized(&app, (160.0, 96.0));
    no_step(&mut app, Action::Arrange { sizes });
}

#[test]
fn only_the_selection_is_arranged_and_covers_nobody() {
    let mut app = editor("gain:b; tone:a; gain:x; a -> b");
    let before = place(&app, "x");
    app.perform(Action::Move(vec![
        (id(&app, "b"), Position { x: 0.0, y: 0.0 }),
        (id(&app, "a"), Position { x: 200.0, y: 32.0 }),
        (id(&app, "x"), Position { x: 0.0, y: 0.0 }),
    ]));
    select(&mut app, &["a", "b"]);
    let sizes = sized(&app, (160.0, 96.0));
    one_step(&mut app, Action::Arrange { sizes });
    assert_eq!(place(&app, "x"), (0.0, 0.0));
    assert_ne!(place(&app, "x"), before);
    assert_eq!(place(&app, "b").0 - place(&app, "a").0, 240.0);
    assert!(
        place(&app, "a").1 >= 96.0,
        "it went below what it would cover"
    );
}

#[test]
fn a_frame_goes_round_its_boxes_again() {
    let mut app = editor("tone:t -> gain:g; noise:n");
    select(&mut app, &["t", "g"]);
    let title = "Voice".into();
    app.perform(Action::AddFrame { title, area: None });
    let frame = *app.view().selection.notes.first().unwrap();
    let at = Position { x: 8.0, y: -16.0 };
    let words = "loud".into();
    app.perform(Action::AddComment { at, text: words });
    let comment = *app.view().selection.notes.first().unwrap();
    let before = app.view().graph.notes[&frame].clone();
    app.perform(Action::Move(vec![
        (id(&app, "g"), Position { x: 10.0, y: 0.0 }),
        (id(&app, "n"), Position { x: -800.0, y: 0.0 }),
    ]));
    select(&mut app, &[]);
    let sizes = sized(&app, (176.0, 112.0));
    one_step(&mut app, Action::Arrange { sizes });
    let graph = app.view().graph;
    let after = &graph.notes[&frame];
    for name in ["t", "g"] {
        let at = graph.filters[&id(&app, name)].position;
        assert!(after.covers(at), "{name}");
    }
    assert!(!after.covers(graph.filters[&id(&app, "n")].position));
    let moved =
        |note: &ksgraph::graph::Note, old: &ksgraph::graph::Note| note.position.x - old.position.x;
    assert_ne!(moved(after, &before), 0.0);
    assert_eq!(
        graph.notes[&comment].position.x - 8.0,
        moved(after, &before),
        "the comment went along"
    );
    let sizes = sized(&app, (176.0, 112.0));
    no_step(&mut app, Action::Arrange { sizes });
}

#[test]
fn boxes_settle_on_the_grid() {
    let mut app = editor("gain:a; gain:b");
    let off = Position { x: 37.5, y: -9.0 };
    app.perform(Action::Move(vec![(id(&app, "a"), off)]));
    one_step(&mut app, Action::SnapToGrid);
    assert_eq!(place(&app, "a"), (32.0, -16.0));
    no_step(&mut app, Action::SnapToGrid);
}

#[test]
fn edges_become_common_and_gaps_even() {
    let mut app = editor("gain:a; gain:b; gain:c");
    app.set_box_sizes(
        [("a", 100.0), ("b", 200.0), ("c", 160.0)]
            .map(|(name, width)| (id(&app, name), (width, 80.0)))
            .into(),
    );
    let moved = |app: &mut App| {
        let places = [("a", 0.0, 10.0), ("b", 500.0, 70.0), ("c", 300.0, 40.0)];
        let places = places.map(|(name, x, y)| (id(app, name), Position { x, y }));
        app.perform(Action::Move(places.into()));
    };
    let xs = |app: &App| ["a", "b", "c"].map(|name| place(app, name).0);
    let ys = |app: &App| ["a", "b", "c"].map(|name| place(app, name).1);
    for (alignment, expected) in [
        (Alignment::Left, [0.0, 0.0, 0.0]),
        (Alignment::Right, [600.0, 500.0, 540.0]),
        (Alignment::Centre, [300.0, 250.0, 270.0]),
    ] {
        moved(&mut app);
        one_step(&mut app, Action::Align(alignment));
        assert_eq!(xs(&app), expected);
    }
    for (alignment, expected) in [
        (Alignment::Top, [10.0; 3]),
        (Alignment::Bottom, [70.0; 3]),
        (Alignment::Middle, [40.0; 3]),
    ] {
        moved(&mut app);
        one_step(&mut app, Action::Align(alignment));
        assert_eq!(ys(&app), expected);
    }
    moved(&mut app);
    one_step(&mut app, Action::Distribute(Axis::Horizontally));
    // 700 wide, 460 of it boxes: 120 between each two.
    assert_eq!(xs(&app), [0.0, 500.0, 220.0]);
    no_step(&mut app, Action::Distribute(Axis::Vertically));
    select(&mut app, &["a"]);
    no_step(&mut app, Action::Align(Alignment::Left));
}

fn boxes(count: u32) -> Vec<(FilterId, Area)> {
    let area = |id: u32| Area {
        at: Position {
            x: (id * 37 % 900) as f32,
            y: (id * 91 % 700) as f32,
        },
        size: (96.0 + (id % 5) as f32 * 40.0, 58.0 + (id % 7) as f32 * 20.0),
    };
    (1..=count).map(|id| (FilterId(id), area(id))).collect()
}

fn link(from: u32, to: u32, input: u32) -> Link {
    Link {
        from: FilterId(from),
        output: 0,
        to: FilterId(to),
        input,
    }
}

/// Boxes as arranged, none of which comes near another.
fn check(boxes: &[(FilterId, Area)], links: &[Link]) -> Vec<(FilterId, Position)> {
    let places = layered(boxes, links);
    assert_eq!(places.len(), boxes.len());
    let sizes: BTreeMap<_, _> = boxes.iter().map(|(id, area)| (*id, area.size)).collect();
    let mut areas: Vec<Area> = places
        .iter()
        .map(|(id, at)| Area {
            at: *at,
            size: sizes[id],
        })
        .collect();
    for area in &areas {
        assert_eq!((area.at.x % 16.0, area.at.y % 16.0), (0.0, 0.0));
    }
    areas.sort_by(|a, b| a.at.x.total_cmp(&b.at.x));
    for (index, area) in areas.iter().enumerate() {
        let rest = areas[index + 1..].iter();
        for other in rest.take_while(|other| other.at.x < area.right() + 24.0) {
            assert!(!area.is_near(other, 24.0), "{area:?} {other:?}");
        }
    }
    places
}

#[test]
fn loops_and_lone_boxes_are_arranged_as_well() {
    let boxes = boxes(8);
    check(&boxes, &[]);
    check(&boxes, &[link(1, 1, 0), link(2, 3, 0), link(3, 2, 0)]);
    check(
        &boxes,
        &[
            link(1, 2, 0),
            link(2, 3, 0),
            link(3, 1, 0),
            link(3, 4, 0),
            link(9, 1, 0),
        ],
    );
    check(&[], &[link(1, 2, 0)]);
}

#[test]
fn a_thousand_boxes_are_arranged_in_every_shape() {
    let many = boxes(1000);
    let chain: Vec<Link> = (1..1000).map(|id| link(id, id + 1, 0)).collect();
    let star: Vec<Link> = (2..=1000).map(|id| link(id, 1, id)).collect();
    let tangle: Vec<Link> = (1..=2000)
        .map(|n: u32| link(n * 7919 % 1000 + 1, n * 104_729 % 1000 + 1, n % 3))
        .collect();
    let jumps = chain
        .iter()
        .copied()
        .chain((2..1000).map(|id| link(1, id + 1, 1)));
    for links in [chain.clone(), star, tangle, jumps.collect()] {
        check(&many, &links);
    }
}

#[test]
fn wires_that_need_not_cross_do_not() {
    // Four readers into the pins of one mixer, drawn in disorder.
    let boxes = boxes(5);
    let links = [link(1, 5, 3), link(2, 5, 1), link(3, 5, 2), link(4, 5, 0)];
    let places: BTreeMap<_, _> = check(&boxes, &links).into_iter().collect();
    let y = |id: u32| places[&FilterId(id)].y;
    assert!(y(4) < y(2) && y(2) < y(3) && y(3) < y(1));
}

proptest! {
    #[test]
    fn an_arrangement_depends_on_the_graph_alone(
        count in 1..24_u32,
        ends in prop::collection::vec((1..24_u32, 1..24_u32, 0..4_u32), 0..60),
    ) {
        let links: Vec<Link> = ends.into_iter().map(|(from, to, input)| link(from, to, input)).collect();
        let boxes = boxes(count);
        let places = check(&boxes, &links);
        let mut other = boxes.clone();
        let sizes: BTreeMap<_, _> = places.iter().copied().collect();
        for (id, area) in &mut other {
            area.at = sizes[id];
        }
        other.reverse();
        prop_assert_eq!(check(&other, &links), places);
    }
}

#[test]
fn the_list_of_steps_leads_to_any_of_them() {
    let mut app = editor("tone:t");
    let mut texts = vec![text(&app)];
    for key in ["gain", "meter", "noise"] {
        let at = Position::default();
        app.perform(Action::AddFilter {
            key: key.into(),
            at,
        });
        texts.push(text(&app));
    }
    let names = ["Add Gain and Pan", "Add Meter", "Add Noise"];
    assert_eq!(app.view().steps(), (names.to_vec(), 3));
    for step in [0, 3, 1, 2, 2, 0, 9] {
        app.perform(Action::GoToStep(step));
        let step = step.min(3);
        assert_eq!(text(&app), texts[step]);
        assert_eq!(app.view().steps(), (names.to_vec(), step));
    }
    app.perform(Action::GoToStep(1));
    app.perform(Action::Delete(vec![id(&app, "t")]));
    assert_eq!(app.view().steps(), (vec![names[0], "Delete t"], 2));
}
