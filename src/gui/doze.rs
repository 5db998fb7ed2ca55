//! The window asleep: while nothing moves no frame is drawn, until somebody says something.
//!
//! A thread of its own looks at the bells of the app ten times a second, which costs nothing that could be measured, and
//! asks for a frame when one was rung. It never touches the app.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use egui::Context;

use crate::app::App;
use crate::ks::Bell;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What the watchman listens for.
#[derive(Default)]
struct Bells {
    bells: Vec<Bell>,
    /// What they said when the last frame began.
    heard: u32,
    sleeps: bool,
}

impl Bells {
    fn rings(&self) -> u32 {
        let rings = self.bells.iter().map(Bell::rings);
        rings.fold(0, u32::wrapping_add)
    }
}

/// See the module's header. The thread ends when this is dropped.
#[derive(Default)]
pub(super) struct Doze(Arc<Mutex<Bells>>);

impl Doze {
    /// Starts the watchman. Without one the window would have to look by itself.
    pub(super) fn start(ctx: &Context) -> std::io::Result<Self> {
        let doze = Self::default();
        let (watched, ctx) = (Arc::downgrade(&doze.0), ctx.clone());
        std::thread::Builder::new()
            .name("doze".into())
            .spawn(move || {
                while let Some(is_rung) = look(&watched) {
                    if is_rung {
                        ctx.request_repaint();
                    }
                    std::thread::sleep(LOOK);
                }
            })?;
        Ok(doze)
    }

    /// A frame begins: what is rung from here on is news.
    pub(super) fn wake(&self, app: &App) {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.bells.clear();
        bells.bells.extend(app.bells().cloned());
        bells.heard = bells.rings();
        bells.sleeps = false;
    }

    /// No frame comes by itself.
    pub(super) fn sleep(&self) {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.sleeps = true;
    }
}

/// Whether a bell was rung while the window slept; `None` when nobody wants to know any more.
fn look(watched: &Weak<Mutex<Bells>>) -> Option<bool> {
    let bells = watched.upgrade()?;
    let mut bells = bells.lock().unwrap_or_else(PoisonError::into_inner);
    let is_rung = bells.sleeps && bells.rings() != bells.heard;
    bells.sleeps &= !is_rung;
    Some(is_rung)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_rung_since_the_frame_began_wakes_the_window_once() {
        let (doze, bell) = (Doze::default(), Bell::default());
        let watched = Arc::downgrade(&doze.0);
        doze.0.lock().unwrap().bells.push(bell.clone());
        bell.ring();
        assert_eq!(look(&watched), Some(false), "the window is awake");
        doze.sleep();
        assert_eq!(look(&watched), Some(true), "rung before it fell asleep");
        assert_eq!(look(&watched), Some(false), "one frame is under way");
        drop(doze);
        assert_eq!(look(&watched), None);
    }
}
