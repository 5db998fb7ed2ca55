//! The window's contents: lays the panels round the canvas, gathers what they ask for, and has the program do it.
//!
//! One frame: keys, panels and canvas look at one `View` and push [`Command`]s; when all have been drawn the commands are
//! carried out in order. Nothing here changes the document but through an `Action`.

use egui::{CentralPanel, Frame, Key, Panel, Pos2, Rect, Ui, pos2, vec2};

use super::body::Bodies;
use super::canvas::Scene;
use super::documents::Pending;
use super::files::{Files, Why};
use super::hands;
use super::keys::{self, Deed, SpaceTap};
use super::node_graph::{Event, Look, NodeGraph, NodeId, Output, Side};
use super::panels::card::Card;
use super::panels::catalogue::{self, Catalogue};
use super::panels::context::Context;
use super::panels::dialogs::{self, Answer, Picker};
use super::panels::inspector::Inspector;
use super::panels::log::Bottom;
use super::panels::palette::{Palette, Waiting};
use super::panels::{banner, menu, status, transport};
use super::probe::Probe;
use super::signals::Signals;
use super::theme::{Theme, ThemeName, window};
use crate::app::{Action, App};
use crate::graph::{FilterId, PinAddress, Position};
use crate::ks::Descriptor;

/// A filter of the catalogue in the hand.
#[derive(Clone, Debug)]
pub(super) struct Offer(pub(super) String);

/// A wire that a new filter is to take.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Drop {
    /// The pin it begins at.
    pub(super) pin: PinAddress,
    /// That pin's side.
    pub(super) side: Side,
    /// The new filter's pin.
    pub(super) to: String,
}

/// What a panel asks of the window.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Command {
    /// An action of the program.
    Do(Action),
    /// A menu's entry or a shortcut.
    Deed(Deed),
    /// A new filter in the middle of what is seen.
    AddInSight(String),
    /// A new filter at a place of the graph, with a wire to it.
    Add {
        key: String,
        at: Pos2,
        wire: Option<Drop>,
    },
    /// A cure of a refusal; `connection` is the refused wire, if it was drawn.
    Cure {
        connection: Option<usize>,
        from: PinAddress,
        to: PinAddress,
        cure: usize,
    },
    /// A file for a property.
    Browse { filter: FilterId, key: String },
    /// Bring a filter to the middle.
    Centre(FilterId),
}

/// Keys that an open card or palette takes before the canvas hears them.
#[derive(Clone, Copy, Default)]
pub(super) struct Taps {
    pub(super) escape: bool,
    pub(super) enter: bool,
    pub(super) up: bool,
    pub(super) down: bool,
    /// From 0.
    pub(super) figure: Option<usize>,
}

impl Taps {
    /// Takes them. Figures are typed into a palette, and chosen on a card.
    fn take(ctx: &egui::Context, figures: bool) -> Self {
        const FIGURES: [Key; 4] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
        ctx.input_mut(|i| {
            let mut tap = |key| i.consume_key(egui::Modifiers::NONE, key);
            Self {
                escape: tap(Key::Escape),
                enter: tap(Key::Enter),
                up: tap(Key::ArrowUp),
                down: tap(Key::ArrowDown),
                figure: FIGURES.into_iter().position(|key| figures && tap(key)),
            }
        })
    }
}

