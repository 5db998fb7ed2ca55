//! Pieces of graphs that travel: copied, cut, pasted, duplicated, merged; and the files they name.

use std::fs;
use std::path::{Path, PathBuf};

use ksgraph::app::{Action, App, Options};
use ksgraph::graph::{Edit, FilterNode, Fragment, Group, GroupPin, Node, NodeKind, PinRef};
use ksgraph::graph::{FilterId, Graph, Position, apply, from_ron, load};
use ksgraph::ks::Value;

use crate::editor::{editor, id, no_step, one_step, select, selected, text, value, wait, wires};
use crate::support::examples;

fn paste(text: &str, at: Option<(f32, f32)>) -> Action {
    Action::Paste {
        text: text.to_owned(),
        at: at.map(|(x, y)| Position { x, y }),
    }
}

fn place(app: &App, name: &str) -> (f32, f32) {
    let at = app.view().graph.filters[&id(app, name)].position;
    (at.x, at.y)
}

/// A folder of one's own, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksgraph-clip-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("deep/media")).unwrap();
        let chime = examples().join("media/chime_44100.wav");
        fs::copy(chime, path.join("deep/media/chime.wav")).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A document at `deep/one.ron` with a reader of `media/chime.wav`.
fn reader(folder: &Folder) -> App {
    let mut app = editor("wave_reader:r -> gain:g");
    app.perform(Action::SaveAs(folder.0.join("deep/one.ron")));
    let path = Some(Value::Text("media/chime.wav".into()));
    app.perform(Action::SetProperty {
        filter: id(&app, "r"),
        key: "path".into(),
        value: path,
    });
    app.perform(Action::Save);
    app
}

fn path_of(app: &App, name: &str) -> String {
    value(app, name, "path").unwrap().text().to_owned()
}

#[test]
fn a_copy_brings_its_inner_wires_values_and_places() {
    let mut app = editor("tone:t frequency=220 -> gain:g -> meter:m -> null_renderer:a");
    assert_eq!(app.copied(), None, "nothing is selected");
    select(&mut app, &["t", "g", "m"]);
    let copied = app.copied().unwrap();
    assert!(copied.contains("kind: \"ksgraph\"") && copied.contains("fragment:"));
    assert!(from_ron(copied.as_bytes(), "x").is_ok(), "a graph file");
    one_step(&mut app, paste(&copied, None));
    assert_eq!(wires(&app)[3..], ["t 2.out -> g 2.in", "g 2.out -> m 2.in"]);
    assert_eq!(value(&app, "t 2", "frequency"), Some(Value::Number(220.0)));
    // What is pasted is selected.
    app.perform(Action::Undo);
    app.perform(paste(&copied, None));
    assert_eq!(selected(&app), ["t 2", "g 2", "m 2"]);
    let ((x, y), (copied_x, copied_y)) = (place(&app, "g"), place(&app, "g 2"));
    assert_eq!((copied_x - x, copied_y - y), (32.0, 32.0));
    let apart = place(&app, "m 2").0 - place(&app, "t 2").0;
    assert_eq!(apart, place(&app, "m").0 - place(&app, "t").0);
}

#[test]
fn pastes_step_aside_and_go_where_they_are_asked() {
    let mut app = editor("gain:g");
    select(&mut app, &["g"]);
    let copied = app.copied().unwrap();
    for _ in 0..3 {
        app.perform(paste(&copied, None));
    }
    let places: Vec<_> = ["g", "g 2", "g 3", "g 4"]
        .map(|name| place(&app, name))
        .into();
    assert_eq!(
        places,
        [(0.0, 0.0), (32.0, 32.0), (64.0, 64.0), (96.0, 96.0)]
    );
    for name in ["g 5", "g 6"] {
        app.perform(paste(&copied, Some((1000.0, -500.0))));
        let (x, y) = place(&app, name);
        assert_eq!((x % 16.0, y % 16.0), (0.0, 0.0), "on the grid");
        assert!((700.0..1100.0).contains(&x) && (-700.0..-400.0).contains(&y));
    }
    assert_ne!(place(&app, "g 5"), place(&app, "g 6"));
}

#[test]
fn cut_and_paste_is_the_same_graph_elsewhere() {
    let mut app = editor("tone:t -> gain:g -> null_renderer:a");
    select(&mut app, &["t", "g"]);
    let copied = app.copied().unwrap();
    one_step(&mut app, Action::Cut);
    assert_eq!(app.view().undo.as_deref(), Some("Cut 2 filters"));
    let mut other = App::new(Options::nominal(256));
    one_step(&mut other, paste(&copied, Some((0.0, 0.0))));
    assert_eq!(wires(&other), ["t.out -> g.in"]);
}

