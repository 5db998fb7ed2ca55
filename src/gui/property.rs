//! One property of one filter between a hand and an [`Action`]: figures with units, typed text, sliders, gestures.
//!
//! The inspector and the boxes on the canvas both use it, so that a value reads the same wherever it stands.

use egui::{Align2, Id, Rect, Ui};

use super::controls::{self, Slid};
use super::drop_down::DropDown;
use super::screen::Command;
use super::theme::{Theme, Type};
use crate::app::Action;
use crate::graph::{FilterId, FilterNode};
use crate::ks::{Domain, Property, Unit, Value};

/// A property of a filter as it stands.
pub(super) struct Edit<'a> {
    pub(super) filter: FilterId,
    pub(super) property: &'a Property,
    pub(super) value: Value,
    /// Whether it differs from the default.
    pub(super) is_changed: bool,
}

impl<'a> Edit<'a> {
    pub(super) fn of(filter: FilterId, node: &FilterNode, property: &'a Property) -> Self {
        let stored = node.values.get(property.key);
        let value = stored
            .and_then(|value| property.legal(value))
            .unwrap_or_else(|| property.default_value());
        Self {
            filter,
            property,
            is_changed: value != property.default_value(),
            value,
        }
    }

    /// The action that sets it.
    pub(super) fn set(&self, value: Value) -> Command {
        Command::Do(Action::SetProperty {
            filter: self.filter,
            key: self.property.key.to_owned(),
            value: Some(value),
        })
    }

    /// The value as people read it, figure and unit.
    pub(super) fn words(&self) -> String {
        shown(self.property, &self.value)
    }

    /// A slider for a number, in `rect`.
    pub(super) fn slider_ui(&self, ui: &mut Ui, id: Id, rect: Rect, commands: &mut Vec<Command>) {
        let number = self.value.number().unwrap_or(0.0);
        let default = self.property.default_value().number();
        let notch = default.map(|default| share_of(self.property, default));
        let (slid, response) = controls::slider(
            ui,
            id,
            rect,
            share_of(self.property, number),
            notch,
            self.property.title,
            &self.words(),
        );
        let value = |share| Value::Number(number_at(self.property, share));
        match slid {
            Slid::Not => {}
            Slid::Begun(share) => {
                commands.push(Command::Do(Action::BeginGesture(
                    self.property.title.into(),
                )));
                commands.push(self.set(value(share)));
            }
            Slid::Moved(share) | Slid::Stepped(share) => commands.push(self.set(value(share))),
            Slid::Ended => commands.push(Command::Do(Action::EndGesture)),
        }
        if response.double_clicked() {
            commands.push(Command::Do(Action::SetProperty {
                filter: self.filter,
                key: self.property.key.to_owned(),
                value: None,
            }));
        }
    }

    /// The words of a choice beside each other, in `rect`.
    pub(super) fn segments_ui(
        &self,
        ui: &mut Ui,
        id: Id,
        rect: Rect,
        zoom: f32,
        commands: &mut Vec<Command>,
    ) {
        let Domain::Choice(words) = self.property.domain else {
            return;
        };
        let chosen = self.property.slot_value(&self.value) as usize;
        let clicked = controls::segments(ui, id, rect, words, chosen, self.property.title, zoom);
        if let Some(word) = clicked.and_then(|index| words.get(index)) {
            commands.push(self.set(Value::Text((*word).to_owned())));
        }
    }

    /// The chosen word, and the others when it is clicked: for more words than stand beside each other.
    pub(super) fn menu_ui(
        &self,
        ui: &mut Ui,
        id: Id,
        rect: Rect,
        zoom: f32,
        commands: &mut Vec<Command>,
    ) {
        let Domain::Choice(words) = self.property.domain else {
            return;
        };
        let rows: Vec<String> = words.iter().map(|it| controls::title_case(it)).collect();
        let list = DropDown {
            name: self.property.title,
            shown: &self.words(),
            rows: &rows,
            chosen: Some(self.property.slot_value(&self.value) as usize),
            zoom,
        };
        if let Some(word) = list.ui(ui, id, rect).and_then(|index| words.get(index)) {
            commands.push(self.set(Value::Text((*word).to_owned())));
        }
    }

