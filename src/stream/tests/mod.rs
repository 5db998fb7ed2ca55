//! A minidriver as someone else would write one, and not always a good one, under the class driver.

use std::sync::{Arc, Mutex};

use super::*;

mod desk;
use crate::ks::ids::{Guid, category};
use crate::ks::rig::{MAX_LEN, RATE_HZ, Rig};
use crate::ks::{
    Clock, DataFlow, DataFormat, DataRange, Descriptor, Facts, Filter, Flow, InputPin, Inputs, Io,
    OpenError, OpenPin, Opened, Opening, Output, Payload, PinFactory, RefTime, Settings, State,
    Status, StreamHeader, Telemetry, Waker, Wave, flag, sample_from_time,
};

const READS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const WRITES: &[PinFactory] = &[PinFactory::input("in", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::FILESYSTEM];
static READER: Descriptor = Descriptor::new("reads", "Reads", CATEGORIES, READS, &[]);
static WRITER: Descriptor = Descriptor::new("writes", "Writes", CATEGORIES, WRITES, &[]);

/// Samples in a frame of these tests, and how many frames there are (8192 + 2 for the longest cycle).
const FRAME: usize = 1024;

#[derive(Clone, Copy, PartialEq, Default)]
enum Manner {
    /// Answers at once.
    #[default]
    Prompt,
    /// Keeps every data request for the test to answer, gives it up when told.
    Holds,
    /// Likewise, and does not listen.
    Deaf,
    /// Drops every data request.
    Drops,
    Panics,
    RefusesFormat,
}

/// What passed between the class driver and the minidriver.
#[derive(Default)]
struct Trace {
    calls: Vec<String>,
    held: Vec<(Frame, Done<Frame>)>,
    heard: Vec<f32>,
    line: Option<InterruptLine>,
}

#[derive(Clone, Default)]
struct Foreign {
    manner: Manner,
    writes: bool,
    all_at_once: bool,
    trace: Arc<Mutex<Trace>>,
}

#[derive(Clone)]
struct Puppet {
    entry: Foreign,
    next: usize,
}

/// Fills a frame with the numbers from `start`.
fn count_up(frame: &mut Frame, start: usize) {
    let room = frame.capacity();
    let wave = frame.payload.wave_mut().unwrap();
    wave.set_len(room);
    for channel in wave.channels_mut() {
        for (at, sample) in channel.iter_mut().enumerate() {
            *sample = (start + at) as f32;
        }
    }
}

impl Minidriver for Puppet {
    fn receive_data(&mut self, srb: Srb) {
        let mut trace = self.entry.trace.lock().unwrap();
        let (mut frame, done) = match srb {
            Srb::Read { frame, done, .. } => (frame, done),
            Srb::Write { frame, done, .. } => {
                let samples = frame.payload.wave().unwrap().channel(0);
                trace.heard.extend_from_slice(samples);
                (frame, done)
            }
            other => return other.refuse(Status::NotImplemented),
        };
        match self.entry.manner {
            Manner::Holds | Manner::Deaf => {
                trace.held.push((frame, done));
                // Several hands take requests up in the order of their wake-ups.
                trace.held.sort_by_key(|(_, done)| done.id());
            }
            Manner::Drops => {}
            Manner::Panics => {
                drop(trace);
                panic!("planted");
            }
            _ => {
                if !self.entry.writes {
                    count_up(&mut frame, self.next);
                    self.next += frame.len();
                }
                done.complete(frame);
            }
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        if let Srb::SetState { state, .. } = &srb {
            self.entry
                .trace
                .lock()
                .unwrap()
                .calls
                .push(state.name().into());
            if *state == State::Stop {
                self.next = 0;
            }
        }
        srb.accept();
    }

    fn receive_device(&mut self, srb: Srb) {
        let mut trace = self.entry.trace.lock().unwrap();
        trace.calls.push(srb.name().into());
        match (self.entry.manner, srb) {
            (Manner::RefusesFormat, Srb::OpenStream { done, .. }) => done.fail(Status::NoMatch),
            (_, srb) => srb.accept(),
        }
    }

    fn cancel(&mut self, id: SrbId) {
        let mut trace = self.entry.trace.lock().unwrap();
        trace.calls.push("cancel".into());
        if self.entry.manner != Manner::Deaf {
            trace.held.retain(|(_, done)| done.id() != id);
        }
    }

    fn interrupt(&mut self) -> bool {
        self.entry
            .trace
            .lock()
            .unwrap()
            .calls
            .push("interrupt".into());
        true
    }
}

impl MinidriverEntry for Foreign {
    fn descriptor(&self) -> &Descriptor {
        if self.writes { &WRITER } else { &READER }
    }

    fn framing(&self, _: crate::ks::AudioFormat) -> Framing {
        Framing {
            count: 4,
            len: FRAME,
        }
    }

    fn load(&self, _: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        self.trace.lock().unwrap().line = Some(services.interrupt.clone());
        let puppet = Puppet {
            entry: self.clone(),
            next: 0,
        };
        Ok(if self.all_at_once {
            Loaded::unsynchronised(puppet, 3)
        } else {
            Loaded::new(puppet)
        })
    }
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> RefTime {
        0
    }
}

/// A processor driven as a live graph drives it: nobody waits for it.
struct Live {
    opened: Opened,
    position: u64,
    output: Output,
}

fn try_live(entry: &Foreign) -> Result<Live, OpenError> {
    let filter = ClassDriver::new(entry.clone());
    let data_flow = if entry.writes {
        DataFlow::In
    } else {
        DataFlow::Out
    };
    let values = Default::default();
    let opened = filter.open(&Opening {
        descriptor: filter.descriptor(),
        settings: Settings {
            values: &values,
            base: None,
        },
        rate_hz: RATE_HZ,
        max_len: MAX_LEN,
        pins: &[OpenPin {
            factory: 0,
            instance: 0,
            data_flow,
            format: Some(DataFormat::float(1, RATE_HZ)),
        }],
        live: true,
        clock: Arc::new(Standing),
        waker: Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    })?;
    let output = Output {
        payload: Payload::Wave(Wave::new(1, MAX_LEN)),
        is_connected: true,
        ..Output::default()
    };
    Ok(Live {
        opened,
        position: 0,
        output,
    })
}

fn live(entry: &Foreign) -> Live {
    try_live(entry).unwrap()
}

impl Live {
    fn cycle(&mut self, given: &[f32]) -> Flow {
        let mut wave = Wave::new(1, MAX_LEN);
        wave.set_len(given.len());
        wave.channel_mut(0).copy_from_slice(given);
        self.output.payload.wave_mut().unwrap().set_len(given.len());
        let pins = [InputPin {
            factory: 0,
            instance: 0,
            slot: Some(0),
            wire: 1,
        }];
        let flow = self.opened.processor.process(&mut Io {
            len: given.len(),
            position: self.position,
            rate_hz: RATE_HZ,
            values: &[],
            inputs: Inputs::new(&pins, &[StreamHeader::default()], &[Payload::Wave(wave)]),
            outputs: std::slice::from_mut(&mut self.output),
            gate: (1.0, 1.0),
        });
        self.position += given.len() as u64;
        flow
    }

    /// One cycle: what it said, its flags, its samples.
    fn read(&mut self, len: usize) -> (Flow, u32, Vec<f32>) {
        let flow = self.cycle(&vec![0.0; len]);
        let samples = self.output.payload.wave().unwrap().channel(0).to_vec();
        (flow, self.output.header.flags, samples)
    }

    fn enter(&mut self, states: &[State]) {
        for state in states {
            self.opened.processor.enter(*state);
        }
    }

    fn ready(&mut self, len: usize) {
        wait_until(|| self.opened.processor.is_ready(len));
    }

    fn number(&self, index: usize) -> f32 {
        self.opened
            .telemetry
            .as_ref()
            .map_or(0.0, |t: &Telemetry| t.get(index))
    }
}

#[track_caller]
fn wait_until(mut met: impl FnMut() -> bool) {
    for _ in 0..20_000 {
        if met() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_micros(500));
    }
    panic!("it did not come about");
}

fn numbers(from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|n| n as f32).collect()
}

