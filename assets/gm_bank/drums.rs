//! The kit: skins that settle, metal of many modes, wood and shakers, on the keys of General MIDI and those of GS about
//! them.

use std::f64::consts::TAU;

use crate::clay::{Clay, Dice, Span, band, bright, dark, db};
use crate::model::{Art, Bank, HELD, Program, STRUCK, Zone};
use crate::world::skin;

/// A drum on a key.
struct Drum {
    key: u8,
    clay: Clay,
    name: &'static str,
    pan: f64,
    /// Cut each other.
    group: u16,
    /// dB beside others.
    louder: f64,
    art: Art,
}

/// It rings until its wave ends, whatever the key does.
const RINGS: Art = Art {
    release: 40.0,
    wheel: 0.0,
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

/// With a cycle that the envelope fades.
fn long(rate: f64, pre: f64, cycle: f64) -> Clay {
    Clay::new(60, Span { rate, pre, cycle })
}

/// A plate: modes so many that only their density is heard, brighter at first; and the stick.
pub(crate) fn metal(clay: &mut Clay, seed: u64, low: f64, high: f64, stick: f64, ringing: f64) {
    let mut dice = Dice::new(seed);
    let mut modes = vec![];
    let mut f = low;
    while f < high.min(clay.rate * 0.45) {
        // About equally dense in Hz, as in a plate.
        f += dice.within(12.0, 110.0);
        let amp = dice.within(0.2, 1.0).powi(2) * bright(f, 900.0, 0.6) * dark(f, 7_500.0, 1.0);
        let fall = 5.0 + 0.0025 * f * dice.within(0.5, 1.6);
        modes.push(
            crate::clay::Partial::new(f, amp * ringing, fall).rising(0.001 + 18.0 / f.max(3_000.0)),
        );
    }
    clay.partials(seed + 1, 0.0, &modes);
    if stick > 0.0 {
        let power: f64 = modes.iter().map(|it| it.amp * it.amp / 2.0).sum();
        clay.burst(seed + 2, stick * power.sqrt(), 0.0006, 260.0, |f| {
            bright(f, 3_000.0, 1.0)
        });
    }
}

fn kick(rate: f64, f: f64, drop: (f64, f64), fall: f64, click: (f64, f64)) -> Clay {
    let mut clay = once(rate, 0.42);
    skin(
        &mut clay,
        200,
        f,
        drop,
        &[(1.0, 1.0, fall), (1.9, 0.16, fall * 2.2)],
        (click.0, click.1, 900.0),
    );
    clay
}

fn snare(f: f64, wires: f64, fall: f64, crack: f64) -> Clay {
    let mut clay = once(30_000.0, 0.36);
    clay.bright_to(30_000.0);
    skin(
        &mut clay,
        201,
        f,
        (0.35, 0.018),
        &[(1.0, 1.0, 170.0), (1.78, 0.7, 210.0), (2.4, 0.25, 260.0)],
        (crack, 2_600.0, 900.0),
    );
    clay.noise(
        202,
        wires,
        |f| bright(f, 1_500.0, 1.4) * dark(f, 9_000.0, 1.0),
        |t| db(-fall * t) * (t / 0.0015).min(1.0),
    );
    clay
}

fn tom(key: u8, f: f64) -> Clay {
    let mut clay = once(17_000.0, 0.7);
    skin(
        &mut clay,
        203 + u64::from(key),
        f,
        (0.28, 0.05),
        &[
            (1.0, 1.0, 60.0),
            (1.5, 0.45, 90.0),
            (1.93, 0.3, 120.0),
            (2.44, 0.14, 160.0),
        ],
        (0.13, 1_500.0, 420.0),
    );
    clay
}

fn hat(seconds: f64, fall: f64, seed: u64) -> Clay {
    let mut clay = once(36_000.0, seconds);
    clay.bright_to(36_000.0);
    // Two plates against each other: square-like spectra without a pitch, and the hiss between.
    metal(&mut clay, 210, 2_600.0, 17_000.0, 0.5, 1.0);
    let rate = clay.rate;
    for (index, it) in clay.samples.iter_mut().enumerate() {
        *it *= db(-fall * index as f64 / rate);
    }
    let power = (clay.samples.iter().take(800).map(|it| it * it).sum::<f64>() / 800.0).sqrt();
    clay.noise(
        seed,
        0.8 * power,
        |f| bright(f, 6_000.0, 2.0),
        |t| db(-fall * 1.05 * t) * (t / 0.001).min(1.0),
    );
    clay
}

fn cymbal(seed: u64, low: f64, high: f64, stick: f64, hiss: f64) -> Clay {
    let mut clay = long(31_000.0, 0.6, 0.35);
    clay.bright_to(31_000.0);
    metal(&mut clay, seed, low, high, stick, 1.0);
    let power = (clay
        .samples
        .iter()
        .take(4_000)
        .map(|it| it * it)
        .sum::<f64>()
        / 4_000.0)
        .sqrt();
    clay.noise(
        seed + 9,
        hiss * power,
        |f| bright(f, 4_500.0, 1.6),
        |_| 0.25,
    );
    clay.burst(seed + 10, hiss * 2.0 * power, 0.003, 22.0, |f| {
        bright(f, 5_500.0, 1.6)
    });
    clay
}

fn ringing(fall: f64) -> Art {
    Art {
        fall,
        fall_by_key: 0.0,
        release: 96.0 / fall,
        wheel: 0.0,
        ..STRUCK
    }
}

/// Modes of metal or wood: Hz, loudness, dB a second.
fn modal(rate: f64, seconds: f64, modes: &[(f64, f64, f64)], stick: (f64, f64, f64)) -> Clay {
    let mut clay = once(rate, seconds);
    for (f, amp, fall) in modes {
        clay.partial(
            &crate::clay::Partial::new(*f, *amp, *fall).rising(0.0008),
            0.0,
            0.0,
        );
    }
    clay.burst(220, stick.0, 0.0006, stick.2, |f| band(f, stick.1, 1.6));
    clay
}

/// Beads: bursts one upon another.
fn shaken(seconds: f64, at: f64, shape: impl Fn(f64) -> f64, seed: u64) -> Clay {
    let mut clay = once(30_000.0, seconds);
    clay.bright_to(30_000.0);
    clay.noise(seed, 1.0, |f| band(f, at, 1.3), shape);
    clay
}

fn scraped(seconds: f64, teeth: f64, seed: u64) -> Clay {
    let mut clay = once(26_000.0, seconds);
    clay.noise(
        seed,
        1.0,
        |f| band(f, 2_900.0, 1.6) + 0.4 * band(f, 5_500.0, 1.0),
        move |t| {
            let x = t / seconds;
            let tooth = (x * teeth * (0.8 + 0.4 * x)).fract();
            (-tooth * 5.0).exp() * (x * 20.0).min(1.0) * (1.0 - x).powf(0.6)
        },
    );
    clay
}

/// A tone whose pitch moves from one to another, for whistles and cuicas.
fn sliding(
    seconds: f64,
    path: impl Fn(f64) -> f64,
    harmonics: &[f64],
    breath: f64,
    shape: impl Fn(f64) -> f64,
) -> Clay {
    let mut clay = once(24_000.0, seconds);
    let rate = clay.rate;
    let mut phase = 0.0_f64;
    let mut dice = Dice::new(230);
    for (index, it) in clay.samples.iter_mut().enumerate() {
        let t = index as f64 / rate;
        phase += TAU * path(t) / rate;
        let tone: f64 = harmonics
            .iter()
            .zip(1..)
            .map(|(amp, n)| amp * (phase * f64::from(n)).sin())
            .sum();
        *it = shape(t) * (tone + breath * dice.within(-1.0, 1.0));
    }
    clay
}

fn whistle(seconds: f64) -> Clay {
    // The pea chops the tone.
    sliding(
        seconds,
        |t| 2_350.0 + 70.0 * (TAU * 38.0 * t).sin(),
        &[1.0, 0.12, 0.05],
        0.14,
        move |t| {
            let chop = 0.72 + 0.28 * (TAU * 38.0 * t).sin();
            chop * (t / 0.008).min(1.0) * ((seconds - t) / 0.04).clamp(0.0, 1.0)
        },
    )
}

fn bongo(f: f64, fall: f64, slap: f64) -> Clay {
    let mut clay = once(24_000.0, 0.3);
    skin(
        &mut clay,
        240,
        f,
        (0.12, 0.015),
        &[
            (1.0, 1.0, fall),
            (1.6, 0.35, fall * 1.4),
            (2.2, 0.2, fall * 1.8),
            (2.9, 0.12, fall * 2.0),
        ],
        (slap, 1_900.0, 900.0),
    );
    clay
}

fn conga(f: f64, fall: f64, slap: f64) -> Clay {
    let mut clay = once(20_000.0, 0.5);
    skin(
        &mut clay,
        241,
        f,
        (0.08, 0.02),
        &[
            (1.0, 1.0, fall),
            (1.5, 0.3, fall * 1.5),
            (2.1, 0.16, fall * 2.0),
        ],
        (slap, 1_300.0, 800.0),
    );
    clay
}

fn timbale(f: f64) -> Clay {
    let mut clay = once(28_000.0, 0.5);
    skin(
        &mut clay,
        242,
        f,
        (0.1, 0.02),
        &[
            (1.0, 0.8, 80.0),
            (1.6, 0.6, 95.0),
            (2.3, 0.5, 110.0),
            (3.1, 0.4, 130.0),
            (4.4, 0.3, 150.0),
        ],
        (0.25, 3_800.0, 700.0),
    );
    clay
}

fn clap() -> Clay {
    let mut clay = once(28_000.0, 0.3);
    // Three hands and a room.
    let at = [0.0, 0.011, 0.021];
    clay.noise(
        243,
        1.0,
        |f| band(f, 1_250.0, 1.3) + 0.3 * band(f, 3_000.0, 1.5),
        |t| {
            let hands: f64 = at
                .iter()
                .filter(|it| t >= **it)
                .map(|it| (-(t - it) * 330.0).exp())
                .sum();
            let room = if t > 0.028 {
                db(-170.0 * (t - 0.028))
            } else {
                0.0
            };
            hands + 0.9 * room
        },
    );
    clay
}

fn triangle(fall: f64) -> Clay {
    let mut clay = long(32_000.0, 0.3, 0.2);
    clay.bright_to(32_000.0);
    let modes: Vec<crate::clay::Partial> = [
        (1_960.0, 0.25),
        (4_130.0, 0.7),
        (5_240.0, 1.0),
        (6_720.0, 0.6),
        (8_980.0, 0.7),
        (11_400.0, 0.4),
        (13_100.0, 0.3),
    ]
    .iter()
    .map(|(f, amp)| crate::clay::Partial::new(*f, *amp, fall + f / 2_500.0))
    .collect();
    clay.partials(244, fall, &modes);
    clay.burst(245, 0.5, 0.0005, 1_200.0, |f| bright(f, 6_000.0, 2.0));
    clay
}

pub(crate) fn add(bank: &mut Bank) {
    let mut kit = vec![];
    let mut put =
        |key: u8, name: &'static str, pan: f64, group: u16, louder: f64, art: Art, clay: Clay| {
            kit.push(Drum {
                key,
                clay,
                name,
                pan,
                group,
                louder,
                art,
            });
        };
    skins(&mut put);
    plates(&mut put);
    latin(&mut put);
    small(&mut put);
    let mut zones: Vec<Zone> = vec![];
    for mut drum in kit {
        let wave = bank.wave(drum.clay.done(drum.name));
        zones.push(Zone {
            keys: (drum.key, drum.key),
            velocities: (0, 127),
            wave,
            unity: drum.key,
            gain: 0.0,
            louder: drum.louder,
            tune: 0,
            group: drum.group,
            overlaps: true,
            art: Art {
                pan: drum.pan,
                ..drum.art
            },
        });
    }
    for (key, of, semitones, pan, art) in siblings() {
        let known = zones.iter().find(|it| it.keys.0 == of);
        let known = known.expect("a sibling is there").clone();
        zones.push(Zone {
            keys: (key, key),
            unity: (i16::from(key) - semitones) as u8,
            art: Art {
                pan,
                ..art.unwrap_or(known.art)
            },
            ..known
        });
    }
    zones.sort_by_key(|it| it.keys.0);
    bank.programs.push(Program {
        is_drum: true,
        number: 0,
        zones,
        louder: 0.0,
    });
}

