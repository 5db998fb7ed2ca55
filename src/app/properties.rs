//! Values of filters: set in the document, followed by the audio thread where that needs no new plan.

use std::collections::BTreeSet;

use super::App;
use super::media::relative;
use crate::graph::{Edit, FilterId, FilterPath, Reach};
use crate::ks::{Domain, Property, Value, path_text, text_path};

impl App {
    pub(super) fn set_property(&mut self, filter: FilterId, key: String, value: Option<Value>) {
        let Some(node) = self.shown().filter(filter) else {
            return;
        };
        let known = self.catalogue.get(&node.key).and_then(|filter| {
            let (_, property) = filter.descriptor().property(&key)?;
            Some(*property)
        });
        let value = match (&known, value) {
            (Some(property), Some(value)) => {
                let value = self.relative_value(property, value);
                let Some(legal) = property.legal(&value) else {
                    self.tell(format!("{key} takes {}", property.wanted()));
                    return;
                };
                Some(legal)
            }
            (_, value) => value,
        };
        let title = known.map_or_else(|| key.clone(), |property| property.title.to_owned());
        let edit = Edit::SetProperty { filter, key, value };
        let reach = self.reach(&edit);
        if self.apply(&format!("Set {title}"), edit) {
            self.follow(&reach);
        }
    }

    /// Has what an edit reaches follow it.
    pub(super) fn follow(&mut self, reach: &Reach) {
        match reach {
            Reach::Nothing => {}
            Reach::Values(values) => self.values_changed(values),
            Reach::Plan => self.agree(),
        }
    }

    /// Values that take effect without a new plan: the wiring's copy follows, and the audio thread is told.
    fn values_changed(&mut self, values: &BTreeSet<(FilterPath, String)>) {
        self.wiring.follow_values(&self.graph, values);
        if let Some(playing) = &mut self.playing {
            playing.sync_values(&self.wiring);
        }
        self.tell_air_loops();
    }

    /// A path in the document is relative to its file.
    pub(super) fn relative_value(&self, property: &Property, value: Value) -> Value {
        match (&property.domain, &value, self.base()) {
            (Domain::Path, Value::Text(text), Some(base)) if text_path(text).is_absolute() => {
                Value::Text(path_text(&relative(&text_path(text), &base)))
            }
            _ => value,
        }
    }
}
