//! The version of a program whose scripts are not told it (jsc's): from the
//! package that it belongs to.

use regex::Regex;
use std::path::Path;
use std::sync::LazyLock;
use xshell::{Shell, cmd};

/// Asks one package manager for the version of the package that owns a file.
type Owner = fn(&Shell, &Path) -> xshell::Result<String>;

const OWNERS: &[Owner] = &[dpkg, rpm, pacman, framework];

/// The version of the package that owns the program, as the first package manager that knows it tells.
pub fn of_package(program: &Path) -> Option<String> {
    let shell = Shell::new().ok()?;
    OWNERS
        .iter()
        .filter_map(|owner| owner(&shell, program).ok())
        .find_map(|answer| number_in(&answer))
}

/// The first dotted number in a text: `2.50.6` of `2.50.6-1~deb12u2`.
pub fn number_in(text: &str) -> Option<String> {
    static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d+(\.\d+)+").ok());
    Some(NUMBER.as_ref()?.find(text)?.as_str().to_owned())
}

/// Debian and Ubuntu.
fn dpkg(shell: &Shell, program: &Path) -> xshell::Result<String> {
    let owner = cmd!(shell, "dpkg-query --search {program}")
        .quiet()
        .ignore_stderr()
        .read()?;
    let package = owner.split([':', ',']).next().unwrap_or_default();
    let format = "--showformat=${Version}";
    cmd!(shell, "dpkg-query --show {format} {package}")
        .quiet()
        .ignore_stderr()
        .read()
}

/// Fedora.
fn rpm(shell: &Shell, program: &Path) -> xshell::Result<String> {
    let format = "%{VERSION}";
    cmd!(shell, "rpm --query --file --queryformat {format} {program}")
        .quiet()
        .ignore_stderr()
        .read()
}

/// Arch. It answers `/usr/lib/…/jsc is owned by PACKAGE VERSION`.
fn pacman(shell: &Shell, program: &Path) -> xshell::Result<String> {
    let answer = cmd!(shell, "pacman --query --owns {program}")
        .quiet()
        .ignore_stderr()
        .read()?;
    Ok(answer.rsplit(' ').next().unwrap_or_default().to_owned())
}

/// macOS keeps jsc in a framework, with its version beside.
fn framework(shell: &Shell, program: &Path) -> xshell::Result<String> {
    let plist = program
        .ancestors()
        .nth(2)
        .unwrap_or(program)
        .join("Resources/Info.plist");
    cmd!(shell, "plutil -extract CFBundleVersion raw {plist}")
        .quiet()
        .ignore_stderr()
        .read()
}

#[cfg(test)]
mod tests {
    use super::number_in;

    #[test]
    fn finds_the_number() {
        for (text, number) in [
            ("2.50.6-1~deb12u2", Some("2.50.6")),
            ("JavaScript-C102.15.1", Some("102.15.1")),
            ("1:2.48.0", Some("2.48.0")),
            ("19618.1.15.11.14", Some("19618.1.15.11.14")),
            ("none", None),
            ("7", None),
        ] {
            assert_eq!(number_in(text).as_deref(), number);
        }
    }
}
