//! Which process wrote something, told so that another one knows later whether it still runs: by its number, when it
//! began, and on which machine. Where the system does not say these, nobody is taken for dead.

use serde::{Deserialize, Serialize};

/// A process of this program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Process {
    /// The system's number for it, which others get in turn.
    pid: u32,
    /// When it began, in the system's own ticks since its start; `None` where that is not told.
    began: Option<u64>,
    /// The machine and its start.
    machine: u32,
}

impl Process {
    /// This one.
    pub(crate) fn own() -> Self {
        Self {
            pid: std::process::id(),
            began: began("self"),
            machine: machine(),
        }
    }

    /// Whether it certainly runs no more. Of another machine nobody can say.
    pub(crate) fn has_ended(&self) -> bool {
        let here = self.machine == machine() && began("self").is_some();
        here && self.began.is_some() && began(&self.pid.to_string()) != self.began
    }
}

/// Whether a process of this machine, known by its number only, certainly runs no more.
pub(super) fn has_ended(machine_of: u32, pid: u32) -> bool {
    let can_tell = began("self").is_some();
    can_tell && machine_of == machine() && began(&pid.to_string()).is_none()
}

/// When a process began. The name before it may hold anything, so what counts comes after its last bracket.
fn began(pid: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = text.rsplit_once(')')?;
    after.split_whitespace().nth(19)?.parse().ok()
}

/// A number for this machine since it was started: processes are compared within that only. Zero where nothing tells.
pub(super) fn machine() -> u32 {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    // FNV-1a: short, and the same for ever.
    let hash = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    match boot.is_empty() {
        true => 0,
        false => boot.iter().fold(0x811C_9DC5, hash),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_told_from_the_dead_and_from_strangers() {
        let own = Process::own();
        assert!(!own.has_ended());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = Process {
            pid: child.id(),
            ..own.clone()
        };
        child.wait().unwrap();
        assert!(dead.has_ended());
        assert!(has_ended(machine(), dead.pid) && !has_ended(machine(), own.pid));
        // The number went to somebody else.
        let reused = Process {
            began: own.began.map(|it| it + 1),
            ..own.clone()
        };
        assert!(reused.has_ended());
        let stranger = Process {
            machine: own.machine ^ 1,
            ..dead
        };
        assert!(!stranger.has_ended());
        assert!(!Process::default().has_ended(), "who does not say is alive");
    }
}
