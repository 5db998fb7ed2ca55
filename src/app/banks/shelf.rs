//! The bank of a synthesizer that takes no part in what plays: laid out while somebody looks at it, and what is missing for
//! it to be heard.

use super::super::{Action, App, Offer};
use crate::graph::{FilterPath, PinAddress, Position};
use crate::ks::{BankDesk, BankShelf, DataFlow, PinFactory, Settings};

/// Between a box and the keyboard that is put before it.
const ASIDE: f32 = 240.0;

/// A bank that is looked at.
pub(in crate::app) struct Shelf {
    of: FilterPath,
    shelf: BankShelf,
}

impl Shelf {
    pub(super) fn desk(&self) -> &BankDesk {
        &self.shelf.desk
    }
}

impl App {
    /// Where a filter lays out its bank, or where that is laid out for who looks at it.
    pub(in crate::app) fn seen_bank(&self, filter: &FilterPath) -> Option<&BankDesk> {
        let shelf = self.shelf.as_ref().filter(|it| it.of == *filter);
        self.bank(filter).or(shelf.map(Shelf::desk))
    }

    /// The bank of a filter is looked at, or none is any more. What is open shows its own.
    pub(in crate::app) fn look_at_bank(&mut self, filter: Option<FilterPath>) {
        let is_there = |it: &FilterPath| self.shelf.as_ref().is_some_and(|shelf| shelf.of == *it);
        if filter.as_ref().is_some_and(is_there) {
            return;
        }
        self.shelf = None;
        let path = filter.filter(|it| self.bank(it).is_none());
        self.shelf = path.and_then(|of| {
            let shelf = self.of_values(&of, |kind, settings| kind.shelf(settings))?;
            Some(Shelf { of, shelf })
        });
    }

    /// Tells the bank that is looked at what its filter says now; it goes when the filter is open, or gone.
    pub(super) fn tend_shelf(&mut self) {
        let Some(Shelf { of, shelf }) = &self.shelf else {
            return;
        };
        let told = self.of_values(of, |_, settings| {
            (shelf.hears)(settings);
            Some(())
        });
        // What is to be said of it stands on its page.
        drop(shelf.desk.take_words());
        if told.is_none() || self.bank(of).is_some() {
            self.shelf = None;
        }
    }

    /// The bank that is looked at is to be read anew.
    pub(in crate::app) fn look_again_at_bank(&mut self, filter: &FilterPath) {
        if self.shelf.as_ref().is_some_and(|it| it.of == *filter) {
            self.shelf = None;
            self.look_at_bank(Some(filter.clone()));
        }
    }

    /// What a filter's kind makes of the values it has.
    fn of_values<T>(
        &self,
        filter: &FilterPath,
        make: impl FnOnce(&dyn crate::ks::Filter, &Settings<'_>) -> Option<T>,
    ) -> Option<T> {
        let wired = self.wiring.filters.get(filter)?;
        let base = self.base();
        let settings = Settings {
            values: &wired.values,
            base: base.as_deref(),
        };
        make(&**self.catalogue.get(&wired.key)?, &settings)
    }

    /// What brings a synthesizer nearer to being heard: its sound to a device, then notes to it. `None` inside another graph
    /// than the one that is shown.
    pub(super) fn wire_offer(&self, filter: &FilterPath) -> Option<Offer> {
        let (id, level) = filter.0.split_last()?;
        let node = self.shown().filters.get(id)?;
        if level != &self.place.0[..] {
            return None;
        }
        let wired = self.wiring.filters.get(filter)?;
        let descriptor = wired.descriptor.as_ref()?;
        let free = |flow: DataFlow| -> Option<PinAddress> {
            let is_it = |it: &&PinFactory| it.data_flow == flow;
            let pin = descriptor.pins.iter().find(is_it)?;
            let address = PinAddress {
                filter: filter.clone(),
                pin: pin.name.to_string(),
                instance: 0,
            };
            let mut wires = self.wiring.wires.iter();
            let is_taken = wires.any(|it| it.from == address || it.to == address);
            (!is_taken).then_some(address)
        };
        if let Some(out) = free(DataFlow::Out) {
            return Some(Offer {
                words: "Wire Its Sound".to_owned(),
                action: Action::RenderPin(out),
            });
        }
        let notes = free(DataFlow::In)?;
        Some(Offer {
            words: "Add a Keyboard".to_owned(),
            action: Action::AddFilterWired {
                key: "keyboard".to_owned(),
                at: Position {
                    x: node.position.x - ASIDE,
                    y: node.position.y,
                },
                pin: Some(notes),
            },
        })
    }
}
