//! One row a rule: what a script asks the raw door, and what it must hear. The rows stand in ks_rules.txt, the examples
//! of docs/ks-json.md in the same form: `# RULE what`, `> request`, `< what the answer must hold`.

use serde_json::Value as Json;

use crate::desk::Desk;

pub(crate) struct Row {
    pub(crate) title: String,
    asked: Vec<String>,
    wanted: Vec<Json>,
}

pub(crate) fn rows(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = vec![];
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            rows.push(Row {
                title: title.to_owned(),
                asked: vec![],
                wanted: vec![],
            });
        } else if let Some(row) = rows.last_mut() {
            if let Some(request) = line.strip_prefix("> ") {
                row.asked.push(request.to_owned());
            } else if let Some(answer) = line.strip_prefix("< ") {
                row.wanted.push(serde_json::from_str(answer).unwrap());
            }
        }
    }
    rows
}

/// Whether `found` holds everything in `wanted`: keys that are named, lists in full, bytes without their spaces. A null
/// stands for anything.
fn holds(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (_, Json::Null) => true,
        (Json::Object(found), Json::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| found.get(key).is_some_and(|it| holds(it, value))),
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| holds(a, b))
        }
        (Json::String(found), Json::String(wanted)) => {
            found == wanted || *found == wanted.replace(' ', "")
        }
        _ => found == wanted,
    }
}

/// A gain to which nothing leads.
const LACKING: &str = r#"(kind: "ksgraph", version: 1, next_id: 3, filters: [
    (id: 1, key: "gain", name: "Gain and Pan", at: (0, 0)),
    (id: 2, key: "null_renderer", name: "Null Renderer", at: (240, 0)),
], connections: [(from: "1.out", to: "2.in")])"#;

