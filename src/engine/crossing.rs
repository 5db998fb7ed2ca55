//! What crosses wires one end of which may wait: frames and events as they come out of a wire, the notes that sound on it,
//! the fades of both ends.
//!
//! What may cross in a cycle is decided by the state table (`hold.rs`).

use super::hold::{Holds, Link, Node};
use super::table::Tables;
use crate::ks::{HeldGroups, KernelEvent, Payload, flag, time_from_sample};

impl Holds {
    /// Lays what wires bring into the frames a filter reads. Whether the filter is to be called.
    pub(super) fn deliver(
        &mut self,
        node: u32,
        tables: &mut Tables,
        (position, len): (u64, usize),
        rate_hz: u32,
    ) -> bool {
        let is_active = self.nodes[node as usize].is_active;
        for at in self.nodes[node as usize].ins.clone() {
            let wire = self.wires[at] as usize;
            let writer = &self.nodes[self.links[wire].from as usize];
            let (early, late) = (writer.lag, self.nodes[node as usize].lag);
            let room = self.links[wire].room(&self.seats);
            let link = &mut self.links[wire];
            let Some(slot) = link.slot else { continue };
            let (payload, header) = (
                &mut tables.payloads[slot as usize],
                &mut tables.headers[slot as usize],
            );
            if link.is_written {
                link.flushes = header.flags & flag::FLUSHONPAUSE != 0;
            }
            if !link.is_read {
                if link.is_written
                    && room > 0
                    && let Payload::Wave(wave) = payload
                {
                    link.queue.push(&mut self.memory, wave);
                }
                payload.clear();
                continue;
            }
            if !link.is_written && !link.is_line {
                payload.clear();
                header.flags &= !flag::ENDOFSTREAM;
            }
            let is_last = header.is_end_of_stream();
            if link.is_written && link.held > 0 {
                header.time -= time_from_sample(link.held, rate_hz);
                // The last frame is the last when what waits ahead of it has gone.
                if is_last && link.ended < link.held {
                    header.flags &= !flag::ENDOFSTREAM;
                }
            }
            self.has_settled |= link.has_gap || link.is_to_release || link.releases_notes;
            if std::mem::take(&mut link.has_gap) {
                header.flags |= flag::DATADISCONTINUITY;
            }
            if is_last && link.is_written {
                link.ended += len as u64;
            }
            match payload {
                Payload::Wave(wave) => {
                    link.is_to_release = false;
                    if link.is_written && !link.is_line {
                        link.queue.turn(&mut self.memory, wave);
                    }
                    let fade = Fade::of(link, self.fade_len, position, rate_hz);
                    fade.apply(payload, position);
                }
                Payload::Events(events) => {
                    let now = time_from_sample(position.saturating_sub(late), rate_hz);
                    let shift = time_from_sample(late, rate_hz) - time_from_sample(early, rate_hz);
                    if shift != 0 {
                        for event in events.iter_mut() {
                            *event = event.at(event.time - shift);
                        }
                    }
                    if std::mem::take(&mut link.is_to_release) {
                        release(events, now);
                        link.releases_notes = true;
                    }
                    if std::mem::take(&mut link.releases_notes)
                        && let Some(held) = &mut link.notes
                    {
                        let_go(events, now, held);
                    }
                }
                _ => link.is_to_release = false,
            }
        }
        is_active
    }

    /// Follows the notes that come to a filter, so that none has to hang.
    pub(super) fn listen(&mut self, node: u32, tables: &Tables) {
        for &wire in &self.wires[self.nodes[node as usize].ins.clone()] {
            let link = &mut self.links[wire as usize];
            if let (Some(notes), Some(slot)) = (&mut link.notes, link.slot) {
                for event in tables.payloads[slot as usize].events() {
                    notes.follow(event);
                }
            }
        }
    }

