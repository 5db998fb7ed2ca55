//! The filters on offer. `register` is the one way in, for built-ins and for code outside the crate.

use std::sync::Arc;

use super::filter::{Descriptor, Filter};
use super::ids::Guid;

/// All kinds of filter this program can make, in the order of registration.
#[derive(Clone, Default)]
pub struct Catalogue {
    filters: Vec<Arc<dyn Filter>>,
}

/// A filter could not be registered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterError {
    /// Keys are unique.
    #[error("a filter with the key {0:?} is registered already")]
    KeyTaken(String),
    /// Its descriptor does not hang together.
    #[error("the filter {key:?} cannot be registered: {fault}")]
    Unsound {
        /// Its key.
        key: String,
        /// What is wrong.
        fault: String,
    },
}

impl Catalogue {
    /// Adds a filter: the one way in. Keys are unique, and the descriptor must hang together.
    pub fn register(&mut self, filter: Arc<dyn Filter>) -> Result<(), RegisterError> {
        let descriptor = filter.descriptor();
        let key = descriptor.key.clone().into_owned();
        if self.get(&key).is_some() {
            return Err(RegisterError::KeyTaken(key));
        }
        if let Some(fault) = descriptor.fault() {
            return Err(RegisterError::Unsound { key, fault });
        }
        self.filters.push(filter);
        Ok(())
    }

    /// The filter with that key.
    pub fn get(&self, key: &str) -> Option<&Arc<dyn Filter>> {
        self.filters
            .iter()
            .find(|filter| filter.descriptor().key == key)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Filter>> {
        self.filters.iter()
    }

    /// Finds a filter by key or title, without regard to case.
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Filter>> {
        self.get(name).or_else(|| {
            self.filters
                .iter()
                .find(|filter| filter.descriptor().title.eq_ignore_ascii_case(name))
        })
    }

    /// The filters by category, in the order the program lists categories; empty ones are left out.
    pub fn by_category(&self) -> Vec<(Guid, Vec<&Descriptor>)> {
        use super::ids::category as id;
        let order = [
            id::CAPTURE,
            id::RENDER,
            id::FILESYSTEM,
            id::SYNTHESIZER,
            id::DATATRANSFORM,
            id::INTERFACETRANSFORM,
            id::MIXER,
            id::SPLITTER,
            id::CLOCK,
            id::ANALYSIS,
        ];
        let mut groups: Vec<(Guid, Vec<&Descriptor>)> =
            order.iter().map(|id| (*id, vec![])).collect();
        for filter in &self.filters {
            let descriptor = filter.descriptor();
            let category = descriptor.category();
            match groups.iter_mut().find(|(id, _)| *id == category) {
                Some((_, list)) => list.push(descriptor),
                None => groups.push((category, vec![descriptor])),
            }
        }
        groups.retain(|(_, list)| !list.is_empty());
        groups
    }
}
