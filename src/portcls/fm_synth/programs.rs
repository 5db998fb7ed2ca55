//! The 128 programs of General MIDI: sixteen families, each a few ways of wiring operators that its members vary.
//!
//! All parameters are this project's own, found by ear and by what the tests measure: pitch, loudness, how a note dies
//! away. Ratios that are no whole numbers make bells, feedback makes edges, and a modulator that falls faster than what it
//! changes makes a string that is struck.

use super::patch::Algorithm::{Branch, Chain, Comb, Fan, Pairs, Stack, Sum, Trio};
use super::patch::{Op, Patch, op, patch};

/// The sound of a program.
pub(super) const fn program(number: u8) -> Patch {
    let member = number % 8;
    match number / 8 {
        0 => piano(member),
        1 => chromatic(member),
        2 => organ(member),
        3 => guitar(member),
        4 => bass(member),
        5 => strings(member),
        6 => ensemble(member),
        7 => brass(member),
        8 => reed(member),
        9 => pipe(member),
        10 => lead(member),
        11 => pad(member),
        12 => effect(member),
        13 => ethnic(member),
        14 => percussive(member),
        _ => noises(member),
    }
}

/// A string that is struck: brightness of its body, strength and ratio of the hammer, length, and by how many cents one
/// of its two halves is higher.
const fn struck(bright: f32, hammer: f32, ratio: f32, millis: f32, apart: f32) -> Patch {
    let body = op(1.0, bright, (1.0, millis * 0.4, 0.12, 200.0));
    let knock = op(ratio, hammer, (1.0, 90.0, 0.0, 60.0));
    patch(
        Pairs,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 220.0)).scale(0.0, 0.55),
            body.velocity(0.6).scale(5.0, 0.55),
            op(1.0, 0.55, (1.0, millis * 0.7, 0.0, 220.0))
                .scale(0.0, 0.55)
                .cents(apart),
            knock.velocity(0.7).scale(7.0, 0.3),
        ],
    )
}

/// A tine beside a tone bar: how much of the tine, of the bar, and its length.
const fn tine(tine: f32, bar: f32, millis: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 250.0)).scale(0.0, 0.4),
            op(14.0, tine, (1.0, 320.0, 0.0, 120.0))
                .velocity(0.75)
                .scale(7.0, 0.3),
            op(1.0, 0.8, (1.0, millis * 0.9, 0.0, 250.0))
                .scale(0.0, 0.4)
                .cents(2.0),
            op(1.0, bar, (1.0, millis * 0.5, 0.15, 200.0))
                .velocity(0.7)
                .scale(3.0, 0.4),
        ],
    )
}

const fn piano(member: u8) -> Patch {
    match member {
        0 => struck(1.3, 0.9, 5.0, 6_500.0, 0.8),
        1 => struck(1.9, 1.3, 7.0, 6_000.0, 0.8),
        2 => struck(1.7, 0.7, 4.0, 6_000.0, 1.5),
        3 => struck(1.5, 1.0, 5.0, 6_000.0, 5.0),
        4 => tine(0.35, 0.7, 6_000.0),
        5 => tine(0.6, 1.2, 5_000.0).gain(0.5),
        // Plucked by quills: bright, and as loud whatever the finger does.
        6 => patch(
            Pairs,
            [
                op(1.0, 1.0, (1.0, 3_000.0, 0.0, 90.0)).scale(0.0, 0.5),
                op(3.0, 2.2, (1.0, 1_800.0, 0.1, 90.0)).scale(4.0, 0.5),
                op(2.0, 0.6, (1.0, 2_200.0, 0.0, 90.0)).scale(0.0, 0.5),
                op(5.0, 1.6, (1.0, 900.0, 0.0, 60.0)).scale(6.0, 0.5),
            ],
        ),
        _ => patch(
            Stack,
            [
                op(1.0, 1.0, (1.0, 2_600.0, 0.0, 60.0)).scale(0.0, 0.5),
                op(3.0, 1.6, (1.0, 1_200.0, 0.2, 60.0))
                    .velocity(0.5)
                    .scale(5.0, 0.4),
                op(1.0, 0.9, (1.0, 700.0, 0.2, 60.0)).velocity(0.5),
                op(4.0, 0.5, (1.0, 200.0, 0.0, 40.0)),
            ],
        )
        .feedback(0.6),
    }
}

