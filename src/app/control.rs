//! MIDI learn: a property is pointed at, a controller is moved, and from then on the one follows the other.
//!
//! What follows what is part of the document, and so is where a property was left: a row of moves of one controller is one
//! step of undo. Controllers are those of whoever plays now, on a device or in the window; a song's are not heard here, so
//! that a graph sounds the same however it is cut.

use std::collections::BTreeMap;

use super::knobs::{Hold, Knobs};
use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{Control, Edit, FilterId, FilterNode, FilterPath, Graph, NodeKind};
use crate::ks::{Domain, Property, Value};
use crate::midi::names;

/// How the banner begins that asks for a controller.
const INVITES: &str = "Move a controller of a MIDI input:";

/// What was moved and what is to follow.
#[derive(Default)]
pub(super) struct Controls {
    /// The property that follows what is moved next.
    pub(super) learning: Option<(FilterPath, String)>,
    /// Where controllers stand that were moved since the last time.
    heard: BTreeMap<(u8, u8), u8>,
    knobs: Knobs,
}

impl App {
    /// Has a property follow the controller that is moved next; `None`: none after all.
    pub(super) fn learn(&mut self, aim: Option<(FilterId, String)>) {
        self.stop_learning();
        let Some((filter, key)) = aim else {
            return;
        };
        let path = self.path_of(filter);
        let Some(property) = self.property_at(&path, &key) else {
            return;
        };
        if matches!(
            property.domain,
            Domain::Text | Domain::Path | Domain::Device
        ) {
            let text = format!(
                "{} is text, which no controller can say; numbers, switches and choices can follow one",
                property.title
            );
            self.warn("Learn", text);
            return;
        }
        self.banners.insert(
            0,
            Banner {
                urgency: Urgency::News,
                text: format!("{INVITES} {} will follow it", property.title),
                is_dismissible: false,
                offers: vec![Offer {
                    words: "Leave it as it is".into(),
                    action: Action::Learn(None),
                }],
            },
        );
        self.controls.learning = Some((path, key));
    }

    /// No property waits for a controller any more. Gives the one that did.
    fn stop_learning(&mut self) -> Option<(FilterPath, String)> {
        self.banners.retain(|it| !it.text.starts_with(INVITES));
        self.controls.learning.take()
    }

    /// A controller moves a property no longer.
    pub(super) fn forget_control(&mut self, filter: FilterId, key: String) {
        let edit = Edit::SetControl {
            filter,
            key,
            control: None,
        };
        self.apply("Forget controller", edit);
    }

    /// Somebody moved a controller.
    pub(super) fn hear_control(&mut self, control: Control, value: u8) {
        let key = (control.channel, control.controller);
        self.controls.heard.insert(key, value);
    }

    /// Asks for what is moved while anything follows it, and has what follows do so.
    pub(super) fn follow_controls(&mut self) {
        let heard = std::mem::take(&mut self.controls.heard);
        for ((channel, controller), value) in heard {
            let control = Control {
                channel,
                controller,
            };
            let learning = self.stop_learning();
            let is_bound = learning.is_some();
            if let Some((path, key)) = learning {
                self.controls.knobs.forget(&(path.clone(), key.clone()));
                self.bind(&path, key, control);
            }
            let Self {
                controls, graph, ..
            } = self;
            let is_followed = |control: Control| follows(graph, control);
            let moved = controls.knobs.moved(control, value, is_followed);
            if let Some((control, share)) = moved.filter(|_| !is_bound) {
                self.move_followers(control, share);
            }
        }
        let is_wanted = self.controls.learning.is_some() || has_controls(&self.graph);
        if let Some(cells) = self.cells() {
            cells.hear_controls(is_wanted);
        }
    }

    fn bind(&mut self, path: &FilterPath, key: String, control: Control) {
        let Some((filter, groups)) = path.0.split_last() else {
            return;
        };
        let Some(property) = self.property_at(path, &key) else {
            return;
        };
        let edit = Edit::SetControl {
            filter: *filter,
            key,
            control: Some(control),
        };
        let name = format!("Learn {}", property.title);
        if self.apply_anywhere(&name, edit.within(groups)) {
            let text = format!("{} follows {}", property.title, words(control));
            self.say_of(Urgency::News, path, text);
        }
    }