fn foreign(manner: Manner) -> Foreign {
    Foreign {
        manner,
        ..Foreign::default()
    }
}

impl Foreign {
    fn calls(&self) -> Vec<String> {
        self.trace.lock().unwrap().calls.clone()
    }

    fn held(&self) -> usize {
        self.trace.lock().unwrap().held.len()
    }

    /// Answers the request held at `index`, with the numbers from `start` in its frame.
    fn answer(&self, index: usize, start: usize) {
        let (mut frame, done) = self.trace.lock().unwrap().held.remove(index);
        count_up(&mut frame, start);
        done.complete(frame);
    }
}

#[test]
fn a_request_is_answered_once_whatever_becomes_of_it() {
    let (done, answered) = Done::pair(SrbId(1));
    done.complete(5);
    assert_eq!((answered.take(), answered.take()), (Some(Ok(5)), None));
    let (done, answered) = Done::<u8>::pair(SrbId(2));
    done.fail(Status::NoMatch);
    assert_eq!(
        (answered.take(), answered.take()),
        (Some(Err(Status::NoMatch)), None)
    );
    let (done, answered) = Done::<u8>::pair(SrbId(3));
    drop(done);
    assert_eq!(
        (answered.take(), answered.take()),
        (Some(Err(Status::Cancelled)), None)
    );

    let (done, answered) = Done::pair(SrbId(4));
    let stream = StreamId(0);
    let frame = Frame::wave(1, 8);
    Srb::Read {
        stream,
        frame,
        done,
    }
    .accept();
    assert!(matches!(answered.take(), Some(Err(Status::NotImplemented))));
    let (done, answered) = Done::pair(SrbId(5));
    Srb::CloseStream { stream, done }.accept();
    assert_eq!(answered.take(), Some(Ok(())));
}

