//! A filter of one's own, in a program that has `ksgraph` as a library. Nothing in the crate knows of it: `register` is
//! the one way in, for this filter as for the built-in ones.
//!
//! `cargo run --example add_a_filter` hears a tone through it. With arguments it is the whole command line with one
//! filter more: `cargo run --example add_a_filter -- filters folder`, `... -- play my_graph.ron`.

use std::process::ExitCode;
use std::sync::Arc;

use ksgraph::cli::{self, Outcome};
use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{
    Chosen, Connection, Edit, FilterPath, Graph, PinRef, Position, apply, negotiate,
};
use ksgraph::ks::ids::{Guid, category, node};
use ksgraph::ks::{
    Catalogue, DataRange, Descriptor, Facts, Filter, Flow, Glide, Io, Node, OpenError, Opened,
    Opening, PinFactory, Processor, Property, State, TopologyConnection, Value,
};
use ksgraph::{filters, portcls};

const DRIVE: Property = Property::db("drive", "Drive", 0.0, 36.0, 12.0)
    .glide_millis(20.0)
    .inline();
const PROPERTIES: &[Property] = &[DRIVE];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const NODES: &[Node] = &[Node::new(node::VOLUME, "Drive", &["drive"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
static DESCRIPTOR: Descriptor =
    Descriptor::new("folder", "Wave Folder", CATEGORIES, PINS, PROPERTIES)
        .nodes(NODES, INSIDE)
        .help("Makes a sound louder and folds back what goes over the top.");

/// What the catalogue offers and the graph negotiates with.
struct Folder;

impl Filter for Folder {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let drive = opening.glide_at(&DRIVE, opening.audio("in").rate_hz);
        Ok(Opened::processor(Folding { drive }))
    }
}

/// The running half; lives on the audio thread.
struct Folding {
    drive: Glide,
}

impl Processor for Folding {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0]; // in place: it already holds the input
        let drive = self.drive.amplitude(io.values, output.len());
        for channel in output.channels_mut() {
            for (at, sample) in channel.iter_mut().enumerate() {
                *sample = folded(*sample * drive.at(at));
            }
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        let _ = state; // nothing that was heard is kept
    }
}

/// A triangle through zero that turns at 1 and -1.
fn folded(value: f32) -> f32 {
    let turn = (value - 1.0).rem_euclid(4.0);
    (turn - 2.0).abs() - 1.0
}

/// The filters of this program: the built-in ones, without devices, and its own.
fn catalogue() -> Catalogue {
    let offline = Arc::new(portcls::Offline);
    let mut catalogue = filters::catalogue(Arc::clone(&offline) as _, offline);
    catalogue
        .register(Arc::new(Folder))
        .expect("no built-in filter has its key");
    catalogue
}

/// A tone, through the filter, to the sound device. Changed as any graph is: by edits.
fn graph() -> Graph {
    let mut graph = Graph::default();
    let chain = ["tone", "folder", "audio_device_out"].map(|key| {
        let edit = Edit::add_filter(&graph, key, key, Position::default());
        apply(&mut graph, edit).expect("the name is free");
        graph.find(key).expect("it was added just now")
    });
    for pair in chain.windows(2) {
        let pin = |filter, pin: &str| PinRef {
            filter,
            pin: pin.into(),
            instance: 0,
        };
        let connection = Connection {
            from: pin(pair[0], "out"),
            to: pin(pair[1], "in"),
            chosen: Chosen::default(),
        };
        apply(&mut graph, Edit::Connect(connection)).expect("both filters are there");
    }
    let louder = Edit::SetProperty {
        filter: chain[0],
        key: "level".into(),
        value: Some(Value::Number(-6.0)),
    };
    apply(&mut graph, louder).expect("the tone is there");
    graph
}

/// The largest sample of a second of the graph's sound.
pub(crate) fn hear() -> Result<f32, String> {
    let (catalogue, graph) = (catalogue(), graph());
    let wiring = negotiate(&graph, &catalogue, &Facts::nominal(), None);
    if let Some(refusal) = wiring.wires.iter().find_map(|it| it.outcome.as_ref().err()) {
        return Err(refusal.sentence());
    }
    let rate_hz = wiring.rate_hz as usize;
    let job = Job {
        wiring,
        ..Job::default()
    };
    let mut offline = Offline::new(&catalogue, &job, 480);
    if let Some((path, error)) = offline.built.failures.first() {
        return Err(format!("filter {path}: {error}"));
    }
    let device = graph.find("audio_device_out").map(FilterPath::of);
    let device = device.ok_or("there is no device in the graph")?;
    let mut peak = 0.0_f32;
    for _ in 0..rate_hz / 480 {
        offline.cycle(480).map_err(|stuck| stuck.to_string())?;
        if let Some((wave, _)) = offline.heard(&device) {
            let samples = wave.channels().flatten();
            peak = samples.fold(peak, |most, sample| most.max(sample.abs()));
        }
    }
    Ok(peak)
}

/// The command line with one filter more.
pub(crate) fn run(words: impl IntoIterator<Item = std::ffi::OsString>) -> Outcome {
    cli::run_with(words, vec![Arc::new(Folder)])
}

/// What the program does.
pub(crate) fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        return match run(std::env::args_os()) {
            Outcome::Ended(exit) => ExitCode::from(exit as u8),
            Outcome::Editor(_) => {
                println!("this example has no window; try `filters folder`");
                ExitCode::from(2)
            }
        };
    }
    match hear() {
        Ok(peak) => {
            println!("a second of a tone through the wave folder: it reaches {peak:.3}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
