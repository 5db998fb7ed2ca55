//! The parts of the window around the canvas. Each draws from a `View` and asks by `Command`; none changes anything.

pub(super) mod banner;
pub(super) mod breadcrumb;
pub(super) mod card;
pub(super) mod catalogue;
pub(super) mod context;

pub(super) mod devices;

pub(super) mod dialogs;
pub(super) mod dry_run;
pub(super) mod facts;
pub(super) mod history;
pub(super) mod inspector;
mod lanes;
pub(super) mod log;
pub(super) mod menu;
pub(super) mod palette;
pub(super) mod properties;
pub(super) mod status;
pub(super) mod tour;
pub(super) mod transport;
