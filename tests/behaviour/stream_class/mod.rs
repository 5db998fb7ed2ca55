//! The stream class driver, rule by rule, under a minidriver from outside the crate. Time is moved by hand throughout.

mod graphs;
mod puppet;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ksgraph::ks::ids::Guid;
use ksgraph::ks::{DataFlow, DataFormat, DataRange, Health, OpenError, PinFactory, State, Status};
use ksgraph::stream::{
    Ask, DeviceInfo, EventKey, Frame, Item, Kind, MasterClock, Outcome, Power, Srb, StreamId,
};

use puppet::{
    IN, ONE, Open, Puppet, RATE_HZ, Standing, TWO, answer, filled, open, try_open, wait_until,
};

/// Rules of section 14, and systems of section 21 that belong to the class, each with the test that shows it.
const ROWS: &[(&str, &str)] = &[
    ("SRB-1", "srb_1_a_life_goes_in_order"),
    (
        "SRB-2",
        "srb_2_there_are_as_many_streams_as_the_minidriver_says",
    ),
    (
        "SRB-2",
        "srb_2_the_streams_a_minidriver_tells_of_are_the_pins_of_its_filter",
    ),
    (
        "PCL-8",
        "properties_a_minidriver_declares_are_put_to_it_and_their_sizes_are_not",
    ),
    (
        "SRB-3",
        "srb_3_a_stream_is_closed_while_it_runs_after_its_requests_were_cancelled",
    ),
    ("SRB-4", "srb_4_a_stream_that_is_refused_says_why"),
    ("SRB-5", "srb_5_another_format_may_be_refused"),
    (
        "SRB-6",
        "srb_6_what_is_unknown_is_not_implemented_and_never_ignored",
    ),
    ("SRB-7", "srb_7_the_master_clock_is_told_to_every_stream"),
    (
        "SRB-8",
        "srb_8_each_lane_has_one_request_at_a_time_and_waits_for_no_other",
    ),
    ("SRB-9", "srb_9_to_answer_is_not_to_ask_for_more"),
    (
        "SRB-10",
        "srb_10_without_synchronisation_requests_come_at_once_and_at_the_same_time",
    ),
    ("SRB-11", "srb_11_a_request_belongs_to_whoever_holds_it"),
    (
        "SRB-12",
        "srb_12_callbacks_run_on_the_minidrivers_threads_alone",
    ),
    (
        "SRB-13",
        "srb_13_what_is_in_flight_is_given_up_by_the_minidriver",
    ),
    (
        "SRB-14",
        "srb_14_time_runs_out_when_it_is_up_and_may_be_stretched_or_stopped",
    ),
    (
        "SRB-15",
        "srb_15_what_waits_is_cancelled_without_the_minidriver",
    ),
    (
        "SRB-16",
        "srb_16_each_stream_has_a_timer_and_the_device_one",
    ),
    ("SRB-17", "srb_17_other_codes_go_to_who_asked"),
    (
        "Stream class driver",
        "srb_8_each_lane_has_one_request_at_a_time_and_waits_for_no_other",
    ),
    ("StrMini callbacks", "strmini_callbacks_stand_in_the_trace"),
    (
        "Minidriver synchronisation",
        "srb_10_without_synchronisation_requests_come_at_once_and_at_the_same_time",
    ),
    (
        "Cancel",
        "srb_13_what_is_in_flight_is_given_up_by_the_minidriver",
    ),
    (
        "Request time-out",
        "srb_14_time_runs_out_when_it_is_up_and_may_be_stretched_or_stopped",
    ),
    (
        "Device interrupt",
        "device_interrupts_are_counted_and_may_be_not_mine",
    ),
    (
        "DriverEntry and registration",
        "driver_entry_registers_like_any_filter",
    ),
];

#[test]
fn every_rule_of_the_stream_class_has_its_test() {
    let tests = [
        include_str!("mod.rs"),
        include_str!("graphs.rs"),
        include_str!("told.rs"),
    ];
    for (rule, test) in ROWS {
        let is_there = tests
            .iter()
            .any(|text| text.contains(&format!("fn {test}()")));
        assert!(is_there, "{rule} has no test {test}");
    }
    for number in 1..=17 {
        let rule = format!("SRB-{number}");
        assert!(ROWS.iter().any(|(it, _)| *it == rule), "no row for {rule}");
    }
}

fn property(set: u128, id: u32) -> Item {
    Item {
        set: Guid(set),
        id,
        instance: vec![],
        data: vec![],
        room: 0,
    }
}

