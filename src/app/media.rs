//! Files that filters name: their paths as seen from the document's folder.
//!
//! A path in a document is relative to its file. A graph that goes to another folder, by Save As, the clipboard or the
//! command line, takes paths along that lead to the same files.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{App, Urgency};
use crate::graph::{Edit, FilterPath, Graph, NodeKind};
use crate::ks::{
    Catalogue, DataFlow, Domain, FileFact, Property, Settings, Value, path_text, text_path,
};

/// A file that filters read and that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingMedia {
    /// Where it should be.
    pub path: PathBuf,
    /// Why it cannot be used.
    pub reason: String,
    /// The filters that read it.
    pub filters: Vec<FilterPath>,
    /// Where it was found when it was missed before.
    pub moved_to: Option<PathBuf>,
}

impl App {
    /// Every file that a filter reads, groups included.
    pub(super) fn media(&self) -> Vec<(FilterPath, PathBuf)> {
        let base = self.base();
        let mut media = vec![];
        for (id, filter) in &self.wiring.filters {
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            let has_path = |it: &Property| it.domain == Domain::Path;
            // What an outsider reads only it can judge.
            if !descriptor.properties.iter().any(has_path) || !descriptor.reads.is_empty() {
                continue;
            }
            // A sink writes its file; that it is not there yet is no news.
            let mut pins = descriptor.pins.iter();
            if !pins.any(|pin| pin.data_flow == DataFlow::Out && !pin.is_bridge()) {
                continue;
            }
            let settings = Settings {
                values: &filter.values,
                base: base.as_deref(),
            };
            let paths = descriptor.properties.iter();
            let paths = paths.filter(|property| property.domain == Domain::Path);
            media.extend(paths.filter_map(|it| Some((id.clone(), settings.path(it)?))));
        }
        media
    }

    /// Has every file that the graph names looked at.
    pub(super) fn probe_files(&mut self) {
        let media = self.media();
        if let Some(observer) = &mut self.observer {
            for (_, path) in media {
                observer.probe(path);
            }
        }
    }

    /// Filters whose file is being looked at for the first time: what it is decides what they give.
    pub(super) fn awaited(&self) -> BTreeSet<FilterPath> {
        let Some(observer) = &self.observer else {
            return BTreeSet::new();
        };
        let is_new =
            |path: &Path| *self.facts.file(path) == FileFact::Pending && observer.owes(path);
        let media = self.media().into_iter();
        let media = media.filter(|(_, path)| is_new(path));
        media.map(|(filter, _)| filter).collect()
    }

    /// A file is another than it was: what was refused when its filters were opened says nothing any more.
    pub(super) fn forget_refusals(&mut self, file: &Path) {
        let readers = self.media().into_iter().filter(|(_, path)| path == file);
        let readers: BTreeSet<String> = readers.map(|(filter, _)| filter.to_string()).collect();
        self.facts
            .refused
            .retain(|(filter, _, _)| !readers.contains(filter));
    }

    /// A filter could not give what was agreed: its file may have been replaced since it was looked at.
    pub(super) fn look_again(&mut self, filter: &FilterPath) {
        let media = self.media().into_iter().filter(|(it, _)| it == filter);
        let paths: Vec<PathBuf> = media.map(|(_, path)| path).collect();
        if let Some(observer) = &mut self.observer {
            for path in paths {
                observer.probe_again(path);
            }
        }
    }

    /// Whether the disk of a file that it reads does not answer.
    pub(super) fn waits_for_disk(&self, filter: &FilterPath) -> bool {
        let mut media = self.media().into_iter();
        media.any(|(it, path)| it == *filter && crate::stream::errand::is_out(&path))
    }

    /// Takes in pictures of files that were asked for, and lets those go that no filter names any more.
    pub(super) fn hear_waveforms(&mut self) {
        if self.waveforms.is_idle() {
            return;
        }
        // Which files are named only an agreement changes.
        if !self.waveforms.is_new(self.agreements) {
            self.waveforms.poll(|_| true);
            return;
        }
        let named: BTreeSet<PathBuf> = self.media().into_iter().map(|(_, path)| path).collect();
        self.waveforms.poll(|path| named.contains(path));
    }

