//! The words of stories.

use super::{Cause, Dropout, Mishap};
use crate::ks::grouped;

/// So many nanoseconds, as people say it.
pub fn time(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{}\u{a0}ns", grouped(nanos as u32)),
        10_000..10_000_000 => format!("{}\u{a0}µs", grouped((nanos / 1000) as u32)),
        10_000_000..10_000_000_000 => format!("{}\u{a0}ms", grouped((nanos / 1_000_000) as u32)),
        _ => format!("{:.1}\u{a0}s", nanos as f64 / 1e9),
    }
}

/// What lies between two filters.
pub(super) fn between(before: Option<String>, after: Option<String>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("Something between {before} and {after}"),
        (None, Some(after)) => format!("Something before {after}"),
        (Some(before), None) => format!("Something behind {before}"),
        (None, None) => "Something in the cycle".into(),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "nothing to play".into(),
        _ => format!("nothing to play {} times", grouped(count)),
    }
}

/// The whole in one sentence.
pub(super) fn sentence(it: &Dropout) -> String {
    let late = time(it.late_nanos);
    let is_woken_late = it.cause() == Cause::Wake;
    match (it.mishap, &it.device) {
        (Mishap::Starved, _) => {
            format!("{} had nothing in time, so it gave silence", it.culprit)
        }
        (Mishap::Muted, _) => format!("{} was muted, the rest plays on", it.culprit),
        (_, Some((_, count))) if it.late_nanos > 0 => format!(
            "{} made the cycle {late} late, so {} had {}",
            it.culprit,
            it.device_name,
            times(*count)
        ),
        (_, Some((_, count))) if is_woken_late => format!(
            "The audio thread was woken {} late, so {} had {}; no filter was late",
            time(it.woke_late_nanos),
            it.device_name,
            times(*count)
        ),
        (_, Some((_, count))) => format!(
            "{} had {}, though no filter was late: the sound system asked too late or too early",
            it.device_name,
            times(*count)
        ),
        (_, None) => format!(
            "{} made the cycle {late} late; no gap was noticed",
            it.culprit
        ),
    }
}

/// What the log says, whose line begins with the filter's name.
pub(super) fn line(it: &Dropout) -> String {
    if it.late_nanos == 0 {
        return it.sentence.clone();
    }
    let mut text = match it.took_nanos {
        0 => String::new(),
        took if it.usual_nanos > 0 => {
            format!("Took {} and usually {}: ", time(took), time(it.usual_nanos))
        }
        took => format!("Took {}: ", time(took)),
    };
    text += &format!("cycle {} was {} late", it.cycle, time(it.late_nanos));
    if let Some((_, count)) = &it.device {
        text += &format!(", and {} had {}", it.device_name, times(*count));
    }
    text
}

impl Dropout {
    /// What it is put down to.
    pub fn cause(&self) -> Cause {
        match (self.mishap, &self.device) {
            (Mishap::Starved | Mishap::Muted, _) => Cause::Other,
            _ if self.late_nanos > 0 => Cause::Filter,
            (_, Some(_)) if self.woke_late_nanos > self.lasts_nanos / 4 => Cause::Wake,
            (_, Some(_)) => Cause::Device,
            (_, None) => Cause::Filter,
        }
    }

    /// What stands in a list: what happened, and by whom.
    pub fn title(&self) -> &'static str {
        match self.mishap {
            Mishap::Dropout => "Dropout",
            Mishap::Late => "Late, not heard",
            Mishap::Starved => "Starved",
            Mishap::Muted => "Muted, kept playing",
        }
    }

    /// Who, and by how much.
    pub fn charge(&self) -> String {
        match self.mishap {
            Mishap::Starved => format!("{}: nothing in time", self.culprit),
            Mishap::Muted => self.sentence.clone(),
            _ if self.late_nanos > 0 => {
                format!("{} late by {}", self.culprit, time(self.late_nanos))
            }
            _ => format!("{}: no filter was late", self.device_name),
        }
    }

    /// Where, what is usual, and what had been changed.
    pub fn details(&self) -> String {
        let mut parts = vec![];
        if self.lasts_nanos > 0 {
            parts.push(format!("cycle {}", self.cycle));
        }
        parts.push(format!("sample {}", self.position));
        if self.lasts_nanos > 0 {
            parts.push(match self.woke_late_nanos > self.lasts_nanos / 4 {
                true => format!("woken {} late", time(self.woke_late_nanos)),
                false => "woken in time".into(),
            });
        }
        if self.usual_nanos > 0 {
            let (took, usual) = (time(self.took_nanos), time(self.usual_nanos));
            parts.push(format!("took {took}, usually {usual}"));
        }
        if let Some((name, ago)) = &self.changed {
            parts.push(format!("{name}, {ago:.0} s before"));
        }
        parts.join(" · ")
    }
}
