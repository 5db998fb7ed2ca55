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

#[cfg(test)]
mod tests {
    use crate::app::{Action, App, Options};
    use crate::graph::{FilterId, FilterPath, from_ron, to_ron};
    use crate::sysaudio::PieceKind;

    const PLAYED: &str = r#"(kind: "ksgraph", version: 1, filters: [(id: 1, key: "keyboard", name: "k", at: (0, 0)), (id: 2,
        key: "tone_synth", name: "s", at: (0, 0)), (id: 3, key: "limiter", name: "l", at: (0, 0)), (id: 4, key: "audio_device_out",
        name: "o", at: (0, 0))], connections: [(from: "1.notes", to: "2.notes"), (from: "2.out", to: "3.in"), (from: "3.out",
        to: "4.in", framing: (bytes: 8192, frames: 0))])"#;

    /// Open, as the engine has opened it.
    fn played() -> App {
        let mut app = App::new(Options::nominal(256));
        let graph = from_ron(PLAYED.as_bytes(), "g.ron").unwrap().graph;
        app.open_document(graph, None);
        for _ in 0..20_000 {
            app.poll();
            let found = app.view().budget(20.0);
            if found.pieces.iter().any(|it| it.kind == PieceKind::Filter) {
                return app;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("the limiter is never open");
    }

    #[test]
    fn what_is_proposed_is_done_frames_come_back_by_undo_and_the_quantum_by_a_banner() {
        let mut app = played();
        let before = to_ron(app.view().graph);
        let found = app.view().budget(20.0);
        assert!(!found.fits() && found.can_fit());
        let obstacle = None;
        app.perform(Action::MeetBudget {
            millis: 20.0,
            obstacle,
        });
        let then = app.view().budget(20.0);
        assert_eq!(app.view().quantum, found.proposal.quantum);
        assert_eq!(then.samples(), found.proposal.samples);
        assert!(then.fits() && then.is_settled());
        assert_ne!(to_ron(app.view().graph), before);
        let back = app.view().banners[0].offers[0].action.clone();
        app.perform(back);
        assert_eq!(app.view().quantum, 256);
        app.perform(Action::Undo);
        assert_eq!(to_ron(app.view().graph), before);
    }

    #[test]
    fn what_helps_of_a_filter_in_the_way_is_an_edit_of_its_own() {
        let mut app = played();
        let millis = 6.0;
        let found = app.view().budget(millis);
        assert!(!found.can_fit());
        let limiter = FilterPath::of(FilterId(3));
        assert_eq!(found.in_the_way[0].filter, limiter);
        let obstacle = Some(limiter);
        app.perform(Action::MeetBudget { millis, obstacle });
        assert!(to_ron(app.view().graph).contains("\"look_ahead\": 3.3"));
        for _ in 0..20_000 {
            app.poll();
            if app.view().budget(millis).can_fit() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(app.view().budget(millis).can_fit());
        app.perform(Action::Undo);
        assert!(!to_ron(app.view().graph).contains("look_ahead"));
    }
}
