//! What a minidriver from outside the crate tells of itself: its pins, and properties that are put to it.

use std::sync::{Arc, Mutex, MutexGuard};

use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    Catalogue, ClassItem, DataFormat, DataRange, Descriptor, Facts, Filter, Interface, Medium,
    OpenError, Opening, PinFactory, Property, State, Status,
};
use ksgraph::raw::{Answer, Call, Connect, Host, sets, verb};
use ksgraph::stream::{
    ClassDriver, DeviceInfo, Item, Loaded, Minidriver, MinidriverEntry, Services, Srb, StreamId,
    StreamInfo,
};

const SET: Guid = Guid(0x1234_5678_0001_0002_0003_0405_0607_0809);
const VOLUME: Property = Property::number("volume", "Volume", 0.0, 10.0, 5.0);
const PROPERTIES: &[Property] = &[Property::number("base", "Base", 0.0, 9.0, 0.0).structural()];
static NO_PINS: Descriptor =
    Descriptor::new("teller", "Teller", &[category::AUDIO], &[], PROPERTIES);
const LINE: Medium = Medium {
    set: Guid(0xABCD),
    id: 3,
};

/// What it has been asked.
#[derive(Default)]
struct Book {
    calls: Vec<String>,
    items: Vec<Item>,
    states: Vec<State>,
    /// What it answers GET_STREAM_INFO with, if not with its streams, and the step to Run.
    refuses: Option<Status>,
    value: Vec<u8>,
}

#[derive(Clone, Default)]
struct Teller(Arc<Mutex<Book>>);

impl Teller {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    fn count(&self, words: &str) -> usize {
        let book = self.book();
        book.calls.iter().filter(|it| it.starts_with(words)).count()
    }

    fn note(&self, srb: &Srb) {
        let stream = srb
            .stream()
            .map_or(String::new(), |StreamId(_)| " of a stream".into());
        self.book().calls.push(format!("{}{stream}", srb.name()));
    }
}

impl MinidriverEntry for Teller {
    fn descriptor(&self) -> &Descriptor {
        &NO_PINS
    }

    fn load(&self, _: &Opening<'_>, _: &Services) -> Result<Loaded, OpenError> {
        Ok(Loaded::new(self.clone()))
    }
}

fn told() -> DeviceInfo {
    let line = PinFactory::output("line", DataRange::FLOAT)
        .instances(0, 3)
        .with_ranges(vec![DataRange::only(&DataFormat::float(2, 44_100))]);
    let line = PinFactory {
        mediums: vec![LINE].into(),
        interfaces: vec![Interface::STREAMING, Interface::LOOPED_STREAMING].into(),
        category: Some(Guid(0x77)),
        ..line
    };
    DeviceInfo {
        streams: vec![
            StreamInfo {
                pin: line,
                properties: vec![ClassItem::get(SET, 9, "gain of a line", 8).and_set()],
            },
            PinFactory::input("monitor", DataRange::FLOAT).into(),
        ],
        properties: vec![
            ClassItem::get(SET, 1, "volume", 8).and_set().values(VOLUME),
            ClassItem::get(SET, 2, "status", 0),
            ClassItem::get(SET, 3, "reset", 4).only_set(),
            ClassItem::get(SET, 4, "of a place", 4).instance(4),
        ],
    }
}

impl Minidriver for Teller {
    fn receive_data(&mut self, srb: Srb) {
        srb.refuse(Status::NotImplemented);
    }

    fn receive_control(&mut self, srb: Srb) {
        self.note(&srb);
        match srb {
            Srb::GetStreamProperty { item, done, .. } => {
                self.book().items.push(item);
                done.complete(vec![7; 8]);
            }
            Srb::SetStreamProperty { item, done, .. } => {
                self.book().items.push(item);
                done.complete(());
            }
            Srb::SetState { state, done, .. } => {
                let mut book = self.book();
                book.states.push(state);
                match book.refuses.filter(|_| state == State::Run) {
                    Some(status) => done.fail(status),
                    None => done.complete(()),
                }
            }
            other => other.accept(),
        }
    }

