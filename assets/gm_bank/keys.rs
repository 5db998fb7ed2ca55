//! Pianos and what has keys and strings or tines: programs 1 to 8.

use crate::clay::{Clay, Partial, Span, band, hz};
use crate::model::{Art, Bank, Layer, STRUCK};
use crate::pluck::{PLUCK, Pluck};

/// The board that strings of a grand sound through.
const BOARD: &[(f64, f64, f64)] = &[
    (95.0, 60.0, -4.0),
    (180.0, 120.0, -2.0),
    (420.0, 300.0, -2.0),
    (1_100.0, 900.0, -6.0),
];

const GRAND: Pluck = Pluck {
    stiff: 0.000_42,
    stiff_by_key: 1.25,
    at: 0.122,
    nulls: 0.7,
    slope: -0.45,
    soft: 2_000.0,
    soft_by_key: 0.42,
    steep: 2.1,
    loss: 5.0,
    prompt: 0.62,
    beat: 0.35,
    pickup: 0.0,
    body: BOARD,
    direct: 0.6,
    floor: 62.0,
    knock: (-27.0, 210.0),
    pick: (-40.0, 2_600.0),
    art: Art {
        fall: 6.5,
        fall_by_key: 0.62,
        release: 0.42,
        pan_by_key: 0.3,
        ..STRUCK
    },
};

/// How long a piano's wave is: what is low lasts, and has less to say high up.
fn piano_span(key: u8, scale: f64) -> Span {
    let (rate, pre, cycle) = match key {
        0..46 => (22_050.0, 1.0, 0.35),
        46..58 => (25_000.0, 0.85, 0.26),
        58..70 => (30_000.0, 0.75, 0.22),
        70..82 => (32_000.0, 0.5, 0.15),
        82..94 => (32_000.0, 0.32, 0.08),
        _ => (32_000.0, 0.22, 0.05),
    };
    Span {
        rate: rate * scale,
        pre,
        cycle,
    }
}

pub(crate) fn add(bank: &mut Bank) {
    pianos(bank);
    electric(bank);
    plucked(bank);
}

fn pianos(bank: &mut Bank) {
    let keys = [24, 30, 36, 42, 47, 52, 57, 62, 67, 72, 78, 84, 91, 98];
    let hard = bank.set(&keys, |key| {
        GRAND
            .clay(key, piano_span(key, 1.0), 1)
            .bright_to(26_000.0)
            .done("Grand hard")
    });
    let felt = Pluck {
        soft: 520.0,
        steep: 2.8,
        knock: (-30.0, 140.0),
        pick: (-60.0, 0.0),
        nulls: 0.8,
        ..GRAND
    };
    let soft = bank.set(&[28, 37, 45, 53, 61, 69, 77, 86], |key| {
        felt.clay(key, piano_span(key, 0.62), 2).done("Grand soft")
    });
    let damped = GRAND.art;
    let grand = Art {
        cutoff: 3_000.0,
        cutoff_by_velocity: 5_200.0,
        cutoff_by_key: 0.35,
        ..damped
    };
    let gentle = Art {
        cutoff: 5_000.0,
        cutoff_by_velocity: 4_800.0,
        cutoff_by_key: 0.35,
        ..damped
    };
    // The highest strings have no dampers.
    let open = |art: Art| Art {
        release: 2.5,
        ..art
    };
    bank.program(
        0,
        &[
            Layer::new(&hard, grand).velocities(73, 127).keys(0, 88),
            Layer::new(&hard, open(grand))
                .velocities(73, 127)
                .keys(89, 127),
            Layer::new(&soft, gentle).velocities(0, 72).keys(0, 88),
            Layer::new(&soft, open(gentle))
                .velocities(0, 72)
                .keys(89, 127),
        ],
    );
    let bright = Art {
        cutoff: 9_500.0,
        cutoff_by_velocity: 4_200.0,
        resonance: 1.0,
        ..damped
    };
    let click = bank.set(&[60], |key| {
        let mut clay = Clay::new(
            key,
            Span {
                rate: 32_000.0,
                pre: 0.09,
                cycle: 0.0,
            },
        );
        clay.burst(3, 1.0, 0.0006, 900.0, |f| band(f, 3_800.0, 1.6))
            .done("Hammer")
    });
    let tap = Art {
        per_key: 15.0,
        velocity: 150.0,
        ..STRUCK
    };
    bank.program(
        1,
        &[
            Layer::new(&hard, bright),
            Layer::new(&click, tap).gain(-13.0),
        ],
    );
    let electric = Pluck {
        stiff: 0.000_8,
        at: 0.1,
        nulls: 0.95,
        slope: -0.25,
        soft: 1_500.0,
        steep: 2.0,
        pickup: 0.07,
        body: &[(700.0, 500.0, 0.0), (1_900.0, 1_200.0, -2.0)],
        direct: 0.7,
        prompt: 0.45,
        beat: 0.6,
        knock: (-40.0, 250.0),
        art: Art {
            fall: 8.0,
            ..GRAND.art
        },
        ..GRAND
    };
    let cp = bank.set(&[33, 45, 56, 67, 80], |key| {
        let span = Span {
            pre: 0.5,
            cycle: 0.15,
            ..piano_span(key, 0.9)
        };
        electric.clay(key, span, 4).done("Electric grand")
    });
    let cp_art = Art {
        cutoff: 6_000.0,
        cutoff_by_velocity: 4_800.0,
        tremolo: (3.1, 0.01, 0.8),
        chorus: 0.15,
        ..electric.art
    };
    bank.program(2, &[Layer::new(&cp, cp_art)]);
    let tonk = Art {
        cutoff: 7_000.0,
        cutoff_by_velocity: 4_000.0,
        ..damped
    };
    bank.program(
        3,
        &[
            Layer::new(&hard, tonk).tune(-12),
            Layer::new(&hard, tonk).tune(12).gain(-0.5),
            Layer::new(&click, tap).gain(-17.0),
        ],
    );
}

