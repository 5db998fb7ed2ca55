//! Boxes and their pins: registered, pointed at, filled with the caller's widgets.

use egui::{FontId, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, UiBuilder, Vec2, pos2, vec2};

use super::access;
use super::event::{Event, Geometry};
use super::gesture::PIN_HIT;
use super::look::{Look, PinFill, Shape};
use super::model::{Health, Model, NodeView, PinAddr, PinView, Place, Side, Target, Verdict};
use super::paint::{focus_ring, paint_pin};
use super::paint_box::Brush;
use super::scene::Scene;
use super::show::NodeGraph;
use super::view::{Detail, View};

impl NodeGraph {
    #[expect(
        clippy::too_many_arguments,
        reason = "one frame's parts, each lent apart"
    )]
    pub(super) fn boxes_ui(
        &mut self,
        ui: &mut Ui,
        model: &mut impl Model,
        look: &Look,
        scene: &Scene,
        hovered: &mut Option<Target>,
        events: &mut Vec<Event>,
        geometry: &mut Geometry,
    ) {
        let detail = self.view.detail();
        let crowd = if scene.is_crowd {
            for &i in &scene.seen {
                let place = &scene.places[i];
                let rect = self.view.rect_to_screen(place.rect());
                geometry.nodes.push((place.id, rect));
            }
            Some(self.of_the_crowd(scene))
        } else {
            None
        };
        for &i in crowd.as_ref().unwrap_or(&scene.seen) {
            let place = &scene.places[i];
            let target = Target::Node(place.id);
            let rect = self.view.rect_to_screen(place.rect());
            let response = ui.interact(rect, access::id(self.id, target), Sense::click_and_drag());
            self.keep_keys(&response, Some(target));
            self.node_pointer(&response, scene, place.id, events);
            self.key_click(&response, scene, target, events);
            if response.hovered() {
                *hovered = Some(target);
            }
            if !scene.is_crowd {
                geometry.nodes.push((place.id, rect));
            }

            let fits = |pin: &PinAddr| self.verdicts.get(pin).is_some_and(Verdict::fits);
            let anchor = self.gesture.anchor();
            let in_hand = anchor.is_some();
            let dim = anchor.is_some_and(|pin| pin.node != place.id)
                && !place.addresses().any(|pin| fits(&pin));
            let opacity = if dim { look.dimmed } else { 1.0 };
            let faint = {
                let node = model.node(place.id);
                access::name_node(&response, &node.spoken, &node.state, place.selected);
                let mut painter = ui.painter().clone();
                painter.multiply_opacity(opacity);
                let brush = Brush {
                    painter: &painter,
                    look,
                    view: self.view,
                    place,
                    node: &node,
                    rect,
                    hot: response.hovered(),
                };
                match detail {
                    Detail::Near => brush.near(),
                    Detail::Middle => brush.middle(),
                    Detail::Far => brush.far(),
                }
                if self.by_key && self.focus == Some(target) && response.has_focus() {
                    focus_ring(ui.painter(), look, rect.expand(6.0), 10.0);
                }
                if detail != Detail::Near && response.hovered() && !in_hand {
                    self.show_near(&response, look, place, &node);
                }
                self.pins_ui(
                    ui, model, &node, look, scene, place, opacity, hovered, events, geometry,
                );
                matches!(
                    node.health,
                    Health::Faulty | Health::Missing | Health::Bypassed | Health::Disabled
                )
            };
            if detail == Detail::Near && place.body > 0.0 && self.settings.bodies {
                self.body_ui(
                    ui,
                    model,
                    place,
                    if faint { opacity * 0.35 } else { opacity },
                );
            }
        }
    }

    /// Of a crowd: the box under the pointer and the one with the focus.
    fn of_the_crowd(&self, scene: &Scene) -> Vec<usize> {
        let pointer = self.view.to_graph(self.last_pointer);
        let part = Rect::from_center_size(pointer, Vec2::splat(1.0));
        let under = scene.boxes_in(part).last().copied();
        let focused = match self.focus {
            Some(Target::Node(node)) => scene.index_of(node),
            Some(Target::Pin(pin)) => scene.index_of(pin.node),
            _ => None,
        };
        let mut found: Vec<usize> = under.into_iter().chain(focused).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The box at 100 % beside the pointer, for who looks from too far away to read it.
    fn show_near(&self, response: &Response, look: &Look, place: &Place, node: &NodeView<'_>) {
        response.clone().on_hover_ui_at_pointer(|ui| {
            let near = Place {
                selected: false,
                body: 0.0,
                ..*place
            };
            let (rect, _) = ui.allocate_exact_size(near.size() + vec2(16.0, 4.0), Sense::hover());
            let view = View {
                origin: rect.min + vec2(8.0, 2.0),
                scroll: near.pos.to_vec2(),
                zoom: 1.0,
            };
            let brush = Brush {
                painter: ui.painter(),
                look,
                view,
                place: &near,
                node,
                rect: view.rect_to_screen(near.rect()),
                hot: false,
            };
            brush.near();
            for (side, pins) in [(Side::Input, &node.inputs), (Side::Output, &node.outputs)] {
                for (index, pin) in pins.iter().enumerate().take(near.pins[side as usize]) {
                    let at = view.to_screen(near.pin(side, index));
                    let fill = match () {
                        () if pin.grows => PinFill::Grows,
                        () if node.health == Health::Missing => PinFill::Ghost,
                        () if pin.connected => PinFill::Connected,
                        () => PinFill::Free,
                    };
                    near_pin(ui.painter(), look, &view, at, pin, side, fill, node.health);
                }
            }
        });
    }

    /// The inline widgets, in a child as wide as the body, all sizes of its style times the zoom.
    fn body_ui(&self, ui: &mut Ui, model: &mut impl Model, place: &Place, opacity: f32) {
        let rect = self.view.rect_to_screen(place.body_rect());
        let builder = UiBuilder::new()
            .id_salt((self.id, "body", place.id))
            .max_rect(rect);
        let mut body = ui.new_child(builder);
        body.shrink_clip_rect(rect.expand(2.0));
        body.multiply_opacity(opacity);
        if self.view.zoom != 1.0 {
            scale_style(body.style_mut(), &self.view);
        }
        if self.gesture.anchor().is_some() {
            body.disable();
            body.visuals_mut().disabled_alpha = 1.0;
        }
        model.body_ui(&mut body, place.id);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one frame's parts, each lent apart"
    )]
    fn pins_ui(
        &mut self,
        ui: &mut Ui,
        model: &impl Model,
        node: &NodeView<'_>,
        look: &Look,
        scene: &Scene,
        place: &Place,
        opacity: f32,
        hovered: &mut Option<Target>,
        events: &mut Vec<Event>,
        geometry: &mut Geometry,
    ) {
        let zoom = self.view.zoom;
        let detail = self.view.detail();
        let missing = node.health == Health::Missing;
        // In a crowd a pin is a dot and no target: boxes still are.
        let crowded = scene.is_crowd;
        let sides = [(Side::Input, &node.inputs), (Side::Output, &node.outputs)];
        for (side, pins) in sides {
            for (index, pin) in pins.iter().enumerate().take(place.pins[side as usize]) {
                let addr = PinAddr {
                    node: place.id,
                    side,
                    index,
                };
                let target = Target::Pin(addr);
                let run = place.run(side, index, detail);
                let at = self.view.to_screen(place.pin(side, *run.start()));
                self.kinds_seen |= 1_u64.checked_shl(pin.kind.0.into()).unwrap_or(0);
                if crowded {
                    let hue = look.kind(pin.kind).hue.gamma_multiply(opacity);
                    ui.painter().circle_filled(at, 2.0, hue);
                    continue;
                }
                // Rows are 20 apart, so targets are 24 wide and a row high; far out they shrink with the box.
                let high = (Place::ROW * zoom).min(2.0 * PIN_HIT * zoom.max(1.0));
                let wide = if detail == Detail::Near {
                    2.0 * PIN_HIT * zoom.max(1.0)
                } else {
                    10.0
                };
                let hit = Rect::from_center_size(at, vec2(wide, high));
                let response =
                    ui.interact(hit, access::id(self.id, target), Sense::click_and_drag());
                let standing = match () {
                    () if pin.grows => "not made yet",
                    () if pin.connected => "connected",
                    () => "free",
                };
                access::name_pin(&response, &pin.spoken, || {
                    let words = match standing {
                        "connected" => model.pin_standing(addr),
                        _ => String::new(),
                    };
                    match words.is_empty() {
                        true => standing.to_owned(),
                        false => format!("{standing}, {words}"),
                    }
                });
                self.keep_keys(&response, Some(target));
                let wired = look.kind(pin.kind).shape != Shape::Jack;
                self.pin_pointer(&response, scene, addr, wired, events);
                self.key_click(&response, scene, target, events);
                let over = self.over.is_some_and(|(over, _)| over == addr);
                let hot = response.hovered() || over;
                if response.hovered() {
                    *hovered = Some(target);
                }
                geometry.pins.push((addr, hit));

                let anchor = self.gesture.anchor();
                let fill_of = |index: usize| {
                    let (addr, pin) = (PinAddr { index, ..addr }, &pins[index]);
                    match (anchor, self.verdicts.get(&addr)) {
                        (Some(anchor), _) if anchor == addr => PinFill::Fits,
                        (Some(_), Some(verdict)) if verdict.fits() => PinFill::Fits,
                        (Some(_), Some(_)) => PinFill::Refused,
                        _ if pin.grows => PinFill::Grows,
                        _ if missing => PinFill::Ghost,
                        _ if pin.connected => PinFill::Connected,
                        _ => PinFill::Free,
                    }
                };
                let focused = self.by_key && self.focus == Some(target) && response.has_focus();
                // What is one is painted once, with its last, as the best of them stands.
                if index != *run.end() && !focused {
                    continue;
                }
                let telling = |fill: &PinFill| match fill {
                    PinFill::Fits => 3,
                    PinFill::Connected => 2,
                    PinFill::Free | PinFill::Refused => 1,
                    PinFill::Grows | PinFill::Ghost => 0,
                };
                let fill = run
                    .filter(|index| *index < pins.len())
                    .map(fill_of)
                    .max_by_key(telling)
                    .unwrap_or(PinFill::Free);
                let mut painter = ui.painter().clone();
                painter.multiply_opacity(if fill == PinFill::Fits { 1.0 } else { opacity });
                match detail {
                    Detail::Near => {
                        near_pin(&painter, look, &self.view, at, pin, side, fill, node.health)
                    }
                    Detail::Middle => paint_pin(&painter, look, at, pin.kind, settled(fill), 0.6),
                    Detail::Far => drop(painter.circle_filled(at, 2.0, look.kind(pin.kind).hue)),
                }
                if detail != Detail::Near && fill == PinFill::Fits {
                    painter.circle_stroke(at, 6.0, Stroke::new(1.5, look.kind(pin.kind).hue));
                }
                if hot && anchor.is_none() && detail == Detail::Near {
                    let hue = look.kind(pin.kind).hue.gamma_multiply(0.6);
                    painter.circle_stroke(at, 10.0 * zoom, Stroke::new(1.75, hue));
                    if response.hovered() && !response.dragged() {
                        let tip = model.pin_tip(addr);
                        if !tip.is_empty() {
                            response.clone().on_hover_text(tip);
                        }
                    }
                }
                if focused {
                    focus_ring(
                        ui.painter(),
                        look,
                        Rect::from_center_size(at, Vec2::splat(26.0 * zoom.max(0.6))),
                        13.0 * zoom.max(0.6),
                    );
                }
            }
        }
    }
}

