//! What the program can do, without a screen: the open document, its agreement, and the engine that plays it.
//!
//! [`App::perform`] carries out an [`Action`]; [`App::poll`] takes in what threads have said; [`App::view`] is all that
//! a screen sees. Here lives the state and the way from a change to what plays; `edits.rs` turns actions into edits,
//! `files.rs` opens and saves, `news.rs` hears the engine and the observer.

mod action;

mod arrange;
mod banks;
mod bar_lines;
mod blame;
mod clipboard;

mod clocks;

mod control;

pub use crate::engine::Mark;
pub use clocks::written;

pub use quality::{Asked, Complaint, quality_words};

mod dropouts;

mod dropped;
pub use dropped::MEDIA_ENDINGS;
mod media;
mod properties;

mod quality;
mod reading;

mod wires;

mod backups;
mod devices;
mod early;
mod edits;

mod farewell;

mod files;
mod folders;

mod floods;

mod minidrivers;
mod monitors;
mod songs;

mod air;

mod minutes;

mod frames;

mod groups;
#[cfg(test)]
mod groups_tests;
#[cfg(test)]
mod held_tests;
mod keeper;
mod knobs;

mod budgeting;
mod build;
mod howl;
mod landmarks;
mod limits;

mod perform;
mod pools;

#[cfg(test)]
mod start_tests;

pub mod manual;

#[cfg(test)]
mod live_tests;
mod news;
mod notes;
mod observe;

pub(crate) mod offline;

mod options;

mod origins;

mod packages;
pub(crate) mod packing;
#[cfg(test)]
mod packing_tests;

pub mod palette;
pub mod picture;
pub mod places;
mod playing;

mod preferences;
mod stuck;

pub mod objects;

pub mod proxy;
mod recovery;

mod render;

mod score;
mod score_steps;

pub mod report;

#[cfg(test)]
mod recovery_tests;
mod seeking;
mod sessions;
mod settings;
#[cfg(test)]
mod settings_tests;

mod sound_path;
mod steps;

mod store;
pub(crate) mod tail;
mod tempo;
#[cfg(test)]
mod tests;
mod timeline;

mod to_file;

mod view;

pub mod spectrum;

pub mod waveform;

/// What filters publish, cell by cell: how a screen reads the telemetry it gets from a [`View`].
pub mod telemetry {
    pub use crate::filters::clock_slave::telemetry as clock_slave;
    pub use crate::filters::metronome::telemetry as metronome;
    pub use crate::filters::quality_injector::telemetry as quality_injector;

    pub use crate::filters::on_screen_keyboard::telemetry as on_screen_keyboard;

    pub use crate::filters::meter;

    pub use crate::filters::{compressor, guard};

    pub use crate::filters::{loudness_meter, scope};

    pub use crate::filters::midi_file_reader::telemetry as midi_file_reader;
    pub use crate::filters::midi_file_writer::telemetry as midi_file_writer;
    pub use crate::filters::midi_monitor::telemetry as midi_monitor;

    pub use crate::portcls::dmus::telemetry as synth;
    pub use crate::portcls::wavert::telemetry as device;

    pub use crate::stream::cell as file;
}

/// What filters do to a sound, on paper: curves that a screen draws from a filter's settings.
pub mod curves {
    pub use crate::filters::equaliser::response_db as equaliser_db;

    pub use crate::filters::compressor::curve_db as compressor_db;
    pub use crate::filters::limiter::curve_db as limiter_db;

    pub use crate::filters::delay::{Echo, echoes as delay_echoes};
}

pub use crate::midi::names as midi_names;
pub use action::{Action, Selection};
pub use air::{AirLoop, air_loops, air_problems};
pub use banks::{Audition, Silence, connection_words};
pub use bar_lines::{BarLine, BarLines};
pub use control::words as control_words;
pub use landmarks::Landmark;
pub use media::MissingMedia;
pub(crate) use media::{move_paths, relative};
pub use sound_path::SoundStep;
pub use wires::Fit;

