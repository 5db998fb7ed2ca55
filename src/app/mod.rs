//! What the program can do, without a screen: the open document, its agreement, and the engine that plays it.
//!
//! [`App::perform`] carries out an [`Action`]; [`App::poll`] takes in what threads have said; [`App::view`] is all that
//! a screen sees.

mod action;
mod playing;
mod view;

pub use action::{Action, Selection};
pub use view::{Banner, Document, FilterStatus, LogLine, Urgency, View};

use std::path::PathBuf;

use crate::engine::Epoch;
use crate::graph::{Agreement, FilterId, FilterPath, Graph, PinAddress, Refusal, Wiring};
use crate::ks::{Catalogue, Facts, State, Telemetry};
use playing::Playing;

/// Lines of the log that are kept.
const LOG_LINES: usize = 1000;

/// The program.
pub struct App {
    catalogue: Catalogue,
    facts: Facts,
    graph: Graph,
    wiring: Wiring,
    path: Option<PathBuf>,
    selection: Selection,
    requested: State,
    playing: Option<Playing>,
    refusal: Option<(PinAddress, PinAddress, Refusal)>,
    banners: Vec<Banner>,
    log: Vec<LogLine>,
    play_mode: Option<FilterId>,
    device: String,
    epoch: Epoch,
}

impl App {
    /// The program with an empty document. `quantum` is the length of a cycle in samples.
    pub fn new(catalogue: Catalogue, facts: Facts, quantum: usize) -> Self {
        let mut app = Self {
            playing: None,
            catalogue,
            facts,
            graph: Graph::default(),
            wiring: Wiring::default(),
            path: None,
            selection: Selection::default(),
            requested: State::Stop,
            refusal: None,
            banners: vec![],
            log: vec![],
            play_mode: None,
            device: String::new(),
            epoch: Epoch::new(),
        };
        match Playing::start(app.catalogue.clone(), quantum) {
            Ok(playing) => app.playing = Some(playing),
            Err(error) => app.say(
                Urgency::Error,
                "Engine",
                None,
                format!("The audio thread did not start: {error}"),
            ),
        }
        app
    }

    /// Does one thing.
    pub fn perform(&mut self, action: Action) {
        match action {
            Action::Select(selection) => self.selection = selection,
            Action::SetState(state) => self.set_state(state),
            Action::ToggleRun => {
                let wanted = if self.requested == State::Run {
                    State::Pause
                } else {
                    State::Run
                };
                self.set_state(wanted);
            }
            _ => {}
        }
    }

    /// Takes in what the engine and the workers have said. Called once a screen frame; quick.
    pub fn poll(&mut self) {}

    /// What a screen may see.
    pub fn view(&self) -> View<'_> {
        let name = self.path.as_ref().and_then(|path| path.file_name());
        View {
            graph: &self.graph,
            wiring: &self.wiring,
            catalogue: &self.catalogue,
            facts: &self.facts,
            selection: &self.selection,
            document: Document {
                name: name.map_or_else(
                    || "untitled.ron".into(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                path: self.path.clone(),
                is_dirty: false,
            },
            undo: None,
            redo: None,
            requested: self.requested,
            cells: self.playing.as_ref().map(Playing::cells),
            quantum: self.playing.as_ref().map_or(0, Playing::quantum),
            device: &self.device,
            refusal: self.refusal.as_ref(),
            banners: &self.banners,
            log: &self.log,
            play_mode: self.play_mode,
            app: self,
        }
    }

    fn set_state(&mut self, state: State) {
        self.requested = state;
    }

    fn say(&mut self, urgency: Urgency, source: &str, filter: Option<FilterId>, text: String) {
        if self.log.len() >= LOG_LINES {
            self.log.remove(0);
        }
        let seconds = self.epoch.nanos() as f64 / 1e9;
        self.log.push(LogLine {
            seconds,
            urgency,
            source: source.to_owned(),
            filter,
            text,
        });
    }

    fn status(&self, filter: &FilterPath) -> FilterStatus {
        let installed = self
            .wiring
            .filters
            .get(filter)
            .is_some_and(|filter| filter.descriptor.is_some());
        if !installed {
            return FilterStatus::Missing;
        }
        FilterStatus::Ready(self.requested)
    }

    fn telemetry(&self, _filter: &FilterPath) -> Option<&Telemetry> {
        None
    }

    fn level(&self, _from: &PinAddress, _to: &PinAddress) -> f32 {
        0.0
    }

    fn cost(&self, _filter: &FilterPath) -> Option<(u32, usize)> {
        None
    }

    fn would_connect(&self, from: &PinAddress, to: &PinAddress) -> Result<Agreement, Box<Refusal>> {
        let _ = (from, to);
        Err(Box::new(Refusal {
            rule: "DIX-6",
            status: crate::ks::Status::NoMatch,
            step: crate::graph::Step::Intersection,
            from: self.wiring.pin_text(from),
            to: self.wiring.pin_text(to),
            offered: String::new(),
            wanted: String::new(),
            cures: vec![],
        }))
    }
}
