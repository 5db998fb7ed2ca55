//! The look of the program as values: colours, type, spacing, radii, strokes, lengths of time.
//!
//! `colours.rs` holds the three themes, `fonts.rs` the faces and the type scale, `install.rs` pours both into egui.
//! Nothing outside this folder names a colour or a size of its own. A [`Theme`] is found again anywhere by
//! [`Theme::of`], so panels and widgets need not hand it around.

mod colours;
mod fonts;
#[cfg(test)]
mod glyphs;
mod install;

pub use colours::{Colours, contrast};
pub use fonts::{Type, families};

use egui::{Color32, Shadow, Stroke};

use crate::gui::icons::Icon;
use crate::gui::node_graph::{Kind, KindLook, Line, Look, Marks, Shape};

/// Which of the three themes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// Graphite.
    #[default]
    Dark,
    /// Warm paper with ink.
    Light,
    /// For who needs borders.
    HighContrast,
}

/// One theme. Dereferences to its [`Colours`], so `theme.accent` reads as it should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Which one it is.
    pub name: ThemeName,
    /// Its colours.
    pub colours: Colours,
}

impl std::ops::Deref for Theme {
    type Target = Colours;

    fn deref(&self) -> &Colours {
        &self.colours
    }
}

static DARK: Theme = Theme {
    name: ThemeName::Dark,
    colours: colours::DARK,
};
static LIGHT: Theme = Theme {
    name: ThemeName::Light,
    colours: colours::LIGHT,
};
static HIGH_CONTRAST: Theme = Theme {
    name: ThemeName::HighContrast,
    colours: colours::HIGH_CONTRAST,
};

