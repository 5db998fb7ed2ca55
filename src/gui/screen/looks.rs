//! What the window wears: theme, scale and motion as the user has set them, put into egui when they change.

use egui::{Context, SystemTheme, ViewportCommand};

use super::Screen;
use crate::app::{Preferences, ThemeChoice};
use crate::gui::node_graph::Look;
use crate::gui::theme::{Theme, ThemeName};

/// Theme, scale and motion.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Looks {
    theme: ThemeName,
    percent: u16,
    is_still: bool,
    /// Whether the system decides between light and dark.
    is_systems: bool,
}

impl Looks {
    /// What the user has set, and where that is "as the system", what the system says.
    pub(super) fn wanted(ctx: &Context, preferences: &Preferences) -> Self {
        let theme = match preferences.theme {
            ThemeChoice::Dark => ThemeName::Dark,
            ThemeChoice::Light => ThemeName::Light,
            ThemeChoice::HighContrast => ThemeName::HighContrast,
            ThemeChoice::System => match ctx.system_theme() {
                Some(egui::Theme::Light) => ThemeName::Light,
                Some(egui::Theme::Dark) | None => ThemeName::Dark,
            },
        };
        Self {
            theme,
            percent: preferences.scale_percent,
            is_still: preferences.reduced_motion,
            is_systems: preferences.theme == ThemeChoice::System,
        }
    }

    /// Puts it into egui; returns what the canvas wears.
    pub(super) fn install(self, ctx: &Context) -> Look {
        Theme::install(ctx, self.theme);
        ctx.set_zoom_factor(f32::from(self.percent) / 100.0);
        ctx.send_viewport_cmd(ViewportCommand::SetTheme(match self.theme {
            _ if self.is_systems => SystemTheme::SystemDefault,
            ThemeName::Light => SystemTheme::Light,
            ThemeName::Dark | ThemeName::HighContrast => SystemTheme::Dark,
        }));
        let mut look = Theme::named(self.theme).canvas_look();
        if self.is_still {
            (look.fit_seconds, look.move_seconds) = (0.0, 0.0);
            ctx.all_styles_mut(|style| style.animation_time = 0.0);
            // Scrolling by a key jumps as well.
            ctx.all_styles_mut(|style| {
                style.scroll_animation = egui::style::ScrollAnimation::none();
            });
        } else {
            ctx.all_styles_mut(|style| {
                style.scroll_animation = egui::style::ScrollAnimation::default();
            });
        }
        look
    }
}

impl Screen {
    /// Whether the user wants as little motion as can be.
    pub fn is_still(&self) -> bool {
        self.looks.is_still
    }

    /// Puts on what the user has set, if that has changed.
    pub(super) fn wear(&mut self, ctx: &Context) {
        let wanted = Looks::wanted(ctx, self.app.preferences());
        if wanted != self.looks {
            self.looks = wanted;
            self.look = wanted.install(ctx);
            ctx.request_repaint();
        }
    }
}
