//! Piano keys as rectangles: where each one lies, which is under the pointer, and how one is painted.

use egui::{CornerRadius, Pos2, Rect, Ui, pos2, vec2};

use super::Page;
use crate::gui::keys::is_black;
use crate::gui::theme::ThemeName;

/// One key.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct PianoKey {
    pub(super) note: u8,
    pub(super) place: Rect,
    pub(super) is_black: bool,
}

/// The keys from the white key `first` to `last`, side by side in `rect`: first the white ones, then the black ones,
/// which lie on top. Between two white keys stands a gap.
pub(super) fn keys(rect: Rect, first: u8, last: u8, gap: f32) -> Vec<PianoKey> {
    let whites: Vec<u8> = (first..=last).filter(|note| !is_black(*note)).collect();
    let wide = rect.width() / whites.len().max(1) as f32;
    let white = |(index, note): (usize, &u8)| PianoKey {
        note: *note,
        place: Rect::from_min_size(
            pos2(rect.left() + wide * index as f32, rect.top()),
            vec2((wide - gap).max(0.5), rect.height()),
        ),
        is_black: false,
    };
    let black = |(index, note): (usize, &u8)| {
        let note = note + 1;
        let middle = rect.left() + wide * (index as f32 + 1.0) - gap / 2.0;
        let place = Rect::from_min_size(
            pos2(middle - wide * 0.32, rect.top()),
            vec2(wide * 0.64, rect.height() * 0.58),
        );
        (note <= last && is_black(note)).then(|| PianoKey {
            note,
            place: place.intersect(rect),
            is_black: true,
        })
    };
    let low = whites.iter().enumerate().map(white);
    low.chain(whites.iter().enumerate().filter_map(black))
        .collect()
}

/// The key at a place: a black one before the white ones under it.
pub(super) fn under(keys: &[PianoKey], pos: Pos2) -> Option<PianoKey> {
    let mut from_top = keys.iter().rev();
    from_top.find(|key| key.place.contains(pos)).copied()
}

/// How hard a key is struck at that place: softly at its far end, loudly at the near one.
pub(super) fn velocity(key: &PianoKey, pos: Pos2) -> u8 {
    let share = (pos.y - key.place.top()) / key.place.height().max(1.0);
    (16.0 + share.clamp(0.0, 1.0) * 111.0).round() as u8
}

/// Paints one key, lit while it sounds.
pub(super) fn paint(ui: &Ui, page: &Page<'_>, key: &PianoKey, sounds: bool) {
    let theme = page.theme;
    let fill = match (sounds, key.is_black) {
        (true, _) => theme.events,
        (false, true) => theme.piano().1,
        (false, false) => theme.piano().0,
    };
    let foot = (2.0 * page.zoom).clamp(0.0, 6.0) as u8;
    let corner = CornerRadius {
        nw: 0,
        ne: 0,
        sw: foot,
        se: foot,
    };
    ui.painter().rect_filled(key.place, corner, fill);
    if theme.name == ThemeName::Light {
        // White keys on a white box.
        let edge = egui::Stroke::new(1.0, theme.line);
        ui.painter()
            .rect_stroke(key.place, corner, edge, egui::StrokeKind::Inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_beside_each_other_and_black_ones_on_top() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(160.0, 100.0));
        let keys = keys(rect, 48, 60, 1.0);
        assert_eq!(keys.len(), 13);
        assert!(keys.iter().all(|key| rect.contains_rect(key.place)));
        let at = |x, y| under(&keys, pos2(x, y)).map(|key| key.note);
        assert_eq!(at(15.0, 110.0), Some(48));
        assert_eq!(at(30.0, 30.0), Some(49));
        assert_eq!(at(33.0, 110.0), Some(50));
        assert_eq!(at(168.0, 110.0), Some(60));
        assert_eq!(at(15.0, 130.0), None);
        let mut notes: Vec<u8> = keys.iter().map(|key| key.note).collect();
        notes.sort_unstable();
        assert_eq!(notes, (48..=60).collect::<Vec<u8>>());
    }

    #[test]
    fn the_nearer_the_louder() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(80.0, 100.0));
        let key = keys(rect, 60, 60, 1.0)[0];
        let at = |y| velocity(&key, pos2(1.0, y));
        assert_eq!(
            (at(-5.0), at(0.0), at(100.0), at(400.0)),
            (16, 16, 127, 127)
        );
        assert!(at(30.0) < at(60.0));
    }
}
