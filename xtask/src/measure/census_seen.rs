//! Judges a census, from telemetry alone.

use crate::measure::block_findings::BlockOwners;
use crate::measure::block_growth::{blocks_that_grow, is_block};
use crate::measure::block_notes::notes_of;
use crate::measure::census::{Census, Kind, KindGrowth, KindStay, What};
use crate::measure::census_events::{
    BlockSeries, CensusStart, KindSeries, LedgerTrouble, MemoryOwner, ModuleSeen, Reading, StepSeries, expand,
};
use crate::measure::census_places::places_that_grow;
use crate::measure::dom_growth::dom_that_grows;
use crate::measure::growth::{self, Counted, LEAST_READINGS};
use crate::measure::kind_growth::{fills, growth_of, later, per_call};
use crate::measure::replaced::{are_replaced, take_no_heap};
use crate::measure::telemetry::TelemetryEvent;
use crate::measure::trend::{self, Trend};
use crate::measure::verdict::Verdict;

const PAGE: f64 = 65536.0;

/// Calls of one after each round: what one call leaves to the next is let go of.
const FLUSHING: f64 = 2.0;

/// Rounds in which memory may still grow to what one round needs.
const ROUNDS_TO_PEAK: usize = 2;

/// So many bytes stay of a kind that keeps something in one object.
const LEAST_BYTES: f64 = 102_400.0;

/// Engines' own objects get more by fewer a call than this.
const A_CALL: f64 = 0.1;

/// So many strings stay of engines and scripts whatever a program does.
const TEXTS: f64 = 512.0;

/// The census in these events; `None` if they have none.
pub fn census(events: &[TelemetryEvent]) -> Option<Census> {
    let mut seen = CensusSeen::default();
    let mut start = None;
    for event in events {
        match event {
            TelemetryEvent::Census(found) => start = Some(found),
            TelemetryEvent::Reading(reading) => seen.readings.push(reading),
            TelemetryEvent::Kind(kind) => seen.kinds.push(kind),
            TelemetryEvent::Blocks(blocks) => seen.blocks.push(blocks),
            TelemetryEvent::Ledger(trouble) => seen.troubles.push(trouble),
            TelemetryEvent::Steps(steps) => seen.steps = Some(steps),
            TelemetryEvent::Stopped { text } => seen.stopped = Some(text),
            _ => {}
        }
    }
    Some(seen.census(start?))
}

/// The events of a census.
#[derive(Default)]
struct CensusSeen<'a> {
    readings: Vec<&'a Reading>,
    kinds: Vec<&'a KindSeries>,
    blocks: Vec<&'a BlockSeries>,
    troubles: Vec<&'a LedgerTrouble>,
    steps: Option<&'a StepSeries>,
    stopped: Option<&'a String>,
}