#[test]
fn a_duplicate_stands_so_far_away() {
    let mut app = editor("tone:t -> gain:g");
    select(&mut app, &["t", "g"]);
    let by = Position { x: 0.0, y: 160.0 };
    one_step(&mut app, Action::Duplicate { by });
    assert_eq!(place(&app, "t 2"), (0.0, 160.0));
    assert_eq!(wires(&app)[1], "t 2.out -> g 2.in");
    select(&mut app, &[]);
    no_step(&mut app, Action::Duplicate { by });
}

#[test]
fn text_from_elsewhere_is_refused_in_words() {
    let mut app = editor("gain:g");
    for foreign in [
        "",
        "hello",
        "https://example.org/",
        "(kind: \"kitchen\", version: 1)",
        "(kind: \"ksgraph\", version: 99)",
        "(kind: \"ksgraph\", version: 1, filters: [], connections: [])",
        "\u{0}\u{1}((((",
    ] {
        no_step(&mut app, paste(foreign, None));
        let said = &app.view().banners[0].text;
        assert!(said.contains("piece of a graph"), "{foreign}: {said}");
        app.perform(Action::DismissBanner(0));
    }
    let deep = "(".repeat(100_000);
    no_step(&mut app, paste(&deep, None));
}

#[test]
fn a_piece_with_odd_wires_still_arrives() {
    let mut app = editor("gain:g");
    let odd = "(kind: \"ksgraph\", version: 1, filters: [\
        (id: 7, key: \"tone\", name: \"g\", at: (0, 0)), (id: 9, key: \"nobody\", name: \"?\", at: (9, 9))],\
        connections: [(from: \"7.out\", to: \"9.in\"), (from: \"7.out\", to: \"9.in\"), (from: \"7.out\", to: \"8.in\")])";
    one_step(&mut app, paste(odd, None));
    assert_eq!(wires(&app), ["g 2.out -> ?.in!"]);
}

#[test]
fn a_pasted_path_leads_to_the_same_file_from_another_folder() {
    let folder = Folder::new("paste");
    let mut one = reader(&folder);
    select(&mut one, &["r", "g"]);
    let copied = one.copied().unwrap();
    let mut two = App::new(Options::nominal(256));
    two.perform(Action::SaveAs(folder.0.join("two.ron")));
    one_step(&mut two, paste(&copied, None));
    assert_eq!(path_of(&two, "r"), "deep/media/chime.wav");
    // A document without a file has no folder to be relative to.
    let mut new = App::new(Options::nominal(256));
    new.perform(paste(&copied, None));
    let whole = path_of(&new, "r");
    assert!(Path::new(&whole).is_absolute() && Path::new(&whole).is_file());
    // At home it stays as it was.
    one.perform(paste(&copied, None));
    assert_eq!(path_of(&one, "r 2"), "media/chime.wav");
}

#[test]
fn a_group_is_copied_with_all_that_is_in_it() {
    let node = |name: &str| Node {
        name: name.into(),
        position: Position::default(),
        kind: NodeKind::Filter(FilterNode {
            key: "gain".into(),
            ..FilterNode::default()
        }),
    };
    let end = |filter: u32, pin: &str| PinRef {
        filter: FilterId(filter),
        pin: pin.into(),
        instance: 0,
    };
    let mut inner = Graph::default();
    for (id, name) in [(5, "a"), (6, "b")] {
        let (id, node) = (FilterId(id), node(name));
        apply(&mut inner, Edit::Add { id, node }).unwrap();
    }
    let wire = ksgraph::graph::Connection {
        from: end(5, "out"),
        to: end(6, "in"),
        chosen: Default::default(),
    };
    apply(&mut inner, Edit::Connect(wire)).unwrap();
    let pins = vec![GroupPin {
        name: "sound".into(),
        inner: end(5, "in"),
    }];
    let group = Group {
        graph: inner,
        pins,
        ..Group::default()
    };
    let mut graph = Graph::default();
    let rack = Node {
        kind: NodeKind::Group(Box::new(group)),
        ..node("rack")
    };
    let id = FilterId(1);
    apply(&mut graph, Edit::Add { id, node: rack }).unwrap();
    let mut app = App::new(Options::nominal(256));
    app.open_document(graph, None);
    select(&mut app, &["rack"]);
    let copied = app.copied().unwrap();
    one_step(&mut app, paste(&copied, None));
    // Where the copy is entered, a paste lands inside.
    let copy = app.view().graph.find("rack 2").unwrap();
    app.perform(Action::Enter(copy));
    assert_eq!(wires(&app), ["a.out -> b.in"]);
    let ids = app.view().graph.filters.keys().copied();
    assert!(ids.into_iter().all(|id| id.0 > 6), "ids of its own");
    let group = app.view().group().unwrap().clone();
    assert_eq!(
        group.pins[0].inner.filter,
        app.view().graph.find("a").unwrap()
    );
    one_step(&mut app, paste(&copied, None));
    assert_eq!(app.view().place(), ["rack 2"]);
    assert!(app.view().graph.find("rack").is_some(), "inside the group");
}

