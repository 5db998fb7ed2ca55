//! The colours of the three themes, as numbers: the only file of the program with colour literals. The window and
//! pictures of graphs are drawn from the same table.
//!
//! A hue means a kind of data, lime means alive, orange late, red failed; nothing else has a hue.

/// Every colour of one theme, as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Canvas ground.
    pub canvas: u32,
    /// Small grid.
    pub dot: u32,
    /// Large grid.
    pub cross: u32,
    /// Menu, transport, status.
    pub window: u32,
    /// Side and bottom panels, cards.
    pub panel: u32,
    /// Filter body.
    pub raised: u32,
    /// Filter title, button.
    pub title: u32,
    /// Text field, well.
    pub field: u32,
    /// Hovered row or button.
    pub hover: u32,
    /// Selected row.
    pub sel: u32,
    /// Inner rules.
    pub line_soft: u32,
    /// Borders.
    pub line: u32,
    /// Empty pips, ghost pins, hover edge.
    pub line_strong: u32,
    /// Names, values.
    pub strong: u32,
    /// Body.
    pub text: u32,
    /// Labels, second lines.
    pub dim: u32,
    /// Refused and disabled only.
    pub faint: u32,
    /// Runs, primary action, active tab.
    pub accent: u32,
    /// Text on accent.
    pub accent_ink: u32,
    /// Keyboard focus ring.
    pub focus: u32,
    /// The hue of audio.
    pub audio: u32,
    /// The hue of MIDI records.
    pub midi: u32,
    /// The hue of DirectMusic events.
    pub events: u32,
    /// The hue of clocks.
    pub clock: u32,
    /// The grey of control data.
    pub control: u32,
    /// Failed, refused.
    pub error: u32,
    /// Late, attention.
    pub warn: u32,
    /// Ground behind words about what failed.
    pub error_bg: u32,
    /// Ground behind words about what goes on worse than asked.
    pub warn_bg: u32,
    /// Shadows, before their alpha.
    pub shadow: u32,
    /// Opacity of a shadow.
    pub shadow_alpha: f32,
}

/// Graphite.
pub const DARK: Palette = Palette {
    canvas: 0x111416,
    dot: 0x22272B,
    cross: 0x343B41,
    window: 0x16191C,
    panel: 0x1A1D20,
    raised: 0x22272B,
    title: 0x2B3136,
    field: 0x121517,
    hover: 0x2F363C,
    sel: 0x2A3122,
    line_soft: 0x282D32,
    line: 0x3A4148,
    line_strong: 0x6E777F,
    strong: 0xF1F0EA,
    text: 0xD0D3D0,
    dim: 0x9BA29F,
    faint: 0x737B79,
    accent: 0xB9DB52,
    accent_ink: 0x151A08,
    focus: 0xF1F0EA,
    audio: 0x3CC9B2,
    midi: 0xC79BF2,
    events: 0x74A9FF,
    clock: 0xE3B73F,
    control: 0xAEB6B7,
    error: 0xFF7370,
    warn: 0xF79A52,
    error_bg: 0x33201F,
    warn_bg: 0x32271C,
    shadow: 0x000000,
    shadow_alpha: 0.45,
};

/// Warm paper with ink.
pub const LIGHT: Palette = Palette {
    canvas: 0xF1EFE8,
    dot: 0xDFDBD0,
    cross: 0xC6C1B2,
    window: 0xE7E4DA,
    panel: 0xFAF9F5,
    raised: 0xFFFFFF,
    title: 0xEAE7DE,
    field: 0xFFFFFF,
    hover: 0xE2DED3,
    sel: 0xE6ECCF,
    line_soft: 0xE6E3DA,
    line: 0xCFCABD,
    line_strong: 0x8B877B,
    strong: 0x15181A,
    text: 0x33383A,
    dim: 0x5C6264,
    faint: 0x85898A,
    accent: 0x506C00,
    accent_ink: 0xFFFFFF,
    focus: 0x15181A,
    audio: 0x077065,
    midi: 0x7A3EC2,
    events: 0x1D5CC6,
    clock: 0x845F00,
    control: 0x586065,
    error: 0xBE2832,
    warn: 0xA24A06,
    error_bg: 0xFBE7E6,
    warn_bg: 0xF8E9DA,
    shadow: 0x3A3420,
    shadow_alpha: 0.16,
};

/// Black and white, borders everywhere, no shadows.
pub const HIGH_CONTRAST: Palette = Palette {
    canvas: 0x000000,
    dot: 0x1C1C1C,
    cross: 0x4A4A4A,
    window: 0x000000,
    panel: 0x000000,
    raised: 0x000000,
    title: 0x1A1A1A,
    field: 0x000000,
    hover: 0x333333,
    sel: 0x263300,
    line_soft: 0x6E6E6E,
    line: 0xB0B0B0,
    line_strong: 0xFFFFFF,
    strong: 0xFFFFFF,
    text: 0xFFFFFF,
    dim: 0xDADADA,
    faint: 0xA8A8A8,
    accent: 0xD7FF3D,
    accent_ink: 0x000000,
    focus: 0xFFFFFF,
    audio: 0x4FFFE3,
    midi: 0xDDB8FF,
    events: 0x9CC6FF,
    clock: 0xFFD84A,
    control: 0xE6E6E6,
    error: 0xFF8F8F,
    warn: 0xFFB469,
    error_bg: 0x3A0000,
    warn_bg: 0x3A2400,
    shadow: 0x000000,
    shadow_alpha: 0.0,
};
