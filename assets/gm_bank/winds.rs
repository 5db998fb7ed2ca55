//! Brass, reeds and pipes: programs 57 to 80.

use crate::clay::{Span, band, dark, ensemble, peaks};
use crate::model::{Art, Bank, HELD, Layer};
use crate::pluck::Peak;
use crate::steady::{STEADY, Steady};

pub(crate) fn add(bank: &mut Bank) {
    brass(bank);
    sections(bank);
    reeds(bank);
    pipes(bank);
}

/// What one wind instrument is.
struct Wind {
    name: &'static str,
    keys: &'static [u8],
    rate: f64,
    /// How harmonics fall, the formants over them and how much does without, and where the bore cuts.
    slope: f64,
    formants: &'static [Peak],
    direct: f64,
    top: f64,
    /// Even harmonics beside odd ones.
    even: f64,
    /// Breath and the noise of the tongue.
    breath: f64,
    tongue: f64,
    rise: (f64, f64),
    art: Art,
}

impl Wind {
    fn add(&self, bank: &mut Bank, number: u8, seed: u64) {
        let set = bank.set(self.keys, |key| {
            Steady {
                name: self.name,
                span: Span {
                    rate: self.rate,
                    pre: 0.13,
                    cycle: if self.breath > 0.05 { 0.22 } else { 0.08 },
                },
                rise: self.rise,
                harmonic: &|n, f| {
                    let even = match n % 2 {
                        // They come back higher up.
                        0 => (self.even + f / 9_000.0).min(1.0),
                        _ => 1.0,
                    };
                    (n as f64).powf(self.slope)
                        * even
                        * (self.direct + peaks(f, self.formants))
                        * dark(f, self.top, 3.5)
                },
                breath: self.breath,
                color: &|f, f0| band(f, 2.0 * f0, 1.6) + 0.5 * band(f, 3_500.0, 2.5),
                chiff: (self.tongue, 0.012, 420.0),
                seed,
            }
            .wave(key)
        });
        bank.program(number, &[Layer::new(&set, self.art)]);
    }
}

/// Lips: the louder, the brighter, and the brightness comes after the tone.
const LIPS: Art = Art {
    attack: 0.028,
    release: 0.2,
    cutoff: 900.0,
    cutoff_by_velocity: 3_200.0,
    cutoff_by_key: 0.5,
    second: (0.06, 0.35, 0.62, 0.15),
    cutoff_by_second: 2_700.0,
    pitch_by_second: 0.0,
    vibrato: (5.3, 0.5, 5.0),
    velocity: 80.0,
    ..HELD
};

fn brass(bank: &mut Bank) {
    let trumpet = Wind {
        name: "Trumpet",
        keys: &[54, 66, 78],
        rate: 28_000.0,
        slope: -0.35,
        formants: &[(1_250.0, 900.0, 4.0), (2_400.0, 1_800.0, 0.0)],
        direct: 0.3,
        top: 4_500.0,
        even: 1.0,
        breath: 0.006,
        tongue: 0.12,
        rise: (0.018, 0.012),
        art: LIPS,
    };
    trumpet.add(bank, 56, 100);
    Wind {
        name: "Trombone",
        keys: &[40, 52, 65],
        rate: 22_050.0,
        formants: &[(560.0, 420.0, 5.0), (1_500.0, 1_200.0, -1.0)],
        top: 2_600.0,
        rise: (0.03, 0.02),
        art: Art {
            attack: 0.045,
            cutoff: 600.0,
            second: (0.1, 0.5, 0.65, 0.2),
            release: 0.24,
            ..LIPS
        },
        ..trumpet
    }
    .add(bank, 57, 101);
    Wind {
        name: "Tuba",
        keys: &[31, 43, 57],
        rate: 16_000.0,
        slope: -0.7,
        formants: &[(240.0, 200.0, 4.0), (600.0, 600.0, -4.0)],
        top: 1_100.0,
        rise: (0.05, 0.03),
        art: Art {
            attack: 0.06,
            cutoff: 380.0,
            second: (0.12, 0.5, 0.6, 0.2),
            cutoff_by_second: 2_200.0,
            vibrato: (4.8, 0.6, 2.0),
            ..LIPS
        },
        ..trumpet
    }
    .add(bank, 58, 102);
    Wind {
        name: "Muted trumpet",
        keys: &[55, 65, 76],
        slope: -0.1,
        formants: &[(1_700.0, 700.0, 8.0), (3_100.0, 900.0, 8.0)],
        direct: 0.06,
        top: 6_500.0,
        breath: 0.012,
        art: Art {
            cutoff: 2_600.0,
            cutoff_by_second: 1_500.0,
            cutoff_by_velocity: 2_000.0,
            ..LIPS
        },
        ..trumpet
    }
    .add(bank, 59, 103);
    Wind {
        name: "French horn",
        keys: &[42, 54, 67],
        rate: 20_000.0,
        slope: -0.85,
        formants: &[(360.0, 300.0, 5.0), (800.0, 700.0, 0.0)],
        direct: 0.25,
        top: 1_500.0,
        breath: 0.01,
        tongue: 0.06,
        rise: (0.04, 0.035),
        art: Art {
            attack: 0.06,
            cutoff: 700.0,
            second: (0.12, 0.6, 0.7, 0.25),
            cutoff_by_second: 1_700.0,
            release: 0.32,
            reverb: 0.1,
            vibrato: (5.0, 0.6, 2.5),
            ..LIPS
        },
        ..trumpet
    }
    .add(bank, 60, 104);
}

