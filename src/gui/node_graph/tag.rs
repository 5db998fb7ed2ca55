//! The text on a wire: which of its forms covers no box, its queue, its padlock.
//!
//! Whether the format stands in one line or in two is decided by the format and the boxes alone, so that one graph has one
//! picture, whatever is known of it by now; figures come and go around it as there is room.

use std::borrow::Cow;
use std::sync::Arc;

use egui::{Color32, CornerRadius, FontId, Galley, Painter, Rect, Stroke, vec2};

use super::look::{Line, Look};
use super::model::{Requests, Ticks, WireState};
use super::paint::{mark, mix};
use super::paint_wire::{Brush, paint_chevron};
use super::scene::Scene;
use super::view::View;

impl Brush<'_> {
    /// The tag in the longer of its forms that covers no box, with as much around it; hovered, it shows all the same.
    pub(super) fn tag(&self, scene: &Scene, hovered: bool) -> Option<TagAt> {
        let tag = self.wire.tag.as_ref()?;
        let (zoom, middle) = (self.view.zoom, self.curve.middle());
        let font = FontId::new(self.view.font_size(10.5), self.look.ui_medium.clone());
        let short = self.curve.length() < 120.0 * zoom;
        let queue = tag.ticks.is_some_and(|ticks| ticks.total > 0);
        let strands = self.look.kind(self.wire.kind).line == Line::Strands;
        let chevron = (short && strands && self.wire.state != WireState::HardWired)
            .then_some(self.wire.requests)
            .filter(|&requests| requests != Requests::Hidden);
        let lock = self.wire.state == WireState::HardWired;
        let covers = |rect: Rect| {
            scene.seen.iter().any(|&i| {
                self.view
                    .rect_to_screen(scene.places[i].rect())
                    .intersects(rect.shrink(1.0))
            })
        };
        let form = |lines: Vec<&Cow<'_, str>>| {
            let ink = self.look.strong;
            let lines = lines.into_iter().filter(|line| !line.is_empty());
            let galleys: Vec<_> = lines
                .map(|line| {
                    self.painter
                        .layout_no_wrap(line.to_string(), font.clone(), ink)
                })
                .collect();
            let wide = galleys.iter().map(|g| g.size().x).fold(0.0, f32::max);
            let high: f32 = galleys.iter().map(|_| 12.5 * zoom).sum();
            let icon = if lock { 13.0 * zoom } else { 0.0 };
            let foot = if queue || chevron.is_some() {
                6.0 * zoom
            } else {
                0.0
            };
            let size = vec2(wide + icon + 12.0 * zoom, high + foot + 5.0 * zoom);
            let rect = Rect::from_center_size(middle, size);
            TagAt {
                rect,
                own: rect,
                galleys,
                chevron,
                lock,
            }
        };
        let [first, second] = &tag.short;
        let is_shown = |tag: &TagAt| hovered || !covers(tag.rect);
        // The format never gives way to figures.
        let one = (!short).then(|| form(vec![&tag.long])).filter(is_shown);
        let is_one = one.is_some();
        let base = one.or_else(|| Some(form(vec![first, second])).filter(is_shown))?;
        let with = |figures: &[Cow<'_, str>], aside: &str| {
            let long: Cow<'_, str> = match aside {
                "" => Cow::Borrowed(&*tag.long),
                aside => format!("{} \u{b7} {aside}", tag.long).into(),
            };
            let format = match is_one {
                true => vec![&long],
                false => vec![first, second],
            };
            form(format.into_iter().chain(figures).collect())
        };
        let line: Cow<'_, str> = tag.figures.join(" \u{b7} ").into();
        let line = std::slice::from_ref(&line);
        let chief = tag.figures.get(tag.chief);
        let chief = chief.map_or(&[][..], std::slice::from_ref);
        let line = if is_one { line } else { &tag.figures };
        let mut forms = [
            (line, &*tag.aside),
            (line, ""),
            (&*tag.figures, ""),
            (chief, ""),
        ]
        .into_iter()
        .map(|(figures, aside)| with(figures, aside));
        let whole = forms.find(is_shown).unwrap_or_else(|| with(&[], ""));
        Some(TagAt {
            own: base.rect,
            ..whole
        })
    }

    /// Figures alone, at a size that does not follow the zoom: the forms and places they may have, the best first.
    pub(super) fn afar(&self) -> Vec<TagAt> {
        let Some(tag) = self.wire.tag.as_ref() else {
            return vec![];
        };
        let font = FontId::new(10.5, self.look.ui_medium.clone());
        let chief = tag.figures.get(tag.chief).map(|it| it.to_string());
        let forms = [Some(tag.figures.join(" \u{b7} ")), chief];
        let forms = forms
            .into_iter()
            .flatten()
            .filter(|words| !words.is_empty());
        let forms = forms.flat_map(|words| {
            let galley = (self.painter).layout_no_wrap(words, font.clone(), self.look.strong);
            ASIDE.map(|aside| {
                let size = vec2(galley.size().x + 10.0, 17.5);
                let rect = Rect::from_center_size(self.curve.middle() + vec2(0.0, aside), size);
                TagAt {
                    rect,
                    own: rect,
                    galleys: vec![galley.clone()],
                    chevron: None,
                    lock: false,
                }
            })
        });
        forms.collect()
    }
}

