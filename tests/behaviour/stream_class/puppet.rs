//! A minidriver from outside the crate that does what a test tells it, writes down every callback, and is opened without
//! a graph.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::ThreadId;
use std::time::Duration;

use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    AudioFormat, ClassLane, ClassSheet, ClassView, Clock, DataFlow, DataFormat, DataRange,
    Descriptor, OpenError, OpenPin, Opened, Opening, PinFactory, RefTime, Settings, State, Status,
    Waker,
};
use ksgraph::stream::{
    Ask, Asked, ClassDriver, DeviceInfo, EventRequest, Frame, Framing, HandTime, Handle,
    InterruptLine, Kind, Loaded, Minidriver, MinidriverEntry, Notify, Outcome, Services, Srb,
    SrbId, StreamId,
};

pub(super) const RATE_HZ: u32 = 48_000;
pub(super) const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT).instances(0, 1),
    PinFactory::output("one", DataRange::FLOAT),
    PinFactory::output("two", DataRange::FLOAT),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
static PUPPET: Descriptor = Descriptor::new("puppet", "Puppet", CATEGORIES, PINS, &[]);

/// The streams, by the places of their pins.
pub(super) const IN: StreamId = StreamId(0);
pub(super) const ONE: StreamId = StreamId(1);
pub(super) const TWO: StreamId = StreamId(2);

/// What it is told, and what it has written down.
#[derive(Default)]
pub(super) struct Script {
    /// Every callback, in order.
    pub(super) calls: Vec<String>,
    /// Kinds of requests it keeps in place of answering them, and those it kept.
    pub(super) keeps: Vec<Kind>,
    pub(super) kept: Vec<Srb>,
    /// Kinds it refuses.
    pub(super) refuses: BTreeMap<Kind, Status>,
    /// Kinds it panics at, and at which it does not come back while `is_stuck`.
    pub(super) panics_at: Option<Kind>,
    pub(super) blocks_at: Option<Kind>,
    /// What it says of its streams.
    pub(super) streams: Option<DeviceInfo>,
    /// Whether it gives up what it is told to.
    pub(super) is_deaf: bool,
    /// Whether interrupts are its own.
    pub(super) owns_interrupts: bool,
    /// The clock it offers.
    pub(super) clock: Option<Arc<dyn Clock>>,
    /// What it answers to the wish for an event.
    pub(super) event: Option<Status>,
    /// The threads it was called on.
    pub(super) threads: Vec<ThreadId>,
    pub(super) notify: Option<Notify>,
    pub(super) line: Option<InterruptLine>,
}

/// The entry, and the minidriver it makes.
#[derive(Clone, Default)]
pub(super) struct Puppet {
    pub(super) script: Arc<Mutex<Script>>,
    /// Hands, when it asks for no synchronisation.
    pub(super) hands: usize,
    pub(super) is_stuck: Arc<AtomicBool>,
}

impl Puppet {
    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(|lock| lock.into_inner())
    }

    /// One that keeps requests of a kind.
    pub(super) fn keeping(kind: Kind) -> Self {
        let puppet = Self::default();
        puppet.script().keeps.push(kind);
        puppet
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.script().calls.clone()
    }

    /// How often a callback was called whose words begin so.
    pub(super) fn count(&self, words: &str) -> usize {
        self.script()
            .calls
            .iter()
            .filter(|call| call.starts_with(words))
            .count()
    }

    /// How many requests it holds.
    pub(super) fn held(&self) -> usize {
        self.script().kept.len()
    }

    /// Takes the oldest request it holds.
    pub(super) fn take(&self) -> Srb {
        wait_until(|| self.held() > 0);
        self.script().kept.remove(0)
    }

    fn receive(&mut self, callback: &str, srb: Srb) {
        let kind = srb.kind();
        let mut script = self.script();
        let stream = srb
            .stream()
            .map_or(String::new(), |it| format!(" {}", it.0));
        let state = match &srb {
            Srb::SetState { state, .. } => format!(" {}", state.name()),
            _ => String::new(),
        };
        let words = format!("{callback} {}{stream}{state}", kind.name());
        script.calls.push(words);
        script.threads.push(std::thread::current().id());
        if script.panics_at == Some(kind) {
            drop(script);
            panic!("planted");
        }
        if script.blocks_at == Some(kind) {
            self.is_stuck.store(true, Ordering::SeqCst);
            drop(script);
            while self.is_stuck.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            return srb.accept();
        }
        if script.keeps.contains(&kind) {
            script.kept.push(srb);
            return;
        }
        if let Some(status) = script.refuses.get(&kind) {
            return srb.refuse(*status);
        }
        match srb {
            Srb::Read { frame, done, .. } => done.complete(filled(frame)),
            Srb::Write { frame, done, .. } => done.complete(frame),
            Srb::GetStreamInfo { done } => match script.streams.clone() {
                Some(streams) => done.complete(streams),
                None => done.fail(Status::NotImplemented),
            },
            other => other.accept(),
        }
    }
}

/// A frame of ones.
pub(super) fn filled(mut frame: Frame) -> Frame {
    let room = frame.capacity();
    if let Some(wave) = frame.payload.wave_mut() {
        wave.set_len(room);
        wave.channels_mut().for_each(|channel| channel.fill(1.0));
    }
    frame
}

impl Minidriver for Puppet {
    fn receive_data(&mut self, srb: Srb) {
        self.receive("data", srb);
    }

