//! What each filter costs a quantum: sorted bars on a logarithmic axis from 10 ns to the whole quantum. Looked at twice a
//! second: rows that change places sixty times a second cannot be read.

use egui::{
    Align2, CornerRadius, Rect, Role, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::app::{Action, View, telling_time};
use crate::graph::FilterPath;
use crate::gui::controls;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius, window};
use crate::ks::grouped;

/// Where the bars begin and how much they leave at the right.
const NAMES: f32 = 164.0;
const FIGURES: f32 = 90.0;

/// The bars are good for so many seconds.
const AGE: f64 = 0.5;

/// One bar.
struct Cost {
    nanos: u32,
    /// The most it took, and late cycles that are charged to it.
    highest: u32,
    blamed: u32,
    latency: usize,
    path: FilterPath,
    name: String,
}

/// The bars as they were looked at last.
#[derive(Default)]
pub(super) struct Performance {
    costs: Vec<Cost>,
    /// How late the audio thread was woken, at most.
    woken: u64,
    looked: Option<f64>,
    /// Of which agreement.
    revision: u64,
}

impl Performance {
    fn look(&mut self, view: &View<'_>, now: f64) {
        let [revision, _] = view.revision();
        let is_good = self.looked.is_some_and(|then| now - then < AGE);
        if is_good && self.revision == revision {
            return;
        }
        (self.looked, self.revision) = (Some(now), revision);
        self.woken = view.woken_late();
        let filters = view.wiring.filters.iter();
        self.costs = filters
            .filter_map(|(path, filter)| {
                let (nanos, latency) = view.cost(path)?;
                let (highest, blamed) = view.worst(path).unwrap_or_default();
                Some(Cost {
                    nanos,
                    highest,
                    blamed,
                    latency,
                    path: path.clone(),
                    name: filter.name.clone(),
                })
            })
            .collect();
        self.costs.sort_by_key(|cost| std::cmp::Reverse(cost.nanos));
    }
}

/// Draws the page: words in `head`, bars in `body`.
pub(super) fn ui(
    kept: &mut Performance,
    ui: &mut Ui,
    head: Rect,
    body: Rect,
    view: &View<'_>,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    kept.look(view, ui.input(|i| i.time));
    let costs = &kept.costs;
    if costs.iter().all(|cost| cost.nanos == 0) {
        let at = body.left_top() + vec2(14.0, 18.0);
        let words = "Nothing runs. Press Space to see what each filter costs.";
        let room = body.width() - 28.0;
        controls::clipped(ui, at, room, words, Type::Body, theme.dim);
        return;
    }
    let cycle = view.quantum as f64 * 1e6 / f64::from(view.wiring.rate_hz.max(1));
    let sum: u64 = costs.iter().map(|cost| u64::from(cost.nanos)).sum();
    let mut words = format!(
        "{:.1} µs of {} µs per quantum",
        sum as f64 / 1000.0,
        grouped(cycle.round() as u32)
    );
    if let Some(cells) = view.cells {
        words += &format!(" · highest load {:.0}\u{a0}%", cells.load_max() * 100.0);
        if kept.woken > 0 {
            words += &format!(" · wake-up {} late", telling_time(kept.woken));
        }
    }
    let room = (head.width() - 14.0).max(0.0);
    let wide = controls::width(ui, &words, Type::Small).min(room);
    let at = pos2(head.right() - 14.0 - wide, head.center().y);
    controls::clipped(ui, at, wide + 1.0, &words, Type::Small, theme.dim);

    let most = (cycle * 1000.0).max(1_000.0);
    let axis = Rect::from_min_max(pos2(body.left(), body.bottom() - 20.0), body.max);
    let list = Rect::from_min_max(body.min + vec2(0.0, 4.0), pos2(body.right(), axis.top()));
    let rails = (body.left() + NAMES)..=(body.right() - FIGURES);
    axis_ui(ui, axis, *rails.start(), *rails.end(), most);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(list));
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(&mut child, window::ROW, costs.len(), |ui, rows| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            for cost in &costs[rows] {
                row_ui(ui, view, cost, most, commands);
            }
        });
}

fn share(nanos: f64, most: f64) -> f32 {
    ((nanos.max(10.0) / 10.0).ln() / (most / 10.0).ln()).clamp(0.0, 1.0) as f32
}

fn row_ui(ui: &mut Ui, view: &View<'_>, cost: &Cost, most: f64, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
    let late = match cost.blamed {
        0 => String::new(),
        1 => ", late once".into(),
        count => format!(", late {} times", grouped(count)),
    };
    let spoken = format!("{} takes {} ns{late}", cost.name, grouped(cost.nanos));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let chosen = view
        .local(&cost.path)
        .is_some_and(|id| view.selection.filters.contains(&id));
    let y = rect.center().y;
    let at = pos2(rect.left() + 14.0, y);
    let ink = if response.hovered() || chosen {
        theme.strong
    } else {
        theme.text
    };
    controls::clipped(ui, at, NAMES - 24.0, &cost.name, Type::Body, ink);
    let rail = Rect::from_min_max(
        pos2(rect.left() + NAMES, y - 4.5),
        pos2(rect.right() - FIGURES, y + 4.5),
    );
    let round = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(rail, round, theme.field);
    let mut bar = rail;
    bar.set_width(rail.width() * share(f64::from(cost.nanos), most));
    let hue = match (cost.blamed, chosen) {
        (1.., _) => theme.warn,
        (_, true) => theme.audio,
        _ => theme.dim,
    };
    ui.painter().rect_filled(bar, round, hue);
    // How far it went once.
    if cost.highest > cost.nanos {
        let x = rail.left() + rail.width() * share(f64::from(cost.highest), most);
        let peak = Stroke::new(1.5, theme.strong);
        ui.painter()
            .vline(x.min(rail.right() - 1.0), rail.y_range(), peak);
    }
    let words = format!("{}\u{a0}ns", grouped(cost.nanos));
    let at = pos2(rect.right() - 14.0, y);
    controls::text(
        ui,
        at,
        Align2::RIGHT_CENTER,
        words,
        Type::Value,
        theme.strong,
    );
    controls::focus_ring(ui, &response);
    if response.clicked()
        && let Some(&id) = cost.path.0.last()
    {
        commands.push(Command::Do(Action::Reveal(cost.path.clone())));
        commands.push(Command::Centre(id));
    }
    let latency = grouped(cost.latency as u32);
    let highest = grouped(cost.highest.max(cost.nanos));
    response.on_hover_text(format!(
        "{spoken} a quantum, at most {highest} ns, own latency {latency} samples"
    ));
}

/// Powers of ten under the bars, and the whole quantum at their end.
fn axis_ui(ui: &Ui, axis: Rect, left: f32, right: f32, most: f64) {
    let theme = Theme::of(ui.ctx());
    let mut nanos = 10.0_f64;
    while nanos < most {
        let x = left + (right - left) * share(nanos, most);
        let words = match nanos {
            10.0 => "10\u{a0}ns".to_owned(),
            nanos => grouped(nanos as u32),
        };
        let wide = controls::width(ui, &words, Type::Footer);
        let from = match nanos {
            10.0 => x,
            _ => x - wide / 2.0,
        };
        if from + wide > right {
            break;
        }
        let at = pos2(from, axis.center().y);
        controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Footer, theme.dim);
        nanos *= 10.0;
    }
}
