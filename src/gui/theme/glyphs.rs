//! Every string that stands in the program's sources is laid out once: none has a character that the fonts lack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Theme, ThemeName, Type};

/// The Rust files below a folder, those of tests left out.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("can be listed").path();
        let name = path
            .file_stem()
            .map(|it| it.to_string_lossy().into_owned())
            .unwrap_or_default();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") && !name.ends_with("tests") {
            found.push(path);
        }
    }
}

/// The string literals of a source, escapes resolved, up to the tests at its end.
fn strings(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or("");
    let mut found = vec![];
    let mut rest = source.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            // A character, not a lifetime: 'x' or an escape.
            '\'' => {
                if rest.next_if_eq(&'\\').is_some() {
                    let _escaped = rest.next();
                    while rest.next_if(|c| *c != '\'').is_some() {}
                    let _end = rest.next();
                } else if rest.next_if_eq(&'"').is_some() {
                    let _end = rest.next();
                }
            }
            '"' => {
                let is_raw = before == 'r' || before == '#';
                let mut text = String::new();
                while let Some(c) = rest.next() {
                    match c {
                        '"' => break,
                        '\\' if !is_raw => match rest.next() {
                            Some('u') => {
                                let code: String =
                                    rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                                let code = u32::from_str_radix(&code, 16).ok();
                                text.extend(code.and_then(char::from_u32));
                            }
                            Some('n' | 't' | 'r' | '0' | '\n') | None => text.push(' '),
                            Some('x') => {
                                rest.nth(1);
                            }
                            Some(c) => text.push(c),
                        },
                        c => text.push(c),
                    }
                }
                found.push(text);
            }
            _ => {}
        }
        before = c;
    }
    found
}

#[test]
fn literals_are_found_with_their_escapes() {
    let source = r#"let a = "one \u{2192} \"two\""; // "not this"
        let b = '"'; let c: &'static str = "three"; let d = '\''; f("four\
        ")"#;
    let found = strings(source);
    assert_eq!(found[..2], ["one \u{2192} \"two\"", "three"]);
    assert!(
        found[2].starts_with("four") && found.len() == 3,
        "{found:?}"
    );
}

#[test]
fn no_string_of_the_program_lacks_a_glyph() {
    let mut files = vec![];
    // What is typed on a terminal is not ours to draw.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root, &mut files);
    files.retain(|file| !file.starts_with(root.join("cli")));
    let mut used: BTreeMap<char, PathBuf> = BTreeMap::new();
    let mut count = 0;
    for file in &files {
        let source = std::fs::read_to_string(file).expect("can be read");
        for text in strings(&source) {
            count += 1;
            for c in text.chars().filter(|c| !c.is_control()) {
                used.entry(c).or_insert_with(|| file.clone());
            }
        }
    }
    assert!(count > 3_000, "only {count} strings were found");
    assert!(used.contains_key(&'\u{2192}'), "escapes are resolved");
    let ctx = egui::Context::default();
    Theme::install(&ctx, ThemeName::Dark);
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for role in [Type::Body, Type::Value, Type::PanelTitle, Type::Small] {
            let font = role.font();
            for (c, file) in &used {
                let has = ui.fonts_mut(|fonts| fonts.has_glyph(&font, *c));
                assert!(has, "{role:?} lacks {c:?}, which {} has", file.display());
            }
            let has = ui.fonts_mut(|fonts| fonts.has_glyph(&font, '\u{10fffd}'));
            assert!(!has, "a missing glyph is found out");
        }
    });
    output.textures_delta.clear();
}
