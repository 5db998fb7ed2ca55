//! What a hand chooses: the device that plays, the rate and the quantum.

use super::{QUANTUM_RANGE, STAYS, Side, output_property};
use crate::app::App;
use crate::graph::{Edit, FilterPath};
use crate::ks::Value;

impl App {
    /// Has the filter that plays name a device; one undo step. Empty names are the default.
    pub(in crate::app) fn use_device(&mut self, host: &str, name: &str) {
        let text = match (host, name) {
            ("", name) => name.to_owned(),
            (host, name) if host == name => name.to_owned(),
            (host, name) => format!("{host}:{name}"),
        };
        let Some((path, key)) = self.main_output() else {
            self.tell("No filter of this graph plays on a device: add an Audio Device Out".into());
            return;
        };
        if self.device_wanted(&path) == text {
            // Named already: the default is chosen anew, and what is waited for is tried at once.
            if text.is_empty() {
                self.take_default();
            }
            return;
        }
        let Some((&filter, group)) = path.0.split_last() else {
            return;
        };
        let value = (!text.is_empty()).then_some(Value::Text(text));
        let edit = Edit::SetProperty { filter, key, value }.within(group);
        self.edit_from_above("Set Device", edit);
    }

    /// Has all counted at another rate; one undo step.
    pub(in crate::app) fn set_rate(&mut self, rate_hz: u32) {
        if self.graph.rate_hz != rate_hz {
            self.edit_from_above("Set the rate", Edit::SetRate(rate_hz));
        }
    }

    /// Has cycles be of that many samples on this machine from now on.
    pub(in crate::app) fn set_quantum(&mut self, quantum: usize) {
        let quantum = quantum.clamp(QUANTUM_RANGE.0, QUANTUM_RANGE.1);
        self.change_preferences(|it| it.quantum = Some(quantum));
        self.use_quantum(quantum);
    }

    /// Has cycles be of that many samples.
    pub(in crate::app) fn use_quantum(&mut self, quantum: usize) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        if playing.quantum() != quantum {
            playing.set_quantum(quantum);
            self.agree();
        }
    }

    /// Does an edit whose place is not the one that is shown.
    pub(in crate::app) fn edit_from_above(&mut self, name: &str, edit: Edit) {
        match self.history.perform(&mut self.graph, name, edit) {
            Ok(()) => self.agree(),
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// The filter whose device is chosen: the one that keeps time, or one that would.
    fn main_output(&self) -> Option<(FilterPath, String)> {
        let mut outputs = self.outputs();
        let master = self.playing.as_ref().and_then(|playing| playing.master());
        let master = master.or_else(|| self.desk.waits.keys().next());
        let at = outputs.iter().position(|(path, _)| Some(path) == master);
        let at = at.or_else(|| (!outputs.is_empty()).then_some(0))?;
        Some(outputs.swap_remove(at))
    }

    /// What that filter asks for; empty is the default.
    pub(in crate::app) fn device_asked(&self) -> Option<String> {
        let (path, _) = self.main_output()?;
        Some(self.device_wanted(&path))
    }

    /// The device that is waited for; empty is any.
    pub(in crate::app) fn device_missing(&self) -> Option<&str> {
        let mut waits = self.desk.waits.values();
        let wait = waits.find(|wait| wait.side == Side::Out)?;
        Some(&wait.wanted)
    }

    /// The filters that play on a device, each with the property that names it.
    fn outputs(&self) -> Vec<(FilterPath, String)> {
        let filters = self.wiring.filters.iter();
        filters
            .filter_map(|(path, filter)| {
                let property = output_property(filter.descriptor.as_deref()?)?;
                Some((path.clone(), property.key.to_owned()))
            })
            .collect()
    }

    /// Filters that name no device go to the system's default one.
    pub(in crate::app) fn take_default(&mut self) {
        self.facts.kept.clear();
        self.banners.retain(|it| !it.text.ends_with(STAYS));
        self.desk.taken.retain(|_, taken| !taken.asked.is_empty());
        let waiting: Vec<FilterPath> = self.desk.waits.keys().cloned().collect();
        for filter in waiting {
            if self.device_wanted(&filter).is_empty() {
                self.desk.waits.remove(&filter);
            }
        }
        self.show_waits();
        self.agree();
    }
}
