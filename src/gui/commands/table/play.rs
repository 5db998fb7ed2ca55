//! Play: what sounds.

use super::super::{Menu, On, PANIC, Spec, State, TOGGLE_RUN};
use crate::app::Action;
use crate::gui::panels::transport::choose_device;
use crate::ks;

macro_rules! set {
    ($name:literal, $words:literal, $help:literal, $state:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.app.perform(Action::SetState(ks::State::$state));
        })
        .at(Menu::Play, 1)
        .when(|sight| State::switch(sight.view.requested == ks::State::$state))
    };
}

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        TOGGLE_RUN,
        "Run or Pause",
        "Runs the graph, or pauses it where it is.",
        |screen, _| screen.app.perform(Action::ToggleRun),
    )
    .keys(&["Space"])
    .at(Menu::Play, 0),
    set!(
        "play.stop",
        "Stop",
        "Stops the graph and gives devices back.",
        Stop
    ),
    set!(
        "play.acquire",
        "Acquire",
        "Has every filter get hold of what it needs, without moving data.",
        Acquire
    ),
    set!(
        "play.pause",
        "Pause",
        "Holds the graph ready where it is.",
        Pause
    ),
    set!("play.run", "Run", "Lets the graph run.", Run),
    Spec::new(
        "play.play_mode",
        "Play Mode",
        "Lets letter keys play notes on the keyboard used last, or stops that.",
        |screen, _| {
            let is_on = screen.app.view().play_mode.is_some();
            screen.app.perform(Action::SetPlayMode(!is_on));
        },
    )
    .keys(&["F8"])
    .at(Menu::Play, 2)
    .when(|sight| State::switch(sight.view.play_mode.is_some())),
    Spec::new(
        "play.tap_tempo",
        "Tap Tempo",
        "Sets the tempo of the selected metronome, or of the first one, by tapping it twice or more.",
        |screen, ctx| {
            if let Some(filter) = screen.app.view().tapped() {
                let at_seconds = ctx.input(|i| i.time);
                screen.app.perform(Action::TapTempo { filter, at_seconds });
            }
        },
    )
    .keys(&["T"])
    .at(Menu::Play, 2)
    .when(|sight| {
        let any = sight.view.tapped().is_some();
        State::when(any, "No filter here has a tempo: add a Metronome first.")
    }),

    Spec::new(
        "play.device",
        "Device\u{2026}",
        "Opens the list of devices, rates and quanta.",
        |_, ctx| choose_device(ctx),
    )
    .keys(&["Ctrl+Shift+P"])
    .also(&["sound card", "audio device", "sample rate", "quantum", "buffer size"])
    .at(Menu::Play, 2),
    Spec::new(
        "play.use_clock",
        "Use Clock",
        "Lets the clock of the selected filter drive the graph; done again, the program chooses.",
        |screen, _| screen.use_clock(),
    )
    .keys(&["Ctrl+Shift+K"])
    .also(&["master clock", "reference clock"])
    .at(Menu::Play, 2)
    .on(&[On::Filter])
    .when(|sight| match sight.driver() {
        None => State::not(
            "The selected filter has no clock that could drive the graph: select one that plays or records on a device.",
        ),
        Some((is_on, _)) if sight.view.requested != ks::State::Stop => State {
            is_on: Some(is_on),
            ..State::not("What drives the graph is exchanged in Stop: stop it first.")
        },
        Some((is_on, _)) => State::switch(is_on),
    }),

    Spec::new(
        "play.full_quality",
        "Keep Full Quality",
        "No filter is asked to do with less when the machine is overloaded; done again, they may be.",
        |screen, _| {
            let is_full = screen.app.view().timing().full_quality;
            screen.app.perform(Action::SetFullQuality(!is_full));
        },
    )
    .also(&["quality management", "degrade", "overload"])
    .at(Menu::Play, 2)
    .when(|sight| State::switch(sight.view.timing().full_quality)),

    Spec::new(PANIC, "Panic", "Silences every note.", |screen, _| {
        screen.panic()
    })
    .keys(&["F12"])
    .at(Menu::Play, 3),
];
