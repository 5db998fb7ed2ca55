//! Tools: what the program is set to, and what it reports.

use super::super::{Menu, Spec, State};
use crate::app::ConnectMode;
use crate::gui::dialog::Dialog;

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "tools.intelligent",
        "Intelligent Connect",
        "A refused wire takes the first cure at once instead of showing why.",
        |screen, _| {
            screen.app.change_preferences(|it| {
                it.connect = match it.connect {
                    ConnectMode::Direct => ConnectMode::Intelligent,
                    ConnectMode::Intelligent => ConnectMode::Direct,
                };
            });
        },
    )
    .at(Menu::Tools, 0)
    .when(|sight| State::switch(sight.preferences.connect == ConnectMode::Intelligent)),
    Spec::new(
        "tools.preferences",
        "Preferences\u{2026}",
        "Looks, motion and keys.",
        |screen, _| screen.open_dialog(Dialog::preferences()),
    )
    .keys(&["Ctrl+,"])
    .at(Menu::Tools, 9),
];
