//! Bowed, plucked and sung: programs 41 to 56.

use crate::clay::{Clay, Partial, Span, band, bright, dark, db, ensemble, hz, peaks};
use crate::mallets::Bar;
use crate::model::{Art, Bank, HELD, Layer, STRUCK, Set, Wave};
use crate::pluck::{PLUCK, Peak, Pluck};
use crate::steady::{STEADY, Steady};

const VIOLIN: &[Peak] = &[
    (280.0, 60.0, 2.0),
    (460.0, 70.0, 4.0),
    (550.0, 80.0, 5.0),
    (1_000.0, 400.0, 0.0),
    (2_500.0, 1_300.0, 6.0),
];
const VIOLA: &[Peak] = &[
    (220.0, 50.0, 3.0),
    (370.0, 70.0, 5.0),
    (640.0, 150.0, 4.0),
    (1_150.0, 400.0, 5.0),
    (1_900.0, 900.0, 1.0),
];
const CELLO: &[Peak] = &[
    (100.0, 25.0, 3.0),
    (180.0, 40.0, 5.0),
    (300.0, 120.0, 4.0),
    (650.0, 300.0, 3.0),
    (1_500.0, 900.0, 0.0),
];
const CONTRABASS: &[Peak] = &[
    (60.0, 20.0, 2.0),
    (110.0, 30.0, 4.0),
    (220.0, 120.0, 3.0),
    (500.0, 300.0, 1.0),
    (1_100.0, 700.0, -4.0),
];

pub(crate) fn add(bank: &mut Bank) {
    bowed(bank);
    plucked(bank);
    ensembles(bank);
    voices(bank);
    hit(bank);
}

fn bowed(bank: &mut Bank) {
    let one = |name, seed, body: &'static [Peak], top: f64, rate: f64| {
        move |key: u8| {
            Steady {
                name,
                span: Span {
                    rate,
                    pre: 0.22,
                    cycle: 0.2,
                },
                rise: (0.07, 0.02),
                harmonic: &|n, f| {
                    (n as f64).powf(-0.95) * (0.25 + 0.55 * peaks(f, body)) * dark(f, top, 3.0)
                },
                breath: 0.028,
                color: &|f, f0| band(f, 3_000.0, 3.0) + 0.4 * band(f, 2.0 * f0, 2.0),
                chiff: (0.3, 0.025, 330.0),
                seed,
            }
            .wave(key)
        }
    };
    let art = Art {
        attack: 0.045,
        release: 0.28,
        cutoff: 5_200.0,
        cutoff_by_velocity: 3_000.0,
        vibrato: (5.6, 0.3, 13.0),
        tremolo: (5.6, 0.3, 0.6),
        ..HELD
    };
    let violin = bank.set(&[58, 69, 82], one("Violin", 80, VIOLIN, 5_000.0, 26_000.0));
    bank.program(40, &[Layer::new(&violin, art)]);
    let viola = bank.set(&[51, 62, 75], one("Viola", 81, VIOLA, 2_800.0, 22_050.0));
    let warm = Art {
        attack: 0.06,
        cutoff: 3_400.0,
        vibrato: (5.1, 0.35, 12.0),
        ..art
    };
    bank.program(41, &[Layer::new(&viola, warm)]);
    let cello = bank.set(&[40, 51, 64], one("Cello", 82, CELLO, 1_900.0, 20_000.0));
    let broad = Art {
        attack: 0.095,
        cutoff: 3_600.0,
        release: 0.35,
        vibrato: (4.9, 0.35, 14.0),
        ..art
    };
    bank.program(42, &[Layer::new(&cello, broad)]);
    let bass = bank.set(
        &[31, 43, 57],
        one("Contrabass", 83, CONTRABASS, 1_500.0, 16_000.0),
    );
    let heavy = Art {
        attack: 0.1,
        cutoff: 2_200.0,
        release: 0.4,
        vibrato: (4.4, 0.5, 8.0),
        ..art
    };
    bank.program(43, &[Layer::new(&bass, heavy)]);
}

