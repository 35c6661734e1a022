// How an engine is made to write a snapshot of its heap: `harness.snapshot`, with what
// only some engines have. `write(path)` writes it to a file, in a
// browser later: it gives a promise. Taken before a case runs, which
// may replace whatever it likes.
'use strict';

(function () {
  const { stringify } = JSON;
  const { eval: evaluate, gc } = globalThis;
  const FILE = 'heap.snapshot';
  const { Error } = globalThis;
  const lastIndexOf = Function.prototype.call.bind(String.prototype.lastIndexOf);
  const slice = Function.prototype.call.bind(String.prototype.slice);
  const nameOf = path => slice(path, lastIndexOf(path, '/') + 1);

  // Each of these writes a snapshot on one engine. JavaScriptCore, in its shell and
  // in Bun, reports addresses instead of WeakRefs.
  const snapshots = [
    function browser() {
      if (!harness.page) return undefined;
      const { ask, writesHeap } = harness.page;
      if (!writesHeap) return { reason: 'this browser has no way to write a snapshot of its heap yet' };
      // Written by the driver, into the directory above `js/lib`.
      return {
        write: async path => {
          if (!(await ask('snapshot', nameOf(path)))) throw new Error('the browser did not write its heap');
        },
      };
    },
    function bun() {
      if (typeof Bun !== 'object') return undefined;
      const jsc = process.getBuiltinModule('bun:jsc');
      const fs = process.getBuiltinModule('node:fs');
      const { readFileSync, writeFileSync } = fs;
      return {
        write: path => writeFileSync(path, stringify(jsc.generateHeapSnapshotForDebugging())),
        describe: jsc.describe,
        readText: path => readFileSync(path, 'utf8'),
      };
    },
    function host() {
      if (typeof process !== 'object') return undefined;
      const { writeHeapSnapshot } = process.getBuiltinModule('node:v8');
      return { write: path => { writeHeapSnapshot(path); } };
    },
    function jsc() {
      if (typeof generateHeapSnapshotForGCDebugging !== 'function') return undefined;
      const [generate, write, readText] = [generateHeapSnapshotForGCDebugging, writeFile, globalThis.read];
      return {
        write: path => { write(path, generate()); },
        describe: globalThis.describe,
        readText: path => readText(path),
      };
    },
    function spiderMonkey() {
      if (typeof dumpHeap !== 'function') return undefined;
      const dump = dumpHeap;
      // Compiled code remembers which function it called last: this collection drops it.
      return { write: path => { dump(path); }, collect: () => { gc(null, 'shrinking'); } };
    },
    function d8() {
      // Where the flag is unknown or missing, this is a SyntaxError.
      const take = (0, evaluate)('file => %TakeHeapSnapshot(file)');
      return { write: path => { take(path); } };
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

  harness.attempt = attempt;
  harness.snapshot = { file: FILE, collect: gc, ...findSnapshot() };
})();
