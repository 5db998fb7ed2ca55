//! Where the program keeps what is not a graph: settings, and what it remembers of its own (copies, backups, markers).
//!
//! One flag or one variable moves all of it. Nothing is made here; who writes makes the folder.

use std::path::{Path, PathBuf};

use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_native_strategy};

/// The variable that moves all of the program's own files; `--user-dir` wins over it.
pub const VARIABLE: &str = "KSGRAPH_USER_DIR";

/// The folders of one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folders {
    /// Settings, which a user may want to carry to another machine.
    pub settings: PathBuf,
    /// What belongs to this machine: copies of unsaved work, backups, logs.
    pub state: PathBuf,
}

impl Folders {
    /// All of it in one folder.
    pub fn within(folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self {
            state: folder.join("state"),
            settings: folder,
        }
    }

    /// The folder that was asked for, else the variable's, else the system's. `None` where a user has no home.
    pub fn find(asked: Option<&Path>) -> Option<Self> {
        let variable = std::env::var_os(VARIABLE).filter(|it| !it.is_empty());
        match asked.map(Path::to_owned).or(variable.map(PathBuf::from)) {
            Some(folder) => Some(Self::within(&folder)),
            None => Self::of_the_system(),
        }
    }

    /// XDG's folders on Linux, Library on macOS, AppData on Windows.
    fn of_the_system() -> Option<Self> {
        let strategy = choose_native_strategy(AppStrategyArgs {
            top_level_domain: "org".into(),
            author: "KSGraph".into(),
            app_name: "KSGraph".into(),
        })
        .ok()?;
        // Library/Preferences is for the system's own property lists.
        let settings = if cfg!(target_os = "macos") {
            strategy.data_dir()
        } else {
            strategy.config_dir()
        };
        let state = if cfg!(target_os = "macos") {
            strategy.in_data_dir("state")
        } else if cfg!(windows) {
            strategy.cache_dir()
        } else {
            strategy.state_dir().unwrap_or_else(|| strategy.cache_dir())
        };
        Some(Self { settings, state })
    }

    /// Files that declare filters.
    pub fn filters(&self) -> PathBuf {
        self.settings.join(super::packages::FOLDER)
    }

    /// The settings' file.
    pub fn preferences(&self) -> PathBuf {
        self.settings.join("preferences.ron")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_asked_for_holds_everything() {
        let folders = Folders::find(Some(Path::new("/somewhere/else"))).unwrap();
        assert!(folders.preferences().starts_with("/somewhere/else"));
        assert!(folders.state.starts_with("/somewhere/else"));
    }

    #[test]
    fn settings_and_state_are_apart_in_the_systems_folders() {
        // Where the machine that tests has no home there is nothing to compare.
        if let Some(folders) = Folders::of_the_system() {
            assert_ne!(folders.settings, folders.state);
            let named = |path: &Path| path.to_string_lossy().to_lowercase().contains("ksgraph");
            assert!(named(&folders.settings) && named(&folders.state));
        }
    }
}
