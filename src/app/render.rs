//! Wires the program draws when it is asked to: from an output to where it is heard, and from one filter to the next.
//!
//! Both are SysAudio's ways ([`super::build`]), and one step of the history each.

use super::App;
use crate::graph::{Edit, FilterId, PinAddress};
use crate::ks::DataFlow;

impl App {
    /// Has what an output gives heard.
    pub(super) fn render_pin(&mut self, pin: &PinAddress) {
        let Some(end) = self.pin_ref(pin) else {
            return;
        };
        let node = self.shown().filters.get(&end.filter);
        let (Some(DataFlow::Out), Some(node)) = (self.flow_of(pin), node) else {
            let text = "Only an output can be rendered: an input is fed by a wire to it";
            self.warn("Render Pin", text.into());
            return;
        };
        let name = format!("{} of {}", end.pin, node.name);
        if let Err(why) = self.render_by_ways(pin, &name) {
            let text = format!("{name} cannot be rendered: {why}");
            self.warn("Render Pin", text);
        }
    }

    /// Wires filters one to the next from left to right, as they stand: one step. The first wire that cannot be is
    /// refused with its reason.
    pub(super) fn connect_filters(&mut self, mut filters: Vec<FilterId>) {
        let graph = self.shown();
        filters.retain(|id| graph.filters.contains_key(id));
        filters.sort_by(|a, b| {
            let at = |id: &FilterId| graph.filters.get(id).map(|node| node.position);
            let (a, b) = (at(a).unwrap_or_default(), at(b).unwrap_or_default());
            a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
        });
        let is_outer = !self.history.is_open();
        if is_outer {
            self.history.begin("Connect");
        }
        for pair in filters.windows(2) {
            let [left, right] = *pair else { continue };
            if self.are_wired(left, right) {
                continue;
            }
            if !self.connect_to_next(left, right) {
                break;
            }
        }
        if is_outer {
            self.history.commit();
        }
    }

    fn are_wired(&self, left: FilterId, right: FilterId) -> bool {
        let mut wires = self.shown().connections.iter();
        wires.any(|wire| wire.from.filter == left && wire.to.filter == right)
    }

    /// A wire from the first output of one filter that another takes. False when it is refused.
    fn connect_to_next(&mut self, left: FilterId, right: FilterId) -> bool {
        let Some(trial) = self.trial(&Edit::Batch(vec![])) else {
            return false;
        };
        let outputs = self.free_pins(&trial, left, DataFlow::Out);
        let direct = self.first_wire(&trial, &outputs, &[right]);
        if let Some(Edit::Connect(wire)) = direct {
            let (from, to) = (self.address(&wire.from), self.address(&wire.to));
            self.connect(&from, &to, None);
            return true;
        }
        let mut ends = outputs
            .into_iter()
            .chain(self.all_pins(left, DataFlow::Out));
        let Some(from) = ends.next() else {
            self.warn("Connect", "What stands left of it gives nothing".into());
            return false;
        };
        let from = self.address(&from);
        self.connect_to_body(&from, right);
        self.refusal.is_none() && self.are_wired(left, right)
    }
}
