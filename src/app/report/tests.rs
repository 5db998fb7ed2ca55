//! What a report holds, and what it never does.

use super::super::{Action, Options};
use super::*;
use crate::graph::{FilterId, Position};

fn app() -> App {
    let mut app = App::new(Options::nominal(64));
    for key in ["tone", "gain", "wave_reader"] {
        app.perform(Action::AddFilter {
            key: key.to_owned(),
            at: Position::default(),
        });
    }
    app.perform(Action::SetProperty {
        filter: FilterId(3),
        key: "path".to_owned(),
        value: Some(crate::ks::Value::Text("/home/ada/music/<a & b>.wav".into())),
    });
    app.change_preferences(|it| it.remember(Path::new("/home/ada/graph.ron")));
    app
}

fn report(app: &App) -> Report {
    let mut report = app.report();
    for part in &mut report.parts {
        part.lines = shortened(&part.lines, Some(Path::new("/home/ada")));
    }
    report
}

#[test]
fn a_report_has_everything_and_no_home_folder() {
    let mut app = app();
    app.perform(Action::Rename(FilterId(1), "Pitch & <fork>".into()));
    app.say(Urgency::Error, "Gain", None, "It went wrong".into());
    let _ = app.xruns.add(1.5, "Gain and Pan", 1);
    let report = report(&app);
    let text = report.text(None);
    let version = format!("KSGraph {}", env!("CARGO_PKG_VERSION"));
    for wanted in [
        version.as_str(),
        std::env::consts::ARCH,
        "samples a cycle at 48000 Hz",
        "Gain and Pan: 1",
        "the last at 1.500 s",
        "x Gain: It went wrong",
        "theme: Dark",
        "(id: 1, key: \"tone\", name: \"Pitch & <fork>\"",
        "~/music/<a & b>.wav",
        "~/graph.ron",
        "## Refusals\n\n```\nnone\n```",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
    assert!(!text.contains("/home/ada"));
    let page = report.html();
    assert!(page.contains("<svg ") && page.contains("Pitch &amp; &lt;fork&gt;"));
    assert!(!page.contains("<fork>") && page.trim_end().ends_with("</html>"));
}

#[test]
fn only_the_home_folder_is_shortened() {
    let home = Path::new("/home/ada");
    let of = |text| shortened(text, Some(home));
    assert_eq!(of("/home/ada/a, /home/ada"), "~/a, ~");
    assert_eq!(of("/home/adam/a /home/ad"), "/home/adam/a /home/ad");
    assert_eq!(shortened("/a/b", Some(Path::new("/"))), "/a/b");
    assert_eq!(shortened("/a/b", None), "/a/b");
    let odd = Path::new("C:\\Users\\a & b");
    let text = "C:\\Users\\a & b\\x \"C:\\\\Users\\\\a & b\\\\y\" C:\\Users\\a &amp; b\\z";
    assert_eq!(shortened(text, Some(odd)), "~\\x \"~\\\\y\" ~\\z");
}

#[test]
fn a_fence_is_longer_than_what_it_holds() {
    let part = Part {
        title: "Log",
        lines: "a ```` b".into(),
    };
    let report = Report {
        parts: vec![part],
        svg: String::new(),
    };
    assert!(report.text(None).contains("\n`````\na ```` b\n`````\n"));
}

#[test]
fn actions_write_the_files_that_were_named() {
    let folder = std::env::temp_dir().join(format!("ksgraph-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut app = app();
    app.perform(Action::Report(folder.join("one.html")));
    app.perform(Action::Report(folder.join("two.md")));
    app.perform(Action::Picture(folder.join("graph.svg")));
    app.perform(Action::Picture(folder.join("graph.dot")));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("one.html").contains("<svg "));
    assert!(read("two.md").contains("![The graph](<two.svg>)"));
    assert!(read("two.svg").starts_with("<svg ") && read("graph.svg").starts_with("<svg "));
    assert!(read("graph.dot").starts_with("digraph"));
    assert!(app.banners.is_empty(), "{:?}", app.banners);
    app.perform(Action::Picture(folder.join("graph.gif")));
    assert!(app.banners[0].text.contains(".png, .svg or .dot"));
    app.perform(Action::Report(folder.join("no such folder/a.html")));
    assert_eq!(app.banners.len(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}
