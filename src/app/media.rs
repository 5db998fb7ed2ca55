//! Files that filters name: their paths as seen from the document's folder.
//!
//! A path in a document is relative to its file. A graph that goes to another folder, by Save As, the clipboard or the
//! command line, takes paths along that lead to the same files.

use std::path::{Component, Path, PathBuf};

use crate::graph::{Graph, NodeKind};
use crate::ks::{Catalogue, Domain, Value};

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
            NodeKind::Group(group) => {
                walk(&mut group.graph, catalogue, old, new);
                continue;
            }
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
            let whole = old.map_or_else(|| PathBuf::from(&text), |old| old.join(&text));
            if whole.is_absolute() {
                let seen = new.map_or_else(|| plain(&whole), |new| relative(&plain(&whole), new));
                *text = seen.to_string_lossy().into_owned();
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
pub(super) fn relative(path: &Path, base: &Path) -> PathBuf {
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
