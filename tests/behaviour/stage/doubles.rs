//! Filters that look on, count, slope, fail or pair up: what tests put into graphs in place of real ones.

use super::*;

/// Lets sound through and notes the lengths of its cycles and its steps.
pub(super) struct Probe {
    pub(super) lens: Arc<Ledger>,
    pub(super) steps: Arc<Ledger>,
}

const ID: Property = Property::count("id", "Id", 0, 100, 0).structural();
static PROBE: Descriptor = Descriptor::new("probe", "Probe", TEST, THROUGH, &[ID]);

impl Filter for Probe {
    fn descriptor(&self) -> &Descriptor {
        &PROBE
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Probing {
            id: opening.settings.number(&ID) as u32,
            lens: Arc::clone(&self.lens),
            steps: Arc::clone(&self.steps),
        }))
    }
}

struct Probing {
    id: u32,
    lens: Arc<Ledger>,
    steps: Arc<Ledger>,
}

impl Processor for Probing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        self.lens.note(io.len as u32);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.steps.note(self.id * 4 + state as u32);
    }
}

/// A source of a given number of samples: 1/8 on every one of them, then its stream ends.
pub(super) struct Count;

const SAMPLES: Property = Property::count("samples", "Samples", 1, 10_000_000, 1000).structural();
const SOURCE: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
static COUNT: Descriptor = Descriptor::new("count", "Count", TEST, SOURCE, &[SAMPLES]);

impl Filter for Count {
    fn descriptor(&self) -> &Descriptor {
        &COUNT
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let whole = opening.settings.number(&SAMPLES) as usize;
        Ok(Opened::processor(Counting { whole, done: 0 }))
    }
}

struct Counting {
    whole: usize,
    done: usize,
}

impl Processor for Counting {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0];
        let count = output.len().min(self.whole - self.done);
        for channel in output.channels_mut() {
            channel.fill(0.0);
            channel[..count].fill(0.125);
        }
        self.done += count;
        if self.done == self.whole {
            Flow::Ended
        } else {
            Flow::Running
        }
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.done = 0;
        }
    }
}

/// A source that rises by a millionth a sample: where it stands says how long it has run.
pub(super) struct SlopeSource;

static SLOPE: Descriptor = Descriptor::new("slope", "Slope", TEST, SOURCE, &[]);

impl Filter for SlopeSource {
    fn descriptor(&self) -> &Descriptor {
        &SLOPE
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Sloping(0)).endless())
    }
}

struct Sloping(u32);

impl Processor for Sloping {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let begin = self.0;
        for channel in io.outputs[0].channels_mut() {
            for (sample, at) in channel.iter_mut().zip(begin..) {
                *sample = at as f32 * 1e-6;
            }
        }
        self.0 += io.outputs[0].len() as u32;
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.0 = 0;
        }
    }
}

/// Lets sound through and keeps all of it.
pub(super) struct Recorder(pub(super) Recording);

/// What a recorder has heard on its first channel.
pub(crate) type Recording = Arc<Mutex<Vec<f32>>>;

static RECORDER: Descriptor = Descriptor::new("recorder", "Recorder", TEST, THROUGH, &[]);

impl Filter for Recorder {
    fn descriptor(&self) -> &Descriptor {
        &RECORDER
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Recording_(Arc::clone(&self.0))))
    }
}

struct Recording_(Recording);

impl Processor for Recording_ {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let heard = io.outputs[0].channel_mut(0);
        self.0.lock().unwrap().extend_from_slice(heard);
        Flow::Running
    }
}

/// What a misbehaving filter can lay hands on.
#[derive(Default)]
pub(crate) struct Tools {
    /// The nanoseconds of a simulated machine.
    pub(crate) nanos: OnceLock<&'static AtomicU64>,
    /// While it is held, a filter that hangs does not return.
    pub(crate) gate: Mutex<()>,
    /// Filters that hang now.
    pub(crate) hanging: AtomicUsize,
}