#[test]
fn the_same_samples_come_however_cycles_are_cut() {
    for cuts in [&[4000][..], &[1, 63, 936, 3000], &[1024, 1024, 1, 1951]] {
        let mut rig = Rig::open(&ClassDriver::new(foreign(Manner::Prompt)), &[]);
        let mut heard = vec![];
        for &len in cuts {
            heard.extend(rig.run(len).channels[1].iter().copied());
            assert_eq!(rig.flow, Flow::Running);
        }
        assert_eq!(heard, numbers(0, 4000));
    }
}

#[test]
fn a_late_source_is_silent_and_then_in_time() {
    let entry = foreign(Manner::Holds);
    let mut live = live(&entry);
    wait_until(|| entry.held() == 1);
    assert_eq!(live.read(100), (Flow::Starved, 0, vec![0.0; 100]));
    entry.answer(0, 0);
    live.ready(100);
    let (flow, flags, samples) = live.read(50);
    assert_eq!((flow, samples), (Flow::Running, numbers(100, 150)));
    assert_ne!(flags & flag::DATADISCONTINUITY, 0);
    // Late in the middle of a cycle.
    let (flow, flags, samples) = live.read(1000);
    assert_eq!((flow, flags & flag::DATADISCONTINUITY), (Flow::Starved, 0));
    assert_eq!(samples[..874], numbers(150, 1024));
    assert_eq!(samples[874..], [0.0; 126]);
    wait_until(|| entry.held() == 1);
    entry.answer(0, 1024);
    live.ready(10);
    let (flow, flags, samples) = live.read(10);
    assert_eq!((flow, samples), (Flow::Running, numbers(1150, 1160)));
    assert_ne!(flags & flag::DATADISCONTINUITY, 0);
    assert_eq!(live.number(cell::LOST), 226.0);
    assert_eq!(live.read(10).1 & flag::DATADISCONTINUITY, 0);
}

#[test]
fn requests_come_one_at_a_time_or_all_at_once_and_answers_are_put_in_order() {
    let one = foreign(Manner::Holds);
    let _live = live(&one);
    wait_until(|| one.held() == 1);

    let entry = Foreign {
        all_at_once: true,
        ..foreign(Manner::Holds)
    };
    let mut many = live(&entry);
    wait_until(|| entry.held() == 7);
    assert_eq!(many.number(cell::ISSUED), 7.0);
    assert_eq!(one.held(), 1);
    for index in (0..3).rev() {
        entry.answer(index, index * FRAME);
    }
    many.ready(3000);
    assert_eq!(many.read(3000), (Flow::Running, 0, numbers(0, 3000)));
}