fn status(outcome: Result<Outcome, Status>) -> Status {
    outcome.err().unwrap_or(Status::Success)
}

#[test]
fn srb_1_a_life_goes_in_order() {
    let puppet = Puppet::default();
    let mut it = try_open(&puppet, &[IN, ONE]).unwrap();
    it.run();
    wait_until(|| puppet.count("control SET_STREAM_STATE 0 Run") == 1);
    wait_until(|| puppet.count("control SET_STREAM_STATE 1 Run") == 1);
    drop(it);
    let calls = puppet.calls();
    let device = calls.iter().filter(|call| !call.starts_with("data"));
    let device: Vec<&str> = device.map(String::as_str).collect();
    let beginning = [
        "device INITIALIZE_DEVICE",
        "device GET_STREAM_INFO",
        "device INITIALIZATION_COMPLETE",
        "device GET_DATA_INTERSECTION",
        "device OPEN_STREAM",
        "clock 0",
        "device GET_DATA_INTERSECTION",
        "device OPEN_STREAM",
        "clock 1",
        "control INDICATE_MASTER_CLOCK 0",
        "control INDICATE_MASTER_CLOCK 1",
    ];
    assert_eq!(device[..beginning.len()], beginning);
    for stream in [0, 1] {
        let prefix = format!("control SET_STREAM_STATE {stream} ");
        let states = device
            .iter()
            .filter_map(|call| call.strip_prefix(prefix.as_str()));
        let states: Vec<&str> = states.collect();
        assert_eq!(
            states,
            ["Acquire", "Pause", "Run", "Pause", "Acquire", "Stop"]
        );
    }
    let end = [
        "device CLOSE_STREAM",
        "device CLOSE_STREAM",
        "device UNINITIALIZE_DEVICE",
    ];
    assert_eq!(device[device.len() - 3..], end);
}

#[test]
fn srb_2_there_are_as_many_streams_as_the_minidriver_says() {
    let [input, one, two] = puppet::PINS else {
        panic!("three pins");
    };
    let puppet = Puppet::default();
    let told = [one.clone(), two.clone().instances(0, 0)];
    puppet.script().streams = Some(DeviceInfo::of(told));
    assert!(try_open(&puppet, &[ONE]).is_ok());
    let refused = try_open(&puppet, &[ONE, TWO]).err().unwrap().to_string();
    assert!(
        refused.contains("no more streams for the pin two"),
        "{refused}"
    );
    // Those that were open were closed again, and the device let go of.
    wait_until(|| puppet.count("device UNINITIALIZE_DEVICE") == 2);
    assert_eq!(puppet.count("device CLOSE_STREAM"), 2);
    let refused = try_open(&puppet, &[IN]).err().unwrap().to_string();
    assert!(refused.contains("INVALID_PARAMETER"), "{refused}");
    // It goes the other way now, and takes another format: then it is not the stream that was agreed.
    let turned = PinFactory {
        data_flow: DataFlow::Out,
        ..input.clone()
    };
    puppet.script().streams = Some(DeviceInfo::of([turned]));
    let refused = try_open(&puppet, &[IN]).err().unwrap().to_string();
    assert!(refused.contains("INVALID_PARAMETER"), "{refused}");
    let other = vec![DataRange::only(&DataFormat::float(2, 44_100))];
    puppet.script().streams = Some(DeviceInfo::of([one.clone().with_ranges(other)]));
    let refused = try_open(&puppet, &[ONE]).err().unwrap();
    assert!(
        matches!(&refused, OpenError::Format { pin, .. } if pin == "one"),
        "{refused}"
    );
}

#[test]
fn srb_3_a_stream_is_closed_while_it_runs_after_its_requests_were_cancelled() {
    let puppet = Puppet::keeping(Kind::Read);
    let mut it = open(&puppet);
    it.run();
    wait_until(|| puppet.count("control SET_STREAM_STATE 1 Run") == 1 && puppet.held() == 1);
    drop(it);
    assert_eq!(puppet.held(), 0);
    let calls = puppet.calls();
    let at = |words: &str| {
        calls
            .iter()
            .position(|call| call.starts_with(words))
            .unwrap()
    };
    assert!(at("cancel") < at("device CLOSE_STREAM"), "{calls:?}");
}

