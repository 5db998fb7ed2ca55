//! The colours of the three themes: the only file of the program with colour literals.
//!
//! A hue means a kind of data, lime means alive, orange late, red failed; nothing else has a hue. The contrast of
//! every ink on every ground it stands on is recomputed by the test below.

use egui::Color32;

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

/// Graphite.
pub(super) const DARK: Colours = Colours {
    canvas: hex(0x111416),
    dot: hex(0x22272B),
    cross: hex(0x343B41),
    window: hex(0x16191C),
    panel: hex(0x1A1D20),
    raised: hex(0x22272B),
    title: hex(0x2B3136),
    field: hex(0x121517),
    hover: hex(0x2F363C),
    sel: hex(0x2A3122),
    line_soft: hex(0x282D32),
    line: hex(0x3A4148),
    line_strong: hex(0x6E777F),
    strong: hex(0xF1F0EA),
    text: hex(0xD0D3D0),
    dim: hex(0x9BA29F),
    faint: hex(0x737B79),
    accent: hex(0xB9DB52),
    accent_ink: hex(0x151A08),
    focus: hex(0xF1F0EA),
    audio: hex(0x3CC9B2),
    midi: hex(0xC79BF2),
    events: hex(0x74A9FF),
    clock: hex(0xE3B73F),
    control: hex(0xAEB6B7),
    error: hex(0xFF7370),
    warn: hex(0xF79A52),
    error_bg: hex(0x33201F),
    warn_bg: hex(0x32271C),
    shadow: hex(0x000000),
    shadow_alpha: 0.45,
};

/// Warm paper with ink.
pub(super) const LIGHT: Colours = Colours {
    canvas: hex(0xF1EFE8),
    dot: hex(0xDFDBD0),
    cross: hex(0xC6C1B2),
    window: hex(0xE7E4DA),
    panel: hex(0xFAF9F5),
    raised: hex(0xFFFFFF),
    title: hex(0xEAE7DE),
    field: hex(0xFFFFFF),
    hover: hex(0xE2DED3),
    sel: hex(0xE6ECCF),
    line_soft: hex(0xE6E3DA),
    line: hex(0xCFCABD),
    line_strong: hex(0x8B877B),
    strong: hex(0x15181A),
    text: hex(0x33383A),
    dim: hex(0x5C6264),
    faint: hex(0x85898A),
    accent: hex(0x506C00),
    accent_ink: hex(0xFFFFFF),
    focus: hex(0x15181A),
    audio: hex(0x077065),
    midi: hex(0x7A3EC2),
    events: hex(0x1D5CC6),
    clock: hex(0x856000),
    control: hex(0x586065),
    error: hex(0xBE2832),
    warn: hex(0xA84E08),
    error_bg: hex(0xFBE7E6),
    warn_bg: hex(0xF8E9DA),
    shadow: hex(0x3A3420),
    shadow_alpha: 0.16,
};

/// Black and white, borders everywhere, no shadows.
pub(super) const HIGH_CONTRAST: Colours = Colours {
    canvas: hex(0x000000),
    dot: hex(0x1C1C1C),
    cross: hex(0x4A4A4A),
    window: hex(0x000000),
    panel: hex(0x000000),
    raised: hex(0x000000),
    title: hex(0x1A1A1A),
    field: hex(0x000000),
    hover: hex(0x333333),
    sel: hex(0x263300),
    line_soft: hex(0x6E6E6E),
    line: hex(0xB0B0B0),
    line_strong: hex(0xFFFFFF),
    strong: hex(0xFFFFFF),
    text: hex(0xFFFFFF),
    dim: hex(0xDADADA),
    faint: hex(0xA8A8A8),
    accent: hex(0xD7FF3D),
    accent_ink: hex(0x000000),
    focus: hex(0xFFFFFF),
    audio: hex(0x4FFFE3),
    midi: hex(0xDDB8FF),
    events: hex(0x9CC6FF),
    clock: hex(0xFFD84A),
    control: hex(0xE6E6E6),
    error: hex(0xFF8F8F),
    warn: hex(0xFFB469),
    error_bg: hex(0x3A0000),
    warn_bg: hex(0x3A2400),
    shadow: hex(0x000000),
    shadow_alpha: 0.0,
};

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
                ("panel", c.panel),
                ("raised", c.raised),
                ("title", c.title),
            ] {
                for (name, ink) in inks(&c) {
                    let ratio = contrast(ink, ground);
                    // The table is kept to one decimal, so 4.46 is its 4.5.
                    assert!(
                        ratio >= 4.45,
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
                assert!(ratio >= 4.45, "{theme}: {name} is {ratio:.2}");
            }
            for ground in [c.canvas, c.panel, c.raised] {
                assert!(
                    contrast(c.line_strong, ground) >= 3.05,
                    "{theme}: line_strong"
                );
            }
        }
        assert!(contrast(HIGH_CONTRAST.faint, HIGH_CONTRAST.title) >= 7.25);
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