fn sections(bank: &mut Bank) {
    let section = bank.set(&[40, 51, 62, 73], |key| {
        let span = Span {
            rate: 24_000.0,
            pre: 0.0,
            cycle: 0.7,
        };
        ensemble(key, span, 105, 7.0, |n, f| {
            (n as f64).powf(-0.45)
                * (0.3 + peaks(f, &[(900.0, 800.0, 3.0), (1_900.0, 1_600.0, -1.0)]))
                * dark(f, 3_800.0, 3.0)
        })
        .done("Brass section")
    });
    let art = Art {
        attack: 0.035,
        cutoff: 1_000.0,
        release: 0.25,
        second: (0.07, 0.4, 0.65, 0.2),
        cutoff_by_second: 2_600.0,
        vibrato: (5.0, 0.5, 0.0),
        ..LIPS
    };
    bank.program(61, &[Layer::new(&section, art)]);
    let saw = bank.set(&[40, 52, 64, 78], |key| {
        Steady {
            name: "Brass saw",
            span: Span {
                rate: 40_000.0,
                pre: 0.0,
                cycle: 0.05,
            },
            harmonic: &|n, f| 1.0 / n as f64 * dark(f, 8_000.0, 2.0),
            seed: 106,
            ..STEADY
        }
        .clay(key)
        .bright_to(40_000.0)
        .done("Brass saw")
    });
    let first = Art {
        attack: 0.02,
        release: 0.3,
        cutoff: 500.0,
        cutoff_by_velocity: 2_600.0,
        cutoff_by_key: 0.6,
        resonance: 3.0,
        second: (0.09, 0.6, 0.55, 0.3),
        cutoff_by_second: 3_600.0,
        chorus: 0.2,
        vibrato: (5.0, 0.4, 0.0),
        ..HELD
    };
    bank.program(
        62,
        &[
            Layer::new(&saw, first).tune(-8),
            Layer::new(&saw, first).tune(8),
            Layer::new(&saw, first).octaves(1).gain(-9.0),
        ],
    );
    let second = Art {
        attack: 0.07,
        cutoff: 420.0,
        resonance: 1.0,
        second: (0.28, 1.0, 0.6, 0.5),
        cutoff_by_second: 2_700.0,
        release: 0.5,
        ..first
    };
    bank.program(
        63,
        &[
            Layer::new(&saw, second).tune(-13),
            Layer::new(&saw, second).tune(12),
            Layer::new(&saw, second).octaves(-1).tune(3).gain(-4.0),
        ],
    );
    crate::synths::add_leads(bank, &saw);
}

