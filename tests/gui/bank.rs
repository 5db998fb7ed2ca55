//! The living bank, used by hand: instruments are found and pressed, regions and keys too, and voices light up.

use egui::Pos2;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App};
use ksgraph::graph::{FilterId, FilterPath, PinAddress};
use ksgraph::ks::{BankDesk, State, Value, VoiceSeen, VoiceStage};

use super::app_support::Window;

/// A file for as long as it is needed.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        static LAST: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("ksgraph-{}-{number}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).expect("a file");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A window on a synthesizer whose page of its bank is open; with that file as its bank.
fn on(bank: Option<&std::path::Path>) -> (Window, FilterPath) {
    let mut window = Window::with(&["dls_synth", "null_renderer", "keyboard"]);
    let app = window.screen().app_mut();
    let ids: Vec<FilterId> = app.view().graph.filters.keys().copied().collect();
    if let Some(bank) = bank {
        app.perform(Action::SetProperty {
            filter: ids[0],
            key: "bank".into(),
            value: Some(Value::Text(bank.to_string_lossy().into_owned())),
        });
    }
    let pin = |at: usize, pin: &str| PinAddress {
        filter: FilterPath::from(vec![ids[at]]),
        pin: pin.into(),
        instance: 0,
    };
    for (from, to) in [
        (pin(2, "notes"), pin(0, "notes")),
        (pin(0, "out"), pin(1, "in")),
    ] {
        app.perform(Action::Connect { from, to });
    }
    let synth = FilterPath::from(vec![ids[0]]);
    let is_open = |app: &App| app.view().bank(&synth).is_some();
    assert!(window.waits(is_open), "the synth is never open");
    window.select(ids[0].0);
    tab(&mut window, "Bank");
    (window, synth)
}

fn tab(window: &mut Window, name: &str) {
    let tab = window.harness().get_by_role_and_label(Role::Tab, name);
    tab.click();
    window.harness().run_steps(4);
}

fn run(window: &mut Window) {
    let run = Action::SetState(State::Run);
    window.screen().app_mut().perform(run);
    assert!(window.waits(|app| app.view().state() == Ok(State::Run)));
    window.harness().run_steps(2);
}

fn desk(app: &App, synth: &FilterPath) -> BankDesk {
    app.view().bank(synth).expect("it is open").clone()
}

fn voices(app: &App, synth: &FilterPath) -> Vec<VoiceSeen> {
    let mut seen = vec![];
    desk(app, synth).voices().look(&mut seen);
    seen
}

/// Names of what is in a list.
fn rows(window: &mut Window, begin: &str) -> Vec<String> {
    let rows = window.harness().query_all_by_role(Role::ListBoxOption);
    let labels = rows.filter_map(|it| it.accesskit_node().label());
    labels.filter(|it| it.starts_with(begin)).collect()
}

fn press(window: &mut Window, at: Pos2) {
    window.harness().hover_at(at);
    window.harness().step();
    window.harness().drag_at(at);
    window.harness().run_steps(2);
}

fn let_go(window: &mut Window, at: Pos2) {
    window.harness().drop_at(at);
    window.harness().run_steps(3);
}

/// Whether a voice of that kind is held, in a while.
fn sounds(window: &mut Window, synth: &FilterPath, is_it: impl Fn(&VoiceSeen) -> bool) -> bool {
    let held = |it: &VoiceSeen| it.stage == VoiceStage::Held && is_it(it);
    window.waits(|app| voices(app, synth).iter().any(held))
}

fn is_silent(window: &mut Window, synth: &FilterPath) -> bool {
    let none = |app: &App| {
        voices(app, synth)
            .iter()
            .all(|it| it.stage != VoiceStage::Held)
    };
    window.waits(none)
}

