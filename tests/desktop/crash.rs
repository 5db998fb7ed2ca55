//! The program is killed with unsaved work: the next start tells of it, how much newer it is, and gives it back.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::rig::wait_for;
use crate::screen::{Screen, Window};
use crate::words::*;

const GAIN: (&str, &str) = ("slider", "Gain");
const ENDED_BADLY: &str = "did not end well";

#[test]
fn killed_with_unsaved_work_it_offers_the_newer_copy_and_gives_it_back() {
    let screen = Screen::start("crash");
    let graph = screen.path("song.ron");
    fs::copy(FIRST_SOUND, &graph).unwrap();
    let saved = fs::read_to_string(&graph).unwrap();

    let mut window = screen.open(&graph);
    let edited = turn_up(&mut window);
    wait_for_copy(&screen, &saved);
    window.kill();
    assert_eq!(
        fs::read_to_string(&graph).unwrap(),
        saved,
        "the file is as it was saved"
    );

    // The next start tells of it and of its age, plays nothing by itself, and shows what was saved.
    let mut window = screen.open(&graph);
    let words = banner(&mut window, ENDED_BADLY);
    assert!(
        words.contains("song.ron") && words.contains("newer by"),
        "{words}"
    );
    says(&mut window, GAIN, |it| it != edited);
    window.picture("desktop-crash");
    window.press("Open");
    says(&mut window, GAIN, |it| it == edited);
    no_banner(&mut window);
    says(&mut window, ("document", "song.ron"), |it| it == "edited");

    // What was given back is still unsaved: killed again it is offered again, by a safe start as well. There it is thrown away.
    wait_for_copy(&screen, &saved);
    window.kill();
    let mut window = screen.start_editor(|command| _ = command.arg("--safe").arg(&graph));
    banner(&mut window, ENDED_BADLY);
    says(&mut window, ("button", "Stop"), |it| it == "on");
    window.press("Discard");
    no_banner(&mut window);
    says(&mut window, GAIN, |it| it != edited);
    wait_for("the copy to go", Duration::from_secs(10), || {
        copies(&screen).is_empty().then_some(())
    });
    window.quit();

    // It ended as it should: nothing is told, and nothing is left.
    let mut window = screen.open(&graph);
    window.find(FILTER, "Filter Gain and Pan");
    no_banner(&mut window);
    window.quit();
    assert_eq!(fs::read_to_string(&graph).unwrap(), saved);
    assert!(copies(&screen).is_empty());
}

/// Drags the slider of the gain; what it shows then.
fn turn_up(window: &mut Window<'_>) -> String {
    // What is told makes the canvas lower.
    banner(window, "No sound card");
    window.settle();
    let before = said(window, GAIN.0, GAIN.1);
    let at = window.find(GAIN.0, GAIN.1).at((0.5, 0.5));
    window.drag(at, (at.0 + 25.0, at.1));
    says(window, GAIN, |it| it != before);
    said(window, GAIN.0, GAIN.1)
}

/// Everything hidden beside the file.
fn copies(screen: &Screen) -> Vec<PathBuf> {
    let entries = fs::read_dir(screen.path(""))
        .into_iter()
        .flatten()
        .flatten();
    let files = entries.map(|it| it.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(".song")
    };
    files.filter(is_one).collect()
}

/// When the hands rest, a copy is made beside the file.
fn wait_for_copy(screen: &Screen, saved: &str) {
    wait_for("a copy of unsaved work", Duration::from_secs(15), || {
        let copies = copies(screen).into_iter();
        let mut texts = copies.filter_map(|it| fs::read_to_string(it).ok());
        texts.any(|text| text != saved).then_some(())
    });
}

fn no_banner(window: &mut Window<'_>) {
    window.see("no word of a crash", |probe| {
        let tells = probe
            .of_role(BANNER)
            .any(|it| it.name.contains(ENDED_BADLY));
        (!tells).then_some(())
    });
}
