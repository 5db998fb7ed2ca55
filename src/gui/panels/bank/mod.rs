//! The living bank: the inspector's page of a synthesizer's bank. Instruments with a tick for each voice that sounds,
//! the regions of one on a map of keys and velocities, the envelopes, wave and connections of one region, the voices, and
//! what was downloaded. Whatever is pressed is heard until it is let go of.
//!
//! What a frame costs does not grow with the bank: lists draw the rows that are seen, the map is made once for an
//! instrument, a search runs when its words change.

mod coming;
mod curves;
mod list;
mod map;
mod voices;
mod waves;

use egui::{Align2, Key, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page::{fact, heading, row, section_rule, sentence};
use crate::app::{Action, Audition, Selection, View, connection_words, midi_names};
use crate::graph::{FilterNode, FilterPath};
use crate::gui::controls::{self, Face};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};
use crate::ks::{
    BankSheet, ConnectionSheet, InstrumentSheet, RegionSheet, Status, Traffic, VoiceSeen, grouped,
};
pub(in crate::gui) use coming::bar_ui;
use coming::coming_ui;
use list::Found;
use map::Map;
use voices::Taken;

/// How hard a row is struck.
const VELOCITY: u8 = 90;
/// Connections that are listed; a file may claim thousands.
const MOST_CONNECTIONS: usize = 40;
/// Calls and remarks that are listed.
const MOST_LINES: usize = 12;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Bank {
    of: Option<FilterPath>,
    /// Which of the banks of that synthesizer it was.
    serial: u8,
    needle: String,
    found: Found,
    /// Places of the instrument in the bank, and of the region in it.
    instrument: usize,
    region: usize,
    map: Map,
    seen: Vec<VoiceSeen>,
    taken: Taken,
    /// What is held, as it was asked for.
    sound: Option<Audition>,
    /// It was drawn since it was looked whether it is.
    is_drawn: bool,
    /// The bank of one that is not open was asked for.
    is_asked: bool,
}

/// Whether a filter has such a page.
pub(super) fn is_for(key: &str) -> bool {
    key == "dls_synth"
}

/// What stands under the name of a synthesizer: its bank, and how much is in it.
pub(super) fn second_line(
    view: &View<'_>,
    path: &FilterPath,
    filter: &FilterNode,
) -> Option<String> {
    let (serial, sheet) = view.bank(path)?.sheet();
    let name = bank_name(filter);
    Some(match serial {
        0 => name,
        _ => format!(
            "{name} \u{b7} {}, {}",
            counted(sheet.instruments.len(), "instrument"),
            counted(sheet.regions, "region")
        ),
    })
}

/// The name of the file that was chosen.
pub(in crate::gui) fn bank_name(filter: &FilterNode) -> String {
    let path = filter.values.get("bank").map(|it| it.text().to_owned());
    let path = path.filter(|it| !it.is_empty());
    path.map_or_else(
        || "General MIDI".to_owned(),
        |path| {
            let name = path.rsplit(['/', '\\']).next();
            name.unwrap_or(&path).to_owned()
        },
    )
}

fn counted(count: usize, what: &str) -> String {
    let figure = grouped(u32::try_from(count).unwrap_or(u32::MAX));
    match count {
        1 => format!("1 {what}"),
        _ => format!("{figure} {what}s"),
    }
}

impl Bank {
    /// Lets go of what is held when the page is not there any more. Once a frame, before anything is drawn.
    pub(super) fn watch(&mut self, commands: &mut Vec<Command>) {
        if std::mem::take(&mut self.is_drawn) {
            return;
        }
        self.strike(None, commands);
        if std::mem::take(&mut self.is_asked) {
            commands.push(Command::Do(Action::LookAtBank(None)));
        }
    }

    fn strike(&mut self, sound: Option<Audition>, commands: &mut Vec<Command>) {
        if self.sound == sound {
            return;
        }
        self.sound = sound;
        if let Some(filter) = self.of.clone() {
            commands.push(Command::Do(Action::Audition { filter, sound }));
        }
    }