    fn receive_device(&mut self, srb: Srb) {
        self.note(&srb);
        match srb {
            Srb::GetStreamInfo { done } => {
                let refuses = self.book().refuses;
                match refuses {
                    Some(status) => done.fail(status),
                    None => done.complete(told()),
                }
            }
            Srb::GetDeviceProperty { item, done } => {
                let mut book = self.book();
                book.items.push(item.clone());
                match item.id {
                    2 => done.fail(Status::DeviceNotReady),
                    4 => done.complete(item.instance),
                    _ => done.complete(book.value.clone()),
                }
            }
            Srb::SetDeviceProperty { item, done } => {
                let mut book = self.book();
                book.value.clone_from(&item.data);
                book.items.push(item);
                done.complete(());
            }
            other => other.accept(),
        }
    }
}

fn host(teller: &Teller) -> (Host, u32) {
    let mut catalogue = Catalogue::default();
    let filter = Arc::new(ClassDriver::new(teller.clone()));
    catalogue.register(filter).unwrap();
    let mut host = Host::new(catalogue, Facts::nominal());
    let filter = host.open("teller").unwrap();
    (host, filter)
}

fn ask(
    host: &mut Host,
    object: u32,
    (set, id, flags): (Guid, u32, u32),
    more: &[u8],
    data: &[u8],
    output: usize,
) -> Answer {
    let mut input = ksgraph::raw::layout::guid_bytes(set).to_vec();
    input.extend(id.to_le_bytes());
    input.extend(flags.to_le_bytes());
    input.extend(more);
    let input = &input;
    host.property(
        object,
        Call {
            input,
            data,
            output,
        },
    )
}

#[test]
fn srb_2_the_streams_a_minidriver_tells_of_are_the_pins_of_its_filter() {
    let teller = Teller::default();
    let driver = ClassDriver::new(teller.clone());
    let wanted: Vec<PinFactory> = told().streams.into_iter().map(|it| it.pin).collect();
    assert_eq!(driver.descriptor().pins, wanted);
    // Asked once, with a device that was started for it and ended again.
    let calls = teller.book().calls.clone();
    let life = [
        "INITIALIZE_DEVICE",
        "GET_STREAM_INFO",
        "INITIALIZATION_COMPLETE",
        "UNINITIALIZE_DEVICE",
    ];
    assert_eq!(calls, life);
    // The same for whoever asks at the raw door: directions, instances, mediums, interfaces, ranges.
    let (mut host, filter) = host(&teller);
    let mut pin = |id: u32, pin: u32, output| {
        let answer = ask(
            &mut host,
            filter,
            (sets::PIN, id, verb::GET),
            &[pin.to_le_bytes(), [0; 4]].concat(),
            &[],
            output,
        );
        assert_eq!(answer.status, Status::Success, "{id}");
        answer.data
    };
    assert_eq!(pin(1, 0, 4), 2_u32.to_le_bytes());
    assert_eq!(
        (pin(2, 0, 4), pin(2, 1, 4)),
        (vec![2, 0, 0, 0], vec![1, 0, 0, 0])
    );
    assert_eq!(pin(0, 0, 8)[..4], 3_u32.to_le_bytes());
    let mediums = pin(6, 0, 256);
    assert_eq!(
        mediums[8..24],
        ksgraph::raw::layout::guid_bytes(LINE.set)[..]
    );
    assert_eq!(pin(5, 0, 256)[4..8], 2_u32.to_le_bytes());
    // What cannot say it is not offered, and why is told.
    let mute = Teller::default();
    mute.book().refuses = Some(Status::IoDeviceError);
    let refused = Catalogue::default().register(Arc::new(ClassDriver::new(mute)));
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("teller") && refused.contains("IO_DEVICE_ERROR"),
        "{refused}"
    );
}

