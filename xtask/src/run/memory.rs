//! The memory that the processes of a program may take: it is ended before the machine
//! runs out. From `/proc`, so on Linux only.

use crate::run::tree::descendants;
use nix::unistd::Pid;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often the memory of known processes is read: a program fills some hundred MiB meanwhile.
pub const INTERVAL: Duration = Duration::from_millis(50);

/// The least limit by default. Programs that do not leak stay below it.
const LEAST: u64 = 1 << 30;

/// The limit where none is given, if this many programs run at once: together they take no more than half of
/// the machine's memory, unless that is small.
pub fn default_limit(jobs: usize) -> u64 {
    share_of(machine_memory(Path::new("/")), jobs)
}

fn share_of(all: Option<u64>, jobs: usize) -> u64 {
    let jobs = u64::try_from(jobs.max(1)).unwrap_or(u64::MAX);
    all.map_or(u64::MAX, |all| (all / 2 / jobs).max(LEAST))
}

/// The memory of the machine, or of the container that this runs in; `None` if the system does not report it.
fn machine_memory(root: &Path) -> Option<u64> {
    let info = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let all = kilobytes(&info, "MemTotal:")?;
    let container = fs::read_to_string(root.join("sys/fs/cgroup/memory.max")).ok();
    let container = container.and_then(|text| text.trim().parse().ok());
    Some(container.map_or(all, |most: u64| most.min(all)))
}

/// The value of a line `NAME 123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// A program that took more memory than this many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryOverrun(pub u64);

impl fmt::Display for MemoryOverrun {
    /// `it took more than 512 MiB of memory`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it took more than {} MiB of memory", self.0 >> 20)
    }
}

/// Reads the memory of a program's processes, which descend from its guard.
#[derive(Debug)]
pub struct MemoryWatch {
    guard: Option<Pid>,
    limit: u64,
    known: Vec<Pid>,
    searched: Option<Instant>,
}

impl MemoryWatch {
    pub fn new(guard: Option<Pid>, limit: u64) -> MemoryWatch {
        MemoryWatch {
            guard,
            limit,
            known: Vec::new(),
            searched: None,
        }
    }

    /// Whether the processes take too much. All processes of the machine are searched for new
    /// ones only now and then, at this interval, for that takes some time.
    pub fn check(&mut self, interval: Duration) -> Option<MemoryOverrun> {
        if self.limit == u64::MAX {
            return None;
        }
        let is_due = self.searched.is_none_or(|searched| searched.elapsed() >= interval);
        if let Some(guard) = self.guard.filter(|_| is_due || self.known.is_empty()) {
            self.known = descendants(guard);
            self.searched = Some(Instant::now());
        }
        let sum = self
            .known
            .iter()
            .filter_map(|pid| resident(*pid))
            .fold(0, u64::saturating_add);
        (sum > self.limit).then_some(MemoryOverrun(self.limit))
    }
}

/// The bytes of a process that are in memory; `None` if it is gone.
fn resident(pid: Pid) -> Option<u64> {
    let status = fs::read(format!("/proc/{pid}/status")).ok()?;
    kilobytes(&String::from_utf8_lossy(&status), "VmRSS:")
}

/// If the machine runs out of memory nevertheless, the kernel ends this process first.
pub fn offer_to_the_kernel(pid: u32) {
    // Where there is no such file, there is no such choice.
    let _ = fs::write(format!("/proc/{pid}/oom_score_adj"), "1000");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_shared_among_the_programs() {
        const GIB: u64 = 1 << 30;
        for (all, jobs, limit) in [
            (Some(64 * GIB), 4, 8 * GIB),
            (Some(64 * GIB), 1, 32 * GIB),
            (Some(8 * GIB), 16, GIB),
            (Some(GIB / 2), 1, GIB),
            (Some(64 * GIB), 0, 32 * GIB),
            (None, 4, u64::MAX),
        ] {
            assert_eq!(share_of(all, jobs), limit, "{all:?} {jobs}");
        }
    }

    #[test]
    fn the_memory_of_a_container_is_less() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(machine_memory(root.path()), None);
        write("proc/meminfo", "MemFree: 1 kB\nMemTotal:       2000 kB\n");
        assert_eq!(machine_memory(root.path()), Some(2_048_000));
        for (text, bytes) in [("max\n", 2_048_000), ("1000000\n", 1_000_000), ("9000000\n", 2_048_000)] {
            write("sys/fs/cgroup/memory.max", text);
            assert_eq!(machine_memory(root.path()), Some(bytes), "{text}");
        }
    }

    #[test]
    fn a_line_of_proc_is_read() {
        let status = "Name:\tx kB\nVmRSS:\t   12 kB\nVmData:\t 7 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(12 << 10));
        for text in ["", "VmRSS:\t12", "VmRSS:\tmany kB", "VmRSS: 99999999999999999999 kB"] {
            assert_eq!(kilobytes(text, "VmRSS:"), None, "{text}");
        }
    }
}
