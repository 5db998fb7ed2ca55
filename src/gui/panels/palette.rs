//! The insert palette: a search field and eight rows at the pointer. Enter adds the first; Esc closes.

use egui::{
    Align2, Area, CornerRadius, Id, Order, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::catalogue::rank;
use crate::app::View;
use crate::graph::PinAddress;
use crate::gui::controls;
use crate::gui::node_graph::{Look, PinFill, Side, paint_pin};
use crate::gui::probe;
use crate::gui::screen::{Command, Drop, Taps};
use crate::gui::theme::{Theme, Type, radius, window};
use crate::gui::words::{hue, mark};
use crate::ks::overlaps;
use crate::ks::{DataFlow, Descriptor, PinFactory};

/// Rows that are shown.
const ROWS: usize = 8;

/// A wire that waits for what is inserted.
#[derive(Clone, Debug)]
pub(in crate::gui) struct Waiting {
    /// The pin it begins at.
    pub(in crate::gui) pin: PinAddress,
    /// That pin's side.
    pub(in crate::gui) side: Side,
    /// What it can do.
    pub(in crate::gui) factory: PinFactory,
}

impl Waiting {
    /// The first pin of a filter that would take the wire.
    pub(in crate::gui) fn fits<'a>(&self, descriptor: &'a Descriptor) -> Option<&'a PinFactory> {
        let wanted = match self.side {
            Side::Output => DataFlow::In,
            Side::Input => DataFlow::Out,
        };
        descriptor.pins.iter().find(|pin| {
            pin.data_flow == wanted
                && !pin.is_bridge()
                && overlaps(&filled(&self.factory), &filled(pin))
                    .next()
                    .is_some()
        })
    }
}

/// Ranges with the graph's rate left open: what fits is settled when the wire is drawn.
fn filled(pin: &PinFactory) -> Vec<crate::ks::DataRange> {
    let rate = crate::ks::DEFAULT_RATE_HZ;
    pin.ranges
        .iter()
        .map(|range| range.at_graph_rate(rate))
        .collect()
}

/// The palette while it is open.
pub(in crate::gui) struct Palette {
    typed: String,
    chosen: usize,
    at: Pos2,
    screen: Pos2,
    waiting: Option<Waiting>,
    is_new: bool,
}

impl Palette {
    /// Opens it: what is chosen is put at `at` of the graph.
    pub(in crate::gui) fn new(at: Pos2, screen: Pos2, waiting: Option<Waiting>) -> Self {
        Self {
            typed: String::new(),
            chosen: 0,
            at,
            screen,
            waiting,
            is_new: true,
        }
    }

