//! Why a command did not do what it was told: up to four short parts, and the exit code that goes with them.
//!
//! What was tried, what stopped it, what to do about it, and a code. The same value becomes lines for people and a
//! document for scripts.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::app::offline::Trouble;
use crate::engine::Stuck;
use crate::graph::Refusal;
use crate::ks::Status;

/// Exit codes, a public interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Exit {
    /// Done.
    #[default]
    Done = 0,
    /// The graph says no.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// A file that cannot be read, understood or written.
    File = 3,
    /// A device or display that cannot be had.
    Device = 4,
}

/// A command that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the program ends with.
    pub exit: Exit,
    tried: String,
    stopped: String,
    cure: String,
    code: Status,
    file: Option<PathBuf>,
    line: Option<u32>,
    more: Option<Box<More>>,
}

/// What few failures have in their document.
#[derive(Clone, Debug, Default)]
struct More {
    refusal: Option<Refusal>,
    /// Another field, by name.
    field: Option<(&'static str, Json)>,
}

impl Failure {
    fn new(exit: Exit, code: Status, tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        Self {
            exit,
            tried: tried.into(),
            stopped: stopped.into(),
            cure: String::new(),
            code,
            file: None,
            line: None,
            more: None,
        }
    }

    /// The command was given something it cannot take.
    pub fn usage(tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Status::InvalidParameter, tried, stopped)
    }

    /// Something was named that is not there.
    pub fn not_found(tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Status::NotFound, tried, stopped)
    }

    /// The graph says no.
    pub fn no(tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        Self::new(Exit::No, Status::Unsuccessful, tried, stopped)
    }

    /// A file cannot be read, understood or written.
    pub fn file(file: &Path, tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        let mut failure = Self::new(Exit::File, Status::IoDeviceError, tried, stopped);
        failure.file = Some(file.to_owned());
        failure
    }

    /// A device or display cannot be had.
    pub fn device(tried: impl Into<String>, stopped: impl Into<String>) -> Self {
        Self::new(Exit::Device, Status::DeviceNotReady, tried, stopped)
    }

    /// Two pins do not connect.
    pub fn refused(refusal: Refusal) -> Self {
        let tried = format!("connect {} to {}", refusal.from, refusal.to);
        let stopped = format!("{} ({})", refusal.sentence(), refusal.rule);
        let cures: Vec<&str> = refusal
            .cures
            .iter()
            .map(|cure| cure.text.as_str())
            .collect();
        let mut failure = Self::new(Exit::No, refusal.status, tried, stopped);
        failure.cure = match cures.is_empty() {
            true => refusal.advice.clone(),
            false => cures.join("; or: "),
        };
        failure.more.get_or_insert_default().refusal = Some(refusal);
        failure
    }

    /// The same with a word on what to do.
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }

    /// The same with another field in its document.
    pub fn with(mut self, name: &'static str, value: Json) -> Self {
        self.more.get_or_insert_default().field = Some((name, value));
        self
    }

    /// The same, found in a line of a file.
    pub fn at(mut self, file: &Path, line: u32) -> Self {
        self.file = Some(file.to_owned());
        self.line = Some(line);
        self
    }

    /// The same with what was tried put into its context.
    pub fn while_trying(mut self, context: &str) -> Self {
        self.tried = format!("{context}: {}", self.tried);
        self
    }

    /// For people, on standard error.
    pub fn text(&self) -> String {
        let mut text = format!("ksgraph: {}", self.tried);
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            text += &format!("\n  at:      {}:{line}", file.display());
        }
        if !self.stopped.is_empty() {
            text += &format!("\n  stopped: {}", self.stopped);
        }
        if !self.cure.is_empty() {
            text += &format!("\n  try:     {}", self.cure);
        }
        text + &format!("\n  code:    {}\n", self.code)
    }

    /// For scripts, on standard output.
    pub fn json(&self) -> Json {
        let mut document = json!({
            "schema": super::SCHEMA,
            "ok": false,
            "error": {
                "tried": self.tried,
                "stopped": self.stopped,
                "cure": self.cure,
                "code": self.code.name(),
                "file": self.file.as_ref().map(|file| file.to_string_lossy()),
                "line": self.line,
            },
        });
        let Some(more) = &self.more else {
            return document;
        };
        if let Some(refusal) = &more.refusal {
            document["refusal"] = super::shapes::refusal(refusal);
        }
        if let Some((name, value)) = &more.field {
            document[*name] = value.clone();
        }
        document
    }
}

impl From<Stuck> for Failure {
    fn from(stuck: Stuck) -> Self {
        Self::no("run the graph", stuck.to_string())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let words = trouble.to_string();
        match trouble {
            Trouble::Stuck(_) => Self::no("run the graph", words),
            Trouble::Nothing => Self::no("render the graph", words)
                .cure("`ksgraph check GRAPH --run` says what stands in the way"),
            Trouble::Cancelled => Self::no("render the graph", words),
            Trouble::File { path, .. } => {
                Self::file(&path, format!("write {}", path.display()), words)
                    .cure("choose a folder you may write to, on a disk that has room")
            }
        }
    }
}
