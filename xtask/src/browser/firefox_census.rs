//! What is alive in a page or a worker of Firefox, as a debugger beside it counts it: scripts of `js/lib` that run with the
//! browser's own rights.

use crate::base::file;
use crate::browser::marionette::{Marionette, ScriptContext};
use crate::browser::place::BrowserPlace;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;

/// The scripts that answer, in the order in which they run, by where the program runs.
const OF_PAGE: &[&str] = &["js/lib/debugger_census.js", "js/lib/firefox_page.js"];
const OF_WORKER: &[&str] = &["js/lib/firefox_worker.js"];

/// Has the stage's scripts under an address that the debugger of a worker may load from: `resource://wasm-leaks/`.
const NAME_SCRIPTS: &str = "Services.io.getProtocolHandler('resource').QueryInterface(Ci.nsISubstitutingProtocolHandler)\
    .setSubstitution('wasm-leaks', Services.io.newURI(arguments[0]));";

/// Asks, and waits for the answer.
const ASK: &str = "answerDriver(arguments[0], arguments[1]);";

/// What the path of a page on the stage ends with.
const PAGES: &str = "js/lib/";

/// Names the stage's scripts, before a page is opened which is one of the stage's files.
pub fn name_scripts(marionette: &mut Marionette, page: &str) -> Result<()> {
    let base = page.rfind(PAGES).map(|end| &page[..end]);
    let base = base.with_context(|| format!("`{page}` is no page of the stage"))?;
    marionette.set_side(ScriptContext::Parent)?;
    marionette.run(NAME_SCRIPTS, &json!([base])).map(|_| ())
}

/// Has the process of the page answer.
pub fn install(marionette: &mut Marionette, stage: &Path, place: BrowserPlace) -> Result<()> {
    let names = match place {
        BrowserPlace::Page => OF_PAGE,
        BrowserPlace::Worker => OF_WORKER,
    };
    for name in names {
        let text = file::read(&stage.join(name))?;
        marionette.run(&String::from_utf8_lossy(&text), &json!([]))?;
    }
    Ok(())
}

/// Asks what is alive: `what` is a function of `js/lib/debugger_census.js`.
pub fn ask(marionette: &mut Marionette, what: &str) -> Result<Value> {
    value_of(marionette.run_async(ASK, &json!([what]))?, what)
}

/// The value of an answer, which has that or an error.
fn value_of(mut answer: Value, what: &str) -> Result<Value> {
    if let Some(error) = answer["error"].as_str() {
        bail!("it does not answer `{what}`: {error}");
    }
    let value = answer.get_mut("value").map(Value::take);
    value.with_context(|| format!("it answers nothing to `{what}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_value_or_an_error() {
        assert_eq!(value_of(json!({ "value": 7 }), "bytes").unwrap(), json!(7));
        assert_eq!(value_of(json!({ "value": null }), "track").unwrap(), Value::Null);
        for (answer, told) in [
            (json!({ "error": "e" }), "it does not answer `bytes`: e"),
            (json!({}), "it answers nothing to `bytes`"),
            (json!(null), "it answers nothing to `bytes`"),
            (json!([1]), "it answers nothing to `bytes`"),
        ] {
            assert_eq!(value_of(answer, "bytes").unwrap_err().to_string(), told);
        }
    }
}