    /// Draws the page.
    pub(super) fn page_ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        path: &FilterPath,
        filter: &FilterNode,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        if self.of.as_ref() != Some(path) {
            self.strike(None, commands);
            if self.is_asked {
                commands.push(Command::Do(Action::LookAtBank(None)));
            }
            *self = Self {
                of: Some(path.clone()),
                ..Self::default()
            };
        }
        self.is_drawn = true;
        let Some(desk) = view.bank(path) else {
            sentence(ui, "Its bank is being looked for.", theme.dim);
            commands.push(Command::Do(Action::LookAtBank(Some(path.clone()))));
            self.is_asked = true;
            return;
        };
        let (serial, sheet) = desk.sheet();
        if serial != self.serial {
            self.strike(None, commands);
            (self.serial, self.instrument, self.region) = (serial, 0, 0);
        }
        coming_ui(ui, desk, path, filter, commands);
        desk.voices().look(&mut self.seen);
        let mut struck = None;
        if serial != 0 {
            self.find_ui(ui, &sheet);
            self.hint_ui(ui, view, path, commands);
            struck = self.instruments_ui(ui, &sheet);
            let instrument = sheet.instruments.get(self.instrument);
            if let Some(instrument) = instrument {
                struck = struck.or(self.instrument_ui(ui, &sheet, instrument));
            }
            ui.add_space(4.0);
            section_rule(ui);
        }
        let most = polyphony(filter);
        self.taken.ui(ui, desk.voices(), &self.seen, most);
        let memory = view.memory(path);
        traffic_ui(ui, &memory.map(|it| it.traffic()).unwrap_or_default());
        remarks_ui(ui, &sheet);
        let is_there = ui.input(|i| i.focused);
        self.strike(struck.filter(|_| is_there), commands);
    }

    /// The field in which instruments are looked for.
    fn find_ui(&mut self, ui: &mut Ui, sheet: &BankSheet) {
        let rect = row(ui, 36.0);
        let field = Rect::from_center_size(rect.center(), vec2(rect.width(), 26.0));
        let id = egui::Id::unique("find an instrument");
        let (hint, name) = ("Find an instrument", "Find an instrument");
        controls::search(ui, id, field, &mut self.needle, hint, "", name);
        self.found.look(sheet, self.serial, &self.needle);
    }

    /// What can be done here, or why nothing would be heard.
    fn hint_ui(
        &self,
        ui: &mut Ui,
        view: &View<'_>,
        path: &FilterPath,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let rect = row(ui, 26.0);
        let Some((why, cure)) = view.why_silent(path) else {
            let words = "Press a row, a region or a key to hear it.";
            let at = rect.left_center();
            controls::clipped(ui, at, rect.width(), words, Type::Small, theme.dim);
            return;
        };
        let mut room = rect.width();
        if let Some(cure) = cure {
            let wide = controls::width(ui, &cure.words, Type::Value) + 20.0;
            let place = Rect::from_center_size(
                pos2(rect.right() - wide / 2.0, rect.center().y),
                vec2(wide, 22.0),
            );
            if controls::button_at(ui, place, &cure.words, Face::Primary, true).clicked() {
                commands.push(Command::Do(cure.action));
                // What it brings is selected then: the page stays with the synthesizer.
                commands.push(Command::Do(Action::Select(Selection {
                    filters: path.0.last().copied().into_iter().collect(),
                    ..Selection::default()
                })));
            }
            room -= wide + 8.0;
        }
        let at = rect.left_center();
        controls::clipped(ui, at, room, &why, Type::Small, theme.text);
        let spoken = ui.interact(rect, ui.scope_id().with("why silent"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &why));
        spoken.on_hover_text(why);
    }

    /// The list of instruments; what of it is pressed.
    fn instruments_ui(&mut self, ui: &mut Ui, sheet: &BankSheet) -> Option<Audition> {
        if self.found.places().is_empty() {
            let theme = Theme::of(ui.ctx());
            let words = format!("No instrument is called \u{201c}{}\u{201d}.", self.needle);
            sentence(ui, &words, theme.dim);
            return None;
        }
        let mut struck = None;
        let (serial, seen) = (self.serial, &self.seen);
        let shown = list::Shown {
            sheet,
            chosen: self.instrument,
            sounding: &|place: usize| {
                let is_it =
                    |it: &&VoiceSeen| it.serial == serial && usize::from(it.instrument) == place;
                seen.iter().filter(is_it).count()
            },
        };
        let picked = list::instruments_ui(ui, self.found.places(), &shown, |place| {
            struck = Some(place);
        });
        if let Some(place) = picked.or(struck)
            && place != self.instrument
        {
            (self.instrument, self.region) = (place, 0);
        }
        let instrument = sheet.instruments.get(struck?)?;
        Some(Audition {
            instrument: struck?,
            region: None,
            key: middle_key(instrument),
            velocity: VELOCITY,
        })
    }

    /// All of an instrument; what of it is pressed.
    fn instrument_ui(
        &mut self,
        ui: &mut Ui,
        sheet: &BankSheet,
        it: &InstrumentSheet,
    ) -> Option<Audition> {
        let theme = Theme::of(ui.ctx());
        let name = instrument_name(it);
        heading(ui, &format!("Regions of {name}"), "key across, velocity up");
        if it.regions.is_empty() {
            sentence(ui, "It has none, and is silent.", theme.dim);
            return None;
        }
        let sounding = self.seen.iter().filter(|voice| {
            voice.serial == self.serial && usize::from(voice.instrument) == self.instrument
        });
        let sounding: Vec<VoiceSeen> = sounding.copied().collect();
        let of = (self.serial, self.instrument);
        let pressed = self.map.ui(ui, of, it, self.region, &sounding);
        if let Some(region) = pressed.and_then(|it| it.region) {
            self.region = region;
        }
        let mut struck = pressed.map(|pressed| Audition {
            instrument: self.instrument,
            region: pressed.region,
            key: pressed.key,
            velocity: pressed.velocity,
        });
        let (chosen, pressed) = list::regions_ui(ui, sheet, it, self.region, &sounding);
        self.region = chosen.min(it.regions.len() - 1);
        let region = &it.regions[self.region];
        if pressed {
            struck = Some(Audition {
                instrument: self.instrument,
                region: Some(self.region),
                key: inside(region, 60),
                velocity: VELOCITY.clamp(
                    *region.velocities.start(),
                    (*region.velocities.end()).max(*region.velocities.start()),
                ),
            });
        }
        let place = self.region;
        let voices = sounding.iter();
        let own: Vec<&VoiceSeen> = voices
            .filter(|it| usize::from(it.region) == place)
            .collect();
        region_ui(ui, sheet, it, region, &own);
        struck
    }
}

