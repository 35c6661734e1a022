// Loaded between reach.js and a case, makes the case run some small rounds, and
// makes the engine write a heap snapshot that contains the wrappers that should have
// died. Wrappers are held weakly, and read only in turns before the last collection, so
// that the question does not keep them alive. What it uses is taken before the case
// runs: a case may replace whatever it likes.
'use strict';

// The wrappers in question, as WeakRefs: the snapshots of V8 and SpiderMonkey contain
// their targets, and this variable is found there by its name.
const explainTarget = [];

(function () {
  const ROUNDS = 6;
  // If most objects stay, so many in all: a batch may be let go of later.
  const MORE_ROUNDS = 18;
  // The collector gets so many chances, and more while wrappers are still dying.
  const LAST_CHANCES = 10;
  const MOST_CHANCES = 100;
  const IN_VAIN = 2;
  const FEW = 10;
  // No more than this is watched, asked, or told.
  const MOST_WATCHED = 20000;
  const MOST_ASKED = 10000;
  const MOST_IN_LINEAR_MEMORY = 50;
  // While linear memory is watched.
  const MEMORY_ROUNDS = 32;
  // Where it takes a collection to measure the heap, after so many rounds.
  const SOME_ROUNDS = 4;

  const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { WeakRef, WebAssembly, gc, turn, heapBytes, eval: evaluate } = globalThis;
  const { floor, min } = Math;
  const { deref } = WeakRef.prototype;
  const { slice, startsWith } = String.prototype;
  const { get: tableGet } = WebAssembly.Table.prototype;
  const tableLength = getOwnPropertyDescriptor(WebAssembly.Table.prototype, 'length').get;

  const { telemetry, finish, fail, sizes, stepsTrend, heapTrend, attempt, snapshot, reach, options, blocks } = harness;
  const { weakMemories, memoriesMade } = harness;
  const { addressOf } = reach;
  const OBJECTS = min(500, Number(options.objects || Infinity));
  const MEMORY_OBJECTS = Number(options.objects || 1000);
  const runtime = { instance, module, table };

  // The count of used slots, which a case may replace by its own.
  const describedSlots = getOwnPropertyDescriptor(globalThis, 'slots');
  const countingSlots = describedSlots && describedSlots.get ? describedSlots.get : () => slots;
  const runtimesSlots = countingSlots();

  const wrappers = [];
  const classes = [];
  // What is asked about: the wrappers; if they die and memories stay, these.
  let asked = { weak: wrappers, classes, number: index => index + 1 };
  let watching = true;
  let made = 0;

  const read = weak => apply(deref, weak, []);

  const className = wrapper => {
    const { name } = wrapper.constructor;
    return typeof name === 'string' ? name : 'object';
  };

  const countBirth = born;
  born = wrapper => {
    countBirth(wrapper);
    if (typeof wrapper !== 'object' || wrapper === null) return;
    made++;
    if (!watching || wrappers.length >= MOST_WATCHED) return;
    const number = wrappers.length;
    wrappers[number] = new WeakRef(wrapper);
    classes[number] = attempt(className, 'object', wrapper);
  };

  // A guest reports the handle that an object holds by a name with this prefix: an
  // exported function of objects, or a method of wasm-bindgen's class. Below 0: none.
  const TELLS = 'handle_of_';

  function tellingName(object) {
    const names = ownKeys(object);
    for (let i = 0; i < names.length; i++) {
      if (typeof names[i] === 'string' && apply(startsWith, names[i], [TELLS])) return names[i];
    }
    return undefined;
  }

  function askForHandle(wrapper) {
    const { exports } = runtime.instance;
    const exported = tellingName(exports);
    if (exported && typeof wrapper.obj === 'number')
      return { field: 'obj', name: exported, handle: exports[exported](wrapper.obj) };
    for (let object = wrapper; object && wrapper.__wbg_ptr > 0; object = getPrototypeOf(object)) {
      const name = tellingName(object);
      if (name) return { field: '__wbg_ptr', name, handle: wrapper[name]() };
    }
    return null;
  }

  const exportedTables = Object.entries(runtime.instance.exports)
    .filter(([, value]) => value instanceof WebAssembly.Table)
    .map(([name, table]) => ({ name, table }));
  const releases = WebAssembly.Module.imports(runtime.module).some(({ module, name }) => module === 'rt' && name === 'release');

  // The path of names to the table that the guest's handles index: runtime.js's
  // table, if the guest releases them there; or an exported one; or empty, if the
  // table is private to the guest.
  function tableOf(handle) {
    // A case may have a table of the same name.
    if (releases) return attempt(evaluate, undefined, 'table') === runtime.table ? ['table', 'objects'] : [];
    for (let i = 0; i < exportedTables.length; i++) {
      const { name, table } = exportedTables[i];
      if (handle < apply(tableLength, table, []) && apply(tableGet, table, [handle]) != null) return [name];
    }
    return [];
  }

  // The content of the wrapper's object in linear memory, and its address.
  function inLinearMemory(index) {
    const wrapper = read(asked.weak[index]);
    const told = wrapper && askForHandle(wrapper);
    if (!told) return null;
    const { field, name, handle } = told;
    const what = apply(slice, name, [TELLS.length]);
    const address = wrapper[field];
    const bytes = blocks ? blocks.sizeAt(address) : null;
    return { number: asked.number(index), field, address, bytes, what, handle, table: handle < 0 ? [] : tableOf(handle) };
  }

  function alive() {
    const found = [];
    for (let index = 0; index < asked.weak.length; index++)
      if (read(asked.weak[index]) !== undefined) found[found.length] = index;
    return found;
  }

  // At most so many of them, the first one and others evenly spread.
  function spread(all, most) {
    if (all.length <= most) return all;
    const some = [];
    for (let i = 0; i < most; i++) some[i] = all[floor((i * all.length) / most)];
    return some;
  }

  const countSlots = () => {
    const count = countingSlots();
    const used = typeof count === 'function' ? count() : runtimesSlots();
    return { slots: typeof used === 'number' ? used : 0, own_slots: count !== runtimesSlots };
  };

  // Reports the objects in question, in strings and numbers only.
  function tellObjects(births) {
    const { weak, classes, number } = asked;
    const all = alive();
    const some = spread(all, MOST_ASKED);
    const objects = [];
    const linear = [];
    explainTarget.length = 0;
    for (let i = 0; i < some.length; i++) {
      const index = some[i];
      explainTarget[i] = weak[index];
      objects[i] = { number: number(index), class: classes[index], address: addressOf(read(weak[index])) };
    }
    const few = spread(some, MOST_IN_LINEAR_MEMORY);
    for (let i = 0; i < few.length; i++) {
      const found = attempt(inLinearMemory, null, few[i]);
      if (found) linear[linear.length] = found;
    }
    const facts = { made: births[births.length - 1] || 0, rounds: births, alive: all.length, objects, linear };
    const slots = attempt(countSlots, {});
    telemetry('wrappers', { ...facts, class: classes[0] || null, dead: asked.dead || null, ...slots });
    const isBuffer = index => classes[index] === 'ArrayBuffer' || classes[index] === 'SharedArrayBuffer';
    if (some.length > 0) reach.tell(explainTarget, some.some(isBuffer));
    return all.length;
  }

  // If wrappers die, but at least half of the memories that were made stay, these are
  // what to ask about.
  function askAboutMemories(wrappersMade) {
    const found = weakMemories();
    const made = memoriesMade();
    if (made < ROUNDS || found.length * 2 < made) return false;
    asked = {
      weak: found.map(memory => memory.weak),
      classes: found.map(memory => memory.class),
      number: index => found[index].number,
      dead: { class: classes[0], made: wrappersMade },
    };
    return true;
  }

  const countAlive = () => alive().length;

  async function collect() {
    snapshot.collect();
    await turn();
  }

  // A separate function, so that nothing of it is on the stack later.
  async function once(test, objects, between) {
    const pending = test(objects);
    if (pending) await pending;
    const collecting = between();
    if (collecting) await collecting;
  }

  const isFull = error =>
    error instanceof WebAssembly.RuntimeError || error.constructor.name === 'OutOfMemory';

  // The number of wrappers after each round, and whether memory ran out. After the first
  // round any error ends the rounds: there is something to ask about.
  async function someRounds(test, between) {
    const births = [];
    const memories = [];
    let full = false;
    for (let round = 0, rounds = ROUNDS; round < rounds && !full && made < MOST_WATCHED; round++) {
      try {
        await once(test, OBJECTS, between);
        births[round] = wrappers.length;
        memories[round] = memoriesMade();
      } catch (error) {
        full = attempt(isFull, false, error);
        if (!full && round === 0) throw error;
        births[round] = wrappers.length;
        memories[round] = memoriesMade();
        break;
      }
      if (round + 1 === ROUNDS) {
        await collect();
        if (countAlive() * 2 > wrappers.length) rounds = MORE_ROUNDS;
        await turn();
      }
    }
    return { births, memories, full };
  }

  // Every wrapper that can die has to have died.
  async function settle() {
    let before = -1;
    let inVain = 0;
    for (let chance = 1; ; chance++) {
      await collect();
      const now = countAlive();
      await turn();
      if (now === 0) return;
      inVain = now === before ? inVain + 1 : 0;
      before = now;
      // A compiler that is slow may hold a few for a while.
      const few = now <= FEW && chance < MOST_CHANCES;
      if (chance >= LAST_CHANCES && inVain >= IN_VAIN && !few) return;
      if (chance > MOST_CHANCES) throw new Error('the wrappers are still dying, one after the other');
    }
  }

  // Whether linear memory grows although wrappers die: in more rounds, of which each has
  // its collection. The first one may need room that it gives back.
  async function watchMemory(test, between, full) {
    watching = false;
    reach.stopWatching();
    const born = made;
    const pages = [];
    const entries = [];
    const heap = [];
    for (let round = 0; round < MEMORY_ROUNDS && !full; round++) {
      try {
        await once(test, MEMORY_OBJECTS, between);
      } catch (error) {
        full = attempt(isFull, false, error);
        break;
      }
      await collect();
      const found = sizes();
      pages[round] = found.pages;
      entries[round] = found.entries;
      await turn();
      const bytes = heapBytes.isCostly && (round + 1) % SOME_ROUNDS !== 0 ? null : await heapBytes();
      if (bytes !== null) heap[heap.length] = bytes;
    }
    const ends = values => (values.length > 0 ? [values[0], values[values.length - 1]] : [0, 0]);
    const objects = made - born;
    const heapGrows = heapTrend(heap, objects, pages.length) === 'grows';
    const [first, last] = ends(heap);
    telemetry('memory', {
      pages: ends(pages),
      entries: ends(entries),
      objects,
      full,
      pages_grow: full || stepsTrend(pages) === 'grows',
      entries_grow: stepsTrend(entries) === 'grows',
      heap_per_object: heapGrows && objects > 0 ? (last - first) / objects : null,
    });
  }

  async function explain(test, between) {
    if (!snapshot.write) return telemetry('no-snapshot', { reason: snapshot.reason });
    const { births, memories, full } = await someRounds(test, between);
    await settle();
    let made = births;
    if (countAlive() === 0 && wrappers.length > 0 && askAboutMemories(wrappers.length)) made = memories;
    await turn();
    // Reading a WeakRef keeps its object until the job is over: only then is it known
    // whether all of them stay.
    let left = tellObjects(made);
    for (let chance = 0; left > 0; chance++) {
      if (chance > MOST_CHANCES) throw new Error('the wrappers are still dying, one after the other');
      await turn();
      await collect();
      if (countAlive() === left) break;
      await turn();
      left = tellObjects(made);
    }
    await turn();
    if (left > 0) {
      const writing = snapshot.write(snapshot.file);
      if (writing) await writing;
      telemetry('snapshot', { file: snapshot.file });
    }
    if (!asked.dead && left * 2 < wrappers.length) await watchMemory(test, between, full);
    return undefined;
  }

  // A collection as the runtime does it, between rounds.
  async function collectOnce() {
    gc();
    await turn();
  }

  main = async (test, between = collectOnce) => {
    try {
      await explain(test, between);
      finish(0);
    } catch (error) {
      fail(error);
    }
  };
})();
