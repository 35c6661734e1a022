//! Completions and the manual page: the command line in the words of shells and of `man`.

use crate::world::{Answer, World};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Commands and flags that users see.
const VISIBLE: [&str; 6] = ["test", "explain", "compare", "partition", "status-level", "failed"];

/// Runs a program of this machine; `None` if it has none.
fn machine(program: &str, arguments: &[&OsStr]) -> Option<Output> {
    Command::new(program).args(arguments).env("LC_ALL", "C").output().ok()
}

fn assert_whole(text: &str, what: &str) {
    for word in VISIBLE {
        assert!(text.contains(word), "{what} lacks {word}");
    }
    // The guard is not for users.
    assert!(!text.contains("guard"), "{what}");
}

/// Writes what a command prints to a file.
fn written(world: &World, name: &str, answer: &Answer) -> PathBuf {
    let path = world.file(name);
    fs::write(&path, &answer.stdout).unwrap();
    path
}

#[test]
fn each_shell_has_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = world.run(&["completions", shell]);
        assert_eq!(answer.expect(0, &[]).stderr, "", "{shell}");
        assert_whole(&answer.stdout, shell);
        let path = written(&world, shell, &answer);
        if ["bash", "zsh", "fish"].contains(&shell)
            && let Some(output) = machine(shell, &["-n".as_ref(), path.as_os_str()])
        {
            Answer::of(output).expect(0, &[]);
        }
    }
    world
        .run(&["completions", "bsh"])
        .expect(2, &["a similar value exists: 'bash'"]);
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let world = World::new();
    let path = written(&world, "completions.bash", &world.run(&["completions", "bash"]));
    let complete = |words: &str| {
        // The name of the function is the generator's own.
        let script = format!(
            "source '{}'; spec=$(complete -p wasm-leaks); spec=${{spec#*-F }}; COMP_WORDS=({words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             ${{spec%% *}} wasm-leaks \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[@]}}\"",
            path.display()
        );
        machine("bash", &["-c".as_ref(), script.as_ref()])
    };
    for (words, expected) in [
        ("wasm-leaks comple", "completions\n"),
        ("wasm-leaks test --status", "--status-level\n"),
        ("wasm-leaks test --verdict lea", "leaks\n"),
        ("wasm-leaks gua", "\n"),
    ] {
        let Some(output) = complete(words) else { return };
        assert_eq!(Answer::of(output).expect(0, &[]).stdout, expected, "{words}");
    }
}

#[test]
fn the_manual_has_every_command_and_its_exit_status() {
    let world = World::new();
    let answer = world.run(&["manual"]);
    assert_eq!(answer.expect(0, &[]).stderr, "");
    assert!(answer.stdout.contains(".TH wasm-leaks 1"), "{}", answer.stdout);
    let path = written(&world, "wasm-leaks.1", &answer);
    // Without sequences for bold and underlined letters.
    let flags = ["-man", "-Tascii", "-P-cbou", "-ww"].map(OsStr::new);
    let arguments = [&flags[..], &[path.as_os_str()]].concat();
    let Some(output) = machine("groff", &arguments) else {
        return;
    };
    let page = Answer::of(output);
    // Nothing in it is unknown to groff.
    assert_eq!(page.expect(0, &[]).stderr, "");
    let text = &page.stdout;
    for words in [
        "wasm-leaks test",
        "--status-level",
        "EXIT STATUS",
        "1  a cell is not as expected",
        "wasm-leaks manual",
    ] {
        assert!(text.contains(words), "the manual lacks `{words}`:\n{text}");
    }
    assert!(!text.contains("guard"), "{text}");
}
