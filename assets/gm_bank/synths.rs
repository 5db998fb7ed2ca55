//! Leads, pads and effects that only machines make: programs 81 to 104.

use crate::clay::{Clay, Partial, Span, band, bright, dark, ensemble, hz};
use crate::model::{Art, Bank, HELD, Layer, STRUCK, Set, Wave};
use crate::steady::{STEADY, Steady};

const CYCLE: Span = Span {
    rate: 40_000.0,
    pre: 0.0,
    cycle: 0.04,
};

/// What has waves of its own alone.
pub(crate) fn add(bank: &mut Bank) {
    square_and_pipes(bank);
    crystal(bank);
    bells_and_rain(bank);
}

fn single(
    bank: &mut Bank,
    name: &str,
    seed: u64,
    keys: &[u8],
    harmonic: &dyn Fn(usize, f64) -> f64,
) -> Set {
    bank.set(keys, |key| {
        Steady {
            name,
            span: CYCLE,
            harmonic,
            seed,
            ..STEADY
        }
        .clay(key)
        .bright_to(40_000.0)
        .done(name)
    })
}

const LEAD: Art = Art {
    attack: 0.004,
    release: 0.15,
    vibrato: (5.4, 0.35, 6.0),
    ..HELD
};

fn square_and_pipes(bank: &mut Bank) {
    let keys = &[36, 48, 60, 72, 86];
    let square = single(bank, "Square", 130, keys, &|n, f| match n % 2 {
        1 => 1.0 / n as f64 * dark(f, 9_000.0, 2.0),
        _ => 0.0,
    });
    bank.program(
        80,
        &[
            Layer::new(&square, LEAD),
            Layer::new(&square, LEAD).tune(6).gain(-9.0),
        ],
    );
    let pipe = |name: &'static str, chiff: f64, breath: f64, slope: f64| {
        move |key: u8| -> Wave {
            Steady {
                name,
                span: Span {
                    rate: 24_000.0,
                    pre: 0.16,
                    cycle: 0.16,
                },
                rise: (0.05, 0.02),
                harmonic: &|n, f| (n as f64).powf(slope) * dark(f, 5_000.0, 2.0),
                breath,
                color: &|f, f0| band(f, 3.0 * f0, 1.4) + 0.3 * band(f, 4_000.0, 2.0),
                chiff: (chiff, 0.008, 260.0),
                seed: 131,
            }
            .wave(key)
        }
    };
    let calliope = bank.set(&[52, 66, 80], pipe("Calliope", 0.5, 0.13, -1.7));
    let steam = Art {
        attack: 0.02,
        vibrato: (6.2, 0.1, 9.0),
        ..LEAD
    };
    bank.program(
        82,
        &[
            Layer::new(&calliope, steam),
            Layer::new(&calliope, steam).octaves(1).tune(6).gain(-6.0),
        ],
    );
    let chiff = bank.set(&[52, 66, 80], pipe("Chiff", 3.2, 0.02, -1.1));
    bank.program(
        83,
        &[Layer::new(
            &chiff,
            Art {
                attack: 0.002,
                cutoff: 5_000.0,
                cutoff_by_velocity: 2_400.0,
                ..LEAD
            },
        )],
    );
}