#[test]
fn an_instrument_is_found_by_its_name_and_heard_while_it_is_pressed() {
    let (mut window, synth) = on(None);
    run(&mut window);
    let first = rows(&mut window, "Instrument ");
    assert!(
        first
            .iter()
            .any(|it| it.contains("0:0 Acoustic Grand Piano")),
        "{first:?}"
    );
    assert!(
        first.len() < 20,
        "only rows that are seen are drawn: {}",
        first.len()
    );
    let field = window.harness().get_by_label("Find an instrument");
    field.focus();
    window.harness().run_steps(2);
    window.type_text("violin");
    let found = rows(&mut window, "Instrument ");
    assert_eq!(found, ["Instrument 0:40 Violin"]);
    let at = window.middle("Instrument 0:40 Violin");
    press(&mut window, at);
    let is_violin = |it: &VoiceSeen| it.instrument == 40 && it.channel == 16;
    assert!(sounds(&mut window, &synth, is_violin), "nothing is heard");
    window.harness().run_steps(2);
    let lit = rows(&mut window, "Instrument ");
    assert!(
        lit[0].contains("Violin, 1 voice") || lit[0].contains("voices"),
        "{lit:?}"
    );
    let_go(&mut window, at);
    assert!(is_silent(&mut window, &synth), "it is held for ever");
}

#[test]
fn a_key_and_a_region_are_heard_alone() {
    let (mut window, synth) = on(None);
    run(&mut window);
    let keys = window
        .harness()
        .get_by_label("Keys of the instrument")
        .rect();
    let at = keys.lerp_inside(egui::vec2(60.5 / 128.0, 0.5));
    press(&mut window, at);
    assert!(sounds(&mut window, &synth, |it| it.key == 60 && it.instrument == 0));
    // Over to another key: that one, and no longer the first.
    let next = keys.lerp_inside(egui::vec2(72.5 / 128.0, 0.5));
    window.harness().hover_at(next);
    window.harness().run_steps(2);
    assert!(sounds(&mut window, &synth, |it| it.key == 72));
    let_go(&mut window, next);
    assert!(is_silent(&mut window, &synth));
    // The piano has soft and hard waves: a press below the middle is a soft one.
    let query = window.harness().query_all_by_label_contains("Map of ");
    let map = query.map(|it| it.rect()).next().expect("a map");
    let at = map.lerp_inside(egui::vec2(60.5 / 128.0, 0.8));
    press(&mut window, at);
    let is_soft = |it: &VoiceSeen| it.key == 60 && it.velocity < 60;
    assert!(sounds(&mut window, &synth, is_soft));
    let regions: Vec<u16> = voices(window.screen().app(), &synth)
        .iter()
        .filter(|it| it.stage == VoiceStage::Held)
        .map(|it| it.region)
        .collect();
    assert_eq!(regions.len(), 1, "one region alone: {regions:?}");
    let_go(&mut window, at);
    assert!(is_silent(&mut window, &synth));
    assert!(window.sees("Envelopes") && window.sees("Attack, decay, release: "));
}

#[test]
fn while_it_stands_still_it_says_why_and_offers_to_run() {
    let (mut window, synth) = on(None);
    assert!(window.sees("The graph is stopped: nothing sounds until it runs"));
    let at = window.middle("Instrument 0:0 Acoustic Grand Piano");
    press(&mut window, at);
    let_go(&mut window, at);
    window.click("Run now");
    assert!(window.waits(|app| app.view().state() == Ok(State::Run)));
    window.harness().run_steps(3);
    assert!(!window.sees("Run now"));
    assert!(
        voices(window.screen().app(), &synth).is_empty(),
        "it is not heard later"
    );
}

#[test]
fn what_is_held_ends_when_the_page_goes() {
    let (mut window, synth) = on(None);
    run(&mut window);
    // One that sounds for as long as it is held.
    let field = window.harness().get_by_label("Find an instrument");
    field.focus();
    window.harness().run_steps(2);
    window.type_text("drawbar");
    let name = rows(&mut window, "Instrument ")[0].clone();
    let at = window.middle(&name);
    press(&mut window, at);
    assert!(sounds(&mut window, &synth, |_| true));
    window
        .screen()
        .app_mut()
        .perform(Action::Select(Default::default()));
    window.harness().run_steps(3);
    assert!(is_silent(&mut window, &synth), "nobody lets go of it");
}

