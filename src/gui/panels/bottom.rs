//! The bottom panel: tabs, and what is under them. Where there is room the log stands left and what filters cost right;
//! in a narrow window one of them is in front. A click on the tab in front folds the panel to its tabs, its upper edge
//! sizes it. In a low window it begins folded.

use egui::{
    Align2, CornerRadius, CursorIcon, Panel, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::blame::Blame;
use super::frames::{self, Frames};
use super::log::Log;
use super::performance::{self, Performance};
use super::score::Score;
use super::timeline::Timeline;
use crate::app::{Action, View};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, stroke, window};

/// Both parts stand side by side from this width on.
const SPLIT_FROM: f32 = 1100.0;
/// The log's share of the width, unless it was changed.
pub(in crate::gui) const LOG_SHARE: f32 = 0.543;
/// The least width of a part.
const PART_MIN: f32 = 420.0;

/// Which page is in front where only one has room.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::gui) enum Tab {
    #[default]
    Log,
    Blame,
    Timeline,
    Performance,

    Score,

    Frames,
}

const ALL: [Tab; 6] = [
    Tab::Log,
    Tab::Blame,
    Tab::Timeline,
    Tab::Performance,
    Tab::Score,
    Tab::Frames,
];

/// What the bottom panel remembers.
pub(in crate::gui) struct Bottom {
    tab: Tab,
    /// What the user wants; `None`: as the height of the window has it.
    wish: Option<bool>,
    /// Folded in this frame.
    folded: bool,
    /// Wide enough for two parts.
    is_split: bool,
    /// The log's share of the width.
    share: f32,
    log: Log,
    performance: Performance,

    frames: Frames,

    score: Score,

    blame: Blame,
    timeline: Timeline,
}

impl Default for Bottom {
    fn default() -> Self {
        Self {
            tab: Tab::Log,
            wish: None,
            folded: false,
            is_split: false,
            share: LOG_SHARE,
            log: Log::default(),
            performance: Performance::default(),

            frames: Frames::default(),

            score: Score::default(),

            blame: Blame::default(),
            timeline: Timeline::default(),
        }
    }
}

impl Bottom {
    /// Folds it to its tabs, or lets it be as it is by itself.
    pub(in crate::gui) fn fold(&mut self, folded: bool) {
        self.wish = folded.then_some(true);
    }

    /// Whether it is folded to its tabs.
    pub(in crate::gui) fn is_folded(&self) -> bool {
        self.folded
    }

    /// Whether the user has folded it.
    pub(in crate::gui) fn is_put_away(&self) -> bool {
        self.wish == Some(true)
    }

    /// The log's share of the width.
    pub(in crate::gui) fn share(&self) -> f32 {
        self.share
    }

    /// The log gets that share of the width.
    pub(in crate::gui) fn set_share(&mut self, share: f32) {
        self.share = share.clamp(0.1, 0.9);
    }

    /// Brings the frames of the selected wire to the front, or the log back.
    pub(in crate::gui) fn toggle_frames(&mut self) {
        let is_front = self.shows_frames();
        self.tab = if is_front { Tab::Log } else { Tab::Frames };
        self.wish = Some(false);
    }

    /// Brings a page to the front, or the log back where it is there already.
    pub(in crate::gui) fn toggle_page(&mut self, tab: Tab) {
        let is_front = self.shows(tab);
        self.tab = if is_front { Tab::Log } else { tab };
        self.wish = Some(false);
    }

    /// Whether a page is in front.
    pub(in crate::gui) fn shows(&self, tab: Tab) -> bool {
        self.tab == tab && !self.folded
    }

    /// Whether frames are in front.
    pub(in crate::gui) fn shows_frames(&self) -> bool {
        self.tab == Tab::Frames && !self.folded
    }

    /// Brings the log to the front; if it is there, the panel folds.
    pub(in crate::gui) fn toggle_log(&mut self) {
        self.toggle(Tab::Log, self.shows_log());
    }

    /// Brings what filters cost to the front; if it is there, the panel folds.
    pub(in crate::gui) fn toggle_performance(&mut self) {
        self.toggle(Tab::Performance, self.shows_performance());
    }

    fn toggle(&mut self, tab: Tab, is_front: bool) {
        self.wish = Some(is_front);
        self.tab = tab;
    }

    /// Whether the log is in front.
    pub(in crate::gui) fn shows_log(&self) -> bool {
        !self.folded && (self.tab == Tab::Log || self.is_split && !self.tab.is_whole())
    }

    /// Whether what filters cost is in front.
    pub(in crate::gui) fn shows_performance(&self) -> bool {
        let beside = self.is_split && !self.tab.is_whole();
        !self.folded && (self.tab == Tab::Performance || beside)
    }

    /// Its place in the window, so high unless it was sized. Open and folded are two places, so that its height is kept.
    pub(in crate::gui) fn place(&mut self, window_height: f32, height: f32) -> Panel {
        self.folded = self.wish.unwrap_or(window_height < window::BOTTOM_FROM);
        if self.folded {
            return Panel::bottom("bottom tabs").exact_size(window::BOTTOM_MIN);
        }
        Panel::bottom("bottom")
            .default_size(height)
            // The canvas keeps the better half.
            .size_range(96.0..=(window_height * 0.45).clamp(96.0, 420.0))
            .resizable(true)
    }