    /// Files that filters read and that cannot be used, once each.
    pub(super) fn missing_media(&self) -> Vec<MissingMedia> {
        let mut missing: Vec<MissingMedia> = vec![];
        for (filter, path) in self.media() {
            let FileFact::Unusable(reason) = self.facts.file(&path) else {
                continue;
            };
            match missing.iter_mut().find(|it| it.path == path) {
                Some(known) => known.filters.push(filter),
                None => missing.push(MissingMedia {
                    reason: reason.clone(),
                    filters: vec![filter],
                    moved_to: self.preferences().moved_media.get(&path).cloned(),
                    path,
                }),
            }
        }
        missing
    }

    /// Asks once, when all files of a document that was opened have been looked for, where the missing ones are: one after
    /// the other.
    pub(super) fn tell_missing_media(&mut self) {
        if !self.has_media_to_tell {
            return;
        }
        let mut media = self.media().into_iter();
        if media.any(|(_, path)| *self.facts.file(&path) == FileFact::Pending) {
            return;
        }
        let missing = self.media_to_ask_for();
        let Some(first) = missing.first() else {
            self.has_media_to_tell = false;
            return;
        };
        // What moved before may well have moved again, and what lay beside it came along.
        let guesses = [first.moved_to.clone(), self.beside_the_last(&first.path)];
        let mut guesses: Vec<PathBuf> = guesses.into_iter().flatten().collect();
        guesses.dedup();
        for guess in &guesses {
            if let Some(observer) = &mut self.observer {
                observer.probe(guess.clone());
                if *self.facts.file(guess) == FileFact::Pending && observer.owes(guess) {
                    return;
                }
            }
        }
        self.has_media_to_tell = false;
        let name = file_name(&first.path);
        let text = question(first, missing.len() - 1);
        guesses.retain(|guess| !matches!(self.facts.file(guess), FileFact::Unusable(_)));
        let known = guesses.into_iter().map(|to| super::Offer {
            words: format!("Use {}", to.display()),
            action: super::Action::MapMedia {
                from: first.path.clone(),
                to,
            },
        });
        let ask = super::Offer {
            words: format!("Find {name}\u{2026}"),
            action: super::Action::FindMedia(first.path.clone()),
        };
        let offers = known.chain([ask]).collect();
        self.banners.insert(
            0,
            super::Banner {
                urgency: Urgency::Attention,
                text,
                is_dismissible: true,
                offers,
            },
        );
    }

    /// Files that are missing, but those that nobody wants to be asked for any more.
    fn media_to_ask_for(&self) -> Vec<MissingMedia> {
        let mut missing = self.missing_media();
        missing.retain(|it| !self.passed_over.contains(&it.path));
        missing
    }

    /// Takes back a question that is answered without a click: its file came, or nothing reads it any more. What is still
    /// missing is asked for anew.
    pub(super) fn withdraw_media_question(&mut self) {
        let Some(at) = self.banners.iter().position(|it| asked_by(it).is_some()) else {
            return;
        };
        let missing = self.media_to_ask_for();
        let asked = asked_by(&self.banners[at]);
        let still = missing.iter().find(|it| Some(&*it.path) == asked);
        if still.is_none_or(|it| question(it, missing.len() - 1) != self.banners[at].text) {
            self.banners.remove(at);
            self.has_media_to_tell = true;
        }
    }

    /// A question is closed without an answer: the next file is asked for, and this one not again.
    pub(super) fn pass_over(&mut self, banner: &super::Banner) {
        if let Some(path) = asked_by(banner) {
            self.passed_over.insert(path.to_owned());
            self.has_media_to_tell = true;
        }
    }

    /// Another document: nobody asks for the files of the last one any more.
    pub(super) fn forget_media_questions(&mut self) {
        self.passed_over.clear();
        self.banners.retain(|it| asked_by(it).is_none());
    }

    /// A file of that name where the last missing one was found.
    fn beside_the_last(&self, path: &Path) -> Option<PathBuf> {
        Some(self.found_in.as_ref()?.join(path.file_name()?))
    }