/// How far figures may stand above or below their wire when all is small.
const ASIDE: [f32; 5] = [0.0, -20.0, 20.0, -34.0, 34.0];

/// One after the other takes the first of its forms that lies on nothing.
pub(super) fn settle(afar: Vec<Vec<TagAt>>, boxes: &[Rect]) -> Vec<Option<TagAt>> {
    let mut taken: Vec<Rect> = vec![];
    let places = afar.into_iter().map(|forms| {
        let is_free = |tag: &TagAt| {
            let rect = tag.rect;
            let mut all = boxes.iter().chain(&taken);
            !all.any(|it| it.intersects(rect))
        };
        let tag = forms.into_iter().find(is_free);
        taken.extend(tag.as_ref().map(|tag| tag.rect));
        tag
    });
    places.collect()
}

/// A tag laid out.
pub(super) struct TagAt {
    pub(super) rect: Rect,
    /// What the format alone takes of that.
    pub(super) own: Rect,
    galleys: Vec<Arc<Galley>>,
    chevron: Option<Requests>,
    lock: bool,
}

impl TagAt {
    pub(super) fn paint(
        self,
        painter: &Painter,
        look: &Look,
        hue: Color32,
        bright: bool,
        ticks: Option<Ticks>,
        view: &View,
    ) {
        let zoom = view.zoom;
        let edge = if bright {
            look.strong
        } else {
            mix(look.canvas, hue, 0.5)
        };
        let corner = CornerRadius::same((3.0 * zoom).round().clamp(1.0, 8.0) as u8);
        painter.rect(
            self.rect,
            corner,
            look.canvas,
            Stroke::new(1.0, edge),
            egui::StrokeKind::Inside,
        );
        let mut y = self.rect.top() + 2.5 * zoom;
        let shift = if self.lock { 6.5 * zoom } else { 0.0 };
        if self.lock {
            let at = self.rect.left_center() + vec2(11.0 * zoom, 0.0);
            mark(painter, look.marks.lock, at, 11.0 * zoom, look.text);
        }
        for galley in self.galleys {
            let x = self.rect.center().x + shift - galley.size().x / 2.0;
            let at = egui::pos2(x, y + (12.5 * zoom - galley.size().y) / 2.0);
            painter.galley(at, galley, look.strong);
            y += 12.5 * zoom;
        }
        let foot = self.rect.bottom() - 5.0 * zoom;
        if let Some(ticks) = ticks.filter(|ticks| ticks.total > 0) {
            let full = ticks.waiting >= ticks.total;
            let ink = if full { look.warn } else { hue };
            let room = self.rect.width() - if self.chevron.is_some() { 22.0 } else { 12.0 } * zoom;
            let step = (room / f32::from(ticks.total)).min(9.0 * zoom);
            let whole = step * f32::from(ticks.total);
            let left = if self.chevron.is_some() {
                self.rect.left() + 6.0 * zoom
            } else {
                self.rect.center().x - whole / 2.0
            };
            for i in 0..ticks.total {
                let at = egui::pos2(left + step * f32::from(i), foot - 1.25 * zoom);
                let tick = Rect::from_min_size(at, vec2((step - 2.0 * zoom).max(1.0), 2.5 * zoom));
                painter.rect_filled(tick, 0.0, if i < ticks.waiting { ink } else { look.line });
            }
            if full {
                let at = self.rect.right_top() + vec2(-1.0, 1.0) * zoom;
                painter.circle_filled(at, 6.5 * zoom, look.canvas);
                mark(painter, look.marks.late, at, 10.0 * zoom, look.warn);
            }
        }
        if let Some(requests) = self.chevron {
            let way = vec2(
                if requests == Requests::WithData {
                    1.0
                } else {
                    -1.0
                },
                0.0,
            );
            let x = if ticks.is_some() {
                self.rect.right() - 8.0 * zoom
            } else {
                self.rect.center().x
            };
            paint_chevron(painter, egui::pos2(x, foot), way, zoom * 0.85, look.strong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    fn at(x: f32, y: f32) -> TagAt {
        let rect = Rect::from_center_size(pos2(x, y), vec2(40.0, 16.0));
        TagAt {
            rect,
            own: rect,
            galleys: vec![],
            chevron: None,
            lock: false,
        }
    }

    #[test]
    fn figures_from_afar_lie_on_no_box_and_on_no_others() {
        let forms = |x: f32| vec![at(x, 0.0), at(x, -20.0), at(x, 20.0)];
        let boxes = [Rect::from_center_size(pos2(0.0, 0.0), vec2(30.0, 20.0))];
        let placed = settle(
            vec![forms(10.0), forms(15.0), forms(20.0), forms(200.0)],
            &boxes,
        );
        let ys: Vec<Option<f32>> = placed
            .iter()
            .map(|tag| tag.as_ref().map(|tag| tag.rect.center().y))
            .collect();
        assert_eq!(ys, [Some(-20.0), Some(20.0), None, Some(0.0)]);
    }
}
