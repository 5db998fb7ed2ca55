//! What a user has set, as values and as the text of a file. Writing it, and other instances of the program, are
//! `keeper.rs`'s; which folder it lies in is `folders.rs`'s.
//!
//! The file is read field by field: one that this version does not know is kept, one whose value it does not understand
//! gives way to the default without taking the others along.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::to_file::RenderChoice;

/// Files on the list of recent ones.
pub(super) const RECENT: usize = 10;

/// Which colours the window wears.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// Graphite.
    #[default]
    Dark,
    /// Paper.
    Light,
    /// Borders and strong colours.
    HighContrast,
    /// As the desktop has it.
    System,
}

/// How wires are drawn: above all, what becomes of one that is refused as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ConnectMode {
    /// It shows why.
    #[default]
    Direct,
    /// It takes the first cure.
    Intelligent,
    /// It shows why; of a wire that holds the format is asked for.
    WithFormat,
}

/// What becomes of a graph when all its sources have ended and the last echo was heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum AtEnd {
    /// It goes on, in silence.
    #[default]
    GoOn,
    /// It stops.
    Stop,
    /// It goes back to the beginning.
    BeginAnew,
}

/// A part of the window that can be closed and sized.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Panel {
    /// Whether it is shown.
    pub is_open: bool,
    /// Its width or height in points.
    pub size: f32,
}

/// The sound card a user has chosen. Empty or `None` is what the program chooses by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioChoice {
    /// The sound system, as `ksgraph devices` prints it.
    pub host: String,
    /// The device of it.
    pub device: String,
    /// Samples a second.
    pub rate_hz: Option<u32>,
}

/// Everything a user has set.
#[derive(Clone, PartialEq, Debug)]
pub struct Preferences {
    /// The colours.
    pub theme: ThemeChoice,
    /// Size of everything, from 100 to 200.
    pub scale_percent: u16,
    /// Whether things appear in place instead of moving there.
    pub reduced_motion: bool,
    /// The keys of commands that differ from the built-in ones, by the command's name.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Graphs that were open, newest first.
    pub recent: Vec<PathBuf>,
    /// Filters that stand at the top of the catalogue, by key.
    pub favourites: BTreeSet<String>,
    /// Filters that are not offered: the catalogue hides them and intelligent connecting leaves them out, by key.
    pub blocked: BTreeSet<String>,
    /// How gladly a filter is taken when graphs are built by themselves, where the user thinks otherwise than it does; by key.
    pub merits: BTreeMap<String, u32>,
    /// Parts of the window, by name.
    pub panels: BTreeMap<String, Panel>,
    /// How panels are split and stacked, in the words of who draws them; empty is the built-in way.
    pub layout: String,
    /// Whether filters settle on the grid.
    pub snap: bool,
    /// Samples of a cycle; `None` is the program's.
    pub quantum: Option<usize>,
    /// Whether filters that name no device move when the system's default one changes.
    pub follow_default: bool,
    /// The sound card.
    pub audio: AudioChoice,
    /// What a refused wire does.
    pub connect: ConnectMode,
    /// The graph that New begins with; `None` is an empty one.
    pub template: Option<PathBuf>,
    /// Whether the first steps were seen.
    pub first_run_done: bool,
    /// Where media were found again that had moved.
    pub moved_media: BTreeMap<PathBuf, PathBuf>,
    /// What stands for a device that is not there, by the name the graph has.
    pub device_mapping: BTreeMap<String, String>,
    /// Whether wires show what waits, how late they are and how loud.
    pub glass_wires: bool,

