//! Where the bars and beats of a song fall, by its tempos and time signatures.

use super::tempo::TEMPO;
use super::{Signature, Song};

/// A beat of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// From the beginning, in units of 100 ns.
    pub time_100ns: u64,
    /// Its bar, from 1.
    pub bar: u32,
    /// Which beat of it, from 1.
    pub beat: u8,
}

/// No beat is shorter, in units of 100 ns: signatures may say anything.
const SHORTEST: f64 = 10_000.0;
/// So close to a signature a beat is meant to be on it: times are rounded to 100 ns.
const NEAR: f64 = 2.0;

impl Song {
    /// The first `most` beats, up to its end. None of a file that counts frames of a film: those have no bars.
    #[must_use]
    pub fn beats(&self, most: usize) -> Vec<Beat> {
        let mut all = vec![];
        if self.is_timecode {
            return all;
        }
        let end = self.duration_100ns as f64;
        let (mut tempo, mut beats, mut note) = (TEMPO, 4, 4);
        let (mut bar, mut beat) = (1, 1);
        // Up to where they are laid, and how much of a beat is left from there to the next.
        let (mut from, mut left) = (0.0, 0.0);
        let changes = self.signatures.iter().map(|it| (it.0 as f64, Some(it.1)));
        for (to, change) in changes.chain([(end, None)]) {
            let length = f64::from(tempo) * 40.0 / f64::from(note);
            let length = length.max(SHORTEST);
            while from + left * length + NEAR < to {
                if all.len() >= most {
                    return all;
                }
                let time_100ns = (from + left * length).round() as u64;
                all.push(Beat {
                    time_100ns,
                    bar,
                    beat,
                });
                left += 1.0;
                (bar, beat) = match beat >= beats {
                    true => (bar + 1, 1),
                    false => (bar, beat + 1),
                };
            }
            left = (left - (to - from) / length).max(0.0);
            from = to;
            match change {
                Some(Signature::Tempo(micros)) => tempo = micros,
                Some(Signature::Time {
                    beats: count,
                    note: of,
                }) => {
                    (beats, note) = (count.max(1), of.max(1));
                    // A signature begins a bar, wherever it stands.
                    left = 0.0;
                    (bar, beat) = (bar + u32::from(beat > 1), 1);
                }
                _ => {}
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song(signatures: &[(u64, Signature)], millis: u64) -> Song {
        Song {
            signatures: signatures
                .iter()
                .map(|(at, it)| (at * 10_000, *it))
                .collect(),
            duration_100ns: millis * 10_000,
            ..Song::default()
        }
    }

    fn beats(song: &Song) -> Vec<(u64, u32, u8)> {
        let all = song.beats(100).into_iter();
        all.map(|it| (it.time_100ns / 10_000, it.bar, it.beat))
            .collect()
    }

    const WALTZ: Signature = Signature::Time { beats: 3, note: 4 };

    #[test]
    fn without_a_word_there_are_four_beats_of_half_a_second() {
        let wanted = [(0, 1, 1), (500, 1, 2), (1_000, 1, 3), (1_500, 1, 4)];
        assert_eq!(beats(&song(&[], 2_000)), wanted);
        assert_eq!(song(&[], 200_000).beats(7).len(), 7);
        let film = Song {
            is_timecode: true,
            ..song(&[], 2_000)
        };
        assert_eq!(beats(&film), []);
    }

    #[test]
    fn a_tempo_counts_from_where_it_stands_in_mid_beat_too() {
        // Half a beat at 120, the other half at 60.
        let song = song(&[(250, Signature::Tempo(1_000_000))], 2_000);
        assert_eq!(beats(&song), [(0, 1, 1), (750, 1, 2), (1_750, 1, 3)]);
    }

    #[test]
    fn a_signature_begins_a_bar() {
        let eighths = Signature::Time { beats: 6, note: 8 };
        let found = beats(&song(&[(0, WALTZ), (1_500, eighths)], 2_300));
        let wanted = [
            (0, 1, 1),
            (500, 1, 2),
            (1_000, 1, 3),
            (1_500, 2, 1),
            (1_750, 2, 2),
            (2_000, 2, 3),
            (2_250, 2, 4),
        ];
        assert_eq!(found, wanted);
        let early = beats(&song(&[(700, WALTZ)], 1_000));
        assert_eq!(early, [(0, 1, 1), (500, 1, 2), (700, 2, 1)]);
    }

    #[test]
    fn whatever_signatures_say_it_ends() {
        let odd = Signature::Time {
            beats: 0,
            note: 1 << 31,
        };
        let song = song(&[(0, odd), (0, Signature::Tempo(1)), (5, odd)], 86_400_000);
        assert_eq!(song.beats(10_000).len(), 10_000);
    }
}
