//! What the two process tests share: processes that cannot outlive their test, a private folder, and patient waiting.
//!
//! The desktop adds `screen.rs` and `xdnd.rs`, what is heard `servers.rs` and `analysis.rs`. Nothing here knows the program's insides:
//! it is started as a user starts it. Everything private lives in a `Scratch`, and every process is ended by its own id.
//! A tool that is missing is a failure with words, never a skip.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The program under test, as cargo built it for this run.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ksgraph");

/// Asks `ready` again and again until it answers; after `limit` the test fails, saying what it waited for.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline for processes that keep real time"
    )]
    let start = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return answer;
        }
        assert!(
            start.elapsed() < limit,
            "waited {limit:?} in vain for {what}"
        );
        pause(25);
    }
}

/// Lets other processes have their turn.
pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// A folder of one's own, removed when the test ends well and kept for a look when it does not.
///
/// It is short of name, since the path of a unix socket holds no more than 107 bytes.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksg-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("run")).expect("a folder for this test can be made");
        // Sound servers refuse a run-time folder that others may read.
        fs::set_permissions(
            path.join("run"),
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )
        .expect("mode 700 can be set");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A command that finds neither this user's files nor any running server: its home and run-time folder are here.
    pub(crate) fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command
            .env("HOME", &self.0)
            .env("XDG_RUNTIME_DIR", self.path("run"));
        command.env(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", self.path("no-bus").display()),
        );
        for name in [
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
        ] {
            command.env(name, self.path("xdg"));
        }
        for name in [
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "WAYLAND_SOCKET",
            "PULSE_SERVER",
            "PIPEWIRE_RUNTIME_DIR",
            "PIPEWIRE_REMOTE",
        ] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.0.display());
        } else {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A started process. What it says goes to a file; it is ended and waited for on drop, and dies with the test's thread.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(command: &Command, log: PathBuf) -> Self {
        let tool = command.get_program();
        require(tool.to_str().expect("tools have plain names"));
        let out = File::create(&log).expect("the log of a process can be made");
        // setpriv becomes the tool, so the id stays; the kernel ends it even when the test is killed hard.
        let mut wrapped = Command::new("setpriv");
        wrapped
            .args(["--pdeathsig", "TERM", "--"])
            .arg(tool)
            .args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped
            .stdin(Stdio::null())
            .stderr(out.try_clone().expect("a file handle can be doubled"))
            .stdout(out);
        let child = wrapped
            .spawn()
            .expect("setpriv (util-linux) starts the process");
        Self { child, log }
    }

    /// Everything it has said so far, on both streams.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    pub(crate) fn signal(&self, name: &str) {
        let _ = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -{name} {}", self.child.id()))
            .stderr(Stdio::null())
            .status();
    }

    /// Waits for its end; a process that does not end is a failure.
    pub(crate) fn finish(&mut self, limit: Duration) -> ExitStatus {
        let log = self.log.clone();
        wait_for(
            &format!("the end of the process that logs to {}", log.display()),
            limit,
            || self.ended(),
        )
    }
}

impl Process {
    /// Asks it to end, and ends it when it does not.
    pub(crate) fn end(&mut self) {
        // Asked first: JACK leaves shared memory behind when it is killed.
        if self.child.try_wait().ok().flatten().is_none() {
            self.signal("TERM");
            for _ in 0..80 {
                if self.child.try_wait().ok().flatten().is_some() {
                    return;
                }
                pause(25);
            }
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Fails with a clear word when a tool is not installed.
pub(crate) fn require(tool: &str) {
    let found = Path::new(tool).is_absolute() && Path::new(tool).is_file()
        || std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|folder| folder.join(tool).is_file());
    assert!(
        found,
        "`{tool}` is missing and this test cannot do without it: run ./setup --tests"
    );
}
