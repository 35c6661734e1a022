//! The parsers, on snapshots that were damaged.

use super::{SNAPSHOTS, TestSnapshot};
use crate::SnapshotFormat;
use crate::group;
use crate::path::{self, PathStart};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A change of a snapshot, at a place given as a share of its length.
#[derive(Debug, Clone)]
enum Damage {
    Replace(u16, u8),
    Insert(u16, u8),
    Remove(u16, u8),
    Repeat(u16, u8),
    /// Puts a number in the place of the next one.
    Number(u16, u64),
    /// Moves what is between two places behind a third.
    Move(u16, u8, u16),
    CutOff(u16),
}

impl Damage {
    fn any() -> impl Strategy<Value = Damage> {
        let place = || any::<u16>();
        prop_oneof![
            (place(), any::<u8>()).prop_map(|(place, byte)| Damage::Replace(place, byte)),
            (place(), any::<u8>()).prop_map(|(place, byte)| Damage::Insert(place, byte)),
            (place(), any::<u8>()).prop_map(|(place, count)| Damage::Remove(place, count)),
            (place(), any::<u8>()).prop_map(|(place, count)| Damage::Repeat(place, count)),
            (
                place(),
                prop_oneof![Just(u64::MAX), Just(u64::from(u32::MAX)), 0..300_u64]
            )
                .prop_map(|(place, number)| Damage::Number(place, number)),
            (place(), any::<u8>(), place()).prop_map(|(from, count, to)| Damage::Move(from, count, to)),
            place().prop_map(Damage::CutOff),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let at = |place: u16| length * usize::from(place) / (usize::from(u16::MAX) + 1);
        let piece = |place: u16, count: u8| at(place)..(at(place) + usize::from(count)).min(length);
        if length == 0 {
            return;
        }
        match *self {
            Damage::Replace(place, byte) => bytes[at(place)] = byte,
            Damage::Insert(place, byte) => bytes.insert(at(place), byte),
            Damage::Remove(place, count) => drop(bytes.drain(piece(place, count))),
            Damage::Repeat(place, count) => {
                let copy = bytes[piece(place, count)].to_vec();
                bytes.splice(at(place)..at(place), copy);
            }
            Damage::Number(place, number) => {
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                let Some(start) = bytes[at(place)..].iter().position(is_digit) else {
                    return;
                };
                let start = at(place) + start;
                let digits = bytes[start..].iter().take_while(|byte| is_digit(byte)).count();
                bytes.splice(start..start + digits, number.to_string().into_bytes());
            }
            Damage::Move(from, count, to) => {
                let piece: Vec<u8> = bytes.drain(piece(from, count)).collect();
                let to = at(to).min(bytes.len());
                bytes.splice(to..to, piece);
            }
            Damage::CutOff(place) => bytes.truncate(at(place)),
        }
    }
}

/// How many damaged snapshots each parser gets; more if WASM_LEAKS_DAMAGED says so.
const DAMAGED: u32 = 2_000;

#[test]
fn no_parser_panics_on_a_damaged_snapshot() {
    let cases = std::env::var("WASM_LEAKS_DAMAGED")
        .ok()
        .map(|count| count.parse().expect("WASM_LEAKS_DAMAGED is a number"));
    let ends: RefCell<BTreeSet<(String, bool)>> = RefCell::default();
    for format in [SnapshotFormat::V8, SnapshotFormat::Jsc, SnapshotFormat::SpiderMonkey] {
        let snapshots: Vec<&TestSnapshot> = SNAPSHOTS.iter().filter(|snapshot| snapshot.format == format).collect();
        let config = Config {
            cases: cases.unwrap_or(DAMAGED),
            failure_persistence: None,
            ..Config::default()
        };
        let damaged = (0..snapshots.len(), prop::collection::vec(Damage::any(), 1..6));
        TestRunner::new(config)
            .run(&damaged, |(which, damages)| {
                let mut bytes = snapshots[which].text.as_bytes().to_vec();
                damages.iter().for_each(|damage| damage.apply(&mut bytes));
                let heap = snapshots[which].parse(&bytes);
                ends.borrow_mut().insert((format!("{format:?}"), heap.is_ok()));
                if let Ok(heap) = heap
                    && let Some(target) = heap.targets.iter().flatten().next().copied()
                    && let Some(path) = path::shortest(&heap, target)
                {
                    // A path leads from node to node, and to the end.
                    let mut at = match path.start {
                        PathStart::Global(id) | PathStart::Module(id) | PathStart::Root(id, _) => id,
                    };
                    for edge in &path.edges {
                        prop_assert!(heap.edges(at).contains(edge));
                        at = edge.to;
                    }
                    prop_assert_eq!(at, target);
                    path::fold(&heap, &path);
                    group::by_path(&heap, &path::Paths::find(&heap, &[], &[]), &[target]);
                }
                Ok(())
            })
            .unwrap();
    }
    let ends = ends.into_inner();
    assert_eq!(
        ends.len(),
        6,
        "each parser reads some of them, and refuses others: {ends:?}"
    );
}
