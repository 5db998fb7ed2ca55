//! Settings as two instances of the program and a damaged disk see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Action, App, Folders, Options, Preferences, ThemeChoice};

/// A folder of one's own, gone after the test.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksgraph-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn folders(&self) -> Folders {
        Folders::within(&self.0.join("user"))
    }

    pub(super) fn app(&self) -> App {
        App::new(Options {
            folders: Some(self.folders()),
            ..Options::nominal(256)
        })
    }

    fn read(&self) -> Preferences {
        let text = fs::read_to_string(self.folders().preferences()).unwrap();
        Preferences::from_ron(&text).unwrap().0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn settings_outlive_the_program() {
    let scratch = Scratch::new("settings");
    let mut app = scratch.app();
    app.change_preferences(|it| it.theme = ThemeChoice::Light);
    drop(app);
    assert_eq!(scratch.app().preferences().theme, ThemeChoice::Light);
    assert_eq!(scratch.app().view().preferences.theme, ThemeChoice::Light);
}

#[test]
fn without_a_folder_nothing_is_written() {
    let mut app = App::new(Options::nominal(256));
    app.change_preferences(|it| it.theme = ThemeChoice::Light);
    assert_eq!(app.preferences().theme, ThemeChoice::Light);
    assert!(app.folders().is_none());
    drop(app);
    assert_eq!(
        App::new(Options::nominal(256)).preferences().theme,
        ThemeChoice::Dark
    );
}

#[test]
fn two_instances_keep_each_others_changes() {
    let scratch = Scratch::new("two-settings");
    let (mut one, mut other) = (scratch.app(), scratch.app());
    one.change_preferences(|it| {
        it.theme = ThemeChoice::HighContrast;
        it.remember(Path::new("/one.ron"));
    });
    drop(one);
    other.change_preferences(|it| {
        it.scale_percent = 150;
        it.remember(Path::new("/other.ron"));
    });
    drop(other);
    let both = scratch.read();
    assert_eq!(both.theme, ThemeChoice::HighContrast);
    assert_eq!(both.scale_percent, 150);
    assert_eq!(
        both.recent,
        [Path::new("/other.ron"), Path::new("/one.ron")]
    );
}

#[test]
fn what_a_later_version_wrote_survives_this_one() {
    let scratch = Scratch::new("later-settings");
    let path = scratch.folders().preferences();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "(theme: Plaid(3), hologram: On, snap: false)").unwrap();
    let mut app = scratch.app();
    assert_eq!(
        (app.preferences().theme, app.preferences().snap),
        (ThemeChoice::Dark, false)
    );
    assert!(app.view().banners[0].text.contains("theme"));
    app.change_preferences(|it| it.first_run_done = true);
    drop(app);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("hologram: On") && text.contains("theme: Plaid(3)"),
        "{text}"
    );
    assert!(text.contains("first_run_done: true"), "{text}");
}

#[test]
fn a_damaged_file_is_moved_aside_and_said() {
    let scratch = Scratch::new("damaged-settings");
    let path = scratch.folders().preferences();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for (times, bytes) in [&b"(theme: Light"[..], b"\xFF\xFE\0", b""]
        .into_iter()
        .enumerate()
    {
        fs::write(&path, bytes).unwrap();
        let mut app = scratch.app();
        assert_eq!(*app.preferences(), Preferences::default());
        let aside = path.with_extension(format!("damaged-{}.ron", times + 1));
        assert!(
            app.view().banners[0]
                .text
                .contains(&aside.display().to_string())
        );
        assert_eq!(fs::read(&aside).unwrap(), bytes, "not a byte of it is lost");
        app.change_preferences(|it| it.scale_percent = 125);
        drop(app);
        assert_eq!(scratch.read().scale_percent, 125);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_said_and_nothing_stops() {
    let scratch = Scratch::new("no-settings");
    fs::write(scratch.0.join("user"), "a file where the folder should be").unwrap();
    let mut app = scratch.app();
    app.change_preferences(|it| it.scale_percent = 125);
    for _ in 0..500 {
        app.poll();
        if app
            .view()
            .log
            .iter()
            .any(|it| it.text.contains("not saved"))
        {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", app.view().log);
}

#[test]
fn recent_files_are_listed_with_their_existence() {
    let scratch = Scratch::new("recent");
    let mut app = scratch.app();
    let (here, gone) = (scratch.0.join("here.ron"), scratch.0.join("gone.ron"));
    app.perform(Action::SaveAs(gone.clone()));
    app.perform(Action::SaveAs(here.clone()));
    app.perform(Action::Open(gone.clone()));
    fs::remove_file(&gone).unwrap();
    app.perform(Action::Refresh);
    for _ in 0..500 {
        app.poll();
        let view = app.view();
        let recent: Vec<_> = view
            .recent()
            .iter()
            .map(|it| (&it.path, it.exists))
            .collect();
        if recent == [(&gone, false), (&here, true)] {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", app.view().recent());
}
