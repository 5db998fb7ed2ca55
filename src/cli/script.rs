//! Editing a graph by commands: each step is the same `Edit` as on the canvas; the file is written once, at the end.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, Bench, Document};
use super::{Answer, add, connect, disconnect, remove, say, set, switch};
use crate::graph::{Edit, EditError, FilterPath, Graph, Negotiator, Wiring, apply, settle};
use crate::sysaudio::Site;

/// Where an edited graph goes, and many edits at a time.
#[derive(Args, Debug)]
pub(super) struct Writing {
    /// Write the result here instead of back to GRAPH
    #[arg(long, short, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
    /// Carry out a file of edits, one a line, all or none; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) batch: Option<PathBuf>,
}

/// One edit, as a subcommand or as a line of a batch.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Step {
    /// Add a filter
    Add(add::Words),
    /// Take a filter away, with its wires
    Remove(remove::Words),
    /// Connect two pins
    Connect(connect::Words),
    /// Take a wire away
    Disconnect(disconnect::Words),
    /// Set properties
    Set(set::Words),

    /// Let what comes into filters go out as it is
    Bypass(switch::BypassWords),
    /// Leave filters out of what plays
    Disable(switch::Words),
    /// Let disabled filters take part again
    Enable(switch::Words),
}

/// A line of a batch.
#[derive(Parser, Debug)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(subcommand)]
    step: Step,
}

/// A graph that is being edited.
pub(super) struct Script {
    pub(super) document: Document,
    pub(super) bench: Bench,
    /// Keeps the agreement up with the graph, so that a long batch costs what its lines change.
    pub(super) negotiator: Negotiator,
    /// Whether the agreement is older than the graph.
    is_stale: bool,
    /// Whether filters or values came that were not looked at for files.
    is_new: bool,
    text: String,
    done: Vec<Json>,
}

impl Script {
    /// Begins with a graph.
    pub(super) fn new(document: Document) -> Self {
        let bench = load::nominal(&document, None);
        Self {
            document,
            bench,
            negotiator: Negotiator::default(),
            is_stale: true,
            is_new: false,
            text: String::new(),
            done: vec![],
        }
    }

    /// One edit.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Add(it) => add::step(self, it),
            Step::Remove(it) => remove::step(self, it),
            Step::Connect(it) => connect::step(self, it),
            Step::Disconnect(it) => disconnect::step(self, it),
            Step::Set(it) => set::step(self, it),
            Step::Bypass(it) => switch::bypass_step(self, it),
            Step::Disable(it) => switch::part_step(self, it, false),
            Step::Enable(it) => switch::part_step(self, it, true),
        }
    }

    /// Changes the graph inside the groups at `level`.
    pub(super) fn edit(
        &mut self,
        level: &FilterPath,
        edit: Edit,
        tried: &str,
    ) -> Result<(), Failure> {
        let draws_only = draws_only(&edit);
        apply(&mut self.document.loaded.graph, edit.within(&level.0)).map_err(|error| {
            let failure = Failure::usage(tried, error.to_string());
            match error {
                EditError::Sealed(..) => failure.cure("ksgraph unpack GRAPH FILTER"),
                _ => failure,
            }
        })?;
        settle(&mut self.document.loaded.graph, &self.bench.catalogue);
        self.is_stale = true;
        self.is_new |= !draws_only;
        Ok(())
    }

    /// The graph becomes what it was.
    pub(super) fn restore(&mut self, graph: Graph) {
        self.document.loaded.graph = graph;
        self.is_stale = true;
        self.is_new = true;
    }

    /// The agreement of the graph as it is now.
    pub(super) fn wiring(&mut self) -> &Wiring {
        if self.is_stale {
            let base = self.document.base.as_deref();
            let Bench {
                catalogue, facts, ..
            } = &mut self.bench;
            if self.is_new {
                load::probe_all(self.document.graph(), catalogue, base, facts);
            }
            let graph = self.document.graph();
            self.negotiator.agree(graph, catalogue, facts, base);
            (self.is_stale, self.is_new) = (false, false);
        }
        &self.negotiator
    }

    /// The graph as it is now, to be built on.
    pub(super) fn site(&self) -> Site {
        Site {
            graph: self.document.graph().clone(),
            wiring: self.negotiator.clone(),
        }
    }

    /// Says what was done.
    pub(super) fn did(&mut self, text: &str, document: Json) {
        self.text += text;
        self.text.push('\n');
        self.done.push(document);
    }

    /// Carries out a single step, or the batch that was named instead, and writes the graph.
    pub(super) fn finish(
        mut self,
        step: Option<Step>,
        writing: &Writing,
    ) -> Result<Answer, Failure> {
        match (&writing.batch, step) {
            (Some(file), _) => self.batch(file)?,
            (None, Some(step)) => self.step(&step)?,
            (None, None) => {}
        }
        self.document.write(writing.output.as_deref())?;
        let path = writing.output.as_deref().unwrap_or(&self.document.path);
        let mut document = json!({ "graph": path.to_string_lossy(), "done": self.done });
        // A single edit stands in the document itself as well.
        if let ([Json::Object(only)], Json::Object(all)) = (&self.done[..], &mut document) {
            all.extend(only.clone());
        }
        Ok(Answer::new(self.text, document))
    }

    /// All lines or none: nothing is written before the last one is done.
    fn batch(&mut self, file: &Path) -> Result<(), Failure> {
        let text = read(file)?;
        let told = |index: usize, line: &str, failure: Failure| {
            let number = index as u32 + 1;
            failure
                .while_trying(&format!("line {number} of the batch, {line:?}"))
                .at(file, number)
        };
        let mut steps = vec![];
        let lines = text.lines().map(str::trim).enumerate();
        for (index, line) in lines.filter(|(_, it)| !it.is_empty() && !it.starts_with('#')) {
            match split(line).and_then(|words| parse(&words)) {
                Ok(step) => steps.push((index, line, step)),
                Err(failure) => {
                    // What stands before it is looked at first, as if line after line were read.
                    self.steps(&steps, &told)?;
                    return Err(told(index, line, failure));
                }
            }
        }
        self.steps(&steps, &told)
    }

    /// One step after the other; wires in a row are drawn together where all of them hold.
    fn steps(
        &mut self,
        mut steps: &[(usize, &str, Step)],
        told: &dyn Fn(usize, &str, Failure) -> Failure,
    ) -> Result<(), Failure> {
        while !steps.is_empty() {
            let wire = |it: &(usize, &str, Step)| match &it.2 {
                Step::Connect(words) => connect::plain(words),
                _ => None,
            };
            let run: Vec<(String, String)> = steps.iter().map_while(wire).collect();
            if run.len() > 1 && connect::many(self, &run) {
                steps = &steps[run.len()..];
                continue;
            }
            // Not all of them hold: each on its own, and nobody asks for the rest of them again.
            let alone = run.len().max(1);
            for (index, line, step) in &steps[..alone] {
                self.step(step)
                    .map_err(|failure| told(*index, line, failure))?;
            }
            steps = &steps[alone..];
        }
        Ok(())
    }
}

