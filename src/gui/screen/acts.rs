//! What commands of the table do to the window, and how one is run.

use egui::{Context, Pos2, Vec2, ViewportCommand, pos2, vec2};

use super::{Command, Hint, Screen};
use crate::app::{Action, Selection, View};
use crate::graph::{FilterId, FilterPath, Position};
use crate::gui::commands::{self, Aim, Sight};
use crate::gui::dialog::{Dialog, Pack, Rename};
use crate::gui::node_graph::{NodeId, Side, Target};
use crate::gui::panels::bottom::Tab as Page;
use crate::gui::panels::context;
use crate::gui::panels::menu;
use crate::gui::panels::palette::Palette;

/// How long a hint stands in the status line, in seconds.
const HINT: f64 = 8.0;
/// Frames until a desktop that does not say what was copied counts as silent.
const PATIENCE: u32 = 4;

/// What was copied here, and whether the desktop is being asked.
#[derive(Default)]
pub(super) struct Clip {
    text: Option<String>,
    /// For so many frames; and where it is to go.
    asked: Option<(u32, Option<Pos2>)>,
}

impl Screen {
    /// Carries out a command of the table, or says why it cannot be.
    pub(super) fn run(&mut self, ctx: &Context, name: &str) {
        let Some(spec) = commands::find(name) else {
            log::warn!("there is no command {name}");
            return;
        };
        let view = self.app.view();
        let state = (spec.state)(&self.sight(&view));
        if let Some(why) = state.why_not {
            let words = spec.words.trim_end_matches('\u{2026}');
            self.hint = Some(Hint {
                words: format!("{words}: {why}"),
                until: ctx.input(|i| i.time) + HINT,
            });
            return;
        }
        self.hint = None;
        let before = (view.steps().1, counted(&view));
        drop(view);
        (spec.run)(self, ctx);
        if let Some(toast) = spec.toast {
            self.toast(ctx, &toast.replace('#', &before.1), before.0);
        }
    }

    /// Copies what is selected; false when that is nothing.
    pub(in crate::gui) fn copy(&mut self, ctx: &Context) -> bool {
        let Some(text) = self.app.copied() else {
            return false;
        };
        ctx.copy_text(text.clone());
        self.clip = Clip {
            text: Some(text),
            asked: None,
        };
        true
    }

    /// Asks the desktop for what was copied. Where it does not answer, it is what was copied here.
    pub(in crate::gui) fn request_paste(&mut self, ctx: &Context) {
        self.clip.asked = Some((0, self.aim.as_ref().map(|aim| aim.at)));
        ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
        ctx.request_repaint();
    }

    /// Puts in what was copied.
    pub(super) fn paste(&mut self, text: String) {
        let at = self.clip.asked.take().and_then(|asked| asked.1);
        let at = at.map(|at| Position { x: at.x, y: at.y });
        self.app.perform(Action::Paste { text, at });
    }

    /// Pastes what was copied here when the desktop has been silent for some frames.
    pub(super) fn wait_for_clipboard(&mut self, ctx: &Context) {
        let Some((frames, _)) = &mut self.clip.asked else {
            return;
        };
        *frames += 1;
        ctx.request_repaint();
        if *frames > PATIENCE {
            match self.clip.text.clone() {
                Some(text) => self.paste(text),
                None => {
                    self.clip.asked = None;
                    self.hint = Some(Hint {
                        words: "Paste: nothing was copied. Select filters and copy them first."
                            .into(),
                        until: ctx.input(|i| i.time) + HINT,
                    });
                }
            }
        }
    }

    /// Puts boxes into layers, as large as they are drawn.
    pub(in crate::gui) fn arrange(&mut self) {
        let zoom = self.canvas.view().zoom.max(0.01);
        let boxes = self.last.iter().flat_map(|last| &last.boxes);
        let sizes = boxes.map(|(id, rect)| (*id, (rect.width() / zoom, rect.height() / zoom)));
        let sizes = sizes.collect();
        self.canvas
            .next_move_takes(crate::gui::theme::motion::ARRANGE);
        self.app.perform(Action::Arrange { sizes });
    }

