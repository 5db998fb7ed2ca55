//! A file is whole or untouched: written beside, synced, then renamed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::FileError;
use super::beside::{beside, sweep};

/// Writes `text` to `path` so that at every moment the file is the old one or the new one. Permissions are kept; where
/// `path` is a link, what it points to is replaced.
pub fn save_atomically(path: &Path, text: &(impl AsRef<[u8]> + ?Sized)) -> Result<(), FileError> {
    save_with(path, text.as_ref(), |_| Ok(()))
}

/// The same, with something between the writing and the renaming: where a test has the program end.
fn save_with(
    path: &Path,
    text: &[u8],
    before_rename: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let failed = |reason: String| FileError::Disk {
        tried: "write",
        file: path.display().to_string(),
        reason,
    };
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target
        .file_name()
        .ok_or_else(|| failed("it names no file".into()))?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let existing = fs::metadata(&target).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(failed("it is a folder".into()));
    }
    let permissions = existing.map(|it| it.permissions());
    // Renaming would replace even a file that may not be written.
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(failed("the file is read-only".into()));
    }
    let (beside, mut file) = create_beside(folder, &name.to_string_lossy()).map_err(|error| {
        failed(format!(
            "no file can be made in {}: {error}",
            folder.display()
        ))
    })?;
    let written = (|| -> io::Result<()> {
        file.write_all(text)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()?;
        drop(file);
        before_rename(&beside)?;
        fs::rename(&beside, &target)
    })();
    if let Err(error) = written {
        let _ = fs::remove_file(&beside); // What stopped the write is the news, not this.
        return Err(failed(error.to_string()));
    }
    // The rename itself is on disk only when its folder is. Not every system can sync a folder.
    let parent = folder;
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    sweep(parent);
    Ok(())
}

/// A new file with a name that nobody has, in the same folder so that renaming stays on one disk.
fn create_beside(folder: &Path, name: &str) -> io::Result<(std::path::PathBuf, File)> {
    let mut attempt = 0_u32;
    loop {
        let path = folder.join(beside(name, attempt));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_writing_and_renaming_the_old_file_is_whole_and_so_is_the_new_one() {
        let folder = std::env::temp_dir().join(format!("ksgraph-rename-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("Stück.ron");
        save_atomically(&path, "old").unwrap();
        let mut was_there = false;
        save_with(&path, b"new", |beside| {
            was_there = true;
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(fs::read_to_string(beside).unwrap(), "new");
            Ok(())
        })
        .unwrap();
        assert!(was_there);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        // What ends there leaves the old file; a failure also takes what was written beside away.
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = save_with(&path, b"newer", |_| Err(full())).unwrap_err();
        assert!(error.to_string().contains("space"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Set for a process that is to be killed between writing and renaming: the file it saves.
    const KILLED: &str = "KSGRAPH_TEST_KILLED_AT";

    #[test]
    fn killed_between_writing_and_renaming_leaves_the_old_file_and_nothing_for_long() {
        if let Some(path) = std::env::var_os(KILLED) {
            let stop = |_: &Path| -> io::Result<()> {
                println!("written");
                loop {
                    std::thread::park();
                }
            };
            save_with(Path::new(&path), b"new", stop).unwrap();
        }
        let folder = std::env::temp_dir().join(format!("ksgraph-killed-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("song.ron");
        save_atomically(&path, "old").unwrap();
        let name = std::thread::current().name().unwrap().to_owned();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--nocapture"])
            .env(KILLED, &path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let said = io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = io::BufRead::lines(said);
        assert!(lines.any(|line| line.is_ok_and(|line| line.ends_with("written"))));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let files = || fs::read_dir(&folder).unwrap().count();
        assert_eq!(files(), 2, "what was written lies beside");
        save_atomically(&path, "newer").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!(files(), if cfg!(target_os = "linux") { 1 } else { 2 });
        fs::remove_dir_all(&folder).unwrap();
    }
}
