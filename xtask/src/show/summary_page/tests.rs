//! What the page has, and that nothing in it is Markdown or HTML of somebody else's.

use super::*;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::CellRow;
use crate::results::repeated::tests::{cell, results};

fn failed(row: CellRow) -> CellRow {
    CellRow {
        outcome: OutcomeName::Failed,
        verdict: Some(Verdict::Leaks),
        reason: Some("the verdict is `leaks`".to_owned()),
        ..row
    }
}

#[test]
fn the_table_has_every_cell_and_what_failed_is_folded_below() {
    let mut results = results(2);
    results.missing.push("jsc".to_owned());
    let skipped = CellRow {
        outcome: OutcomeName::Skipped,
        verdict: None,
        reason: Some("no wasm-gc".to_owned()),
        ..cell(2, "m1", 0)
    };
    results.cells = vec![cell(0, "m0", 0), failed(cell(1, "m0", 1)), skipped];
    results.planned = 4;
    let expected = "\
## wasm-leaks

5 cells: 1 ok, 1 FAILED, 1 skipped, 2 missing, in 1.5 s

| case | v8: p0 1.0 | v8: p1 1.0 | jsc |
| --- | --- | --- | --- |
| m0 | ok collected | **FAILED** leaks | missing |
| m1 | skipped no wasm-gc | not run | missing |

**1 of 4 runs of cells did not end.**

<details><summary>FAILED m0 on v8: p1 1.0</summary>

<pre>
  the verdict is `leaks`
  to run it alone: wasm-leaks test m0 --engine v8
  what keeps it alive: wasm-leaks explain m0 --engine v8
</pre>

</details>

";
    assert_eq!(summary_page(&results, 1.5, "wasm-leaks"), expected);
}

#[test]
fn nothing_in_results_is_markup() {
    let odd = "a|b`c`<script>x</script></pre>&lt;**d** [e](f) ![g](h) @i #1 ~~j~~\n\n# k\u{1b}[0m\u{202e}";
    let mut results = results(1);
    results.programs[0].title = odd.to_owned();
    results.missing.push(odd.to_owned());
    let mut row = failed(cell(0, odd, 0));
    row.reason = Some(odd.to_owned());
    row.transcript = vec![odd.to_owned()];
    row.end = Some(crate::run::lifeline::End::Status(1));
    results.cells.push(row);
    let page = summary_page(&results, 1.0, "wasm-leaks");
    assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page}");
    assert!(!page.contains("<script") && !page.contains("&lt;**"), "{page}");
    for tag in ["<pre>", "</pre>", "<details>", "</details>"] {
        assert_eq!(page.matches(tag).count(), 1, "{page}");
    }
    // The table is three columns wide in every row.
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 3, "{page}");
    assert!(rows.iter().all(|row| row.matches('|').count() == 4), "{page}");
    // Outside of `pre` nothing that begins or ends markup is left.
    let (before, _) = page.split_once("<pre>").unwrap();
    assert!(before.contains("a&#124;b&#96;c&#96;&#60;script&#62;"), "{before}");
    assert!(!before.contains(['`', '[', '@', '~']), "{before}");
}

#[test]
fn a_page_that_would_be_too_large_ends_with_a_count() {
    let mut results = results(1);
    let long = "x".repeat(100);
    for number in 0..10_000 {
        let mut row = failed(cell(number, &format!("c{number}"), 0));
        row.reason = Some(long.clone());
        results.cells.push(row);
    }
    let page = summary_page(&results, 1.0, "wasm-leaks");
    assert!(page.len() < 1 << 20, "{}", page.len());
    assert!(page.trim_end().ends_with("more that are not as expected"), "{page}");
}