/// Leads of a saw.
pub(crate) fn add_leads(bank: &mut Bank, saw: &Set) {
    let bright_saw = Art {
        cutoff: 6_000.0,
        cutoff_by_velocity: 2_400.0,
        resonance: 3.0,
        chorus: 0.1,
        ..LEAD
    };
    bank.program(
        81,
        &[
            Layer::new(saw, bright_saw).tune(-6),
            Layer::new(saw, bright_saw).tune(7),
        ],
    );
    // A guitar out of saws: driven hard, and it falls a little.
    let driven = bank.set(&[40, 52, 64, 78], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 52_000.0,
                pre: 0.12,
                cycle: 0.06,
            },
        );
        let f = hz(key.into());
        let all: Vec<Partial> = (1..30)
            .map(|n| {
                let n = f64::from(n);
                Partial::new(f * n, (n * 0.9).sin().abs() / n, 0.0)
            })
            .collect();
        clay.partials(132, 0.0, &all);
        clay.burst(133, 0.5, 0.001, 500.0, |f| band(f, 2_600.0, 2.0));
        clay.bend(|x| (5.0 * x + 0.3).tanh()).done("Charang")
    });
    let charang = Art {
        fall: 9.0,
        fall_by_key: 0.2,
        sustain: 9.0,
        cutoff: 4_200.0,
        resonance: 5.0,
        second: (0.0, 0.4, 0.3, 0.2),
        cutoff_by_second: 1_500.0,
        ..LEAD
    };
    bank.program(
        84,
        &[
            Layer::new(&driven, charang),
            Layer::new(saw, charang).octaves(1).gain(-10.0).tune(5),
        ],
    );
    let fifths = Art {
        cutoff: 3_200.0,
        cutoff_by_velocity: 2_400.0,
        cutoff_by_key: 0.4,
        second: (0.0, 0.5, 0.4, 0.2),
        cutoff_by_second: 1_600.0,
        ..LEAD
    };
    bank.program(
        86,
        &[
            Layer::new(saw, fifths),
            Layer::new(saw, fifths).tune(702).gain(-1.5),
        ],
    );
    let both = Art {
        fall: 5.0,
        fall_by_key: 0.0,
        sustain: 8.0,
        cutoff: 900.0,
        cutoff_by_velocity: 2_800.0,
        cutoff_by_key: 0.4,
        resonance: 7.0,
        second: (0.0, 0.3, 0.25, 0.15),
        cutoff_by_second: 3_000.0,
        ..LEAD
    };
    bank.program(
        87,
        &[
            Layer::new(saw, both),
            Layer::new(saw, both).octaves(-1).gain(-1.0).tune(4),
        ],
    );
    // Reed, drone and machine.
    let polysynth = Art {
        attack: 0.01,
        fall: 6.0,
        fall_by_key: 0.0,
        sustain: 10.0,
        release: 0.7,
        cutoff: 1_500.0,
        cutoff_by_velocity: 3_000.0,
        cutoff_by_key: 0.4,
        resonance: 4.0,
        second: (0.0, 0.9, 0.3, 0.6),
        cutoff_by_second: 2_400.0,
        chorus: 0.35,
        vibrato: (5.0, 0.3, 0.0),
        ..HELD
    };
    bank.program(
        90,
        &[
            Layer::new(saw, polysynth).tune(-9),
            Layer::new(saw, polysynth).tune(9),
            Layer::new(saw, polysynth).octaves(1).tune(3).gain(-8.0),
        ],
    );
}

const PAD: Art = Art {
    attack: 0.3,
    release: 1.6,
    reverb: 0.2,
    chorus: 0.2,
    vibrato: (4.6, 0.5, 0.0),
    ..HELD
};

/// Pads of strings and saws.
pub(crate) fn add_pads(bank: &mut Bank, saws: &Set, strings: &Set) {
    let warm = Art {
        cutoff: 620.0,
        cutoff_by_key: 0.5,
        cutoff_by_velocity: 1_200.0,
        ..PAD
    };
    bank.program(
        89,
        &[
            Layer::new(saws, warm),
            Layer::new(
                strings,
                Art {
                    cutoff: 900.0,
                    ..warm
                },
            )
            .octaves(-1)
            .tune(6)
            .gain(-4.0),
        ],
    );
    let sweep = Art {
        attack: 0.5,
        release: 2.2,
        cutoff: 350.0,
        resonance: 13.0,
        cutoff_by_key: 0.3,
        second: (2.2, 3.5, 0.1, 2.0),
        cutoff_by_second: 4_400.0,
        ..PAD
    };
    bank.program(
        95,
        &[
            Layer::new(saws, sweep).tune(-1),
            Layer::new(saws, sweep).tune(6).octaves(-1).gain(-5.0),
        ],
    );
    let track = Art {
        attack: 0.25,
        cutoff: 1_300.0,
        cutoff_by_key: 0.3,
        second: (1.4, 2.0, 0.4, 1.5),
        cutoff_by_second: 1_900.0,
        resonance: 4.0,
        ..PAD
    };
    // The fifth belongs to it.
    bank.program(
        97,
        &[
            Layer::new(saws, track),
            Layer::new(strings, track).tune(702).gain(-4.0),
        ],
    );
    let echo = Art {
        attack: 0.02,
        release: 2.0,
        cutoff: 2_300.0,
        tremolo: (3.1, 0.0, 8.0),
        tremolo_cutoff: 900.0,
        fall: 6.0,
        fall_by_key: 0.0,
        sustain: 14.0,
        ..PAD
    };
    bank.program(
        102,
        &[
            Layer::new(saws, echo).octaves(1).gain(-4.0).tune(4),
            Layer::new(
                strings,
                Art {
                    tremolo: (3.1, 0.16, 8.0),
                    ..echo
                },
            ),
        ],
    );
}