/// A bar or a bell: what it is struck with, the ratio that makes its metal or wood, and two lengths.
const fn bar(mallet: f32, ratio: f32, metal: f32, millis: f32, ring: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, millis * 0.4)).scale(0.0, 0.5),
            op(ratio, metal, (1.0, ring, 0.0, ring))
                .velocity(0.5)
                .scale(5.0, 0.5),
            op(4.0, 0.28, (1.0, millis * 0.25, 0.0, millis * 0.2)).scale(0.0, 0.5),
            op(10.0, mallet, (1.0, 40.0, 0.0, 40.0))
                .velocity(0.8)
                .scale(7.0, 0.2),
        ],
    )
}

const fn chromatic(member: u8) -> Patch {
    match member {
        0 => bar(0.6, 4.0, 0.5, 2_600.0, 700.0),
        1 => bar(0.9, 2.76, 0.5, 3_000.0, 1_200.0).gain(1.0),
        2 => bar(0.5, 6.0, 0.35, 2_400.0, 900.0),
        3 => bar(0.3, 4.0, 0.35, 6_000.0, 900.0).tremolo(5.4, 0.35),
        4 => bar(0.5, 4.0, 0.45, 1_100.0, 160.0).gain(2.0),
        5 => bar(1.0, 3.0, 0.7, 700.0, 140.0).gain(3.0),
        // Its strike is heard an octave and more below its upper partials.
        6 => patch(
            Trio,
            [
                op(1.0, 1.0, (2.0, 6_000.0, 0.0, 2_500.0)),
                op(2.01, 0.4, (2.0, 3_500.0, 0.0, 2_000.0)),
                op(1.0, 0.7, (2.0, 5_000.0, 0.0, 2_200.0)),
                op(3.53, 1.5, (1.0, 2_500.0, 0.1, 1_500.0))
                    .velocity(0.4)
                    .scale(4.0, 0.3),
            ],
        ),
        _ => struck(1.6, 1.5, 6.0, 3_600.0, 3.0),
    }
}

/// Pipes or drawbars that sound together: the strengths of 8', 4', 2 2/3' and 2'.
const fn drawbars(eight: f32, four: f32, twelfth: f32, two: f32) -> Patch {
    const STAGES: (f32, f32, f32, f32) = (6.0, 1.0, 1.0, 60.0);
    patch(
        Sum,
        [
            op(1.0, eight, STAGES),
            op(2.0, four, STAGES),
            op(3.0, twelfth, STAGES),
            op(4.0, two, STAGES),
        ],
    )
}

/// Reeds in wind: how bright, by how many cents one of two is higher, and how quickly they speak.
const fn free_reeds(bright: f32, apart: f32, attack: f32) -> Patch {
    let stages = (attack, 300.0, 0.9, 90.0);
    patch(
        Pairs,
        [
            op(1.0, 1.0, stages),
            op(1.0, bright, (attack * 1.5, 300.0, 0.9, 90.0))
                .velocity(0.3)
                .scale(4.0, 0.0),
            op(1.0, 0.6, stages).cents(apart),
            op(2.0, bright * 0.8, (attack * 1.5, 300.0, 0.9, 90.0))
                .velocity(0.3)
                .scale(4.0, 0.0),
        ],
    )
}

const fn organ(member: u8) -> Patch {
    match member {
        0 => drawbars(1.0, 0.6, 0.5, 0.3),
        1 => {
            let mut patch = drawbars(1.0, 0.5, 0.55, 0.0);
            patch.ops[2] = op(3.0, 0.8, (2.0, 260.0, 0.0, 60.0));
            patch
        }
        2 => patch(
            Comb,
            [
                op(1.0, 1.0, (5.0, 1.0, 1.0, 60.0)),
                op(2.0, 0.6, (5.0, 1.0, 1.0, 60.0)),
                op(3.0, 0.45, (5.0, 1.0, 1.0, 60.0)),
                op(1.0, 0.7, (5.0, 1.0, 1.0, 60.0)).scale(4.0, 0.0),
            ],
        )
        .feedback(0.9)
        .tremolo(6.4, 0.18),
        3 => {
            let mut patch = drawbars(1.0, 0.7, 0.25, 0.45);
            let mut at = 0;
            while at < 4 {
                patch.ops[at].attack_ms = 45.0;
                patch.ops[at].release_ms = 260.0;
                at += 1;
            }
            patch.ops[1].cents = 1.5;
            patch.ops[3].cents = -1.5;
            patch
        }
        4 => free_reeds(1.1, 1.0, 40.0),
        5 => free_reeds(1.5, 3.5, 30.0),
        6 => free_reeds(1.3, 0.0, 25.0).vibrato(5.5, 12.0, 300.0),
        _ => free_reeds(1.4, 4.5, 30.0),
    }
}

