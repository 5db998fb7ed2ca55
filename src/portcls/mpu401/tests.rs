//! The miniport by itself: bytes on the cable against a song, streams and their states, the FIFO, and what is answered.

use super::*;
use crate::midi::{Parser, read_smf};
use crate::portcls::sequencer::{Arrived, Sequencer};

/// Units of time as samples, so that nothing is rounded.
const UNITS_HZ: u32 = 10_000_000;

/// A port that takes so many bytes at each service, and writes them down.
#[derive(Default)]
struct Paper {
    room: usize,
    bytes: Vec<u8>,
    /// Where it was full.
    pauses: Vec<usize>,
}

impl Uart for Paper {
    fn room(&self) -> usize {
        self.room
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.bytes.extend_from_slice(&bytes[..count]);
        count
    }
}

impl Paper {
    fn service(&mut self, port: &mut Mpu401, room: usize) -> Result<(), Status> {
        self.room = room;
        let done = port.service(self);
        self.pauses.push(self.bytes.len());
        done
    }
}

fn event(bytes: &[u8]) -> KernelEvent {
    KernelEvent::new(0, bytes).unwrap()
}

fn running() -> (Mpu401, StreamId) {
    let mut port = Mpu401::default();
    port.initialise();
    let stream = port.new_stream(Way::Render).unwrap();
    port.set_state(stream, State::Run).unwrap();
    (port, stream)
}

fn exclusive(len: u8) -> Vec<u8> {
    [&[0xF0][..], &(1..=len).collect::<Vec<u8>>(), &[0xF7]].concat()
}

/// What a song is on a cable: a status is left out where the one before says as much.
fn on_a_cable<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut bytes, mut before) = (vec![], None);
    for message in messages {
        let status = message[0];
        let is_channel = status < 0xF0;
        let skip = usize::from(is_channel && before == Some(status));
        bytes.extend_from_slice(&message[skip..]);
        if status < 0xF8 {
            before = is_channel.then_some(status);
        }
    }
    bytes
}

#[test]
fn uar_2_a_song_comes_out_bit_for_bit_when_it_is_due_and_no_faster_than_a_cable() {
    let song = read_smf(&std::fs::read("graphs/media/round.mid").unwrap()).unwrap();
    let mut messages: Vec<(RefTime, Vec<u8>)> = song
        .messages()
        .map(|(time, bytes)| (time as RefTime, bytes.to_vec()))
        .collect();
    assert!(messages.len() > 50);
    // And what the song does not have: system exclusive, clocks, a song position.
    messages.insert(10, (messages[9].0, exclusive(100)));
    messages.insert(11, (messages[9].0, vec![0xF8]));
    messages.insert(20, (messages[19].0, vec![0xF2, 3, 4]));

    let (mut port, stream) = running();
    let mut sequencer = Sequencer::new(1).prefetch(PREFETCH);
    for (time, message) in &messages {
        for event in KernelEvent::whole(*time, message) {
            sequencer.put(Arrived { event, wire: 1 });
        }
    }
    let mut cable = Cable::default();
    let mut sent: Vec<Sent> = vec![];
    let mut now = 0;
    while !sequencer.is_empty() || port.is_busy() || !cable.is_empty() {
        cable.advance(now);
        sent.extend(std::iter::from_fn(|| cable.take()));
        while let Some((arrived, _)) = sequencer.release(now as u64, 1, UNITS_HZ) {
            assert!(arrived.event.time <= now && now < arrived.event.time + RETRY);
            port.put(stream, &arrived.event).unwrap();
        }
        port.service(&mut cable).unwrap();
        now += 100;
    }

    let bytes: Vec<u8> = sent.iter().map(|it| it.byte).collect();
    assert_eq!(
        bytes,
        on_a_cable(messages.iter().map(|(_, bytes)| &bytes[..]))
    );
    let apart = sent.windows(2).map(|pair| pair[1].time - pair[0].time);
    assert!(apart.into_iter().all(|apart| apart >= BYTE_TIME));
    // The first byte of a message after a rest is gone one byte's time behind the stamp.
    let (mut parser, mut at, mut free) = (Parser::new(), 0, 0);
    let mut rests = 0;
    for Sent { time, byte } in &sent {
        let due = messages[at].0;
        assert!(*time > due, "byte {byte:02x} of message {at} is early");
        if free < due {
            rests += 1;
            assert!(*time <= due + BYTE_TIME + 100);
        }
        free = *time;
        parser.feed(&[*byte], |_| at += 1);
    }
    assert!(rests > 20, "the cable rests in between: {rests}");
}

