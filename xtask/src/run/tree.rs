//! The descendants of a process, and the processor time that they have used: from
//! `/proc`, so on Linux only.

use nix::unistd::Pid;
use std::fs;
use std::time::Duration;

/// The unit of processor time in `/proc`: a hundredth of a second on every architecture (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// A process, by `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: Pid,
    parent: Pid,
    /// Processor time of its own.
    own: u32,
    /// Processor time of the children that it has waited for, and of theirs.
    reaped: u32,
}

/// The descendants of a process, dead ones that nobody has waited for included.
pub fn descendants(of: Pid) -> Vec<Pid> {
    let mut found = family(of, &processes());
    found.retain(|process| process.pid != of);
    found.iter().map(|process| process.pid).collect()
}

/// The processor time of all descendants of a process, living and dead; `None` if the system does not report it.
pub fn cpu_time(of: Pid) -> Option<Duration> {
    let family = family(of, &processes());
    let ticks = |process: &Process| match process.pid {
        pid if pid == of => process.reaped,
        _ => process.own.saturating_add(process.reaped),
    };
    let sum = family
        .iter()
        .map(ticks)
        .fold(0, |sum: u32, ticks| sum.saturating_add(ticks));
    (!family.is_empty()).then(|| TICK.saturating_mul(sum))
}

/// The process, and its descendants.
fn family(of: Pid, all: &[Process]) -> Vec<Process> {
    let mut found: Vec<Process> = all.iter().filter(|process| process.pid == of).copied().collect();
    let mut next = 0;
    while next < found.len() {
        let parent = found[next].pid;
        found.extend(all.iter().filter(|process| process.parent == parent));
        next += 1;
    }
    found
}

/// All processes; none where there is no `/proc`.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read(entry.path().join("stat")).ok()?;
            process(pid, &String::from_utf8_lossy(&stat))
        })
        .collect()
}

/// Reads `PID (NAME) STATE PARENT …`, where NAME may contain anything.
fn process(pid: i32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // By proc(5), which counts the process id as 1 and the state as 3.
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = |number: usize| field(number)?.parse::<u32>().ok();
    Some(Process {
        pid: Pid::from_raw(pid),
        parent: Pid::from_raw(field(4)?.parse().ok()?),
        own: ticks(14)?.saturating_add(ticks(15)?),
        reaped: ticks(16)?.saturating_add(ticks(17)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name() {
        let stat = "7 (a ) R 9) S 3 7 7 0 -1 4194304 1 2 3 4 50 6 700 8 20 0 1 0 1 2 3";
        let expected = Process {
            pid: Pid::from_raw(7),
            parent: Pid::from_raw(3),
            own: 56,
            reaped: 708,
        };
        assert_eq!(process(7, stat), Some(expected));
        assert_eq!(process(7, "7 (cut off) S 3"), None);
    }

    #[test]
    fn a_family_is_all_that_descends() {
        let of = |pid, parent| Process {
            pid: Pid::from_raw(pid),
            parent: Pid::from_raw(parent),
            own: 1,
            reaped: 0,
        };
        let all = [of(5, 4), of(1, 0), of(2, 1), of(4, 2), of(3, 1)];
        let pids = |root| -> Vec<i32> {
            family(Pid::from_raw(root), &all)
                .iter()
                .map(|process| process.pid.as_raw())
                .collect()
        };
        assert_eq!(pids(2), [2, 4, 5]);
        assert_eq!(pids(9), [] as [i32; 0]);
    }
}
