//! Pours a theme into egui: fonts, text styles, spacing, colours of the stock widgets.

use egui::style::{Selection, WidgetVisuals, Widgets};
use egui::{CornerRadius, Id, Margin, Stroke, Style, TextStyle, Vec2, Visuals, vec2};

use super::{Theme, ThemeName, Type, fonts, motion, radius, space, stroke, window};

fn key() -> Id {
    Id::unique("the installed theme")
}

/// What [`install`] left behind.
pub(super) fn installed(ctx: &egui::Context) -> ThemeName {
    ctx.data(|data| data.get_temp(key())).unwrap_or_default()
}

/// Fonts, styles, colours.
pub(super) fn install(ctx: &egui::Context, theme: &Theme) {
    ctx.set_fonts(fonts::definitions());
    ctx.data_mut(|data| data.insert_temp(key(), theme.name));
    let egui_theme = match theme.name {
        ThemeName::Light => egui::Theme::Light,
        ThemeName::Dark | ThemeName::HighContrast => egui::Theme::Dark,
    };
    ctx.set_theme(egui_theme);
    ctx.style_mut_of(egui_theme, |style| pour(style, theme));
}

fn pour(style: &mut Style, theme: &Theme) {
    style.text_styles = Type::ALL
        .iter()
        .map(|role| (role.style(), role.font()))
        .collect();
    style
        .text_styles
        .insert(TextStyle::Button, Type::Body.font());
    style.drag_value_text_style = Type::Value.style();
    style.animation_time = motion::HOVER;
    style.explanation_tooltips = false;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;

    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S2, space::S1);
    spacing.button_padding = vec2(space::S3, space::S1);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.interact_size = Vec2::new(40.0, window::ROW);
    spacing.slider_width = 120.0;
    spacing.slider_rail_height = 3.0;
    spacing.scroll.bar_width = 8.0;
    spacing.scroll.floating_width = 4.0;
    spacing.tooltip_width = 360.0;

    style.visuals = visuals(theme);
}

fn visuals(theme: &Theme) -> Visuals {
    let mut v = if theme.name == ThemeName::Light {
        Visuals::light()
    } else {
        Visuals::dark()
    };
    let corner = CornerRadius::same(radius::CONTROL);
    let widget = |bg, border, ink| WidgetVisuals {
        bg_fill: bg,
        weak_bg_fill: bg,
        bg_stroke: Stroke::new(stroke::HAIR, border),
        corner_radius: corner,
        fg_stroke: Stroke::new(stroke::HAIR, ink),
        expansion: 0.0,
    };
    v.widgets = Widgets {
        noninteractive: widget(theme.panel, theme.line_soft, theme.text),
        inactive: widget(theme.title, theme.line, theme.text),
        hovered: widget(theme.hover, theme.line_strong, theme.strong),
        active: widget(theme.hover, theme.strong, theme.strong),
        open: widget(theme.hover, theme.line, theme.strong),
    };
    v.selection = Selection {
        bg_fill: theme.sel,
        stroke: Stroke::new(stroke::HAIR, theme.strong),
    };
    v.weak_text_color = Some(theme.dim);
    v.hyperlink_color = theme.accent;
    v.faint_bg_color = theme.raised;
    v.extreme_bg_color = theme.field;
    v.text_edit_bg_color = Some(theme.field);
    v.code_bg_color = theme.field;
    v.warn_fg_color = theme.warn;
    v.error_fg_color = theme.error;
    v.window_corner_radius = CornerRadius::same(radius::CARD);
    v.menu_corner_radius = CornerRadius::same(radius::CONTROL + 2);
    v.window_shadow = theme.card_shadow();
    v.popup_shadow = theme.card_shadow();
    v.window_fill = theme.panel;
    v.window_stroke = theme.border();
    v.panel_fill = theme.panel;
    v.text_cursor.stroke = Stroke::new(1.5, theme.strong);
    v.slider_trailing_fill = true;
    v
}
