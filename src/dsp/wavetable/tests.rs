//! Shapes have their harmonics and no others, and are the same however they are cut.

use super::*;
use crate::dsp::measure::{peak, tone, tone_windowed};

const RATE: f64 = 48_000.0;
const SHAPES: [Shape; 4] = [Shape::Sine, Shape::Triangle, Shape::Saw, Shape::Pulse];

fn sound(shape: Shape, hz: f64, length: usize) -> Vec<f32> {
    let mut oscillator = Oscillator::new(shape, RATE);
    oscillator.set_frequency(hz);
    let mut samples = vec![0.0; length];
    oscillator.fill(&mut samples);
    samples
}

#[test]
fn a_sine_is_the_formula() {
    for (n, sample) in sound(Shape::Sine, 997.0, 48_000).iter().enumerate() {
        let pure = (TAU * 997.0 * n as f64 / RATE).sin();
        assert!((f64::from(*sample) - pure).abs() < 5e-7, "{n}");
    }
}

#[test]
fn harmonics_are_those_of_the_shape() {
    // 100 Hz: whole periods in a second; its table has 192 harmonics.
    for (shape, law) in [
        (Shape::Saw, (|k| 2.0 / (PI * k)) as fn(f64) -> f64),
        (Shape::Pulse, |k| {
            if k % 2.0 == 1.0 { 4.0 / (PI * k) } else { 0.0 }
        }),
        (Shape::Triangle, |k| {
            if k % 2.0 == 1.0 {
                8.0 / (PI * PI * k * k)
            } else {
                0.0
            }
        }),
    ] {
        let samples = sound(shape, 100.0, 48_000);
        for k in 1..=128 {
            let found = tone(&samples, 100.0 * f64::from(k), RATE).amplitude;
            let wanted = law(f64::from(k));
            assert!(
                (found - wanted).abs() < 0.005 * wanted + 1e-6,
                "{shape:?} {k}: {found} for {wanted}"
            );
        }
    }
}

/// The loudest bin that is no harmonic, relative to the fundamental, in decibels.
fn worst_alias(shape: Shape, hz: f64) -> f64 {
    let samples = sound(shape, hz, 48_000);
    let fundamental = tone_windowed(&samples, hz, RATE).amplitude;
    let worst = (1..480)
        .map(|n| f64::from(n) * 50.0)
        .filter(|bin| {
            let off = bin.rem_euclid(hz);
            off.min(hz - off) > 8.0
        })
        .map(|bin| tone_windowed(&samples, bin, RATE).amplitude)
        .fold(0.0, f64::max);
    20.0 * (worst / fundamental).log10()
}

#[test]
fn aliasing_is_below_hearing() {
    for shape in SHAPES {
        // At these pitches aliases fall on other multiples of 50 Hz.
        for hz in [1050.0, 2350.0, 5150.0, 11_050.0] {
            let alias = worst_alias(shape, hz);
            println!("{shape:?} {hz}: {alias:.1} dB");
            assert!(alias < -140.0, "{shape:?} {hz}: {alias}");
        }
        let alias = worst_alias(shape, 110.0);
        println!("{shape:?} 110: {alias:.1} dB");
        assert!(alias < -110.0, "{shape:?}: {alias}");
    }
}

#[test]
fn a_pulse_has_its_width_and_a_saw_rises_from_zero() {
    let mut oscillator = Oscillator::new(Shape::Pulse, RATE);
    oscillator.set_frequency(50.0);
    oscillator.set_width(0.2);
    let mut samples = vec![0.0; 960];
    oscillator.fill(&mut samples);
    let high = samples.iter().filter(|s| **s > 0.0).count();
    assert!(high.abs_diff(192) <= 1, "{high}");
    assert!((samples[96] - 1.0).abs() < 0.05 && (samples[500] + 1.0).abs() < 0.05);
    let saw = sound(Shape::Saw, 50.0, 960);
    assert!(saw[0].abs() < 1e-6 && (saw[240] - 0.5).abs() < 0.01);
    for shape in SHAPES {
        assert!(peak(&sound(shape, 50.0, 48_000)) < 1.2);
    }
}

#[test]
fn a_glide_makes_no_step() {
    // Through every level of the tables, a triangle may only move as fast as one at that pitch does.
    let mut oscillator = Oscillator::new(Shape::Triangle, RATE);
    let hz: Vec<f32> = (0..480_000).map(|n| 20.0 * 1.000_014_f32.powi(n)).collect();
    let mut samples = vec![0.0; hz.len()];
    oscillator.fill_swept(&mut samples, |at| f64::from(hz[at]));
    for n in 1..samples.len() {
        let slope = 4.0 * hz[n] / RATE as f32;
        assert!(
            (samples[n] - samples[n - 1]).abs() < slope * 1.3 + 1e-5,
            "{n} at {} Hz",
            hz[n]
        );
    }
}

#[test]
fn a_sweep_is_its_samples_however_it_is_cut() {
    let hz = |at: usize| 40.0 + 9.7 * at as f64;
    for shape in SHAPES {
        let run = |cut: usize| {
            let mut oscillator = Oscillator::new(shape, RATE);
            let mut samples = vec![0.0; 2000];
            for (piece, samples) in samples.chunks_mut(cut).enumerate() {
                oscillator.fill_swept(samples, |at| hz(piece * cut + at));
            }
            samples
        };
        let whole = run(2000);
        assert!(peak(&whole) > 0.9);
        assert_eq!(whole, run(61));
        let mut oscillator = Oscillator::new(Shape::Sine, RATE);
        // A table is chosen for the pitch that is there, whatever the shape was before.
        oscillator.set_shape(shape);
        for (at, sample) in whole.iter().enumerate() {
            oscillator.set_frequency(hz(at));
            assert_eq!(*sample, oscillator.step(), "{shape:?} {at}");
        }
    }
}

#[test]
fn any_cutting_gives_the_same_bits() {
    // From one table, and from two that are mixed.
    for (shape, hz) in SHAPES.iter().flat_map(|it| [(*it, 441.7), (*it, 480.3)]) {
        let whole = sound(shape, hz, 5_000);
        let mut pieces = vec![0.0; 5_000];
        let mut oscillator = Oscillator::new(shape, RATE);
        oscillator.set_frequency(hz);
        assert!(shape == Shape::Sine || (oscillator.weight < 1.0) == (hz > 450.0));
        pieces
            .chunks_mut(61)
            .for_each(|piece| oscillator.fill(piece));
        assert_eq!(whole, pieces);
        // One by one, in narrow registers.
        let mut steps = Oscillator::new(shape, RATE);
        steps.set_frequency(hz);
        assert!(whole.iter().all(|sample| *sample == steps.step()));
    }
}

#[test]
fn impossible_pitches_do_no_harm() {
    for shape in SHAPES {
        for hz in [-1.0, 0.0, 1e-30, 24_000.0, 1e9, f64::INFINITY, f64::NAN] {
            assert!(
                sound(shape, hz, 500)
                    .iter()
                    .all(|s| s.is_finite() && s.abs() < 1.5),
                "{shape:?} {hz}"
            );
        }
    }
}
