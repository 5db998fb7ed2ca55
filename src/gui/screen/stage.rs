//! The canvas in the middle of the window: draws it, and turns what the hand did there into commands, cards and menus.

use egui::{Frame, Panel, Ui, vec2};

use super::{Command, Last, Offer, Screen};
use crate::app::Action;
use crate::gui::canvas::Scene;
use crate::gui::ghosts;
use crate::gui::hands;
use crate::gui::node_graph::{Event, Output, Target};
use crate::gui::panels::dry_run::DryRun;
use crate::gui::panels::{banner, breadcrumb, catalogue, status, tour};
use crate::gui::soldered;

impl Screen {
    /// Banners and the canvas.
    pub(super) fn stage(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) -> Output {
        let Self {
            app,
            canvas,
            look,
            signals,
            bodies,
            inspector,
            inspector_side,
            last,
            ..
        } = self;
        let view = app.view();
        let crumbs = breadcrumb::height(&view);
        if crumbs > 0.0 {
            Panel::top("breadcrumb")
                .exact_size(crumbs)
                .frame(Frame::NONE)
                .show_separator_line(false)
                .show(ui, |ui| breadcrumb::ui(ui, &view, commands));
        }
        let banners = banner::height(&view);
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
        if last.as_ref().is_some_and(|last| last.here != *view.here) {
            canvas.forget_places();
        }
        canvas.settings.covered = match &self.tour {
            Some(_) => tour::covered(ui.available_height()),
            None => 0.0,
        };
        let mut scene = Scene::new(ui, &view, signals, bodies);
        if let Some(card) = &self.card {
            let (from, to) = card.pins();
            scene.show_refused(from, to);
        }
        let output = canvas.show(ui, &mut scene, look);
        let cure = self.card.as_ref().and_then(|card| card.looked_at());
        if let (Some(cure), Some(ends)) = (cure, scene.refused()) {
            let title = |key: &String| match view.catalogue.get(key) {
                Some(filter) => filter.descriptor().title.to_string(),
                None => key.clone(),
            };
            let titles: Vec<String> = cure.inserts.iter().map(title).collect();
            ghosts::ui(ui, &output.geometry, ends, &titles);
        }
        soldered::ui(ui, &output.geometry, &scene);
        if view.graph.filters.is_empty() {
            hands::empty_ui(ui, output.geometry.canvas);
        }
        // What opens comes last: a click that leads into a group selects outside of it.
        let opens = |event: &&Event| matches!(event, Event::OpenProperties { .. });
        let rest = output.events.iter().filter(|event| !opens(event));
        for event in rest.chain(output.events.iter().filter(opens)) {
            match event {
                Event::Move { .. } if !self.drags => {
                    self.drags = true;
                    commands.push(Command::Do(Action::BeginGesture("Move".into())));
                }
                Event::Duplicate { .. } if !self.drags => {
                    self.drags = true;
                    commands.push(Command::Do(Action::BeginGesture("Duplicate".into())));
                }
                Event::ResizeNote { .. } if !self.drags => {
                    self.drags = true;
                    commands.push(Command::Do(Action::BeginGesture("Resize".into())));
                }
                Event::MoveFinished { .. } | Event::ResizeFinished { .. } => self.drags = false,
                _ => {}
            }
            hands::hear(event, &scene, commands);
        }
        hands::refusals(&output.events, &scene, &mut self.card);
        hands::palette(&output.events, &scene, &mut self.palette);
        hands::context(ui.ctx(), &output, &scene, &mut self.context);
        if output
            .events
            .iter()
            .any(|event| matches!(event, Event::OpenProperties { .. }))
        {
            // Where there is no room for it by itself it comes when it is asked for.
            inspector.show_properties();
            inspector_side.show(true);
        }
        if let Some((offer, at, onto)) = output.dropped::<Offer>() {
            let (key, at) = (offer.0.clone(), at - vec2(48.0, 14.0));
            commands.push(match onto {
                Some(Target::Wire(wire)) => Command::Do(Action::InsertOnWire {
                    key,
                    at: hands::on_grid(at),
                    connection: wire as usize,
                }),
                _ => Command::Put { key, at },
            });
        }
        commands.append(&mut scene.commands);
        hands::note(ui.ctx(), &scene, &output);
        let hand = output.in_hand.as_ref();
        self.dry_run = DryRun::follow(self.dry_run.take(), ui, &scene, hand);
        let aim = hands::at_keys(&scene, &output, canvas.is_walked());
        let pin = aim.as_ref().and_then(|aim| match aim.target {
            Some(Target::Pin(pin)) => hands::waiting(&scene, pin),
            _ => None,
        });
        // Whoever goes to the catalogue for a filter means the pin that was selected before.
        let is_elsewhere = ui.memory(|memory| memory.focused()) != Some(canvas.id());
        let chosen = pin.clone().zip(aim.as_ref().map(|aim| aim.at)).or_else(|| {
            let before = last.as_mut()?.chosen.take()?;
            let id = view.local(&before.0.pin.filter)?;
            (is_elsewhere && view.selection.filters.contains(&id)).then_some(before)
        });
        let mut now = status::Now::of(&scene, hand, output.hovered, output.view.zoom);
        if canvas.is_walked() && output.hovered.is_none() {
            now.at_keys(&scene, output.focused, canvas.in_hand());
        }
        *last = Some(Last {
            now,
            in_hand: hand.and_then(|hand| hands::waiting(&scene, hand.pin)),
            aim,
            pin,
            chosen,
            here: view.here.clone(),
            middle: output.view.to_graph(output.geometry.canvas.center()),
            canvas: output.geometry.canvas,
            boxes: hands::boxes(&output.geometry),
        });
        catalogue::carried_ui(ui, &view);
        self.keep_off = output.geometry.pins.iter().map(|(_, rect)| *rect).collect();
        output
    }
}
