//! The inspector's page of raw calls: a filter, one of its pins or nodes is asked for a property by set and item, and what
//! comes back is shown as bytes and in words, with its status. What a SET changes is an edit.

use egui::{ComboBox, Id, Rect, Ui, Vec2, pos2, vec2};

use super::page::{fact, heading, row, section_rule, sentence};
use crate::app::proxy::{Proxy, Question, Reply, Target, Verb};
use crate::app::{Action, View};
use crate::graph::{FilterId, FilterNode, FilterPath};
use crate::gui::controls::{self, Face};
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};

/// What the page remembers.
#[derive(Default)]
pub(super) struct Raw {
    of: Option<FilterPath>,
    target: Target,
    set: usize,
    item: usize,
    verb: Verb,
    data: String,
    room: String,
    reply: Option<Reply>,
    /// Why nothing was sent.
    fault: Option<String>,
}

/// Whom calls can be about.
fn targets(proxy: &Proxy) -> Vec<(String, Target)> {
    let mut all = vec![("The filter".to_owned(), Target::Filter)];
    let Some(descriptor) = proxy.descriptor() else {
        return all;
    };
    for (index, pin) in (0..).zip(descriptor.pins.iter()) {
        all.push((format!("Pin {}", pin.name), Target::Factory(index)));
    }
    for (index, node) in (0..).zip(descriptor.nodes.iter()) {
        all.push((format!("Node {}", node.name), Target::Node(index)));
    }
    for (index, pin) in proxy.pins().iter().enumerate() {
        all.push((format!("Open pin {}", pin.name), Target::Pin(index)));
    }
    all
}

impl Raw {
    /// Draws the page.
    pub(super) fn page_ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        path: &FilterPath,
        id: FilterId,
        filter: &FilterNode,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        if self.of.as_ref() != Some(path) {
            *self = Self {
                of: Some(path.clone()),
                ..Self::default()
            };
        }
        let Some(mut proxy) = view.proxy(path) else {
            sentence(ui, "It cannot be opened.", theme.dim);
            return;
        };
        heading(ui, "Ask", "");
        self.choices_ui(ui, &proxy);
        self.fields_ui(ui);
        ui.add_space(6.0);
        let mut place = row(ui, 28.0);
        place.set_width(96.0);
        if controls::button_at(ui, place, "Send", Face::Primary, true).clicked() {
            self.send(&mut proxy, id, filter, commands);
            commands.extend(proxy.wishes(view).into_iter().map(Command::Do));
        }
        ui.add_space(8.0);
        section_rule(ui);
        heading(ui, "Answer", "");
        if let Some(fault) = &self.fault {
            sentence(ui, fault, theme.error);
        }
        match &self.reply {
            Some(reply) => reply_ui(ui, reply),
            None => sentence(ui, "Nothing was asked yet.", theme.dim),
        }
    }

    fn choices_ui(&mut self, ui: &mut Ui, proxy: &Proxy) {
        let targets = targets(proxy);
        let at = targets.iter().position(|(_, it)| *it == self.target);
        let names: Vec<&str> = targets.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(chosen) = choice_ui(ui, "Object", &names, at.unwrap_or(0)) {
            self.target = targets[chosen].1.clone();
            self.set = 0;
            self.item = 0;
        }
        let sets = proxy.sets(&self.target);
        let names: Vec<&str> = sets.iter().map(|(name, _)| *name).collect();
        if let Some(chosen) = choice_ui(ui, "Set", &names, self.set) {
            self.set = chosen;
            self.item = 0;
        }
        let items = self.items(proxy);
        let names: Vec<&str> = items.iter().map(|(_, name)| name.as_str()).collect();
        if let Some(chosen) = choice_ui(ui, "Item", &names, self.item) {
            self.item = chosen;
        }
        let rect = row(ui, window::PROPERTY_ROW);
        let slot = Rect::from_center_size(rect.center(), vec2(rect.width(), 20.0));
        let words = ["get", "set", "support", "defaults"];
        let now = Verb::ALL
            .iter()
            .position(|it| *it == self.verb)
            .unwrap_or(0);
        let id = Id::unique("raw verb");
        if let Some(chosen) = controls::segments(ui, id, slot, &words, now, "Verb", 1.0) {
            self.verb = Verb::ALL[chosen];
        }
    }

    fn items(&self, proxy: &Proxy) -> Vec<(u32, String)> {
        let sets = proxy.sets(&self.target);
        let set = sets.get(self.set).map(|(_, set)| *set);
        set.map(|set| proxy.items(set)).unwrap_or_default()
    }

    fn fields_ui(&mut self, ui: &mut Ui) {
        let rows = [
            ("Bytes", "raw data", &mut self.data),
            ("Room", "raw room", &mut self.room),
        ];
        for (name, salt, text) in rows {
            let slot = labelled(ui, name);
            if let Some(typed) = controls::field(ui, Id::unique(salt), slot, text, "", name) {
                *text = typed;
            }
        }
    }

    fn send(
        &mut self,
        proxy: &mut Proxy,
        id: FilterId,
        filter: &FilterNode,
        commands: &mut Vec<Command>,
    ) {
        self.fault = None;
        self.reply = None;
        let Some(data) = bytes(&self.data) else {
            self.fault = Some("Bytes are pairs of hex digits: 00 00 18 c0.".into());
            return;
        };
        let room = match self.room.trim() {
            "" => Ok(usize::MAX),
            figure => figure.parse(),
        };
        let Ok(room) = room else {
            self.fault = Some("Room is a number of bytes, or nothing for enough.".into());
            return;
        };
        let sets = proxy.sets(&self.target);
        let items = self.items(proxy);
        let (Some((_, set)), Some((item, _))) = (sets.get(self.set), items.get(self.item)) else {
            self.fault = Some("There is no such item.".into());
            return;
        };
        let question = Question {
            target: self.target.clone(),
            set: *set,
            id: *item,
            verb: self.verb,
            data,
            room,
        };
        self.reply = Some(proxy.ask(&question));
        for (key, value) in proxy.changed(&filter.values) {
            commands.push(Command::Do(Action::SetProperty {
                filter: id,
                key,
                value: Some(value),
            }));
        }
    }
}