/// A string that is plucked: brightness, the pick, and its length.
const fn plucked(bright: f32, pick: f32, ratio: f32, millis: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 160.0)).scale(0.0, 0.5),
            op(1.0, bright, (1.0, millis * 0.3, 0.15, 120.0))
                .velocity(0.55)
                .scale(4.0, 0.5),
            op(2.0, 0.35, (1.0, millis * 0.6, 0.0, 140.0)).scale(0.0, 0.5),
            op(ratio, pick, (1.0, 70.0, 0.0, 50.0))
                .velocity(0.7)
                .scale(6.0, 0.3),
        ],
    )
}

/// A guitar that is driven until it holds: how much.
const fn driven(drive: f32, hold: f32) -> Patch {
    patch(
        Branch,
        [
            op(1.0, 1.0, (2.0, 4_000.0, hold, 120.0)),
            op(1.0, drive, (2.0, 2_000.0, 0.8, 120.0))
                .velocity(0.2)
                .scale(4.0, 0.2),
            op(2.0, 0.5, (1.0, 1_500.0, 0.6, 120.0)),
            op(1.0, drive * 0.4, (1.0, 1_200.0, 0.7, 120.0)),
        ],
    )
    .feedback(1.1)
    .gain(-1.5)
}

const fn guitar(member: u8) -> Patch {
    match member {
        0 => plucked(1.0, 0.7, 3.0, 3_200.0),
        1 => plucked(1.6, 1.3, 5.0, 3_800.0),
        2 => plucked(0.7, 0.4, 2.0, 3_000.0),
        3 => plucked(1.2, 0.7, 4.0, 4_000.0),
        4 => plucked(1.3, 0.8, 3.0, 420.0).gain(2.0),
        5 => driven(1.6, 0.6),
        6 => driven(2.6, 0.8),
        _ => patch(
            Trio,
            [
                op(1.0, 1.0, (2.0, 2_600.0, 0.0, 500.0)),
                op(2.0, 0.35, (2.0, 1_800.0, 0.0, 500.0)),
                op(1.0, 0.3, (2.0, 2_000.0, 0.0, 500.0)),
                op(4.0, 0.8, (1.0, 300.0, 0.0, 200.0)).velocity(0.4),
            ],
        ),
    }
}

/// A bass: the growl, how long that lasts, the attack's knock, and how much stays.
const fn low(growl: f32, growl_ms: f32, knock: f32, millis: f32, hold: f32) -> Patch {
    patch(
        Fan,
        [
            op(1.0, 1.0, (2.0, millis, hold, 110.0)).scale(0.0, 0.4),
            op(1.0, growl, (1.0, growl_ms, 0.3, 110.0))
                .velocity(0.5)
                .scale(4.0, 0.3),
            op(2.0, growl * 0.35, (1.0, growl_ms, 0.2, 110.0))
                .velocity(0.5)
                .scale(5.0, 0.3),
            op(5.0, knock, (1.0, 45.0, 0.0, 40.0))
                .velocity(0.8)
                .scale(6.0, 0.0),
        ],
    )
    .gain(0.5)
}

const fn bass(member: u8) -> Patch {
    match member {
        0 => low(0.9, 300.0, 0.5, 2_600.0, 0.0),
        1 => low(1.3, 700.0, 0.6, 4_000.0, 0.0),
        2 => low(1.6, 800.0, 1.4, 4_000.0, 0.0),
        3 => low(1.4, 2_000.0, 0.1, 5_000.0, 0.1).vibrato(5.0, 8.0, 500.0),
        4 => low(2.4, 260.0, 2.2, 3_000.0, 0.0),
        5 => low(2.0, 400.0, 2.8, 3_200.0, 0.0),
        6 => low(2.6, 500.0, 0.0, 2_400.0, 0.5).feedback(0.7),
        _ => low(1.8, 220.0, 0.4, 1_600.0, 0.6),
    }
}

