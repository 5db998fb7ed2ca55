//! The four faces, bundled, and the type scale.
//!
//! Plex's figures are 600 units wide in every weight, so running values do not shiver. egui's own fonts stand behind
//! as a fallback for what Plex lacks.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId, TextStyle};

/// The families by name.
pub mod families {
    use egui::FontFamily;

    /// Regular.
    pub fn ui() -> FontFamily {
        FontFamily::Name("ui".into())
    }

    /// Medium: values.
    pub fn ui_medium() -> FontFamily {
        FontFamily::Name("ui_medium".into())
    }

    /// SemiBold: names and headings.
    pub fn ui_strong() -> FontFamily {
        FontFamily::Name("ui_strong".into())
    }

    /// For hex, RON and checksums only.
    pub fn mono() -> FontFamily {
        FontFamily::Name("mono".into())
    }
}

/// A role of text. [`Type::style`] is its name inside egui, [`Type::font`] its face and size at 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// The running time.
    Clock,
    /// Title of a card.
    CardTitle,
    /// Title of the inspector.
    PanelTitle,
    /// Heading of a panel.
    Heading,
    /// Name of a filter box.
    FilterName,
    /// The tab in front.
    TabActive,
    /// Tabs and menus.
    Tab,
    /// Text.
    Body,
    /// Values.
    Value,
    /// Pin names and text on the canvas.
    Canvas,
    /// Heading of a section.
    Section,
    /// Second lines.
    Small,
    /// Format tags.
    Tag,
    /// Footers and overlines.
    Footer,
    /// Labels of scales.
    Tick,
    /// Bytes.
    Hex,
}

impl Type {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Clock,
        Self::CardTitle,
        Self::PanelTitle,
        Self::Heading,
        Self::FilterName,
        Self::TabActive,
        Self::Tab,
        Self::Body,
        Self::Value,
        Self::Canvas,
        Self::Section,
        Self::Small,
        Self::Tag,
        Self::Footer,
        Self::Tick,
        Self::Hex,
    ];

    /// Family, size, height of a row.
    fn values(self) -> (FontFamily, f32, f32) {
        use families::{mono, ui, ui_medium, ui_strong};
        match self {
            Self::Clock => (ui_medium(), 20.0, 24.0),
            Self::CardTitle => (ui_strong(), 17.0, 22.0),
            Self::PanelTitle => (ui_strong(), 14.0, 20.0),
            Self::Heading => (ui_strong(), 13.0, 18.0),
            Self::FilterName => (ui_strong(), 12.5, 18.0),
            Self::TabActive => (ui_strong(), 12.5, 18.0),
            Self::Tab => (ui(), 12.5, 18.0),
            Self::Body => (ui(), 12.0, 18.0),
            Self::Value => (ui_medium(), 12.0, 18.0),
            Self::Canvas => (ui(), 11.5, 16.0),
            Self::Section => (ui_strong(), 11.5, 16.0),
            Self::Small => (ui(), 11.0, 15.0),
            Self::Tag => (ui_medium(), 10.5, 13.0),
            Self::Footer => (ui(), 10.5, 13.0),
            Self::Tick => (ui(), 9.5, 12.0),
            Self::Hex => (mono(), 11.5, 16.0),
        }
    }

    /// Face and size at 100 %.
    pub fn font(self) -> FontId {
        let (family, size, _) = self.values();
        FontId::new(size, family)
    }

    /// Height of a row of it.
    pub fn row_height(self) -> f32 {
        self.values().2
    }

    /// Its name inside egui: `ui.label(RichText::new(..).text_style(Type::Small.style()))`.
    pub fn style(self) -> TextStyle {
        match self {
            Self::Body => TextStyle::Body,
            Self::Small => TextStyle::Small,
            Self::Heading => TextStyle::Heading,
            Self::Hex => TextStyle::Monospace,
            other => TextStyle::Name(format!("{other:?}").into()),
        }
    }
}

const FACES: [(&str, &[u8]); 4] = [
    (
        "ui",
        include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf"),
    ),
    (
        "ui_medium",
        include_bytes!("../../../assets/fonts/IBMPlexSans-Medium.ttf"),
    ),
    (
        "ui_strong",
        include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf"),
    ),
    (
        "mono",
        include_bytes!("../../../assets/fonts/IBMPlexMono-Regular.ttf"),
    ),
];

/// Our faces first, egui's behind them.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let chain =
        |fonts: &FontDefinitions, family| fonts.families.get(&family).cloned().unwrap_or_default();
    let proportional = chain(&fonts, FontFamily::Proportional);
    let monospace = chain(&fonts, FontFamily::Monospace);
    for (name, bytes) in FACES {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        let behind = if name == "mono" {
            &monospace
        } else {
            &proportional
        };
        let mut faces = vec![name.to_owned()];
        faces.extend(behind.iter().cloned());
        if name == "ui" {
            fonts
                .families
                .insert(FontFamily::Proportional, faces.clone());
        } else if name == "mono" {
            fonts.families.insert(FontFamily::Monospace, faces.clone());
        }
        fonts.families.insert(FontFamily::Name(name.into()), faces);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_figures_of_a_face_are_equally_wide() {
        let ctx = egui::Context::default();
        ctx.set_fonts(definitions());
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for role in Type::ALL {
                let font = role.font();
                let widths = ui.fonts_mut(|f| {
                    ('0'..='9')
                        .map(|c| f.glyph_width(&font, c))
                        .collect::<Vec<_>>()
                });
                assert!(
                    widths.iter().all(|w| (w - widths[0]).abs() < 0.01),
                    "{role:?}: {widths:?}"
                );
                assert!(widths[0] > 1.0, "{role:?} has no figures");
            }
        });
        output.textures_delta.clear();
    }
}