    fn receive_control(&mut self, srb: Srb) {
        self.receive("control", srb);
    }

    fn receive_device(&mut self, srb: Srb) {
        self.receive("device", srb);
    }

    fn cancel(&mut self, id: SrbId) {
        let mut script = self.script();
        script.calls.push("cancel".into());
        if !script.is_deaf {
            script.kept.retain(|srb| srb.id() != id);
        }
    }

    fn timed_out(&mut self, id: SrbId) {
        let mut script = self.script();
        script.calls.push("time-out".into());
        if !script.is_deaf {
            let at = script.kept.iter().position(|srb| srb.id() == id);
            if let Some(at) = at {
                script.kept.remove(at).refuse(Status::IoDeviceError);
            }
        }
    }

    fn interrupt(&mut self) -> bool {
        let mut script = self.script();
        script.calls.push("interrupt".into());
        script.owns_interrupts
    }

    fn event(&mut self, event: EventRequest) -> Status {
        let mut script = self.script();
        script.calls.push(format!("event {}", event.enable));
        script.event.unwrap_or(Status::NotSupported)
    }

    fn clock(&mut self, stream: StreamId) -> Option<Arc<dyn Clock>> {
        let mut script = self.script();
        script.calls.push(format!("clock {}", stream.0));
        script.clock.clone()
    }

    fn timer(&mut self, stream: Option<StreamId>) {
        let name = stream.map_or("device".into(), |it| it.0.to_string());
        self.script().calls.push(format!("timer {name}"));
    }
}

impl MinidriverEntry for Puppet {
    fn descriptor(&self) -> &Descriptor {
        &PUPPET
    }

    fn framing(&self, _: AudioFormat) -> Framing {
        Framing { count: 4, len: 480 }
    }

    fn load(&self, _: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let mut script = self.script();
        script.notify = Some(services.notify.clone());
        script.line = Some(services.interrupt.clone());
        drop(script);
        Ok(match self.hands {
            0 => Loaded::new(self.clone()),
            hands => Loaded::unsynchronised(self.clone(), hands),
        })
    }
}

/// A clock that stands.
pub(super) struct Standing(pub(super) RefTime);

impl Clock for Standing {
    fn now(&self) -> RefTime {
        self.0
    }
}

/// A puppet that is open, and the time its class driver runs on.
pub(super) struct Open {
    pub(super) opened: Opened,
    pub(super) handle: Handle,
    pub(super) time: Arc<HandTime>,
}

pub(super) fn try_open(puppet: &Puppet, connected: &[StreamId]) -> Result<Open, OpenError> {
    let time = Arc::new(HandTime::default());
    let driver = ClassDriver::new(puppet.clone()).timed_by(time.clone());
    let values = BTreeMap::new();
    let pins = [IN, ONE, TWO].map(|stream| OpenPin {
        factory: stream.0,
        instance: 0,
        data_flow: PINS[stream.0].data_flow,
        format: connected
            .contains(&stream)
            .then(|| DataFormat::float(1, RATE_HZ)),
    });
    assert_eq!(pins[0].data_flow, DataFlow::In);
    let (opened, handle) = driver.open_class(&Opening {
        descriptor: &PUPPET,
        settings: Settings {
            values: &values,
            base: None,
        },
        rate_hz: RATE_HZ,
        max_len: 480,
        pins: &pins,
        live: true,
        clock: Arc::new(Standing(77)),
        waker: Waker::default(),
        feed: None,

        drives: false,
        memory: None,
    })?;
    Ok(Open {
        opened,
        handle,
        time,
    })
}

/// With one output connected.
pub(super) fn open(puppet: &Puppet) -> Open {
    try_open(puppet, &[ONE]).unwrap()
}

impl Open {
    pub(super) fn sheet(&self) -> ClassSheet {
        self.handle.sheet()
    }

    pub(super) fn lane(&self, name: &str) -> ClassLane {
        let lanes = self.sheet().lanes;
        let lane = lanes.into_iter().find(|lane| lane.name == name);
        lane.unwrap_or_else(|| panic!("no lane {name}"))
    }

    /// Lets time pass once every call has come back: else it would have been inside all that time.
    #[track_caller]
    pub(super) fn pass(&self, seconds: f64) {
        wait_until(|| self.sheet().inside == 0);
        self.time.pass(Duration::from_secs_f64(seconds));
    }

    pub(super) fn enter(&mut self, states: &[State]) {
        for state in states {
            self.opened.processor.enter(*state);
        }
    }

    pub(super) fn run(&mut self) {
        self.enter(&[State::Acquire, State::Pause, State::Run]);
    }

    /// What a request is answered with, in time.
    pub(super) fn answer(&self, ask: Ask) -> Result<Outcome, Status> {
        answer(&self.handle.ask(ask))
    }

    /// Until nothing is under way any more: a request of another kind has gone all the way.
    pub(super) fn quiet(&self) {
        let notice = Ask::NotifyIdleState { is_idle: false };
        self.answer(notice).unwrap();
    }
}

pub(super) fn answer(asked: &Asked) -> Result<Outcome, Status> {
    let answer = asked.wait(Duration::from_secs(20));
    answer.expect("an answer")
}

#[track_caller]
pub(super) fn wait_until(mut met: impl FnMut() -> bool) {
    for _ in 0..20_000 {
        if met() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it did not come about");
}