/// A string under a bow: brightness, the edge of the rosin, how quickly it speaks, and its vibrato.
const fn bowed(bright: f32, edge: f32, attack: f32, vibrato: f32) -> Patch {
    patch(
        Fan,
        [
            op(1.0, 1.0, (attack, 400.0, 0.9, 160.0)),
            op(1.0, bright, (attack * 0.8, 500.0, 0.85, 160.0))
                .velocity(0.35)
                .scale(4.5, 0.0),
            op(3.0, edge, (attack * 0.6, 400.0, 0.6, 120.0))
                .velocity(0.35)
                .scale(6.0, 0.0),
            op(1.0, edge * 0.5, (attack * 0.5, 300.0, 0.4, 100.0)).scale(5.0, 0.0),
        ],
    )
    .feedback(0.9)
    .vibrato(5.6, vibrato, 450.0)
}

const fn strings(member: u8) -> Patch {
    match member {
        0 => bowed(1.7, 0.5, 70.0, 14.0),
        1 => bowed(1.5, 0.35, 80.0, 12.0),
        2 => bowed(1.6, 0.4, 90.0, 10.0),
        3 => bowed(1.3, 0.3, 110.0, 6.0),
        4 => bowed(1.6, 0.4, 60.0, 4.0).tremolo(11.0, 0.55).gain(1.0),
        5 => plucked(0.8, 0.5, 2.0, 700.0).gain(2.5),
        6 => plucked(0.7, 0.5, 4.0, 3_800.0),
        // A kettle: its pitch falls a little behind the stroke.
        _ => patch(
            Comb,
            [
                op(1.0, 1.0, (2.0, 2_600.0, 0.0, 1_200.0)),
                op(1.5, 0.45, (2.0, 1_500.0, 0.0, 900.0)),
                op(1.98, 0.3, (2.0, 1_000.0, 0.0, 700.0)),
                op(0.7, 0.9, (1.0, 120.0, 0.0, 90.0)).velocity(0.6),
            ],
        )
        .sweep(60.0, 40.0)
        .gain(1.0),
    }
}

/// Many that play together: brightness, by how many cents half of them are higher, attack
/// and release.
const fn section(bright: f32, apart: f32, attack: f32, release: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (attack, 600.0, 0.9, release)),
            op(1.0, bright, (attack, 800.0, 0.8, release))
                .velocity(0.35)
                .scale(5.0, 0.0),
            op(1.0, 0.6, (attack * 1.2, 600.0, 0.9, release)).cents(apart),
            op(2.0, bright * 0.5, (attack, 800.0, 0.8, release))
                .velocity(0.35)
                .scale(6.0, 0.0),
        ],
    )
    .vibrato(5.2, 5.0, 500.0)
}

/// Voices: a vowel is a peak at some harmonic.
const fn voices(vowel: f32, open: f32, apart: f32, attack: f32) -> Patch {
    patch(
        Trio,
        [
            op(1.0, 1.0, (attack, 500.0, 0.9, 220.0)),
            op(vowel, open, (attack * 1.2, 500.0, 0.85, 200.0)).scale(4.0, 0.0),
            op(1.0, 0.6, (attack * 1.1, 500.0, 0.9, 220.0)).cents(apart),
            op(1.0, 0.7, (attack, 600.0, 0.8, 200.0)).scale(4.0, 0.0),
        ],
    )
    .vibrato(5.3, 9.0, 400.0)
}

const fn ensemble(member: u8) -> Patch {
    match member {
        0 => section(1.5, 3.0, 90.0, 260.0),
        1 => section(1.2, 3.5, 220.0, 450.0),
        2 => section(1.8, 4.0, 70.0, 400.0),
        3 => section(1.2, 4.5, 260.0, 600.0),
        4 => voices(2.0, 0.45, 3.0, 110.0),
        5 => voices(3.0, 0.22, 2.4, 90.0),
        6 => voices(4.0, 0.35, 4.2, 60.0),
        // Everybody, once.
        _ => patch(
            Comb,
            [
                op(1.0, 1.0, (3.0, 900.0, 0.0, 300.0)),
                op(2.0, 0.8, (3.0, 800.0, 0.0, 300.0)),
                op(1.005, 0.8, (3.0, 900.0, 0.0, 300.0)),
                op(1.0, 2.2, (1.0, 500.0, 0.1, 200.0))
                    .velocity(0.4)
                    .scale(5.0, 0.0),
            ],
        )
        .feedback(1.0),
    }
}

