//! Filters that users declare in files of a folder: every `.ron` in it, in the order of their names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::graph::{Recipe, compose, is_recipe, recipe_from_ron};
use crate::ks::{Catalogue, Filter, filters_of};

/// The folder among a user's settings.
pub(super) const FOLDER: &str = "filters";

/// A file of filters that cannot be used, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{}: {reason}", path.display(), line.map_or_else(String::new, |line| format!(":{line}")))]
pub struct PackageFault {
    /// The file, or the folder when that cannot be read.
    pub path: PathBuf,
    /// The line, where one is known.
    pub line: Option<u32>,
    /// What was found and what was wanted.
    pub reason: String,
}

/// What a folder declares, and what of it cannot be used.
#[derive(Default)]
pub struct Packages {
    /// Filters that are declared whole.
    pub filters: Vec<Arc<dyn Filter>>,
    /// Filters made of others: what they can do is known when those are registered.
    pub recipes: Vec<Recipe>,
    /// The files that are not understood.
    pub faults: Vec<PackageFault>,
}

impl Packages {
    /// Reads a folder. One that is not there declares nothing.
    pub fn read(folder: &Path) -> Self {
        let mut found = Self::default();
        let fault = |path: &Path, line, reason: String| PackageFault {
            path: path.to_owned(),
            line,
            reason,
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return found,
            Err(error) => {
                found.faults.push(fault(folder, None, error.to_string()));
                return found;
            }
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|it| it == "ron") && path.is_file())
            .collect();
        paths.sort();
        for path in paths {
            match std::fs::read_to_string(&path) {
                Err(error) => found.faults.push(fault(&path, None, error.to_string())),
                Ok(text) if is_recipe(&text) => {
                    let name = path.display().to_string();
                    match recipe_from_ron(text.as_bytes(), &name) {
                        Ok((recipe, _)) => found.recipes.push(Recipe {
                            file: Some(path),
                            ..recipe
                        }),
                        Err(error) => {
                            let line = error.spot().map(|spot| spot.line);
                            // The file and line stand before it anyway.
                            let text = error.to_string();
                            let place = error.spot().map_or_else(String::new, |spot| {
                                format!("cannot read {name}:{}:{}: ", spot.line, spot.column)
                            });
                            let text = text.strip_prefix(&place).unwrap_or(&text).to_owned();
                            found.faults.push(fault(&path, line, text));
                        }
                    }
                }
                Ok(text) => match filters_of(&text) {
                    Ok(filters) => {
                        let filters = filters.into_iter();
                        found
                            .filters
                            .extend(filters.map(|it| Arc::new(it) as Arc<dyn Filter>));
                    }
                    Err(error) => found
                        .faults
                        .push(fault(&path, error.line, error.to_string())),
                },
            }
        }
        found
    }

    /// Registers the filters; what cannot be is told in words, with the folder.
    pub fn register(self, catalogue: &mut Catalogue, folder: &Path) -> Vec<String> {
        let mut told: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        for filter in self.filters {
            if let Err(error) = catalogue.register(filter) {
                told.push(format!("{}: {error}", folder.display()));
            }
        }
        told.extend(register(catalogue, &self.recipes));
        told
    }
}

/// Registers filters made of others; what cannot be is told in words, with its file.
pub(crate) fn register(catalogue: &mut Catalogue, recipes: &[Recipe]) -> Vec<String> {
    let faults = compose(catalogue, recipes).into_iter();
    let told = faults.map(|(at, reason)| match &recipes[at].file {
        Some(file) => format!("{}: {reason}", file.display()),
        None => reason,
    });
    told.collect()
}