/// Pads and leads of voices.
pub(crate) fn add_sung(bank: &mut Bank, aahs: &Set, oohs: &Set) {
    let lead = Art {
        attack: 0.05,
        release: 0.3,
        vibrato: (5.3, 0.25, 14.0),
        cutoff: 3_200.0,
        cutoff_by_velocity: 1_200.0,
        chorus: 0.2,
        ..HELD
    };
    let formant = bank.set(&[54, 68, 82], |key| {
        Steady {
            name: "Sung lead",
            span: Span {
                rate: 22_050.0,
                pre: 0.12,
                cycle: 0.15,
            },
            rise: (0.03, 0.03),
            harmonic: &|n, f| {
                (n as f64).powf(-0.5)
                    * (crate::clay::peaks(
                        f,
                        &[
                            (780.0, 110.0, 0.0),
                            (1_220.0, 130.0, -3.0),
                            (2_900.0, 260.0, -12.0),
                        ],
                    ) + 0.01)
            },
            breath: 0.05,
            color: &|f, _| band(f, 2_800.0, 1.6),
            chiff: (0.3, 0.02, 260.0),
            seed: 134,
        }
        .wave(key)
    });
    bank.program(
        85,
        &[
            Layer::new(&formant, lead),
            Layer::new(&formant, lead).tune(9).gain(-6.0),
        ],
    );
    let choir = Art {
        attack: 0.35,
        cutoff: 2_200.0,
        ..PAD
    };
    bank.program(
        91,
        &[
            Layer::new(aahs, choir).tune(-7).gain(-3.0),
            Layer::new(oohs, choir).octaves(-1).tune(6),
            Layer::new(oohs, choir).tune(3),
        ],
    );
    let halo = Art {
        attack: 0.9,
        release: 2.4,
        cutoff: 1_400.0,
        resonance: 9.0,
        second: (1.6, 2.0, 0.5, 2.0),
        cutoff_by_second: 1_500.0,
        ..PAD
    };
    bank.program(
        94,
        &[
            Layer::new(aahs, halo).tune(-6),
            Layer::new(aahs, halo).octaves(1).tune(7).gain(-2.0),
        ],
    );
    let goblin = Art {
        attack: 0.3,
        release: 1.4,
        cutoff: 800.0,
        resonance: 12.0,
        vibrato: (6.3, 0.0, 45.0),
        tremolo: (2.7, 0.0, 3.0),
        tremolo_cutoff: 1_300.0,
        second: (1.2, 1.5, 0.3, 1.0),
        cutoff_by_second: 1_500.0,
        pitch_by_second: 30.0,
        ..PAD
    };
    bank.program(
        101,
        &[
            Layer::new(oohs, goblin).octaves(1).tune(12),
            Layer::new(aahs, goblin).octaves(-1).tune(-14).gain(-2.0),
        ],
    );
}