/// Brass: it grows brighter while it speaks, and with the breath.
const fn blown(bright: f32, attack: f32, edge: f32) -> Patch {
    patch(
        Fan,
        [
            op(1.0, 1.0, (attack, 200.0, 0.92, 110.0)),
            op(1.0, bright, (attack * 1.6, 350.0, 0.75, 90.0))
                .velocity(0.6)
                .scale(5.0, 0.0),
            op(2.0, edge, (attack * 1.3, 200.0, 0.5, 90.0))
                .velocity(0.6)
                .scale(6.0, 0.0),
            op(1.0, edge, (attack * 0.6, 90.0, 0.15, 60.0)).velocity(0.4),
        ],
    )
    .vibrato(5.4, 5.0, 700.0)
}

const fn brass(member: u8) -> Patch {
    match member {
        0 => blown(2.3, 30.0, 0.5),
        1 => blown(2.0, 45.0, 0.35),
        2 => blown(1.6, 55.0, 0.2),
        3 => {
            let mut patch = blown(1.1, 30.0, 0.9);
            patch.ops[1].tune = super::patch::Tune::Ratio(3.0);
            patch
        }
        4 => blown(1.2, 60.0, 0.15),
        5 => {
            let mut patch = section(2.2, 3.0, 35.0, 130.0);
            patch.ops[1].velocity = 0.6;
            patch
        }
        6 => section(2.6, 2.5, 25.0, 200.0),
        _ => section(1.8, 4.5, 60.0, 260.0),
    }
}

/// A reed over a tube: the modulator's ratio says which harmonics there are, the formant what the bore adds.
const fn single(ratio: f32, bright: f32, formant: f32, attack: f32) -> Patch {
    patch(
        Chain,
        [
            op(formant, 0.22, (attack, 300.0, 0.9, 80.0)).scale(4.0, 0.0),
            op(1.0, 1.0, (attack, 300.0, 0.92, 90.0)),
            op(ratio, bright, (attack * 1.2, 400.0, 0.85, 80.0))
                .velocity(0.45)
                .scale(5.0, 0.0),
            op(1.0, 0.35, (attack, 120.0, 0.2, 60.0)).velocity(0.4),
        ],
    )
    .feedback(0.4)
    .vibrato(5.2, 7.0, 500.0)
}

const fn reed(member: u8) -> Patch {
    match member {
        0 => single(1.0, 1.5, 3.0, 35.0),
        1 => single(1.0, 1.8, 3.0, 35.0),
        2 => single(1.0, 2.1, 2.0, 40.0),
        3 => single(1.0, 2.3, 2.0, 45.0),
        4 => single(1.0, 2.0, 4.0, 30.0),
        5 => single(1.0, 1.6, 3.0, 40.0),
        6 => single(1.0, 1.4, 5.0, 40.0),
        // A tube that is closed at one end: every second harmonic.
        _ => {
            let mut patch = single(2.0, 1.3, 3.0, 40.0);
            patch.ops[3].level = 0.0;
            patch
        }
    }
}

/// Air over an edge: a tone that is nearly pure, how much of the octave, and the breath.
const fn air(octave: f32, breath: f32, attack: f32, vibrato: f32) -> Patch {
    patch(
        Chain,
        [
            op(2.0, octave, (attack, 300.0, 0.8, 80.0)),
            op(1.0, 1.0, (attack, 300.0, 0.95, 110.0)),
            op(1.0, 0.25, (attack, 200.0, 0.6, 80.0))
                .velocity(0.4)
                .scale(4.0, 0.0),
            op(1.0, breath, (attack * 0.4, 120.0, 0.25, 60.0)).noise(),
        ],
    )
    .vibrato(5.0, vibrato, 450.0)
}

const fn pipe(member: u8) -> Patch {
    match member {
        0 => air(0.12, 0.5, 30.0, 8.0),
        1 => air(0.2, 0.8, 50.0, 10.0),
        2 => air(0.08, 0.5, 25.0, 3.0),
        3 => air(0.1, 2.2, 40.0, 6.0),
        4 => air(0.05, 1.8, 60.0, 3.0),
        5 => air(0.25, 2.6, 70.0, 14.0),
        6 => air(0.0, 0.15, 30.0, 16.0),
        _ => air(0.06, 0.25, 30.0, 6.0),
    }
}

