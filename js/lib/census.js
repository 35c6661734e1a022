// Calls a program's `test(n)`, and takes readings of what is alive between rounds of
// calls, until it is clear what grows. Reports all that it read: the judge decides.
'use strict';

(function () {
  const { telemetry, describe, fail, finish, isOfMemory, registries, instancesMade } = harness;
  const { options, reader, readings, planted, outer, timers, settle, sizes, blocks } = harness;
  const { turn, Error: AnyError } = globalThis;
  const { now } = Date;
  const { max, min } = Math;
  const { apply } = Reflect;
  const search = Function.prototype.call.bind(RegExp.prototype.exec);

  // Calls in a round: prime, so that what comes now and then is no multiple of it. Fewer if
  // they take long, keep much, or make instances, of which engines can have some thousand at once.
  const ROUND_SIZES = [997, 499, 251, 101, 53, 23, 11, 5, 3, 2, 1];
  const ROUND_OF_INSTANCES = 11;
  const ROUND_MILLISECONDS = 150;
  const FIRST_CALLS = 5;
  const WARM_UP = 2;
  // Readings after a round each, and then each time that there were so many times as many.
  // Of a large heap, which takes longer to count than the calls take, fewer.
  const SHORT_READINGS = 7;
  const LONGER = 2.15;
  const OF_LARGE = { shortReadings: 5, longer: 5.2 };
  // No reading so near to the last one.
  const NEARLY = 0.75;
  // The most calls, by what one takes: the cheaper, the more.
  const MOST_CALLS = 800000;
  const MOST_MILLISECONDS = 1500;
  const MOST_INSTANCES = 600;
  // Of calls that keep much, a round keeps no more than some bytes, and nor do all of them.
  const LARGE = 256 << 10;
  const ROUND_BYTES = 2 << 20;
  const MOST_BYTES = 1 << 30;
  // What grows is believed after so many calls; the heap as a whole after more.
  const ENOUGH_CALLS = 75000;
  // What is planted is seen by then.
  const PLANTED_CALLS = 15000;
  const PLANTED_READINGS = 7;
  // Rounds between collections; and of a large heap, of which one takes longer than these rounds.
  const COLLECT_EVERY = 5;
  const COLLECT_RARELY = 20;
  // The fastest of so many is what a round takes.
  const LAST_ROUNDS = 8;
  // No round begins after this many milliseconds.
  const TIME = options.milliseconds === undefined ? Infinity : +options.milliseconds;
  // As `#: objects` and `#: rounds` say: calls in a round, and how many rounds there are at most.
  const given = value => (value === undefined ? undefined : +value);
  const GIVEN = { objects: given(options.objects), rounds: given(options.rounds) };
  const LEAST_READINGS = 5;
  const WITNESS_ROUNDS = 2;

  const started = now();
  let calls = 0;
  let rounds = 0;
  // Milliseconds of the last rounds: what is kept can make each slower than those before it.
  const took = [];
  let makesInstances = false;
  // Bytes that a call keeps, if they are many.
  let keeps = 0;
  // Milliseconds of the last reading.
  let readingTook = 0;
  // Whether collections are few: decided once, or the peaks between them would grow.
  let isRare = false;

  // A separate function, so that nothing of it is on the stack later.
  async function callTest(program, times) {
    calls += times;
    // Goes on with nothing else on the stack: an engine walks it for each object that is made.
    await undefined;
    await settle(apply(program.test, undefined, [times]));
  }

  // The next reading takes as long as the last one, or longer.
  const isLate = () => now() - started + readingTook > TIME;

  async function round(program, times) {
    const before = now();
    await callTest(program, times);
    took[rounds % LAST_ROUNDS] = now() - before;
    // What one call leaves to the next is let go of. After each round, so that all are alike
    // even for a script that does not heed n.
    await callTest(program, 1);
    await callTest(program, 1);
    // These cost time, and have shown by then what they are for.
    blocks.settle();
    if (calls < PLANTED_CALLS || readings.count() < PLANTED_READINGS) planted.call(ROUND_SIZES[0]);
    else readings.noteNoMorePlanted();
    await turn();
    if (rounds % roundsBetween() === 0) await readings.collect();
    rounds++;
    readings.addSteps();
  }

  // How many rounds there are for each collection. Finalizers have to run after each, or what they free piles up, and may
  // fill a memory, even where something else leaks.
  function roundsBetween() {
    if (makesInstances || (registries() > 0 && calls < 2 * ENOUGH_CALLS)) return 1;
    return isRare && registries() === 0 ? COLLECT_RARELY : COLLECT_EVERY;
  }

  async function read() {
    const begun = now();
    await readings.read(calls);
    readingTook = now() - begun;
  }

  // Whether all that is needed is known.
  function isDecided(most) {
    const { kinds, bytes, steps, many, heap, replaced, blocks: stay } = readings.grown();
    // Whether objects stay says who would free the blocks.
    if (replaced && (!steps || stay)) return false;
    // The heap as a whole decides where nothing else does.
    if (!kinds && !steps) return (bytes && calls >= 2 * ENOUGH_CALLS) || (heap && calls >= 4 * ENOUGH_CALLS);
    // Of what takes long fewer calls are enough, unless memory is not clear yet.
    return many || calls >= min(ENOUGH_CALLS, readings.stillSteps() && !steps ? 2 * most : most);
  }

  // How many calls a round has.
  async function measure(program) {
    const before = instancesMade();
    await callTest(program, 1);
    await turn();
    const heap = await readings.heap();
    const begun = now();
    await callTest(program, FIRST_CALLS);
    let cost = (now() - begun) / FIRST_CALLS;
    await turn();
    keeps = ((await readings.heap()) - heap) / FIRST_CALLS;
    if (!(keeps >= LARGE)) keeps = 0;
    makesInstances = instancesMade() - before > FIRST_CALLS;
    if (GIVEN.objects) return GIVEN.objects;
    // The first calls may take long for once: code is compiled.
    let times = fitting(cost);
    while (times < ROUND_SIZES[0] && !makesInstances) {
      const again = now();
      await callTest(program, times);
      await turn();
      cost = min(cost, (now() - again) / times);
      if (fitting(cost) <= times) break;
      times = fitting(cost);
    }
    return times;
  }

  // The largest round that takes no longer than a round may.
  function fitting(cost) {
    const limit = makesInstances ? ROUND_OF_INSTANCES : ROUND_SIZES[0];
    let times = 1;
    for (let i = ROUND_SIZES.length - 1; i >= 0; i--) {
      const next = ROUND_SIZES[i];
      if (next <= limit && next * cost <= ROUND_MILLISECONDS && next * keeps <= ROUND_BYTES) times = next;
    }
    return times;
  }

  function mostCalls(times) {
    if (GIVEN.rounds) return GIVEN.rounds * times;
    if (makesInstances) return MOST_INSTANCES;
    const fastest = apply(min, undefined, took);
    const affordable = min((MOST_MILLISECONDS * times) / max(fastest, 1e-3), MOST_BYTES / max(keeps, 1));
    return min(MOST_CALLS, max(affordable, times * SHORT_READINGS));
  }

  // For what is looked at after the readings.
  async function callMore(program, times) {
    const before = calls;
    for (let i = 0; i < WITNESS_ROUNDS; i++) await callTest(program, times);
    await callTest(program, 1);
    // V8 keeps the receivers of a stack with it until it is written.
    blocks.settle();
    await readings.collect();
    await readings.collect();
    return calls - before;
  }

  async function run(program) {
    if (reader.pause) await reader.pause();
    if (program.setup) await settle(apply(program.setup, undefined, []));
    await reader.start();
    await read();
    // A host may have made some of its own meanwhile.
    const before = readings.countSteps();
    readings.noteOwners();
    await turn();
    const times = await measure(program);
    telemetry('census', { reader: reader.engine, countsAll: reader.countsAll === true, round: times, stays: reader.stays + blocks.stays(), before, after: readings.countSteps() });
    await turn();
    for (let i = 0; i < WARM_UP; i++) await round(program, times);
    await read();
    isRare = readings.isLarge() && readings.collectionTook() > COLLECT_EVERY * apply(min, undefined, took);
    const { shortReadings, longer } = readings.isLarge() ? OF_LARGE : { shortReadings: SHORT_READINGS, longer: LONGER };
    for (let i = 1; i < shortReadings && !isLate(); i++) {
      await round(program, times);
      await read();
    }
    let most = mostCalls(times);
    const isReplaced = () => calls < 4 * most && calls < MOST_CALLS && !GIVEN.rounds && readings.grown().replaced;
    const isWanted = () => calls < most || (calls < 2 * most && readings.stillSteps()) || isReplaced();
    let next = calls;
    while (!isDecided(most) && isWanted() && !isLate()) {
      const end = calls < most ? most : (calls < 2 * most ? 2 : 4) * most;
      next = next * longer < NEARLY * end ? next * longer : end;
      while (calls < next && !isLate()) await round(program, times);
      await read();
      most = min(most, mostCalls(times));
    }
    const { kinds, bytes } = readings.grown();
    if (reader.witness && (kinds || bytes)) await reader.witness(() => callMore(program, times));
    if (program.teardown) await settle(apply(program.teardown, undefined, []));
  }

  // An engine that can make nothing more says so: what was read until then decides.
  const NO_ROOM = /out of memory|could not allocate memory|allocation failed|Invalid (?:array|string) length|too (?:large|big)/i;
  function isNoRoom(error) {
    try {
      return isOfMemory(error) || search(NO_ROOM, `${error && error.message !== undefined ? error.message : error}`) !== null;
    } catch (again) {
      return false;
    }
  }

  // Nor has a guest more room whose memory is full: it says so in its own words. Where nothing
  // grows, an error is one.
  function isFull() {
    const { kinds, bytes, steps } = readings.grown();
    return (kinds || bytes || steps) && sizes().full > 0;
  }

  if (outer && timers && !timers.isDriven) outer.setTimers(timers);

  harness.run = async program => {
    if (timers) timers.hold();
    try {
      telemetry('program', {});
      if (!program.test) throw new AnyError('the script defines no function `test(n)`, or does not export it');
      await run(program);
      readings.report();
      blocks.report();
      finish(0);
    } catch (error) {
      // What was read until then is judged.
      const isEnough = readings.count() >= LEAST_READINGS;
      if (isEnough) {
        readings.report();
        blocks.report();
      }
      if (!isEnough || !(isNoRoom(error) || isFull())) return fail(error, calls);
      telemetry('stopped', { text: describe(error), calls });
      finish(0);
    }
    return undefined;
  };
})();
