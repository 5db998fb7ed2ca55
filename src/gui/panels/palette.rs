//! The palette: a search field and rows at the pointer. For adding it offers filters; as the finder it has first the
//! filters of the graph, then filters to add, then commands. Enter takes the chosen row; Esc closes.

use egui::{
    Align2, Area, CornerRadius, Id, Order, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::catalogue::rank;
use crate::graph::{FilterId, FilterPath, Graph, NodeKind, PinAddress};
use crate::gui::commands::{self, Bindings, Sight, Spec, State};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, PinFill, Side, paint_pin};
use crate::gui::probe;
use crate::gui::screen::{Command, Drop, Taps};
use crate::gui::theme::{Theme, Type, radius, window};
use crate::gui::words::{hue, mark};
use crate::ks::overlaps;
use crate::ks::{DataFlow, Descriptor, PinFactory};

/// Rows that are shown.
const ROWS: usize = 8;
/// Rows that the finder shows of each kind.
const FOUND: usize = 6;

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
    /// Whether it finds what is there, and commands, too.
    is_finder: bool,
    is_new: bool,
}

/// A row.
enum Hit<'a> {
    /// A box of the graph, and the groups around it.
    Found {
        path: FilterPath,
        name: &'a str,
        place: String,
        icon: Icon,
    },
    /// A filter to add, and the pin that would take the wire.
    Filter(&'a Descriptor, Option<&'a PinFactory>),
    /// A command.
    Command(&'static Spec, State),
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
            is_finder: false,
            is_new: true,
        }
    }

    /// Opens it as the finder; filters are put at `at` of the graph.
    pub(in crate::gui) fn finder(at: Pos2, screen: Pos2) -> Self {
        Self {
            is_finder: true,
            ..Self::new(at, screen, None)
        }
    }

    fn hits<'a>(&self, sight: &Sight<'a>) -> Vec<Hit<'a>> {
        let typed = self.typed.trim().to_lowercase();
        let mut hits = vec![];
        if self.is_finder {
            let mut found = vec![];
            let graph = sight.view.document_graph();
            found_in(graph, &mut vec![], &mut vec![], &typed, sight, &mut found);
            found.sort_by_key(|it| it.0);
            found.truncate(FOUND);
            hits.extend(found.into_iter().map(|it| it.1));
        }
        let mut filters: Vec<(u32, Hit<'a>)> = sight
            .view
            .catalogue
            .iter()
            .map(|filter| filter.descriptor())
            .filter_map(|descriptor| {
                let fits = match &self.waiting {
                    Some(waiting) => Some(waiting.fits(descriptor)?),
                    None => None,
                };
                let rank = rank(descriptor, &self.typed)?;
                Some((rank, Hit::Filter(descriptor, fits)))
            })
            .collect();
        filters.sort_by_key(|hit| hit.0);
        filters.truncate(if self.is_finder { FOUND } else { ROWS });
        // Without a word there is no reason to offer every filter to who wants to find one.
        if !(self.is_finder && typed.is_empty()) {
            hits.extend(filters.into_iter().map(|it| it.1));
        }
        if self.is_finder {
            let mut found: Vec<(u32, &'static Spec)> = commands::all()
                .filter_map(|spec| Some((rank_command(spec, &typed)?, spec)))
                .collect();
            found.sort_by_key(|it| it.0);
            found.truncate(FOUND);
            hits.extend(found.into_iter().map(|(_, spec)| {
                let state = (spec.state)(sight);
                Hit::Command(spec, state)
            }));
        }
        hits
    }

    /// Draws it. False when it is done.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &mut Ui,
        sight: &Sight<'_>,
        bindings: &Bindings,
        look: &Look,
        taps: Taps,
        commands: &mut Vec<Command>,
    ) -> bool {
        let hits = self.hits(sight);
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
        // The finder keeps its place while rows come and go.
        let room = match self.is_finder {
            true => vec2(size.x, 52.0 + (3 * FOUND) as f32 * 26.0),
            false => size,
        };
        let corner = (self.screen - vec2(24.0, 16.0))
            .min(screen.max - room - Vec2::splat(8.0))
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
            let (hint, name) = match (self.is_finder, &self.waiting) {
                (true, _) => ("Find a filter or a command", "Find anything"),
                (false, Some(_)) => ("What shall take the wire?", "Insert filter"),
                (false, None) => ("Which filter?", "Insert filter"),
            };
            let before = self.typed.clone();
            let response = controls::search(
                ui,
                Id::unique("palette search"),
                field,
                &mut self.typed,
                hint,
                "",
                name,
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
                let words = match self.is_finder {
                    true => format!("Nothing is called \u{201c}{}\u{201d}.", self.typed.trim()),
                    false => {
                        format!("No filter is called \u{201c}{}\u{201d}.", self.typed.trim())
                    }
                };
                let at = pos2(rect.left() + 18.0, y + 13.0);
                controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
            }
            for (index, hit) in hits.iter().enumerate() {
                let row = Rect::from_min_size(
                    pos2(rect.left() + 6.0, y),
                    vec2(rect.width() - 12.0, 26.0),
                );
                y += 26.0;
                if hit_ui(ui, row, hit, bindings, look, index == self.chosen) {
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
        match picked.and_then(|index| hits.get(index)) {
            Some(Hit::Filter(descriptor, fits)) => {
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
            Some(Hit::Command(spec, _)) => {
                commands.push(Command::Run(spec.name));
                is_open = false;
            }
            Some(Hit::Found { path, .. }) => {
                commands.push(Command::Reveal(path.clone()));
                // Enter goes from one to the next; when there is one only, that is it.
                let found = hits.iter().filter(|hit| matches!(hit, Hit::Found { .. }));
                let count = found.count();
                is_open = count > 1 && taps.enter;
                self.chosen = (picked.unwrap_or(0) + 1) % count.max(1);
            }
            None => {}
        }
        is_open
    }
}

/// The boxes of a graph and of its groups that answer to what was typed; lower is better.
fn found_in<'a>(
    graph: &'a Graph,
    path: &mut Vec<FilterId>,
    place: &mut Vec<&'a str>,
    typed: &str,
    sight: &Sight<'a>,
    found: &mut Vec<(u32, Hit<'a>)>,
) {
    for (id, node) in &graph.filters {
        path.push(*id);
        let (kind, icon) = match &node.kind {
            NodeKind::Filter(filter) => match sight.view.catalogue.get(&filter.key) {
                Some(filter) => {
                    let descriptor = filter.descriptor();
                    (descriptor.title.to_lowercase(), mark(descriptor))
                }
                None => (filter.key.clone(), Icon::Missing),
            },
            NodeKind::Group(_) => ("group".to_owned(), Icon::Group),
        };
        let name = node.name.to_lowercase();
        let rank = match () {
            () if name.starts_with(typed) => Some(0),
            () if name.contains(typed) => Some(1),
            () if kind.contains(typed) => Some(2),
            () => None,
        };
        if let Some(rank) = rank {
            let hit = Hit::Found {
                path: FilterPath(path.clone()),
                name: &node.name,
                place: place.join(" \u{203a} "),
                icon,
            };
            found.push((rank, hit));
        }
        if let NodeKind::Group(group) = &node.kind {
            place.push(&node.name);
            found_in(&group.graph, path, place, typed, sight, found);
            place.pop();
        }
        path.pop();
    }
}

/// How well a command answers; lower is better.
fn rank_command(spec: &Spec, typed: &str) -> Option<u32> {
    let words = spec.words.to_lowercase();
    let under = spec.place.and_then(|place| place.under).unwrap_or("");
    match () {
        () if words.starts_with(typed) => Some(0),
        () if words.split_whitespace().any(|word| word.starts_with(typed)) => Some(1),
        () if under.to_lowercase().starts_with(typed) => Some(2),
        () if typed.len() > 2 && words.contains(typed) => Some(2),
        () if typed.len() > 3 && has_word(spec.help, typed) => Some(3),
        () => None,
    }
}

/// Whether a word of the sentence begins so.
fn has_word(sentence: &str, typed: &str) -> bool {
    let sentence = sentence.to_lowercase();
    let mut words = sentence.split_whitespace();
    words.any(|word| word.starts_with(typed))
}

fn hit_ui(
    ui: &mut Ui,
    row: Rect,
    hit: &Hit<'_>,
    bindings: &Bindings,
    look: &Look,
    is_chosen: bool,
) -> bool {
    match hit {
        Hit::Filter(descriptor, fits) => row_ui(ui, row, descriptor, *fits, look, is_chosen),
        Hit::Found {
            path,
            name,
            place,
            icon,
        } => {
            let right = match place.is_empty() {
                true => "in the graph".to_owned(),
                false => format!("in {place}"),
            };
            let face = RowFace {
                id: &format!("found {path:?}"),
                spoken: &format!("Go to {name}"),
                words: name,
                right: &right,
                icon: *icon,
                is_chosen,
                is_enabled: true,
            };
            plain_row(ui, row, &face)
        }
        Hit::Command(spec, state) => {
            let words = state.words.as_deref().unwrap_or(spec.words);
            let title = match spec.place.and_then(|place| place.under) {
                Some(under) => format!("{under}: {words}"),
                None => words.to_owned(),
            };
            let keys = bindings.shown(spec.name);
            let menu = spec.place.map_or("", |place| place.menu.title());
            let right = match keys.is_empty() {
                true => menu.to_owned(),
                false => format!("{menu} \u{b7} {keys}"),
            };
            let face = RowFace {
                id: spec.name,
                spoken: &format!("Command {title}"),
                words: &title,
                right: right.trim_start_matches(" \u{b7} "),
                icon: Icon::Bolt,
                is_chosen,
                is_enabled: state.is_ready(),
            };
            plain_row(ui, row, &face)
        }
    }
}

struct RowFace<'a> {
    id: &'a str,
    spoken: &'a str,
    words: &'a str,
    right: &'a str,
    icon: Icon,
    is_chosen: bool,
    is_enabled: bool,
}

fn plain_row(ui: &mut Ui, row: Rect, face: &RowFace<'_>) -> bool {
    let theme = Theme::of(ui.ctx());
    let id = ui.scope_id().with(("hit", face.id));
    let response = ui.interact(row, id, Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            face.is_enabled,
            face.is_chosen,
            face.spoken,
        )
    });
    let state = if face.is_chosen { "chosen" } else { "" };
    probe::note(ui.ctx(), "hit", face.spoken, state, row);
    let ground = match face.is_chosen {
        true => Some(theme.sel),
        false if response.hovered() => Some(theme.hover),
        false => None,
    };
    if let Some(ground) = ground {
        ui.painter()
            .rect_filled(row, CornerRadius::same(radius::CONTROL), ground);
    }
    let square = Rect::from_center_size(row.left_center() + vec2(16.0, 0.0), Vec2::splat(14.0));
    face.icon.paint(ui.painter(), square, theme.dim);
    let right = row.right_center() - vec2(12.0, 0.0);
    let covered = controls::text(
        ui,
        right,
        Align2::RIGHT_CENTER,
        face.right,
        Type::Small,
        theme.dim,
    );
    let at = row.left_center() + vec2(32.0, 0.0);
    let ink = if face.is_enabled {
        theme.strong
    } else {
        theme.dim
    };
    let room = covered.left() - at.x - 12.0;
    controls::clipped(ui, at, room, face.words, Type::Value, ink);
    response.clicked()
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
