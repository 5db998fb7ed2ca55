//! One refusal, three tellers: the card on the canvas, `ksgraph explain`, and its JSON say the same for each rule.

use ksgraph::app::Action;
use serde_json::Value as Json;

use super::app_support::Window;

/// What `explain` says of two pins of the document in `window`: as text and as JSON.
fn explained(window: &mut Window, name: &str, ends: (&str, &str)) -> (String, Json) {
    let folder = std::env::temp_dir().join(format!("ksgraph-refusals-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let path = folder.join(format!("{name}.ron"));
    window
        .screen()
        .app_mut()
        .perform(Action::SaveAs(path.clone()));
    let said = |json: bool| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ksgraph"));
        command.arg("explain").arg(&path).args([ends.0, ends.1]);
        if json {
            command.arg("--json");
        }
        let output = command.output().expect("the program runs");
        String::from_utf8(output.stdout).expect("it writes text")
    };
    let text = said(false);
    let json = serde_json::from_str(&said(true)).expect("a document");
    std::fs::remove_dir_all(&folder).ok();
    (text, json)
}

#[test]
fn card_explain_and_json_tell_the_same_refusal() {
    let cases = [
        (
            "DIX-6",
            &["tone", "tone_synth"][..],
            (
                "Tone Generator output out (audio)",
                "Tone Synth input notes (MIDI)",
            ),
            ("Tone Generator.out", "Tone Synth.notes"),
        ),
        (
            "CYC-1",
            &["gain"][..],
            (
                "Gain and Pan output out (audio)",
                "Gain and Pan input in (audio)",
            ),
            ("Gain and Pan.out", "Gain and Pan.in"),
        ),
    ];
    for (rule, keys, labels, ends) in cases {
        let mut window = Window::with(keys);
        let (from, to) = (window.middle(labels.0), window.middle(labels.1));
        window.drag(from, to);
        let shown = {
            let view = window.screen().app().view();
            let refused = view.refusal.map(|(_, _, refusal)| refusal.clone());
            refused.expect("the program refused")
        };
        assert_eq!(shown.rule, rule);
        let sentence = shown.sentence();
        assert!(window.sees(&sentence), "{rule}: the card says {sentence}");
        let (text, json) = explained(&mut window, rule, ends);
        let refusal = &json["refusal"];
        assert!(text.contains(&sentence), "{rule}: {text}");
        let code = format!("({}, {})", shown.rule, shown.status);
        assert!(text.contains(&code), "{rule}: {text}");
        assert_eq!(refusal["rule"], shown.rule);
        assert_eq!(refusal["status"], shown.status.name());
        assert_eq!(refusal["step"], shown.step.name());
        assert_eq!(refusal["text"], sentence);
        assert_eq!(refusal["from"], shown.from);
        assert_eq!(refusal["to"], shown.to);
        assert_eq!(refusal["offered"], shown.offered);
        assert_eq!(refusal["wanted"], shown.wanted);
        let cures: Vec<&str> = shown.cures.iter().map(|cure| cure.text.as_str()).collect();
        let told = refusal["cures"].as_array().expect("a list");
        assert_eq!(told.len(), cures.len(), "{rule}");
        for (cure, told) in cures.iter().zip(told) {
            assert_eq!(told["text"], *cure, "{rule}");
            assert!(text.contains(cure), "{rule}: {text}");
        }
        // The card shows the first few of them as buttons.
        for cure in cures.iter().take(1) {
            assert!(window.sees(cure), "{rule}: {cure}");
        }
    }
}
