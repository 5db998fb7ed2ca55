//! Guitars and basses: programs 25 to 40.

use crate::clay::{Clay, Partial, Span, band, dark, hz};
use crate::model::{Art, Bank, HELD, Layer, STRUCK, Set};
use crate::pluck::{PLUCK, Peak, Pluck};

/// Air and top of a guitar.
const BOX: &[Peak] = &[
    (105.0, 30.0, 4.0),
    (205.0, 50.0, 4.0),
    (290.0, 60.0, 1.0),
    (400.0, 90.0, 0.0),
    (560.0, 150.0, -2.0),
    (900.0, 400.0, -4.0),
];

fn span(key: u8, pre: f64) -> Span {
    Span {
        rate: if key < 50 { 22_050.0 } else { 27_000.0 },
        pre,
        cycle: if key < 60 { 0.1 } else { 0.06 },
    }
}

pub(crate) fn add(bank: &mut Bank) {
    acoustic(bank);
    electric(bank);
    driven(bank);
    deep(bank);
    synthetic(bank);
}

fn made(bank: &mut Bank, name: &str, seed: u64, keys: &[u8], pre: f64, model: &Pluck) -> Set {
    bank.set(keys, |key| {
        model
            .clay(key, span(key, pre), seed)
            .bright_to(24_000.0)
            .done(name)
    })
}

