//! `report` and `test --report`: one page of the results of any number of runs.

use crate::spoilt::spoil;
use crate::world::{D8, JSC, M0, World, repository};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The results of m0 on a d8 that leaks or does not, as a document.
fn results(world: &World, orders: &[&str]) -> Value {
    world.engine("d8", D8, orders);
    let path = world.file("results");
    let words = ["test", "m0", "--engine", "v8", "--json", path.to_str().unwrap()];
    world.run(&words);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn written(world: &World, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = world.file(name);
    fs::write(&path, text).unwrap();
    path
}

/// The page of these files.
pub fn page(world: &World, files: &[&Path]) -> String {
    let out = world.file("page.html");
    let mut words: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    words.extend(["--out", out.to_str().unwrap()]);
    let answer = world.run(&[&["report"], &words[..]].concat());
    answer.expect(0, &[]);
    assert_eq!(answer.stdout, format!("{}\n", out.display()));
    fs::read_to_string(out).unwrap()
}

/// Asserts that a page has each of these, and is whole and loads nothing.
#[track_caller]
pub fn assert_page(page: &str, parts: &[&str]) {
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"),
        "{page}"
    );
    for loading in ["src=", "<link", "@import", "url(", "href=\"http"] {
        assert!(!page.contains(loading), "it has `{loading}`");
    }
    for part in parts {
        assert!(page.contains(part), "`{part}` is not in the page:\n{page}");
    }
}

const LEAK: &[&str] = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];

#[test]
fn a_page_has_what_the_results_have() {
    let world = World::new();
    let mut document = results(&world, LEAK);
    document["programs"][0]["flags"] = json!(["--a flag"]);
    let file = written(&world, "a.json", document.to_string());
    let page = page(&world, &[&file]);
    assert_page(
        &page,
        &[
            "1 cell, <span class=\"bad\">✗ 1 FAILED</span>",
            "data-engine=\"v8\" data-cell=\"0\" data-outcome=\"FAILED\" data-verdict=\"leaks\"",
            "v8: d8 10.0.1",
            "from 1,000 to 100,000 after 100,000, at most 100,000",
            "class=\"curve\"",
            "<summary>Transcript and arguments</summary>",
            "<rect class=\"bar\"",
            "test m0 --engine v8",
            "<code>'--a flag'</code>",
        ],
    );
}

