//! The drums of General MIDI, keys 35 to 81: skins, metals, woods and shakers, by this project's own parameters.
//!
//! A drum sounds to its end whatever its key does, and some end each other: the three positions of the hi-hat, and the
//! short and the long of whistle, guiro, cuica and triangle.

use super::patch::Algorithm::{Comb, Fan, Pairs};
use super::patch::{Op, Patch, op, patch};

/// The first key that has a drum.
pub(super) const FIRST: u8 = 35;
/// How many there are.
pub(super) const COUNT: usize = 47;

const HAT: u8 = 1;
const WHISTLE: u8 = 2;
const GUIRO: u8 = 3;
const CUICA: u8 = 4;
const TRIANGLE: u8 = 5;

/// A skin: its pitch in Hz, how far it falls in cents and how quickly, its length, and the noise of the stroke.
const fn skin(hz: f32, cents: f32, fall: f32, millis: f32, stroke: f32) -> Patch {
    patch(
        Comb,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 60.0)).hz(hz),
            op(1.0, 0.4, (1.0, millis * 0.5, 0.0, 60.0)).hz(hz * 1.59),
            op(1.0, 0.2, (1.0, millis * 0.3, 0.0, 60.0)).hz(hz * 2.14),
            op(1.0, stroke, (1.0, 35.0, 0.0, 30.0))
                .noise()
                .velocity(0.5),
        ],
    )
    .sweep(cents, fall)
    .gain(2.0)
}

/// A snare: the skin in Hz, the length of skin and wires.
const fn snare(hz: f32, skin: f32, wires: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 0.8, (1.0, skin, 0.0, 60.0)).hz(hz),
            op(1.0, 0.9, (1.0, 60.0, 0.0, 60.0)).hz(hz * 1.7),
            op(1.0, 1.0, (1.0, wires, 0.0, 60.0)).hz(2_300.0),
            op(1.0, 6.0, (1.0, wires, 0.6, 60.0)).noise(),
        ],
    )
    .sweep(180.0, 18.0)
    .gain(2.0)
}

/// Hands, shakers and scrapers: noise about a pitch, how widely, with its attack and length.
const fn noise(hz: f32, spread: f32, attack: f32, millis: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (attack, millis, 0.0, 40.0)).hz(hz),
            op(1.0, spread, (1.0, 1.0, 1.0, 5_000.0)).noise(),
            op(1.0, 0.7, (attack, millis * 0.8, 0.0, 40.0)).hz(hz * 1.43),
            op(1.0, spread, (1.0, 1.0, 1.0, 5_000.0)).noise(),
        ],
    )
}

/// Metal in a plate: its pitch in Hz, how rough it is, its length.
const fn plate(hz: f32, rough: f32, millis: f32) -> Patch {
    patch(
        Pairs,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 60.0)).hz(hz),
            op(1.0, rough, (1.0, millis * 0.8, 0.3, 60.0)).hz(hz * 0.37),
            op(1.0, 0.8, (1.0, millis * 0.7, 0.0, 60.0)).hz(hz * 1.47),
            op(1.0, rough, (1.0, millis, 0.6, 60.0)).noise(),
        ],
    )
}

/// Metal that rings at a pitch: Hz, what else rings in it, its length.
const fn bell(hz: f32, ratio: f32, depth: f32, millis: f32) -> Patch {
    patch(
        Fan,
        [
            op(1.0, 1.0, (1.0, millis, 0.0, 60.0)).hz(hz),
            op(1.0, depth, (1.0, millis * 0.6, 0.1, 60.0)).hz(hz * ratio),
            op(1.0, depth * 0.5, (1.0, millis * 0.3, 0.0, 60.0)).hz(hz * 2.41),
            Op::NONE,
        ],
    )
}

/// Wood: Hz and length.
const fn wood(hz: f32, millis: f32) -> Patch {
    bell(hz, 2.73, 0.8, millis).gain(3.0)
}

/// A pitch that glides while it sounds: Hz, cents, and how quickly.
const fn glide(hz: f32, cents: f32, fall: f32, millis: f32) -> Patch {
    bell(hz, 2.0, 0.9, millis).sweep(cents, fall)
}

