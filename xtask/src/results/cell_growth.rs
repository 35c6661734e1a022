//! What grows in the runs of a cell that leaked, in a form in which another run's can be compared.

use crate::measure::census::{Kind, What};
use crate::measure::numbers::Numbers;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::CellRow;
use crate::results::fingerprint::{file, without_numbers};
use crate::results::repeated::Repeated;
use crate::results::spread::{LEAST_SLOPE, Noise, Spread};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a growth is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Each call of a user's `test`.
    Call,
    /// Each object that a case made.
    Object,
}

/// How a kind grows in the runs of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellGrowth {
    pub kind: Kind,
    pub per: Per,
    /// In the runs in which it grew.
    pub spread: Spread,
}

impl CellGrowth {
    /// Whether it is larger or smaller than before, beyond chance.
    pub fn against(&self, before: &CellGrowth) -> Ordering {
        self.spread.against(before.spread, Noise::of_growth(self.kind.what))
    }
}

/// What grows, each by what it is known by again.
pub type Growths = BTreeMap<Vec<String>, CellGrowth>;

/// What grows in the runs that leaked, each by what it is known by again.
pub fn growths(cell: &Repeated<'_>) -> Growths {
    let mut all: Growths = BTreeMap::new();
    let leaked = cell.runs.iter().filter(|row| row.verdict == Some(Verdict::Leaks));
    for (key, growth) in leaked.flat_map(|row| of_run(row)) {
        match all.get_mut(&key) {
            Some(known) => known.spread = known.spread.with(growth.spread),
            None => {
                all.insert(key, growth);
            }
        }
    }
    all
}

/// What grows in a run. Kinds that are known by the same are one.
fn of_run(row: &CellRow) -> Growths {
    let (per, grows) = match (&row.census, &row.numbers) {
        (Some(census), _) => {
            let grows = census.grows.iter();
            let grows = grows.map(|growth| (growth.kind.clone(), growth.per_call)).collect();
            (Per::Call, grows)
        }
        (None, Some(numbers)) => (Per::Object, of_numbers(numbers)),
        (None, None) => (Per::Object, Vec::new()),
    };
    let mut all: Growths = BTreeMap::new();
    for (kind, amount) in grows {
        let growth = all.entry(key(&kind)).or_insert(CellGrowth {
            kind,
            per,
            spread: Spread::of(0.0),
        });
        growth.spread = Spread::of(growth.spread.least + amount);
    }
    all
}

/// What grows with the objects that a case makes.
fn of_numbers(numbers: &Numbers) -> Vec<(Kind, f64)> {
    let slope = numbers.slope.filter(|slope| *slope >= LEAST_SLOPE);
    let all = [
        (What::Objects, slope),
        (What::LinearMemory, numbers.bytes_per_object),
        (What::Heap, numbers.heap_per_object),
    ];
    let known = all
        .into_iter()
        .filter_map(|(what, amount)| Some((Kind::of(what), amount?)));
    known.collect()
}

/// What a kind is known by again: its class and the functions that made it, without lines, which move with every edit.
pub fn key(kind: &Kind) -> Vec<String> {
    let module = kind.module.as_ref().and_then(|module| module.file.as_deref());
    let mut key = vec![
        format!("{:?}", kind.what),
        without_numbers(kind.class.as_deref().unwrap_or_default()),
        kind.builtin.clone().unwrap_or_default(),
        module.map(file).unwrap_or_default(),
    ];
    key.extend(
        kind.stack
            .iter()
            .flat_map(|frame| [frame.name.clone(), file(&frame.file)]),
    );
    key
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::block_findings::BlockNotes;
    use crate::measure::census::{Census, KindGrowth};
    use crate::measure::census_events::PlaceFrame;
    use crate::results::repeated::tests::cell;

    /// The run of a user's own case in which a class grows, made in a line of a function.
    pub fn leaking(class: &str, line: u32, per_call: f64) -> CellRow {
        let kind = Kind {
            class: Some(class.to_owned()),
            stack: vec![PlaceFrame {
                name: "test".to_owned(),
                file: "test.mjs".to_owned(),
                line,
                column: 1,
            }],
            ..Kind::of(What::Objects)
        };
        let grow = KindGrowth {
            kind,
            per_call,
            fit: None,
        };
        CellRow {
            verdict: Some(Verdict::Leaks),
            census: Some(Census {
                verdict: Verdict::Leaks,
                reader: "v8".to_owned(),
                calls: 1000,
                round: 10,
                readings: 10,
                unsettled: 0,
                grows: vec![grow],
                stays: Vec::new(),
                doubt: None,
                stopped: None,
                blocks: BlockNotes::default(),
            }),
            ..cell(0, "leak", 0)
        }
    }

    fn of(rows: &[CellRow]) -> Growths {
        growths(&Repeated {
            runs: rows.iter().collect(),
        })
    }

    #[test]
    fn a_kind_is_known_again_where_lines_have_moved() {
        assert!(
            of(&[leaking("Widget", 6, 1.0)])
                .keys()
                .eq(of(&[leaking("Widget", 9, 2.0)]).keys())
        );
        assert!(
            !of(&[leaking("Widget", 6, 1.0)])
                .keys()
                .eq(of(&[leaking("Gadget", 6, 1.0)]).keys())
        );
        // What did not leak grows in no way that counts.
        let bounded = CellRow {
            verdict: Some(Verdict::Bounded),
            ..leaking("Widget", 6, 1.0)
        };
        assert!(of(&[bounded]).is_empty());
    }

    #[test]
    fn a_growth_is_that_of_all_runs_that_leaked() {
        let rows = [1.0, 1.1, 2.0].map(|rate| leaking("Widget", 6, rate));
        let growth = of(&rows).into_values().next().unwrap();
        assert_eq!((growth.spread.least, growth.spread.most), (1.0, 2.0));
        let larger = of(&[leaking("Widget", 6, 2.6)]).into_values().next().unwrap();
        assert_eq!(larger.against(&growth), Ordering::Greater);
        assert_eq!(growth.against(&larger), Ordering::Less);
        let alike = of(&[leaking("Widget", 6, 2.4)]).into_values().next().unwrap();
        assert_eq!(alike.against(&growth), Ordering::Equal);
    }
}