#[test]
fn stop_cancels_and_the_next_run_begins_at_the_start() {
    let entry = foreign(Manner::Holds);
    let mut live = live(&entry);
    wait_until(|| entry.held() == 1);
    entry.answer(0, 0);
    live.ready(10);
    live.enter(&[State::Acquire, State::Pause, State::Run]);
    assert_eq!(live.read(10).2, numbers(0, 10));
    wait_until(|| entry.held() == 1);
    live.enter(&[State::Pause, State::Acquire, State::Stop]);
    // Those that waited are given up at once, the one that is held when it is told to.
    wait_until(|| entry.calls().contains(&"cancel".to_owned()));
    assert!(live.number(cell::CANCELLED) >= 1.0);
    // Read ahead again, for a run that begins without a gap.
    wait_until(|| entry.held() == 1);
    entry.answer(0, 5000);
    live.ready(10);
    assert_eq!(live.read(10), (Flow::Running, 0, numbers(5000, 5010)));
    assert_eq!(live.number(cell::FAILED), 0.0);

    drop(live);
    let calls = entry.calls();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    assert_eq!(
        calls[..7],
        [
            "INITIALIZE_DEVICE",
            "GET_STREAM_INFO",
            "INITIALIZATION_COMPLETE",
            "GET_DATA_INTERSECTION",
            "OPEN_STREAM",
            "Acquire",
            "Pause"
        ]
    );
    let at = |name: &str| calls.iter().position(|call| *call == name).unwrap();
    assert!(at("cancel") < at("Stop"), "{calls:?}");
    assert_eq!(calls[at("Stop") - 1], "Acquire");
    let last = ["Acquire", "Stop", "CLOSE_STREAM", "UNINITIALIZE_DEVICE"];
    assert_eq!(calls[calls.len() - 4..], last);
}

#[test]
fn what_was_read_before_a_stop_is_not_heard_after_it() {
    let entry = foreign(Manner::Prompt);
    let mut live = live(&entry);
    for _ in 0..50 {
        live.ready(3000);
        assert_eq!(live.read(3000), (Flow::Running, 0, numbers(0, 3000)));
        live.enter(&[State::Pause, State::Acquire, State::Stop]);
    }
}

#[test]
fn a_panic_is_charged_once_and_stays_inside() {
    let entry = foreign(Manner::Panics);
    let mut live = live(&entry);
    wait_until(|| live.number(cell::ISSUED) == 1.0 && live.opened.processor.is_ready(100));
    assert_eq!(
        live.read(100),
        (Flow::Starved, flag::ENDOFSTREAM, vec![0.0; 100])
    );
    assert_eq!(live.read(100).0, Flow::Ended);
    drop(live);
}

#[test]
fn requests_that_are_dropped_end_the_stream() {
    let mut live = live(&foreign(Manner::Drops));
    live.ready(100);
    assert_eq!(live.read(100).0, Flow::Starved);
    assert_eq!(live.read(100).0, Flow::Ended);
    assert_eq!(live.number(cell::ISSUED), 1.0);
}

#[test]
fn closing_does_not_wait_for_the_deaf() {
    let entry = foreign(Manner::Deaf);
    let live = live(&entry);
    wait_until(|| entry.held() == 1);
    drop(live);
    assert!(entry.calls().contains(&"cancel".to_owned()));
    assert_eq!(entry.calls().last().unwrap(), "UNINITIALIZE_DEVICE");
    // An answer that comes after the end reaches nobody and harms nobody.
    entry.answer(0, 0);
}

#[test]
fn a_refused_stream_is_an_error_of_open() {
    let refused = try_live(&foreign(Manner::RefusesFormat)).err().unwrap();
    assert!(matches!(refused, OpenError::Format { pin, .. } if pin == "out"));
}

