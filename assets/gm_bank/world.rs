//! Instruments of many countries, and what is struck and has a key: programs 105 to 120.

use crate::clay::{Clay, Partial, Span, band, dark, hz, peaks};
use crate::mallets::Bar;
use crate::model::{Art, Bank, HELD, Layer, STRUCK};
use crate::pluck::{PLUCK, Pluck};
use crate::steady::Steady;

pub(crate) fn add(bank: &mut Bank) {
    plucked(bank);
    blown(bank);
    struck(bank);
    drums(bank);
}

fn plucked(bank: &mut Bank) {
    let art = Art {
        fall: 14.0,
        fall_by_key: 0.4,
        release: 0.6,
        cutoff: 6_000.0,
        cutoff_by_velocity: 3_600.0,
        ..STRUCK
    };
    // The bridge grazes the string: high modes bloom after the pluck.
    let sitar = bank.set(&[45, 57, 70], |key| {
        let f0 = hz(key.into());
        let fall = 9.0;
        let mut clay = Clay::new(
            key,
            Span {
                rate: 26_000.0,
                pre: 0.5,
                cycle: 0.08,
            },
        );
        let all: Vec<Partial> = (1..70)
            .map(|n| {
                let n = f64::from(n);
                let amp =
                    n.powf(-0.35) * (0.15 + (n * 0.31).sin().abs()) * dark(f0 * n, 4_000.0, 2.4);
                Partial::new(f0 * n, amp, fall + 2.0 * n * f0 / 1_000.0).rising(0.001 + 0.009 * n)
            })
            .take_while(|it| it.hz < 11_500.0)
            .collect();
        clay.partials(150, fall, &all);
        // Strings below that sound along.
        for by in [-12.02, 7.03] {
            let f = hz(f64::from(key) + by);
            let along: Vec<Partial> = (1..12)
                .map(|n| Partial::new(f * f64::from(n), 0.12 / f64::from(n), fall).rising(0.3))
                .collect();
            clay.partials(151, fall, &along);
        }
        clay.burst(152, 0.35, 0.001, 900.0, |f| band(f, 2_200.0, 1.8))
            .done("Sitar")
    });
    bank.program(
        104,
        &[Layer::new(
            &sitar,
            Art {
                fall: 9.0,
                fall_by_key: 0.0,
                release: 1.0,
                pitch_by_second: 22.0,
                second: (0.0, 0.12, 0.0, 0.1),
                ..art
            },
        )],
    );
    let skin = Pluck {
        stiff: 0.000_06,
        at: 0.09,
        slope: -0.4,
        soft: 3_000.0,
        loss: 16.0,
        prompt: 0.75,
        beat: 0.3,
        body: &[
            (330.0, 120.0, 2.0),
            (700.0, 260.0, 5.0),
            (1_500.0, 900.0, 3.0),
        ],
        direct: 0.3,
        floor: 180.0,
        knock: (-17.0, 420.0),
        pick: (-20.0, 3_200.0),
        art: Art {
            fall: 24.0,
            release: 0.3,
            ..art
        },
        ..PLUCK
    };
    let set = bank.set(&[48, 58, 68, 79], |key| {
        skin.clay(
            key,
            Span {
                rate: 26_000.0,
                pre: 0.38,
                cycle: 0.06,
            },
            153,
        )
        .done("Banjo")
    });
    bank.program(105, &[Layer::new(&set, skin.art)]);
    let shamisen = Pluck {
        at: 0.05,
        slope: -0.25,
        soft: 2_400.0,
        loss: 22.0,
        prompt: 0.6,
        body: &[(480.0, 200.0, 4.0), (1_150.0, 500.0, 6.0)],
        direct: 0.2,
        floor: 150.0,
        knock: (-9.0, 620.0),
        pick: (-12.0, 2_400.0),
        art: Art {
            fall: 33.0,
            release: 0.25,
            second: (0.0, 0.07, 0.0, 0.1),
            pitch_by_second: 25.0,
            ..art
        },
        ..skin
    };
    let set = bank.set(&[48, 60, 73], |key| {
        shamisen
            .clay(
                key,
                Span {
                    rate: 24_000.0,
                    pre: 0.35,
                    cycle: 0.06,
                },
                154,
            )
            .done("Shamisen")
    });
    bank.program(106, &[Layer::new(&set, shamisen.art)]);
    let koto = Pluck {
        at: 0.07,
        slope: -0.6,
        soft: 2_600.0,
        loss: 7.0,
        prompt: 0.5,
        beat: 0.5,
        body: &[
            (260.0, 120.0, 3.0),
            (620.0, 300.0, 2.0),
            (1_800.0, 1_200.0, 1.0),
        ],
        direct: 0.5,
        floor: 110.0,
        knock: (-24.0, 300.0),
        pick: (-20.0, 3_800.0),
        art: Art {
            fall: 13.0,
            release: 1.2,
            second: (0.0, 0.16, 0.0, 0.1),
            pitch_by_second: 10.0,
            ..art
        },
        ..skin
    };
    let set = bank.set(&[46, 57, 68, 80], |key| {
        koto.clay(
            key,
            Span {
                rate: 26_000.0,
                pre: 0.42,
                cycle: 0.06,
            },
            155,
        )
        .done("Koto")
    });
    bank.program(107, &[Layer::new(&set, koto.art)]);
    let kalimba = Bar {
        name: "Kalimba",
        modes: &[
            (1.0, 1.0, 1.0),
            (2.0, 0.05, 1.5),
            (5.4, 0.2, 4.0),
            (6.27, 0.12, 5.0),
            (13.0, 0.05, 8.0),
        ],
        span: Span {
            rate: 26_000.0,
            pre: 0.25,
            cycle: 0.02,
        },
        stroke: (0.11, 1_100.0, 700.0),
        art: Art {
            fall: 28.0,
            fall_by_key: 0.4,
            release: 0.9,
            ..STRUCK
        },
    };
    let set = bank.set(&[48, 60, 72, 84], |key| kalimba.wave(key));
    bank.program(108, &[Layer::new(&set, kalimba.art)]);
}

