// Readings of what is alive, one after the other: kinds of objects, pages and slots, the
// heap. Each is taken when the collector has come to an end.
'use strict';

(function () {
  const { telemetry, elapsed, visit, countInstances, touched, modules, reader, growth, stepsTrend, blocks, page } = harness;
  const { gc, turn, heapBytes } = globalThis;
  const { Float64Array: Numbers } = globalThis;
  const { create } = Object;
  const { max, min } = Math;
  const { now } = Date;
  const sort = Function.prototype.call.bind(Array.prototype.sort);

  // No object takes less of the heap; of fewer bytes it cannot be told.
  const OBJECT_BYTES = 16;
  const LEAST_REPLACED = 256 << 10;
  // Counts until two agree, or collections until two figures of the heap do.
  const MOST_ATTEMPTS = 5;
  const ALLOWED = 4;
  // Objects of a heap that takes long to count.
  const LARGE = 50000;
  // Objects that it takes longer to count than to collect.
  const MANY_TO_COUNT = 10000;
  // Kinds are reported of which so many came and went, and no more than these.
  const LEAST_RANGE = { objects: 16, bytes: 1024 };
  const MOST_KINDS = 200;
  // So much growth of a kind is clear.
  const MANY = 150000;
  const MANY_PAGES = 2000;

  const callsAt = [];
  const heapAt = [];
  const touchedAt = [];
  // Counts of what a page has, by their names.
  const DOM = ['nodes', 'attached', 'listeners', 'documents'];
  const domAt = { nodes: [], attached: [], listeners: [], documents: [] };
  // Kinds by key, numbered; a column of counts and bytes for each reading. There is no object
  // for each kind: an engine without places would count these among the program's.
  const keys = [];
  const numbers = create(null);
  const columns = [];
  const steps = { pages: [], entries: [], instances: [] };
  let ownersBefore = null;
  // The planted kinds are judged by as many readings.
  let plantedUntil = Infinity;
  let lastAlive = NaN;
  let large = false;
  // Milliseconds of the last collection.
  let collectionTook = 0;

  async function collect() {
    const begun = now();
    gc();
    await turn();
    collectionTook = now() - begun;
  }

  // Bytes of the heap; `null` if the engine has no figure for it.
  async function heap() {
    await collect();
    await turn();
    const bytes = await heapBytes();
    return bytes;
  }

  // How many objects are alive, but for those that are planted: these come and go.
  function total(found) {
    let sum = 0;
    for (let i = 0; i < found.keys.length; i++) if (!reader.facts(found.keys[i]).planted) sum += found.values[2 * i];
    return sum;
  }

  function agrees(one, other) {
    return max(one - other, other - one) <= ALLOWED;
  }

  // The bytes of the heap if two collections, one after the other, leave as much of it, to a few objects; else `null`.
  async function settledHeap() {
    const bytesAtOnce = heapBytes.isCostly ? heapBytes.atOnce : heapBytes;
    let before = bytesAtOnce ? bytesAtOnce() : null;
    if (before === null) return null;
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
      await collect();
      const after = bytesAtOnce();
      if (max(before - after, after - before) <= ALLOWED * OBJECT_BYTES) return after;
      before = after;
    }
    return null;
  }

  // Two counts agree: of a program that keeps nothing this one and that of the reading before.
  // What is there before the first call is no part of what grows: one count is enough. So it
  // is of many objects that the collector leaves as they are: a count of these costs many collections.
  async function settled() {
    await collect();
    await collect();
    const bytes = lastAlive >= MANY_TO_COUNT ? await settledHeap() : null;
    let found = await reader.read();
    let alive = total(found);
    let agree = columns.length === 0 || bytes !== null || agrees(alive, lastAlive);
    for (let attempt = 1; attempt < MOST_ATTEMPTS && !agree; attempt++) {
      const before = alive;
      await collect();
      found = await reader.read();
      alive = total(found);
      agree = agrees(alive, before);
    }
    if (columns.length === 0) large = alive >= LARGE;
    lastAlive = alive;
    return { found, agree, bytes };
  }

  async function read(calls) {
    const { found, agree, bytes } = await settled();
    const isThere = i => found.values[2 * i] > 0;
    for (let i = 0; i < found.keys.length; i++) {
      const key = found.keys[i];
      if (!isThere(i) || numbers[key] !== undefined) continue;
      numbers[key] = keys.length;
      keys[keys.length] = key;
    }
    const column = new Numbers(2 * keys.length);
    for (let i = 0; i < found.keys.length; i++) {
      if (!isThere(i)) continue;
      const number = numbers[found.keys[i]];
      column[2 * number] = found.values[2 * i];
      column[2 * number + 1] = found.values[2 * i + 1];
    }
    const at = callsAt.length;
    callsAt[at] = calls;
    columns[at] = column;
    touchedAt[at] = touched();
    blocks.read();
    // What an engine answers may be large, and is in its heap.
    heapAt[at] = bytes === null || heapBytes.isCostly ? await heap() : bytes;
    const dom = page && page.domCounts ? await page.domCounts() : null;
    for (let i = 0; i < DOM.length; i++) domAt[DOM[i]][at] = dom && dom[DOM[i]];
    telemetry('reading', { calls, settled: agree, heap: heapAt[at], touched: touchedAt[at], dom, kinds: keys.length, ms: elapsed() });
  }

  // The values of a kind at the readings from one on: its counts (0) or bytes (1).
  function values(number, which, from) {
    const found = [];
    for (let i = from; i < columns.length; i++) found[i - from] = columns[i][2 * number + which] || 0;
    return found;
  }

  function part(all, from, to) {
    const found = [];
    for (let i = from; i < min(to, all.length); i++) found[i - from] = all[i];
    return found;
  }

  function countSteps() {
    let pages = 0;
    let entries = 0;
    visit(found => { pages += found; }, found => { entries += found; });
    return { pages, entries, instances: countInstances() };
  }

  // After each round.
  function addSteps() {
    const { pages, entries, instances } = countSteps();
    steps.pages[steps.pages.length] = pages;
    steps.entries[steps.entries.length] = entries;
    steps.instances[steps.instances.length] = instances;
  }

  // Whether so many more objects take no more of the heap: they replace others, which were made
  // before the readings began and so are not counted. measure/replaced.rs has the same rule.
  function isReplaced(more) {
    const least = more * OBJECT_BYTES;
    if (reader.countsAll || heapAt[0] === null || least < LEAST_REPLACED) return false;
    return heapAt[heapAt.length - 1] - heapAt[1] < least / 4;
  }

  // What grows as yet, by all readings after the first one, which is before any call.
  function grown() {
    const calls = part(callsAt, 1, Infinity);
    const found = { kinds: false, bytes: false, unclear: false, many: false, heap: false, replaced: false };
    let more = 0;
    for (let number = 0; number < keys.length; number++) {
      const facts = reader.facts(keys[number]);
      if (facts.planted) continue;
      const counts = values(number, 0, 1);
      // Strings have no place, and engines make their own.
      const isText = facts.class === 'string' && facts.stack.length === 0;
      const trend = growth(calls, counts, isText ? 'texts' : 'objects');
      if (trend === 'unclear' || trend === 'slows') found.unclear = true;
      if (trend === 'grows') {
        const grown = counts[counts.length - 1] - counts[0];
        found.kinds = true;
        found.many = found.many || grown >= MANY;
        more += grown;
        continue;
      }
      // More strings have more bytes; only where they do not get more is it one that gets longer.
      if (isText && growth(calls, counts, 'objects') !== 'flat') continue;
      if (growth(calls, values(number, 1, 1), 'bytes') === 'grows') found.bytes = true;
    }
    // The storage of what fills more and more slowly still grows in steps.
    found.bytes = found.bytes && !found.unclear;
    found.dom = false;
    for (let i = 0; i < DOM.length; i++) {
      const counts = part(domAt[DOM[i]], 1, Infinity);
      if (typeof counts[0] === 'number' && growth(calls, counts, 'objects') === 'grows') found.dom = true;
    }
    // Blocks are exact: no more is needed. Nor of nodes, and a page with many is slow.
    found.blocks = blocks.grows(calls);
    found.steps = found.blocks || stepsTrend(steps.pages) === 'grows' || stepsTrend(steps.entries) === 'grows';
    if (touchedAt[touchedAt.length - 1] !== null && growth(calls, part(touchedAt, 1, Infinity), 'touched') === 'grows') found.steps = true;
    // Memory that will soon be full.
    const { pages } = steps;
    if (found.steps && pages[pages.length - 1] - pages[0] >= MANY_PAGES) found.many = true;
    if (found.dom) found.kinds = true;
    if (found.blocks || found.dom) found.many = true;
    found.replaced = isReplaced(more);
    found.heap = heapAt[0] !== null && !found.unclear && growth(calls, part(heapAt, 1, Infinity), 'heap') === 'grows';
    return found;
  }

  // Memory or a table grew in the later half of the rounds.
  function stillSteps() {
    const grew = all => all.length > 1 && all[all.length - 1] > all[all.length >> 1];
    return grew(steps.pages) || grew(steps.entries);
  }

  // Whose memories and tables these are: pages and entries by the number of the module.
  function owners() {
    const found = create(null);
    const of = owner => {
      const number = owner && owner.module !== undefined ? owner.module : -1;
      if (!found[number]) found[number] = { pages: 0, entries: 0 };
      return found[number];
    };
    visit((pages, maximum, owner) => { of(owner).pages += pages; }, (entries, owner) => { of(owner).entries += entries; });
    return found;
  }

  function ownersChanged() {
    const now = owners();
    const changed = [];
    for (const number in now) {
      const before = ownersBefore[number] || { pages: 0, entries: 0 };
      changed[changed.length] = {
        module: modules[number] || null,
        pages: [before.pages, now[number].pages],
        entries: [before.entries, now[number].entries],
      };
    }
    return changed;
  }

  function changes(all) {
    const found = [];
    for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) found[found.length] = [i, all[i]];
    return found;
  }

  function range(all) {
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < all.length; i++) {
      least = min(least, all[i]);
      most = max(most, all[i]);
    }
    return most - least;
  }

  // All that the judge needs.
  function report() {
    const found = [];
    for (let number = 0; number < keys.length; number++) {
      const counts = values(number, 0, 0);
      const bytes = values(number, 1, 0);
      const facts = reader.facts(keys[number]);
      const [came, size] = [range(counts), range(bytes)];
      if (facts.planted) {
        telemetry('kind', { ...facts, counts: part(counts, 0, plantedUntil), bytes: part(bytes, 0, plantedUntil) });
      } else if (came >= LEAST_RANGE.objects || size >= LEAST_RANGE.bytes) {
        found[found.length] = { facts, counts, bytes, weight: came + size / 64 };
      }
    }
    sort(found, (one, other) => other.weight - one.weight);
    for (let i = 0; i < min(found.length, MOST_KINDS); i++) {
      const { facts, counts, bytes } = found[i];
      telemetry('kind', { ...facts, counts, bytes });
    }
    const { pages, entries, instances } = steps;
    const series = { pages: changes(pages), entries: changes(entries), instances: changes(instances) };
    telemetry('steps', { rounds: pages.length, ...series, owners: ownersBefore ? ownersChanged() : [] });
  }

  harness.readings = {
    collect, heap, read, addSteps, countSteps, grown, stillSteps, report,
    isLarge: () => large,
    collectionTook: () => collectionTook,
    count: () => callsAt.length,
    noteOwners: () => { ownersBefore = owners(); },
    noteNoMorePlanted: () => { plantedUntil = min(plantedUntil, callsAt.length); },
  };
})();