    /// What becomes of a graph at its end.
    pub at_end: AtEnd,
    /// How many seconds of what was played are kept in memory; 0 keeps none.
    pub last_minutes_seconds: u32,
    /// What a render into a file is like.
    pub render: RenderChoice,
    /// Fields of other versions, as they stand in the file.
    unknown: BTreeMap<String, String>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Dark,
            scale_percent: 100,
            reduced_motion: false,
            keys: BTreeMap::new(),
            recent: vec![],
            favourites: BTreeSet::new(),
            blocked: BTreeSet::new(),
            merits: BTreeMap::new(),
            panels: BTreeMap::new(),
            layout: String::new(),
            snap: true,
            quantum: None,
            follow_default: false,
            audio: AudioChoice::default(),
            connect: ConnectMode::Direct,
            template: None,
            first_run_done: false,
            moved_media: BTreeMap::new(),
            device_mapping: BTreeMap::new(),
            glass_wires: false,

            at_end: AtEnd::GoOn,
            last_minutes_seconds: super::minutes::USUAL_SECONDS,
            render: RenderChoice::default(),
            unknown: BTreeMap::new(),
        }
    }
}

/// The fields of the file: both ways out of one list, and a field that is missing from it does not compile.
macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        impl Preferences {
            /// Every field as it stands in a file.
            pub(super) fn texts(&self) -> Vec<(&str, String)> {
                let Self { $($name,)* unknown } = self;
                let pretty = ron::ser::PrettyConfig::new();
                let mut texts = vec![];
                // A path that is no text cannot be written: that one field is left as it is in the file.
                $(if let Ok(text) = ron::ser::to_string_pretty($name, pretty.clone()) {
                    texts.push((stringify!($name), text));
                })*
                texts.extend(unknown.iter().map(|(name, text)| (name.as_str(), text.clone())));
                texts
            }

            /// Takes one field; the error is why not.
            fn take(&mut self, name: &str, text: &str) -> Result<(), String> {
                match name {
                    $(stringify!($name) => {
                        self.$name = ron::from_str(text).map_err(|error| error.code.to_string())?;
                    })*
                    _ => {
                        self.unknown.insert(name.to_owned(), text.to_owned());
                    }
                }
                Ok(())
            }
        }
    };
}

fields! {
    theme, scale_percent, reduced_motion, keys, recent, favourites, blocked, merits, panels, layout, snap, quantum, audio, connect,
    follow_default, template, first_run_done, moved_media, device_mapping,

    glass_wires,

    at_end,
    last_minutes_seconds,
    render,
}

impl Preferences {
    /// Reads the text of a file. The error says that it is no such file at all; the sentences tell of single fields.
    pub fn from_ron(text: &str) -> Result<(Self, Vec<String>), String> {
        let mut preferences = Self::default();
        let mut notes = vec![];
        for (name, text) in split(text)? {
            if let Err(reason) = preferences.take(&name, &text) {
                notes.push(format!(
                    "the setting {name} is not understood ({reason}); the built-in one is used"
                ));
            }
        }
        preferences.tidy();
        Ok((preferences, notes))
    }

    /// The text of a file.
    pub fn to_ron(&self) -> String {
        let texts = self.texts();
        join(texts.iter().map(|(name, text)| (*name, text.as_str())))
    }

    /// Puts a graph at the head of the recent ones.
    pub fn remember(&mut self, path: &Path) {
        self.recent.retain(|it| it != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }

    /// Holds every value within its bounds, whoever set it.
    pub(super) fn tidy(&mut self) {
        self.scale_percent = self.scale_percent.clamp(100, 200);
        self.recent.truncate(RECENT);
        self.quantum = self.quantum.map(|it| it.clamp(16, 8192));
        self.render.tidy();
        self.panels.retain(|_, panel| panel.size.is_finite());
    }
}

/// The fields of a file by name, each as its text.
pub(super) fn split(text: &str) -> Result<BTreeMap<String, String>, String> {
    struct Fields(BTreeMap<String, String>);

    impl<'de> Deserialize<'de> for Fields {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_struct("", &[], Each).map(Self)
        }
    }

    struct Each;

