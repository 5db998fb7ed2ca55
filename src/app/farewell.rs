//! The end of the program while sound plays: it fades, and what is on its way to the ear arrives.

use std::thread::sleep;
use std::time::Duration;

use super::{Action, App};
use crate::ks::State;

const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// So often at most, for each of the two waits: half a second.
const LOOKS: u32 = 100;

impl App {
    /// Pauses what runs and waits until its fade has been heard; at most a second, whatever a device does. For the thread
    /// that owns the window, when that is about to go.
    pub fn fall_silent(&mut self) {
        let runs = |app: &Self| app.cells().is_some_and(|cells| cells.state() == State::Run);
        if !runs(self) {
            return;
        }
        self.perform(Action::SetState(State::Pause));
        for _ in 0..LOOKS {
            self.poll();
            if !runs(self) {
                break;
            }
            sleep(LOOK_AGAIN);
        }
        // A server cuts off what it still holds when a stream is closed, and holds more than it says while it is busy.
        let samples = self.cells().map_or(0, |cells| cells.latency_samples());
        let seconds = 2.0 * f64::from(samples) / f64::from(self.wiring.rate_hz.max(1));
        sleep(Duration::from_secs_f64(seconds).min(LOOKS * LOOK_AGAIN));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Options;
    use super::super::start_tests::wait;
    use super::*;

    #[test]
    fn what_runs_is_paused_before_the_program_goes() {
        let mut app = App::new(Options::nominal(256));
        app.fall_silent();
        let state = |app: &App| app.cells().map(|cells| cells.state());
        assert_ne!(state(&app), Some(State::Run), "nothing played");
        let tone = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs/tone.ron");
        app.perform(Action::Open(tone));
        app.perform(Action::SetState(State::Run));
        assert!(wait(&mut app, |app| state(app) == Some(State::Run)));
        app.fall_silent();
        assert_eq!(state(&app), Some(State::Pause));
    }
}
