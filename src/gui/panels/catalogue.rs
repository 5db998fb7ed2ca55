//! The catalogue: every filter on offer by category, searched by typing, dragged onto the canvas or double-clicked.

use std::collections::BTreeSet;

use egui::{
    Align2, CornerRadius, Id, Key, Rect, Role, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use crate::app::{Action, Preferences, View};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, PinFill, paint_pin};
use crate::gui::probe;
use crate::gui::screen::{Command, Offer};
use crate::gui::theme::{Theme, Type, window};
use crate::gui::words::{hue, mark};
use crate::ks::ids::Guid;
use crate::ks::{DataFlow, Descriptor, PinFactory, merit};

/// What the catalogue remembers.
#[derive(Default)]
pub(in crate::gui) struct Catalogue {
    search: String,
    folded: BTreeSet<Guid>,
    folds_favourites: bool,
    /// Whether filters that are hidden are listed too.
    shows_hidden: bool,
}

/// Where typing goes.
pub(in crate::gui) fn search_id() -> Id {
    Id::unique("catalogue search")
}

/// How well a filter answers to what was typed: lower is better, `None` is not at all. Knows names, keys, categories,
/// kinds of data with their direction, and a few plain wishes.
pub(in crate::gui) fn rank(descriptor: &Descriptor, typed: &str) -> Option<u32> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return Some(0);
    }
    let title = descriptor.title.to_lowercase();
    if title.starts_with(&typed) {
        return Some(0);
    }
    if title
        .split_whitespace()
        .any(|word| word.starts_with(&typed))
    {
        return Some(1);
    }
    if title.contains(&typed) || descriptor.key.contains(&typed) {
        return Some(2);
    }
    let category = descriptor.category().name().unwrap_or("").to_lowercase();
    let pins = descriptor.pins.iter().map(|pin| {
        let way = match pin.data_flow {
            DataFlow::In => "in",
            DataFlow::Out => "out",
        };
        format!(
            "{} {way}",
            crate::gui::words::kind_word(pin.kind()).to_lowercase()
        )
    });
    let all: Vec<String> = [
        category,
        descriptor.help.to_lowercase(),
        wishes(&descriptor.key).into(),
    ]
    .into_iter()
    .chain(pins)
    .collect();
    if all.iter().any(|words| words.contains(&typed)) {
        return Some(3);
    }
    let every = typed
        .split_whitespace()
        .all(|word| title.contains(word) || all.iter().any(|words| words.contains(word)));
    every.then_some(4)
}

/// The title that what was typed comes nearest to, word by word, when it is near at all; of two as near, the one that has
/// more such words among those people call it by.
pub(super) fn nearest<'a>(
    typed: &str,
    titles: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let distance = |title: &str, wishes: &str| {
        let title = title.to_lowercase();
        let words = title.split_whitespace().chain([title.as_str()]);
        let all = words.chain(wishes.split_whitespace());
        let all: Vec<usize> = all.map(|word| edits(&typed, word)).collect();
        let least = *all.iter().min()?;
        let hits = all.iter().filter(|it| **it == least).count();
        Some((least, std::cmp::Reverse(hits)))
    };
    let all = titles.filter_map(|(title, wishes)| Some((distance(title, wishes)?, title)));
    let ((least, _), title) = all.min_by_key(|(distance, _)| *distance)?;
    (least <= typed.chars().count() / 3).then_some(title)
}

/// What filters are called, and what people call them.
pub(super) fn called<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let all = view.catalogue.iter().map(|filter| filter.descriptor());
    all.map(|it| (it.title.as_ref(), wishes(&it.key)))
}

/// Letters to put in, take out or change to make one word of the other.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (at, wanted) in other.iter().enumerate() {
            let changed = corner + usize::from(letter != *wanted);
            corner = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