#[test]
fn comments_and_frames_travel_as_well() {
    let mut app = editor("gain:g");
    let at = Position { x: 300.0, y: 40.0 };
    let words = "because".to_owned();
    app.perform(Action::AddComment { at, text: words });
    let comment = *app.view().selection.notes.first().unwrap();
    let alone = app.copied().unwrap();
    let mut both = app.view().selection.clone();
    both.filters.insert(id(&app, "g"));
    app.perform(Action::Select(both));
    let copied = app.copied().unwrap();
    one_step(&mut app, paste(&copied, None));
    let view = app.view();
    let new = view.graph.notes.iter().find(|(id, _)| **id != comment);
    let (_, new) = new.unwrap();
    assert_eq!((new.position.x, new.position.y), (332.0, 72.0));
    assert_eq!(new.text, "because");
    one_step(&mut app, paste(&alone, None));
    assert_eq!(app.view().graph.notes.len(), 3);
    let mut notes = app.view().selection.clone();
    notes.notes.insert(comment);
    app.perform(Action::Select(notes));
    one_step(&mut app, Action::Cut);
    assert!(app.view().graph.notes.len() < 3);
}

#[test]
fn another_graph_is_merged_below_in_one_step() {
    let folder = Folder::new("merge");
    drop(reader(&folder));
    let mut app = editor("tone:r -> gain:g");
    app.perform(Action::SaveAs(folder.0.join("all.ron")));
    one_step(&mut app, Action::Merge(folder.0.join("deep/one.ron")));
    assert_eq!(wires(&app), ["r.out -> g.in", "r 2.out -> g 2.in"]);
    assert_eq!(path_of(&app, "r 2"), "deep/media/chime.wav");
    assert!(place(&app, "r 2").1 > place(&app, "g").1 + 64.0, "below");
    assert_eq!(app.view().undo.as_deref(), Some("Merge one.ron"));
    no_step(&mut app, Action::Merge(folder.0.join("nowhere.ron")));
    assert!(app.view().banners[0].text.contains("nowhere.ron"));
}

#[test]
fn a_dropped_sound_is_played_and_wired_where_it_fits() {
    let folder = Folder::new("drop");
    let wav = folder.0.join("deep/media/chime.wav");
    let mut app = editor("audio_device_out:out; gain:g; wave_reader:w");
    let drop = |path: &Path, onto| Action::DropMedia {
        path: path.to_owned(),
        at: Position { x: 0.0, y: 320.0 },
        onto,
    };
    // It is looked at first; then all of it is one step.
    let dropped = |app: &mut App| {
        let before = text(app);
        app.perform(drop(&wav, None));
        let count = app.view().graph.filters.len();
        assert!(wait(app, |app| app.view().graph.filters.len() > count
            || text(app) != before));
        let after = text(app);
        app.perform(Action::Undo);
        assert_eq!(text(app), before, "one step");
        app.perform(Action::Redo);
        assert_eq!(text(app), after);
    };
    dropped(&mut app);
    assert_eq!(wires(&app), ["Wave Reader.out -> out.in"]);
    assert_eq!(path_of(&app, "Wave Reader"), wav.to_string_lossy());
    // The device is taken: a mixer goes in, and both play.
    dropped(&mut app);
    let all = wires(&app);
    for wire in [
        "Wave Reader.out -> Mixer.in",
        "Wave Reader 2.out -> Mixer.in[1]",
        "Mixer.out -> out.in",
    ] {
        assert!(all.iter().any(|it| it == wire), "{wire} is not in {all:?}");
    }
    assert_eq!(all.len(), 3);
    assert!(app.view().wiring.is_agreed());
    // With Shift or Alt only what plays it is wanted.
    let alone = Action::PlaceMedia {
        path: wav.clone(),
        at: Position { x: 0.0, y: 640.0 },
    };
    let count = app.view().graph.filters.len();
    app.perform(alone);
    assert!(wait(&mut app, |app| app.view().graph.filters.len() > count));
    assert_eq!(app.view().graph.filters.len(), count + 1);
    assert_eq!(wires(&app), all, "it has no wire");
    assert_eq!(path_of(&app, "Wave Reader 3"), wav.to_string_lossy());
    // On a filter that names a file it is the file.
    let onto = Some(id(&app, "w"));
    one_step(&mut app, drop(&wav, onto));
    assert_eq!(path_of(&app, "w"), wav.to_string_lossy());
    let onto = Some(id(&app, "g"));
    no_step(&mut app, drop(&wav, onto));
    // What is none is told, and nothing is put in.
    let notes = folder.0.join("notes.txt");
    fs::write(&notes, b"no sound").unwrap();
    no_step(&mut app, drop(&notes, None));
    let is_told = |app: &App| {
        let mut banners = app.view().banners.iter();
        banners.any(|it| it.text.contains("notes.txt"))
    };
    assert!(wait(&mut app, is_told), "{:?}", app.view().banners);
    let torn = folder.0.join("deep/torn.wav");
    fs::write(&torn, b"RIFF").unwrap();
    no_step(&mut app, drop(&torn, None));
    let is_told = |app: &App| {
        let mut banners = app.view().banners.iter();
        banners.any(|it| it.text.contains("torn.wav"))
    };
    assert!(wait(&mut app, is_told), "{:?}", app.view().banners);
    no_step(&mut app, Action::Refresh);
}

