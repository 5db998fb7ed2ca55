//! Windows in the state a command needs, and what is read off them afterwards.

use egui::Key;
use egui::Modifiers;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App, AtEnd, ConnectMode, Folders, Options, ThemeChoice};
use ksgraph::graph::{FilterId, NodeKind, Position};
use ksgraph::gui::theme::{Theme, ThemeName};
use ksgraph::ks::State;

use super::Window;

pub(super) fn three() -> Window {
    Window::with(&["tone", "gain", "null_renderer"])
}

/// Three filters in a row, wired, the middle one selected.
pub(super) fn chosen() -> Window {
    let mut window = Window::on("graphs/tone.ron");
    let ids: Vec<u32> = window.graph().filters.keys().map(|id| id.0).collect();
    window.select(ids[1]);
    window
}

/// The frames of a wire are shown.
pub(super) fn probed() -> Window {
    let mut window = chosen();
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.insert(0);
    let app = window.screen().app_mut();
    app.perform(Action::Select(selection));
    window.key(Modifiers::SHIFT, Key::F8);
    window.harness().run_steps(4);
    window
}

pub(super) fn one() -> Window {
    let mut window = three();
    let id = first(&mut window);
    window.select(id);
    window
}

pub(super) fn undone() -> Window {
    let mut window = three();
    window.screen().app_mut().perform(Action::Undo);
    window
}

pub(super) fn scaled() -> Window {
    let mut window = three();
    let app = window.screen().app_mut();
    app.change_preferences(|it| it.scale_percent = 110);
    window.harness().run_steps(3);
    window
}

pub(super) fn light() -> Window {
    let mut window = three();
    let app = window.screen().app_mut();
    app.change_preferences(|it| it.theme = ThemeChoice::Light);
    window.harness().run_steps(3);
    window
}

pub(super) fn zoomed() -> Window {
    let mut window = three();
    window.key(Modifiers::COMMAND, Key::Minus);
    window.harness().run_steps(20);
    window
}

pub(super) fn copied() -> Window {
    let mut window = one();
    window.harness().event(egui::Event::Copy);
    window.harness().run_steps(3);
    window
}

pub(super) fn acquired() -> Window {
    let mut window = three();
    let app = window.screen().app_mut();
    app.perform(Action::SetState(State::Acquire));
    window.harness().run_steps(3);
    window
}

pub(super) fn keyboard() -> Window {
    let mut window = Window::on("graphs/first_sound.ron");
    window.key(Modifiers::NONE, Key::Escape);
    window
}

pub(super) fn grouped() -> Window {
    let mut window = one();
    window.screen().app_mut().perform(Action::Group);
    window.harness().run_steps(3);
    window
}

pub(super) fn inside() -> Window {
    let mut window = grouped();
    let group = window.screen().app().view().selection.one_filter();
    let enter = Action::Enter(group.expect("the group is selected"));
    window.screen().app_mut().perform(enter);
    window.harness().run_steps(3);
    assert!(window.sees("untitled.ron"), "the breadcrumb leads back");
    window
}

/// The selected filter is held in Stop.
pub(super) fn held() -> Window {
    let mut window = chosen();
    let filters = window.screen().app().view().selection.filters.iter();
    let filters = filters.copied().collect();
    let state = State::Stop;
    let app = window.screen().app_mut();
    app.perform(Action::LimitFilters { filters, state });
    window.harness().run_steps(3);
    window
}

/// How far the selected filter goes.
pub(super) fn limit(window: &mut Window) -> State {
    let view = window.screen().app().view();
    let id = view.selection.one_filter().expect("one is selected");
    view.limit(&view.path_of(id))
}

pub(super) fn disabled() -> Window {
    let mut window = one();
    let filters = vec![FilterId(first(&mut window))];
    let disable = Action::SetDisabled {
        filters,
        is_on: true,
    };
    window.screen().app_mut().perform(disable);
    window.harness().run_steps(3);
    window
}

/// A wire that stands there refused, and is selected.
pub(super) fn refused() -> Window {
    let mut window = Window::with(&["tone", "tone", "mixer"]);
    let end = |filter, pin: &str, instance| ksgraph::graph::PinAddress {
        filter: ksgraph::graph::FilterPath::of(FilterId(filter)),
        pin: pin.into(),
        instance,
    };
    for (filter, place) in [(1, 0), (2, 1)] {
        window.screen().app_mut().perform(Action::Connect {
            from: end(filter, "out", 0),
            to: end(3, "in", place),
        });
    }
    for (filter, rate) in [(1, "44100"), (2, "48000")] {
        window.screen().app_mut().perform(Action::SetProperty {
            filter: FilterId(filter),
            key: "rate".into(),
            value: Some(ksgraph::ks::Value::Text(rate.into())),
        });
    }
    let red = window.screen().app().view().wiring.wires.iter();
    let red = red.filter(|wire| wire.outcome.is_err());
    let red: Vec<usize> = red.map(|wire| wire.index).collect();
    let mut selection = ksgraph::app::Selection::default();
    selection.connections.extend(red);
    assert_eq!(selection.connections.len(), 1);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    window
}