    /// The wires that carry notes to a filter, and where their frames stand.
    pub(super) fn heard_by(&self, node: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let ins = &self.wires[self.nodes[node as usize].ins.clone()];
        ins.iter().filter_map(|&wire| {
            let link = &self.links[wire as usize];
            Some((wire, link.notes.as_ref().and(link.slot)?))
        })
    }

    /// Follows the notes of one wire.
    pub(super) fn follow(&mut self, link: u32, payload: &Payload) {
        if let Some(notes) = &mut self.links[link as usize].notes {
            payload
                .events()
                .iter()
                .for_each(|event| notes.follow(event));
        }
    }

    /// The same, in the frame where it stands.
    pub(super) fn listen_to(&mut self, link: u32, tables: &Tables) {
        if let Some(slot) = self.links[link as usize].slot {
            self.follow(link, &tables.payloads[slot as usize]);
        }
    }

    /// What is held on the wires behind these filters is let go with the next frame.
    pub(super) fn release(&mut self, of: impl Fn(&Node) -> bool) {
        for link in &mut self.links {
            let is_held = link.notes.as_ref().is_some_and(|it| !it.is_empty());
            link.releases_notes |= is_held && of(&self.nodes[link.from as usize]);
        }
    }

    /// What the writer of a delay line left, as it goes into the line.
    pub(super) fn store(&self, line: usize, payload: &mut Payload, position: u64, rate_hz: u32) {
        let link = &self.links[self.lines[line] as usize];
        if !link.is_written {
            payload.clear();
        }
        Fade::of(link, self.fade_len, position, rate_hz).apply(payload, position);
    }
}

/// What is held goes up, in front of all else.
fn let_go(events: &mut Vec<KernelEvent>, now: i64, held: &mut HeldGroups) {
    let mut at = 0;
    held.release(now, |event| {
        let has_room = events.len() < events.capacity();
        if has_room {
            events.insert(at, event);
            at += 1;
        }
        has_room
    });
}

/// Keys go up and pedals too, on all channels of all groups.
fn release(events: &mut Vec<KernelEvent>, now: i64) {
    const SUSTAIN: u8 = 64;
    const ALL_NOTES_OFF: u8 = 123;
    let mut at = 0;
    for channel in 0..16 {
        for control in [SUSTAIN, ALL_NOTES_OFF] {
            let event = KernelEvent::new(now, &[0xB0 | channel, control, 0]);
            if let Some(mut event) = event.filter(|_| events.len() < events.capacity()) {
                event.channel_group = 0;
                events.insert(at, event);
                at += 1;
            }
        }
    }
}

/// A straight line between silence and the whole, by the time of the graph: the same however a cycle is cut, at any rate.
struct Fade {
    /// Samples of the fade at position 0, and which way they count.
    base: f64,
    step: f64,
    whole: f64,
    rate_hz: u32,
    graph_rate_hz: u32,
    is_still: bool,
}

impl Fade {
    fn of(link: &Link, fade_len: u32, position: u64, graph_rate_hz: u32) -> Self {
        let step = if link.is_wanted { 1.0 } else { -1.0 };
        Self {
            base: f64::from(link.gain) - step * position as f64,
            step,
            whole: f64::from(fade_len.max(1)),
            rate_hz: link.rate_hz,
            graph_rate_hz,
            is_still: link.is_wanted && link.gain == fade_len,
        }
    }

    fn apply(&self, payload: &mut Payload, position: u64) {
        let Payload::Wave(wave) = payload else {
            return;
        };
        if self.is_still {
            return;
        }
        let first = crate::ks::samples_at(position, self.rate_hz, self.graph_rate_hz);
        let ratio = f64::from(self.graph_rate_hz) / f64::from(self.rate_hz.max(1));
        for channel in wave.channels_mut() {
            for (at, sample) in (first + 1..).zip(channel.iter_mut()) {
                let done = self.base + self.step * (at as f64 * ratio);
                *sample *= (done / self.whole).clamp(0.0, 1.0) as f32;
            }
        }
    }
}