#[test]
fn a_file_that_is_no_bank_is_told_on_the_page_and_another_one_is_taken() {
    let bad = File::new("bad.dls", b"RIFF\x04\0\0\0DLS ");
    let (mut window, synth) = on(Some(&bad.0));
    let is_told = |app: &App| desk(app, &synth).trouble().is_some();
    assert!(window.waits(is_told));
    window.harness().run_steps(3);
    assert!(window.sees("it has no instruments"));
    assert!(window.sees("Try Again"));
    let lines = &window.screen().app().view().log;
    assert!(
        lines
            .iter()
            .any(|it| it.text.contains("it has no instruments"))
    );
    window.screen().app_mut().perform(Action::SetProperty {
        filter: FilterId(1),
        key: "bank".into(),
        value: None,
    });
    let is_there = |app: &App| desk(app, &synth).sheet().0 == 1;
    assert!(window.waits(is_there));
    window.harness().run_steps(3);
    assert!(!window.sees("it has no instruments on"));
    assert!(window.sees("Instrument 0:0 Acoustic Grand Piano"));
    // Undo chooses the bad one again; what is there plays on.
    window.screen().app_mut().perform(Action::Undo);
    assert!(window.waits(is_told));
    assert_eq!(desk(window.screen().app(), &synth).sheet().0, 1);
}

#[test]
fn calls_that_downloaded_something_are_listed_with_their_answers() {
    let (mut window, synth) = on(None);
    assert!(!window.sees("DOWNLOAD"));
    let memory = window.screen().app().view().memory(&synth).cloned();
    let memory = memory.expect("it takes downloads");
    assert!(memory.download(7, b"no buffer").is_err());
    window.harness().run_steps(3);
    assert!(window.sees("DOWNLOAD buffer, 9 bytes"));
}

#[test]
fn thousands_of_regions_draw_no_more_than_is_seen() {
    use ksgraph::dls::{Collection, Instrument, Link, Patch, Region, Wave, write};
    let region = |n: usize| Region {
        keys: (n % 128) as u8..=(n % 128) as u8,
        velocities: 0..=127,
        overlaps: false,
        group: 0,
        layer: 0,
        link: Link {
            cue: 0,
            channel: 1,
            phase_group: 0,
            is_master: false,
        },
        sample: None,
        connections: vec![],
    };
    let instruments = (0..400_usize).map(|n| Instrument {
        patch: Patch {
            msb: (n / 128) as u8,
            program: (n % 128) as u8,
            ..Patch::default()
        },
        regions: (0..if n == 0 { 5_000 } else { 8 }).map(region).collect(),
        ..Instrument::default()
    });
    let all = Collection {
        instruments: instruments.collect(),
        waves: vec![std::sync::Arc::new(Wave {
            id: None,
            info: Default::default(),
            rate_hz: 22_050,
            samples: (0..2_000).map(|n| (n % 200) * 100).collect(),
            sample: None,
        })],
        pool: vec![Some(0)],
        ..Collection::default()
    };
    let bank = File::new("large.dls", &write(&all));
    let (mut window, synth) = on(Some(&bank.0));
    let is_there = |app: &App| desk(app, &synth).sheet().1.regions == 5_000 + 399 * 8;
    assert!(window.waits(is_there), "it is never there");
    window.harness().run_steps(3);
    assert!(window.sees("400 instruments, 8 192 regions") || window.sees("400 instruments"));
    assert!(window.sees("Map of 5000 regions"));
    let drawn = [
        rows(&mut window, "Instrument "),
        rows(&mut window, "Region "),
    ]
    .concat();
    assert!((8..20).contains(&drawn.len()), "{drawn:?} are drawn");
}

#[test]
fn a_bank_on_its_way_says_how_far_it_is_on_its_page_and_in_its_box() {
    use ksgraph::ks::{LoadStage, Loading};
    let (mut window, synth) = on(None);
    let desk = desk(window.screen().app(), &synth);
    let path = std::path::Path::new("large.sf2");
    let loading = std::sync::Arc::new(Loading::new(path));
    desk.begins(loading.clone());
    assert!(loading.reached(LoadStage::Reading, 50 << 20, 100 << 20));
    window.harness().run_steps(3);
    assert!(window.sees("Loading General MIDI: 50 of 100 MiB read"));
    assert!(window.sees("Loading 35 %"), "in the box");
    // What is there can be looked at and heard meanwhile.
    assert!(window.sees("Instrument 0:0 Acoustic Grand Piano"));
    loading.reached(LoadStage::Making, 3, 4);
    window.harness().run_steps(3);
    assert!(window.sees("3 of 4 instruments"));
    desk.ended(Some("large.sf2: at byte 12: it ends".into()));
    window.harness().run_steps(3);
    assert!(!window.sees("of 4 instruments"));
    assert!(window.sees("large.sf2: at byte 12: it ends"));
    assert!(window.sees("Bank not loaded"), "in the box");
}