/// The contents of the window, with the program behind it.
pub struct Screen {
    pub(super) app: App,
    pub(super) canvas: NodeGraph,
    pub(super) look: Look,
    pub(super) signals: Signals,
    pub(super) bodies: Bodies,
    pub(super) catalogue: Catalogue,
    pub(super) inspector: Inspector,
    pub(super) bottom: Bottom,
    pub(super) palette: Option<Palette>,
    pub(super) card: Option<Card>,
    pub(super) context: Option<Context>,
    /// Whether boxes are being dragged: all of a drag is one step.
    pub(super) drags: bool,
    pub(super) taps: Taps,
    pub(super) picker: Option<Picker>,
    pub(super) files: Files,
    pub(super) asks: Option<Pending>,
    /// What to do when the document has been saved.
    pub(super) after_save: Option<Pending>,
    pub(super) shows_keys: bool,
    pub(super) shows_catalogue: bool,
    pub(super) space: SpaceTap,
    pub(super) probe: Option<Probe>,
    /// Where the parts of the canvas were, for cards that must not hide them.
    pub(super) keep_off: Vec<Rect>,
    pub(super) last: Option<Last>,
    pub(super) may_leave: bool,
    pub(super) is_new: bool,
    pub(super) moves: bool,
}

/// What the canvas said in the last frame, for the panels that are drawn before it.
pub(super) struct Last {
    now: status::Now,
    in_hand: Option<Waiting>,
    middle: Pos2,
}

