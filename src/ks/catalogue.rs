//! The filters on offer. `register` is the one way in, for built-ins and for code outside the crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter::{Descriptor, Filter};
use super::ids::Guid;

/// All kinds of filter this program can make, in the order of registration.
#[derive(Clone, Default)]
pub struct Catalogue {
    filters: Vec<Arc<dyn Filter>>,
    /// Place of each in `filters`.
    by_key: BTreeMap<String, usize>,
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
        if let Some(fault) = filter.fault().or_else(|| descriptor.fault()) {
            return Err(RegisterError::Unsound { key, fault });
        }
        self.by_key.insert(key, self.filters.len());
        self.filters.push(filter);
        Ok(())
    }

    /// Takes a kind of filter away; whether there was one. What is open of it stays open.
    pub fn unregister(&mut self, key: &str) -> bool {
        let Some(index) = self.by_key.remove(key) else {
            return false;
        };
        self.filters.remove(index);
        for place in self.by_key.values_mut() {
            *place -= usize::from(*place > index);
        }
        true
    }

    /// Whether both hold the very same filters.
    pub fn is_same(&self, other: &Self) -> bool {
        let pairs = self.filters.iter().zip(&other.filters);
        self.filters.len() == other.filters.len()
            && pairs
                .into_iter()
                .all(|(a, b)| std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b)))
    }

    /// The filter with that key.
    pub fn get(&self, key: &str) -> Option<&Arc<dyn Filter>> {
        self.filters.get(*self.by_key.get(key)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{DataRange, OpenError, Opened, Opening, PinFactory};

    struct Plain(Descriptor);

    impl Filter for Plain {
        fn descriptor(&self) -> &Descriptor {
            &self.0
        }

        fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
            Err(OpenError::Other("never opened".into()))
        }
    }

    fn plain(key: &'static str) -> Arc<Plain> {
        const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
        Arc::new(Plain(Descriptor::new(key, key, &[], PINS, &[])))
    }

    #[test]
    fn keys_are_unique_and_what_goes_leaves_the_others_where_they_can_be_found() {
        let mut catalogue = Catalogue::default();
        for key in ["a", "b", "c"] {
            catalogue.register(plain(key)).unwrap();
        }
        let taken = RegisterError::KeyTaken("b".into());
        assert_eq!(catalogue.register(plain("b")), Err(taken));
        assert!(catalogue.unregister("a") && !catalogue.unregister("a"));
        for key in ["b", "c"] {
            assert_eq!(catalogue.get(key).unwrap().descriptor().key, key);
        }
        assert!(catalogue.get("a").is_none() && catalogue.register(plain("a")).is_ok());
        assert_eq!(catalogue.iter().count(), 3);
    }

    #[test]
    fn a_descriptor_that_does_not_hang_together_is_not_taken_in() {
        let mut catalogue = Catalogue::default();
        let mut filter = Plain(plain("a").0.clone());
        filter.0.pins.to_mut()[0].same_format_as = Some("in");
        let refused = catalogue.register(Arc::new(filter)).unwrap_err();
        assert!(refused.to_string().contains("\"in\""), "{refused}");
        assert_eq!(catalogue.iter().count(), 0);
    }
}