/// One region: envelopes, figures, wave, connections.
fn region_ui(
    ui: &mut Ui,
    sheet: &BankSheet,
    of: &InstrumentSheet,
    it: &RegionSheet,
    voices: &[&VoiceSeen],
) {
    heading(
        ui,
        &format!("Region {}", keys_words(it)),
        &velocity_words(it),
    );
    curves::envelopes_ui(ui, it, voices);
    ui.add_space(4.0);
    for (label, words) in curves::figures(it) {
        fact(ui, label, &words);
    }
    let root = format!(
        "{}, {} cents",
        midi_names::note(it.unity),
        it.fine.to_string().replace('-', "\u{2212}")
    );
    fact(ui, "Root, fine tune", &root);
    if it.group != 0 {
        fact(ui, "Cuts others of group", &it.group.to_string());
    }
    waves::wave_ui(ui, sheet, it);
    connections_ui(ui, "Articulation of this region", &it.connections);
    connections_ui(ui, "Articulation of all its regions", &of.connections);
}

/// What a list of connections does.
fn connections_ui(ui: &mut Ui, words: &str, all: &[ConnectionSheet]) {
    if all.is_empty() {
        return;
    }
    heading(ui, words, &counted(all.len(), "connection"));
    for connection in all.iter().take(MOST_CONNECTIONS) {
        let (what, how_far) = connection_words(connection);
        fact(ui, &what, &how_far);
    }
    if all.len() > MOST_CONNECTIONS {
        let theme = Theme::of(ui.ctx());
        let words = format!("and {} more", all.len() - MOST_CONNECTIONS);
        sentence(ui, &words, theme.dim);
    }
}

