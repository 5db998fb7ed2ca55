//! What is known of the songs that filters play.

use super::App;
use crate::graph::FilterPath;
use crate::ks::{Domain, FileFact, Settings, SongFact};

impl App {
    /// The song that a filter plays, once its file was looked at.
    pub(super) fn song(&self, filter: &FilterPath) -> Option<&SongFact> {
        let filter = self.wiring.filters.get(filter)?;
        let base = self.base();
        let settings = Settings {
            values: &filter.values,
            base: base.as_deref(),
        };
        let mut properties = filter.descriptor.as_deref()?.properties.iter();
        let path = settings.path(properties.find(|it| it.domain == Domain::Path)?)?;
        let full = std::path::absolute(&path).ok();
        let fact = match (self.facts.file(&path), full) {
            (FileFact::Pending, Some(full)) => self.facts.file(&full),
            (fact, _) => fact,
        };
        match fact {
            FileFact::Song(song) => Some(song),
            _ => None,
        }
    }
}
