//! What holds for every command of the table.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Event, Key, Modifiers};

use super::*;

fn press(key: Key, modifiers: Modifiers) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    }
}

#[test]
fn names_are_unique_and_say_which_menu_they_belong_to() {
    let mut seen = BTreeSet::new();
    for spec in all() {
        assert!(seen.insert(spec.name), "{} twice", spec.name);
        let (topic, rest) = spec.name.split_once('.').expect("a topic and a name");
        assert!(!rest.is_empty());
        let is_plain =
            |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "._".contains(it);
        assert!(spec.name.chars().all(is_plain), "{}", spec.name);
        if let Some(place) = spec.place {
            assert_eq!(topic, place.menu.title().to_lowercase(), "{}", spec.name);
        }
    }
    assert!(seen.len() > 40);
}

#[test]
fn every_command_has_words_and_a_sentence_of_help() {
    for spec in all() {
        assert!(
            !spec.words.is_empty() && spec.words.len() < 40,
            "{}",
            spec.name
        );
        assert!(
            spec.help.len() > 10 && spec.help.ends_with('.'),
            "{}",
            spec.name
        );
        let first = spec.help.chars().next().unwrap();
        assert!(first.is_uppercase(), "{}: {}", spec.name, spec.help);
    }
}

#[test]
fn every_command_is_in_a_menu_or_has_a_key() {
    for spec in all() {
        assert!(
            spec.place.is_some() || !spec.keys.is_empty(),
            "{}",
            spec.name
        );
    }
}

#[test]
fn no_two_entries_of_a_menu_have_the_same_words() {
    let mut seen = BTreeSet::new();
    for spec in all() {
        if let Some(place) = spec.place {
            assert!(
                seen.insert((place.menu, place.under, spec.words)),
                "{}",
                spec.name
            );
        }
    }
}

#[test]
fn groups_and_submenus_stand_together() {
    for menu in Menu::ALL {
        let places: Vec<Place> = all()
            .filter_map(|spec| spec.place)
            .filter(|place| place.menu == menu)
            .collect();
        assert!(!places.is_empty(), "{menu:?}");
        assert!(places.is_sorted_by_key(|place| place.group), "{menu:?}");
        let mut parts: Vec<_> = places
            .iter()
            .map(|place| (place.group, place.under))
            .collect();
        parts.dedup();
        let different: BTreeSet<_> = parts.iter().collect();
        let subs = parts.iter().filter(|part| part.1.is_some()).count();
        let different_subs = different.iter().filter(|part| part.1.is_some()).count();
        assert_eq!(subs, different_subs, "{menu:?}: a submenu is torn");
    }
}

#[test]
fn keys_are_read_are_unique_and_are_nobody_elses() {
    let mut seen: BTreeMap<Keys, &str> = BTreeMap::new();
    for spec in all() {
        for text in spec.keys {
            let keys = Keys::parse(text).unwrap_or_else(|| panic!("{}: {text}", spec.name));
            assert_eq!(keys.to_string(), *text, "{}", spec.name);
            if let Some(other) = seen.insert(keys, spec.name) {
                panic!("{text} is {other}'s and {}'s", spec.name);
            }
            assert!(fixed(keys).is_none(), "{text} of {} is fixed", spec.name);
        }
    }
    for fixed in FIXED {
        for text in fixed.taken {
            assert!(Keys::parse(text).is_some(), "{text}");
        }
    }
}

#[test]
fn each_default_key_is_heard_by_its_command_alone() {
    let bindings = Bindings::new(&BTreeMap::new());
    for spec in all() {
        for keys in bindings.keys(spec.name) {
            let modifiers = Modifiers {
                alt: keys.alt,
                ctrl: keys.ctrl,
                shift: keys.shift,
                mac_cmd: false,
                command: keys.ctrl,
            };
            let event = press(keys.key, modifiers);
            let hearers: Vec<&str> = all()
                .filter(|it| {
                    bindings
                        .keys(it.name)
                        .iter()
                        .any(|keys| keys.matches(&event))
                })
                .map(|it| it.name)
                .collect();
            assert_eq!(hearers, [spec.name], "{keys}");
        }
    }
}

