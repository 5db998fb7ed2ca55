//! Tools: what the program is set to, and what it reports.

use super::super::{Menu, Spec, State};
use crate::app::ConnectMode;
use crate::gui::dialog::Dialog;
use crate::gui::files::Why;

macro_rules! connect {
    ($name:literal, $words:literal, $mode:ident, $key:literal, $help:literal) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen
                .app
                .change_preferences(|it| it.connect = ConnectMode::$mode);
        })
        .keys(&[$key])
        .also(&["intelligent connect", "connect mode"])
        .under(Menu::Tools, 0, "Connect")
        .when(|sight| State::switch(sight.preferences.connect == ConnectMode::$mode))
    };
}

pub(super) const SPECS: &[Spec] = &[
    connect!(
        "tools.connect.direct",
        "Direct",
        Direct,
        "Ctrl+Shift+D",
        "A wire is made as it is, or shows why it cannot be."
    ),
    connect!(
        "tools.connect.intelligent",
        "Intelligent",
        Intelligent,
        "Ctrl+Shift+I",
        "A refused wire takes the first cure at once instead of showing why."
    ),
    connect!(
        "tools.connect.format",
        "Direct with Format",
        WithFormat,
        "Ctrl+Shift+M",
        "A wire that can be made asks which of the formats it is to carry."
    ),
    Spec::new(
        "tools.built",
        "Construction Report\u{2026}",
        "Shows every attempt of what was connected or rendered by itself last, with the reason for each refusal.",
        |screen, _| screen.open_dialog(Dialog::Built),
    )
    .keys(&["Ctrl+U"])
    .also(&["attempts", "log", "intelligent connect"])
    .at(Menu::Tools, 1),
    Spec::new(
        "tools.budget",
        "Latency Budget\u{2026}",
        "Says how long it is from key to ear, piece by piece, and what brings that within so many milliseconds.",
        |screen, _| screen.open_dialog(Dialog::Latency(Default::default())),
    )
    .keys(&["Ctrl+Alt+L"])
    .also(&["delay", "buffer size", "key to ear", "milliseconds"])
    .at(Menu::Tools, 1),
    Spec::new(
        "tools.report",
        "Save Report\u{2026}",
        "Writes what somebody who is to help needs to know into one file: versions, devices, graph, picture and log.",
        |screen, ctx| screen.ask_for(ctx, Why::Report),
    )
    .keys(&["Ctrl+T"])
    .at(Menu::Tools, 1),
    Spec::new(
        "tools.export_timeline",
        "Export Timeline\u{2026}",
        "Writes which filter ran when in the last cycles into a file that a browser's tracing viewer reads.",
        |screen, ctx| screen.ask_for(ctx, Why::Timeline),
    )
    .at(Menu::Tools, 1),

    Spec::new(
        "tools.export_minutes",
        "Export Last Minutes\u{2026}",
        "Writes the last minutes of what was played, also after Stop, into a file: .wav or .flac.",
        |screen, ctx| screen.ask_for(ctx, Why::Minutes),
    )
    .keys(&["Ctrl+Shift+B"])
    .also(&["record", "bounce", "keep the last minutes"])
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
