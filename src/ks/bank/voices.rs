//! The voices of a synthesizer, each in a cell that the audio thread fills and a screen reads: the latest state wins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How a voice sounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum VoiceStage {
    /// A key or a pedal holds it.
    #[default]
    Held = 1,
    /// It was let go of.
    Released = 2,
    /// It was cut, and is gone within milliseconds.
    Cut = 3,
}

/// A voice as it was when it was shown last.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct VoiceSeen {
    /// Its place among all.
    pub place: usize,
    /// Number of the bank it plays: see [`super::BankDesk::sheet`].
    pub serial: u8,
    /// Place of its instrument there.
    pub instrument: u16,
    /// Place of its region in the instrument.
    pub region: u16,
    /// Place of its channel, sixteen a group; one behind all is struck by hand.
    pub channel: u8,
    /// The key that is played.
    pub key: u8,
    /// 1 to 127.
    pub velocity: u8,
    /// How it sounds.
    pub stage: VoiceStage,
    /// Where its envelope of loudness stands, as amplitude.
    pub level: f32,
    /// Milliseconds since it began.
    pub age_millis: u32,
}

#[derive(Debug, Default)]
struct Cell {
    /// Who it is: 0 while it is silent.
    who: AtomicU64,
    /// Bits of the level above the age.
    how: AtomicU64,
    /// How often it was taken from a note that sounded.
    stolen: AtomicU32,
}

#[derive(Debug, Default)]
struct Cells {
    cells: Box<[Cell]>,
    stolen: AtomicU32,
    most: AtomicU32,
}

/// The cells. One thread writes.
#[derive(Clone, Debug, Default)]
pub struct VoiceCells(Arc<Cells>);

impl VoiceCells {
    /// For so many voices.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Cells {
            cells: (0..places).map(|_| Cell::default()).collect(),
            ..Cells::default()
        }))
    }

    /// Places for voices.
    pub fn places(&self) -> usize {
        self.0.cells.len()
    }

    /// A voice sounds, and its place was taken so often; out of range is ignored.
    pub fn show(&self, voice: &VoiceSeen, stolen: u32) {
        let Some(cell) = self.0.cells.get(voice.place) else {
            return;
        };
        let who = u64::from(voice.instrument)
            | u64::from(voice.region) << 16
            | u64::from(voice.key & 127) << 32
            | u64::from(voice.velocity & 127) << 39
            | u64::from(voice.channel & 127) << 46
            | u64::from(voice.serial) << 53
            | (voice.stage as u64) << 61;
        let how = u64::from(voice.level.to_bits()) << 32 | u64::from(voice.age_millis);
        cell.how.store(how, Ordering::Relaxed);
        cell.stolen.store(stolen, Ordering::Relaxed);
        cell.who.store(who, Ordering::Release);
    }

    /// Nothing sounds there.
    pub fn clear(&self, place: usize, stolen: u32) {
        if let Some(cell) = self.0.cells.get(place) {
            cell.who.store(0, Ordering::Release);
            cell.stolen.store(stolen, Ordering::Relaxed);
        }
    }

    /// So many sound, and so many were taken in all.
    pub fn count(&self, sounding: u32, stolen: u32) {
        self.0.most.fetch_max(sounding, Ordering::Relaxed);
        self.0.stolen.store(stolen, Ordering::Relaxed);
    }

    /// A new run begins.
    pub fn reset(&self) {
        self.0.most.store(0, Ordering::Relaxed);
        for place in 0..self.places() {
            self.clear(place, 0);
        }
        self.0.stolen.store(0, Ordering::Relaxed);
    }

    /// The voices that sound, into `seen`.
    pub fn look(&self, seen: &mut Vec<VoiceSeen>) {
        seen.clear();
        let cells = self.0.cells.iter().enumerate();
        seen.extend(cells.filter_map(|(place, cell)| read(place, cell)));
    }

    /// How often each place was taken, into `stolen`.
    pub fn taken(&self, stolen: &mut Vec<u32>) {
        stolen.clear();
        let cells = self.0.cells.iter();
        stolen.extend(cells.map(|it| it.stolen.load(Ordering::Relaxed)));
    }

    /// Voices that were taken from notes that sounded, since the run began.
    pub fn stolen(&self) -> u32 {
        self.0.stolen.load(Ordering::Relaxed)
    }

    /// The most that sounded at a time since the run began.
    pub fn most(&self) -> u32 {
        self.0.most.load(Ordering::Relaxed)
    }
}

fn read(place: usize, cell: &Cell) -> Option<VoiceSeen> {
    let who = cell.who.load(Ordering::Acquire);
    let stage = match who >> 61 {
        1 => VoiceStage::Held,
        2 => VoiceStage::Released,
        3 => VoiceStage::Cut,
        _ => return None,
    };
    let how = cell.how.load(Ordering::Relaxed);
    Some(VoiceSeen {
        place,
        serial: (who >> 53) as u8,
        instrument: who as u16,
        region: (who >> 16) as u16,
        channel: (who >> 46 & 127) as u8,
        key: (who >> 32 & 127) as u8,
        velocity: (who >> 39 & 127) as u8,
        stage,
        level: f32::from_bits((how >> 32) as u32),
        age_millis: how as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_seen_whole() {
        let cells = VoiceCells::new(4);
        let voice = VoiceSeen {
            place: 2,
            serial: 255,
            instrument: 65_535,
            region: 40_000,
            channel: 64,
            key: 127,
            velocity: 127,
            stage: VoiceStage::Cut,
            level: 0.25,
            age_millis: 123_456,
        };
        cells.show(&voice, 3);
        cells.show(&VoiceSeen { place: 9, ..voice }, 0);
        cells.count(1, 3);
        let (mut seen, mut taken) = (vec![], vec![]);
        cells.look(&mut seen);
        cells.taken(&mut taken);
        assert_eq!((seen, taken), (vec![voice], vec![0, 0, 3, 0]));
        assert_eq!((cells.most(), cells.stolen()), (1, 3));
        cells.reset();
        let mut seen = vec![voice];
        cells.look(&mut seen);
        assert_eq!((seen.len(), cells.most(), cells.stolen()), (0, 0, 0));
    }
}
