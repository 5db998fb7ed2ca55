//! What patches of many filters cost beside loops by hand: ratios within one run. `cargo bench --bench patches`, or `-- W2`.
//!
//! W2: oscillators, each through a gain, into a mixer. W6: branches of a tone and many equalisers of one band, a low-pass,
//! into a mixer. W3: voices of a saw, a low-pass and an envelope that is open into a mixer, an echo, a reverb, a limiter. One
//! channel, 48 kHz, a quantum of 64.

use std::hint::black_box;
use std::time::Instant;

use ksgraph::dsp::gain::{mix_into, scale};
use ksgraph::dsp::{Curve, Design, Oscillator, Section, Shape};
use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{Connection, Edit, FilterId, Graph, PinRef, Position, apply, negotiate};
use ksgraph::ks::{Catalogue, Facts, Value};

const QUANTUM: usize = 64;
const RATE: f64 = 48_000.0;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| {
        !wanted.iter().any(|it| it.starts_with('W')) || wanted.iter().any(|it| it == name)
    };
    if wants("W2") {
        oscillators(&catalogue, 512)?;
    }
    if wants("W6") {
        branches(&catalogue, 16, 64)?;
        branches(&catalogue, 1, 64)?;
    }
    if wants("W3") {
        voices(&catalogue, 8)?;
    }
    Ok(())
}

/// A graph on the bench.
#[derive(Default)]
struct Patch {
    graph: Graph,
}

impl Patch {
    fn add(&mut self, key: &str, values: &[(&str, Value)]) -> Result<FilterId, Failed> {
        let id = self.graph.fresh_id();
        let edit = Edit::add_filter(&self.graph, key, key, Position::default());
        apply(&mut self.graph, edit)?;
        for (key, value) in values {
            let edit = Edit::SetProperty {
                filter: id,
                key: (*key).into(),
                value: Some(value.clone()),
            };
            apply(&mut self.graph, edit)?;
        }
        Ok(id)
    }

    fn wire(&mut self, from: FilterId, to: FilterId, instance: u32) -> Result<(), Failed> {
        let pin = |filter, pin: &str, instance| PinRef {
            filter,
            pin: pin.into(),
            instance,
        };
        let edit = Edit::Connect(Connection {
            from: pin(from, "out", 0),
            to: pin(to, "in", instance),
            chosen: Default::default(),
        });
        Ok(apply(&mut self.graph, edit).map(|_| ())?)
    }

    /// Nanoseconds of a cycle, and how many filters are open.
    fn run(&self, catalogue: &Catalogue, cycles: usize) -> Result<(f64, usize), Failed> {
        let job = Job {
            wiring: negotiate(&self.graph, catalogue, &Facts::nominal(), None),
            ..Job::default()
        };
        let mut offline = Offline::new(catalogue, &job, QUANTUM);
        let (nanos, stuck) = quickest(5, || (0..cycles).find_map(|_| offline.cycle(QUANTUM).err()));
        match stuck {
            Some(stuck) => Err(stuck.into()),
            None => Ok((nanos / cycles as f64, offline.built.open.len())),
        }
    }
}

fn number(value: f64) -> Value {
    Value::Number(value)
}

fn oscillators(catalogue: &Catalogue, count: u32) -> Result<(), Failed> {
    let mut patch = Patch::default();
    let mixer = patch.add("mixer", &[])?;
    let sink = patch.add("null_renderer", &[])?;
    for n in 0..count {
        let hz = number(100.0 + f64::from(n));
        let tone = patch.add("tone", &[("frequency", hz), ("channels", number(1.0))])?;
        let gain = patch.add("gain", &[("level", number(-40.0))])?;
        patch.wire(tone, gain, 0)?;
        patch.wire(gain, mixer, n)?;
    }
    patch.wire(mixer, sink, 0)?;
    let (nanos, open) = patch.run(catalogue, 400)?;
    let mut voices: Vec<Oscillator> = (0..count)
        .map(|n| {
            let mut voice = Oscillator::new(Shape::Sine, RATE);
            voice.set_frequency(100.0 + f64::from(n));
            voice
        })
        .collect();
    let (mut block, mut sum) = ([0.0_f32; QUANTUM], [0.0_f32; QUANTUM]);
    let (hand, _) = quickest(5, || {
        for _ in 0..400 {
            sum.fill(0.0);
            for voice in &mut voices {
                voice.fill(&mut block);
                scale(&mut block, black_box(0.001));
                scale(&mut block, black_box(0.01));
                mix_into(&mut sum, &block);
            }
            black_box(&mut sum);
        }
    });
    told(
        "W2 oscillators, gains, mixer",
        "voice",
        nanos,
        hand / 400.0,
        count,
        open,
    );
    Ok(())
}

