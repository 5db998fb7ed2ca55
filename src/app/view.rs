//! The read-only window through which a screen looks at the program.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::action::{Action, Selection};
use super::preferences::Preferences;
use super::sessions::Recovered;
use super::settings::Recent;
use super::{Dropout, Timeline};
use crate::engine::{Cells, Held, PinFigures};
use crate::graph::{
    Agreement, FilterId, FilterPath, Graph, Group, NodeKind, PinAddress, PinRef, Position, Refusal,
    Wire, Wiring,
};
use crate::ks::{AudioDevice, Catalogue, Descriptor, Facts, Granted, State, Telemetry};
use crate::ks::{Cued, Status};

/// How urgent a line or banner is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// News.
    News,
    /// It goes on, but look.
    Attention,
    /// Something is muted or refused.
    Error,
}

/// A line of the log.
#[derive(Clone, PartialEq, Debug)]
pub struct LogLine {
    /// Seconds since the program began.
    pub seconds: f64,
    /// Seconds of graph time: what the transport showed. Stop begins anew.
    pub at_seconds: f64,
    /// How urgent.
    pub urgency: Urgency,
    /// What it is about: a filter's or wire's name, or the program.
    pub source: String,
    /// The filter to reveal when the source is clicked.
    pub filter: Option<FilterPath>,
    /// The sentence.
    pub text: String,
    /// The single lines that this one stands for, each with its filter; mostly none.
    pub parts: Vec<(FilterPath, String)>,
}

/// What stands at the top of the canvas until it is dismissed or no longer true.
#[derive(Clone, PartialEq, Debug)]
pub struct Banner {
    /// How urgent.
    pub urgency: Urgency,
    /// The sentence.
    pub text: String,
    /// Whether the user may take it away; otherwise it goes by itself.
    pub is_dismissible: bool,
    /// What the user can do about it, the likeliest first: buttons.
    pub offers: Vec<Offer>,
}

/// A button of a banner.
#[derive(Clone, PartialEq, Debug)]
pub struct Offer {
    /// What stands on it.
    pub words: String,
    /// What it does.
    pub action: Action,
}

/// The document's name and whether it has to be saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The file's name, or `untitled.ron`.
    pub name: String,
    /// Where it is.
    pub path: Option<PathBuf>,
    /// Whether it differs from the file.
    pub is_dirty: bool,
}

/// What a filter is doing.
#[derive(Clone, PartialEq, Debug)]
pub enum FilterStatus {
    /// No such filter is installed; its wires are kept.
    Missing,
    /// It is not part of what plays: nothing is connected, or a necessary pin is not. Says which.
    Idle(String),
    /// It could not be opened, panicked, or gave samples that are not numbers. The sentence.
    Faulty(String),
    /// What comes in goes out as it is; or it is left out, because that cannot be. Says which.
    Bypassed(String),
    /// It takes no part in what plays; its wires carry silence.
    Disabled,
    /// It plays, or would.
    Ready(State),
}

/// The program as it is now. Cheap to make: references and a few figures.
pub struct View<'a> {
    /// The graph shown: the document, or the inside of the innermost group entered.
    pub graph: &'a Graph,
    /// The path of the group whose inside is shown; empty: the outermost graph.
    pub here: &'a FilterPath,
    /// What its pins agreed.
    pub wiring: &'a Wiring,
    /// The filters on offer.
    pub catalogue: &'a Catalogue,
    /// Devices and files as observed.
    pub facts: &'a Facts,
    /// What is selected.
    pub selection: &'a Selection,
    /// Name and path.
    pub document: Document,
    /// Name of the edit that Undo takes back.
    pub undo: Option<String>,
    /// Name of the edit that Redo does again.
    pub redo: Option<String>,
    /// The state asked for.
    pub requested: State,
    /// Figures of the audio thread; `None` when there is no engine.
    pub cells: Option<&'a Cells>,
    /// Samples of a cycle.
    pub quantum: usize,
    /// Whole name of the device that drives the graph, as it was granted; empty when a timer does.
    pub device: &'a str,
    /// That device with its rate, channels and period.
    pub granted: Option<&'a Granted>,
    /// Whether filters that name no device move when the system's default one changes.
    pub follows_default: bool,
    /// The newest refusal to show, with the two pins it is about.
    pub refusal: Option<&'a (PinAddress, PinAddress, Refusal)>,
    /// Banners, newest first.
    pub banners: &'a [Banner],
    /// The log, oldest first.
    pub log: &'a [LogLine],
    /// The keyboard that listens, when play mode is on.
    pub play_mode: Option<&'a FilterPath>,

    /// What the user has set.
    pub preferences: &'a Preferences,

    pub(super) app: &'a super::App,
}

