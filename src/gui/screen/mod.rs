//! The window's contents: lays the panels round the canvas, gathers what they ask for, and has the program do it.
//!
//! One frame: keys, panels and canvas look at one `View` and push [`Command`]s; when all have been drawn the commands are
//! carried out in order. Nothing here changes the document but through an `Action`. `input.rs` hears keys, `layout.rs`
//! places panels, `stage.rs` has the canvas, `over.rs` what lies above, `carry.rs` carries commands out.

mod acts;
mod carry;
mod command;
mod drops;
mod input;

mod keep;

mod layout;
mod looks;
mod over;
mod parts;
mod stage;
mod toasts;
mod why;
mod wires;

pub(super) use command::{Command, Drop, Offer, Taps};
use layout::Side;
use looks::Looks;
use parts::Part;
pub(super) use why::refused_wire;

use egui::{Pos2, Rect, Ui};

use super::body::Bodies;
use super::commands::{Aim, Bindings};
use super::dialog::Dialog;
use super::documents::Pending;
use super::files::Files;
use super::keys::{AltTap, SpaceTap};
use super::node_graph::{Look, NodeGraph};
use super::panels::bottom::Bottom;
use super::panels::card::Card;
use super::panels::catalogue::Catalogue;
use super::panels::context::Context;
use super::panels::dialogs::Picker;
use super::panels::dry_run::DryRun;
use super::panels::inspector::Inspector;
use super::panels::palette::{Palette, Waiting};
use super::panels::status;
use super::panels::tour::Tour;
use super::probe::Probe;
use super::signals::Signals;
use super::theme::window;
use crate::app::{Action, App};
use crate::graph::FilterId;

/// The contents of the window, with the program behind it.
pub struct Screen {
    pub(super) app: App,
    /// What the window wears.
    looks: Looks,
    pub(super) canvas: NodeGraph,
    pub(super) look: Look,
    pub(super) signals: Signals,
    pub(super) bodies: Bodies,
    pub(super) catalogue: Catalogue,
    pub(super) inspector: Inspector,
    pub(super) bottom: Bottom,
    pub(super) palette: Option<Palette>,
    pub(super) card: Option<Card>,
    /// What the pin under the wire in hand would say.
    dry_run: Option<DryRun>,
    /// The first five minutes, while they are shown.
    tour: Option<Tour>,
    pub(super) context: Option<Context>,
    /// Whether boxes are being dragged: all of a drag is one step.
    pub(super) drags: bool,
    pub(super) taps: Taps,
    pub(super) picker: Option<Picker>,
    pub(super) files: Files,
    pub(super) asks: Option<Pending>,
    /// What to do when the document has been saved.
    pub(super) after_save: Option<Pending>,
    /// A page over the window.
    pub(super) dialog: Option<Dialog>,
    /// What a context menu is about, until what was chosen there is done.
    pub(super) aim: Option<Aim>,
    pub(super) bindings: Bindings,
    pub(super) shows_history: bool,
    is_full_screen: bool,
    clip: acts::Clip,
    toast: Option<toasts::Toast>,
    /// Why a command could not be done.
    hint: Option<Hint>,
    /// Files that were let go, until it is known where.
    drops: Option<drops::Drops>,
    /// Where the pointer is.
    pointer: Option<Pos2>,
    /// The part of the window that the keyboard was given last.
    part: Part,
    pub(super) catalogue_side: Side,
    pub(super) inspector_side: Side,
    pub(super) space: SpaceTap,
    alt: AltTap,
    pub(super) probe: Option<Probe>,
    /// Where the parts of the canvas were, for cards that must not hide them.
    pub(super) keep_off: Vec<Rect>,
    pub(super) last: Option<Last>,
    pub(super) may_leave: bool,
    pub(super) is_new: bool,
    pub(super) moves: bool,
    /// Whether the device is still to be told, once it is granted.
    tells_device: bool,
}

/// What the canvas said in the last frame, for the panels that are drawn before it.
pub(super) struct Last {
    now: status::Now,
    in_hand: Option<Waiting>,
    pub(in crate::gui) middle: Pos2,
    canvas: Rect,
    /// The pin that the keyboard is at: what commands are about, and what a new filter is wired to.
    aim: Option<Aim>,
    pin: Option<Waiting>,
    /// That pin and its place in the graph, also while a panel has the keyboard.
    chosen: Option<(Waiting, Pos2)>,
    /// Which graph of the document is shown.
    here: crate::graph::FilterPath,
    /// Where the boxes stand.
    boxes: Vec<(FilterId, Rect)>,
}

/// Words that stand in the status line for a while.
pub(super) struct Hint {
    words: String,
    until: f64,
}

