//! Ways through the air, on machines by hand.

use super::*;
use crate::graph::{Graph, from_ron, negotiate};
use crate::ks::DataRange;
use crate::portcls::Offline;

fn machine(host: &str, outputs: &[&str], inputs: &[&str]) -> Facts {
    let ranges = || vec![DataRange::float(48_000, 48_000).at_most_channels(2)];
    let device = |name: &str, render, capture| AudioDevice {
        host: host.into(),
        name: name.into(),
        render,
        capture,
        rate_hz: 48_000,
        is_default: true,
        is_default_input: true,
    };
    let outputs = outputs.iter().map(|it| device(it, ranges(), vec![]));
    let inputs = inputs.iter().map(|it| device(it, vec![], ranges()));
    Facts {
        devices: outputs.chain(inputs).collect(),
        ..Facts::default()
    }
}

/// A microphone into a gain into a loudspeaker, and into nothing.
fn graph(input: &str, level: &str, more: &str) -> Graph {
    let text = format!(
        "(kind: \"ksgraph\", version: 1, next_id: 6, filters: [\n\
         (id: 1, key: \"audio_device_in\", name: \"Mic\", at: (0, 0), values: {{{input}}}),\n\
         (id: 2, key: \"gain\", name: \"Gain\", at: (0, 0), values: {{\"level\": {level}}}{more}),\n\
         (id: 3, key: \"splitter\", name: \"Both\", at: (0, 0)),\n\
         (id: 4, key: \"audio_device_out\", name: \"Speaker\", at: (0, 0)),\n\
         (id: 5, key: \"null_renderer\", name: \"Nothing\", at: (0, 0)),\n\
         ], connections: [(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"3.in\"), \
         (from: \"3.out\", to: \"4.in\"), (from: \"3.out[1]\", to: \"5.in\")])\n"
    );
    from_ron(text.as_bytes(), "air").unwrap().graph
}

fn found(graph: &Graph, facts: &Facts) -> Vec<AirLoop> {
    let catalogue =
        crate::filters::catalogue(std::sync::Arc::new(Offline), std::sync::Arc::new(Offline));
    let wiring = negotiate(graph, &catalogue, facts, None);
    assert!(wiring.wires.iter().all(|wire| wire.outcome.is_ok()));
    air_loops(&wiring, facts)
}

#[test]
fn a_microphone_that_leads_to_a_loudspeaker_is_told_and_what_cannot_howl_is_not() {
    let desk = machine("alsa", &["speakers"], &["mic"]);
    let loops = found(&graph("", "0", ""), &desk);
    assert_eq!(loops.len(), 1, "{loops:?}");
    assert!(!loops[0].is_sure);
    assert!(loops[0].text.contains("Mic") && loops[0].text.contains("Speaker"));
    assert!(!found(&graph("", "0", ""), &Facts::nominal()).is_empty());
    for (input, level, more) in [
        ("\"headphones\": true", "0", ""),
        ("", "-60", ""),
        ("", "0", ", disabled: true"),
    ] {
        let loops = found(&graph(input, level, more), &desk);
        assert_eq!(loops, [], "{input} {level} {more}");
    }
    // Turned down and bypassed it lets everything through.
    assert_eq!(found(&graph("", "-60", ", bypassed: true"), &desk).len(), 1);
    // A machine without an input, or with nothing to play on.
    assert_eq!(
        found(&graph("", "0", ""), &machine("alsa", &["speakers"], &[])),
        []
    );
    assert_eq!(
        found(&graph("", "0", ""), &machine("null", &["null"], &["mic"])),
        []
    );
}

#[test]
fn the_monitor_of_the_output_comes_back_for_certain_even_to_headphones() {
    let desk = machine("pulseaudio", &["nul"], &["nul.monitor"]);
    for input in ["", "\"headphones\": true"] {
        let loops = found(&graph(input, "0", ""), &desk);
        assert_eq!(loops.len(), 1, "{input}");
        assert!(loops[0].is_sure);
        assert!(
            loops[0]
                .text
                .contains("pulseaudio:nul.monitor is the monitor of pulseaudio:nul")
        );
    }
    let other = machine("pulseaudio", &["nul"], &["other.monitor"]);
    assert!(!found(&graph("", "0", ""), &other)[0].is_sure);
    let none = machine("pulseaudio", &["nul"], &["other.monitor"]);
    assert_eq!(found(&graph("\"headphones\": true", "0", ""), &none), []);
}

#[test]
fn a_banner_warns_before_anything_runs_and_its_buttons_help() {
    for offer in [0, 1] {
        let mut options = crate::app::Options::nominal(256);
        options.facts = machine("alsa", &["speakers"], &["mic"]);
        let mut app = App::new(options);
        app.open_document(graph("", "0", ""), None);
        let howls = |app: &App| {
            let mut banners = app.banners.iter();
            banners.find(|it| it.text.ends_with(HOWLS)).cloned()
        };
        let banner = howls(&app).expect("a warning");
        assert_eq!(banner.offers.len(), 2);
        app.perform(banner.offers[offer].action.clone());
        assert_eq!(howls(&app), None, "{}", banner.offers[offer].words);
        app.perform(Action::Undo);
        assert!(howls(&app).is_some(), "undone it is there again");
    }
}
