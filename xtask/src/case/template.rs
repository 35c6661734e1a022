//! The files of a new case of a user's own: a small one to begin with, or a case of the checkout.

use crate::base::directories::Directories;
use crate::base::file;
use crate::case::{Case, SCRIPT};
use crate::measure::verdict::Verdict;
use anyhow::{Result, ensure};
use std::path::Path;

/// A file of a case that is to be written.
#[derive(Debug)]
pub struct NewFile {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// A template: its place in a checkout, and its text as of the build of the program.
struct Template(&'static str, &'static str);

const SCRIPT_TEMPLATE: Template = Template("js/new/test.mjs", include_str!("../../new/test.mjs"));
const EXPECTED_TEMPLATE: Template = Template("js/new/expected.txt", include_str!("../../new/expected.txt"));
const RUNTIME_TEMPLATE: Template = Template("js/new/from/runtime.js", include_str!("../../new/from/runtime.js"));

impl Template {
    /// In a checkout the file of the checkout, so that an edit takes effect.
    fn file(&self, name: &'static str, directories: &Directories) -> Result<NewFile> {
        let bytes = match directories.checkout() {
            Some(root) => file::read(&root.join(self.0))?,
            None => self.1.as_bytes().to_vec(),
        };
        Ok(NewFile { name, bytes })
    }
}

/// A case that leaks nothing, with one line that makes it leak.
pub fn usual(directories: &Directories) -> Result<Vec<NewFile>> {
    Ok(vec![
        SCRIPT_TEMPLATE.file("test.mjs", directories)?,
        EXPECTED_TEMPLATE.file("expected.txt", directories)?,
    ])
}

/// A case of the checkout, with its guest, as one that needs no checkout.
pub fn of_case(case: &Case, guest: &Path, directories: &Directories) -> Result<Vec<NewFile>> {
    let script = String::from_utf8_lossy(&file::read(&case.directory.join(SCRIPT))?).into_owned();
    // What it does there a census does as well.
    ensure!(
        !script.contains("main(test, "),
        "`{}` is about what is done between rounds, which a census decides by itself; copy another case",
        case.name
    );
    let head = format!(
        "// The case {} of wasm-leaks as one of your own: all that it needs lies beside it.\nload('runtime.js');\n\n",
        case.name
    );
    Ok(vec![
        NewFile {
            name: "test.js",
            bytes: format!("{head}{script}").into_bytes(),
        },
        RUNTIME_TEMPLATE.file("runtime.js", directories)?,
        NewFile {
            name: "guest.wasm",
            bytes: file::read(guest)?,
        },
        NewFile {
            name: "expected.txt",
            bytes: expected(case).into_bytes(),
        },
    ])
}

/// The expectation of a copied case. A census has rounds of its own, so any lines may be printed.
fn expected(case: &Case) -> String {
    let expectation = case.expectations.shared();
    let mut verdicts = expectation.verdicts.clone();
    // To a census, pages of linear memory that were needed for once stay.
    if verdicts.contains(&Verdict::Collected) && !verdicts.contains(&Verdict::Bounded) {
        verdicts.push(Verdict::Bounded);
    }
    let verdicts: Vec<String> = verdicts.iter().map(ToString::to_string).collect();
    let needs: Vec<String> = expectation.needs.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    if let Some(shows) = case.shows() {
        text += &format!("# {}: {shows}.\n", case.name);
    }
    text += &format!("#: verdict = {}\n", verdicts.join(" | "));
    if !needs.is_empty() {
        text += &format!("#: needs = {}\n", needs.join(" "));
    }
    text + "#: rounds = 100\n# Any lines, for how many there are depends on the rounds:\n...\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_of_the_checkout_are_those_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for Template(name, text) in [SCRIPT_TEMPLATE, EXPECTED_TEMPLATE, RUNTIME_TEMPLATE] {
            assert_eq!(std::fs::read_to_string(root.join(name)).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn the_module_of_the_script_is_the_one_in_its_comment() {
        let lines = SCRIPT_TEMPLATE.1.lines().map(str::trim);
        let comment = lines.clone().filter_map(|line| line.strip_prefix("//"));
        let text: Vec<&str> = comment
            .skip_while(|line| line.trim() != "(module")
            .take_while(|line| line.trim_start().starts_with('('))
            .collect();
        let module = wat::parse_str(text.join("\n")).unwrap();
        let hex: String = module.iter().map(|byte| format!("{byte:02x}")).collect();
        let written: String = lines
            .filter(|line| line.len() > 20 && line.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .collect();
        // Without the custom section that has the names.
        let names = hex.strip_prefix(&written).unwrap();
        assert!(names.starts_with("00") && written.len() > 200, "{hex}");
    }
}
