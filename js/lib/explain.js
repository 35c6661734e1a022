// Loaded between runtime.js and a case, makes the case run some small rounds, and
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
  const OBJECTS = 500;
  const SNAPSHOT = 'heap.snapshot';
  // The collector gets so many chances, and more while wrappers are still dying.
  const LAST_CHANCES = 10;
  const MOST_CHANCES = 100;
  const IN_VAIN = 2;
  // No more than this is watched, asked, or told.
  const MOST_WATCHED = 20000;
  const MOST_ASKED = 5000;
  const MOST_IN_LINEAR_MEMORY = 50;
  const MOST_SEEN = 50000;
  const MOST_TOLD = 20000;
  // While linear memory is watched: the rounds, and in how many of them it has to grow.
  const MEMORY_ROUNDS = 32;
  const MEMORY_OBJECTS = 1000;
  const GROWTHS = 3;

  const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { stringify } = JSON;
  const { Map, Set, WeakRef, WebAssembly, gc, turn, eval: evaluate } = globalThis;
  const getterOf = (prototype, name) => getOwnPropertyDescriptor(prototype, name).get;
  const { deref } = WeakRef.prototype;
  const { exec } = RegExp.prototype;
  const { slice, startsWith } = String.prototype;
  const { toString: sourceOf } = Function.prototype;
  const { get: mapGet, set: mapSet, forEach: mapForEach } = Map.prototype;
  const { has: setHas, add: setAdd, clear: setClear, forEach: setForEach } = Set.prototype;
  const { get: weakMapGet } = WeakMap.prototype;
  const { get: tableGet } = WebAssembly.Table.prototype;
  const tableLength = getterOf(WebAssembly.Table.prototype, 'length');
  const exportsOf = getterOf(WebAssembly.Instance.prototype, 'exports');
  const bufferOfMemory = getterOf(WebAssembly.Memory.prototype, 'buffer');
  const bufferOfView = getterOf(getPrototypeOf(Uint8Array.prototype), 'buffer');
  const bufferOfDataView = getterOf(DataView.prototype, 'buffer');
  const byteLength = getterOf(ArrayBuffer.prototype, 'byteLength');

  const kit = typeof harness === 'object' ? harness : { telemetry, finish, fail };
  const { telemetry: report, finish: end, fail: stop } = kit;
  const runtime = { table, instance, module, memory };

  // The count of used slots, which a case may replace by its own.
  const describedSlots = getOwnPropertyDescriptor(globalThis, 'slots');
  const countingSlots = describedSlots && describedSlots.get ? describedSlots.get : () => slots;
  const runtimesSlots = countingSlots();

  const wrappers = [];
  const classes = [];
  let watching = true;
  let made = 0;

  // Optional facts are not worth an error: scripts may define anything. The callee
  // must capture nothing: SpiderMonkey remembers the last callee of each call site,
  // and so kept its captured variables alive.
  const attempt = (ask, otherwise, ...given) => {
    try {
      return ask(...given);
    } catch (error) {
      return otherwise;
    }
  };

  const read = weak => apply(deref, weak, []);
  const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';

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

  // Each of these writes a snapshot on one engine. JavaScriptCore, in its shell and
  // in Bun, reports addresses instead of WeakRefs.
  const snapshots = [
    function bun() {
      if (typeof Bun !== 'object') return undefined;
      const jsc = process.getBuiltinModule('bun:jsc');
      const fs = process.getBuiltinModule('node:fs');
      const { readFileSync, writeFileSync } = fs;
      return {
        write: () => writeFileSync(SNAPSHOT, stringify(jsc.generateHeapSnapshotForDebugging())),
        describe: jsc.describe,
        readText: path => readFileSync(path, 'utf8'),
        scripts: process.argv,
      };
    },
    function host() {
      if (typeof process !== 'object') return undefined;
      const { writeHeapSnapshot } = process.getBuiltinModule('node:v8');
      return { write: () => { writeHeapSnapshot(SNAPSHOT); } };
    },
    function jsc() {
      if (typeof generateHeapSnapshotForGCDebugging !== 'function') return undefined;
      const [generate, write, readText] = [generateHeapSnapshotForGCDebugging, writeFile, globalThis.read];
      return {
        write: () => { write(SNAPSHOT, generate()); },
        describe: globalThis.describe,
        readText: path => readText(path),
        scripts: (0, evaluate)('arguments'),
      };
    },
    function spiderMonkey() {
      if (typeof dumpHeap !== 'function') return undefined;
      const dump = dumpHeap;
      // Compiled code remembers which function it called last: this collection drops it.
      return { write: () => { dump(SNAPSHOT); }, collectAll: () => { gc(null, 'shrinking'); } };
    },
    function d8() {
      // Where the flag is unknown or missing, this is a SyntaxError.
      const take = (0, evaluate)('file => %TakeHeapSnapshot(file)');
      return { write: () => { take(SNAPSHOT); } };
    },
  ];

  function findSnapshot() {
    let reason = 'it has no way to write a snapshot of its heap';
    for (const find of snapshots) {
      try {
        const found = find();
        if (found) return found;
      } catch (error) {
        reason = `it was asked for a snapshot of its heap as ${find.name} is: ${error.message}`;
      }
    }
    return { reason };
  }

  const { write, describe, readText, scripts, reason, collectAll = gc } = findSnapshot();

  const addressOf = object => {
    const found = apply(exec, /0x[0-9a-f]+/, [describe(object)]);
    return found ? found[0] : null;
  };

  // Callbacks that a guest has where no script can look.
  const callbacks = [];
  if (describe) {
    for (const { prototype } of [WasmObject, RefObject]) {
      const install = prototype.installCallback;
      prototype.installCallback = function (callback) {
        if (watching && typeof callback === 'function' && callbacks.length < MOST_WATCHED)
          callbacks[callbacks.length] = new WeakRef(callback);
        apply(install, this, [callback]);
      };
    }
  }

  // The names that the case's own script has; it is the last one.
  const script = describe && (kit.script || scripts[scripts.length - 1]);

  function namesInScript() {
    const text = attempt(readText, '', script);
    const found = new Set();
    const word = /[A-Za-z_$][\w$]*/g;
    for (let match; (match = apply(exec, word, [text])) !== null;) apply(setAdd, found, [match[0]]);
    return found;
  }

  // JavaScriptCore keeps to itself what a Map, Set, WeakMap or typed array holds, and has
  // no places of functions. So those that scripts can reach are looked into, from the
  // global variables on; closures cannot be entered. No getter and no trap is run.
  function lookAround(asked) {
    const seen = new Set();
    const queue = [];
    const weakMaps = [];
    const references = [];
    const functions = [];
    const sources = [];
    const sourceNumbers = new Map();
    const global = globalThis;
    const buffers = asked.some(number => classes[number] === 'ArrayBuffer' || classes[number] === 'SharedArrayBuffer');

    const visit = value => {
      if (!isObject(value) || value === global || value === explainTarget) return;
      if (queue.length >= MOST_SEEN || apply(setHas, seen, [value])) return;
      apply(setAdd, seen, [value]);
      queue[queue.length] = value;
    };

    const hold = (from, to, kind, label, map) => {
      if (!isObject(to)) return;
      if (references.length < MOST_TOLD)
        references[references.length] = [addressOf(from), addressOf(to), kind, label, map ? addressOf(map) : null];
      visit(to);
    };

    const keyText = key => {
      if (typeof key === 'string') return stringify(apply(slice, key, [0, 60]));
      return typeof key === 'number' || typeof key === 'boolean' ? `${key}` : null;
    };

    const tellFunction = value => {
      const source = apply(sourceOf, value, []);
      if (functions.length >= MOST_TOLD || apply(exec, /\[native code\]\s*\}\s*$/, [source])) return;
      let number = apply(mapGet, sourceNumbers, [source]);
      if (number === undefined) {
        number = sources.length;
        sources[number] = apply(slice, source, [0, 2000]);
        apply(mapSet, sourceNumbers, [source, number]);
      }
      functions[functions.length] = [addressOf(value), number];
    };

    const enter = value => {
      const structure = apply(exec, /Structure [^[]*\[[^,]*, ([^,]+),/, [describe(value)]);
      const kind = structure ? structure[1] : '';
      if (kind === 'ProxyObject' || kind === 'Proxy') return;
      if (typeof value === 'function') attempt(tellFunction, undefined, value);
      if (kind === 'Map')
        apply(mapForEach, value, [(item, key) => {
          hold(value, item, 'map-value', keyText(key), null);
          hold(value, key, 'map-key', null, null);
        }]);
      else if (kind === 'Set') apply(setForEach, value, [item => hold(value, item, 'set-element', null, null)]);
      else if (kind === 'WeakMap') {
        // Its prototype has the same name, and is none.
        apply(weakMapGet, value, [value]);
        weakMaps[weakMaps.length] = value;
      }
      else if (kind === 'WebAssembly.Instance') hold(value, apply(exportsOf, value, []), 'property', 'exports', null);
      else if (kind === 'WebAssembly.Table') {
        const length = apply(tableLength, value, []);
        for (let slot = 0; slot < length && slot < MOST_ASKED; slot++)
          hold(value, apply(tableGet, value, [slot]), 'table-slot', `${slot}`, null);
      } else if (ArrayBuffer.isView(value)) {
        const get = kind === 'DataView' ? bufferOfDataView : bufferOfView;
        if (buffers) hold(value, apply(get, value, []), 'internal', null, null);
        return;
      }
      const keys = ownKeys(value);
      for (let i = 0; i < keys.length; i++) {
        const descriptor = getOwnPropertyDescriptor(value, keys[i]);
        if (descriptor && 'value' in descriptor) visit(descriptor.value);
      }
      visit(getPrototypeOf(value));
    };

    apply(setForEach, namesInScript(), [name => {
      const descriptor = getOwnPropertyDescriptor(global, name);
      if (descriptor && 'value' in descriptor) visit(descriptor.value);
      else if (!descriptor && !(name in global)) visit(attempt(evaluate, undefined, name));
    }]);
    visit(runtime.table);
    visit(runtime.instance);
    for (let i = 0; i < callbacks.length; i++) visit(read(callbacks[i]));
    for (let i = 0; i < asked.length; i++) visit(read(wrappers[asked[i]]));
    // What a WeakMap holds is known by its keys only: each is asked for each object, once.
    const asking = [];
    for (let at = 0; at < queue.length;) {
      for (; at < queue.length; at++) attempt(enter, undefined, queue[at]);
      const keys = queue.length;
      for (let i = 0; i < weakMaps.length; i++) {
        for (let key = asking[i] || 0; key < keys && key < MOST_TOLD; key++)
          hold(queue[key], apply(weakMapGet, weakMaps[i], [queue[key]]), 'weak-map-value', null, weakMaps[i]);
        asking[i] = keys;
      }
    }
    report('reachable', { references, functions, sources });
    // The compiler may still have this scope.
    queue.length = 0;
    weakMaps.length = 0;
    apply(setClear, seen, []);
  }

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

  const exportedTables = [];
  const exportedMemories = [];
  for (const [name, value] of Object.entries(runtime.instance.exports)) {
    if (value instanceof WebAssembly.Table) exportedTables.push({ name, table: value });
    if (value instanceof WebAssembly.Memory && value !== memory) exportedMemories.push(value);
  }
  const releases = WebAssembly.Module.imports(module).some(({ module, name }) => module === 'rt' && name === 'release');

  // The path of names to the table that the guest's handles index: runtime.js's
  // table, if the guest releases them there; or an exported one; or empty, if the
  // table is private to the guest.
  function tableOf(handle) {
    if (releases) return ['table', 'objects'];
    for (let i = 0; i < exportedTables.length; i++) {
      const { name, table } = exportedTables[i];
      if (handle < apply(tableLength, table, []) && apply(tableGet, table, [handle]) != null) return [name];
    }
    return [];
  }

  // The content of the wrapper's object in linear memory, and its address.
  function inLinearMemory(number) {
    const wrapper = read(wrappers[number]);
    const told = wrapper && askForHandle(wrapper);
    if (!told) return null;
    const { field, name, handle } = told;
    const what = apply(slice, name, [TELLS.length]);
    return { number: number + 1, field, address: wrapper[field], what, handle, table: handle < 0 ? [] : tableOf(handle) };
  }

  const addressOfWrapper = number => addressOf(read(wrappers[number]));

  function alive() {
    const found = [];
    for (let number = 0; number < wrappers.length; number++)
      if (read(wrappers[number]) !== undefined) found[found.length] = number;
    return found;
  }

  // At most so many of them, the first one and others evenly spread.
  function spread(all, most) {
    if (all.length <= most) return all;
    const some = [];
    for (let i = 0; i < most; i++) some[i] = all[Math.floor((i * all.length) / most)];
    return some;
  }

  const countSlots = () => {
    const count = countingSlots();
    const used = typeof count === 'function' ? count() : runtimesSlots();
    return { slots: typeof used === 'number' ? used : 0, own_slots: count !== runtimesSlots };
  };

  // Reports the wrappers in question, in strings and numbers only.
  function tellWrappers(rounds) {
    const all = alive();
    const asked = spread(all, MOST_ASKED);
    const objects = [];
    const linear = [];
    const some = spread(asked, MOST_IN_LINEAR_MEMORY);
    explainTarget.length = 0;
    for (let i = 0; i < asked.length; i++) {
      const number = asked[i];
      explainTarget[i] = wrappers[number];
      objects[i] = { number: number + 1, class: classes[number], address: describe ? addressOfWrapper(number) : null };
    }
    for (let i = 0; i < some.length; i++) {
      const found = attempt(inLinearMemory, null, some[i]);
      if (found) linear[linear.length] = found;
    }
    const first = classes.length > 0 ? classes[0] : null;
    const slots = attempt(countSlots, {});
    report('wrappers', { made: wrappers.length, rounds, alive: all.length, class: first, objects, linear, ...slots });
    if (describe && asked.length > 0) lookAround(asked);
    return all.length;
  }

  const countAlive = () => alive().length;

  const pagesOf = memory => apply(byteLength, apply(bufferOfMemory, memory, []), []) / 65536;
  const pages = () => exportedMemories.reduce((sum, memory) => sum + pagesOf(memory), pagesOf(runtime.memory));

  async function collect() {
    collectAll();
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
    let full = false;
    for (let round = 0; round < ROUNDS && !full && made < MOST_WATCHED; round++) {
      try {
        await once(test, OBJECTS, between);
        births[round] = wrappers.length;
      } catch (error) {
        full = attempt(isFull, false, error);
        if (!full && round === 0) throw error;
        births[round] = wrappers.length;
        break;
      }
    }
    return { births, full };
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
      if (chance >= LAST_CHANCES && inVain >= IN_VAIN) return;
      if (chance > MOST_CHANCES) throw new Error('the wrappers are still dying, one after the other');
    }
  }

  // Whether linear memory grows although wrappers die: in more rounds, of which each has
  // its collection. The first one may need room that it gives back.
  async function watchMemory(test, between, full) {
    watching = false;
    const born = made;
    let from = pages();
    let growths = 0;
    for (let round = 0; round < MEMORY_ROUNDS && growths < GROWTHS && !full; round++) {
      const before = pages();
      try {
        await once(test, MEMORY_OBJECTS, between);
      } catch (error) {
        full = attempt(isFull, false, error);
        break;
      }
      await collect();
      if (round === 0) from = pages();
      else if (pages() > before) growths++;
    }
    report('memory', { from, to: pages(), objects: made - born, full, grows: full || growths >= GROWTHS });
  }

  async function explain(test, between) {
    if (!write) return report('no-snapshot', { reason });
    const { births, full } = await someRounds(test, between);
    await settle();
    // Reading a WeakRef keeps its object until the job is over: only then is it known
    // whether all of them stay.
    let left = tellWrappers(births);
    for (let chance = 0; left > 0; chance++) {
      if (chance > MOST_CHANCES) throw new Error('the wrappers are still dying, one after the other');
      await turn();
      await collect();
      if (countAlive() === left) break;
      await turn();
      left = tellWrappers(births);
    }
    await turn();
    if (left > 0) {
      write();
      report('snapshot', { file: SNAPSHOT });
    }
    if (left * 2 < wrappers.length) await watchMemory(test, between, full);
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
      end(0);
    } catch (error) {
      stop(error);
    }
  };
})();