impl<'a> View<'a> {
    /// Numbers that stay the same while the document and its agreement do: what a screen keeps is good so long.
    pub fn revision(&self) -> [u64; 2] {
        [self.app.agreements, self.app.history.state()]
    }

    /// Whether every source has given its last sample.
    pub fn has_ended(&self) -> bool {
        self.app.has_ended
    }

    /// Who shares frames with whom: worked out once for each agreement.
    pub fn pipes(&self) -> std::rc::Rc<crate::graph::Pipes> {
        let (agreement, quantum) = (self.app.agreements, self.quantum);
        let mut kept = self.app.pipes.borrow_mut();
        match &*kept {
            Some((of, with, pipes)) if (*of, *with) == (agreement, quantum) => pipes.clone(),
            _ => {
                let pipes = std::rc::Rc::new(crate::graph::pipes(self.wiring, quantum));
                *kept = Some((agreement, quantum, pipes.clone()));
                pipes
            }
        }
    }

    /// The whole document, whatever part of it is shown.
    pub fn document_graph(&self) -> &'a Graph {
        &self.app.graph
    }

    /// Names of the groups entered, the outermost first.
    pub fn place(&self) -> Vec<String> {
        self.app.place_names()
    }

    /// The group whose inside is shown; `None` in the outermost graph.
    pub fn group(&self) -> Option<&'a Group> {
        match &self.app.graph.at(self.here)?.kind {
            NodeKind::Group(group) => Some(&**group),
            NodeKind::Filter(_) => None,
        }
    }

    /// The path of a box of the graph shown.
    pub fn path_of(&self, filter: FilterId) -> FilterPath {
        self.app.path_of(filter)
    }

    /// The box of the graph shown that a path leads to or into; `None` when it leads elsewhere.
    pub fn local(&self, path: &FilterPath) -> Option<FilterId> {
        self.app.local(path)
    }

    /// The end of a connection of the graph shown that a pin is, or that the pin of a group stands for.
    pub fn pin_ref(&self, pin: &PinAddress) -> Option<PinRef> {
        self.app.pin_ref(pin)
    }

    /// Whether two pins of the graph shown can be connected through anything at all.
    pub fn leads(&self, from: &PinAddress, to: &PinAddress) -> bool {
        let way = self.app.way_between(from, to);
        way.is_some_and(|found| found.is_ok())
    }

    /// A refusal with the way through filters as its cure, where it has none and there is one.
    pub fn with_way(
        &self,
        mut refusal: Box<Refusal>,
        from: &PinAddress,
        to: &PinAddress,
    ) -> Box<Refusal> {
        if refusal.cures.is_empty()
            && let Some(cure) = self.app.far_cure(from, to)
        {
            refusal.cures.push(cure);
        }
        refusal
    }

    /// The virtual devices of the machine as it is now (SYS-1, SYS-11).
    pub fn virtual_devices(&self) -> Vec<crate::sysaudio::VirtualDevice> {
        crate::sysaudio::virtual_devices(&self.app.catalogue, &self.app.facts)
    }

    /// How long it is from key to ear, and what would bring that within so many milliseconds.
    pub fn budget(&self, target_millis: f64) -> crate::sysaudio::Budget {
        self.app.budget(target_millis)
    }

    /// The way of the sound from its sources to the devices, and where it stops.
    pub fn sound_path(&self) -> Vec<super::SoundStep> {
        self.app.sound_path()
    }

    /// What was tried when something was built last.
    pub fn built(&self) -> Option<&'a crate::sysaudio::Attempt> {
        self.app.built.as_ref()
    }

    /// How gladly a kind of filter is taken by itself: as its user says, else as it says.
    pub fn merit_of(&self, descriptor: &Descriptor) -> u32 {
        self.app.merit_of(descriptor)
    }

    /// What became of a connection of the graph shown.
    pub fn wire(&self, connection: usize) -> Option<&'a Wire> {
        let mut wires = self.app.wiring.wires.iter();
        wires.find(|wire| wire.index == connection && wire.place == *self.here)
    }

    /// The connection of the graph shown that a wire was drawn as; `None` when it was drawn elsewhere.
    pub fn connection_of(&self, wire: &Wire) -> Option<usize> {
        self.app.connection_of(wire)
    }

    /// The id that the next box gets.
    pub fn fresh_id(&self) -> FilterId {
        self.app.fresh_id()
    }

    /// The nearest place to that one where a new filter covers no box, as large as boxes were drawn last; `body` is the size
    /// of what a filter shows between its pins and its footer.
    pub fn free_place(
        &self,
        key: &str,
        at: Position,
        body: &dyn Fn(&Descriptor) -> [f32; 2],
    ) -> Position {
        self.app.free_place_of(key, at, body)
    }

    /// What a box of the graph shown is by its kind: as described where it stands, or as the catalogue has a filter made of
    /// others.
    pub fn described(&self, path: &FilterPath) -> Option<&'a Descriptor> {
        if let Some(wired) = self.wiring.filters.get(path) {
            return wired.descriptor.as_deref();
        }
        let node = self.app.graph.at(path)?.kind.filter()?;
        Some(self.catalogue.get(&node.key)?.descriptor())
    }

    /// The filter that a group of the graph shown would be.
    pub fn recipe_of(&self, group: FilterId) -> Option<crate::graph::Recipe> {
        self.app.recipe_of_group(group)
    }

    /// Whether a group can become that filter: the title of the one it would be in place of, if there is one; else why not.
    pub fn may_pack(&self, recipe: &crate::graph::Recipe) -> Result<Option<String>, String> {
        self.app.may_pack(recipe)
    }

    /// The filter whose inside is shown, where a group that belongs to one was entered: its path and title.
    pub fn inside_of_filter(&self) -> Option<(FilterPath, String)> {
        let depths = 1..=self.here.0.len();
        let mut boxes = depths.map(|depth| FilterPath::from(&self.here.0[..depth]));
        let path = boxes.find(|path| self.described(path).is_some())?;
        let title = self.described(&path)?.title.to_string();
        Some((path, title))
    }

    /// What the filter is doing.
    pub fn status(&self, filter: &FilterPath) -> FilterStatus {
        self.app.status(filter)
    }

    /// How far a filter goes, whatever the graph does: [`State::Run`] is as far as the graph.
    pub fn limit(&self, filter: &FilterPath) -> State {
        self.app.limit_of(filter)
    }

    /// The same of a pin, by its own limit.
    pub fn pin_limit(&self, pin: &PinAddress) -> State {
        self.app.limit_of_pin(&self.app.resolved(pin))
    }

    /// The state a pin is in; `None` where nothing is open.
    pub fn pin_state(&self, pin: &PinAddress) -> Option<State> {
        self.app.state_of_pin(&self.app.resolved(pin))
    }

    /// The state of the graph: [`Status::Pending`] on the way to it, [`Status::Unsuccessful`] where single pins are not
    /// in it (DSG-3).
    pub fn state(&self) -> Result<State, Status> {
        self.app.whole_state()
    }

    /// Whether what is paused could run at once (STA-8).
    pub fn cued(&self) -> Cued {
        self.app.cued()
    }

    /// Whether the device of a filter is gone while it plays.
    pub fn is_lost(&self, filter: &FilterPath) -> bool {
        let playing = self.app.playing.as_ref();
        playing.is_some_and(|playing| playing.is_lost(filter))
    }

    /// Whether a filter was granted a device since the document was opened.
    pub fn had_device(&self, filter: &FilterPath) -> bool {
        self.app.had_device(filter)
    }

    /// What lies on a wire, and how often it was asked for.
    pub fn held(&self, from: &PinAddress, to: &PinAddress) -> Option<Held> {
        self.app.held(from, to)
    }

    /// The filter for which a tempo would be tapped: the one that is selected, else the first that has a tempo.
    pub fn tapped(&self) -> Option<FilterId> {
        self.app.tapped()
    }

    /// Copies of unsaved work of earlier runs, and what was put aside. Banners offer them too.
    pub fn recovered(&self) -> &[Recovered] {
        self.app.recovered()
    }

    /// Graphs that were open, newest first, and whether they are still there.
    pub fn recent(&self) -> &[Recent] {
        self.app.recent()
    }

    /// The rate the document asks for, 0 when it leaves it to the device.
    pub fn document_rate_hz(&self) -> u32 {
        self.app.graph.rate_hz
    }

    /// The filter that keeps time, by its device.
    pub fn master(&self) -> Option<&FilterPath> {
        self.app.playing.as_ref()?.master()
    }

    /// What the filter that plays asks for: a device's name, empty for the default; `None` when nothing plays.
    pub fn device_asked(&self) -> Option<String> {
        self.app.device_asked()
    }

    /// The device that is waited for, by its whole name; empty when any would do.
    pub fn device_missing(&self) -> Option<&str> {
        self.app.device_missing()
    }

    /// The device that was granted to a filter.
    pub fn granted_to(&self, filter: &FilterPath) -> Option<&Granted> {
        self.app.playing.as_ref()?.open(filter)?.device.as_ref()
    }

    /// The devices that sound can be sent to, each host's default first.
    pub fn devices(&self) -> impl Iterator<Item = &AudioDevice> {
        let devices = self.facts.devices.iter();
        devices.filter(|device| !device.render.is_empty())
    }

    /// What the sound of a file looks like, as far as it was read: it is read from here on.
    pub fn waveform(&self, path: &std::path::Path) -> Option<&super::waveform::Waveform> {
        self.app.waveforms.get(path).map(|it| &**it)
    }

    /// What the filter publishes while it is open.
    pub fn telemetry(&self, filter: &FilterPath) -> Option<&Telemetry> {
        self.app.telemetry(filter)
    }

    /// The song that a filter plays, once its file was looked at.
    pub fn song(&self, filter: &FilterPath) -> Option<&crate::ks::SongFact> {
        self.app.song(filter)
    }

    /// The property that follows the controller that is moved next.
    pub fn learning(&self) -> Option<(&'a FilterPath, &'a str)> {
        let (path, key) = self.app.controls.learning.as_ref()?;
        Some((path, key))
    }

    /// What the sequencer of a filter holds; `None` while the filter is not open, or has none.
    pub fn score(&self, filter: &FilterPath) -> Option<&'a crate::ks::Score> {
        self.app.playing.as_ref()?.open(filter)?.score.as_ref()
    }

    /// What a synthesizer of the document counts; `None` while it is not open.
    pub fn synth(&self, filter: &FilterPath) -> Option<&'a crate::ks::SynthCells> {
        self.app.playing.as_ref()?.open(filter)?.synth.as_ref()
    }

    /// Where sounds are downloaded into a synthesizer of the document; `None` while it is not open, or takes none.
    pub fn memory(&self, filter: &FilterPath) -> Option<&'a Arc<dyn crate::ks::DlsMemory>> {
        self.app.playing.as_ref()?.open(filter)?.memory.as_ref()
    }

    /// Where a synthesizer of the document lays out its bank; `None` while it is not open, unless it is looked at
    /// ([`super::Action::LookAtBank`]).
    pub fn bank(&self, filter: &FilterPath) -> Option<&'a crate::ks::BankDesk> {
        self.app.seen_bank(filter)
    }

    /// Why a sound of a synthesizer's bank would not be heard now, and what helps; `None`: it would.
    pub fn why_silent(&self, filter: &FilterPath) -> Option<super::Silence> {
        self.app.why_silent(filter)
    }

    /// The class driver of a filter; `None` while the filter is not open, or is none of the stream class.
    pub fn class(&self, filter: &FilterPath) -> Option<Arc<dyn crate::ks::ClassView>> {
        self.app.playing.as_ref()?.open(filter)?.class.clone()
    }

    /// What the class driver of a filter shows; `None` while the filter is not open, or is none of the stream class.
    pub fn class_sheet(&self, filter: &FilterPath) -> Option<crate::ks::ClassSheet> {
        let open = self.app.playing.as_ref()?.open(filter)?;
        Some(open.class.as_ref()?.sheet())
    }

    /// Level of a wire: the peak of sound as an amplitude, falling by 24 dB a second; events so far otherwise.
    pub fn level(&self, from: &PinAddress, to: &PinAddress) -> f32 {
        self.app.level(from, to)
    }

    /// Nanoseconds the filter took when it was last timed, and its latency in samples; `None` while it is not open.
    pub fn cost(&self, filter: &FilterPath) -> Option<(u32, usize)> {
        self.app.cost(filter)
    }

    /// The most nanoseconds that a filter took in a cycle, and how many late cycles are charged to it.
    pub fn worst(&self, filter: &FilterPath) -> Option<(u32, u32)> {
        let open = self.app.playing.as_ref()?.open(filter)?;
        let cells = self.cells?;
        Some((cells.highest_nanos(open.entry), cells.blamed(open.entry)))
    }

    /// How many nanoseconds later than usual the audio thread was woken, at most in the last second or so.
    pub fn woken_late(&self) -> u64 {
        let Some(cells) = self.cells else { return 0 };
        let begin = cells.next_cycle().saturating_sub(64);
        let records = cells.cycles_since(begin);
        records
            .map(|it| it.moment.woke_late_nanos)
            .max()
            .unwrap_or(0)
    }

    /// By how many nanoseconds a filter made a cycle late in the last minute; `None` when it did not.
    pub fn lately(&self, filter: &FilterPath) -> Option<u64> {
        self.app.lately(filter)
    }

    /// What was recorded of a pin; `None` where its filter is not open.
    pub fn figures(&self, pin: &PinAddress) -> Option<PinFigures> {
        self.app.playing.as_ref()?.figures(&self.app.resolved(pin))
    }

    /// Stories of what was not heard as it should have been, the oldest first, and how many there were in all.
    pub fn dropouts(&self) -> (&'a VecDeque<Dropout>, u64) {
        (&self.app.blame.dropouts, self.app.blame.count)
    }

    /// What was recorded of the last cycles.
    pub fn timeline(&self) -> &'a Timeline {
        &self.app.timeline
    }

    /// What two pins would agree on, or why not. Pure; asked while a wire is in hand.
    pub fn would_connect(
        &self,
        from: &PinAddress,
        to: &PinAddress,
    ) -> Result<Agreement, Box<Refusal>> {
        self.app.would_connect(from, to)
    }

    /// Files that filters read and that cannot be used. To be asked when it is to be shown, not for every frame.
    pub fn missing_media(&self) -> Vec<super::MissingMedia> {
        self.app.missing_media()
    }

    /// Names of all steps of the history, the oldest first, and how many of them are done: [`super::Action::GoToStep`]
    /// with that number goes nowhere, with 0 to the beginning.
    pub fn steps(&self) -> (Vec<&'a str>, usize) {
        self.app.history.steps()
    }

    /// Kinds of filters that take a wire from this pin, the best first. Asked once, when a wire is let go over nothing.
    pub fn fits(&self, pin: &PinAddress) -> Vec<super::Fit> {
        self.app.fits(pin)
    }
}
