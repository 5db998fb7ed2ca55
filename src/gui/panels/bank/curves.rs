//! The envelopes of a region on one axis of time, with a dot for each voice, and their figures.
//!
//! Time goes by its logarithm, so that an attack of milliseconds and a release of seconds are both seen: first what leads
//! to the sustained level, then a stretch for however long the key is held, then the release.

use egui::{Align2, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::page::row;
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type};
use crate::ks::{EnvelopeSheet, RegionSheet, VoiceSeen, VoiceStage};

const HIGH: f32 = 72.0;
/// Below this there is nothing.
const FLOOR_DB: f32 = 96.0;
/// Shares of the width: up to the sustained level, on it, and behind the key.
const HELD: f32 = 0.60;
const SUSTAINED: f32 = 0.10;
/// Times much shorter than this are drawn alike.
const SHORT: f32 = 0.005;
/// Points of a curve in each of its parts.
const POINTS: usize = 12;

/// Which way an envelope comes down.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// In decibels, drawn straight.
    Loudness,
    /// In a line.
    Straight,
}

/// An envelope as it is drawn: heights are 0 to 1.
#[derive(Clone, Copy)]
struct Curve {
    it: EnvelopeSheet,
    shape: Way,
}

impl Curve {
    /// Seconds until the sustained level is reached.
    fn lead(&self) -> f32 {
        let it = &self.it;
        it.delay + it.attack + it.hold + it.decay * (1.0 - it.sustain)
    }

    /// Seconds of the release, from the sustained level on.
    fn tail(&self) -> f32 {
        self.it.release * self.it.sustain
    }

    /// The height so many seconds after the key went down, while it is held.
    fn held(&self, seconds: f32) -> f32 {
        let it = &self.it;
        let up = seconds - it.delay;
        if up < 0.0 {
            return 0.0;
        }
        if up < it.attack {
            let level = up / it.attack;
            return match self.shape {
                Way::Loudness => height_of(level),
                Way::Straight => level,
            };
        }
        let down = up - it.attack - it.hold;
        let fallen = match it.decay > 0.0 {
            true => down.max(0.0) / it.decay,
            false if down >= 0.0 => 1.0,
            false => 0.0,
        };
        (1.0 - fallen).max(it.sustain)
    }

    /// The height so many seconds after the key was let go of.
    fn released(&self, seconds: f32) -> f32 {
        let fallen = seconds / self.it.release.max(1e-3);
        (self.it.sustain - fallen).max(0.0)
    }
}

/// How high a level is drawn, in decibels.
fn height_of(level: f32) -> f32 {
    (1.0 + 20.0 * level.max(1e-6).log10() / FLOOR_DB).clamp(0.0, 1.0)
}

/// Where times lie.
struct Axis {
    rect: Rect,
    lead: f32,
    tail: f32,
}

fn bent(seconds: f32) -> f32 {
    (seconds.max(0.0) / SHORT).ln_1p()
}

impl Axis {
    fn new(rect: Rect, curves: &[Curve]) -> Self {
        let most = |of: fn(&Curve) -> f32| curves.iter().map(of).fold(SHORT, f32::max);
        Self {
            rect,
            lead: most(Curve::lead),
            tail: most(Curve::tail),
        }
    }

    fn at(&self, across: f32, height: f32) -> Pos2 {
        pos2(
            self.rect.left() + self.rect.width() * across,
            self.rect.bottom() - self.rect.height() * height.clamp(0.0, 1.0),
        )
    }

    fn held(&self, seconds: f32) -> f32 {
        HELD * (bent(seconds) / bent(self.lead)).min(1.0)
    }

    fn released(&self, seconds: f32) -> f32 {
        HELD + SUSTAINED + (1.0 - HELD - SUSTAINED) * (bent(seconds) / bent(self.tail)).min(1.0)
    }

    fn points(&self, curve: &Curve) -> Vec<Pos2> {
        let it = &curve.it;
        let corners = [
            0.0,
            it.delay,
            it.delay + it.attack,
            it.delay + it.attack + it.hold,
            curve.lead(),
        ];
        let mut points = vec![];
        for pair in corners.windows(2) {
            let [from, to] = [pair[0], pair[1]];
            for n in 0..=POINTS {
                let seconds = from + (to - from) * n as f32 / POINTS as f32;
                // The end of a part that takes no time is seen from its far side.
                points.push(self.at(self.held(seconds), curve.held(seconds)));
            }
        }
        points.push(self.at(self.held(curve.lead()), it.sustain));
        points.push(self.at(HELD + SUSTAINED, it.sustain));
        let tail = curve.tail();
        for n in 1..=POINTS {
            let seconds = tail * n as f32 / POINTS as f32;
            points.push(self.at(self.released(seconds), curve.released(seconds)));
        }
        points
    }

