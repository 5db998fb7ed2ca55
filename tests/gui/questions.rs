//! Banners that ask: work that was not saved, files that are not there, a device that is gone. Each answer by its button.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App, Eyes, Folders, Options};
use ksgraph::graph::{FilterId, Graph, NodeKind, Position};
use ksgraph::ks::{AudioDevice, DataRange, Facts, FileFact, Value};

use super::app_support::Window;

/// A folder that is gone when it is done with.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = format!("ksgraph-questions-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a scratch folder");
        Self(folder)
    }

    fn app(&self) -> App {
        App::new(Options {
            folders: Some(Folders::within(&self.0.join("user"))),
            ..Options::nominal(64)
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Draws until that is so; workers answer when they do.
fn wait(window: &mut Window, is_so: impl Fn(&mut Window) -> bool) -> bool {
    for _ in 0..12_000 {
        window.harness().step();
        if is_so(window) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn banners(window: &mut Window) -> Vec<String> {
    let app = window.screen().app();
    let banners = app.view().banners.iter();
    banners.map(|it| it.text.clone()).collect()
}

fn add(app: &mut App, key: &str) {
    app.perform(Action::AddFilter {
        key: key.to_owned(),
        at: Position::default(),
    });
}

/// A saved graph with a gain, and a run of the program that added a tone to it and ended badly two hours later.
fn crashed(scratch: &Scratch) -> PathBuf {
    let document = scratch.0.join("song.ron");
    let mut app = scratch.app();
    add(&mut app, "gain");
    app.perform(Action::SaveAs(document.clone()));
    let earlier = SystemTime::now() - Duration::from_secs(2 * 3600 + 60);
    let file = fs::File::options()
        .append(true)
        .open(&document)
        .expect("it was saved");
    file.set_modified(earlier).expect("its time is set");
    add(&mut app, "tone");
    let copy = copy_of(&document);
    for _ in 0..2000 {
        app.poll();
        if copy.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(copy.exists(), "no copy was made");
    let ended = catch_unwind(AssertUnwindSafe(move || {
        let _app = app;
        std::panic::resume_unwind(Box::new("the run ends here"));
    }));
    assert!(ended.is_err());
    document
}

fn copy_of(document: &Path) -> PathBuf {
    let name = document
        .file_name()
        .expect("it has a name")
        .to_string_lossy();
    document.with_file_name(format!(".{name}.autosave"))
}

fn asks_for_work(window: &mut Window) -> bool {
    let wanted = "a copy of song.ron is there, newer by 2\u{a0}h than what you saved";
    banners(window).iter().any(|it| it.contains(wanted))
}

#[test]
fn lost_work_is_offered_with_its_age_and_opened_by_its_button() {
    let scratch = Scratch::new("open");
    let document = crashed(&scratch);
    let mut window = Window::of(scratch.app());
    assert!(
        wait(&mut window, asks_for_work),
        "{:?}",
        banners(&mut window)
    );
    assert!(window.sees("newer by 2\u{a0}h"), "it is on the screen");
    window.click("Open");
    assert_eq!(window.graph().filters.len(), 2);
    let view = window.screen().app().view().document;
    assert_eq!(view.path.as_deref(), Some(&*document));
    assert!(view.is_dirty, "it is saved when the user says so");
    assert!(!asks_for_work(&mut window), "asked once");
}

#[test]
fn lost_work_is_thrown_away_by_its_button_only() {
    let scratch = Scratch::new("discard");
    let document = crashed(&scratch);
    let mut window = Window::of(scratch.app());
    assert!(
        wait(&mut window, asks_for_work),
        "{:?}",
        banners(&mut window)
    );
    window.click("Close the banner");
    assert!(copy_of(&document).exists(), "to look away loses nothing");
    drop(window);
    let mut window = Window::of(scratch.app());
    assert!(
        wait(&mut window, asks_for_work),
        "{:?}",
        banners(&mut window)
    );
    window.click("Discard");
    assert!(!asks_for_work(&mut window));
    assert!(wait(&mut window, |_| !copy_of(&document).exists()));
    assert_eq!(window.graph(), Graph::default(), "nothing else was touched");
}

fn reader(path: &Path) -> (Action, Action) {
    let add = Action::AddFilter {
        key: "wave_reader".into(),
        at: Position::default(),
    };
    let set = |id| Action::SetProperty {
        filter: FilterId(id),
        key: "path".into(),
        value: Some(Value::Text(path.display().to_string())),
    };
    (add, set(1))
}

fn path_of(window: &mut Window, id: u32) -> String {
    let graph = window.graph();
    let NodeKind::Filter(filter) = &graph.filters[&FilterId(id)].kind else {
        panic!("a reader");
    };
    filter.values["path"].text().to_owned()
}

/// A graph that names two files which went to another folder, and that folder.
fn moved(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let (old, new) = (scratch.0.join("old"), scratch.0.join("new"));
    fs::create_dir_all(&new).expect("a scratch folder");
    let chime = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/media/chime_44100.wav");
    for name in ["one.wav", "two.wav"] {
        fs::copy(chime, new.join(name)).expect("copied");
    }
    let graph = scratch.0.join("graph.ron");
    let mut app = scratch.app();
    for (id, name) in [(1, "one.wav"), (2, "two.wav")] {
        let (add, set) = reader(&old.join(name));
        app.perform(add);
        app.perform(match set {
            Action::SetProperty { key, value, .. } => Action::SetProperty {
                filter: FilterId(id),
                key,
                value,
            },
            other => other,
        });
    }
    app.perform(Action::SaveAs(graph.clone()));
    (graph, new)
}

#[test]
fn a_missing_file_is_asked_for_found_and_remembered_and_the_next_one_lies_beside_it() {
    let scratch = Scratch::new("find");
    let (graph, new) = moved(&scratch);
    let mut app = scratch.app();
    app.perform(Action::Open(graph.clone()));
    let mut window = Window::of(app);
    assert!(wait(&mut window, |it| it.sees("Find one.wav\u{2026}")));
    let told = banners(&mut window);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Another file is missing too"), "{told:?}");
    window.click("Find one.wav\u{2026}");
    assert!(window.sees("Where is one.wav?"));
    let typed = new.join("one.wav").display().to_string();
    window.type_text(&typed);
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(path_of(&mut window, 1), "new/one.wav");
    // The other one lies where the first was found.
    let offer = format!("Use {}", new.join("two.wav").display());
    assert!(
        wait(&mut window, |it| it.sees(&offer)),
        "{:?}",
        banners(&mut window)
    );
    assert!(!window.sees("Find one.wav"), "asked once");
    window.click(&offer);
    assert_eq!(path_of(&mut window, 2), "new/two.wav");
    assert!(wait(&mut window, |it| banners(it).is_empty()));
    drop(window);
    // Not saved: the graph names the old places still, and what was found is remembered.
    let mut app = scratch.app();
    app.perform(Action::Open(graph));
    let mut window = Window::of(app);
    let offer = format!("Use {}", new.join("one.wav").display());
    assert!(
        wait(&mut window, |it| it.sees(&offer)),
        "{:?}",
        banners(&mut window)
    );
}

#[test]
fn a_question_that_is_closed_gives_way_to_the_next() {
    let scratch = Scratch::new("closed");
    let (graph, _) = moved(&scratch);
    let mut app = scratch.app();
    app.perform(Action::Open(graph));
    let mut window = Window::of(app);
    assert!(wait(&mut window, |it| it.sees("Find one.wav\u{2026}")));
    window.click("Close the banner");
    assert!(
        wait(&mut window, |it| it.sees("Find two.wav\u{2026}")),
        "{:?}",
        banners(&mut window)
    );
    let told = banners(&mut window);
    assert!(!told[0].contains("missing too"), "{told:?}");
    window.click("Close the banner");
    window.harness().run_steps(20);
    assert!(banners(&mut window).is_empty(), "each is asked once");
}

#[test]
fn a_question_goes_when_its_file_comes_or_nothing_reads_it() {
    let scratch = Scratch::new("came");
    let (graph, new) = moved(&scratch);
    let old = scratch.0.join("old");
    let mut app = scratch.app();
    app.perform(Action::Open(graph));
    let mut window = Window::of(app);
    assert!(wait(&mut window, |it| it.sees("Find one.wav\u{2026}")));
    // It comes back by itself: the other one is asked for.
    fs::create_dir_all(&old).expect("a scratch folder");
    fs::rename(new.join("one.wav"), old.join("one.wav")).expect("moved");
    window.screen().app_mut().perform(Action::Refresh);
    assert!(
        wait(&mut window, |it| it.sees("Find two.wav\u{2026}")),
        "{:?}",
        banners(&mut window)
    );
    let told = banners(&mut window);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].contains("missing too"), "{told:?}");
    // And that one goes with its reader.
    let reader = Action::Delete(vec![FilterId(2)]);
    window.screen().app_mut().perform(reader);
    window.harness().run_steps(5);
    assert!(
        banners(&mut window).is_empty(),
        "{:?}",
        banners(&mut window)
    );
}

fn speakers() -> Vec<AudioDevice> {
    vec![AudioDevice {
        host: "alsa".into(),
        name: "Desk Speakers".into(),
        render: vec![DataRange::float(8_000, 192_000).at_most_channels(2)],
        capture: vec![],
        rate_hz: 48_000,
        is_default: true,
        is_default_input: false,
    }]
}

#[test]
fn a_device_that_is_gone_is_replaced_by_the_button_and_not_before() {
    let mut options = Options::nominal(64);
    options.facts.is_nominal = false;
    options.facts.devices = speakers();
    options.eyes = Eyes::new(
        |_| FileFact::Pending,
        || Facts {
            devices: speakers(),
            ..Facts::default()
        },
    );

    let mut app = App::new(options);
    add(&mut app, "tone");
    add(&mut app, "audio_device_out");
    app.perform(Action::SetProperty {
        filter: FilterId(2),
        key: "device".into(),
        value: Some(Value::Text("alsa:Headphones".into())),
    });
    let end = |id, pin: &str| ksgraph::graph::PinAddress {
        filter: ksgraph::graph::FilterPath::of(FilterId(id)),
        pin: pin.into(),
        instance: 0,
    };
    app.perform(Action::Connect {
        from: end(1, "out"),
        to: end(2, "in"),
    });
    let mut window = Window::of(app);
    assert!(
        wait(&mut window, |it| it.sees("Use alsa:Desk Speakers")),
        "{:?}",
        banners(&mut window)
    );
    assert!(
        banners(&mut window)
            .iter()
            .any(|it| it.contains("Headphones"))
    );
    // It was never there: nothing went.
    let said = |window: &mut Window, words: &str| {
        let mut all = window.harness().query_all_by_role(Role::Button);
        all.any(|it| it.accesskit_node().value().is_some_and(|it| it == words))
    };
    assert!(wait(&mut window, |it| said(it, "waits for a device")));
    assert!(!said(&mut window, "its device is gone"));
    let named = |window: &mut Window| {
        let graph = window.graph();
        let NodeKind::Filter(filter) = &graph.filters[&FilterId(2)].kind else {
            panic!("a device");
        };
        filter.values["device"].text().to_owned()
    };
    assert_eq!(
        named(&mut window),
        "alsa:Headphones",
        "never behind the user's back"
    );
    window.click("Use alsa:Desk Speakers");
    assert_eq!(named(&mut window), "alsa:Desk Speakers");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(named(&mut window), "alsa:Headphones", "and one step back");
}
