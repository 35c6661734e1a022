//! Reads the documents of `explain --format json`: the retaining paths, as a page draws them.

use crate::results::reading::without_lone_surrogates;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

/// The schema of the JSON, and its version; raise it for any change that a reader would notice.
pub const SCHEMA: &str = "wasm-leaks/explanations";
pub const VERSION: u32 = 3;
/// The oldest version that has what is read here.
const OLDEST: u32 = 3;

#[derive(Debug, Deserialize)]
struct ExplanationsDocument {
    version: u32,
    #[serde(default)]
    answers: Vec<Value>,
}

/// The answer of one program for one case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExplanationRow {
    /// The name of the case in tables.
    pub case: String,
    pub engine: String,
    /// The program and its version.
    pub program: String,
    /// `kept`, `nothing`, `leaks`, `no-leak`, `cannot-tell`, `failed`.
    pub answer: String,
    /// Why there is no answer.
    pub reason: Option<String>,
    /// The retaining paths, those of what grows first.
    #[serde(skip)]
    pub paths: Vec<PathRow>,
}

/// A retaining path.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PathRow {
    /// The object that it leads to.
    pub wrapper: String,
    /// How many are kept in this way.
    pub count: u64,
    /// `grows`, or why it does not.
    pub growth: Option<String>,
    pub root: String,
    pub steps: Vec<StepRow>,
    pub linear_memory: Option<LinearMemoryRow>,
    /// The step without which they would die, by its number.
    #[serde(skip)]
    pub cut: Option<usize>,
    /// Whether what it keeps alive gets more and more.
    #[serde(skip)]
    pub leaks: bool,
}

/// A reference on a path, and what it leads to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StepRow {
    /// The kind of the reference: `property`, `element`, `captured-variable` and others.
    pub kind: String,
    pub label: String,
    pub node: String,
    pub source: Option<String>,
    pub place: Option<String>,
}

/// The reference through linear memory, which no collector sees.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LinearMemoryRow {
    pub field: String,
    /// The size of the block, in bytes, if that is known.
    pub bytes: Option<u64>,
    pub what: String,
    pub handle: Option<u32>,
    /// The step that is this handle's slot.
    pub closes: Option<usize>,
}

/// Parses a document.
pub fn parse(bytes: &[u8]) -> Result<Vec<ExplanationRow>> {
    let bytes = without_lone_surrogates(bytes);
    let document: ExplanationsDocument = serde_json::from_slice(&bytes).context("it is no document of explanations")?;
    let version = document.version;
    ensure!(
        (OLDEST..=VERSION).contains(&version),
        "it has version {version} of `{SCHEMA}`; this program reads versions {OLDEST} to {VERSION}"
    );
    document.answers.into_iter().map(row).collect()
}

/// An answer, as it stands in a document.
pub fn row(answer: Value) -> Result<ExplanationRow> {
    let mut row = ExplanationRow::deserialize(&answer).context("an answer is malformed")?;
    let mut add = |group: &Value, cut: Option<usize>, of_leak: bool| -> Result<()> {
        let path = PathRow::deserialize(group).context("a path is malformed")?;
        let leaks = of_leak || path.growth.as_deref() == Some("grows");
        row.paths.push(PathRow { cut, leaks, ..path });
        Ok(())
    };
    let list = |name: &str| answer[name].as_array().map_or(&[][..], Vec::as_slice);
    if answer["answer"] == "kept" {
        add(&answer, None, false)?;
    }
    for leak in list("leaks") {
        let cut = leak["cut"]["step"].as_u64().and_then(|step| usize::try_from(step).ok());
        add(&leak["group"], cut, true)?;
    }
    if answer["storage"].is_object() {
        // One object, which takes more and more bytes.
        add(&answer["storage"]["group"], None, true)?;
    }
    list("others").iter().try_for_each(|group| add(group, None, false))?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_each_answer_are_read() {
        let group = r#"{"wrapper": "W #1", "count": 3, "growth": "grows", "root": "global", "numbers": 1,
            "steps": [{"label": "table", "node": "Array", "kind": "property", "place": null}]}"#;
        let kept = group.replacen('{', r#"{"answer": "kept", "case": "m1", "others": [],"#, 1);
        let leaks = format!(
            r#"{{"answer": "leaks", "leaks": [{{"group": {group}, "cut": {{"step": 2}}}}], "others": [{group}]}}"#
        );
        let nothing = r#"{"answer": "nothing", "case": "m0"}"#.to_owned();
        let text = format!(r#"{{"schema": "{SCHEMA}", "version": 3, "answers": [{kept}, {leaks}, {nothing}]}}"#);
        let rows = parse(text.as_bytes()).unwrap();
        let paths: Vec<usize> = rows.iter().map(|row| row.paths.len()).collect();
        assert_eq!(paths, [1, 2, 0]);
        let leaks: Vec<bool> = rows[1].paths.iter().map(|path| path.leaks).collect();
        assert_eq!((rows[1].paths[0].cut, leaks), (Some(2), vec![true, true]));
        assert_eq!(rows[0].paths[0].steps[0].label, "table");
    }

    #[test]
    fn other_documents_are_refused() {
        for (text, wanted) in [
            (r#"{"version": 4}"#, "version 4"),
            ("[]", "no document of explanations"),
            (
                r#"{"version": 3, "answers": [{"answer": "leaks", "leaks": [1]}]}"#,
                "a path is malformed",
            ),
            (r#"{"version": 3, "answers": [7]}"#, "an answer is malformed"),
        ] {
            let error = format!("{:#}", parse(text.as_bytes()).unwrap_err());
            assert!(error.contains(wanted), "{error}");
        }
    }
}