fn blown(bank: &mut Bank) {
    let reed = |name, seed, slope: f64, formants: &'static [(f64, f64, f64)], top: f64| {
        move |key: u8| {
            Steady {
                name,
                span: Span {
                    rate: 26_000.0,
                    pre: 0.1,
                    cycle: 0.12,
                },
                rise: (0.015, 0.01),
                harmonic: &|n, f| {
                    (n as f64).powf(slope) * (0.2 + peaks(f, formants)) * dark(f, top, 3.0)
                },
                breath: 0.012,
                color: &|f, _| band(f, 3_000.0, 2.0),
                chiff: (0.1, 0.008, 500.0),
                seed,
            }
            .wave(key)
        }
    };
    let pipe = bank.set(
        &[50, 62, 74],
        reed(
            "Chanter",
            156,
            -0.1,
            &[(1_050.0, 500.0, 6.0), (2_500.0, 900.0, 5.0)],
            4_500.0,
        ),
    );
    let held = Art {
        attack: 0.02,
        release: 0.1,
        velocity: 20.0,
        wheel: 30.0,
        ..HELD
    };
    // Drones: wherever the chanter goes, they stay an octave and two below.
    bank.program(
        109,
        &[
            Layer::new(&pipe, held),
            Layer::new(
                &pipe,
                Art {
                    cutoff: 2_500.0,
                    ..held
                },
            )
            .octaves(-1)
            .gain(-9.0)
            .tune(3),
            Layer::new(
                &pipe,
                Art {
                    cutoff: 1_600.0,
                    ..held
                },
            )
            .octaves(-2)
            .gain(-9.0)
            .tune(-3),
        ],
    );
    let fiddle = bank.set(&[56, 66, 77], |key| {
        Steady {
            name: "Fiddle",
            span: Span {
                rate: 26_000.0,
                pre: 0.16,
                cycle: 0.16,
            },
            rise: (0.025, 0.012),
            harmonic: &|n, f| {
                (n as f64).powf(-0.75)
                    * (0.2
                        + peaks(
                            f,
                            &[
                                (300.0, 60.0, 0.0),
                                (520.0, 90.0, 5.0),
                                (1_300.0, 500.0, 3.0),
                                (3_000.0, 1_100.0, 4.0),
                            ],
                        ))
                    * dark(f, 6_500.0, 3.0)
            },
            breath: 0.05,
            color: &|f, f0| band(f, 3_800.0, 2.0) + 0.5 * band(f, 2.0 * f0, 1.5),
            chiff: (0.9, 0.01, 420.0),
            seed: 157,
        }
        .wave(key)
    });
    let country = Art {
        attack: 0.018,
        release: 0.18,
        cutoff: 6_500.0,
        cutoff_by_velocity: 2_400.0,
        vibrato: (6.1, 0.2, 8.0),
        second: (0.0, 0.06, 0.0, 0.1),
        pitch_by_second: -35.0,
        ..HELD
    };
    bank.program(110, &[Layer::new(&fiddle, country)]);
    let shanai = bank.set(
        &[56, 67, 79],
        reed(
            "Shanai",
            158,
            0.05,
            &[(1_500.0, 450.0, 8.0), (3_600.0, 1_200.0, 6.0)],
            6_000.0,
        ),
    );
    let piercing = Art {
        attack: 0.03,
        release: 0.16,
        vibrato: (5.8, 0.2, 20.0),
        tremolo: (5.8, 0.2, 1.0),
        second: (0.0, 0.11, 0.0, 0.1),
        pitch_by_second: -60.0,
        velocity: 60.0,
        ..HELD
    };
    bank.program(111, &[Layer::new(&shanai, piercing)]);
}

