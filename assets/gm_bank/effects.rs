//! Noises of hands, weather and machines: programs 121 to 128.

use std::f64::consts::TAU;

use crate::clay::{Clay, Dice, Span, band, bright, dark, db};
use crate::model::{Art, Bank, HELD, Layer};

const NOISE: Art = Art {
    attack: 0.0,
    release: 0.5,
    per_key: 50.0,
    ..HELD
};

fn once(rate: f64, seconds: f64) -> Clay {
    Clay::new(
        60,
        Span {
            rate,
            pre: seconds,
            cycle: 0.0,
        },
    )
}

fn around(rate: f64, seconds: f64) -> Clay {
    Clay::new(
        60,
        Span {
            rate,
            pre: 0.0,
            cycle: seconds,
        },
    )
}

pub(crate) fn add(bank: &mut Bank) {
    let add = |bank: &mut Bank, number: u8, mut clay: Clay, name: &str, art: Art| {
        let set = bank.set(&[60], |_| clay.done(name));
        bank.program(number, &[Layer::new(&set, art)]);
    };
    add(bank, 120, fret(), "Fret noise", NOISE);
    add(bank, 121, breath(), "Breath", NOISE);
    let waves = Art {
        attack: 0.6,
        release: 2.5,
        cutoff: 1_900.0,
        tremolo: (0.16, 0.0, 6.0),
        tremolo_cutoff: 900.0,
        ..NOISE
    };
    let set = bank.set(&[60], |_| {
        around(14_000.0, 1.7)
            .noise(
                170,
                1.0,
                |f| dark(f, 500.0, 0.8) * bright(f, 80.0, 1.0),
                |_| 1.0,
            )
            .done("Sea")
    });
    bank.program(
        122,
        &[
            Layer::new(&set, waves),
            // Another wave that breaks at another time.
            Layer::new(
                &set,
                Art {
                    tremolo: (0.113, 1.7, 8.0),
                    pan: 0.3,
                    ..waves
                },
            )
            .tune(-500)
            .gain(-3.0),
        ],
    );
    add(
        bank,
        123,
        birds(),
        "Bird",
        Art {
            per_key: 100.0,
            release: 0.3,
            ..NOISE
        },
    );
    add(
        bank,
        124,
        telephone(),
        "Telephone",
        Art {
            per_key: 100.0,
            release: 0.15,
            ..NOISE
        },
    );
    add(
        bank,
        125,
        helicopter(),
        "Helicopter",
        Art {
            attack: 0.25,
            release: 0.8,
            ..NOISE
        },
    );
    add(
        bank,
        126,
        applause(),
        "Applause",
        Art {
            attack: 0.35,
            release: 1.6,
            ..NOISE
        },
    );
    add(
        bank,
        127,
        gunshot(),
        "Gunshot",
        Art {
            release: 3.0,
            reverb: 0.25,
            ..NOISE
        },
    );
}

/// A finger slides along a wound string.
fn fret() -> Clay {
    let mut clay = once(24_000.0, 0.42);
    let rate = clay.rate;
    let mut dice = Dice::new(171);
    let mut phase = 0.0_f64;
    let length = clay.samples.len();
    for (index, it) in clay.samples.iter_mut().enumerate() {
        let t: f64 = index as f64 / length as f64;
        let f = 900.0 + 1_700.0 * (t * 1.25).sin();
        phase += TAU * f / rate * (1.0 + 0.15 * dice.within(-1.0, 1.0));
        let shape = (t * 12.0).min(1.0) * (1.0 - t).powf(1.5);
        *it = shape
            * (phase.sin()
                + 0.5 * (2.0 * phase).sin()
                + if phase.sin() > 0.2 {
                    0.9 * dice.within(-1.0, 1.0)
                } else {
                    0.0
                });
    }
    clay.burst(172, 0.3, 0.001, 300.0, |f| band(f, 180.0, 1.0));
    clay
}

fn breath() -> Clay {
    let mut clay = once(22_050.0, 0.9);
    clay.noise(
        173,
        1.0,
        |f| band(f, 1_700.0, 1.6) + 0.5 * band(f, 4_200.0, 1.2) + 0.15 * band(f, 500.0, 2.0),
        |t| (t / 0.28).min(1.0).powi(2) * (1.0 - (t - 0.35).max(0.0) / 0.55).max(0.0).powf(1.3),
    );
    clay
}

