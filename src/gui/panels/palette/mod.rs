//! The palette: a search field and rows at the pointer. For adding it offers filters; as the finder it has first the
//! filters of the graph, then filters to add, then commands. Enter takes the chosen row; Esc closes. `rows.rs` draws the
//! rows.

mod rows;

pub(in crate::gui) use rows::card;

use egui::{Area, Id, Order, Pos2, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::catalogue::{called, nearest, rank};
use crate::app::{Fit, View};
use crate::graph::{FilterId, FilterPath, Graph, NodeKind, PinAddress};
use crate::gui::commands::{self, Bindings, Sight, Spec, State};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, Side};
use crate::gui::screen::{Command, Drop, Taps};
use crate::gui::theme::{Theme, Type, window};
use crate::gui::words::mark;
use crate::ks::overlaps;
use crate::ks::{DataFlow, Descriptor, PinFactory};

/// By how much each filter in between puts a filter behind others: a name outweighs one of them.
const FARTHER: u32 = 2;
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
    /// The first pin of a filter that may take the wire by its ranges alone: a hint for a list that is drawn all the time.
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
    /// What would take the wire as the whole graph stands, the best first.
    fits: Vec<Fit>,
    /// Whether what does not take the wire is offered, too: it comes without one.
    offers_all: bool,
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
    /// A filter to add, and the pin that would take the wire with what has to go in between; empty: nothing.
    Filter(&'a Descriptor, Option<(&'a PinFactory, String)>),
    /// A command.
    Command(&'static Spec, State),
}

impl Palette {
    /// Opens it: what is chosen is put at `at` of the graph.
    pub(in crate::gui) fn new(at: Pos2, screen: Pos2) -> Self {
        Self {
            typed: String::new(),
            chosen: 0,
            at,
            screen,
            waiting: None,
            fits: vec![],
            offers_all: false,
            is_finder: false,
            is_new: true,
        }
    }

    /// Opens it for a wire that was let go over nothing. What would take it is asked once, of the whole graph.
    pub(in crate::gui) fn for_wire(
        view: &View<'_>,
        at: Pos2,
        screen: Pos2,
        waiting: Option<Waiting>,
    ) -> Self {
        let fits = waiting.as_ref().map(|waiting| view.fits(&waiting.pin));
        Self {
            fits: fits.unwrap_or_default(),
            waiting,
            ..Self::new(at, screen)
        }
    }

    /// Opens it beside a pin that is selected: what takes a wire from there comes first, and gets one at once.
    pub(in crate::gui) fn beside(
        view: &View<'_>,
        at: Pos2,
        screen: Pos2,
        waiting: Option<Waiting>,
    ) -> Self {
        Self {
            offers_all: true,
            ..Self::for_wire(view, at, screen, waiting)
        }
    }

    /// Opens it as the finder; filters are put at `at` of the graph.
    pub(in crate::gui) fn finder(at: Pos2, screen: Pos2) -> Self {
        Self {
            is_finder: true,
            ..Self::new(at, screen)
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
        let catalogue = sight.view.catalogue;
        let mut filters: Vec<(u32, Hit<'a>)> = match &self.waiting {
            // What needs others in between stands behind what does not.
            Some(_) => (self.fits.iter())
                .filter_map(|fit| {
                    let descriptor = catalogue.get(&fit.key)?.descriptor();
                    let (_, pin) = descriptor.pin(&fit.pin)?;
                    let rank = rank(descriptor, &self.typed)? + FARTHER * fit.cost;
                    let chain = match &fit.chain[..] {
                        [] => String::new(),
                        [only] => only.clone(),
                        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                    };
                    Some((rank, Hit::Filter(descriptor, Some((pin, chain)))))
                })
                .collect(),
            None => vec![],
        };
        if self.waiting.is_none() || self.offers_all {
            let is_new = |key: &str| {
                let mut known = self.fits.iter();
                !known.any(|fit| fit.key == key)
            };
            let rest = catalogue.iter().map(|filter| filter.descriptor());
            let rest = rest.filter(|descriptor| is_new(&descriptor.key));
            filters.extend(rest.filter_map(|descriptor| {
                let rank = rank(descriptor, &self.typed)?;
                // What would take the wire stands before what would not.
                let rank = rank
                    + if self.waiting.is_some() {
                        FARTHER * 8
                    } else {
                        0
                    };
                Some((rank, Hit::Filter(descriptor, None)))
            }));
        }
        filters.retain(|(_, hit)| match hit {
            Hit::Filter(descriptor, _) => !sight.preferences.blocked.contains(&*descriptor.key),
            _ => true,
        });
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
            // Whoever types all of its name means the command, not a filter to add that has the word in it.
            let is_whole = |spec: &Spec| {
                let words = spec.words.trim_end_matches('\u{2026}').to_lowercase();
                words == typed
            };
            let to_add = hits.iter().position(|hit| matches!(hit, Hit::Filter(..)));
            let mut before = to_add.unwrap_or(hits.len());
            for (_, spec) in found {
                let hit = Hit::Command(spec, (spec.state)(sight));
                if is_whole(spec) {
                    hits.insert(before, hit);
                    before += 1;
                } else {
                    hits.push(hit);
                }
            }
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
                (false, Some(_)) if self.offers_all => ("What shall stand there?", "Insert filter"),
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
                // The rows are those of what was typed before.
                ui.ctx().request_discard("other rows");
            }
            let mut y = field.bottom() + 6.0;
            if hits.is_empty() {
                let typed = self.typed.trim();
                let subject = if self.is_finder {
                    "Nothing"
                } else {
                    "No filter"
                };
                let mut words = format!("{subject} is called \u{201c}{typed}\u{201d}.");
                let commands = commands::all().filter(|_| self.is_finder);
                let commands = commands.map(|spec| (spec.words.trim_end_matches('\u{2026}'), ""));
                if let Some(title) = nearest(typed, called(sight.view).chain(commands)) {
                    words += &format!(" Did you mean {title}?");
                }
                let at = pos2(rect.left() + 18.0, y + 13.0);
                let room = rect.width() - 36.0;
                let said = controls::clipped(ui, at, room, &words, Type::Body, theme.dim);
                let said = ui.interact(said, Id::unique("nothing found"), Sense::hover());
                said.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
            }
            for (index, hit) in hits.iter().enumerate() {
                let row = Rect::from_min_size(
                    pos2(rect.left() + 6.0, y),
                    vec2(rect.width() - 12.0, 26.0),
                );
                y += 26.0;
                if rows::hit_ui(ui, row, hit, bindings, look, index == self.chosen) {
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
                    wire: self.waiting.as_ref().zip(fits.as_ref()).map(
                        |(waiting, (factory, _))| Drop {
                            pin: waiting.pin.clone(),
                            side: waiting.side,
                            to: factory.name.to_string(),
                        },
                    ),
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
        let (kind, icon) = match node.kind.filter() {
            Some(filter) => match sight.view.catalogue.get(&filter.key) {
                Some(filter) => {
                    let descriptor = filter.descriptor();
                    (descriptor.title.to_lowercase(), mark(descriptor))
                }
                None => (filter.key.clone(), Icon::Missing),
            },
            None => ("group".to_owned(), Icon::Group),
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
                path: FilterPath::from(path.clone()),
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
        () if typed.len() > 2 && spec.also.iter().any(|it| it.contains(typed)) => Some(2),
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
