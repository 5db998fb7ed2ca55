//! The wire in the hand: what is under it, what the model says of each pin, what letting go means.

use egui::Pos2;

use super::event::{Event, InHand};
use super::gesture::PIN_HIT;
use super::model::{Model, PinAddr, Side, Verdict, WireId};
use super::scene::Scene;
use super::show::NodeGraph;

/// Two pins as (output, input); `None` when both are of one side.
pub(super) fn in_order(a: PinAddr, b: PinAddr) -> Option<(PinAddr, PinAddr)> {
    match (a.side, b.side) {
        (Side::Output, Side::Input) => Some((a, b)),
        (Side::Input, Side::Output) => Some((b, a)),
        _ => None,
    }
}

impl NodeGraph {
    /// What is under a wire in hand: the nearest pin, or the first fitting pin of the box.
    pub(super) fn pin_under(
        &self,
        scene: &Scene,
        pointer: Pos2,
        anchor: PinAddr,
    ) -> Option<PinAddr> {
        let hit = PIN_HIT * self.view.zoom.max(1.0);
        let reach = egui::Vec2::splat(2.0 * hit / self.view.zoom);
        let part = egui::Rect::from_center_size(self.view.to_graph(pointer), reach);
        let refused = |pin: PinAddr| !self.verdicts.get(&pin).is_some_and(Verdict::fits);
        for i in scene.boxes_in(part).into_iter().rev() {
            let place = &scene.places[i];
            let nearest = place
                .addresses()
                .filter(|&pin| pin != anchor)
                .map(|pin| {
                    (
                        pin,
                        self.view
                            .to_screen(place.pin_seen(pin.side, pin.index, self.view.detail()))
                            .distance(pointer),
                    )
                })
                .filter(|&(_, distance)| distance <= hit)
                // Of those that are one, the one that fits.
                .min_by(|a, b| a.1.total_cmp(&b.1).then(refused(a.0).cmp(&refused(b.0))));
            if let Some((pin, _)) = nearest {
                return Some(pin);
            }
            if self.view.rect_to_screen(place.rect()).contains(pointer) {
                if place.id == anchor.node {
                    return None;
                }
                return place
                    .addresses()
                    .find(|pin| self.verdicts.get(pin).is_some_and(|verdict| verdict.fits()));
            }
        }
        None
    }

    pub(super) fn drop_wire(
        &self,
        scene: &Scene,
        anchor: PinAddr,
        replacing: Option<WireId>,
        over: Option<PinAddr>,
        shift: bool,
        events: &mut Vec<Event>,
    ) {
        let screen = self.last_pointer;
        // A body of which no pin fits refuses by the first that could have.
        let over = over.or_else(|| {
            let at = egui::Rect::from_center_size(self.view.to_graph(screen), egui::Vec2::ZERO);
            let under = scene.boxes_in(at).last().map(|&i| &scene.places[i])?;
            under
                .addresses()
                .find(|pin| pin.node != anchor.node && pin.side != anchor.side)
        });
        let Some(over) = over else {
            let own = scene
                .place(anchor.node)
                .map(|place| self.view.rect_to_screen(place.rect()));
            events.push(match replacing {
                Some(wire) => Event::Disconnect { wires: vec![wire] },
                // Let go where it began: nothing was meant.
                None if own.is_some_and(|rect| rect.expand(PIN_HIT).contains(screen)) => return,
                None => Event::DropOnCanvas {
                    pin: anchor,
                    at: self.view.to_graph(screen),
                    screen,
                },
            });
            return;
        };
        let (from, to) = in_order(anchor, over).unwrap_or((anchor, over));
        let back = replacing
            .and_then(|wire| scene.wire(wire))
            .is_some_and(|w| w.from == from && w.to == to);
        if back {
            return;
        }
        if self
            .verdicts
            .get(&over)
            .is_some_and(|verdict| verdict.fits())
        {
            events.push(Event::Connect {
                from,
                to,
                replacing,
                shift,
            });
        } else {
            events.push(Event::Refused {
                from,
                to,
                replacing,
                shift,
                screen,
            });
        }
    }

    /// Asks the model about pins in sight that it was not asked about in this drag.
    pub(super) fn judge(&mut self, scene: &Scene, model: &impl Model) {
        let Some(anchor) = self.gesture.anchor() else {
            self.verdicts.clear();
            self.hand_kind = None;
            return;
        };
        if self.hand_kind.is_none() {
            let node = model.node(anchor.node);
            let pins = if anchor.side == Side::Input {
                &node.inputs
            } else {
                &node.outputs
            };
            self.hand_kind = pins.get(anchor.index).map(|pin| pin.kind);
        }
        let keep = self.gesture.replacing().and_then(|wire| scene.wire(wire));
        // Of a crowd only what is under the pointer is asked about.
        let near = if scene.is_crowd {
            let at = self.view.to_graph(self.last_pointer);
            let reach = PIN_HIT / self.view.zoom;
            scene.boxes_in(egui::Rect::from_center_size(at, egui::Vec2::splat(reach)))
        } else {
            scene.seen.clone()
        };
        for i in near {
            for pin in scene.places[i].addresses().filter(|&pin| pin != anchor) {
                self.verdicts
                    .entry(pin)
                    .or_insert_with(|| match in_order(anchor, pin) {
                        None => Verdict::Refused {
                            line: match pin.side {
                                Side::Input => "Two inputs cannot be connected.".to_owned(),
                                Side::Output => "Two outputs cannot be connected.".to_owned(),
                            },
                        },
                        Some(_) if keep.is_some_and(|w| w.from == pin || w.to == pin) => {
                            Verdict::Fits {
                                line: String::new(),
                            }
                        }
                        Some((from, to)) => model.may_connect(from, to),
                    });
            }
        }
    }

    pub(super) fn in_hand_over(&self, now: f64) -> Option<InHand> {
        let pin = self.gesture.anchor()?;
        let over = self
            .over
            .and_then(|(over, since)| Some((over, self.verdicts.get(&over)?.clone(), now - since)));
        Some(InHand {
            pin,
            replacing: self.gesture.replacing(),
            over,
        })
    }
}