#[test]
fn runs_with_different_verdicts_are_shown_as_such_and_machines_apart() {
    let world = World::new();
    let good = results(&world, M0);
    let bad = results(&world, LEAK);
    let mut elsewhere = good.clone();
    elsewhere["os"] = "plan9".into();
    let files = [("good", &good), ("bad", &bad), ("elsewhere", &elsewhere)]
        .map(|(name, json)| written(&world, name, json.to_string()));
    let page = page(&world, &files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    assert_page(
        &page,
        &[
            "collected 1/2, leaks 1/2",
            "d8 10.0.1 on plan9",
            "data-verdict=\"collected leaks\"",
            "2 cells",
        ],
    );
}

#[test]
fn records_and_results_of_older_versions_are_read_too() {
    let world = World::new();
    results(&world, M0);
    let runs = world.checkout.join("target/wasm-leaks/runs");
    let record = fs::read_dir(runs).unwrap().next().unwrap().unwrap().path();
    let old = repository().join("xtask/tests/results/version-1.json");
    let kept = repository().join("docs/findings.jsonl");
    let page = page(&world, &[&record, &old, &kept]);
    assert_page(&page, &["d8 10.0.1", "node 20.20.2", "bindgen-cycle"]);
}

#[test]
fn of_a_directory_all_results_are_read() {
    let world = World::new();
    let text = results(&world, M0).to_string();
    let directory = world.file("all");
    fs::create_dir_all(directory.join("one/deeper")).unwrap();
    for name in ["a.json", "one/b.jsonl", "one/deeper/c.json"] {
        let text = text.replace("d8 10.0.1", &format!("d8 from {}", name.replace('/', "-")));
        fs::write(directory.join(name), text).unwrap();
    }
    fs::write(directory.join("notes.txt"), "no results").unwrap();
    // A link back is not followed.
    std::os::unix::fs::symlink(&directory, directory.join("one/back")).unwrap();
    let page = page(&world, &[&directory]);
    assert_page(
        &page,
        &[
            "d8 from a.json",
            "d8 from one-b.jsonl",
            "d8 from one-deeper-c.json",
            "3 cells",
        ],
    );
}

#[test]
fn in_github_actions_the_summary_has_all_runs_as_one() {
    let world = World::new();
    let (good, bad) = (results(&world, M0), results(&world, LEAK));
    let mut elsewhere = good.clone();
    elsewhere["os"] = "plan9".into();
    let files = [("good", &good), ("bad", &bad), ("elsewhere", &elsewhere)]
        .map(|(name, json)| written(&world, name, json.to_string()));
    let summary = world.file("summary.md");
    let mut words = vec!["report"];
    words.extend(files.iter().map(|file| file.to_str().unwrap()));
    let mut command = world.xtask(&words);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary);
    assert!(command.output().unwrap().status.success());
    let text = fs::read_to_string(&summary).unwrap();
    let machine = format!("{} {}", good["os"].as_str().unwrap(), good["arch"].as_str().unwrap()).replace('_', "&#95;");
    // No run replaces another, and no machine hides another.
    for part in [
        "2 cells: 1 ok, 1 FAILED",
        &format!("v8: d8 10.0.1 on {machine}"),
        "v8: d8 10.0.1 on plan9",
        "| m0 | **FAILED** collected 1/2, leaks 1/2 | ok collected |",
        "<details><summary>FAILED m0 on",
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    // Elsewhere none is written.
    fs::remove_file(&summary).unwrap();
    let mut command = world.xtask(&words);
    command.env("GITHUB_STEP_SUMMARY", &summary);
    assert!(command.output().unwrap().status.success());
    assert!(!summary.exists());
}

#[test]
fn without_a_name_the_page_lies_below_the_target_directory() {
    let world = World::new();
    let file = written(&world, "a", results(&world, M0).to_string());
    let answer = world.run(&["report", file.to_str().unwrap()]);
    answer.expect(0, &[]);
    let usual = world.checkout.join("target/wasm-leaks/reports/report.html");
    assert_eq!(answer.stdout, format!("{}\n", usual.display()));
    assert_page(&fs::read_to_string(usual).unwrap(), &["m0"]);
    world.assert_clean();
}

#[test]
fn nothing_in_results_is_active_in_the_page() {
    let world = World::new();
    let mut document = results(&world, LEAK);
    let cell = &mut document["cells"][0];
    cell["bug"] = "x".into();
    cell["title"] = "x".into();
    cell["stderr"] = "x".into();
    cell["departures"] = json!([{"kind": "other", "text": "x"}, {"kind": "transcript",
        "expected": {"line": "x", "place": "x"}, "actual": {"line": "x", "place": "x"}}]);
    // An older version of the program, with another verdict.
    let (mut cell, mut program) = (cell.clone(), document["programs"][0].clone());
    cell["verdict"] = "collected".into();
    cell["program"] = 1.into();
    document["cells"].as_array_mut().unwrap().push(cell);
    program["title"] = "x".into();
    program["version"] = "9.1".into();
    document["programs"].as_array_mut().unwrap().push(program);
    document["commit"] = "x".into();
    document["missing"] = json!(["x"]);
    document["programs"][0]["engine_version"] = "x".into();
    for odd in [
        "<script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "' autofocus onfocus='alert(1)",
        "</style></title></textarea></pre><img src=x>",
        "]]>--><!--",
        "&#60;script&#62;",
        "javascript:alert(1)",
        "\u{1b}]0;title\u{7}\u{0}\u{9b}31m\r",
        "a\u{202e}b\u{2066}c\u{200b}\u{feff}\u{2028}\u{e0041}",
        "``` {{ }} ${x} \\",
        "SURROGATE",
    ] {
        let mut spoilt = document.clone();
        spoil(&mut spoilt, odd, &["engine"]);
        for (program, version) in spoilt["programs"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip(["10.0", "9.1"])
        {
            program["engine"] = odd.into();
            program["version"] = format!("{version}{odd}").into();
        }
        let text = spoilt.to_string().replace("SURROGATE", r"\ud800 \udc00\ud83d");
        let file = written(&world, "odd.json", text);
        let html = page(&world, &[&file]);
        let plain = page(&world, &[&written(&world, "plain.json", document.to_string())]);
        assert!(html.contains("verdict collected → leaks") && plain.contains("verdict collected → leaks"));
        assert_eq!(html.matches("<script").count(), 1, "{odd}");
        assert_eq!(html.matches("<img").count(), 0, "{odd}");
        for tag in ["</style", "</title", "</pre", "<!--", "</script"] {
            assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{odd}: {tag}");
        }
        // Attributes stand in double quotes.
        for active in ["\" onmouseover", "href=\"javascript", "&#60;script&#62;"] {
            assert!(!html.contains(active), "{odd}");
        }
        let acts = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || "\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}".contains(c)
        };
        assert!(!html.contains(acts), "{odd}");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_refused_before_anything_is_written() {
    let world = World::new();
    let good = results(&world, M0);
    let text = good.to_string();
    let mut newer = good.clone();
    newer["version"] = 99.into();
    let mut explained = json!({"schema": "wasm-leaks/explanations", "version": 3, "answers": []});
    let only = explained.to_string();
    explained["version"] = 99.into();
    let large = world.file("large");
    File::create(&large).unwrap().set_len(600 << 20).unwrap();
    let empty = world.file("nothing");
    fs::create_dir(&empty).unwrap();
    let pipe = world.file("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (file, wanted) in [
        (written(&world, "text", "hello"), "`text`: it is not JSON"),
        (written(&world, "empty", ""), "it is empty"),
        (written(&world, "cut", &text[..text.len() / 2]), "it is not JSON"),
        (written(&world, "newer", newer.to_string()), "version 99 of the schema"),
        (
            written(&world, "other", "{\"schema\": \"x\", \"version\": 1}"),
            "it does not begin with",
        ),
        (written(&world, "bytes", b"\xff\xfe{}"), "it is not JSON"),
        (written(&world, "only", only), "there are only explanations"),
        (
            written(&world, "newer-answers", explained.to_string()),
            "version 99 of `wasm-leaks/explanations`",
        ),
        (world.file("missing"), "No such file or directory"),
        (empty, "there are no results in the directory"),
        (pipe, "it is a pipe"),
        (large, "it is larger than 512 MiB"),
    ] {
        let out = world.file("page");
        let words = ["report".as_ref(), file.as_os_str(), "--out".as_ref(), out.as_os_str()];
        let wanted = wanted.replace("`text`", &format!("`{}`", file.display()));
        world.run(&words).expect(2, &[&wanted]);
        assert!(!out.exists(), "{wanted}");
    }
    let file = written(&world, "good", &text);
    let file = file.to_str().unwrap();
    for (out, wanted) in [
        (world.directory().to_str().unwrap(), "it is a directory"),
        (file, "would be replaced by the page"),
        ("no/such/directory/page", "does not exist"),
        ("-", "names no file"),
    ] {
        world.run(&["report", file, "--out", out]).expect(2, &[wanted]);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), text);
    world.run(&["report"]).expect(2, &["<RESULTS | DIR>"]);
}

#[test]
fn a_retaining_path_among_the_files_is_drawn() {
    let world = World::new();
    let file = written(&world, "a", results(&world, LEAK).to_string());
    let odd = "<b>\u{202e}";
    let answers = json!({"schema": "wasm-leaks/explanations", "version": 3, "answers": [
        {"case": "m0", "engine": "v8", "program": "d8 10.0.1", "answer": "kept", "wrapper": "WasmObject #1", "count": 10,
         "growth": "grows", "root": "global", "others": [], "linear_memory": null,
         "steps": [{"label": "table", "node": "ObjectTable", "kind": "property"}, {"label": odd, "node": odd, "kind": "element"}]},
        {"case": "m0", "engine": "jsc", "program": "another", "answer": "kept", "wrapper": "Other #1", "steps": []},
    ]});
    let answers = written(&world, "answers", answers.to_string());
    let page = page(&world, &[&answers, &file]);
    assert_page(
        &page,
        &[
            "What keeps WasmObject #1 alive, and 9 more",
            "ObjectTable",
            "&lt;b&gt;\\u{202e}",
        ],
    );
    assert!(!page.contains("Other #1"), "an answer of another program is shown");
}

#[test]
fn a_run_writes_its_page_with_what_keeps_alive_what_leaks() {
    let world = World::new();
    let snapshot = repository().join("heap/tests/snapshots/m1.v8.heapsnapshot");
    let wrappers = r#"{"type":"wrappers","made":10,"alive":10,"rounds":[5,10],"class":"WasmObject","slots":10,"objects":[{"number":1,"class":"WasmObject"}],"linear":[]}"#;
    let orders = [
        format!("probe: {D8}"),
        "case: rounds leak".to_owned(),
        r#"case: say @ {"type":"quit","status":0}"#.to_owned(),
        format!("explain: say @ {wrappers}"),
        format!("explain: copy {} to heap.snapshot", snapshot.display()),
        r#"explain: say @ {"type":"snapshot","file":"heap.snapshot"}"#.to_owned(),
        r#"explain: say @ {"type":"quit","status":0}"#.to_owned(),
    ];
    world.fake(&world.bin.join("d8"), &orders);
    world.engine("jsc", JSC, M0);
    let out = world.file("run.html");
    let flag = format!("--report={}", out.display());
    let answer = world.run(&["test", "m0", "--engine", "v8", "--engine", "jsc", &flag]);
    answer.expect(1, &[&format!("the report is `{}`", out.display())]);
    let page = fs::read_to_string(out).unwrap();
    assert_page(
        &page,
        &[
            "What keeps WasmObject #1 alive",
            "<code>.objects</code>",
            "jsc: jsc 2.1",
        ],
    );
    world.assert_clean();
    // Without a name it lies where `report` writes it.
    world.engine("d8", D8, M0);
    world
        .run(&["test", "m0", "--engine", "v8", "--report"])
        .expect(0, &["reports/report.html"]);
    assert!(world.checkout.join("target/wasm-leaks/reports/report.html").is_file());
    // A page that cannot be written is an error before the run.
    let answer = world.run(&["test", "m0", "--engine", "v8", "--report=/"]);
    answer.expect(2, &["it is a directory"]);
    assert_eq!(answer.stdout, "");
}

#[test]
fn results_have_the_commit_if_git_reports_one() {
    let world = World::new();
    assert_eq!(results(&world, M0)["commit"], Value::Null);
    let commit = "0123456789abcdef0123456789abcdef01234567";
    world.tool("git", &[format!("say {commit}")]);
    let document = results(&world, M0);
    assert_eq!(document["commit"], commit);
    let page = page(&world, &[&written(&world, "a", document.to_string())]);
    assert_page(&page, &[commit]);
    world.tool("git", &["say not a commit".to_owned()]);
    assert_eq!(results(&world, M0)["commit"], Value::Null);
}
