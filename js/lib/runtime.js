// The code that the cases share: linear memory, the table that turns callbacks
// into numbers, the wrapper of a guest's object with its finalizer, the loop of
// rounds, and the final check. What a case can use are properties of the global
// object, so that a case may declare the same names for itself.
'use strict';

(function () {
  const { options, telemetry, describe, finish, fail, hold, ownMaximum, sizes, watchesWeakly, elapsed } = harness;
  const { isOfMemory } = harness;
  const { objectsTrend, stepsTrend, heapTrend } = harness;
  const { Error, Math, RangeError, WebAssembly } = globalThis;
  // A case may use these names for something else.
  const { print, gc, turn, heapBytes, readBinary } = globalThis;

  const number = (value, otherwise) => (value === undefined ? otherwise : Number(value));
  const ROUNDS = number(options.rounds, 100);
  const OBJECTS_A_ROUND = number(options.objects, 1000);
  // Rounds are added while the numbers do not decide, up to this many times as many.
  const MOST_ROUNDS = 4 * ROUNDS;
  // A leak has to last twice as long before it is believed, unless so many objects remain:
  // the collector's work grows with them.
  const ROUNDS_OF_A_LEAK = 2 * ROUNDS;
  const MANY = 50000;
  // No round begins after this many milliseconds: what was seen until then decides.
  const TIME = number(options.milliseconds, Infinity);

  // JavaScriptCore scans the stack conservatively, so an object can outlive its
  // last use by a round or two, and V8 in Node.js sometimes runs finalizers a
  // turn later: in the end the collector gets more than one chance.
  const LAST_CHANCES = 10;
  const IN_VAIN = 2;

  // The most objects that may remain by chance: a hundredth of those made, but 10 at most
  // and at least 2; never half of what was made. As in measure/verdict.rs.
  const byChance = made => Math.min(10, Math.max(2, made / 100), (made - 1) / 2);

  const PAGES = { initial: 2, maximum: 10 };

  // The number of wrappers made, and of those finalized.
  let nalloc = 0;
  let nfinalized = 0;
  let maxLive = 0;

  const live = () => nalloc - nfinalized;

  // A name for cases. They may set those that have a setter.
  const share = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  const shareVariable = (name, get, set) =>
    Object.defineProperty(globalThis, name, { get, set, configurable: true });

  share('ROUNDS', ROUNDS);
  share('OBJECTS_A_ROUND', OBJECTS_A_ROUND);
  shareVariable('nalloc', () => nalloc, value => { nalloc = value; });
  shareVariable('nfinalized', () => nfinalized, value => { nfinalized = value; });

  class OutOfMemory extends Error {}

  // Refers to JavaScript objects by numbers, because linear memory can hold nothing
  // else. To the collector everything in the table is alive.
  class ObjectTable {
    constructor() {
      this.objects = [];
      this.free = [];
    }

    get used() {
      return this.objects.length - this.free.length;
    }

    add(object) {
      const handle = this.free.length > 0 ? this.free.pop() : this.objects.length;
      this.objects[handle] = object;
      return handle;
    }

    get(handle) {
      const object = this.objects[handle];
      if (object === undefined) throw new Error(`handle ${handle} is not in use`);
      return object;
    }

    release(handle) {
      this.get(handle);
      this.objects[handle] = undefined;
      this.free.push(handle);
    }
  }

  const table = new ObjectTable();
  share('table', table);

  // The used slots of the table that roots callbacks, wherever it is kept.
  let slots = () => table.used;
  shareVariable('slots', () => slots, value => { slots = value; });

  const memory = new WebAssembly.Memory(PAGES);
  share('memory', memory);

  const imports = {
    env: { memory },
    rt: {
      release: handle => table.release(handle),
      invoke: handle => { table.get(handle)(); },
      call: callback => { callback(); },
      out_of_memory: () => { throw new OutOfMemory('out of linear memory'); },
      new_object: () => ({ callback: null }),
      get_callback: object => object.callback,
      set_callback: (object, callback) => { object.callback = callback; },
    },
  };
  share('imports', imports);

  // The glue of a wasm-bindgen guest, loaded before, starts the guest.
  const module = new WebAssembly.Module(readBinary(guestPath));
  const instance = typeof wasm_bindgen === 'undefined'
    ? new WebAssembly.Instance(module, imports)
    : { exports: wasm_bindgen.initSync({ module, memory }) };
  share('module', module);
  share('instance', instance);

  // The memories and tables of the guest; ours only if the guest uses it.
  const usesOurs = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
  const exported = Object.values(instance.exports);
  const memories = new Set(exported.filter(value => value instanceof WebAssembly.Memory));
  if (usesOurs) memories.add(memory);
  const maximum = usesOurs ? PAGES.maximum : ownMaximum(new Uint8Array(readBinary(guestPath)));
  memories.forEach(memory => hold(memory, maximum));
  new Set(exported.filter(value => value instanceof WebAssembly.Table)).forEach(table => hold(table));

  // Called by each wrapper at its birth, with itself, which only explain.js uses;
  // and by its finalizer, or by the code that frees it.
  let born = () => {
    nalloc++;
    maxLive = Math.max(maxLive, live());
  };

  function died() {
    if (live() <= 0) throw new Error('`died()` was called more often than `born(this)`');
    nfinalized++;
  }

  shareVariable('born', () => born, value => { born = value; });
  share('died', died);

  const registry = new FinalizationRegistry(obj => {
    died();
    instance.exports.free_obj(obj);
  });
  share('registry', registry);

  // The guest has to have what a wrapper needs, before the first finalizer needs it.
  function exportsOf(instance, ...names) {
    for (const name of names) {
      if (typeof instance.exports[name] !== 'function')
        throw new Error(`the guest has no exported function \`${name}\`, which this wrapper needs`);
    }
    return instance.exports;
  }

  // The JavaScript side of an object in linear memory, which it owns.
  class WasmObject {
    constructor(instance) {
      this.instance = instance;
      this.obj = exportsOf(instance, 'make_obj').make_obj();
      born(this);
      this.register();
    }

    register() {
      exportsOf(instance, 'free_obj');
      registry.register(this, this.obj);
    }

    installCallback(callback) {
      this.instance.exports.attach_callback(this.obj, table.add(callback));
    }

    invokeCallback() {
      this.instance.exports.invoke_callback(this.obj);
    }
  }
  share('WasmObject', WasmObject);

  // V8 drops the hidden class of the wrappers with the last of them, which is after
  // each round, and throws away the code compiled for it: that was half of m0's
  // time. One more wrapper, which is never released or counted, keeps it.
  if (instance.exports.make_obj && instance.exports.free_obj) share('keepsake', new WasmObject(instance));
  nalloc = maxLive = 0;

  // A wrapper whose guest holds the callback itself, as an externref.
  class RefObject extends WasmObject {
    installCallback(callback) {
      this.instance.exports.attach_callback(this.obj, callback);
    }
  }
  share('RefObject', RefObject);

  // Counts wrappers that own nothing to free.
  share('observer', new FinalizationRegistry(died));

  // Counts wrappers of which both halves must die.
  const halves = new FinalizationRegistry(both => {
    if (--both.alive === 0) died();
  });

  // A wrapper whose guest keeps nothing in linear memory: there is nothing to free,
  // and the collector owns both the wrapper and the guest's own object.
  class HeapObject extends RefObject {
    register() {
      const both = { alive: 2 };
      halves.register(this, both);
      halves.register(this.obj, both);
    }
  }
  share('HeapObject', HeapObject);

  // The number of slots of a WebAssembly table that hold a function.
  share('functionsIn', function functionsIn(table) {
    let count = 0;
    for (let slot = 0; slot < table.length; slot++) if (typeof table.get(slot) === 'function') count++;
    return count;
  });

  // What remains of what was made: live objects, or callbacks in the table, whichever
  // are more: each exists for the other, and they may go in different turns.
  const remaining = () => Math.max(live(), slots());

  let collections = 0;

  // Memories and tables that scripts made are measured in a turn of their own, because
  // looking at them keeps them alive until it is over.
  async function measure() {
    const alone = watchesWeakly();
    if (alone) await turn();
    const found = sizes();
    if (alone) await turn();
    return found;
  }

  // The most pages that all memories may have, where that is known.
  const limits = () => (memories.size === 1 && usesOurs ? { maximum: PAGES.maximum } : {});

  const counts = () => ({
    allocated: nalloc,
    finalized: nfinalized,
    live: live(),
    slots: slots(),
    collections,
    ms: elapsed(),
  });

  // A WeakRef keeps what it was asked for until its job is over, and finalizers never run
  // within the job that collected: yield before, and yield to let them run.
  async function collect() {
    await turn();
    gc();
    await turn();
    collections++;
  }
  share('collect', collect);

  // What was seen after each round.
  const series = { remaining: [], pages: [], entries: [], heap: [] };

  // The size of the JavaScript heap, right after a collection: else it says nothing. Where
  // it takes more to find out, that is done after some rounds only.
  const SOME_ROUNDS = 4;
  function measureHeap(round, before) {
    if (collections === before || (heapBytes.isCostly && round % SOME_ROUNDS !== 0)) return null;
    return heapBytes();
  }

  // More live objects at once than rounds that are collected leave. As in measure/verdict.rs.
  const PILE = 3 * Math.max(OBJECTS_A_ROUND, 10);

  // Whether it takes more rounds to decide. Where objects pile up because nothing collects,
  // more of them show nothing.
  function isOpen() {
    const rounds = series.remaining.length;
    if (collections < rounds && maxLive > PILE) return false;
    const needsMore = way =>
      (way === 'grows' && rounds < ROUNDS_OF_A_LEAK)
      || ((way === 'slows' || way === 'unclear') && rounds < MOST_ROUNDS);
    const objects = objectsTrend(series.remaining, nalloc);
    // What else grows is theirs.
    if (objects === 'grows') return needsMore(objects) && remaining() < MANY;
    return needsMore(objects)
      || needsMore(stepsTrend(series.pages))
      || needsMore(stepsTrend(series.entries))
      // Some browsers have no figure for it, though there were collections.
      || ((collections === 0 || series.heap.length > 0) && needsMore(heapTrend(series.heap, nalloc, rounds)));
  }

  async function rounds(test, between) {
    for (let round = 1, planned = ROUNDS; round <= planned; round++) {
      if (elapsed() > TIME) return telemetry('cut-short', { round: round - 1, planned });
      // Only a promise is awaited, because awaiting yields.
      const pending = test(OBJECTS_A_ROUND);
      if (pending) await pending;
      const before = counts();
      const collecting = between();
      if (collecting) await collecting;
      const now = watchesWeakly() ? await measure() : sizes();
      const asked = measureHeap(round, before.collections);
      const heap = asked === null || typeof asked === 'number' ? asked : await asked;
      if (heap !== null) series.heap[series.heap.length] = heap;
      telemetry('round', { round, ...before, ...now, heap });
      series.remaining[round - 1] = Math.max(before.live, before.slots);
      series.pages[round - 1] = now.pages;
      series.entries[round - 1] = now.entries;
      if (round === planned && isOpen()) planned = Math.min(2 * planned, MOST_ROUNDS);
    }
    return undefined;
  }

  // Nothing more is allocated: everything that remains after this is the residue.
  async function settle() {
    let inVain = 0;
    for (let chance = 0; chance < LAST_CHANCES && remaining() > 0 && inVain < IN_VAIN; chance++) {
      const before = remaining();
      await collect();
      inVain = remaining() < before ? 0 : inVain + 1;
    }
    telemetry('settled', { ...counts(), ...await measure() });
    // Rejections are told at the end of a turn.
    await turn();
  }

  // Errors that may stop a case in mid-round, after which it still settles. A guest
  // that cannot report that its memory is full traps: for lack of the two pages that
  // a table needs when it doubles, or of fewer. An engine that cannot make one more
  // memory says so; SpiderMonkey throws a string then. Any other error is the case's.
  const ASKED_AT_ONCE = 2;
  const NO_ROOM = /^out of memory$|could not allocate memory/i;

  function howItStopped(error) {
    if (error instanceof OutOfMemory) return { type: 'out-of-memory', line: 'error: out of linear memory', fills: true };
    const room = PAGES.maximum - memory.buffer.byteLength / 65536;
    if (usesOurs && error instanceof WebAssembly.RuntimeError && room <= ASKED_AT_ONCE)
      return { type: 'trapped', line: 'error: the guest trapped', fills: true };
    const message = error instanceof RangeError ? error.message : error;
    if (typeof message === 'string' && NO_ROOM.test(message) && isOfMemory(error))
      return { type: 'no-more-memories', line: `error: ${describe(error)}` };
    return undefined;
  }

  // Where linear memory ran out, there must be room again for another round.
  function fillAgain() {
    try {
      for (let i = 0; i < OBJECTS_A_ROUND; i++) instance.exports.make_obj();
    } catch (error) {
      if (!howItStopped(error)) throw error;
      telemetry('still-full', { ...counts(), ...sizes() });
    }
  }

  // What stays and does not grow is no error.
  function summary() {
    const left = remaining();
    if (left <= byChance(nalloc)) return `Success; max ${maxLive} objects live.`;
    const way = objectsTrend(series.remaining, nalloc);
    return way === 'flat' || way === 'slows' ? `${left} of ${nalloc} objects stay; max ${maxLive} objects live.` : undefined;
  }

  // Runs a case: `test(n)` makes n objects and releases them, and `between` lets
  // the collector run after each round.
  async function main(test, between = collect) {
    telemetry('start', { objects: OBJECTS_A_ROUND, rounds: ROUNDS, ...sizes(), ...limits() });
    try {
      let stopped = null;
      try {
        await rounds(test, between);
      } catch (error) {
        stopped = howItStopped(error);
        if (!stopped) throw error;
        telemetry(stopped.type, { ...counts(), ...sizes() });
        print(stopped.line);
      }
      await settle();
      if (stopped) {
        if (stopped.fills && instance.exports.make_obj) fillAgain();
        return finish(1);
      }
      const success = summary();
      print(success || `error: ${remaining()} of ${nalloc} objects were not finalized`);
      return finish(success ? 0 : 1);
    } catch (error) {
      return fail(error);
    }
  }
  share('main', main);
  // Ends a case that does without `main`, with this exit status.
  share('finish', finish);
})();
