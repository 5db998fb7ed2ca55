//! The inspector's page of events: which there are, which are listened to, how often they happened and when last.
//!
//! They are enabled through the raw door, by the same call a client would make, and told by it.

use std::collections::BTreeMap;

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page::{heading, sentence};
use crate::app::View;
use crate::app::proxy::{EventOf, Proxy};
use crate::graph::FilterPath;
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, space};
use crate::ks::Status;

/// What was heard of an event.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
struct Heard {
    count: u32,
    /// Seconds since the program began.
    last: Option<f64>,
}

/// A filter that is listened to.
struct Listening {
    proxy: Proxy,
    /// The document when its pins were looked at.
    agreement: u64,
    on: BTreeMap<EventOf, Heard>,
}

/// Filters whose events are listened to. They are heard as long as anything of theirs is enabled.
#[derive(Default)]
pub(super) struct Events {
    filters: BTreeMap<FilterPath, Listening>,
}

impl Events {
    /// Hears what has happened since the last frame.
    pub(super) fn update(&mut self, view: &View<'_>, now: f64) {
        self.filters.retain(|path, it| {
            if it.agreement != view.revision()[0] {
                // Its pins may be others now; what is enabled stays so.
                let Some(mut proxy) = view.proxy(path) else {
                    return false;
                };
                for happened in it.proxy.follow(view, path) {
                    hear(&mut it.on, happened, now);
                }
                for event in it.on.keys() {
                    proxy.listen(*event, true);
                }
                it.proxy = proxy;
                it.agreement = view.revision()[0];
            }
            for happened in it.proxy.follow(view, path) {
                hear(&mut it.on, happened, now);
            }
            true
        });
    }

    /// Draws the page.
    pub(super) fn page_ui(&mut self, ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
        let theme = Theme::of(ui.ctx());
        let fresh;
        let events = match self.filters.get(path) {
            Some(it) => it.proxy.events(),
            None => {
                fresh = view.proxy(path);
                fresh.as_ref().map(Proxy::events).unwrap_or_default()
            }
        };
        heading(ui, "Event", "times, last at");
        for (name, event) in events {
            let heard = self.filters.get(path).and_then(|it| it.on.get(&event));
            if row_ui(ui, &name, heard.copied()) {
                self.toggle(view, path, event);
            }
        }
        let words = "Events that are ticked are enabled at the raw door and counted here.";
        sentence(ui, words, theme.dim);
    }

    fn toggle(&mut self, view: &View<'_>, path: &FilterPath, event: EventOf) {
        if !self.filters.contains_key(path) {
            let Some(proxy) = view.proxy(path) else {
                return;
            };
            let listening = Listening {
                proxy,
                agreement: view.revision()[0],
                on: BTreeMap::new(),
            };
            self.filters.insert(path.clone(), listening);
        }
        let Some(it) = self.filters.get_mut(path) else {
            return;
        };
        let on = !it.on.contains_key(&event);
        if it.proxy.listen(event, on) != Status::Success {
            return;
        }
        match on {
            true => {
                it.on.insert(event, Heard::default());
            }
            false => {
                it.on.remove(&event);
            }
        }
        if it.on.is_empty() {
            self.filters.remove(path);
        }
    }
}

fn hear(on: &mut BTreeMap<EventOf, Heard>, event: EventOf, now: f64) {
    if let Some(heard) = on.get_mut(&event) {
        heard.count += 1;
        heard.last = Some(now);
    }
}

/// One event; whether it was clicked.
fn row_ui(ui: &mut Ui, name: &str, heard: Option<Heard>) -> bool {
    let theme = Theme::of(ui.ctx());
    let (whole, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    let rect = whole.shrink2(vec2(space::PANEL, 0.0));
    let is_on = heard.is_some();
    let words = match heard {
        None => "off".to_owned(),
        Some(Heard { count, last: None }) => format!("{count}"),
        Some(Heard {
            count,
            last: Some(last),
        }) => format!("{count}, {last:.1} s"),
    };
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, is_on, format!("{name}: {words}"))
    });
    probe::note(ui.ctx(), "event", name, &words, whole);
    if response.hovered() {
        ui.painter().rect_filled(whole, 0.0, theme.title);
    }
    let square = egui::Rect::from_center_size(
        pos2(rect.left() + 7.0, rect.center().y),
        egui::Vec2::splat(13.0),
    );
    let edge = if is_on {
        theme.accent
    } else {
        theme.line_strong
    };
    controls::plate(ui, square, theme.field, edge);
    if is_on {
        Icon::Check.paint(ui.painter(), square.shrink(1.0), theme.accent);
    }
    let right = controls::text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        &words,
        Type::Value,
        if is_on { theme.strong } else { theme.dim },
    );
    let at = pos2(rect.left() + 22.0, rect.center().y);
    let room = right.left() - at.x - 10.0;
    controls::clipped(ui, at, room, name, Type::Body, theme.text);
    controls::focus_ring(ui, &response);
    response.clicked()
}