#[test]
fn properties_a_minidriver_declares_are_put_to_it_and_their_sizes_are_not() {
    let teller = Teller::default();
    let (mut host, filter) = host(&teller);
    let (get, set) = (verb::GET, verb::SET);
    let started = teller.count("INITIALIZE_DEVICE");
    // The set is there, and what is not in it is not.
    let there = ask(&mut host, filter, (SET, 0, verb::SETSUPPORT), &[], &[], 0);
    assert_eq!(there.status, Status::Success);
    let missing = ask(&mut host, filter, (SET, 77, get), &[], &[], 8);
    assert_eq!(missing.status, Status::NotFound);
    // Access, type and values as declared; nobody is asked for them.
    let support = ask(
        &mut host,
        filter,
        (SET, 1, verb::BASICSUPPORT),
        &[],
        &[],
        256,
    );
    assert_eq!(
        support.data[..4],
        (get | set | verb::BASICSUPPORT | verb::DEFAULTVALUES).to_le_bytes()
    );
    assert_eq!(support.data[24..28], 5_u32.to_le_bytes(), "a 64 bit float");
    let (bounds, default) = (&support.data[56..72], &support.data[88..96]);
    assert_eq!(
        (bounds, default),
        (
            &*[0.0_f64.to_le_bytes(), 10.0_f64.to_le_bytes()].concat(),
            &5.0_f64.to_le_bytes()[..]
        )
    );
    let only_set = ask(&mut host, filter, (SET, 3, verb::BASICSUPPORT), &[], &[], 4);
    assert_eq!(only_set.data, (set | verb::BASICSUPPORT).to_le_bytes());
    // Sizes are looked at before, in the order of PRP-2.
    for (id, flags, data, output, status, length) in [
        (1, get, 0, 0, Status::BufferOverflow, 8),
        (1, get, 0, 7, Status::BufferTooSmall, 8),
        (1, set, 0, 0, Status::BufferOverflow, 8),
        (1, set, 5, 0, Status::BufferTooSmall, 8),
        (2, set, 8, 0, Status::NotFound, 0),
        (3, get, 0, 8, Status::NotFound, 0),
        (4, get, 0, 8, Status::InvalidParameter, 0),
    ] {
        let answer = ask(
            &mut host,
            filter,
            (SET, id, flags),
            &[],
            &vec![1; data],
            output,
        );
        assert_eq!(
            (answer.status, answer.length),
            (status, length),
            "{id} {flags}"
        );
    }
    assert!(teller.book().items.is_empty());
    assert_eq!(
        teller.count("INITIALIZE_DEVICE"),
        started,
        "nothing was started for that"
    );

    // What is left is the minidriver's: it is started, and hears all of it.
    let value = 3.5_f64.to_le_bytes();
    assert_eq!(
        ask(&mut host, filter, (SET, 1, set), &[], &value, 0).status,
        Status::Success
    );
    let answer = ask(&mut host, filter, (SET, 1, get), &[], &[], 20);
    assert_eq!(
        (answer.status, &answer.data[..]),
        (Status::Success, &value[..])
    );
    let asked = teller.book().items.last().cloned().unwrap();
    assert_eq!((asked.set, asked.id, asked.room), (SET, 1, 20));
    // Its own codes come through (SRB-17), and so does what stands behind the head.
    assert_eq!(
        ask(&mut host, filter, (SET, 2, get), &[], &[], 4).status,
        Status::DeviceNotReady
    );
    let place = ask(&mut host, filter, (SET, 4, get), &[5, 6, 7, 8], &[], 4);
    assert_eq!(place.data, [5, 6, 7, 8]);
    // An answer that is longer than the room is not cut off.
    teller.book().value = vec![1; 64];
    let long = ask(&mut host, filter, (SET, 1, get), &[], &[], 8);
    assert_eq!((long.status, long.length), (Status::BufferTooSmall, 64));
    assert_eq!(
        teller.count("INITIALIZE_DEVICE"),
        started + 1,
        "one for all of them"
    );

    // Of a stream: it is opened with the first such request, and closed with its pin.
    let connect = Connect {
        pin: 0,
        medium: LINE,
        interface: Interface::STREAMING,
        format: DataFormat::float(2, 44_100),
        to: None,
        priority: (1, 1),
    };
    let pin = host.create_pin(filter, &connect.bytes()).unwrap();
    assert_eq!(
        ask(&mut host, filter, (SET, 9, get), &[], &[], 8).status,
        Status::NotFound
    );
    assert_eq!(teller.count("OPEN_STREAM"), 0);
    let answer = ask(&mut host, pin, (SET, 9, get), &[], &[], 8);
    assert_eq!((answer.status, answer.data), (Status::Success, vec![7; 8]));
    assert_eq!(
        ask(&mut host, pin, (SET, 9, set), &[], &[4; 8], 0).status,
        Status::Success
    );
    assert_eq!(teller.book().items.last().unwrap().data, [4; 8]);
    let of_streams = [
        "OPEN_STREAM",
        "GET_STREAM_PROPERTY",
        "SET_STREAM_PROPERTY",
        "CLOSE_STREAM",
    ];
    let counts = || of_streams.map(|words| teller.count(words));
    assert_eq!(counts(), [1, 1, 1, 0]);
    host.close(pin);
    // Another value it was made from makes another one of it; and it ends with its filter.
    let (_, base) = NO_PINS.property("base").unwrap();
    assert!(host.put(filter, base.key, &ksgraph::ks::Value::Number(4.0)));
    assert_eq!(counts(), [1, 1, 1, 1]);
    let answer = ask(&mut host, filter, (SET, 1, get), &[], &[], 64);
    assert_eq!(answer.status, Status::Success);
    host.close(filter);
    assert_eq!(teller.count("INITIALIZE_DEVICE"), started + 2);
    assert_eq!(teller.count("UNINITIALIZE_DEVICE"), started + 2);
}

