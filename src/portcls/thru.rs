//! What filters that pass notes on have in common: an outbox that waits for room, and a map that sends the end of a note
//! where its beginning went, whatever was set in between.

use std::collections::VecDeque;

use crate::ks::{EVENT_CAPACITY, Held, Input, KernelEvent, Payload, RefTime, flag};

/// Events on their way out: what a frame has no room for waits, in order, for the next piece of the cycle.
pub struct Outbox {
    waiting: VecDeque<KernelEvent>,
    room: usize,
    dropped: u32,
}

impl Outbox {
    /// For what so many wires can bring in one piece.
    pub fn new(wires: usize) -> Self {
        let room = EVENT_CAPACITY * (wires + 1);
        Self {
            waiting: VecDeque::with_capacity(room),
            room,
            dropped: 0,
        }
    }

    /// Hands on what waits: once at the beginning of each cycle.
    pub fn begin(&mut self, payload: &mut Payload) {
        if !matches!(payload, Payload::Events(_)) {
            // Nobody listens.
            self.waiting.clear();
        }
        while let Some(event) = self.waiting.front() {
            if !payload.push_event(*event) {
                return;
            }
            self.waiting.pop_front();
        }
    }

    /// Hands one on.
    pub fn put(&mut self, payload: &mut Payload, event: KernelEvent) {
        if !matches!(payload, Payload::Events(_))
            || (self.waiting.is_empty() && payload.push_event(event))
        {
            return;
        }
        let is_note_on = event.bytes()[0] & 0xF0 == 0x90;
        let room = if is_note_on {
            self.room - self.room / 8
        } else {
            self.room
        };
        if self.waiting.len() < room {
            self.waiting.push_back(event);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Events that found no room.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

/// Sees when what an input has held is to be released: it goes on as another wire, or something is missing.
#[derive(Default)]
pub struct Watch(u64);

impl Watch {
    /// Whether the input broke off since it was looked at last.
    pub fn is_broken(&mut self, input: &Input<'_>) -> bool {
        let before = std::mem::replace(&mut self.0, input.wire);
        (before != 0 && before != input.wire) || input.header.flags & flag::DATADISCONTINUITY != 0
    }
}

/// What passed an input as it is and is down, so that it ends when the input breaks off.
#[derive(Default)]
pub struct Passing {
    held: Held,
    watch: Watch,
}

impl Passing {
    /// Ends what an input held that broke off: once at the beginning of each cycle.
    pub fn begin(
        &mut self,
        input: &Input<'_>,
        time: RefTime,
        out: &mut Outbox,
        payload: &mut Payload,
    ) {
        if !self.watch.is_broken(input) {
            return;
        }
        self.held.release(|message| {
            if let Some(event) = KernelEvent::new(time, &message) {
                out.put(payload, event);
            }
            true
        });
    }

    /// Follows what passes.
    pub fn follow(&mut self, event: &KernelEvent) {
        self.held.follow(event.bytes());
    }
}

/// Groups of sixteen channels that are told apart.
const GROUPS: usize = 4;
const CHANNELS: usize = GROUPS * 16;

/// Where the beginning of a note went.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    way: u8,
    channel: u8,
    key: u8,
}

#[derive(Clone, Copy, Default)]
struct Note {
    place: Place,
    /// How often it was begun.
    count: u8,
    /// It began and was not let through.
    is_kept_back: bool,
}

/// Where pedals went down.
#[derive(Clone, Copy, Default)]
struct Pedal(Option<(u8, u8)>);

/// Pedals that are followed: sustain and sostenuto.
const PEDALS: [u8; 2] = [64, 66];

/// Remembers of every note where it went, so that it ends there. See the module's header.
pub struct NoteMap {
    notes: Box<[Note]>,
    pedals: [[Pedal; 2]; CHANNELS],
}

impl Default for NoteMap {
    fn default() -> Self {
        Self {
            notes: vec![Note::default(); CHANNELS * 128].into(),
            pedals: [[Pedal::default(); 2]; CHANNELS],
        }
    }
}

/// What becomes of an event: the way it goes, and what it is there; `None`: it does not.
pub type Fate = Option<(u8, KernelEvent)>;

impl NoteMap {
    /// Passes one event. `map` says what becomes of it as things are set now; the ends of notes and pedals go where their
    /// beginnings went all the same. `out` takes what goes out, and where.
    pub fn pass(
        &mut self,
        event: &KernelEvent,
        mut map: impl FnMut(&KernelEvent) -> Fate,
        mut out: impl FnMut(u8, KernelEvent),
    ) {
        let bytes = event.bytes();
        let status = bytes[0];
        let channel = channel_of(event);
        let fate = map(event);
        let (key, value) = match *bytes {
            [0x80..=0xBF, key, value] => (key & 127, value),
            _ => {
                if let Some((way, event)) = fate {
                    out(way, event);
                }
                return;
            }
        };
        let note = channel * 128 + usize::from(key);
        match status & 0xF0 {
            0x90 if value > 0 => {
                let place = fate.map(|(way, event)| Place {
                    way,
                    channel: event.bytes()[0] & 15,
                    key: event.bytes().get(1).copied().unwrap_or(0),
                });
                if self.notes[note].count > 0 && place != Some(self.notes[note].place) {
                    end(&mut self.notes[note], event, &mut out);
                }
                let note = &mut self.notes[note];
                note.is_kept_back = fate.is_none();
                if let (Some((way, event)), Some(place)) = (fate, place)
                    && note.count < u8::MAX
                {
                    note.place = place;
                    note.count += 1;
                    out(way, event);
                }
            }
            0x80 | 0x90 => {
                let note = &mut self.notes[note];
                if note.count > 0 {
                    note.count -= 1;
                    let place = note.place;
                    let bytes = [status & 0xF0 | place.channel, place.key, value];
                    out(place.way, event.with_bytes(&bytes));
                } else if !std::mem::take(&mut note.is_kept_back)
                    && let Some((way, event)) = fate
                {
                    out(way, event);
                }
            }
            0xA0 => {
                let note = self.notes[note];
                if note.count > 0 {
                    let bytes = [0xA0 | note.place.channel, note.place.key, value];
                    out(note.place.way, event.with_bytes(&bytes));
                } else if !note.is_kept_back
                    && let Some((way, event)) = fate
                {
                    out(way, event);
                }
            }
            _ => self.control(event, channel, (key, value), fate, out),
        }
    }

    /// A controller: pedals are followed, and what ends all notes ends those elsewhere too.
    fn control(
        &mut self,
        event: &KernelEvent,
        channel: usize,
        (controller, value): (u8, u8),
        fate: Fate,
        mut out: impl FnMut(u8, KernelEvent),
    ) {
        if let Some(which) = PEDALS.iter().position(|it| *it == controller) {
            let goes = fate.map(|(way, event)| (way, event.bytes()[0] & 15));
            let pedal = &mut self.pedals[channel][which];
            if let Some(there) = pedal.0
                && (value < 64 || goes != Some(there))
            {
                pedal.0 = None;
                let up = if value < 64 { value } else { 0 };
                out(there.0, event.with_bytes(&[0xB0 | there.1, controller, up]));
                if value < 64 {
                    return;
                }
            }
            if value >= 64 {
                pedal.0 = goes;
            }
        }
        if matches!(controller, 120 | 123..=127) {
            let goes = fate.map(|(way, event)| (way, event.bytes()[0] & 15));
            for note in &mut self.notes[channel * 128..][..128] {
                if note.count > 0 && goes != Some((note.place.way, note.place.channel)) {
                    end(note, event, &mut out);
                }
                *note = Note::default();
            }
        }
        if let Some((way, event)) = fate {
            out(way, event);
        }
    }

    /// Ends every note and pedal that went through, at a time.
    pub fn release(&mut self, time: RefTime, mut out: impl FnMut(u8, KernelEvent)) {
        for channel in 0..CHANNELS {
            for (which, controller) in PEDALS.into_iter().enumerate() {
                let pedal = self.pedals[channel][which].0.take();
                if let Some((way, to)) = pedal
                    && let Some(event) = in_group(channel, time, &[0xB0 | to, controller, 0])
                {
                    out(way, event);
                }
            }
            for note in &mut self.notes[channel * 128..][..128] {
                if note.count > 0
                    && let Some(event) = in_group(channel, time, &[0x80, 0, 64])
                {
                    end(note, &event, &mut out);
                }
                note.is_kept_back = false;
            }
        }
    }

    /// Forgets everything: whoever sounds these notes is stopped as well.
    pub fn clear(&mut self) {
        self.notes.fill(Note::default());
        self.pedals = [[Pedal::default(); 2]; CHANNELS];
    }
}

fn channel_of(event: &KernelEvent) -> usize {
    let group = usize::from(event.channel_group.max(1) - 1).min(GROUPS - 1);
    group * 16 + usize::from(event.bytes()[0] & 15)
}

fn in_group(channel: usize, time: RefTime, bytes: &[u8]) -> Option<KernelEvent> {
    let mut event = KernelEvent::new(time, bytes)?;
    event.channel_group = (channel / 16 + 1) as u16;
    Some(event)
}

/// Ends a note as often as it was begun.
fn end(note: &mut Note, like: &KernelEvent, out: &mut impl FnMut(u8, KernelEvent)) {
    let place = note.place;
    for _ in 0..std::mem::take(&mut note.count) {
        let off = like.with_bytes(&[0x80 | place.channel, place.key, 64]);
        out(place.way, off.joined(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(0, bytes).unwrap()
    }

    /// Passes messages, each with the transposition and channel that are set then.
    fn passed(messages: &[(&[u8], i16, u8)]) -> Vec<Vec<u8>> {
        let mut map = NoteMap::default();
        let mut out = vec![];
        for (bytes, shift, channel) in messages {
            map.pass(
                &event(bytes),
                |event| {
                    let mut bytes = event.bytes().to_vec();
                    bytes[0] = bytes[0] & 0xF0 | channel;
                    if bytes[0] < 0xB0 {
                        bytes[1] = u8::try_from(i16::from(bytes[1]) + shift).ok()?;
                    }
                    Some((0, event.with_bytes(&bytes)))
                },
                |_, event| out.push(event.bytes().to_vec()),
            );
        }
        map.release(0, |_, event| out.push(event.bytes().to_vec()));
        out
    }

    #[test]
    fn a_note_ends_where_it_began() {
        assert_eq!(
            passed(&[(&[0x90, 60, 9], 5, 0), (&[0x80, 60, 8], 7, 3)]),
            [[0x90, 65, 9], [0x80, 65, 8]]
        );
        // Begun again at another place: the first one ends there.
        assert_eq!(
            passed(&[
                (&[0x90, 60, 9], 5, 0),
                (&[0x90, 60, 9], 7, 0),
                (&[0x90, 60, 0], 9, 0)
            ]),
            [[0x90, 65, 9], [0x80, 65, 64], [0x90, 67, 9], [0x90, 67, 0]]
        );
        // Twice at the same place ends twice.
        let twice = passed(&[(&[0x90, 60, 9], 5, 0), (&[0x90, 60, 9], 5, 0)]);
        assert_eq!(twice[2..], [[0x80, 65, 64], [0x80, 65, 64]]);
        // What was not let through has no end either; an end alone passes.
        assert_eq!(
            passed(&[
                (&[0x90, 60, 9], -61, 0),
                (&[0x80, 60, 9], 0, 0),
                (&[0x80, 60, 9], 1, 0)
            ]),
            [[0x80, 61, 9]]
        );
        assert_eq!(
            passed(&[(&[0x90, 60, 9], 1, 2), (&[0xA0, 60, 5], 3, 4)])[1],
            [0xA2, 61, 5]
        );
    }

    #[test]
    fn pedals_and_messages_for_all_notes_reach_those_elsewhere() {
        assert_eq!(
            passed(&[(&[0xB0, 64, 127], 0, 2), (&[0xB0, 64, 0], 0, 3)]),
            [[0xB2, 64, 127], [0xB2, 64, 0]]
        );
        assert_eq!(
            passed(&[(&[0x90, 60, 9], 0, 2), (&[0xB0, 123, 0], 0, 3)]),
            [[0x92, 60, 9], [0x82, 60, 64], [0xB3, 123, 0]]
        );
        assert_eq!(
            passed(&[(&[0x90, 60, 9], 0, 2), (&[0xB0, 66, 127], 0, 2)]),
            [
                [0x92, 60, 9],
                [0xB2, 66, 127],
                [0xB2, 66, 0],
                [0x82, 60, 64]
            ]
        );
    }

    #[test]
    fn what_finds_no_room_waits_in_order_and_ends_of_notes_have_room_last() {
        let mut outbox = Outbox::new(0);
        let mut full = Payload::Events(Vec::with_capacity(2));
        for key in 0..5 {
            outbox.put(&mut full, event(&[0x90, key, 1]));
        }
        let keys = |payload: &Payload| -> Vec<u8> {
            payload.events().iter().map(|it| it.bytes()[1]).collect()
        };
        assert_eq!(keys(&full), [0, 1]);
        full.clear();
        outbox.begin(&mut full);
        assert_eq!(keys(&full), [2, 3]);
        for _ in 0..10_000 {
            outbox.put(&mut full, event(&[0x90, 1, 1]));
        }
        let dropped = outbox.dropped();
        assert!(dropped > 0);
        outbox.put(&mut full, event(&[0x80, 1, 1]));
        assert_eq!(outbox.dropped(), dropped);
    }
}
