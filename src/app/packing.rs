//! Groups that become filters of the catalogue: their files are written, and the catalogue follows.
//!
//! For window and command line alike. What such a filter is: `graph/composite.rs`; its text: `graph/file/recipe.rs`.

use std::path::{Path, PathBuf};

use super::packages::register;
use super::{App, Folders, Packages, Urgency, move_paths};
use crate::graph::{
    Edit, FilterId, FilterNode, Graph, Group, Inside, NodeKind, Recipe, inside_of, is_key,
    may_hold, own, recipe_to_ron, save_atomically, unfolded,
};
use crate::ks::Catalogue;
use crate::ks::ids::category;

const NO_FOLDER: &str = "There is no folder of the user, and so none for filters";

/// A group as the filter it is to be. Files it names are named whole from here on, for it is used in any folder.
pub(crate) fn recipe_of(
    title: &str,
    group: &Group,
    catalogue: &Catalogue,
    base: Option<&Path>,
) -> Recipe {
    let mut recipe = Recipe::of(title, group);
    if base.is_some() {
        move_paths(&mut recipe.group.graph, catalogue, base, None);
    }
    recipe
}

/// Where the file of a filter lies.
pub(crate) fn file_of(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.ron"))
}

/// Writes the file of a filter into a folder and gives the catalogue with it; the reason why not, with what would help.
/// A filter of that key in the same file is only written over when that is wanted.
pub(crate) fn pack(
    recipe: Recipe,
    folder: &Path,
    catalogue: &Catalogue,
    may_replace: bool,
) -> Result<Catalogue, String> {
    let file = file_of(folder, &recipe.key);
    may_pack(&recipe, folder, catalogue)?;
    if file.exists() && !may_replace {
        let file = file.display();
        return Err(format!(
            "{file} is there already; write over it, or give the filter another title or key"
        ));
    }
    let text = recipe_to_ron(&recipe);
    let recipe = Recipe {
        file: Some(file.clone()),
        ..recipe
    };
    let key = recipe.key.clone();
    let (changed, faults) = with_recipe(catalogue, recipe);
    if changed.get(&key).is_none() {
        return Err(faults.join("; "));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    save_atomically(&file, &text).map_err(|error| error.to_string())?;
    Ok(changed)
}

/// Whether a group can become that filter of a folder: the title of the one it takes the place of, if there is one; else
/// why not. Looks at no disk.
fn may_pack(
    recipe: &Recipe,
    folder: &Path,
    catalogue: &Catalogue,
) -> Result<Option<String>, String> {
    let key = &recipe.key;
    if recipe.title.trim().is_empty() {
        return Err("A filter needs a title".into());
    }
    if !is_key(key) {
        return Err(format!(
            "The key {key:?} does not do; wanted letters, figures, _ and -"
        ));
    }
    let taken = catalogue
        .get(key)
        .map(|it| it.descriptor().title.to_string());
    if let Some(title) = &taken {
        let file = file_of(folder, key);
        let is_ours =
            inside_of(catalogue, key).is_some_and(|it| it.recipe.file.as_ref() == Some(&file));
        if !is_ours {
            return Err(format!(
                "The key {key:?} is that of {title}, which is not of this folder; give it another one"
            ));
        }
    }
    may_hold(catalogue, key, recipe)
        .map_err(|reason| format!("{} cannot be a filter: {reason}", recipe.title))?;
    Ok(taken)
}

/// The catalogue with a filter made of others, in place of one of its key.
fn with_recipe(catalogue: &Catalogue, recipe: Recipe) -> (Catalogue, Vec<String>) {
    let mut recipes = recipes_of(catalogue);
    recipes.retain(|it| it.key != recipe.key);
    recipes.push(recipe);
    with_recipes(catalogue, &recipes)
}

fn recipes_of(catalogue: &Catalogue) -> Vec<Recipe> {
    let inside = catalogue.iter().filter_map(|it| it.inside());
    let inside = inside.filter_map(|it| it.downcast_ref::<Inside>());
    inside.map(|it| it.recipe.clone()).collect()
}

/// The catalogue with these filters made of others and none beside. All are made anew: they are made of each other.
fn with_recipes(catalogue: &Catalogue, recipes: &[Recipe]) -> (Catalogue, Vec<String>) {
    let mut changed = catalogue.clone();
    for it in recipes_of(catalogue) {
        changed.unregister(&it.key);
    }
    let faults = register(&mut changed, recipes);
    (changed, faults)
}

impl App {
    fn filters_folder(&self) -> Option<PathBuf> {
        self.folders().map(Folders::filters)
    }

    pub(super) fn recipe_of_group(&self, id: FilterId) -> Option<Recipe> {
        let node = self.shown().filters.get(&id)?;
        let NodeKind::Group(group) = &node.kind else {
            return None;
        };
        let base = self.base();
        let mut recipe = recipe_of(&node.name, group, &self.catalogue, base.as_deref());
        // What it is an instance of says more about it than the group can.
        let inside = group.instance.as_ref();
        let inside = inside.and_then(|it| inside_of(&self.catalogue, &it.node.key));
        if let Some(Inside { recipe: it, .. }) = inside {
            recipe.help.clone_from(&it.help);
            recipe.categories.clone_from(&it.categories);
            recipe.merit = it.merit;
        }
        if recipe.categories.is_empty() {
            recipe.categories = vec![category::AUDIO, category::DATATRANSFORM];
        }
        Some(recipe)
    }

    pub(super) fn may_pack(&self, recipe: &Recipe) -> Result<Option<String>, String> {
        let folder = self.filters_folder().ok_or(NO_FOLDER)?;
        may_pack(recipe, &folder, &self.catalogue)
    }

    /// A group becomes a filter of the catalogue; its box is one of that kind from then on.
    pub(super) fn pack_group(&mut self, id: FilterId, recipe: Recipe, replaces: bool) {
        let Some(folder) = self.filters_folder() else {
            self.tell(NO_FOLDER.into());
            return;
        };
        let (key, title) = (recipe.key.clone(), recipe.title.clone());
        match pack(recipe, &folder, &self.catalogue, replaces) {
            Err(reason) => self.tell(reason),
            Ok(changed) => {
                self.catalogue = changed;
                let text = format!(
                    "{title} is a filter of the catalogue, in {}",
                    file_of(&folder, &key).display()
                );
                self.say(Urgency::News, "Filters", None, text);
                if let Some(inside) = inside_of(&self.catalogue, &key) {
                    let node = FilterNode {
                        key,
                        ..FilterNode::default()
                    };
                    let to = Box::new(unfolded(node, &inside.original));
                    let mut edits = vec![Edit::SetGroup { group: id, to }];
                    // A name nobody chose makes way for one that somebody did.
                    let shown = self.shown();
                    let node = shown.filters.get(&id);
                    if node.is_some_and(|node| node.name.starts_with("Group")) {
                        let name = shown.unique_name(&title);
                        edits.push(Edit::Rename { id, name });
                    }
                    self.apply(&format!("Make {title} a filter"), Edit::Batch(edits));
                }
                self.agree();
            }
        }
    }

    /// Boxes of filters made of others become groups of their own.
    pub(super) fn unpack(&mut self, ids: &[FilterId]) {
        let shown = self.shown();
        let groups = ids.iter().filter_map(|id| {
            let node = shown.filters.get(id)?;
            match &node.kind {
                NodeKind::Group(group) if group.instance.is_some() => {
                    let to = Box::new(own(group));
                    Some((&node.name, Edit::SetGroup { group: *id, to }))
                }
                _ => None,
            }
        });
        let (names, edits): (Vec<&String>, Vec<Edit>) = groups.unzip();
        let name = match names[..] {
            [] => {
                self.tell("Select a filter that is made of others".into());
                return;
            }
            [one] => format!("Make {one} a group"),
            _ => format!("Make {} groups", names.len()),
        };
        if self.apply(&name, Edit::Batch(edits)) {
            self.agree();
        }
    }

    /// Reads the files of the user's filters made of others again. What came, went or is another now is told, and boxes of
    /// it follow; those of one that went stay as they are.
    pub(super) fn read_filters(&mut self, is_asked: bool) {
        let Some(folder) = self.filters_folder() else {
            if is_asked {
                self.tell(NO_FOLDER.into());
            }
            return;
        };
        let found = Packages::read(&folder);
        let is_own = |it: &Recipe| {
            it.file
                .as_deref()
                .is_some_and(|file| file.parent() == Some(&folder))
        };
        let (old, mut all): (Vec<Recipe>, Vec<Recipe>) =
            recipes_of(&self.catalogue).into_iter().partition(is_own);
        let told: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
        for text in &told {
            self.warn("Filters", text.clone());
        }
        // A file that is damaged for a moment takes nothing away.
        let is_faulty = |it: &&Recipe| {
            found
                .faults
                .iter()
                .any(|fault| Some(&fault.path) == it.file.as_ref())
        };
        let mut new = found.recipes;
        new.extend(old.iter().filter(is_faulty).cloned());
        let is_there = |it: &Recipe, list: &[Recipe]| list.iter().any(|other| other.key == it.key);
        let mut words = vec![];
        for it in &new {
            let before = old.iter().find(|other| other.key == it.key);
            match before {
                None => words.push(format!("{} came", it.title)),
                Some(before) if before != it => {
                    let count = boxes_of(&self.graph, &it.key);
                    words.push(match count {
                        0 => format!("{} is another one now", it.title),
                        count => format!("{} is another one now; {count} here follow", it.title),
                    });
                }
                Some(_) => {}
            }
        }
        for it in old.iter().filter(|it| !is_there(it, &new)) {
            words.push(match boxes_of(&self.graph, &it.key) {
                0 => format!("{} is gone", it.title),
                count => format!(
                    "{} is gone: {count} here go on until the graph is closed; make a group of them to keep them",
                    it.title
                ),
            });
        }
        if !words.is_empty() {
            all.extend(new);
            let (changed, faults) = with_recipes(&self.catalogue, &all);
            self.catalogue = changed;
            for fault in faults {
                self.warn("Filters", fault);
            }
            self.agree();
        } else if is_asked && told.is_empty() {
            words.push("Nothing about the files of filters has changed".into());
        }
        for text in words {
            self.say(Urgency::News, "Filters", None, text);
        }
    }
}

/// How many boxes of a kind a document has.
fn boxes_of(graph: &Graph, key: &str) -> usize {
    let nodes = graph.filters.values();
    let counts = nodes.map(|node| match (&node.kind, node.kind.filter()) {
        (_, Some(filter)) => usize::from(filter.key == key),
        (NodeKind::Group(group), None) => boxes_of(&group.graph, key),
        (NodeKind::Filter(_), None) => 0,
    });
    counts.sum()
}
