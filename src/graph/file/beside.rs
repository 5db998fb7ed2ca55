//! Files written beside others until they are whole: what they are called, and what becomes of those whose writer was
//! killed before it could rename them or take them away.

use std::path::Path;
use std::time::Duration;

use super::process;

/// What cannot be asked whether it still writes has ended after so long.
const LONG: Duration = Duration::from_secs(24 * 3600);
/// What such a name ends in.
const ENDING: &str = ".tmp";

/// The name for what becomes `name`: hidden, short enough for every disk, and telling who writes.
pub(crate) fn beside(name: &str, attempt: u32) -> String {
    let short: String = name.chars().take(48).collect();
    let (machine, pid) = (process::machine(), std::process::id());
    format!(".{short}.{machine:08x}-{pid}-{attempt}{ENDING}")
}

/// Machine and process in such a name; `None` when it is somebody else's.
fn writer(name: &str) -> Option<(u32, u32)> {
    let (_, who) = name
        .strip_prefix('.')?
        .strip_suffix(ENDING)?
        .rsplit_once('.')?;
    let mut parts = who.split('-');
    let (machine, pid, attempt) = (parts.next()?, parts.next()?, parts.next()?);
    let is_ours = machine.len() == 8 && attempt.parse::<u32>().is_ok() && parts.next().is_none();
    let machine = u32::from_str_radix(machine, 16).ok()?;
    is_ours.then_some((machine, pid.parse().ok()?))
}

/// Takes away what writers that were killed have left in a folder.
pub(crate) fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let Some((machine, pid)) = name.to_str().and_then(writer) else {
            continue;
        };
        let is_old = || {
            let modified = entry.metadata().and_then(|it| it.modified()).ok();
            let age = modified.and_then(|it| it.elapsed().ok());
            age.is_some_and(|age| age > LONG)
        };
        if process::has_ended(machine, pid) || is_old() {
            let _ = std::fs::remove_file(entry.path()); // The next sweep tries again.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::SystemTime;

    #[test]
    fn what_the_dead_left_is_swept_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("ksgraph-sweep-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let own = beside("song.ron", 0);
        let strangers = format!(".song.ron.{:08x}-1-0.tmp", process::machine() ^ 1);
        let long_ago = format!(".old.ron.{:08x}-1-3.tmp", process::machine() ^ 1);
        let others = [".song.ron.swp", ".a.tmp", ".a.b-1-2.tmp", "song.ron"];
        let kept = [&*own, &*strangers].into_iter().chain(others);
        for name in kept.clone().chain([&*long_ago]) {
            fs::write(folder.join(name), "x").unwrap();
        }
        let file = File::options().write(true).open(folder.join(&long_ago));
        let then = SystemTime::now() - LONG - Duration::from_secs(9);
        file.unwrap().set_modified(then).unwrap();
        let mut gone = vec![long_ago];
        if cfg!(target_os = "linux") {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            child.wait().unwrap();
            let dead = format!(".s.ron.{:08x}-{}-0.tmp", process::machine(), child.id());
            fs::write(folder.join(&dead), "x").unwrap();
            gone.push(dead);
        }
        sweep(&folder);
        for name in kept {
            assert!(folder.join(name).exists(), "{name}");
        }
        for name in gone {
            assert!(!folder.join(&name).exists(), "{name}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
