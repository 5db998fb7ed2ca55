//! Files of filters made of others (REG-7): the text of a [`Recipe`] and back. A graph file's manners and errors, another
//! head:
//!
//! ```text
//! (
//!     kind: "ksgraph-filter",
//!     version: 1,
//!     key: "warm_echo",
//!     title: "Warm Echo",
//!     categories: ["6994AD04-93EF-11D0-A3CC-00A0C9223196"],
//!     help: "An echo behind a soft gain.",
//!     group: (
//!         pins: [(name: "in", inner: "1.in")],
//!         properties: [(key: "tone", title: "Tone", inner: "2", property: "feedback")],
//!         filters: [...],
//!         connections: [...],
//!     ),
//! )
//! ```

use super::read::{Reader, check_kind, scan};
use super::write::{line, quoted, write_group};
use super::{FileError, Warning};
use crate::graph::composite::Recipe;

/// What `kind` says in such a file.
const KIND: &str = "ksgraph-filter";
/// The version this program writes and reads.
const VERSION: u32 = 1;

/// Whether a text says that it is one, right or wrong.
pub fn is_recipe(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    scan(text.as_bytes(), "")
        .is_ok_and(|cursor| check_kind(cursor, (KIND, VERSION)).is_ok() || names_kind(text))
        || names_kind(text)
}

/// Even where the rest is damaged, so that the error is about what was meant.
fn names_kind(text: &str) -> bool {
    text.contains(&format!("\"{KIND}\""))
}

/// Reads a filter from the bytes of a file; `file` is its name for messages.
pub fn recipe_from_ron(bytes: &[u8], file: &str) -> Result<(Recipe, Vec<Warning>), FileError> {
    let mut cursor = scan(bytes, file)?;
    check_kind(cursor.clone(), (KIND, VERSION))?;
    let mut reader = Reader::default();
    let mut recipe = Recipe::default();
    let (mut group, here) = (None, cursor.clone());
    let mut unknown: Vec<Warning> = vec![];
    cursor.fields("a filter", |name, cursor| {
        match name {
            "kind" | "version" => _ = cursor.value(),
            "key" => {
                let wanted = "letters, figures, _ and - in quotes";
                let before = cursor.clone();
                let key: String = cursor.parse("key", wanted)?;
                if !is_key(&key) {
                    return Err(before.wrong("key", wanted));
                }
                recipe.key = key;
            }
            "title" => recipe.title = cursor.parse("title", "a title in quotes")?,
            "categories" => {
                let wanted = "a list of GUIDs in quotes";
                recipe.categories = cursor.parse("categories", wanted)?;
            }
            "help" => recipe.help = cursor.parse("help", "words in quotes")?,
            "merit" => recipe.merit = Some(cursor.parse("merit", "a whole number")?),
            "group" => group = Some(reader.group(cursor)?),
            other => {
                let line = cursor.line();
                _ = cursor.value();
                let text = format!("the field {other} is not known; it is left out");
                unknown.push(Warning {
                    line,
                    text,
                    is_blocking: false,
                });
            }
        }
        Ok(())
    })?;
    if recipe.key.is_empty() {
        return Err(here.wrong("key", "letters, figures, _ and - in quotes"));
    }
    if recipe.title.is_empty() {
        recipe.title.clone_from(&recipe.key);
    }
    recipe.group = group.ok_or_else(|| here.wrong("group", "group: (filters: [...])"))?;
    let mut warnings = reader.warnings;
    warnings.extend(unknown);
    Ok((recipe, warnings))
}

/// Whether a word may be the key of a filter from a file.
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
}

/// The text of a filter. The same one always gives the same text.
pub fn recipe_to_ron(recipe: &Recipe) -> String {
    let mut text = String::from("(\n");
    line(&mut text, 1, &format!("kind: {},", quoted(KIND)));
    line(&mut text, 1, &format!("version: {VERSION},"));
    line(&mut text, 1, &format!("key: {},", quoted(&recipe.key)));
    line(&mut text, 1, &format!("title: {},", quoted(&recipe.title)));
    if !recipe.categories.is_empty() {
        let ids: Vec<String> = recipe
            .categories
            .iter()
            .map(|id| ron::to_string(id).expect("plain data has a text"))
            .collect();
        line(&mut text, 1, &format!("categories: [{}],", ids.join(", ")));
    }
    if !recipe.help.is_empty() {
        line(&mut text, 1, &format!("help: {},", quoted(&recipe.help)));
    }
    if let Some(merit) = recipe.merit {
        line(&mut text, 1, &format!("merit: {merit},"));
    }
    line(&mut text, 1, "group: (");
    write_group(&mut text, 2, &recipe.group);
    line(&mut text, 1, "),");
    text.push_str(")\n");
    text
}
