// The same interface for every shell and host: after this script the global object
// has print, printErr, quit, load, readBinary, turn, heapBytes (of which the answer may be
// a promise, or null), TextDecoder, and gc where the engine lets scripts start a
// collection. Then the scripts named on the
// command line run:
//
//     SHELL js/lib/shell.js [--] [NAME=VALUE]... GUEST js/lib/watch.js [GLUE] js/lib/runtime.js js/cases/CASE/test.js
//
// `guestPath` is set to GUEST, the path of a WebAssembly module. Scripts in js/lib find
// `harness` while they are loaded, an object by which they give each other what is not
// for a case to see: the values at first.
(function () {
  'use strict';

  const global = globalThis;
  // Deno, Bun and Node.js all have Node.js's `process`; no shell has.
  const isHost = typeof process === 'object';
  const define = (name, value) => {
    Object.defineProperty(global, name, { value, writable: true, configurable: true });
  };

  // d8 and jsc keep their script arguments in a global variable that each function's
  // own `arguments` shadows; SpiderMonkey's is `scriptArgs`. Taken out of there, they
  // are no secret that a case finds by chance.
  const shellArguments = () => {
    const all = typeof scriptArgs === 'object' ? scriptArgs : (0, eval)('arguments');
    const taken = Array.from(all);
    try {
      all.length = 0;
    } catch (error) {
      // A frozen array stays.
    }
    return taken;
  };

  const useHost = () => {
    const builtin = typeof require === 'function' ? require : process.getBuiltinModule;
    const fs = builtin('node:fs');
    const vm = builtin('node:vm');
    // Bound now: a case may replace the console's methods.
    const log = console.log.bind(console);
    const error = console.error.bind(console);
    const exit = process.exit.bind(process);
    define('print', line => log(line));
    define('printErr', line => error(line));
    define('quit', status => exit(status));
    define('readBinary', path => fs.readFileSync(path));
    // A classic script, as in the shells: its `let` and `class` are visible to
    // the next one, unlike those of an indirect eval.
    define('load', path => {
      vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path });
    });
    if (typeof gc !== 'function' && typeof Bun === 'object')
      define('gc', () => Bun.gc(true));
    if (typeof Bun === 'object') define('heapBytes', builtin('bun:jsc').heapSize);
    else define('heapBytes', () => process.memoryUsage().heapUsed);
    return process.argv.splice(2);
  };

  const useShell = () => {
    define('readBinary', path => read(path, 'binary'));
    // d8 collects to find out, and answers later.
    const measures = typeof performance === 'object' && typeof performance.measureMemory === 'function';
    const measure = measures ? performance.measureMemory.bind(performance) : null;
    // A case may replace it.
    const then = Function.prototype.call.bind(Promise.prototype.then);
    const estimate = found => found.total.jsMemoryEstimate;
    if (typeof gcHeapSize === 'function') define('heapBytes', () => gcHeapSize());
    else if (typeof gcparam === 'function') define('heapBytes', () => gcparam('gcBytes'));
    else if (measure) define('heapBytes', () => then(measure({ execution: 'eager' }), estimate));
    else define('heapBytes', () => null);
    return shellArguments();
  };

  const words = isHost ? useHost() : useShell();
  const options = {};
  for (let found; (found = /^(\w+)=(.*)$/.exec(words[0])) !== null; words.shift()) options[found[1]] = found[2];
  const [guest, ...scripts] = words;

  // Resolves in a later turn of the event loop, before which an engine may run
  // finalizers. SpiderMonkey's shell has no timers, and runs finalizers only
  // once its job queue is drained, which a job can start.
  const later = typeof setTimeout === 'function' ? setTimeout : undefined;
  define('turn', () => new Promise(resolve => {
    if (later) later(resolve, 0);
    else enqueueJob(() => { drainJobQueue(); resolve(); });
  }));

  // No shell has it, and wasm-bindgen's glue does not start without it. This is the
  // part that the glue needs.
  if (typeof TextDecoder !== 'function') {
    define('TextDecoder', class {
      decode(bytes = []) {
        return decodeURIComponent(Array.from(bytes, byte => '%' + byte.toString(16).padStart(2, '0')).join(''));
      }
    });
  }

  define('guestPath', guest);
  // watch.js adds to it, and reports what a script throws as it is loaded.
  const harness = { options, script: scripts[scripts.length - 1], threw: error => { throw error; } };
  for (const script of scripts) {
    const isOurs = script.startsWith('js/lib/');
    if (isOurs) define('harness', harness);
    try {
      load(script);
    } catch (error) {
      harness.threw(error);
      break;
    } finally {
      if (isOurs) delete global.harness;
    }
  }
})();
