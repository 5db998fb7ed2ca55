//! A simulated card for sound: one miniport that stands behind the WaveCyclic port and behind the WavePci port alike.
//!
//! It plays when it is told that time went by, keeps what it played for whoever listens inside the card, and interrupts as
//! often as was agreed. Nothing here waits or allocates once it is made.

use std::collections::VecDeque;
use std::sync::Arc;

use super::service_group::{ServiceGroup, ServiceSink};
use super::wavecyclic::{Interrupts, MiniportWaveCyclic};
use super::wavepci::{Mapping, Mappings, MiniportWavePci};
use crate::ks::{AudioFormat, State, Status, Wave};

/// How often it can interrupt, in milliseconds.
const INTERVALS: std::ops::RangeInclusive<u32> = 1..=20;
/// The length of its buffer in milliseconds.
const BUFFER_MILLIS: u32 = 40;
/// Chunks it maps at a time.
pub const MOST_MAPPED: usize = 8;

/// The simulated card.
pub struct LabWave {
    format: AudioFormat,
    buffer: Wave,
    position: usize,
    group: Arc<ServiceGroup>,
    state: State,
    interval: usize,
    since: usize,
    /// What was played and not fetched.
    played: Wave,
    is_cyclic: bool,
    /// Samples it is to play of chunks.
    owed: usize,
    mapped: VecDeque<(Mapping, usize)>,
}

impl LabWave {
    /// A card for sound of a format, of which up to `longest` samples are played before they are fetched.
    pub fn new(format: AudioFormat, longest: usize) -> Self {
        let channels = format.channels as usize;
        let len = (format.rate_hz * BUFFER_MILLIS / 1000).max(16) as usize;
        let mut buffer = Wave::new(channels, len);
        buffer.set_len(len);
        buffer.silence();
        let mut played = Wave::new(channels, longest);
        played.set_len(0);
        let mut group = ServiceGroup::default();
        // Cannot be refused: it is the first.
        let _ = group.add(ServiceSink(0));
        Self {
            format,
            buffer,
            position: 0,
            group: Arc::new(group),
            state: State::Stop,
            interval: len / 4,
            since: 0,
            played,
            is_cyclic: false,
            owed: 0,
            mapped: VecDeque::with_capacity(MOST_MAPPED),
        }
    }

    /// Time goes by: so many samples are played.
    pub fn advance(&mut self, samples: usize) {
        if self.state != State::Run {
            return;
        }
        if self.is_cyclic {
            let from = self.played.len();
            let len = samples.min(self.played.capacity() - from);
            self.played.set_len(from + len);
            let size = self.buffer.len();
            for index in 0..self.buffer.channel_count() {
                let (source, into) = (self.buffer.channel(index), self.played.channel_mut(index));
                for (at, sample) in into[from..].iter_mut().enumerate() {
                    *sample = source[(self.position + at) % size];
                }
            }
            self.position = (self.position + samples) % size;
        } else {
            self.owed += samples;
        }
        self.since += samples;
        if self.since >= self.interval {
            self.since %= self.interval.max(1);
            self.group.request_service();
        }
    }

    /// What was played.
    pub fn played(&self) -> &Wave {
        &self.played
    }

    /// What was played is fetched.
    pub fn fetched(&mut self) {
        self.played.set_len(0);
    }

    fn takes(&mut self, format: &AudioFormat) -> Result<(), Status> {
        let is_own =
            format.channels == self.format.channels && format.rate_hz == self.format.rate_hz;
        match is_own {
            true => Ok(()),
            false => Err(Status::NoMatch),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        if state == State::Stop {
            (self.position, self.since, self.owed) = (0, 0, 0);
            self.mapped.clear();
            self.fetched();
        }
    }
}

impl MiniportWaveCyclic for LabWave {
    fn init(&mut self, port: &mut Interrupts) -> Result<(), Status> {
        self.is_cyclic = true;
        port.register_service_group(Arc::clone(&self.group))
    }

    fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status> {
        self.takes(format)
    }

    fn set_notification_interval(&mut self, millis: u32) -> (u32, usize) {
        let millis = millis.clamp(*INTERVALS.start(), *INTERVALS.end());
        self.interval = (self.format.rate_hz * millis / 1000) as usize;
        (millis, self.interval)
    }

    fn set_state(&mut self, state: State) -> Result<(), Status> {
        self.enter(state);
        Ok(())
    }

    fn buffer(&mut self) -> &mut Wave {
        &mut self.buffer
    }

    fn position(&self) -> usize {
        self.position
    }
}

impl MiniportWavePci for LabWave {
    fn init(&mut self, port: &mut Interrupts) -> Result<(), Status> {
        self.is_cyclic = false;
        port.register_service_group(Arc::clone(&self.group))
    }

    fn set_format(&mut self, format: &AudioFormat) -> Result<(), Status> {
        self.takes(format)
    }

    fn set_state(&mut self, state: State) -> Result<(), Status> {
        self.enter(state);
        Ok(())
    }

