//! Latency along the ways of a plan, and the delays that make branches meet in step.
//!
//! A wire's latency is what lies between a sound at the beginning of the longest way to it and the same sound on it.
//! Where several ways meet in one filter and the graph wishes it, the shorter ones wait: a delay stands on their wire,
//! right behind who writes it, in the frame it is written in. Notes wait as sound does, each until its own new time,
//! so that they meet the sound they belong to. What passes through a deferred pin has its own time (`line.rs`) and
//! begins at none here; ticks of a clock tell the graph's time, not the sound's, and are not held.

use std::collections::VecDeque;

use super::spec::Spec;
use crate::ks::{
    DataFlow, EVENT_CAPACITY, KernelEvent, Kind, Payload, RefTime, sample_from_time,
    time_from_sample,
};

/// What waits on a wire, always as long.
#[derive(Debug)]
pub(super) struct Align {
    /// Identity of the wire.
    id: u64,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// As many samples at any time.
    Sound {
        /// One run of `len` samples a channel.
        memory: Box<[f32]>,
        len: usize,
        /// Place of the oldest sample.
        oldest: usize,
    },
    /// Events, at the times they are given back at.
    Events {
        queue: VecDeque<KernelEvent>,
        /// By how much each is later than it came.
        by: RefTime,
    },
}

/// Events that may wait on a wire from one cycle to the next. What comes beyond is given back early rather than never.
const ROOM: usize = EVENT_CAPACITY;

impl Align {
    /// An empty one for a wire of a layout; `None` where nothing waits.
    pub(super) fn new(spec: &Spec, wire: usize) -> Option<Self> {
        let it = &spec.wires[wire];
        if it.align == 0 {
            return None;
        }
        let waiting = match (it.format().kind(), it.format().audio) {
            (Kind::Audio, Some(audio)) => {
                let rates = (u64::from(audio.rate_hz), u64::from(spec.rate_hz.max(1)));
                let len = ((it.align as u64 * rates.0 + rates.1 / 2) / rates.1) as usize;
                if len == 0 {
                    return None;
                }
                let memory = vec![0.0; len * audio.channels as usize].into_boxed_slice();
                let oldest = 0;
                Waiting::Sound {
                    memory,
                    len,
                    oldest,
                }
            }
            (Kind::Events | Kind::Midi, _) => Waiting::Events {
                // And those of a cycle, for the moment in between.
                queue: VecDeque::with_capacity(ROOM + EVENT_CAPACITY),
                by: time_from_sample(it.align as u64, spec.rate_hz),
            },
            _ => return None,
        };
        let id = spec.ids[wire];
        Some(Self { id, waiting })
    }

    /// Takes what stands in the frame, and leaves what is due before sample `end` of the graph.
    pub(super) fn pass(&mut self, payload: &mut Payload, end: u64, rate_hz: u32) {
        match (&mut self.waiting, payload) {
            (
                Waiting::Sound {
                    memory,
                    len,
                    oldest,
                },
                Payload::Wave(wave),
            ) => {
                let count = wave.len();
                for (channel, memory) in wave.channels_mut().zip(memory.chunks_exact_mut(*len)) {
                    let mut at = *oldest;
                    for sample in channel {
                        std::mem::swap(sample, &mut memory[at]);
                        at = if at + 1 == *len { 0 } else { at + 1 };
                    }
                }
                *oldest = (*oldest + count) % *len;
            }
            (Waiting::Events { queue, by }, Payload::Events(events)) => {
                hold(queue, *by, events, end, rate_hz);
            }
            _ => {}
        }
    }

    /// What waits goes over to the same wire of the next plan.
    fn hand_over(&mut self, next: &mut Self) {
        use Waiting::{Events, Sound};
        let is_same = match (&self.waiting, &next.waiting) {
            (Sound { memory: old, .. }, Sound { memory: new, .. }) => old.len() == new.len(),
            (Events { by: old, .. }, Events { by: new, .. }) => old == new,
            _ => false,
        };
        if is_same {
            std::mem::swap(&mut self.waiting, &mut next.waiting);
        }
    }

