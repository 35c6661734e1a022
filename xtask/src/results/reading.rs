//! Reads results of any kind: a document from `--json`, or the record of a run, of this version
//! or an earlier one. One cell after another is parsed, so that a reader can keep less of each.

use crate::results::cell_row::CellRow;
use crate::results::document::{OLDEST, Results, SCHEMA, VERSION};
use crate::results::version_1;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The largest cell that is parsed, in bytes: its values take several times as much memory.
const LARGEST_CELL: usize = 32 << 20;

/// The schema of a file.
#[derive(Debug, Deserialize)]
struct Schema {
    schema: String,
    version: u32,
}

/// The name of the schema that a JSON document begins with, if it has one.
pub fn schema_of(bytes: &[u8]) -> Option<String> {
    let first = serde_json::Deserializer::from_slice(bytes)
        .into_iter::<&RawValue>()
        .next()?;
    let schema: Schema = serde_json::from_str(first.ok()?.get()).ok()?;
    Some(schema.schema)
}

/// Parses results, of which `keep` makes of each cell what is kept. Cells are in the order
/// of the plan. A last line without a line feed, of a run that was killed, is ignored.
pub fn parse<Kept>(bytes: &[u8], mut keep: impl FnMut(CellRow) -> Kept) -> Result<Results<Kept>> {
    let bytes = &*without_lone_surrogates(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
    let first = values.next().context("it is empty")?.context("it is not JSON")?;
    let no_results = || format!("it does not begin with `\"schema\": \"{SCHEMA}\"`");
    let schema: Schema = serde_json::from_str(first.get()).with_context(no_results)?;
    let mut cells: Vec<(usize, Kept)> = Vec::new();
    let programs;
    let mut add = |cell: CellRow, programs: usize| {
        ensure!(cell.program < programs, "a cell refers to a missing program");
        cells.push((cell.number, keep(cell)));
        Ok(())
    };
    let results: Results<&RawValue> = match (schema.schema.as_str(), schema.version) {
        (SCHEMA, OLDEST..=VERSION) => {
            let results: Results<&RawValue> = serde_json::from_str(first.get())?;
            programs = results.programs.len();
            for (index, cell) in results.cells.iter().enumerate() {
                let what = || format!("cell {} of the document", index + 1);
                add(cell_of(cell.get().as_bytes()).with_context(what)?, programs)?;
            }
            results
        }
        (SCHEMA, newer) if newer > VERSION => {
            bail!("it has version {newer} of the schema; this program reads up to {VERSION}: use a newer program")
        }
        _ => {
            let mut old = version_1::parse(&schema.schema, schema.version, first.get()).with_context(no_results)?;
            programs = old.programs.len();
            for cell in std::mem::take(&mut old.cells) {
                add(cell, programs)?;
            }
            old.with_cells(Vec::new())
        }
    };
    let ended = results.cells.len();
    let lines = bytes[values.byte_offset()..].split_inclusive(|byte| *byte == b'\n');
    for (index, line) in lines.filter(|line| !line.trim_ascii().is_empty()).enumerate() {
        match cell_of(line) {
            Ok(cell) => add(cell, programs)?,
            // The run was killed in the middle of this line.
            Err(_) if !line.ends_with(b"\n") => {}
            Err(error) => return Err(error).with_context(|| format!("cell {} of the record", ended + index + 1)),
        }
    }
    cells.sort_by_key(|(number, _)| *number);
    let mut results = results.with_cells(cells.into_iter().map(|(_, cell)| cell).collect());
    results.version = VERSION;
    Ok(results)
}

fn cell_of(json: &[u8]) -> Result<CellRow> {
    ensure!(
        json.len() <= LARGEST_CELL,
        "it is larger than {} MiB",
        LARGEST_CELL >> 20
    );
    Ok(serde_json::from_slice(json)?)
}

/// JSON in which an escape of half a character, as JavaScript's strings may have it, is one of
/// U+FFFD: Rust's strings cannot hold it.
pub fn without_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &json[at..]) {
        let start = at + found;
        let next = |from: usize| surrogate(json.get(from..from + 6)?);
        at = start + 2;
        match (next(start), next(start + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at = start + 12,
            (Some(_), _) => {
                let copy = mended.get_or_insert_with(|| json.to_vec());
                copy[start..start + 6].copy_from_slice(b"\\ufffd");
            }
            (None, _) => {}
        }
        if at >= json.len() {
            break;
        }
    }
    mended.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// The surrogate that six bytes stand for, if they are the escape of one.
fn surrogate(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn version_2_had_fewer_numbers() {
        let mut old = results(1);
        old.cells.push(cell(0, "m0", 0));
        let mut json: serde_json::Value = serde_json::from_slice(&old.to_json().unwrap()).unwrap();
        json["version"] = 2.into();
        json["cells"][0]["numbers"] = serde_json::json!({
            "verdict": "late", "peak": 7, "residue": 0, "slope": 0.5, "bytes_per_object": null,
            "rounds_lasted": null, "ran_out": true,
        });
        let read = parse(json.to_string().as_bytes(), |cell| cell).unwrap();
        let numbers = read.cells[0].numbers.as_ref().unwrap();
        assert_eq!((read.version, numbers.peak, numbers.watched.rounds), (VERSION, 7, 0));
    }

    #[test]
    fn other_files_are_an_error() {
        let good = String::from_utf8(results(1).to_json().unwrap()).unwrap();
        let newer = good.replace("\"version\": 3", "\"version\": 4");
        let mut bad = results(1);
        bad.cells.push(cell(0, "m0", 7));
        for (text, wanted) in [
            (String::new(), "it is empty"),
            ("hello".to_owned(), "it is not JSON"),
            ("{}".to_owned(), "it does not begin with"),
            ("[1]".to_owned(), "it does not begin with"),
            (good.replace("wasm-leaks", "other"), "it does not begin with"),
            (newer, "version 4 of the schema; this program reads up to 3"),
            (good[..good.len() / 2].to_owned(), "it is not JSON"),
            (format!("{good}{{}}\n"), "cell 1 of the record"),
            (format!("{good}nonsense\n"), "cell 1 of the record"),
            (
                String::from_utf8(bad.to_json().unwrap()).unwrap(),
                "a cell refers to a missing program",
            ),
        ] {
            let error = format!("{:#}", parse(text.as_bytes(), |cell| cell).unwrap_err());
            assert!(error.contains(wanted), "{wanted}: {error}");
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_nothing_else() {
        for (json, wanted) in [
            (r"plain", r"plain"),
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"a\ud83db", r"a\ufffdb"),
            (r"\ude00\ud83d", r"\ufffd\ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            // A backslash, and then a word.
            (r"\\ud83d", r"\\ud83d"),
            (r"\uD83D", r"\ufffd"),
            (r"\ud83", r"\ud83"),
            (r"x\", r"x\"),
        ] {
            assert_eq!(without_lone_surrogates(json.as_bytes()), wanted.as_bytes(), "{json}");
        }
    }

    #[test]
    fn a_cell_that_is_too_large_is_refused() {
        let error = cell_of(&vec![b' '; LARGEST_CELL + 1]).unwrap_err();
        assert!(error.to_string().contains("larger than 32 MiB"), "{error}");
    }
}