fn acoustic(bank: &mut Bank) {
    let nylon = Pluck {
        stiff: 0.000_02,
        at: 0.27,
        slope: -1.15,
        soft: 1_600.0,
        steep: 2.2,
        loss: 13.0,
        prompt: 0.55,
        body: BOX,
        direct: 0.45,
        floor: 85.0,
        knock: (-19.0, 120.0),
        pick: (-33.0, 1_700.0),
        art: Art {
            fall: 15.0,
            fall_by_key: 0.5,
            release: 0.4,
            cutoff: 4_200.0,
            cutoff_by_velocity: 4_200.0,
            cutoff_by_key: 0.3,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = made(bank, "Nylon", 60, &[41, 49, 57, 65, 75], 0.65, &nylon);
    bank.program(24, &[Layer::new(&set, nylon.art)]);
    let steel = Pluck {
        stiff: 0.000_09,
        at: 0.17,
        slope: -0.75,
        soft: 3_200.0,
        steep: 1.9,
        loss: 6.0,
        prompt: 0.5,
        beat: 0.8,
        body: BOX,
        direct: 0.8,
        floor: 95.0,
        knock: (-25.0, 150.0),
        pick: (-22.0, 4_200.0),
        art: Art {
            fall: 11.0,
            cutoff: 6_800.0,
            cutoff_by_velocity: 3_900.0,
            ..nylon.art
        },
        ..PLUCK
    };
    let set = made(bank, "Steel", 61, &[41, 49, 57, 65, 75], 0.55, &steel);
    bank.program(25, &[Layer::new(&set, steel.art)]);
}

fn electric(bank: &mut Bank) {
    let jazz = Pluck {
        stiff: 0.000_05,
        at: 0.24,
        slope: -1.0,
        soft: 1_150.0,
        steep: 2.8,
        loss: 8.0,
        prompt: 0.35,
        pickup: 0.23,
        body: &[(230.0, 120.0, 2.0), (600.0, 400.0, 0.0)],
        direct: 0.8,
        floor: 80.0,
        knock: (-30.0, 200.0),
        pick: (-32.0, 1_500.0),
        art: Art {
            fall: 10.0,
            fall_by_key: 0.5,
            release: 0.3,
            cutoff: 2_400.0,
            cutoff_by_velocity: 3_600.0,
            cutoff_by_key: 0.3,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = made(bank, "Jazz guitar", 62, &[42, 53, 64, 75], 0.5, &jazz);
    bank.program(26, &[Layer::new(&set, jazz.art)]);
    let clean = Pluck {
        at: 0.13,
        slope: -0.65,
        soft: 3_000.0,
        steep: 2.4,
        loss: 5.0,
        prompt: 0.3,
        beat: 0.4,
        pickup: 0.09,
        body: &[(2_600.0, 2_000.0, 2.0)],
        direct: 0.9,
        pick: (-24.0, 3_200.0),
        art: Art {
            fall: 8.0,
            cutoff: 6_000.0,
            cutoff_by_velocity: 3_900.0,
            chorus: 0.25,
            ..jazz.art
        },
        ..jazz
    };
    let set = made(bank, "Clean guitar", 63, &[42, 52, 62, 73], 0.55, &clean);
    bank.program(27, &[Layer::new(&set, clean.art)]);
    let muted = Pluck {
        loss: 60.0,
        slope: -0.7,
        soft: 1_800.0,
        prompt: 0.2,
        pick: (-17.0, 1_900.0),
        knock: (-22.0, 170.0),
        art: Art {
            fall: 75.0,
            fall_by_key: 0.3,
            release: 0.12,
            cutoff: 4_000.0,
            ..clean.art
        },
        ..clean
    };
    let set = bank.set(&[43, 54, 66], |key| {
        let span = Span {
            rate: 22_050.0,
            pre: 0.3,
            cycle: 0.03,
        };
        muted.clay(key, span, 64).done("Muted guitar")
    });
    bank.program(28, &[Layer::new(&set, muted.art)]);
}

fn driven(bank: &mut Bank) {
    let string = Pluck {
        stiff: 0.0,
        at: 0.16,
        slope: -0.8,
        soft: 2_500.0,
        prompt: 0.3,
        pickup: 0.1,
        loss: 2.0,
        knock: (-60.0, 200.0),
        pick: (-16.0, 2_500.0),
        art: Art {
            fall: 3.0,
            fall_by_key: 0.2,
            ..STRUCK
        },
        ..PLUCK
    };
    let drive = |name: &'static str, seed: u64, gain: f64, lean: f64| {
        move |key: u8| {
            let span = Span {
                rate: 52_000.0,
                pre: 0.3,
                cycle: 0.12,
            };
            let mut clay = string.clay(key, span, seed);
            clay.bend(move |x: f64| {
                // A stage that clips more on one side, and one that clips both.
                let y: f64 = (gain * x + lean).tanh() - lean.tanh();
                (1.6 * y).tanh()
            });
            clay.done(name)
        }
    };
    let keys = [40, 49, 58, 69];
    let over = bank.set(&keys, drive("Overdriven guitar", 65, 3.0, 0.35));
    let art = Art {
        fall: 5.0,
        fall_by_key: 0.2,
        release: 0.22,
        cutoff: 3_700.0,
        resonance: 3.0,
        cutoff_by_velocity: 2_400.0,
        velocity: 70.0,
        vibrato: (5.4, 0.5, 6.0),
        ..STRUCK
    };
    bank.program(29, &[Layer::new(&over, art)]);
    let fuzz = bank.set(&keys, drive("Distorted guitar", 66, 14.0, 0.1));
    let art = Art {
        fall: 2.2,
        cutoff: 4_600.0,
        resonance: 4.0,
        cutoff_by_velocity: 1_500.0,
        velocity: 48.0,
        ..art
    };
    bank.program(
        30,
        &[
            Layer::new(&fuzz, art),
            Layer::new(&fuzz, art).octaves(-1).gain(-9.0).tune(3),
        ],
    );
    // A finger touches a node: the modes between go.
    let set = bank.set(&[52, 64, 76, 88], |key| {
        let f = hz(key.into());
        let fall = 9.0 * ((f64::from(key) - 60.0) / 12.0 * 0.35).exp2();
        let all: Vec<Partial> = [1.0, 0.24, 0.2, 0.05, 0.06, 0.02]
            .iter()
            .zip(1..)
            .map(|(amp, n)| {
                let n = f64::from(n);
                Partial::new(f * n * (1.0 + 0.000_2 * n * n), *amp, fall + 5.0 * n)
            })
            .collect();
        let mut clay = Clay::new(
            key,
            Span {
                rate: 26_000.0,
                pre: 0.35,
                cycle: 0.06,
            },
        );
        clay.partials(67, fall, &all);
        clay.burst(68, 0.06, 0.001, 700.0, |f| band(f, 2_600.0, 1.6))
            .done("Harmonics")
    });
    let art = Art {
        fall: 9.0,
        fall_by_key: 0.35,
        release: 1.6,
        attack: 0.004,
        cutoff: 5_000.0,
        cutoff_by_velocity: 3_000.0,
        chorus: 0.2,
        ..STRUCK
    };
    bank.program(31, &[Layer::new(&set, art)]);
}

fn deep(bank: &mut Bank) {
    let keys = &[31_u8, 41, 53];
    let finger = Pluck {
        stiff: 0.000_3,
        at: 0.22,
        slope: -0.9,
        soft: 1_400.0,
        soft_by_key: 0.2,
        steep: 2.4,
        loss: 14.0,
        prompt: 0.35,
        beat: 0.2,
        pickup: 0.15,
        body: &[],
        direct: 1.0,
        floor: 45.0,
        knock: (-26.0, 110.0),
        pick: (-30.0, 900.0),
        art: Art {
            fall: 12.0,
            fall_by_key: 0.35,
            release: 0.22,
            cutoff: 2_600.0,
            cutoff_by_velocity: 4_200.0,
            ..STRUCK
        },
        ..PLUCK
    };
    let low = |bank: &mut Bank, name: &str, seed: u64, rate: f64, model: &Pluck| {
        bank.set(keys, |key| {
            let span = Span {
                rate,
                pre: 0.42,
                cycle: 0.07,
            };
            model.clay(key, span, seed).done(name)
        })
    };
    let upright = Pluck {
        at: 0.3,
        slope: -1.1,
        soft: 650.0,
        loss: 30.0,
        pickup: 0.0,
        prompt: 0.55,
        body: &[
            (62.0, 30.0, 2.0),
            (105.0, 40.0, 4.0),
            (190.0, 90.0, 2.0),
            (420.0, 250.0, -2.0),
        ],
        direct: 0.4,
        floor: 55.0,
        knock: (-18.0, 95.0),
        pick: (-26.0, 700.0),
        art: Art {
            attack: 0.004,
            fall: 20.0,
            release: 0.3,
            cutoff: 2_000.0,
            cutoff_by_velocity: 3_000.0,
            ..finger.art
        },
        ..finger
    };
    let set = low(bank, "Upright bass", 70, 13_000.0, &upright);
    bank.program(32, &[Layer::new(&set, upright.art)]);
    let set = low(bank, "Finger bass", 71, 15_000.0, &finger);
    bank.program(33, &[Layer::new(&set, finger.art)]);
    let picked = Pluck {
        at: 0.1,
        soft: 3_000.0,
        slope: -0.6,
        loss: 8.0,
        pickup: 0.12,
        pick: (-18.0, 2_600.0),
        art: Art {
            fall: 10.0,
            cutoff: 4_600.0,
            cutoff_by_velocity: 3_600.0,
            ..finger.art
        },
        ..finger
    };
    let set = low(bank, "Picked bass", 72, 18_000.0, &picked);
    bank.program(34, &[Layer::new(&set, picked.art)]);
    let fretless = Pluck {
        at: 0.3,
        soft: 1_100.0,
        slope: -0.75,
        loss: 4.0,
        prompt: 0.1,
        body: &[(480.0, 260.0, 6.0)],
        knock: (-34.0, 100.0),
        pick: (-40.0, 700.0),
        art: Art {
            attack: 0.012,
            fall: 6.0,
            cutoff: 500.0,
            cutoff_by_velocity: 2_400.0,
            cutoff_by_key: 0.4,
            resonance: 6.0,
            // The growl comes a moment after the note.
            second: (0.13, 0.9, 0.35, 0.3),
            cutoff_by_second: 2_000.0,
            vibrato: (4.8, 0.45, 9.0),
            ..finger.art
        },
        ..finger
    };
    let set = low(bank, "Fretless bass", 73, 13_000.0, &fretless);
    bank.program(35, &[Layer::new(&set, fretless.art)]);
    let thumb = Pluck {
        at: 0.08,
        nulls: 0.8,
        slope: -0.35,
        soft: 4_500.0,
        steep: 2.0,
        loss: 9.0,
        prompt: 0.4,
        pickup: 0.1,
        knock: (-16.0, 160.0),
        pick: (-12.0, 4_200.0),
        art: Art {
            fall: 13.0,
            cutoff: 3_200.0,
            cutoff_by_velocity: 5_400.0,
            second: (0.0, 0.35, 0.0, 0.2),
            cutoff_by_second: 2_400.0,
            resonance: 3.0,
            ..finger.art
        },
        ..finger
    };
    let set = low(bank, "Slapped bass", 74, 24_000.0, &thumb);
    bank.program(36, &[Layer::new(&set, thumb.art)]);
    let popped = Pluck {
        at: 0.05,
        slope: -0.15,
        soft: 5_000.0,
        steep: 1.8,
        loss: 16.0,
        knock: (-24.0, 260.0),
        pick: (-9.0, 6_000.0),
        art: Art {
            fall: 19.0,
            cutoff: 6_500.0,
            cutoff_by_velocity: 4_000.0,
            cutoff_by_second: 1_200.0,
            resonance: 0.0,
            ..thumb.art
        },
        ..thumb
    };
    let set = low(bank, "Popped bass", 75, 26_000.0, &popped);
    bank.program(37, &[Layer::new(&set, popped.art)]);
}

fn synthetic(bank: &mut Bank) {
    let keys = &[28_u8, 40, 52, 64];
    let span = Span {
        rate: 36_000.0,
        pre: 0.0,
        cycle: 0.05,
    };
    let saw = bank.set(keys, |key| {
        let f = hz(key.into());
        let all: Vec<Partial> = (1..100)
            .map(|n| {
                Partial::new(
                    f * f64::from(n),
                    1.0 / f64::from(n) * dark(f * f64::from(n), 7_000.0, 2.0),
                    0.0,
                )
            })
            .take_while(|it| it.hz < 15_000.0)
            .collect();
        Clay::new(key, span)
            .partials(76, 0.0, &all)
            .bright_to(36_000.0)
            .done("Bass saw")
    });
    let acid = Art {
        attack: 0.002,
        fall: 7.0,
        fall_by_key: 0.0,
        sustain: 12.0,
        release: 0.15,
        cutoff: 260.0,
        cutoff_by_velocity: 1_800.0,
        cutoff_by_key: 0.5,
        resonance: 11.0,
        second: (0.0, 0.55, 0.12, 0.15),
        cutoff_by_second: 4_300.0,
        ..HELD
    };
    bank.program(
        38,
        &[
            Layer::new(&saw, acid).tune(-4),
            Layer::new(&saw, acid).tune(5).gain(-2.0),
        ],
    );
    let square = bank.set(keys, |key| {
        let f = hz(key.into());
        let all: Vec<Partial> = (1..60)
            .step_by(2)
            .map(|n| {
                let n = f64::from(n);
                Partial::new(f * n, n.powf(-1.3) * dark(f * n, 3_000.0, 2.0), 0.0)
            })
            .chain([
                Partial::new(f * 0.5, 0.5, 0.0),
                Partial::new(f * 2.0, 0.35, 0.0),
            ])
            .collect();
        Clay::new(key, span)
            .partials(77, 0.0, &all)
            .done("Bass square")
    });
    let rubber = Art {
        fall: 22.0,
        sustain: 30.0,
        cutoff: 420.0,
        resonance: 4.0,
        second: (0.0, 0.22, 0.0, 0.1),
        cutoff_by_second: 3_600.0,
        pitch_by_second: 0.0,
        ..acid
    };
    bank.program(39, &[Layer::new(&square, rubber)]);
}
