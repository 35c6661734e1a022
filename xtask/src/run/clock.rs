//! The time that a program may take: by the processor, because a slow cell on a busy
//! machine is no hang; and by the clock, for a program that does nothing.

use std::fmt;
use std::time::Duration;

/// A program may take this many times its limit by the clock.
const BY_THE_CLOCK: u32 = 5;

/// A program makes progress if it prints, or uses this share of its limit.
const PROGRESS: f64 = 0.02;

/// The limit of a program, and its last progress.
#[derive(Debug)]
pub struct Clock {
    limit: Duration,
    last: Usage,
}

/// What a program has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Since its start.
    pub elapsed: Duration,
    /// Processor time of all its processes; `None` if the system does not report it.
    pub cpu: Option<Duration>,
    /// Bytes.
    pub printed: u64,
}

/// A program that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrun {
    pub limit: Duration,
    pub why: OverrunReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverrunReason {
    /// It used the limit of processor time.
    Processor,
    /// For the time of the limit it printed nothing and used next to no processor time; how much it had used.
    Standstill { cpu: Duration },
    /// It took several times the limit by the clock; how long, and the processor time that it had used.
    Elapsed { elapsed: Duration, cpu: Duration },
    /// It took the limit by the clock, and the system does not report processor time.
    Unknown,
}

impl Clock {
    pub fn new(limit: Duration) -> Clock {
        Clock {
            limit,
            last: Usage::default(),
        }
    }

    /// The interval at which to look: short enough for the limit, and long enough to cost nothing.
    pub fn interval(&self) -> Duration {
        (self.limit / 20).clamp(Duration::from_millis(10), Duration::from_millis(500))
    }

    /// Whether this is too much. No program overruns before it has taken its limit by the clock.
    pub fn check(&mut self, usage: Usage) -> Option<Overrun> {
        let cpu = usage.cpu.unwrap_or_default();
        let used = cpu.saturating_sub(self.last.cpu.unwrap_or_default());
        if usage.printed != self.last.printed || used > self.limit.mul_f64(PROGRESS) {
            self.last = usage;
        }
        if usage.elapsed < self.limit {
            return None;
        }
        let why = if usage.cpu.is_none() {
            OverrunReason::Unknown
        } else if cpu >= self.limit {
            OverrunReason::Processor
        } else if usage.elapsed.saturating_sub(self.last.elapsed) >= self.limit {
            OverrunReason::Standstill { cpu }
        } else if usage.elapsed >= self.limit.saturating_mul(BY_THE_CLOCK) {
            OverrunReason::Elapsed {
                elapsed: usage.elapsed,
                cpu,
            }
        } else {
            return None;
        };
        Some(Overrun { limit: self.limit, why })
    }
}

impl fmt::Display for Overrun {
    /// `it ran out of time after 60 s of processor time`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit.as_secs_f64();
        write!(f, "it ran out of time after ")?;
        match self.why {
            OverrunReason::Unknown => write!(f, "{limit} s"),
            OverrunReason::Processor => write!(f, "{limit} s of processor time"),
            OverrunReason::Standstill { cpu } => write!(
                f,
                "{limit} s without output or progress; until then it had used {:.1} s of processor time",
                cpu.as_secs_f64()
            ),
            OverrunReason::Elapsed { elapsed, cpu } => write!(
                f,
                "{:.1} s by the clock, {BY_THE_CLOCK} times its limit; of these it used {:.1} s of processor time",
                elapsed.as_secs_f64(),
                cpu.as_secs_f64()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a program at these points: seconds, processor seconds, bytes. The last one overruns, if any.
    fn why(points: &[(u64, Option<u64>, u64)]) -> Option<OverrunReason> {
        let mut clock = Clock::new(Duration::from_secs(100));
        let mut checks = points.iter().map(|(elapsed, cpu, printed)| {
            clock.check(Usage {
                elapsed: Duration::from_secs(*elapsed),
                cpu: cpu.map(Duration::from_secs),
                printed: *printed,
            })
        });
        let last = checks.by_ref().take(points.len() - 1).find(Option::is_some);
        assert_eq!(last, None, "{points:?}");
        checks.next().flatten().map(|overrun| overrun.why)
    }

    #[test]
    fn what_is_slow_is_no_hang() {
        let standstill = |cpu| {
            Some(OverrunReason::Standstill {
                cpu: Duration::from_secs(cpu),
            })
        };
        for (points, expected) in [
            // Threads may use more than one processor.
            (&[(50, Some(110), 0)][..], None),
            (&[(100, Some(110), 0)], Some(OverrunReason::Processor)),
            // A busy machine.
            (&[(90, Some(9), 0), (180, Some(18), 0), (400, Some(40), 0)], None),
            (&[(90, Some(9), 0), (990, Some(100), 0)], Some(OverrunReason::Processor)),
            // It hangs at once, later, or after its last line.
            (&[(1, Some(0), 0), (99, Some(1), 0)], None),
            (&[(1, Some(0), 0), (100, Some(1), 0)], standstill(1)),
            (&[(60, Some(50), 0), (159, Some(51), 0)], None),
            (&[(60, Some(50), 0), (160, Some(51), 0)], standstill(51)),
            (&[(60, Some(0), 7), (159, Some(0), 7)], None),
            (&[(60, Some(0), 7), (160, Some(0), 7)], standstill(0)),
            // It prints now and then, for ever.
            (
                &[
                    (90, Some(0), 1),
                    (180, Some(0), 2),
                    (499, Some(0), 3),
                    (500, Some(0), 4),
                ],
                Some(OverrunReason::Elapsed {
                    elapsed: Duration::from_secs(500),
                    cpu: Duration::ZERO,
                }),
            ),
            (&[(99, None, 0), (100, None, 9)], Some(OverrunReason::Unknown)),
        ] {
            assert_eq!(why(points), expected, "{points:?}");
        }
    }

    #[test]
    fn no_limit_is_too_long_or_too_short() {
        for limit in [Duration::MAX, Duration::ZERO] {
            let mut clock = Clock::new(limit);
            assert!(clock.interval() > Duration::ZERO);
            let overrun = clock.check(Usage {
                elapsed: Duration::from_secs(1),
                cpu: Some(Duration::from_secs(1)),
                printed: 0,
            });
            assert_eq!(overrun.is_some(), limit.is_zero());
        }
    }
}
