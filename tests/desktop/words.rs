//! What the window calls its things, and what is read from them.

use crate::screen::{Item, Probe, Window};

pub(crate) const FIRST_SOUND: &str = "graphs/first_sound.ron";

// Roles and names in the probe.
pub(crate) const FIELD: &str = "field";
pub(crate) const SEARCH: &str = "Search filters";
pub(crate) const ROW: &str = "row";
pub(crate) const CANVAS: (&str, &str) = ("canvas", "Canvas");
pub(crate) const FILTER: &str = "filter";
pub(crate) const PIN: &str = "pin";
pub(crate) const WIRE: &str = "wire";
pub(crate) const REFUSAL: &str = "refusal";
pub(crate) const METER: &str = "meter";
pub(crate) const STATUS: &str = "status";
pub(crate) const PLAY_MODE: &str = "Play mode";
pub(crate) const BANNER: &str = "banner";
pub(crate) const FACT: &str = "fact";
pub(crate) const FIGURE: &str = "figure";

pub(crate) fn wires(window: &mut Window<'_>) -> usize {
    window.settle();
    window.see("the canvas", |probe| Some(probe.of_role(WIRE).count()))
}

pub(crate) fn wait_for_wires(window: &mut Window<'_>, count: usize) {
    window.see(&format!("{count} wires"), |probe| {
        (probe.of_role(WIRE).count() == count).then_some(())
    });
}

pub(crate) fn in_play_mode(window: &mut Window<'_>) -> bool {
    window.settle();
    window.see("the status line", |probe| {
        Some(probe.of_role(STATUS).any(|item| item.name == PLAY_MODE))
    })
}

/// Has the letter keys play, if they do not.
pub(crate) fn play_mode(window: &mut Window<'_>) {
    if !in_play_mode(window) {
        window.key("F8");
    }
    says(window, (STATUS, PLAY_MODE), |it| it == "on");
}

/// What the meter shows, such as "-20.3 dBFS"; nothing when it shows silence in words or there is none.
pub(crate) fn level(probe: &Probe) -> Option<f64> {
    let number = |item: &Item| {
        item.state
            .split_whitespace()
            .next()?
            .replace('\u{2212}', "-")
            .parse()
            .ok()
    };
    probe.of_role(METER).find_map(number)
}

/// What the item of a role and name says.
pub(crate) fn said(window: &mut Window<'_>, role: &str, name: &str) -> String {
    window.find(role, name).state
}

/// Waits until that item says something in particular.
pub(crate) fn says(
    window: &mut Window<'_>,
    (role, name): (&str, &str),
    is_it: impl Fn(&str) -> bool,
) {
    window.see(&format!("another word of the {role} \"{name}\""), |probe| {
        let mut items = probe.of_role(role);
        items
            .any(|item| item.name == name && is_it(&item.state))
            .then_some(())
    });
}

/// Waits for a banner with these words; all of it.
pub(crate) fn banner(window: &mut Window<'_>, words: &str) -> String {
    window.see(&format!("a banner with \"{words}\""), |probe| {
        let mut banners = probe.of_role(BANNER);
        banners
            .find(|it| it.name.contains(words))
            .map(|it| it.name.clone())
    })
}

/// Closes what banners there are: on a busy machine longer cycles are offered, and the canvas is lower for it.
pub(crate) fn close_banners(window: &mut Window<'_>) {
    window.settle();
    while let Some(close) = window.see("the window", |probe| {
        let close = probe.find("button", "Close the banner");
        Some(close.map(|it| it.middle()))
    }) {
        window.click(close);
        window.settle();
    }
}

/// Seconds of graph time in the transport.
pub(crate) fn graph_time(window: &mut Window<'_>) -> f64 {
    seconds(&said(window, "time", "Time"))
}

/// What `00:01:02.345` is.
pub(crate) fn seconds(text: &str) -> f64 {
    let parts = text
        .split(':')
        .map(|part| part.parse::<f64>().expect("a time"));
    parts.fold(0.0, |sum, part| sum * 60.0 + part)
}