    /// Draws it. False when it is done.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        look: &Look,
        taps: Taps,
        commands: &mut Vec<Command>,
    ) -> bool {
        let mut hits: Vec<(u32, &Descriptor, Option<&PinFactory>)> = view
            .catalogue
            .iter()
            .map(|filter| filter.descriptor())
            .filter_map(|descriptor| {
                let fits = match &self.waiting {
                    Some(waiting) => Some(waiting.fits(descriptor)?),
                    None => None,
                };
                Some((rank(descriptor, &self.typed)?, descriptor, fits))
            })
            .collect();
        hits.sort_by_key(|hit| hit.0);
        hits.truncate(ROWS);
        self.chosen = self.chosen.min(hits.len().saturating_sub(1));

        if taps.escape {
            return false;
        }
        if taps.down {
            self.chosen = (self.chosen + 1).min(hits.len().saturating_sub(1));
        }
        if taps.up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        let mut picked = taps.enter.then_some(self.chosen);

        let screen = ui.ctx().content_rect();
        let rows = hits.len().max(1);
        let size = vec2(window::PALETTE, 52.0 + rows as f32 * 26.0);
        let corner = (self.screen - vec2(24.0, 16.0))
            .min(screen.max - size - Vec2::splat(8.0))
            .max(screen.min + Vec2::splat(8.0));
        let area = Area::new(Id::unique("palette"))
            .order(Order::Foreground)
            .fixed_pos(corner)
            .fade_in(false);
        let mut is_open = true;
        let shown = area.show(ui.ctx(), |ui| {
            let theme = Theme::of(ui.ctx());
            let (rect, _) = ui.allocate_exact_size(size, Sense::click());
            card(ui, rect);
            let field = Rect::from_min_size(
                rect.min + Vec2::splat(10.0),
                vec2(rect.width() - 20.0, 30.0),
            );
            let hint = if self.waiting.is_some() {
                "What shall take the wire?"
            } else {
                "Which filter?"
            };
            let before = self.typed.clone();
            let response = controls::search(
                ui,
                Id::unique("palette search"),
                field,
                &mut self.typed,
                hint,
                "",
                "Insert filter",
            );
            if self.is_new {
                response.request_focus();
                self.is_new = false;
            }
            if self.typed != before {
                self.chosen = 0;
            }
            let mut y = field.bottom() + 6.0;
            if hits.is_empty() {
                let words = format!("No filter is called \u{201c}{}\u{201d}.", self.typed.trim());
                let at = pos2(rect.left() + 18.0, y + 13.0);
                controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
            }
            for (index, (_, descriptor, fits)) in hits.iter().enumerate() {
                let row = Rect::from_min_size(
                    pos2(rect.left() + 6.0, y),
                    vec2(rect.width() - 12.0, 26.0),
                );
                y += 26.0;
                if row_ui(ui, row, descriptor, *fits, look, index == self.chosen) {
                    picked = Some(index);
                }
            }
        });
        let outside = ui.input(|i| {
            i.pointer.any_pressed()
                && i.pointer
                    .interact_pos()
                    .is_some_and(|pos| !shown.response.rect.contains(pos))
        });
        if outside {
            is_open = false;
        }
        if let Some((_, descriptor, fits)) = picked.and_then(|index| hits.get(index)) {
            commands.push(Command::Add {
                key: descriptor.key.to_string(),
                at: self.at,
                wire: self
                    .waiting
                    .as_ref()
                    .zip(*fits)
                    .map(|(waiting, factory)| Drop {
                        pin: waiting.pin.clone(),
                        side: waiting.side,
                        to: factory.name.to_string(),
                    }),
            });
            is_open = false;
        }
        is_open
    }
}

fn row_ui(
    ui: &mut Ui,
    row: Rect,
    descriptor: &Descriptor,
    fits: Option<&PinFactory>,
    look: &Look,
    is_chosen: bool,
) -> bool {
    let theme = Theme::of(ui.ctx());
    let title = descriptor.title.as_ref();
    let response = ui.interact(row, ui.scope_id().with(("insert", title)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            true,
            is_chosen,
            format!("Insert {title}"),
        )
    });
    probe::note(
        ui.ctx(),
        "insert",
        title,
        if is_chosen { "chosen" } else { "" },
        row,
    );
    let ground = match is_chosen {
        true => Some(theme.sel),
        false if response.hovered() => Some(theme.hover),
        false => None,
    };
    if let Some(ground) = ground {
        ui.painter()
            .rect_filled(row, CornerRadius::same(radius::CONTROL), ground);
    }
    let square = Rect::from_center_size(row.left_center() + vec2(16.0, 0.0), Vec2::splat(14.0));
    mark(descriptor).paint(ui.painter(), square, theme.dim);
    let at = row.left_center() + vec2(32.0, 0.0);
    let name = controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        title,
        Type::Value,
        theme.strong,
    );
    let right = row.right_center() - vec2(12.0, 0.0);
    let words = match fits {
        Some(pin) => format!("{} takes it", pin.name),
        None => descriptor.category().name().unwrap_or("").to_owned(),
    };
    let covered = controls::text(
        ui,
        right,
        Align2::RIGHT_CENTER,
        words,
        Type::Small,
        theme.dim,
    );
    if let Some(pin) = fits {
        let at = covered.left_center() - vec2(12.0, 0.0);
        if at.x > name.right() {
            paint_pin(
                ui.painter(),
                look,
                at,
                hue(pin.kind()),
                PinFill::Connected,
                0.8,
            );
        }
    }
    response.clicked()
}

/// The ground of a card.
pub(in crate::gui) fn card(ui: &Ui, rect: Rect) {
    let theme = Theme::of(ui.ctx());
    let round = CornerRadius::same(radius::CARD);
    ui.painter().add(theme.card_shadow().as_shape(rect, round));
    ui.painter().rect(
        rect,
        round,
        theme.panel,
        Stroke::new(1.0, theme.line),
        StrokeKind::Inside,
    );
}
