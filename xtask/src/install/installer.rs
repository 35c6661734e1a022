//! Installs missing tools with `--install`. Each command is printed before it runs.

use crate::base::invocation;
use crate::base::output::{note, warn};
use crate::base::text::command_line;
use crate::case::Case;
use crate::case::guest_source::{GuestLanguage, GuestSource};
use crate::engine::found::Found;
use crate::engine::search;
use crate::engine::selection::Selection;
use crate::guest::{bundle, clang, crates, esbuild, toolchain};
use crate::install::recipes::{Manager, Need, Recipe, choose, recipes_for};
use crate::run::session::Session;
use crate::run::tools;
use anyhow::Result;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use xshell::{Shell, cmd};

/// Tries to install the missing shells of the engines that `--engine` names, or of all. Failures are reported; the
/// command continues with the programs it has.
pub fn install_engines(engines: Selection<'_>, session: &Session) -> Result<()> {
    let missing = search::find(engines, session)?.without_shell();
    meet_all(missing.into_iter().map(Need::Shell).collect(), &[], session)
}

/// The same with the tools that these cases need and that are missing: a Rust toolchain for wasm32, clang, esbuild.
pub fn install_tools(cases: &[Case], session: &Session) -> Result<()> {
    meet_all(vec![Need::Wasm32, Need::Clang, Need::Esbuild], cases, session)
}

/// Meets those of the needs that are not met.
fn meet_all(needs: Vec<Need>, cases: &[Case], session: &Session) -> Result<()> {
    let guests = cases.iter().map(Case::guests).collect::<Result<Vec<_>>>()?.concat();
    let mut installer = Installer {
        cases,
        guests,
        session,
        shell: tools::shell()?,
        refreshed: BTreeSet::new(),
    };
    for need in needs {
        if matches!(need, Need::Shell(_)) || !installer.can_build(&need)? {
            installer.meet(&need)?;
        }
    }
    Ok(())
}

/// The commands that would meet the needs on this system, as the end of an error message.
pub fn hint(needs: &[Need], session: &Session) -> String {
    let commands: Vec<String> = needs.iter().flat_map(|need| commands(need, session)).collect();
    if commands.is_empty() {
        return String::from("; there is no known way to install it on this system");
    }
    let mut text = format!(
        "; to install what is missing, run `{}`, which tries",
        install_command(needs)
    );
    for command in commands {
        text += &format!("\n  {command}");
    }
    text
}

/// The commands that could meet a need on this system, the best first.
pub fn commands(need: &Need, session: &Session) -> Vec<String> {
    recipes_for(need)
        .filter_map(|recipe| plan(recipe, need, session))
        .map(|plan| command_line(plan.command))
        .collect()
}

/// The command that meets the needs: of programs each by its name, if one is not installed unasked.
pub fn install_command(needs: &[Need]) -> String {
    let wanted = needs.iter().filter_map(|need| match need {
        Need::Shell(wanted) => Some(wanted),
        _ => None,
    });
    let wanted: Vec<_> = wanted.collect();
    let options = match wanted.iter().any(|wanted| wanted.is_asked_for()) {
        true => wanted
            .iter()
            .map(|wanted| format!(" --engine {}", wanted.name()))
            .collect(),
        false => String::new(),
    };
    format!("{} engines --install{options}", invocation::name())
}

/// A command that follows a recipe on this system.
#[derive(Debug)]
struct InstallCommand {
    command: Vec<String>,
    root: bool,
}

/// The command of a recipe; `None` where the system has no such program or package.
fn plan(recipe: &Recipe, need: &Need, session: &Session) -> Option<InstallCommand> {
    let (manager, patterns) = match recipe {
        Recipe::Packages(manager, patterns) | Recipe::Host(manager, patterns) => {
            (Manager::of_program(manager)?, patterns)
        }
        Recipe::Command(words) => {
            which::which(words.first()?).ok()?;
            let own = esbuild::home(session).ok()?.display().to_string();
            let version = need.version().unwrap_or_default();
            let word = |word: &&str| word.replace("{esbuild}", &own).replace("{version}", version);
            return Some(InstallCommand {
                command: words.iter().map(word).collect(),
                root: false,
            });
        }
    };
    which::which(manager.program).ok()?;
    let find = |pattern: &&str| {
        let search = manager.search_for(pattern);
        let found = tools::query(search.first()?, &search[1..], session).unwrap_or_else(|error| {
            warn(&format!("{error:#}"));
            None
        });
        choose(pattern, &found?)
    };
    let packages: Option<Vec<String>> = patterns.iter().map(find).collect();
    Some(InstallCommand {
        command: manager.install(&packages?),
        root: manager.root,
    })
}

struct Installer<'a> {
    cases: &'a [Case],
    guests: Vec<GuestSource>,
    session: &'a Session,
    shell: Shell,
    /// The managers whose package lists are up to date.
    refreshed: BTreeSet<&'static str>,
}

