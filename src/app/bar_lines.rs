//! Where bars and beats fall in the graph's time: those of the song that plays, else those of a metronome.
//!
//! A song is where it would be had it played from the beginning at its present speed (`filters/midi_file_reader`), unless
//! its speed was changed on the way; then its own word counts, which is as exact as a cycle is long.

use super::View;
use super::places::Metre;
use super::telemetry::midi_file_reader as cells;
use crate::graph::FilterPath;
use crate::ks::{RATE_UNITY, RefTime, SongBeat, Value};

/// The filter whose songs have bars.
const READER: &str = "midi_file_reader";
/// What the song's own word may be off what is reckoned: some cycles.
const NEAR: RefTime = 1_500_000;
/// More lines than can be told apart are none.
const MOST: usize = 4_096;
/// 100 ns in a minute.
const MINUTE: f64 = 600_000_000.0;

/// The beginning of a beat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarLine {
    /// In the graph's time.
    pub time: RefTime,
    /// Its bar, from 1.
    pub bar: u32,
    /// Which beat of it, from 1.
    pub beat: u8,
}

/// Bars and beats of a stretch of time.
#[derive(Default)]
pub struct BarLines {
    lines: Vec<BarLine>,
    /// How much further a song is than reckoned.
    offset: RefTime,
}

/// A song on its way through the graph.
struct Way<'a> {
    beats: &'a [SongBeat],
    duration: RefTime,
    /// Time of the song in a time of the graph.
    pace: f64,
    is_looping: bool,
    /// Where it says that it is.
    says: Option<RefTime>,
}

fn way<'a>(view: &'a View<'_>, path: &FilterPath) -> Option<Way<'a>> {
    let filter = view.wiring.filters.get(path)?;
    let song = view.song(path).filter(|song| !song.beats.is_empty())?;
    let number = |key: &str| filter.values.get(key).and_then(Value::number);
    let pace = number("speed").unwrap_or(100.0) / 100.0;
    let rate = f64::from(view.transport().speed) / f64::from(RATE_UNITY);
    let says = view.telemetry(path).map(|it| it.get(cells::POSITION));
    let says = says.map(|seconds| (f64::from(seconds) * 1e7) as RefTime);
    Some(Way {
        beats: &song.beats,
        duration: song.duration,
        pace: pace * rate,
        is_looping: filter.values.get("loop") == Some(&Value::Flag(true)),
        says: says.filter(|at| (1..song.duration).contains(at)),
    })
}

impl BarLines {
    /// Looks where they fall between two times of the graph, at a moment.
    pub fn look(&mut self, view: &View<'_>, now: RefTime, from: RefTime, to: RefTime) {
        self.lines.clear();
        let readers = view.wiring.filters.iter();
        let mut readers = readers.filter(|(_, it)| it.key == READER);
        if let Some(way) = readers.find_map(|(path, _)| way(view, path)) {
            self.follow(&way, now, from, to);
        } else if let Some(metre) = view.metre() {
            self.beat(metre, from, to);
        }
        if self.lines.len() >= MOST {
            self.lines.clear();
        }
    }

    /// All of them, in order.
    pub fn lines(&self) -> &[BarLine] {
        &self.lines
    }

    /// The bar and beat that a time lies in.
    pub fn at(&self, time: RefTime) -> Option<(u32, u8)> {
        let behind = self.lines.partition_point(|line| line.time <= time);
        let line = self.lines.get(behind.checked_sub(1)?)?;
        Some((line.bar, line.beat))
    }

    fn follow(&mut self, way: &Way<'_>, now: RefTime, from: RefTime, to: RefTime) {
        let round = way.duration.max(1);
        let reckoned = (now as f64 * way.pace) as RefTime;
        let mut off = way.says.map_or(0, |says| {
            let place = match way.is_looping {
                true => reckoned.rem_euclid(round),
                false => reckoned,
            };
            says - place
        });
        if way.is_looping && off.abs() > round / 2 {
            off -= round * off.signum();
        }
        if off.abs() < NEAR {
            self.offset = 0;
        } else if (off - self.offset).abs() >= NEAR {
            self.offset = off;
        }
        let offset = self.offset;
        let song = |graph: RefTime| (graph as f64 * way.pace) as RefTime + offset;
        let graph = |song: RefTime| ((song - offset) as f64 / way.pace.max(1e-6)) as RefTime;
        let rounds = match way.is_looping {
            true => song(from).div_euclid(round)..=song(to).div_euclid(round),
            false => 0..=0,
        };
        for begin in rounds.map(|number| number * round) {
            let first = way.beats.partition_point(|it| it.time + begin < song(from));
            // The one before the stretch is the beat that it begins in.
            let beats = way.beats.iter().skip(first.saturating_sub(1));
            for beat in beats.take_while(|it| it.time + begin <= song(to)) {
                if self.lines.len() >= MOST {
                    return;
                }
                self.lines.push(BarLine {
                    time: graph(beat.time + begin),
                    bar: beat.bar,
                    beat: beat.beat,
                });
            }
        }
    }