    fn move_followers(&mut self, control: Control, share: f64) {
        let mut followers = vec![];
        each(&self.graph, &FilterPath::default(), &mut |path, node| {
            let keys = node.controls.iter().filter(|(_, it)| **it == control);
            let keys =
                keys.map(|(key, _)| (path.clone(), key.clone(), node.values.get(key).cloned()));
            followers.extend(keys);
        });
        for (path, key, before) in followers {
            let Some(property) = self.property_at(&path, &key) else {
                continue;
            };
            let who = (path.clone(), key.clone());
            let now = before.clone().unwrap_or_else(|| property.default_value());
            match self.controls.knobs.hold(&who, &property, &now, share) {
                Hold::Has => {}
                Hold::Lost(is_new) => {
                    if is_new {
                        let text = format!(
                            "{} was moved otherwise: {} has it again where it passes",
                            property.title,
                            words(control)
                        );
                        self.say_of(Urgency::News, &path, text);
                    }
                    continue;
                }
            }
            let Some(value) = at(&property, share) else {
                continue;
            };
            self.controls.knobs.made(who, share, value.clone());
            if before.as_ref() == Some(&value) {
                continue;
            }
            let Some((filter, groups)) = path.0.split_last() else {
                continue;
            };
            let edit = Edit::SetProperty {
                filter: *filter,
                key,
                value: Some(value),
            };
            let edit = edit.within(groups);
            let reach = edit.reach(&self.graph, &self.catalogue);
            let name = format!("{} by {}", property.title, words(control));
            self.history.go_on(&name);
            if self.apply_anywhere(&name, edit) {
                self.follow(&reach);
            }
        }
    }

    /// The property of that key of a filter anywhere in the document.
    fn property_at(&self, path: &FilterPath, key: &str) -> Option<Property> {
        let mut found = None;
        each(&self.graph, &FilterPath::default(), &mut |at, node| {
            if at == path {
                let kind = self.catalogue.get(&node.key);
                found = kind.and_then(|it| Some(*it.descriptor().property(key)?.1));
            }
        });
        found
    }
}

/// A controller, in words.
pub fn words(control: Control) -> String {
    let name = names::controller_name(control.controller);
    let name = name.map_or_else(String::new, |name| format!(" ({name})"));
    format!(
        "controller {}{name} of channel {}",
        control.controller,
        control.channel + 1
    )
}

/// What a property is when its controller stands there, from 0 to 1.
fn at(property: &Property, share: f64) -> Option<Value> {
    match property.domain {
        Domain::Number { .. } => {
            let number = property.at_share(share);
            property.legal(&Value::Number(number))
        }
        Domain::Flag => Some(Value::Flag(share > 0.5)),
        Domain::Choice(words) => {
            // Each has its part of the 128 places of a controller.
            let index = (share * 127.0).round() as usize * words.len() / 128;
            words.get(index).map(|word| Value::Text((*word).to_owned()))
        }
        Domain::Text | Domain::Path | Domain::Device => None,
    }
}

/// Whether any property follows that controller.
fn follows(graph: &Graph, control: Control) -> bool {
    graph
        .filters
        .values()
        .any(|node| match (&node.kind, node.kind.filter()) {
            (_, Some(filter)) => filter.controls.values().any(|it| *it == control),
            (NodeKind::Group(group), None) => follows(&group.graph, control),
            (NodeKind::Filter(_), None) => false,
        })
}

/// Whether any property follows a controller.
fn has_controls(graph: &Graph) -> bool {
    graph
        .filters
        .values()
        .any(|node| match (&node.kind, node.kind.filter()) {
            (_, Some(filter)) => !filter.controls.is_empty(),
            (NodeKind::Group(group), None) => has_controls(&group.graph),
            (NodeKind::Filter(_), None) => false,
        })
}

/// Every filter of a document.
fn each(graph: &Graph, place: &FilterPath, visit: &mut impl FnMut(&FilterPath, &FilterNode)) {
    for (id, node) in &graph.filters {
        let path = place.child(*id);
        // An instance of a filter made of others is one filter here.
        match (&node.kind, node.kind.filter()) {
            (_, Some(filter)) => visit(&path, filter),
            (NodeKind::Group(group), None) => each(&group.graph, &path, visit),
            (NodeKind::Filter(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_reaches_both_ends_and_every_choice() {
        let db = Property::db("level", "Level", -60.0, 0.0, -30.0);
        assert_eq!(at(&db, 0.0), Some(Value::Number(-60.0)));
        assert_eq!(at(&db, 1.0), Some(Value::Number(0.0)));
        let hertz = Property::number("f", "F", 20.0, 20_000.0, 440.0).logarithmic();
        let Some(Value::Number(middle)) = at(&hertz, 64.0 / 127.0) else {
            panic!("a number");
        };
        assert!((600.0..700.0).contains(&middle), "{middle}");
        assert_eq!(at(&hertz, 1.0), Some(Value::Number(20_000.0)));
        let flag = Property::flag("on", "On", false);
        assert_eq!(at(&flag, 63.0 / 127.0), Some(Value::Flag(false)));
        assert_eq!(at(&flag, 64.0 / 127.0), Some(Value::Flag(true)));
        let choice = Property::choice("c", "C", &["a", "b", "c"], "a");
        let words: Vec<_> = [0.0, 42.0, 43.0, 85.0, 86.0, 127.0]
            .iter()
            .filter_map(|value| at(&choice, *value / 127.0))
            .collect();
        let text = |word: &str| Value::Text(word.into());
        assert_eq!(words, ["a", "a", "b", "b", "c", "c"].map(text));
    }
}