    fn mapping_available(&mut self, mappings: &mut Mappings) {
        while self.mapped.len() < MOST_MAPPED {
            let Some(mapping) = mappings.get_mapping() else {
                return;
            };
            self.mapped.push_back((mapping, 0));
        }
    }

    fn revoke_mappings(&mut self, first: u64, last: u64) {
        self.mapped
            .retain(|(mapping, _)| !(first..=last).contains(&mapping.tag));
    }

    fn service(&mut self, mappings: &mut Mappings) {
        loop {
            self.mapping_available(mappings);
            let Some((mapping, done)) = self.mapped.front_mut() else {
                return;
            };
            let from = self.played.len();
            let room = self.played.capacity() - from;
            let len = (mapping.len - *done).min(self.owed).min(room);
            let Some(sound) = mappings.sound(mapping.tag) else {
                return;
            };
            self.played.set_len(from + len);
            for index in 0..self.played.channel_count().min(sound.channel_count()) {
                let source = &sound.channel(index)[*done..*done + len];
                self.played.channel_mut(index)[from..].copy_from_slice(source);
            }
            *done += len;
            self.owed -= len;
            if *done < mapping.len {
                return;
            }
            let tag = mapping.tag;
            self.mapped.pop_front();
            if mappings.release_mapping(tag).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wavecyclic::WaveCyclicPort;
    use super::super::wavepci::WavePciPort;
    use super::*;

    const FORMAT: AudioFormat = AudioFormat {
        channels: 1,
        bits: 32,
        rate_hz: 48_000,
    };

    fn sound(from: usize, len: usize) -> Wave {
        let mut wave = Wave::new(1, len);
        wave.set_len(len);
        for (at, sample) in wave.channel_mut(0).iter_mut().enumerate() {
            *sample = (from + at + 1) as f32;
        }
        wave
    }

    fn heard(card: &mut LabWave) -> Vec<f32> {
        let heard = card.played().channel(0).to_vec();
        card.fetched();
        heard
    }

    fn cyclic(card: LabWave) -> WaveCyclicPort<LabWave> {
        let mut port = WaveCyclicPort::new(card, &FORMAT, 10).unwrap();
        port.set_state(State::Run).unwrap();
        port
    }

    fn pci(card: LabWave) -> WavePciPort<LabWave> {
        let mut port = WavePciPort::new(card, &FORMAT, 16).unwrap();
        port.set_state(State::Run).unwrap();
        port
    }

    #[test]
    fn pcl_1_the_same_miniport_plays_the_same_behind_different_ports() {
        let card = || LabWave::new(FORMAT, 10_000);
        let (mut one, mut other) = (cyclic(card()), pci(card()));
        let (mut by_ring, mut by_chunks) = (vec![], vec![]);
        let mut at = 0;
        for len in [1, 700, 63, 1_500, 12, 1_900, 300] {
            let brought = sound(at, len);
            at += len;
            assert_eq!(one.bring(&brought, 0), len);
            one.miniport().advance(len);
            one.service();
            by_ring.extend(heard(one.miniport()));
            assert!(other.bring(brought).is_ok());
            other.miniport().advance(len);
            other.service();
            by_chunks.extend(heard(other.miniport()));
        }
        let wanted: Vec<f32> = (1..=at).map(|it| it as f32).collect();
        assert_eq!(by_ring, wanted);
        assert_eq!(by_chunks, wanted);
    }

    /// A card that only counts what stands in its buffer, and has no format it refuses.
    struct Counter {
        buffer: Wave,
        position: usize,
        has_group: bool,
        states: Vec<State>,
    }

    impl MiniportWaveCyclic for Counter {
        fn init(&mut self, port: &mut Interrupts) -> Result<(), Status> {
            match self.has_group {
                true => port.register_service_group(Arc::new(ServiceGroup::default())),
                false => Ok(()),
            }
        }

        fn set_format(&mut self, _: &AudioFormat) -> Result<(), Status> {
            Ok(())
        }

        fn set_notification_interval(&mut self, _: u32) -> (u32, usize) {
            (10, 480)
        }

        fn set_state(&mut self, state: State) -> Result<(), Status> {
            self.states.push(state);
            Ok(())
        }

        fn buffer(&mut self) -> &mut Wave {
            &mut self.buffer
        }

        fn position(&self) -> usize {
            self.position
        }
    }

    fn counter(has_group: bool) -> Counter {
        Counter {
            buffer: sound(0, 100),
            position: 0,
            has_group,
            states: vec![],
        }
    }

    #[test]
    fn pcl_1_one_port_carries_different_miniports() {
        let mut port = WaveCyclicPort::new(counter(true), &FORMAT, 10).unwrap();
        port.set_state(State::Run).unwrap();
        assert_eq!(port.bring(&sound(500, 70), 0), 70);
        assert_eq!(port.miniport().buffer.channel(0)[69], 570.0);
        assert_eq!(
            port.bring(&sound(600, 70), 0),
            30,
            "as much as there is room for"
        );
        assert_eq!(port.bring(&sound(600, 70), 30), 0);
        port.miniport().position = 60;
        port.service();
        assert_eq!(port.room(), 60);
        assert_eq!(port.bring(&sound(600, 70), 30), 40);
        assert_eq!(port.offsets(), (40, 60));
        assert_eq!(port.miniport().buffer.channel(0)[0], 631.0, "round");
        assert_eq!(port.miniport().states, [State::Run]);
    }

    #[test]
    fn pcl_5_at_stop_silence_is_written_and_both_places_are_nothing() {
        let mut port = cyclic(LabWave::new(FORMAT, 10_000));
        port.bring(&sound(0, 1_000), 0);
        port.miniport().advance(300);
        port.service();
        assert_eq!((port.offsets(), port.waiting()), ((1_000, 300), 700));
        port.set_state(State::Stop).unwrap();
        assert_eq!((port.offsets(), port.waiting()), ((0, 0), 0));
        let buffer = MiniportWaveCyclic::buffer(port.miniport());
        assert!(buffer.channel(0).iter().all(|it| *it == 0.0));
        port.set_state(State::Run).unwrap();
        port.miniport().advance(100);
        port.service();
        assert_eq!(heard(port.miniport()), [0.0; 100]);
    }

    #[test]
    fn pcl_5_position_format_and_interval_are_the_streams() {
        let mut port = cyclic(LabWave::new(FORMAT, 10_000));
        let wrong = AudioFormat {
            rate_hz: 44_100,
            ..FORMAT
        };
        assert_eq!(port.set_format(&wrong), Err(Status::NoMatch));
        assert_eq!(port.set_format(&FORMAT), Ok(()));
        let card = port.miniport();
        assert_eq!(card.set_notification_interval(5), (5, 240));
        assert_eq!(card.set_notification_interval(500), (20, 960), "as it can");
        card.set_notification_interval(10);
        card.advance(470);
        port.service();
        assert_eq!((port.notifications(), port.offsets().1), (0, 470));
        port.miniport().advance(20);
        port.service();
        port.service();
        assert_eq!((port.notifications(), port.offsets().1), (1, 490));
        // Round the end of the buffer, which is 40 ms.
        port.miniport().advance(1_500);
        port.service();
        assert_eq!(port.offsets().1, (490 + 1_500) % 1_920);
    }

    #[test]
    fn pcl_6_chunks_are_read_where_they_lie_and_come_home_in_order() {
        let mut port = pci(LabWave::new(FORMAT, 10_000));
        let chunks = [sound(0, 100), sound(100, 50), sound(150, 200)];
        let addresses: Vec<usize> = chunks.iter().map(Wave::address).collect();
        for chunk in chunks {
            assert!(port.bring(chunk).is_ok());
        }
        let seen = port.mappings();
        let lies: Vec<usize> = (1..=3)
            .filter_map(|tag| seen.sound(tag).map(Wave::address))
            .collect();
        assert_eq!(lies[..1], addresses[..1], "the first is mapped at once");
        port.miniport().advance(120);
        port.service();
        assert_eq!(heard(port.miniport()).len(), 120);
        let home: Vec<usize> = std::iter::from_fn(|| port.take_home())
            .map(|it| it.address())
            .collect();
        assert_eq!(home, addresses[..1]);
        let second = port.mappings().sound(2).map(Wave::address);
        assert_eq!(second, Some(addresses[1]), "half of it is played");
        let refused = port.mappings().release_mapping(3);
        assert_eq!(refused, Err(Status::InvalidParameter), "out of order");
        port.miniport().advance(230);
        port.service();
        assert_eq!(*heard(port.miniport()).last().unwrap(), 350.0);
        assert!(port.mappings().is_empty());
    }

    #[test]
    fn pcl_6_stop_takes_every_mapping_back() {
        let mut port = pci(LabWave::new(FORMAT, 10_000));
        for at in 0..3 {
            assert!(port.bring(sound(at, 100)).is_ok());
        }
        port.miniport().advance(50);
        port.service();
        port.set_state(State::Stop).unwrap();
        assert!(port.mappings().is_empty() && port.miniport().mapped.is_empty());
        assert_eq!(std::iter::from_fn(|| port.take_home()).count(), 3);
        let mut full = pci(LabWave::new(FORMAT, 10_000));
        full.set_state(State::Pause).unwrap();
        for at in 0..16 {
            assert!(full.bring(sound(at, 10)).is_ok());
        }
        assert!(full.bring(sound(0, 10)).is_err(), "given back");
    }

    #[test]
    fn svc_3_a_miniport_hands_its_group_over_when_it_begins_or_there_is_no_stream() {
        let without = WaveCyclicPort::new(counter(false), &FORMAT, 10);
        assert_eq!(without.err(), Some(Status::InvalidDeviceState));
        let mut twice = Interrupts::default();
        let group = || Arc::new(ServiceGroup::default());
        assert_eq!(twice.register_service_group(group()), Ok(()));
        assert_eq!(
            twice.register_service_group(group()),
            Err(Status::InvalidParameter)
        );
    }
}