#[test]
fn uar_2_running_status_is_left_out_and_system_messages_end_it() {
    let (mut port, stream) = running();
    let messages: [&[u8]; 9] = [
        &[0x90, 60, 1],
        &[0x90, 64, 1],
        &[0xF8],
        &[0x90, 60, 0],
        &[0x91, 60, 1],
        &[0xF6],
        &[0x91, 60, 0],
        &[0xC1, 5],
        &[0xC1, 6],
    ];
    for message in messages {
        port.put(stream, &event(message)).unwrap();
    }
    let mut paper = Paper::default();
    paper.service(&mut port, 100).unwrap();
    let wanted = [
        0x90, 60, 1, 64, 1, 0xF8, 60, 0, 0x91, 60, 1, 0xF6, 0x91, 60, 0, 0xC1, 5, 6,
    ];
    assert_eq!(paper.bytes, wanted);
    assert!(!port.is_busy() && port.waiting() == 0);
}

#[test]
fn uar_2_events_go_out_in_the_order_they_came_whatever_their_stamps() {
    let (mut port, stream) = running();
    for (time, key) in [(50, 1), (10, 2), (30, 3)] {
        port.put(stream, &event(&[0x90, key, 9]).at(time)).unwrap();
    }
    let mut paper = Paper::default();
    paper.service(&mut port, 100).unwrap();
    assert_eq!(paper.bytes, [0x90, 1, 9, 2, 9, 3, 9]);
    assert_eq!(PREFETCH, 0);
}

#[test]
fn uar_2_what_is_partly_written_stays_and_pauses_come_behind_three_bytes() {
    let (mut port, stream) = running();
    let message = exclusive(60);
    for event in KernelEvent::whole(0, &message) {
        port.put(stream, &event).unwrap();
    }
    let mut paper = Paper::default();
    // A port of four bytes takes three of an event's eight at a time, or the two behind them and no more.
    while port.is_busy() {
        paper.service(&mut port, 4).unwrap();
    }
    assert_eq!(paper.bytes, message);
    for pause in paper.pauses {
        let within = pause % INLINE_BYTES;
        assert!(
            within.is_multiple_of(3) || pause == message.len(),
            "a pause behind {within} bytes of an event"
        );
    }
    // A note is not begun where it cannot be ended.
    port.put(stream, &event(&[0x90, 60, 1])).unwrap();
    let mut paper = Paper::default();
    paper.service(&mut port, 2).unwrap();
    assert!(paper.bytes.is_empty() && port.waiting() == 1);
    paper.service(&mut port, 3).unwrap();
    assert_eq!(paper.bytes, [0x90, 60, 1]);
}

#[test]
fn uar_2_a_hundred_tries_in_vain_are_an_error_of_the_device() {
    let (mut port, stream) = running();
    for event in KernelEvent::whole(0, &exclusive(60)) {
        port.put(stream, &event).unwrap();
    }
    port.put(stream, &event(&[0x90, 60, 1])).unwrap();
    let mut paper = Paper::default();
    paper.service(&mut port, 3).unwrap();
    // That pass failed once behind its three bytes.
    for _ in 1..MOST_TRIES - 1 {
        assert_eq!(paper.service(&mut port, 0), Ok(()));
    }
    assert_eq!(paper.service(&mut port, 0), Err(Status::IoDeviceError));
    // The message is given up whole; what comes behind it goes on.
    assert_eq!(paper.service(&mut port, 100), Ok(()));
    assert_eq!(paper.bytes, [0xF0, 1, 2, 0x90, 60, 1]);
    // A byte in between begins the count anew.
    for event in KernelEvent::whole(0, &exclusive(60)) {
        port.put(stream, &event).unwrap();
    }
    for _ in 0..3 {
        paper.service(&mut port, 3).unwrap();
        for _ in 0..90 {
            assert_eq!(paper.service(&mut port, 0), Ok(()));
        }
    }
}

#[test]
fn uar_1_one_stream_captures_and_two_render() {
    let mut port = Mpu401::default();
    let capture = port.new_stream(Way::Capture).unwrap();
    let renders = [(); 2].map(|()| port.new_stream(Way::Render).unwrap());
    assert_ne!(renders[0], renders[1]);
    for way in [Way::Capture, Way::Render] {
        assert_eq!(port.new_stream(way), Err(Status::InvalidDeviceRequest));
    }
    port.close(capture);
    port.close(renders[0]);
    assert!(port.new_stream(Way::Capture).is_ok());
    assert_eq!(port.new_stream(Way::Render), Ok(renders[0]));
    assert!(port.new_stream(Way::Render).is_err());
}