fn plucked(bank: &mut Bank) {
    let pizzicato = Pluck {
        at: 0.3,
        slope: -1.1,
        soft: 1_100.0,
        loss: 45.0,
        prompt: 0.4,
        body: CELLO,
        direct: 0.4,
        floor: 80.0,
        knock: (-17.0, 260.0),
        pick: (-34.0, 1_500.0),
        art: Art {
            fall: 60.0,
            fall_by_key: 0.45,
            release: 0.6,
            cutoff: 3_600.0,
            cutoff_by_velocity: 3_600.0,
            cutoff_by_key: 0.4,
            reverb: 0.1,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = bank.set(&[36, 48, 58, 68, 80], |key| {
        let span = Span {
            rate: 22_050.0,
            pre: 0.28,
            cycle: 0.03,
        };
        pizzicato.clay(key, span, 84).done("Pizzicato")
    });
    bank.program(
        45,
        &[
            Layer::new(&set, pizzicato.art).tune(-4),
            Layer::new(
                &set,
                Art {
                    attack: 0.007,
                    ..pizzicato.art
                },
            )
            .tune(6)
            .gain(-2.5),
        ],
    );
    let harp = Pluck {
        stiff: 0.000_03,
        at: 0.36,
        slope: -1.2,
        soft: 1_500.0,
        loss: 10.0,
        prompt: 0.35,
        beat: 0.15,
        body: &[
            (170.0, 90.0, 3.0),
            (420.0, 250.0, 3.0),
            (1_000.0, 800.0, -2.0),
        ],
        direct: 0.5,
        floor: 55.0,
        knock: (-28.0, 240.0),
        pick: (-38.0, 1_800.0),
        art: Art {
            fall: 13.0,
            fall_by_key: 0.6,
            release: 2.2,
            cutoff: 4_200.0,
            cutoff_by_velocity: 3_000.0,
            cutoff_by_key: 0.4,
            pan_by_key: 0.25,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = bank.set(&[36, 48, 60, 72, 85], |key| {
        let span = Span {
            rate: if key < 50 { 18_000.0 } else { 24_000.0 },
            pre: 0.5,
            cycle: 0.08,
        };
        harp.clay(key, span, 85).done("Harp")
    });
    bank.program(46, &[Layer::new(&set, harp.art)]);
    let timpani = Bar {
        name: "Timpani",
        modes: &[
            (1.0, 1.0, 1.0),
            (1.504, 0.65, 1.3),
            (1.742, 0.2, 2.0),
            (2.0, 0.4, 1.6),
            (2.245, 0.12, 2.4),
            (2.494, 0.22, 2.0),
            (2.98, 0.12, 2.4),
            (0.85, 0.7, 5.0),
        ],
        span: Span {
            rate: 16_000.0,
            pre: 0.5,
            cycle: 0.35,
        },
        stroke: (0.16, 260.0, 260.0),
        art: Art {
            fall: 17.0,
            fall_by_key: 0.2,
            release: 4.0,
            cutoff: 2_600.0,
            cutoff_by_velocity: 4_200.0,
            reverb: 0.1,
            ..STRUCK
        },
    };
    let set = bank.set(&[41, 49], |key| timpani.wave(key));
    bank.program(47, &[Layer::new(&set, timpani.art)]);
}

fn ensembles(bank: &mut Bank) {
    let strings = bank.set(&[38, 48, 58, 68, 80], |key| {
        let body = match key {
            0..50 => CELLO,
            50..60 => VIOLA,
            _ => VIOLIN,
        };
        let rate = if key < 50 { 18_000.0 } else { 23_000.0 };
        let span = Span {
            rate,
            pre: 0.0,
            cycle: 1.2,
        };
        ensemble(key, span, 90, 9.0, |n, f| {
            (n as f64).powf(-0.95) * (0.4 + 0.4 * peaks(f, body)) * dark(f, 4_000.0, 2.6)
        })
        .done("Strings")
    });
    let bows = bank.set(&[60], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 20_000.0,
                pre: 0.25,
                cycle: 0.0,
            },
        );
        clay.burst(91, 1.0, 0.03, 260.0, |f| band(f, 2_300.0, 2.4))
            .done("Bows")
    });
    let art = Art {
        attack: 0.11,
        release: 0.55,
        cutoff: 5_000.0,
        cutoff_by_velocity: 3_000.0,
        reverb: 0.1,
        ..HELD
    };
    let scratch = Art {
        per_key: 40.0,
        velocity: 120.0,
        ..HELD
    };
    bank.program(
        48,
        &[
            Layer::new(&strings, art),
            Layer::new(&bows, scratch).gain(-21.0),
        ],
    );
    let slow = Art {
        attack: 0.42,
        release: 1.0,
        cutoff: 1_900.0,
        second: (0.8, 1.0, 1.0, 1.0),
        cutoff_by_second: 900.0,
        ..art
    };
    bank.program(
        49,
        &[
            Layer::new(&strings, slow).tune(-1),
            Layer::new(&strings, slow).octaves(1).tune(6).gain(-8.0),
        ],
    );
    let shaking = Art {
        attack: 0.03,
        tremolo: (11.0, 0.0, 5.0),
        tremolo_cutoff: 500.0,
        cutoff: 4_500.0,
        release: 0.4,
        ..art
    };
    bank.program(
        44,
        &[
            Layer::new(&strings, shaking),
            Layer::new(&bows, scratch).gain(-16.0),
        ],
    );
    let saws = saws(bank);
    let machine = Art {
        attack: 0.06,
        release: 0.7,
        cutoff: 6_500.0,
        cutoff_by_velocity: 2_000.0,
        chorus: 0.25,
        ..HELD
    };
    bank.program(50, &[Layer::new(&saws, machine)]);
    let sweeping = Art {
        attack: 0.35,
        release: 1.4,
        cutoff: 700.0,
        cutoff_by_key: 0.4,
        resonance: 4.0,
        second: (1.1, 2.0, 0.6, 1.5),
        cutoff_by_second: 2_500.0,
        ..machine
    };
    bank.program(
        51,
        &[
            Layer::new(&saws, sweeping).tune(-1),
            Layer::new(&saws, sweeping).octaves(-1).tune(7).gain(-7.0),
        ],
    );
    crate::synths::add_pads(bank, &saws, &strings);
}

/// Seven saws or so, never in step.
fn saws(bank: &mut Bank) -> Set {
    bank.set(&[38, 51, 64, 78], |key| {
        let rate = if key < 50 { 20_000.0 } else { 26_000.0 };
        let span = Span {
            rate,
            pre: 0.0,
            cycle: 0.95,
        };
        ensemble(key, span, 92, 10.5, |n, f| {
            1.0 / n as f64 * dark(f, 9_000.0, 2.0)
        })
        .done("Saws")
    })
}

/// Vowels of a deep voice; those of high ones lie a little higher.
const AAH: &[Peak] = &[
    (680.0, 110.0, 0.0),
    (1_120.0, 140.0, -5.0),
    (2_500.0, 220.0, -17.0),
    (3_300.0, 300.0, -20.0),
];
const OOH: &[Peak] = &[
    (330.0, 110.0, 0.0),
    (780.0, 140.0, -13.0),
    (2_300.0, 300.0, -34.0),
];

fn vowel(f: f64, key: u8, of: &[Peak]) -> f64 {
    let higher = 1.0 + 0.2 * ((f64::from(key) - 48.0) / 30.0).clamp(0.0, 1.0);
    peaks(f / higher, of) + 0.006
}

fn voices(bank: &mut Bank) {
    let choir = |name: &'static str, seed: u64, of: &'static [Peak], rate: f64| {
        move |key: u8| -> Wave {
            let span = Span {
                rate,
                pre: 0.0,
                cycle: 1.1,
            };
            let mut clay = ensemble(key, span, seed, 11.0, |n, f| {
                (n as f64).powf(-0.6) * vowel(f, key, of)
            });
            clay.noise(
                seed,
                0.035,
                |f| vowel(f, key, of) * bright(f, 1_500.0, 1.0),
                |_| 1.0,
            );
            clay.done(name)
        }
    };
    let art = Art {
        attack: 0.16,
        release: 0.6,
        cutoff: 5_500.0,
        cutoff_by_velocity: 1_800.0,
        reverb: 0.15,
        ..HELD
    };
    let aahs = bank.set(&[44, 54, 64, 76], choir("Aah", 93, AAH, 18_000.0));
    bank.program(52, &[Layer::new(&aahs, art)]);
    let oohs = bank.set(&[47, 59, 72], choir("Ooh", 94, OOH, 12_000.0));
    bank.program(
        53,
        &[Layer::new(
            &oohs,
            Art {
                attack: 0.11,
                release: 0.45,
                ..art
            },
        )],
    );
    let single = bank.set(&[48, 58, 68, 80], |key| {
        Steady {
            name: "Synth voice",
            span: Span {
                rate: 24_000.0,
                pre: 0.1,
                cycle: 0.1,
            },
            rise: (0.02, 0.015),
            harmonic: &|n, f| {
                (n as f64).powf(-0.4)
                    * vowel(
                        f,
                        key,
                        &[
                            (480.0, 90.0, 0.0),
                            (1_650.0, 140.0, -6.0),
                            (2_700.0, 250.0, -12.0),
                        ],
                    )
            },
            breath: 0.02,
            color: &|f, _| band(f, 3_000.0, 2.0),
            seed: 95,
            ..STEADY
        }
        .wave(key)
    });
    let machine = Art {
        attack: 0.05,
        release: 0.35,
        vibrato: (5.5, 0.2, 12.0),
        chorus: 0.3,
        ..HELD
    };
    bank.program(
        54,
        &[
            Layer::new(&single, machine).tune(-7),
            Layer::new(&single, machine).tune(7).gain(-1.0),
        ],
    );
    crate::synths::add_sung(bank, &aahs, &oohs);
}

fn hit(bank: &mut Bank) {
    let set = bank.set(&[50, 66], |key| {
        let span = Span {
            rate: 20_000.0,
            pre: 0.65,
            cycle: 0.0,
        };
        let mut clay = Clay::new(key, span);
        // Everybody, in octaves and a fifth: brass, strings, a drum.
        for (place, by) in [
            (-24.0, 0.6),
            (-12.0, 1.0),
            (0.0, 1.0),
            (7.0, 0.45),
            (12.0, 0.8),
            (24.0, 0.35),
        ]
        .iter()
        .zip(0_u64..)
        {
            let ((semitones, amp), seed) = (place, by);
            for player in 0..3 {
                let f = hz(f64::from(key) + semitones) * (1.0 + 0.003 * f64::from(player - 1));
                let all: Vec<Partial> = (1..40)
                    .map(|n| {
                        let n = f64::from(n);
                        let level = amp * n.powf(-0.8) * dark(f * n, 3_500.0, 2.0);
                        Partial::new(f * n, level, 14.0 + 9.0 * f * n / 1_000.0).rising(0.012)
                    })
                    .take_while(|it| it.hz < 10_500.0)
                    .collect();
                clay.partials(96 + seed * 3 + player as u64, 0.0, &all);
            }
        }
        clay.burst(97, 1.6, 0.004, 60.0, |f| {
            band(f, 110.0, 1.2) + db(-26.0) * band(f, 3_000.0, 3.0)
        });
        clay.done("Hit")
    });
    let art = Art {
        release: 0.8,
        cutoff: 7_000.0,
        cutoff_by_velocity: 2_800.0,
        reverb: 0.2,
        ..HELD
    };
    bank.program(55, &[Layer::new(&set, art)]);
}