    impl<'de> serde::de::Visitor<'de> for Each {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("settings in round brackets")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut fields = BTreeMap::new();
            while let Some(Name(name)) = map.next_key()? {
                let value: Box<ron::value::RawValue> = map.next_value()?;
                fields.insert(name, value.get_ron().trim().to_owned());
            }
            Ok(fields)
        }
    }

    /// A field's name, which stands in the file without quotes.
    struct Name(String);

    impl<'de> Deserialize<'de> for Name {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Word;

            impl serde::de::Visitor<'_> for Word {
                type Value = Name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("the name of a setting")
                }

                fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Name, E> {
                    Ok(Name(word.to_owned()))
                }
            }
            deserializer.deserialize_identifier(Word)
        }
    }

    let Fields(fields) = ron::from_str(text).map_err(|error| error.to_string())?;
    Ok(fields)
}

/// The text of a file with these fields.
pub(super) fn join<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::from("(\n");
    for (name, value) in fields {
        // Raw identifiers are RON's way to write a name that is no plain word.
        let is_plain = name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_');
        let mark = if is_plain { "" } else { "r#" };
        // Lines inside a value are left alone: they may be part of a text.
        text.push_str(&format!("    {mark}{name}: {value},\n"));
    }
    text.push_str(")\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed() -> Preferences {
        let mut preferences = Preferences {
            theme: ThemeChoice::HighContrast,
            scale_percent: 150,
            layout: "a \"layout\"\nof two lines".into(),
            quantum: Some(128),
            template: Some("/home/ada/Graphen für Übung.ron".into()),
            ..Preferences::default()
        };
        preferences
            .keys
            .insert("run".into(), vec!["Ctrl+R".into(), "F5".into()]);
        preferences.panels.insert(
            "log".into(),
            Panel {
                is_open: true,
                size: 196.5,
            },
        );
        preferences.favourites.insert("gain".into());
        preferences.remember(Path::new("/tmp/a.ron"));
        preferences
    }

    #[test]
    fn what_was_written_is_read_again() {
        for preferences in [Preferences::default(), changed()] {
            let text = preferences.to_ron();
            let (read, notes) =
                Preferences::from_ron(&text).unwrap_or_else(|it| panic!("{it}\n{text}"));
            assert_eq!(read, preferences);
            assert_eq!(notes, [""; 0]);
        }
    }

    #[test]
    fn fields_of_a_later_version_are_kept() {
        let text = "(theme: Light, hologram: (depth: 3, eyes: [Left, Right]), wish: \"more\",)";
        let (preferences, notes) = Preferences::from_ron(text).unwrap();
        assert_eq!((preferences.theme, notes.len()), (ThemeChoice::Light, 0));
        let again = preferences.to_ron();
        assert!(
            again.contains("hologram: (depth: 3, eyes: [Left, Right])"),
            "{again}"
        );
        assert_eq!(Preferences::from_ron(&again).unwrap().0, preferences);
    }

    #[test]
    fn one_field_that_is_not_understood_leaves_the_others() {
        let text = "(theme: Plaid, scale_percent: 9000, snap: false, quantum: Some(\"many\"))";
        let (preferences, notes) = Preferences::from_ron(text).unwrap();
        assert_eq!(preferences.theme, ThemeChoice::Dark);
        assert_eq!(preferences.scale_percent, 200, "held within its bounds");
        assert!(!preferences.snap);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].contains("quantum") || notes[0].contains("theme"));
    }

    #[test]
    fn what_is_no_such_file_is_an_error_and_never_a_crash() {
        for text in [
            "",
            "(",
            "(theme: Dark",
            "\0\0\0",
            "[1, 2]",
            "7",
            &"(".repeat(5000),
            "(a: (b: )",
        ] {
            assert!(Preferences::from_ron(text).is_err(), "{text:.40}");
        }
    }

    #[test]
    fn the_recent_list_holds_ten_and_nothing_twice() {
        let mut preferences = Preferences::default();
        for index in 0..20 {
            preferences.remember(Path::new(&format!("/tmp/{}.ron", index % 12)));
        }
        assert_eq!(preferences.recent.len(), RECENT);
        assert_eq!(preferences.recent[0], Path::new("/tmp/7.ron"));
        let different: BTreeSet<_> = preferences.recent.iter().collect();
        assert_eq!(different.len(), RECENT);
    }
}