fn reeds(bank: &mut Bank) {
    let art = Art {
        attack: 0.025,
        release: 0.16,
        cutoff: 2_400.0,
        cutoff_by_velocity: 2_600.0,
        cutoff_by_key: 0.3,
        second: (0.05, 0.5, 0.75, 0.15),
        cutoff_by_second: 1_400.0,
        vibrato: (5.2, 0.35, 9.0),
        velocity: 80.0,
        ..HELD
    };
    let alto = Wind {
        name: "Alto sax",
        keys: &[51, 63, 76],
        rate: 24_000.0,
        slope: -0.6,
        formants: &[
            (620.0, 350.0, 4.0),
            (1_300.0, 500.0, 2.0),
            (2_700.0, 900.0, 1.0),
        ],
        direct: 0.25,
        top: 4_200.0,
        even: 0.9,
        breath: 0.03,
        tongue: 0.2,
        rise: (0.02, 0.015),
        art,
    };
    Wind {
        name: "Soprano sax",
        keys: &[56, 67, 79],
        formants: &[
            (950.0, 500.0, 4.0),
            (2_100.0, 800.0, 2.0),
            (3_600.0, 1_000.0, 0.0),
        ],
        top: 5_500.0,
        art: Art {
            cutoff: 3_300.0,
            ..art
        },
        ..alto
    }
    .add(bank, 64, 110);
    alto.add(bank, 65, 111);
    Wind {
        name: "Tenor sax",
        keys: &[46, 58, 71],
        slope: -0.8,
        formants: &[
            (420.0, 200.0, 6.0),
            (820.0, 300.0, 1.0),
            (2_500.0, 700.0, 1.0),
        ],
        top: 2_500.0,
        breath: 0.09,
        art: Art {
            cutoff: 1_900.0,
            vibrato: (4.9, 0.35, 11.0),
            ..art
        },
        ..alto
    }
    .add(bank, 66, 112);
    Wind {
        name: "Baritone sax",
        keys: &[39, 51, 64],
        rate: 20_000.0,
        slope: -0.45,
        formants: &[
            (260.0, 200.0, 6.0),
            (1_150.0, 500.0, 4.0),
            (2_300.0, 600.0, 0.0),
        ],
        top: 2_400.0,
        breath: 0.04,
        art: Art {
            attack: 0.035,
            cutoff: 1_500.0,
            ..art
        },
        ..alto
    }
    .add(bank, 67, 113);
    Wind {
        name: "Oboe",
        keys: &[58, 68, 79],
        rate: 26_000.0,
        slope: -0.25,
        formants: &[(1_250.0, 500.0, 8.0), (3_000.0, 900.0, 3.0)],
        direct: 0.22,
        top: 5_000.0,
        even: 1.0,
        breath: 0.012,
        tongue: 0.08,
        art: Art {
            cutoff: 4_200.0,
            cutoff_by_velocity: 1_800.0,
            vibrato: (5.5, 0.3, 7.0),
            ..art
        },
        ..alto
    }
    .add(bank, 68, 114);
    Wind {
        name: "English horn",
        keys: &[50, 61, 73],
        rate: 22_050.0,
        slope: -0.35,
        formants: &[(880.0, 360.0, 8.0), (1_900.0, 700.0, 2.0)],
        direct: 0.25,
        top: 3_000.0,
        even: 1.0,
        breath: 0.012,
        tongue: 0.08,
        art: Art {
            attack: 0.035,
            cutoff: 2_900.0,
            vibrato: (5.2, 0.35, 7.0),
            ..art
        },
        ..alto
    }
    .add(bank, 69, 115);
    Wind {
        name: "Bassoon",
        keys: &[37, 49, 62],
        rate: 18_000.0,
        slope: -0.3,
        formants: &[(450.0, 130.0, 12.0), (1_150.0, 300.0, -3.0)],
        direct: 0.12,
        top: 1_500.0,
        even: 1.0,
        breath: 0.015,
        tongue: 0.12,
        art: Art {
            cutoff: 2_000.0,
            vibrato: (4.8, 0.4, 5.0),
            ..art
        },
        ..alto
    }
    .add(bank, 70, 116);
    Wind {
        name: "Clarinet",
        keys: &[52, 64, 77],
        slope: -0.8,
        formants: &[(1_500.0, 1_200.0, -2.0)],
        direct: 0.6,
        top: 2_900.0,
        even: 0.06,
        breath: 0.014,
        tongue: 0.06,
        rise: (0.03, 0.01),
        art: Art {
            attack: 0.03,
            cutoff: 2_600.0,
            vibrato: (5.0, 0.4, 0.0),
            ..art
        },
        ..alto
    }
    .add(bank, 71, 117);
}