#[test]
fn srb_4_a_stream_that_is_refused_says_why() {
    let refused = |kind, status| {
        let puppet = Puppet::default();
        puppet.script().refuses.insert(kind, status);
        try_open(&puppet, &[ONE]).err().unwrap()
    };
    let format = refused(Kind::OpenStream, Status::NoMatch);
    assert!(
        matches!(&format, OpenError::Format { pin, .. } if pin == "one"),
        "{format}"
    );
    for status in [Status::IoDeviceError, Status::NotImplemented] {
        let words = refused(Kind::OpenStream, status).to_string();
        assert!(words.contains(status.name()), "{words}");
    }
    let full = refused(Kind::OpenStream, Status::TooManyNodes).to_string();
    assert!(full.contains("connect fewer wires"), "{full}");
    // The intersection is asked before, and may say no as well.
    let format = refused(Kind::GetDataIntersection, Status::NoMatch);
    assert!(matches!(format, OpenError::Format { .. }));
    let device = refused(Kind::InitialiseDevice, Status::DeviceNotReady).to_string();
    assert!(device.contains("DEVICE_NOT_READY"), "{device}");
}

#[test]
fn srb_5_another_format_may_be_refused() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    let format = DataFormat::float(2, 44_100);
    let (stream, propose) = (ONE, format.clone());
    let proposed = it.answer(Ask::ProposeFormat {
        stream,
        format: propose,
    });
    assert_eq!(status(proposed), Status::NotSupported);
    let set = Ask::SetFormat { stream, format };
    assert_eq!(status(it.answer(set.clone())), Status::NotSupported);
    puppet.script().keeps.push(Kind::SetFormat);
    let asked = it.handle.ask(set);
    let Srb::SetFormat { format, done, .. } = puppet.take() else {
        panic!("another request");
    };
    assert_eq!(format, DataFormat::float(2, 44_100));
    done.complete(());
    assert!(answer(&asked).is_ok());
    // The class driver knows what was agreed; a minidriver that knows better says so.
    let own = it.answer(Ask::GetFormat { stream }).unwrap();
    assert!(matches!(own, Outcome::Format(it) if *it == DataFormat::float(1, RATE_HZ)));
}

#[test]
fn srb_6_what_is_unknown_is_not_implemented_and_never_ignored() {
    let it = open(&Puppet::default());
    let stream = ONE;
    let asks = [
        Ask::UnknownDevice { code: 99 },
        Ask::UnknownStream { stream, code: 99 },
        Ask::GetDeviceProperty {
            item: property(1, 2),
        },
        Ask::SetDeviceProperty {
            item: property(1, 2),
        },
        Ask::DeviceMethod {
            item: property(1, 2),
        },
        Ask::GetStreamProperty {
            stream,
            item: property(1, 2),
        },
        Ask::SetStreamProperty {
            stream,
            item: property(1, 2),
        },
        Ask::StreamMethod {
            stream,
            item: property(1, 2),
        },
        Ask::ProposeRate {
            stream,
            rate_permille: 2000,
        },
        Ask::SetRate {
            stream,
            rate_permille: 2000,
        },
        Ask::OpenMasterClock { stream },
    ];
    for ask in asks {
        assert_eq!(
            status(it.answer(ask.clone())),
            Status::NotImplemented,
            "{ask:?}"
        );
    }
    // What only informs may be let pass.
    let asks = [
        Ask::ChangePowerState { power: Power::D3 },
        Ask::PagingOutDriver {},
        Ask::SurpriseRemoval {},
        Ask::NotifyIdleState { is_idle: true },
        Ask::OpenDeviceInstance {},
        Ask::CloseDeviceInstance {},
        Ask::CloseMasterClock { stream },
        Ask::BeginFlush { stream },
        Ask::EndFlush { stream },
    ];
    for ask in asks {
        assert_eq!(status(it.answer(ask.clone())), Status::Success, "{ask:?}");
    }
    // The steps of its life are nobody else's to ask.
    let asks = [
        Ask::InitialiseDevice {},
        Ask::GetStreamInfo {},
        Ask::InitialisationComplete {},
        Ask::OpenStream {
            stream,
            pin: 1,
            format: DataFormat::float(1, RATE_HZ),
        },
        Ask::CloseStream { stream },
        Ask::SetState {
            stream,
            state: State::Run,
        },
        Ask::UninitialiseDevice {},
    ];
    for ask in asks {
        assert_eq!(
            status(it.answer(ask.clone())),
            Status::InvalidDeviceRequest,
            "{ask:?}"
        );
    }
    let nobody = Ask::GetState {
        stream: StreamId(7),
    };
    assert_eq!(status(it.answer(nobody)), Status::InvalidParameter);
    let state = it.answer(Ask::GetState { stream }).unwrap();
    assert!(matches!(state, Outcome::State(State::Pause)), "{state:?}");
}

