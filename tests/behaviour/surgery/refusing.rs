//! Steps of state: their order, that one may be refused and is then taken back, and that none is made for nothing.

use super::*;

/// Lets sound through, and refuses a state as often as it is told.
struct Refusing {
    refuses: Arc<AtomicU32>,
    status: Status,
    key: &'static str,
}

const THROUGH: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
static REFUSING: Descriptor = Descriptor::new("refusing", "Refusing", AUDIO, THROUGH, &[]);
static ABSENT: Descriptor = Descriptor::new("absent", "Absent", AUDIO, THROUGH, &[]);

impl Filter for Refusing {
    fn descriptor(&self) -> &Descriptor {
        if self.key == "absent" {
            &ABSENT
        } else {
            &REFUSING
        }
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Refuses {
            refuses: Arc::clone(&self.refuses),
            status: self.status,
        }))
    }
}

struct Refuses {
    refuses: Arc<AtomicU32>,
    status: Status,
}

impl Processor for Refuses {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }

    fn may_enter(&mut self, state: State) -> Result<(), Status> {
        let refused = self.refuses.load(Ordering::SeqCst);
        if refused == state as u32 {
            Err(self.status)
        } else {
            Ok(())
        }
    }
}

fn refusing_stage() -> (Stage, Arc<AtomicU32>) {
    let refuses = Arc::new(AtomicU32::new(0));
    let mut stage = Stage::new();
    for (key, status) in [
        ("refusing", Status::InsufficientResources),
        ("absent", Status::DeviceNotReady),
    ] {
        let refuses = Arc::clone(&refuses);
        let filter = Refusing {
            refuses,
            status,
            key,
        };
        stage.catalogue.register(Arc::new(filter)).unwrap();
    }
    (stage, refuses)
}

#[test]
fn a_refusal_takes_back_in_reverse_order_what_had_moved_and_is_told() {
    let (stage, refuses) = refusing_stage();
    let graph = stage.graph("slope -> a:probe id=1 -> refusing -> b:probe id=2 -> null_renderer");
    let job = stage.job(&graph);
    for (refused, from) in [
        (State::Acquire, State::Stop),
        (State::Pause, State::Stop),
        (State::Run, State::Stop),
        (State::Run, State::Pause),
    ] {
        refuses.store(0, Ordering::SeqCst);
        let mut offline = Offline::new(&stage.catalogue, &job, 64);
        offline.send(Message::State(from));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), from);
        offline.reports().for_each(drop);
        offline.steps().for_each(drop);
        refuses.store(refused as u32, Ordering::SeqCst);
        offline.send(Message::State(State::Run));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), from, "where the request found it");
        let steps: Vec<_> = offline.steps().collect();
        let ups: Vec<_> = steps.iter().filter(|it| it.to > it.from).collect();
        let downs: Vec<_> = steps.iter().filter(|it| it.to < it.from).collect();
        assert!(!ups.is_empty());
        let place = |it: &ksgraph::engine::Stepped| (it.entry, it.factory, it.from.min(it.to));
        let up: Vec<_> = ups.iter().map(|it| place(it)).collect();
        let down: Vec<_> = downs.iter().rev().map(|it| place(it)).collect();
        assert_eq!(up, down, "back by the same way");
        let failed: Vec<_> = steps
            .iter()
            .filter(|it| it.status != Status::Success)
            .collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (failed[0].from, failed[0].to),
            (failed[0].from, failed[0].from)
        );
        let told = offline.reports().any(|report| {
            matches!(report, Report::Refused { state, status: Status::InsufficientResources, .. }
                if state == refused)
        });
        assert!(told);
        // Going down never stops, and what helps is to try again.
        refuses.store(0, Ordering::SeqCst);
        offline.send(Message::State(State::Run));
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), State::Run);
        offline.send(Message::State(State::Stop));
        refuses.store(2, Ordering::SeqCst);
        offline.cycle(64).unwrap();
        assert_eq!(offline.state(), State::Stop);
    }
}