#[test]
fn sta_1_and_sta_6_the_states_of_a_pin_are_those_of_its_stream() {
    let teller = Teller::default();
    let (mut host, filter) = host(&teller);
    let connect = Connect {
        pin: 0,
        medium: LINE,
        interface: Interface::STREAMING,
        format: DataFormat::float(2, 44_100),
        to: None,
        priority: (1, 1),
    };
    let pin = host.create_pin(filter, &connect.bytes()).unwrap();
    let to = |host: &mut Host, state: State| host.step_some(pin, state).unwrap().0;
    let taken = |teller: &Teller| std::mem::take(&mut teller.book().states);
    // Nothing was asked of it, so it has no stream; one that is opened late is where its pin is.
    assert_eq!(to(&mut host, State::Acquire), Status::Success);
    assert_eq!((teller.count("OPEN_STREAM"), taken(&teller)), (0, vec![]));
    let get = (SET, 9, verb::GET);
    assert_eq!(
        ask(&mut host, pin, get, &[], &[], 8).status,
        Status::Success
    );
    assert_eq!(taken(&teller), [State::Acquire]);
    // From there on it goes along step by step, and a step that it refuses is not taken.
    teller.book().refuses = Some(Status::DeviceNotReady);
    assert_eq!(to(&mut host, State::Run), Status::DeviceNotReady);
    assert_eq!(taken(&teller)[..2], [State::Pause, State::Run]);
    assert_ne!(host.state(pin), Some(State::Run));
    teller.book().refuses = None;
    assert_eq!(to(&mut host, State::Run), Status::Success);
    assert_eq!(taken(&teller).last(), Some(&State::Run));
    assert_eq!(to(&mut host, State::Stop), Status::Success);
    assert_eq!(taken(&teller), [State::Pause, State::Acquire, State::Stop]);
    // It may be closed while it runs (SRB-3).
    assert_eq!(to(&mut host, State::Run), Status::Success);
    host.close(pin);
    host.close(filter);
    assert_eq!(teller.count("CLOSE_STREAM"), 1);
}