fn settled(fill: PinFill) -> PinFill {
    match fill {
        PinFill::Grows => PinFill::Ghost,
        PinFill::Fits => PinFill::Connected,
        fill => fill,
    }
}

#[expect(clippy::too_many_arguments, reason = "a pin and its surroundings")]
fn near_pin(
    painter: &Painter,
    look: &Look,
    view: &View,
    at: Pos2,
    pin: &PinView<'_>,
    side: Side,
    fill: PinFill,
    health: Health,
) {
    let zoom = view.zoom;
    painter.circle_filled(at, 8.5 * zoom, look.canvas);
    paint_pin(painter, look, at, pin.kind, fill, zoom);
    let (family, ink) = match fill {
        PinFill::Fits => (look.ui_strong.clone(), look.strong),
        PinFill::Refused | PinFill::Grows => (look.ui.clone(), look.faint),
        _ if health == Health::Missing => (look.ui.clone(), look.text),
        _ => (look.ui.clone(), look.text),
    };
    let font = FontId::new(view.font_size(11.5), family);
    let galley = painter.layout_no_wrap(pin.name.to_string(), font, ink);
    let x = match side {
        Side::Input => at.x + 13.0 * zoom,
        Side::Output => at.x - 13.0 * zoom - galley.size().x,
    };
    painter.galley(pos2(x, at.y - galley.size().y / 2.0), galley, ink);
}

/// All sizes of a style times the zoom; text rounded to half points.
fn scale_style(style: &mut egui::Style, view: &View) {
    let zoom = view.zoom;
    for font in style.text_styles.values_mut() {
        font.size = view.font_size(font.size);
    }
    let spacing = &mut style.spacing;
    for size in [
        &mut spacing.item_spacing,
        &mut spacing.button_padding,
        &mut spacing.interact_size,
    ] {
        *size *= zoom;
    }
    for length in [
        &mut spacing.slider_width,
        &mut spacing.slider_rail_height,
        &mut spacing.combo_width,
        &mut spacing.text_edit_width,
        &mut spacing.icon_width,
        &mut spacing.icon_width_inner,
        &mut spacing.icon_spacing,
        &mut spacing.indent,
    ] {
        *length *= zoom;
    }
}
