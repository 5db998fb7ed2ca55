//! The whole window on a bench: the real program on the nominal machine, drawn without a screen, used by names.

use std::path::PathBuf;

use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::{Action, App, Options};
use ksgraph::graph::{FilterId, Graph, Position};
use ksgraph::gui::Screen;

/// The window, made in its first frame, since it needs egui to be there.
pub(crate) struct Bench {
    app: Option<App>,
    screen: Option<Screen>,
}

/// A window in use.
pub(crate) struct Window(Harness<'static, Bench>);

impl Window {
    /// The window on a document with these filters, 320 apart.
    pub(crate) fn with(keys: &[&str]) -> Self {
        let mut app = App::new(Options::nominal(64));
        for (index, key) in keys.iter().enumerate() {
            app.perform(Action::AddFilter {
                key: (*key).to_owned(),
                at: Position {
                    x: 320.0 * index as f32,
                    y: 0.0,
                },
            });
        }
        app.perform(Action::Select(Default::default()));
        Self::of(app)
    }

    /// The window on a graph file.
    pub(crate) fn on(path: &str) -> Self {
        let mut app = App::new(Options::nominal(64));
        app.perform(Action::Open(PathBuf::from(path)));
        Self::of(app)
    }

    /// The window on a reader of a file of two seconds, when it is open.
    pub(crate) fn on_a_file() -> Self {
        static LAST: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("ksgraph-gui-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("two_seconds.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).expect("a file");
        for n in 0..2 * 96_000 {
            writer.write_sample((n % 100) as i16).expect("a sample");
        }
        writer.finalize().expect("a file");
        // Two cues, at half a second and at one and a half.
        let mut cue = vec![b'c', b'u', b'e', b' ', 52, 0, 0, 0, 2, 0, 0, 0];
        for (id, at) in [(1_u32, 24_000_u32), (2, 72_000)] {
            for word in [id, at, u32::from_le_bytes(*b"data"), 0, 0, at] {
                cue.extend(word.to_le_bytes());
            }
        }
        let file = std::fs::OpenOptions::new().append(true).open(&path);
        let written = file.and_then(|mut it| std::io::Write::write_all(&mut it, &cue));
        written.expect("the file takes cues");
        let mut window = Self::with(&["wave_reader", "null_renderer"]);
        let app = window.screen().app_mut();
        let ids: Vec<FilterId> = app.view().graph.filters.keys().copied().collect();
        let text = path.to_string_lossy().into_owned();
        app.perform(Action::SetProperty {
            filter: ids[0],
            key: "path".into(),
            value: Some(ksgraph::ks::Value::Text(text)),
        });
        let pin = |at: usize, pin: &str| ksgraph::graph::PinAddress {
            filter: ksgraph::graph::FilterPath::from(vec![ids[at]]),
            pin: pin.into(),
            instance: 0,
        };
        app.perform(Action::Connect {
            from: pin(0, "out"),
            to: pin(1, "in"),
        });
        app.perform(Action::Select(Default::default()));
        let is_open = window.waits(|app| app.view().transport().length.is_some());
        assert!(is_open, "the file is never open");
        // It is open: nobody needs its name any more.
        let _ = std::fs::remove_dir_all(&folder);
        window.0.run_steps(3);
        window
    }

    /// Whether something comes to be so within a while.
    pub(crate) fn waits(&mut self, is_so: impl Fn(&App) -> bool) -> bool {
        for _ in 0..60_000 {
            let app = self.screen().app_mut();
            app.poll();
            if is_so(app) {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        false
    }

    /// The window of a program.
    pub(crate) fn of(app: App) -> Self {
        let bench = Bench {
            app: Some(app),
            screen: None,
        };
        let harness = Harness::builder()
            .with_size(Vec2::new(1500.0, 900.0))
            .with_max_steps(20)
            .build_ui_state(
                |ui, bench: &mut Bench| {
                    if let Some(app) = bench.app.take() {
                        let mut screen = Screen::new(ui.ctx(), app);
                        screen.use_own_picker();
                        bench.screen = Some(screen);
                        return;
                    }
                    bench
                        .screen
                        .as_mut()
                        .expect("made in the first frame")
                        .ui(ui);
                },
                bench,
            );
        let mut window = Self(harness);
        // Long enough for the view to have arrived.
        window.0.run_steps(30);
        window
    }

    /// What is on the bench.
    pub(crate) fn harness(&mut self) -> &mut Harness<'static, Bench> {
        &mut self.0
    }

    /// The screen.
    pub(crate) fn screen(&mut self) -> &mut Screen {
        self.0
            .state_mut()
            .screen
            .as_mut()
            .expect("made in the first frame")
    }

    /// The document.
    pub(crate) fn graph(&mut self) -> Graph {
        self.screen().app().view().graph.clone()
    }

    /// Selects one filter.
    pub(crate) fn select(&mut self, id: u32) {
        let mut selection = ksgraph::app::Selection::default();
        selection.filters.insert(FilterId(id));
        self.screen().app_mut().perform(Action::Select(selection));
        self.0.run_steps(3);
    }

    /// The middle of what has that name.
    pub(crate) fn middle(&self, name: &str) -> Pos2 {
        self.0.get_by_label(name).rect().center()
    }

    /// Rolls whatever holds it until something of that name can be seen.
    pub(crate) fn reveal(&mut self, name: &str) {
        self.0.get_by_label(name).scroll_to_me();
        // Lists roll softly.
        self.0.run_steps(20);
    }

    /// Whether something of that name is there.
    pub(crate) fn sees(&self, name: &str) -> bool {
        self.0.query_all_by_label_contains(name).next().is_some()
    }

    /// Presses and lets go of a key.
    pub(crate) fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.0.key_press_modifiers(modifiers, key);
        self.0.run_steps(4);
    }

    /// Types.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.0.event(egui::Event::Text(text.to_owned()));
        self.0.run_steps(3);
    }

    /// Clicks what has that name.
    pub(crate) fn click(&mut self, name: &str) {
        self.0.get_by_label(name).click();
        self.0.run_steps(4);
    }

    /// Takes hold at one place, goes to another in steps, and lets go.
    pub(crate) fn drag(&mut self, from: Pos2, to: Pos2) {
        self.carry(from, to);
        self.0.drop_at(to);
        self.0.run_steps(4);
    }

    /// The same without letting go.
    pub(crate) fn carry(&mut self, from: Pos2, to: Pos2) {
        self.0.hover_at(from);
        self.0.step();
        self.0.drag_at(from);
        self.0.step();
        for share in [0.25, 0.5, 0.75, 1.0] {
            self.0.hover_at(from + (to - from) * share);
            self.0.step();
        }
        self.0.run_steps(2);
    }
}