    /// What commands look at to say whether they are available.
    pub(super) fn sight<'a>(&'a self, view: &'a View<'a>) -> Sight<'a> {
        Sight {
            view,
            preferences: self.app.preferences(),
            shows_catalogue: self.catalogue_side.is_shown(),
            shows_inspector: self.inspector_side.is_shown(),
            shows_history: self.shows_history,

            shows_frames: self.bottom.shows_frames(),
            shows_log: self.bottom.shows_log(),
            shows_performance: self.bottom.shows_performance(),
            shows_blame: self.bottom.shows(Page::Blame),
            shows_timeline: self.bottom.shows(Page::Timeline),

            shows_score: self.bottom.shows(Page::Score),

            is_touring: self.is_touring(),
            is_full_screen: self.is_full_screen,
            aim: self.aim.as_ref(),
        }
    }

    /// Brings the log to the front, or folds the panel again.
    pub(in crate::gui) fn show_log(&mut self) {
        self.bottom.toggle_log();
    }

    /// Brings what filters cost to the front, or folds the panel again.
    pub(in crate::gui) fn show_performance(&mut self) {
        self.bottom.toggle_performance();
    }

    /// Shows the properties of what is selected, also where the inspector had no room.
    pub(in crate::gui) fn show_properties(&mut self) {
        self.inspector.show_properties();
        self.inspector_side.show(true);
    }

    /// Shows the events of the selected filter.
    pub(in crate::gui) fn show_events(&mut self) {
        self.inspector.show_events();
        self.inspector_side.show(true);
    }

    /// Brings the frames of the selected wire to the front, or puts them away.
    pub(in crate::gui) fn toggle_frames(&mut self) {
        self.bottom.toggle_frames();
    }

    /// Brings a page of the bottom panel to the front, or the log back.
    pub(in crate::gui) fn toggle_page(&mut self, page: Page) {
        self.bottom.toggle_page(page);
    }

    /// Has new frames left out, or taken in again.
    pub(in crate::gui) fn hold_frames(&mut self) {
        let is_held = self.app.view().frames_are_held();
        self.app.perform(Action::HoldFrames(!is_held));
    }

    /// Opens a page over the window.
    pub(in crate::gui) fn open_dialog(&mut self, dialog: Dialog) {
        self.dialog = Some(dialog);
    }

    /// Help of the filter that is selected, or of the window.
    pub(in crate::gui) fn open_help(&mut self) {
        let view = self.app.view();
        let node = view
            .selection
            .one_filter()
            .and_then(|id| view.graph.filters.get(&id));
        let filter = node.and_then(|node| node.kind.filter());
        let key = filter.map_or_else(String::new, |filter| filter.key.clone());
        self.dialog = Some(Dialog::Help(key));
    }

    /// Asks what the group that is selected is to be called in the catalogue.
    pub(in crate::gui) fn pack(&mut self) {
        let view = self.app.view();
        if let Some(id) = view.selection.one_filter()
            && let Some(recipe) = view.recipe_of(id)
        {
            self.dialog = Some(Dialog::Pack(Box::new(Pack::new(&view, id, recipe))));
        }
    }

    /// Makes groups of the filters that are selected and made of others.
    pub(in crate::gui) fn unpack(&mut self) {
        let filters = self.app.view().selection.filters.iter().copied();
        let filters = filters.collect();
        self.app.perform(Action::Unpack(filters));
    }

    /// Asks for another name.
    pub(in crate::gui) fn rename(&mut self) {
        let view = self.app.view();
        if let Some(id) = view.selection.one_filter()
            && let Some(node) = view.graph.filters.get(&id)
        {
            self.dialog = Some(Dialog::Rename(Rename::new(id, &node.name)));
        }
    }

    /// Takes the wires of what was pointed at away, or those of the filters that are selected.
    pub(in crate::gui) fn disconnect_all(&mut self) {
        match self.aim.clone() {
            Some(aim) if aim.target.is_some() => {
                self.app.perform(Action::Disconnect(aim.wires));
            }
            _ => {
                let filters = self.app.view().selection.filters.clone();
                let several = filters.len() > 1;
                if several {
                    let name = format!("Disconnect {} filters", filters.len());
                    self.app.perform(Action::BeginGesture(name));
                }
                for filter in filters {
                    self.app.perform(Action::DisconnectAll(filter));
                }
                if several {
                    self.app.perform(Action::EndGesture);
                }
            }
        }
    }

    /// Where a key adds something: under the pointer if that is on the canvas, else in the middle. Graph, then screen.
    pub(super) fn key_point(&self) -> (Pos2, Pos2) {
        let Some(last) = &self.last else {
            return (pos2(0.0, 0.0), pos2(0.0, 0.0));
        };
        let screen = match self.pointer {
            Some(pos) if last.canvas.contains(pos) => pos,
            _ => last.canvas.center(),
        };
        (self.canvas.view().to_graph(screen), screen)
    }

    /// The same for what lies under boxes: below those that stand there.
    fn bare_point(&self) -> Pos2 {
        const APART: f32 = 24.0;
        let (mut at, _) = self.key_point();
        let view = self.canvas.view();
        let boxes = self.last.iter().flat_map(|last| &last.boxes);
        let mut boxes: Vec<_> = boxes.map(|(_, rect)| view.rect_to_graph(*rect)).collect();
        boxes.sort_by(|a, b| a.top().total_cmp(&b.top()));
        for rect in boxes {
            if rect.expand(APART - 1.0).contains(at) {
                at.y = rect.bottom() + APART;
            }
        }
        at
    }

    /// Opens the list of filters to add.
    pub(in crate::gui) fn open_palette(&mut self) {
        let (at, screen) = match &self.aim {
            Some(aim) => (aim.at, aim.screen),
            None => self.key_point(),
        };
        self.context = None;
        let waiting = self.last.as_ref().and_then(|last| last.pin.clone());
        let waiting = waiting.filter(|it| self.aim.as_ref().is_some_and(|aim| aim.is_of(it)));
        self.palette = Some(match waiting {
            None => Palette::new(at, screen),
            Some(waiting) => {
                let at = at + beside(waiting.side);
                Palette::beside(&self.app.view(), at, screen, Some(waiting))
            }
        });
    }

    /// Opens the box that finds everything.
    pub(in crate::gui) fn open_finder(&mut self) {
        let Some(last) = &self.last else {
            return;
        };
        let middle = last.middle;
        let corner = pos2(
            last.canvas.center().x - crate::gui::theme::window::PALETTE / 2.0 + 24.0,
            last.canvas.top() + 40.0,
        );
        self.palette = Some(Palette::finder(middle, corner));
    }

    /// Goes to a filter, wherever it stands.
    pub(super) fn reveal(&mut self, path: FilterPath) {
        let id = path.0.last().copied();
        self.app.perform(Action::Reveal(path));
        if let Some(id) = id {
            self.canvas.centre_on(NodeId::from(id.0));
        }
    }

    /// Brings what is selected to the middle.
    pub(in crate::gui) fn centre_selection(&mut self) {
        let view = self.app.view();
        let nodes: Vec<NodeId> = view
            .selection
            .filters
            .iter()
            .map(|id| NodeId::from(id.0))
            .collect();
        match nodes.as_slice() {
            [one] => self.canvas.centre_on(*one),
            many => self.canvas.fit(many),
        }
    }

    /// Shows the inside of the group that is selected.
    pub(in crate::gui) fn enter_group(&mut self) {
        if let Some(id) = self.app.view().selection.one_filter() {
            self.app.perform(Action::Enter(id));
        }
    }

    /// Bypasses what is selected, or lets it work again if all of it is bypassed.
    pub(in crate::gui) fn bypass(&mut self) {
        let view = self.app.view();
        let is_on = !self.sight(&view).all(|filter| filter.is_bypassed);
        let filters = view.selection.filters.iter().copied().collect();
        self.app.perform(Action::SetBypass { filters, is_on });
    }

    /// Holds the pin pointed at, or what is selected, in a state; Run lets it go.
    pub(in crate::gui) fn hold(&mut self, state: crate::ks::State) {
        let view = self.app.view();
        let action = match self.sight(&view).pin() {
            Some(pin) => Action::LimitPin { pin, state },
            None => Action::LimitFilters {
                filters: view.selection.filters.iter().copied().collect(),
                state,
            },
        };
        self.app.perform(action);
    }

    /// Moves what is selected by steps of the grid, one step of the history.
    pub(in crate::gui) fn nudge(&mut self, right: f32, down: f32) {
        const STEP: f32 = 16.0;
        let view = self.app.view();
        let to = |from: Position| Position {
            x: from.x + right * STEP,
            y: from.y + down * STEP,
        };
        let notes = view.selection.notes.iter();
        let notes = notes.filter_map(|id| Some((*id, to(view.graph.notes.get(id)?.position))));
        let notes: Vec<_> = notes.collect();
        let boxes = view.selection.filters.iter();
        let boxes = boxes.filter_map(|id| Some((*id, to(view.graph.filters.get(id)?.position))));
        let boxes: Vec<_> = boxes.collect();
        self.app.perform(Action::BeginGesture("Move".to_owned()));
        if !notes.is_empty() {
            self.app.perform(Action::MoveNotes(notes));
        }
        if !boxes.is_empty() {
            self.app.perform(Action::Move(boxes));
        }
        self.app.perform(Action::EndGesture);
    }

    /// Leaves what is selected out of what plays, or takes it in again.
    pub(in crate::gui) fn disable(&mut self, is_on: bool) {
        let filters = self.app.view().selection.filters.iter().copied().collect();
        self.app.perform(Action::SetDisabled { filters, is_on });
    }

    /// Writes a comment where a key or a menu points.
    pub(in crate::gui) fn add_comment(&mut self) {
        let at = match &self.aim {
            Some(aim) => aim.at,
            None => self.bare_point(),
        };
        self.app.perform(Action::AddComment {
            at: Position { x: at.x, y: at.y },
            text: "Comment".to_owned(),
        });
        self.edit_note();
    }

    /// Draws a frame round what is selected.
    pub(in crate::gui) fn add_frame(&mut self) {
        self.app.perform(Action::AddFrame {
            title: "Frame".to_owned(),
            area: None,
        });
        self.edit_note();
    }

    /// Opens the words of the note that is selected.
    pub(in crate::gui) fn edit_note(&mut self) {
        let notes = &self.app.view().selection.notes;
        if let Some(id) = notes.first().filter(|_| notes.len() == 1) {
            self.canvas.edit_note(u64::from(id.0));
        }
    }

    /// Gives the frames that are selected a colour; no name is the usual one.
    pub(in crate::gui) fn colour_frames(&mut self, colour: &str) {
        let view = self.app.view();
        let notes: Vec<_> = view.selection.notes.iter().copied().collect();
        self.app
            .perform(Action::BeginGesture("Frame colour".to_owned()));
        for note in notes {
            self.app.perform(Action::EditNote {
                note,
                text: None,
                colour: Some(colour.to_owned()),
            });
        }
        self.app.perform(Action::EndGesture);
    }

    /// Silences every note, those in the hand too.
    pub(in crate::gui) fn panic(&mut self) {
        let mut notes: Vec<Command> = vec![];
        self.bodies.play.let_go(&mut notes);
        for command in notes {
            if let Command::Do(action) = command {
                self.app.perform(action);
            }
        }
        self.app.perform(Action::Panic);
    }

    /// Fills the screen, or gives it back.
    pub(in crate::gui) fn toggle_full_screen(&mut self, ctx: &Context) {
        self.is_full_screen = !self.is_full_screen;
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.is_full_screen));
    }

    /// Gives the keyboard to the menus.
    pub(in crate::gui) fn focus_menus(&mut self, ctx: &Context) {
        if let Some(id) = menu::first_id(ctx) {
            ctx.memory_mut(|memory| memory.request_focus(id));
        }
    }

    /// Opens the menu of what is selected, or of the canvas.
    pub(in crate::gui) fn open_context(&mut self, ctx: &Context) {
        let Some(last) = &self.last else {
            return;
        };
        if let Some(aim) = last.aim.clone() {
            self.context = Some(context::Context::new(aim));
            ctx.request_repaint();
            return;
        }
        let view = self.app.view();
        let selection: &Selection = view.selection;
        let target = match (selection.filters.first(), selection.connections.first()) {
            (Some(id), _) => Some(Target::Node(NodeId::from(id.0))),
            (None, Some(index)) => Some(Target::Wire(*index as u64)),
            (None, None) => {
                let note = selection.notes.first();
                note.map(|id| Target::Note(u64::from(id.0)))
            }
        };
        let wires = match selection.filters.first() {
            Some(id) => wires_of(&view, *id),
            None => vec![],
        };
        let place = match target {
            Some(Target::Node(_)) => last
                .boxes
                .iter()
                .find(|(id, _)| selection.filters.contains(id))
                .map(|(_, rect)| rect.center()),
            _ => None,
        };
        let (at, screen) = match place {
            Some(screen) => (self.canvas.view().to_graph(screen), screen),
            None => self.key_point(),
        };
        let aim = Aim {
            target,
            wires,
            at,
            screen,
        };
        self.context = Some(context::Context::new(aim));
        ctx.request_repaint();
    }
}

/// From a pin to where what is added for it stands.
pub(super) fn beside(side: Side) -> Vec2 {
    match side {
        Side::Output => vec2(120.0, -44.0),
        Side::Input => vec2(-280.0, -44.0),
    }
}

/// What is selected, counted: `3 filters`, or a name where it is one.
fn counted(view: &View<'_>) -> String {
    let selection = view.selection;
    let one = selection.one_filter();
    if let Some(node) = one.and_then(|id| view.graph.filters.get(&id)) {
        return node.name.clone();
    }
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    match (
        selection.filters.len(),
        selection.connections.len(),
        selection.notes.len(),
    ) {
        (0, 0, notes) => count(notes, "note"),
        (0, wires, _) => count(wires, "wire"),
        (filters, ..) => count(filters, "filter"),
    }
}

/// Indices of the connections that end at a box.
fn wires_of(view: &View<'_>, id: FilterId) -> Vec<usize> {
    let wires = view.graph.connections.iter().enumerate();
    wires
        .filter(|(_, wire)| wire.from.filter == id || wire.to.filter == id)
        .map(|(index, _)| index)
        .collect()
}
