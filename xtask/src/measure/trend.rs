//! How a series of readings goes on: by the same rule as `js/lib/trend.js`, which adds
//! rounds while it is not clear.

/// How a series goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// It does not grow; it may rise and fall.
    Flat,
    Grows,
    /// It grew, and then no more.
    Slows,
    /// It is too short, or grows and falls without a pattern.
    Unclear,
}

/// The smallest share of what was made that must stay for a leak: one in two hundred.
pub const SLOPE: f64 = 0.005;

/// The smallest share of an earlier growth that a later one must reach.
const STEADY: f64 = 0.8;

/// A series with fewer values in a quarter is not judged by its quarters.
const LEAST_QUARTER: usize = 2;

/// Of a shorter series nothing is said by its octaves.
const LEAST_OCTAVES: usize = 16;

/// The trend of objects that remain after each round, of which so many were made in all.
pub fn of_objects(values: &[f64], made: f64) -> Trend {
    let round = made / values.len().max(1) as f64;
    let quarter = (values.len() / 4) as f64;
    let smallest = (SLOPE * round * quarter).max(1.0);
    // Finalizers may come a round or two late.
    match of(values, smallest, round, 2.0 * round, 1.0) {
        Trend::Grows => Trend::Grows,
        _ if begins_late(values, smallest.max(round)) || grows_slowly(values, smallest) => Trend::Unclear,
        trend => trend,
    }
}

/// In the end more remain than ever before, though less did at some time in the last quarter.
fn begins_late(values: &[f64], enough: f64) -> bool {
    if values.len() < ENOUGH {
        return false;
    }
    let before = &values[..values.len() - values.len() / 4];
    let most = before.iter().copied().fold(0.0, f64::max);
    let end = values[values.len() - 2].min(values[values.len() - 1]);
    end - most >= enough
}

/// A growth that is steady, though too slow to be called a leak; or one that the noise of a
/// batch hides.
fn grows_slowly(values: &[f64], smallest: f64) -> bool {
    if values.len() < ENOUGH {
        return false;
    }
    let (earlier, later) = growths(values);
    let is_batch = falls(values, 2.0);
    let few = if is_batch { smallest } else { (smallest / 10.0).max(1.0) };
    let steady = later >= STEADY * earlier && earlier >= STEADY * later;
    earlier >= few && later >= few && (steady || few == smallest)
}

/// So many values have quarters that can be compared.
pub const ENOUGH: usize = 4 * LEAST_QUARTER;

/// The trend of objects that remain after each of a few rounds, of which so many were made
/// in all: it grows if it did so to the end, and in its later half by its share.
pub fn of_few(values: &[f64], made: f64) -> Trend {
    let [first, .., before, last] = *values else {
        return match *values {
            [first, last] if last - first >= enough_of_few(made) => Trend::Grows,
            _ => Trend::Unclear,
        };
    };
    let later = last - values[(values.len() - 1) / 2];
    let enough = enough_of_few(made);
    match last - first >= enough && later >= enough / 2.0 && last > before {
        true => Trend::Grows,
        false => Trend::Unclear,
    }
}

fn enough_of_few(made: f64) -> f64 {
    (SLOPE * made).max(1.0)
}

/// Of what stays of the JavaScript heap for each object, fewer bytes are none of its own;
/// and compiled code comes late.
const LEAST_OBJECT: f64 = 8.0;
const LEAST_ROUND: f64 = 2048.0;

/// The trend of the bytes of the JavaScript heap, at readings that are evenly spread over
/// so many rounds, in which so many objects were made.
pub fn of_heap(values: &[f64], made: f64, rounds: f64) -> Trend {
    let quarter = (values.len() / 4) as f64 * rounds / values.len().max(1) as f64;
    let smallest = (LEAST_OBJECT * made / rounds.max(1.0)).max(LEAST_ROUND) * quarter;
    match grows_at_most_readings(values, smallest) {
        true => Trend::Grows,
        false => of(values, smallest, smallest, smallest, 0.0),
    }
}

