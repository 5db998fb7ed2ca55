//! `ksgraph bench`: the cost of each filter, and the long runs in short.

use super::desk::Desk;
use super::support::examples;

#[test]
fn the_cost_of_each_filter_is_told_by_share_the_dearest_first() {
    let desk = Desk::new("bench");
    let graph = examples().join("effects.ron");
    let graph = graph.to_str().unwrap();
    let words = ["bench", graph, "--seconds", "0.5", "--quantum", "64"];
    let did = desk.run(&[&words[..], &["--json"]].concat());
    assert_eq!(did.code, Some(0), "{}", did.said);
    let (json, got) = (&did.json, desk.run(&["get", graph, "--json"]).json);
    let filters = json["filters"].as_array().unwrap();
    let names = |list: &serde_json::Value| {
        let list = list.as_array().unwrap().iter();
        let mut names: Vec<String> = list.map(|it| it["name"].to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&json["filters"]), names(&got["filters"]), "every one");
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let nanos: Vec<f64> = filters.iter().map(|it| number(&it["nanos"])).collect();
    assert!(nanos.is_sorted_by(|a, b| a >= b) && nanos[nanos.len() - 1] > 0.0);
    let shares: f64 = filters.iter().map(|it| number(&it["share"])).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
    assert_eq!(
        (json["cycles"].as_u64(), json["quantum"].as_u64()),
        (Some(375), Some(64))
    );
    assert!(filters.iter().all(|it| number(&it["measured"]) >= 10.0));
    assert!(number(&json["real_time_factor"]) > 0.0);
    let told = desk.run(&words).text;
    assert!(
        told.contains(" ns ") && told.contains("times as fast as it plays"),
        "{told}"
    );
    assert_eq!(
        desk.run(&["bench", "--short"]).code,
        Some(2),
        "with --soak only"
    );
    assert_eq!(desk.run(&["bench", "nowhere.ron"]).code, Some(3));
}

#[test]
fn twenty_minutes_two_minutes_of_drift_and_five_hundred_edits_break_nothing() {
    // Another seed: `ksgraph bench --soak --short` chooses one and prints it.
    let desk = Desk::new("soak");
    let did = desk.run(&["bench", "--soak", "--short", "--seed", "20261121", "--json"]);
    println!("{}\n{}", did.said, did.text);
    assert!(did.said.contains("seed 20261121"), "{}", did.said);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let runs = &did.json["runs"];
    assert_eq!(runs["graph"]["seconds"], 1200.0);
    assert_eq!(runs["graph"]["quantum"], 2048);
    assert_eq!(runs["graph"]["discontinuities"], 0);
    assert!(runs["graph"]["memory_end_kib"].as_i64().unwrap() > 1_000);
    let cards = runs["drift"]["cards"].as_array().unwrap();
    let seconds = cards.iter().map(|card| card["seconds"].as_u64().unwrap());
    assert_eq!(seconds.sum::<u64>(), 120);
    for (card, ppm) in cards.iter().zip([300.0, -300.0]) {
        assert_eq!(card["ppm"], ppm);
        assert_eq!(card["dropouts"], 0);
        assert!(card["worst_error_ppm"].as_f64().unwrap() < 10.0);
    }
    assert_eq!(runs["edits"]["edits"], 500);
    assert_eq!(runs["edits"]["discontinuities"], 0);
    assert!(runs["edits"]["heard_share"].as_f64().unwrap() > 0.2);
}