#[test]
fn a_dropped_sound_of_another_rate_leaves_what_plays_as_it_is() {
    let folder = Folder::new("rates");
    let wav = folder.0.join("deep/media/chime.wav");
    let mut app = App::new(Options::nominal(256));
    app.perform(Action::Open(examples().join("first_sound.ron")));
    let heard = |app: &App| {
        let view = app.view();
        let wires = view.wiring.wires.iter();
        let device = id(app, "Audio Device Out");
        let mut into = wires.filter(|it| it.to.filter.0.last() == Some(&device));
        into.next().unwrap().outcome.clone().unwrap().format
    };
    let before = heard(&app);
    let drop = |app: &mut App| {
        let count = app.view().graph.filters.len();
        app.perform(Action::DropMedia {
            path: wav.clone(),
            at: Position { x: 0.0, y: 480.0 },
            onto: None,
        });
        assert!(wait(app, |app| app.view().graph.filters.len() > count));
        assert!(app.view().wiring.is_agreed(), "{:?}", wires(app));
        assert_eq!(heard(app), before);
    };
    let start = wires(&app);
    drop(&mut app);
    let ends = |app: &App, name: &str| {
        let all = wires(app);
        all.iter().filter(|it| it.contains(name)).count()
    };
    assert_eq!(ends(&app, "Mixer.out -> Audio Device Out.in"), 1);
    assert_eq!(ends(&app, "Wave Reader.out -> "), 1);
    // The next one goes to the same mixer.
    drop(&mut app);
    assert_eq!(ends(&app, "-> Mixer.in"), 3, "{:?}", wires(&app));
    app.perform(Action::Undo);
    app.perform(Action::Undo);
    assert_eq!(wires(&app), start, "one step each");
}

#[test]
fn missing_files_are_told_once_and_mapped_in_one_step() {
    let folder = Folder::new("missing");
    let mut app = reader(&folder);
    select(&mut app, &["r"]);
    let by = Position { x: 0.0, y: 96.0 };
    app.perform(Action::Duplicate { by });
    app.perform(Action::Save);
    let (old, new) = (
        folder.0.join("deep/media/chime.wav"),
        folder.0.join("elsewhere.wav"),
    );
    fs::rename(&old, &new).unwrap();
    app.perform(Action::Open(folder.0.join("deep/one.ron")));
    assert!(wait(&mut app, |app| !app.view().missing_media().is_empty()));
    app.poll();
    let missing = app.view().missing_media();
    assert_eq!(missing.len(), 1, "one file, two readers");
    assert_eq!((&missing[0].path, missing[0].filters.len()), (&old, 2));
    let told = |app: &App| {
        let banners = app.view().banners.iter();
        banners.filter(|it| it.text.contains("chime.wav")).count()
    };
    assert_eq!(told(&app), 1);
    for _ in 0..3 {
        app.poll();
    }
    assert_eq!(told(&app), 1, "once");
    let (from, to) = (old, new.clone());
    one_step(&mut app, Action::MapMedia { from, to });
    assert_eq!(path_of(&app, "r"), "../elsewhere.wav");
    assert_eq!(path_of(&app, "r 2"), "../elsewhere.wav");
    assert!(wait(&mut app, |app| app.view().missing_media().is_empty()));
    assert!(app.preferences().moved_media.values().any(|it| *it == new));
}

#[test]
fn a_piece_is_the_same_after_its_text() {
    let graph = load(&examples().join("first_sound.ron")).unwrap().graph;
    let all = graph.filters.keys().copied().collect();
    let piece = Fragment::of(
        &graph,
        &all,
        &Default::default(),
        Some(Path::new("/a folder/\"x\"")),
    );
    assert_eq!(Fragment::from_text(&piece.to_text()).unwrap(), piece);
    let none = Fragment::of(&graph, &all, &Default::default(), None);
    assert_eq!(Fragment::from_text(&none.to_text()).unwrap().folder, None);
}
