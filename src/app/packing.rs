//! Groups that become filters of the catalogue: their files are written, and the catalogue follows.
//!
//! For window and command line alike. What such a filter is: `graph/composite.rs`; its text: `graph/file/recipe.rs`.

use std::path::{Path, PathBuf};

use super::move_paths;
use super::packages::register;
use crate::graph::{
    Group, Inside, Recipe, inside_of, is_key, may_hold, recipe_to_ron, save_atomically,
};
use crate::ks::Catalogue;

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
    if recipe.title.trim().is_empty() {
        return Err("A filter needs a title".into());
    }
    if !is_key(&recipe.key) {
        let key = &recipe.key;
        return Err(format!(
            "The key {key:?} does not do; wanted letters, figures, _ and -"
        ));
    }
    if let Some(taken) = catalogue.get(&recipe.key) {
        let title = &taken.descriptor().title;
        let is_ours = inside_of(catalogue, &recipe.key)
            .is_some_and(|it| it.recipe.file.as_ref() == Some(&file));
        if !is_ours {
            let key = &recipe.key;
            return Err(format!(
                "The key {key:?} is that of {title}, which is not of this folder; give it another one"
            ));
        }
    }
    if file.exists() && !may_replace {
        let file = file.display();
        return Err(format!(
            "{file} is there already; write over it, or give the filter another title or key"
        ));
    }
    may_hold(catalogue, &recipe.key, &recipe)
        .map_err(|reason| format!("{} cannot be a filter: {reason}", recipe.title))?;
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

/// The catalogue with a filter made of others, in place of one of its key. Those made of it are made anew.
fn with_recipe(catalogue: &Catalogue, recipe: Recipe) -> (Catalogue, Vec<String>) {
    let inside = catalogue.iter().filter_map(|it| it.inside());
    let inside = inside.filter_map(|it| it.downcast_ref::<Inside>());
    let mut recipes: Vec<Recipe> = inside.map(|it| it.recipe.clone()).collect();
    let mut changed = catalogue.clone();
    for it in &recipes {
        changed.unregister(&it.key);
    }
    recipes.retain(|it| it.key != recipe.key);
    recipes.push(recipe);
    let faults = register(&mut changed, &recipes);
    (changed, faults)
}
