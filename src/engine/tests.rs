//! What must hold for every plan, tried on random graphs: each frame is written before it is read, and by one step
//! only unless that step works in place; a filter is kept as long as nothing it was made from has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::compile::{Builder, Job};
use super::plan::{Plan, Step};
use super::slab::Slab;
use crate::graph::{Connection, Edit, Graph, PinRef, Position, apply, negotiate};
use crate::ks::{
    Catalogue, Clock, DataFlow, DataRange, Descriptor, Facts, Filter, Flow, Io, OpenError, Opened,
    Opening, PinFactory, Processor, RefTime, Waker,
};

struct Silent;

impl Processor for Silent {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}

struct Kind(Descriptor);

impl Filter for Kind {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        if self.0.key == "broken" {
            return Err(OpenError::Other("never opens".into()));
        }
        Ok(Opened::processor(Silent))
    }
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> RefTime {
        0
    }
}

const FLOAT: &[DataRange] = DataRange::FLOAT;
const INPUT: PinFactory = PinFactory::input("in", FLOAT);
const ANY_INPUT: PinFactory = PinFactory::input("in", FLOAT).instances(0, u32::MAX);
const SOURCE: &[PinFactory] = &[PinFactory::output("out", FLOAT)];
const PLACE: &[PinFactory] = &[INPUT, PinFactory::output("out", FLOAT).in_place_of("in")];
const TWICE: &[PinFactory] = &[
    INPUT,
    PinFactory::output("one", FLOAT).in_place_of("in"),
    PinFactory::output("two", FLOAT).in_place_of("in"),
];
const SPLIT: &[PinFactory] = &[
    INPUT,
    PinFactory::output("out", FLOAT)
        .same_format_as("in")
        .instances(0, u32::MAX),
];
const SHOW: &[PinFactory] = &[
    INPUT,
    PinFactory::output("out", FLOAT)
        .same_format_as("in")
        .shows("in")
        .instances(0, u32::MAX),
];
const MIX: &[PinFactory] = &[
    ANY_INPUT,
    PinFactory::output("out", FLOAT).same_format_as("in"),
];
const SINK: &[PinFactory] = &[INPUT];
/// Kinds by key; sources are drawn first so that wires find an end.
const KINDS: &[(&str, &[PinFactory])] = &[
    ("source", SOURCE),
    ("place", PLACE),
    ("twice", TWICE),
    ("split", SPLIT),
    ("mix", MIX),
    ("sink", SINK),
    ("broken", PLACE),
    ("show", SHOW),
    ("show_too", SHOW),
];

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (key, pins) in KINDS {
        let kind = Kind(Descriptor::new(key, key, &[], pins, &[]));
        catalogue.register(Arc::new(kind)).unwrap();
    }
    catalogue
}

/// Boxes of the given kinds, and wires between whatever pins are free, from earlier boxes to later ones.
fn graph(kinds: &[usize], wires: &[(usize, usize, usize)]) -> Graph {
    let mut graph = Graph::default();
    for kind in kinds {
        let key = KINDS[*kind].0;
        let edit = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, edit).unwrap();
    }
    let ids: Vec<_> = graph.filters.keys().copied().collect();
    for &(from, to, pin) in wires {
        let (from, to) = (from % ids.len(), to % ids.len());
        if from >= to {
            continue;
        }
        let free = |graph: &Graph, at: usize, data_flow| {
            let pins = KINDS[kinds[at]].1;
            let pins: Vec<_> = pins.iter().filter(|it| it.data_flow == data_flow).collect();
            let factory = pins.get(pin % pins.len().max(1))?;
            let possible = factory.instances.possible;
            let instance = graph.free_instance(ids[at], &factory.name, possible)?;
            Some(PinRef {
                filter: ids[at],
                pin: factory.name.to_string(),
                instance,
            })
        };
        let ends = free(&graph, from, DataFlow::Out).zip(free(&graph, to, DataFlow::In));
        if let Some((from, to)) = ends {
            let chosen = Default::default();
            let connection = Connection { from, to, chosen };
            apply(&mut graph, Edit::Connect(connection)).unwrap();
        }
    }
    graph
}

fn job(graph: &Graph, catalogue: &Catalogue) -> Job {
    Job {
        wiring: negotiate(graph, catalogue, &Facts::nominal(), None),
        ..Job::default()
    }
}

fn builder(catalogue: &Catalogue) -> Builder {
    let clock = Arc::new(Standing);
    Builder::new(catalogue.clone(), clock, Waker::default(), 64, true)
}

/// Follows what stands in every slot through one cycle. `ids` are the wires' identities.
fn check(plan: &Plan, ids: &[u64]) -> Result<(), TestCaseError> {
    check_steps(plan, &plan.steps, ids)?;
    check_steps(plan, &plan.shared, ids)
}

