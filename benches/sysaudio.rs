//! What it costs to have a graph built, beside what it costs to agree one: ratios within one run.
//! `cargo bench --bench sysaudio`.
//!
//! A catalogue of 1 000 declared filters; ways of one to five filters through it, a way that is not there, and sound, where
//! every filter takes nearly what every other gives. Then a graph of 1 000 filters from a list of lines, by the program.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use ksgraph::graph::{
    Connection, Edit, FilterId, FilterPath, Graph, Negotiator, PinRef, Position, apply, negotiate,
};
use ksgraph::ks::{Catalogue, Descriptor, Facts, filters_of};
use ksgraph::sysaudio::{Builder, Site, Sizes};

const KINDS: u32 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let agreed = chain(1_000)?;
    println!("agreeing 1 000 gains: {:.2} ms", agreed * 1e3);
    for steps in 1..=5 {
        let (seconds, found) = way(&kinds(steps), "X0000", &format!("X{steps:04}"))?;
        assert_eq!(found, Some(steps as usize));
        report(
            &format!("a way of {steps} through 1 000 kinds"),
            seconds,
            agreed,
        );
    }
    let (seconds, found) = way(&kinds(6), "X0000", "X0006")?;
    assert_eq!(found, None);
    report("no way through 1 000 kinds", seconds, agreed);
    for (words, from, to, wanted) in [
        ("rates, one step", 8_000, 8_001, Some(1)),
        ("rates, no way", 8_000, 999, None),
    ] {
        let (seconds, found) = rates(from, to)?;
        assert_eq!(found, wanted, "{words}");
        report(words, seconds, agreed);
    }
    let folder = std::env::temp_dir().join(format!("ksgraph-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut lines = String::new();
    for at in 0..1_000 {
        lines += &format!("add gain --name g{at}\n");
    }
    for at in 1..1_000 {
        lines += &format!("connect g{}.out g{at}.in\n", at - 1);
    }
    std::fs::write(folder.join("lines"), lines)?;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ksgraph"));
    let command = command
        .current_dir(&folder)
        .args(["new", "-o", "g.ron", "--batch", "lines"]);
    let (seconds, done) = timed(|| command.output());
    assert!(done?.status.success());
    report("1 000 filters and 999 wires from a list", seconds, agreed);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn report(words: &str, seconds: f64, agreed: f64) {
    println!(
        "{words}: {:.2} ms, {:.1} times",
        seconds * 1e3,
        seconds / agreed
    );
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let done = black_box(work());
    (began.elapsed().as_secs_f64(), done)
}

/// The quickest of some rounds.
fn quickest<T>(mut call: impl FnMut() -> T) -> (f64, T) {
    let (mut best, mut last) = timed(&mut call);
    for _ in 1..5 {
        let (seconds, done) = timed(&mut call);
        (best, last) = (best.min(seconds), done);
    }
    (best, last)
}

fn catalogue() -> Catalogue {
    let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
    ksgraph::filters::catalogue(offline.clone(), offline)
}

/// How long a chain of gains takes to be agreed.
fn chain(count: u32) -> Result<f64, Box<dyn Error>> {
    let mut graph = Graph::default();
    for _ in 0..count {
        let add = Edit::add_filter(&graph, "gain", "Gain", Position::default());
        apply(&mut graph, add)?;
    }
    let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
    for pair in ids.windows(2) {
        let end = |filter, pin: &str| PinRef {
            filter,
            pin: pin.into(),
            instance: 0,
        };
        let wire = Connection {
            from: end(pair[0], "out"),
            to: end(pair[1], "in"),
            chosen: Default::default(),
        };
        apply(&mut graph, Edit::Connect(wire))?;
    }
    let (catalogue, facts) = (catalogue(), Facts::nominal());
    let (seconds, wiring) = quickest(|| negotiate(&graph, &catalogue, &facts, None));
    assert!(wiring.wires.iter().all(|wire| wire.outcome.is_ok()));
    Ok(seconds)
}

fn pin(name: &str, flow: &str, kind: u32) -> String {
    format!(
        r#"(name: "{name}", data_flow: {flow}, ranges: [(major: "{kind:08x}-0000-0010-8000-00AA00389B71",
            sub: "AAAAAAAA-0000-0010-8000-00AA00389B71", specifier: "0F6417D6-C318-11D0-A43F-00A0C9223196", limits: None)])"#
    )
}

