//! The miniport at work: events in at their times, bytes out of a cable at theirs.
//!
//! Serviced when something is due and every [`RETRY`] while something waits (UAR-2), counted in stream time from the service
//! before; so the same bytes come at the same times however the stream is cut.

use super::{Cable, Mpu401, RETRY, Sent, StreamId, Way};
use crate::ks::{KernelEvent, RefTime, State};

/// A render stream of the miniport and the cable on its port.
pub struct LineOut {
    miniport: Mpu401,
    stream: StreamId,
    cable: Cable,
    /// When it was serviced last.
    serviced: RefTime,
    lost: u32,
    room: usize,
}

impl LineOut {
    /// One that is initialised and stands in Stop. It holds so many events.
    pub fn new(room: usize) -> Self {
        let mut miniport = Mpu401::new(room);
        miniport.initialise();
        // The first of two.
        let stream = miniport.new_stream(Way::Render).unwrap_or(StreamId(0));
        Self {
            miniport,
            stream,
            cable: Cable::default(),
            serviced: 0,
            lost: 0,
            room,
        }
    }

    /// Takes a state (UAR-4). Stop forgets what is not sent yet, in the miniport and on the cable.
    pub fn enter(&mut self, state: State) {
        // It is initialised, so nothing is refused.
        let _ = self.miniport.set_state(self.stream, state);
        if state == State::Stop {
            self.cable.restart(0);
            self.serviced = 0;
        }
    }

    /// Takes an event that is due, after [`LineOut::run_until`] that time. What there is no room for is counted, the
    /// beginnings of notes first, so that none hangs.
    pub fn put(&mut self, event: &KernelEvent, time: RefTime) {
        let begins = matches!(event.bytes(), [0x90..=0x9F, _, velocity] if *velocity > 0);
        if begins && self.waiting() >= self.room - self.room / 8 {
            self.lost = self.lost.saturating_add(1);
        } else {
            let _ = self.miniport.put(self.stream, event);
        }
        self.service(time);
    }

    /// Gives every byte that comes out of the cable before that time.
    pub fn run_until(&mut self, time: RefTime, mut byte: impl FnMut(Sent)) {
        while self.miniport.is_busy() && self.serviced + RETRY < time {
            let next = self.serviced + RETRY;
            self.cable.advance(next - 1);
            while let Some(sent) = self.cable.take() {
                byte(sent);
            }
            self.service(next);
        }
        self.cable.advance(time - 1);
        while let Some(sent) = self.cable.take() {
            byte(sent);
        }
    }

