//! What hands did on the canvas, turned into commands, cards and palettes; and what of it the probe is told.

use egui::{Rect, Ui, vec2};

use super::canvas::{NOT_MADE, Scene};
use super::commands::Aim;
use super::node_graph::{Event, How, NodeId, Output, PinAddr, Side, Target};
use super::panels::card::Card;
use super::panels::context::Context;
use super::panels::palette::{Palette, Waiting};
use super::probe;
use super::screen::Command;
use super::theme::Theme;
use crate::app::{Action, Selection, View};
use crate::graph::{FilterId, PinAddress, Position};

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
            } => *palette = Some(Palette::new(*at, *screen, None)),
            Event::DropOnCanvas { pin, at, screen } => {
                let shift = match pin.side {
                    Side::Output => vec2(0.0, -44.0),
                    Side::Input => vec2(-160.0, -44.0),
                };
                *palette = Some(Palette::new(*at + shift, *screen, waiting(scene, *pin)));
            }
            _ => {}
        }
    }
}

/// Opens the menu of what was asked about.
pub(super) fn context(events: &[Event], scene: &Scene<'_>, context: &mut Option<Context>) {
    for event in events {
        if let Event::Menu {
            target: Some(target),
            at,
            screen,
        } = event
        {
            let wires = match target {
                Target::Wire(_) => vec![],
                Target::Node(id) => scene.wires_of(*id, None),
                Target::Pin(pin) => scene.wires_of(pin.node, Some(*pin)),
            };
            *context = Some(Context::new(Aim {
                target: Some(*target),
                wires,
                at: *at,
                screen: *screen,
            }));
        }
    }
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
        if let Err(refusal) = scene.view.would_connect(&from, &to)
            && (!shift || refusal.cures.is_empty())
        {
            *card = Some(Card::new(from, to, *refusal, *screen));
        }
    }
}

fn selection_of(view: &View<'_>, nodes: &[NodeId], wires: &[u64], how: How) -> Selection {
    let mut selection = match how {
        How::Replace => Selection::default(),
        How::Add | How::Toggle => view.selection.clone(),
    };
    for id in nodes.iter().map(|&id| FilterId(id as u32)) {
        if how != How::Toggle || !selection.filters.remove(&id) {
            selection.filters.insert(id);
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
    let places = nodes
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

/// Turns what the hand did on the canvas into commands.
pub(super) fn hear(event: &Event, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let view = scene.view;
    let mut act = |action| commands.push(Command::Do(action));
    match event {
        Event::Select { nodes, wires, how } => {
            act(Action::Select(selection_of(view, nodes, wires, *how)));
        }
        Event::Move { nodes, delta } => {
            act(moved(view, nodes, *delta));
        }
        Event::MoveFinished {
            nodes,
            onto: Some(wire),
            ..
        } if let &[node] = nodes.as_slice() => {
            splice(scene, node, *wire as usize, &mut act);
            act(Action::EndGesture);
        }
        Event::MoveFinished { .. } => act(Action::EndGesture),
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
            let cures = view
                .would_connect(&from, &to)
                .err()
                .is_some_and(|refusal| !refusal.cures.is_empty());
            act(if *shift && cures {
                Action::ConnectVia { from, to, cure: 0 }
            } else {
                Action::Connect { from, to }
            });
        }
        Event::Disconnect { wires } => {
            act(Action::Disconnect(
                wires.iter().map(|&id| id as usize).collect(),
            ));
        }
        Event::Delete { nodes, wires } => {
            act(Action::Select(selection_of(
                view,
                nodes,
                wires,
                How::Replace,
            )));
            act(Action::DeleteSelection);
        }
        Event::OpenProperties { target } => {
            let (nodes, wires) = match target {
                Target::Node(id) => (vec![*id], vec![]),
                Target::Pin(pin) => (vec![pin.node], vec![]),
                Target::Wire(id) => (vec![], vec![*id]),
            };
            act(Action::Select(selection_of(
                view,
                &nodes,
                &wires,
                How::Replace,
            )));
        }
        Event::Menu { .. }
        | Event::Duplicate { .. }
        | Event::DropOnCanvas { .. }
        | Event::Insert { .. } => {}
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

/// A box let go over a wire goes into it, if its first free pins take both halves.
fn splice(scene: &Scene<'_>, node: NodeId, wire: usize, act: &mut impl FnMut(Action)) {
    let Some(connection) = scene.view.graph.connections.get(wire) else {
        return;
    };
    let outer = |pin: &crate::graph::PinRef| PinAddress {
        filter: scene.view.path_of(pin.filter),
        pin: pin.pin.clone(),
        instance: pin.instance,
    };
    let (from, to) = (outer(&connection.from), outer(&connection.to));
    let (Some(input), Some(output)) = (
        scene.free_pin(node, Side::Input),
        scene.free_pin(node, Side::Output),
    ) else {
        return;
    };
    if connection.from.filter == FilterId(node as u32)
        || connection.to.filter == FilterId(node as u32)
    {
        return;
    }
    act(Action::Disconnect(vec![wire]));
    act(Action::Connect { from, to: input });
    act(Action::Connect { from: output, to });
}
