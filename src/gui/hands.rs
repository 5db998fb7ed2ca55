//! What hands did on the canvas, turned into commands, cards and palettes; and what of it the probe is told.

use egui::{Rect, Ui, vec2};

use super::canvas::{NOT_MADE, Scene};
use super::commands::Aim;
use super::follow;
use super::node_graph::{Event, How, NodeId, Output, PinAddr, Side, Target};
use super::panels::card::Card;
use super::panels::context::Context;
use super::panels::palette::{Palette, Waiting};
use super::probe;
use super::screen::Command;
use super::theme::Theme;
use crate::app::{Action, ConnectMode, Selection, View};
use crate::graph::{FilterId, NodeKind, NoteId, Position, Size};

/// An empty canvas says one fact and one act.
pub(super) fn empty_ui(ui: &Ui, canvas: Rect) {
    let theme = Theme::of(ui.ctx());
    super::controls::text(
        ui,
        canvas.center(),
        egui::Align2::CENTER_CENTER,
        "Nothing here yet. Press Tab, or drag a filter here.",
        super::theme::Type::Heading,
        theme.dim,
    );
}

/// The wire in hand as the palette and the catalogue know it.
pub(super) fn waiting(scene: &Scene<'_>, pin: PinAddr) -> Option<Waiting> {
    Some(Waiting {
        pin: scene.address(pin)?,
        side: pin.side,
        factory: scene.factory(pin)?.clone(),
    })
}

/// Opens the palette where it was asked for.
pub(super) fn palette(events: &[Event], scene: &Scene<'_>, palette: &mut Option<Palette>) {
    for event in events {
        match event {
            Event::Insert { at, screen }
            | Event::Menu {
                target: None,
                at,
                screen,
            } => *palette = Some(Palette::new(*at, *screen)),
            Event::DropOnCanvas { pin, at, screen } => {
                let shift = match pin.side {
                    Side::Output => vec2(0.0, -44.0),
                    Side::Input => vec2(-160.0, -44.0),
                };
                let waiting = waiting(scene, *pin);
                *palette = Some(Palette::for_wire(scene.view, *at + shift, *screen, waiting));
            }
            _ => {}
        }
    }
}

/// Opens the menu of what was asked about. A control in a box keeps the click to itself: its row is asked about then.
pub(super) fn context(
    ctx: &egui::Context,
    output: &Output,
    scene: &Scene<'_>,
    context: &mut Option<Context>,
) {
    let asked = output.events.iter().find_map(|event| match event {
        Event::Menu {
            target: Some(target),
            at,
            screen,
        } => Some((*target, *at, *screen)),
        _ => None,
    });
    let on_row = || {
        let (filter, screen) = follow::asked_at(ctx)?;
        let target = Target::Node(NodeId::from(filter.0));
        Some((target, output.view.to_graph(screen), screen))
    };
    let Some((target, at, screen)) = asked.or_else(on_row) else {
        return;
    };
    let wires = match target {
        Target::Wire(_) | Target::Note(_) => vec![],
        Target::Node(id) => scene.wires_of(id, None),
        Target::Pin(pin) => scene.wires_of(pin.node, Some(pin)),
    };
    let offers = match target {
        Target::Node(id) => follow::offers_at(ctx, scene.view, FilterId(id as u32)),
        _ => vec![],
    };
    let aim = Aim {
        target: Some(target),
        wires,
        at,
        screen,
    };
    *context = Some(Context::new(aim).with_offers(offers));
}

/// The pin that the keyboard is at, while the canvas is walked by keys: what commands are about.
pub(super) fn at_keys(scene: &Scene<'_>, output: &Output, is_walked: bool) -> Option<Aim> {
    let Some(Target::Pin(pin)) = output.focused.filter(|_| is_walked) else {
        return None;
    };
    let mut pins = output.geometry.pins.iter();
    let (_, rect) = pins.find(|(it, _)| *it == pin)?;
    Some(Aim {
        target: Some(Target::Pin(pin)),
        wires: scene.wires_of(pin.node, Some(pin)),
        at: output.view.to_graph(rect.center()),
        screen: rect.center(),
    })
}