    fn service(&mut self, time: RefTime) {
        self.serviced = time;
        self.cable.advance(time);
        if self.miniport.service(&mut self.cable).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Time itself is another: what is on its way comes by so much later.
    pub fn shift(&mut self, by: RefTime) {
        self.cable.shift(by);
        self.serviced += by;
    }

    /// Events that wait to go out.
    pub fn waiting(&self) -> usize {
        self.miniport.waiting()
    }

    /// Events that found no room, and such as the port did not take (UAR-2).
    pub fn lost(&self) -> u32 {
        self.miniport.dropped().saturating_add(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::super::BYTE_TIME;
    use super::*;
    use crate::midi::read_smf;

    const SONG: &[u8] = include_bytes!("../../../graphs/media/evening.mid");

    fn line() -> LineOut {
        let mut line = LineOut::new(4_096);
        for state in [State::Acquire, State::Pause, State::Run] {
            line.enter(state);
        }
        line
    }

    /// What comes out when time is cut at every `step`.
    fn played(events: &[KernelEvent], end: RefTime, step: RefTime) -> Vec<Sent> {
        let (mut line, mut sent) = (line(), vec![]);
        let mut events = events.iter().peekable();
        let mut now = 0;
        while now < end {
            let next = now + step;
            while let Some(event) = events.next_if(|event| event.time < next) {
                line.run_until(event.time, |it| sent.push(it));
                line.put(event, event.time);
            }
            line.run_until(next, |it| sent.push(it));
            now = next;
        }
        assert_eq!((line.waiting(), line.lost()), (0, 0));
        sent
    }

    /// The song as bytes with running status, and when each message is due.
    fn song() -> (Vec<KernelEvent>, Vec<(RefTime, Vec<u8>)>) {
        let song = read_smf(SONG).unwrap();
        let (mut events, mut bytes, mut running) = (vec![], vec![], 0);
        for (time, message) in song.messages() {
            events.extend(KernelEvent::whole(time as RefTime, message));
            let status = message[0];
            let skipped = usize::from((0x80..0xF0).contains(&status) && status == running);
            bytes.push((time as RefTime, message[skipped..].to_vec()));
            if status < 0xF8 {
                running = if status < 0xF0 { status } else { 0 };
            }
        }
        (events, bytes)
    }

    #[test]
    fn uar_2_the_bytes_are_the_songs_with_running_status_and_none_is_early() {
        let (events, wanted) = song();
        let end = wanted.last().unwrap().0 + 10_000_000;
        let sent = played(&events, end, 100_000);
        let all: Vec<u8> = wanted.iter().flat_map(|it| it.1.clone()).collect();
        let bytes: Vec<u8> = sent.iter().map(|it| it.byte).collect();
        assert!(all.len() > 1_000);
        assert_eq!(bytes, all);
        let spared = events.iter().map(|it| it.bytes().len()).sum::<usize>() - all.len();
        assert!(spared > 50, "running status spares {spared} bytes");
        // On a cable that is free a byte comes out 320 us after it is due; none is closer to the one before.
        let mut at = 0;
        let mut free: RefTime = 0;
        for (due, message) in wanted {
            for (index, _) in message.iter().enumerate() {
                let sent = sent[at];
                assert!(sent.time >= due + (index as RefTime + 1) * BYTE_TIME);
                assert!(sent.time >= free + BYTE_TIME || at == 0);
                let is_free = free <= due && index == 0;
                assert!(!is_free || sent.time == due + BYTE_TIME, "byte {at}");
                free = sent.time;
                at += 1;
            }
        }
    }

    #[test]
    fn the_same_bytes_come_at_the_same_times_however_time_is_cut() {
        let (mut events, _) = song();
        // A long message keeps the cable busy over many pieces.
        let long = [&[0xF0][..], &[5; 500], &[0xF7]].concat();
        let first = events[40].time;
        events.splice(40..40, KernelEvent::whole(first, &long));
        let end = events.last().unwrap().time + 10_000_000;
        let whole = played(&events, end, 20_000_000);
        for step in [3_337, 13_333, 100_000] {
            assert_eq!(played(&events, end, step), whole, "by {step}");
        }
    }

    #[test]
    fn much_too_much_leaves_no_note_hanging() {
        let mut line = LineOut::new(64);
        line.enter(State::Run);
        for key in 0..100 {
            line.put(&KernelEvent::new(0, &[0x90, key, 100]).unwrap(), 0);
        }
        for key in 0..8 {
            line.put(&KernelEvent::new(0, &[0x80, key, 0]).unwrap(), 0);
        }
        assert!(line.lost() > 30);
        let mut bytes = vec![];
        line.run_until(100_000_000, |it| bytes.push(it.byte));
        // Behind the last beginnings: one status, and two bytes for each end.
        let ends: Vec<u8> = (0..8).flat_map(|key| [key, 0]).collect();
        assert_eq!(bytes[bytes.len() - 17..], [&[0x80][..], &ends].concat());
    }

    #[test]
    fn a_seam_moves_what_is_on_its_way() {
        let mut line = line();
        line.put(&KernelEvent::new(0, &[0x90, 60, 100]).unwrap(), 0);
        line.shift(1_000_000);
        let mut times = vec![];
        line.run_until(2_000_000, |it| times.push(it.time));
        assert_eq!(times, [1_003_200, 1_006_400, 1_009_600]);
    }

    #[test]
    fn stop_forgets_what_is_on_its_way() {
        let mut line = line();
        for _ in 0..100 {
            line.put(&KernelEvent::new(0, &[0x90, 60, 100]).unwrap(), 0);
        }
        let mut count = 0;
        line.run_until(100_000, |_| count += 1);
        assert_eq!(count, 31);
        for state in [State::Pause, State::Acquire, State::Stop] {
            line.enter(state);
        }
        for state in [State::Acquire, State::Pause, State::Run] {
            line.enter(state);
        }
        line.run_until(10_000_000, |_| count += 1);
        assert_eq!(count, 31);
    }
}