#[test]
fn what_is_held_beside_a_key_counts() {
    let undo = Keys::parse("Ctrl+Z").unwrap();
    assert!(undo.matches(&press(Key::Z, Modifiers::COMMAND)));
    assert!(!undo.matches(&press(Key::Z, Modifiers::COMMAND | Modifiers::SHIFT)));
    assert!(!undo.matches(&press(Key::Z, Modifiers::NONE)));
    let plus = Keys::parse("Ctrl++").unwrap();
    assert!(
        plus.matches(&press(Key::Plus, Modifiers::COMMAND | Modifiers::SHIFT)),
        "some keyboards have it behind Shift"
    );
    let fit = Keys::parse("Shift+0").unwrap();
    let german = Event::Key {
        key: Key::Equals,
        physical_key: Some(Key::Num0),
        pressed: true,
        repeat: false,
        modifiers: Modifiers::SHIFT,
    };
    assert!(
        fit.matches(&german),
        "Shift and the figure, whatever that writes"
    );
    assert!(Keys::parse("Ctrl+C").unwrap().matches(&Event::Copy));
    assert!(!Keys::parse("C").unwrap().matches(&Event::Copy));
}

#[test]
fn the_users_keys_win_and_nothing_is_heard_twice() {
    let chosen = BTreeMap::from([
        ("edit.delete".to_owned(), vec!["Ctrl+Z".to_owned()]),
        ("view.fit".to_owned(), vec![]),
        (
            "edit.redo".to_owned(),
            vec!["Hyper+7".to_owned(), "F9".to_owned()],
        ),
        ("no.such".to_owned(), vec!["F5".to_owned()]),
    ]);
    let bindings = Bindings::new(&chosen);
    let keys = Keys::parse("Ctrl+Z").unwrap();
    assert_eq!(bindings.owner(keys).unwrap().name, "edit.delete");
    assert!(bindings.keys("edit.undo").is_empty(), "its key was taken");
    assert!(bindings.keys("view.fit").is_empty(), "it was to have none");
    assert_eq!(bindings.shown("edit.redo"), "F9");
    assert_eq!(bindings.shown("graph.refresh"), "F5");
    assert!(bindings.is_of(&chosen) && !bindings.is_of(&BTreeMap::new()));
}

#[test]
fn letters_rest_in_play_mode_and_text_keeps_its_keys() {
    let rests = |text| Keys::parse(text).unwrap().rests_in_play_mode();
    assert!(rests("E") && rests("Shift+0"));
    assert!(!rests("Del") && !rests("Tab") && !rests("F8") && !rests("Ctrl+Z") && !rests("Space"));
    let text = |text| Keys::parse(text).unwrap().is_of_text();
    for keys in [
        "Ctrl+C",
        "Ctrl+Z",
        "Del",
        "Shift+Del",
        "Ctrl+Del",
        "B",
        "Home",
        "/",
        "Tab",
    ] {
        assert!(text(keys), "{keys}");
    }
    for keys in ["Ctrl+S", "F1", "F12", "Shift+F6", "Ctrl+F", "Alt+Up"] {
        let is_of_text = text(keys);
        assert_eq!(is_of_text, keys == "Alt+Up", "{keys}");
    }
}

#[test]
fn every_string_of_commands_and_filters_has_its_glyphs() {
    use crate::gui::theme::{Theme, ThemeName, Type};
    use crate::ks::Domain;

    let mut words: BTreeSet<String> = BTreeSet::new();
    for spec in all() {
        words.extend([spec.words.to_owned(), spec.help.to_owned()]);
        words.extend(spec.keys.iter().map(|it| (*it).to_owned()));
        words.extend(spec.toast.map(str::to_owned));
        words.extend(spec.place.and_then(|it| it.under).map(str::to_owned));
    }
    for fixed in FIXED {
        words.extend([fixed.words.to_owned(), fixed.shown.to_owned()]);
    }
    let app = crate::app::App::new(crate::app::Options::nominal(64));
    for filter in app.view().catalogue.iter() {
        let descriptor = filter.descriptor();
        words.extend([descriptor.title.to_string(), descriptor.help.to_string()]);
        words.extend(descriptor.category().name().map(str::to_owned));
        words.extend(descriptor.pins.iter().map(|pin| pin.name.to_string()));
        for property in descriptor.properties.iter() {
            words.extend([property.title.to_owned(), property.wanted()]);
            words.insert(property.unit.symbol().to_owned());
            if let Domain::Choice(choices) = property.domain {
                words.extend(choices.iter().map(|it| (*it).to_owned()));
            }
        }
    }
    assert!(words.len() > 200);
    let ctx = Context::default();
    Theme::install(&ctx, ThemeName::Dark);
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for role in [Type::Body, Type::Value, Type::Section, Type::Small] {
            let font = role.font();
            for text in &words {
                let has = ui.fonts_mut(|fonts| fonts.has_glyphs(&font, text));
                assert!(has, "{role:?} lacks a glyph of {text:?}");
            }
            let has = ui.fonts_mut(|fonts| fonts.has_glyphs(&font, "\u{10fffd}"));
            assert!(!has, "a missing glyph is found out");
        }
    });
    output.textures_delta.clear();
}
