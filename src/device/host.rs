//! The sound hosts of this machine that are asked through cpal, and the clients that are kept of them between two
//! questions. What devices they have is `enumerate.rs`; JACK is asked at a desk of its own (`jack_server.rs`).
//!
//! cpal makes a client of PulseAudio with every host that is opened, and a client's thread and connection outlive it: its
//! thread waits for the server and hears nothing of its last user's leaving (pulseaudio 0.3.2). A server turns everybody
//! away who comes when there are 64. So clients are kept and used again, and made anew only when their server is gone, by
//! which the old ones end. Those that look are not those that play: the thread of a client that plays fetches samples,
//! and lists of devices would be in its way.

use std::sync::{Mutex, PoisonError};

use cpal::traits::HostTrait;
use cpal::{Host, HostId};

/// What a host is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// Lists of devices.
    Looking,
    /// A device whose stream stays with the client.
    Streaming,
}

/// Clients nobody uses at the moment. There are as many as asked at once some day.
static KEPT: Mutex<Vec<(Use, Host)>> = Mutex::new(Vec::new());

/// The hosts there are, those first that share a device with other programs.
pub(super) fn all() -> Vec<HostId> {
    let mut hosts = cpal::available_hosts();
    hosts.sort_by_key(|host| {
        let order = ["pipewire", "pulseaudio", "alsa"];
        order.iter().position(|name| *name == host.to_string())
    });
    hosts
}

pub(super) fn is_pulseaudio(host: HostId) -> bool {
    host.to_string() == "pulseaudio"
}

/// Asks a host something; `None` where it cannot be opened. Waits as long as its server does.
pub(super) fn ask<T>(id: HostId, purpose: Use, question: impl FnOnce(&Host) -> T) -> Option<T> {
    if !is_pulseaudio(id) {
        return Some(question(&cpal::host_from_id(id).ok()?));
    }
    let host = match kept(purpose) {
        Some(host) => host,
        None => cpal::host_from_id(id).ok()?,
    };
    let answer = question(&host);
    desk().push((purpose, host));
    Some(answer)
}

/// A client of a server that still answers. It is taken, not borrowed: a server that hangs holds up whoever asks it, and
/// nobody else.
fn kept(purpose: Use) -> Option<Host> {
    loop {
        let host = {
            let mut desk = desk();
            let at = desk.iter().position(|(used, _)| *used == purpose)?;
            desk.swap_remove(at).1
        };
        if host.devices().is_ok() {
            return Some(host);
        }
    }
}

fn desk() -> std::sync::MutexGuard<'static, Vec<(Use, Host)>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
