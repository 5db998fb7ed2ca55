//! Who does what an [`Action`] asks for.

use super::{Action, App, Selection, Urgency};
use crate::ks::State;

impl App {
    /// Does one thing.
    pub fn perform(&mut self, action: Action) {
        match action {
            Action::Select(mut selection) => {
                // What was clicked may be gone, or be in another graph by now.
                let shown = self.shown();
                selection
                    .filters
                    .retain(|id| shown.filters.contains_key(id));
                selection.notes.retain(|id| shown.notes.contains_key(id));
                let count = shown.connections.len();
                selection.connections.retain(|index| *index < count);
                self.selection = selection;
            }
            Action::SelectAll => {
                self.selection = Selection {
                    filters: self.shown().filters.keys().copied().collect(),
                    notes: self.shown().notes.keys().copied().collect(),
                    ..Selection::default()
                };
            }
            Action::SetState(state) => self.set_state(state),

            Action::ExportMinutes(path) => self.export_minutes(path),

            Action::WearHeadphones(input) => self.wear_headphones(&input),
            Action::MuteInput(input) => self.mute_input(&input),

            Action::ToggleRun => {
                let wanted = if self.requested == State::Run {
                    State::Pause
                } else {
                    State::Run
                };
                self.set_state(wanted);
            }
            Action::LimitFilters { filters, state } => self.limit_filters(&filters, state),
            Action::LimitPin { pin, state } => self.limit_pin(&pin, state),

            Action::Panic => {
                if let Some(playing) = &mut self.playing {
                    playing.panic();
                }
                self.say(
                    Urgency::News,
                    "Panic",
                    None,
                    "Every note was silenced".into(),
                );
            }
            Action::Play { filter, bytes } => {
                if let Some(playing) = &mut self.playing {
                    playing.play(&filter, &bytes);
                }
            }
            Action::Audition { filter, sound } => self.audition(&filter, sound),
            Action::LookAtBank(filter) => self.look_at_bank(filter),
            Action::Learn(aim) => self.learn(aim),
            Action::ForgetControl { filter, key } => self.forget_control(filter, key),
            Action::ChangeScore { filter, change } => self.change_score(filter, change),
            Action::SetPlayMode(is_on) => {
                let last = self.last_keyboard.clone();
                let keyboard = last.filter(|path| self.is_keyboard(path));
                let first = || {
                    let mut all = self.wiring.filters.keys();
                    all.find(|path| self.is_keyboard(path)).cloned()
                };
                self.play_mode = if is_on { keyboard.or_else(first) } else { None };
            }
            Action::PlayOn(filter) => {
                let path = self.path_of(filter);
                self.play_mode = Some(path.clone());
                self.last_keyboard = Some(path);
            }
            Action::DismissBanner(index) => {
                if index < self.banners.len() {
                    let banner = self.banners.remove(index);
                    self.pass_over(&banner);
                }
            }
            Action::DismissRefusal => {
                self.refusal = None;
                self.pending = None;
            }
            Action::Refresh => {
                if let Some(observer) = &mut self.observer {
                    observer.forget_files();
                    observer.devices();
                }
                self.probe_files();
                self.look_for_recent();
            }

            Action::UseDevice { host, name } => self.use_device(&host, &name),
            Action::LookForDevices => {
                if let Some(observer) = &self.observer {
                    observer.devices();
                }
            }
            Action::UseDefaultDevice => self.take_default(),
            Action::SetRate(rate_hz) => self.set_rate(rate_hz),
            Action::SetMaster(master) => self.set_master(master),
            Action::SetCompensation(is_on) => self.set_compensation(is_on),
            Action::SetFullQuality(is_full) => self.set_full_quality(is_full),
            Action::Mark(mark) => self.mark(mark),
            Action::Unmark(id) => self.unmark(id),
            Action::SetClockRate(rate) => self.set_clock_rate(rate),

            Action::Seek(to) => self.seek(to),
            Action::SetLoop { range, is_on } => self.set_loop(range, is_on),
            Action::SetSpeed(rate_permille) => self.set_speed(rate_permille),
            Action::Step => self.step(),
            Action::SetAtEnd(at_end) => self.change_preferences(|it| it.at_end = at_end),

            Action::SetQuantum(quantum) => self.set_quantum(quantum),
            Action::FollowDefault(is_on) => self.change_preferences(|it| it.follow_default = is_on),

            Action::New => self.begin_anew(),
            Action::Open(path) => self.open(&path),
            Action::Save => self.save(None),
            Action::SaveAs(path) => self.save(Some(path)),

            Action::Enter(_) | Action::Leave | Action::LeaveTo(_) | Action::Reveal(_) => {
                self.go(action);
            }

            Action::SetPreferences(preferences) => {
                self.change_preferences(|it| *it = *preferences);
                if let Some(quantum) = self.preferences().quantum {
                    self.use_quantum(quantum);
                }
            }

            Action::Probe(wire) => {
                self.frames.look_at(wire.clone());
                if let Some(playing) = &mut self.playing {
                    playing.probe(wire);
                }
            }
            Action::HoldFrames(is_held) => self.frames.is_held = is_held,

            Action::Report(path) => self.write_report(&path),
            Action::ExportTimeline(path) => self.export_timeline(&path),
            Action::RecordTimeline(is_on) => self.record_timeline(is_on),
            Action::Picture(path) => self.write_picture(&path),
            Action::RenderToFile(path) => self.render_to_file(&path),
            Action::LoadAgain(filter) => self.load_again(&filter),
            Action::CancelRender => self.cancel_render(),

            Action::SaveAsTemplate => self.save_as_template(),
            Action::OpenRecovered(copy) => self.open_recovered(&copy),
            Action::DiscardRecovered(copy) => self.discard_recovered(&copy),

            Action::AddComment { .. }
            | Action::AddFrame { .. }
            | Action::EditNote { .. }
            | Action::MoveNotes(_)
            | Action::ResizeNote { .. }
            | Action::RemoveNotes(_) => self.annotate(action),

            Action::TapTempo { filter, at_seconds } => self.tap_tempo(filter, at_seconds),

            Action::Pack {
                group,
                recipe,
                replaces,
            } => self.pack_group(group, *recipe, replaces),
            Action::Unpack(filters) => self.unpack(&filters),
            Action::MeetBudget { millis, obstacle } => self.meet_budget(millis, obstacle),
            Action::ReadFilters => self.read_filters(true),

            Action::Group
            | Action::Ungroup
            | Action::ShowPin(_)
            | Action::HidePin { .. }
            | Action::RenamePin { .. }
            | Action::SetBypass { .. }
            | Action::SetDisabled { .. } => self.regroup(action),

            edit => self.edit(edit),
        }
    }
}
