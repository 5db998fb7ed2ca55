//! Files of a kind that only outsiders read: which reader is taken, what comes behind it, what is said where only some of it is
//! rendered, and that nothing is left where none of it is. By `open`, and by files that are dropped.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use ksgraph::app::{Action, App, Options, Packages};
use ksgraph::graph::{Graph, Position};
use ksgraph::ks::{
    Constrained, Descriptor, Facts, Filter, OpenError, Opened, Opening, Settings, merit,
};

use crate::desk::Desk;
use crate::editor::{selected, wires};
use crate::opening::{song, wave};
use crate::program;
use crate::sysaudio::{Kind, NORMAL, UNLIKELY, filter, graph, names, told};

/// A filter that reads files of an ending.
fn reader(kind: &Kind<'_>, ending: &str) -> String {
    let text = filter(kind);
    let open = text.trim_end().strip_suffix(')').unwrap();
    format!("{open}, reads: [\"{ending}\"])")
}

/// A desk with these filters, and a file of a kind nobody knows.
fn desk(name: &str, filters: &[String]) -> Desk {
    let desk = Desk::new(&format!("media-{name}"));
    let text = format!("(version: 1, filters: [{}])", filters.join(", "));
    std::fs::create_dir_all(desk.path("more")).unwrap();
    std::fs::write(desk.path("more/kinds.ron"), text).unwrap();
    std::fs::write(desk.path("a.strange"), "nobody knows this").unwrap();
    desk
}

const BOTH: &[&str] = &["one:B", "two:C"];

fn sink(key: &'static str, input: &'static [&'static str]) -> String {
    filter(&(key, NORMAL, input, &[]))
}

#[test]
fn a_file_is_read_by_whoever_says_so_and_rendered_whole_or_in_part_or_not_at_all() {
    let r = reader(&("r", NORMAL, &[], BOTH), "strange");
    let (b, c) = (sink("b", &["in:B"]), sink("c", &["in:C"]));
    type Case<'a> = (
        &'a str,
        Vec<&'a String>,
        Option<(&'a [&'a str], &'a [&'a str])>,
    );
    let cases: [Case<'_>; 4] = [
        ("whole", vec![&r, &b, &c], Some((&["r", "b", "c"], &[]))),
        ("part", vec![&r, &c], Some((&["r", "c"], &["r.one"]))),
        ("none", vec![&r], None),
        ("nobody", vec![&b, &c], None),
    ];
    for (name, filters, wanted) in cases {
        let filters: Vec<String> = filters.into_iter().cloned().collect();
        let desk = desk(name, &filters);
        let before = desk.files();
        let did = told(&desk, &["open", "a.strange", "-o", "g.ron", "--log"]);
        match wanted {
            Some((inserted, left)) => {
                assert_eq!(did.code, Some(0), "{name}: {}", did.json);
                assert_eq!(names(&did, "inserted"), inserted, "{name}");
                assert_eq!(names(&did, "left"), left, "{name}");
                assert_eq!(did.json["partial"], !left.is_empty(), "{name}");
                assert_eq!(did.said.contains("in part"), !left.is_empty(), "{name}");
                assert!(graph(&desk).contains("a.strange"), "{}", graph(&desk));
                let way = &did.json["attempts"][0]["inner"][0];
                assert_eq!(way["attempt"], "read by r", "{}", did.json);
            }
            None => {
                assert!(matches!(did.code, Some(1 | 3)), "{name}: {}", did.json);
                assert_eq!(desk.files(), before, "{name}: something was written");
            }
        }
    }
}

