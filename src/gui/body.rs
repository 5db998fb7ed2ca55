//! What stands inside the boxes: sliders and segments of inline properties, the piano, the meter, voices, devices.
//!
//! Sizes are those at 100 %; everything is painted times the zoom of the canvas. What is measured comes from telemetry.

use egui::{
    Align2, Color32, CornerRadius, FontId, Id, Pos2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::canvas::Drawn;
use super::keys::{self, PlayKeys};
use super::meter;
use super::probe;
use super::property::Edit;
use super::screen::Command;
use super::theme::{Theme, ThemeName, Type, radius};
use crate::app::telemetry::synth;
use crate::app::{Action, View};
use crate::graph::{FilterNode, NodeKind};
use crate::ks::{Descriptor, Domain, Property};

/// The most rows of a body.
const ROWS: usize = 6;
const LINE: f32 = 20.0;
const TWO_LINES: f32 = 34.0;
const SEGMENTS: f32 = 26.0;
const PIANO: f32 = 60.0;

/// A special body, by the filter's key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    None,
    Keyboard,
    Meter,
    Synth,
}

fn special(descriptor: &Descriptor) -> Special {
    match descriptor.key.as_ref() {
        "keyboard" => Special::Keyboard,
        "meter" => Special::Meter,
        "tone_synth" => Special::Synth,
        _ => Special::None,
    }
}

fn inline(descriptor: &Descriptor) -> impl Iterator<Item = &Property> {
    descriptor
        .properties
        .iter()
        .filter(|property| property.inline)
        .take(ROWS)
}

/// Points that the words of a choice take beside each other.
fn segments_width(words: &[&str]) -> f32 {
    words
        .iter()
        .map(|word| word.len() as f32 * 6.0 + 12.0)
        .sum()
}

/// The widest choice that stands beside itself; a wider one drops down.
const WIDEST: f32 = 236.0;

/// Whether label, slider and figure share a row: where there is much to show, or the box is wide anyway.
fn is_dense(descriptor: &Descriptor) -> bool {
    let is_wide = inline(descriptor).any(|it| matches!(it.domain, Domain::Choice(_)));
    let numbers = inline(descriptor)
        .filter(|property| matches!(property.domain, Domain::Number { .. }))
        .count();
    is_wide || numbers > 2
}

fn row_height(property: &Property, dense: bool) -> f32 {
    match property.domain {
        Domain::Number { .. } if !dense => TWO_LINES,
        Domain::Choice(_) => SEGMENTS,
        _ => LINE,
    }
}

/// Least width and height of a filter's body at 100 %; height 0 is no body.
pub(super) fn size(descriptor: &Descriptor) -> [f32; 2] {
    let dense = is_dense(descriptor);
    let rows: f32 = inline(descriptor)
        .map(|property| row_height(property, dense))
        .sum();
    let letters = inline(descriptor)
        .filter_map(|property| match property.domain {
            Domain::Choice(words) => Some(segments_width(words)).filter(|it| *it <= WIDEST),
            _ => None,
        })
        .fold(0.0, f32::max);
    let wide = match () {
        () if dense => (letters + 20.0).clamp(176.0, 256.0),
        () if rows > 0.0 => 144.0,
        () => 0.0,
    };
    let wide = (wide / 8.0).ceil() * 8.0;
    match special(descriptor) {
        Special::Keyboard => [176.0, PIANO + 22.0],
        Special::Meter => [104.0, meter::HEIGHT],
        Special::Synth => [wide.max(176.0), rows + LINE],
        Special::None => [wide, rows],
    }
}

/// What bodies remember from frame to frame.
#[derive(Default)]
pub(super) struct Bodies {
    /// Notes the letter keys and the pointer hold.
    pub(super) play: PlayKeys,
    /// Where the piano that listens is, so that a press elsewhere is one.
    pub(super) piano: Option<Rect>,
}

/// A body being painted.
pub(super) struct Page<'a> {
    pub(super) theme: &'static Theme,
    rect: Rect,
    pub(super) zoom: f32,
    y: f32,
    id: Id,
    pub(super) view: &'a View<'a>,
    pub(super) drawn: &'a Drawn<'a>,
}

impl Page<'_> {
    /// The next part of it, of that height at 100 %.
    pub(super) fn row(&mut self, height: f32) -> Rect {
        let top = self.rect.top() + self.y * self.zoom;
        self.y += height;
        Rect::from_min_size(
            pos2(self.rect.left(), top),
            vec2(self.rect.width(), height * self.zoom),
        )
    }

    fn font(&self, role: Type) -> FontId {
        let mut font = role.font();
        font.size = ((font.size * self.zoom * 2.0).round() / 2.0).max(1.0);
        font
    }

    /// Text at the zoom.
    pub(super) fn text(
        &self,
        ui: &Ui,
        at: Pos2,
        align: Align2,
        words: &str,
        role: Type,
        ink: Color32,
    ) {
        ui.painter().text(at, align, words, self.font(role), ink);
    }
}

