// Loaded between runtime.js and a case, has the case run one small round, and
// asks the engine for a snapshot of its heap in which the first wrapper that
// should have died can be found. Wrappers are held weakly, and looked at only in
// turns before the last collection: the question does not keep them alive.
'use strict';

// The one that is asked about: V8 and SpiderMonkey tell in a snapshot where a
// WeakRef points, and this one is found there by its name.
let explainTarget = null;

(function () {
  const OBJECTS = 10;
  const SNAPSHOT = 'heap.snapshot';
  const SOURCES_TOLD = 100;
  const MOST_CHANCES = 100;

  const wrappers = [];
  const classes = [];

  // What is only nice to know is not worth an error: scripts may define anything.
  // What it calls captures nothing, for SpiderMonkey remembers what was called last
  // from where, and so kept alive what that captured.
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

  // Each of these says how an engine is asked, if it is that engine. JavaScriptCore,
  // in its shell and in Bun, tells addresses instead of WeakRefs.
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
  // not tell where a function is written, it is looked for by its source.
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

  // By a name of this beginning a guest tells what it holds by a handle: it exports a
  // function of objects, or wasm-bindgen's class has a method. Below 0 there is none.
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

  // The names that lead to the table which the guest's handles index: runtime.js's,
  // if the guest releases them there; or one that it exports; or none, if it has the
  // table for itself.
  function tableOf(handle) {
    const releases = ({ module, name }) => module === 'rt' && name === 'release';
    if (WebAssembly.Module.imports(module).some(releases)) return ['table', 'objects'];
    const holds = ([, table]) => handle < table.length && table.get(handle) != null;
    return exportedTables().filter(holds).slice(0, 1).map(([name]) => name);
  }

  // What the wrapper's object has in linear memory, and where.
  function inLinearMemory(wrapper) {
    const told = askForHandle(wrapper);
    if (!told) return null;
    const { field, name, handle } = told;
    const what = name.slice(TELLS.length).replaceAll('_', ' ');
    return { field, address: wrapper[field], what, handle, table: handle < 0 ? [] : tableOf(handle) };
  }

  // Tells which wrapper is asked about, in strings and numbers only. It is the first
  // that is still there; without any, the first of all.
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

  // In a function of its own, so that nothing of it is on the stack later.
  async function once(test, between) {
    const pending = test(OBJECTS);
    if (pending) await pending;
    telemetry('round', { round: 1, ...counts() });
    const collecting = between();
    if (collecting) await collecting;
  }

  const isThere = () => explainTarget.deref() !== undefined;

  async function explain(test, between) {
    const { write, describe, reason } = howToAsk();
    if (!write) return telemetry('no-snapshot', { reason });
    await once(test, between);
    for (let chance = 0; chance < LAST_CHANCES; chance++) await collect();
    // A WeakRef that was read keeps its object until the job is over: only then is it
    // seen whether this one was going to die, and whether another is the first.
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