/// One voice in front of all: its waveform by ratio and depth, and feedback.
const fn solo(ratio: f32, depth: f32, second: f32, apart: f32) -> Patch {
    let stages = (4.0, 300.0, 0.95, 90.0);
    patch(
        Pairs,
        [
            op(1.0, 1.0, stages),
            op(ratio, depth, stages).scale(5.0, 0.0),
            op(second, 0.7, stages).cents(apart),
            op(1.0, depth * 0.7, stages).scale(5.0, 0.0),
        ],
    )
    .gain(-1.0)
}

const fn lead(member: u8) -> Patch {
    match member {
        0 => solo(2.0, 1.4, 1.0, 0.0),
        1 => solo(1.0, 1.5, 1.0, 4.0).feedback(1.0),
        2 => air(0.3, 1.6, 12.0, 4.0),
        3 => {
            let mut patch = solo(2.0, 0.9, 1.0, 3.0);
            patch.ops[3] = op(1.0, 2.4, (1.0, 80.0, 0.1, 60.0)).noise();
            patch
        }
        4 => driven(2.0, 0.9),
        5 => voices(3.0, 0.4, 1.8, 25.0),
        6 => solo(1.0, 1.2, 1.5, 2.0),
        _ => solo(1.0, 2.0, 2.0, 3.0).feedback(0.8),
    }
}

/// Something wide that comes and goes slowly: how bright, what else is in it, how far apart.
const fn wide(bright: f32, ratio: f32, apart: f32, attack: f32) -> Patch {
    let stages = (attack, 1_500.0, 0.85, 900.0);
    patch(
        Pairs,
        [
            op(1.0, 1.0, stages),
            op(1.0, bright, (attack * 2.0, 2_500.0, 0.6, 900.0)).scale(4.0, 0.0),
            op(1.0, 0.6, stages).cents(apart),
            op(ratio, bright * 0.6, (attack, 2_000.0, 0.5, 900.0)).scale(5.0, 0.0),
        ],
    )
}

const fn pad(member: u8) -> Patch {
    match member {
        0 => wide(0.8, 5.0, 3.0, 120.0),
        1 => wide(0.6, 1.0, 3.5, 300.0),
        2 => wide(1.6, 2.0, 4.0, 30.0),
        3 => voices(2.0, 0.4, 4.2, 250.0),
        4 => wide(1.0, 3.0, 2.5, 200.0),
        5 => wide(1.0, 3.47, 3.0, 220.0),
        6 => wide(0.7, 2.0, 4.5, 350.0).tremolo(3.0, 0.2),
        _ => wide(2.2, 1.0, 3.5, 400.0),
    }
}

const fn effect(member: u8) -> Patch {
    match member {
        // Drops with an echo of their own.
        0 => bar(0.4, 3.5, 0.8, 2_200.0, 900.0).tremolo(4.0, 0.3),
        1 => wide(1.6, 4.0, 4.0, 300.0),
        2 => bar(0.9, 5.4, 1.0, 3_200.0, 1_500.0),
        3 => wide(1.2, 3.0, 2.5, 60.0).tremolo(2.5, 0.25),
        4 => tine(0.8, 1.4, 4_000.0),
        5 => wide(1.8, 1.41, 2.5, 200.0).vibrato(4.0, 5.0, 200.0),
        6 => bar(0.3, 2.0, 1.0, 2_400.0, 1_500.0).tremolo(3.0, 0.4),
        _ => wide(2.0, 2.0, 3.0, 80.0).feedback(0.6),
    }
}

const fn ethnic(member: u8) -> Patch {
    match member {
        // Strings that lie on their bridge: the buzz comes after the pluck.
        0 => {
            let mut patch = plucked(1.8, 1.4, 7.0, 3_600.0);
            patch.ops[1].attack_ms = 90.0;
            patch.ops[1].decay_ms = 2_500.0;
            patch
        }
        1 => plucked(1.7, 1.6, 4.0, 900.0).gain(2.0),
        2 => plucked(1.4, 1.8, 6.0, 1_100.0).gain(1.5),
        3 => plucked(1.2, 1.3, 5.0, 2_400.0),
        4 => bar(0.8, 5.4, 0.5, 1_400.0, 200.0).gain(2.0),
        5 => free_reeds(2.2, 2.0, 40.0),
        6 => bowed(2.0, 0.7, 45.0, 12.0),
        _ => single(1.0, 2.5, 4.0, 30.0),
    }
}

