//! The colours of the three themes for egui. Their numbers are in `app/palette.rs`. The contrast of
//! every ink on every ground it stands on is recomputed by the test below.

use egui::Color32;

use crate::app::palette::{self, Palette};

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that makes colours"
)]
const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// Every colour of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colours {
    /// Canvas ground.
    pub canvas: Color32,
    /// Small grid.
    pub dot: Color32,
    /// Large grid.
    pub cross: Color32,
    /// Menu, transport, status.
    pub window: Color32,
    /// Side and bottom panels, cards.
    pub panel: Color32,
    /// Filter body.
    pub raised: Color32,
    /// Filter title, button.
    pub title: Color32,
    /// Text field, well.
    pub field: Color32,
    /// Hovered row or button.
    pub hover: Color32,
    /// Selected row.
    pub sel: Color32,
    /// Inner rules.
    pub line_soft: Color32,
    /// Borders.
    pub line: Color32,
    /// Empty pips, ghost pins, hover edge.
    pub line_strong: Color32,
    /// Names, values.
    pub strong: Color32,
    /// Body.
    pub text: Color32,
    /// Labels, second lines.
    pub dim: Color32,
    /// Refused and disabled only.
    pub faint: Color32,
    /// Runs, primary action, active tab.
    pub accent: Color32,
    /// Text on accent.
    pub accent_ink: Color32,
    /// Keyboard focus ring.
    pub focus: Color32,
    /// The hue of audio.
    pub audio: Color32,
    /// The hue of MIDI records.
    pub midi: Color32,
    /// The hue of DirectMusic events.
    pub events: Color32,
    /// The hue of clocks.
    pub clock: Color32,
    /// The grey of control data.
    pub control: Color32,
    /// Failed, refused.
    pub error: Color32,
    /// Late, attention.
    pub warn: Color32,
    /// Ground behind words about what failed.
    pub error_bg: Color32,
    /// Ground behind words about what goes on worse than asked.
    pub warn_bg: Color32,
    /// Shadows, before their alpha.
    pub shadow: Color32,
    /// Opacity of a shadow.
    pub shadow_alpha: f32,
}

impl Colours {
    const fn of(it: &Palette) -> Self {
        Self {
            canvas: hex(it.canvas),
            dot: hex(it.dot),
            cross: hex(it.cross),
            window: hex(it.window),
            panel: hex(it.panel),
            raised: hex(it.raised),
            title: hex(it.title),
            field: hex(it.field),
            hover: hex(it.hover),
            sel: hex(it.sel),
            line_soft: hex(it.line_soft),
            line: hex(it.line),
            line_strong: hex(it.line_strong),
            strong: hex(it.strong),
            text: hex(it.text),
            dim: hex(it.dim),
            faint: hex(it.faint),
            accent: hex(it.accent),
            accent_ink: hex(it.accent_ink),
            focus: hex(it.focus),
            audio: hex(it.audio),
            midi: hex(it.midi),
            events: hex(it.events),
            clock: hex(it.clock),
            control: hex(it.control),
            error: hex(it.error),
            warn: hex(it.warn),
            error_bg: hex(it.error_bg),
            warn_bg: hex(it.warn_bg),
            shadow: hex(it.shadow),
            shadow_alpha: it.shadow_alpha,
        }
    }
}

/// Graphite.
pub(super) const DARK: Colours = Colours::of(&palette::DARK);

/// Warm paper with ink.
pub(super) const LIGHT: Colours = Colours::of(&palette::LIGHT);

/// Black and white, borders everywhere, no shadows.
pub(super) const HIGH_CONTRAST: Colours = Colours::of(&palette::HIGH_CONTRAST);

/// The contrast of two opaque colours by WCAG 2: 1 is none, 21 is black on white.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inks(c: &Colours) -> [(&'static str, Color32); 11] {
        [
            ("strong", c.strong),
            ("text", c.text),
            ("dim", c.dim),
            ("accent", c.accent),
            ("audio", c.audio),
            ("midi", c.midi),
            ("events", c.events),
            ("clock", c.clock),
            ("control", c.control),
            ("warn", c.warn),
            ("error", c.error),
        ]
    }

    #[test]
    fn every_ink_is_readable_on_every_ground() {
        for (theme, c) in [
            ("dark", DARK),
            ("light", LIGHT),
            ("high contrast", HIGH_CONTRAST),
        ] {
            for (ground_name, ground) in [
                ("canvas", c.canvas),
                ("window", c.window),
                ("panel", c.panel),
                ("raised", c.raised),
                ("title", c.title),
            ] {
                for (name, ink) in inks(&c) {
                    let ratio = contrast(ink, ground);
                    assert!(
                        ratio >= 4.5,
                        "{theme}: {name} on {ground_name} is {ratio:.2}"
                    );
                }
            }
            for (name, ink, ground) in [
                ("text on accent", c.accent_ink, c.accent),
                ("error on its ground", c.error, c.error_bg),
                ("warn on its ground", c.warn, c.warn_bg),
                ("dim on the chosen row", c.dim, c.sel),
            ] {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{theme}: {name} is {ratio:.2}");
            }
            for ground in [c.canvas, c.panel, c.raised] {
                assert!(
                    contrast(c.line_strong, ground) >= 3.1,
                    "{theme}: line_strong"
                );
            }
        }
        assert!(contrast(HIGH_CONTRAST.faint, HIGH_CONTRAST.title) >= 7.25);
    }

    #[test]
    fn what_is_not_lit_is_seen_all_the_same() {
        use crate::gui::theme::{Theme, ThemeName};
        for name in [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
            let theme = Theme::named(name);
            for ground in [theme.window, theme.raised, theme.panel] {
                let unlit = theme.unlit(ground);
                assert!(contrast(unlit, ground) >= 1.25, "{name:?}: no segments");
                assert!(
                    contrast(theme.audio, unlit) >= 2.0,
                    "{name:?}: lit or not is one"
                );
            }
        }
    }

    #[test]
    fn the_dark_table_is_the_designed_one() {
        let ratio =
            |ink| [DARK.canvas, DARK.panel, DARK.raised, DARK.title].map(|g| contrast(ink, g));
        for (ink, wanted) in [
            (DARK.strong, [16.2, 14.8, 13.2, 11.5]),
            (DARK.faint, [4.3, 3.9, 3.5, 3.0]),
            (DARK.audio, [9.0, 8.2, 7.3, 6.4]),
        ] {
            for (found, wanted) in ratio(ink).into_iter().zip(wanted) {
                assert!(
                    (found - wanted).abs() < 0.06,
                    "{found:.2} where {wanted} was designed"
                );
            }
        }
    }
}
