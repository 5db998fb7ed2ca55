//! The equaliser's body: the response as a curve, and a handle for each band on it.
//!
//! Dragging a handle sets frequency and gain, the wheel over it the Q, a double-click puts the band in or out; each is
//! one step back. Handles can be walked to: the arrows move them, Page Up and Page Down change the Q.

use std::collections::BTreeMap;

use egui::{
    Align2, Event, Id, Key, MouseWheelUnit, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

use super::well::{Well, figure, hertz};
use super::{Bodies, LINE, Page};
use crate::app::{Action, curves};
use crate::gui::controls;
use crate::gui::node_graph::keep_wheel;
use crate::gui::probe;
use crate::gui::property::{Edit, number_at, share_of};
use crate::gui::screen::Command;
use crate::gui::theme::Type;
use crate::ks::{Settings, Value};

const HEIGHT: f32 = 144.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [288.0, HEIGHT + 12.0 + LINE];

/// The frequencies at both ends.
const ENDS: (f32, f32) = (20.0, 20_000.0);
/// The gain at the top, and below nothing at the foot.
const MOST_DB: f32 = 24.0;
/// Places at which the curve is worked out.
const POINTS: usize = 144;
const HANDLE: f32 = 7.0;
const BANDS: usize = 6;
/// A Q a notch of the wheel higher.
const NOTCH: f64 = 1.12;
/// Seconds without a turn after which the wheel's gesture has ended.
const REST: f64 = 0.4;

/// The curve of a filter as it was worked out last.
pub(super) struct Curve {
    values: BTreeMap<String, Value>,
    rate_hz: f32,
    levels: Vec<f32>,
}

/// A wheel being turned over a handle: all of it is one step.
pub(super) struct Turn {
    handle: Id,
    last: f64,
}

/// Where on the axis a frequency stands.
fn across(hz: f32) -> f32 {
    (hz / ENDS.0).ln() / (ENDS.1 / ENDS.0).ln()
}

fn up(db: f32) -> f32 {
    0.5 + 0.5 * db / MOST_DB
}

/// The properties of a band as they stand.
struct Band<'a> {
    number: usize,
    on: Edit<'a>,
    kind: Edit<'a>,
    frequency: Edit<'a>,
    gain: Edit<'a>,
    q: Edit<'a>,
}

impl<'a> Band<'a> {
    fn of(page: &Page<'a>, number: usize) -> Option<Self> {
        let edit = |what: &str| {
            let (_, property) = page.descriptor.property(&format!("band{number}_{what}"))?;
            Some(Edit::of(page.drawn.id, page.node, property))
        };
        Some(Self {
            number,
            on: edit("on")?,
            kind: edit("type")?,
            frequency: edit("frequency")?,
            gain: edit("gain")?,
            q: edit("q")?,
        })
    }

    fn is_on(&self) -> bool {
        self.on.value == Value::Flag(true)
    }

    /// Passes and notches have no gain of their own.
    fn has_gain(&self) -> bool {
        matches!(self.kind.value.text(), "low shelf" | "peak" | "high shelf")
    }

    fn number_of(edit: &Edit<'_>) -> f64 {
        edit.value.number().unwrap_or(0.0)
    }

    /// Where its handle lies, as shares of the picture.
    fn place(&self) -> Vec2 {
        let gain = if self.has_gain() {
            Self::number_of(&self.gain) as f32
        } else {
            0.0
        };
        vec2(across(Self::number_of(&self.frequency) as f32), up(gain))
    }