impl Theme {
    /// The theme of that name.
    pub fn named(name: ThemeName) -> &'static Self {
        match name {
            ThemeName::Dark => &DARK,
            ThemeName::Light => &LIGHT,
            ThemeName::HighContrast => &HIGH_CONTRAST,
        }
    }

    /// Fonts, style and colours into egui. Cheap enough for a change of theme, not meant for every frame.
    pub fn install(ctx: &egui::Context, name: ThemeName) {
        install::install(ctx, Self::named(name));
    }

    /// The theme that was installed; dark if none was.
    pub fn of(ctx: &egui::Context) -> &'static Self {
        Self::named(install::installed(ctx))
    }

    /// The one place that says how a kind of data looks.
    pub fn hue(&self, kind: Kind) -> Color32 {
        match kind {
            kind::AUDIO => self.audio,
            kind::MIDI => self.midi,
            kind::EVENTS => self.events,
            kind::CLOCK => self.clock,
            kind::CONTROL => self.control,
            _ => self.dim,
        }
    }

    /// The shadow under filters.
    pub fn shadow(&self) -> Shadow {
        Shadow {
            offset: [0, 2],
            blur: 8,
            spread: 0,
            color: self.shadow_colour(),
        }
    }

    /// The shadow under cards and menus.
    pub fn card_shadow(&self) -> Shadow {
        Shadow {
            offset: [0, 6],
            blur: 24,
            spread: 0,
            color: self.shadow_colour(),
        }
    }

    /// What is there to be lit and is not, on a ground: to be seen, but only just.
    pub fn unlit(&self, ground: Color32) -> Color32 {
        let soft = contrast(self.line_soft, ground) >= 1.4;
        if soft { self.line_soft } else { self.line }
    }

    fn shadow_colour(&self) -> Color32 {
        self.shadow.gamma_multiply(self.shadow_alpha)
    }

    /// White and black keys, whichever of ground and ink is the lighter.
    pub fn piano(&self) -> (Color32, Color32) {
        match self.name {
            ThemeName::Light => (self.field, self.strong),
            ThemeName::Dark | ThemeName::HighContrast => (self.text, self.field),
        }
    }

    /// A 1 pt border.
    pub fn border(&self) -> Stroke {
        Stroke::new(stroke::HAIR, self.line)
    }

    /// What the canvas needs to know of all this.
    pub fn canvas_look(&self) -> Look {
        let c = &self.colours;
        let kind = |kind, name: &str, shape, line| KindLook {
            name: name.to_owned(),
            hue: self.hue(kind),
            shape,
            line,
        };
        Look {
            canvas: c.canvas,
            dot: c.dot,
            cross: c.cross,
            panel: c.panel,
            raised: c.raised,
            title: c.title,
            hover: c.hover,
            line_soft: c.line_soft,
            line: c.line,
            line_strong: c.line_strong,
            strong: c.strong,
            text: c.text,
            dim: c.dim,
            faint: c.faint,
            accent: c.accent,
            accent_ink: c.accent_ink,
            focus: c.focus,
            error: c.error,
            warn: c.warn,
            error_bg: c.error_bg,
            shadow: self.shadow(),
            card_shadow: self.card_shadow(),
            selected_width: if self.name == ThemeName::HighContrast {
                3.0
            } else {
                stroke::SELECTED
            },
            dimmed: if self.name == ThemeName::HighContrast {
                0.6
            } else {
                0.42
            },
            fit_seconds: motion::FIT_VIEW,
            move_seconds: motion::UNDO_MOVE,
            ui: families::ui(),
            ui_medium: families::ui_medium(),
            ui_strong: families::ui_strong(),
            kinds: vec![
                kind(kind::AUDIO, "Audio", Shape::Circle, Line::Strands),
                kind(kind::MIDI, "MIDI records", Shape::Square, Line::Beads),
                kind(
                    kind::EVENTS,
                    "DirectMusic events",
                    Shape::Diamond,
                    Line::Diamonds,
                ),
                kind(kind::CLOCK, "Clock", Shape::Triangle, Line::Ticks),
                kind(kind::CONTROL, "Control", Shape::Capsule, Line::Dots),
                kind(kind::BRIDGE, "Bridge", Shape::Jack, Line::None),
            ],
            marks: Marks {
                late: Icon::Hour.strokes(),
                faulty: Icon::X.strokes(),
                missing: Icon::Missing.strokes(),
                bypassed: Icon::Bypass.strokes(),
                waiting: Icon::Wait.strokes(),
                lock: Icon::Lock.strokes(),
                plus: Icon::Plus.strokes(),
                minus: Icon::Minus.strokes(),
                fit: Icon::Fit.strokes(),
            },
        }
    }
}

/// The kinds of data as the canvas counts them, in the order of [`Theme::canvas_look`].
pub mod kind {
    use crate::gui::node_graph::Kind;

    /// Sampled sound.
    pub const AUDIO: Kind = Kind(0);
    /// Bytes of MIDI with time stamps.
    pub const MIDI: Kind = Kind(1);
    /// DirectMusic events.
    pub const EVENTS: Kind = Kind(2);
    /// Clocks.
    pub const CLOCK: Kind = Kind(3);
    /// Everything else that can be wired, with its name spelled.
    pub const CONTROL: Kind = Kind(4);
    /// A jack: leaves the graph, never takes a wire.
    pub const BRIDGE: Kind = Kind(5);
}

/// Steps of four points.
pub mod space {
    /// 4
    pub const S1: f32 = 4.0;
    /// 8
    pub const S2: f32 = 8.0;
    /// 12: row text inset
    pub const S3: f32 = 12.0;
    /// 16: card padding
    pub const S4: f32 = 16.0;
    /// 24
    pub const S5: f32 = 24.0;
    /// 32
    pub const S6: f32 = 32.0;
    /// Panel padding.
    pub const PANEL: f32 = 14.0;
}

/// Corner radii.
pub mod radius {
    /// Cards, menus, banners.
    pub const CARD: u8 = 8;
    /// Filter boxes.
    pub const FILTER: u8 = 6;
    /// Buttons, fields.
    pub const CONTROL: u8 = 4;
    /// Format tags.
    pub const TAG: u8 = 3;
    /// Bars and pips.
    pub const BAR: u8 = 1;
}