fn electric(bank: &mut Bank) {
    let art = Art {
        fall: 7.0,
        fall_by_key: 0.5,
        release: 0.5,
        cutoff: 4_500.0,
        cutoff_by_velocity: 4_200.0,
        cutoff_by_key: 0.4,
        tremolo: (4.6, 0.01, 1.2),
        chorus: 0.1,
        ..STRUCK
    };
    let keys = [36, 48, 60, 72, 86];
    let span = |key: u8, pre: f64| Span {
        rate: if key < 50 { 20_000.0 } else { 26_000.0 },
        pre,
        cycle: 0.06,
    };
    // The tine swings before the pickup: its own tone, and even harmonics as it comes close.
    let body = bank.set(&keys, |key| {
        let (f, fall) = (hz(key.into()), art.fall_at(key.into()));
        let all: Vec<Partial> = [1.0, 0.34, 0.11, 0.05, 0.02]
            .iter()
            .zip(1..)
            .map(|(amp, n)| Partial::new(f * f64::from(n), *amp, fall * (0.6 + 0.4 * f64::from(n))))
            .collect();
        let mut clay = Clay::new(key, span(key, 0.5));
        clay.partials(10, fall, &all);
        clay.burst(11, 0.03, 0.002, 420.0, |f| band(f, 160.0, 1.5))
            .done("Tine body")
    });
    let bite = bank.set(&keys, |key| {
        let (f, fall) = (hz(key.into()), art.fall_at(key.into()));
        let mut all: Vec<Partial> = (2..=12)
            .map(|n| {
                let n = f64::from(n);
                Partial::new(f * n, 0.78_f64.powf(n - 2.0), fall + 4.0 * n)
            })
            .collect();
        all.push(Partial::new(f * 7.13, 0.9, 90.0).passing());
        all.push(Partial::new(f * 19.4, 0.35, 200.0).passing());
        let mut clay = Clay::new(key, span(key, 0.4));
        clay.partials(12, fall, &all);
        clay.burst(13, 0.1, 0.001, 900.0, |f| band(f, 2_500.0, 2.0))
            .bright_to(26_000.0)
            .done("Tine bite")
    });
    let biting = Art {
        velocity: 210.0,
        ..art
    };
    bank.program(
        4,
        &[
            Layer::new(&body, art),
            Layer::new(
                &bite,
                Art {
                    cutoff: 7_000.0,
                    ..biting
                },
            )
            .gain(-7.0),
        ],
    );
    // Two operators: a body in unison, and a bell fourteen times as high.
    let fm_body = bank.set(&keys, |key| {
        let (f, fall) = (hz(key.into()), art.fall_at(key.into()));
        let all: Vec<Partial> = [1.0, 0.1, 0.22, 0.03, 0.05]
            .iter()
            .zip(1..)
            .map(|(amp, n)| Partial::new(f * f64::from(n), *amp, fall + 2.5 * f64::from(n - 1)))
            .collect();
        Clay::new(key, span(key, 0.35))
            .partials(14, fall, &all)
            .done("FM body")
    });
    let fm_bell = bank.set(&keys, |key| {
        let (f, fall) = (hz(key.into()), art.fall_at(key.into()));
        let mut all: Vec<Partial> = [
            (12.0, 0.12),
            (13.0, 0.55),
            (14.0, 1.0),
            (15.0, 0.5),
            (16.0, 0.1),
        ]
        .iter()
        .map(|(n, amp)| Partial::new(f * n, *amp, 38.0).passing())
        .collect();
        all.extend((2..8).map(|n| {
            let n = f64::from(n);
            Partial::new(f * n, 0.5 * 0.6_f64.powf(n - 2.0), fall + 9.0 * n)
        }));
        let rate = if key < 60 { 26_000.0 } else { 32_000.0 };
        Clay::new(
            key,
            Span {
                rate,
                pre: 0.4,
                cycle: 0.03,
            },
        )
        .partials(15, fall, &all)
        .bright_to(30_000.0)
        .done("FM bell")
    });
    let fm = Art {
        fall: 8.0,
        cutoff: 0.0,
        tremolo: (5.0, 0.01, 0.0),
        chorus: 0.3,
        release: 0.7,
        ..art
    };
    bank.program(
        5,
        &[
            Layer::new(&fm_body, fm),
            Layer::new(&fm_body, fm).tune(5).gain(-11.0),
            Layer::new(
                &fm_bell,
                Art {
                    velocity: 190.0,
                    ..fm
                },
            )
            .gain(-9.0),
        ],
    );
}

