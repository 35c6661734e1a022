// Calls a program's `test(n)`, and takes readings of what is alive between rounds of
// calls, until it is clear what grows. Reports all that it read: the judge decides.
'use strict';

(function () {
  const { telemetry, fail, finish, options, elapsed, registries } = harness;
  const { visit, countInstances, instancesMade, modules } = harness;
  const { reader, growth, heapGrowth, planted, stepsTrend } = harness;
  const { gc, turn, heapBytes } = globalThis;
  const { now } = Date;
  const { floor, max, min } = Math;
  const { apply } = Reflect;
  const then = Function.prototype.call.bind(Promise.prototype.then);

  const number = (value, otherwise) => (value === undefined ? otherwise : Number(value));

  // Calls in a round: prime, so that what comes now and then is no multiple of it. Fewer if
  // they take long, or make instances, of which engines can have some thousand at once.
  const ROUND_SIZES = [997, 499, 251, 101, 53, 23, 11, 5, 3, 2, 1];
  const ROUND_OF_INSTANCES = 11;
  const ROUND_MILLISECONDS = 150;
  const FIRST_CALLS = 5;
  const WARM_UP = 2;
  // Readings after a round each, and then each time that there were so many times as many.
  const SHORT_READINGS = 7;
  const LONGER = 2.15;
  // The most calls, by what one takes: the cheaper, the more.
  const MOST_CALLS = 800000;
  const MOST_MILLISECONDS = 3000;
  const MOST_INSTANCES = 600;
  // What grows is believed after so many calls, or so much growth.
  const ENOUGH_CALLS = 80000;
  const MANY = 30000;
  const COLLECT_EVERY = 5;
  // Readings until two agree.
  const MOST_ATTEMPTS = 5;
  const ALLOWED = 4;
  const ENOUGH_READINGS = 5;
  const MOST_KINDS = 200;
  const STAYS = 16;

  const size = number(options.calls, undefined);
  const calls_at = [];
  const settled_at = [];
  const heap_at = [];
  // Kinds by key, numbered; a column of counts and one of bytes for each reading. No object
  // for each kind: an engine without places would count these among the program's.
  const numbers = new Map();
  const columns = [];
  const steps = { pages: [], entries: [], instances: [] };
  let start = null;
  let ownersBefore = null;
  let calls = 0;
  let rounds = 0;
  let fastest = Infinity;
  // The planted kinds are judged by as many readings.
  let plantedUntil = Infinity;

  // A separate function, so that nothing of it is on the stack later.
  async function callTest(program, times) {
    calls += times;
    const pending = apply(program.test, undefined, [times]);
    if (typeof pending === 'object' && pending !== null) await pending;
  }

  async function collect() {
    gc();
    await turn();
  }

  function countSteps() {
    let pages = 0;
    let entries = 0;
    visit(found => { pages += found; }, found => { entries += found; });
    return { pages, entries, instances: countInstances() };
  }

  async function round(program, times) {
    const started = now();
    await callTest(program, times);
    fastest = min(fastest, now() - started);
    // These cost time, and have shown by then what they are for.
    if (calls < 2 * ENOUGH_CALLS) planted.call(ROUND_SIZES[0]);
    else plantedUntil = min(plantedUntil, calls_at.length);
    await turn();
    const every = registries() > 0 && calls < 2 * ENOUGH_CALLS ? 1 : COLLECT_EVERY;
    if (rounds % every === 0) await collect();
    rounds++;
    const found = countSteps();
    for (const name in found) steps[name][steps[name].length] = found[name];
  }

  const total = found => {
    let sum = 0;
    for (const [, { count }] of found) sum += count;
    return sum;
  };

  // Collects until two readings agree, or have not for some time.
  async function settled() {
    await collect();
    await collect();
    let found = await reader.read();
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
      const before = total(found);
      await collect();
      found = await reader.read();
      const difference = total(found) - before;
      if (difference <= ALLOWED && difference >= -ALLOWED) return { found, agree: true };
    }
    return { found, agree: false };
  }

  async function read() {
    const { found, agree } = await settled();
    const at = calls_at.length;
    calls_at[at] = calls;
    settled_at[at] = agree;
    for (const [key] of found) if (!numbers.has(key)) numbers.set(key, numbers.size);
    const column = new Float64Array(2 * numbers.size);
    for (const [key, { count, bytes }] of found) {
      const number = numbers.get(key);
      column[2 * number] = count;
      column[2 * number + 1] = bytes;
    }
    columns[at] = column;
    heap_at[at] = await heapBytes();
    telemetry('reading', { calls, settled: agree, heap: heap_at[at], kinds: numbers.size, ms: elapsed() });
  }

  // The values of a kind at all readings: its counts (0) or bytes (1).
  function values(number, which) {
    const found = [];
    for (let i = 0; i < columns.length; i++) found[i] = columns[i][2 * number + which] || 0;
    return found;
  }

  // The readings after the warm-up: the first one was before any call.
  const later = values => values.slice(1);

  // Whether all that is needed is known.
  function isDecided() {
    const at = later(calls_at);
    let grows = stepsTrend(steps.pages) === 'grows' || stepsTrend(steps.entries) === 'grows';
    let unclear = false;
    let many = false;
    for (const [key, number] of numbers) {
      if (reader.facts(key).planted) continue;
      const counts = later(values(number, 0));
      const trend = growth(at, counts, 'objects');
      if (trend === 'unclear' || trend === 'slows') unclear = true;
      if (trend === 'grows' && counts[counts.length - 1] - counts[0] >= MANY) many = true;
      if (trend === 'grows' || growth(at, later(values(number, 1)), 'bytes') === 'grows') grows = true;
    }
    // The heap as a whole decides where nothing else does.
    if (!grows && heap_at[0] !== null && heapGrowth(at, later(heap_at)) === 'grows') return calls >= 4 * ENOUGH_CALLS;
    return grows && (many || (calls >= ENOUGH_CALLS && !unclear) || calls >= 2 * ENOUGH_CALLS);
  }

  // Memory or a table grew in the later half of the rounds, and it is not clear how it goes on.
  function stillSteps() {
    const grew = values => values.length > 1 && values[values.length - 1] > values[floor(values.length / 2)];
    return grew(steps.pages) || grew(steps.entries);
  }

  // How many calls a round has, and how many there are at most in all.
  async function measure(program) {
    const before = instancesMade();
    await callTest(program, 1);
    await turn();
    const started = now();
    await callTest(program, FIRST_CALLS);
    const cost = max((now() - started) / FIRST_CALLS, 0);
    await turn();
    const makesInstances = instancesMade() - before > FIRST_CALLS;
    const limit = makesInstances ? ROUND_OF_INSTANCES : ROUND_SIZES[0];
    const fits = times => times <= limit && times * cost <= ROUND_MILLISECONDS;
    let times = 1;
    for (let i = 0; i < ROUND_SIZES.length; i++) if (fits(ROUND_SIZES[i])) { times = ROUND_SIZES[i]; break; }
    return { times: size || times, makesInstances, cost };
  }

  const mostCalls = (times, makesInstances, milliseconds) => {
    if (makesInstances) return MOST_INSTANCES;
    const cost = milliseconds / times;
    return min(MOST_CALLS, max(MOST_MILLISECONDS / max(cost, 1e-6), times * SHORT_READINGS));
  };

  async function takeReading(program) {
    // What one call leaves to the next is let go of.
    await callTest(program, 1);
    await callTest(program, 1);
    await turn();
    await read();
  }

  async function run(program) {
    if (program.setup) await program.setup();
    await reader.start();
    await read();
    // A host may have made some of its own meanwhile.
    start = countSteps();
    ownersBefore = owners();
    await turn();
    const { times, makesInstances } = await measure(program);
    telemetry('census', { reader: reader.engine, round: times, stays: reader.stays, before: start, after: countSteps(), registries: registries() });
    await turn();
    for (let i = 0; i < WARM_UP; i++) await round(program, times);
    await takeReading(program);
    for (let i = 1; i < SHORT_READINGS; i++) {
      await round(program, times);
      await takeReading(program);
    }
    const most = mostCalls(times, makesInstances, fastest);
    let next = calls;
    while (!isDecided() && (calls < most || (calls < 2 * most && stillSteps()))) {
      next = min(next * LONGER, calls < most ? most : 2 * most);
      while (calls < next) await round(program, times);
      await takeReading(program);
    }
    if (program.teardown) await program.teardown();
  }

  function changes(values) {
    const found = [];
    for (let i = 0; i < values.length; i++)
      if (i === 0 || values[i] !== values[i - 1]) found[found.length] = [i, values[i]];
    return found;
  }

  // Whose memories and tables these are: pages and entries by the number of the module.
  function owners() {
    const found = new Map();
    const add = (owner, name, value) => {
      const number = owner ? owner.module : undefined;
      if (!found.has(number)) found.set(number, { pages: 0, entries: 0 });
      found.get(number)[name] += value;
    };
    visit((pages, maximum, owner) => add(owner, 'pages', pages), (entries, owner) => add(owner, 'entries', entries));
    return found;
  }

  function ownersChanged() {
    const changed = [];
    for (const [number, { pages, entries }] of owners()) {
      const before = ownersBefore.get(number) || { pages: 0, entries: 0 };
      changed[changed.length] = {
        module: modules[number] || null,
        pages: [before.pages, pages],
        entries: [before.entries, entries],
      };
    }
    return changed;
  }

  const range = values => {
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < values.length; i++) [least, most] = [min(least, values[i]), max(most, values[i])];
    return most - least;
  };

  const cut = values => values.slice(0, plantedUntil);

  function report() {
    const all = [];
    for (const [key, number] of numbers) {
      const [counts, bytes] = [values(number, 0), values(number, 1)];
      const facts = reader.facts(key);
      const weight = range(counts) + range(bytes) / 64;
      if (facts.planted || range(counts) >= STAYS || range(bytes) >= 1024) all[all.length] = { facts, counts, bytes, weight };
    }
    all.sort((one, other) => other.weight - one.weight);
    let told = 0;
    for (let i = 0; i < all.length; i++) {
      const { facts, counts, bytes } = all[i];
      if (facts.planted) telemetry('kind', { ...facts, counts: cut(counts), bytes: cut(bytes) });
      else if (++told <= MOST_KINDS) telemetry('kind', { ...facts, counts, bytes });
    }
    const { pages, entries, instances } = steps;
    const found = { pages: changes(pages), entries: changes(entries), instances: changes(instances) };
    telemetry('steps', { rounds, ...found, owners: ownersChanged() });
  }

  // What cannot be made any more, in the words of engines, though the script has done nothing
  // else: what was read until then decides.
  const NO_ROOM = /out of memory|could not allocate memory|Maximum call stack|allocation failed|Invalid array length|Invalid string length/i;
  const isNoRoom = error => {
    try {
      return harness.isOfMemory(error) || NO_ROOM.test(String(error && error.message !== undefined ? error.message : error));
    } catch (again) {
      return false;
    }
  };

  const { outer, timers } = harness;
  if (outer && timers && !timers.isDriven) outer.setTimers(timers);

  harness.census = async program => {
    try {
      if (!program.test) throw new Error('the script defines no function `test(n)`, or does not export it');
      await run(program);
      report();
      finish(0);
    } catch (error) {
      if (calls_at.length < ENOUGH_READINGS || !isNoRoom(error)) return fail(error);
      telemetry('stopped', { text: harness.describe(error), calls });
      report();
      finish(0);
    }
    return undefined;
  };
})();
