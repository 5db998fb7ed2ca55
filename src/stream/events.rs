//! Who wants to hear of which event of a minidriver. The minidriver is asked once for each event, however many listen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use super::minidriver::EventRequest;
use super::port::EventKey;
use crate::ks::Status;

struct Watcher {
    number: u64,
    key: EventKey,
    fired: Arc<AtomicU64>,
    /// Where the answer goes, until it is there.
    reply: Option<Sender<Status>>,
}

/// The listeners of one minidriver.
#[derive(Default)]
pub(super) struct Events {
    watchers: Vec<Watcher>,
    /// The events that were asked for, and whether they are granted.
    wanted: BTreeMap<EventKey, bool>,
}

impl Events {
    /// Somebody wants to hear of an event. Says what the minidriver is to be asked.
    pub(super) fn watch(
        &mut self,
        number: u64,
        key: EventKey,
        fired: Arc<AtomicU64>,
        reply: Sender<Status>,
    ) -> Option<EventRequest> {
        let state = self.wanted.get(&key).copied();
        let reply = if state == Some(true) {
            tell(&reply, Status::Success);
            None
        } else {
            Some(reply)
        };
        self.watchers.push(Watcher {
            number,
            key,
            fired,
            reply,
        });
        if state.is_some() {
            return None;
        }
        self.wanted.insert(key, false);
        Some(EventRequest { key, enable: true })
    }

    /// And no longer.
    pub(super) fn unwatch(&mut self, number: u64) -> Option<EventRequest> {
        let at = self.watchers.iter().position(|it| it.number == number)?;
        let key = self.watchers.remove(at).key;
        if self.watchers.iter().any(|it| it.key == key) {
            return None;
        }
        self.wanted
            .remove(&key)
            .map(|_| EventRequest { key, enable: false })
    }

    /// The minidriver has answered.
    pub(super) fn answered(&mut self, event: EventRequest, status: Status) {
        if !event.enable {
            return;
        }
        let is_granted = status == Status::Success;
        if let Some(granted) = self.wanted.get_mut(&event.key) {
            *granted = is_granted;
        }
        for watcher in self.watchers.iter_mut().filter(|it| it.key == event.key) {
            if let Some(reply) = watcher.reply.take() {
                tell(&reply, status);
            }
        }
        if !is_granted {
            self.watchers.retain(|it| it.key != event.key);
            self.wanted.remove(&event.key);
        }
    }

    /// It has happened.
    pub(super) fn fired(&self, key: EventKey) {
        if self.wanted.get(&key) != Some(&true) {
            return;
        }
        for watcher in self.watchers.iter().filter(|it| it.key == key) {
            watcher.fired.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Nothing will happen any more. Gives what was granted, to be given back.
    pub(super) fn end(&mut self, status: Status) -> Vec<EventRequest> {
        for watcher in self.watchers.drain(..) {
            if let Some(reply) = watcher.reply {
                tell(&reply, status);
            }
        }
        let wanted = std::mem::take(&mut self.wanted).into_iter();
        let granted = wanted.filter(|(_, is_granted)| *is_granted);
        let back = granted.map(|(key, _)| EventRequest { key, enable: false });
        back.collect()
    }
}

fn tell(reply: &Sender<Status>, status: Status) {
    // Nobody listens any more: then nobody misses it.
    let _ = reply.send(status);
}
