//! Organs and free reeds: programs 17 to 24.

use crate::clay::{Partial, Span, band, dark, db, ensemble, hz, peaks};
use crate::model::{Art, Bank, HELD, Layer};
use crate::steady::Steady;

/// The pitches of the nine drawbars.
const FEET: [f64; 9] = [0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];

/// The wheels that drawbars let through, 3 dB a step.
fn wheels(key: u8, bars: [u8; 9], rise: f64) -> Vec<Partial> {
    let f0 = hz(key.into());
    FEET.iter()
        .zip(bars)
        .filter(|it| it.1 > 0)
        .flat_map(|(feet, bar)| {
            let (f, amp) = (f0 * feet, db(-3.0 * (8.0 - f64::from(bar))));
            // Wheels are not quite sines.
            [(f, amp), (2.0 * f, 0.025 * amp), (3.0 * f, 0.02 * amp)]
        })
        .map(|(f, amp)| Partial::new(f, amp, 0.0).rising(rise))
        .collect()
}

const KEYS: &[u8] = &[36, 48, 60, 72, 84];

pub(crate) fn add(bank: &mut Bank) {
    tone_wheels(bank);
    pipes(bank);
    reeds(bank);
}

fn tone_wheels(bank: &mut Bank) {
    let span = Span {
        rate: 26_000.0,
        pre: 0.06,
        cycle: 0.09,
    };
    let click = |clay: &mut crate::clay::Clay, seed: u64, rms: f64| {
        clay.burst(seed, rms, 0.0008, 2_600.0, |f| band(f, 2_200.0, 2.4));
    };
    let art = Art {
        attack: 0.003,
        release: 0.08,
        vibrato: (6.7, 0.02, 5.0),
        tremolo: (6.7, 0.02, 0.7),
        chorus: 0.2,
        ..HELD
    };
    let set = bank.set(KEYS, |key| {
        let mut clay = crate::clay::Clay::new(key, span);
        clay.partials(40, 0.0, &wheels(key, [8, 8, 8, 0, 0, 0, 0, 0, 3], 0.002));
        click(&mut clay, 41, 0.16);
        clay.done("Drawbars")
    });
    bank.program(16, &[Layer::new(&set, art)]);
    let set = bank.set(KEYS, |key| {
        let mut clay = crate::clay::Clay::new(key, Span { pre: 0.4, ..span });
        let mut all = wheels(key, [5, 4, 8, 4, 0, 0, 0, 0, 0], 0.002);
        // The third harmonic is struck.
        let f0 = hz(key.into());
        all.push(Partial::new(3.0 * f0, 1.5, 28.0).rising(0.002).passing());
        all.push(Partial::new(6.0 * f0, 0.12, 40.0).rising(0.002).passing());
        clay.partials(42, 0.0, &all);
        click(&mut clay, 43, 0.25);
        clay.done("Percussion")
    });
    bank.program(
        17,
        &[Layer::new(
            &set,
            Art {
                vibrato: (6.9, 0.01, 2.0),
                tremolo: (5.0, 0.01, 0.0),
                ..art
            },
        )],
    );
    let set = bank.set(KEYS, |key| {
        let wide = Span {
            rate: 2.0 * span.rate,
            ..span
        };
        let mut clay = crate::clay::Clay::new(key, wide);
        clay.partials(44, 0.0, &wheels(key, [8, 7, 8, 8, 5, 6, 4, 5, 8], 0.002));
        click(&mut clay, 45, 0.5);
        clay.bend(|x| (3.2 * x + 0.25).tanh())
            .done("Overdriven wheels")
    });
    let rock = Art {
        cutoff: 5_000.0,
        resonance: 2.0,
        tremolo: (6.1, 0.01, 2.2),
        tremolo_cutoff: 500.0,
        vibrato: (6.1, 0.01, 11.0),
        ..art
    };
    bank.program(18, &[Layer::new(&set, rock)]);
}