#[test]
fn srb_7_the_master_clock_is_told_to_every_stream() {
    let puppet = Puppet::keeping(Kind::IndicateMasterClock);
    let it = std::thread::scope(|scope| {
        let opening = scope.spawn(|| try_open(&puppet, &[ONE, TWO]).unwrap());
        for wanted in [ONE, TWO] {
            let Srb::IndicateMasterClock {
                stream,
                clock,
                done,
            } = puppet.take()
            else {
                panic!("another request");
            };
            assert_eq!(stream, wanted);
            assert_eq!(clock.0.map(|clock| clock.now()), Some(77));
            done.complete(());
        }
        opening.join().unwrap()
    });
    // No clock is to run free; and one of its own may be asked for.
    let clock = MasterClock(None);
    let asked = it
        .handle
        .ask(Ask::IndicateMasterClock { stream: TWO, clock });
    let Srb::IndicateMasterClock { clock, done, .. } = puppet.take() else {
        panic!("another request");
    };
    assert!(clock.0.is_none());
    done.complete(());
    assert!(answer(&asked).is_ok());
    puppet.script().keeps.push(Kind::OpenMasterClock);
    let asked = it.handle.ask(Ask::OpenMasterClock { stream: TWO });
    let Srb::OpenMasterClock { stream, done } = puppet.take() else {
        panic!("another request");
    };
    assert_eq!(stream, TWO);
    done.complete(());
    assert!(answer(&asked).is_ok());
    assert_eq!(puppet.count("control OPEN_MASTER_CLOCK 1"), 0);
}

