//! View: what is seen, and how.

use super::super::{Menu, On, Spec, State};
use super::EMPTY;
use crate::app::ThemeChoice;
use crate::gui::panels::bottom::Tab as Page;

macro_rules! theme {
    ($name:literal, $words:literal, $help:literal, $choice:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen
                .app
                .change_preferences(|it| it.theme = ThemeChoice::$choice);
        })
        .under(Menu::View, 4, "Theme")
        .when(|sight| State::switch(sight.preferences.theme == ThemeChoice::$choice))
    };
}

macro_rules! scale {
    ($name:literal, $words:literal, $percent:literal) => {
        Spec::new(
            $name,
            $words,
            concat!("Draws everything at ", $percent, " per cent of its size."),
            |screen, _| {
                screen
                    .app
                    .change_preferences(|it| it.scale_percent = $percent);
            },
        )
        .under(Menu::View, 4, "Scale")
        .when(|sight| State::switch(sight.preferences.scale_percent == $percent))
    };
}

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "view.fit",
        "Fit All",
        "Zooms so that all of the graph is seen.",
        |screen, _| screen.canvas.fit_all(),
    )
    .keys(&["Shift+0", "Home"])
    .at(Menu::View, 0)
    .on(&[On::Canvas])
    .when(|sight| State::when(!sight.view.graph.filters.is_empty(), EMPTY)),
    Spec::new(
        "view.actual_size",
        "Actual Size",
        "Shows the graph at 100 per cent.",
        |screen, _| screen.canvas.zoom_to(1.0),
    )
    .keys(&["Ctrl+0", "Ctrl+1"])
    .at(Menu::View, 0),
    Spec::new(
        "view.zoom_in",
        "Zoom In",
        "Shows the graph larger.",
        |screen, _| screen.canvas.zoom_to(screen.canvas.view().zoom * 1.25),
    )
    .keys(&["Ctrl++", "Ctrl+="])
    .at(Menu::View, 0)
    .repeats(),
    Spec::new(
        "view.zoom_out",
        "Zoom Out",
        "Shows the graph smaller.",
        |screen, _| screen.canvas.zoom_to(screen.canvas.view().zoom / 1.25),
    )
    .keys(&["Ctrl+-"])
    .at(Menu::View, 0)
    .repeats(),
    Spec::new(
        "view.centre",
        "Centre Selection",
        "Brings what is selected to the middle.",
        |screen, _| screen.centre_selection(),
    )
    .at(Menu::View, 1)
    .on(&[On::Filter])
    .when(|sight| State::when(sight.has_filters(), super::NO_FILTER)),
    Spec::new(
        "view.catalogue",
        "Catalogue",
        "Shows or folds the list of filters at the left.",
        |screen, _| screen.catalogue_side.toggle(),
    )
    .keys(&["F4"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_catalogue)),
    Spec::new(
        "view.inspector",
        "Inspector",
        "Shows or folds what is known of the selection, at the right.",
        |screen, _| screen.inspector_side.toggle(),
    )
    .keys(&["Shift+F4"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_inspector)),
    Spec::new(
        "view.log",
        "Log",
        "Brings what was done and what happened to the front, below.",
        |screen, _| screen.show_log(),
    )
    .keys(&["Ctrl+L"])
    .also(&["construction report", "messages"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_log)),
    Spec::new(
        "view.performance",
        "Performance",
        "Brings what every filter costs to the front, below.",
        |screen, _| screen.show_performance(),
    )
    .keys(&["Ctrl+M"])
    .also(&["statistics"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_performance)),
    Spec::new(
        "view.events",
        "Events",
        "Shows the events of the selected filter in the inspector: switched on, they are counted.",
        |screen, _| screen.show_events(),
    )
    .keys(&["Ctrl+E"])
    .also(&["spy"])
    .at(Menu::View, 2)
    .on(&[On::Filter])
    .when(|sight| {
        let one = sight.view.selection.one_filter().is_some();
        State::when(one, "One filter has to be selected: click it first.")
    }),
    Spec::new(
        "view.frames",
        "Frames",
        "Shows the frames that pass on the selected wire: headers, flags, bytes and checksums.",
        |screen, _| screen.toggle_frames(),
    )
    .keys(&["Shift+F8"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_frames)),
    Spec::new(
        "view.hold_frames",
        "Hold Frames",
        "Leaves new frames out of the list, so that those that are there can be read.",
        |screen, _| screen.hold_frames(),
    )
    .keys(&["Ctrl+F8"])
    .at(Menu::View, 2)
    .when(|sight| match sight.view.probed() {
        Some(_) => State::switch(sight.view.frames_are_held()),
        None => State::when(false, "No wire's frames are shown"),
    }),
    Spec::new(
        "view.blame",
        "Blame",
        "Shows the story of each dropout and late cycle: which filter was late, by how much, and what waited for it.",
        |screen, _| screen.toggle_page(Page::Blame),
    )
    .keys(&["Shift+F7"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_blame)),
    Spec::new(
        "view.timeline",
        "Timeline",
        "Shows which filter ran when, cycle by cycle.",
        |screen, _| screen.toggle_page(Page::Timeline),
    )
    .keys(&["Ctrl+F7"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_timeline)),
    Spec::new(
        "view.score",
        "Score",
        "Shows the notes that a synthesizer is about to play. Until they are due they can be delayed, muted and taken away.",
        |screen, _| screen.toggle_page(Page::Score),
    )
    .keys(&["Alt+F8"])
    .at(Menu::View, 2)
    .when(|sight| State::switch(sight.shows_score)),
    Spec::new(
        "view.glass_wires",
        "Glass Wires",
        "Shows on each wire what waits there, how late it is and how loud.",
        |screen, _| {
            screen
                .app
                .change_preferences(|it| it.glass_wires = !it.glass_wires);
        },
    )
    .keys(&["G"])
    .at(Menu::View, 2)
    .on(&[On::Wire])
    .when(|sight| State::switch(sight.preferences.glass_wires)),
    Spec::new(
        "view.next_panel",
        "Next Panel",
        "Gives the keyboard to the next part of the window.",
        |screen, ctx| screen.walk_panels(ctx, 1),
    )
    .keys(&["F6"])
    .at(Menu::View, 3),
    Spec::new(
        "view.previous_panel",
        "Previous Panel",
        "Gives the keyboard to the part of the window before.",
        |screen, ctx| screen.walk_panels(ctx, -1),
    )
    .keys(&["Shift+F6"])
    .at(Menu::View, 3),
    Spec::new(
        "view.menu_bar",
        "Menu Bar",
        "Gives the keyboard to the menus.",
        |screen, ctx| screen.focus_menus(ctx),
    )
    .keys(&["F10"]),
    Spec::new(
        "view.context_menu",
        "Context Menu",
        "Opens the menu of what has the keyboard, or else of what is selected.",
        |screen, ctx| screen.open_context(ctx),
    )
    .keys(&["Shift+F10", "Menu"]),
    theme!("view.theme.dark", "Dark", "Wears graphite.", Dark),
    theme!("view.theme.light", "Light", "Wears warm paper.", Light),
    theme!(
        "view.theme.high_contrast",
        "High Contrast",
        "Wears black and white with borders everywhere.",
        HighContrast
    ),
    theme!(
        "view.theme.system",
        "As the System",
        "Wears dark or light as the desktop does.",
        System
    ),
    scale!("view.scale.100", "100 %", 100),
    scale!("view.scale.125", "125 %", 125),
    scale!("view.scale.150", "150 %", 150),
    scale!("view.scale.175", "175 %", 175),
    scale!("view.scale.200", "200 %", 200),
    Spec::new(
        "view.reduced_motion",
        "Reduced Motion",
        "Shows things in place at once instead of moving them there.",
        |screen, _| {
            screen
                .app
                .change_preferences(|it| it.reduced_motion = !it.reduced_motion);
        },
    )
    .at(Menu::View, 4)
    .when(|sight| State::switch(sight.preferences.reduced_motion)),
    Spec::new(
        "view.full_screen",
        "Full Screen",
        "Fills the screen with the window, or gives it back.",
        |screen, ctx| screen.toggle_full_screen(ctx),
    )
    .keys(&["F11"])
    .at(Menu::View, 5)
    .when(|sight| State::switch(sight.is_full_screen)),
];