    /// Draws the panel.
    pub(in crate::gui) fn ui(&mut self, ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
        let panel = ui.max_rect();
        self.is_split = panel.width() >= SPLIT_FROM;
        // Only what is seen is told.
        let shows_frames = self.tab == Tab::Frames && !self.folded;
        let wire = frames::wire(view).filter(|_| shows_frames);
        frames::look_at(view, wire, commands);
        let is_recorded = self.shows(Tab::Timeline);
        if is_recorded != view.timeline().is_recording() {
            commands.push(Command::Do(Action::RecordTimeline(is_recorded)));
        }
        if self.folded {
            let x = self.tabs_ui(ui, panel, &ALL, None);
            folded_ui(ui, panel, x, view);
        } else if self.tab.is_whole() {
            self.part_ui(ui, panel, &ALL, self.tab, view, commands);
        } else if self.is_split {
            let x = self.split_ui(ui, panel);
            let (mut left, mut right) = (panel, panel);
            left.max.x = x;
            right.min.x = x + 1.0;
            let tabs = [Tab::Log, Tab::Blame, Tab::Timeline, Tab::Score, Tab::Frames];
            self.part_ui(ui, left, &tabs, Tab::Log, view, commands);
            self.part_ui(
                ui,
                right,
                &[Tab::Performance],
                Tab::Performance,
                view,
                commands,
            );
        } else {
            let tab = self.tab;
            self.part_ui(ui, panel, &ALL, tab, view, commands);
        }
    }

    fn part_ui(
        &mut self,
        ui: &mut Ui,
        part: Rect,
        tabs: &[Tab],
        front: Tab,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let x = self.tabs_ui(ui, part, tabs, Some(front));
        let (mut head, mut body) = (part, part);
        head.min.x = x;
        head.set_height(window::TAB_BAR);
        body.min.y = head.bottom();
        controls::rule(ui, body, theme.line_soft);
        let builder = egui::UiBuilder::new().max_rect(body).id_salt(front.name());
        let mut child = ui.new_child(builder);
        child.set_clip_rect(part.intersect(ui.clip_rect()));
        match front {
            Tab::Log => self.log.ui(&mut child, head, body, view, commands),
            Tab::Score => self.score.ui(&mut child, head, body, view, commands),
            Tab::Frames => self.frames.ui(&mut child, head, body, view, commands),
            Tab::Blame => self.blame.ui(&mut child, head, body, view, commands),
            Tab::Timeline => self.timeline.ui(&mut child, head, body, view, commands),
            Tab::Performance => {
                let kept = &mut self.performance;
                performance::ui(kept, &mut child, head, body, view, commands);
            }
        }
    }

    /// The line between the two parts, which can be dragged; returns where it is.
    fn split_ui(&mut self, ui: &mut Ui, panel: Rect) -> f32 {
        let theme = Theme::of(ui.ctx());
        let bounds = PART_MIN..=(panel.width() - PART_MIN).max(PART_MIN);
        let least = *bounds.start();
        let most = *bounds.end();
        let mut wide = (self.share * panel.width()).clamp(least, most);
        let grip = Rect::from_center_size(
            pos2(panel.left() + wide, panel.center().y),
            vec2(7.0, panel.height()),
        );
        let response = ui.interact(grip, ui.scope_id().with("split"), Sense::drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, "Log and Performance"));
        if response.hovered() || response.dragged() {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if response.dragged() {
            wide = (wide + response.drag_delta().x).clamp(least, most);
            self.share = wide / panel.width();
        }
        let x = (panel.left() + wide).round();
        let ink = if response.dragged() {
            theme.line_strong
        } else {
            theme.line
        };
        ui.painter()
            .vline(x + 0.5, panel.y_range(), Stroke::new(stroke::HAIR, ink));
        x
    }

    /// The tabs of a part; returns where they end.
    fn tabs_ui(&mut self, ui: &mut Ui, part: Rect, tabs: &[Tab], front: Option<Tab>) -> f32 {
        let theme = Theme::of(ui.ctx());
        let high = if front.is_some() {
            window::TAB_BAR
        } else {
            window::BOTTOM_MIN
        };
        let mut x = part.left() + 12.0;
        for &tab in tabs {
            let name = tab.name();
            let is_on = front == Some(tab);
            let role = if is_on { Type::TabActive } else { Type::Tab };
            let wide = controls::width(ui, name, Type::TabActive);
            let rect = Rect::from_min_size(pos2(x - 6.0, part.top()), vec2(wide + 12.0, high));
            let response = ui.interact(rect, ui.scope_id().with(("tab", name)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_on, name));
            probe::note(ui.ctx(), "tab", name, "", rect);
            let ink = if is_on || response.hovered() {
                theme.strong
            } else {
                theme.dim
            };
            let at = pos2(x, rect.center().y);
            controls::text(ui, at, Align2::LEFT_CENTER, name, role, ink);
            if is_on {
                let line =
                    Rect::from_min_max(pos2(x, rect.bottom() - 2.0), pos2(x + wide, rect.bottom()));
                ui.painter()
                    .rect_filled(line, CornerRadius::same(1), theme.accent);
            }
            controls::focus_ring(ui, &response);
            if response.clicked() {
                self.wish = Some(!self.folded && is_on);
                self.tab = tab;
            }
            x += wide + 26.0;
        }
        x
    }
}

impl Tab {
    /// Whether it takes the whole width.
    const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Frames | Self::Blame | Self::Timeline | Self::Score
        )
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Blame => "Blame",
            Self::Timeline => "Timeline",
            Self::Performance => "Performance",
            Self::Score => "Score",
            Self::Frames => "Frames",
        }
    }
}

/// Folded, the panel still says the last line of the log.
fn folded_ui(ui: &Ui, panel: Rect, left: f32, view: &View<'_>) {
    let theme = Theme::of(ui.ctx());
    let Some(line) = view.log.last() else {
        return;
    };
    let right = panel.right() - 14.0;
    let room = (right - left).max(0.0);
    let wide = controls::width(ui, &line.text, Type::Body).min(room);
    let at = pos2(right - wide, panel.center().y);
    controls::clipped(ui, at, wide, &line.text, Type::Body, theme.dim);
}