#[test]
fn of_several_readers_the_better_is_taken_that_is_rendered_whole() {
    let of = |key, merit, outputs| reader(&(key, merit, &[], outputs), "strange");
    let filters = [
        of("plain", NORMAL, &["out:B"]),
        of("better", NORMAL + 1, &["out:B"]),
        of("deaf", NORMAL + 9, &["out:Q"]),
        of("half", NORMAL + 5, &["out:B", "more:Q"]),
        of("by_hand", NORMAL / 3, &["out:B"]),
        reader(&("other", NORMAL + 99, &[], &["out:B"]), "odd"),
        sink("b", &["in:B"]),
    ];
    let desk = desk("several", &filters);
    let taken = |more: &[&str]| {
        let did = told(
            &desk,
            &[&["open", "a.strange", "-o", "g.ron"], more].concat(),
        );
        assert_eq!(did.code, Some(0), "{}", did.json);
        names(&did, "inserted").swap_remove(0)
    };
    assert_eq!(taken(&[]), "better");
    assert_eq!(taken(&["--merit", "better=never"]), "plain");
    assert_eq!(taken(&["--merit", "plain=preferred"]), "plain");
    let none = ["--merit", "better=never", "--merit", "plain=1"];
    assert_eq!(taken(&none), "half", "in part is better than not at all");
    for wrong in ["better", "nobody=never", "better=lots"] {
        let words = ["open", "a.strange", "-o", "h.ron", "--merit", wrong];
        let did = told(&desk, &words);
        assert_eq!(did.code, Some(2), "{wrong}: {}", did.json);
    }
    assert!(!desk.path("h.ron").exists());
}

#[test]
fn the_users_merits_count_where_wires_are_drawn_and_a_wire_gets_the_format_that_was_asked_for() {
    let desk = Desk::new("media-merits");
    for words in [
        &["new", "-o", "g.ron"][..],
        &["add", "g.ron", "keyboard", "--name", "k"],
        &["add", "g.ron", "tone", "--name", "t"],
        &["add", "g.ron", "gain", "--name", "g"],
    ] {
        assert_eq!(desk.json(words).code, Some(0));
    }
    let rendered = |more: &[&str]| {
        let words = [&["connect", "g.ron", "k.notes", "-o", "h.ron"], more].concat();
        names(&desk.json(&words), "inserted").swap_remove(0)
    };
    assert_eq!(rendered(&[]), "DLS Synth");
    assert_ne!(rendered(&["--merit", "dls_synth=never"]), "DLS Synth");
    let wire = [
        "connect", "g.ron", "t.out", "g.in", "-o", "w.ron", "--format",
    ];
    let did = desk.json(&[&wire[..], &["44100/2/f32"]].concat());
    assert_eq!(did.code, Some(0), "{}", did.json);
    let format = &did.json["agreed"]["format"];
    assert_eq!(
        (&format["rate_hz"], &format["channels"]),
        (&44_100.into(), &2.into())
    );
    let check = desk.json(&["check", "w.ron"]);
    let format = &check.json["wires"][0]["agreed"]["format"];
    assert_eq!(
        (&format["rate_hz"], &format["channels"]),
        (&44_100.into(), &2.into())
    );
    let did = desk.json(&[&wire[..], &["44100/1/i7"]].concat());
    assert_eq!(did.code, Some(2), "{}", did.json);
    assert!(
        did.json["error"]["cure"]
            .as_str()
            .unwrap()
            .contains("48000/2/f32")
    );
}

/// The bank that comes with the program.
fn bank(path: &Path) {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/gm.dls");
    std::fs::copy(own, path).unwrap();
}

#[test]
fn a_song_that_is_opened_with_a_bank_is_played_by_it_and_songs_do_not_share_a_synthesizer() {
    let desk = Desk::new("media-bank");
    song(&desk.path("a.mid"));
    bank(&desk.path("b.dls"));
    let synths = |words: &[&str]| {
        let did = desk.json(&[words, &["-o", "g.ron"]].concat());
        assert_eq!(did.code, Some(0), "{} {}", did.json, did.said);
        let check = desk.json(&["check", "g.ron"]);
        assert_eq!(check.code, Some(0), "{}", check.text);
        let all = check.json["filters"].as_array().unwrap();
        let count = all.iter().filter(|it| it["key"] == "dls_synth").count();
        let text = graph(&desk);
        (count, text.matches("b.dls").count())
    };
    assert_eq!(synths(&["open", "a.mid", "b.dls"]), (1, 1));
    assert_eq!(synths(&["open", "b.dls", "a.mid"]), (1, 1));
    assert_eq!(synths(&["open", "a.mid", "--bank", "b.dls"]), (1, 1));
    assert_eq!(
        synths(&["open", "a.mid", "a.mid", "--bank", "b.dls"]),
        (2, 2)
    );
    assert_eq!(synths(&["open", "a.mid", "a.mid"]), (2, 0));
    let did = desk.json(&["render", "g.ron", "-o", "out.wav"]);
    assert!(
        did.json["peak_dbfs"].as_f64().unwrap() > -40.0,
        "{}",
        did.json
    );
}

