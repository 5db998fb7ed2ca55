//! Bars, bells and tubes, mode by mode: programs 9 to 16, and what else is struck and tuned.

use crate::clay::{Clay, Partial, Span, band, hz};
use crate::model::{Art, Bank, Layer, STRUCK, Wave};
use crate::pluck::{PLUCK, Pluck};

/// A mode of a bar: times the pitch, how loud, how much faster it dies than the first.
pub(crate) type Mode = (f64, f64, f64);

/// A bar, and what strikes it.
pub(crate) struct Bar {
    pub(crate) name: &'static str,
    pub(crate) modes: &'static [Mode],
    pub(crate) span: Span,
    /// Noise of the stroke: loudness, Hz, dB a second.
    pub(crate) stroke: (f64, f64, f64),
    pub(crate) art: Art,
}

impl Bar {
    pub(crate) fn wave(&self, key: u8) -> Wave {
        let (f, fall) = (hz(key.into()), self.art.fall_at(key.into()));
        let all: Vec<Partial> = self
            .modes
            .iter()
            .map(|(ratio, amp, faster)| {
                let it = Partial::new(f * ratio, *amp, fall * faster);
                // What is gone soon need not close on itself.
                if *faster > 2.5 { it.passing() } else { it }
            })
            .collect();
        let mut clay = Clay::new(key, self.span);
        clay.partials(u64::from(key), fall, &all);
        let (rms, at, falls) = self.stroke;
        clay.burst(u64::from(key) + 7, rms, 0.0006, falls, |f| band(f, at, 1.8));
        clay.bright_to(30_000.0).done(self.name)
    }
}

const SHORT: Span = Span {
    rate: 32_000.0,
    pre: 0.28,
    cycle: 0.02,
};