impl Bodies {
    /// The body of a box.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        drawn: &Drawn<'_>,
        commands: &mut Vec<Command>,
    ) {
        let (Some(descriptor), NodeKind::Filter(node)) = (drawn.descriptor, &drawn.node.kind)
        else {
            return;
        };
        let rect = ui.max_rect();
        let mut page = Page {
            theme: Theme::of(ui.ctx()),
            rect,
            zoom: rect.width() / (drawn.place.width - 20.0).max(1.0),
            y: 0.0,
            id: ui.scope_id().with(("body", &drawn.path)),
            view,
            drawn,
        };
        match special(descriptor) {
            Special::Keyboard => self.piano_ui(ui, &mut page, node, commands),
            Special::Meter => meter::meter_ui(ui, &mut page),
            Special::Synth => {
                inline_ui(ui, &mut page, node, descriptor, commands);
                voices_ui(ui, &mut page, node, descriptor);
            }
            Special::None => inline_ui(ui, &mut page, node, descriptor, commands),
        }
    }

    fn piano_ui(
        &mut self,
        ui: &mut Ui,
        page: &mut Page<'_>,
        _: &FilterNode,
        commands: &mut Vec<Command>,
    ) {
        let theme = page.theme;
        let keys_rect = page.row(PIANO);
        let plays = page.view.play_mode == Some(&page.drawn.path);
        let response = ui.interact(keys_rect, page.id, Sense::click_and_drag());
        let name = format!("{} piano", page.drawn.node.name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, plays, &name));
        probe::note(ui.ctx(), "piano", &name, "", keys_rect);
        if plays {
            self.piano = Some(keys_rect);
        }
        if response.is_pointer_button_down_on() && !plays {
            commands.push(Command::Do(Action::PlayOn(page.drawn.id)));
        }

        let base = self.play.base_note();
        let whites: Vec<u8> = (0..16)
            .filter(|&step| !keys::is_black(step))
            .take(9)
            .collect();
        let wide = keys_rect.width() / whites.len() as f32;
        let mut places: Vec<(u8, Rect, bool)> = vec![];
        for (index, &step) in whites.iter().enumerate() {
            let left = keys_rect.left() + wide * index as f32;
            let white = Rect::from_min_size(
                pos2(left, keys_rect.top()),
                vec2(wide - page.zoom, keys_rect.height()),
            );
            places.push((step, white, false));
        }
        for (index, &step) in whites.iter().enumerate() {
            if keys::is_black(step + 1) {
                let middle = keys_rect.left() + wide * (index as f32 + 1.0) - page.zoom / 2.0;
                let black = Rect::from_min_size(
                    pos2(middle - wide * 0.32, keys_rect.top()),
                    vec2(wide * 0.64, keys_rect.height() * 0.58),
                );
                places.push((step + 1, black.intersect(keys_rect), true));
            }
        }
        let pointer = response
            .interact_pointer_pos()
            .filter(|_| response.is_pointer_button_down_on());
        let under = pointer.and_then(|pos| {
            places
                .iter()
                .rev()
                .find(|(_, place, _)| place.contains(pos))
                .map(|(step, ..)| base + step)
        });
        if response.is_pointer_button_down_on() || self.play.pointer_on(&page.drawn.path) {
            self.play.point(&page.drawn.path, under, commands);
        }

        for (step, place, is_black) in &places {
            let sounds = self.play.holds(&page.drawn.path, base + step);
            let fill = match (sounds, is_black) {
                (true, _) => theme.events,
                (false, true) => theme.piano().1,
                (false, false) => theme.piano().0,
            };
            let foot = (2.0 * page.zoom).clamp(0.0, 6.0) as u8;
            let corner = CornerRadius {
                nw: 0,
                ne: 0,
                sw: foot,
                se: foot,
            };
            ui.painter().rect_filled(*place, corner, fill);
            if theme.name == ThemeName::Light {
                // White keys on a white box.
                let edge = egui::Stroke::new(1.0, theme.line);
                ui.painter()
                    .rect_stroke(*place, corner, edge, egui::StrokeKind::Inside);
            }
            if let (true, Some(letter)) = (!is_black, keys::letter(*step)) {
                let at = place.center_bottom() - vec2(0.0, 4.0 * page.zoom);
                let ink = theme.piano().1;
                page.text(ui, at, Align2::CENTER_BOTTOM, letter, Type::Tick, ink);
            }
        }
        let line = page.row(22.0);
        let words = format!(
            "Octave {} · velocity {}",
            self.play.octave(),
            self.play.velocity()
        );
        let at = line.left_center();
        page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
    }
}