#[test]
fn srb_8_each_lane_has_one_request_at_a_time_and_waits_for_no_other() {
    let puppet = Puppet::keeping(Kind::Read);
    let it = try_open(&puppet, &[ONE, TWO]).unwrap();
    // One of each stream's data, though frames for more are there.
    wait_until(|| puppet.held() == 2);
    it.quiet();
    assert_eq!(puppet.held(), 2);
    let lane = it.lane("one data");
    assert_eq!(
        (lane.in_flight, lane.most_in_flight, lane.issued),
        (1, 1, 1)
    );
    assert!(lane.queued >= 2, "{lane:?}");
    // Control of the same stream, and the device, go on beside it.
    puppet.script().keeps.push(Kind::GetStreamProperty);
    let held = it.handle.ask(Ask::GetStreamProperty {
        stream: ONE,
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 3);
    let second = it.handle.ask(Ask::GetStreamProperty {
        stream: ONE,
        item: property(1, 2),
    });
    it.quiet();
    assert_eq!((puppet.held(), it.lane("one control").queued), (3, 1));
    let other = it.answer(Ask::GetState { stream: TWO });
    assert!(other.is_ok());
    assert!(held.take().is_none() && second.take().is_none());
    // Never two calls at the same time, whatever comes at once.
    assert_eq!(it.sheet().most_inside, 1);
    for _ in 0..2 {
        let at = |srb: &Srb| srb.kind() == Kind::GetStreamProperty;
        wait_until(|| puppet.script().kept.iter().any(at));
        let mut script = puppet.script();
        let place = script.kept.iter().position(at).unwrap();
        script.kept.remove(place).refuse(Status::NotFound);
    }
    assert_eq!(status(answer(&held)), Status::NotFound);
    assert_eq!(status(answer(&second)), Status::NotFound);
}

#[test]
fn srb_9_to_answer_is_not_to_ask_for_more() {
    let puppet = Puppet::keeping(Kind::Read);
    let it = open(&puppet);
    // Asked for before the first is answered: it owns two.
    let Srb::Read { frame, done, .. } = puppet.take() else {
        panic!("another request");
    };
    let (done, ready) = done.apart();
    it.quiet();
    assert_eq!(puppet.held(), 0);
    ready.next();
    wait_until(|| puppet.held() == 1);
    assert_eq!(it.lane("one data").in_flight, 2);
    done.complete(filled(frame));
    wait_until(|| it.lane("one data").done == 1);
    assert_eq!(puppet.held(), 1);
    // Answered, and not asked for: it has peace until it does.
    let Srb::Read { frame, done, .. } = puppet.take() else {
        panic!("another request");
    };
    let (done, ready) = done.apart();
    done.complete(filled(frame));
    wait_until(|| it.lane("one data").done == 2);
    it.quiet();
    assert_eq!((puppet.held(), it.lane("one data").in_flight), (0, 0));
    assert!(it.lane("one data").queued > 0);
    drop(ready);
    wait_until(|| puppet.held() == 1);
}

#[test]
fn srb_10_without_synchronisation_requests_come_at_once_and_at_the_same_time() {
    let puppet = Puppet {
        hands: 3,
        ..Puppet::default()
    };
    puppet.script().keeps.push(Kind::Read);
    let it = open(&puppet);
    // All the frames there are, and nothing left behind.
    wait_until(|| puppet.held() == 4);
    let lane = it.lane("one data");
    assert_eq!(
        (lane.queued, lane.in_flight, lane.most_in_flight),
        (0, 4, 4)
    );
    // Two calls inside at once: each waits until the other is there too.
    puppet.script().blocks_at = Some(Kind::NotifyIdleState);
    let one = it.handle.ask(Ask::NotifyIdleState { is_idle: true });
    let two = it.handle.ask(Ask::NotifyIdleState { is_idle: false });
    wait_until(|| it.sheet().most_inside >= 2);
    puppet.script().blocks_at = None;
    puppet.is_stuck.store(false, Ordering::SeqCst);
    assert!(answer(&one).is_ok() && answer(&two).is_ok());
    let threads: BTreeSet<String> = puppet
        .script()
        .threads
        .iter()
        .map(|it| format!("{it:?}"))
        .collect();
    assert!(threads.len() > 1, "{threads:?}");
    // The order of answers is that of requests all the same: that is shown where samples are.
}

#[test]
fn srb_11_a_request_belongs_to_whoever_holds_it() {
    let puppet = Puppet::keeping(Kind::Read);
    let it = open(&puppet);
    let srb = puppet.take();
    // Carried to another thread, and answered there.
    let elsewhere = std::thread::spawn(move || {
        if let Srb::Read { frame, done, .. } = srb {
            done.complete(filled(frame));
        }
    });
    elsewhere.join().unwrap();
    wait_until(|| it.lane("one data").done == 1);
    // Dropped, it is answered CANCELLED.
    puppet.script().keeps.push(Kind::GetDeviceProperty);
    let asked = it.handle.ask(Ask::GetDeviceProperty {
        item: property(1, 1),
    });
    wait_until(|| {
        puppet
            .script()
            .kept
            .iter()
            .any(|it| it.kind() == Kind::GetDeviceProperty)
    });
    puppet
        .script()
        .kept
        .retain(|it| it.kind() != Kind::GetDeviceProperty);
    assert_eq!(status(answer(&asked)), Status::Cancelled);
    assert!(asked.take().is_none());
}

#[test]
fn srb_12_callbacks_run_on_the_minidrivers_threads_alone() {
    let puppet = Puppet::default();
    let mut it = open(&puppet);
    it.run();
    let line = puppet.script().line.clone().unwrap();
    line.raise();
    wait_until(|| puppet.count("interrupt") == 1);
    it.quiet();
    drop(it);
    let threads = puppet.script().threads.clone();
    let one: BTreeSet<String> = threads.iter().map(|it| format!("{it:?}")).collect();
    assert_eq!(one.len(), 1);
    assert!(!threads.contains(&std::thread::current().id()));
}

#[test]
fn srb_13_what_is_in_flight_is_given_up_by_the_minidriver() {
    let puppet = Puppet::keeping(Kind::DeviceMethod);
    let it = open(&puppet);
    let asked = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 1);
    asked.cancel();
    asked.cancel();
    assert_eq!(status(answer(&asked)), Status::Cancelled);
    assert!(asked.take().is_none(), "answered twice");
    assert_eq!(puppet.count("cancel"), 1);
    assert_eq!(it.lane("device").cancelled, 1);
    // The lane is open again.
    it.quiet();
    // Answered in the same moment, it is answered, once.
    let asked = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    puppet.script().is_deaf = true;
    wait_until(|| puppet.held() == 1);
    asked.cancel();
    wait_until(|| puppet.count("cancel") == 2);
    let Srb::DeviceMethod { done, .. } = puppet.take() else {
        panic!("another request");
    };
    done.complete(vec![1, 2]);
    assert!(matches!(answer(&asked), Ok(Outcome::Bytes(bytes)) if bytes == [1, 2]));
    assert!(asked.take().is_none());
    assert_eq!(it.sheet().health, Health::Well);
}

