//! Pages of the user's that misbehave: each is told, and nothing is left of it.

use crate::browsers::{in_each, processes_of};
use crate::world::{Answer, World};

/// A script that finds nothing wrong, where its page lets it.
const TEST: &str = "export function test(n) { for (let i = 0; i < n; i++) globalThis.last = { i }; }\n";

/// Runs that in a page whose body this is.
fn run(body: &str, browser: &str, more: &[&str]) -> Answer {
    let world = World::new().with_this_machine();
    // Of the checkout's directory, so that its processes are known by it.
    world.write("pages/package.json", "{}\n");
    world.write(
        "pages/index.html",
        &format!("<!doctype html><title>A page</title>{body}"),
    );
    world.write("pages/other.html", "<!doctype html><p>Another one.");
    world.write("pages/leak/test.mjs", TEST);
    world.write("pages/leak/expected.txt", "#: page = ../index.html\n");
    let arguments = ["test", "pages/leak", "--engine", browser];
    let answer = world.run(&[&arguments[..], more].concat());
    world.assert_clean();
    assert_eq!(processes_of(&world), [] as [i32; 0], "{browser}");
    answer
}

#[test]
fn a_page_that_does_not_stay_is_said_to_have_gone() {
    in_each(|browser, place| {
        if place == "page" {
            for body in [
                "<script>location.reload();</script>",
                "<script>addEventListener('load', () => location.reload());</script>",
                "<meta http-equiv=refresh content=0>",
                "<script>location.href = 'other.html';</script>",
            ] {
                let answer = run(body, browser, &[]);
                answer.expect(1, &["broke leak", ": the page "]);
                // Which of the two the browser tells first.
                let ends = ["was left or closed", "loaded itself again"];
                let is_told = ends.iter().any(|end| answer.stderr.contains(end));
                assert!(is_told, "{browser}: {body}: {}", answer.stderr);
            }
        }
    });
}

#[test]
fn a_page_that_only_tries_to_be_bad_is_no_trouble() {
    in_each(|browser, place| {
        if place == "page" {
            for body in [
                // Only what a script has opened can be closed by one.
                "<script>addEventListener('load', () => window.close());</script>",
                "<script>alert(1); confirm(2); prompt(3); onbeforeunload = event => { event.preventDefault(); };</script>",
                // Itself, and what never comes.
                "<iframe src=index.html></iframe><img src=none.png><script src=none.js></script>",
                "<script>Promise.prototype.then = Array.prototype.push = fetch = XMLHttpRequest = undefined;</script>",
            ] {
                let answer = run(body, browser, &[]);
                assert!(
                    answer.stdout.contains("leak  ok collected"),
                    "{browser}: {body}: {answer:?}"
                );
            }
        }
    });
}

#[test]
fn a_page_that_is_never_done_is_ended() {
    in_each(|browser, place| {
        if place == "page" {
            let answer = run("<script>for (;;);</script>", browser, &["--timeout", "5"]);
            answer.expect(1, &["it ran out of time after 5 s"]);
        }
    });
}

/// Scripts go on in a document that is written anew, but for what they wait for.
#[test]
fn a_page_that_writes_itself_anew_is_judged_or_ended() {
    in_each(|browser, place| {
        if place == "page" {
            let body = "<script>document.open(); document.write('<p>new'); document.close();</script>";
            let answer = run(body, browser, &["--timeout", "20"]);
            let is_judged = answer.stdout.contains("leak  ok collected") && answer.status == Some(0);
            let is_ended = answer.stderr.contains("it ran out of time after 20 s") && answer.status == Some(1);
            assert!(is_judged || is_ended, "{browser}: {answer:?}");
        }
    });
}

/// Four gigabytes, if it were let.
#[test]
fn a_page_that_takes_all_memory_is_ended() {
    in_each(|browser, place| {
        if place == "page" {
            let body = "<script>const all = []; for (let i = 0; i < 64; i++) all.push(new Uint8Array(64 << 20).fill(i + 1));</script>";
            let answer = run(body, browser, &["--memory", "1000"]);
            answer.expect(1, &["it took more than 1000 MiB of memory; no round had ended"]);
        }
    });
}
