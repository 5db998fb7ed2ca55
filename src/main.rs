//! Hands the arguments to the command line; no subcommand means the editor.

use std::panic::{PanicHookInfo, catch_unwind, set_hook};
use std::process::ExitCode;

use ksgraph::cli::{self, Editor, Exit, Outcome};

fn main() -> ExitCode {
    set_hook(Box::new(say_once));
    let exit = catch_unwind(|| match cli::run(std::env::args_os()) {
        Outcome::Ended(exit) => exit,
        Outcome::Editor(editor) => open(&editor),
    });
    ksgraph::device::farewell();
    ExitCode::from(exit.unwrap_or_else(|_| cli::broken()) as u8)
}

/// One line for a panic: which thread and where. No back trace; the thread that panicked says what becomes of it.
fn say_once(info: &PanicHookInfo<'_>) {
    use std::io::Write;

    let thread = std::thread::current();
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let words = info.payload_as_str().unwrap_or("no reason given");
    // Nobody may be reading; that is no reason to panic again.
    let _ = writeln!(
        std::io::stderr(),
        "ksgraph: a fault inside, in {} at {place}: {words}",
        thread.name().unwrap_or("a thread")
    );
}

/// Samples of a cycle of the editor: 5.3 ms at 48 kHz.
#[cfg(feature = "gui")]
const QUANTUM: usize = 256;

/// From one file that is opened to the next.
#[cfg(feature = "gui")]
const ROW: f32 = 224.0;

/// The graph a first start opens, in a checkout; elsewhere the copy inside the program.
#[cfg(feature = "gui")]
const STARTER: &str = "graphs/first_sound.ron";

#[cfg(feature = "gui")]
fn open(editor: &Editor) -> Exit {
    use ksgraph::app::{Action, App, Options};
    use ksgraph::gui::{self, GuiError};

    if !gui::has_display() {
        return editor
            .no_display("there is no display: neither DISPLAY nor WAYLAND_DISPLAY leads to one");
    }
    let mut options = if editor.safe {
        Options::nominal(QUANTUM)
    } else {
        Options::for_this_machine(QUANTUM)
    };
    options.folders = ksgraph::app::Folders::find(editor.user_dir.as_deref());
    options.is_safe = editor.safe;
    let own = options.folders.as_ref().map(|folders| folders.filters());
    for folder in own.into_iter().chain(editor.filters.clone()) {
        let found = ksgraph::app::Packages::read(&folder);
        for fault in found.register(&mut options.catalogue, &folder) {
            eprintln!("ksgraph: {fault}");
        }
    }
    let mut app = App::new(options);
    let starter = std::path::Path::new(STARTER);
    let has_template = !editor.safe && app.preferences().template.is_some();
    if !editor.media.is_empty() {
        let files = editor.media.iter().enumerate().map(|(row, path)| {
            let y = 120.0 + row as f32 * ROW;
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            (whole, ksgraph::graph::Position { x: 80.0, y })
        });
        let files = files.collect();
        app.perform(Action::New);
        app.perform(Action::DropFiles {
            files,
            is_wired: true,
        });
    }
    match &editor.graph {
        _ if !editor.media.is_empty() => {}
        Some(path) => app.perform(Action::Open(path.clone())),
        None if has_template => app.perform(Action::New),
        None if starter.is_file() => app.perform(Action::Open(starter.to_owned())),
        None => {
            let text = include_bytes!("../graphs/first_sound.ron");
            if let Ok(loaded) = ksgraph::graph::from_ron(text, STARTER) {
                app.open_document(loaded.graph, None);
            }
        }
    }
    // The starter sounds at once, quietly; a graph of one's own waits to be set running, and so does everything after a
    // run that ended badly: perhaps it was the playing.
    let is_well = app.view().recovered().is_empty();
    let is_first = editor.graph.is_none() && editor.media.is_empty() && !has_template;
    let run = !editor.safe && (editor.run || is_first && is_well);
    match gui::run(gui::Options {
        app,
        graph: None,
        run,
        greet: run && is_first,
    }) {
        Ok(()) => Exit::Done,
        Err(GuiError::NoDisplay) => editor.no_display("there is no display that can be opened"),
        Err(error) => editor.no_display(&error.to_string()),
    }
}

#[cfg(not(feature = "gui"))]
fn open(editor: &Editor) -> Exit {
    editor.no_display("this program was built without a window")
}
