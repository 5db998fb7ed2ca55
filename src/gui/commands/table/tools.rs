//! Tools: what the program is set to, and what it reports.

use super::super::{Menu, Spec, State};
use crate::app::ConnectMode;
use crate::gui::dialog::Dialog;
use crate::gui::files::Why;

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
        "tools.report",
        "Save Report\u{2026}",
        "Writes what somebody who is to help needs to know into one file: versions, devices, graph, picture and log.",
        |screen, ctx| screen.ask_for(ctx, Why::Report),
    )
    .keys(&["Ctrl+T"])
    .at(Menu::Tools, 1),

    Spec::new(
        "tools.preferences",
        "Preferences\u{2026}",
        "Looks, motion and keys.",
        |screen, _| screen.open_dialog(Dialog::preferences()),
    )
    .keys(&["Ctrl+,"])
    .at(Menu::Tools, 9),
];