    /// What has it lie somewhere else.
    fn put(&self, place: Vec2, commands: &mut Vec<Command>) {
        let share = |edit: &Edit<'_>, share: f32| {
            let share = f64::from(share.clamp(0.0, 1.0));
            Value::Number(number_at(edit.property, share))
        };
        commands.push(self.frequency.set(share(&self.frequency, place.x)));
        if self.has_gain() {
            commands.push(self.gain.set(share(&self.gain, place.y)));
        }
    }

    /// The Q so many notches higher.
    fn turned(&self, notches: f64) -> Command {
        let q = Self::number_of(&self.q) * NOTCH.powf(notches);
        let share = share_of(self.q.property, q);
        self.q.set(Value::Number(number_at(self.q.property, share)))
    }

    fn words(&self) -> String {
        let frequency = hertz(Self::number_of(&self.frequency) as f32);
        let gain = if self.has_gain() {
            format!(" · {} dB", figure(Self::number_of(&self.gain) as f32, 1))
        } else {
            String::new()
        };
        let q = figure(Self::number_of(&self.q) as f32, 2);
        let off = if self.is_on() { "" } else { " · off" };
        format!("{frequency}{gain} · Q {q}{off}")
    }
}

/// Points of a touch pad that are a notch.
const PAD_POINTS: f32 = 40.0;

/// How far the wheel was turned since the last frame, up counting as more.
fn notches(ui: &Ui) -> f64 {
    let turned: f32 = ui.input(|input| {
        let turned = input.events.iter().map(|event| match event {
            Event::MouseWheel {
                unit,
                delta,
                modifiers,
                ..
            } if !modifiers.command => match unit {
                MouseWheelUnit::Point => delta.y / PAD_POINTS,
                MouseWheelUnit::Line | MouseWheelUnit::Page => delta.y,
            },
            _ => 0.0,
        });
        turned.sum()
    });
    f64::from(turned.clamp(-4.0, 4.0))
}

impl Bodies {
    fn curve(&mut self, page: &Page<'_>) -> &[f32] {
        let rate_hz = page.rate_hz();
        let path = &page.drawn.path;
        let is_old = self
            .curves
            .get(path)
            .is_none_or(|it| it.values != *page.node.values || it.rate_hz != rate_hz);
        if is_old {
            let settings = Settings {
                values: &page.node.values,
                base: None,
            };
            let level = |index: usize| {
                let share = index as f32 / (POINTS - 1) as f32;
                let hz = ENDS.0 * (ENDS.1 / ENDS.0).powf(share);
                curves::equaliser_db(&settings, f64::from(hz), f64::from(rate_hz)) as f32
            };
            let curve = Curve {
                values: (*page.node.values).clone(),
                rate_hz,
                levels: (0..POINTS).map(level).collect(),
            };
            self.curves.insert(path.clone(), curve);
        }
        self.curves.get(path).map_or(&[], |it| &it.levels)
    }