#[test]
fn srb_14_time_runs_out_when_it_is_up_and_may_be_stretched_or_stopped() {
    let puppet = Puppet::keeping(Kind::DeviceMethod);
    let it = open(&puppet);
    let ask = || {
        let asked = it.handle.ask(Ask::DeviceMethod {
            item: property(1, 1),
        });
        wait_until(|| puppet.held() == 1);
        asked
    };
    let asked = ask();
    it.pass(9.9);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(
        (puppet.count("time-out"), asked.take().is_none()),
        (0, true)
    );
    it.pass(0.2);
    assert_eq!(status(answer(&asked)), Status::IoDeviceError);
    assert_eq!(
        (puppet.count("time-out"), it.lane("device").timed_out),
        (1, 1)
    );
    // The lane is open again, and nothing is held against the minidriver.
    it.quiet();
    it.pass(100.0);
    it.quiet();
    assert_eq!(it.sheet().health, Health::Well);

    // Told that it takes longer, and then that it takes as long as it likes.
    let asked = ask();
    let with_done = |act: &dyn Fn(&ksgraph::stream::Done<Vec<u8>>)| {
        let script = puppet.script();
        let Some(Srb::DeviceMethod { done, .. }) = script.kept.first() else {
            panic!("it holds nothing");
        };
        act(done);
    };
    with_done(&|done| done.time_out_after(Duration::from_secs(60)));
    it.pass(59.0);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(puppet.count("time-out"), 1);
    with_done(&|done| done.time_out_after(Duration::ZERO));
    it.pass(10_000.0);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(puppet.count("time-out"), 1);
    with_done(&|done| done.restore_time_out());
    it.pass(9.9);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(
        (puppet.count("time-out"), asked.take().is_none()),
        (1, true)
    );
    it.pass(0.1);
    assert_eq!(status(answer(&asked)), Status::IoDeviceError);

    // Asked for more time when it has run out.
    puppet.script().is_deaf = true;
    let asked = ask();
    it.pass(10.0);
    wait_until(|| puppet.count("time-out") == 3);
    with_done(&|done| done.time_out_after(Duration::from_secs(60)));
    // Longer than it had to give up what it holds.
    it.pass(20.0);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(it.sheet().health, Health::Well);
    puppet.take().refuse(Status::NotFound);
    assert_eq!(status(answer(&asked)), Status::NotFound);
}

#[test]
fn a_minidriver_that_never_answers_is_reset_and_all_it_held_is_answered_in_its_place() {
    let puppet = Puppet::keeping(Kind::DeviceMethod);
    puppet.script().is_deaf = true;
    puppet.script().keeps.push(Kind::Read);
    let it = open(&puppet);
    let held = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 2);
    let queued = it.handle.ask(Ask::NotifyIdleState { is_idle: true });
    it.pass(10.0);
    wait_until(|| puppet.count("time-out") == 1);
    assert!(held.take().is_none());
    assert_eq!(it.sheet().health, Health::Well);
    it.pass(4.9);
    it.answer(Ask::GetState { stream: ONE }).unwrap();
    assert_eq!(it.sheet().health, Health::Well);
    it.pass(0.2);
    assert_eq!(status(answer(&held)), Status::IoDeviceError);
    assert_eq!(status(answer(&queued)), Status::Cancelled);
    let sheet = it.sheet();
    assert_eq!(sheet.health, Health::NotResponding);
    assert_eq!(
        sheet
            .lanes
            .iter()
            .map(|lane| lane.queued + lane.in_flight)
            .sum::<u64>(),
        0
    );
    // What it says after that reaches nobody; what is asked is refused at once.
    let Some(Srb::DeviceMethod { done, .. }) = ({
        let mut script = puppet.script();
        let at = script
            .kept
            .iter()
            .position(|it| it.kind() == Kind::DeviceMethod);
        at.map(|at| script.kept.remove(at))
    }) else {
        panic!("it was taken out of its hands");
    };
    done.complete(vec![]);
    assert!(held.take().is_none());
    wait_until(|| it.sheet().late == 1);
    let after = it.answer(Ask::NotifyIdleState { is_idle: true });
    assert_eq!(status(after), Status::IoDeviceError);
}