/// Growth by a little at most readings, and by a lot at some, as of a map whose table
/// doubles: what is left when least is left grows, by enough at most readings.
fn grows_at_most_readings(values: &[f64], smallest: f64) -> bool {
    let quarter = values.len() / 4;
    if quarter < LEAST_QUARTER {
        return false;
    }
    let (earlier, later) = growths(values);
    let enough = smallest / quarter as f64;
    let increment = |from: usize, to: usize| {
        let mut all: Vec<f64> = values[from - 1..to].windows(2).map(|pair| pair[1] - pair[0]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    earlier.min(later) >= smallest
        && increment(2 * quarter, 3 * quarter) >= enough
        && increment(3 * quarter, values.len()) >= enough
}

/// The growth of the least values from the second quarter to the third, and from there to
/// the last.
fn growths(values: &[f64]) -> (f64, f64) {
    let quarter = values.len() / 4;
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let second = least(&values[quarter..2 * quarter]);
    let third = least(&values[2 * quarter..3 * quarter]);
    (third - second, least(&values[3 * quarter..]) - third)
}

/// Whether a value is less than the one before it, by more than this.
fn falls(values: &[f64], by: f64) -> bool {
    values.windows(2).any(|pair| pair[0] - pair[1] > by)
}

/// Growth that gets rarer and larger, as of a vector that doubles: each time that there are
/// twice as many rounds, values that never fall have grown by at least as much as before.
fn grows_by_octaves(values: &[f64]) -> bool {
    if values.len() < LEAST_OCTAVES || falls(values, 0.0) {
        return false;
    }
    let at = |share: usize| values[values.len() / share - 1];
    let grown = [at(4) - at(8), at(2) - at(4), at(1) - at(2)];
    grown[0] >= 1.0 && grown[1] >= STEADY * grown[0] && grown[2] >= STEADY * grown[1]
}

/// The trend of what comes in steps: pages of linear memory, entries of tables.
pub fn of_steps(values: &[f64]) -> Trend {
    match of(values, 1.0, 0.0, 0.0, 1.0) {
        _ if grows_by_octaves(values) => Trend::Grows,
        Trend::Slows if has_ended(values) => Trend::Flat,
        way => way,
    }
}

/// After so many times as many rounds without a step there come no more.
const STEPS_AGO: usize = 3;

/// Whether the last step is so long ago that one more would have come since, even of what doubles.
fn has_ended(values: &[f64]) -> bool {
    let last = values.windows(2).rposition(|pair| pair[1] > pair[0]);
    STEPS_AGO * last.map_or(1, |before| before + 2) <= values.len()
}

/// Compares quarters by their least values, the first quarter left out: what is let go of
/// now and then does not grow. Where values fall, as those of a batch, a growth must exceed
/// `noise`.
fn of(values: &[f64], smallest: f64, noise: f64, fall: f64, quantum: f64) -> Trend {
    if values.len() < ENOUGH {
        return Trend::Unclear;
    }
    let enough = match falls(values, fall) {
        true => smallest.max(noise),
        false => smallest,
    };
    let (earlier, later) = growths(values);
    match (earlier.min(earlier + later) < enough, later < enough) {
        (true, true) => Trend::Flat,
        (true, false) => Trend::Unclear,
        (false, true) => Trend::Slows,
        (false, false) if later + quantum >= STEADY * earlier => Trend::Grows,
        (false, false) => Trend::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values after each of so many rounds of 1000 objects.
    fn series(rounds: u32, value: impl Fn(f64) -> f64) -> Vec<f64> {
        (1..=rounds).map(|round| value(f64::from(round) * 1000.0)).collect()
    }

    fn objects(rounds: u32, value: impl Fn(f64) -> f64) -> Trend {
        of_objects(&series(rounds, value), f64::from(rounds) * 1000.0)
    }

    #[test]
    fn what_stays_grows_and_what_is_flushed_does_not() {
        for share in [1.0, 0.5, 0.05, 0.01, 0.006] {
            assert_eq!(objects(100, |made| 1000.0 + share * made), Trend::Grows, "{share}");
        }
        // Too slowly to be called a leak, and yet not flat.
        assert_eq!(objects(100, |made| 1000.0 + 0.004 * made), Trend::Unclear);
        assert_eq!(objects(400, |made| 1000.0 + 0.001 * made), Trend::Unclear);
        assert_eq!(objects(400, |made| 1000.0 + 0.0001 * made), Trend::Flat);
        // More slowly still, and not steadily.
        assert_eq!(
            objects(100, |made| made.min(50_000.0) * 0.004 + made * 0.0008),
            Trend::Flat
        );
        assert_eq!(
            objects(100, |made| made.max(50_000.0) * 0.004 + made * 0.0008),
            Trend::Flat
        );
        // A cache that is full at once, after a while, late.
        assert_eq!(objects(100, |made| made.min(2000.0)), Trend::Flat);
        assert_eq!(objects(100, |made| made.min(60_000.0)), Trend::Unclear);
        assert_eq!(objects(200, |made| made.min(60_000.0)), Trend::Slows);
        assert_eq!(objects(400, |made| made.min(60_000.0)), Trend::Flat);
        // One that fills more and more slowly.
        let slowly = |made: f64| 50_000.0 * (1.0 - (-made / 50_000.0).exp());
        assert_eq!(objects(100, slowly), Trend::Unclear);
        assert_ne!(objects(400, slowly), Trend::Grows);
        // Rounds that end late, now and then.
        assert_eq!(objects(100, |made| 1000.0 + made % 2000.0), Trend::Flat);
        let late = |made: f64| if made % 2000.0 > 0.0 { 1000.0 } else { 2500.0 };
        assert_eq!(objects(100, |made| late(made) + 0.02 * made), Trend::Grows);
        assert_eq!(objects(7, |made| made), Trend::Unclear);
    }

    #[test]
    fn a_few_rounds_are_judged_by_their_halves() {
        use Trend::{Grows, Unclear};
        for (values, made, wanted) in [
            (&[1000.0, 2000.0, 3000.0, 4000.0][..], 4000.0, Grows),
            (&[1000.0, 1010.0, 1020.0, 1030.0], 4000.0, Grows),
            // In all by too little, or in the later half.
            (&[1000.0, 1006.0, 1012.0, 1019.0], 4000.0, Unclear),
            (&[0.0, 15.0, 16.0, 24.0], 4000.0, Unclear),
            (&[0.0, 15.0, 16.0, 25.0], 4000.0, Grows),
            // Not to the end.
            (&[0.0, 10.0, 40.0, 40.0], 4000.0, Unclear),
            (&[0.0, 10.0, 40.0, 39.0], 4000.0, Unclear),
            (&[0.0, 10.0, 20.0], 3000.0, Grows),
            (&[0.0, 15.0, 20.0], 3000.0, Unclear),
            (&[0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0], 7000.0, Grows),
            (&[0.0, 10.0, 20.0, 30.0, 40.0, 40.0, 41.0], 7000.0, Unclear),
            (&[0.0, 10.0], 2000.0, Grows),
            (&[0.0, 9.0], 2000.0, Unclear),
            (&[9.0, 18.0], 2000.0, Unclear),
            // Less than one object is none.
            (&[0.0, 1.0], 2.0, Grows),
            (&[0.0, 0.5], 2.0, Unclear),
            (&[7.0], 1000.0, Unclear),
            (&[], 0.0, Unclear),
        ] {
            assert_eq!(of_few(values, made), wanted, "{values:?} of {made}");
        }
    }

    #[test]
    fn no_batch_grows() {
        for batch in (200..=100_000).step_by(50) {
            let trend = objects(200, |made| made % f64::from(batch));
            assert_ne!(trend, Trend::Grows, "{batch}");
        }
        // A batch, and one object in five that stays.
        assert_eq!(objects(100, |made| made % 8400.0 + made / 5.0), Trend::Grows);
    }

    /// `js/lib/trend.js` is asked the same, on each engine, by a test that runs engines.
    #[test]
    fn the_table_of_series_holds() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../tests/trends.json")).unwrap();
        for row in rows {
            let values: Vec<f64> = serde_json::from_value(row["values"].clone()).unwrap();
            let number = |name: &str| row[name].as_f64().unwrap();
            let trend = match row["of"].as_str().unwrap() {
                "objects" => of_objects(&values, number("made")),
                "heap" => of_heap(&values, number("made"), number("rounds")),
                _ => of_steps(&values),
            };
            let name = format!("{trend:?}").to_lowercase();
            assert_eq!(row["expected"], name.as_str(), "{row}");
        }
    }

    #[test]
    fn what_stays_of_the_heap_is_held_against_what_was_made() {
        let heap = |readings: u32, of: fn(f64) -> f64| {
            let values: Vec<f64> = (1..=readings).map(|reading| 3e6 + of(f64::from(reading))).collect();
            of_heap(&values, 100_000.0, 100.0)
        };
        // Sixteen bytes an object, read after each round, or after each fourth.
        assert_eq!(heap(100, |reading| reading * 16_000.0), Trend::Grows);
        assert_eq!(heap(25, |reading| reading * 64_000.0), Trend::Grows);
        // Seven.
        assert_eq!(heap(100, |reading| reading * 7_000.0), Trend::Flat);
        assert_eq!(heap(25, |reading| reading * 28_000.0), Trend::Flat);
        // Compiled code, and a cache that is emptied now and then.
        assert_eq!(heap(100, |reading| (reading * 40_000.0).min(400_000.0)), Trend::Flat);
        assert_eq!(heap(100, |reading| reading * 50_000.0 % 800_000.0), Trend::Flat);
        assert_eq!(heap(0, |reading| reading), Trend::Unclear);
    }

    #[test]
    fn a_vector_that_doubles_grows_and_one_that_is_large_enough_does_not() {
        let doubles = |rounds: u32, most: f64| {
            let capacity = |made: f64| (2.0_f64).powf((made / 1000.0).log2().ceil()).min(most);
            of_steps(&series(rounds, capacity))
        };
        for rounds in [100, 150, 200, 256, 257, 300, 400] {
            assert_eq!(doubles(rounds, f64::INFINITY), Trend::Grows, "{rounds}");
        }
        assert_ne!(doubles(400, 128.0), Trend::Grows);
        assert_ne!(doubles(200, 64.0), Trend::Grows);
        // A little with each object, and a table that doubles.
        let map = |most: f64| {
            let bytes = |made: f64| 43.0 * made.min(most) + 80.0 * 2.0_f64.powf(made.min(most).log2().ceil());
            of_heap(&series(400, bytes), 400_000.0, 400.0)
        };
        assert_eq!(map(f64::INFINITY), Trend::Grows);
        assert_ne!(map(150_000.0), Trend::Grows);
    }

    #[test]
    fn a_leak_beside_a_batch_or_at_the_end_is_not_flat() {
        let beside = |rounds, share: f64| objects(rounds, |made| made % 5300.0 + share * made);
        assert_eq!(beside(100, 0.02), Trend::Unclear);
        assert_eq!(beside(400, 0.02), Trend::Grows);
        assert_eq!(beside(400, 0.01), Trend::Grows);
        assert_eq!(beside(400, 0.0), Trend::Flat);
        let late = |rounds, from: f64, most: f64| objects(rounds, |made| 1000.0 + (made - from).clamp(0.0, most));
        assert_eq!(late(100, 80_000.0, f64::INFINITY), Trend::Unclear);
        assert_eq!(late(200, 80_000.0, f64::INFINITY), Trend::Grows);
        // What is set up late.
        assert_eq!(late(100, 95_000.0, 3000.0), Trend::Unclear);
        assert_eq!(late(400, 95_000.0, 3000.0), Trend::Flat);
        // A round that ends late is no beginning.
        assert_eq!(
            objects(100, |made| if made > 99_000.0 { 3000.0 } else { 1000.0 }),
            Trend::Flat
        );
    }

    #[test]
    fn pages_grow_in_steps() {
        let pages = |every: f64| series(100, |made| (made / every).floor());
        assert_eq!(of_steps(&pages(8192.0)), Trend::Grows);
        assert_eq!(of_steps(&pages(16_384.0)), Trend::Grows);
        assert_eq!(of_steps(&[3.0; 100]), Trend::Flat);
        let settles = series(100, |made| (made / 1000.0).min(9.0));
        assert_eq!(of_steps(&settles), Trend::Flat);
    }
}
