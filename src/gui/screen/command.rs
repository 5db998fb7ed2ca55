//! What panels, keys and the canvas ask of the window: values, pushed while drawing and carried out after.

use std::path::PathBuf;

use egui::{Key, Pos2};

use crate::app::Action;
use crate::graph::{FilterId, FilterPath, PinAddress};
use crate::gui::node_graph::Side;

/// A filter of the catalogue in the hand.
#[derive(Clone, Debug)]
pub(in crate::gui) struct Offer(pub(in crate::gui) String);

/// A wire that a new filter is to take.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::gui) struct Drop {
    /// The pin it begins at.
    pub(in crate::gui) pin: PinAddress,
    /// That pin's side.
    pub(in crate::gui) side: Side,
    /// The new filter's pin.
    pub(in crate::gui) to: String,
}

/// What a panel asks of the window.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::gui) enum Command {
    /// An action of the program.
    Do(Action),
    /// A command of the table, by name.
    Run(&'static str),
    /// Puts in what the desktop says was copied.
    Paste(String),
    /// One of the graphs that were open.
    OpenRecent(PathBuf),
    /// A command gets these keys; `None`: the built-in ones.
    UseKeys {
        name: &'static str,
        keys: Option<Vec<String>>,
    },
    /// Every command gets its built-in keys.
    ResetKeys,
    /// Goes to a filter, wherever it stands, and selects it.
    Reveal(FilterPath),
    /// A new filter beside the pin that is selected, with its wire, or in the middle of what is seen.
    AddInSight(String),
    /// A new filter exactly there.
    Put { key: String, at: Pos2 },
    /// A new filter at a place of the graph or near it, with a wire to it.
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
    /// A file to render into.
    RenderTo,
    /// Ask what the selected group is to be in the catalogue.
    Pack,
    /// A file for a property.
    Browse { filter: FilterId, key: String },
    /// Bring a filter to the middle.
    Centre(FilterId),
}

/// Keys that an open card or palette takes before the canvas hears them.
#[derive(Clone, Copy, Default)]
pub(in crate::gui) struct Taps {
    pub(in crate::gui) escape: bool,
    pub(in crate::gui) enter: bool,
    pub(in crate::gui) up: bool,
    pub(in crate::gui) down: bool,
    /// From 0.
    pub(in crate::gui) figure: Option<usize>,
}

impl Taps {
    /// Takes them. Figures are typed into a palette, and chosen on a card.
    pub(super) fn take(ctx: &egui::Context, figures: bool) -> Self {
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
