//! Processors by number. They survive plans, so that a swap costs what changed and not the size of the graph.

use crate::ks::{Processor, State};

/// The most filters that can be open at a time.
pub(super) const CAPACITY: usize = 131_072;

/// Filters of a page.
pub(super) const PAGE: usize = 256;

/// Places for so many filters: they come with the plan that needs them first, and stay.
pub(super) type Page = Box<[Option<Entry>]>;

/// A page with nothing on it.
pub(super) fn page() -> Page {
    std::iter::repeat_with(|| None).take(PAGE).collect()
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

/// All open filters, on pages.
pub(super) struct Slab(Vec<Option<Page>>);

impl Slab {
    pub(super) fn new() -> Self {
        let pages = CAPACITY / PAGE;
        Self(std::iter::repeat_with(|| None).take(pages).collect())
    }

    fn place(&mut self, index: u32) -> Option<&mut Option<Entry>> {
        let index = index as usize;
        let page = self.0.get_mut(index / PAGE)?.as_mut()?;
        page.get_mut(index % PAGE)
    }

    /// A page has come. What was there before goes back.
    pub(super) fn lay(&mut self, number: usize, page: Page) -> Option<Page> {
        match self.0.get_mut(number) {
            Some(place @ None) => {
                *place = Some(page);
                None
            }
            _ => Some(page),
        }
    }

    #[inline]
    pub(super) fn get(&mut self, index: u32) -> Option<&mut Entry> {
        self.place(index)?.as_mut()
    }

    pub(super) fn put(&mut self, index: u32, entry: Entry) -> Option<Entry> {
        match self.place(index) {
            Some(place) => place.replace(entry),
            None => Some(entry),
        }
    }

    pub(super) fn take(&mut self, index: u32) -> Option<Entry> {
        self.place(index)?.take()
    }
}
