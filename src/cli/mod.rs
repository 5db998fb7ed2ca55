//! The command line: the same program without a window. One file per subcommand; text and JSON come from the same
//! values.
//!
//! A public interface: names, exit codes and JSON fields change only with a line in the changelog. Standard output
//! carries the answer and nothing else; messages go to standard error.

mod add;

mod bench;
mod budget;

mod check;
mod completions;
mod connect;
mod cores;
mod devices;
mod disconnect;
mod explain;
mod failure;
mod feed;
mod filters;
mod get;
mod interrupt;
mod ks;
mod load;
mod names;
mod new;

mod open;
mod pack;

mod picture;
mod play;
mod remove;
mod render;
mod report;
mod script;
mod set;
mod shapes;

mod soak;

mod switch;

mod timing;

mod values;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use serde_json::{Value as Json, json};

use crate::app::{Folders, Packages};
use crate::ks::Filter;

pub use failure::{Exit, Failure};

/// Version of the JSON documents.
const SCHEMA: u32 = 1;

/// Live filter graphs: draw filters, connect pins, hear them.
#[derive(Parser, Debug)]
#[command(
    name = "ksgraph",
    version,
    after_help = "Examples:\n  ksgraph graphs/first_sound.ron --run\n  ksgraph render graphs/first_sound.ron --feed \"Computer Keyboard=notes.mid\" -o out.wav\n\n\
        Exit codes: 0 done, 1 the graph says no, 2 wrong usage, 3 a file, 4 a device or display\n\n\
        Diagnostics: with KSGRAPH_PROBE=FILE the editor writes what its window shows to FILE as JSON, each time it changes\n\n\
        Settings, copies and backups: KSGRAPH_USER_DIR=DIR does as --user-dir DIR"
)]
struct Arguments {
    /// The graph to open in the editor, or a file of sound to build one for; without it a first graph to play with
    graph: Option<PathBuf>,
    /// Run at once
    #[arg(long)]
    run: bool,
    /// Open without running anything and without any device
    #[arg(long)]
    safe: bool,
    /// Folder for settings, copies and backups, in place of the usual ones
    #[arg(long, value_name = "DIR")]
    user_dir: Option<PathBuf>,
    /// Folder of files that declare filters, beside those in `filters` of the user's folder
    #[arg(
        long = "filters",
        id = "filters-folder",
        global = true,
        value_name = "DIR"
    )]
    filters: Option<PathBuf>,
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Agree the whole graph and say what came of it
    Check(check::Check),
    /// Render a graph into a wave file, as fast as the machine allows
    Render(render::Render),
    /// Play a graph live, without a window
    Play(play::Play),
    /// Show what two pins would agree on, step by step
    Explain(explain::Explain),
    /// Connect two pins, putting converters between them where they are needed
    Connect(connect::Connect),
    /// Make the graph that plays files of sound
    Open(open::Open),
    /// Take a wire away
    Disconnect(disconnect::Disconnect),
    /// Make a new graph
    New(new::New),
    /// Add a filter
    Add(add::Add),
    /// Take a filter away, with its wires
    Remove(remove::Remove),
    /// Let what comes into filters go out as it is
    Bypass(switch::Bypass),
    /// Leave filters out of what plays; their wires carry silence
    Disable(switch::Disable),
    /// Let disabled filters take part again
    Enable(switch::Enable),
    /// Make a filter of a group: from then on it is in the catalogue
    Pack(pack::Pack),
    /// Make a filter that was packed a group again
    Unpack(pack::Unpack),
    /// List the filters on offer, or show all of one
    Filters(filters::Filters),
    /// Show properties
    Get(get::Get),
    /// Set properties
    Set(set::Set),
    /// List audio devices and MIDI ports
    Devices(devices::Devices),
    /// Draw a graph into a file
    Picture(picture::Picture),
    /// Say how long it is from key to ear, and what brings that within so many milliseconds
    Budget(budget::Measure),
    /// Measure what each filter costs; with --soak play for a day of graph time and see that nothing breaks
    Bench(bench::Measure),
    /// Tell what somebody who is to help needs to know, in one file
    Report(report::Write),
    /// Answer raw Kernel Streaming calls, one JSON request a line
    Ks(ks::Ks),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// The editor is wanted, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Editor {
    /// The graph to open; without one the first graph of all, as an untitled document.
    pub graph: Option<PathBuf>,
    /// Files of sound or notes in its place: the graph that plays them is built in an untitled document, and plays.
    pub media: Vec<PathBuf>,
    /// Whether it runs at once.
    pub run: bool,
    /// Whether nothing runs and no device is touched.
    pub safe: bool,
    /// Folder for settings and logs.
    pub user_dir: Option<PathBuf>,
    /// Folder of files that declare filters.
    pub filters: Option<PathBuf>,
    is_json: bool,
}

