//! Numbers: of flags, and of telemetry.

use crate::world::{D8, M0, World};

#[test]
fn no_number_is_too_large() {
    let largest = u64::MAX.to_string();
    for (arguments, status, printed) in [
        (&["--timeout", "1e19"][..], 2, "at most 31536000"),
        (&["--timeout", "31536000"], 0, "1 ok"),
        (&["--timeout", "inf"], 2, "a number of seconds above 0"),
        (&["--repeat", &largest], 2, "expected a whole number from 1 to 10000"),
        (
            &["--repeat", "1000000000000"],
            2,
            "expected a whole number from 1 to 10000",
        ),
        (&["--repeat", "10001"], 2, "expected a whole number from 1 to 10000"),
        (&["--jobs", &largest], 2, "expected a whole number from 1 to 1000"),
        (&["--jobs", "1000"], 0, "1 ok"),
    ] {
        let world = World::new();
        world.engine("d8", D8, M0);
        let answer = world.run(&[&["test", "--engine", "v8"], arguments].concat());
        answer.expect(status, &[printed]);
    }
    let world = World::new();
    world.engine("d8", D8, &["hang"]);
    world
        .run(&["test", "--engine", "v8", "--timeout", "1e-300"])
        .expect(1, &["it ran out of time after 0 s"]);
    // Numbers in telemetry.
    for number in [0, 1, u64::MAX, 1 << 63] {
        for field in ["objects", "initial", "maximum"] {
            let mut lines = telemetry();
            lines[0][field] = number.into();
            numbers_are_judged(&lines);
            // The same without running out of memory, and collected.
            lines.retain(|line| !["out-of-memory", "still-full"].contains(&line["type"].as_str().unwrap()));
            lines.last_mut().unwrap()["live"] = 0.into();
            numbers_are_judged(&lines);
        }
        for field in ["allocated", "live", "pages", "slots"] {
            let mut lines = telemetry();
            lines[1..].iter_mut().for_each(|line| line[field] = number.into());
            numbers_are_judged(&lines);
        }
    }
}

/// Telemetry of a leak.
fn telemetry() -> Vec<serde_json::Value> {
    let start = serde_json::json!({ "type": "start", "objects": 1000, "initial": 2, "maximum": 10 });
    let kinds = [
        "round",
        "round",
        "round",
        "round",
        "out-of-memory",
        "settled",
        "still-full",
    ];
    let later = kinds.into_iter().zip(1..).map(|(kind, number)| {
        serde_json::json!({
            "type": kind, "allocated": 1000 * number, "live": 1000 * number, "pages": 3, "slots": 1,
        })
    });
    [start].into_iter().chain(later).collect()
}

/// Runs a case with this telemetry: whatever the verdict, it is one.
fn numbers_are_judged(telemetry: &[serde_json::Value]) {
    let world = World::new();
    let mut orders: Vec<String> = telemetry.iter().map(|line| format!("say @ {line}")).collect();
    orders.push(M0[1].to_owned());
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    world.engine("d8", D8, &orders);
    world
        .run(&["test", "--engine", "v8"])
        .expect(1, &["the numbers: ", "1 FAILED"]);
}
