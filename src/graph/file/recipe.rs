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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::wiring::FilterPath;
    use crate::graph::{FilterId, FilterNode, GroupPin, Node, NodeKind, PinRef, Position};

    fn whole() -> Recipe {
        let mut recipe = Recipe {
            key: "warm_echo".into(),
            title: "Warm \"Echo\"".into(),
            categories: vec![crate::ks::ids::category::MIXER],
            help: "Two\nlines.".into(),
            merit: Some(7),
            ..Recipe::default()
        };
        let kind = NodeKind::Filter(FilterNode {
            key: "gain".into(),
            ..FilterNode::default()
        });
        let node = Node {
            name: "a".into(),
            position: Position::default(),
            kind,
        };
        recipe.group.graph.filters.insert(FilterId(3), node.into());
        recipe.group.graph.next_id = 4;
        recipe.group.pins.push(GroupPin {
            name: "in".into(),
            inner: PinRef {
                filter: FilterId(3),
                pin: "in".into(),
                instance: 0,
            },
        });
        recipe.show(FilterPath::of(FilterId(3)), "level", "How loud?");
        recipe.show(FilterPath::of(FilterId(3)), "pan", "How loud?");
        recipe
    }

    #[test]
    fn what_is_written_is_read_again_and_keys_are_unique() {
        let recipe = whole();
        let keys: Vec<&str> = recipe.group.properties.iter().map(|it| &*it.key).collect();
        assert_eq!(keys, ["how_loud", "how_loud_2"]);
        let text = recipe_to_ron(&recipe);
        assert!(is_recipe(&text));
        let (again, warnings) = recipe_from_ron(text.as_bytes(), "a.ron").unwrap();
        assert_eq!((&again, warnings.len()), (&recipe, 0));
        assert_eq!(recipe_to_ron(&again), text);
        // A graph is none, and none is a graph.
        let graph = crate::graph::to_ron(&recipe.group.graph);
        assert!(!is_recipe(&graph));
        let told = crate::graph::from_ron(text.as_bytes(), "a.ron").unwrap_err();
        assert!(told.to_string().contains("ksgraph-filter"), "{told}");
    }

    #[test]
    fn no_damage_is_more_than_an_error_with_its_place() {
        let text = recipe_to_ron(&whole());
        for end in 0..text.len() {
            if let Err(error) = recipe_from_ron(&text.as_bytes()[..end], "a.ron") {
                assert!(error.to_string().contains("a.ron"), "{error}");
            }
            for byte in [b'(', b']', b'"', b'0', 0xFF] {
                let mut bytes = text.clone().into_bytes();
                bytes[end] = byte;
                let _ = recipe_from_ron(&bytes, "a.ron");
                let _ = is_recipe(&String::from_utf8_lossy(&bytes));
            }
        }
        for (old, new, wanted) in [
            (
                "key: \"warm_echo\"",
                "key: \"warm echo\"",
                "letters, figures",
            ),
            ("group: (", "grup: (", "group"),
            ("[\"AD8", "[\"XX8", "GUIDs"),
            ("property: \"pan\"", "", "a group's property"),
        ] {
            let damaged = text.replacen(old, new, 1);
            assert_ne!(damaged, text, "{old}");
            let told = recipe_from_ron(damaged.as_bytes(), "a.ron").unwrap_err();
            assert!(told.to_string().contains(wanted), "{told}");
        }
    }
}