impl Screen {
    /// The window's contents for a program.
    pub fn new(ctx: &egui::Context, app: App) -> Self {
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let looks = Looks::wanted(ctx, app.preferences());
        let look = looks.install(ctx);
        let bindings = Bindings::new(&app.preferences().keys);
        let mut screen = Self {
            app,
            looks,
            canvas: NodeGraph::new("canvas"),
            look,
            signals: Signals::default(),
            bodies: Bodies::default(),
            catalogue: Catalogue::default(),
            inspector: Inspector::default(),
            bottom: Bottom::default(),
            palette: None,
            card: None,
            dry_run: None,
            tour: None,
            context: None,
            drags: false,
            taps: Taps::default(),
            picker: None,
            files: Files::from_environment(),
            asks: None,
            after_save: None,
            dialog: None,
            aim: None,
            bindings,
            shows_history: false,
            is_full_screen: false,
            clip: acts::Clip::default(),
            toast: None,
            hint: None,
            drops: None,
            pointer: None,
            part: Part::Canvas,
            catalogue_side: Side::from(window::CATALOGUE_FROM),
            inspector_side: Side::from(window::INSPECTOR_FROM),
            space: SpaceTap::default(),
            alt: AltTap::default(),
            probe: Probe::from_environment(),
            keep_off: vec![],
            last: None,
            may_leave: false,
            is_new: true,
            moves: false,
            tells_device: false,
        };
        screen.restore_panels();
        screen.fresh_document();
        screen
    }

    /// The program.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The program, to be driven beside the screen.
    pub fn app_mut(&mut self) -> &mut App {
        &mut self.app
    }

    /// Never asks the desktop for a file, always the program's own picker.
    pub fn use_own_picker(&mut self) {
        self.files.only_own = true;
    }

    /// Whether the user has said so, and nothing is lost.
    pub fn may_leave(&self) -> bool {
        self.may_leave
    }

    /// Whether something on the screen moves by itself now.
    pub fn moves(&self) -> bool {
        self.moves
    }

    /// Whether an answer is waited for that comes from no key or pointer.
    pub fn is_waiting(&self) -> bool {
        self.files.is_asking()
    }

    /// The zoom of the canvas.
    pub fn zoom(&self) -> f32 {
        self.canvas.view().zoom
    }

    /// Whether the window fills the screen, or is about to.
    pub fn is_full_screen(&self) -> bool {
        self.is_full_screen
    }

    /// Why the last command could not be done.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(|hint| hint.words.as_str())
    }

    /// Which gestures and keys apply now, as the status line says it.
    pub fn gestures(&self) -> &str {
        self.last.as_ref().map_or("", |last| &last.now.gestures)
    }

    /// The title for the window.
    pub fn title(&self) -> String {
        let document = self.app.view().document;
        let dot = if document.is_dirty { "\u{2022} " } else { "" };
        format!("{dot}{} \u{2014} KSGraph", document.name)
    }

    /// Asks to leave, as the window's cross does.
    pub fn ask_to_leave(&mut self) {
        self.ask(Pending::Quit);
    }

    /// Shows the first five minutes, from their first step.
    pub fn start_tour(&mut self) {
        self.tour = Some(Tour::new());
        self.bottom.fold(true);
    }

    /// Shows the first five minutes once: whatever becomes of them, they never come back unasked.
    pub fn greet(&mut self) {
        if !self.app.preferences().first_run_done {
            self.app.change_preferences(|it| it.first_run_done = true);
            self.start_tour();
            self.tells_device = true;
        }
    }

    /// Whether the first five minutes are shown.
    pub fn is_touring(&self) -> bool {
        self.tour.is_some()
    }

    /// After a document was opened: all of it is shown, and keys play if there is something to play.
    pub(super) fn fresh_document(&mut self) {
        self.app.perform(Action::SetPlayMode(true));
        self.palette = None;
        self.card = None;
        self.context = None;
        self.canvas.forget_places();
        self.is_new = true;
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        if self.probe.is_some() {
            Probe::begin(ui.ctx());
        }
        self.app.poll();
        if self.tells_device && self.app.tell_device() {
            self.tells_device = false;
        }
        self.wear(ui.ctx());
        let mut commands = vec![];
        self.hear_files(ui.ctx());
        self.hear_keys(ui, &mut commands);
        let output = self.panels(ui, &mut commands);
        self.cards(ui, &mut commands);
        self.leave_play_mode(ui.ctx(), &output, &mut commands);
        let before = self.app.view().refusal;
        let before = before.map(|(from, to, _)| (from.clone(), to.clone()));
        for command in commands {
            self.carry_out(ui.ctx(), command);
        }
        self.show_refusal(ui.ctx(), before);
        // What was drawn before it was clicked or typed at shows what came of it.
        let is_touched = ui.input(|i| {
            let mut events = i.events.iter();
            let presses = |event: &egui::Event| matches!(event, egui::Event::Key { .. });
            i.pointer.any_pressed() || i.pointer.any_released() || events.any(presses)
        });
        if is_touched {
            ui.ctx().request_repaint();
        }
        if let Some(probe) = &mut self.probe {
            probe.end(ui.ctx());
        }
    }
}
