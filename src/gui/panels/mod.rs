//! The parts of the window around the canvas. Each draws from a `View` and asks by `Command`; none changes anything.

pub(super) mod bank;
pub(super) mod banner;
pub(super) mod bottom;

mod blame;
mod frames;
mod timeline;

pub(super) mod breadcrumb;
pub(super) mod card;
pub(super) mod catalogue;

mod class;

mod clock;

pub(super) mod context;
mod cost;

pub(super) mod devices;

pub(super) mod dialogs;
pub(super) mod dry_run;
mod events;
mod facts;
pub(super) mod history;
pub(super) mod inspector;
mod lanes;
mod log;
mod many;
mod marks;
pub(super) mod menu;
mod page;
pub(super) mod palette;
mod performance;
mod pins;
mod properties;
mod raw;

mod score;

pub(in crate::gui) mod seek;
mod states;
pub(super) mod status;
mod topology;
pub(super) mod tour;
pub(super) mod transport;
mod wire;

/// `00:01:23.456`.
fn time_words(millis: u64) -> String {
    let seconds = millis / 1000;
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    )
}
