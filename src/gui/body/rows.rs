//! Inline properties in a box: sliders, segments, switches and words, a row each.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{LINE, Page};
use crate::gui::follow;
use crate::gui::property::Edit;
use crate::gui::screen::Command;
use crate::gui::theme::Type;
use crate::ks::{Descriptor, Domain, Property};

/// The most rows of a body.
const ROWS: usize = 6;
const TWO_LINES: f32 = 34.0;
const SEGMENTS: f32 = 26.0;

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

/// Least width and height of all of them at 100 %; height 0 is none.
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
    [(wide / 8.0).ceil() * 8.0, rows]
}

/// The rows.
pub(super) fn rows_ui(ui: &mut Ui, page: &mut Page<'_>, commands: &mut Vec<Command>) {
    let (node, descriptor) = (page.node, page.descriptor);
    let dense = is_dense(descriptor);
    let theme = page.theme;
    let zoom = page.zoom;
    for property in inline(descriptor) {
        let edit = Edit::of(page.drawn.id, node, property);
        let id = page.id.with(property.key);
        let rect = page.row(row_height(property, dense));
        follow::point_at(ui, page.drawn.id, property, rect);
        let at = pos2(rect.left() - 5.0 * zoom, rect.center().y);
        follow::mark_ui(ui, page.view, &edit, rect.expand(2.0 * zoom), at, id);
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
