//! A private screen with a window manager, and hands: pointer and keys by xdotool, eyes by the probe document.
//!
//! The probe tells where things stand in the window and what they are called; nothing can be done through it. All doing
//! goes the way a person's does. Between press, move and release the window gets time for a frame of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::rig::{PROGRAM, Process, Scratch, pause, require, wait_for};
use crate::xdnd;

/// What the window's title contains.
const TITLE: &str = "KSGraph";
/// A window drawn in software on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(40);
/// What a start takes on a machine with nothing else to do.
const QUICK_SECONDS: f64 = 2.5;

/// What the program wrote to `KSGRAPH_PROBE`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Probe {
    schema: u32,
    window: Extent,
    pub(crate) items: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Extent {
    width: f64,
    height: f64,
    scale: f64,
}

/// One thing on the screen.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) state: String,
    /// Left, top, width and height in window pixels.
    pub(crate) rect: [f64; 4],
}

impl Item {
    pub(crate) fn middle(&self) -> (f64, f64) {
        self.at((0.5, 0.5))
    }

    /// A place inside, as shares of its width and height.
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let [left, top, width, height] = self.rect;
        (left + width * x, top + height * y)
    }

    fn visible_in(&self, window: &Extent) -> bool {
        let (x, y) = self.middle();
        (0.0..window.width).contains(&x) && (0.0..window.height).contains(&y)
    }
}

impl Probe {
    /// The thing of this role and name, if its middle is inside the window.
    pub(crate) fn find(&self, role: &str, name: &str) -> Option<&Item> {
        self.items
            .iter()
            .find(|item| item.role == role && item.name == name && item.visible_in(&self.window))
    }

    pub(crate) fn of_role<'probe>(
        &'probe self,
        role: &'probe str,
    ) -> impl Iterator<Item = &'probe Item> {
        self.items.iter().filter(move |item| item.role == role)
    }

    fn told(&self) -> String {
        self.items
            .iter()
            .map(|item| {
                format!(
                    "  {} \"{}\" [{}] {:?}\n",
                    item.role, item.name, item.state, item.rect
                )
            })
            .collect()
    }
}

/// The screen, the window manager, and the folder that all of it lives in.
pub(crate) struct Screen {
    // Dropped in this order: the manager leaves before its screen.
    _manager: Process,
    _server: Process,
    display: String,
    scratch: Scratch,
}

impl Screen {
    pub(crate) fn start(test: &str) -> Self {
        for tool in ["xdotool", "xprop", "import"] {
            require(tool);
        }
        let scratch = Scratch::new(test);
        // Xvfb looks for a free display itself and writes its number when it is ready.
        let mut command = scratch.command("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1700x1100x24",
            "+extension",
            "GLX",
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        let mut server = Process::start(&command, scratch.path("xvfb.log"));
        let display = wait_for("Xvfb to be ready", PATIENCE, || {
            assert!(server.ended().is_none(), "Xvfb ended:\n{}", server.said());
            server
                .said()
                .lines()
                .find_map(|line| line.trim().parse::<u32>().ok())
        });
        let display = format!(":{display}");

        let mut command = scratch.command("openbox");
        command.env("DISPLAY", &display);
        let manager = Process::start(&command, scratch.path("openbox.log"));
        let screen = Self {
            _manager: manager,
            _server: server,
            display,
            scratch,
        };
        wait_for("openbox to manage windows", PATIENCE, || {
            let out = screen
                .tool("xprop")
                .args(["-root", "_NET_SUPPORTING_WM_CHECK"])
                .output()
                .ok()?;
            String::from_utf8_lossy(&out.stdout)
                .contains("window id")
                .then_some(())
        });
        screen
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// A file in this test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// The program, on no screen: what it does there is the caller's question.
    pub(crate) fn program(scratch: &Scratch) -> Command {
        let mut command = scratch.command(PROGRAM);
        // A machine without sound cards, whatever this one has: the test is the same everywhere, and silent.
        let silent = scratch.path("asound.conf");
        fs::write(&silent, "").expect("a file in this test's folder can be written");
        command
            .env("ALSA_CONFIG_PATH", silent)
            .env("JACK_NO_START_SERVER", "1")
            .env("JACK_DEFAULT_SERVER", "none-of-this-name");
        command
    }

    /// Starts the editor on a graph file and waits until it has drawn itself.
    pub(crate) fn open(&self, graph: &Path) -> Window<'_> {
        self.start_editor(|command| _ = command.arg(graph))
    }

    /// Starts the editor with whatever `more` adds to its command, and waits until it has drawn itself. It begins in this
    /// test's folder, asks for files itself, and forgets nothing between two starts.
    pub(crate) fn start_editor(&self, more: impl FnOnce(&mut Command)) -> Window<'_> {
        let probe = self.path("probe.json");
        // What the last one saw is not there any more.
        let _ = fs::remove_file(&probe);
        let mut command = Self::program(&self.scratch);
        command.arg("--user-dir").arg(self.path("user"));
        command
            .env("DISPLAY", &self.display)
            .env("KSGRAPH_PICKER", "1")
            .env("KSGRAPH_PROBE", &probe);
        more(&mut command);
        command
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WINIT_X11_SCALE_FACTOR", "1");
        let process = Process::start(&command, self.path("ksgraph.log"));
        let mut window = Window {
            screen: self,
            process,
            probe,
            id: String::new(),
            ease: 1.0,
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "how fast this machine is now, a hand goes by"
        )]
        let start = std::time::Instant::now();
        window.id = wait_for("the window", PATIENCE, || {
            assert!(
                window.process.ended().is_none(),
                "the program ended:\n{}",
                window.process.said()
            );
            let found = self
                .tool("xdotool")
                .args(["search", "--onlyvisible", "--name", TITLE])
                .output()
                .ok()?;
            String::from_utf8_lossy(&found.stdout)
                .lines()
                .next()
                .map(str::to_owned)
        });
        window.act(&["windowactivate", "--sync", &window.id]);
        window.settle();
        window.ease = (start.elapsed().as_secs_f64() / QUICK_SECONDS).clamp(1.0, 5.0);
        window
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = self.scratch.command(name);
        command.env("DISPLAY", &self.display).stderr(Stdio::null());
        command
    }
}

