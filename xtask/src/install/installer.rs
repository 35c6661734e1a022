//! Installs what is missing, when asked to. Each command is said before it runs.

use crate::base::directories::Checkout;
use crate::base::output::{note, warn};
use crate::case::places::Case;
use crate::engine::search::{self as find, Found};
use crate::guest::crates as guest_crate;
use crate::guest::toolchain;
use crate::install::recipe::{Manager, Need, Way, choose, ways};
use crate::run::interrupt::Interrupt;
use crate::run::tools as tool;
use anyhow::Result;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use xshell::{Shell, cmd};

/// Tries to install whatever is missing of a Rust for wasm32 and of the engines
/// that are asked for. What cannot be installed is said; the command goes on
/// with what there is.
pub fn install(checkout: &Checkout, cases: &[Case], engines: &[OsString], interrupt: &Interrupt) -> Result<()> {
    let mut installer = Installer {
        checkout,
        cases,
        interrupt,
        shell: tool::shell_in(checkout.root())?,
        refreshed: BTreeSet::new(),
    };
    for need in installer.needs(engines)? {
        installer.meet(need)?;
    }
    Ok(())
}

/// The commands that would meet the needs on this system, as the end of an error.
pub fn hint(needs: &[Need], interrupt: &Interrupt) -> String {
    let commands: Vec<String> = needs.iter().flat_map(|need| commands(*need, interrupt)).collect();
    if commands.is_empty() {
        return String::from("; nothing is known that would install it on this system");
    }
    let mut text = String::from("; get what is missing by `cargo xtask test --install`, which tries");
    for command in commands {
        text += &format!("\n  {command}");
    }
    text
}

/// The commands that could meet a need on this system, the best first.
pub fn commands(need: Need, interrupt: &Interrupt) -> Vec<String> {
    ways(need)
        .filter_map(|way| plan(way, interrupt))
        .map(|plan| plan.command.join(" "))
        .collect()
}

/// A way that this system has.
#[derive(Debug)]
struct Plan {
    command: Vec<String>,
    root: bool,
}

/// The command of a way; none where the system has no such program or package.
fn plan(way: &Way, interrupt: &Interrupt) -> Option<Plan> {
    let (manager, patterns) = match way {
        Way::Packages(manager, patterns) | Way::Host(manager, patterns) => (Manager::named(manager)?, patterns),
        Way::Command(words) => {
            which::which(words.first()?).ok()?;
            return Some(Plan {
                command: words.iter().map(|word| (*word).to_owned()).collect(),
                root: false,
            });
        }
    };
    which::which(manager.program).ok()?;
    let find = |pattern: &&str| {
        let search = manager.search_for(pattern);
        choose(pattern, &tool::ask(search.first()?, &search[1..], interrupt)?)
    };
    let packages: Option<Vec<String>> = patterns.iter().map(find).collect();
    Some(Plan {
        command: manager.install(&packages?),
        root: manager.root,
    })
}

struct Installer<'a> {
    checkout: &'a Checkout,
    cases: &'a [Case],
    interrupt: &'a Interrupt,
    shell: Shell,
    /// The managers whose lists are up to date.
    refreshed: BTreeSet<&'static str>,
}

impl Installer<'_> {
    fn needs(&self, engines: &[OsString]) -> Result<Vec<Need>> {
        let mut needs = Vec::new();
        if !self.can_build()? {
            needs.push(Need::Wasm32);
        }
        needs.extend(self.find(engines)?.without_shell().into_iter().map(Need::Shell));
        Ok(needs)
    }

    /// Whether the guests of the cases are built, or can be.
    fn can_build(&self) -> Result<bool> {
        for guest in self.cases.iter().filter_map(|case| guest_crate::named(case.guest())) {
            if !guest.is_built(self.checkout)? {
                return Ok(!toolchain::all(self.checkout, self.interrupt)?.is_empty());
            }
        }
        Ok(true)
    }

    fn find(&self, engines: &[OsString]) -> Result<Found> {
        find::find(self.checkout, engines, self.interrupt)
    }

    /// Tries one way after the other until the need is met.
    fn meet(&mut self, need: Need) -> Result<()> {
        note(&format!("{} is missing", describe(need)));
        for way in ways(need) {
            if self.interrupt.signal().is_some() {
                return Ok(());
            }
            if self.is_met(need, way)? || (self.go(way)? && self.is_met(need, way)?) {
                if let Way::Host(..) = way {
                    warn(&format!("{} could not be installed; a host stands in", describe(need)));
                }
                return Ok(());
            }
        }
        warn(&format!("{} could not be installed", describe(need)));
        Ok(())
    }

    /// A host is enough only for the ways that bring no better.
    fn is_met(&self, need: Need, way: &Way) -> Result<bool> {
        let Need::Shell(engine) = need else {
            return self.can_build();
        };
        let found = self.find(&[engine.name.into()])?;
        Ok(match way {
            Way::Host(..) => found.missing.is_empty(),
            Way::Packages(..) | Way::Command(_) => found.without_shell().is_empty(),
        })
    }

    /// Goes this way, if the system has it. Returns whether anything was done.
    fn go(&mut self, way: &Way) -> Result<bool> {
        if let Way::Packages(manager, _) | Way::Host(manager, _) = way {
            self.refresh(manager)?;
        }
        match plan(way, self.interrupt) {
            Some(plan) => self.run(plan.command, plan.root),
            None => Ok(false),
        }
    }

    fn refresh(&mut self, manager: &'static str) -> Result<()> {
        let Some(manager) = Manager::named(manager).filter(|manager| which::which(manager.program).is_ok()) else {
            return Ok(());
        };
        if self.refreshed.insert(manager.program) && !manager.refresh.is_empty() {
            let command = manager.refresh.iter().map(|word| (*word).to_owned()).collect();
            self.run(command, manager.root)?;
        }
        Ok(())
    }

    /// Says the command and runs it, by sudo if it needs root.
    fn run(&self, mut command: Vec<String>, root: bool) -> Result<bool> {
        if root && !nix::unistd::geteuid().is_root() {
            if which::which("sudo").is_err() {
                warn(&format!(
                    "this needs root, and there is no sudo; as root, run: {}",
                    command.join(" ")
                ));
                return Ok(false);
            }
            command.insert(0, "sudo".to_owned());
        }
        note(&format!("$ {}", command.join(" ")));
        let program = Path::new(&command[0]);
        let arguments = &command[1..];
        let success = tool::run_openly(cmd!(self.shell, "{program} {arguments...}"))?;
        if !success {
            warn(&format!("`{}` failed", command.join(" ")));
        }
        Ok(success)
    }
}

fn describe(need: Need) -> String {
    match need {
        Need::Wasm32 => format!("a Rust that builds for {}", toolchain::TARGET),
        Need::Shell(engine) => format!("a shell of {}", engine.title),
    }
}