fn struck(bank: &mut Bank) {
    let short = Span {
        rate: 32_000.0,
        pre: 0.3,
        cycle: 0.05,
    };
    let all = [
        (
            112,
            Bar {
                name: "Tinkle bell",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (1.003, 0.4, 1.0),
                    (2.42, 0.6, 1.6),
                    (3.9, 0.45, 2.2),
                    (5.6, 0.35, 3.5),
                    (7.8, 0.2, 5.0),
                ],
                span: Span {
                    cycle: 0.16,
                    pre: 0.25,
                    ..short
                },
                stroke: (0.12, 7_500.0, 900.0),
                art: Art {
                    fall: 22.0,
                    fall_by_key: 0.2,
                    release: 1.8,
                    ..STRUCK
                },
            },
            &[72_u8, 88][..],
        ),
        (
            113,
            Bar {
                name: "Agogo",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (1.48, 0.5, 1.6),
                    (2.63, 0.55, 1.8),
                    (3.27, 0.4, 2.4),
                    (4.9, 0.3, 4.0),
                    (6.4, 0.2, 6.0),
                ],
                span: short,
                stroke: (0.2, 4_000.0, 1_500.0),
                art: Art {
                    fall: 65.0,
                    fall_by_key: 0.2,
                    release: 1.0,
                    ..STRUCK
                },
            },
            &[60, 78][..],
        ),
        (
            114,
            Bar {
                name: "Steel drum",
                // The second mode is tuned to the octave and comes late, as energy wanders to it.
                modes: &[
                    (1.0, 1.0, 1.0),
                    (2.0, 0.85, 0.8),
                    (3.01, 0.35, 1.6),
                    (4.02, 0.3, 2.0),
                    (5.1, 0.1, 4.0),
                    (1.004, 0.3, 1.2),
                    (2.01, 0.3, 1.2),
                ],
                span: Span {
                    rate: 24_000.0,
                    pre: 0.4,
                    cycle: 0.3,
                },
                stroke: (0.12, 900.0, 600.0),
                art: Art {
                    fall: 26.0,
                    fall_by_key: 0.3,
                    release: 0.9,
                    cutoff: 5_000.0,
                    cutoff_by_velocity: 3_600.0,
                    vibrato: (5.6, 0.05, 6.0),
                    ..STRUCK
                },
            },
            &[50, 62, 74][..],
        ),
        (
            115,
            Bar {
                name: "Woodblock",
                modes: &[
                    (1.0, 1.0, 1.0),
                    (1.62, 0.5, 1.6),
                    (2.7, 0.35, 3.0),
                    (4.1, 0.2, 4.0),
                ],
                span: Span {
                    rate: 28_000.0,
                    pre: 0.15,
                    cycle: 0.01,
                },
                stroke: (0.35, 2_400.0, 1_800.0),
                art: Art {
                    fall: 330.0,
                    fall_by_key: 0.15,
                    release: 0.6,
                    ..STRUCK
                },
            },
            &[60, 78][..],
        ),
    ];
    for (number, bar, keys) in &all {
        let set = bank.set(keys, |key| bar.wave(key));
        bank.program(*number, &[Layer::new(&set, bar.art)]);
    }
}