/// Opens the card of a wire that was refused.
pub(super) fn refusals(events: &[Event], scene: &Scene<'_>, card: &mut Option<Card>) {
    for event in events {
        let Event::Refused {
            from,
            to,
            screen,
            shift,
            ..
        } = event
        else {
            continue;
        };
        let (Some(from), Some(to)) = (scene.address(*from), scene.address(*to)) else {
            continue;
        };
        // What a way is found for is wired, and asks nothing.
        let is_led = *shift || scene.view.preferences.connect == ConnectMode::Intelligent;
        if let Err(refusal) = scene.view.would_connect(&from, &to)
            && !(is_led && (!refusal.cures.is_empty() || scene.view.leads(&from, &to)))
        {
            let refusal = scene.view.with_way(refusal, &from, &to);
            *card = Some(Card::new(from, to, *refusal, *screen));
        }
    }
}

fn selection_of(
    view: &View<'_>,
    nodes: &[NodeId],
    wires: &[u64],
    notes: &[u64],
    how: How,
) -> Selection {
    let mut selection = match how {
        How::Replace => Selection::default(),
        How::Add | How::Toggle => view.selection.clone(),
    };
    for id in nodes.iter().map(|&id| FilterId(id as u32)) {
        if how != How::Toggle || !selection.filters.remove(&id) {
            selection.filters.insert(id);
        }
    }
    for id in notes.iter().map(|&id| NoteId(id as u32)) {
        if how != How::Toggle || !selection.notes.remove(&id) {
            selection.notes.insert(id);
        }
    }
    let made = wires.iter().filter(|id| **id != NOT_MADE);
    for index in made.map(|&id| id as usize) {
        if how != How::Toggle || !selection.connections.remove(&index) {
            selection.connections.insert(index);
        }
    }
    selection
}

fn moved(view: &View<'_>, nodes: &[NodeId], delta: egui::Vec2) -> Action {
    let places: Vec<_> = nodes
        .iter()
        .map(|&id| FilterId(id as u32))
        .filter_map(|id| {
            let from = view.graph.filters.get(&id)?.position;
            let to = Position {
                x: from.x + delta.x,
                y: from.y + delta.y,
            };
            Some((id, to))
        })
        .collect();
    Action::Move(places)
}

/// The nearest place of the snap grid.
pub(super) fn on_grid(at: egui::Pos2) -> Position {
    let snapped = |length: f32| (length / 16.0).round() * 16.0;
    Position {
        x: snapped(at.x),
        y: snapped(at.y),
    }
}

fn moved_notes(view: &View<'_>, notes: &[u64], delta: egui::Vec2) -> Action {
    let notes = notes.iter().map(|&id| NoteId(id as u32));
    let places = notes.filter_map(|id| {
        let from = view.graph.notes.get(&id)?.position;
        let to = Position {
            x: from.x + delta.x,
            y: from.y + delta.y,
        };
        Some((id, to))
    });
    Action::MoveNotes(places.collect())
}

fn is_group(view: &View<'_>, id: NodeId) -> bool {
    let node = view.graph.filters.get(&FilterId(id as u32));
    node.is_some_and(|node| matches!(node.kind, NodeKind::Group(_)))
}