/// Plain words people type for a filter.
fn wishes(key: &str) -> &'static str {
    match key {
        "rate_converter" => "resample resampler src samplerate",
        "format_converter" => "bit depth dither integer float",
        "channel_mapper" => "mono stereo surround upmix downmix",
        "gain" => "volume level loudness balance",
        "envelope" => "adsr attack decay sustain release vca swell fade",
        "tone" => "sine oscillator test beep",
        "tone_synth" => "synthesizer instrument notes piano",
        "fm_synth" => "synthesizer instrument general midi gm piano drums organ strings brass opl",
        "dls_synth" => {
            "synthesizer instrument sampler soundfont bank general midi gm piano drums strings"
        }
        "keyboard" => "piano qwerty notes play",
        "on_screen_keyboard" => "piano notes play mouse wheel glissando",
        "metronome" => "click beat tempo bpm tap",

        "midi_file_reader" => "mid smf song karaoke play notes",
        "midi_file_writer" => "mid smf song record save notes",
        "midi_monitor" => "messages log hex notes show",
        "midi_merge" => "join notes mix",
        "mpu401_out" => "uart serial cable bytes midi",
        "midi_sequencer" => "score hold queue notes order",
        "midi_router" => "channel split map notes",
        "midi_transform" => "transpose velocity filter octave semitone range notes",
        "midi_converter" => "raw directmusic records",
        "arpeggiator" => "arpeggio chord tempo notes pattern",

        "lab_device" => "driver minidriver hang stuck slow fault stream class",

        "wave_reader" => "wav file play open sample",
        "wave_writer" => "wav file record save",
        "audio_device_in" => "microphone mic line input record capture",
        "audio_device_out" => "speaker headphones sound card output",
        "midi_device_in" => "controller keys hardware",
        "midi_device_out" => "synthesizer module hardware",
        "meter" => "level peak vu loudness",

        "scope" => "oscilloscope waveform trigger view",
        "spectrum" => "analyzer fft frequency spectrogram",
        "loudness_meter" => "lufs r128 ebu true peak lra",
        "equaliser" => "eq equalizer tone bass treble",
        "delay" => "echo repeat ping-pong",

        "null_renderer" => "nothing sink dummy",
        _ => "",
    }
}