#[test]
fn a_minidriver_that_does_not_come_back_from_a_callback_is_left_alone() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    puppet.script().blocks_at = Some(Kind::DeviceMethod);
    let asked = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.is_stuck.load(Ordering::SeqCst));
    let mut answer = None;
    wait_until(|| {
        it.time.pass(Duration::from_secs(1));
        answer = asked.take();
        answer.is_some()
    });
    assert_eq!(answer.map(status), Some(Status::IoDeviceError));
    assert_eq!(it.sheet().health, Health::NotResponding);
    // Closing does not wait for it either.
    drop(it);
    assert!(puppet.is_stuck.load(Ordering::SeqCst));
    puppet.is_stuck.store(false, Ordering::SeqCst);
}

#[test]
fn srb_15_what_waits_is_cancelled_without_the_minidriver() {
    let puppet = Puppet::keeping(Kind::DeviceMethod);
    let it = open(&puppet);
    let first = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 1);
    let second = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 2),
    });
    second.cancel();
    assert_eq!(status(answer(&second)), Status::Cancelled);
    assert_eq!(
        (puppet.count("cancel"), puppet.count("device DEVICE_METHOD")),
        (0, 1)
    );
    assert!(first.take().is_none());
    let lane = it.lane("device");
    assert_eq!((lane.cancelled, lane.in_flight), (1, 1));
}

#[test]
fn srb_16_each_stream_has_a_timer_and_the_device_one() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    let notify = puppet.script().notify.clone().unwrap();
    let set = |stream, millis| notify.schedule_timer(stream, Duration::from_millis(millis));
    set(None, 50);
    set(Some(ONE), 20);
    it.quiet();
    it.pass(0.019);
    it.quiet();
    assert_eq!(puppet.count("timer"), 0);
    it.pass(0.001);
    wait_until(|| puppet.count("timer 1") == 1);
    // Put off by being set again, and called once.
    set(None, 50);
    it.quiet();
    it.pass(0.049);
    it.quiet();
    assert_eq!(puppet.count("timer device"), 0);
    it.pass(0.001);
    wait_until(|| puppet.count("timer device") == 1);
    it.pass(10.0);
    it.quiet();
    assert_eq!(puppet.count("timer"), 2);
    // Stopped by zero.
    set(None, 50);
    set(None, 0);
    it.quiet();
    it.pass(1.0);
    it.quiet();
    assert_eq!(puppet.count("timer"), 2);
}

#[test]
fn srb_17_other_codes_go_to_who_asked() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    for code in [
        Status::BufferTooSmall,
        Status::NotFound,
        Status::MoreEntries,
    ] {
        puppet
            .script()
            .refuses
            .insert(Kind::GetDeviceProperty, code);
        let asked = it.answer(Ask::GetDeviceProperty {
            item: property(1, 1),
        });
        assert_eq!(status(asked), code);
    }
    let lane = it.lane("device");
    assert_eq!(
        (lane.failed, lane.cancelled, lane.timed_out),
        (5, 0, 0),
        "{lane:?}"
    );
}

#[test]
fn strmini_callbacks_stand_in_the_trace() {
    let puppet = Puppet::default();
    {
        let mut script = puppet.script();
        script.keeps = vec![Kind::DeviceMethod, Kind::StreamMethod];
        script.event = Some(Status::Success);
    }
    let it = open(&puppet);
    let cancelled = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 1);
    cancelled.cancel();
    answer(&cancelled).unwrap_err();
    let late = it.handle.ask(Ask::DeviceMethod {
        item: property(1, 1),
    });
    wait_until(|| puppet.held() == 1);
    it.pass(10.0);
    answer(&late).unwrap_err();
    puppet.script().line.clone().unwrap().raise();
    let key = EventKey {
        stream: Some(ONE),
        set: Guid(9),
        id: 1,
    };
    let watch = it.handle.watch(key);
    assert_eq!(watch.answer(Duration::from_secs(20)), Some(Status::Success));
    puppet
        .script()
        .notify
        .clone()
        .unwrap()
        .schedule_timer(None, Duration::from_millis(1));
    it.quiet();
    it.pass(0.1);
    it.quiet();
    wait_until(|| puppet.count("timer") == 1 && puppet.count("interrupt") == 1);
    let trace = it.sheet().trace;
    for words in [
        "device packet OPEN_STREAM",
        "data packet READ_DATA",
        "control packet SET_STREAM_STATE",
        "cancel #",
        "time-out #",
        "interrupt",
        "event one",
        "clock one",
        "timer",
        "answer DEVICE_METHOD",
        "CANCELLED",
        "IO_DEVICE_ERROR",
    ] {
        assert!(
            trace.iter().any(|line| line.contains(words)),
            "{words}: {trace:#?}"
        );
    }
}

