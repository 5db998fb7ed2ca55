//! Places in what is played that have a name: markers and cue points of songs, cues and loops of sounds. Where they are in
//! the graph, and which is next.

use std::rc::Rc;

use super::{App, View};
use crate::graph::FilterPath;
use crate::ks::{FileFact, REF_TIMES_PER_SECOND, Settings, State};

/// The most of one graph.
const MOST: usize = 2_000;

/// A named place in what a filter plays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Landmark {
    /// In samples of the graph's rate.
    pub position: u64,
    /// What it is called.
    pub name: String,
    /// Who plays it.
    pub filter: FilterPath,
}

/// Those that are known, and of what state of the document.
pub(super) type Known = Option<([u64; 2], Rc<[Landmark]>)>;

impl App {
    fn find_landmarks(&self) -> Vec<Landmark> {
        let rate = f64::from(self.wiring.rate_hz.max(1));
        let base = self.base();
        let mut found = vec![];
        for (filter, path) in self.media() {
            let Some(node) = self
                .wiring
                .filters
                .get(&filter)
                .filter(|it| !it.is_disabled)
            else {
                continue;
            };
            let settings = Settings {
                values: &node.values,
                base: base.as_deref(),
            };
            let mut mark = |seconds: f64, name: &str| {
                if found.len() < MOST && seconds.is_finite() && seconds >= 0.0 {
                    found.push(Landmark {
                        position: (seconds * rate).round() as u64,
                        name: name.to_owned(),
                        filter: filter.clone(),
                    });
                }
            };
            match self.facts.file(&path) {
                FileFact::Song(song) => {
                    let mut all = node.descriptor.iter().flat_map(|it| it.properties.iter());
                    let speed = all.find(|it| it.key == "speed");
                    let percent = speed.map_or(100.0, |it| settings.number(it)).max(1.0);
                    for (time, name) in &song.markers {
                        let seconds = *time as f64 / REF_TIMES_PER_SECOND as f64;
                        mark(seconds * 100.0 / percent, name);
                    }
                }
                FileFact::Wave { format, about, .. } => {
                    let own = format.audio.map_or(rate, |it| f64::from(it.rate_hz.max(1)));
                    for (sample, name) in &about.marks {
                        mark(*sample as f64 / own, name);
                    }
                }
                _ => {}
            }
        }
        found.sort_by(|one, other| (one.position, &one.name).cmp(&(other.position, &other.name)));
        found
    }
}

impl View<'_> {
    /// Named places in what is played, in order.
    pub fn landmarks(&self) -> Rc<[Landmark]> {
        let state = self.revision();
        let mut known = self.app.landmarks.borrow_mut();
        match &*known {
            Some((of, landmarks)) if *of == state => Rc::clone(landmarks),
            _ => {
                let landmarks: Rc<[Landmark]> = self.app.find_landmarks().into();
                *known = Some((state, Rc::clone(&landmarks)));
                landmarks
            }
        }
    }

    /// The one behind where the graph is, or the one before: while it plays, that is the last but one for a quarter of a
    /// second, so that going back twice goes back twice.
    pub fn landmark_beside(&self, is_next: bool) -> Option<Landmark> {
        let all = self.landmarks();
        let here = self.transport().position;
        let grace = match self.requested {
            State::Run => u64::from(self.wiring.rate_hz) / 4,
            _ => 0,
        };
        let found = match is_next {
            true => all.iter().find(|it| it.position > here),
            false => {
                let mut before = all.iter().rev();
                before.find(|it| it.position < here.saturating_sub(grace))
            }
        };
        found.cloned()
    }
}
