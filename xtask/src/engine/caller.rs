//! What is started to run scripts in a program: the program itself, or for a browser this program, which starts it.

use crate::base::invocation::this_program;
use crate::browser::kind::BrowserKind;
use crate::browser::place::BrowserPlace;
use crate::engine::shell::Shell;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// How a program is called.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub shell: &'static Shell,
    /// Where in a browser; `None` in a shell.
    pub place: Option<BrowserPlace>,
    /// What the browser opens in place of our own page: a path on the stage, or an address.
    pub page: Option<&'a str>,
    pub path: &'a Path,
}

impl Caller<'_> {
    /// The program that is started.
    pub fn program(&self) -> Result<PathBuf> {
        match self.shell.browser {
            Some(_) => this_program(),
            None => Ok(self.path.to_owned()),
        }
    }

    /// Its arguments, with which it runs a script.
    pub fn arguments(&self, flags: &[String], script: &str, arguments: &[&str]) -> Vec<String> {
        let shell = self.shell;
        match shell.browser {
            Some(browser) => self.browse_arguments(browser, flags, script, arguments),
            None => shell.arguments(flags, script, arguments),
        }
    }

    /// The arguments of this program that make it start the browser, and run a script in it. The script gets its
    /// arguments as those of a shell do.
    fn browse_arguments(
        &self,
        browser: BrowserKind,
        flags: &[String],
        script: &str,
        arguments: &[&str],
    ) -> Vec<String> {
        let place = self.place.unwrap_or(BrowserPlace::Page);
        let mut all = vec!["browse".to_owned(), format!("--in={place}")];
        all.extend(self.page.map(|page| format!("--page={page}")));
        all.extend(flags.iter().map(|flag| format!("--flag={flag}")));
        all.extend([
            browser.name().to_owned(),
            self.path.display().to_string(),
            "--".to_owned(),
        ]);
        all.extend(self.shell.arguments(&[], script, arguments));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::shell::shell_of_browser;

    #[test]
    fn a_browser_is_started_by_this_program() {
        let caller = |place, page| Caller {
            shell: shell_of_browser(BrowserKind::Chromium).unwrap(),
            place: Some(place),
            page,
            path: Path::new("/a b/chrome"),
        };
        let flags = ["--lang=de".to_owned()];
        for (caller, expected) in [
            (
                caller(BrowserPlace::Worker, None),
                "browse|--in=worker|--flag=--lang=de|chromium|/a b/chrome|--|s.js|a=1|b",
            ),
            (
                caller(BrowserPlace::Page, Some("a b.html")),
                "browse|--in=page|--page=a b.html|--flag=--lang=de|chromium|/a b/chrome|--|s.js|a=1|b",
            ),
        ] {
            let all = caller.arguments(&flags, "s.js", &["a=1", "b"]);
            assert_eq!(all.join("|"), expected);
        }
    }
}
