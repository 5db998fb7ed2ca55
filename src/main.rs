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

fn open(editor: &Editor) -> Exit {
    editor.no_display("this program was built without a window")
}