fn pipes(bank: &mut Bank) {
    let span = Span {
        rate: 24_000.0,
        pre: 0.0,
        cycle: 0.7,
    };
    let set = bank.set(&[40, 54, 68, 82], |key| {
        // Principals from 16 feet to a mixture: each with its own first harmonics.
        ensemble(key - 12, span, 46, 2.2, |n, f| {
            let ranks = [
                (1, 0.5),
                (2, 1.0),
                (4, 0.75),
                (6, 0.35),
                (8, 0.55),
                (12, 0.3),
                (16, 0.28),
            ];
            let amp: f64 = ranks
                .iter()
                .filter(|(of, _)| n % of == 0)
                .map(|(of, amp)| {
                    let harmonic = (n / of) as f64;
                    amp * harmonic.powf(-1.5) * if harmonic > 8.0 { 0.0 } else { 1.0 }
                })
                .sum();
            amp * dark(f, 5_000.0, 3.0)
        })
        .done("Principals")
    });
    let chiff = bank.set(&[60], |key| {
        let f0 = hz(key.into());
        let mut clay = crate::clay::Clay::new(
            key,
            Span {
                rate: 24_000.0,
                pre: 0.22,
                cycle: 0.0,
            },
        );
        clay.burst(47, 1.0, 0.03, 300.0, |f| {
            band(f, 3.0 * f0, 0.7) + band(f, 5.0 * f0, 0.5)
        })
        .done("Chiff")
    });
    let art = Art {
        attack: 0.07,
        release: 0.75,
        wheel: 25.0,
        velocity: 30.0,
        reverb: 0.15,
        ..HELD
    };
    bank.program(
        19,
        &[
            Layer::new(&set, art),
            Layer::new(
                &chiff,
                Art {
                    attack: 0.01,
                    ..art
                },
            )
            .gain(-20.0),
        ],
    );
}

fn reeds(bank: &mut Bank) {
    let keys = &[43_u8, 57, 70, 84];
    let reed = |name, seed, slope: f64, formants: &'static [(f64, f64, f64)], breath, even: f64| {
        move |key: u8| {
            Steady {
                name,
                span: Span {
                    rate: 26_000.0,
                    pre: 0.1,
                    cycle: 0.06,
                },
                rise: (0.035, 0.006),
                harmonic: &|n, f| {
                    let even = if n % 2 == 0 { even } else { 1.0 };
                    (n as f64).powf(slope)
                        * even
                        * (0.25 + peaks(f, formants))
                        * dark(f, 6_500.0, 3.0)
                },
                breath,
                color: &|f, _| band(f, 2_500.0, 3.0),
                chiff: (0.05, 0.01, 400.0),
                seed,
            }
            .wave(key)
        }
    };
    let art = Art {
        attack: 0.03,
        release: 0.18,
        ..HELD
    };
    let harmonium = bank.set(
        keys,
        reed(
            "Harmonium",
            48,
            -0.75,
            &[(420.0, 300.0, 0.0), (1_300.0, 700.0, -4.0)],
            0.03,
            0.8,
        ),
    );
    let slow = Art {
        attack: 0.09,
        cutoff: 3_200.0,
        cutoff_by_velocity: 1_200.0,
        release: 0.3,
        tremolo: (4.4, 0.3, 0.7),
        ..art
    };
    bank.program(
        20,
        &[
            Layer::new(&harmonium, slow),
            Layer::new(&harmonium, slow).octaves(-1).gain(-6.0).tune(3),
        ],
    );
    let accordion = bank.set(
        keys,
        reed(
            "Accordion",
            49,
            -0.5,
            &[
                (600.0, 500.0, 0.0),
                (1_700.0, 1_200.0, 0.0),
                (3_300.0, 1_500.0, -4.0),
            ],
            0.015,
            0.9,
        ),
    );
    let swelling = Art {
        attack: 0.05,
        cutoff: 7_000.0,
        cutoff_by_velocity: 2_400.0,
        ..art
    };
    bank.program(
        21,
        &[
            Layer::new(&accordion, swelling),
            Layer::new(&accordion, swelling).tune(14).gain(-2.0),
            Layer::new(&accordion, swelling).tune(-13).gain(-2.5),
        ],
    );
    let harp = bank.set(
        &[60, 72, 84],
        reed(
            "Harmonica",
            50,
            -0.35,
            &[(900.0, 600.0, 2.0), (2_300.0, 1_200.0, 2.0)],
            0.06,
            0.55,
        ),
    );
    let blown = Art {
        attack: 0.04,
        cutoff: 4_200.0,
        cutoff_by_velocity: 3_600.0,
        second: (0.12, 0.5, 0.5, 0.2),
        cutoff_by_second: 900.0,
        pitch_by_second: 0.0,
        vibrato: (5.2, 0.4, 7.0),
        tremolo: (5.2, 0.4, 1.4),
        ..art
    };
    bank.program(22, &[Layer::new(&harp, blown)]);
    let tango = bank.set(
        keys,
        reed(
            "Bandoneon",
            51,
            -0.55,
            &[
                (480.0, 260.0, 3.0),
                (1_050.0, 500.0, 1.0),
                (2_500.0, 1_500.0, -6.0),
            ],
            0.015,
            1.0,
        ),
    );
    let bellows = Art {
        attack: 0.035,
        cutoff: 4_200.0,
        cutoff_by_velocity: 3_000.0,
        release: 0.14,
        ..art
    };
    bank.program(
        23,
        &[
            Layer::new(&tango, bellows),
            Layer::new(&tango, bellows).octaves(1).gain(-5.0).tune(3),
        ],
    );
}