impl Catalogue {
    /// Draws the panel. `fitting` is whether a filter could take the wire in hand.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        look: &Look,
        fitting: Option<&dyn Fn(&Descriptor) -> bool>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let panel = ui.max_rect();
        let Preferences {
            favourites,
            blocked,
            ..
        } = view.preferences;
        let all = view.catalogue.iter().count();
        let is_hidden = |it: &Descriptor| blocked.contains(&*it.key);
        let hidden = view.catalogue.iter();
        let hidden = hidden.filter(|it| is_hidden(it.descriptor())).count();
        let head = pos2(panel.left() + 12.0, panel.top() + 18.0);
        controls::text(
            ui,
            head,
            Align2::LEFT_CENTER,
            "Filters",
            Type::Heading,
            theme.strong,
        );
        let right = pos2(panel.right() - 12.0, panel.top() + 18.0);
        controls::text(
            ui,
            right,
            Align2::RIGHT_CENTER,
            all - hidden,
            Type::Small,
            theme.dim,
        );
        let field = Rect::from_min_size(
            pos2(panel.left() + 12.0, panel.top() + 33.0),
            vec2(panel.width() - 24.0, 24.0),
        );
        let response = controls::search(
            ui,
            search_id(),
            field,
            &mut self.search,
            "Search",
            "Tab",
            "Search filters",
        );
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let list = Rect::from_min_max(pos2(panel.left(), field.bottom() + 6.0), panel.max);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(list));
        let mut best: Option<(u32, String)> = None;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(&mut child, |ui| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                let mut found = false;
                let searching = !self.search.trim().is_empty();
                let hits = |wanted: &dyn Fn(&Descriptor) -> bool| -> Vec<(u32, &Descriptor)> {
                    let mut all: Vec<(u32, &Descriptor)> = view
                        .catalogue
                        .by_category()
                        .into_iter()
                        .flat_map(|(_, descriptors)| descriptors)
                        .filter(|it| wanted(it))
                        .filter_map(|it| rank(it, &self.search).map(|rank| (rank, it)))
                        .collect();
                    all.sort_by(|a, b| a.1.title.cmp(&b.1.title));
                    all
                };
                let is_liked = |it: &Descriptor| favourites.contains(&*it.key);
                let liked = hits(&|it| is_liked(it) && !is_hidden(it));
                let unseen = hits(&is_hidden);
                let mut sections = vec![(Section::Favourites, liked)];
                for (category, descriptors) in view.catalogue.by_category() {
                    let hits = descriptors
                        .into_iter()
                        .filter(|it| !is_liked(it) && !is_hidden(it))
                        .filter_map(|it| rank(it, &self.search).map(|rank| (rank, it)));
                    sections.push((Section::Category(category), hits.collect()));
                }
                for (section, hits) in sections {
                    if hits.is_empty() {
                        continue;
                    }
                    found = true;
                    let open = self.section_ui(ui, section, hits.len(), searching);
                    for (rank, descriptor) in hits {
                        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                            best = Some((rank, descriptor.key.to_string()));
                        }
                        if open {
                            let fits = fitting.is_none_or(|fits| fits(descriptor));
                            row_ui(ui, view, descriptor, look, fits, commands);
                        }
                    }
                }
                if !unseen.is_empty() {
                    let count = unseen.len();
                    let open = self.section_ui(ui, Section::Hidden, count, false);
                    for (_, descriptor) in unseen.into_iter().filter(|_| open) {
                        row_ui(ui, view, descriptor, look, false, commands);
                    }
                }
                if !found {
                    let typed = self.search.trim();
                    let mut words = format!("No filter is called \u{201c}{typed}\u{201d}.");
                    if let Some(title) = nearest(typed, called(view)) {
                        words += &format!(" Did you mean {title}?");
                    }
                    ui.add_space(8.0);
                    ui.horizontal_wrapped(|ui| {
                        ui.add_space(12.0);
                        ui.label(egui::RichText::new(words).color(theme.dim));
                    });
                }
                ui.add_space(8.0);
            });
        if enter && let Some((_, key)) = best.filter(|_| !self.search.trim().is_empty()) {
            commands.push(Command::AddInSight(key));
        }
    }

    fn section_ui(&mut self, ui: &mut Ui, section: Section, count: usize, searching: bool) -> bool {
        let theme = Theme::of(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(
            vec2(ui.available_width(), window::ROW + 2.0),
            Sense::click(),
        );
        let (name, folded) = match section {
            Section::Favourites => ("Favourites".to_owned(), self.folds_favourites),
            Section::Hidden => ("Hidden".to_owned(), !self.shows_hidden),
            Section::Category(category) => (
                category
                    .name()
                    .map_or_else(|| category.to_string(), str::to_owned),
                self.folded.contains(&category),
            ),
        };
        let folded = folded && !searching;
        response
            .widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, !folded, &name));
        probe::note(ui.ctx(), "section", &name, "", rect);
        let icon = if folded { Icon::Right } else { Icon::Down };
        let square = Rect::from_center_size(
            pos2(rect.left() + 15.0, rect.center().y + 1.0),
            Vec2::splat(10.0),
        );
        icon.paint(ui.painter(), square, theme.dim);
        let at = pos2(rect.left() + 24.0, rect.center().y + 1.0);
        controls::text(ui, at, Align2::LEFT_CENTER, &name, Type::Section, theme.dim);
        let at = pos2(rect.right() - 12.0, rect.center().y + 1.0);
        controls::text(ui, at, Align2::RIGHT_CENTER, count, Type::Small, theme.dim);
        controls::focus_ring(ui, &response);
        if response.clicked() {
            match section {
                Section::Favourites => self.folds_favourites = !self.folds_favourites,
                Section::Hidden => self.shows_hidden = !self.shows_hidden,
                Section::Category(category) => {
                    if !self.folded.remove(&category) {
                        self.folded.insert(category);
                    }
                }
            }
        }
        !folded
    }
}

/// A part of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Filters with a star.
    Favourites,
    /// The others of a category.
    Category(Guid),
    /// Filters that are not offered.
    Hidden,
}

/// Puts a filter on a list of the settings, or takes it off.
/// How gladly a kind of filter is taken when graphs are built by themselves: as it says, or otherwise.
fn merits_ui(ui: &mut Ui, view: &View<'_>, descriptor: &Descriptor, commands: &mut Vec<Command>) {
    let key: &str = &descriptor.key;
    let own = view.preferences.merits.get(key).copied();
    let said = format!("As It Says ({})", merit::words(descriptor.merit));
    let all = [
        (None, said.as_str()),
        (Some(merit::PREFERRED), "Before All Others"),
        (Some(merit::NORMAL), "Like Others"),
        (Some(merit::UNLIKELY), "Where Nothing Better Is"),
        (Some(merit::DO_NOT_USE), "Never, Only by Hand"),
    ];
    for (to, words) in all {
        if ui.radio(own == to, words).clicked() {
            let mut preferences = view.preferences.clone();
            match to {
                Some(to) => _ = preferences.merits.insert(key.to_owned(), to),
                None => _ = preferences.merits.remove(key),
            }
            commands.push(Command::Do(Action::SetPreferences(Box::new(preferences))));
            ui.close();
        }
    }
}