#[test]
fn the_bank_of_a_synthesizer_without_wires_is_shown_and_it_is_helped_to_be_heard() {
    let mut window = Window::with(&["dls_synth", "null_renderer"]);
    let ids: Vec<FilterId> = {
        let view = window.screen().app().view();
        view.graph.filters.keys().copied().collect()
    };
    let synth = FilterPath::from(vec![ids[0]]);
    let sheet = |app: &App| app.view().bank(&synth).map(|it| it.sheet());
    assert!(sheet(window.screen().app()).is_none(), "nobody looks");
    window.select(ids[0].0);
    tab(&mut window, "Bank");
    let is_there = |app: &App| sheet(app).is_some_and(|it| it.0 == 1);
    assert!(window.waits(is_there), "it is never read");
    window.harness().run_steps(3);
    assert!(window.sees("Instrument 0:0 Acoustic Grand Piano"));
    assert!(window.sees("Map of ") && window.sees("Envelopes"));
    // Another file is chosen meanwhile, one that is none, and the first again.
    let set = |window: &mut Window, value: Option<Value>| {
        window.screen().app_mut().perform(Action::SetProperty {
            filter: ids[0],
            key: "bank".into(),
            value,
        });
    };
    let bad = File::new("none.dls", b"RIFF\x04\0\0\0DLS ");
    let words = bad.0.to_string_lossy().into_owned();
    set(&mut window, Some(Value::Text(words)));
    let is_told = |app: &App| {
        app.view()
            .bank(&synth)
            .is_some_and(|it| it.trouble().is_some())
    };
    assert!(window.waits(is_told));
    window.harness().run_steps(3);
    assert!(window.sees("it has no instruments") && window.sees("Try Again"));
    set(&mut window, None);
    let is_back = |app: &App| sheet(app).is_some_and(|it| it.0 == 2);
    assert!(window.waits(is_back));
    window.harness().run_steps(3);
    // Nothing sounds of it: what is missing is offered, one by one.
    let at = window.middle("Instrument 0:0 Acoustic Grand Piano");
    press(&mut window, at);
    let_go(&mut window, at);
    assert!(window.sees("Wire Its Sound"));
    let pin = |at: usize, pin: &str| PinAddress {
        filter: FilterPath::from(vec![ids[at]]),
        pin: pin.into(),
        instance: 0,
    };
    window.screen().app_mut().perform(Action::Connect {
        from: pin(0, "out"),
        to: pin(1, "in"),
    });
    window.harness().run_steps(3);
    assert!(!window.sees("Wire Its Sound"));
    window.click("Add a Keyboard");
    let is_open = |app: &App| app.view().synth(&synth).is_some();
    assert!(window.waits(is_open), "it is never open");
    window.harness().run_steps(3);
    // The page is still there.
    window.click("Run now");
    assert!(window.waits(|app| app.view().state() == Ok(State::Run)));
    window.harness().run_steps(3);
    let at = window.middle("Instrument 0:0 Acoustic Grand Piano");
    press(&mut window, at);
    assert!(sounds(&mut window, &synth, |it| it.instrument == 0));
    let_go(&mut window, at);
    // Without wires again it is looked at for as long as the page is there.
    window
        .screen()
        .app_mut()
        .perform(Action::DisconnectAll(ids[0]));
    let is_shut = |app: &App| app.view().synth(&synth).is_none();
    assert!(window.waits(is_shut));
    window.harness().run_steps(3);
    assert!(window.waits(is_there));
    window
        .screen()
        .app_mut()
        .perform(Action::Select(Default::default()));
    window.harness().run_steps(3);
    assert!(sheet(window.screen().app()).is_none());
}
