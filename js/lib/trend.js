// How a series of readings goes on. The runtime adds rounds while that is not clear;
// the judge decides by the same rule, in measure/trend.rs, from the telemetry.
'use strict';

(function () {
  const { floor, max, min } = Math;
  const { apply } = Reflect;
  const { sort } = Array.prototype;

  // The smallest share of what was made that must stay for a leak, and the smallest
  // share of an earlier growth that a later one must reach.
  const SLOPE = 0.005;
  const STEADY = 0.8;
  // After so many times as many rounds without a step there come no more.
  const STEPS_AGO = 3;

  // The least value of values[from] to values[to - 1].
  function least(values, from, to) {
    let found = Infinity;
    for (let i = from; i < to; i++) found = min(found, values[i]);
    return found;
  }

  function falls(values, noise) {
    for (let i = 1; i < values.length; i++) if (values[i - 1] - values[i] > noise) return true;
    return false;
  }

  // The growth of the least values from the second quarter to the third, and from there to
  // the last.
  function growths(values) {
    const quarter = floor(values.length / 4);
    const second = least(values, quarter, 2 * quarter);
    const third = least(values, 2 * quarter, 3 * quarter);
    const last = least(values, 3 * quarter, values.length);
    return { earlier: third - second, later: last - third };
  }

  // 'flat', 'grows', 'slows' (it grew, and now less or not at all) or 'unclear'. Quarters
  // are compared by their least values, the first left out: what is let go of now and
  // then does not grow. Where values fall, as those of a batch, a growth must exceed noise.
  function trend(values, smallest, noise, fall, quantum) {
    if (values.length < 8) return 'unclear';
    const enough = falls(values, fall) ? max(smallest, noise) : smallest;
    const { earlier, later } = growths(values);
    if (min(earlier, earlier + later) < enough) return later < enough ? 'flat' : 'unclear';
    if (later < enough) return 'slows';
    return later + quantum >= STEADY * earlier ? 'grows' : 'unclear';
  }

  // Growth that gets rarer and larger, as of a vector that doubles: each time that there are
  // twice as many rounds, values that never fall have grown by at least as much as before.
  function growsByOctaves(values) {
    if (values.length < 16 || falls(values, 0)) return false;
    const at = share => values[floor(values.length / share) - 1];
    const grown = [at(4) - at(8), at(2) - at(4), at(1) - at(2)];
    return grown[0] >= 1 && grown[1] >= STEADY * grown[0] && grown[2] >= STEADY * grown[1];
  }

  // The median of the increments from values[from] to values[to - 1].
  function increment(values, from, to) {
    const all = [];
    for (let i = max(from, 1); i < to; i++) all[all.length] = values[i] - values[i - 1];
    apply(sort, all, [(one, other) => one - other]);
    return all[floor(all.length / 2)];
  }

  // Growth by a little at most readings, and by a lot at some, as of a map whose table
  // doubles: what is left when least is left grows, by enough at most readings.
  function growsAtMostReadings(values, smallest) {
    const quarter = floor(values.length / 4);
    if (quarter < 2) return false;
    const { earlier, later } = growths(values);
    if (min(earlier, later) < smallest) return false;
    const before = increment(values, 2 * quarter, 3 * quarter);
    return min(before, increment(values, 3 * quarter, values.length)) >= smallest / quarter;
  }

  // Of objects that remain, after rounds in which so many were made in all. Finalizers
  // may come a round or two late.
  harness.objectsTrend = (values, made) => {
    const round = made / values.length;
    const smallest = max(1, SLOPE * round * floor(values.length / 4));
    const way = trend(values, smallest, round, 2 * round, 1);
    const isOpen = way !== 'grows' && (beginsLate(values, max(smallest, round)) || growsSlowly(values, smallest));
    return isOpen ? 'unclear' : way;
  };

  // In the end more remain than ever before, though less did at some time in the last quarter.
  function beginsLate(values, enough) {
    if (values.length < 8) return false;
    const quarter = floor(values.length / 4);
    let most = 0;
    for (let i = 0; i < values.length - quarter; i++) most = max(most, values[i]);
    return least(values, values.length - 2, values.length) - most >= enough;
  }

  // A growth that is steady, though too slow to be called a leak; or one that the noise of
  // a batch hides.
  function growsSlowly(values, smallest) {
    if (values.length < 8) return false;
    const { earlier, later } = growths(values);
    const few = falls(values, 2) ? smallest : max(1, smallest / 10);
    const isSteady = later >= STEADY * earlier && earlier >= STEADY * later;
    return earlier >= few && later >= few && (isSteady || few === smallest);
  }

  // Of the bytes of the JavaScript heap, at readings that are evenly spread over so many
  // rounds, in which so many objects were made. Of what stays for each object, less than
  // this is none of its own; and compiled code comes late.
  const LEAST_OBJECT = 8;
  const LEAST_ROUND = 2048;
  harness.heapTrend = (values, made, rounds) => {
    const quarter = (floor(values.length / 4) * rounds) / values.length;
    const smallest = max(LEAST_OBJECT * (made / rounds), LEAST_ROUND) * quarter;
    if (growsAtMostReadings(values, smallest)) return 'grows';
    return trend(values, smallest, smallest, smallest, 0);
  };

  // Whether the last step is so long ago that one more would have come since, even of what doubles.
  function hasEnded(values) {
    let last = values.length - 1;
    while (last > 0 && values[last] <= values[last - 1]) last--;
    return STEPS_AGO * (last + 1) <= values.length;
  }

  // Of what comes in steps: pages of linear memory, entries of tables.
  harness.stepsTrend = values => {
    if (growsByOctaves(values)) return 'grows';
    const way = trend(values, 1, 0, 0, 1);
    return way === 'slows' && hasEnded(values) ? 'flat' : way;
  };
})();