    /// Where a voice is on the envelope of loudness.
    fn voice(&self, curve: &Curve, voice: &VoiceSeen) -> Pos2 {
        let height = height_of(voice.level);
        let seconds = voice.age_millis as f32 / 1e3;
        match voice.stage {
            VoiceStage::Held if seconds < curve.lead() => self.at(self.held(seconds), height),
            VoiceStage::Held => self.at(HELD + SUSTAINED / 2.0, height),
            VoiceStage::Released | VoiceStage::Cut => {
                let fallen = (curve.it.sustain - height).max(0.0);
                self.at(self.released(fallen * curve.it.release), height)
            }
        }
    }
}

/// Draws both envelopes of a region and a dot for each of its voices.
pub(super) fn envelopes_ui(ui: &mut Ui, it: &RegionSheet, voices: &[&VoiceSeen]) {
    let theme = Theme::of(ui.ctx());
    let whole = row(ui, HIGH);
    controls::plate(ui, whole, theme.field, theme.line);
    let inner = whole.shrink2(vec2(6.0, 7.0));
    let curves = [
        Curve {
            it: it.volume,
            shape: Way::Loudness,
        },
        Curve {
            it: it.modulation,
            shape: Way::Straight,
        },
    ];
    let axis = Axis::new(inner, &curves);
    let soft = Stroke::new(1.0, theme.line_soft);
    for across in [HELD, HELD + SUSTAINED] {
        let x = axis.at(across, 0.0).x;
        ui.painter().vline(x, whole.shrink(1.0).y_range(), soft);
    }
    let points = axis.points(&curves[0]);
    ui.painter().add(ground(
        &points,
        inner.bottom(),
        theme.audio.gamma_multiply(0.18),
    ));
    let has_second = has_second(&it.modulation);
    if has_second {
        let second = axis.points(&curves[1]);
        let dashed = Shape::dashed_line(&second, Stroke::new(1.5, theme.clock), 5.0, 3.0);
        ui.painter().extend(dashed);
    }
    ui.painter()
        .add(Shape::line(points, Stroke::new(1.75, theme.audio)));
    for voice in voices {
        let at = axis.voice(&curves[0], voice);
        ui.painter().circle_filled(at, 3.0, theme.strong);
    }
    let right = whole.right() - 8.0;
    for (line, words, ink) in [
        (0.0, "EG1 loudness", theme.audio),
        (1.0, "EG2", theme.clock),
    ] {
        if line > 0.0 && !has_second {
            continue;
        }
        let at = pos2(right, whole.top() + 10.0 + 12.0 * line);
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Tick, ink);
    }
    let told = format!("Envelopes, {} voices on them", voices.len());
    probe::note(
        ui.ctx(),
        "map",
        "Envelopes",
        &voices.len().to_string(),
        whole,
    );
    let spoken = ui.interact(whole, ui.scope_id().with("envelopes"), Sense::hover());
    spoken.widget_info(|| WidgetInfo::labeled(Role::Image, true, &told));
    spoken.on_hover_text(
        "Time goes by its logarithm: up to what is sustained, held, and let go of. Loudness in decibels, 96 in all.",
    );
}

/// Whether the second envelope moves at all.
fn has_second(it: &EnvelopeSheet) -> bool {
    let still = EnvelopeSheet {
        sustain: 1.0,
        release: it.release,
        ..EnvelopeSheet::default()
    };
    *it != still
}

/// What is below a curve.
fn ground(points: &[Pos2], foot: f32, ink: egui::Color32) -> Shape {
    let mut mesh = Mesh::default();
    for point in points {
        mesh.colored_vertex(*point, ink);
        mesh.colored_vertex(pos2(point.x, foot), ink);
    }
    for pair in 1..points.len() as u32 {
        let first = 2 * pair - 2;
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 1, first + 2, first + 3);
    }
    Shape::mesh(mesh)
}

/// A time: `12 ms`, `1.8 s`.
fn time(seconds: f32) -> String {
    match seconds {
        time if time <= 0.0 => "0".to_owned(),
        time if time < 0.01 => format!("{:.1} ms", time * 1e3),
        time if time < 1.0 => format!("{:.0} ms", time * 1e3),
        time if time < 100.0 => format!("{time:.1} s"),
        time => format!("{time:.0} s"),
    }
}