const fn percussive(member: u8) -> Patch {
    match member {
        0 => bar(0.8, 5.2, 0.9, 1_600.0, 700.0).gain(1.0),
        1 => bar(1.0, 1.48, 1.4, 700.0, 400.0).gain(2.0),
        2 => bar(0.4, 2.0, 1.4, 1_800.0, 500.0),
        3 => bar(1.6, 2.6, 0.5, 140.0, 60.0).gain(4.0),
        4 => skin(90.0, 50.0, 1_100.0),
        5 => skin(70.0, 60.0, 800.0),
        6 => skin(300.0, 40.0, 700.0),
        // It grows instead of dying away.
        _ => patch(
            Pairs,
            [
                op(5.1, 1.0, (1_400.0, 120.0, 0.0, 80.0)),
                op(7.3, 3.0, (1_400.0, 120.0, 0.0, 80.0)),
                op(6.7, 0.8, (1_400.0, 120.0, 0.0, 80.0)),
                op(1.0, 3.0, (1_400.0, 120.0, 0.0, 80.0)).noise(),
            ],
        ),
    }
}

/// A skin that is struck: how far its pitch falls in cents, how quickly, and how long it sounds.
const fn skin(cents: f32, fall: f32, millis: f32) -> Patch {
    patch(
        Comb,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, millis * 0.5)),
            op(1.6, 0.35, (1.0, millis * 0.5, 0.0, millis * 0.3)),
            op(2.2, 0.15, (1.0, millis * 0.3, 0.0, millis * 0.2)),
            op(1.0, 0.9, (1.0, 40.0, 0.0, 40.0)).noise().velocity(0.6),
        ],
    )
    .sweep(cents, fall)
    .gain(2.0)
}

/// Noise of a colour: a tone at `hz` that noise spreads out by `spread` radians.
const fn hiss(hz: f32, spread: f32, stages: (f32, f32, f32, f32)) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, stages).hz(hz),
            op(1.0, spread, (1.0, 1.0, 1.0, 5_000.0)).noise(),
            op(1.0, 0.7, stages).hz(hz * 1.62),
            op(1.0, spread, (1.0, 1.0, 1.0, 5_000.0)).noise(),
        ],
    )
}

const fn noises(member: u8) -> Patch {
    match member {
        0 => hiss(1_900.0, 2.0, (2.0, 260.0, 0.0, 80.0)),
        1 => hiss(2_400.0, 3.0, (60.0, 700.0, 0.0, 200.0)),
        2 => hiss(700.0, 3.0, (700.0, 1_500.0, 0.6, 1_500.0)).tremolo(0.3, 0.6),
        3 => patch(
            Stack,
            [
                op(6.0, 1.0, (20.0, 900.0, 0.0, 120.0)),
                op(0.03, 3.0, (1.0, 1.0, 1.0, 200.0)),
                Op::NONE,
                Op::NONE,
            ],
        )
        .vibrato(11.0, 180.0, 0.0)
        .tremolo(5.5, 0.8),
        4 => patch(
            Sum,
            [
                op(3.0, 1.0, (3.0, 1.0, 1.0, 40.0)),
                op(3.75, 0.8, (3.0, 1.0, 1.0, 40.0)),
                Op::NONE,
                Op::NONE,
            ],
        )
        .tremolo(18.0, 0.9),
        5 => hiss(180.0, 2.4, (60.0, 1.0, 1.0, 300.0)).tremolo(11.0, 0.9),
        6 => hiss(1_500.0, 4.0, (180.0, 900.0, 0.8, 500.0)).tremolo(13.0, 0.35),
        _ => patch(
            Pairs,
            [
                op(1.0, 1.0, (1.0, 900.0, 0.0, 400.0)).hz(110.0),
                op(1.0, 5.0, (1.0, 300.0, 0.2, 300.0)).noise(),
                op(1.0, 0.8, (1.0, 500.0, 0.0, 300.0)).hz(900.0),
                op(1.0, 5.0, (1.0, 300.0, 0.4, 300.0)).noise(),
            ],
        )
        .sweep(1_200.0, 60.0)
        .gain(2.0),
    }
}
