// Loaded between runtime.js and a case, makes the case run one small round, and
// makes the engine write a heap snapshot that contains the first wrapper that
// should have died. Wrappers are held weakly, and read only in turns before the
// last collection, so that the question does not keep them alive.
'use strict';

// The wrapper in question: the snapshots of V8 and SpiderMonkey contain the target
// of a WeakRef, and this one is found there by its name.
let explainTarget = null;

(function () {
  const { telemetry, finish, fail, sizes } = harness;
  const OBJECTS = 10;
  const LAST_CHANCES = 10;
  const SNAPSHOT = 'heap.snapshot';
  const SOURCES_TOLD = 100;
  const MOST_CHANCES = 100;

  const wrappers = [];
  const classes = [];

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

  const className = wrapper => wrapper.constructor.name;

  const countBirth = born;
  born = wrapper => {
    countBirth(wrapper);
    if (typeof wrapper !== 'object' || wrapper === null) return;
    wrappers.push(new WeakRef(wrapper));
    classes.push(attempt(className, 'object', wrapper));
  };

  // Each of these writes a snapshot on one engine. JavaScriptCore, in its shell and
  // in Bun, reports addresses instead of WeakRefs.
  const snapshots = [
    function bun() {
      if (typeof Bun !== 'object') return undefined;
      const jsc = process.getBuiltinModule('bun:jsc');
      const fs = process.getBuiltinModule('node:fs');
      return {
        write: () => fs.writeFileSync(SNAPSHOT, JSON.stringify(jsc.generateHeapSnapshotForDebugging())),
        describe: jsc.describe,
      };
    },
    function host() {
      if (typeof process !== 'object') return undefined;
      const v8 = process.getBuiltinModule('node:v8');
      return { write: () => { v8.writeHeapSnapshot(SNAPSHOT); } };
    },
    function jsc() {
      if (typeof generateHeapSnapshotForGCDebugging !== 'function') return undefined;
      return { write: () => { writeFile(SNAPSHOT, generateHeapSnapshotForGCDebugging()); }, describe };
    },
    function spiderMonkey() {
      if (typeof dumpHeap !== 'function') return undefined;
      return { write: () => { dumpHeap(SNAPSHOT); } };
    },
    function d8() {
      // Where the flag is unknown or missing, this is a SyntaxError.
      const take = (0, eval)('file => %TakeHeapSnapshot(file)');
      return { write: () => { take(SNAPSHOT); } };
    },
  ];

  function howToAsk() {
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

  const addressOf = (describe, object) => {
    const found = describe && /0x[0-9a-f]+/.exec(describe(object));
    return found ? found[0] : null;
  };

  // The callbacks, and the other functions that scripts can see: where an engine does
  // not report the place of a function, it is found by its source.
  const callbacks = [];
  for (const { prototype } of [WasmObject, RefObject]) {
    const install = prototype.installCallback;
    prototype.installCallback = function (callback) {
      if (typeof callback === 'function') callbacks.push(new WeakRef(callback));
      install.call(this, callback);
    };
  }

  // Without running a getter.
  const ownValues = object =>
    Object.values(Object.getOwnPropertyDescriptors(object)).map(descriptor => descriptor.value);

  const exportedTables = () =>
    Object.entries(instance.exports).filter(([, value]) => value instanceof WebAssembly.Table);

  function visibleFunctions(wrapper) {
    const values = [wrapper, ...callbacks.map(weak => weak.deref())];
    for (const [, table] of exportedTables()) {
      for (let slot = 0; slot < table.length; slot++) values.push(table.get(slot));
    }
    const objects = values.filter(value => typeof value === 'object' && value !== null);
    const all = new Set([...values, ...objects.flatMap(object => attempt(ownValues, [], object))]);
    return [...all].filter(value => typeof value === 'function').slice(-SOURCES_TOLD);
  }

  const functionsOf = (describe, wrapper) => visibleFunctions(wrapper).map(callback => ({
    address: addressOf(describe, callback),
    source: Function.prototype.toString.call(callback),
  }));

  // A guest reports the handle that an object holds by a name with this prefix: an
  // exported function of objects, or a method of wasm-bindgen's class. Below 0: none.
  const TELLS = 'handle_of_';

  const tellingName = object => Object.getOwnPropertyNames(object).find(name => name.startsWith(TELLS));

  function askForHandle(wrapper) {
    const exported = tellingName(instance.exports);
    if (exported && typeof wrapper.obj === 'number')
      return { field: 'obj', name: exported, handle: instance.exports[exported](wrapper.obj) };
    for (let object = wrapper; object && wrapper.__wbg_ptr > 0; object = Object.getPrototypeOf(object)) {
      const name = tellingName(object);
      if (name) return { field: '__wbg_ptr', name, handle: wrapper[name]() };
    }
    return null;
  }

  // The path of names to the table that the guest's handles index: runtime.js's
  // table, if the guest releases them there; or an exported one; or empty, if the
  // table is private to the guest.
  function tableOf(handle) {
    const releases = ({ module, name }) => module === 'rt' && name === 'release';
    if (WebAssembly.Module.imports(module).some(releases)) return ['table', 'objects'];
    const holds = ([, table]) => handle < table.length && table.get(handle) != null;
    return exportedTables().filter(holds).slice(0, 1).map(([name]) => name);
  }

  // The content of the wrapper's object in linear memory, and its address.
  function inLinearMemory(wrapper) {
    const told = askForHandle(wrapper);
    if (!told) return null;
    const { field, name, handle } = told;
    const what = name.slice(TELLS.length).replaceAll('_', ' ');
    return { field, address: wrapper[field], what, handle, table: handle < 0 ? [] : tableOf(handle) };
  }

  // Reports the wrapper in question, in strings and numbers only: the first one that
  // is still alive; without any, the first of all.
  function tellWrapper(describe) {
    const alive = wrappers.filter(weak => weak.deref() !== undefined);
    const index = Math.max(0, wrappers.indexOf(alive[0]));
    const facts = {
      made: wrappers.length,
      alive: alive.length,
      number: index + 1,
      class: classes[index],
      slots: slots(),
    };
    explainTarget = alive.length > 0 ? alive[0] : null;
    if (explainTarget) {
      const wrapper = explainTarget.deref();
      facts.address = addressOf(describe, wrapper);
      facts.linear = attempt(inLinearMemory, null, wrapper);
      facts.functions = describe ? attempt(functionsOf, [], describe, wrapper) : [];
    }
    telemetry('wrapper', facts);
  }

  // A separate function, so that nothing of it is on the stack later.
  async function once(test, between) {
    const pending = test(OBJECTS);
    if (pending) await pending;
    const live = nalloc - nfinalized;
    telemetry('round', { round: 1, allocated: nalloc, live, slots: slots(), ...sizes() });
    const collecting = between();
    if (collecting) await collecting;
  }

  const isThere = () => explainTarget.deref() !== undefined;

  async function explain(test, between) {
    const { write, describe, reason } = howToAsk();
    if (!write) return telemetry('no-snapshot', { reason });
    await once(test, between);
    for (let chance = 0; chance < LAST_CHANCES; chance++) await collect();
    // Reading a WeakRef keeps its object until the job is over: only then is it known
    // whether this object was going to die, and whether another one is the first.
    for (let chance = 0; explainTarget === null || !isThere(); chance++) {
      if (chance > MOST_CHANCES) throw new Error('the wrappers are still dying, one after the other');
      tellWrapper(describe);
      if (!explainTarget) return undefined;
      await turn();
      await collect();
    }
    await turn();
    write();
    return telemetry('snapshot', { file: SNAPSHOT });
  }

  main = async (test, between = collect) => {
    try {
      await explain(test, between);
      finish(0);
    } catch (error) {
      fail(error);
    }
  };
})();
