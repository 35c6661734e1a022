//! Groups of wrappers that are one: of a list, what is kept by its start, by its links and
//! by its end is kept in the same way. Pure.

use crate::explain::growth::{Growth, growth};
use crate::explain::kept::{KeptGroup, Step};
use crate::measure::telemetry::Wrappers;

/// Puts groups together that differ only in how far along a list their objects are.
pub fn absorb(groups: &mut Vec<KeptGroup>) {
    for group in std::mem::take(groups) {
        let larger = groups
            .iter_mut()
            .find(|large| large.count > group.count && (is_start(&group, large) || is_before_repeats(&group, large)));
        match larger {
            Some(large) => {
                large.count += group.count;
                large.numbers.extend(&group.numbers);
                large.numbers.sort_unstable();
            }
            None => groups.push(group),
        }
    }
}

/// The wrapper in question has its number in its name.
fn class(step: &Step) -> &str {
    step.node.split(" #").next().unwrap_or_default()
}

fn same_edge((one, other): (&Step, &Step)) -> bool {
    one.kind == other.kind && one.label == other.label
}

/// The first objects of a list are on the path of all others: the path of one group is
/// the start of that of the other, up to an object of the same class.
fn is_start(small: &KeptGroup, large: &KeptGroup) -> bool {
    let (Some(last), Some(end)) = (small.steps.last(), large.steps.last()) else {
        return false;
    };
    let Some(at) = large.steps.get(small.steps.len() - 1) else {
        return false;
    };
    let is_shorter = small.steps.len() < large.steps.len();
    is_shorter
        && small.root == large.root
        && class(end) == class(last)
        && class(at) == class(last)
        && small.steps.iter().zip(&large.steps).all(same_edge)
}

/// What hangs at the first link of a list: the path of one group is that of the other
/// without the runs that it repeats.
fn is_before_repeats(small: &KeptGroup, large: &KeptGroup) -> bool {
    let mut once: Vec<&Step> = Vec::new();
    for step in &large.steps {
        once.push(step);
        if let Some(repeat) = step.repeat {
            once.truncate(once.len().saturating_sub(repeat.steps));
        }
    }
    let same = |(one, other): (&Step, &&Step)| same_edge((one, other)) && class(one) == class(other);
    once.len() < large.steps.len()
        && small.root == large.root
        && once.len() == small.steps.len()
        && small.steps.iter().zip(&once).all(same)
}

/// Of a list that goes both ways one end leads to the older half and the other end to the
/// newer one: groups that do not grow by themselves, but together.
pub fn doubt_growth(groups: &mut [KeptGroup], wrappers: &Wrappers) {
    let fixed = |group: &&KeptGroup| group.growth != Growth::Grows;
    let mut all: Vec<u64> = groups
        .iter()
        .filter(fixed)
        .flat_map(|group| &group.numbers)
        .copied()
        .collect();
    all.sort_unstable();
    let is_most = 2 * all.len() as u64 >= wrappers.made;
    if is_most && growth(&all, &all, wrappers.made, &wrappers.rounds) == Growth::Grows {
        groups.iter_mut().for_each(|group| group.growth = Growth::Grows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::kept::Repeat;
    use heap::EdgeKind;

    /// `label node`, and how often the step is repeated.
    fn group(steps: &[(&str, &str, usize)], numbers: &[u64]) -> KeptGroup {
        let step = |(label, node, times): &(&str, &str, usize)| Step {
            kind: EdgeKind::Property,
            label: (*label).to_owned(),
            node: (*node).to_owned(),
            source: None,
            place: None,
            captured_for: None,
            repeat: (*times > 1).then_some(Repeat {
                steps: 1,
                times: *times,
            }),
        };
        KeptGroup {
            wrapper: String::new(),
            count: numbers.len() as u64,
            numbers: numbers.to_vec(),
            growth: Growth::Grows,
            root: "global".to_owned(),
            steps: steps.iter().map(step).collect(),
            linear_memory: None,
        }
    }

    #[test]
    fn what_hangs_at_a_list_is_one_group() {
        let list = [("last", "Item", 1), (".next", "Item #1", 7)];
        let start = [("last", "Item #9", 1)];
        let at_links = [("head", "Link", 1), (".next", "Link", 7), (".item", "Item #3", 1)];
        let at_first = [("head", "Link", 1), (".item", "Item #8", 1)];
        let other = [("head", "Link", 1), (".other", "Item #8", 1)];
        for (large, small, wanted) in [
            (&list[..], &start[..], &[3][..]),
            (&at_links, &at_first, &[3]),
            (&at_links, &other, &[2, 1]),
            (&list, &at_first, &[2, 1]),
        ] {
            let mut groups = vec![group(large, &[3, 4]), group(small, &[1])];
            absorb(&mut groups);
            let counts: Vec<u64> = groups.iter().map(|group| group.count).collect();
            assert_eq!(counts, wanted, "{small:?} and {large:?}");
        }
        let mut groups = vec![group(&list, &[3, 4]), group(&start, &[1])];
        absorb(&mut groups);
        assert_eq!(groups[0].numbers, [1, 3, 4]);
    }
}
