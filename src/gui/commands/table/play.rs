//! Play: what sounds.

use super::super::{Menu, On, PANIC, Sight, Spec, State, TOGGLE_RUN};
use crate::app::{Action, AtEnd, NO_SPEED};
use crate::gui::dialog::{Dialog, Seek};
use crate::gui::panels::seek::WHY_NOT;
use crate::gui::panels::transport::choose_device;
use crate::gui::screen::Screen;
use crate::ks::{self, LoopRange};

macro_rules! set {
    ($name:literal, $words:literal, $help:literal, $state:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.app.perform(Action::SetState(ks::State::$state));
        })
        .at(Menu::Play, 1)
        .when(|sight| State::switch(sight.view.requested == ks::State::$state))
    };
}

macro_rules! at_end {
    ($name:literal, $words:literal, $help:literal, $what:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.app.perform(Action::SetAtEnd(AtEnd::$what));
        })
        .also(&["end of stream"])
        .under(Menu::Play, 5, "At the End")
        .when(|sight| State::switch(sight.preferences.at_end == AtEnd::$what))
    };
}

macro_rules! speed {
    ($name:literal, $words:literal, $permille:literal) => {
        Spec::new(
            $name,
            $words,
            "Plays files and songs faster or slower, until Stop.",
            |screen, _| {
                screen.app.perform(Action::SetSpeed($permille));
            },
        )
        .also(&["rate", "tempo", "playback speed", "varispeed"])
        .under(Menu::Play, 5, "Speed")
        .when(|sight| {
            let place = sight.view.transport();
            match (place.takes_speeds, sight.view.requested >= ks::State::Pause) {
                (false, _) => State::not(NO_SPEED),
                (true, false) => State::not("A speed is set in Pause or Run: run the graph first."),
                (true, true) => State::switch(place.speed == $permille),
            }
        })
    };
}

fn seekable(sight: &Sight<'_>) -> State {
    State::when(sight.view.transport().is_seekable, WHY_NOT)
}