impl Screen {
    /// The window's contents for a program.
    pub fn new(ctx: &egui::Context, app: App) -> Self {
        Theme::install(ctx, ThemeName::Dark);
        let look = Theme::named(ThemeName::Dark).canvas_look();
        let mut screen = Self {
            app,
            canvas: NodeGraph::new("canvas"),
            look,
            signals: Signals::default(),
            bodies: Bodies::default(),
            catalogue: Catalogue::default(),
            inspector: Inspector::default(),
            bottom: Bottom::default(),
            palette: None,
            card: None,
            context: None,
            drags: false,
            taps: Taps::default(),
            picker: None,
            files: Files::from_environment(),
            asks: None,
            after_save: None,
            shows_keys: false,
            shows_catalogue: true,
            space: SpaceTap::default(),
            probe: Probe::from_environment(),
            keep_off: vec![],
            last: None,
            may_leave: false,
            is_new: true,
            moves: false,
        };
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

    /// After a document was opened: all of it is shown, and keys play if there is something to play.
    pub(super) fn fresh_document(&mut self) {
        self.app.perform(Action::SetPlayMode(true));
        self.palette = None;
        self.card = None;
        self.context = None;
        self.is_new = true;
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        if self.probe.is_some() {
            Probe::begin(ui.ctx());
        }
        self.app.poll();
        let mut commands = vec![];
        self.hear_files(ui.ctx());
        self.hear_keys(ui, &mut commands);
        let output = self.panels(ui, &mut commands);
        self.cards(ui, &mut commands);
        self.leave_play_mode(ui.ctx(), &output, &mut commands);
        for command in commands {
            self.carry_out(ui.ctx(), command);
        }
        if let Some(probe) = &mut self.probe {
            probe.end(ui.ctx());
        }
    }

    fn is_modal(&self) -> bool {
        self.asks.is_some() || self.picker.is_some() || self.shows_keys
    }

    fn hear_keys(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let ctx = ui.ctx();
        let view = self.app.view();
        if self.is_modal() {
            self.bodies.play.release_all(commands);
            return;
        }
        self.bodies.play.hear(ctx, &view, commands);
        self.taps = Taps::default();
        if self.card.is_some() || self.palette.is_some() || self.context.is_some() {
            self.taps = Taps::take(ctx, self.card.is_some());
        } else if view.play_mode.is_some()
            && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape))
        {
            commands.push(Command::Do(Action::SetPlayMode(false)));
        }
        commands.extend(keys::pressed(ctx).into_iter().map(Command::Deed));
        if self.palette.is_none() && self.card.is_none() && self.space.tapped(ctx) {
            commands.push(Command::Deed(Deed::ToggleRun));
        }
        // A dropped file is opened, from wherever it was dragged.
        let dropped = ctx.input(|i| {
            i.raw
                .dropped_files
                .first()
                .map(|file| file.path().to_owned())
        });
        if let Some(path) = dropped.filter(|path| path.extension().is_some_and(|it| it == "ron")) {
            self.ask(Pending::OpenFile(path));
        }
    }

    /// A press on the canvas anywhere but on the piano leaves play mode, and so does typing.
    fn leave_play_mode(
        &mut self,
        ctx: &egui::Context,
        output: &Output,
        commands: &mut Vec<Command>,
    ) {
        if self.app.view().play_mode.is_none() {
            self.bodies.piano = None;
            return;
        }
        let piano = self.bodies.piano.take();
        let canvas = output.geometry.canvas;
        let press = ctx.input(|i| {
            let pressed = i.pointer.primary_pressed();
            i.pointer.interact_pos().filter(|_| pressed)
        });
        let elsewhere = press.is_some_and(|pos| {
            canvas.contains(pos) && !piano.is_some_and(|piano| piano.contains(pos))
        }) || ctx.text_edit_focused();
        if elsewhere {
            commands.push(Command::Do(Action::SetPlayMode(false)));
        }
    }

    fn panels(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) -> Output {
        let theme = Theme::of(ui.ctx());
        let now = ui.input(|i| i.time);
        let Self {
            app,
            canvas,
            look,
            signals,
            bodies,
            catalogue,
            inspector,
            bottom,
            last,
            ..
        } = self;
        let view = app.view();
        self.moves = signals.update(&view, now);
        let plain = |fill| Frame::NONE.fill(fill);
        Panel::top("menu")
            .exact_size(window::MENU)
            .frame(plain(theme.window))
            .show_separator_line(false)
            .show(ui, |ui| menu::ui(ui, &view, commands));
        Panel::top("transport")
            .exact_size(window::TRANSPORT)
            .frame(plain(theme.window))
            .show_separator_line(true)
            .show(ui, |ui| transport::ui(ui, &view, commands));
        Panel::bottom("status")
            .exact_size(window::STATUS)
            .frame(plain(theme.window))
            .show(ui, |ui| {
                if let Some(last) = last.as_ref() {
                    status::ui(ui, &view, &last.now);
                }
            });
        Panel::bottom("bottom")
            .exact_size(bottom.height())
            .frame(plain(theme.panel))
            .show(ui, |ui| bottom.ui(ui, &view, commands));
        let wide = ui.ctx().content_rect().width();
        if self.shows_catalogue && wide >= 900.0 {
            let hand = last.as_ref().and_then(|last| last.in_hand.clone());
            let fits = |descriptor: &Descriptor| {
                hand.as_ref()
                    .is_none_or(|hand| hand.fits(descriptor).is_some())
            };
            Panel::left("catalogue")
                .default_size(window::CATALOGUE)
                .size_range(window::CATALOGUE_MIN..=window::CATALOGUE_MAX)
                .resizable(true)
                .frame(plain(theme.panel))
                .show(ui, |ui| {
                    catalogue.ui(ui, &view, look, Some(&fits), commands);
                    ui.take_available_space();
                });
        }
        if wide >= 1100.0 {
            Panel::right("inspector")
                .default_size(window::INSPECTOR)
                .size_range(window::INSPECTOR_MIN..=window::INSPECTOR_MAX)
                .resizable(true)
                .frame(plain(theme.panel))
                .show(ui, |ui| {
                    inspector.ui(ui, &view, look, commands);
                    ui.take_available_space();
                });
        }
        let banners = banner::height(&view);
        let output = CentralPanel::no_frame()
            .show(ui, |ui| {
                if banners > 0.0 {
                    Panel::top("banner")
                        .exact_size(banners)
                        .frame(Frame::NONE)
                        .show(ui, |ui| {
                            let rect = ui.max_rect();
                            banner::ui(ui, rect, &view, commands);
                        });
                }
                if self.is_new {
                    ui.memory_mut(|memory| memory.request_focus(canvas.id()));
                    if !view.graph.filters.is_empty() {
                        canvas.fit_all();
                    }
                    self.is_new = false;
                }
                let mut scene = Scene::new(ui, &view, signals, bodies);
                if let Some(card) = &self.card {
                    let (from, to) = card.pins();
                    scene.show_refused(from, to);
                }
                let output = canvas.show(ui, &mut scene, look);
                if view.graph.filters.is_empty() {
                    hands::empty_ui(ui, output.geometry.canvas);
                }
                for event in &output.events {
                    match event {
                        Event::Move { .. } if !self.drags => {
                            self.drags = true;
                            commands.push(Command::Do(Action::BeginGesture("Move".into())));
                        }
                        Event::MoveFinished { .. } => self.drags = false,
                        _ => {}
                    }
                    hands::hear(event, &scene, commands);
                }
                hands::refusals(&output.events, &scene, &mut self.card);
                hands::palette(&output.events, &scene, &mut self.palette);
                hands::context(&output.events, &scene, &mut self.context);
                if output
                    .events
                    .iter()
                    .any(|event| matches!(event, Event::OpenProperties { .. }))
                {
                    inspector.show_properties();
                }
                if let Some((offer, at, _)) = output.dropped::<Offer>() {
                    commands.push(Command::Add {
                        key: offer.0.clone(),
                        at: at - vec2(48.0, 14.0),
                        wire: None,
                    });
                }
                commands.append(&mut scene.commands);
                hands::note(ui.ctx(), &scene, &output);
                let hand = output.in_hand.as_ref();
                *last = Some(Last {
                    now: status::Now::of(&scene, hand, output.hovered, output.view.zoom),
                    in_hand: hand.and_then(|hand| hands::waiting(&scene, hand.pin)),
                    middle: output.view.to_graph(output.geometry.canvas.center()),
                });
                output
            })
            .inner;
        catalogue::carried_ui(ui, &view);
        self.keep_off = output.geometry.pins.iter().map(|(_, rect)| *rect).collect();
        output
    }

    fn cards(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let view = self.app.view();
        if self.is_modal() {
            self.modals(ui);
            return;
        }
        if let Some(card) = &self.card
            && !card.ui(ui, &view, &self.keep_off, self.taps, commands)
        {
            self.card = None;
            commands.push(Command::Do(Action::DismissRefusal));
        }
        if let Some(context) = &mut self.context
            && !context.ui(ui, &view, self.taps, commands)
        {
            self.context = None;
        }
        if let Some(palette) = &mut self.palette
            && !palette.ui(ui, &view, &self.look, self.taps, commands)
        {
            self.palette = None;
            ui.memory_mut(|memory| memory.request_focus(self.canvas.id()));
        }
    }

    fn modals(&mut self, ui: &Ui) {
        if self.shows_keys && dialogs::keys(ui) {
            self.shows_keys = false;
        }
        if let Some(picker) = &mut self.picker
            && let Some(done) = picker.ui(ui)
        {
            let wanted = picker.wanted().clone();
            self.picker = None;
            if let Some(path) = done {
                self.take_path(&wanted, path);
            }
        }
        if self.picker.is_none()
            && let Some(pending) = self.asks.clone()
        {
            let name = self.app.view().document.name;
            match dialogs::save_changes(ui, &name) {
                Some(Answer::Stay) => self.asks = None,
                Some(Answer::Discard) => {
                    self.asks = None;
                    self.go_on(ui.ctx(), pending);
                }
                Some(Answer::Save) => {
                    self.asks = None;
                    self.after_save = Some(pending);
                    self.save(ui.ctx());
                }
                None => {}
            }
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.app.perform(action),
            Command::Deed(deed) => self.deed(ctx, deed),
            Command::AddInSight(key) => {
                let middle = self
                    .last
                    .as_ref()
                    .map_or(pos2(0.0, 0.0), |last| last.middle);
                // Several in a row do not hide each other.
                let count = self.app.view().graph.filters.len() as f32;
                let shift = vec2(count % 5.0 - 2.0, count % 7.0 - 3.0) * 32.0;
                self.add(key, middle + shift, None);
            }
            Command::Add { key, at, wire } => self.add(key, at, wire),
            Command::Cure {
                connection,
                from,
                to,
                cure,
            } => {
                if let Some(index) = connection {
                    self.app.perform(Action::BeginGesture("Cure".into()));
                    self.app.perform(Action::Disconnect(vec![index]));
                }
                self.app.perform(Action::ConnectVia { from, to, cure });
                if connection.is_some() {
                    self.app.perform(Action::EndGesture);
                }
            }
            Command::Browse { filter, key } => {
                let is_written = self
                    .app
                    .view()
                    .wiring
                    .filters
                    .get(&self.app.view().path_of(filter))
                    .is_some_and(|filter| filter.key == "wave_writer");
                self.ask_for(
                    ctx,
                    Why::Property {
                        filter,
                        key,
                        is_written,
                    },
                );
            }
            Command::Centre(id) => self.canvas.centre_on(NodeId::from(id.0)),
        }
    }

    fn add(&mut self, key: String, at: Pos2, wire: Option<Drop>) {
        let snapped = |length: f32| (length / 16.0).round() * 16.0;
        let at = Position {
            x: snapped(at.x),
            y: snapped(at.y),
        };
        let id = self.app.view().fresh_id();
        let Some(wire) = wire else {
            self.app.perform(Action::AddFilter { key, at });
            return;
        };
        let title = self
            .app
            .view()
            .catalogue
            .get(&key)
            .map_or_else(String::new, |filter| filter.descriptor().title.to_string());
        self.app
            .perform(Action::BeginGesture(format!("Add {title}")));
        self.app.perform(Action::AddFilter { key, at });
        let new = PinAddress {
            filter: self.app.view().path_of(id),
            pin: wire.to,
            instance: 0,
        };
        let (from, to) = match wire.side {
            Side::Output => (wire.pin, new),
            Side::Input => (new, wire.pin),
        };
        self.app.perform(Action::Connect { from, to });
        self.app.perform(Action::EndGesture);
    }

    fn deed(&mut self, ctx: &egui::Context, deed: Deed) {
        match deed {
            Deed::New => self.ask(Pending::New),
            Deed::Open => self.ask(Pending::Open),
            Deed::Save => self.save(ctx),
            Deed::SaveAs => self.ask_for(ctx, Why::SaveAs),
            Deed::Quit => self.ask(Pending::Quit),
            Deed::Undo => self.app.perform(Action::Undo),
            Deed::Redo => self.app.perform(Action::Redo),
            Deed::SelectAll => self.app.perform(Action::SelectAll),
            Deed::Delete => self.app.perform(Action::DeleteSelection),
            Deed::Find => {
                self.shows_catalogue = true;
                ctx.memory_mut(|memory| memory.request_focus(catalogue::search_id()));
            }
            Deed::Fit => self.canvas.fit_all(),
            Deed::Zoom100 => self.canvas.zoom_to(1.0),
            Deed::ZoomIn => self.canvas.zoom_to(self.canvas.view().zoom * 1.25),
            Deed::ZoomOut => self.canvas.zoom_to(self.canvas.view().zoom / 1.25),
            Deed::Catalogue => self.shows_catalogue = !self.shows_catalogue,
            Deed::Insert => {
                let middle = self
                    .last
                    .as_ref()
                    .map_or(pos2(0.0, 0.0), |last| last.middle);
                let screen = self.canvas.view().to_screen(middle);
                self.palette = Some(Palette::new(middle, screen, None));
            }
            Deed::ToggleRun => self.app.perform(Action::ToggleRun),
            Deed::PlayMode => {
                let is_on = self.app.view().play_mode.is_some();
                self.app.perform(Action::SetPlayMode(!is_on));
            }
            Deed::Panic => {
                let mut notes = vec![];
                self.bodies.play.release_all(&mut notes);
                self.app.perform(Action::Panic);
            }
            Deed::Refresh => self.app.perform(Action::Refresh),
            Deed::Keys => self.shows_keys = true,
        }
    }
}