/// Widths of lines.
pub mod stroke {
    /// Borders.
    pub const HAIR: f32 = 1.0;
    /// Icons.
    pub const ICON: f32 = 1.5;
    /// Pin outlines.
    pub const PIN: f32 = 1.75;
    /// Edge of a late filter.
    pub const LATE: f32 = 1.5;
    /// Edge of a faulty filter.
    pub const FAULTY: f32 = 2.0;
    /// Edge of a selected filter.
    pub const SELECTED: f32 = 2.0;
    /// Keyboard focus ring.
    pub const FOCUS: f32 = 2.0;
}

/// Sizes of the parts of the window.
pub mod window {
    /// Height of the menu bar.
    pub const MENU: f32 = 28.0;
    /// Height of the transport.
    pub const TRANSPORT: f32 = 48.0;
    /// Height of the status line.
    pub const STATUS: f32 = 22.0;
    /// Width of the catalogue.
    pub const CATALOGUE: f32 = 212.0;
    /// Least width of the catalogue.
    pub const CATALOGUE_MIN: f32 = 180.0;
    /// Greatest width of the catalogue.
    pub const CATALOGUE_MAX: f32 = 320.0;
    /// In narrower windows the catalogue is folded: Tab has it.
    pub const CATALOGUE_FROM: f32 = 900.0;
    /// In narrower windows the inspector is folded.
    pub const INSPECTOR_FROM: f32 = 1280.0;
    /// In lower windows the bottom panel is folded to its tabs.
    pub const BOTTOM_FROM: f32 = 720.0;
    /// Width of the inspector.
    pub const INSPECTOR: f32 = 296.0;
    /// Least width of the inspector.
    pub const INSPECTOR_MIN: f32 = 264.0;
    /// Greatest width of the inspector.
    pub const INSPECTOR_MAX: f32 = 420.0;
    /// Height of the bottom panel.
    pub const BOTTOM: f32 = 196.0;
    /// Height of the bottom panel folded to its tabs.
    pub const BOTTOM_MIN: f32 = 34.0;
    /// Height of a bar of tabs.
    pub const TAB_BAR: f32 = 30.0;
    /// A row of a list.
    pub const ROW: f32 = 22.0;
    /// A row with a control in it.
    pub const PROPERTY_ROW: f32 = 28.0;
    /// Height of a banner.
    pub const BANNER: f32 = 34.0;
    /// Width of the refusal card.
    pub const REFUSAL_CARD: f32 = 496.0;
    /// Width of a hint card.
    pub const HINT_CARD: f32 = 404.0;
    /// Width of the insert palette.
    pub const PALETTE: f32 = 420.0;
}

/// Lengths of time, in seconds. All of motion ends in an ease-out cubic.
pub mod motion {
    /// Pointer over something.
    pub const HOVER: f32 = 0.080;
    /// A card appears.
    pub const CARD_IN: f32 = 0.120;
    /// A card goes.
    pub const CARD_OUT: f32 = 0.080;
    /// Over a pin that fits, until the dry run shows.
    pub const DRY_RUN_WAIT: f32 = 0.250;
    /// Over a pin that refuses, until the card shows.
    pub const REFUSAL_WAIT: f32 = 0.400;
    /// Fit all.
    pub const FIT_VIEW: f32 = 0.180;
    /// Undo and redo move boxes.
    pub const UNDO_MOVE: f32 = 0.160;
    /// Auto-arrange.
    pub const ARRANGE: f32 = 0.240;
    /// A toast stays.
    pub const TOAST: f32 = 6.0;
    /// A meter falls by so many decibels a second.
    pub const METER_FALL_DB: f32 = 24.0;
    /// A peak is held.
    pub const PEAK_HOLD: f32 = 1.5;
}