/// Glass and metal that ring on.
fn crystal(bank: &mut Bank) {
    let metal = bank.set(&[48, 62, 76], |key| {
        let span = Span {
            rate: 24_000.0,
            pre: 0.0,
            cycle: 0.9,
        };
        ensemble(key, span, 135, 5.0, |n, f| {
            let rings = [
                1.0, 0.2, 0.1, 0.7, 0.1, 0.5, 0.5, 0.1, 0.35, 0.1, 0.4, 0.1, 0.3,
            ];
            rings.get(n - 1).copied().unwrap_or(0.12 / n as f64) * dark(f, 7_000.0, 2.0)
        })
        .done("Metal")
    });
    let metallic = Art {
        attack: 0.06,
        fall: 4.0,
        fall_by_key: 0.0,
        sustain: 8.0,
        tremolo: (3.4, 0.2, 1.5),
        ..PAD
    };
    bank.program(
        93,
        &[
            Layer::new(&metal, metallic),
            Layer::new(&metal, metallic).tune(1_103).gain(-11.0),
        ],
    );
    let bowed = bank.set(&[50, 68], |key| {
        let span = Span {
            rate: 18_000.0,
            pre: 0.0,
            cycle: 1.0,
        };
        let mut clay = ensemble(key, span, 136, 3.5, |n, f| {
            let glass = [1.0, 0.08, 0.5, 0.04, 0.3, 0.03, 0.16];
            glass.get(n - 1).copied().unwrap_or(0.02) * dark(f, 4_000.0, 2.0)
        });
        let f0 = hz(key.into());
        clay.noise(137, 0.05, |f| band(f, 4.0 * f0, 1.5), |_| 1.0);
        clay.done("Bowed glass")
    });
    let glass = Art {
        attack: 0.45,
        tremolo: (4.8, 0.6, 1.4),
        vibrato: (4.8, 0.6, 4.0),
        ..PAD
    };
    bank.program(92, &[Layer::new(&bowed, glass)]);
    let age = bank.set(&[48, 62, 76], |key| {
        let f = hz(key.into());
        let mut clay = Clay::new(
            key,
            Span {
                rate: 26_000.0,
                pre: 0.5,
                cycle: 0.04,
            },
        );
        let all: Vec<Partial> = [
            (1.0, 0.8, 2.0),
            (2.0, 0.3, 6.0),
            (3.5, 0.4, 30.0),
            (7.0, 0.35, 45.0),
            (9.2, 0.16, 60.0),
            (4.0, 0.1, 9.0),
        ]
        .iter()
        .map(|(n, amp, fall)| {
            let it = Partial::new(f * n, *amp, *fall);
            if *fall > 20.0 { it.passing() } else { it }
        })
        .collect();
        clay.partials(138, 2.0, &all).done("Fantasy")
    });
    let bell = Art {
        fall: 7.0,
        fall_by_key: 0.2,
        release: 1.6,
        chorus: 0.3,
        reverb: 0.2,
        ..STRUCK
    };
    let bed = Art {
        attack: 0.35,
        cutoff: 2_600.0,
        ..PAD
    };
    bank.program(
        88,
        &[
            Layer::new(&age, bell),
            Layer::new(&bowed, bed).tune(5).gain(-3.0),
        ],
    );
    // Atmosphere: a nylon string and a voice behind it; crystal: the bells alone, high.
    bank.program(
        98,
        &[
            Layer::new(&age, Art { fall: 12.0, ..bell }).octaves(1),
            Layer::new(&age, Art { fall: 9.0, ..bell })
                .octaves(2)
                .tune(7)
                .gain(-7.0),
            Layer::new(
                &metal,
                Art {
                    attack: 0.0,
                    fall: 20.0,
                    fall_by_key: 0.3,
                    ..bell
                },
            )
            .octaves(1)
            .gain(-9.0),
        ],
    );
    let pluck = crate::pluck::Pluck {
        at: 0.25,
        slope: -1.0,
        soft: 1_800.0,
        loss: 9.0,
        art: Art {
            fall: 14.0,
            release: 1.6,
            cutoff: 4_000.0,
            cutoff_by_velocity: 3_000.0,
            chorus: 0.3,
            reverb: 0.2,
            ..STRUCK
        },
        ..crate::pluck::PLUCK
    };
    let string = bank.set(&[46, 60, 74], |key| {
        pluck
            .clay(
                key,
                Span {
                    rate: 22_050.0,
                    pre: 0.4,
                    cycle: 0.08,
                },
                139,
            )
            .done("Atmosphere")
    });
    bank.program(
        99,
        &[
            Layer::new(&string, pluck.art),
            Layer::new(
                &bowed,
                Art {
                    attack: 0.6,
                    cutoff: 1_800.0,
                    ..PAD
                },
            )
            .gain(-3.0),
        ],
    );
    let bright_bed = Art {
        attack: 0.02,
        fall: 5.0,
        fall_by_key: 0.0,
        sustain: 10.0,
        release: 1.4,
        cutoff: 2_500.0,
        resonance: 5.0,
        second: (0.0, 1.4, 0.4, 1.0),
        cutoff_by_second: 2_400.0,
        ..PAD
    };
    bank.program(
        100,
        &[
            Layer::new(&metal, bright_bed).octaves(1),
            Layer::new(
                &string,
                Art {
                    fall: 20.0,
                    ..pluck.art
                },
            )
            .octaves(1)
            .gain(-4.0),
            Layer::new(&bowed, bright_bed).gain(-5.0),
        ],
    );
}