    /// Has every filter that names one file name another, in every group: one step. It is remembered.
    pub(super) fn map_media(&mut self, from: &Path, to: &Path) {
        let base = self.base();
        let seen = base.as_deref().filter(|_| to.is_absolute());
        let value = seen.map_or_else(|| to.to_owned(), |base| relative(to, base));
        let value = Value::Text(path_text(&value));
        let mut edits = vec![];
        for (path, filter) in &self.wiring.filters {
            let (Some(descriptor), Some((&id, groups))) = (&filter.descriptor, path.0.split_last())
            else {
                continue;
            };
            let settings = Settings {
                values: &filter.values,
                base: base.as_deref(),
            };
            for property in descriptor.properties.iter() {
                if property.domain == Domain::Path
                    && settings.path(property).as_deref() == Some(from)
                {
                    let set = Edit::SetProperty {
                        filter: id,
                        key: property.key.to_owned(),
                        value: Some(value.clone()),
                    };
                    edits.push(set.within(groups));
                }
            }
        }
        if edits.is_empty() {
            return;
        }
        let name = file_name(to);
        if self.apply_anywhere(&format!("Find {name}"), Edit::Batch(edits)) {
            let (from, to) = (from.to_owned(), to.to_owned());
            self.found_in = to.parent().map(Path::to_owned);
            self.has_media_to_tell = true;
            self.change_preferences(|it| _ = it.moved_media.insert(from, to));
            self.agree();
        }
    }
}

/// The last part of a path, in words.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What is said of a file that is missing, and of how many more.
fn question(missing: &MissingMedia, others: usize) -> String {
    let others = match others {
        0 => String::new(),
        1 => ". Another file is missing too".into(),
        count => format!(". {count} other files are missing too"),
    };
    let (path, reason) = (missing.path.display(), &missing.reason);
    format!("{path} cannot be used: {reason}{others}")
}

/// The file that a banner asks for.
fn asked_by(banner: &super::Banner) -> Option<&Path> {
    banner.offers.iter().find_map(|it| match &it.action {
        super::Action::FindMedia(path) => Some(&**path),
        _ => None,
    })
}

/// Makes the paths of a graph that stood in one folder lead to the same files from another, groups included. `None` is no
/// folder: relative paths from there stay as they are, and paths that go there become whole.
pub(crate) fn move_paths(
    graph: &mut Graph,
    catalogue: &Catalogue,
    old: Option<&Path>,
    new: Option<&Path>,
) {
    let (old, new) = (old.map(plain), new.map(plain));
    if old != new {
        walk(graph, catalogue, old.as_deref(), new.as_deref());
    }
}

fn walk(graph: &mut Graph, catalogue: &Catalogue, old: Option<&Path>, new: Option<&Path>) {
    for node in graph.filters.values_mut() {
        let filter = match &mut node.kind {
            // What is inside an instance names files by whole paths, whatever folder it is used in.
            NodeKind::Group(group) => match &mut group.instance {
                Some(it) => &mut it.node,
                None => {
                    walk(&mut group.graph, catalogue, old, new);
                    continue;
                }
            },
            NodeKind::Filter(filter) => filter,
        };
        let Some(kind) = catalogue.get(&filter.key) else {
            continue;
        };
        for property in kind.descriptor().properties.iter() {
            let Some(Value::Text(text)) = filter.values.get_mut(property.key) else {
                continue;
            };
            if property.domain != Domain::Path || text.is_empty() {
                continue;
            }
            let named = text_path(text);
            let whole = old.map_or_else(|| named.clone(), |old| old.join(&named));
            if whole.is_absolute() {
                let seen = new.map_or_else(|| plain(&whole), |new| relative(&plain(&whole), new));
                *text = path_text(&seen);
            }
        }
    }
}

/// A whole path without `..` and `.` that can be taken back by name alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    plain.push(part);
                }
            }
            part => plain.push(part),
        }
    }
    plain
}

/// `path` as seen from the folder `base`, if they have a root in common.
pub(crate) fn relative(path: &Path, base: &Path) -> PathBuf {
    let theirs: Vec<Component<'_>> = path.components().collect();
    let ours: Vec<Component<'_>> = base.components().collect();
    let shared = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return path.to_owned();
    }
    let up = ours.iter().skip(shared).map(|_| Component::ParentDir);
    up.chain(theirs.into_iter().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_relative_where_they_can() {
        let base = Path::new("/home/me/graphs");
        assert_eq!(
            relative(Path::new("/home/me/graphs/media/a.wav"), base),
            Path::new("media/a.wav")
        );
        assert_eq!(
            relative(Path::new("/home/me/a.wav"), base),
            Path::new("../a.wav")
        );
    }

    #[test]
    fn a_whole_path_loses_its_detours() {
        assert_eq!(plain(Path::new("/a/b/../c/./d")), Path::new("/a/c/d"));
    }
}
