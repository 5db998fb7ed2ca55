//! How long a large graph takes to be agreed from scratch, after one wire of it changed, and one question about a wire that
//! is not there. `cargo bench --bench negotiate`. Wanted: 10 000 filters and 15 000 wires in less than 100 ms, a changed
//! wire among them in less than 1 ms where it hangs together with no more than 100 filters.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ksgraph::graph::{
    Chosen, Connection, Edit, EditError, FilterId, FilterPath, Graph, Negotiator, PinAddress,
    PinRef, Position, apply, negotiate, would_connect,
};
use ksgraph::ks::Facts;

/// Filters of one island: a tone, split in two, each half through gains, mixed, into a null renderer.
const ISLAND: u32 = 100;

fn main() -> Result<(), EditError> {
    let offline = Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let facts = Facts::nominal();
    println!("filters    wires   from scratch   a wire changed   a wire asked   scratch / changed");
    for islands in [1, 10, 100] {
        let mut graph = graph(islands)?;
        let (whole, wiring) = quickest(5, || negotiate(&graph, &catalogue, &facts, None));
        assert!(wiring.is_agreed(), "the graph of this bench agrees");
        let middle = islands / 2 * ISLAND;
        let pin = |filter: u32, pin: &str, instance| PinAddress {
            filter: FilterPath::of(FilterId(middle + filter)),
            pin: pin.into(),
            instance,
        };
        let (from, to) = (pin(2, "out", 60), pin(ISLAND - 1, "in", 60));
        let (asked, _) = quickest(10, || {
            black_box(would_connect(&wiring, &catalogue, &facts, None, &from, &to))
        });
        // The same wire goes and comes back, in the midst of all the others.
        let mut negotiator = Negotiator::default();
        negotiator.agree(&graph, &catalogue, &facts, None);
        let mut edit = Edit::Disconnect(graph.connections.len() / 2);
        let mut changed = f64::INFINITY;
        let mut slowest: f64 = 0.0;
        for _ in 0..20 {
            edit = apply(&mut graph, edit)?;
            let (nanos, parts) = timed(|| {
                negotiator.agree(&graph, &catalogue, &facts, None);
                negotiator.parts_agreed()
            });
            assert!(parts <= 2, "one island is agreed anew, no more");
            changed = changed.min(nanos);
            slowest = slowest.max(nanos);
        }
        println!(
            "{:7}  {:7}  {:10.2} ms  {:5.3} to {:5.3} ms  {:9.3} ms  {:16.0}",
            graph.filters.len(),
            graph.connections.len(),
            whole / 1e6,
            changed / 1e6,
            slowest / 1e6,
            asked / 1e6,
            whole / changed,
        );
    }
    Ok(())
}

/// Islands of 100 filters and 150 wires each.
fn graph(islands: u32) -> Result<Graph, EditError> {
    let mut graph = Graph::default();
    for island in 0..islands {
        // Numbers begin at 1.
        let first = island * ISLAND + 1;
        for index in 0..ISLAND {
            let key = match index {
                0 => "tone",
                1 => "splitter",
                it if it == ISLAND - 2 => "mixer",
                it if it == ISLAND - 1 => "null_renderer",
                _ => "gain",
            };
            let name = format!("{}", first + index);
            let edit = Edit::add_filter(&graph, key, &name, Position::default());
            apply(&mut graph, edit)?;
        }
        let (splitter, mixer) = (first + 1, first + ISLAND - 2);
        let mut wire = |from: (u32, u32), to: (u32, u32)| {
            let pin = |(filter, instance), pin: &str| PinRef {
                filter: FilterId(filter),
                pin: pin.into(),
                instance,
            };
            let connection = Connection {
                from: pin(from, "out"),
                to: pin(to, "in"),
                chosen: Chosen::default(),
            };
            apply(&mut graph, Edit::Connect(connection)).map(|_| ())
        };
        wire((first, 0), (splitter, 0))?;
        wire((mixer, 0), (mixer + 1, 0))?;
        // Two gains behind each other, 48 times: 144 wires; and four that go past them.
        for lane in 0..48 {
            let gain = first + 2 + 2 * lane;
            wire((splitter, lane), (gain, 0))?;
            wire((gain, 0), (gain + 1, 0))?;
            wire((gain + 1, 0), (mixer, lane))?;
        }
        for past in 48..52 {
            wire((splitter, past), (mixer, past))?;
        }
    }
    Ok(graph)
}

/// Nanoseconds of the quickest of several runs, and what the last one gave.
fn quickest<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let (mut best, mut done) = timed(&mut work);
    for _ in 1..runs {
        let (nanos, new) = timed(&mut work);
        best = best.min(nanos);
        done = new;
    }
    (best, done)
}

/// Nanoseconds that some work takes, and what it gives.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed().as_nanos() as f64, done)
}