#[test]
fn a_device_calls_its_minidriver() {
    let entry = foreign(Manner::Holds);
    let _live = live(&entry);
    let line = entry.trace.lock().unwrap().line.clone().unwrap();
    line.raise();
    wait_until(|| entry.calls().contains(&"interrupt".to_owned()));
}

#[test]
fn everything_written_before_a_stop_arrives() {
    let entry = Foreign {
        writes: true,
        ..foreign(Manner::Prompt)
    };
    let mut live = live(&entry);
    for start in [0, 700, 1400] {
        live.ready(700);
        assert_eq!(live.cycle(&numbers(start, start + 700)), Flow::Running);
    }
    live.enter(&[State::Pause, State::Acquire, State::Stop]);
    wait_until(|| entry.calls().last().unwrap() == "Stop");
    assert_eq!(entry.trace.lock().unwrap().heard, numbers(0, 2100));
    live.ready(10);
    live.cycle(&numbers(0, 10));
    live.enter(&[State::Stop]);
    wait_until(|| entry.trace.lock().unwrap().heard.len() > 2100);
    assert_eq!(entry.trace.lock().unwrap().heard[2100..], numbers(0, 10));
}

#[test]
fn a_run_that_came_and_went_before_it_was_seen_is_written_too() {
    let entry = Foreign {
        writes: true,
        ..foreign(Manner::Prompt)
    };
    let mut live = live(&entry);
    for start in 0..200 {
        live.ready(10);
        live.cycle(&numbers(start * 10, start * 10 + 10));
        live.enter(&[State::Stop]);
    }
    drop(live);
    assert_eq!(entry.trace.lock().unwrap().heard, numbers(0, 2000));
}

#[test]
fn a_late_writer_loses_samples_and_says_which() {
    let entry = Foreign {
        writes: true,
        ..foreign(Manner::Holds)
    };
    let mut live = live(&entry);
    // Seven frames of 1024 samples take 7168.
    let (mut position, mut starved) = (0, 0);
    while position < 8000 {
        starved += usize::from(live.cycle(&numbers(position, position + 100)) == Flow::Starved);
        position += 100;
    }
    assert_eq!((starved, live.number(cell::LOST)), (9, 832.0));
    let give_back = || {
        wait_until(|| entry.held() == 1);
        let (frame, done) = entry.trace.lock().unwrap().held.remove(0);
        let header = frame.header;
        done.complete(frame);
        header
    };
    for n in 0..7 {
        let header = give_back();
        assert_eq!(sample_from_time(header.time, RATE_HZ), n * 1024);
        assert_eq!(header.flags & flag::DATADISCONTINUITY, 0);
    }
    live.ready(2000);
    live.cycle(&numbers(8000, 8000 + 1024));
    let header = give_back();
    assert_eq!(sample_from_time(header.time, RATE_HZ), 8000);
    assert_ne!(header.flags & flag::DATADISCONTINUITY, 0);
    assert_eq!(header.data_used, 4096);
}

#[test]
fn an_unconnected_source_has_nothing_to_say() {
    let filter = ClassDriver::new(foreign(Manner::Prompt));
    let facts = Facts::nominal();
    let values = Default::default();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let opened = filter.open(&Opening {
        descriptor: &filter.describe(&settings, &facts),
        settings,
        rate_hz: RATE_HZ,
        max_len: MAX_LEN,
        pins: &[OpenPin {
            factory: 0,
            instance: 0,
            data_flow: DataFlow::Out,
            format: None,
        }],
        live: false,
        clock: Arc::new(Standing),
        waker: Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    });
    let mut live = Live {
        opened: opened.unwrap(),
        position: 0,
        output: Output::default(),
    };
    assert!(live.opened.processor.is_ready(64));
    let mut io = Io {
        len: 64,
        position: 0,
        rate_hz: RATE_HZ,
        values: &[],
        inputs: Inputs::new(&[], &[], &[]),
        outputs: std::slice::from_mut(&mut live.output),
        gate: (1.0, 1.0),
    };
    assert_eq!(live.opened.processor.process(&mut io), Flow::Ended);
}