/// What was downloaded, call by call.
fn traffic_ui(ui: &mut Ui, traffic: &[Traffic]) {
    if traffic.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    ui.add_space(4.0);
    section_rule(ui);
    heading(ui, "Download", &counted(traffic.len(), "call"));
    for it in traffic.iter().rev().take(MOST_LINES) {
        let rect = row(ui, 21.0);
        let status = it.status.name();
        let ink = match it.status {
            Status::Success => theme.dim,
            _ => theme.warn,
        };
        let right = rect.right_center();
        let covered = controls::text(ui, right, Align2::RIGHT_CENTER, status, Type::Small, ink);
        let words = format!("{} {}", it.item, it.words);
        let room = covered.left() - rect.left() - 8.0;
        controls::clipped(ui, rect.left_center(), room, &words, Type::Body, theme.text);
        probe::note(ui.ctx(), "fact", &words, status, rect);
        let id = ui.next_auto_id();
        ui.skip_ahead_auto_ids(1);
        let spoken = ui.interact(rect, id, Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{words}: {status}")));
    }
}

/// What was odd about the file.
fn remarks_ui(ui: &mut Ui, sheet: &BankSheet) {
    if sheet.remarks.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    ui.add_space(4.0);
    section_rule(ui);
    heading(ui, "Passed over or put right", "");
    for line in sheet.remarks.iter().take(MOST_LINES) {
        sentence(ui, line, theme.dim);
    }
}

/// Whether something is pressed, by the pointer or by Enter.
fn is_pressed(ui: &Ui, response: &Response) -> bool {
    let by_key = response.has_focus() && ui.input(|i| i.key_down(Key::Enter));
    response.is_pointer_button_down_on() || by_key
}

fn polyphony(filter: &FilterNode) -> usize {
    let set = filter.values.get("polyphony").and_then(|it| it.number());
    set.map_or(256, |it| it as usize)
}

/// What an instrument is called; nameless ones by what their number means.
fn instrument_name(it: &InstrumentSheet) -> &str {
    match (it.name.as_str(), it.is_drum) {
        ("", true) => "drums without a name",
        ("", false) => midi_names::program(it.program),
        (name, _) => name,
    }
}

/// A key at which an instrument can be heard: middle C where it has it.
fn middle_key(it: &InstrumentSheet) -> u8 {
    let has = |key: u8| it.regions.iter().any(|it| it.keys.contains(&key));
    let nearest = it.regions.first().map_or(60, |it| inside(it, 60));
    match it.is_drum {
        // The snare.
        true if has(38) => 38,
        _ if has(60) => 60,
        _ => nearest,
    }
}

/// That key, or the next one that a region has.
fn inside(it: &RegionSheet, key: u8) -> u8 {
    let (low, high) = (*it.keys.start(), *it.keys.end());
    key.clamp(low, high.max(low)).min(127)
}

/// `A#3 to E4`.
fn keys_words(it: &RegionSheet) -> String {
    let (low, high) = (*it.keys.start(), *it.keys.end());
    match low == high {
        true => midi_names::note(low),
        false => format!("{} to {}", midi_names::note(low), midi_names::note(high)),
    }
}

fn velocity_words(it: &RegionSheet) -> String {
    match (*it.velocities.start(), *it.velocities.end()) {
        (0 | 1, 127) => "every velocity".to_owned(),
        (low, high) => format!("velocity {low} to {high}"),
    }
}
