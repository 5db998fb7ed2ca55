//! Two cards in one graph, each on a clock of its own: one drives, the other is kept in step. The machine is simulated,
//! so minutes of its time pass in seconds and callbacks come as late as wanted.

use std::f64::consts::TAU;

use ksgraph::portcls::wavert::telemetry;

use super::machine::{Machine, Script};
use super::stage::path;

/// What is left of a sine when the sine itself is taken away, in decibels below it; its frequency is sought.
fn noise_db(samples: &[f32], about_hz: f64) -> (f64, f64) {
    let residue = |hz: f64| {
        let (mut ss, mut sc, mut cc, mut xs, mut xc, mut xx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let (sine, cosine) = (TAU * hz * n as f64 / 48_000.0).sin_cos();
            let x = f64::from(*sample);
            (ss, sc, cc) = (ss + sine * sine, sc + sine * cosine, cc + cosine * cosine);
            (xs, xc, xx) = (xs + x * sine, xc + x * cosine, xx + x * x);
        }
        let all = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / all, (xc * ss - xs * sc) / all);
        let power = a * xs + b * xc;
        (10.0 * ((xx - power).max(1e-20) / power).log10(), hz)
    };
    // The residue is a valley around the true frequency.
    let (mut low, mut high) = (about_hz * 0.999, about_hz * 1.001);
    for _ in 0..60 {
        let (one, two) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if residue(one).0 < residue(two).0 {
            high = two;
        } else {
            low = one;
        }
    }
    residue((low + high) / 2.0)
}

const GRAPH: &str = "tone frequency=997 level=-6 -> splitter; splitter -> a:audio_device_out device=one; \
                     splitter -> b:audio_device_out device=two";

#[test]
fn a_second_card_on_another_clock_is_kept_in_step_for_minutes() {
    for (ppm, quantum, period, jitter, seconds) in [
        (300.0, 256, 480, 0.004, 120),
        (-300.0, 1024, 512, 0.003, 90),
    ] {
        let one = Script {
            name: "one",
            ppm: -20.0,
            period: quantum,
            jitter: 0.001,
        };
        let two = Script {
            name: "two",
            ppm: ppm - 20.0,
            period,
            jitter,
        };
        let mut machine = Machine::new(quantum, &[one, two]);
        let graph = machine.play(GRAPH);
        let (a, b) = (path(&graph, "a"), path(&graph, "b"));
        machine.pass(8.0);
        let what = format!("{ppm} ppm, {quantum} and {period}");
        assert_eq!(
            machine.published(&a, telemetry::STEP),
            0.0,
            "{what}: it drives"
        );
        assert_eq!(
            machine.published(&b, telemetry::STEP),
            2.0,
            "{what}: locked in seconds"
        );
        let early = machine.published(&b, telemetry::DRIFT_PPM);
        assert!(
            (f64::from(early) - ppm).abs() < 60.0,
            "{what}: {early} ppm after 8 s"
        );
        machine.heard("two");
        let (mut worst_ppm, mut errors, mut count) = (0.0_f64, 0.0, 0.0);
        for second in 8..8 + seconds {
            machine.pass(1.0);
            let estimate = f64::from(machine.published(&b, telemetry::DRIFT_PPM));
            if second > 60 {
                worst_ppm = worst_ppm.max((estimate - ppm).abs());
                errors += f64::from(machine.published(&b, telemetry::FILL_ERROR));
                count += 1.0;
            }
        }
        assert!(worst_ppm < 5.0, "{what}: {worst_ppm} ppm off");
        let mean = errors / count;
        assert!(
            mean.abs() < 8.0,
            "{what}: the fill stays {mean} samples off"
        );
        for pin in [&a, &b] {
            assert_eq!(machine.published(pin, telemetry::XRUNS), 0.0, "{what}");
            assert_eq!(machine.published(pin, telemetry::DROPPED), 0.0, "{what}");
        }
        let heard = machine.heard("two");
        assert!(
            heard.len() > (seconds - 1) * 48_000,
            "{what}: all of it was captured"
        );
        // No click anywhere, and a pure tone in the end.
        let steepest = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let steepest = steepest.fold(0.0, f32::max);
        let amplitude = 10.0_f64.powf(-6.0 / 20.0);
        let allowed = 1.01 * amplitude * TAU * 997.0 / 48_000.0;
        assert!(
            f64::from(steepest) < allowed,
            "{what}: a step of {steepest}"
        );
        let mut worst = -200.0_f64;
        for window in heard[60 * 48_000..].chunks_exact(12_000).step_by(20) {
            let hz = 997.0 / (1.0 + ppm * 1e-6);
            worst = worst.max(noise_db(window, hz).0);
        }
        assert!(worst < -80.0, "{what}: {worst} dB beside the tone");
        println!(
            "{what}: {early} ppm after 8 s, worst {worst_ppm:.2} ppm, mean fill error {mean:.2}, residue {worst:.1} dB"
        );
    }
}

#[test]
fn a_stall_is_a_short_gap_and_the_card_is_in_step_again() {
    let script = |name, ppm| Script {
        name,
        ppm,
        period: 256,
        jitter: 0.001,
    };
    let mut machine = Machine::new(256, &[script("one", 0.0), script("two", 200.0)]);
    let graph = machine.play(GRAPH);
    let b = path(&graph, "b");
    machine.pass(10.0);
    assert_eq!(machine.published(&b, telemetry::XRUNS), 0.0);
    // Nobody turns the graph for 60 ms, while the cards go on.
    machine.sleep(0.06);
    machine.pass(0.1);
    let gaps = machine.published(&b, telemetry::XRUNS);
    assert!((1.0..=16.0).contains(&gaps), "{gaps} calls went without");
    machine.heard("two");
    machine.pass(2.0);
    assert_eq!(
        machine.published(&b, telemetry::XRUNS),
        gaps,
        "and none after"
    );
    assert_eq!(machine.published(&b, telemetry::STEP), 2.0);
    let heard = machine.heard("two");
    let silent = heard.iter().filter(|sample| **sample == 0.0).count();
    assert!(silent < 24_000, "{silent} samples of silence");
}
