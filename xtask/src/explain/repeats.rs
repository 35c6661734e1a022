//! Runs of steps that a path repeats, as of a list: each is shown once.

use crate::explain::kept::{Repeat, Step};
use heap::{EdgeKind, group};

/// Folds runs of steps that are the same except for their indices: of each, the last
/// one stays. Returns also where each step has gone.
pub fn fold_repeats(steps: Vec<Step>) -> (Vec<Step>, Vec<usize>) {
    let same = |one: &Step, other: &Step| {
        let numbered = matches!(one.kind, EdgeKind::Element | EdgeKind::MapValue | EdgeKind::TableSlot);
        let alike = numbered || one.label == other.label;
        // The wrapper in question has its number in its name.
        let class = |step: &Step| step.node.split(" #").next().unwrap_or_default().to_owned();
        one.kind == other.kind && alike && class(one) == class(other) && one.place == other.place
    };
    let mut folded: Vec<Step> = Vec::new();
    let mut places = Vec::new();
    let mut rest = 0;
    while rest < steps.len() {
        let run = (1..=group::LONGEST_RUN).find_map(|run| {
            let alike = |index: usize| {
                let other = steps.get(index + run);
                other.is_some_and(|other| same(&steps[index], other))
            };
            let length = (rest..steps.len()).take_while(|index| alike(*index)).count();
            let times = length / run + 1;
            (times > 2).then_some(Repeat { steps: run, times })
        });
        let Some(repeat) = run else {
            places.push(folded.len());
            folded.push(steps[rest].clone());
            rest += 1;
            continue;
        };
        let all = repeat.steps * repeat.times;
        let last = rest + all - repeat.steps;
        places.extend((0..all).map(|index| folded.len() + index % repeat.steps));
        folded.extend(steps[last..last + repeat.steps].iter().cloned());
        if let Some(step) = folded.last_mut() {
            step.repeat = Some(repeat);
        }
        rest += all;
    }
    (folded, places)
}
