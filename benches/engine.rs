//! What the engine costs beside a loop by hand that does the same arithmetic: ratios within one run, so that they mean
//! the same on any machine. `cargo bench --bench engine`, or some of its rows: `-- W1`, `-- notes`.
//!
//! W1: a tone through N gains into a null renderer, at a quantum of 64. Events through the sequencer with a million waiting,
//! and a song of 50 000 events read.

use std::hint::black_box;
use std::time::Instant;

use ksgraph::dsp::gain::scale;
use ksgraph::dsp::wide::multiply_by_each;
use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{
    Connection, Edit, EditError, FilterId, FilterPath, Graph, PinRef, Position, apply, negotiate,
};
use ksgraph::ks::{Catalogue, Facts, Value};

const QUANTUM: usize = 64;
const LEVEL_DB: f64 = -0.000_868_632;
/// Of the tone.
const CHANNELS: usize = 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let rows = ["W1", "notes"];
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_any = asked.iter().any(|it| rows.contains(&it.as_str()));
    let is_wanted = |row: &str| !is_any || asked.iter().any(|it| it == row);
    if is_wanted("W1") {
        for count in [10, 100, 1000] {
            chain(&catalogue, count)?;
        }
    }
    if is_wanted("notes") {
        sequencer();
        song()?;
    }
    Ok(())
}

/// Events through the sequencer while a million wait: each that goes out makes room for one that comes in, at random
/// times.
fn sequencer() {
    use ksgraph::ks::KernelEvent;
    use ksgraph::portcls::sequencer::{Arrived, Sequencer};

    const WAITING: usize = 1_000_000;
    const PASSED: usize = 1_000_000;
    let mut dice = 1_u64;
    let mut sequencer = Sequencer::with_room(WAITING * 2);
    let mut put = |sequencer: &mut Sequencer, from: i64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let time = from + (dice >> 33) as i64;
        if let Some(event) = KernelEvent::new(time, &[0xB0, 1, 1]) {
            sequencer.put(Arrived { event, wire: 1 });
        }
    };
    for _ in 0..WAITING {
        put(&mut sequencer, 0);
    }
    let (nanos, sum) = quickest(3, || {
        let mut sum = 0_i64;
        for _ in 0..PASSED {
            if let Some((first, _)) = sequencer.release(0, usize::MAX >> 1, 10_000_000) {
                sum = sum.wrapping_add(first.event.time);
                put(&mut sequencer, first.event.time);
            }
        }
        sum
    });
    let each = nanos / PASSED as f64;
    println!(
        "sequencer, {WAITING} waiting: {each:.0} ns an event, {:.2} million a second ({})",
        1e3 / each,
        black_box(sum)
    );
}

/// A song of 50 000 events, read.
fn song() -> Result<(), Box<dyn std::error::Error>> {
    use ksgraph::midi::{read_smf, write_smf0};

    let messages: Vec<(u64, [u8; 3])> = (0..50_000_u64)
        .map(|n| {
            (
                n * 7,
                [
                    if n % 2 == 0 { 0x90 } else { 0x80 },
                    (n / 2 % 128) as u8,
                    99,
                ],
            )
        })
        .collect();
    let bytes = write_smf0(480, 500_000, &messages);
    let (nanos, song) = quickest(5, || read_smf(black_box(&bytes)));
    println!(
        "a song of {} events in {} bytes: read in {:.2} ms",
        song?.events.len(),
        bytes.len(),
        nanos / 1e6
    );
    Ok(())
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

fn pin(filter: u32, pin: &str) -> PinRef {
    PinRef {
        filter: FilterId(filter),
        pin: pin.into(),
        instance: 0,
    }
}

fn wire(from: u32, to: u32) -> Edit {
    Edit::Connect(Connection {
        from: pin(from, "out"),
        to: pin(to, "in"),
        chosen: Default::default(),
    })
}

/// A tone, `count` gains, a null renderer.
fn graph(count: u32) -> Result<Graph, EditError> {
    let mut graph = Graph::default();
    let gains = (0..count).map(|_| "gain");
    let keys = std::iter::once("tone")
        .chain(gains)
        .chain(["null_renderer"]);
    let mut last = None;
    for key in keys {
        let id = graph.fresh_id();
        let edit = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, edit)?;
        if key == "tone" {
            let edit = Edit::SetProperty {
                filter: id,
                key: "channels".into(),
                value: Some(Value::Number(CHANNELS as f64)),
            };
            apply(&mut graph, edit)?;
        }
        if key == "gain" {
            let edit = Edit::SetProperty {
                filter: id,
                key: "level".into(),
                value: Some(Value::Number(LEVEL_DB)),
            };
            apply(&mut graph, edit)?;
        }
        if let Some(before) = last.replace(id.0) {
            apply(&mut graph, wire(before, id.0))?;
        }
    }
    Ok(graph)
}