/// Calls, each a quick fall or a warble, in a cycle of a second and a half.
fn birds() -> Clay {
    let mut clay = around(16_000.0, 1.5);
    let rate = clay.rate;
    let length = clay.samples.len();
    for (begin, seconds, from, to, warble) in [
        (0.0, 0.09, 4_600.0, 3_000.0, 0.0),
        (0.13, 0.09, 4_800.0, 3_100.0, 0.0),
        (0.26, 0.12, 3_600.0, 5_200.0, 0.0),
        (0.46, 0.32, 4_200.0, 4_000.0, 0.09),
        (0.92, 0.07, 5_400.0, 3_900.0, 0.0),
        (1.02, 0.07, 5_500.0, 4_000.0, 0.0),
        (1.12, 0.16, 3_900.0, 2_800.0, 0.03),
    ] {
        let mut phase = 0.0_f64;
        let count = (seconds * rate) as usize;
        for index in 0..count {
            let x = index as f64 / count as f64;
            let t = index as f64 / rate;
            let f = from + (to - from) * x * x;
            phase += TAU / rate * f * (1.0 + warble * (TAU * 31.0 * t).sin());
            let shape = (std::f64::consts::PI * x).sin().powf(0.7);
            clay.samples[((begin * rate) as usize + index) % length] +=
                shape * (phase.sin() + 0.1 * (2.0 * phase).sin());
        }
    }
    clay
}

/// Two bells struck in turn by a hammer, twenty times a second.
fn telephone() -> Clay {
    let mut clay = around(26_000.0, 1.0);
    let rate = clay.rate;
    let length = clay.samples.len();
    let strokes = 22;
    for stroke in 0..strokes {
        let begin = stroke * length / strokes;
        let base: f64 = if stroke % 2 == 0 { 1_390.0 } else { 1_660.0 };
        for index in 0..length / 3 {
            let t = index as f64 / rate;
            let ring: f64 = [
                (1.0_f64, 1.0, 14.0_f64),
                (2.76, 0.6, 20.0),
                (5.4, 0.35, 30.0),
            ]
            .iter()
            .map(|(ratio, amp, fall)| amp * (TAU * base * ratio * t).sin() * (-fall * t).exp())
            .sum();
            let soft = (t / 0.0006).min(1.0) * ((length / 3 - index) as f64 / 400.0).min(1.0);
            clay.samples[(begin + index) % length] += ring * soft;
        }
    }
    clay
}

/// Blades that beat the air, and a turbine above.
fn helicopter() -> Clay {
    let mut clay = around(20_000.0, 0.9);
    let beats = 11.0_f64;
    let length = clay.samples.len() as f64 / clay.rate;
    let beat = |t: f64| -> f64 {
        let x: f64 = (t / length * beats).fract();
        let slap = (-x * 9.0).exp() * (x * 60.0).min(1.0);
        0.12 + slap
    };
    clay.noise(
        174,
        1.0,
        |f| dark(f, 180.0, 1.6) * bright(f, 45.0, 2.0),
        beat,
    );
    clay.noise(175, 0.22, |f| band(f, 900.0, 2.5), beat);
    clay.noise(
        176,
        0.05,
        |f| band(f, 2_300.0, 0.12) + 0.4 * band(f, 4_600.0, 0.1),
        |_| 1.0,
    );
    clay
}

/// Many hands, no two alike.
fn applause() -> Clay {
    let mut clay = around(18_000.0, 1.6);
    let rate = clay.rate;
    let length = clay.samples.len();
    let mut dice = Dice::new(177);
    for _ in 0..520 {
        let begin = (dice.unit() * length as f64) as usize;
        let f = dice.within(700.0, 2_400.0);
        let near: f64 = dice.within(0.15, 1.0).powi(2);
        let fall = dice.within(220.0, 420.0);
        let mut state: [f64; 2] = [0.0; 2];
        let w = TAU * f / rate;
        let r = 0.93_f64;
        for index in 0..(0.035 * rate) as usize {
            let t = index as f64 / rate;
            let x = dice.within(-1.0, 1.0) * (-fall * t).exp() * (t / 0.0007).min(1.0);
            let y = x + 2.0 * r * w.cos() * state[0] - r * r * state[1];
            state = [y, state[0]];
            clay.samples[(begin + index) % length] += near * y;
        }
    }
    clay.noise(178, 0.12, |f| band(f, 1_300.0, 3.0), |_| 1.0);
    clay
}

fn gunshot() -> Clay {
    let mut clay = once(20_000.0, 0.9);
    clay.burst(179, 1.0, 0.0004, 900.0, |f| bright(f, 800.0, 1.0));
    clay.noise(
        180,
        1.0,
        |f| dark(f, 420.0, 1.4),
        |t| db(-70.0 * t) * (t / 0.002).min(1.0),
    );
    clay.noise(181, 0.45, |f| band(f, 1_500.0, 3.0), |t| db(-110.0 * t));
    // The street answers.
    clay.noise(
        182,
        0.28,
        |f| dark(f, 700.0, 2.0),
        |t| {
            if t > 0.13 {
                db(-45.0 * (t - 0.13))
            } else {
                0.0
            }
        },
    );
    clay.bend(|x| (2.5 * x).tanh());
    clay
}