#[test]
fn events_are_asked_for_once_and_told_to_all_who_listen() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    let key = EventKey {
        stream: None,
        set: Guid(9),
        id: 1,
    };
    let patience = Duration::from_secs(20);
    assert_eq!(
        it.handle.watch(key).answer(patience),
        Some(Status::NotSupported)
    );
    puppet.script().event = Some(Status::Success);
    let one = it.handle.watch(key);
    assert_eq!(one.answer(patience), Some(Status::Success));
    let two = it.handle.watch(key);
    assert_eq!(two.answer(patience), Some(Status::Success));
    assert_eq!(puppet.count("event true"), 2);
    let notify = puppet.script().notify.clone().unwrap();
    notify.event(key);
    notify.event(EventKey { id: 2, ..key });
    it.quiet();
    assert_eq!((one.fired(), two.fired()), (1, 1));
    drop(one);
    it.quiet();
    assert_eq!(puppet.count("event false"), 0);
    notify.event(key);
    it.quiet();
    assert_eq!(two.fired(), 2);
    drop(two);
    wait_until(|| puppet.count("event false") == 1);
    notify.event(key);
    it.quiet();
}

#[test]
fn the_clock_of_a_stream_is_that_of_its_filter() {
    let puppet = Puppet::default();
    assert!(open(&puppet).opened.clock.is_none());
    puppet.script().clock = Some(Arc::new(Standing(123)));
    let it = open(&puppet);
    let clock = it.opened.clock.as_ref();
    assert_eq!(clock.map(|clock| clock.now()), Some(123));
}

#[test]
fn device_interrupts_are_counted_and_may_be_not_mine() {
    let puppet = Puppet::default();
    let it = open(&puppet);
    let line = puppet.script().line.clone().unwrap();
    line.raise();
    wait_until(|| it.sheet().not_mine == 1);
    puppet.script().owns_interrupts = true;
    line.raise();
    wait_until(|| it.sheet().interrupts == 2);
    wait_until(|| puppet.count("interrupt") == 2);
    it.quiet();
    assert_eq!(it.sheet().not_mine, 1);
}

#[test]
fn a_panic_in_any_callback_is_contained_and_everything_is_answered() {
    for kind in [Kind::DeviceMethod, Kind::StreamMethod, Kind::GetFormat] {
        let puppet = Puppet::default();
        puppet.script().panics_at = Some(kind);
        let it = open(&puppet);
        let stream = ONE;
        let asked = it.handle.ask(match kind {
            Kind::DeviceMethod => Ask::DeviceMethod {
                item: property(1, 1),
            },
            Kind::StreamMethod => Ask::StreamMethod {
                stream,
                item: property(1, 1),
            },
            _ => Ask::GetFormat { stream },
        });
        assert!(answer(&asked).is_err());
        wait_until(|| it.sheet().health == Health::Panicked);
        assert!(it.answer(Ask::PagingOutDriver {}).is_err());
    }
    for kind in [Kind::InitialiseDevice, Kind::OpenStream] {
        let puppet = Puppet::default();
        puppet.script().panics_at = Some(kind);
        assert!(try_open(&puppet, &[ONE]).is_err());
    }
}

#[test]
fn requests_of_every_kind_reach_the_callback_of_their_lane() {
    let puppet = Puppet::default();
    let it = try_open(&puppet, &[IN, ONE]).unwrap();
    let frame = || Frame::wave(1, 16);
    let read = it
        .answer(Ask::Read {
            stream: ONE,
            frame: frame(),
        })
        .unwrap();
    assert!(matches!(read, Outcome::Frame(frame) if frame.len() == 16));
    let written = it
        .answer(Ask::Write {
            stream: IN,
            frame: frame(),
        })
        .unwrap();
    assert!(matches!(written, Outcome::Frame(_)));
    let range = DataRange::only(&DataFormat::float(1, RATE_HZ));
    let met = it.answer(Ask::GetDataIntersection { pin: 1, range });
    assert_eq!(status(met), Status::NotImplemented);
    let data = puppet
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("data"));
    assert!(data.clone().any(|call| call == "data WRITE_DATA 0"));
    assert!(data.clone().any(|call| call == "data READ_DATA 1"));
    drop(it);
    // Once it has closed, everything is answered all the same.
    let it: Open = open(&puppet);
    let handle = it.handle.clone();
    drop(it);
    assert_eq!(
        status(answer(&handle.ask(Ask::PagingOutDriver {}))),
        Status::Cancelled
    );
}