fn bells_and_rain(bank: &mut Bank) {
    // Drops that ring at the pitches of a pentatonic about the key, as they fall.
    let rain = bank.set(&[62], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 20_000.0,
                pre: 0.0,
                cycle: 1.3,
            },
        );
        let length = clay.samples.len();
        let mut dice = crate::clay::Dice::new(140);
        for drop in 0..22 {
            let steps = [0.0, 12.0, 19.0, 24.0, 7.0, 31.0][drop % 6];
            let f = hz(f64::from(key) + steps + 0.12 * dice.within(-1.0, 1.0));
            let begin = match drop {
                0 => 0,
                _ => (dice.unit() * length as f64) as usize,
            };
            let amp = dice.within(0.25, 1.0) * if drop == 0 { 1.5 } else { 1.0 };
            let falls = dice.within(9.0, 22.0);
            for index in 0..length {
                let t = index as f64 / clay.rate;
                let level = amp * (-falls * t).exp() * (t / 0.002).min(1.0);
                let wave = (std::f64::consts::TAU * f * t).sin()
                    + 0.2 * (std::f64::consts::TAU * f * 2.76 * t).sin() * (-12.0 * t).exp();
                clay.samples[(begin + index) % length] += level * wave;
            }
        }
        clay.noise(141, 0.02, |f| bright(f, 3_000.0, 2.0), |_| 1.0);
        clay.done("Rain")
    });
    let wet = Art {
        attack: 0.003,
        fall: 5.0,
        fall_by_key: 0.0,
        sustain: 14.0,
        release: 2.2,
        ..PAD
    };
    bank.program(
        96,
        &[
            Layer::new(&rain, wet).tune(-4),
            Layer::new(&rain, wet).tune(8).octaves(1).gain(-5.0),
        ],
    );
    let science = bank.set(&[48, 66], |key| {
        let span = Span {
            rate: 24_000.0,
            pre: 0.0,
            cycle: 1.0,
        };
        ensemble(key, span, 142, 22.0, |n, f| {
            let odd = if n % 3 == 1 { 1.0 } else { 0.25 };
            odd * (n as f64).powf(-0.6) * dark(f, 6_000.0, 2.0)
        })
        .done("Science")
    });
    let fiction = Art {
        attack: 0.12,
        release: 1.8,
        cutoff: 900.0,
        resonance: 12.0,
        tremolo: (0.7, 0.0, 1.0),
        tremolo_cutoff: 1_800.0,
        vibrato: (0.9, 0.0, 14.0),
        ..PAD
    };
    bank.program(
        103,
        &[
            Layer::new(&science, fiction).tune(-2),
            Layer::new(
                &science,
                Art {
                    tremolo: (1.1, 0.4, 2.0),
                    ..fiction
                },
            )
            .tune(705)
            .gain(-4.0),
        ],
    );
}