fn branches(catalogue: &Catalogue, count: u32, length: u32) -> Result<(), Failed> {
    let mut patch = Patch::default();
    let mixer = patch.add("mixer", &[])?;
    let sink = patch.add("null_renderer", &[])?;
    for n in 0..count {
        let hz = number(100.0 + f64::from(n));
        let mut last = patch.add("tone", &[("frequency", hz), ("channels", number(1.0))])?;
        for _ in 0..length {
            let low_pass = patch.add("equaliser", &low_pass())?;
            patch.wire(last, low_pass, 0)?;
            last = low_pass;
        }
        patch.wire(last, mixer, n)?;
    }
    patch.wire(mixer, sink, 0)?;
    let (nanos, open) = patch.run(catalogue, 60)?;
    let design = Design {
        curve: Curve::LowPass,
        hz: 5000.0,
        gain: 1.0,
        q: 0.7,
    };
    let tuning = design.tuning(RATE);
    let mut sections = vec![Section::default(); (count * length) as usize];
    let mut block = [0.1_f32; QUANTUM];
    let (hand, _) = quickest(5, || {
        for _ in 0..60 {
            for section in &mut sections {
                let mut it = *section;
                for sample in black_box(&mut block) {
                    *sample = it.step(f64::from(*sample), &tuning) as f32;
                }
                *section = it;
            }
        }
    });
    told(
        &format!("W6 low-passes, branches: {count}"),
        "low-pass",
        nanos,
        hand / 60.0,
        count * length,
        open,
    );
    Ok(())
}

/// An equaliser of one band.
fn low_pass() -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("band1_type", Value::Text("low pass".into())),
        ("band1_frequency", number(5000.0)),
    ];
    let others = ["band2_on", "band3_on", "band4_on", "band5_on", "band6_on"];
    values.extend(others.map(|key| (key, Value::Flag(false))));
    values
}

fn voices(catalogue: &Catalogue, count: u32) -> Result<(), Failed> {
    let mut patch = Patch::default();
    let mixer = patch.add("mixer", &[])?;
    for n in 0..count {
        let hz = number(110.0 * f64::from(n + 1));
        let saw = Value::Text("saw".into());
        let values = [
            ("waveform", saw),
            ("frequency", hz),
            ("channels", number(1.0)),
        ];
        let tone = patch.add("tone", &values)?;
        let low_pass = patch.add("equaliser", &low_pass())?;
        let envelope = patch.add("envelope", &[("gate", Value::Flag(true))])?;
        patch.wire(tone, low_pass, 0)?;
        patch.wire(low_pass, envelope, 0)?;
        patch.wire(envelope, mixer, n)?;
    }
    let mut last = mixer;
    for key in ["delay", "reverb", "limiter", "null_renderer"] {
        let next = patch.add(key, &[])?;
        patch.wire(last, next, 0)?;
        last = next;
    }
    let (nanos, open) = patch.run(catalogue, 4000)?;
    println!(
        "W3 {count} voices, echo, reverb, limiter: {:.2} us a quantum ({open} open)",
        nanos / 1e3
    );
    Ok(())
}

fn told(what: &str, unit: &str, nanos: f64, hand: f64, count: u32, open: usize) {
    let (each, by_hand) = (nanos / f64::from(count), hand / f64::from(count));
    println!(
        "{what}: {each:.1} ns a {unit} and quantum, by hand {by_hand:.1}, ratio {:.2} ({open} open)",
        nanos / hand
    );
}

/// Nanoseconds of the quickest of several runs, and what the last one gave.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn quickest<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut done = work();
    for _ in 0..runs {
        let began = Instant::now();
        done = work();
        best = best.min(began.elapsed().as_nanos() as f64);
    }
    (best, done)
}
