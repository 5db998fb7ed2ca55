//! The program as a script starts it: a folder of its own, words in, what came of it out.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

use crate::support::examples;

/// A folder of one's own.
pub(crate) struct Desk(PathBuf);

/// What a command did.
pub(crate) struct Did {
    pub(crate) code: Option<i32>,
    pub(crate) json: Json,
    pub(crate) text: String,
    pub(crate) said: String,
}

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksgraph-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ksgraph"));
        command.current_dir(&self.0).args(words);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "PULSE_SERVER"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    fn did(output: &Output) -> Did {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !said.contains("panicked") && !said.contains("a fault inside"),
            "{said}"
        );
        Did {
            code: output.status.code(),
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
            said,
        }
    }

    pub(crate) fn run(&self, words: &[&str]) -> Did {
        Self::did(&self.command(words).output().unwrap())
    }

    /// The same with `--json`: one document that says its schema, whatever came of it.
    pub(crate) fn json(&self, words: &[&str]) -> Did {
        let did = self.run(&[words, &["--json"]].concat());
        assert_eq!(
            did.json["schema"], 1,
            "{words:?}: {} {}",
            did.text, did.said
        );
        assert_eq!(
            did.json["ok"],
            did.code == Some(0),
            "{words:?}: {}",
            did.text
        );
        if did.json.get("error").is_some() {
            for key in ["tried", "stopped", "cure", "code", "file", "line"] {
                assert!(did.json["error"].get(key).is_some(), "{key}: {}", did.text);
            }
        }
        did
    }

    pub(crate) fn fed(&self, words: &[&str], input: &str) -> Did {
        let mut command = self.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Self::did(&child.wait_with_output().unwrap())
    }

    /// A tone into a gain into a device, made by a batch.
    pub(crate) fn tone(&self, name: &str) -> String {
        let lines = "# a graph\nadd tone --name t\nadd gain --name \"My Gain\" --at -10,20\n\
            add audio_device_out --name out\n\nconnect t.out \"My Gain.in\"\nconnect \"My Gain\".out out.in\n\
            set t.frequency=440 t.level=-12\n";
        let did = self.fed(&["new", "-o", name, "--batch", "-"], lines);
        assert_eq!(did.code, Some(0), "{}", did.said);
        name.to_owned()
    }

    /// An example with its media.
    pub(crate) fn example(&self, name: &str) -> String {
        let media = self.path("media");
        fs::create_dir_all(&media).unwrap();
        for file in fs::read_dir(examples().join("media")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), media.join(file.file_name())).unwrap();
        }
        let file = format!("{name}.ron");
        fs::copy(examples().join(&file), self.path(&file)).unwrap();
        file
    }

    /// Writes an example with a part of its text replaced.
    pub(crate) fn altered(&self, name: &str, from: &str, to: &str) -> String {
        let file = self.example(name);
        let text = fs::read_to_string(self.path(&file)).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(self.path("altered.ron"), text.replace(from, to)).unwrap();
        "altered.ron".into()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = files
            .map(|it| it.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