    /// The curve, the handles, and the band in hand in words.
    pub(super) fn equaliser_ui(
        &mut self,
        ui: &mut Ui,
        page: &mut Page<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = page.theme;
        let well = Well::new(ui, page, page.peek(HEIGHT));
        page.row(HEIGHT);
        for (hz, is_axis) in [
            (50.0, false),
            (100.0, true),
            (200.0, false),
            (500.0, false),
            (1000.0, true),
            (2000.0, false),
            (5000.0, false),
            (10_000.0, true),
        ] {
            well.upright(ui, across(hz), is_axis);
        }
        for db in [-12.0_f32, 0.0, 12.0] {
            well.across(ui, up(db), db == 0.0);
            let at = well.at(0.0, up(db)) + vec2(3.0, -1.0) * page.zoom;
            let sign = if db > 0.0 { "+" } else { "" };
            let words = format!("{sign}{}", figure(db, 0));
            well.words(ui, page, at, Align2::LEFT_BOTTOM, &words);
        }
        let levels = self.curve(page).iter().enumerate();
        let points: Vec<Pos2> = levels
            .map(|(index, db)| {
                let share = index as f32 / (POINTS - 1) as f32;
                well.at(share, up(db.clamp(-200.0, 200.0)))
            })
            .collect();
        well.fill(ui, &points, 0.5, theme.audio.gamma_multiply(0.18));
        well.line(ui, points, 1.75, theme.audio);
        well.frame(ui);

        let mut shown = None;
        for number in 1..=BANDS {
            let Some(band) = Band::of(page, number) else {
                continue;
            };
            if self.handle_ui(ui, page, &well, &band, commands) {
                shown = Some(band);
            }
        }
        self.end_turn(ui, commands);

        let scale = page.row(12.0);
        for (hz, words) in [
            (20.0, "20"),
            (100.0, "100"),
            (1000.0, "1k"),
            (10_000.0, "10k"),
        ] {
            let align = if hz < 30.0 {
                Align2::LEFT_CENTER
            } else {
                Align2::CENTER_CENTER
            };
            let at = pos2(well.at(across(hz), 0.0).x, scale.center().y + page.zoom);
            well.words(ui, page, at, align, words);
        }
        let at = pos2(scale.right(), scale.center().y + page.zoom);
        well.words(ui, page, at, Align2::RIGHT_CENTER, "20k");
        let line = page.row(LINE);
        let (left, right) = match &shown {
            Some(band) => (
                format!("{} {}", band.number, band.kind.words()),
                band.words(),
            ),
            None => {
                let level = page.descriptor.property("level").map(|(_, it)| it);
                let level = level.map(|it| Edit::of(page.drawn.id, page.node, it));
                (
                    "Level".to_owned(),
                    level.map_or(String::new(), |it| it.words()),
                )
            }
        };
        let at = line.left_center();
        page.text(ui, at, Align2::LEFT_CENTER, &left, Type::Small, theme.dim);
        let at = line.right_center();
        page.text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            &right,
            Type::Small,
            theme.strong,
        );
    }

    /// The handle of a band; whether the line below is to speak of it.
    fn handle_ui(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        well: &Well,
        band: &Band<'_>,
        commands: &mut Vec<Command>,
    ) -> bool {
        let theme = page.theme;
        let place = band.place();
        let at = well.at(place.x, place.y);
        let size = HANDLE * page.zoom;
        let rect = Rect::from_center_size(at, Vec2::splat((size * 2.0).max(12.0)));
        let id = page.id.with(("band", band.number));
        let sense = Sense::click_and_drag() | Sense::focusable_noninteractive();
        let response = ui.interact(rect, id, sense);
        let name = format!("Band {}", band.number);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(place.x), &name));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_role(Role::Slider);
            node.set_value(band.words());
        });
        probe::note(ui.ctx(), "band", &name, &band.words(), rect);

        let title = || format!("Set {name}");
        if response.drag_started() {
            // Taken beside its middle, it does not jump there.
            let taken = ui.input(|input| input.pointer.press_origin());
            self.grip = taken.map_or(Vec2::ZERO, |taken| at - taken);
            commands.push(Command::Do(Action::BeginGesture(title())));
        }
        if response.dragged()
            && ui.input(|input| input.pointer.delta() != Vec2::ZERO)
            && let Some(pointer) = response.interact_pointer_pos()
        {
            let to = pointer + self.grip;
            let place = vec2(
                (to.x - well.rect.left()) / well.rect.width(),
                (well.rect.bottom() - to.y) / well.rect.height(),
            );
            band.put(place, commands);
        }
        if response.drag_stopped() {
            commands.push(Command::Do(Action::EndGesture));
        }
        if response.double_clicked() {
            commands.push(band.on.set(Value::Flag(!band.is_on())));
        }
        if response.hovered() || response.dragged() {
            keep_wheel(ui.ctx());
            let turned = notches(ui);
            if turned != 0.0 {
                let now = ui.input(|input| input.time);
                if self.turn.as_ref().is_none_or(|it| it.handle != id) {
                    let title = format!("Set Q {}", band.number);
                    commands.push(Command::Do(Action::BeginGesture(title)));
                }
                self.turn = Some(Turn {
                    handle: id,
                    last: now,
                });
                commands.push(band.turned(turned));
            }
        }
        if response.has_focus() {
            walk(ui, id, band, commands);
        }

        let is_hot = response.hovered() || response.dragged() || response.has_focus();
        let painter = ui.painter();
        let (fill, edge, ink) = match (band.is_on(), is_hot) {
            (true, true) => (theme.audio, theme.strong, theme.canvas),
            (true, false) => (theme.field, theme.audio, theme.strong),
            (false, _) => (theme.field, theme.line_strong, theme.dim),
        };
        let stroke = egui::Stroke::new(1.5 * page.zoom.clamp(0.6, 2.0), edge);
        painter.circle(at, size, fill, stroke);
        let number = band.number.to_string();
        page.text(ui, at, Align2::CENTER_CENTER, &number, Type::Tick, ink);
        controls::focus_ring(ui, &response);
        is_hot
    }

    /// Ends the wheel's gesture when it rests, or when something else begins.
    fn end_turn(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let Some(turn) = &self.turn else {
            return;
        };
        let (now, is_pressed) = ui.input(|input| {
            let mut events = input.events.iter();
            let pressed = events.any(|it| {
                matches!(
                    it,
                    Event::Key { pressed: true, .. } | Event::PointerButton { pressed: true, .. }
                )
            });
            (input.time, pressed)
        });
        if is_pressed || now - turn.last >= REST {
            self.turn = None;
            // Ahead of what else was asked for in this frame.
            commands.insert(0, Command::Do(Action::EndGesture));
        } else {
            let rest = std::time::Duration::from_secs_f64(REST);
            ui.ctx().request_repaint_after(rest);
        }
    }
}