/// The drum on a key, from [`FIRST`] on.
pub(super) const fn drum(index: usize) -> Patch {
    match index as u8 + FIRST {
        35 => skin(48.0, 1_900.0, 28.0, 520.0, 0.8).gain(4.0).drum(0.0, 0),
        36 => skin(56.0, 2_200.0, 22.0, 420.0, 1.4).gain(4.0).drum(0.0, 0),
        37 => wood(1_150.0, 90.0).drum(0.1, 0),
        38 => snare(185.0, 150.0, 210.0).drum(0.0, 0),
        39 => noise(1_250.0, 3.0, 4.0, 190.0).gain(2.0).drum(0.1, 0),
        40 => snare(215.0, 110.0, 260.0).drum(0.0, 0),
        41 => skin(82.0, 700.0, 60.0, 620.0, 0.7).drum(-0.4, 0),
        42 => plate(7_100.0, 3.2, 80.0).gain(4.0).drum(0.3, HAT),
        43 => skin(98.0, 700.0, 60.0, 580.0, 0.7).drum(-0.3, 0),
        44 => plate(6_300.0, 3.0, 90.0).gain(3.0).drum(0.3, HAT),
        45 => skin(118.0, 700.0, 55.0, 540.0, 0.7).drum(-0.15, 0),
        46 => plate(7_100.0, 3.2, 650.0).gain(1.0).drum(0.3, HAT),
        47 => skin(142.0, 700.0, 50.0, 500.0, 0.7).drum(0.0, 0),
        48 => skin(170.0, 700.0, 50.0, 460.0, 0.7).drum(0.15, 0),
        49 => plate(4_300.0, 4.5, 2_600.0).gain(1.0).drum(0.35, 0),
        50 => skin(204.0, 700.0, 45.0, 420.0, 0.7).drum(0.3, 0),
        51 => plate(5_200.0, 2.0, 1_900.0).drum(-0.35, 0),
        52 => plate(3_100.0, 5.5, 1_900.0).gain(1.0).drum(0.4, 0),
        53 => bell(2_750.0, 1.73, 1.2, 1_300.0).drum(-0.35, 0),
        54 => plate(8_300.0, 2.6, 190.0).gain(2.0).drum(0.2, 0),
        55 => plate(5_800.0, 4.5, 900.0).gain(1.0).drum(0.25, 0),
        56 => bell(565.0, 1.49, 1.5, 320.0).gain(2.0).drum(0.1, 0),
        57 => plate(4_700.0, 4.5, 2_300.0).gain(1.0).drum(-0.4, 0),
        58 => noise(2_700.0, 1.2, 2.0, 850.0)
            .tremolo(26.0, 0.9)
            .gain(2.0)
            .drum(0.2, 0),
        59 => plate(5_600.0, 2.3, 1_700.0).drum(-0.3, 0),
        60 => skin(430.0, 120.0, 25.0, 190.0, 0.8).drum(-0.25, 0),
        61 => skin(300.0, 120.0, 25.0, 230.0, 0.8).drum(-0.25, 0),
        62 => skin(370.0, 150.0, 15.0, 90.0, 1.4).gain(5.0).drum(0.25, 0),
        63 => skin(330.0, 120.0, 25.0, 330.0, 0.6).drum(0.25, 0),
        64 => skin(215.0, 120.0, 30.0, 380.0, 0.6).drum(0.25, 0),
        65 => skin(520.0, 150.0, 30.0, 320.0, 1.1).drum(-0.2, 0),
        66 => skin(370.0, 150.0, 30.0, 380.0, 1.1).drum(-0.2, 0),
        67 => bell(1_120.0, 1.48, 1.3, 300.0).gain(1.0).drum(0.35, 0),
        68 => bell(760.0, 1.48, 1.3, 340.0).gain(1.0).drum(0.35, 0),
        69 => noise(6_200.0, 2.2, 18.0, 110.0).gain(2.0).drum(-0.3, 0),
        70 => noise(7_600.0, 2.2, 6.0, 80.0).gain(3.0).drum(-0.35, 0),
        71 => glide(2_350.0, 60.0, 20.0, 200.0).drum(0.3, WHISTLE),
        72 => glide(2_250.0, 90.0, 40.0, 900.0)
            .tremolo(22.0, 0.4)
            .drum(0.3, WHISTLE),
        73 => noise(2_600.0, 1.6, 10.0, 150.0)
            .tremolo(48.0, 0.9)
            .gain(5.0)
            .drum(0.25, GUIRO),
        74 => noise(2_400.0, 1.6, 30.0, 620.0)
            .tremolo(36.0, 0.9)
            .gain(4.0)
            .drum(0.25, GUIRO),
        75 => wood(2_480.0, 90.0).drum(0.15, 0),
        76 => wood(1_050.0, 110.0).drum(-0.15, 0),
        77 => wood(760.0, 130.0).drum(-0.15, 0),
        78 => glide(640.0, -500.0, 60.0, 200.0)
            .gain(1.0)
            .drum(-0.1, CUICA),
        79 => glide(430.0, 350.0, 110.0, 420.0)
            .gain(1.0)
            .drum(-0.1, CUICA),
        80 => bell(4_150.0, 1.63, 0.9, 160.0).drum(-0.4, TRIANGLE),
        _ => bell(4_150.0, 1.63, 0.9, 2_200.0).drum(-0.4, TRIANGLE),
    }
}
