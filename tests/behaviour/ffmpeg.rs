//! Another decoder, as a second opinion: `ffmpeg`, which `./setup --tests` installs.

use std::path::Path;
use std::process::Command;

/// Runs `ffmpeg` quietly; what it wrote to its output comes back.
pub(crate) fn ffmpeg(words: &[&str]) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]);
    let output = command.args(words).output();
    let output = output.expect("ffmpeg is there: `./setup --tests` installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {words:?}: {said}");
    output.stdout
}

/// All samples of a file, interleaved, as 32-bit whole numbers: codes of fewer bits stand in the highest ones.
pub(crate) fn whole_numbers(path: &Path) -> Vec<i32> {
    let bytes = decoded(path, "s32le");
    let numbers = bytes.chunks_exact(4);
    numbers
        .map(|four| i32::from_le_bytes(four.try_into().unwrap()))
        .collect()
}

/// All samples of a file, interleaved, as floats.
pub(crate) fn floats(path: &Path) -> Vec<f32> {
    as_floats(decoded(path, "f32le"))
}

/// The same by a decoder of ffmpeg's that is not its first choice.
pub(crate) fn floats_by(decoder: &str, path: &Path) -> Vec<f32> {
    let path = path.to_str().unwrap();
    let words = ["-c:a", decoder, "-i", path, "-f", "f32le", "-"];
    as_floats(ffmpeg(&words))
}

fn as_floats(bytes: Vec<u8>) -> Vec<f32> {
    let numbers = bytes.chunks_exact(4);
    numbers
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect()
}

fn decoded(path: &Path, format: &str) -> Vec<u8> {
    let path = path.to_str().unwrap();
    ffmpeg(&["-i", path, "-f", format, "-"])
}