impl Installer<'_> {
    /// Whether the guests that need this are built, or can be built; or the scripts can be bundled.
    fn can_build(&self, need: &Need) -> Result<bool> {
        if *need == Need::Esbuild {
            return Ok(!bundle::needs_esbuild(self.cases, self.session)?);
        }
        let in_language = |language| self.guests.iter().filter(move |guest| guest.language == language);
        if *need == Need::Clang {
            let none = in_language(GuestLanguage::C).next().is_none();
            return Ok(none || clang::find(self.session)?.is_some());
        }
        for guest in in_language(GuestLanguage::Rust) {
            if !crates::is_built(guest, self.session)? {
                return Ok(!toolchain::toolchains(self.session)?.is_empty());
            }
        }
        Ok(true)
    }

    fn find(&self, engines: &[OsString]) -> Result<Found> {
        search::find(Selection::of_engines(engines), self.session)
    }

    /// Tries one recipe after the other until the need is met.
    fn meet(&mut self, need: &Need) -> Result<()> {
        note(&format!("{} is missing", describe(need)));
        for recipe in recipes_for(need) {
            if self.session.is_interrupted() {
                return Ok(());
            }
            if self.is_met(need, recipe)? || (self.follow(recipe, need)? && self.is_met(need, recipe)?) {
                if let Recipe::Host(..) = recipe {
                    warn(&format!("{} could not be installed; a host stands in", describe(need)));
                }
                return Ok(());
            }
        }
        warn(&format!("{} could not be installed", describe(need)));
        Ok(())
    }

    /// A host is enough only for the recipes that install one.
    fn is_met(&self, need: &Need, recipe: &Recipe) -> Result<bool> {
        let Need::Shell(wanted) = need else {
            return self.can_build(need);
        };
        let found = self.find(&[wanted.name().into()])?;
        Ok(match recipe {
            Recipe::Host(..) => found.missing.is_empty(),
            Recipe::Packages(..) | Recipe::Command(_) => found.without_shell().is_empty(),
        })
    }

    /// Follows the recipe, if the system can. Returns whether it ran a command that succeeded.
    fn follow(&mut self, recipe: &Recipe, need: &Need) -> Result<bool> {
        if let Recipe::Packages(manager, _) | Recipe::Host(manager, _) = recipe {
            self.refresh(manager)?;
        }
        match plan(recipe, need, self.session) {
            Some(plan) => self.run(plan.command, plan.root),
            None => Ok(false),
        }
    }

    fn refresh(&mut self, manager: &'static str) -> Result<()> {
        let Some(manager) = Manager::of_program(manager).filter(|manager| which::which(manager.program).is_ok()) else {
            return Ok(());
        };
        if self.refreshed.insert(manager.program) && !manager.refresh.is_empty() {
            let command = manager.refresh.iter().map(|word| (*word).to_owned()).collect();
            self.run(command, manager.root)?;
        }
        Ok(())
    }

    /// Prints the command and runs it, with sudo if it needs root.
    fn run(&self, mut command: Vec<String>, root: bool) -> Result<bool> {
        if root && !nix::unistd::geteuid().is_root() {
            if which::which("sudo").is_err() {
                warn(&format!(
                    "this needs root, and there is no sudo; as root, run: {}",
                    command_line(&command)
                ));
                return Ok(false);
            }
            command.insert(0, "sudo".to_owned());
        }
        note(&format!("$ {}", command_line(&command)));
        let program = Path::new(&command[0]);
        let arguments = &command[1..];
        let success = tools::run_openly(cmd!(self.shell, "{program} {arguments...}"))?;
        if !success {
            warn(&format!("`{}` failed", command_line(&command)));
        }
        Ok(success)
    }
}

fn describe(need: &Need) -> String {
    match need {
        Need::Wasm32 => format!("a Rust toolchain for {}", toolchain::TARGET),
        Need::Clang => "clang for wasm32, with wasm-ld,".to_owned(),
        Need::Esbuild => "esbuild".to_owned(),
        Need::Shell(wanted) => format!("a shell of {wanted}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::kind::BrowserKind;
    use crate::engine::shell::shell_of_browser;
    use crate::engine::table::engine_named;
    use crate::engine::wanted::WantedEngine;

    #[test]
    fn what_is_not_installed_unasked_is_named() {
        let shell = |wanted: WantedEngine| Need::Shell(wanted);
        let [v8, jsc] = ["v8", "jsc"].map(|name| engine_named(name).unwrap());
        let firefox = WantedEngine::of_browser(shell_of_browser(BrowserKind::Firefox).unwrap()).unwrap();
        for (needs, options) in [
            (vec![Need::Clang, shell(WantedEngine::any(v8))], ""),
            (vec![shell(WantedEngine::of_version(v8, "13.6"))], " --engine v8@13.6"),
            (
                vec![shell(firefox), shell(WantedEngine::any(jsc))],
                " --engine firefox --engine jsc",
            ),
        ] {
            let command = install_command(&needs);
            assert!(command.ends_with(&format!("engines --install{options}")), "{command}");
        }
    }
}
