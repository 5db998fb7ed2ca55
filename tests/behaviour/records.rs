//! What the audio thread keeps of its own doing: records of pins, late cycles and who they are charged to.

use ksgraph::engine::{Offline, PinFigures};
use ksgraph::graph::{Graph, PinAddress};

use crate::stage::{Stage, cut, even, hear, path};

fn pin(graph: &Graph, filter: &str, pin: &str) -> PinAddress {
    PinAddress {
        filter: path(graph, filter),
        pin: pin.into(),
        instance: 0,
    }
}

fn figures(offline: &Offline, graph: &Graph, filter: &str, name: &str) -> PinFigures {
    offline.built.records[&pin(graph, filter, name)].figures()
}

#[test]
fn a_pin_records_frames_fill_peak_and_samples_that_are_no_numbers() {
    let stage = Stage::new();
    for fault in ["nan", "infinity"] {
        let text =
            format!("tone level=-6 -> faulty fault={fault} at=1000 -> meter -> null_renderer");
        let graph = stage.graph(&text);
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
        let sink = path(&graph, "null_renderer");
        hear(&mut offline, &sink, &even(2_560, 256));
        let out = figures(&offline, &graph, "tone", "out");
        assert_eq!((out.frames, out.fill, out.late), (10, 256, 0));
        assert!((out.peak - 0.501).abs() < 0.001, "{out:?}");
        assert_eq!(out.non_finite, 0, "it is born behind it");
        let out = figures(&offline, &graph, "faulty", "out");
        assert_eq!((out.non_finite, out.frames), (1, 10), "{fault}");
        let passed = figures(&offline, &graph, "meter", "out");
        assert_eq!(passed.non_finite, 0, "who lets it through is not charged");
        let end = figures(&offline, &graph, "null_renderer", "in");
        assert_eq!((end.frames, end.fill), (10, 256));
    }
}

#[test]
fn records_outlive_plans_and_not_their_filters() {
    let stage = Stage::new();
    let mut graph = stage.graph("tone -> gain -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(2_560, 256));
    stage.add(&mut graph, "other:tone -> mixer -> second:null_renderer");
    offline.change(&stage.job(&graph));
    hear(&mut offline, &sink, &even(2_560, 256));
    assert_eq!(figures(&offline, &graph, "gain", "out").frames, 20);
    let new = figures(&offline, &graph, "mixer", "out").frames;
    assert_eq!(new, 10, "it came in between");
    cut(&mut graph, "gain", "null_renderer");
    cut(&mut graph, "tone", "gain");
    stage.add(&mut graph, "tone -> null_renderer");
    offline.change(&stage.job(&graph));
    hear(&mut offline, &sink, &even(256, 256));
    assert!(
        !offline
            .built
            .records
            .contains_key(&pin(&graph, "gain", "out"))
    );
    assert_eq!(figures(&offline, &graph, "tone", "out").frames, 21);
}