/// Whether an edit does nothing but draw wires and take them away.
fn draws_only(edit: &Edit) -> bool {
    match edit {
        Edit::Connect(_) | Edit::Disconnect(_) => true,
        Edit::Batch(edits) => edits.iter().all(draws_only),
        _ => false,
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let tried = format!("read the batch {}", file.display());
    let mut bytes = vec![];
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|found| bytes = found)
    };
    read.map_err(|error| Failure::file(file, &tried, error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Failure::file(file, &tried, error.to_string()))
}

/// An edit as it stands in a line, word by word.
pub(super) fn parse(words: &[String]) -> Result<Step, Failure> {
    let line = Line::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let first = text.trim().trim_start_matches("error: ");
        let first = first.split("\n\n").next().unwrap_or(first);
        let first: Vec<&str> = first.lines().map(str::trim).collect();
        Failure::usage("read it", first.join(" "))
            .cure("add KEY, remove FILTER, connect FROM TO, disconnect FROM TO, set FILTER.PROPERTY=VALUE, bypass FILTER [--off], disable FILTER or enable FILTER")
    })?;
    Ok(line.step)
}

/// Parts a line at blanks outside quotes. Double quotes stay, as names and values read them; single ones are taken off.
fn split(line: &str) -> Result<Vec<String>, Failure> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('"'), '\\') => {
                let word = word.get_or_insert_default();
                word.push('\\');
                word.extend(letters.next());
            }
            (Some(open), letter) if open == letter => {
                quote = None;
                if letter == '"' {
                    word.get_or_insert_default().push('"');
                }
            }
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '"' | '\'') => {
                quote = Some(letter);
                let word = word.get_or_insert_default();
                if letter == '"' {
                    word.push('"');
                }
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(Failure::usage("read it", "a quote is not closed"));
    }
    words.extend(word);
    Ok(words)
}

/// A word about a value or place that is not quite what was asked for.
pub(super) fn note(text: Option<String>) {
    if let Some(text) = text {
        say(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parted_as_a_shell_would() {
        let words = |line: &str| split(line).ok();
        let list = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(
            words("add tone --name t"),
            list(&["add", "tone", "--name", "t"])
        );
        assert_eq!(
            words("connect \"a b\".out  '\"c.d\".in'"),
            list(&["connect", "\"a b\".out", "\"c.d\".in"])
        );
        assert_eq!(
            words("set t.path=\"a \\\"b\\\" c\""),
            list(&["set", "t.path=\"a \\\"b\\\" c\""])
        );
        assert_eq!(words("add \"tone"), None);
    }

    #[test]
    fn every_step_of_a_batch_is_read() {
        for line in [
            "add tone --name t --at -10,20.5",
            "remove #3",
            "connect t.out g.in --direct",
            "connect t.out",
            "connect t --existing --log",
            "disconnect t.out g.in",
            "set t.level=-12 t.frequency=440",
            "bypass t g --off",
            "disable t",
            "enable #3",
        ] {
            assert!(
                split(line).and_then(|words| parse(&words)).is_ok(),
                "{line}"
            );
        }
        for line in ["", "render x", "add", "connect", "add tone --colour red"] {
            assert!(
                split(line).and_then(|words| parse(&words)).is_err(),
                "{line}"
            );
        }
    }
}
