//! A file is whole or untouched: written beside, synced, then renamed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::FileError;

/// Writes `text` to `path` so that at every moment the file is the old one or the new one. Permissions are kept; where
/// `path` is a link, what it points to is replaced.
pub fn save_atomically(path: &Path, text: &str) -> Result<(), FileError> {
    save_with(path, text, |_| Ok(()))
}

/// The same, with something between the writing and the renaming: where a test has the program end.
fn save_with(
    path: &Path,
    text: &str,
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
        file.write_all(text.as_bytes())?;
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
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A new file with a name that nobody has, in the same folder so that renaming stays on one disk.
fn create_beside(folder: &Path, name: &str) -> io::Result<(std::path::PathBuf, File)> {
    // File names are limited to 255 bytes; the end of a long one is enough.
    let short: String = name.chars().take(48).collect();
    let mut attempt = 0_u32;
    loop {
        let path = folder.join(format!(".{short}.{}-{attempt}.tmp", std::process::id()));
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
        save_with(&path, "new", |beside| {
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
        let error = save_with(&path, "newer", |_| Err(full())).unwrap_err();
        assert!(error.to_string().contains("space"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