/// A reader whose file is not there.
pub(super) fn missing() -> Window {
    let mut window = Window::with(&["wave_reader"]);
    let id = window.graph().filters.keys().next().copied();
    window.screen().app_mut().perform(Action::SetProperty {
        filter: id.expect("it is there"),
        key: "path".into(),
        value: Some(ksgraph::ks::Value::Text("/nowhere.wav".into())),
    });
    for _ in 0..1000 {
        window.harness().step();
        if !window.screen().app().view().missing_media().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    window
}

/// A frame round a filter; it is the selection.
pub(super) fn framed() -> Window {
    tinted("")
}

pub(super) fn tinted(colour: &str) -> Window {
    let mut window = one();
    let app = window.screen().app_mut();
    app.perform(Action::AddFrame {
        title: "Frame".into(),
        area: None,
    });
    let note = *app.view().selection.notes.first().expect("it is selected");
    app.perform(Action::EditNote {
        note,
        text: None,
        colour: Some(colour.into()),
    });
    window.harness().run_steps(3);
    window
}

pub(super) fn tint(window: &mut Window) -> String {
    let graph = window.graph();
    match &graph.notes.values().next().expect("a frame").kind {
        ksgraph::graph::NoteKind::Frame { colour } => colour.clone(),
        ksgraph::graph::NoteKind::Comment => panic!("a comment"),
    }
}

/// The first filter.
pub(super) fn filter(window: &mut Window) -> ksgraph::graph::FilterNode {
    let graph = window.graph();
    match &graph.filters.values().next().expect("a filter").kind {
        NodeKind::Filter(filter) => filter.clone(),
        NodeKind::Group(_) => panic!("a group"),
    }
}

pub(super) fn first(window: &mut Window) -> u32 {
    window.graph().filters.keys().next().expect("a filter").0
}

pub(super) fn count(window: &mut Window) -> usize {
    window.graph().filters.len()
}

pub(super) fn wires(window: &mut Window) -> usize {
    window.graph().connections.len()
}

pub(super) fn selected(window: &mut Window) -> usize {
    window.screen().app().view().selection.filters.len()
}

pub(super) fn zoom(window: &mut Window) -> f32 {
    window.harness().run_steps(30);
    window.screen().zoom()
}

pub(super) fn state(window: &mut Window) -> State {
    window.screen().app().view().requested
}

pub(super) fn xs(window: &mut Window) -> Vec<f32> {
    let graph = window.graph();
    graph.filters.values().map(|node| node.position.x).collect()
}

pub(super) fn ys(window: &mut Window) -> Vec<f32> {
    let graph = window.graph();
    graph.filters.values().map(|node| node.position.y).collect()
}

/// Three filters anyhow.
pub(super) fn scattered() -> Window {
    let mut window = three();
    let ids: Vec<FilterId> = window.graph().filters.keys().copied().collect();
    let places = [(0.0, 40.0), (500.0, 400.0), (700.0, 10.0)];
    let moves = ids.into_iter().zip(places).map(|(id, (x, y))| {
        let position = ksgraph::graph::Position { x, y };
        (id, position)
    });
    let moves = moves.collect();
    window.screen().app_mut().perform(Action::Move(moves));
    window.harness().run_steps(3);
    window
}

pub(super) fn theme(window: &mut Window) -> ThemeChoice {
    window.screen().app().preferences().theme
}

pub(super) fn percent(window: &mut Window) -> u16 {
    window.screen().app().preferences().scale_percent
}

/// The theme that is drawn.
pub(super) fn worn(window: &mut Window) -> ThemeName {
    Theme::of(&window.harness().ctx).name
}

/// The size at which all is drawn, in per cent.
pub(super) fn drawn_at(window: &mut Window) -> u16 {
    window.harness().run_steps(2);
    (window.harness().ctx.zoom_factor() * 100.0).round() as u16
}

pub(super) fn focus_is_on(window: &mut Window, role: Role, name: &str) -> bool {
    let node = window
        .harness()
        .query_all_by_role(role)
        .find(|node| node.is_focused())
        .and_then(|node| node.accesskit_node().label());
    node.is_some_and(|label| label == name)
}

/// Three filters without a wire, all of them selected.
pub(super) fn whole() -> Window {
    let mut window = three();
    window.screen().app_mut().perform(Action::SelectAll);
    window.harness().run_steps(3);
    window
}

pub(super) fn intelligent() -> Window {
    let mut window = three();
    let app = window.screen().app_mut();
    app.change_preferences(|it| it.connect = ConnectMode::Intelligent);
    window.harness().run_steps(3);
    window
}

pub(super) fn connects(window: &mut Window) -> ConnectMode {
    window.screen().app().preferences().connect
}

/// The panel below shows its tabs only.
pub(super) fn folded() -> Window {
    let mut window = three();
    window.click("Log");
    assert!(!window.sees("Filter the log"), "it is folded");
    window
}

/// Whether the tab of that name is in front.
pub(super) fn is_front(window: &mut Window, name: &str) -> bool {
    let mut tabs = window.harness().query_all_by_role(Role::Tab);
    tabs.any(|tab| {
        let node = tab.accesskit_node();
        node.label().as_deref() == Some(name)
            && node.toggled() == Some(egui::accesskit::Toggled::True)
    })
}

/// A device whose clock can drive the graph is selected.
pub(super) fn driving() -> Window {
    let mut window = Window::on("graphs/tone.ron");
    window.select(3);
    for _ in 0..1000 {
        window.harness().step();
        if !window.screen().app().view().drivers().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    window
}

/// A file of two seconds, sought to its middle.
pub(super) fn sought() -> Window {
    let mut window = Window::on_a_file();
    window.screen().app_mut().perform(Action::Seek(48_000));
    assert!(goes_to(&mut window, 48_000));
    window.harness().run_steps(3);
    window
}

/// In Pause, at a speed that no command sets.
pub(super) fn paced() -> Window {
    let mut window = sought();
    let app = window.screen().app_mut();
    app.perform(Action::SetState(State::Pause));
    assert!(window.waits(|app| app.cells().is_some_and(|it| it.state() == State::Pause)));
    let app = window.screen().app_mut();
    app.perform(Action::SetSpeed(900));
    assert!(speeds(&mut window, 900));
    window.harness().run_steps(3);
    window
}

pub(super) fn speeds(window: &mut Window, speed: u32) -> bool {
    window.waits(|app| app.view().transport().speed == speed)
}

pub(super) fn looped() -> Window {
    let mut window = sought();
    let range = ksgraph::ks::LoopRange::between(1_000, 2_000);
    let app = window.screen().app_mut();
    app.perform(Action::SetLoop { range, is_on: true });
    window.harness().run_steps(3);
    window
}

pub(super) fn ending() -> Window {
    let mut window = three();
    let app = window.screen().app_mut();
    app.perform(Action::SetAtEnd(AtEnd::Stop));
    window.harness().run_steps(3);
    window
}

pub(super) fn goes_to(window: &mut Window, to: u64) -> bool {
    window.waits(|app| app.view().transport().position == to)
}

pub(super) fn is_looping(window: &mut Window) -> bool {
    window.screen().app().view().transport().is_looping
}

pub(super) fn range(window: &mut Window) -> Option<(u64, u64)> {
    let range = window.screen().app().view().transport().range;
    range.map(|it| (it.begin, it.end))
}

pub(super) fn at_end(window: &mut Window) -> AtEnd {
    window.screen().app().preferences().at_end
}

/// Three filters in a program that keeps things in a folder of its own.
pub(crate) fn kept() -> Window {
    static LAST: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("ksgraph-gui-kept-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let mut app = App::new(Options {
        folders: Some(Folders::within(&folder)),
        ..Options::nominal(64)
    });
    for (index, key) in ["tone", "gain", "null_renderer"].into_iter().enumerate() {
        let at = Position {
            x: 320.0 * index as f32,
            y: 0.0,
        };
        let key = key.to_owned();
        app.perform(Action::AddFilter { key, at });
    }
    Window::of(app)
}

/// The first filter is a group, and that a filter of the catalogue.
pub(super) fn packed() -> Window {
    let mut window = kept();
    let id = first(&mut window);
    window.select(id);
    let app = window.screen().app_mut();
    app.perform(Action::Group);
    let group = app.view().selection.one_filter().expect("the group");
    let mut recipe = app.view().recipe_of(group).expect("it is a group");
    recipe.title = "Mine".into();
    recipe.key = "mine".into();
    let recipe = Box::new(recipe);
    app.perform(Action::Pack {
        group,
        recipe,
        replaces: false,
    });
    window.harness().run_steps(3);
    let instance = window.graph().filters[&group].kind.filter().is_some();
    assert!(instance, "it is one of its kind");
    window
}