/// The running editor and a person in front of it.
pub(crate) struct Window<'screen> {
    screen: &'screen Screen,
    process: Process,
    probe: PathBuf,
    id: String,
    /// How many times slower the hand is than on a machine with nothing else to do.
    ease: f64,
}

impl Window<'_> {
    /// Gives the window so much time on a machine with nothing else to do; on others more.
    pub(crate) fn rest(&self, millis: u64) {
        pause((millis as f64 * self.ease) as u64);
    }

    /// What is on the screen now, as far as the program has told.
    fn look(&self) -> Option<Probe> {
        let text = fs::read(&self.probe).ok()?;
        let probe: Probe = serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("the probe is half a document: {error}"));
        assert_eq!(probe.schema, 1, "a probe of another schema");
        assert!(
            probe.window.scale > 0.0 && probe.window.width > 0.0 && probe.window.height > 0.0,
            "{:?}",
            probe.window
        );
        Some(probe)
    }

    /// Waits until `seen` finds in the probe what it looks for.
    pub(crate) fn see<T>(&mut self, what: &str, mut seen: impl FnMut(&Probe) -> Option<T>) -> T {
        #[expect(
            clippy::disallowed_methods,
            reason = "a deadline for a program that keeps real time"
        )]
        let start = std::time::Instant::now();
        loop {
            let probe = self.look();
            if let Some(found) = probe.as_ref().and_then(&mut seen) {
                return found;
            }
            assert!(
                self.process.ended().is_none(),
                "the program ended while we looked for {what}:\n{}",
                self.process.said()
            );
            if start.elapsed() > PATIENCE {
                let there = probe.map_or("no probe was written\n".to_owned(), |probe| probe.told());
                panic!(
                    "looked {PATIENCE:?} in vain for {what}; there is:\n{there}and it said:\n{}",
                    self.process.said()
                );
            }
            pause(40);
        }
    }

    /// Waits for the thing of this role and name.
    pub(crate) fn find(&mut self, role: &str, name: &str) -> Item {
        self.see(&format!("the {role} \"{name}\""), |probe| {
            probe.find(role, name).cloned()
        })
    }

    /// Waits until whatever a hand could go for stands still: then a rectangle read is a rectangle met.
    pub(crate) fn settle(&mut self) {
        let mut last = Vec::new();
        let mut same = 0;
        self.see("the picture to stand still", |probe| {
            let reached = |item: &&Item| {
                ["canvas", "filter", "pin", "row", "field"].contains(&item.role.as_str())
            };
            let now: Vec<_> = probe
                .items
                .iter()
                .filter(reached)
                .map(|item| (item.name.clone(), item.rect))
                .collect();
            same = if now == last { same + 1 } else { 0 };
            last = now;
            (same >= 6).then_some(())
        });
    }

    pub(crate) fn click(&mut self, at: (f64, f64)) {
        self.click_with(1, at);
    }

    /// A click with another button than the first.
    pub(crate) fn click_with(&mut self, button: u32, at: (f64, f64)) {
        self.point(at);
        let button = button.to_string();
        self.rest(100);
        self.act(&["mousedown", &button]);
        self.rest(100);
        self.act(&["mouseup", &button]);
        self.rest(200);
    }

    /// Clicks the button of that name.
    pub(crate) fn press(&mut self, name: &str) {
        let button = self.find("button", name);
        self.click(button.middle());
    }

    /// Drops files from another program, the pointer being there.
    pub(crate) fn drop_files(&mut self, at: (f64, f64), files: &[&Path]) {
        self.point(at);
        self.rest(200);
        let target = self.id.parse().expect("a window's number");
        let place = self
            .screen
            .tool("xdotool")
            .arg("getmouselocation")
            .arg("--shell")
            .output();
        let said = String::from_utf8(place.expect("xdotool starts").stdout).unwrap_or_default();
        let number = |key: &str| {
            let mut lines = said.lines();
            let found = lines.find_map(|line| line.strip_prefix(key)?.parse::<u32>().ok());
            found.expect("xdotool says where the pointer is")
        };
        let place = (number("X="), number("Y="));
        xdnd::drop_files(&self.screen.display, target, place, files);
    }

    /// Ends it as a crash does: at once, without a word.
    pub(crate) fn kill(mut self) {
        self.process.signal("KILL");
        self.process.finish(PATIENCE);
    }

    /// Turns the wheel by so many notches with Ctrl held, 4 up and 5 down.
    pub(crate) fn zoom(&mut self, button: u32, notches: u32, at: (f64, f64)) {
        self.point(at);
        let (button, notches) = (button.to_string(), notches.to_string());
        self.act(&["keydown", "ctrl"]);
        self.act(&["click", "--repeat", &notches, "--delay", "60", &button]);
        self.act(&["keyup", "ctrl"]);
    }

    /// Makes the window another size.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let (id, width, height) = (self.id.clone(), width.to_string(), height.to_string());
        self.act(&["windowsize", &id, &width, &height]);
        self.rest(300);
    }

    /// Drags with another button than the first.
    pub(crate) fn drag_with(&mut self, button: u32, from: (f64, f64), to: (f64, f64)) {
        self.point(from);
        self.hold(button, true);
        for step in 1..=6 {
            let share = f64::from(step) / 6.0;
            let at = |from: f64, to: f64| from + (to - from) * share;
            self.point((at(from.0, to.0), at(from.1, to.1)));
            self.rest(60);
        }
        self.hold(button, false);
    }

    /// Presses a button of the pointer and keeps it down, or lets it go.
    fn hold(&mut self, button: u32, is_down: bool) {
        let word = if is_down { "mousedown" } else { "mouseup" };
        self.act(&[word, &button.to_string()]);
    }

    /// Takes hold at one place and carries to another in eight steps, without letting go.
    pub(crate) fn carry(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.point(from);
        self.rest(250);
        self.act(&["mousedown", "1"]);
        self.rest(150);
        for step in 1..=8 {
            let share = f64::from(step) / 8.0;
            self.point((
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            ));
            self.rest(60);
        }
        self.rest(400);
    }

    pub(crate) fn let_go(&mut self) {
        self.act(&["mouseup", "1"]);
        self.rest(400);
    }

    pub(crate) fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.carry(from, to);
        self.let_go();
    }

    /// One key or chord, as xdotool names it: `ctrl+s`, `Escape`, `F8`.
    pub(crate) fn key(&mut self, chord: &str) {
        self.act(&["key", "--delay", "60", chord]);
        self.rest(200);
    }

    /// Leaves by Ctrl+Q, as a person who has saved does; the program must go at once and without complaint.
    pub(crate) fn quit(mut self) {
        self.key("ctrl+q");
        let status = self.process.finish(PATIENCE);
        assert!(
            status.success(),
            "the program left with {status}:\n{}",
            self.process.said()
        );
    }

    pub(crate) fn hold_key(&mut self, key: &str) {
        self.act(&["keydown", key]);
    }

    pub(crate) fn release_key(&mut self, key: &str) {
        self.act(&["keyup", key]);
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.act(&["type", "--delay", "60", text]);
        self.settle();
    }

    /// A picture of the screen for people, under cargo's folder for test files.
    pub(crate) fn picture(&self, name: &str) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        let _ = fs::create_dir_all(env!("CARGO_TARGET_TMPDIR"));
        let taken = self
            .screen
            .tool("import")
            .args(["-window", "root"])
            .arg(&file)
            .status();
        println!(
            "picture: {} ({})",
            file.display(),
            taken.is_ok_and(|status| status.success())
        );
    }

    pub(crate) fn point(&mut self, (x, y): (f64, f64)) {
        // Relative to the window, so that the manager's frame does not matter.
        let id = self.id.clone();
        self.act(&[
            "mousemove",
            "--window",
            &id,
            &format!("{x:.0}"),
            &format!("{y:.0}"),
        ]);
    }

    fn act(&self, words: &[&str]) {
        let status = self
            .screen
            .tool("xdotool")
            .args(words)
            .stdout(Stdio::null())
            .status()
            .expect("xdotool starts");
        assert!(
            status.success(),
            "xdotool {} failed: {status}",
            words.join(" ")
        );
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.picture("desktop-failed");
            eprintln!("the program said:\n{}", self.process.said());
        }
    }
}