fn toggled(
    view: &View<'_>,
    key: &str,
    list: fn(&mut Preferences) -> &mut BTreeSet<String>,
) -> Command {
    let mut preferences = view.preferences.clone();
    let list = list(&mut preferences);
    if !list.remove(key) {
        list.insert(key.to_owned());
    }
    Command::Do(Action::SetPreferences(Box::new(preferences)))
}

fn star_id(descriptor: &Descriptor) -> Id {
    Id::unique("star").with(&descriptor.key)
}

/// The star of a row: shown when it is set, or when the row is pointed at.
fn star_ui(ui: &Ui, view: &View<'_>, descriptor: &Descriptor, row: Rect, is_pointed: bool) -> bool {
    let theme = Theme::of(ui.ctx());
    let is_liked = view.preferences.favourites.contains(&*descriptor.key);
    let place = Rect::from_center_size(pos2(row.right() - 48.0, row.center().y), Vec2::splat(20.0));
    let response = ui.interact(place, star_id(descriptor), Sense::click());
    let name = format!("Favourite {}", descriptor.title);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_liked, &name));
    if ui.clip_rect().contains(place.center()) {
        let state = if is_liked { "on" } else { "" };
        probe::note(ui.ctx(), "star", &name, state, place);
    }
    let is_shown = is_liked || is_pointed || response.hovered() || response.has_focus();
    if is_shown {
        let ink = match (is_liked, response.hovered()) {
            (true, _) => theme.accent,
            (false, true) => theme.strong,
            (false, false) => theme.dim,
        };
        let square = Rect::from_center_size(place.center(), Vec2::splat(12.0));
        Icon::Star.paint(ui.painter(), square, ink);
    }
    controls::focus_ring(ui, &response);
    let clicked = response.clicked();
    response.on_hover_text(match is_liked {
        true => "A favourite: stands on top",
        false => "Make it a favourite",
    });
    clicked
}

