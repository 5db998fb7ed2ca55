//! Where filters stood when they came into the document. Groups move filters to other paths, and the engine keeps their
//! processors by where they stood at first: what plays does not hear of it.
//!
//! Nothing of it is saved: a file that is opened opens everything anew anyway.

use std::collections::BTreeMap;

use crate::graph::FilterPath;

/// First places, by where a filter or the group around it stands now.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(BTreeMap<FilterPath, FilterPath>);

impl Origins {
    /// Something went, with all that is inside it, from one path to another.
    pub(super) fn follow(&mut self, from: &FilterPath, to: &FilterPath) {
        let origin = self.of(from);
        let inside: Vec<FilterPath> = self
            .0
            .keys()
            .filter(|path| path.0.starts_with(&from.0))
            .cloned()
            .collect();
        for path in inside {
            if let Some(first) = self.0.remove(&path) {
                let ids = to.0.iter().chain(&path.0[from.0.len()..]);
                self.0.insert(FilterPath(ids.copied().collect()), first);
            }
        }
        self.0.insert(to.clone(), origin);
    }

    /// Where a filter or group stood at first.
    pub(super) fn of(&self, path: &FilterPath) -> FilterPath {
        let known = (1..=path.0.len()).rev().find_map(|depth| {
            let first = self.0.get(&FilterPath::from(&path.0[..depth]))?;
            Some((first, depth))
        });
        known.map_or_else(
            || path.clone(),
            |(first, depth)| {
                let ids = first.0.iter().chain(&path.0[depth..]);
                FilterPath(ids.copied().collect())
            },
        )
    }

    /// The same for all of some filters that stand elsewhere now.
    pub(super) fn of_all<'a>(
        &self,
        paths: impl Iterator<Item = &'a FilterPath>,
    ) -> BTreeMap<FilterPath, FilterPath> {
        if self.0.is_empty() {
            return BTreeMap::new();
        }
        let all = paths.map(|path| (path.clone(), self.of(path)));
        all.filter(|(path, first)| path != first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterId;

    fn path(ids: &[u32]) -> FilterPath {
        FilterPath(ids.iter().map(|id| FilterId(*id)).collect())
    }

    #[test]
    fn a_first_place_is_known_through_any_number_of_moves() {
        let mut origins = Origins::default();
        origins.follow(&path(&[5]), &path(&[9, 5]));
        origins.follow(&path(&[9]), &path(&[11, 9]));
        assert_eq!(origins.of(&path(&[11, 9, 5])), path(&[5]));
        assert_eq!(origins.of(&path(&[11, 9, 6])), path(&[9, 6]));
        assert_eq!(origins.of(&path(&[7])), path(&[7]));
        origins.follow(&path(&[11, 9, 5]), &path(&[11, 5]));
        origins.follow(&path(&[11, 5]), &path(&[5]));
        let all = [path(&[5]), path(&[11, 9, 6])];
        let moved = origins.of_all(all.iter());
        assert_eq!(moved, BTreeMap::from([(path(&[11, 9, 6]), path(&[9, 6]))]));
    }
}