#[test]
fn uar_1_two_streams_share_the_cable_by_whole_messages() {
    let (mut port, one) = running();
    let other = port.new_stream(Way::Render).unwrap();
    port.set_state(other, State::Run).unwrap();
    for event in KernelEvent::whole(0, &exclusive(20)) {
        port.put(other, &event).unwrap();
    }
    let mut paper = Paper::default();
    paper.service(&mut port, 9).unwrap();
    // Real time goes in between, and everything else waits.
    port.put(one, &event(&[0xF8])).unwrap();
    port.put(one, &event(&[0x90, 60, 1])).unwrap();
    paper.service(&mut port, 100).unwrap();
    let mut heard = vec![];
    let mut sink = Assembler::default();
    sink.put(&paper.bytes, |message| heard.extend(message.to_vec()));
    assert_eq!(
        heard,
        [vec![0xF8], exclusive(20), vec![0x90, 60, 1]].concat()
    );
}

#[test]
fn uar_4_states_are_kept_as_the_device_wants_them() {
    let mut port = Mpu401::default();
    let render = port.new_stream(Way::Render).unwrap();
    let capture = port.new_stream(Way::Capture).unwrap();
    for stream in [render, capture] {
        assert_eq!(port.set_state(stream, State::Pause), Ok(()));
        assert_eq!(
            port.set_state(stream, State::Run),
            Err(Status::InvalidDeviceState)
        );
    }
    assert_eq!(port.set_technology(), Ok(()));
    port.initialise();
    assert_eq!(port.set_technology(), Err(Status::Unsuccessful));
    assert_eq!(
        port.put(capture, &event(&[0xF8])),
        Err(Status::InvalidDeviceRequest)
    );

    // DMU-7: outside Run a stream holds what it has; Stop takes it back.
    let mut paper = Paper::default();
    port.put(render, &event(&[0x90, 60, 1])).unwrap();
    paper.service(&mut port, 100).unwrap();
    assert_eq!((paper.bytes.len(), port.waiting()), (0, 1));
    port.set_state(render, State::Run).unwrap();
    paper.service(&mut port, 100).unwrap();
    assert_eq!(paper.bytes, [0x90, 60, 1]);
    port.put(render, &event(&[0x90, 60, 1])).unwrap();
    port.set_state(render, State::Stop).unwrap();
    port.set_state(render, State::Run).unwrap();
    paper.service(&mut port, 100).unwrap();
    assert_eq!((paper.bytes.len(), port.waiting()), (3, 0));

    // Bytes are heard in Run only, and Stop clears them.
    let fetched = |port: &mut Mpu401| {
        let mut count = 0;
        port.fetch(0, |_| count += 1);
        count
    };
    port.receive(1);
    assert_eq!(fetched(&mut port), 0);
    port.set_state(capture, State::Run).unwrap();
    port.receive(1);
    port.set_state(capture, State::Stop).unwrap();
    port.set_state(capture, State::Run).unwrap();
    assert_eq!(fetched(&mut port), 0);
    port.receive(1);
    assert_eq!(fetched(&mut port), 1);
}

#[test]
fn uar_4_half_a_message_that_was_stopped_is_over_with_the_next_status() {
    let (mut port, stream) = running();
    port.put(stream, &event(&[0x90, 60, 1])).unwrap();
    for event in KernelEvent::whole(0, &exclusive(20)) {
        port.put(stream, &event).unwrap();
    }
    let mut paper = Paper::default();
    paper.service(&mut port, 6).unwrap();
    port.set_state(stream, State::Stop).unwrap();
    port.set_state(stream, State::Run).unwrap();
    port.put(stream, &event(&[0x90, 61, 1])).unwrap();
    paper.service(&mut port, 100).unwrap();
    assert_eq!(paper.bytes, [0x90, 60, 1, 0xF0, 1, 2, 0x90, 61, 1]);
}