    fn beat(&mut self, metre: Metre, from: RefTime, to: RefTime) {
        let length = MINUTE / metre.tempo.max(1.0);
        let beats = u64::from(metre.beats.max(1));
        let first = (from as f64 / length).floor().max(0.0) as u64;
        for number in first.. {
            let time = (number as f64 * length).round() as RefTime;
            if time > to || self.lines.len() >= MOST {
                break;
            }
            self.lines.push(BarLine {
                time,
                bar: (number / beats + 1) as u32,
                beat: (number % beats + 1) as u8,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: RefTime = 10_000_000;

    /// Four beats of half a second.
    fn beats() -> Vec<SongBeat> {
        (0..4_u8)
            .map(|n| SongBeat {
                time: RefTime::from(n) * SECOND / 2,
                bar: 1 + u32::from(n / 2),
                beat: 1 + n % 2,
            })
            .collect()
    }

    fn seen(lines: &BarLines) -> Vec<(RefTime, u32, u8)> {
        let lines = lines.lines().iter();
        lines
            .map(|it| (it.time / 10_000, it.bar, it.beat))
            .collect()
    }

    fn way(beats: &[SongBeat], pace: f64, is_looping: bool, says: Option<RefTime>) -> Way<'_> {
        Way {
            beats,
            duration: 2 * SECOND,
            pace,
            is_looping,
            says,
        }
    }

    #[test]
    fn beats_lie_where_the_song_has_them_at_its_speed() {
        let (beats, mut lines) = (beats(), BarLines::default());
        lines.follow(&way(&beats, 1.0, false, None), 0, SECOND / 4, SECOND);
        assert_eq!(seen(&lines), [(0, 1, 1), (500, 1, 2), (1_000, 2, 1)]);
        assert_eq!(lines.at(SECOND / 4), Some((1, 1)));
        assert_eq!(lines.at(SECOND), Some((2, 1)));
        assert_eq!(lines.at(-1), None);
        let mut lines = BarLines::default();
        lines.follow(&way(&beats, 2.0, false, None), 0, 0, 9 * SECOND);
        let times: Vec<_> = seen(&lines).iter().map(|it| it.0).collect();
        assert_eq!(times, [0, 250, 500, 750], "and none behind its end");
    }

    #[test]
    fn a_song_that_goes_round_has_its_bars_in_each_round() {
        let (beats, mut lines) = (beats(), BarLines::default());
        let now = 3 * SECOND;
        // A cycle more or less in what it says is nothing.
        let says = Some(SECOND + 400_000);
        lines.follow(&way(&beats, 1.0, true, says), now, now, 5 * SECOND);
        let wanted = [
            (2_500, 1, 2),
            (3_000, 2, 1),
            (3_500, 2, 2),
            (4_000, 1, 1),
            (4_500, 1, 2),
            (5_000, 2, 1),
        ];
        assert_eq!(seen(&lines), wanted);
    }

    #[test]
    fn where_its_speed_was_changed_on_the_way_its_own_word_counts() {
        let (beats, mut lines) = (beats(), BarLines::default());
        let now = 10 * SECOND;
        let says = Some(SECOND / 4);
        lines.follow(&way(&beats, 1.0, false, says), now, now, now + SECOND);
        let times: Vec<_> = seen(&lines).iter().map(|it| it.0).collect();
        assert_eq!(times, [9_750, 10_250, 10_750]);
    }

    #[test]
    fn a_metronome_counts_from_the_beginning() {
        let mut lines = BarLines::default();
        let metre = Metre {
            tempo: 60.0,
            beats: 3,
        };
        lines.beat(metre, 3 * SECOND + 1, 5 * SECOND);
        assert_eq!(seen(&lines), [(3_000, 2, 1), (4_000, 2, 2), (5_000, 2, 3)]);
    }
}