/// Pairs of hex digits, spaces free.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|it| it[0] << 4 | it[1]).collect())
}

fn reply_ui(ui: &mut Ui, reply: &Reply) {
    let theme = Theme::of(ui.ctx());
    fact(ui, "Status", &reply.status.to_string());
    fact(ui, "Length", &reply.length.to_string());
    match &reply.words {
        Some(words) if words.chars().count() > 28 => sentence(ui, words, theme.text),
        Some(words) => fact(ui, "Says", words),
        None => {}
    }
    for (index, line) in reply.bytes.chunks(8).take(64).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        fact(ui, &format!("{:04x}", index * 8), &hex.join(" "));
    }
    if reply.bytes.len() > 512 {
        let words = format!("and {} bytes more", reply.bytes.len() - 512);
        sentence(ui, &words, theme.dim);
    }
}

/// A row with a label; the place for its control.
fn labelled(ui: &mut Ui, label: &str) -> Rect {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, window::PROPERTY_ROW);
    controls::clipped(ui, rect.left_center(), 60.0, label, Type::Body, theme.text);
    Rect::from_min_max(
        pos2(rect.left() + 64.0, rect.center().y - 11.0),
        pos2(rect.right(), rect.center().y + 11.0),
    )
}

/// A list to choose from; what was chosen anew.
fn choice_ui(ui: &mut Ui, name: &str, words: &[&str], now: usize) -> Option<usize> {
    let slot = labelled(ui, name);
    let shown = words.get(now).copied().unwrap_or("none");
    probe::note(ui.ctx(), "choice", name, shown, slot);
    let theme = Theme::of(ui.ctx());
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(slot));
    child.visuals_mut().widgets.inactive.weak_bg_fill = theme.field;
    let mut chosen = None;
    child.name_inputs(name, |ui| {
        ComboBox::from_id_salt(("raw", name))
            .selected_text(egui::RichText::new(shown).text_style(Type::Value.style()))
            .width(slot.width())
            .truncate()
            .icon(|ui, rect, visuals, _| {
                let square = Rect::from_center_size(rect.center(), Vec2::splat(12.0));
                Icon::Down.paint(ui.painter(), square, visuals.text_color());
            })
            .show_ui(ui, |ui| {
                for (index, word) in words.iter().enumerate() {
                    if ui.selectable_label(index == now, *word).clicked() && index != now {
                        chosen = Some(index);
                    }
                }
            });
    });
    chosen
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(bytes("00 ff1"), None);
        assert_eq!(bytes("00 fF 1a"), Some(vec![0, 255, 26]));
        assert_eq!(bytes("  "), Some(vec![]));
        assert_eq!(bytes("0x"), None);
    }
}
