//! Instruments and regions as lists: only rows that are seen are drawn.

use egui::{
    Align2, CornerRadius, Rect, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::{instrument_name, is_pressed, keys_words, velocity_words};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, radius, space, window};
use crate::ks::{BankSheet, InstrumentSheet, RegionSheet, VoiceSeen};

/// Rows of instruments, and of regions, that are seen at a time.
const INSTRUMENTS: usize = 7;
const REGIONS: usize = 4;
/// Height of a region's row.
const LOW: f32 = 20.0;
/// Where names begin.
const PATCH: f32 = 44.0;
/// Voices that are told apart at a row.
const TICKS: usize = 10;

/// What was found of a name.
#[derive(Default)]
pub(super) struct Found {
    places: Vec<usize>,
    /// The bank and the words it was looked for with.
    of: Option<(u8, String)>,
}

impl Found {
    /// Places of the instruments.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// Looks anew where the bank or the words are others.
    pub(super) fn look(&mut self, sheet: &BankSheet, serial: u8, needle: &str) {
        let is_same = |(of, words): &(u8, String)| *of == serial && words == needle;
        if self.of.as_ref().is_some_and(is_same) {
            return;
        }
        self.of = Some((serial, needle.to_owned()));
        let words: Vec<String> = needle.split_whitespace().map(str::to_lowercase).collect();
        let fits = |it: &InstrumentSheet| {
            let name = instrument_name(it).to_lowercase();
            let patch = it.patch().to_lowercase();
            words
                .iter()
                .all(|word| name.contains(word) || patch.starts_with(word))
        };
        let all = sheet.instruments.iter().enumerate();
        let found = all.filter(|(_, it)| fits(it));
        self.places = found.map(|(place, _)| place).collect();
    }
}

/// What the rows of instruments show.
pub(super) struct Shown<'a> {
    pub(super) sheet: &'a BankSheet,
    pub(super) chosen: usize,
    /// How many voices an instrument has.
    pub(super) sounding: &'a dyn Fn(usize) -> usize,
}

/// The instruments at those places; `pressed` hears which is held down, and what was clicked is given back.
pub(super) fn instruments_ui(
    ui: &mut Ui,
    places: &[usize],
    shown: &Shown<'_>,
    mut pressed: impl FnMut(usize),
) -> Option<usize> {
    let mut clicked = None;
    let high = window::ROW * INSTRUMENTS.min(places.len()) as f32;
    rows_ui(
        ui,
        "instruments",
        window::ROW,
        high,
        places.len(),
        |ui, index| {
            let place = places[index];
            let Some(it) = shown.sheet.instruments.get(place) else {
                return;
            };
            let count = (shown.sounding)(place);
            let response = instrument_ui(ui, it, place == shown.chosen, count);
            if is_pressed(ui, &response) {
                pressed(place);
            }
            if response.clicked() {
                clicked = Some(place);
            }
        },
    );
    clicked
}

/// A list of rows that rolls.
fn rows_ui(
    ui: &mut Ui,
    salt: &str,
    row: f32,
    high: f32,
    count: usize,
    mut each: impl FnMut(&mut Ui, usize),
) {
    ScrollArea::vertical()
        .id_salt(("bank", salt))
        .max_height(high)
        .min_scrolled_height(high)
        .auto_shrink([false, true])
        .show_rows(ui, row, count, |ui, seen| {
            for index in seen {
                each(ui, index);
            }
        });
}

/// The ground of a row, by whether it is chosen or under the pointer.
fn ground_ui(ui: &Ui, rect: Rect, response: &Response, is_chosen: bool) {
    let theme = Theme::of(ui.ctx());
    let fill = match (is_chosen, response.hovered()) {
        (true, _) => theme.sel,
        (false, true) => theme.title,
        (false, false) => return,
    };
    ui.painter().rect_filled(rect, 0.0, fill);
    if is_chosen {
        let edge = Rect::from_min_size(rect.min + vec2(0.0, 3.0), vec2(2.0, rect.height() - 6.0));
        let round = CornerRadius::same(radius::BAR);
        ui.painter().rect_filled(edge, round, theme.accent);
    }
}

