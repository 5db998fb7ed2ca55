//! Processors by number. They survive plans, so that a swap costs what changed and not the size of the graph.

use super::islands::{Island, MOST};
use crate::ks::{Processor, State};

/// The most filters that can be open at a time.
pub(super) const CAPACITY: usize = 131_072;

/// Filters of a page.
pub(super) const PAGE: usize = 256;

/// Places for so many filters: they come with the plan that needs them first, and stay.
pub(super) type Page = Box<[Place]>;

/// A place for a filter.
#[derive(Default)]
pub(super) enum Place {
    #[default]
    Empty,
    Here(Entry),
    /// It is on an island.
    Away(u32),
}

/// A page with nothing on it.
pub(super) fn page() -> Page {
    std::iter::repeat_with(Place::default).take(PAGE).collect()
}

/// An open filter on the audio thread.
pub(super) struct Entry {
    pub(super) processor: Box<dyn Processor>,
    pub(super) values: Box<[f64]>,
    pub(super) state: State,
    /// What it gives is played by somebody now.
    pub(super) is_live: bool,
    /// It panicked and is not run again.
    pub(super) is_faulty: bool,
    /// What it said when it panicked, if the report ring was full then.
    pub(super) unsaid: Option<Box<dyn std::any::Any + Send>>,
    /// A complaint about samples that are not finite was sent.
    pub(super) has_complained: bool,
    /// One about samples that are denormal was sent.
    pub(super) has_whispered: bool,

    /// The level of quality it was asked for last.
    pub(super) degraded: u8,
    /// And the one that was told of.
    pub(super) degraded_told: u8,
    /// The output and the place, if the report ring was full then.
    pub(super) untold: Option<(u16, u64)>,
}

impl Entry {
    pub(super) fn new(processor: Box<dyn Processor>, values: Box<[f64]>, is_live: bool) -> Self {
        Self {
            processor,
            values,
            state: State::Stop,
            is_live,
            is_faulty: false,
            unsaid: None,
            has_complained: false,
            has_whispered: false,

            degraded: 0,
            degraded_told: 0,
            untold: None,
        }
    }
}

/// All open filters, on pages; and the islands that some of them are on.
pub(super) struct Slab {
    pages: Vec<Option<Page>>,
    /// Those that are at home. No room on an island itself.
    pub(super) islands: Vec<Option<Box<Island>>>,
}

impl Slab {
    pub(super) fn new() -> Self {
        let pages = CAPACITY / PAGE;
        Self {
            pages: std::iter::repeat_with(|| None).take(pages).collect(),
            islands: vec![],
        }
    }

    /// With room for islands.
    pub(super) fn with_islands() -> Self {
        Self {
            islands: std::iter::repeat_with(|| None).take(MOST).collect(),
            ..Self::new()
        }
    }

    fn place(&mut self, index: u32) -> Option<&mut Place> {
        let index = index as usize;
        let page = self.pages.get_mut(index / PAGE)?.as_mut()?;
        page.get_mut(index % PAGE)
    }

    /// A page has come. What was there before goes back.
    pub(super) fn lay(&mut self, number: usize, page: Page) -> Option<Page> {
        match self.pages.get_mut(number) {
            Some(place @ None) => {
                *place = Some(page);
                None
            }
            _ => Some(page),
        }
    }

    /// The filter at a place; none while its island is under way.
    #[inline]
    pub(super) fn get(&mut self, index: u32) -> Option<&mut Entry> {
        let at = index as usize;
        let page = self.pages.get_mut(at / PAGE)?.as_mut()?;
        match page.get_mut(at % PAGE)? {
            Place::Here(entry) => Some(entry),
            Place::Empty => None,
            Place::Away(island) => {
                let island = self.islands.get_mut(*island as usize)?.as_mut()?;
                island.slab().get(index)
            }
        }
    }

    /// The island that a filter is on, if it is at home.
    pub(super) fn island_of(&mut self, index: u32) -> Option<&mut Island> {
        let Place::Away(island) = *self.place(index)? else {
            return None;
        };
        self.islands.get_mut(island as usize)?.as_deref_mut()
    }

    pub(super) fn put(&mut self, index: u32, entry: Entry) -> Option<Entry> {
        match self.place(index) {
            Some(place) => match std::mem::replace(place, Place::Here(entry)) {
                Place::Here(before) => Some(before),
                _ => None,
            },
            None => Some(entry),
        }
    }

    pub(super) fn take(&mut self, index: u32) -> Option<Entry> {
        let place = self.place(index)?;
        match std::mem::take(place) {
            Place::Here(entry) => Some(entry),
            other => {
                *place = other;
                None
            }
        }
    }

    /// A filter goes to an island.
    pub(super) fn send(&mut self, index: u32, island: u32) -> Option<Entry> {
        let entry = self.take(index)?;
        if let Some(place) = self.place(index) {
            *place = Place::Away(island);
        }
        Some(entry)
    }
}