    /// Time goes back by so many samples: what waits is due as soon as it was.
    pub(super) fn turn(&mut self, by: u64, rate_hz: u32) {
        if let Waiting::Events { queue, .. } = &mut self.waiting {
            let back = time_from_sample(by, rate_hz);
            for event in queue {
                *event = event.at(event.time - back);
            }
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        match &mut self.waiting {
            Waiting::Sound { memory, oldest, .. } => {
                memory.fill(0.0);
                *oldest = 0;
            }
            Waiting::Events { queue, .. } => queue.clear(),
        }
    }
}

/// Puts the events of a frame behind those that wait, and into the frame those whose time has come.
fn hold(
    queue: &mut VecDeque<KernelEvent>,
    by: RefTime,
    events: &mut Vec<KernelEvent>,
    end: u64,
    rate_hz: u32,
) {
    // What has no room pushes the oldest out: the end of a note must not be lost, or it would sound for ever.
    let mut surplus = (queue.len() + events.len()).saturating_sub(ROOM);
    let last = time_from_sample(end.saturating_sub(1), rate_hz);
    queue.extend(events.drain(..).map(|it| it.at(it.time + by)));
    while events.len() < events.capacity()
        && let Some(&event) = queue.front()
    {
        match sample_from_time(event.time, rate_hz) < end {
            true => events.push(event),
            false if surplus > 0 => events.push(event.at(last)),
            false => return,
        }
        surplus = surplus.saturating_sub(1);
        queue.pop_front();
    }
}

/// Lets wires that stay keep what waits on them. Both are in the order of identities.
pub(super) fn carry_over(old: &mut [Align], new: &mut [Align]) {
    let mut olds = old.iter_mut().peekable();
    for align in new {
        while olds.next_if(|it| it.id < align.id).is_some() {}
        if let Some(before) = olds.next_if(|it| it.id == align.id) {
            before.hand_over(align);
        }
    }
}

/// Gives every wire its latency, and where `is_wished` those that are ahead of others the delay that brings them
/// together.
pub(super) fn lead(spec: &mut Spec, is_wished: bool) {
    let Spec {
        nodes,
        wires,
        rate_hz,
        ..
    } = spec;
    for node in nodes {
        let own = node.open.as_ref().map_or(0, |open| open.latency_samples);
        let inputs = || node.wires(DataFlow::In);
        let ahead = inputs().filter(|&wire| wires[wire].delay.is_none());
        let latest = ahead.map(|wire| wires[wire].latency).max().unwrap_or(0);
        if is_wished {
            for wire in inputs() {
                let wire = &mut wires[wire];
                let waits = matches!(
                    wire.format().kind(),
                    Kind::Audio | Kind::Events | Kind::Midi
                );
                if waits && !wire.is_hard_wired && wire.delay.is_none() {
                    wire.align = latest - wire.latency;
                }
            }
        }
        for wire in node.wires(DataFlow::Out) {
            // Sound that is cut anew comes one such frame later.
            let wire = &mut wires[wire];
            let cut = wire.cut.unwrap_or(0);
            let audio = wire.format().audio;
            let wire_rate = audio.map_or(0, |audio| audio.rate_hz as usize);
            let cut = (cut * *rate_hz as usize)
                .checked_div(wire_rate)
                .unwrap_or(0);
            wire.latency = latest + own + cut;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Wave;

    #[test]
    fn what_waits_comes_so_many_samples_later_however_it_is_cut() {
        let sound: Vec<f32> = (1..=60).map(|n| n as f32).collect();
        for cut in [1, 7, 13, 60] {
            let mut align = Align {
                id: 1,
                waiting: Waiting::Sound {
                    memory: vec![0.0; 10].into_boxed_slice(),
                    len: 10,
                    oldest: 0,
                },
            };
            let mut heard = vec![];
            for piece in sound.chunks(cut) {
                let mut wave = Wave::new(1, piece.len());
                wave.set_len(piece.len());
                wave.channel_mut(0).copy_from_slice(piece);
                let mut payload = Payload::Wave(wave);
                align.pass(&mut payload, 0, 48_000);
                heard.extend_from_slice(payload.wave().unwrap().channel(0));
            }
            assert_eq!(heard[..10], [0.0; 10]);
            assert_eq!(heard[10..], sound[..50], "{cut}");
        }
    }

    /// An `Align` for notes, with so many samples at 48 kHz.
    fn notes(samples: u64) -> Align {
        let waiting = Waiting::Events {
            queue: VecDeque::with_capacity(ROOM + EVENT_CAPACITY),
            by: time_from_sample(samples, 48_000),
        };
        Align { id: 1, waiting }
    }

    fn turn(align: &mut Align, events: &[KernelEvent], end: u64) -> Vec<KernelEvent> {
        let mut frame = Vec::with_capacity(EVENT_CAPACITY);
        frame.extend_from_slice(events);
        let mut payload = Payload::Events(frame);
        align.pass(&mut payload, end, 48_000);
        let Payload::Events(given) = payload else {
            panic!("a frame of another kind");
        };
        assert_eq!(given.capacity(), EVENT_CAPACITY, "nothing grows");
        given
    }

    #[test]
    fn notes_wait_until_their_own_sample_however_it_is_cut() {
        let at = [0, 1, 59, 60, 61, 299, 300, 301, 555];
        let all = at.map(|sample| {
            let time = time_from_sample(sample, 48_000);
            KernelEvent::new(time, &[0x90, 60, 64]).unwrap()
        });
        for cut in [1, 7, 60, 64, 1_000] {
            let mut align = notes(240);
            let mut heard = vec![];
            for begin in (0..1_000).step_by(cut) {
                let end = begin + cut as u64;
                let within =
                    |it: &&KernelEvent| (begin..end).contains(&sample_from_time(it.time, 48_000));
                let events: Vec<KernelEvent> = all.iter().filter(within).copied().collect();
                for event in turn(&mut align, &events, end) {
                    let sample = sample_from_time(event.time, 48_000);
                    assert!((begin..end).contains(&sample), "{sample} in {begin}..{end}");
                    heard.push(sample);
                }
            }
            assert_eq!(heard, at.map(|sample| sample + 240), "cut by {cut}");
        }
    }

    #[test]
    fn notes_that_find_no_room_come_early_and_none_is_lost() {
        let mut align = notes(48_000);
        let event = KernelEvent::new(0, &[0x80, 60, 64]).unwrap();
        let mut given = 0;
        for cycle in 1..=4 {
            let events = turn(&mut align, &[event; 3_000], cycle * 64);
            let is_within = |it: &KernelEvent| sample_from_time(it.time, 48_000) < cycle * 64;
            assert!(events.iter().all(is_within));
            given += events.len();
        }
        assert_eq!(given, 12_000 - ROOM);
        assert_eq!(turn(&mut align, &[], 1_000_000).len(), ROOM);
    }

    #[test]
    fn what_waits_stays_on_its_wire_over_a_change_of_plans() {
        let event = KernelEvent::new(0, &[0x90, 60, 64]).unwrap();
        let mut old = [notes(100)];
        turn(&mut old[0], &[event], 64);
        let mut new = [notes(100)];
        carry_over(&mut old, &mut new);
        assert_eq!(turn(&mut new[0], &[], 128).len(), 1);
        turn(&mut new[0], &[event], 192);
        let mut other = [notes(101)];
        carry_over(&mut new, &mut other);
        assert_eq!(turn(&mut other[0], &[], 640).len(), 0, "another way");
        new[0].clear();
        assert_eq!(turn(&mut new[0], &[], 640).len(), 0, "forgotten");
    }
}
