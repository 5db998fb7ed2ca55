//! The latency budget of the open document: asked with what is open and granted, and what was proposed done.
//!
//! How it is reckoned: `sysaudio/budget.rs`. Frames are the document's and come back by Undo; the quantum is this
//! machine's, and a banner gives it back.

use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{Edit, FilterPath};
use crate::sysaudio::{Budget, DeviceTime, Question, budget};

impl App {
    /// How long it is from key to ear, and what would bring that within so many milliseconds.
    pub(super) fn budget(&self, target_millis: f64) -> Budget {
        let playing = self.playing.as_ref();
        let quantum = playing.map_or(0, |playing| playing.quantum()).max(1);
        let all = self.cells().filter(|cells| !cells.is_timed());
        let all = all.map_or(0, |cells| cells.latency_samples() as usize);
        let granted = self.desk.driving.as_ref().filter(|_| all > 0);
        let devices = granted.map_or_else(DeviceTime::default, |granted| {
            DeviceTime::observed(all, quantum, granted.period)
        });
        budget(&Question {
            graph: &self.graph,
            wiring: &self.wiring,
            target_millis,
            quantum,
            latency: &|path| {
                let open = playing.and_then(|playing| playing.open(path));
                open.map_or(0, |open| open.latency_samples)
            },
            devices,
        })
    }

    /// Does what is proposed; or sets what of one filter that stands in the way would help.
    pub(super) fn meet_budget(&mut self, target_millis: f64, obstacle: Option<FilterPath>) {
        let found = self.budget(target_millis);
        if let Some(path) = obstacle {
            let mut all = found.in_the_way.into_iter();
            let set = all.find(|it| it.filter == path).and_then(|it| it.set);
            if let (Some((key, value)), Some((&filter, groups))) = (set, path.0.split_last()) {
                let value = Some(value);
                let edit = Edit::SetProperty { filter, key, value }.within(groups);
                self.edit_from_above("Meet the latency budget", edit);
            }
            return;
        }
        if found.is_settled() {
            self.say(Urgency::News, "Latency", None, found.words());
            return;
        }
        if let Some(edit) = found.edit(&self.graph) {
            self.edit_from_above("Meet the latency budget", edit);
        }
        let quantum = found.proposal.quantum;
        if quantum != found.quantum {
            self.set_quantum(quantum);
            let before = found.quantum;
            self.banners.insert(
                0,
                Banner {
                    urgency: Urgency::News,
                    text: format!(
                        "Cycles have {quantum} samples now, for {:.1} ms from key to ear",
                        found.millis(found.proposal.samples)
                    ),
                    is_dismissible: true,
                    offers: vec![Offer {
                        words: format!("Back to {before}"),
                        action: Action::SetQuantum(before),
                    }],
                },
            );
        }
        self.say(Urgency::News, "Latency", None, found.words());
    }
}