pub use folders::{Folders, VARIABLE as USER_DIR_VARIABLE};
pub use observe::Eyes;
pub use options::Options;

pub(crate) use packages::register;
pub use packages::{PackageFault, Packages};

pub use crate::engine::{TAP_BYTES, TappedFrame};
pub use frames::KEPT_FRAMES;
pub use preferences::{AtEnd, AudioChoice, ConnectMode, Panel, Preferences, ThemeChoice};
pub use score::{Roll, SCORE_PAST, ScoreNote};
pub use seeking::{NO_SPEED, Place};
pub use sessions::Recovered;
pub use settings::Recent;

pub use blame::{Bar, Cause, Dropout, Mishap, telling_time};
pub use timeline::{Column, Lane, Part, Timeline};

pub use to_file::{RenderChoice, RenderLength};
pub use view::{Banner, Document, FilterStatus, LogLine, Offer, Urgency, View};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::{Cells, Epoch, Limits};
use crate::graph::{FilterPath, Graph, History, Negotiator, NoteId, PinAddress, Refusal, settle};
use crate::ks::{Catalogue, Facts, KernelEvent, State};
use devices::Desk;
use observe::Observer;
use origins::Origins;
use playing::Playing;

/// Lines of the log that are kept.
const LOG_LINES: usize = 1000;

/// The program.
pub struct App {
    catalogue: Catalogue,
    facts: Facts,
    graph: Graph,
    history: History,
    /// What the graph agreed, kept up with it.
    wiring: Negotiator,
    /// What was tried when something was built last.
    built: Option<crate::sysaudio::Attempt>,
    path: Option<PathBuf>,
    /// The group whose inside is shown; empty: the outermost graph.
    place: FilterPath,
    /// Where moved filters stood at first.
    origins: Origins,
    selection: Selection,
    /// What moves with each frame in hand, since the gesture began.
    frames_in_hand: BTreeMap<NoteId, notes::Inside>,
    requested: State,
    /// How far single filters and pins go, by where they stood at first.
    limits: BTreeMap<FilterPath, Limits>,
    pools: pools::Pools,
    /// The bank that is looked at of a synthesizer that is not open.
    shelf: Option<banks::Shelf>,
    playing: Option<Playing>,
    observer: Option<Observer>,
    feeds: BTreeMap<String, Arc<[KernelEvent]>>,
    refusal: Option<(PinAddress, PinAddress, Refusal)>,
    /// What the refusal stopped, if that is more than its wire.
    pending: Option<wires::Pending>,
    /// Files that are not there have still to be told, once they have been looked for.
    has_media_to_tell: bool,
    /// Missing files that were asked for in vain.
    passed_over: BTreeSet<PathBuf>,
    /// The folder in which the last missing file was found.
    found_in: Option<PathBuf>,
    /// Files that are looked at before something plays them.
    dropped: Vec<dropped::Dropped>,

    waveforms: waveform::Waveforms,
    /// A render into a file that is under way.
    to_file: Option<to_file::ToFile>,

    /// Boxes as the screen drew them last.
    sizes: crate::sysaudio::Sizes,
    banners: Vec<Banner>,
    log: Vec<LogLine>,
    play_mode: Option<FilterPath>,
    last_keyboard: Option<FilterPath>,
    taps: tempo::Taps,
    desk: Desk,
    has_ended: bool,

    transport: seeking::Transport,

    xruns: dropouts::Dropouts,
    /// Messages that found no room at a MIDI input, as last told.
    floods: BTreeMap<(FilterPath, usize), f32>,
    score_steps: score_steps::ScoreSteps,
    /// Filters whose minidriver is gone, as far as it was told.
    unwell: BTreeMap<FilterPath, crate::ks::Health>,
    class_faults: Vec<(FilterPath, String)>,

