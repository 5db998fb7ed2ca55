//! The regions of an instrument as a map, keys across and velocities up, over a row of keys. Layers lie over each other:
//! the more there are the lighter the place, and another press there chooses the next one.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::super::page::row;
use crate::app::midi_names;
use crate::gui::controls;
use crate::gui::keys::is_black;
use crate::gui::probe;
use crate::gui::theme::{Theme, ThemeName, Type, radius, stroke};
use crate::ks::{InstrumentSheet, RegionSheet, VoiceSeen};

/// Heights of the map, of the keys below it and of their names.
const HIGH: f32 = 76.0;
const KEYS: f32 = 22.0;
const NAMES: f32 = 14.0;
/// Regions that are drawn; more could not be told apart.
const MOST_DRAWN: usize = 4_096;

/// What is pressed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Pressed {
    /// The region, where it is one and not a key.
    pub(super) region: Option<usize>,
    pub(super) key: u8,
    pub(super) velocity: u8,
}

/// What a drawing was made of.
#[derive(Clone, PartialEq)]
struct Of {
    instrument: (u8, usize),
    rect: Rect,
    theme: ThemeName,
}

/// The map, drawn once for an instrument and a place.
#[derive(Default)]
pub(super) struct Map {
    drawn: Option<(Of, Arc<Mesh>)>,
    /// The press that goes on, and where it began.
    held: Option<Pressed>,
    /// Drawings that were made.
    #[cfg(test)]
    made: usize,
}

impl Map {
    /// Draws it; what is pressed.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        of: (u8, usize),
        it: &InstrumentSheet,
        chosen: usize,
        sounding: &[VoiceSeen],
    ) -> Option<Pressed> {
        let theme = Theme::of(ui.ctx());
        let rect = row(ui, HIGH + KEYS + NAMES);
        let map = Rect::from_min_size(rect.min, vec2(rect.width(), HIGH));
        let keys = Rect::from_min_size(map.left_bottom(), vec2(rect.width(), KEYS));
        self.draw(ui, of, it, map, keys);
        let lit = theme.audio.gamma_multiply(0.55);
        for voice in sounding {
            let region = it.regions.get(usize::from(voice.region));
            if let Some(region) = region {
                ui.painter()
                    .rect_filled(place(map, region), CornerRadius::ZERO, lit);
            }
            let key = key_place(keys, voice.key);
            ui.painter()
                .rect_filled(key, CornerRadius::ZERO, theme.audio);
        }
        if let Some(region) = it.regions.get(chosen) {
            let edge = Stroke::new(1.5, theme.strong);
            let round = CornerRadius::same(radius::BAR);
            ui.painter()
                .rect_stroke(place(map, region), round, edge, StrokeKind::Inside);
        }
        for voice in sounding {
            let at = point(map, voice.key, voice.velocity);
            ui.painter().circle_filled(at, 2.5, theme.strong);
        }
        for octave in 1..=8_u8 {
            let x = key_place(keys, 12 * octave + 12).left();
            let at = pos2(x, keys.bottom() + NAMES / 2.0);
            let name = midi_names::note(12 * octave + 12);
            controls::text(ui, at, Align2::LEFT_CENTER, name, Type::Tick, theme.dim);
        }
        ui.painter().rect_stroke(
            map,
            CornerRadius::same(radius::TAG),
            Stroke::new(stroke::HAIR, theme.line),
            StrokeKind::Inside,
        );
        self.hand(ui, it, map, keys, chosen)
    }

    fn draw(
        &mut self,
        ui: &Ui,
        instrument: (u8, usize),
        it: &InstrumentSheet,
        map: Rect,
        keys: Rect,
    ) {
        let theme = Theme::of(ui.ctx());
        let of = Of {
            instrument,
            rect: map,
            theme: theme.name,
        };
        if self.drawn.as_ref().is_none_or(|(drawn, _)| *drawn != of) {
            #[cfg(test)]
            {
                self.made += 1;
            }
            self.drawn = Some((of, Arc::new(mesh(theme, it, map, keys))));
        }
        if let Some((_, mesh)) = &self.drawn {
            ui.painter().add(Shape::mesh(mesh.clone()));
        }
    }

    /// What the pointer does.
    fn hand(
        &mut self,
        ui: &Ui,
        it: &InstrumentSheet,
        map: Rect,
        keys: Rect,
        chosen: usize,
    ) -> Option<Pressed> {
        let sense = Sense::click_and_drag();
        let on_map = ui.interact(map, ui.scope_id().with("region map"), sense);
        let on_keys = ui.interact(keys, ui.scope_id().with("region keys"), sense);
        let count = it.regions.len();
        on_map.widget_info(|| {
            let words = format!("Map of {count} regions");
            WidgetInfo::labeled(Role::Image, true, words)
        });
        on_keys.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Keys of the instrument"));
        probe::note(ui.ctx(), "map", "Regions", &count.to_string(), map);
        probe::note(ui.ctx(), "map", "Keys", "", keys);
        let held = |response: &egui::Response| {
            let is_down = response.is_pointer_button_down_on();
            response.interact_pointer_pos().filter(|_| is_down)
        };
        self.held = if let Some(at) = held(&on_map) {
            let key = key_at(map, at);
            let velocity = velocity_at(map, at);
            let is_begun = self.held.is_none();
            let region = self.region_at(it, key, velocity, chosen, is_begun);
            region.map(|region| match self.held {
                // One region goes on sounding as it was struck.
                Some(held) if held.region == Some(region) && held.key == key => held,
                _ => Pressed {
                    region: Some(region),
                    key,
                    velocity,
                },
            })
        } else if let Some(at) = held(&on_keys) {
            let key = key_at(keys, at);
            match self.held {
                Some(held) if held.region.is_none() && held.key == key => Some(held),
                _ => Some(Pressed {
                    region: None,
                    key,
                    velocity: velocity_on(keys, at),
                }),
            }
        } else {
            None
        };
        if let Some(at) = on_map.hover_pos().filter(|_| self.held.is_none()) {
            let (key, velocity) = (key_at(map, at), velocity_at(map, at));
            let words = format!("{}, velocity {velocity}", midi_names::note(key));
            let layers = layers(it, key, velocity).take(100).count();
            on_map.on_hover_text_at_pointer(match layers {
                0 => format!("{words}: nothing"),
                1 => words,
                count => format!("{words}: {count} layers"),
            });
        }
        self.held
    }

    /// The region there. Of several the chosen one goes on, and a new press goes to the next.
    fn region_at(
        &self,
        it: &InstrumentSheet,
        key: u8,
        velocity: u8,
        chosen: usize,
        is_begun: bool,
    ) -> Option<usize> {
        let mut here = layers(it, key, velocity);
        let is_here = it
            .regions
            .get(chosen)
            .is_some_and(|it| has(it, key, velocity));
        if is_here && !is_begun {
            return Some(chosen);
        }
        match is_here {
            true => layers(it, key, velocity)
                .find(|place| *place > chosen)
                .or_else(|| here.next()),
            false => here.next(),
        }
    }
}