fn sound(name: &str, flow: &str, rate: u32) -> String {
    format!(
        r#"(name: "{name}", data_flow: {flow}, ranges: [(major: "73647561-0000-0010-8000-00AA00389B71",
            sub: "00000003-0000-0010-8000-00AA00389B71", specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: {rate}, max_rate_hz: {rate})))])"#
    )
}

/// Kinds of which some lead from kind 0 on to kind `steps`, and the others from one to another of many.
fn kinds(steps: u32) -> Vec<String> {
    let lead = (0..steps).map(|at| (at + 1, at + 2));
    let mut dice = 1_u64;
    let mut throw = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        1_000 + (dice >> 40) as u32 % 300
    };
    // A third of the others begin where the way does, and lead astray.
    let mut others = vec![];
    for at in steps..KINDS {
        let from = if at % 3 == 0 { 1 + at % steps } else { throw() };
        others.push((from, throw()));
    }
    let mut all: Vec<String> = lead
        .chain(others)
        .enumerate()
        .map(|(at, (from, to))| {
            format!(
                r#"(key: "k{at}", title: "k{at}", pins: [{}, {}])"#,
                pin("in", "in", from),
                pin("out", "out", to)
            )
        })
        .collect();
    all.push(format!(
        r#"(key: "X0000", title: "s", pins: [{}])"#,
        pin("out", "out", 1)
    ));
    // The sixth of six steps is too many.
    all.push(format!(
        r#"(key: "X{steps:04}", title: "t", pins: [{}])"#,
        pin("in", "in", steps + 1)
    ));
    all
}

/// The same for sound: each kind takes a rate and gives the next.
fn rates(from: u32, to: u32) -> Result<(f64, Option<usize>), Box<dyn Error>> {
    let mut all: Vec<String> = (0..KINDS)
        .map(|at| {
            format!(
                r#"(key: "k{at}", title: "k{at}", pins: [{}, {}])"#,
                sound("in", "in", 8_000 + at),
                sound("out", "out", 8_001 + at)
            )
        })
        .collect();
    for (key, pin) in [
        ("X0000", sound("out", "out", from)),
        ("X0001", sound("in", "in", to)),
    ] {
        all.push(format!(r#"(key: "{key}", title: "{key}", pins: [{pin}])"#));
    }
    way(&all, "X0000", "X0001")
}

/// How long it takes to connect two filters, and through how many.
fn way(kinds: &[String], from: &str, to: &str) -> Result<(f64, Option<usize>), Box<dyn Error>> {
    let mut catalogue = catalogue();
    let text = format!("(version: 1, filters: [{}])", kinds.join(", "));
    for filter in filters_of(&text)? {
        catalogue.register(std::sync::Arc::new(filter))?;
    }
    let facts = Facts::nominal();
    let mut graph = Graph::default();
    for key in [from, to] {
        let add = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, add)?;
    }
    let ids: Vec<FilterId> = graph.filters.keys().copied().collect();
    let end = |filter, pin: &str| PinRef {
        filter,
        pin: pin.into(),
        instance: 0,
    };
    let ends = (end(ids[0], "out"), end(ids[1], "in"));
    let mut wiring = Negotiator::default();
    wiring.agree(&graph, &catalogue, &facts, None);
    let site = Site { graph, wiring };
    let sizes: Sizes = BTreeMap::new();
    let level = FilterPath::default();
    let builder = Builder {
        catalogue: &catalogue,
        facts: &facts,
        base: None,
        sizes: &sizes,
        merit: &|it: &Descriptor| it.merit,
        level: &level,
        is_told: false,
    };
    let (seconds, found) = quickest(|| builder.connect(&site, &ends.0, &ends.1));
    Ok((seconds, found.ok().map(|built| built.added.len())))
}