#[test]
fn uar_3_the_fifo_holds_127_bytes_and_hands_them_on_by_eights_with_one_stamp() {
    let mut port = Mpu401::default();
    port.initialise();
    let capture = port.new_stream(Way::Capture).unwrap();
    port.set_state(capture, State::Run).unwrap();
    // Twice, so that it wraps round.
    for round in 0..2 {
        for byte in 0..200 {
            port.receive(byte);
        }
        assert_eq!(port.overflows(), (round + 1) * 73);
        let mut events = vec![];
        port.fetch(777, |event| events.push(event));
        let lens: Vec<usize> = events.iter().map(|it| it.bytes().len()).collect();
        assert_eq!(lens, [&[8; 15][..], &[7]].concat());
        let bytes: Vec<u8> = events.iter().flat_map(|it| it.bytes().to_vec()).collect();
        assert_eq!(bytes, (0..127).collect::<Vec<u8>>());
        for event in events {
            let flags = (event.flags(), event.channel_group, event.time);
            assert_eq!(flags, (crate::ks::event_flag::INCOMPLETE, 1, 777));
            assert!(!event.is_joined());
        }
    }
}

/// What comes of bytes, each list heard at a time of its own.
fn assembled(bytes: &[&[u8]]) -> Vec<(RefTime, Vec<u8>)> {
    let (mut sink, mut heard) = (Assembler::default(), vec![]);
    for (time, bytes) in (0..).zip(bytes) {
        let mut whole: Vec<u8> = vec![];
        sink.events(time, bytes, |event| {
            whole.extend(event.bytes());
            if !event.is_joined() {
                heard.push((event.time, std::mem::take(&mut whole)));
            }
        });
        assert!(whole.is_empty(), "a message is handed on whole");
    }
    heard
}

#[test]
fn mxf_3_bytes_become_one_message_an_event() {
    // Running status is expanded, wherever the bytes are cut.
    assert_eq!(
        assembled(&[&[0x90, 60], &[1, 64, 1, 60], &[0, 0xC0, 5, 6]]),
        [
            (1, vec![0x90, 60, 1]),
            (1, vec![0x90, 64, 1]),
            (2, vec![0x90, 60, 0]),
            (2, vec![0xC0, 5]),
            (2, vec![0xC0, 6]),
        ]
    );
    // Real time inside system exclusive comes at once; that is gathered up to its end, however long it is.
    let long = [&[0xF0][..], &[7; 900], &[0xF7]].concat();
    assert_eq!(
        assembled(&[
            &long[..500],
            &[0xF8],
            &long[500..600],
            &[0xFE],
            &long[600..]
        ]),
        [(1, vec![0xF8]), (3, vec![0xFE]), (4, long)]
    );
    // Inside another message too.
    assert_eq!(
        assembled(&[&[0x90, 60, 0xFA, 1]]),
        [(0, vec![0xFA]), (0, vec![0x90, 60, 1])]
    );
}

#[test]
fn mxf_3_system_exclusive_without_end_costs_no_memory() {
    let mut sink = Assembler::default();
    let mut count = 0;
    sink.put(&[0xF0], |_| count += 1);
    for _ in 0..MOST_EXCLUSIVE / 50 {
        sink.put(&[1; 100], |_| count += 1);
    }
    sink.put(&[0xF7], |_| count += 1);
    assert_eq!((count, sink.lost()), (0, 1));
    sink.put(&[0xF0, 1, 0xF7], |_| count += 1);
    assert_eq!(count, 1);
}

#[test]
fn uar_5_what_is_asked_of_the_device_is_answered() {
    let caps = Mpu401::synth_caps();
    assert_eq!((caps.flags, caps.memory), (synth_flag::EXTERNAL, 0));
    assert_eq!((caps.channel_groups, caps.voices as i32), (1, -1));
    assert_eq!(Mpu401::channel_groups(), 1);
    let asked = PortParameters {
        voices: 32,
        channel_groups: 5,
        audio_channels: 2,
        rate_hz: 22_050,
        ..PortParameters::default()
    };
    let answer = Mpu401::port_parameters(asked);
    assert_eq!(
        answer,
        PortParameters {
            channel_groups: 1,
            ..asked
        }
    );
    assert_eq!(
        Mpu401::set_port_parameters(asked),
        Err(Status::InvalidDeviceRequest)
    );
}

#[test]
fn uar_6_the_test_port_has_the_budget_of_a_cable() {
    let mut cable = Cable::default();
    let mut count = 0;
    // A second, looked at by milliseconds; there is always more to write than it takes.
    for milli in 0..=1_000 {
        cable.advance(milli * RETRY);
        count += std::iter::from_fn(|| cable.take()).count();
        while cable.room() > 0 {
            assert_eq!(cable.write(&[0xFE]), 1);
        }
    }
    assert_eq!(count as i64, BYTES_PER_SECOND);
    cable.block(true);
    assert_eq!((cable.room(), cable.write(&[1])), (0, 0));
}
