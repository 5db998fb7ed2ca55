//! File: documents.

use super::super::{Menu, Spec, State};
use crate::app::Action;
use crate::gui::dialog::{Dialog, ToFile};
use crate::gui::documents::Pending;
use crate::gui::files::Why;

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "file.new",
        "New",
        "Begins an empty graph; asks first if changes would be lost.",
        |screen, _| screen.ask(Pending::New),
    )
    .keys(&["Ctrl+N"])
    .at(Menu::File, 0),
    Spec::new(
        "file.open",
        "Open\u{2026}",
        "Opens a graph from a file.",
        |screen, _| screen.ask(Pending::Open),
    )
    .keys(&["Ctrl+O"])
    .at(Menu::File, 0),
    Spec::new(
        "file.close",
        "Close Graph",
        "Closes the graph and leaves the window open with an empty one.",
        |screen, _| screen.ask(Pending::New),
    )
    .keys(&["Ctrl+W"])
    .at(Menu::File, 1)
    .when(|sight| {
        let document = &sight.view.document;
        let is_anything =
            document.path.is_some() || !sight.view.document_graph().filters.is_empty();
        State::when(is_anything, "There is no graph to close.")
    }),
    Spec::new(
        "file.save",
        "Save",
        "Writes the graph to its file.",
        |screen, ctx| screen.save(ctx),
    )
    .keys(&["Ctrl+S"])
    .at(Menu::File, 1),
    Spec::new(
        "file.save_as",
        "Save As\u{2026}",
        "Writes the graph to another file and goes on there.",
        |screen, ctx| screen.ask_for(ctx, Why::SaveAs),
    )
    .keys(&["Ctrl+Shift+S"])
    .at(Menu::File, 1),
    Spec::new(
        "file.template",
        "Save as Template",
        "Has New begin with the graph as it is now.",
        |screen, _| screen.app.perform(Action::SaveAsTemplate),
    )
    .at(Menu::File, 2),
    Spec::new(
        "file.merge",
        "Merge\u{2026}",
        "Puts another graph file into this one, below what is there.",
        |screen, ctx| screen.ask_for(ctx, Why::Merge),
    )
    .at(Menu::File, 2),
    Spec::new(
        "file.render",
        "Render Media File\u{2026}",
        "Puts a sound file into the graph and wires it to what plays it.",
        |screen, ctx| screen.ask_for(ctx, Why::Render),
    )
    .keys(&["Ctrl+R"])
    .at(Menu::File, 2),
    Spec::new(
        "file.find_missing",
        "Find Missing File\u{2026}",
        "Asks where a file is that the graph names and that is not there; all filters that name it follow.",
        |screen, ctx| {
            let missing = screen.app.view().missing_media().into_iter().next();
            if let Some(missing) = missing {
                screen.ask_for(ctx, Why::Missing(missing.path));
            }
        },
    )
    .at(Menu::File, 2)
    .when(|sight| {
        let is_any = !sight.view.missing_media().is_empty();
        State::when(is_any, "Every file that the graph names is there.")
    }),
    Spec::new(
        "file.to_file",
        "Render to File\u{2026}",
        "Writes what the graph sounds like into a wave or FLAC file, faster than it plays: until everything has ended, for some seconds, or the loop range.",
        |screen, _| {
            let to_file = ToFile::new(screen.app.view().preferences.render);
            screen.open_dialog(Dialog::ToFile(to_file));
        },
    )
    .keys(&["Ctrl+Shift+X"])
    .also(&["bounce", "export audio", "mix down", "freeze"])
    .at(Menu::File, 3)
    .when(|sight| {
        let is_any = !sight.view.document_graph().filters.is_empty();
        State::when(is_any, "There is nothing in the graph yet.")
    }),
    Spec::new(
        "file.picture",
        "Export Picture\u{2026}",
        "Draws the graph into a file: PNG, SVG or Graphviz, as its name ends.",
        |screen, ctx| screen.ask_for(ctx, Why::Picture),
    )
    .at(Menu::File, 3),
    Spec::new(
        "file.quit",
        "Quit",
        "Leaves the program; asks first if changes would be lost.",
        |screen, _| screen.ask(Pending::Quit),
    )
    .keys(&["Ctrl+Q"])
    .at(Menu::File, 9),
];