/// Drums that are others, tuned or damped: key, of which, semitones, pan.
fn siblings() -> Vec<(u8, u8, i16, f64, Option<Art>)> {
    let damped = |hold: f64, fall: f64| {
        Some(Art {
            hold,
            ..ringing(fall)
        })
    };
    vec![
        (41, 43, -3, 0.45, None),
        (47, 45, 3, -0.08, None),
        (50, 48, 3, -0.4, None),
        (57, 49, 3, -0.4, Some(ringing(21.0))),
        (61, 60, -5, -0.45, None),
        (64, 63, -5, 0.35, None),
        (66, 65, -5, -0.25, None),
        (68, 67, -7, -0.4, None),
        (71, 72, 0, 0.4, damped(0.13, 900.0)),
        (77, 76, -6, -0.25, None),
        (80, 81, 0, -0.4, damped(0.0, 190.0)),
        (86, 87, 0, -0.2, damped(0.02, 170.0)),
    ]
}

type Put<'a> = &'a mut dyn FnMut(u8, &'static str, f64, u16, f64, Art, Clay);

fn skins(put: Put<'_>) {
    let soft = Art {
        cutoff: 6_000.0,
        cutoff_by_velocity: 4_800.0,
        ..RINGS
    };
    put(
        35,
        "Acoustic bass drum",
        0.0,
        0,
        3.0,
        soft,
        kick(16_000.0, 48.0, (1.1, 0.018), 75.0, (0.1, 900.0)),
    );
    put(
        36,
        "Bass drum",
        0.0,
        0,
        3.0,
        soft,
        kick(20_000.0, 56.0, (1.6, 0.014), 95.0, (0.2, 2_600.0)),
    );
    put(
        38,
        "Acoustic snare",
        0.0,
        0,
        2.0,
        Art {
            cutoff: 9_000.0,
            ..soft
        },
        snare(186.0, 0.42, 170.0, 0.5),
    );
    put(
        40,
        "Electric snare",
        0.0,
        0,
        2.0,
        RINGS,
        snare(228.0, 0.7, 130.0, 0.8),
    );
    put(
        37,
        "Side stick",
        0.0,
        0,
        -3.0,
        RINGS,
        modal(
            28_000.0,
            0.14,
            &[
                (420.0, 0.5, 420.0),
                (1_020.0, 0.8, 480.0),
                (1_720.0, 1.0, 500.0),
                (2_900.0, 0.5, 600.0),
            ],
            (0.6, 3_200.0, 1_500.0),
        ),
    );
    put(39, "Hand clap", 0.1, 0, 0.0, RINGS, clap());
    for (key, f, pan, name) in [
        (43, 92.0, 0.3, "High floor tom"),
        (45, 112.0, 0.12, "Low tom"),
        (48, 162.0, -0.25, "Hi-mid tom"),
    ] {
        put(key, name, pan, 0, 1.5, soft, tom(key, f));
    }
}

fn plates(put: Put<'_>) {
    // The three positions of the hi-hat are one pair of plates.
    put(
        42,
        "Closed hi-hat",
        -0.3,
        1,
        -6.0,
        RINGS,
        hat(0.13, 330.0, 211),
    );
    put(
        44,
        "Pedal hi-hat",
        -0.3,
        1,
        -7.0,
        Art {
            cutoff: 7_000.0,
            ..RINGS
        },
        hat(0.16, 240.0, 212),
    );
    put(46, "Open hi-hat", -0.3, 1, -5.0, RINGS, hat(0.8, 46.0, 213));
    put(
        49,
        "Crash cymbal 1",
        0.35,
        0,
        0.0,
        ringing(17.0),
        cymbal(250, 380.0, 15_500.0, 0.9, 0.6),
    );
    put(55, "Splash cymbal", 0.2, 0, -1.0, ringing(48.0), {
        let mut clay = long(31_000.0, 0.35, 0.25);
        clay.bright_to(31_000.0);
        metal(&mut clay, 270, 900.0, 15_500.0, 0.8, 1.0);
        clay.burst(271, 1.4, 0.002, 50.0, |f| bright(f, 6_000.0, 1.6));
        clay
    });
    put(52, "Chinese cymbal", 0.4, 0, 0.0, ringing(24.0), {
        let mut clay = cymbal(280, 300.0, 14_000.0, 0.6, 0.4);
        clay.bend(|x| (3.0 * x).tanh());
        clay
    });
    put(
        51,
        "Ride cymbal 1",
        0.4,
        0,
        -4.0,
        ringing(14.0),
        cymbal(290, 420.0, 13_000.0, 2.4, 0.12),
    );
    put(
        59,
        "Ride cymbal 2",
        0.4,
        0,
        -4.0,
        ringing(16.0),
        cymbal(300, 600.0, 14_000.0, 1.9, 0.2),
    );
    put(53, "Ride bell", 0.4, 0, -4.0, ringing(15.0), {
        let mut clay = cymbal(310, 700.0, 12_000.0, 0.8, 0.05);
        for (f, amp) in [
            (1_080.0, 3.0),
            (1_640.0, 4.5),
            (2_750.0, 5.0),
            (4_120.0, 4.0),
            (5_480.0, 2.6),
        ] {
            clay.partial(&crate::clay::Partial::new(f, amp, 22.0), 0.0, 15.0);
        }
        clay
    });
    put(54, "Tambourine", 0.2, 0, -4.0, RINGS, {
        let mut clay = once(32_000.0, 0.34);
        clay.bright_to(32_000.0);
        metal(&mut clay, 320, 5_200.0, 15_000.0, 0.0, 1.0);
        let rate = clay.rate;
        for (index, it) in clay.samples.iter_mut().enumerate() {
            let t = index as f64 / rate;
            let jingles = db(-75.0 * t)
                + 0.6
                    * if t > 0.04 {
                        db(-75.0 * (t - 0.04))
                    } else {
                        0.0
                    };
            *it *= jingles;
        }
        clay.burst(322, 0.8, 0.001, 500.0, |f| band(f, 1_000.0, 1.6));
        clay
    });
}

fn latin(put: Put<'_>) {
    put(
        56,
        "Cowbell",
        0.15,
        0,
        -1.0,
        RINGS,
        modal(
            26_000.0,
            0.4,
            &[
                (560.0, 1.0, 95.0),
                (845.0, 0.95, 90.0),
                (1_490.0, 0.3, 140.0),
                (2_260.0, 0.3, 160.0),
                (3_400.0, 0.2, 220.0),
            ],
            (0.2, 2_600.0, 1_200.0),
        ),
    );
    put(58, "Vibraslap", -0.35, 0, -3.0, RINGS, {
        let mut clay = once(20_000.0, 0.7);
        clay.noise(
            323,
            1.0,
            |f| band(f, 2_600.0, 0.7) + 0.5 * band(f, 4_300.0, 0.6),
            |t| {
                let tooth = (t * 26.0).fract();
                (-tooth * 7.0).exp() * db(-48.0 * t)
            },
        );
        clay.burst(324, 0.9, 0.0008, 500.0, |f| band(f, 900.0, 1.2));
        clay
    });
    put(
        60,
        "Hi bongo",
        -0.4,
        0,
        0.0,
        RINGS,
        bongo(412.0, 150.0, 0.25),
    );
    put(
        62,
        "Mute hi conga",
        0.25,
        0,
        0.0,
        RINGS,
        conga(236.0, 230.0, 0.5),
    );
    put(
        63,
        "Open hi conga",
        0.3,
        0,
        0.0,
        RINGS,
        conga(222.0, 85.0, 0.16),
    );
    put(65, "High timbale", -0.2, 0, 0.0, RINGS, timbale(336.0));
    let f = 1_020.0;
    {
        put(
            67,
            "Agogo bell",
            -0.4,
            0,
            -2.0,
            RINGS,
            modal(
                30_000.0,
                0.45,
                &[
                    (f, 1.0, 75.0),
                    (f * 1.48, 0.4, 100.0),
                    (f * 2.63, 0.6, 120.0),
                    (f * 3.27, 0.4, 150.0),
                    (f * 5.1, 0.2, 220.0),
                ],
                (0.25, 5_000.0, 1_500.0),
            ),
        );
    }
    put(
        69,
        "Cabasa",
        -0.4,
        0,
        -5.0,
        RINGS,
        shaken(
            0.16,
            8_500.0,
            |t| {
                (t / 0.03).min(1.0)
                    * db(-(t - 0.03).max(0.0) * 330.0)
                    * (0.6 + 0.4 * (TAU * 90.0 * t).sin())
            },
            330,
        ),
    );
    put(
        70,
        "Maracas",
        -0.4,
        0,
        -5.0,
        RINGS,
        shaken(0.1, 7_000.0, |t| (t / 0.006).min(1.0) * db(-t * 560.0), 331),
    );
    put(72, "Long whistle", 0.4, 2, -3.0, RINGS, whistle(0.75));
    put(
        73,
        "Short guiro",
        0.45,
        3,
        -1.0,
        RINGS,
        scraped(0.12, 9.0, 332),
    );
    put(
        74,
        "Long guiro",
        0.45,
        3,
        -1.0,
        RINGS,
        scraped(0.55, 30.0, 333),
    );
    put(
        75,
        "Claves",
        0.25,
        0,
        -1.0,
        RINGS,
        modal(
            28_000.0,
            0.16,
            &[(2_480.0, 1.0, 330.0), (5_100.0, 0.12, 500.0)],
            (0.15, 3_500.0, 2_200.0),
        ),
    );
    put(
        76,
        "Hi wood block",
        -0.25,
        0,
        -1.0,
        RINGS,
        modal(
            26_000.0,
            0.13,
            &[
                (1_180.0, 1.0, 430.0),
                (1_900.0, 0.5, 520.0),
                (3_100.0, 0.25, 700.0),
            ],
            (0.35, 2_600.0, 1_800.0),
        ),
    );
    let squeak = |seconds: f64, from: f64, to: f64| {
        sliding(
            seconds,
            move |t| from + (to - from) * (t / seconds).powf(0.6),
            &[1.0, 0.5, 0.35, 0.2, 0.1],
            0.12,
            move |t| (t / 0.015).min(1.0) * ((seconds - t) / 0.06).clamp(0.0, 1.0),
        )
    };
    put(
        78,
        "Mute cuica",
        -0.35,
        4,
        -1.0,
        RINGS,
        squeak(0.16, 480.0, 640.0),
    );
    put(
        79,
        "Open cuica",
        -0.35,
        4,
        -1.0,
        RINGS,
        squeak(0.34, 380.0, 820.0),
    );
    put(
        81,
        "Open triangle",
        -0.4,
        5,
        -4.0,
        ringing(22.0),
        triangle(22.0),
    );
}

/// What GS has below and above.
fn small(put: Put<'_>) {
    put(
        27,
        "High Q",
        0.0,
        0,
        -2.0,
        RINGS,
        sliding(
            0.12,
            |t| 280.0 + 5_200.0 * (-t * 70.0).exp(),
            &[1.0, 0.2],
            0.0,
            |t| db(-320.0 * t),
        ),
    );
    put(28, "Slap", 0.0, 0, -2.0, RINGS, {
        let mut clay = once(28_000.0, 0.14);
        clay.noise(
            340,
            1.0,
            |f| band(f, 1_700.0, 1.8),
            |t| (t / 0.0008).min(1.0) * db(-430.0 * t),
        );
        clay
    });
    put(
        29,
        "Scratch push",
        0.3,
        6,
        -2.0,
        RINGS,
        shaken(
            0.16,
            2_400.0,
            |t| (TAU * t * 3.0).sin().max(0.0) * (1.0 + (TAU * 210.0 * t * (1.0 + 4.0 * t)).sin()),
            341,
        ),
    );
    put(
        30,
        "Scratch pull",
        0.3,
        6,
        -2.0,
        RINGS,
        shaken(
            0.2,
            1_700.0,
            |t| (TAU * t * 2.5).sin().max(0.0) * (1.0 + (TAU * 260.0 * t * (1.0 - 2.2 * t)).sin()),
            342,
        ),
    );
    put(
        31,
        "Sticks",
        0.0,
        0,
        -1.0,
        RINGS,
        modal(
            28_000.0,
            0.12,
            &[
                (1_480.0, 1.0, 460.0),
                (2_350.0, 0.8, 520.0),
                (3_700.0, 0.5, 620.0),
            ],
            (0.5, 4_200.0, 1_800.0),
        ),
    );
    put(
        32,
        "Square click",
        0.0,
        0,
        -4.0,
        RINGS,
        sliding(
            0.05,
            |_| 1_000.0,
            &[1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14],
            0.0,
            |t| db(-700.0 * t),
        ),
    );
    put(
        33,
        "Metronome click",
        0.0,
        0,
        -5.0,
        RINGS,
        modal(
            28_000.0,
            0.06,
            &[(2_100.0, 1.0, 900.0), (3_900.0, 0.6, 1_100.0)],
            (0.5, 5_000.0, 3_000.0),
        ),
    );
    put(
        34,
        "Metronome bell",
        0.0,
        0,
        -4.0,
        RINGS,
        modal(
            30_000.0,
            0.6,
            &[
                (2_640.0, 1.0, 70.0),
                (5_280.0, 0.35, 90.0),
                (7_230.0, 0.3, 120.0),
            ],
            (0.2, 6_000.0, 1_500.0),
        ),
    );
    put(
        82,
        "Shaker",
        -0.3,
        0,
        -5.0,
        RINGS,
        shaken(
            0.14,
            6_200.0,
            |t| (t / 0.035).min(1.0).powi(2) * db(-(t - 0.035).max(0.0) * 420.0),
            343,
        ),
    );
    put(83, "Jingle bell", 0.3, 0, -3.0, RINGS, {
        let mut clay = once(32_000.0, 0.42);
        clay.bright_to(32_000.0);
        metal(&mut clay, 344, 4_200.0, 15_500.0, 0.0, 1.0);
        let rate = clay.rate;
        for (index, it) in clay.samples.iter_mut().enumerate() {
            let t = index as f64 / rate;
            let shakes: f64 = [0.0, 0.05, 0.085, 0.14]
                .iter()
                .filter(|at| t >= **at)
                .map(|at| db(-90.0 * (t - at)))
                .sum();
            *it *= shakes;
        }
        clay
    });
    put(84, "Belltree", 0.3, 0, -5.0, RINGS, {
        let mut clay = once(22_050.0, 1.0);
        for bell in 0..22 {
            let begin = (f64::from(bell) * 0.032 * clay.rate) as usize;
            let f = 5_600.0 * (-0.045 * f64::from(bell)).exp2();
            let rate = clay.rate;
            for (index, it) in clay.samples[begin..].iter_mut().enumerate() {
                let t = index as f64 / rate;
                *it += db(-60.0 * t)
                    * (t / 0.0008).min(1.0)
                    * ((TAU * f * t).sin() + 0.4 * (TAU * f * 2.4 * t).sin() * db(-60.0 * t));
            }
        }
        clay
    });
    put(85, "Castanets", 0.2, 0, -1.0, RINGS, {
        let mut clay = once(28_000.0, 0.14);
        for (at, amp) in [(0.0, 0.7), (0.028, 1.0)] {
            let begin = (at * clay.rate) as usize;
            let rate = clay.rate;
            for (index, it) in clay.samples[begin..].iter_mut().enumerate() {
                let t = index as f64 / rate;
                *it += amp
                    * db(-620.0 * t)
                    * ((TAU * 1_650.0 * t).sin()
                        + 0.8 * (TAU * 2_730.0 * t).sin()
                        + 0.4 * (TAU * 4_400.0 * t).sin());
            }
        }
        clay
    });
    let surdo = |fall: f64| {
        let mut clay = once(14_000.0, 0.8);
        skin(
            &mut clay,
            345,
            72.0,
            (0.18, 0.05),
            &[
                (1.0, 1.0, fall),
                (1.6, 0.3, fall * 1.6),
                (2.2, 0.12, fall * 2.0),
            ],
            (0.08, 420.0, 500.0),
        );
        clay
    };
    put(87, "Open surdo", -0.2, 7, 2.0, RINGS, surdo(48.0));
}
