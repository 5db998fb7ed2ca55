//! Runs that end badly, and what the next one finds. Time is handed in, so a quarter of a minute takes none.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::recovery::{AT_MOST, AT_REST};
use super::settings_tests::Scratch;
use super::{Action, App, Options};
use crate::graph::{FilterId, Graph, Position, from_ron, load};
use crate::ks::Value;

fn add(app: &mut App, key: &str) {
    app.perform(Action::AddFilter {
        key: key.into(),
        at: Position::default(),
    });
}

fn set(app: &mut App, level: f64) {
    app.perform(Action::SetProperty {
        filter: FilterId(1),
        key: "level".into(),
        value: Some(Value::Number(level)),
    });
}

/// Ends a run as a panic does: nothing is tidied up.
fn crash(app: App) {
    let ended = catch_unwind(AssertUnwindSafe(move || {
        let _app = app;
        std::panic::resume_unwind(Box::new("the run ends here"));
    }));
    assert!(ended.is_err());
}

/// Lets time go by until hands have rested and the copy is made.
fn rest(app: &mut App) {
    app.keep_safe(Duration::from_secs(100));
    app.keep_safe(Duration::from_secs(100) + AT_REST);
}

/// Waits for the thread that writes.
fn wait(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("in vain: {what}");
}

fn wait_for_offers(app: &mut App, count: usize) {
    for _ in 0..1000 {
        app.poll();
        if app.view().recovered().len() == count {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{:?}", app.view().recovered());
}

fn copy_of(document: &Path) -> PathBuf {
    let name = document.file_name().unwrap().to_string_lossy().into_owned();
    document.with_file_name(format!(".{name}.autosave"))
}

fn read(path: &Path) -> Option<Graph> {
    Some(from_ron(&fs::read(path).ok()?, "copy").ok()?.graph)
}

/// Every file below a folder but locks, settings and backups.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("lock") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn when_the_hands_rest_a_copy_is_made_beside_the_file() {
    let scratch = Scratch::new("copy");
    let document = scratch.0.join("a.ron");
    let mut app = scratch.app();
    app.perform(Action::SaveAs(document.clone()));
    let saved = fs::read(&document).unwrap();
    add(&mut app, "gain");
    app.keep_safe(Duration::from_secs(5));
    app.keep_safe(Duration::from_secs(5) + AT_REST);
    wait("a copy", || {
        read(&copy_of(&document)).as_ref() == Some(app.view().graph)
    });
    assert_eq!(
        fs::read(&document).unwrap(),
        saved,
        "the file itself waits for Save"
    );
    app.perform(Action::Save);
    app.keep_safe(Duration::from_secs(8));
    wait("no copy after a save", || !copy_of(&document).exists());
}

#[test]
fn at_most_fifteen_seconds_are_lost_however_busy_the_hands_are() {
    let scratch = Scratch::new("busy");
    let document = scratch.0.join("a.ron");
    let mut app = scratch.app();
    add(&mut app, "gain");
    app.perform(Action::SaveAs(document.clone()));
    app.perform(Action::BeginGesture("Set Level".into()));
    let mut made = vec![];
    // A minute of dragging, a value every tenth of a second; the program may end at any of them.
    for tenth in 0..600_u32 {
        let now = Duration::from_millis(u64::from(tenth) * 100);
        set(&mut app, -f64::from(tenth) / 100.0);
        made.push((now, app.view().graph.clone()));
        let before = app.watch.copied;
        app.keep_safe(now);
        if app.watch.copied != before {
            wait("the copy that is due", || {
                read(&copy_of(&document)).as_ref() == Some(app.view().graph)
            });
        }
        let kept = read(&copy_of(&document));
        let kept = kept.and_then(|kept| made.iter().position(|(_, graph)| *graph == kept));
        let lost_since = kept.map_or(Duration::ZERO, |index| made[index].0);
        assert!(
            now - lost_since <= AT_MOST,
            "{:?} lost at {now:?}",
            now - lost_since
        );
    }
}

#[test]
fn after_a_crash_the_copy_is_offered_and_opens_unsaved() {
    let scratch = Scratch::new("crash");
    let document = scratch.0.join("mein Stück.ron");
    let mut app = scratch.app();
    app.perform(Action::SaveAs(document.clone()));
    let saved = fs::read(&document).unwrap();
    add(&mut app, "gain");
    let unsaved = app.view().graph.clone();
    rest(&mut app);
    crash(app);

    let mut app = scratch.app();
    let view = app.view();
    let [found] = view.recovered() else {
        panic!("{:?}", view.recovered());
    };
    assert_eq!(found.document.as_ref(), Some(&document));
    assert!(
        view.banners[0].text.contains("did not end well"),
        "{:?}",
        view.banners
    );
    let words: Vec<_> = view.banners[0]
        .offers
        .iter()
        .map(|it| it.words.as_str())
        .collect();
    assert_eq!(words, ["Open", "Discard"]);
    let open = view.banners[0].offers[0].action.clone();
    app.perform(open);
    let view = app.view();
    assert_eq!(*view.graph, unsaved);
    assert_eq!(view.document.path.as_ref(), Some(&document));
    assert!(view.document.is_dirty && view.recovered().is_empty() && view.banners.is_empty());
    assert_eq!(
        fs::read(&document).unwrap(),
        saved,
        "the file is as it was until Save"
    );

    // A second crash straight after loses nothing either.
    crash(app);
    let mut app = scratch.app();
    let copy = app.view().recovered()[0].copy.clone();
    app.perform(Action::OpenRecovered(copy));
    app.perform(Action::Save);
    assert_eq!(load(&document).unwrap().graph, unsaved);
    app.keep_safe(Duration::ZERO);
    drop(app);
    let app = scratch.app();
    assert!(app.view().recovered().is_empty() && app.view().banners.is_empty());
    drop(app);
    assert_eq!(
        files(&scratch.folders().state.join("sessions")),
        Vec::<PathBuf>::new()
    );
    assert!(!copy_of(&document).exists());
}

#[test]
fn a_graph_that_was_never_saved_is_offered_too_and_can_be_discarded() {
    let scratch = Scratch::new("untitled");
    let mut app = scratch.app();
    add(&mut app, "gain");
    rest(&mut app);
    crash(app);
    let mut app = scratch.app();
    let found = app.view().recovered()[0].clone();
    assert_eq!(found.document, None);
    app.perform(Action::DiscardRecovered(found.copy.clone()));
    wait("the copy to go", || !found.copy.exists());
    drop(app);
    assert!(scratch.app().view().recovered().is_empty());
}

#[test]
fn every_run_that_ended_badly_keeps_its_own_copy() {
    let scratch = Scratch::new("many");
    let document = scratch.0.join("a.ron");
    let mut first = scratch.app();
    first.perform(Action::SaveAs(document.clone()));
    let mut second = scratch.app();
    second.perform(Action::Open(document.clone()));
    add(&mut first, "gain");
    rest(&mut first);
    wait("the first copy", || copy_of(&document).exists());
    add(&mut second, "tone");
    rest(&mut second);
    crash(first);
    crash(second);
    let mut app = scratch.app();
    let copies: Vec<PathBuf> = app
        .view()
        .recovered()
        .iter()
        .map(|it| it.copy.clone())
        .collect();
    assert_eq!(copies.len(), 2, "{copies:?}");
    let mut keys = vec![];
    for copy in copies {
        app.perform(Action::OpenRecovered(copy));
        for node in app.view().graph.filters.values() {
            if let crate::graph::NodeKind::Filter(filter) = &node.kind {
                keys.push(filter.key.clone());
            }
        }
    }
    keys.sort();
    assert_eq!(keys, ["gain", "tone"]);
    // Opening the second put the first aside, for it was not saved.
    wait_for_offers(&mut app, 1);
    assert!(app.view().recovered()[0].was_put_aside);
    drop(app);
    let app = scratch.app();
    let kept = app
        .view()
        .recovered()
        .iter()
        .filter(|it| it.was_put_aside)
        .count();
    assert_eq!(
        kept, 1,
        "what was put aside outlives even a run that ends well"
    );
    assert!(!app.view().banners[0].text.contains("did not end well"));
}

#[test]
fn a_run_that_lives_is_no_crash() {
    let scratch = Scratch::new("alive");
    let document = scratch.0.join("a.ron");
    let mut one = scratch.app();
    one.perform(Action::SaveAs(document.clone()));
    add(&mut one, "gain");
    rest(&mut one);
    wait("a copy", || copy_of(&document).exists());
    let mut other = scratch.app();
    other.perform(Action::Open(document.clone()));
    // What comes after the search in line shows that the search is over.
    other.perform(Action::SaveAs(scratch.0.join("b.ron")));
    other.perform(Action::Refresh);
    drop(other);
    let mut other = scratch.app();
    other.perform(Action::Open(document));
    for _ in 0..20 {
        other.poll();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(other.view().recovered().is_empty());
    assert!(
        other
            .view()
            .log
            .iter()
            .all(|it| !it.text.contains("did not end well"))
    );
}

#[test]
fn changes_that_are_not_wanted_leave_nothing_behind() {
    let scratch = Scratch::new("clean");
    let document = scratch.0.join("a.ron");
    let mut app = scratch.app();
    app.perform(Action::SaveAs(document.clone()));
    add(&mut app, "gain");
    rest(&mut app);
    wait("a copy", || copy_of(&document).exists());
    drop(app);
    assert!(!copy_of(&document).exists());
    assert_eq!(files(&scratch.folders().state), Vec::<PathBuf>::new());
    // Nor does taking every change back.
    let mut app = scratch.app();
    app.perform(Action::Open(document.clone()));
    add(&mut app, "gain");
    rest(&mut app);
    wait("a copy", || copy_of(&document).exists());
    app.perform(Action::Undo);
    app.keep_safe(Duration::from_secs(200));
    wait("no copy", || !copy_of(&document).exists());
}

#[test]
fn a_copy_beside_a_document_is_offered_when_it_is_opened() {
    let scratch = Scratch::new("moved");
    let document = scratch.0.join("a.ron");
    let mut app = scratch.app();
    app.perform(Action::SaveAs(document.clone()));
    add(&mut app, "gain");
    rest(&mut app);
    crash(app);
    // The graph's folder came to another machine, which knows nothing of that run.
    fs::remove_dir_all(&scratch.folders().state).unwrap();
    let mut app = scratch.app();
    assert!(app.view().recovered().is_empty());
    app.perform(Action::Open(document.clone()));
    wait_for_offers(&mut app, 1);
    assert_eq!(app.view().recovered()[0].copy, copy_of(&document));
}

#[test]
fn where_the_folder_takes_no_copy_it_lies_elsewhere() {
    let scratch = Scratch::new("elsewhere");
    let folder = scratch.0.join("gone");
    fs::create_dir(&folder).unwrap();
    let mut app = scratch.app();
    app.perform(Action::SaveAs(folder.join("a.ron")));
    fs::remove_dir_all(&folder).unwrap();
    add(&mut app, "gain");
    let unsaved = app.view().graph.clone();
    rest(&mut app);
    crash(app);
    let mut app = scratch.app();
    let copy = app.view().recovered()[0].copy.clone();
    assert!(copy.starts_with(scratch.folders().state), "{copy:?}");
    app.perform(Action::OpenRecovered(copy));
    assert_eq!(*app.view().graph, unsaved);
}

#[test]
fn the_ten_last_states_of_a_saved_file_are_kept() {
    let scratch = Scratch::new("backups");
    let document = scratch.0.join("a.ron");
    let mut app = scratch.app();
    add(&mut app, "gain");
    let mut texts = vec![];
    for level in 0..13_u32 {
        set(&mut app, -f64::from(level));
        app.perform(Action::SaveAs(document.clone()));
        texts.push(fs::read(&document).unwrap());
        // Names are told apart by thousandths of a second.
        let expected = usize::try_from(level.min(10)).unwrap();
        wait("the backup", || {
            let kept = app.backups();
            kept.len() == expected
                && (expected == 0
                    || fs::read(&kept[expected - 1]).unwrap() == texts[texts.len() - 2])
        });
    }
    app.perform(Action::Save);
    let kept = app.backups();
    let read: Vec<Vec<u8>> = kept.iter().map(|it| fs::read(it).unwrap()).collect();
    assert_eq!(read, texts[2..12], "the ten before the last, oldest first");
    assert!(kept.iter().all(|it| load(it).is_ok()));
    drop(app);
    let other = scratch.0.join("deep/a.ron");
    fs::create_dir(other.parent().unwrap()).unwrap();
    let mut app = scratch.app();
    app.perform(Action::SaveAs(other));
    assert!(
        app.backups().is_empty(),
        "a graph of the same name elsewhere has backups of its own"
    );
}

#[test]
fn new_begins_with_the_users_own_template() {
    let scratch = Scratch::new("template");
    let mut app = scratch.app();
    add(&mut app, "gain");
    add(&mut app, "wave_reader");
    app.perform(Action::SaveAs(scratch.0.join("a.ron")));
    app.perform(Action::SetProperty {
        filter: FilterId(2),
        key: "path".into(),
        value: Some(Value::Text("media/a.wav".into())),
    });
    app.perform(Action::SaveAsTemplate);
    drop(app);
    let mut app = scratch.app();
    app.perform(Action::New);
    let view = app.view();
    assert_eq!(view.graph.filters.len(), 2);
    assert!(view.document.path.is_none() && !view.document.is_dirty);
    let path = view.graph.filter(FilterId(2)).unwrap().values["path"]
        .text()
        .to_owned();
    assert_eq!(
        Path::new(&path),
        scratch.0.join("media/a.wav"),
        "it finds its files from anywhere"
    );
    let template = app.preferences().template.clone().unwrap();
    drop(app);

    // A safe start does without.
    let mut app = App::new(Options {
        folders: Some(scratch.folders()),
        is_safe: true,
        ..Options::nominal(256)
    });
    app.perform(Action::New);
    assert!(app.view().graph.filters.is_empty());
    drop(app);

    // And one that is gone is said.
    fs::remove_file(&template).unwrap();
    let mut app = scratch.app();
    app.perform(Action::New);
    assert!(app.view().graph.filters.is_empty());
    assert!(
        app.view().banners[0].text.contains("template.ron"),
        "{:?}",
        app.view().banners
    );
}