/// The program with these filters beside its own, and nothing in its graph.
fn app(desk: &Desk) -> App {
    let mut options = Options::nominal(256);
    let folder = desk.path("more");
    let faults = Packages::read(&folder).register(&mut options.catalogue, &folder);
    assert!(faults.is_empty());
    let mut app = App::new(options);
    app.open_document(Graph::default(), None);
    app
}

fn let_go(app: &mut App, path: &Path) {
    app.perform(Action::DropFiles {
        files: vec![(path.to_owned(), Position::default())],
        is_wired: true,
    });
}

#[test]
fn what_is_dropped_is_rendered_in_one_step_or_leaves_no_trace_and_says_why() {
    let r = reader(&("r", NORMAL, &[], BOTH), "strange");
    let c = sink("c", &["in:C"]);
    let desk = desk("drop", &[r, c]);
    let mut app = app(&desk);
    let file = desk.path("a.strange");
    let_go(&mut app, &file);
    program::wait(&mut app, |app| app.view().graph.filters.len() == 2);
    assert_eq!(wires(&app), ["r.two -> c.in"]);
    assert_eq!(selected(&app), ["r"]);
    let is_told = |app: &App, words: &str| {
        let mut banners = app.view().banners.iter();
        banners.any(|it| it.text.contains(words))
    };
    assert!(
        is_told(&app, "in part: nothing renders r.one"),
        "{:?}",
        app.view().banners
    );
    assert!(app.view().built().is_some(), "the log is there");
    app.perform(Action::Undo);
    assert!(app.view().graph.filters.is_empty(), "one step");
    // Nobody renders it: nothing comes, and undo leads nowhere.
    let mut preferences = app.preferences().clone();
    preferences.blocked.insert("c".into());
    app.perform(Action::SetPreferences(Box::new(preferences)));
    let_go(&mut app, &file);
    program::wait(&mut app, |app| is_told(app, "cannot be played"));
    assert!(app.view().graph.filters.is_empty());
    assert_eq!(app.view().undo, None);
    // Who reads it was ruled out.
    let mut preferences = app.preferences().clone();
    preferences.blocked = ["r".to_owned()].into();
    app.perform(Action::SetPreferences(Box::new(preferences)));
    let_go(&mut app, &file);
    program::wait(&mut app, |app| app.view().banners.len() > 2);
    assert!(app.view().graph.filters.is_empty());
}

/// A reader of sound of somebody else's: ours under another name.
struct Mine(Descriptor, Arc<dyn Filter>);

impl Filter for Mine {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let ours = self.1.describe(settings, facts);
        Cow::Owned(Descriptor {
            key: self.0.key.clone(),
            title: self.0.title.clone(),
            merit: self.0.merit,
            ..ours.into_owned()
        })
    }

    fn constrain(&self, descriptor: &Descriptor, settings: &Settings<'_>, pins: &mut Constrained) {
        self.1.constrain(descriptor, settings, pins);
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        self.1.open(opening)
    }
}

#[test]
fn sound_is_read_by_an_outsiders_reader_where_that_is_better_liked() {
    let desk = Desk::new("media-mine");
    wave(&desk.path("a.wav"), 44_100, 2);
    for (merit, taken) in [(merit::PREFERRED, "My Reader"), (UNLIKELY, "Wave Reader")] {
        let mut options = Options::nominal(256);
        let ours = options.catalogue.get("wave_reader").unwrap().clone();
        let mine = Descriptor {
            key: "my_reader".into(),
            title: "My Reader".into(),
            merit,
            ..ours.descriptor().clone()
        };
        let mine = Arc::new(Mine(mine, ours));
        options.catalogue.register(mine).unwrap();
        let mut app = App::new(options);
        app.open_document(Graph::default(), None);
        let_go(&mut app, &desk.path("a.wav"));
        program::wait(&mut app, |app| !app.view().graph.filters.is_empty());
        assert_eq!(selected(&app), [taken]);
        assert!(app.view().wiring.is_agreed());
    }
}