/// What became of the arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The command is over.
    Ended(Exit),
    /// The caller opens the editor.
    Editor(Editor),
}

/// What a command found: the same for people and for scripts.
struct Answer {
    exit: Exit,
    text: String,
    json: Json,
}

impl Answer {
    fn new(text: impl Into<String>, json: Json) -> Self {
        Self {
            exit: Exit::Done,
            text: text.into(),
            json,
        }
    }

    /// Nothing more to say: the command has answered by itself.
    fn quiet(exit: Exit) -> Self {
        Self {
            exit,
            text: String::new(),
            json: Json::Null,
        }
    }

    /// The same, ending with another code.
    fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

/// Carries out a command line; the first word is the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Outcome {
    run_with(words, vec![])
}

/// The same with filters beside the built-in ones: for programs that bring their own.
pub fn run_with(words: impl IntoIterator<Item = OsString>, more: Vec<Arc<dyn Filter>>) -> Outcome {
    let words: Vec<OsString> = words.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return Outcome::Ended(not_understood(&error, &words)),
    };
    match declared(&arguments) {
        Ok((declared, recipes)) => {
            load::lend(more.into_iter().chain(declared).collect(), recipes);
        }
        Err(failure) => return Outcome::Ended(fail(&failure, arguments.json)),
    }
    let outcome = carry_out(arguments);
    load::lend(vec![], vec![]);
    outcome
}

/// Filters that files declare. What is wrong in the user's own folder is told; what is wrong in the one that was asked
/// for ends the command.
fn declared(arguments: &Arguments) -> Result<load::Lent, Failure> {
    let (mut all, mut recipes) = (vec![], vec![]);
    let own = Folders::find(arguments.user_dir.as_deref());
    if let Some(own) = own {
        let found = Packages::read(&own.filters());
        for fault in &found.faults {
            say(&fault.to_string());
        }
        all.extend(found.filters);
        recipes.extend(found.recipes);
    }
    if let Some(folder) = &arguments.filters {
        let tried = format!("read the filters in {}", folder.display());
        if !folder.is_dir() {
            return Err(Failure::file(folder, tried, "there is no such folder")
                .cure("a folder of .ron files that declare filters"));
        }
        let found = Packages::read(folder);
        if let Some(fault) = found.faults.first() {
            let failure = Failure::file(&fault.path, tried, fault.reason.clone());
            return Err(match fault.line {
                Some(line) => failure.at(&fault.path, line),
                None => failure,
            });
        }
        all.extend(found.filters);
        recipes.extend(found.recipes);
    }
    Ok((all, recipes))
}

fn carry_out(arguments: Arguments) -> Outcome {
    let is_json = arguments.json;
    let Some(command) = arguments.command else {
        return editor(arguments);
    };
    if arguments.graph.is_some() || arguments.run || arguments.safe {
        let failure = Failure::usage(
            "read the command line",
            "a graph, --run or --safe stand before a subcommand: they belong to the editor",
        )
        .cure("put the subcommand first: ksgraph check GRAPH");
        return Outcome::Ended(fail(&failure, is_json));
    }
    let places = pack::Places {
        asked: arguments.filters,
        own: arguments.user_dir,
    };
    if let Command::Open(it) = &command
        && let Some(media) = open::for_the_editor(it)
    {
        return match media {
            Ok(media) => Outcome::Editor(Editor {
                graph: None,
                media,
                run: false,
                safe: false,
                user_dir: places.own,
                filters: places.asked,
                is_json,
            }),
            Err(failure) => Outcome::Ended(fail(&failure, is_json)),
        };
    }
    let answer = match command {
        Command::Check(it) => check::run(&it),
        Command::Render(it) => render::run(&it, is_json),
        Command::Play(it) => play::run(&it),
        Command::Explain(it) => explain::run(&it),
        Command::Connect(it) => connect::run(&it),
        Command::Disconnect(it) => disconnect::run(&it),
        Command::New(it) => new::run(&it),
        Command::Open(it) => open::run(&it),
        Command::Add(it) => add::run(&it),
        Command::Remove(it) => remove::run(&it),
        Command::Bypass(it) => switch::bypass(&it),
        Command::Disable(it) => switch::disable(&it),
        Command::Enable(it) => switch::enable(&it),
        Command::Pack(it) => pack::pack(&it, &places),
        Command::Unpack(it) => pack::unpack(&it),
        Command::Filters(it) => filters::run(&it),
        Command::Get(it) => get::run(&it),
        Command::Set(it) => set::run(&it),
        Command::Devices(it) => devices::run(&it, is_json),
        Command::Picture(it) => picture::run(&it),
        Command::Budget(it) => budget::run(&it),
        Command::Bench(it) => bench::run(&it),
        Command::Report(it) => report::run(&it),
        Command::Ks(it) => ks::run(&it),
        Command::Completions(it) => completions::run(&it),
    };
    Outcome::Ended(match answer {
        Ok(answer) => give(answer, is_json),
        Err(failure) => fail(&failure, is_json),
    })
}

