//! WebAssembly modules that scripts import like scripts: a script stands in for each while it is
//! bundled. It lies where the module does, on the stage of the bundle alone.

use crate::base::file;
use crate::case::tree::{PACKAGES, ROOT};
use crate::run::stage::Stage;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use wasmparser::{Parser, Payload};

/// Writes a script over each of these modules. One that lies in a package of the user's is reached by
/// a link: the package is copied to the stage first. `body` is the script between imports and exports.
pub fn put_scripts(modules: &BTreeSet<PathBuf>, stage: &Stage, body: &str) -> Result<()> {
    for module in modules {
        let script = script(&file::read(module)?, body).with_context(|| {
            format!(
                "failed to read the module `{}`, which a script imports",
                module.display()
            )
        })?;
        let place = match module.strip_prefix(stage.path()) {
            Ok(_) => module.clone(),
            Err(_) => copied(module, stage)?,
        };
        check_on_stage(&place, stage)?;
        file::write(&place, script.as_bytes())?;
    }
    Ok(())
}

/// Nothing is ever written through a link into a user's directory.
fn check_on_stage(path: &Path, stage: &Stage) -> Result<()> {
    let what = || format!("failed to look for `{}`", path.display());
    let real = fs::canonicalize(file::directory(path)).with_context(what)?;
    let stage = fs::canonicalize(stage.path()).with_context(what)?;
    ensure!(real.starts_with(&stage), "`{}` leads out of the stage", path.display());
    Ok(())
}

/// The place on the stage of a file in a package, which is copied to it.
fn copied(module: &Path, stage: &Stage) -> Result<PathBuf> {
    let what = || format!("failed to copy the package of `{}`", module.display());
    let link = stage.path().join(ROOT).join(PACKAGES);
    let theirs = fs::canonicalize(&link).with_context(what)?;
    let parts: Vec<Component<'_>> = module.components().collect();
    let packages = parts.iter().rposition(|part| part.as_os_str() == PACKAGES);
    let below: PathBuf = parts.iter().skip(packages.with_context(what)? + 1).collect();
    let scoped = below.to_string_lossy().starts_with('@');
    let name: PathBuf = below.components().take(if scoped { 2 } else { 1 }).collect();
    // Each directory on the way becomes one with links to what is in it.
    let mut ways: Vec<&Path> = name.ancestors().collect();
    ways.reverse();
    for way in ways {
        // No slash at the end: with one, a link is what it leads to.
        let (from, to): (PathBuf, PathBuf) = (theirs.iter().chain(way).collect(), link.iter().chain(way).collect());
        let is_package = way == name;
        if !is_package && !to.is_symlink() {
            continue;
        }
        if to.is_symlink() {
            fs::remove_file(&to).with_context(what)?;
        }
        if is_package {
            let rest = below.components().count() - name.components().count();
            let package = module.ancestors().nth(rest).with_context(what)?;
            check_on_stage(&to, stage)?;
            copy_all(package, &to, stage)?;
            continue;
        }
        file::make_directory(&to)?;
        for entry in file::entries(&from)? {
            let target = fs::canonicalize(&entry).with_context(what)?;
            symlink(target, to.join(entry.file_name().unwrap_or_default())).with_context(what)?;
        }
    }
    Ok(link.join(below))
}

fn copy_all(from: &Path, to: &Path, stage: &Stage) -> Result<()> {
    for entry in file::entries(from)? {
        let place = to.join(entry.file_name().unwrap_or_default());
        match entry.is_dir() {
            true => copy_all(&entry, &place, stage)?,
            false => stage.copy(&entry, &place)?,
        }
    }
    Ok(())
}

/// The script of a module: its imports, the body, its exports.
fn script(module: &[u8], body: &str) -> Result<String> {
    let mut imported = BTreeSet::new();
    let mut exported = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported.insert(import?.module.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exported.push(export?.name.to_owned());
                }
            }
            _ => {}
        }
    }
    let quoted = |name: &String| serde_json::to_string(name).context("a name cannot be quoted");
    let mut text = String::new();
    let mut members = String::new();
    for (number, name) in imported.iter().enumerate() {
        let name = quoted(name)?;
        text += &format!("import * as module{number} from {name};\n");
        members += &format!("{name}: module{number}, ");
    }
    text += &format!("const imported = {{ {members}}};\n{body}");
    for (number, name) in exported.iter().enumerate() {
        let name = quoted(name)?;
        text += &format!("const export{number} = instance.exports[{name}];\nexport {{ export{number} as {name} }};\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_imports_and_exports_what_its_module_does() {
        let module = wat::parse_str(
            r#"(module (import "./glue.js" "f" (func)) (import "./glue.js" "g" (func)) (memory (export "me mory") 1))"#,
        );
        let script = script(&module.unwrap(), "body;\n").unwrap();
        assert_eq!(
            script,
            "import * as module0 from \"./glue.js\";\nconst imported = { \"./glue.js\": module0, };\nbody;\n\
             const export0 = instance.exports[\"me mory\"];\nexport { export0 as \"me mory\" };\n"
        );
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(super::script(b"no", "").is_err());
    }
}