fn plucked(bank: &mut Bank) {
    let harpsichord = Pluck {
        stiff: 0.000_06,
        at: 0.11,
        nulls: 0.85,
        slope: -0.3,
        soft: 4_200.0,
        soft_by_key: 0.3,
        steep: 2.2,
        loss: 3.0,
        prompt: 0.4,
        body: &[
            (240.0, 150.0, -2.0),
            (900.0, 700.0, -1.0),
            (2_600.0, 2_000.0, 0.0),
        ],
        direct: 0.6,
        floor: 110.0,
        knock: (-34.0, 300.0),
        pick: (-24.0, 5_200.0),
        art: Art {
            fall: 11.0,
            fall_by_key: 0.5,
            release: 0.35,
            // Plectra know little of how hard keys are struck.
            velocity: 34.0,
            ..STRUCK
        },
        ..PLUCK
    };
    let span = Span {
        rate: 32_000.0,
        pre: 0.5,
        cycle: 0.06,
    };
    let set = bank.set(&[38, 50, 62, 75], |key| {
        harpsichord
            .clay(key, span, 20)
            .bright_to(28_000.0)
            .done("Harpsichord")
    });
    bank.program(
        6,
        &[
            Layer::new(&set, harpsichord.art),
            Layer::new(&set, harpsichord.art)
                .octaves(1)
                .gain(-7.0)
                .tune(2),
        ],
    );
    let clavi = Pluck {
        stiff: 0.000_1,
        at: 0.06,
        nulls: 0.9,
        slope: -0.35,
        soft: 3_000.0,
        soft_by_key: 0.3,
        steep: 2.6,
        loss: 14.0,
        prompt: 0.5,
        beat: 0.2,
        pickup: 0.18,
        body: &[(1_500.0, 1_200.0, 4.0)],
        direct: 0.7,
        floor: 90.0,
        knock: (-30.0, 500.0),
        pick: (-26.0, 3_000.0),
        art: Art {
            fall: 17.0,
            fall_by_key: 0.4,
            release: 0.16,
            cutoff: 4_000.0,
            cutoff_by_velocity: 5_000.0,
            cutoff_by_second: 1_800.0,
            second: (0.0, 0.35, 0.0, 0.2),
            resonance: 5.0,
            ..STRUCK
        },
        ..PLUCK
    };
    let set = bank.set(&[36, 46, 56, 66, 78], |key| {
        let span = Span {
            rate: 27_000.0,
            pre: 0.35,
            cycle: 0.04,
        };
        clavi.clay(key, span, 21).done("Clavi")
    });
    bank.program(7, &[Layer::new(&set, clavi.art)]);
}
