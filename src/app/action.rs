//! Everything a user can do, as values. The screen pushes them and forgets; `App::perform` carries them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::preferences::{AtEnd, Preferences};
use crate::engine::Mark;
use crate::graph::arrange::{Alignment, Axis};
use crate::graph::{
    Chosen, FilterId, FilterPath, Master, NoteId, PinAddress, Position, Recipe, Size,
};
use crate::ks::{LoopRange, State, Value};

/// What is selected on the canvas.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Boxes.
    pub filters: BTreeSet<FilterId>,
    /// Wires, as indices of the graph's connections.
    pub connections: BTreeSet<usize>,
    /// Comments and frames.
    pub notes: BTreeSet<NoteId>,
}

impl Selection {
    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.connections.is_empty() && self.notes.is_empty()
    }

    /// The one filter that is selected, if it is one and nothing else.
    pub fn one_filter(&self) -> Option<FilterId> {
        let only = self.filters.len() == 1 && self.connections.is_empty() && self.notes.is_empty();
        self.filters.first().copied().filter(|_| only)
    }

    /// The one wire that is selected, if it is one and nothing else.
    pub fn one_connection(&self) -> Option<usize> {
        let only = self.connections.len() == 1 && self.filters.is_empty() && self.notes.is_empty();
        self.connections.first().copied().filter(|_| only)
    }
}