fn pipes(bank: &mut Bank) {
    let art = Art {
        attack: 0.035,
        release: 0.18,
        vibrato: (5.0, 0.3, 8.0),
        tremolo: (5.0, 0.3, 1.2),
        velocity: 70.0,
        ..HELD
    };
    let flute = Wind {
        name: "Flute",
        keys: &[62, 74, 87],
        rate: 24_000.0,
        slope: -1.35,
        formants: &[(800.0, 700.0, 2.0)],
        direct: 0.5,
        top: 3_000.0,
        even: 0.85,
        breath: 0.08,
        tongue: 0.35,
        rise: (0.045, 0.02),
        art: Art {
            cutoff: 4_200.0,
            cutoff_by_velocity: 3_000.0,
            ..art
        },
    };
    Wind {
        name: "Piccolo",
        keys: &[72, 84, 96],
        rate: 30_000.0,
        slope: -2.3,
        formants: &[(2_000.0, 1_500.0, 2.0)],
        top: 6_000.0,
        breath: 0.11,
        tongue: 0.3,
        rise: (0.025, 0.01),
        art: Art {
            attack: 0.025,
            vibrato: (5.8, 0.25, 8.0),
            ..art
        },
        ..flute
    }
    .add(bank, 72, 120);
    flute.add(bank, 73, 121);
    Wind {
        name: "Recorder",
        keys: &[62, 74, 87],
        slope: -1.9,
        formants: &[(1_600.0, 900.0, -2.0)],
        even: 0.3,
        breath: 0.045,
        tongue: 0.5,
        rise: (0.025, 0.015),
        art: Art {
            attack: 0.02,
            vibrato: (4.5, 0.4, 3.0),
            tremolo: (4.5, 0.4, 0.4),
            velocity: 40.0,
            ..art
        },
        ..flute
    }
    .add(bank, 74, 122);
    Wind {
        name: "Pan flute",
        keys: &[58, 69, 81],
        slope: -2.2,
        formants: &[],
        direct: 1.0,
        even: 0.12,
        breath: 0.17,
        tongue: 1.3,
        rise: (0.06, 0.01),
        art: Art {
            attack: 0.012,
            release: 0.22,
            vibrato: (4.8, 0.35, 6.0),
            ..art
        },
        ..flute
    }
    .add(bank, 75, 123);
    Wind {
        name: "Bottle",
        keys: &[54, 66, 79],
        rate: 20_000.0,
        slope: -3.4,
        formants: &[],
        direct: 1.0,
        even: 0.5,
        breath: 0.3,
        tongue: 0.9,
        rise: (0.1, 0.02),
        art: Art {
            attack: 0.07,
            release: 0.3,
            vibrato: (4.5, 0.5, 0.0),
            tremolo: (4.0, 0.2, 0.8),
            cutoff: 2_400.0,
            cutoff_by_key: 0.6,
            ..art
        },
        ..flute
    }
    .add(bank, 76, 124);
    Wind {
        name: "Shakuhachi",
        keys: &[55, 66, 78],
        slope: -1.15,
        formants: &[(900.0, 500.0, 4.0), (2_200.0, 1_200.0, -3.0)],
        even: 0.7,
        breath: 0.24,
        tongue: 1.1,
        rise: (0.07, 0.03),
        art: Art {
            attack: 0.02,
            vibrato: (4.6, 0.5, 12.0),
            tremolo: (4.6, 0.5, 2.0),
            second: (0.0, 0.14, 0.0, 0.1),
            pitch_by_second: -70.0,
            release: 0.3,
            ..art
        },
        ..flute
    }
    .add(bank, 77, 125);
    Wind {
        name: "Whistle",
        keys: &[70, 82, 94],
        slope: -4.5,
        formants: &[],
        direct: 1.0,
        even: 0.3,
        breath: 0.06,
        tongue: 0.15,
        rise: (0.05, 0.01),
        art: Art {
            attack: 0.04,
            vibrato: (5.6, 0.2, 16.0),
            tremolo: (5.0, 0.0, 0.0),
            second: (0.0, 0.09, 0.0, 0.1),
            pitch_by_second: -45.0,
            ..art
        },
        ..flute
    }
    .add(bank, 78, 126);
    Wind {
        name: "Ocarina",
        keys: &[58, 71, 84],
        slope: -2.7,
        formants: &[],
        direct: 1.0,
        even: 0.25,
        breath: 0.02,
        tongue: 0.25,
        rise: (0.03, 0.01),
        art: Art {
            attack: 0.03,
            vibrato: (5.2, 0.3, 5.0),
            tremolo: (5.0, 0.3, 0.5),
            release: 0.12,
            ..art
        },
        ..flute
    }
    .add(bank, 79, 127);
}