#[test]
fn a_refusal_of_one_that_is_let_go_holds_only_that_one() {
    let (stage, refuses) = refusing_stage();
    let graph = stage.graph("slope -> refusing -> null_renderer; tone -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let stop = [(64, "refusing", None, State::Stop)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &stop,
        &even(640, 64),
    );
    refuses.store(State::Pause as u32, Ordering::SeqCst);
    let run = [(0, "refusing", None, State::Run)];
    let heard = play(&mut offline, &stage, &graph, "b", &run, &even(640, 64));
    assert!(peak(&heard) > AUDIBLE, "the rest runs");
    assert_eq!(offline.state(), State::Run);
    assert_eq!(state(&offline, &graph, "refusing", "in"), State::Stop);
    assert!(
        offline
            .reports()
            .any(|it| matches!(it, Report::Refused { .. }))
    );
    refuses.store(0, Ordering::SeqCst);
    let heard = play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &run,
        &even(640, 64),
    );
    assert!(heard[0].iter().any(|it| *it != 0.0));
}

#[test]
fn a_device_that_is_not_ready_keeps_only_its_own_pins_back() {
    let (stage, refuses) = refusing_stage();
    refuses.store(State::Acquire as u32, Ordering::SeqCst);
    let graph =
        stage.graph("slope -> splitter -> absent -> null_renderer; splitter -> b:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let heard = play(&mut offline, &stage, &graph, "b", &[], &even(6400, 64));
    assert!(peak(&heard) > AUDIBLE);
    assert_eq!(offline.state(), State::Run);
    assert_eq!(state(&offline, &graph, "absent", "in"), State::Stop);
    let not_ready = offline
        .steps()
        .filter(|it| it.status == Status::DeviceNotReady);
    assert_eq!(not_ready.count(), 1, "told once");
}

/// Two inputs, of which the second asks to acquire behind what gives to it.
const ORDERED: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::input("late", DataRange::FLOAT).acquires_in_order(),
];
static ORDERLY: Descriptor = Descriptor::new("orderly", "Orderly", AUDIO, ORDERED, &[]);

struct Orderly;

impl Filter for Orderly {
    fn descriptor(&self) -> &Descriptor {
        &ORDERLY
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Sink))
    }
}

struct Sink;

impl Processor for Sink {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}

#[test]
fn ord_1_a_pin_that_asks_for_it_acquires_behind_its_source_and_ord_3_orders_the_rest() {
    let mut stage = Stage::new();
    stage.catalogue.register(Arc::new(Orderly)).unwrap();
    let graph = stage.graph("a:slope -> orderly; b:slope -> orderly");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let names = |offline: &mut Offline, from: State, to: State| -> Vec<String> {
        let open = offline.built.open.clone();
        let mut names = vec![];
        for step in offline.steps().filter(|it| (it.from, it.to) == (from, to)) {
            let (path, _) = open.iter().find(|(_, it)| it.entry == step.entry).unwrap();
            let id = path.0.last().unwrap();
            names.push(format!("{}{}", graph.filters[id].name, step.factory));
        }
        names
    };
    let acquired = names(&mut offline, State::Stop, State::Acquire);
    assert_eq!(acquired, ["orderly0", "b0", "orderly1", "a0"], "ORD-1");
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    offline.steps().for_each(drop);
    offline.send(Message::State(State::Run));
    offline.cycle(64).unwrap();
    let run = names(&mut offline, State::Pause, State::Run);
    assert_eq!(
        run,
        ["orderly0", "orderly1", "a0", "b0"],
        "sinks, then the older source"
    );
    offline.send(Message::State(State::Pause));
    offline.cycle(64).unwrap();
    let paused = names(&mut offline, State::Run, State::Pause);
    assert_eq!(
        paused,
        ["a0", "b0", "orderly0", "orderly1"],
        "sources first"
    );
}

#[test]
fn sta_5_the_same_state_again_is_no_step() {
    let stage = Stage::new();
    let graph = stage.graph("slope -> a:probe id=1 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    offline.steps().for_each(drop);
    stage.steps.take();
    offline.send(Message::State(State::Run));
    let again = [(0, "a", None, State::Run), (0, "a", Some("in"), State::Run)];
    play(
        &mut offline,
        &stage,
        &graph,
        "null_renderer",
        &again,
        &even(640, 64),
    );
    assert_eq!(offline.steps().count(), 0);
    assert!(stage.steps.take().is_empty());
}

#[test]
fn dsg_3_a_running_graph_that_is_destroyed_stops_its_filters() {
    let stage = Stage::new();
    let graph = stage.graph("slope -> a:probe id=1 -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    offline.cycle(64).unwrap();
    stage.steps.take();
    drop(offline);
    assert_eq!(stage.steps.take(), [4 + 2, 4 + 1, 4], "by single steps");
}
