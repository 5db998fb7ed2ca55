//! How cards and menus come: they fade in for a moment, or stand there at once where little motion is wanted.

use egui::{Id, Ui};

use super::theme::motion;

/// What is seen from the first frame on, of 1: slow screens never show nothing.
const FIRST: f32 = 0.4;

/// Fades in what is drawn in `ui` from here on, when `name` was not there in the last frame.
pub(super) fn appear(ui: &mut Ui, name: &str) {
    if ui.style().animation_time == 0.0 {
        return;
    }
    let id = Id::unique("appears").with(name);
    let (pass, now) = (ui.ctx().cumulative_pass_nr(), ui.input(|i| i.time));
    let (since, last): (f64, u64) = ui.data(|data| data.get_temp(id)).unwrap_or((now, 0));
    // A frame may be laid out twice.
    let since = if last + 3 < pass { now } else { since };
    ui.data_mut(|data| data.insert_temp(id, (since, pass)));
    let share = seen((now - since) as f32);
    if share < 1.0 {
        ui.multiply_opacity(share);
        ui.ctx().request_repaint();
    }
}

/// Ease-out cubic, from [`FIRST`] to all of it.
fn seen(seconds: f32) -> f32 {
    let left = 1.0 - (seconds / motion::CARD_IN).clamp(0.0, 1.0);
    1.0 - (1.0 - FIRST) * left.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many frames in a row are not fully there, and whether the last one is.
    fn fading(animation_time: f32) -> (usize, bool) {
        let ctx = egui::Context::default();
        ctx.all_styles_mut(|style| style.animation_time = animation_time);
        let (mut fading, mut is_whole) = (0, false);
        for frame in 0..30 {
            let input = egui::RawInput {
                time: Some(10.0 + f64::from(frame) / 60.0),
                ..egui::RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| {
                appear(ui, "card");
                is_whole = ui.opacity() >= 1.0;
                fading += usize::from(!is_whole);
            });
            output.textures_delta.clear();
        }
        (fading, is_whole)
    }

    #[test]
    fn a_card_fades_in_for_a_moment_and_at_once_under_reduced_motion() {
        let (frames, is_whole) = fading(motion::HOVER);
        assert!((6..=9).contains(&frames) && is_whole, "{frames} frames");
        assert_eq!(fading(0.0), (0, true));
        assert!(seen(0.0) > 0.39 && seen(0.06) > 0.9);
    }
}