    /// A box with a tick, in `rect`.
    pub(super) fn flag_ui(&self, ui: &mut Ui, id: Id, rect: Rect, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let is_on = self.value == Value::Flag(true);
        let response = ui.interact(rect, id, egui::Sense::click());
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, self.property.title)
        });
        super::probe::note(ui.ctx(), "choice", self.property.title, "", rect);
        let side = rect.height().min(16.0);
        let box_rect = Rect::from_min_size(
            egui::pos2(rect.left(), rect.center().y - side / 2.0),
            egui::Vec2::splat(side),
        );
        let (fill, edge) = if is_on {
            (theme.accent, theme.accent)
        } else {
            (theme.field, theme.line_strong)
        };
        controls::plate(ui, box_rect, fill, edge);
        if is_on {
            super::icons::Icon::Check.paint(ui.painter(), box_rect.shrink(2.0), theme.accent_ink);
        }
        let mut font = Type::Value.font();
        font.size *= side / 16.0;
        let at = egui::pos2(box_rect.right() + side / 2.0, rect.center().y);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, self.words(), font, theme.text);
        controls::focus_ring(ui, &response);
        if response.clicked() {
            commands.push(self.set(Value::Flag(!is_on)));
        }
    }
}

/// Where on its slider a number stands.
pub(super) fn share_of(property: &Property, number: f64) -> f64 {
    property.share(number)
}

/// The number at a place of the slider, rounded to what a hand can mean.
pub(super) fn number_at(property: &Property, share: f64) -> f64 {
    let Domain::Number { min, max, .. } = property.domain else {
        return 0.0;
    };
    let number = property.at_share(share);
    let grain = 10.0_f64.powi(decimals(property, number) as i32);
    ((number * grain).round() / grain).clamp(min, max)
}

/// Digits behind the point that a figure of this size is shown with.
fn decimals(property: &Property, number: f64) -> usize {
    let Domain::Number { min, max, step, .. } = property.domain else {
        return 0;
    };
    if step >= 1.0 {
        return 0;
    }
    match property.unit {
        Unit::Decibel | Unit::Lufs | Unit::BeatsPerMinute => 1,
        Unit::Pan => 2,
        Unit::Millisecond | Unit::Hertz | Unit::Percent if number.abs() >= 100.0 => 0,
        Unit::Millisecond | Unit::Hertz | Unit::Percent => 1,
        Unit::Sample => 0,
        Unit::Semitone => 2,

        Unit::Second => 2,

        Unit::None if max - min >= 100.0 => 1,
        Unit::None => 2,
    }
}

/// A value as people read it, figure and unit.
pub(super) fn shown(property: &Property, value: &Value) -> String {
    match value {
        Value::Number(number) => {
            let (figure, unit) = figure(property, *number);
            if unit.is_empty() {
                figure
            } else {
                format!("{figure}\u{a0}{unit}")
            }
        }
        Value::Flag(true) => "on".into(),
        Value::Flag(false) => "off".into(),
        Value::Text(text) => match property.domain {
            Domain::Choice(_) => controls::title_case(text),
            _ if text.is_empty() => property.empty.into(),
            _ => text.clone(),
        },
    }
}

/// A number as people read it, and the unit behind it.
pub(super) fn figure(property: &Property, number: f64) -> (String, &'static str) {
    if property.unit == Unit::Pan {
        let share = (number.abs() * 100.0).round();
        let words = match number {
            _ if share == 0.0 => "centre".to_owned(),
            number if number < 0.0 => format!("L {share}"),
            _ => format!("R {share}"),
        };
        return (words, "");
    }
    let mut text = format!("{:.*}", decimals(property, number), number);
    if text.trim_matches(['-', '0', '.']).is_empty() {
        text = text.trim_start_matches('-').to_owned();
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", text.as_str()),
    };
    let (whole, rest) = digits.split_once('.').map_or((digits, ""), |(a, b)| (a, b));
    let whole = whole
        .parse()
        .map_or_else(|_| whole.to_owned(), crate::ks::grouped);
    let point = if rest.is_empty() { "" } else { "." };
    (
        format!("{sign}{whole}{point}{rest}"),
        property.unit.symbol(),
    )
}