/// Misbehaves in the cycle that holds the sample `at`, and from there on.
pub(super) struct Faulty(pub(super) Arc<Tools>);

const FAULT: Property = Property::choice(
    "fault",
    "Fault",
    &[
        "none",
        "panic",
        "nan",
        "infinity",
        "denormal",
        "push",
        "drop",
        "slow",
        "slow-once",
        "hang",
    ],
    "none",
)
.structural();
const AT: Property = Property::count("at", "At", 0, 10_000_000, 0).structural();
static FAULTY: Descriptor = Descriptor::new("faulty", "Faulty", TEST, THROUGH, &[FAULT, AT]);

impl Filter for Faulty {
    fn descriptor(&self) -> &Descriptor {
        &FAULTY
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Misbehaving {
            fault: opening.settings.text(&FAULT),
            at: opening.settings.number(&AT) as u64,
            ballast: Some(Box::new([0; 64])),
            list: vec![],
            tools: Arc::clone(&self.0),
        }))
    }
}

struct Misbehaving {
    fault: String,
    at: u64,
    ballast: Option<Box<[u64; 64]>>,
    list: Vec<u64>,
    tools: Arc<Tools>,
}

impl Processor for Misbehaving {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if io.position + (io.len as u64) <= self.at {
            return Flow::Running;
        }
        match self.fault.as_str() {
            "panic" => panic!("a planted fault"),
            "push" => self.list.push(io.position),
            "drop" => drop(self.ballast.take()),
            "nan" => self.put(io, f32::NAN),
            "infinity" => self.put(io, f32::INFINITY),
            "denormal" => self.put(io, -1e-41),
            // Three times as long as it may, for a fifth of a second.
            "slow" if io.position < self.at + 9_600 => {
                let nanos = 3 * io.len as u64 * 1_000_000_000 / u64::from(io.rate_hz);
                let hand = self.tools.nanos.get().expect("a simulated machine");
                hand.fetch_add(nanos, Ordering::SeqCst);
            }
            // Twice as long, once.
            "slow-once" if io.position <= self.at => {
                let nanos = 2 * io.len as u64 * 1_000_000_000 / u64::from(io.rate_hz);
                let hand = self.tools.nanos.get().expect("a simulated machine");
                hand.fetch_add(nanos, Ordering::SeqCst);
            }
            "hang" => {
                self.tools.hanging.fetch_add(1, Ordering::SeqCst);
                drop(self.tools.gate.lock());
                self.tools.hanging.fetch_sub(1, Ordering::SeqCst);
            }
            _ => {}
        }
        Flow::Running
    }
}

impl Misbehaving {
    /// One sample, at its place.
    fn put(&self, io: &mut Io<'_>, sample: f32) {
        if let Some(place) = self.at.checked_sub(io.position) {
            io.outputs[0].channel_mut(0)[place as usize] = sample;
        }
    }
}

/// Panics when it is opened.
pub(super) struct Unopenable;

static UNOPENABLE: Descriptor = Descriptor::new("unopenable", "Unopenable", TEST, THROUGH, &[]);

impl Filter for Unopenable {
    fn descriptor(&self) -> &Descriptor {
        &UNOPENABLE
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        panic!("a planted fault")
    }
}

/// Two outputs that both work in the frame of its one input: halves the second.
pub(super) struct Pair;

const PAIR_PINS: &[PinFactory] = &[
    IN,
    PinFactory::output("one", DataRange::FLOAT).in_place_of("in"),
    PinFactory::output("two", DataRange::FLOAT).in_place_of("in"),
];
static PAIR: Descriptor = Descriptor::new("pair", "Pair", TEST, PAIR_PINS, &[]);

impl Filter for Pair {
    fn descriptor(&self) -> &Descriptor {
        &PAIR
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Pairing))
    }
}

struct Pairing;

impl Processor for Pairing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let halves = io.outputs[1].channels_mut();
        halves.flatten().for_each(|sample| *sample *= 0.5);
        Flow::Running
    }
}
