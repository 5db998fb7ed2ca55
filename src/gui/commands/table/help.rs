//! Help: what there is to know.

use super::super::{Menu, On, Spec, State};
use crate::gui::dialog::Dialog;

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "help.filter",
        "Help",
        "Tells of the selected filter: what it does, its pins, its properties; or of the window, if none is selected.",
        |screen, _| screen.open_help(),
    )
    .keys(&["F1"])
    .at(Menu::Help, 0)
    .on(&[On::Filter]),
    Spec::new(
        "help.no_sound",
        "No Sound?",
        "Follows the sound from its sources to the device and says where it stops, why, and what helps.",
        |screen, _| screen.open_dialog(Dialog::Silence(Default::default())),
    )
    .keys(&["Ctrl+Shift+F1"])
    .also(&["silence", "nothing is heard", "mute", "troubleshoot"])
    .at(Menu::Help, 0),
    Spec::new(
        "help.keys",
        "Keys",
        "Lists every key.",
        |screen, _| screen.open_dialog(Dialog::Keys),
    )
    .keys(&["Ctrl+F1"])
    .at(Menu::Help, 0),
    Spec::new(
        "help.tour",
        "First Five Minutes",
        "Shows the first steps, one after the other; each can be skipped.",
        |screen, _| screen.start_tour(),
    )
    .at(Menu::Help, 0)
    .when(|sight| State::switch(sight.is_touring)),
    Spec::new(
        "help.about",
        "About KSGraph",
        "Which version this is, and what it is made of.",
        |screen, _| screen.open_dialog(Dialog::About),
    )
    .at(Menu::Help, 1),
];