fn row_ui(
    ui: &mut Ui,
    view: &View<'_>,
    descriptor: &Descriptor,
    look: &Look,
    fits: bool,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), window::ROW),
        Sense::click_and_drag(),
    );
    let title = descriptor.title.as_ref();
    response.widget_info(|| WidgetInfo::labeled(Role::ListBoxOption, true, title));
    if ui.clip_rect().contains(rect.center()) {
        probe::note(ui.ctx(), "row", title, "", rect);
    }
    response.dnd_set_drag_payload(Offer(descriptor.key.to_string()));
    if response.hovered() || response.dragged() {
        let ground = rect.shrink2(vec2(4.0, 0.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(4), theme.hover);
    }
    let (ink, dim) = if fits {
        (theme.text, theme.dim)
    } else {
        (theme.faint, theme.faint)
    };
    let square =
        Rect::from_center_size(pos2(rect.left() + 20.0, rect.center().y), Vec2::splat(14.0));
    mark(descriptor).paint(ui.painter(), square, dim);
    let at = pos2(rect.left() + 35.0, rect.center().y);
    let wired = |flow| {
        descriptor
            .pins
            .iter()
            .find(|pin| pin.data_flow == flow && !pin.is_bridge())
    };
    let (from, to) = (
        pos2(rect.right() - 30.0, rect.center().y),
        pos2(rect.right() - 13.0, rect.center().y),
    );
    let paint = |at, pin: &PinFactory| {
        let mut painter = ui.painter().clone();
        painter.multiply_opacity(if fits { 1.0 } else { 0.45 });
        paint_pin(&painter, look, at, hue(pin.kind()), PinFill::Connected, 0.8);
    };
    let ends = (wired(DataFlow::In), wired(DataFlow::Out));
    // The name has what pins and star leave: a star is there when it is set, or while it could be.
    let mut room = rect.width() - 35.0;
    room -= match ends {
        (Some(_), Some(_)) => 40.0,
        _ => 22.0,
    };
    let is_liked = view.preferences.favourites.contains(&*descriptor.key);
    let key = star_id(descriptor);
    if is_liked || response.hovered() || ui.memory(|memory| memory.has_focus(key)) {
        room = room.min(rect.width() - 35.0 - 60.0);
    }
    controls::clipped(ui, at, room, title, Type::Body, ink);
    match ends {
        (Some(input), Some(output)) => {
            let line = [from + vec2(6.0, 0.0), to - vec2(6.0, 0.0)];
            ui.painter()
                .line_segment(line, Stroke::new(1.0, theme.line_strong));
            paint(from, input);
            paint(to, output);
        }
        (Some(only), None) | (None, Some(only)) => paint(to, only),
        (None, None) => {}
    }
    controls::focus_ring(ui, &response);
    if response.double_clicked() {
        commands.push(Command::AddInSight(descriptor.key.to_string()));
    }
    let is_hidden = view.preferences.blocked.contains(&*descriptor.key);
    if !is_hidden && star_ui(ui, view, descriptor, rect, response.hovered()) {
        commands.push(toggled(view, &descriptor.key, |it| &mut it.favourites));
    }
    response.context_menu(|ui| {
        let is_liked = view.preferences.favourites.contains(&*descriptor.key);
        let like = match is_liked {
            true => "Remove from Favourites",
            false => "Add to Favourites",
        };
        let hide = if is_hidden { "Show Again" } else { "Hide" };
        if ui.button("Add to Graph").clicked() {
            commands.push(Command::AddInSight(descriptor.key.to_string()));
        }
        if !is_hidden && ui.button(like).clicked() {
            commands.push(toggled(view, &descriptor.key, |it| &mut it.favourites));
        }
        if ui.button(hide).clicked() {
            commands.push(toggled(view, &descriptor.key, |it| &mut it.blocked));
        }
        if !is_hidden {
            ui.menu_button("Taken by Itself", |ui| {
                merits_ui(ui, view, descriptor, commands);
            });
        }
    });
    if !descriptor.help.is_empty() {
        response.on_hover_text(descriptor.help.as_ref());
    }
}

/// What is in the hand of the pointer when a row is carried.
pub(in crate::gui) fn carried_ui(ui: &Ui, view: &View<'_>) {
    let Some(offer) = egui::DragAndDrop::payload::<Offer>(ui.ctx()) else {
        return;
    };
    let (Some(pointer), Some(filter)) = (
        ui.input(|i| i.pointer.interact_pos()),
        view.catalogue.get(&offer.0),
    ) else {
        return;
    };
    let theme = Theme::of(ui.ctx());
    let layer = egui::LayerId::new(egui::Order::Tooltip, Id::unique("carried filter"));
    let painter = ui.ctx().layer_painter(layer);
    let title = filter.descriptor().title.to_string();
    let galley = painter.layout_no_wrap(title, Type::FilterName.font(), theme.strong);
    let size = vec2((galley.size().x + 64.0).max(96.0), 28.0);
    let rect = Rect::from_min_size(pointer - vec2(16.0, 14.0), size);
    painter.rect(
        rect,
        CornerRadius::same(6),
        theme.title,
        Stroke::new(1.0, theme.line_strong),
        egui::StrokeKind::Inside,
    );
    let square = Rect::from_center_size(rect.left_center() + vec2(16.0, 0.0), Vec2::splat(16.0));
    mark(filter.descriptor()).paint(&painter, square, theme.dim);
    let at = Align2::LEFT_CENTER.anchor_size(rect.left_center() + vec2(30.0, 0.0), galley.size());
    painter.galley(at.min, galley, theme.strong);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        let titles = [
            ("Sample Format Converter", "bit depth"),
            ("Sample Rate Converter", "resample resampler"),
            ("Mixer", ""),
            ("Gain and Pan", "volume"),
        ];
        let near = |typed| nearest(typed, titles.into_iter());
        assert_eq!(near("rsample"), Some("Sample Rate Converter"));
        assert_eq!(near("mixr"), Some("Mixer"));
        assert_eq!(near("Conveter"), Some("Sample Format Converter"));
        assert_eq!(near("xylophone"), None);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