/// A skin: its pitch falls as it comes to rest, by `drop` octaves, and the stick is heard.
pub(crate) fn skin(
    clay: &mut Clay,
    seed: u64,
    f: f64,
    (drop, settle): (f64, f64),
    modes: &[(f64, f64, f64)],
    stick: (f64, f64, f64),
) {
    let rate = clay.rate;
    let loudest = modes.iter().map(|it| it.1).sum::<f64>();
    for (ratio, amp, fall) in modes {
        let mut phase = 0.0_f64;
        for (index, sample) in clay.samples.iter_mut().enumerate() {
            let t = index as f64 / rate;
            let level = amp / loudest * crate::clay::db(-fall * t) * (t / 0.0012).min(1.0);
            *sample += level * phase.sin();
            let now = f * ratio * (drop * (-t / settle).exp()).exp2();
            phase += std::f64::consts::TAU * now / rate;
        }
    }
    let (rms, at, fall) = stick;
    clay.burst(seed, rms, 0.0008, fall, |f| band(f, at, 2.0));
}

fn drums(bank: &mut Bank) {
    let ringing = Art {
        fall: 0.0,
        release: 20.0,
        cutoff: 6_000.0,
        cutoff_by_velocity: 3_600.0,
        ..STRUCK
    };
    let taiko = bank.set(&[45, 60], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 18_000.0,
                pre: 0.9,
                cycle: 0.0,
            },
        );
        let f = hz(f64::from(key) - 12.0);
        skin(
            &mut clay,
            160,
            f,
            (0.35, 0.06),
            &[
                (1.0, 1.0, 55.0),
                (1.59, 0.6, 75.0),
                (2.14, 0.3, 95.0),
                (2.65, 0.2, 120.0),
                (0.62, 0.3, 60.0),
            ],
            (0.16, 700.0, 300.0),
        );
        clay.done("Taiko")
    });
    bank.program(
        116,
        &[Layer::new(
            &taiko,
            Art {
                reverb: 0.15,
                ..ringing
            },
        )],
    );
    let tom = bank.set(&[45, 66], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 16_000.0,
                pre: 0.5,
                cycle: 0.0,
            },
        );
        let f = hz(f64::from(key) - 5.0);
        skin(
            &mut clay,
            161,
            f,
            (0.3, 0.05),
            &[
                (1.0, 1.0, 95.0),
                (1.5, 0.5, 130.0),
                (1.98, 0.3, 160.0),
                (2.44, 0.15, 190.0),
            ],
            (0.25, 1_800.0, 700.0),
        );
        clay.done("Melodic tom")
    });
    bank.program(117, &[Layer::new(&tom, ringing)]);
    let synth = bank.set(&[48, 64], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 24_000.0,
                pre: 0.6,
                cycle: 0.0,
            },
        );
        skin(
            &mut clay,
            162,
            hz(f64::from(key)),
            (1.6, 0.09),
            &[(1.0, 1.0, 70.0), (2.0, 0.12, 100.0)],
            (0.22, 3_000.0, 160.0),
        );
        clay.done("Synth drum")
    });
    bank.program(
        118,
        &[Layer::new(
            &synth,
            Art {
                pitch_by_second: 0.0,
                ..ringing
            },
        )],
    );
    let reverse = bank.set(&[60], |key| {
        let rate = 26_000.0;
        let mut clay = Clay::new(
            key,
            Span {
                rate,
                pre: 1.2,
                cycle: 0.0,
            },
        );
        let length = clay.samples.len() as f64 / rate;
        crate::drums::metal(&mut clay, 163, 400.0, 9_500.0, 0.0, 1.0);
        for (index, it) in clay.samples.iter_mut().enumerate() {
            let t = index as f64 / rate;
            let rise = crate::clay::db(-42.0 * (1.0 - t / (length - 0.1)).max(0.0));
            *it *= rise * ((length - t) / 0.1).min(1.0);
        }
        clay.done("Reverse cymbal")
    });
    let backwards = Art {
        per_key: 50.0,
        release: 0.6,
        ..HELD
    };
    bank.program(119, &[Layer::new(&reverse, backwards)]);
}