/// Turns what the hand did on the canvas into commands.
pub(super) fn hear(event: &Event, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let view = scene.view;
    let mut act = |action| commands.push(Command::Do(action));
    match event {
        Event::Select {
            nodes,
            wires,
            notes,
            how,
        } => {
            act(Action::Select(selection_of(
                view, nodes, wires, notes, *how,
            )));
        }
        Event::Move {
            nodes,
            notes,
            delta,
        } => {
            // Notes first: a frame takes along what stood in it before the boxes moved.
            if !notes.is_empty() {
                act(moved_notes(view, notes, *delta));
            }
            if !nodes.is_empty() {
                act(moved(view, nodes, *delta));
            }
        }
        Event::ResizeNote { note, rect } => act(Action::ResizeNote {
            note: NoteId(*note as u32),
            position: Position {
                x: rect.min.x,
                y: rect.min.y,
            },
            size: Size {
                width: rect.width(),
                height: rect.height(),
            },
        }),
        Event::EditNote { note, text } => act(Action::EditNote {
            note: NoteId(*note as u32),
            text: Some(text.clone()),
            colour: None,
        }),
        Event::MoveFinished {
            nodes,
            onto: Some(wire),
            ..
        } if let &[node] = nodes.as_slice() => {
            act(Action::DropOnWire {
                filter: FilterId(node as u32),
                connection: *wire as usize,
            });
            act(Action::EndGesture);
        }
        Event::MoveFinished { .. } | Event::ResizeFinished { .. } => act(Action::EndGesture),
        Event::Connect {
            from,
            to,
            replacing,
            ..
        } => {
            let (Some(from), Some(to)) = (scene.address(*from), scene.address(*to)) else {
                return;
            };
            act(match replacing {
                Some(wire) => Action::Rewire {
                    connection: *wire as usize,
                    from,
                    to,
                },
                None => Action::Connect { from, to },
            });
        }
        Event::Refused {
            from, to, shift, ..
        } => {
            let (Some(from), Some(to)) = (scene.address(*from), scene.address(*to)) else {
                return;
            };
            act(if *shift {
                Action::ConnectThrough { from, to }
            } else {
                Action::Connect { from, to }
            });
        }
        Event::Disconnect { wires } => {
            act(Action::Disconnect(
                wires.iter().map(|&id| id as usize).collect(),
            ));
        }
        Event::Delete {
            nodes,
            wires,
            notes,
        } => {
            act(Action::Select(selection_of(
                view,
                nodes,
                wires,
                notes,
                How::Replace,
            )));
            act(Action::DeleteSelection);
        }
        Event::OpenProperties {
            target: Target::Node(id),
        } if is_group(view, *id) => act(Action::Enter(FilterId(*id as u32))),
        Event::OpenProperties { target } => {
            let (nodes, wires) = match target {
                Target::Node(id) => (vec![*id], vec![]),
                Target::Pin(pin) => (vec![pin.node], vec![]),
                Target::Wire(id) => (vec![], vec![*id]),
                Target::Note(_) => return,
            };
            act(Action::Select(selection_of(
                view,
                &nodes,
                &wires,
                &[],
                How::Replace,
            )));
        }
        Event::Duplicate { .. } => act(Action::Duplicate {
            by: Position::default(),
        }),
        Event::Menu { .. } | Event::DropOnCanvas { .. } | Event::Insert { .. } => {}
    }
}

/// Where the boxes are, by filter.
pub(super) fn boxes(geometry: &super::node_graph::Geometry) -> Vec<(FilterId, Rect)> {
    let nodes = geometry.nodes.iter();
    nodes
        .map(|(id, rect)| (FilterId(*id as u32), *rect))
        .collect()
}

/// Tells the probe where boxes, pins and wires are, and what refuses the wire in hand.
pub(super) fn note(ctx: &egui::Context, scene: &Scene<'_>, output: &Output) {
    if !probe::is_wanted(ctx) {
        return;
    }
    let geometry = &output.geometry;
    probe::note(ctx, "canvas", "Canvas", "", geometry.canvas);
    for &(id, rect) in &geometry.nodes {
        let selected = scene
            .get(id)
            .is_some_and(|it| scene.view.selection.filters.contains(&it.id));
        let state = if selected { "selected" } else { "" };
        probe::note(ctx, "filter", scene.spoken_node(id), state, rect);
    }
    for &(pin, rect) in &geometry.pins {
        probe::note(ctx, "pin", scene.spoken_pin(pin), "", rect);
    }
    for &(id, rect) in geometry.wires.iter().filter(|(id, _)| *id != NOT_MADE) {
        probe::note(ctx, "wire", &scene.spoken_wire(id), "", rect);
    }
    if let Some((pin, verdict, _)) = output.in_hand.as_ref().and_then(|hand| hand.over.as_ref())
        && !verdict.fits()
    {
        let rect = geometry
            .pins
            .iter()
            .find(|(known, _)| known == pin)
            .map_or(geometry.canvas, |(_, rect)| *rect);
        probe::note(ctx, "refusal", verdict.line(), "", rect);
    }
}