/// What was typed, as a value: units, thousands, commas and the real minus are understood.
pub(super) fn parse(property: &Property, typed: &str) -> Option<Value> {
    let typed = typed.trim();
    let value = match property.domain {
        Domain::Number { .. } => Value::Number(parse_number(property, typed)?),
        _ => Value::Text(typed.to_owned()),
    };
    property.legal(&value)
}

fn parse_number(property: &Property, typed: &str) -> Option<f64> {
    let text: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{a0}')
        .map(|c| match c {
            '\u{2212}' | '\u{2013}' => '-',
            ',' => '.',
            c => c,
        })
        .collect();
    if property.unit == Unit::Pan {
        let lower = text.to_lowercase();
        if "centre".starts_with(&lower) || "center".starts_with(&lower) {
            return Some(0.0);
        }
        for (side, sign) in [("l", -0.01), ("r", 0.01)] {
            if let Some(share) = lower.strip_prefix(side) {
                return share.parse::<f64>().ok().map(|share| share * sign);
            }
        }
    }
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || ".-+".contains(c)))
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let scale = match (property.unit, text[end..].to_lowercase().as_str()) {
        (Unit::Hertz, "k" | "khz") | (Unit::Millisecond, "s") => 1000.0,
        (Unit::Second, "ms") => 0.001,
        (_, "") => 1.0,
        (unit, suffix) if suffix.eq_ignore_ascii_case(unit.symbol()) => 1.0,
        _ => return None,
    };
    Some(number * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Property = Property::db("level", "Level", -60.0, 24.0, 0.0);
    const RATE: Property = Property::number("rate", "Rate", 20.0, 20_000.0, 440.0)
        .unit(Unit::Hertz)
        .logarithmic();
    const PAN: Property = Property::number("pan", "Pan", -1.0, 1.0, 0.0).unit(Unit::Pan);
    const VOICES: Property = Property::count("voices", "Voices", 1, 16, 8);

    #[test]
    fn figures_read_back_as_what_they_show() {
        for (property, number) in [
            (&LEVEL, -12.5),
            (&LEVEL, 0.0),
            (&RATE, 12_345.0),
            (&RATE, 27.5),
            (&PAN, -0.3),
            (&PAN, 0.0),
            (&VOICES, 3.0),
        ] {
            let (figure, unit) = figure(property, number);
            let read = parse(property, &format!("{figure} {unit}"));
            let read = read.and_then(|value| value.number()).unwrap();
            assert!((read - number).abs() < 1e-9, "{figure} {unit} -> {read}");
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        let number = |property, typed| parse(property, typed).and_then(|value| value.number());
        assert_eq!(number(&LEVEL, "-6"), Some(-6.0));
        assert_eq!(number(&LEVEL, "\u{2212}6,5 dB"), Some(-6.5));
        assert_eq!(number(&LEVEL, "99"), Some(24.0), "clamped");
        assert_eq!(number(&RATE, "1.5k"), Some(1500.0));
        assert_eq!(number(&RATE, "12\u{a0}000 Hz"), Some(12_000.0));
        assert_eq!(number(&RATE, "3 dB"), None);
        assert_eq!(number(&LEVEL, "loud"), None);
        assert_eq!(number(&LEVEL, ""), None);
    }

    #[test]
    fn a_slider_reaches_both_ends_and_comes_back() {
        for property in [&LEVEL, &RATE, &PAN] {
            let Domain::Number { min, max, .. } = property.domain else {
                panic!("numbers only");
            };
            assert_eq!(number_at(property, 0.0), min);
            assert_eq!(number_at(property, 1.0), max);
            let middle = number_at(property, 0.37);
            assert!((share_of(property, middle) - 0.37).abs() < 0.01);
        }
    }
}
