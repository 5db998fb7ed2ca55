//! That the JACK server our clients belong to still lives. All of them are opened here.
//!
//! libjack frees what it knows of a server that has died as soon as anybody of the process opens a client, whoever still
//! holds one: to touch that again is a crash. So one client, the canary, stays and is asked before any is opened; where the
//! server does not answer, all clients of its *era* must be closed first. Whoever holds one has a [`Token`], and looks at it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jack::{Client, ClientOptions};

use super::ports::CLIENT;

/// The era of the server that was seen last.
static ERA: AtomicU64 = AtomicU64::new(0);
static DESK: Mutex<Desk> = Mutex::new(Desk {
    canary: None,
    held: Vec::new(),
});

struct Desk {
    canary: Option<Client>,
    /// The era of each client that is held, and what the server calls it.
    held: Vec<(u64, String)>,
}

fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held as long as a client is.
#[derive(Debug)]
pub(super) struct Token(u64, String);

impl Token {
    fn new(desk: &mut Desk, name: &str) -> Self {
        let era = ERA.load(Ordering::Acquire);
        desk.held.push((era, name.to_owned()));
        Self(era, name.to_owned())
    }

    /// Whether its server is not known to have died.
    pub(super) fn is_current(&self) -> bool {
        self.0 == ERA.load(Ordering::Acquire)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let mut desk = desk();
        let is_it = |it: &(u64, String)| (it.0, &it.1) == (self.0, &self.1);
        if let Some(at) = desk.held.iter().position(is_it) {
            desk.held.swap_remove(at);
        }
    }
}

impl Desk {
    /// Whether a client may be opened now: none of a dead server is held.
    fn is_clear(&mut self) -> bool {
        // Answered by the server itself; what it has in memory outlives it.
        let answers = |it: &Client| it.uuid_of_client_by_name(it.name()).is_some();
        if self.canary.as_ref().is_some_and(|it| !answers(it)) {
            ERA.fetch_add(1, Ordering::AcqRel);
            self.canary = None;
        }
        let era = ERA.load(Ordering::Acquire);
        self.held.iter().all(|it| it.0 == era)
    }

    /// The client that stays, where a server runs.
    fn canary(&mut self) -> Option<&Client> {
        if !self.is_clear() {
            return None;
        }
        if self.canary.is_none() {
            self.canary = open(&format!("{CLIENT}-look"));
        }
        self.canary.as_ref()
    }
}

fn open(name: &str) -> Option<Client> {
    let opened = Client::new(name, ClientOptions::NO_START_SERVER);
    opened.ok().map(|(client, _)| client)
}

/// A client of the server that runs, if one does; none is started.
pub(super) fn client(name: &str) -> Option<(Client, Token)> {
    let mut desk = desk();
    desk.canary()?;
    let client = open(name)?;
    let token = Token::new(&mut desk, client.name());
    Some((client, token))
}

/// Something of the client that stays, where there is one; with the names of those that this program holds.
pub(super) fn look<T>(at: impl FnOnce(&Client, &[&str]) -> T) -> Option<T> {
    let mut desk = desk();
    desk.canary()?;
    let Desk { canary, held } = &*desk;
    let own: Vec<&str> = held.iter().map(|it| it.1.as_str()).collect();
    canary.as_ref().map(|client| at(client, &own))
}

/// For a client that somebody else opens and we hold.
pub(super) fn token() -> Token {
    Token::new(&mut desk(), "")
}

/// Whether somebody else may open a client now. Looks whether the server lives.
pub(super) fn is_clear() -> bool {
    desk().is_clear()
}