    air_loops: Vec<AirLoop>,
    howls: howl::Howls,
    /// Minidrivers to be loaded again, and when; `None`: they were.
    reloads: BTreeMap<FilterPath, Option<u64>>,
    controls: control::Controls,
    /// What is struck by hand of a bank, and held.
    struck: Option<(FilterPath, crate::ks::Strike)>,

    minutes: minutes::Minutes,
    /// How far the log has told what monitors saw.
    monitored: BTreeMap<FilterPath, monitors::Told>,
    /// Filters that did not come back from a cycle: they are left out.
    barred: BTreeSet<FilterPath>,

    quality: quality::Heard,
    /// Marks of the clock that were reached since the graph was opened.
    fired: Vec<crate::engine::Fired>,

    /// The line of the log that steps of pins are gathered in.
    steps: steps::Gathered,

    blame: blame::Blame,
    timeline: Timeline,
    epoch: Epoch,
    /// How often the graph was agreed.
    agreements: u64,

    /// What the wire probe saw.
    frames: frames::Frames,

    /// Named places of a state of the document; on demand.
    landmarks: std::cell::RefCell<landmarks::Known>,

    /// The pipes of the agreement and quantum they were worked out for; on demand.
    pipes: std::cell::RefCell<Option<(u64, usize, std::rc::Rc<crate::graph::Pipes>)>>,

    settings: settings::Kept,
    watch: recovery::Watch,
    recovered: Vec<Recovered>,
    is_safe: bool,
}

/// A gap in what was heard, and the filter it is charged to.
#[derive(Clone, PartialEq, Debug)]
pub struct Xrun {
    /// Seconds of graph time at which it was noticed.
    pub at_seconds: f64,
    /// Name of the filter.
    pub filter: String,
}

impl App {
    /// The program with an empty document, in state Stop.
    pub fn new(options: Options) -> Self {
        let (settings, legacy, notes) = settings::Kept::open(options.folders);
        let mut app = Self {
            settings,
            watch: recovery::Watch::default(),
            recovered: vec![],
            is_safe: options.is_safe,
            shelf: None,
            playing: None,
            observer: None,
            catalogue: options.catalogue,
            facts: options.facts,
            feeds: options.feeds,
            graph: Graph::default(),
            history: History::default(),
            wiring: Negotiator::default(),
            built: None,
            path: None,
            place: FilterPath::default(),
            origins: Origins::default(),
            selection: Selection::default(),
            frames_in_hand: BTreeMap::new(),
            requested: State::Stop,
            limits: BTreeMap::new(),
            pools: pools::Pools::default(),
            refusal: None,
            pending: None,
            has_media_to_tell: false,
            passed_over: BTreeSet::new(),
            found_in: None,
            dropped: vec![],

            waveforms: waveform::Waveforms::new(),
            to_file: None,

            sizes: crate::sysaudio::Sizes::new(),
            banners: vec![],
            log: vec![],
            play_mode: None,
            last_keyboard: None,
            taps: tempo::Taps::default(),
            desk: Desk::default(),
            has_ended: false,

            transport: seeking::Transport::default(),

            xruns: dropouts::Dropouts::default(),
            barred: BTreeSet::new(),

            quality: quality::Heard::default(),
            fired: vec![],

            steps: steps::Gathered::default(),

            blame: blame::Blame::default(),
            timeline: Timeline::default(),
            floods: BTreeMap::new(),
            score_steps: Default::default(),
            unwell: BTreeMap::new(),
            class_faults: vec![],

            air_loops: vec![],
            howls: howl::Howls::default(),
            reloads: BTreeMap::new(),
            controls: control::Controls::default(),
            struck: None,

            minutes: minutes::Minutes::default(),
            monitored: BTreeMap::new(),
            epoch: Epoch::new(),
            agreements: 0,

            frames: frames::Frames::default(),

            landmarks: std::cell::RefCell::default(),
            pipes: std::cell::RefCell::default(),
        };
        let quantum = app.preferences().quantum.unwrap_or(options.quantum);
        match Playing::start(app.catalogue.clone(), quantum, options.cores) {
            Ok(playing) => app.playing = Some(playing),
            Err(error) => app.say(
                Urgency::Error,
                "Engine",
                None,
                format!("The audio thread did not start: {error}"),
            ),
        }
        match Observer::start(options.eyes) {
            Ok(observer) => app.observer = Some(observer),
            Err(error) => app.say(
                Urgency::Error,
                "Observer",
                None,
                format!("Files cannot be looked at: {error}"),
            ),
        }
        let own = app.folders().map(Folders::filters);
        if let (Some(observer), Some(folder)) = (&app.observer, own) {
            observer.watch_folder(folder);
        }
        for note in notes {
            app.tell(note);
        }
        if legacy.has_crashed && legacy.found.is_empty() {
            let text = "KSGraph did not end well the last time; nothing was unsaved".into();
            app.say(Urgency::Attention, "Recovery", None, text);
        }
        for found in legacy.found {
            app.offer(found);
        }
        app.agree();
        app
    }

