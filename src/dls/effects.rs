//! What the synthesizer's effects make of what channels send to them: a room and a chorus.

use crate::dsp::delay::DelayLine;
use crate::dsp::reverb::{Room, RoomShape};

const SHAPE: RoomShape = RoomShape {
    size: 0.6,
    decay_seconds: 1.6,
    damping: 0.45,
};
/// How loud the room is beside the sound that is sent to it.
const ROOM: f32 = 0.35;
/// The chorus: milliseconds around which its two delays swing, how far, and turns a second.
const CHORUS_MS: f64 = 12.0;
const CHORUS_SWING_MS: f64 = 2.0;
const CHORUS_HZ: f64 = 0.7;
const CHORUS: f32 = 0.5;
/// In which an effect is turned on or off.
const TURN_SECONDS: f64 = 0.02;
/// Seconds of silence after which there is nothing left of either.
const LONGEST: f64 = 6.0;

/// Both effects, from one channel to two.
pub(super) struct Effects {
    room: Room,
    chorus: DelayLine,
    /// Turns of the chorus.
    phase: f64,
    rate_hz: f64,
    /// Samples that something can still be heard for.
    left: u64,
    has_room: bool,
    has_chorus: bool,
    /// How much of each is heard: all or nothing, but for a moment when it is turned on or off.
    heard: [f32; 2],
}

impl Effects {
    pub(super) fn new(rate_hz: f64) -> Self {
        let longest = (CHORUS_MS + CHORUS_SWING_MS) / 1000.0 * rate_hz;
        let mut room = Room::new(rate_hz, 2);
        room.reset(SHAPE);
        Self {
            room,
            chorus: DelayLine::new(longest as usize + 4),
            phase: 0.0,
            rate_hz,
            left: 0,
            has_room: true,
            has_chorus: true,
            heard: [1.0; 2],
        }
    }

    pub(super) fn reset(&mut self) {
        self.room.reset(SHAPE);
        self.chorus.reset();
        (self.phase, self.left) = (0.0, 0);
        self.heard = [self.has_room, self.has_chorus].map(|it| f32::from(u8::from(it)));
    }

    /// Something is sent to them.
    pub(super) fn wake(&mut self) {
        self.left = (LONGEST * self.rate_hz) as u64;
    }

    /// Turns them on or off; what nobody hears turns at once.
    pub(super) fn set(&mut self, has_room: bool, has_chorus: bool) {
        (self.has_room, self.has_chorus) = (has_room, has_chorus);
        if !self.is_awake() {
            self.heard = [has_room, has_chorus].map(|it| f32::from(u8::from(it)));
        }
    }

    /// Whether it matters what is sent to them.
    pub(super) fn listens(&self) -> bool {
        self.has_room || self.has_chorus || self.heard != [0.0; 2]
    }

    /// Whether anything can be heard of them.
    pub(super) fn is_awake(&self) -> bool {
        self.left > 0
    }

    /// Goes on with turning an effect on or off; how much of it is heard.
    fn turn(&mut self, index: usize, is_on: bool) -> f32 {
        let step = 1.0 / (TURN_SECONDS * self.rate_hz) as f32;
        let to = if is_on { 1.0 } else { 0.0 };
        let now = &mut self.heard[index];
        *now = (to - *now).clamp(-step, step) + *now;
        *now
    }

    /// One sample: what is sent to the room and to the chorus becomes what is added left and right.
    pub(super) fn step(&mut self, room: f32, chorus: f32) -> (f32, f32) {
        self.left -= 1;
        let mut heard = (0.0, 0.0);
        // What was heard when it was turned off is not heard again when it is turned on.
        if self.heard[0] == 0.0 && self.has_room {
            self.room.reset(SHAPE);
        }
        let share = self.turn(0, self.has_room);
        if share > 0.0 {
            // What goes in begins softly, too: an echo of a sudden beginning is sudden.
            let mut sound = [[share * room]; 2];
            self.room.pass(&mut sound, 1);
            let loud = ROOM * share;
            heard = (loud * sound[0][0], loud * sound[1][0]);
        }
        if self.heard[1] == 0.0 && self.has_chorus {
            self.chorus.reset();
        }
        let share = self.turn(1, self.has_chorus);
        if share > 0.0 {
            self.phase += CHORUS_HZ / self.rate_hz;
            self.phase -= self.phase.floor();
            self.chorus.push(share * chorus);
            let swing = |phase: f64| {
                let phase = phase - phase.floor();
                // Two parabolas: as round as a sine, and the same on every machine.
                let half = 2.0 * phase - 1.0;
                4.0 * half * (1.0 - half.abs())
            };
            let delay =
                |phase| (CHORUS_MS + CHORUS_SWING_MS * swing(phase)) / 1000.0 * self.rate_hz;
            heard.0 += share * CHORUS * self.chorus.between(delay(self.phase));
            heard.1 += share * CHORUS * self.chorus.between(delay(self.phase + 0.25));
        }
        heard
    }
}