pub(crate) fn add(bank: &mut Bank) {
    let bars = [
        (
            8,
            Bar {
                name: "Celesta",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (2.0, 0.1, 1.6),
                    (4.02, 0.24, 3.0),
                    (6.3, 0.06, 5.0),
                    (10.6, 0.05, 9.0),
                ],
                span: SHORT,
                stroke: (0.035, 1_600.0, 500.0),
                art: Art {
                    fall: 17.0,
                    fall_by_key: 0.45,
                    release: 1.2,
                    cutoff: 5_500.0,
                    cutoff_by_velocity: 3_600.0,
                    cutoff_by_key: 0.5,
                    ..STRUCK
                },
            },
            &[54_u8, 66, 78, 90][..],
        ),
        (
            9,
            Bar {
                name: "Glockenspiel",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (2.71, 0.42, 3.0),
                    (5.15, 0.3, 5.0),
                    (8.43, 0.16, 8.0),
                    (12.2, 0.08, 13.0),
                ],
                span: SHORT,
                stroke: (0.05, 6_500.0, 900.0),
                art: Art {
                    fall: 11.0,
                    fall_by_key: 0.5,
                    release: 2.5,
                    ..STRUCK
                },
            },
            &[60, 72, 84, 96][..],
        ),
        (
            10,
            Bar {
                name: "Music box",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (2.0, 0.06, 2.0),
                    (6.27, 0.38, 4.5),
                    (17.5, 0.2, 12.0),
                    (3.0, 0.04, 2.0),
                ],
                span: Span { pre: 0.4, ..SHORT },
                stroke: (0.03, 4_500.0, 1_300.0),
                art: Art {
                    fall: 15.0,
                    fall_by_key: 0.55,
                    release: 3.0,
                    ..STRUCK
                },
            },
            &[54, 66, 78, 90][..],
        ),
        (
            11,
            Bar {
                name: "Vibraphone",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (4.0, 0.25, 3.2),
                    (10.0, 0.06, 10.0),
                    (2.0, 0.015, 1.0),
                ],
                span: SHORT,
                stroke: (0.03, 700.0, 500.0),
                art: Art {
                    fall: 7.0,
                    fall_by_key: 0.35,
                    release: 1.0,
                    tremolo: (5.6, 0.01, 3.0),
                    cutoff: 4_500.0,
                    cutoff_by_velocity: 3_600.0,
                    cutoff_by_key: 0.6,
                    ..STRUCK
                },
            },
            &[48, 58, 68, 80][..],
        ),
        (
            12,
            Bar {
                name: "Marimba",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (3.93, 0.3, 2.6),
                    (9.24, 0.1, 5.0),
                    (16.0, 0.03, 8.0),
                ],
                span: Span {
                    rate: 28_000.0,
                    pre: 0.22,
                    cycle: 0.02,
                },
                stroke: (0.09, 450.0, 700.0),
                art: Art {
                    fall: 46.0,
                    fall_by_key: 0.55,
                    release: 1.2,
                    cutoff: 4_500.0,
                    cutoff_by_velocity: 4_200.0,
                    cutoff_by_key: 0.5,
                    ..STRUCK
                },
            },
            &[36, 48, 60, 72, 84][..],
        ),
        (
            13,
            Bar {
                name: "Xylophone",
                modes: &[
                    (1.0, 0.8, 1.0),
                    (3.0, 0.7, 1.7),
                    (6.1, 0.35, 3.0),
                    (10.2, 0.2, 4.0),
                    (15.0, 0.1, 6.0),
                ],
                span: Span {
                    rate: 32_000.0,
                    pre: 0.2,
                    cycle: 0.02,
                },
                stroke: (0.16, 3_200.0, 1_100.0),
                art: Art {
                    fall: 85.0,
                    fall_by_key: 0.45,
                    release: 0.9,
                    cutoff: 8_000.0,
                    cutoff_by_velocity: 3_000.0,
                    ..STRUCK
                },
            },
            &[54, 66, 78, 90][..],
        ),
        (
            14,
            Bar {
                name: "Tubular bells",
                // What is heard as the pitch is an octave below the fourth mode.
                modes: &[
                    (0.61, 0.25, 0.8),
                    (1.0, 0.5, 1.0),
                    (2.0, 1.0, 1.0),
                    (3.0, 0.75, 1.3),
                    (4.17, 0.5, 1.7),
                    (5.43, 0.4, 2.2),
                    (6.8, 0.25, 2.4),
                    (8.3, 0.15, 4.0),
                    (9.9, 0.1, 6.0),
                ],
                span: Span {
                    rate: 26_000.0,
                    pre: 0.5,
                    cycle: 0.5,
                },
                stroke: (0.06, 2_200.0, 500.0),
                art: Art {
                    fall: 6.5,
                    fall_by_key: 0.3,
                    release: 2.8,
                    ..STRUCK
                },
            },
            &[55, 64, 73][..],
        ),
    ];
    for (number, bar, keys) in &bars {
        let set = bank.set(keys, |key| bar.wave(key));
        bank.program(*number, &[Layer::new(&set, bar.art)]);
    }
    let dulcimer = Pluck {
        stiff: 0.000_2,
        at: 0.14,
        nulls: 0.6,
        slope: -0.5,
        soft: 2_600.0,
        loss: 6.0,
        prompt: 0.5,
        beat: 1.1,
        body: &[
            (320.0, 150.0, 3.0),
            (800.0, 500.0, 2.0),
            (2_000.0, 1_500.0, 0.0),
        ],
        direct: 0.5,
        floor: 120.0,
        knock: (-24.0, 420.0),
        pick: (-26.0, 2_400.0),
        art: Art {
            fall: 14.0,
            fall_by_key: 0.4,
            release: 1.8,
            cutoff: 6_000.0,
            cutoff_by_velocity: 3_600.0,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = bank.set(&[50, 63, 77], |key| {
        let span = Span {
            rate: 28_000.0,
            pre: 0.42,
            cycle: 0.08,
        };
        dulcimer.clay(key, span, 30).done("Dulcimer")
    });
    bank.program(
        15,
        &[
            Layer::new(&set, dulcimer.art).tune(-5),
            Layer::new(&set, dulcimer.art).tune(6).gain(-2.0),
        ],
    );
}