fn check_steps(plan: &Plan, steps: &[Step], ids: &[u64]) -> Result<(), TestCaseError> {
    // The wires whose sound stands in a slot: one, and those that show it to other readers.
    let mut standing: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut unconnected = 0;
    for step in steps {
        let Step::Process {
            inputs, outputs, ..
        } = step
        else {
            continue;
        };
        for input in inputs.iter().filter(|input| input.wire != 0) {
            if let Some(slot) = input.slot {
                // What comes from a filter that is not open is written by nobody.
                let is_right = standing
                    .get(&slot)
                    .is_none_or(|it| it.contains(&input.wire));
                prop_assert!(is_right, "slot {} holds another wire", slot);
            }
        }
        let mut taken = vec![];
        for output in outputs {
            unconnected += 1;
            let nobody = u64::MAX - unconnected;
            let wire = output.wire.map_or(nobody, |wire| ids[wire as usize]);
            let is_own = inputs
                .iter()
                .any(|input| input.slot == Some(output.slot) && input.wire != 0);
            if output.is_shown {
                prop_assert!(std::ptr::eq(steps, &*plan.shared), "only there");
                prop_assert!(is_own, "a frame that did not come in is shown");
                standing.entry(output.slot).or_default().push(wire);
                continue;
            }
            prop_assert!(!taken.contains(&output.slot), "two outputs in one frame");
            taken.push(output.slot);
            let is_fresh = !standing.contains_key(&output.slot);
            prop_assert!(is_own || is_fresh, "slot {} is written twice", output.slot);
            prop_assert!(!is_own || output.is_in_place);
            if let Some(from) = output.copy_from {
                prop_assert!(inputs.iter().any(|input| input.slot == Some(from)));
            }
            standing.insert(output.slot, vec![wire]);
        }
        prop_assert!(outputs.len() <= plan.hands.len());
    }
    // Where the sound ends its frame is looked at behind the cycle.
    for step in steps {
        if let Step::Process {
            inputs, outputs, ..
        } = step
            && outputs.is_empty()
        {
            for input in inputs.iter().filter(|input| input.wire != 0) {
                let Some(slot) = input.slot else { continue };
                let is_there = standing
                    .get(&slot)
                    .is_none_or(|it| it.contains(&input.wire));
                prop_assert!(is_there, "slot {} was altered behind its reader", slot);
            }
        }
    }
    Ok(())
}

/// Every wire of filters that are open is written by somebody.
fn check_written(plan: &Plan) -> Result<(), TestCaseError> {
    let outputs = plan.steps.iter().flat_map(|step| match step {
        Step::Process { outputs, .. } => outputs.iter(),
        _ => [].iter(),
    });
    let mut wires: Vec<u32> = outputs.filter_map(|output| output.wire).collect();
    let count = wires.len();
    wires.sort_unstable();
    wires.dedup();
    prop_assert_eq!(wires.len(), count, "a wire is written twice");
    Ok(())
}

fn kinds_and_wires() -> impl Strategy<Value = (Vec<usize>, Vec<(usize, usize, usize)>)> {
    let kinds = proptest::collection::vec(0..KINDS.len(), 2..24);
    let wires = proptest::collection::vec((0..24_usize, 0..24_usize, 0..3_usize), 1..60);
    (kinds, wires)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_frame_is_written_before_it_is_read_and_by_one_step(
        (kinds, wires) in kinds_and_wires(),
        other in proptest::collection::vec((0..24_usize, 0..24_usize, 0..3_usize), 1..60),
    ) {
        let catalogue = catalogue();
        let mut builder = builder(&catalogue);
        let (_, transition) = builder.build(&job(&graph(&kinds, &wires), &catalogue));
        let ids = builder.wire_ids();
        let mut plan = transition.into.unwrap();
        check(&plan, &ids)?;
        check_written(&plan)?;
        // The same filters wired otherwise, with the old plan fading.
        builder.swapped();
        let (_, mut transition) = builder.build(&job(&graph(&kinds, &other), &catalogue));
        check(transition.into.as_ref().unwrap(), &builder.wire_ids())?;
        if let Some(leaving) = &mut transition.out {
            let without = |steps: &[Step]| -> Vec<String> {
                let others = steps.iter().filter(|step| !step.is_fade());
                others.map(|step| format!("{step:?}")).collect()
            };
            let before = without(&plan.steps);
            plan.leave(leaving, &mut Slab::new());
            check(&plan, &ids)?;
            check_written(&plan)?;
            let goes = |step: &Step| matches!(step, Step::Fade { is_arriving: false, .. });
            prop_assert!(plan.steps.iter().any(goes), "nothing fades down");
            prop_assert_eq!(without(&plan.steps), before, "the same with fades");
        }
    }

    #[test]
    fn the_same_graph_again_keeps_every_filter_and_fades_nothing(
        (kinds, wires) in kinds_and_wires(),
    ) {
        let catalogue = catalogue();
        let mut builder = builder(&catalogue);
        let job = job(&graph(&kinds, &wires), &catalogue);
        let (first, _) = builder.build(&job);
        builder.swapped();
        let (second, transition) = builder.build(&job);
        prop_assert_eq!(second.serial, first.serial + 1);
        let entries = |built: &super::Built| -> Vec<_> {
            built.open.iter().map(|(path, open)| (path.clone(), open.entry)).collect()
        };
        prop_assert_eq!(entries(&first), entries(&second));
        let into = transition.into.as_ref().unwrap();
        prop_assert!(transition.out.is_none() && !into.has_fades);
        prop_assert!(into.arrivals.is_empty() && into.departures.is_empty());
    }
}

#[test]
fn a_filter_that_is_renewed_is_opened_again_in_another_place() {
    let catalogue = catalogue();
    let mut builder = builder(&catalogue);
    let graph = graph(&[0, 1, 5], &[(0, 1, 0), (1, 2, 0)]);
    let mut job = job(&graph, &catalogue);
    let (first, _) = builder.build(&job);
    builder.swapped();
    let path = first.open.keys().nth(1).unwrap().clone();
    job.renew.insert(path.clone(), 1);
    let (second, transition) = builder.build(&job);
    for (other, open) in &first.open {
        assert_eq!(
            second.open[other].entry != open.entry,
            *other == path,
            "{other}"
        );
    }
    let into = transition.into.as_ref().unwrap();
    assert_eq!(into.departures, [first.open[&path].entry]);
    assert!(
        transition.out.is_some() && into.has_fades,
        "both its wires fade"
    );
}
