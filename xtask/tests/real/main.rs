//! What the real engines do. A check on an engine that is not there is ignored
//! and says so; with `XTASK_REQUIRE_ENGINES=v8,jsc,spidermonkey` it fails.

#[path = "../world/mod.rs"]
mod world;

mod checks;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::process::ExitCode;
use world::World;

const ENGINES: &[&str] = &["v8", "jsc", "spidermonkey"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let found = found();
    let required = std::env::var("XTASK_REQUIRE_ENGINES").unwrap_or_default();
    let required: Vec<&str> = required
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();

    let mut trials: Vec<Trial> = checks::ALL
        .iter()
        .flat_map(|(name, check)| ENGINES.iter().map(move |engine| (*name, *check, *engine)))
        .map(|(name, check, engine)| {
            let is_found = found.iter().any(|found| found == engine);
            let is_required = required.contains(&engine);
            let name = format!("{engine}::{name}");
            if is_found || is_required {
                Trial::test(name, move || match is_found {
                    true => run(engine, check),
                    false => Err(format!("{engine} is required, but missing").into()),
                })
            } else {
                Trial::test(name, || Ok(()))
                    .with_kind(format!("{engine} is missing"))
                    .with_ignored_flag(true)
            }
        })
        .collect();
    for unknown in required.into_iter().filter(|name| !ENGINES.contains(name)) {
        let unknown = unknown.to_owned();
        let said = format!("XTASK_REQUIRE_ENGINES names `{unknown}`, which is no engine");
        trials.push(Trial::test(unknown, move || Err(said.into())));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The engines of this machine.
fn found() -> Vec<String> {
    let answer = World::new().with_this_machine().run(&["engines", "--json"]);
    answer.expect(0, &[]);
    let json: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    let engines = json["engines"].as_array().expect("it lists engines");
    engines
        .iter()
        .filter_map(|row| Some(row["engine"].as_str()?.to_owned()))
        .collect()
}

fn run(engine: &str, check: checks::Check) -> Result<(), Failed> {
    check(engine);
    Ok(())
}