fn instrument_ui(ui: &mut Ui, it: &InstrumentSheet, is_chosen: bool, sounding: usize) -> Response {
    let theme = Theme::of(ui.ctx());
    let size = vec2(ui.available_width(), window::ROW);
    let (whole, response) = ui.allocate_exact_size(size, Sense::click());
    let (patch, name) = (it.patch(), instrument_name(it));
    let voices = match sounding {
        0 => String::new(),
        1 => ", 1 voice".to_owned(),
        count => format!(", {count} voices"),
    };
    response.widget_info(|| {
        let words = format!("Instrument {patch} {name}{voices}");
        WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, words)
    });
    probe::note(ui.ctx(), "instrument", name, &voices, whole);
    ground_ui(ui, whole, &response, is_chosen);
    let rect = whole.shrink2(vec2(space::PANEL, 0.0));
    let at = rect.left_center();
    controls::clipped(ui, at, PATCH - 6.0, &patch, Type::Small, theme.dim);
    let ticks = sounding.min(TICKS);
    for index in 0..ticks {
        let x = rect.right() - 3.0 - 5.0 * index as f32;
        let tick = Rect::from_center_size(pos2(x, rect.center().y), vec2(3.0, 9.0));
        let round = CornerRadius::same(radius::BAR);
        ui.painter().rect_filled(tick, round, theme.audio);
    }
    let (role, ink) = match (is_chosen, sounding) {
        (true, _) | (_, 1..) => (Type::Value, theme.strong),
        _ => (Type::Body, theme.text),
    };
    let at = pos2(rect.left() + PATCH, rect.center().y);
    let room = rect.width() - PATCH - 5.0 * ticks as f32 - 6.0;
    controls::clipped(ui, at, room, name, role, ink);
    controls::focus_ring(ui, &response);
    response
}

/// The regions of an instrument: the one that is chosen now, and whether it is held down.
pub(super) fn regions_ui(
    ui: &mut Ui,
    sheet: &BankSheet,
    it: &InstrumentSheet,
    chosen: usize,
    sounding: &[VoiceSeen],
) -> (usize, bool) {
    let (mut now, mut is_held) = (chosen, false);
    let count = it.regions.len();
    let high = LOW * REGIONS.min(count) as f32;
    rows_ui(ui, "regions", LOW, high, count, |ui, place| {
        let region = &it.regions[place];
        let voices = sounding.iter();
        let voices = voices.filter(|it| usize::from(it.region) == place).count();
        let response = region_ui(ui, sheet, region, place, place == chosen, voices);
        if is_pressed(ui, &response) {
            (now, is_held) = (place, true);
        }
        if response.clicked() {
            now = place;
        }
    });
    (now, is_held)
}

fn region_ui(
    ui: &mut Ui,
    sheet: &BankSheet,
    it: &RegionSheet,
    place: usize,
    is_chosen: bool,
    voices: usize,
) -> Response {
    let theme = Theme::of(ui.ctx());
    let size = vec2(ui.available_width(), LOW);
    let (whole, response) = ui.allocate_exact_size(size, Sense::click());
    let (keys, velocities) = (keys_words(it), velocity_words(it));
    let wave = it.wave.and_then(|it| sheet.waves.get(it as usize));
    let wave = match wave {
        None => "no wave".to_owned(),
        Some(wave) if wave.name.is_empty() => format!("wave {}", it.wave.unwrap_or(0)),
        Some(wave) => wave.name.clone(),
    };
    response.widget_info(|| {
        let words = format!("Region {}: {keys}, {velocities}, {wave}", place + 1);
        WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, words)
    });
    probe::note(ui.ctx(), "region", &keys, &velocities, whole);
    ground_ui(ui, whole, &response, is_chosen);
    let rect = whole.shrink2(vec2(space::PANEL, 0.0));
    let ink = match (voices, is_chosen) {
        (1.., _) => theme.audio,
        (0, true) => theme.strong,
        (0, false) => theme.text,
    };
    let at = rect.left_center();
    controls::clipped(ui, at, 92.0, &keys, Type::Canvas, ink);
    let low = (*it.velocities.start(), *it.velocities.end());
    let band = format!("{} \u{2013} {}", low.0, low.1);
    let at = pos2(rect.left() + 150.0, rect.center().y);
    controls::text(ui, at, Align2::RIGHT_CENTER, band, Type::Small, theme.dim);
    let at = pos2(rect.left() + 160.0, rect.center().y);
    let room = rect.right() - at.x;
    let ink = if it.wave.is_some() {
        theme.dim
    } else {
        theme.warn
    };
    controls::clipped(ui, at, room, &wave, Type::Small, ink);
    controls::focus_ring(ui, &response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(names: &[&str]) -> BankSheet {
        let all = names.iter().enumerate();
        BankSheet {
            instruments: all
                .map(|(program, name)| InstrumentSheet {
                    program: program as u8,
                    name: (*name).to_owned(),
                    ..InstrumentSheet::default()
                })
                .collect(),
            ..BankSheet::default()
        }
    }

    #[test]
    fn instruments_are_found_by_parts_of_their_names_and_by_their_numbers() {
        let (sheet, mut found) = (
            sheet(&["Grand Piano", "Slow Strings", "", "Grand Organ"]),
            Found::default(),
        );
        let mut look = |serial, needle: &str| {
            found.look(&sheet, serial, needle);
            found.places().to_vec()
        };
        assert_eq!(look(1, ""), [0, 1, 2, 3]);
        assert_eq!(look(1, "grand"), [0, 2, 3], "one by what its number means");
        assert_eq!(look(1, "ORG gran"), [3]);
        assert_eq!(look(1, "0:1"), [1]);
        assert_eq!(look(1, "electric"), [2], "by what its number means");
        assert_eq!(look(1, "tuba"), [0_usize; 0]);
    }
}
