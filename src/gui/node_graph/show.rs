//! One frame of the canvas. So far the view only: boxes and wires follow.

use egui::{Id, Sense, Ui};

use super::event::{Geometry, Output};
use super::look::Look;
use super::model::{Model, NodeId, PinAddr, Target};
use super::view::View;

/// How the canvas behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Boxes land on multiples of this; 0 lets them lie anywhere.
    pub snap: f32,
    /// Whether Tab and `/` ask for the insert palette while the canvas has the keyboard. Off: Tab walks on.
    pub tab_inserts: bool,
    /// Whether the legend is shown.
    pub legend: bool,
    /// Whether the zoom cluster is shown.
    pub cluster: bool,
    /// Skips bodies: for a canvas in software rendering.
    pub bodies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            snap: 16.0,
            tab_inserts: true,
            legend: true,
            cluster: true,
            bodies: true,
        }
    }
}

/// The canvas. Owns the view and the gesture, nothing of the model.
pub struct NodeGraph {
    /// How it behaves; may be changed at any time.
    pub settings: Settings,
    id: Id,
    view: View,
}

impl NodeGraph {
    /// A canvas; `name` tells it from others in the same window.
    pub fn new(name: &str) -> Self {
        Self {
            settings: Settings::default(),
            id: Id::unique(("node graph", name)),
            view: View::default(),
        }
    }

    /// The id of the canvas itself: `ctx.memory_mut(|m| m.request_focus(canvas.id()))` gives it the keyboard.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What is seen.
    pub fn view(&self) -> View {
        self.view
    }

    /// Shows another part at once.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Shows everything, as large as fits, at most at 100 %.
    pub fn fit_all(&mut self) {}

    /// Shows these boxes.
    pub fn fit(&mut self, _nodes: &[NodeId]) {}

    /// Brings a box to the middle.
    pub fn centre_on(&mut self, _node: NodeId) {}

    /// Zooms about the middle of the canvas.
    pub fn zoom_to(&mut self, zoom: f32) {
        self.view.zoom = zoom;
    }

    /// The pin a wire in hand is fixed to.
    pub fn in_hand(&self) -> Option<PinAddr> {
        None
    }

    /// Takes a wire in hand from a pin, as Enter on it does.
    pub fn take_wire(&mut self, _pin: PinAddr) {}

    /// Ends the gesture under way, as Esc does, but without an event.
    pub fn cancel(&mut self) {}

    /// Gives the keyboard to something on the canvas.
    pub fn focus(&mut self, _ctx: &egui::Context, _target: Target) {}

    /// Shows the model and returns what the person did with it.
    pub fn show(&mut self, ui: &mut Ui, model: &mut impl Model, look: &Look) -> Output {
        let rect = ui.available_rect_before_wrap();
        let response = ui.interact(rect, self.id, Sense::click_and_drag());
        ui.advance_cursor_after_rect(rect);
        ui.painter().rect_filled(rect, 0.0, look.canvas);
        self.view.origin = rect.min;
        let nodes = model
            .nodes()
            .iter()
            .map(|p| (p.id, self.view.rect_to_screen(p.rect())))
            .collect();
        let geometry = Geometry {
            canvas: rect,
            nodes,
            pins: Vec::new(),
            wires: Vec::new(),
        };
        Output {
            response,
            events: Vec::new(),
            geometry,
            hovered: None,
            in_hand: None,
            focused: None,
            view: self.view,
        }
    }
}
