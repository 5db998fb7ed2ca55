//! The voices of a synthesizer, a cell each: as high as it is loud, dimmer once it is let go of, struck through for a
//! moment where it was taken for another note.

use egui::{Mesh, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::page::{heading, row};
use crate::gui::probe;
use crate::gui::theme::Theme;
use crate::ks::{VoiceCells, VoiceSeen, VoiceStage, grouped};

/// A cell with its gap, and its own size.
const PITCH: f32 = 6.0;
const WIDE: f32 = 4.0;
const HIGH: f32 = 12.0;
const GAP: f32 = 3.0;
/// Cells that are drawn; voices take the first that are free.
const MOST_CELLS: usize = 320;
/// How long a voice that was taken is struck through, in seconds.
const STRUCK: f64 = 1.0;
/// Softer than that is as good as silent.
const FLOOR_DB: f32 = 60.0;

/// Which cells were taken lately.
#[derive(Default)]
pub(super) struct Taken {
    now: Vec<u32>,
    /// How often each was taken when it was looked last, and until when it is struck through.
    known: Vec<(u32, f64)>,
}

impl Taken {
    /// Looks which were taken since the last frame.
    fn look(&mut self, cells: &VoiceCells, now: f64) {
        cells.taken(&mut self.now);
        let is_first = self.known.len() != self.now.len();
        if is_first {
            self.known = self.now.iter().map(|it| (*it, 0.0)).collect();
        }
        for (known, count) in self.known.iter_mut().zip(&self.now) {
            if *count > known.0 {
                known.1 = now + STRUCK;
            }
            known.0 = *count;
        }
    }

    /// Draws them, `most` of which may sound.
    pub(super) fn ui(&mut self, ui: &mut Ui, cells: &VoiceCells, seen: &[VoiceSeen], most: usize) {
        let now = ui.input(|i| i.time);
        self.look(cells, now);
        let sounding = seen.iter().filter(|it| it.stage != VoiceStage::Cut).count();
        let figure = |count: usize| grouped(u32::try_from(count).unwrap_or(u32::MAX));
        let mut words = format!("{} of {}", figure(sounding), figure(most));
        if cells.most() > 0 {
            words += &format!(", most {}", grouped(cells.most()));
        }
        words += &format!(", {} stolen", grouped(cells.stolen()));
        heading(ui, "Voices", &words);
        let count = cells.places().min(MOST_CELLS);
        let wide = ui.available_width() - 2.0 * crate::gui::theme::space::PANEL;
        let columns = ((wide + PITCH - WIDE) / PITCH).floor().max(1.0) as usize;
        let lines = count.div_ceil(columns).max(1);
        let rect = row(ui, lines as f32 * (HIGH + GAP));
        self.cells_ui(ui, rect, columns, count, seen, now);
        let told = format!("Voices: {words}");
        probe::note(ui.ctx(), "fact", "Voices", &words, rect);
        let spoken = ui.interact(rect, ui.scope_id().with("voices"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    }

    fn cells_ui(
        &self,
        ui: &Ui,
        rect: Rect,
        columns: usize,
        count: usize,
        seen: &[VoiceSeen],
        now: f64,
    ) {
        let theme = Theme::of(ui.ctx());
        let cell = |place: usize| {
            let (line, column) = (place / columns, place % columns);
            let at = rect.min + vec2(PITCH * column as f32, (HIGH + GAP) * line as f32);
            Rect::from_min_size(at, vec2(WIDE, HIGH))
        };
        let mut mesh = Mesh::default();
        let unlit = theme.unlit(theme.panel);
        for place in 0..count {
            mesh.add_colored_rect(cell(place), unlit);
        }
        for voice in seen.iter().filter(|it| it.place < count) {
            let db = 20.0 * voice.level.max(1e-6).log10();
            let share = (1.0 + db / FLOOR_DB).clamp(0.12, 1.0);
            let mut lit = cell(voice.place);
            lit.min.y = lit.bottom() - HIGH * share;
            let ink = match voice.stage {
                VoiceStage::Held => theme.audio,
                VoiceStage::Released => theme.audio.gamma_multiply(0.55),
                VoiceStage::Cut => theme.warn,
            };
            mesh.add_colored_rect(lit, ink);
        }
        ui.painter().add(Shape::mesh(mesh));
        let slash = Stroke::new(1.5, theme.warn);
        for (place, (_, until)) in self.known.iter().enumerate().take(count) {
            if now < *until {
                let it = cell(place);
                let ends = [
                    pos2(it.left() - 1.0, it.bottom()),
                    pos2(it.right() + 1.0, it.top()),
                ];
                ui.painter().line_segment(ends, slash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_struck_through_for_a_moment() {
        let cells = VoiceCells::new(3);
        cells.clear(1, 7);
        let mut taken = Taken::default();
        taken.look(&cells, 1.0);
        assert!(taken.known.iter().all(|it| it.1 == 0.0), "that was before");
        cells.clear(1, 8);
        taken.look(&cells, 2.0);
        taken.look(&cells, 2.5);
        assert_eq!(taken.known[1], (8, 2.0 + STRUCK));
        assert_eq!(taken.known[0].1, 0.0);
        // A new run counts from nothing.
        cells.reset();
        taken.look(&cells, 3.0);
        assert_eq!(taken.known[1], (0, 2.0 + STRUCK));
    }
}