/// One thing to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// An empty document.
    New,
    /// Another document. Unsaved changes are the caller's to ask about.
    Open(PathBuf),
    /// Write the document where it came from.
    Save,
    /// Write the document elsewhere, and go on there.
    SaveAs(PathBuf),
    /// Look at the frames of the wire between two pins, or at none.
    Probe(Option<(PinAddress, PinAddress)>),
    /// Leave new frames out, so that those that are there can be read; or take them in again.
    HoldFrames(bool),

    /// Take back the last edit.
    Undo,
    /// Do it again.
    Redo,
    /// A new filter; it becomes the selection.
    AddFilter {
        /// Key of its kind.
        key: String,
        /// Its upper left corner.
        at: Position,
    },
    /// Draws a wire between two pins; a refusal is logged and shown.
    Connect {
        /// The output.
        from: PinAddress,
        /// The input.
        to: PinAddress,
    },
    /// Draws a wire through whatever it takes: filters that are there, filters of the catalogue. What leads nowhere is refused.
    ConnectThrough {
        /// The output.
        from: PinAddress,
        /// The input.
        to: PinAddress,
    },
    /// Draws a wire, putting in what the best cure needs.
    ConnectVia {
        /// The output.
        from: PinAddress,
        /// The input.
        to: PinAddress,
        /// Which cure of the refusal, cheapest first.
        cure: usize,
    },
    /// Takes wires away, by index of connection.
    Disconnect(Vec<usize>),
    /// What the user insists on for a wire; what cannot be is refused with its reason.
    Choose {
        /// Index of the connection.
        connection: usize,
        /// All of it.
        chosen: Chosen,
    },

    /// Has what an output gives heard: wired to a device, with whatever has to go in between.
    RenderPin(PinAddress),
    /// Wires filters one to the next, from left to right as they stand.
    ConnectFilters(Vec<FilterId>),

    /// Moves one end of a wire.
    Rewire {
        /// Index of the connection.
        connection: usize,
        /// The output it is to have.
        from: PinAddress,
        /// The input it is to have.
        to: PinAddress,
    },
    /// Goes to a state of the document: so many steps of the history are done then.
    GoToStep(usize),
    /// Deletes what is selected; the caller takes [`super::App::copied`] first.
    Cut,
    /// Puts in what [`super::App::copied`] gave, here or in another document; it becomes the selection.
    Paste {
        /// The text.
        text: String,
        /// The middle of what is pasted; `None` is beside where it was copied from.
        at: Option<Position>,
    },
    /// Copies what is selected, so far from where it stands.
    Duplicate {
        /// To the right and down.
        by: Position,
    },
    /// Puts another graph file in, below what is there.
    Merge(PathBuf),
    /// A file was dropped: on a filter that names one, or at a place where one that plays it comes to stand.
    DropMedia {
        /// The file.
        path: PathBuf,
        /// The upper left corner of a new filter.
        at: Position,
        /// The filter it was dropped on.
        onto: Option<FilterId>,
    },
    /// A file was dropped at a place where one that plays it comes to stand, without a wire.
    PlaceMedia {
        /// The file.
        path: PathBuf,
        /// The upper left corner of the new filter.
        at: Position,
    },
    /// Several files were dropped: filters that play them come to stand at these places, in one step.
    DropFiles {
        /// The files, and the upper left corners of the new filters.
        files: Vec<(PathBuf, Position)>,
        /// Whether they are wired to where they are heard.
        is_wired: bool,
    },
    /// Where is a file of [`super::View::missing_media`]? A screen asks, and answers with [`Action::MapMedia`].
    FindMedia(PathBuf),
    /// A file of [`super::View::missing_media`] is there now: all filters that name it follow.
    MapMedia {
        /// Where it should be.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// Puts the selected boxes, or all, into layers from left to right. Frames go round their boxes again.
    Arrange {
        /// How large boxes are drawn; others as [`super::App::set_box_sizes`] told, or estimated.
        sizes: BTreeMap<FilterId, (f32, f32)>,
    },
    /// Moves the selected boxes, or all, to the nearest places on the grid.
    SnapToGrid,
    /// Gives the selected boxes, or all, a common edge.
    Align(Alignment),
    /// Gives the selected boxes, or all, even gaps.
    Distribute(Axis),

    /// Takes the wires away that are selected, and all wires of filters that are.
    DisconnectSelection,
    /// Takes all wires of a filter away.
    DisconnectAll(FilterId),
    /// Draws a wire from a pin to whichever pin of a filter takes it.
    ConnectToBody {
        /// Where the wire is held: an output or an input.
        pin: PinAddress,
        /// The filter it was dropped on.
        filter: FilterId,
    },
    /// A new filter in a wire that is there, if both halves agree; else nothing changes, the refusal is shown, and its
    /// cure does it all.
    InsertOnWire {
        /// Key of its kind.
        key: String,
        /// Its upper left corner.
        at: Position,
        /// Index of the connection.
        connection: usize,
    },
    /// Leads a wire through a filter that is there, in the same manner.
    DropOnWire {
        /// The filter.
        filter: FilterId,
        /// Index of the connection.
        connection: usize,
    },
    /// A new filter with a wire, in one step; it becomes the selection. Where no wire fits, it has none.
    AddFilterWired {
        /// Key of its kind.
        key: String,
        /// Its upper left corner.
        at: Position,
        /// The pin it is wired to; `None` takes a free pin of the selected filter.
        pin: Option<PinAddress>,
    },

    /// Deletes filters with their wires.
    Delete(Vec<FilterId>),
    /// Deletes what is selected.
    DeleteSelection,
    /// Moves filters to new places: one undo step; moves that follow in one gesture are merged.
    Move(Vec<(FilterId, Position)>),
    /// Gives a filter a name.
    Rename(FilterId, String),
    /// Sets a property; `None` is the default. Inside a gesture all sets are one undo step.
    SetProperty {
        /// The filter.
        filter: FilterId,
        /// Key of the property.
        key: String,
        /// Its value.
        value: Option<Value>,
    },
    /// A beat was tapped for a filter that has a tempo: from the second on it is set, one undo step for all of them.
    TapTempo {
        /// The filter.
        filter: FilterId,
        /// When, on any clock that goes on evenly.
        at_seconds: f64,
    },

    /// A slider or box is taken in hand: what follows is one undo step of that name.
    BeginGesture(String),
    /// It is let go.
    EndGesture,
    /// Another selection.
    Select(Selection),
    /// Select every filter.
    SelectAll,
    /// Stop, Acquire, Pause or Run.
    SetState(State),
    /// Run if it does not, else Pause.
    ToggleRun,

    /// Filters go no further than a state, whatever the graph does; [`State::Run`] lets them go with it again, and their
    /// pins. For a group: all inside.
    LimitFilters {
        /// Which.
        filters: Vec<FilterId>,
        /// How far.
        state: State,
    },
    /// The same for one pin that a wire ends at.
    LimitPin {
        /// Which.
        pin: PinAddress,
        /// How far.
        state: State,
    },

    /// Silence every note.
    Panic,
    /// A MIDI message for a filter that takes live events, at once.
    Play {
        /// The filter.
        filter: FilterPath,
        /// The message, at most eight bytes.
        bytes: Vec<u8>,
    },
    /// A sound of a synthesizer's bank is heard until another one is, or none.
    Audition {
        /// The synthesizer.
        filter: FilterPath,
        /// What is struck; `None` lets go of it.
        sound: Option<super::Audition>,
    },
    /// The bank of a synthesizer that is not open is looked at: it is read and laid out until another one is, or none.
    LookAtBank(Option<FilterPath>),
    /// A property of a filter of the shown graph follows the controller that is moved next; `None`: none after all.
    Learn(Option<(FilterId, String)>),
    /// No controller moves that property any more.
    ForgetControl {
        /// The filter.
        filter: FilterId,
        /// The property's key.
        key: String,
    },
    /// Delays, mutes or takes away what the sequencer of a filter holds, before it is due.
    ChangeScore {
        /// The filter.
        filter: FilterPath,
        /// What is done.
        change: crate::ks::ScoreChange,
    },
    /// Letter keys play the keyboard that was used last, or stop doing so.
    SetPlayMode(bool),
    /// The keyboard that listens in play mode; also switches it on.
    PlayOn(FilterId),
    /// Takes the banner at that place away.
    DismissBanner(usize),
    /// Closes the refusal that is shown.
    DismissRefusal,
    /// Looks for devices and files again.
    Refresh,

    /// The filter that plays names this device. Empty names are the default.
    UseDevice {
        /// The host that offers it.
        host: String,
        /// Its name there.
        name: String,
    },
    /// Looks which devices there are.
    LookForDevices,
    /// Filters that name no device go to what is the system's default one now.
    UseDefaultDevice,
    /// Opens the list of devices: only a screen can.
    ChooseDevice,
    /// Where is the graph to be saved? A screen asks, and answers with [`Action::SaveAs`].
    ChooseFile,
    /// Filters that name no device move whenever the system's default one changes, or stay.
    FollowDefault(bool),
    /// The rate all is counted in, in Hz; 0 leaves it to the device.
    SetRate(u32),
    /// Samples of a cycle on this machine.
    SetQuantum(usize),
    /// What drives the graph. In Stop only.
    SetMaster(Master),
    /// Whether sound of a shorter way waits for that of a longer one where they meet.
    SetCompensation(bool),
    /// Whether filters do all they can whatever the load, or may be asked for less.
    SetFullQuality(bool),
    /// Tells in the log when the graph's clock comes to a time.
    Mark(Mark),
    /// No longer waits for that mark.
    Unmark(u64),
    /// Lets presentation time go at another rate, 1000 being that of the driver.
    SetClockRate(u32),

    /// Goes to a position, in samples of the graph's rate.
    Seek(u64),
    /// What is played round and round, and whether it is. Not a part of the document.
    SetLoop {
        /// From where to where.
        range: Option<LoopRange>,
        /// It is played round.
        is_on: bool,
    },
    /// Has filters play faster or slower, 1000 being as recorded. In Pause and Run only; it lapses on leaving them.
    SetSpeed(u32),
    /// Plays one quantum out of Pause; out of another state it pauses.
    Step,
    /// What becomes of the graph when all sources have ended.
    SetAtEnd(AtEnd),

    /// Shows the inside of a group of the graph shown.
    Enter(FilterId),
    /// Shows the graph around the group shown, with that group selected.
    Leave,
    /// Leaves groups until so many are entered; 0 is the outermost graph.
    LeaveTo(usize),
    /// Goes to where a filter stands and selects it.
    Reveal(FilterPath),
    /// Folds what is selected into a new group, which becomes the selection. The sound stays the same.
    Group,
    /// Dissolves the groups that are selected; what was inside becomes the selection.
    Ungroup,
    /// A group becomes a filter of the catalogue, in a file of its own, and its box one of that kind.
    Pack {
        /// The group.
        group: FilterId,
        /// What it is to be.
        recipe: Box<Recipe>,
        /// Whether a filter of that key is written over.
        replaces: bool,
    },
    /// Boxes of filters made of others become groups of their own.
    Unpack(Vec<FilterId>),
    /// What brings the way from key to ear within so many milliseconds is done; or what helps of one filter in the way.
    MeetBudget {
        /// So many may it be.
        millis: f64,
        /// The filter in the way.
        obstacle: Option<FilterPath>,
    },
    /// The files of the user's filters are read again.
    ReadFilters,
    /// The group around a pin shows it outside.
    ShowPin(PinAddress),
    /// A group no longer shows a pin; wires to it go.
    HidePin {
        /// The group.
        group: FilterPath,
        /// The pin's name outside.
        pin: String,
    },
    /// A pin of a group gets another name outside.
    RenamePin {
        /// The group.
        group: FilterPath,
        /// The pin's name outside.
        pin: String,
        /// The name it gets.
        name: String,
    },
    /// Filters let what comes in go out as it is, or work again. For a group: all inside.
    SetBypass {
        /// Which.
        filters: Vec<FilterId>,
        /// Whether they do.
        is_on: bool,
    },
    /// Filters take no part in what plays, or do again. For a group: all inside.
    SetDisabled {
        /// Which.
        filters: Vec<FilterId>,
        /// Whether that is so.
        is_on: bool,
    },

    /// The last minutes of what was played go into a file, .wav or .flac.
    ExportMinutes(PathBuf),

    /// Nobody hears the loudspeaker but who wears it: an input is told so, and the warning ends. One undo step.
    WearHeadphones(FilterPath),
    /// An input takes no part in what plays. One undo step.
    MuteInput(FilterPath),

    /// A filter is opened anew, with a new minidriver: one that does not respond, or panicked.
    LoadAgain(FilterPath),

    /// What the user has set is to be this.
    SetPreferences(Box<Preferences>),

    /// A new comment; it becomes the selection.
    AddComment {
        /// Its upper left corner.
        at: Position,
        /// Its words.
        text: String,
    },
    /// A new frame; it becomes the selection.
    AddFrame {
        /// Its title.
        title: String,
        /// Its upper left corner and size; `None`: round what is selected.
        area: Option<(Position, Size)>,
    },
    /// Other words or another colour for a comment or frame; `None` leaves them.
    EditNote {
        /// Which.
        note: NoteId,
        /// The words of a comment, the title of a frame.
        text: Option<String>,
        /// Name of a frame's colour; empty: the usual one.
        colour: Option<String>,
    },
    /// Moves comments and frames. What stands inside a frame goes along, unless it is selected: then it has a move of its own.
    MoveNotes(Vec<(NoteId, Position)>),
    /// Another area for a comment or frame; what stands inside stays.
    ResizeNote {
        /// Which.
        note: NoteId,
        /// Its upper left corner.
        position: Position,
        /// Its size.
        size: Size,
    },
    /// Deletes comments and frames. What stands inside a frame stays.
    RemoveNotes(Vec<NoteId>),

    /// Writes what somebody who is to help needs to know, with the graph and its picture.
    Report(PathBuf),
    /// Writes which filter ran when in the last cycles, as a trace that a browser's tracing viewer reads.
    ExportTimeline(PathBuf),
    /// Takes cycles in as they come, or no longer.
    RecordTimeline(bool),

    /// Draws the document into a file, of the kind that its name says: `.png`, `.svg` or `.dot`.
    Picture(PathBuf),
    /// Renders the document into a file of sound, beside what plays.
    RenderToFile(PathBuf),
    /// Ends that; nothing is left of the file.
    CancelRender,

    /// New is to begin with the graph as it is now.
    SaveAsTemplate,
    /// Opens a copy of unsaved work, as [`View::recovered`](super::View::recovered) lists it, as the document it is of.
    /// Work that is unsaved now is put aside and offered in turn.
    OpenRecovered(PathBuf),
    /// Throws such a copy away.
    DiscardRecovered(PathBuf),
}