fn job(graph: &Graph, catalogue: &Catalogue) -> Job {
    Job {
        wiring: negotiate(graph, catalogue, &Facts::nominal(), None),
        ..Job::default()
    }
}

/// Sound that begins where a line of the cache does.
#[repr(align(64))]
struct Aligned([[f32; QUANTUM]; CHANNELS]);

/// A chain of gains by the general path and with runs done at once, beside the same products by hand: from one block to
/// the next, and with samples in registers through the whole chain. One gain is moved now and then, as a user would.
fn chain(catalogue: &Catalogue, count: u32) -> Result<(), Box<dyn std::error::Error>> {
    let graph = graph(count)?;
    let last = graph.filters.keys().next_back().copied();
    let sink = FilterPath(last.into_iter().collect());
    let cycles = 200_000 / count as usize + 20;
    let steps = cycles as f64 * f64::from(count);
    let engine = |one_by_one: bool| -> Result<(f64, f64), Box<dyn std::error::Error>> {
        let job = Job {
            one_by_one,
            ..job(&graph, catalogue)
        };
        let mut offline = Offline::new(catalogue, &job, QUANTUM);
        let moved = offline.built.open.values().nth(count as usize / 2);
        let moved = moved.map(|open| open.entry).ok_or("nothing is open")?;
        let mut level = LEVEL_DB;
        let (nanos, stuck) = quickest(7, || {
            level = if level == LEVEL_DB {
                LEVEL_DB * 2.0
            } else {
                LEVEL_DB
            };
            offline.send(Message::Set {
                entry: moved,
                property: 0,
                value: level,
            });
            (0..cycles).find_map(|_| offline.cycle(QUANTUM).err())
        });
        if let Some(stuck) = stuck {
            return Err(stuck.into());
        }
        let heard = offline.heard(&sink).map(|(wave, _)| {
            let samples = wave.channels().flatten();
            samples.map(|sample| f64::from(sample.abs())).sum::<f64>()
        });
        Ok((nanos / steps, heard.unwrap_or_default()))
    };
    let (general, one) = engine(true)?;
    let (fused, other) = engine(false)?;
    // The floors: the same multiplications on the same channels.
    let amplitude = 10_f32.powf(LEVEL_DB as f32 / 20.0);
    let tone = [[0.1_f32; QUANTUM]; CHANNELS];
    // As frames are: where it lies by chance the loop by hand takes up to five times as long.
    let mut place = Aligned(tone);
    let block = &mut place.0;
    let (hand, sum) = quickest(7, || {
        for _ in 0..cycles {
            *block = black_box(tone);
            for _ in 0..count {
                for channel in black_box(&mut *block) {
                    scale(channel, black_box(amplitude));
                }
            }
        }
        block.iter().flatten().sum::<f32>()
    });
    let factors = vec![amplitude; count as usize];
    let (hand_fused, fused_sum) = quickest(7, || {
        for _ in 0..cycles {
            *block = black_box(tone);
            for channel in black_box(&mut *block) {
                multiply_by_each(channel, black_box(&factors));
            }
        }
        block.iter().flatten().sum::<f32>()
    });
    let (hand, hand_fused) = (hand / steps, hand_fused / steps);
    println!(
        "W1 {count:>5} gains: one by one {general:>6.1} ns a filter and quantum, by hand {hand:>5.1}, ratio {:>5.2}; \
         runs at once {fused:>5.1}, by hand {hand_fused:>5.1}, ratio {:>5.2}; checksums {one:.6} {other:.6} {sum:.4} {fused_sum:.4}",
        general / hand,
        fused / hand_fused,
    );
    Ok(())
}