/// All rows in one sitting, with everything closed between two of them.
pub(crate) fn check(name: &str, rows: &[Row]) {
    let desk = Desk::new(name);
    for graph in ["tone.ron", "push_and_pull.ron"] {
        std::fs::copy(format!("graphs/{graph}"), desk.path(graph)).unwrap();
    }
    std::fs::write(desk.path("lacking.ron"), LACKING).unwrap();
    let mut input = String::new();
    for row in rows {
        assert_eq!(row.asked.len(), row.wanted.len(), "{}", row.title);
        input += &(row.asked.join("\n") + "\n{\"op\":\"reset\"}\n");
    }
    let done = desk.fed(&["ks"], &input);
    assert_eq!(done.code, Some(0), "{}", done.text);
    let mut answers = done
        .text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let mut wrong = vec![];
    for row in rows {
        for (asked, wanted) in row.asked.iter().zip(&row.wanted) {
            let found = answers.next().unwrap();
            if !holds(&found, wanted) {
                wrong.push(format!(
                    "{}\n  > {asked}\n  < {wanted}\n  = {found}",
                    row.title
                ));
            }
        }
        assert_eq!(answers.next().unwrap()["status"], "SUCCESS", "reset");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that a script can meet at the raw door. Others are met on the canvas, in the sound, or bind nobody.
const AT_THE_DOOR: &str = "FIL-1 FIL-2 FIL-3 FIL-4 CAT-1 CAT-2 CAT-4 REG-1 REG-2 REG-3 REG-4 REG-5 REG-6 REG-7 TOP-1 TOP-2 TOP-3 TOP-4 TOP-5 \
    TOP-6 PIN-1 PIN-2 PIN-3 PIN-4 PIN-5 PIN-6 PIN-7 PIN-8 PIN-9 INS-1 INS-2 INS-3 INS-4 INS-6 COM-1 COM-2 COM-3 COM-4 COM-5 COM-6 \
    COM-7 COM-8 COM-9 COM-10 FMT-1 FMT-2 FMT-3 FMT-4 FMT-5 FMT-6 AUD-1 AUD-2 AUD-3 AUD-4 AUD-5 AUD-6 MUS-1 MUS-2 MUS-3 MUS-4 \
    MUS-5 MUS-6 MUS-7 CHG-1 CHG-2 CHG-4 DIX-1 DIX-2 DIX-3 DIX-4 DIX-5 DIX-6 DIX-7 DIX-8 DIX-9 DIX-10 DIX-11 DIX-12 DIX-13 \
    DIX-14 DIX-15 DIX-16 DIX-20 DIX-21 MED-1 MED-2 MED-3 MED-4 MED-6 IFC-1 IFC-2 SEL-1 SEL-2 CON-1 CON-2 CON-3 CON-4 CON-5 CON-6 \
    CON-7 VAL-1 VAL-2 VAL-3 VAL-4 VAL-F VAL-C STA-1 STA-6 ORD-3 ORD-4 CYC-1 PRP-1 PRP-2 PRP-3 PRP-4 PRP-5 PRP-6 PRP-7 PRP-9 \
    PRP-10 PRP-11 EVT-1 EVT-2 EVT-3 EVT-4 EVT-5 MTH-1 ALC-4 ALC-8 ALC-13 MCL-1 MCL-4 MCL-5 AFX-1 AFX-2 AFX-5 ST-1 STU-1 STU-4 \
    CLK-3 CEV-1 CEV-2 CEV-3 ALC-2 ALC-5 ALC-9 ALC-10 STA-3 STA-5 DMU-2 DMU-3 DMU-3a DMU-5 DMU-7 EVN-1 EVN-2 EVN-3 EVN-5 MXF-3 UAR-3 UAR-4 MID-1 MID-2 MID-3 MID-4 MID-4a \
    INS-7 DIX-13a DIX-13b MED-5 CYC-2 \
    PCL-1 PCL-2 PCL-3 PCL-4 PCL-7 PCL-8 FMS-1 SYN-4 SYN-8 SYN-9 LAT-1 DLS-1 DLS-2 DLS-3 DLS-4 DLS-6 DLS-7 DLS-8 DLS-9 \
    CAT-3 TOP-7 TOP-8 INS-5 MID-5 MID-6 CHG-3 CHG-5 SRB-2 DIX-17 DIX-18 DIX-19 MED-7 MED-8 SEL-3 PRP-8 EVT-6 STU-2 STU-3";

#[test]
fn every_rule_at_the_raw_door_has_a_row_and_holds() {
    let rows = rows(include_str!("ks_rules.txt"));
    let named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.title.split(' ').next())
        .collect();
    let missing: Vec<&str> = AT_THE_DOOR
        .split_whitespace()
        .filter(|rule| !named.contains(rule))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    check("ks-rules", &rows);
}

/// The rows in a page's blocks of code.
fn examples(page: &str) -> Vec<Row> {
    let mut text = String::new();
    for (index, block) in page.split("```").skip(1).step_by(2).enumerate() {
        text += &format!("# block {index}\n{block}");
    }
    rows(&text)
}

#[test]
fn why_not_shows_every_refusal_and_its_examples_hold() {
    let page = include_str!("../../docs/why-not.md");
    check("ks-why-not", &examples(page));
    // A heading for each step, in their order, each but the last with a picture that is there.
    let headings: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    assert_eq!(headings.len(), ksgraph::graph::Step::ALL.len());
    for rule in [
        "CYC-1", "COM-9", "COM-5", "MED-3", "IFC-2", "INS-2", "DIX-6",
    ] {
        assert!(headings.iter().any(|line| line.contains(rule)), "{rule}");
    }
    let pictures: Vec<&str> = page
        .split("](")
        .filter_map(|rest| rest.split(')').next())
        .filter(|path| path.ends_with(".svg"))
        .collect();
    for path in &pictures {
        let text = std::fs::read_to_string(format!("docs/{path}")).expect(path);
        assert!(text.contains("refused") && text.len() < 4096, "{path}");
    }
    assert!(pictures.len() >= 10, "{pictures:?}");
    assert!(include_str!("../../README.md").contains("docs/why-not.md"));
}

/// With `KSGRAPH_DRAW=1` the pictures are drawn anew instead of compared.
#[test]
fn the_pictures_of_why_not_are_what_picture_draws_of_graphs_that_are_refused() {
    let desk = Desk::new("ks-why-not-pictures");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/why-not");
    let filters = folder.join("filters");
    let filters = filters.to_str().unwrap();
    let page = include_str!("../../docs/why-not.md");
    let mut steps = std::collections::BTreeSet::new();
    let pictures: Vec<&str> = page
        .split("](why-not/")
        .skip(1)
        .filter_map(|rest| rest.split(".svg)").next())
        .collect();
    for name in pictures {
        let graph = folder.join(format!("{name}.ron"));
        let graph = graph.to_str().unwrap();
        let drawn = desk.path("drawn.svg");
        let words = [
            "--filters",
            filters,
            "picture",
            graph,
            "-o",
            drawn.to_str().unwrap(),
        ];
        assert_eq!(desk.run(&words).code, Some(0), "{name}");
        let drawn = std::fs::read_to_string(drawn).unwrap();
        let kept = folder.join(format!("{name}.svg"));
        if std::env::var_os("KSGRAPH_DRAW").is_some() {
            std::fs::write(&kept, &drawn).unwrap();
        }
        let kept = std::fs::read_to_string(&kept).unwrap();
        assert!(
            kept == drawn,
            "{name}.svg is old: KSGRAPH_DRAW=1 draws it anew"
        );
        let checked = desk.json(&["--filters", filters, "check", graph]);
        let wires = checked.json["wires"].as_array().unwrap();
        let refused: Vec<&Json> = wires.iter().filter(|it| !it["refusal"].is_null()).collect();
        assert_eq!(refused.len(), 1, "{name}");
        steps.insert(refused[0]["refusal"]["step"].as_str().unwrap().to_owned());
    }
    // Only the last step needs a device that refuses what it offered.
    let all = ksgraph::graph::Step::ALL;
    let wanted: std::collections::BTreeSet<String> = all[..all.len() - 1]
        .iter()
        .map(|step| step.name().to_owned())
        .collect();
    assert_eq!(steps, wanted);
}

#[test]
fn the_examples_of_the_schema_answer_as_they_say() {
    let schema = include_str!("../../docs/ks-json.md");
    let examples = examples(schema);
    // Each operation that is described is shown.
    let ops = schema.lines().filter_map(|line| {
        let cell = line.strip_prefix("| `")?;
        cell.split('`').next().filter(|op| !op.contains(' '))
    });
    for op in ops {
        let asked = format!("{{\"op\":\"{op}\"");
        let is_shown = examples
            .iter()
            .any(|row| row.asked.iter().any(|request| request.starts_with(&asked)));
        assert!(is_shown, "no example of {op}");
    }
    check("ks-examples", &examples);
}
