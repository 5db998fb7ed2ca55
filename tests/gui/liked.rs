//! What the window remembers of a user's taste: favourites, hidden filters, and how panels were left.

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{App, Options, Panel};

use super::app_support::Window;

fn window() -> Window {
    Window::with(&["tone"])
}

/// The rows of the catalogue from top to bottom, with the headings of its parts.
fn list(window: &mut Window) -> Vec<String> {
    window.harness().run_steps(2);
    let mut found = vec![];
    for role in [Role::ListBoxOption, Role::DisclosureTriangle] {
        for node in window.harness().query_all_by_role(role) {
            let label = node.accesskit_node().label().unwrap_or_default();
            found.push((node.rect().top(), label));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|it| it.1).collect()
}

#[test]
fn a_star_puts_a_filter_on_top_and_takes_it_off_again() {
    let mut window = window();
    let before = list(&mut window);
    assert!(!before.contains(&"Favourites".to_owned()));
    window.reveal("Favourite Gain and Pan");
    window.click("Favourite Gain and Pan");
    let liked = list(&mut window);
    assert_eq!(liked[..2], ["Favourites", "Gain and Pan"]);
    assert_eq!(liked.iter().filter(|it| *it == "Gain and Pan").count(), 1);
    let star = |window: &mut Window| {
        let node = window.harness().get_by_label("Favourite Gain and Pan");
        node.accesskit_node().toggled()
    };
    assert_eq!(star(&mut window), Some(Toggled::True));
    assert!(
        window
            .screen()
            .app()
            .preferences()
            .favourites
            .contains("gain")
    );
    window.reveal("Favourite Gain and Pan");
    window.click("Favourite Gain and Pan");
    assert_eq!(list(&mut window), before);
}

#[test]
fn a_hidden_filter_is_not_offered_until_it_is_shown_again() {
    let mut window = window();
    // So that the row is in sight.
    window.click("Search filters");
    window.type_text("noise");
    let before = list(&mut window);
    let menu = |window: &mut Window, entry: &str| {
        let row = window
            .harness()
            .get_by_role_and_label(Role::ListBoxOption, "Noise");
        row.click_secondary();
        window.harness().run_steps(4);
        window.click(entry);
    };
    menu(&mut window, "Hide");
    assert!(!list(&mut window).contains(&"Noise".to_owned()));
    // Nor by the box that adds filters.
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("noise");
    assert!(!window.sees("Noise"));
    window.key(Modifiers::NONE, Key::Escape);
    let hidden = list(&mut window);
    assert_eq!(hidden.last().map(String::as_str), Some("Hidden"));
    window.click("Hidden");
    menu(&mut window, "Show Again");
    assert_eq!(list(&mut window), before);
}

#[test]
fn panels_are_left_as_they_were() {
    let mut window = window();
    let catalogue = |window: &mut Window| {
        let pane = window
            .harness()
            .get_by_role_and_label(Role::Pane, "Catalogue");
        pane.rect()
    };
    let wide = catalogue(&mut window);
    // The strip at the edge that the rows keep off.
    let edge = wide.right_center() + vec2(2.0, 0.0);
    window.drag(edge, edge + vec2(48.0, 0.0));
    window.harness().run_steps(4);
    let panels = window.screen().app().preferences().panels.clone();
    let kept = panels.get("catalogue").copied().expect("it was sized");
    assert!(
        kept.is_open && (kept.size - wide.width() - 48.0).abs() < 10.0,
        "{kept:?}"
    );

    window.key(Modifiers::NONE, Key::F4);
    window.harness().run_steps(4);
    let panels = window.screen().app().preferences().panels.clone();
    assert!(!panels["catalogue"].is_open && panels["catalogue"].size == kept.size);

    // Another day.
    let mut app = App::new(Options::nominal(64));
    app.change_preferences(|it| it.panels = panels);
    let mut again = Window::of(app);
    assert!(!again.sees("Search filters"));
    again.key(Modifiers::NONE, Key::F4);
    assert!((catalogue(&mut again).width() - kept.size).abs() < 8.0);

    let mut app = App::new(Options::nominal(64));
    let folded = Panel {
        is_open: false,
        size: 200.0,
    };
    app.change_preferences(|it| {
        it.panels.insert("bottom".to_owned(), folded);
    });
    let mut low = Window::of(app);
    let bottom = low
        .harness()
        .get_by_role_and_label(Role::Pane, "Bottom panel");
    assert!(bottom.rect().height() < 60.0);
}