fn to_mark(screen: &mut Screen, is_next: bool) {
    let mark = screen.app.view().landmark_beside(is_next);
    if let Some(mark) = mark {
        screen.app.perform(Action::Seek(mark.position));
    }
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
        "play.step",
        "Step a Quantum",
        "Plays one cycle out of Pause and pauses again; out of any other state it pauses.",
        |screen, _| screen.app.perform(Action::Step),
    )
    .keys(&["Shift+Space"])
    .at(Menu::Play, 1),
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
    Spec::new(
        "play.seek",
        "Seek\u{2026}",
        "Goes to a place that is typed: a time, a sample, or a bar of the graph's tempo.",
        |screen, _| {
            let view = screen.app.view();
            let seek = Seek::new(view.transport().position, view.wiring.rate_hz.max(1));
            screen.open_dialog(Dialog::Seek(seek));
        },
    )
    .keys(&["Ctrl+K"])
    .also(&["go to", "exact seek", "position", "time code"])
    .at(Menu::Play, 4)
    .when(seekable),
    Spec::new(
        "play.to_start",
        "To the Beginning",
        "Goes back to the beginning, or to that of the loop when it is played round.",
        |screen, _| {
            let place = screen.app.view().transport();
            let range = place.range.filter(|it| place.is_looping && it.begin < place.position);
            screen.app.perform(Action::Seek(range.map_or(0, |it| it.begin)));
        },
    )
    .keys(&["Ctrl+Home"])
    .also(&["rewind", "return to zero"])
    .at(Menu::Play, 4)
    .when(seekable),
    Spec::new(
        "play.to_end",
        "To the End",
        "Goes to the end of the longest source whose length is known.",
        |screen, _| {
            if let Some(length) = screen.app.view().transport().length {
                screen.app.perform(Action::Seek(length));
            }
        },
    )
    .keys(&["Ctrl+End"])
    .at(Menu::Play, 4)
    .when(|sight| {
        let is_known = sight.view.transport().length.is_some();
        State::when(is_known, "Nobody knows where this ends: no source here has a known length.")
    }),
    Spec::new(
        "play.previous_mark",
        "To the Mark Before",
        "Goes back to the last named place: a marker or cue point of a song, a cue or an end of a loop of a sound.",
        |screen, _| to_mark(screen, false),
    )
    .keys(&["Alt+PageUp"])
    .also(&["previous marker", "cue point", "locator"])
    .at(Menu::Play, 4)
    .when(|sight| {
        let mark = sight.view.landmark_beside(false);
        State::when(mark.is_some(), "No file here names a place before this one.")
    }),
    Spec::new(
        "play.next_mark",
        "To the Next Mark",
        "Goes on to the next named place: a marker or cue point of a song, a cue or an end of a loop of a sound.",
        |screen, _| to_mark(screen, true),
    )
    .keys(&["Alt+PageDown"])
    .also(&["next marker", "cue point", "locator"])
    .at(Menu::Play, 4)
    .when(|sight| {
        let mark = sight.view.landmark_beside(true);
        State::when(mark.is_some(), "No file here names a place behind this one.")
    }),
    Spec::new(
        "play.loop",
        "Loop",
        "Plays the range round and round, or goes on behind it. Without one it is everything whose length is known.",
        |screen, _| {
            let place = screen.app.view().transport();
            let whole = place.length.and_then(|length| LoopRange::between(0, length));
            let range = place.range.or(whole);
            let is_on = !place.is_looping;
            screen.app.perform(Action::SetLoop { range, is_on });
        },
    )
    .keys(&["Ctrl+Shift+L"])
    .also(&["repeat", "cycle", "A-B"])
    .at(Menu::Play, 5)
    .when(|sight| {
        let place = sight.view.transport();
        match place.range.is_some() || place.length.is_some() {
            true => State::switch(place.is_looping),
            false => State::not("There is no range yet: set its beginning and its end first."),
        }
    }),
    Spec::new(
        "play.loop_begin",
        "Loop from Here",
        "The loop begins where the graph is.",
        |screen, _| {
            let place = screen.app.view().transport();
            let end = place.range.map(|it| it.end).filter(|end| *end > place.position);
            let rest = place.length.filter(|end| *end > place.position);
            // A second where nothing says more.
            let second = place.position + u64::from(screen.app.view().wiring.rate_hz.max(16));
            let range = LoopRange::between(place.position, end.or(rest).unwrap_or(second));
            screen.app.perform(Action::SetLoop { range, is_on: place.is_looping });
        },
    )
    .keys(&["Alt+,"])
    .also(&["set loop start", "mark A", "in point"])
    .at(Menu::Play, 5),
    Spec::new(
        "play.loop_end",
        "Loop to Here",
        "The loop ends where the graph is, and is played round.",
        |screen, _| {
            let place = screen.app.view().transport();
            let begin = place.range.map(|it| it.begin).filter(|begin| *begin < place.position);
            let range = LoopRange::between(begin.unwrap_or(0), place.position);
            screen.app.perform(Action::SetLoop { range, is_on: true });
        },
    )
    .keys(&["Alt+."])
    .also(&["set loop end", "mark B", "out point"])
    .at(Menu::Play, 5)
    .when(|sight| {
        let is_on = sight.view.transport().position >= LoopRange::LEAST;
        State::when(is_on, "The graph is at its beginning: play or seek to where the loop is to end.")
    }),
    Spec::new(
        "play.forget_loop",
        "Forget the Loop",
        "Takes the range away.",
        |screen, _| {
            let (range, is_on) = (None, false);
            screen.app.perform(Action::SetLoop { range, is_on });
        },
    )
    .at(Menu::Play, 5)
    .when(|sight| State::when(sight.view.transport().range.is_some(), "There is no range.")),
    speed!("play.speed.half", "Half", 500),
    speed!("play.speed.three_quarters", "Three Quarters", 750),
    speed!("play.speed.normal", "As Recorded", 1000),
    speed!("play.speed.five_quarters", "One and a Quarter", 1250),
    speed!("play.speed.three_halves", "One and a Half", 1500),
    speed!("play.speed.double", "Double", 2000),
    at_end!("play.end.go_on", "Go On in Silence", "Goes on in silence when every source has ended.", GoOn),
    at_end!("play.end.stop", "Stop the Graph", "Stops when every source has ended and the last echo was heard.", Stop),
    at_end!("play.end.anew", "Begin Anew", "Goes back to the beginning when every source has ended.", BeginAnew),
];