/// Moves the handle that has the keyboard.
fn walk(ui: &Ui, id: Id, band: &Band<'_>, commands: &mut Vec<Command>) {
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let (step, q) = ui.input(|input| {
        let fine = if input.modifiers.shift { 0.1 } else { 1.0 };
        let pressed = |key: Key| f32::from(input.key_pressed(key));
        let step = vec2(
            pressed(Key::ArrowRight) - pressed(Key::ArrowLeft),
            pressed(Key::ArrowUp) - pressed(Key::ArrowDown),
        );
        let q = pressed(Key::PageUp) - pressed(Key::PageDown);
        (step * 0.02 * fine, f64::from(q))
    });
    if step != Vec2::ZERO {
        let place = vec2(
            share_of(band.frequency.property, Band::number_of(&band.frequency)) as f32,
            share_of(band.gain.property, Band::number_of(&band.gain)) as f32,
        );
        let to = place + step;
        let (edit, share) = if step.x != 0.0 {
            (&band.frequency, to.x)
        } else {
            (&band.gain, to.y)
        };
        let share = f64::from(share.clamp(0.0, 1.0));
        let value = Value::Number(number_at(edit.property, share));
        commands.push(edit.set(value));
    }
    if q != 0.0 {
        commands.push(band.turned(q));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_of_the_sliders() {
        // Frequency and gain are put by the shares of their properties: the picture has to have the same ends.
        let app = crate::app::App::new(crate::app::Options::nominal(64));
        let view = app.view();
        let equaliser = view.catalogue.get("equaliser").unwrap();
        for number in 1..=BANDS {
            let property = |what: &str| {
                let key = format!("band{number}_{what}");
                *equaliser.descriptor().property(&key).unwrap().1
            };
            for hz in [20.0, 440.0, 20_000.0] {
                let share = share_of(&property("frequency"), hz) as f32;
                assert!((share - across(hz as f32)).abs() < 1e-4);
            }
            for db in [-24.0, -3.0, 0.0, 24.0] {
                let share = share_of(&property("gain"), db) as f32;
                assert!((share - up(db as f32)).abs() < 1e-4);
            }
        }
        assert!(equaliser.descriptor().property("band7_on").is_none());
    }
}