fn inline_ui(
    ui: &mut Ui,
    page: &mut Page<'_>,
    node: &FilterNode,
    descriptor: &Descriptor,
    commands: &mut Vec<Command>,
) {
    let dense = is_dense(descriptor);
    let theme = page.theme;
    let zoom = page.zoom;
    for property in inline(descriptor) {
        let edit = Edit::of(page.drawn.id, node, property);
        let id = page.id.with(property.key);
        let rect = page.row(row_height(property, dense));
        let label = if edit.is_changed {
            (Type::FilterName, theme.strong)
        } else {
            (Type::Canvas, theme.dim)
        };
        let label_role = if edit.is_changed {
            Type::Section
        } else {
            Type::Canvas
        };
        match property.domain {
            Domain::Number { .. } if dense => {
                let words = edit.words();
                page.text(
                    ui,
                    rect.left_center(),
                    Align2::LEFT_CENTER,
                    property.title,
                    label_role,
                    label.1,
                );
                page.text(
                    ui,
                    rect.right_center(),
                    Align2::RIGHT_CENTER,
                    &words,
                    Type::Canvas,
                    theme.strong,
                );
                let slot = Rect::from_min_max(
                    pos2(
                        rect.left() + rect.width() * 0.36,
                        rect.center().y - 8.0 * zoom,
                    ),
                    pos2(
                        rect.right() - rect.width() * 0.34,
                        rect.center().y + 8.0 * zoom,
                    ),
                );
                edit.slider_ui(ui, id, slot, commands);
            }
            Domain::Number { .. } => {
                let upper = rect.top() + 8.0 * zoom;
                let words = edit.words();
                page.text(
                    ui,
                    pos2(rect.left(), upper),
                    Align2::LEFT_CENTER,
                    property.title,
                    label_role,
                    label.1,
                );
                page.text(
                    ui,
                    pos2(rect.right(), upper),
                    Align2::RIGHT_CENTER,
                    &words,
                    Type::Canvas,
                    theme.strong,
                );
                let slot = Rect::from_min_max(
                    pos2(rect.left(), rect.top() + 16.0 * zoom),
                    pos2(rect.right(), rect.top() + 32.0 * zoom),
                );
                edit.slider_ui(ui, id, slot, commands);
            }
            Domain::Choice(words) => {
                let slot = Rect::from_min_size(rect.min, vec2(rect.width(), 20.0 * zoom));
                if segments_width(words) <= WIDEST {
                    edit.segments_ui(ui, id, slot, zoom, commands);
                } else {
                    edit.menu_ui(ui, id, slot, zoom, commands);
                }
            }
            Domain::Flag => {
                page.text(
                    ui,
                    rect.left_center(),
                    Align2::LEFT_CENTER,
                    property.title,
                    label_role,
                    label.1,
                );
                let slot = Rect::from_min_max(
                    pos2(rect.right() - 44.0 * zoom, rect.center().y - 7.0 * zoom),
                    pos2(rect.right(), rect.center().y + 7.0 * zoom),
                );
                edit.flag_ui(ui, id, slot, commands);
            }
            Domain::Text | Domain::Path | Domain::Device => {
                let granted = page.view.granted_to(&page.drawn.path);
                let short = match (property.domain, granted) {
                    // What was really granted, whatever was asked for.
                    (Domain::Device, Some(granted)) => granted.whole_name(),
                    (Domain::Path, _) => {
                        let words = edit.words();
                        let path = std::path::Path::new(&words);
                        path.file_name()
                            .map_or(words.clone(), |name| name.to_string_lossy().into_owned())
                    }
                    _ => edit.words(),
                };
                let mut job = egui::text::LayoutJob::simple_singleline(
                    short,
                    page.font(Type::Canvas),
                    theme.strong,
                );
                job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
                let galley = ui.painter().layout_job(job);
                let at = Align2::LEFT_CENTER.anchor_size(rect.left_center(), galley.size());
                ui.painter().galley(at.min, galley, theme.strong);
            }
        }
    }
}

fn voices_ui(ui: &mut Ui, page: &mut Page<'_>, node: &FilterNode, descriptor: &Descriptor) {
    let theme = page.theme;
    let rect = page.row(LINE);
    let most = descriptor
        .property("voices")
        .and_then(|(_, property)| {
            let stored = node.values.get("voices").and_then(|it| property.legal(it));
            stored.unwrap_or_else(|| property.default_value()).number()
        })
        .unwrap_or(16.0) as usize;
    let now = page
        .view
        .telemetry(&page.drawn.path)
        .map_or(0, |cells| cells.get(synth::VOICES) as usize);
    page.text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        "Voices",
        Type::Canvas,
        theme.dim,
    );
    let words = format!("{now} / {most}");
    page.text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        &words,
        Type::Canvas,
        theme.strong,
    );
    let left = rect.left() + rect.width() * 0.36;
    let wide = rect.width() * 0.36;
    let pitch = wide / most.clamp(1, 32) as f32;
    for index in 0..most.min(32) {
        let bar = Rect::from_center_size(
            pos2(left + pitch * (index as f32 + 0.5), rect.center().y),
            vec2((pitch - page.zoom).max(0.5), 8.0 * page.zoom),
        );
        let fill = if index < now { theme.audio } else { theme.line };
        ui.painter()
            .rect_filled(bar, CornerRadius::same(radius::BAR), fill);
    }
}
