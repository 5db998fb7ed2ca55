//! What a graph takes of memory and how often it is asked for, counted: nothing here hangs on how fast a machine is.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::alloc::System;
use std::sync::Arc;

use ksgraph::engine::{Job, Offline};
use ksgraph::filters::catalogue;
use ksgraph::graph::{Connection, Edit, FilterId, Graph, Negotiator, PinRef, Position, apply};
use ksgraph::ks::{Catalogue, Facts, Value};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const QUANTUM: usize = 256;

/// A tone, gains and a null renderer: `count` filters in all.
fn chain(count: u32) -> Graph {
    let mut graph = Graph::default();
    for number in 1..=count {
        let key = match number {
            1 => "tone",
            it if it == count => "null_renderer",
            _ => "gain",
        };
        let name = format!("{number}");
        let edit = Edit::add_filter(&graph, key, &name, Position::default());
        apply(&mut graph, edit).unwrap();
        let filter = FilterId(number);
        let value = match key {
            "tone" => Some(("channels", 1.0)),
            // Each another one, as in real graphs.
            "gain" => Some(("level", -0.001 * f64::from(number))),
            _ => None,
        };
        if let Some((key, value)) = value {
            let (key, value) = (key.into(), Some(Value::Number(value)));
            apply(&mut graph, Edit::SetProperty { filter, key, value }).unwrap();
        }
        if number > 1 {
            join(&mut graph, number - 1, number);
        }
    }
    graph
}

fn join(graph: &mut Graph, from: u32, to: u32) {
    let pin = |filter, pin: &str| PinRef {
        filter: FilterId(filter),
        pin: pin.into(),
        instance: 0,
    };
    let connection = Connection {
        from: pin(from, "out"),
        to: pin(to, "in"),
        chosen: Default::default(),
    };
    apply(graph, Edit::Connect(connection)).unwrap();
}

/// A graph that is kept up, and what plays it.
struct Kept {
    catalogue: Catalogue,
    graph: Graph,
    negotiator: Negotiator,
    offline: Offline,
}

impl Kept {
    fn new(count: u32) -> Self {
        let offline = Arc::new(ksgraph::portcls::Offline);
        let catalogue = catalogue(offline.clone(), offline);
        let job = Job::default();
        Self {
            offline: Offline::rehearse(&catalogue, &job, QUANTUM),
            catalogue,
            graph: chain(count),
            negotiator: Negotiator::default(),
        }
    }

    /// Agrees and builds what the graph is now.
    fn follow(&mut self) {
        let facts = Facts::nominal();
        let wiring = self
            .negotiator
            .agree(&self.graph, &self.catalogue, &facts, None);
        assert!(wiring.is_agreed());
        let job = Job {
            wiring: wiring.clone(),
            ..Job::default()
        };
        self.offline.change(&job);
        // The plan before it comes home and is dropped.
        self.offline.reports().for_each(drop);
    }
}

/// How often memory is asked for, and how many bytes stay.
fn counted(work: impl FnOnce()) -> (usize, isize) {
    let region = Region::new(MEMORY);
    work();
    let change = region.change();
    let stays = change.bytes_allocated as isize - change.bytes_deallocated as isize;
    (change.allocations + change.reallocations, stays)
}

/// One test, for what others do at the same time would be counted here.
#[test]
fn a_graph_takes_memory_by_what_is_in_it_and_an_edit_asks_for_little() {
    let [small, large] = [1_000, 2_000].map(|count| {
        let mut kept = Kept::new(count);
        let (asked, stays) = counted(|| kept.follow());
        assert_eq!(kept.offline.built.open.len(), count as usize);
        let count = f64::from(count);
        println!(
            "{count}: asked {} times, {} bytes stay",
            asked as f64 / count,
            stays as f64 / count
        );
        // One gain in the middle goes, and its neighbours are joined.
        let middle = count as u32 / 2;
        let edit = Edit::Remove(vec![FilterId(middle)]);
        apply(&mut kept.graph, edit).unwrap();
        join(&mut kept.graph, middle - 1, middle + 1);
        let (edited, more) = counted(|| kept.follow());
        println!(
            "an edit: asked {} times, {} bytes stay",
            edited as f64 / count,
            more as f64 / count
        );
        (
            asked as f64 / count,
            stays as f64 / count,
            edited as f64 / count,
        )
    });
    // Linear.
    assert!(large.0 < small.0 * 1.05 && large.1 < small.1 * 1.05 && large.2 < small.2 * 1.05);
    // Of these 3 840 are room for frames of 10 ms for a wire that is held, which is not touched before it is.
    assert!(small.1 < 7_900.0, "{} bytes a filter", small.1);
    assert!(small.0 < 18.0, "asked for {} times a filter", small.0);
    assert!(small.2 < 2.0, "an edit asks for {} times a filter", small.2);
}
