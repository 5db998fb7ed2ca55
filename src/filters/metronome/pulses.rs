//! MIDI clock: 24 pulses a beat, with Start where the beats begin and Continue anywhere else.
//!
//! Continue comes with the first pulse of a sixteenth, since a song position pointer knows nothing finer; pulses before it
//! keep who listens in time. Stop on a jump is sent here, Stop of the graph by whoever speaks to the device.

use super::Span;
use super::ticks::Ticks;

/// Pulses in a beat, and in a sixteenth, which song positions are counted in.
const PARTS: u32 = 24;
const SIXTEENTH: u64 = 6;
/// The last sixteenth that a song position pointer can name.
const LAST: u64 = 0x3FFF;

const PULSE: u8 = 0xF8;
const START: u8 = 0xFA;
const CONTINUE: u8 = 0xFB;
const STOP: u8 = 0xFC;
const POSITION: u8 = 0xF2;

/// Whether those who listen have been told to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Going {
    No,
    Yes,
    /// They go, and are elsewhere now.
    Elsewhere,
}

/// The pulses of a metronome.
pub(super) struct Pulses {
    ticks: Ticks,
    going: Going,
}

impl Pulses {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            ticks: Ticks::new(rate_hz),
            going: Going::No,
        }
    }

    /// From the beginning again.
    pub(super) fn reset(&mut self) {
        self.ticks.reset();
        self.going = Going::No;
    }

    /// The graph stands: those who listen are told so by others.
    pub(super) fn pause(&mut self) {
        self.going = Going::No;
    }

    pub(super) fn seek(&mut self, sample: u64, tempo: f64) {
        self.ticks.seek(sample, tempo, PARTS, 1);
        if self.going == Going::Yes {
            self.going = Going::Elsewhere;
        }
    }

    pub(super) fn set(&mut self, tempo: f64) {
        self.ticks.set(tempo, PARTS);
    }

    /// Goes on over a cycle. `give` gets each message with its sample, in order.
    pub(super) fn advance(&mut self, span: Span, mut give: impl FnMut(u64, &[u8])) {
        if self.going == Going::Elsewhere {
            give(span.position, &[STOP]);
            self.going = Going::No;
        }
        let (mut number, going) = (self.ticks.count(PARTS), &mut self.going);
        self.ticks.advance(span.len, 1, |at, _| {
            let sample = span.position + at as u64;
            let sixteenth = number / SIXTEENTH;
            if *going == Going::No && number.is_multiple_of(SIXTEENTH) && sixteenth <= LAST {
                if number == 0 {
                    give(sample, &[START]);
                } else {
                    let (low, high) = (sixteenth & 0x7F, sixteenth >> 7);
                    give(sample, &[POSITION, low as u8, high as u8]);
                    give(sample, &[CONTINUE]);
                }
                *going = Going::Yes;
            }
            give(sample, &[PULSE]);
            number += 1;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of `len` samples from `position`, cut as told.
    fn heard(pulses: &mut Pulses, position: u64, cuts: &[usize]) -> Vec<(u64, Vec<u8>)> {
        let (mut at, mut all) = (position, vec![]);
        for len in cuts {
            let span = Span {
                position: at,
                len: *len,
                rate_hz: 48_000,
            };
            pulses.set(120.0);
            pulses.advance(span, |sample, bytes| all.push((sample, bytes.to_vec())));
            at += *len as u64;
        }
        all
    }

    #[test]
    fn pulses_are_even_and_begin_with_start() {
        let whole = heard(&mut Pulses::new(48_000), 0, &[24_000]);
        assert_eq!(whole[0], (0, vec![START]));
        let places: Vec<u64> = whole[1..].iter().map(|it| it.0).collect();
        assert_eq!(places, (0..24).map(|n| n * 1_000).collect::<Vec<u64>>());
        assert!(whole[1..].iter().all(|it| it.1 == [PULSE]));
        let cut = heard(&mut Pulses::new(48_000), 0, &[1, 999, 1, 7_000, 15_999]);
        assert_eq!(whole, cut);
    }

    #[test]
    fn a_jump_stops_names_the_sixteenth_and_goes_on_there() {
        let mut pulses = Pulses::new(48_000);
        heard(&mut pulses, 0, &[500]);
        // Between the second and the third sixteenth of the fifth beat.
        pulses.seek(4 * 24_000 + 6_500, 120.0);
        let all = heard(&mut pulses, 102_500, &[8_000]);
        assert_eq!(all[0], (102_500, vec![STOP]));
        let told = all.iter().position(|it| it.1 == [CONTINUE]).unwrap();
        assert_eq!(all[told - 1], (108_000, vec![POSITION, 18, 0]));
        assert_eq!(
            (all[told].0, &all[told + 1]),
            (108_000, &(108_000, vec![PULSE]))
        );
        assert!(all[1..told - 1].iter().all(|it| it.1 == [PULSE]));
        assert_eq!(all[1].0, 103_000, "they are kept in time until then");
    }

    #[test]
    fn who_paused_continues_and_who_stopped_starts() {
        let mut pulses = Pulses::new(48_000);
        heard(&mut pulses, 0, &[12_000]);
        pulses.pause();
        let all = heard(&mut pulses, 12_000, &[6_001]);
        assert_eq!(all[0], (12_000, vec![POSITION, 2, 0]));
        assert_eq!(all[1], (12_000, vec![CONTINUE]));
        pulses.reset();
        assert_eq!(heard(&mut pulses, 0, &[10])[0], (0, vec![START]));
    }
}