fn has(it: &RegionSheet, key: u8, velocity: u8) -> bool {
    it.keys.contains(&key) && it.velocities.contains(&velocity)
}

/// Places of the regions that a note begins.
fn layers(it: &InstrumentSheet, key: u8, velocity: u8) -> impl Iterator<Item = usize> + '_ {
    let all = it.regions.iter().enumerate();
    all.filter(move |(_, it)| has(it, key, velocity))
        .map(|(place, _)| place)
}

fn key_x(rect: Rect, key: f32) -> f32 {
    rect.left() + rect.width() * key / 128.0
}

fn velocity_y(rect: Rect, velocity: f32) -> f32 {
    rect.bottom() - rect.height() * velocity / 128.0
}

/// Where a region lies.
fn place(map: Rect, it: &RegionSheet) -> Rect {
    let (low, high) = (f32::from(*it.keys.start()), f32::from(*it.keys.end()));
    let (soft, hard) = (
        f32::from(*it.velocities.start()),
        f32::from(*it.velocities.end()),
    );
    Rect::from_min_max(
        pos2(key_x(map, low), velocity_y(map, hard.max(soft) + 1.0)),
        pos2(key_x(map, high.max(low) + 1.0), velocity_y(map, soft)),
    )
}

fn key_place(keys: Rect, key: u8) -> Rect {
    let key = f32::from(key);
    Rect::from_x_y_ranges(key_x(keys, key)..=key_x(keys, key + 1.0), keys.y_range())
}

fn point(map: Rect, key: u8, velocity: u8) -> Pos2 {
    pos2(
        key_x(map, f32::from(key) + 0.5),
        velocity_y(map, f32::from(velocity) + 0.5),
    )
}

fn key_at(rect: Rect, at: Pos2) -> u8 {
    ((at.x - rect.left()) / rect.width().max(1.0) * 128.0).clamp(0.0, 127.0) as u8
}

