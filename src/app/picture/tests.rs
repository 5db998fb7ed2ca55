//! What stands in a picture.

use super::{Look, dot, svg};
use crate::app::{Action, App, Options, palette};
use crate::graph::{FilterId, FilterPath, PinAddress, Position};

fn drawn() -> App {
    let mut app = App::new(Options::nominal(256));
    for (index, key) in ["tone", "gain", "null_renderer"].into_iter().enumerate() {
        let x = 260.0 * index as f32;
        app.perform(Action::AddFilter {
            key: key.into(),
            at: Position { x, y: 0.0 },
        });
    }
    let pin = |filter, pin: &str| PinAddress {
        filter: FilterPath::from(vec![FilterId(filter)]),
        pin: pin.into(),
        instance: 0,
    };
    for (from, to) in [(1, 2), (2, 3)] {
        app.perform(Action::Connect {
            from: pin(from, "out"),
            to: pin(to, "in"),
        });
    }
    app.perform(Action::Rename(FilterId(2), "<A> & \"B\"\u{1}".into()));
    app
}

#[test]
fn every_box_wire_and_tag_is_in_the_picture_and_names_are_escaped() {
    let app = drawn();
    let text = svg(app.view().graph, app.view().wiring, &Look::default());
    assert!(text.contains(">Tone Generator<"), "{text}");
    assert!(text.contains("&lt;A&gt; &amp; &quot;B&quot; <"), "{text}");
    assert_eq!(
        text.matches("<path d=\"M").count(),
        3 + 2,
        "three titles and two wires"
    );
    assert!(
        text.contains("48\u{a0}000\u{a0}Hz") || text.contains("48\u{a0}000 Hz"),
        "{text}"
    );
    let light = Look {
        palette: &palette::LIGHT,
        scale: 2.0,
    };
    let other = svg(app.view().graph, app.view().wiring, &light);
    assert!(other.contains("#F1EFE8") && !text.contains("#F1EFE8"));
    assert_eq!(
        text,
        svg(app.view().graph, app.view().wiring, &Look::default())
    );
}

#[test]
fn graphviz_gets_quoted_names() {
    let app = drawn();
    let text = dot(app.view().graph, app.view().wiring);
    assert!(text.contains("n2 [label=\"<A> & \\\"B\\\" \"]"), "{text}");
    assert!(text.contains("n1 -> n2"), "{text}");
}

#[cfg(feature = "gui")]
#[test]
fn the_picture_has_pixels_of_the_theme() {
    let app = drawn();
    let text = svg(app.view().graph, app.view().wiring, &Look::default());
    let bytes = super::png(&text).unwrap();
    let pixels = resvg::tiny_skia::Pixmap::decode_png(&bytes).unwrap();
    let ground = pixels.pixel(0, 0).unwrap();
    assert_eq!(
        [ground.red(), ground.green(), ground.blue()],
        [0x11, 0x14, 0x16]
    );
    let different: std::collections::BTreeSet<_> = pixels
        .pixels()
        .iter()
        .map(|it| (it.red(), it.green(), it.blue()))
        .collect();
    assert!(
        different.len() > 20,
        "boxes, wires and words: {}",
        different.len()
    );
}
