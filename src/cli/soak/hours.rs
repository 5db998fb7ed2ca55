//! Hours of a graph's time as fast as the machine allows: whether its sound breaks, its clock drifts, its memory grows.

use std::f64::consts::TAU;

use serde_json::json;

use super::{Memory, Outcome, judge};
use crate::cli::failure::Failure;
use crate::cli::load::{Bench, Document};
use crate::engine::{Job, Offline, Report};
use crate::graph::FilterPath;
use crate::ks::{flag, time_from_sample};

/// What is not counted yet as growth of the memory: first files are read, first pages touched.
const WARM_SECONDS: u64 = 30;

/// How the sound of one sink went.
#[derive(Default)]
struct Heard {
    /// Where the next frame is to begin.
    next: Option<i64>,
    breaks: u64,
    /// The steepest step between two samples, and the last sample.
    steepest: f32,
    last: Option<f32>,
    peak: f32,
    /// A second at the beginning and the last one, as the phase of the tone at 480 Hz.
    tone: [Turning; 2],
}

/// How a tone at 480 Hz stands, over the samples that were put in.
#[derive(Clone, Copy, Default)]
struct Turning {
    sine: f64,
    cosine: f64,
}

impl Turning {
    fn put(&mut self, at: u64, sample: f32) {
        // A hundred samples a turn at 48 kHz, so hours need no large angles.
        let (sine, cosine) = (TAU * (at % 100) as f64 / 100.0).sin_cos();
        self.sine += f64::from(sample) * sine;
        self.cosine += f64::from(sample) * cosine;
    }

    fn degrees(self) -> f64 {
        self.cosine.atan2(self.sine).to_degrees()
    }
}

/// Runs a graph for so long; one of ours is known to give a steady tone at 480 Hz.
pub(super) fn run(
    bench: &Bench,
    (document, is_own): (&Document, bool),
    seconds: u64,
    quantum: usize,
) -> Result<Outcome, Failure> {
    let job = Job {
        wiring: bench.wiring.clone(),
        base: document.base.clone(),
        ..Job::default()
    };
    let mut offline = Offline::new(&bench.catalogue, &job, quantum);
    let rate_hz = bench.wiring.rate_hz.max(1);
    let end = seconds * u64::from(rate_hz);
    let is_sink = |path: &&FilterPath| {
        let mut wires = bench.wiring.wires.iter();
        !wires.any(|wire| wire.from.filter == **path)
    };
    let sinks: Vec<FilterPath> = offline.built.open.keys().filter(is_sink).cloned().collect();
    let mut heard: Vec<Heard> = sinks.iter().map(|_| Heard::default()).collect();
    let (mut faults, mut starved) = (0_u64, 0_u64);
    let mut memory = None;
    while offline.position() < end && !offline.has_ended() {
        let at = offline.position();
        let len = (end - at).min(quantum as u64) as usize;
        let done = offline.cycle(len);
        done.map_err(|stuck| Failure::no("run the graph", stuck.to_string()))?;
        for report in offline.reports() {
            match report {
                Report::Starved { .. } => starved += 1,
                Report::Panicked { .. } | Report::NonFinite { .. } => faults += 1,
                _ => {}
            }
        }
        offline.steps().for_each(drop);
        for (sink, heard) in sinks.iter().zip(&mut heard) {
            let Some((wave, header)) = offline.heard(sink) else {
                continue;
            };
            let breaks = flag::DATADISCONTINUITY | flag::TIMEDISCONTINUITY;
            let is_whole = heard.next.is_none_or(|next| next == header.time);
            heard.breaks += u64::from(header.flags & breaks != 0 || !is_whole);
            heard.next = Some(header.time + header.duration);
            for (sample, at) in wave.channel(0).iter().zip(at..) {
                let step = heard.last.map_or(0.0, |last| (sample - last).abs());
                heard.steepest = heard.steepest.max(step);
                heard.last = Some(*sample);
                heard.peak = heard.peak.max(sample.abs());
                let second = u64::from(rate_hz);
                if (second..2 * second).contains(&at) {
                    heard.tone[0].put(at, *sample);
                } else if at + second >= end {
                    heard.tone[1].put(at, *sample);
                }
            }
        }
        if memory.is_none() && at >= WARM_SECONDS * u64::from(rate_hz) {
            memory = Some(Memory::begin());
        }
    }
    let memory = memory.unwrap_or_default().end();
    let made = offline.position();
    let (mut breaks, mut drift) = (0, 0);
    for heard in &heard {
        breaks += heard.breaks;
        let next = heard.next.unwrap_or_default();
        drift += (next - time_from_sample(made, rate_hz)).unsigned_abs();
    }
    // Only of our own graph is known what may be heard.
    let mut zeros = vec![
        ("breaks of the stream", breaks),
        ("cycles that starved", starved),
        ("filters that broke or gave what is no number", faults),
        ("units of 100 ns of drift between frames and samples", drift),
    ];
    let mut degrees = None;
    if let (true, Some(own)) = (is_own, heard.first()) {
        let allowed = own.peak * (TAU as f32 * 480.0 / rate_hz as f32) * 1.01;
        let is_steep = own.steepest > allowed || own.peak < 0.2;
        zeros.push(("steps steeper than the tone", u64::from(is_steep)));
        let moved = own.tone[1].degrees() - own.tone[0].degrees();
        let moved = (moved + 180.0).rem_euclid(360.0) - 180.0;
        zeros.push(("tones out of phase", u64::from(moved.abs() > 0.1)));
        degrees = Some(moved);
    }
    let hours = made as f64 / f64::from(rate_hz) / 3600.0;
    let phase = degrees.map_or(String::new(), |it| {
        format!(", tone turned by {it:.4} degrees")
    });
    let text = format!(
        "{hours:.2} h at quantum {quantum}, {breaks} discontinuities, drift {drift} x 100 ns{phase}, {}",
        memory.words()
    );
    let json = json!({
        "seconds": made as f64 / f64::from(rate_hz),
        "quantum": quantum,
        "discontinuities": breaks,
        "starved": starved,
        "drift_100ns": drift,
        "tone_turned_degrees": degrees,
        "peak": heard.iter().map(|it| it.peak).fold(0.0, f32::max),
        "memory_begin_kib": memory.begin,
        "memory_end_kib": memory.end,
    });
    Ok(Outcome {
        text,
        json,
        faults: judge(&zeros, memory),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::{drawn, own};
    use crate::cli::load;

    #[test]
    fn a_graph_that_breaks_its_stream_does_not_pass_and_ours_does() {
        let mut document = own();
        let bench = load::nominal(&document, None);
        let ours = run(&bench, (&document, true), 40, 2048).unwrap();
        assert!(ours.faults.is_empty(), "{:?}", ours.faults);
        assert_eq!(ours.json["seconds"], 40.0);
        assert!(ours.json["peak"].as_f64().unwrap() > 0.2);
        let text = super::super::super::bench::OWN
            .replace("\"meter\"", "\"quality_injector\"")
            .replace(
                "\"Meter\", at: (960, 160)",
                "\"Meter\", at: (960, 160), values: {\"fault\": \"dropped\"}",
            );
        document.loaded.graph = drawn(&text);
        let bench = load::nominal(&document, None);
        let broken = run(&bench, (&document, true), 3, 2048).unwrap();
        let words = broken.faults.join(", ");
        assert!(words.contains("breaks of the stream"), "{words}");
        assert!(words.contains("steeper"), "{words}");
    }
}