/// The editor is asked for; a graph that cannot be read is said before any window opens.
fn editor(arguments: Arguments) -> Outcome {
    let mut editor = Editor {
        graph: arguments.graph,
        media: vec![],
        run: arguments.run,
        safe: arguments.safe,
        user_dir: arguments.user_dir,
        filters: arguments.filters,
        is_json: arguments.json,
    };
    if let Some(path) = &editor.graph
        && let Err(failure) = load::read(path)
    {
        if let crate::ks::FileFact::Unusable(_) = crate::filters::probe(path) {
            return Outcome::Ended(fail(&failure, editor.is_json));
        }
        editor.media = editor.graph.take().into_iter().collect();
    }
    Outcome::Editor(editor)
}

impl Editor {
    /// There is no screen to open it on.
    pub fn no_display(&self, reason: &str) -> Exit {
        let graph = self
            .graph
            .as_ref()
            .map_or_else(|| "GRAPH".into(), |path| path.display().to_string());
        let failure = Failure::device("open the editor", reason).cure(format!(
            "without a window: `ksgraph play {graph}` plays it, `ksgraph render {graph} -o out.wav` writes a wave file"
        ));
        let failure = match self.media.first() {
            Some(media) => failure.cure(format!(
                "without a window: `ksgraph open {} -o graph.ron` makes the graph that plays it",
                media.display()
            )),
            None => failure,
        };
        fail(&failure, self.is_json)
    }
}

/// Ends after something that should not be possible: one clear line instead of a trace.
pub fn broken() -> Exit {
    say("the program broke inside; the file you named is as it was unless it says otherwise above");
    Exit::No
}

fn not_understood(error: &clap::Error, words: &[OsString]) -> Exit {
    use clap::error::ErrorKind as Kind;
    if matches!(error.kind(), Kind::DisplayHelp | Kind::DisplayVersion) {
        return print(&error.to_string()).err().unwrap_or(Exit::Done);
    }
    let rendered = error.to_string();
    let plain = rendered.trim().trim_start_matches("error: ");
    if words.iter().any(|word| word == "--json") {
        let first = plain.split("\n\n").next().unwrap_or(plain);
        let stopped: Vec<&str> = first.lines().map(str::trim).collect();
        let failure = Failure::usage("read the command line", stopped.join(" "))
            .cure("ksgraph --help, or ksgraph COMMAND --help");
        return fail(&failure, true);
    }
    say(plain);
    Exit::Usage
}

fn give(answer: Answer, is_json: bool) -> Exit {
    if answer.text.is_empty() && answer.json.is_null() {
        return answer.exit;
    }
    if is_json {
        let mut document = json!({ "schema": SCHEMA, "ok": answer.exit == Exit::Done });
        if let (Json::Object(all), Json::Object(more)) = (&mut document, answer.json) {
            all.extend(more);
        }
        written(print(&format!("{document}\n")), answer.exit)
    } else {
        written(print(&answer.text), answer.exit)
    }
}

/// How the program ends when all went so far, and its last words were written or not.
fn written(printed: Result<(), Exit>, exit: Exit) -> Exit {
    match (printed, exit) {
        (Err(failed), Exit::Done) => failed,
        (_, exit) => exit,
    }
}

fn fail(failure: &Failure, is_json: bool) -> Exit {
    if is_json {
        let _ = print(&format!("{}\n", failure.json()));
    } else {
        let _ = std::io::stderr().write_all(failure.text().as_bytes());
    }
    failure.exit
}

/// Writes to standard output; else how the program is to end.
fn print(text: &str) -> Result<(), Exit> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(()),
        // Who reads has gone: that is how pipes end.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Exit::Done),
        Err(error) => {
            say(&format!("standard output cannot be written: {error}"));
            Err(Exit::File)
        }
    }
}

/// A message to the user, on standard error.
fn say(message: &str) {
    let _ = std::io::stderr().write_all(format!("ksgraph: {message}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_sound_and_every_command_shows_an_example() {
        Arguments::command().debug_assert();
        for command in Arguments::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("ksgraph "),
                "{} shows no example",
                command.get_name()
            );
        }
    }

    #[test]
    fn no_subcommand_is_the_editor() {
        let words = ["ksgraph", "--safe", "--user-dir", "/tmp/x"].map(OsString::from);
        let Outcome::Editor(editor) = run(words) else {
            panic!("the editor was asked for");
        };
        assert!(editor.safe && !editor.run && editor.graph.is_none());
    }
}
