//! A thread that keeps on disk what the program itself remembers, so that no disk, however slow, holds up the window.
//!
//! Here is the thread and what it can be asked; the settings' file is `store.rs`'s, copies of unsaved work are
//! `sessions.rs`'s, backups `backups.rs`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::backups::Backups;
use super::preferences::Preferences;
use super::sessions::{Recovered, Session};
use super::store::Store;
use crate::graph::{Graph, to_ron};
use crate::ks::Bell;

/// Settings rest so long before they are written: a slider sends many.
const REST: Duration = Duration::from_millis(500);

/// Something to be done beside the window.
pub(super) enum Job {
    /// The settings have changed.
    Settings(Box<Preferences>),
    /// Look which of these files are there.
    Look(Vec<PathBuf>),
    /// Keep a copy of unsaved work, in place of the last one.
    Copy {
        /// The work.
        graph: Box<Graph>,
        /// Its file, if it has one.
        document: Option<PathBuf>,
        /// The copy it was opened from, which this one stands for once it is written.
        instead_of: Option<PathBuf>,
    },
    /// There is nothing unsaved any more.
    NoCopy,
    /// Keep a copy of work that another document takes the place of, and offer it.
    PutAside {
        /// The work.
        graph: Box<Graph>,
        /// Its file, if it has one.
        document: Option<PathBuf>,
    },
    /// Look for copies of this document that nobody has opened.
    Seek(PathBuf),
    /// Throw a copy away.
    Discard(PathBuf),
    /// A file was saved over these bytes.
    Backup(PathBuf, Vec<u8>),
    /// The program ends as it should.
    End,
}

/// What came of it.
pub(super) enum Report {
    /// Something did not work. The sentence.
    Failed(String),
    /// Unsaved work could not be copied. The sentence.
    NotCopied(String),
    /// Whether files are there.
    Seen(BTreeMap<PathBuf, bool>),
    /// A copy that the user may want.
    Found(Recovered),
}

/// What the thread looks after. What could not be had is not looked after.
#[derive(Default)]
pub(super) struct Charge {
    /// The settings' file.
    pub(super) store: Option<Store>,
    /// Copies of unsaved work.
    pub(super) session: Option<Session>,
    /// Backups of saved files.
    pub(super) backups: Option<Backups>,
}

/// The thread. Dropped, it first does all that was asked.
pub(super) struct Keeper {
    jobs: Option<Sender<Job>>,
    reports: Receiver<Report>,
    /// Rung with every report.
    pub(super) bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it.
    pub(super) fn start(charge: Charge) -> std::io::Result<Self> {
        let (jobs, asked) = channel();
        let (tell, reports) = channel();
        let bell = Bell::default();
        let rung = bell.clone();
        let thread = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || charge.work(&asked, &tell, &rung))?;
        Ok(Self {
            jobs: Some(jobs),
            reports,
            bell,
            thread: Some(thread),
        })
    }

    /// Has something done.
    pub(super) fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // It ends only with this end of the channel.
            let _ = jobs.send(job);
        }
    }

    /// What has been done since.
    pub(super) fn report(&self) -> Option<Report> {
        self.reports.try_recv().ok()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // A panic there has been said there.
        }
    }
}

impl Charge {
    fn work(mut self, asked: &Receiver<Job>, tell: &Sender<Report>, bell: &Bell) {
        // Nobody listens any more when the program ends: what cannot be sent is lost on nobody.
        let say = |report: Report| {
            drop(tell.send(report));
            bell.ring();
        };
        let mut settings: Option<Box<Preferences>> = None;
        loop {
            let job = if settings.is_some() {
                asked.recv_timeout(REST)
            } else {
                asked.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match job {
                Ok(Job::Settings(newer)) => settings = Some(newer),
                Ok(job) => self.carry_out(job, &say),
                Err(ended) => {
                    if let (Some(settings), Some(store)) = (settings.take(), &mut self.store)
                        && let Err(text) = store.write(&settings)
                    {
                        say(Report::Failed(text));
                    }
                    if ended == RecvTimeoutError::Disconnected {
                        return;
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, job: Job, say: &impl Fn(Report)) {
        match (job, &mut self.session, &mut self.backups) {
            (Job::Look(paths), ..) => {
                let seen = paths.into_iter().map(|path| {
                    let is_there = path.is_file();
                    (path, is_there)
                });
                say(Report::Seen(seen.collect()));
            }
            (
                Job::Copy {
                    graph,
                    document,
                    instead_of,
                },
                Some(session),
                _,
            ) => match session.copy(&to_ron(&graph), document.as_deref()) {
                Ok(()) => {
                    if let Some(old) = instead_of {
                        session.discard(&old);
                    }
                }
                Err(text) => say(Report::NotCopied(text)),
            },
            (Job::NoCopy, Some(session), _) => session.no_copy(),
            (Job::PutAside { graph, document }, Some(session), _) => {
                match session.put_aside(&to_ron(&graph), document.as_deref()) {
                    Ok(found) => say(Report::Found(found)),
                    Err(text) => say(Report::NotCopied(text)),
                }
            }
            (Job::Seek(document), Some(session), _) => {
                session
                    .seek(&document)
                    .into_iter()
                    .for_each(|found| say(Report::Found(found)));
            }
            (Job::Discard(copy), Some(session), _) => session.discard(&copy),
            (Job::Backup(path, bytes), _, Some(backups)) => {
                if let Err(text) = backups.keep(&path, &bytes) {
                    say(Report::Failed(text));
                }
            }
            (Job::End, Some(session), _) => session.end(),
            // What there is no place for is not kept; that was said at the start.
            _ => {}
        }
    }
}