impl CensusSeen<'_> {
    fn census(&self, start: &CensusStart) -> Census {
        let (mut grows, replaced) = self.growths(start);
        let doubt = self.doubt().or_else(|| self.goes_on(start, &grows));
        let linear = grows.iter().any(|growth| growth.kind.what == What::LinearMemory);
        // These are the bytes of linear memory once more.
        if linear {
            let place = buffers(&grows).next().map(|growth| growth.kind.stack.clone());
            grows.retain(|growth| !is_buffer(growth));
            let memory = grows.iter_mut().find(|growth| growth.kind.what == What::LinearMemory);
            if let (Some(memory), Some(place)) = (memory, place) {
                memory.kind.stack = place;
            }
        }
        // An engine may count instances among its objects.
        if grows.iter().any(is_instance) {
            grows.retain(|growth| growth.kind.what != What::Instances);
        }
        let mut blocks = notes_of(&grows, &self.blocks, &self.troubles, &self.all_calls());
        // Objects there are, if perhaps no more than before.
        if replaced && blocks.owner == Some(BlockOwners::Gone) {
            blocks.owner = Some(BlockOwners::Unknown);
        }
        grows.sort_by(|a, b| (a.kind.what.cmp(&b.kind.what)).then(b.per_call.total_cmp(&a.per_call)));
        let stays = self.stays(start, &grows);
        let verdict = match () {
            () if doubt.is_some() => Verdict::Inconclusive,
            () if !grows.is_empty() => Verdict::Leaks,
            () if !stays.is_empty() => Verdict::Bounded,
            () => Verdict::Collected,
        };
        Census {
            verdict,
            reader: start.reader.clone(),
            calls: self.readings.last().map_or(0, |reading| reading.calls as u64),
            round: start.round,
            readings: self.readings.len(),
            unsettled: self.readings.iter().filter(|reading| !reading.settled).count(),
            grows,
            stays,
            doubt,
            stopped: self.stopped.cloned(),
            blocks,
        }
    }

    /// The calls at all readings.
    fn all_calls(&self) -> Vec<f64> {
        self.readings.iter().map(|reading| reading.calls).collect()
    }

    /// The calls at the readings after the warm-up: the first one was before any call.
    fn calls(&self) -> Vec<f64> {
        self.readings.iter().skip(1).map(|reading| reading.calls).collect()
    }

    fn doubt(&self) -> Option<String> {
        let readings = self.readings.len().saturating_sub(1);
        if readings < LEAST_READINGS {
            return Some(format!(
                "there are only {readings} readings, and it takes {LEAST_READINGS}"
            ));
        }
        let calls = self.calls();
        for (role, grows) in [("leak", true), ("cache", false), ("batch", false)] {
            let mut planted = self.kinds.iter().filter(|kind| kind.planted == role).peekable();
            if planted.peek().is_none() {
                return Some(format!("a {role} that was planted beside the program was not seen"));
            }
            let found = planted.any(|kind| {
                let values = later(&kind.counts);
                let calls = &calls[..values.len().min(calls.len())];
                growth::trend(calls, values, Counted::Objects) == Trend::Grows
            });
            if found != grows {
                let wrong = if grows {
                    "was not seen to grow"
                } else {
                    "seemed to leak"
                };
                return Some(format!("a {role} that was planted beside the program {wrong}"));
            }
        }
        None
    }

    /// The doubt whether what the program makes comes to an end, if nothing else grows.
    fn goes_on(&self, start: &CensusStart, grows: &[KindGrowth]) -> Option<String> {
        let calls = self.calls();
        let goes_on = |kind: &&&KindSeries| {
            let counts = later(&kind.counts);
            kind.planted.is_empty() && growth::goes_on(&calls, counts) && per_call(&calls, counts) >= A_CALL
        };
        let doubted: Vec<&&KindSeries> = self.kinds.iter().filter(goes_on).collect();
        let more = |kind: &&&KindSeries| Some(kind.counts.last()? - kind.counts.get(1)?);
        let more: f64 = doubted.iter().filter_map(more).sum();
        let is_doubted = grows.is_empty() && !doubted.is_empty() && !take_no_heap(more, &self.readings, start);
        is_doubted.then(|| {
            "some objects still get more, but ever fewer a call: whether that ends is not clear; `--rounds` may ask \
             for more rounds"
                .to_owned()
        })
    }

    /// What grows, and whether objects seemed to that the heap has no room for.
    fn growths(&self, start: &CensusStart) -> (Vec<KindGrowth>, bool) {
        let calls = self.calls();
        let kinds = self.kinds.iter().filter(|kind| kind.planted.is_empty());
        let mut found: Vec<KindGrowth> = kinds.clone().filter_map(|kind| growth_of(kind, &calls)).collect();
        // The storage of what fills more and more slowly still grows in steps.
        let fills = kinds.into_iter().any(|kind| fills(kind, &calls));
        if fills {
            found.retain(|growth| growth.kind.what != What::Bytes);
        }
        found.extend(places_that_grow(&self.kinds, &calls, &found));
        let replaced = are_replaced(&found, &self.readings, start);
        if replaced {
            found.retain(|growth| growth.kind.what != What::Objects);
        }
        found.extend(self.steps_that_grow(start));
        let blocks = blocks_that_grow(&self.blocks, &self.troubles, &self.all_calls());
        // The pages are there for the blocks.
        if !blocks.is_empty() {
            found.retain(|growth| growth.kind.what != What::LinearMemory && !is_buffer(growth));
            found.extend(blocks);
        }
        if !found.iter().any(is_block) && !found.iter().any(|growth| growth.kind.what == What::LinearMemory) {
            found.extend(self.touched(&calls));
        }
        found.extend(dom_that_grows(&self.readings, &calls));
        if found.is_empty() && !fills {
            found.extend(self.heap(&calls));
        }
        (found, replaced)
    }

    fn steps_that_grow(&self, start: &CensusStart) -> Vec<KindGrowth> {
        let Some(steps) = self.steps else {
            return Vec::new();
        };
        let series = [
            (What::LinearMemory, &steps.pages, PAGE),
            (What::TableSlots, &steps.entries, 1.0),
            (What::Instances, &steps.instances, 1.0),
        ];
        let grows = series.into_iter().filter_map(|(what, changes, unit)| {
            let values = expand(changes, steps.rounds);
            let rounds: Vec<f64> = (0..values.len()).map(|round| round as f64).collect();
            let a_round = per_round(&values).filter(|_| trend::of_steps(&values) == Trend::Grows)?;
            Some(KindGrowth {
                kind: Kind {
                    module: self.owner(what),
                    ..Kind::of(what)
                },
                per_call: a_round * unit / (start.round as f64 + FLUSHING),
                fit: growth::fit(&rounds, &values),
            })
        });
        grows.collect()
    }

    /// The module whose memories, or tables, grew most.
    fn owner(&self, what: What) -> Option<ModuleSeen> {
        let grown = |owner: &&MemoryOwner| match what {
            What::LinearMemory => owner.pages.1 - owner.pages.0,
            _ => owner.entries.1 - owner.entries.0,
        };
        let owners = self.steps?.owners.iter();
        let most = owners.max_by(|a, b| grown(a).total_cmp(&grown(b)))?;
        most.module.clone().filter(|_| grown(&most) > 0.0)
    }

    /// Linear memory that is written, within pages that were there from the start.
    fn touched(&self, calls: &[f64]) -> Option<KindGrowth> {
        let values: Option<Vec<f64>> = self.readings.iter().skip(1).map(|reading| reading.touched).collect();
        let values = values?;
        (growth::trend(calls, &values, Counted::Touched) == Trend::Grows).then(|| KindGrowth {
            kind: Kind {
                module: self.only_module(),
                ..Kind::of(What::LinearMemory)
            },
            per_call: per_call(calls, &values),
            fit: growth::fit(calls, &values),
        })
    }

    /// The module that has memory, if it is one alone.
    fn only_module(&self) -> Option<ModuleSeen> {
        let mut owners = self.steps?.owners.iter().filter(|owner| owner.pages.1 > 0.0);
        let first = owners.next()?;
        first.module.clone().filter(|_| owners.next().is_none())
    }

    fn heap(&self, calls: &[f64]) -> Option<KindGrowth> {
        let values: Option<Vec<f64>> = self.readings.iter().skip(1).map(|reading| reading.heap).collect();
        let values = values?;
        (growth::trend(calls, &values, Counted::Heap) == Trend::Grows).then(|| KindGrowth {
            kind: Kind::of(What::Heap),
            per_call: per_call(calls, &values),
            fit: growth::fit(calls, &values),
        })
    }

    /// Kinds of which more stay than were there before the first call, and that do not grow.
    fn stays(&self, start: &CensusStart, grows: &[KindGrowth]) -> Vec<KindStay> {
        let mut found = Vec::new();
        for series in self.kinds.iter().filter(|kind| kind.planted.is_empty()) {
            let kind = Kind::of_series(series, What::Objects);
            let before = series.counts.first().copied().unwrap_or_default();
            let most = second_most(later(&series.counts)) - before;
            let least = match series.class.as_deref() {
                Some("string") => TEXTS,
                _ => start.stays,
            };
            let grows = grows
                .iter()
                .any(|growth| (&growth.kind.class, &growth.kind.stack) == (&kind.class, &kind.stack));
            let bytes = second_most(later(&series.bytes)) - series.bytes.first().copied().unwrap_or_default();
            if most >= least && !grows {
                found.push(KindStay { kind, most });
            } else if bytes >= LEAST_BYTES && !grows && !kind.stack.is_empty() && !is_buffer_class(&kind) {
                let kind = Kind::of_series(series, What::Bytes);
                found.push(KindStay { kind, most: bytes });
            }
        }
        found.sort_by(|a, b| b.most.total_cmp(&a.most));
        found.extend(self.steps_that_stay(start, grows));
        found
    }

    /// Memory that the first calls took, or that grew later than one round needs.
    fn steps_that_stay(&self, start: &CensusStart, grows: &[KindGrowth]) -> Vec<KindStay> {
        let Some(steps) = self.steps else {
            return Vec::new();
        };
        let (before, after) = (start.before, start.after);
        let series = [
            (What::LinearMemory, &steps.pages, before.pages, after.pages, PAGE),
            (What::TableSlots, &steps.entries, before.entries, before.entries, 1.0),
            (
                What::Instances,
                &steps.instances,
                before.instances,
                after.instances,
                1.0,
            ),
        ];
        let stays = series.into_iter().filter_map(|(what, changes, before, after, unit)| {
            let values = expand(changes, steps.rounds);
            let (peak, last) = (
                values.get(ROUNDS_TO_PEAK.min(values.len().saturating_sub(1)))?,
                values.last()?,
            );
            let stays = after > before || last > peak || (what == What::TableSlots && *last > before);
            let is_it =
                |growth: &KindGrowth| growth.kind.what == what || (what == What::Instances && is_instance(growth));
            let grows = grows.iter().any(is_it);
            (stays && !grows && *last > before).then(|| KindStay {
                kind: Kind {
                    module: self.owner(what),
                    ..Kind::of(what)
                },
                most: (last - before) * unit,
            })
        });
        stays.collect()
    }
}

/// What was there more than once: a conservative scan of the stack may keep much for one reading.
fn second_most(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(1).copied().unwrap_or(0.0)
}

/// The growth in a round, between the first and the last round in which the value grew: so
/// a page that is not full is not counted.
fn per_round(values: &[f64]) -> Option<f64> {
    let grew = |pair: &[f64]| pair[1] > pair[0];
    let first = values.windows(2).position(grew)? + 1;
    let last = values.windows(2).rposition(grew)? + 1;
    (last > first).then(|| (values[last] - values[first]) / (last - first) as f64)
}

fn is_instance(growth: &KindGrowth) -> bool {
    growth.kind.class.as_deref() == Some("WebAssembly.Instance")
}

fn is_buffer(growth: &KindGrowth) -> bool {
    growth.kind.what == What::Bytes && is_buffer_class(&growth.kind)
}

/// Bytes of such are mostly those of a linear memory, which is counted by itself.
fn is_buffer_class(kind: &Kind) -> bool {
    matches!(kind.class.as_deref(), Some("ArrayBuffer" | "SharedArrayBuffer"))
}

fn buffers(grows: &[KindGrowth]) -> impl Iterator<Item = &KindGrowth> {
    grows.iter().filter(|growth| is_buffer(growth))
}
