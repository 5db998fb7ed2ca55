//! The score of the future, used by hand: notes that wait are dragged, muted and taken away before they are due.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App};
use ksgraph::graph::{FilterId, FilterPath, PinAddress};
use ksgraph::ks::{ScoreEvent, ScoreSheet, State, Value};

use super::app_support::Window;

/// A song on the disk, for as long as it is played.
struct Song(std::path::PathBuf);

impl Drop for Song {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A window on a song of a note every tenth of a second on channel 3, fed so many milliseconds ahead; it runs.
fn running(ahead: Option<f64>) -> (Window, FilterPath, Song) {
    static LAST: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("ksgraph-score-{}-{number}.mid", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut messages: Vec<(u64, [u8; 3])> = vec![];
    for n in 0..6_000 {
        let key = 40 + (n % 40) as u8;
        messages.push((n * 100, [0x92, key, 100]));
        messages.push((n * 100 + 50, [0x82, key, 0]));
    }
    let bytes = ksgraph::midi::smf::write_smf0(500, 500_000, &messages);
    std::fs::write(&path, bytes).expect("a song");
    let mut window = Window::with(&["midi_file_reader", "tone_synth", "null_renderer"]);
    let app = window.screen().app_mut();
    let ids: Vec<FilterId> = app.view().graph.filters.keys().copied().collect();
    let text = Value::Text(path.to_string_lossy().into_owned());
    let mut values = vec![("path", text)];
    values.extend(ahead.map(|ahead| ("ahead", Value::Number(ahead))));
    for (key, value) in values {
        app.perform(Action::SetProperty {
            filter: ids[0],
            key: key.into(),
            value: Some(value),
        });
    }
    let pin = |at: usize, pin: &str| PinAddress {
        filter: FilterPath::from(vec![ids[at]]),
        pin: pin.into(),
        instance: 0,
    };
    for (from, to) in [
        (pin(0, "notes"), pin(1, "notes")),
        (pin(1, "out"), pin(2, "in")),
    ] {
        app.perform(Action::Connect { from, to });
    }
    app.perform(Action::Select(Default::default()));
    let synth = FilterPath::from(vec![ids[1]]);
    app.perform(Action::SetState(State::Run));
    let is_open = |app: &App| app.view().score(&synth).is_some();
    assert!(window.waits(is_open), "the synth is never open");
    (window, synth, Song(path))
}

/// The same, two seconds ahead, paused while many notes wait.
fn paused() -> (Window, FilterPath, Song) {
    let (mut window, synth, song) = running(Some(2_000.0));
    let waits = |app: &App| waiting(app, &synth).len() > 10;
    assert!(window.waits(waits), "nothing ever waits");
    let app = window.screen().app_mut();
    app.perform(Action::SetState(State::Pause));
    assert!(window.waits(|app| app.view().state() == Ok(State::Pause)));
    window.key(Modifiers::ALT, Key::F8);
    window.harness().run_steps(3);
    (window, synth, song)
}

/// What the sequencer shows now.
fn sheet(app: &App, synth: &FilterPath) -> ScoreSheet {
    let mut sheet = ScoreSheet::default();
    if let Some(score) = app.view().score(synth) {
        score.look(&mut sheet);
    }
    sheet
}

/// What waits now.
fn waiting(app: &App, synth: &FilterPath) -> Vec<ScoreEvent> {
    let mut events = sheet(app, synth).events;
    events.retain(|it| !it.is_played);
    events
}

/// The note that is due last of those that are drawn: its place and its label.
fn last_note(window: &mut Window) -> (egui::Rect, String) {
    let buttons = window.harness().query_all_by_role(Role::Button);
    let notes = buttons.filter_map(|it| {
        let label = it.accesskit_node().label()?;
        label.starts_with("Note on").then(|| (it.rect(), label))
    });
    let last = notes.max_by(|one, other| one.0.left().total_cmp(&other.0.left()));
    last.expect("a note is drawn")
}

/// The number of the note with that label.
fn number(window: &mut Window, synth: &FilterPath, label: &str) -> ScoreEvent {
    let sample = label.rsplit(' ').next().and_then(|it| it.parse().ok());
    let sample: u64 = sample.expect("its sample is said");
    let all = waiting(window.screen().app(), synth);
    let at = |it: &&ScoreEvent| ksgraph::ks::sample_from_time(it.time, 48_000) == sample;
    *all.iter()
        .filter(|it| it.is_note_on())
        .find(at)
        .expect("it waits")
}

/// It is so at once, while the graph stands; then it goes on, and it is so in truth.
fn stays(window: &mut Window, synth: &FilterPath, is_so: impl Fn(&ScoreSheet) -> bool) {
    let stood = sheet(window.screen().app(), synth);
    assert!(is_so(&stood), "it is not seen while the graph stands");
    window
        .screen()
        .app_mut()
        .perform(Action::SetState(State::Run));
    let is_done = |app: &App| {
        let sheet = sheet(app, synth);
        sheet.now > stood.now && is_so(&sheet)
    };
    assert!(window.waits(is_done), "it is never done");
}

/// One that waits.
fn find(sheet: &ScoreSheet, number: u64) -> Option<&ScoreEvent> {
    let mut events = sheet.events.iter();
    events.find(|it| it.number == number && !it.is_played)
}

#[test]
fn a_note_is_muted_and_taken_away_by_keys() {
    let (mut window, synth, _song) = paused();
    assert!(window.sees("Mute channel 3"));
    let (_, label) = last_note(&mut window);
    let note = number(&mut window, &synth, &label);
    window.harness().get_by_label(&label).focus();
    window.harness().run_steps(2);
    window.key(Modifiers::NONE, Key::M);
    stays(&mut window, &synth, |sheet| {
        find(sheet, note.number).is_some_and(|it| it.is_muted)
    });
    let (mut window, synth, _song) = paused();
    let filters = window.graph().filters.len();
    let (_, label) = last_note(&mut window);
    let note = number(&mut window, &synth, &label);
    window.harness().get_by_label(&label).focus();
    window.harness().run_steps(2);
    window.key(Modifiers::NONE, Key::Delete);
    assert!(!window.sees(&label), "it is drawn while the graph stands");
    stays(&mut window, &synth, |sheet| {
        find(sheet, note.number).is_none()
    });
    assert_eq!(window.graph().filters.len(), filters, "Del means the note");
}

#[test]
fn a_note_that_is_dragged_comes_later_by_what_it_was_dragged() {
    let (mut window, synth, _song) = paused();
    let (rect, label) = last_note(&mut window);
    let note = number(&mut window, &synth, &label);
    let spot = rect.center();
    window.drag(spot, spot + egui::vec2(100.0, 0.0));
    // 2.75 s are as wide as the strip, which is nearly as wide as the window.
    stays(&mut window, &synth, |sheet| {
        let it = find(sheet, note.number);
        let by = it.map(|it| (it.time - note.time) / 10_000);
        by.is_some_and(|by| (150..300).contains(&by))
    });
}

#[test]
fn what_was_done_to_a_note_is_taken_back_by_undo_and_done_again_by_redo() {
    let (mut window, synth, _song) = paused();
    let (_, label) = last_note(&mut window);
    let note = number(&mut window, &synth, &label);
    window.harness().get_by_label(&label).focus();
    window.harness().run_steps(2);
    window.key(Modifiers::NONE, Key::M);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::CTRL, Key::Z);
    window.key(Modifiers::CTRL, Key::Z);
    window.key(Modifiers::CTRL, Key::Y);
    // It is muted again, and where it was.
    stays(&mut window, &synth, |sheet| {
        find(sheet, note.number).is_some_and(|it| it.is_muted && it.time == note.time)
    });
    assert_eq!(window.graph().filters.len(), 3, "the document is as it was");
    let app = window.screen().app_mut();
    assert_eq!(app.view().undo.as_deref(), Some("Mute note"));
    app.perform(Action::SetState(State::Stop));
    assert_ne!(app.view().undo.as_deref(), Some("Mute note"));
}

#[test]
fn bars_of_the_song_lie_on_the_strip_with_their_numbers() {
    let (mut window, _synth, _song) = paused();
    let is_read = |app: &App| {
        let mut files = app.view().facts.files.values();
        files.any(|fact| matches!(fact, ksgraph::ks::FileFact::Song(_)))
    };
    assert!(window.waits(is_read), "the song is never read");
    window.harness().run_steps(3);
    // A bar has 2 s at 120 a minute; 2.75 s are seen from half a second before now.
    let (_, label) = last_note(&mut window);
    assert!(
        label.contains(", bar ") && label.contains(" beat "),
        "{label}"
    );
    let ms = |label: &str| -> i64 {
        let words = label.split("due in ").nth(1).expect("it says when");
        words
            .split(' ')
            .next()
            .and_then(|it| it.parse().ok())
            .expect("a number")
    };
    let sample: i64 = label
        .rsplit(' ')
        .next()
        .and_then(|it| it.parse().ok())
        .expect("a sample");
    let bar = sample / 96_000 + 1;
    assert!(
        label.contains(&format!("bar {bar} beat {}", sample / 24_000 % 4 + 1)),
        "{label}"
    );
    assert!(ms(&label) > 0);
    // Where the next bar begins in sight, it is said over the strip.
    let now = sample - ms(&label) * 48;
    let next = now / 96_000 + 2;
    if (next - 1) * 96_000 < now + 48 * 1_700 && (next - 1) * 96_000 > now + 48 * 300 {
        assert!(window.sees(&format!("Bar {next}")), "bar {next}");
    }
}

#[test]
fn a_channel_is_silenced_by_its_switch() {
    let (mut window, synth, _song) = paused();
    window.click("Mute channel 3");
    stays(&mut window, &synth, |sheet| sheet.muted_channels == 1 << 2);
}

#[test]
fn where_nothing_is_fed_ahead_one_click_feeds() {
    let (mut window, synth, _song) = running(None);
    window.key(Modifiers::ALT, Key::F8);
    window.harness().run_steps(3);
    window.click("Feed 1 s ahead");
    let values = |window: &mut Window| {
        let graph = window.graph();
        let mut nodes = graph.filters.values();
        nodes.find_map(|node| match &node.kind {
            ksgraph::graph::NodeKind::Filter(it) => it.values.get("ahead").cloned(),
            ksgraph::graph::NodeKind::Group(_) => None,
        })
    };
    assert_eq!(values(&mut window), Some(Value::Number(1_000.0)));
    // And what is to come is there, without anything being opened anew.
    assert!(window.waits(|app| sheet(app, &synth).waiting > 4));
    window.key(Modifiers::CTRL, Key::Z);
    assert_eq!(values(&mut window), None);
}
