//! The program without its window, as tests speak to it: filters by number, and waiting for what its threads do.

use std::time::{Duration, Instant};

use ksgraph::app::App;
use ksgraph::graph::{FilterId, FilterPath, PinAddress};

pub(crate) fn path(id: u32) -> FilterPath {
    FilterPath::from(vec![FilterId(id)])
}

pub(crate) fn pin(id: u32, pin: &str) -> PinAddress {
    PinAddress {
        filter: path(id),
        pin: pin.into(),
        instance: 0,
    }
}

/// Waits until it is so; a minute is the most, for machines with much to do.
#[track_caller]
pub(crate) fn wait(app: &mut App, until: impl Fn(&App) -> bool) {
    wait_within(Duration::from_secs(60), app, until);
}

#[expect(clippy::disallowed_methods, reason = "threads are waited for")]
#[track_caller]
pub(crate) fn wait_within(limit: Duration, app: &mut App, until: impl Fn(&App) -> bool) {
    let began = Instant::now();
    while !until(app) {
        assert!(began.elapsed() < limit, "nothing happens");
        std::thread::sleep(Duration::from_millis(1));
        app.poll();
    }
}