    /// The folder relative paths are relative to.
    fn base(&self) -> Option<PathBuf> {
        self.path
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned)
    }

    /// Agrees the graph anew, and has the engine play it.
    fn agree(&mut self) {
        self.agreements += 1;
        settle(&mut self.graph, &self.catalogue);
        let base = self.base();
        let (catalogue, facts) = (&self.catalogue, &self.facts);
        self.wiring
            .agree(&self.graph, catalogue, facts, base.as_deref());
        // Only now: what files the filters name is known when they have been described.
        self.probe_files();
        let names = |name: &String| {
            self.wiring
                .filters
                .iter()
                .find(|(_, filter)| filter.name == *name)
        };
        let feeds = self
            .feeds
            .iter()
            .filter_map(|(name, feed)| Some((names(name)?.0.clone(), Arc::clone(feed))));
        let feeds = feeds.collect();
        let awaited = self.awaited();
        let to_open = self.wiring_to_open(&awaited);
        if let Some(playing) = &mut self.playing {
            playing.set_feeds(feeds);
            let filters = self.wiring.filters.keys();
            playing.set_origins(self.origins.of_all(filters));
            playing.submit(to_open, base);
            playing.await_files(!awaited.is_empty());
            playing.sync_values(&self.wiring);
        }
        self.tell_air_loops();
        self.withdraw_media_question();
    }

    fn set_state(&mut self, state: State) {
        if state == State::Stop {
            self.try_barred_again();
        }
        self.requested = state;
        if state == State::Stop {
            self.score_steps.forget();
        }
        self.has_ended = false;
        self.forget_end();
        if let Some(playing) = &mut self.playing {
            playing.set_state(state);
        }
    }

    /// Seconds of graph time, as the transport shows them.
    fn graph_seconds(&self) -> f64 {
        let position = self.cells().map_or(0, Cells::position);
        position as f64 / f64::from(self.wiring.rate_hz.max(1))
    }

    /// Seconds since the program began.
    fn seconds(&self) -> f64 {
        self.epoch.nanos() as f64 / 1e9
    }

    fn say(&mut self, urgency: Urgency, source: &str, filter: Option<FilterPath>, text: String) {
        if self.log.len() >= LOG_LINES {
            self.log.remove(0);
        }
        let seconds = self.seconds();
        let at_seconds = self.graph_seconds();
        self.log.push(LogLine {
            seconds,
            at_seconds,
            urgency,
            source: source.to_owned(),
            filter,
            text,
            parts: vec![],
        });
    }

    /// Says something about a filter.
    fn say_of(&mut self, urgency: Urgency, filter: &FilterPath, text: String) {
        let name = self.name(filter);
        self.say(urgency, &name, Some(filter.clone()), text);
    }

    fn name(&self, filter: &FilterPath) -> String {
        self.wiring
            .filters
            .get(filter)
            .map_or_else(|| filter.to_string(), |it| it.name.clone())
    }
}
