//! What it costs to match a long transcript with its expectation, and to take telemetry out of
//! it. `baseline` goes over the same lines and only compares their bytes.

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use wasm_leaks::measured::{Expected, transcript_lines};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const LINES: usize = 1_000_000;

fn main() {
    divan::main();
}

fn transcript() -> Vec<String> {
    (0..LINES)
        .map(|number| format!("{number}: the object is alive"))
        .collect()
}

/// All lines as they are.
fn literal(transcript: &[String]) -> String {
    transcript.join("\n")
}

/// A pattern in each line.
fn patterns() -> String {
    "{{\\d+}}: the object is alive\n".repeat(LINES)
}

/// So many `...`, with two lines of the transcript after each.
fn gaps(count: usize) -> String {
    let step = LINES / (count + 1);
    let lines = (1..=count).map(|number| {
        let at = number * step;
        format!("...\n{at}: the object is alive\n{}: the object is alive\n", at + 1)
    });
    lines.collect::<String>() + "...\n"
}

/// So many `...`, each with a line after it that begins everywhere and ends nowhere near.
fn gaps_that_begin_everywhere(count: usize) -> String {
    let step = LINES / (count + 1);
    let lines = (1..=count).map(|number| {
        let at = number * step;
        format!(
            "...\n{{{{\\d+}}}}: the object is alive\n{{{{\\d+}}}}: the object is alive\n{at}: the object is alive\n"
        )
    });
    lines.collect::<String>() + "...\n"
}

fn matching(bencher: Bencher<'_, '_>, expectation: &str) {
    let transcript = transcript();
    let expected = Expected::parse(expectation);
    assert!(expected.matches(&transcript));
    bencher
        .counter(ItemsCount::new(LINES))
        .bench_local(|| assert!(black_box(&expected).matches(black_box(&transcript))));
}

#[divan::bench(sample_count = 5)]
fn baseline(bencher: Bencher<'_, '_>) {
    let transcript = transcript();
    let same = transcript.clone();
    bencher
        .counter(ItemsCount::new(LINES))
        .bench_local(|| assert!(black_box(&transcript) == black_box(&same)));
}

#[divan::bench(sample_count = 5)]
fn literal_lines(bencher: Bencher<'_, '_>) {
    matching(bencher, &literal(&transcript()));
}

#[divan::bench(sample_count = 5)]
fn patterns_in_each_line(bencher: Bencher<'_, '_>) {
    matching(bencher, &patterns());
}

#[divan::bench(sample_count = 5, args = [1, 50])]
fn with_gaps(bencher: Bencher<'_, '_>, count: usize) {
    matching(bencher, &gaps(count));
}

#[divan::bench(sample_count = 5, args = [1, 50])]
fn with_gaps_before_patterns(bencher: Bencher<'_, '_>, count: usize) {
    matching(bencher, &gaps_that_begin_everywhere(count));
}

/// An expectation with as many lines, read.
#[divan::bench(sample_count = 5)]
fn reading_the_expectation(bencher: Bencher<'_, '_>) {
    let text = literal(&transcript());
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| Expected::parse(black_box(&text)));
}

/// A line of telemetry after each hundred.
#[divan::bench(sample_count = 5)]
fn taking_telemetry_out(bencher: Bencher<'_, '_>) {
    let mut lines = Vec::new();
    for (index, line) in transcript().into_iter().enumerate() {
        if index % 100 == 0 {
            lines.push("@ {\"type\":\"round\",\"allocated\":2,\"live\":1,\"pages\":3,\"slots\":7,\"ms\":5}".to_owned());
        }
        lines.push(line);
    }
    bencher
        .counter(ItemsCount::new(LINES))
        .with_inputs(|| lines.clone())
        .bench_local_values(|lines| assert_eq!(transcript_lines(lines), LINES));
}