fn velocity_at(rect: Rect, at: Pos2) -> u8 {
    ((rect.bottom() - at.y) / rect.height().max(1.0) * 128.0).clamp(1.0, 127.0) as u8
}

/// On keys the near end is the loud one.
fn velocity_on(rect: Rect, at: Pos2) -> u8 {
    let share = ((at.y - rect.top()) / rect.height().max(1.0)).clamp(0.0, 1.0);
    (40.0 + 80.0 * share) as u8
}

/// The map as it is while nothing sounds.
fn mesh(theme: &Theme, it: &InstrumentSheet, map: Rect, keys: Rect) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(map, theme.field);
    let fill = theme.line_strong.gamma_multiply(0.28);
    for region in it.regions.iter().take(MOST_DRAWN) {
        let rect = place(map, region);
        mesh.add_colored_rect(rect, fill);
        edge(&mut mesh, rect, theme.line);
    }
    let (white, black) = theme.piano();
    mesh.add_colored_rect(keys, white);
    for key in (0..128).filter(|key| is_black(*key)) {
        mesh.add_colored_rect(key_place(keys, key), black);
    }
    let line = if theme.name == ThemeName::Light {
        theme.line
    } else {
        theme.field
    };
    for key in (0..128).filter(|key| matches!(key % 12, 0 | 5)) {
        let mut rect = key_place(keys, key);
        rect.set_width(0.5);
        mesh.add_colored_rect(rect, line);
    }
    mesh
}

/// A line around a rectangle, inside it.
fn edge(mesh: &mut Mesh, rect: Rect, ink: Color32) {
    let (left, right, top, bottom) = (rect.left(), rect.right(), rect.top(), rect.bottom());
    let wide = 1.0_f32.min(rect.width() / 2.0);
    let sides = [
        [left, top, right, top + 1.0],
        [left, bottom - 1.0, right, bottom],
        [left, top, left + wide, bottom],
        [right - wide, top, right, bottom],
    ];
    for [left, top, right, bottom] in sides {
        let side = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        mesh.add_colored_rect(side, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(
        keys: std::ops::RangeInclusive<u8>,
        velocities: std::ops::RangeInclusive<u8>,
    ) -> RegionSheet {
        RegionSheet {
            keys,
            velocities,
            group: 0,
            wave: None,
            unity: 60,
            fine: 0,
            gain_db: 0.0,
            repeat: None,
            volume: Default::default(),
            modulation: Default::default(),
            lfos: [(0.0, 0.0); 2],
            cutoff_hz: None,
            connections: vec![],
        }
    }

    #[test]
    fn a_press_finds_the_region_under_it_and_the_next_press_the_layer_below() {
        let it = InstrumentSheet {
            regions: vec![
                region(0..=63, 0..=127),
                region(64..=127, 0..=72),
                region(64..=127, 0..=127),
            ],
            ..InstrumentSheet::default()
        };
        let map = Map::default();
        let at =
            |key, velocity, chosen, is_begun| map.region_at(&it, key, velocity, chosen, is_begun);
        assert_eq!(at(60, 100, 2, true), Some(0));
        assert_eq!(at(64, 50, 0, true), Some(1));
        assert_eq!(at(64, 50, 1, true), Some(2), "the layer below");
        assert_eq!(at(64, 50, 2, true), Some(1), "and round");
        assert_eq!(at(64, 50, 2, false), Some(2), "while it is held it stays");
        assert_eq!(at(64, 100, 0, true), Some(2));
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(256.0, 64.0));
        let of = |at: Pos2| (key_at(rect, at), velocity_at(rect, at));
        assert_eq!(of(point(rect, 61, 99)), (61, 99));
        assert_eq!(of(pos2(0.0, 500.0)), (0, 1));
        assert_eq!(place(rect, &it.regions[0]).right(), key_x(rect, 64.0));
    }

    #[test]
    fn the_map_of_ten_thousand_regions_is_made_once() {
        let it = InstrumentSheet {
            regions: (0..10_000_usize)
                .map(|n| region((n % 128) as u8..=(n % 128) as u8, 0..=127))
                .collect(),
            ..InstrumentSheet::default()
        };
        let mut map = Map::default();
        let mut bench = egui_kittest::Harness::new_ui(|ui| {
            let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(256.0, HIGH));
            map.draw(ui, (1, 0), &it, rect, rect);
        });
        bench.run_steps(5);
        drop(bench);
        assert_eq!(map.made, 1);
        let (_, mesh) = map.drawn.unwrap();
        assert!(mesh.vertices.len() <= 4 * (5 * MOST_DRAWN + 200));
    }
}