fn hertz(hz: f32) -> String {
    match hz {
        hz if hz < 100.0 => format!("{hz:.1} Hz"),
        hz if hz < 1000.0 => format!("{hz:.0} Hz"),
        hz => format!("{:.1} kHz", hz / 1e3),
    }
}

/// What a region's envelopes, oscillators and filter are set to.
pub(super) fn figures(it: &RegionSheet) -> Vec<(&'static str, String)> {
    let three = |it: &EnvelopeSheet| {
        format!(
            "{}, {}, {}",
            time(it.attack),
            time(it.decay),
            time(it.release)
        )
    };
    let sustained = |height: f32| match height {
        height if height >= 1.0 => "0 dB".to_owned(),
        height if height <= 0.0 => "nothing".to_owned(),
        height => format!("\u{2212}{:.0} dB", FLOOR_DB * (1.0 - height)),
    };
    let mut rows = vec![
        ("Attack, decay, release", three(&it.volume)),
        ("Sustains", sustained(it.volume.sustain)),
    ];
    let wait = |it: &EnvelopeSheet| it.delay > 0.0 || it.hold > 0.0;
    if wait(&it.volume) {
        let words = format!("{}, {}", time(it.volume.delay), time(it.volume.hold));
        rows.push(("Delay, hold", words));
    }
    if has_second(&it.modulation) {
        rows.push(("The same of EG2", three(&it.modulation)));
    }
    if let Some(hz) = it.cutoff_hz {
        rows.push(("Filter", hertz(hz)));
    }
    let [(lfo, wait), (vibrato, later)] = it.lfos;
    rows.push(("LFO", format!("{} after {}", hertz(lfo), time(wait))));
    if (vibrato, later) != (lfo, wait) {
        rows.push((
            "Vibrato LFO",
            format!("{} after {}", hertz(vibrato), time(later)),
        ));
    }
    if it.gain_db != 0.0 {
        let words = format!("{:+.1} dB", it.gain_db).replace('-', "\u{2212}");
        rows.push(("Gain", words));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIANO: Curve = Curve {
        it: EnvelopeSheet {
            delay: 0.0,
            attack: 0.1,
            hold: 0.1,
            decay: 10.0,
            sustain: 0.5,
            release: 2.0,
        },
        shape: Way::Loudness,
    };

    #[test]
    fn an_envelope_goes_up_to_the_top_down_to_what_it_sustains_and_away() {
        assert_eq!(PIANO.held(0.0), 0.0);
        assert_eq!((PIANO.held(0.1), PIANO.held(0.2)), (1.0, 1.0));
        assert!(
            (PIANO.held(2.2) - 0.8).abs() < 1e-5,
            "a fifth of the way in two seconds"
        );
        assert_eq!(PIANO.held(100.0), 0.5);
        assert!((PIANO.lead() - 5.2).abs() < 1e-5 && PIANO.tail() == 1.0);
        assert_eq!((PIANO.released(0.0), PIANO.released(5.0)), (0.5, 0.0));
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 50.0));
        let axis = Axis::new(rect, &[PIANO]);
        let points = axis.points(&PIANO);
        assert!(points.windows(2).all(|it| it[0].x <= it[1].x + 1e-3));
        assert!(points.iter().all(|it| rect.expand(0.01).contains(*it)));
        let ends = (points[0], points[points.len() - 1]);
        assert!(ends.0.distance(pos2(0.0, 50.0)) < 0.1, "{ends:?}");
        assert!(ends.1.distance(pos2(100.0, 50.0)) < 0.1, "{ends:?}");
    }

    #[test]
    fn a_voice_stands_on_the_curve() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 96.0));
        let axis = Axis::new(rect, &[PIANO]);
        let voice = |stage, db: f32, age_millis| VoiceSeen {
            stage,
            level: 10.0_f32.powf(db / 20.0),
            age_millis,
            ..VoiceSeen::default()
        };
        let at = |voice: VoiceSeen| axis.voice(&PIANO, &voice);
        // A fifth of the way down after 2.2 s.
        let held = at(voice(VoiceStage::Held, -19.2, 2_200));
        let curve = axis.at(axis.held(2.2), PIANO.held(2.2));
        assert!(held.distance(curve) < 0.1, "{held:?} {curve:?}");
        let sustained = at(voice(VoiceStage::Held, -48.0, 60_000));
        assert!((sustained.x - 65.0).abs() < 0.1 && (sustained.y - 48.0).abs() < 0.1);
        let gone = at(voice(VoiceStage::Released, -72.0, 60_000));
        let curve = axis.at(axis.released(0.5), PIANO.released(0.5));
        assert!(gone.distance(curve) < 0.1, "{gone:?} {curve:?}");
    }
}
