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

  // Writes all of a line, whatever the pipe.
  const writers = fs => {
    const { writeSync } = fs;
    const { from } = Buffer;
    const writer = descriptor => line => {
      const bytes = from(`${line}\n`);
      for (let written = 0; written < bytes.length;) {
        try {
          written += writeSync(descriptor, bytes, written);
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
        }
      }
    };
    return { 1: writer(1), 2: writer(2) };
  };

  // Without methods that a case may replace.
  const toText = String;
  const inOneLine = words => {
    let line = words.length > 0 ? toText(words[0]) : '';
    for (let i = 1; i < words.length; i++) line += ` ${toText(words[i])}`;
    return line;
  };

  // Marks a way to measure that is not for each round.
  const costly = ask => Object.assign(ask, { isCostly: true });
  const shrunken = (collect, parameter) => () => {
    collect(undefined, 'shrinking');
    return parameter('gcBytes');
  };

  const useHost = () => {
    const builtin = typeof require === 'function' ? require : process.getBuiltinModule;
    const fs = builtin('node:fs');
    const vm = builtin('node:vm');
    // Bound now: a case may replace the console's methods.
    const log = console.log.bind(console);
    const error = console.error.bind(console);
    const exit = process.exit.bind(process);
    // Node.js loses what a pipe has no room for when the process exits.
    const keeps = typeof Bun === 'object' || typeof Deno === 'object';
    const write = keeps ? { 1: log, 2: error } : writers(fs);
    define('print', (...words) => write[1](inOneLine(words)));
    define('printErr', (...words) => write[2](inOneLine(words)));
    define('quit', status => exit(status));
    define('readBinary', path => fs.readFileSync(path));
    // A classic script, as in the shells: its `let` and `class` are visible to
    // the next one, unlike those of an indirect eval.
    define('load', path => {
      vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path });
    });
    if (typeof gc !== 'function' && typeof Bun === 'object')
      define('gc', () => Bun.gc(true));
    // Buffers lie outside of V8's heap.
    const usage = process.memoryUsage.bind(process);
    const used = () => {
      const { heapUsed, external } = usage();
      return heapUsed + external;
    };
    define('heapBytes', typeof Bun === 'object' ? builtin('bun:jsc').heapSize : used);
    return process.argv.splice(2);
  };

  const useShell = () => {
    define('readBinary', path => read(path, 'binary'));
    // Collects to find out, and so costs time: SpiderMonkey's figure is of whole arenas,
    // each of which one survivor keeps, until they are put together; d8 answers later.
    const measures = typeof performance === 'object' && typeof performance.measureMemory === 'function';
    const measure = measures ? performance.measureMemory.bind(performance) : null;
    // A case may replace it.
    const then = Function.prototype.call.bind(Promise.prototype.then);
    const estimate = found => found.total.jsMemoryEstimate;
    if (global.page) define('heapBytes', costly(global.page.heapBytes));
    else if (typeof gcHeapSize === 'function') define('heapBytes', () => gcHeapSize());
    // How much the arenas take tells at once whether one more collection changed something.
    else if (typeof gcparam === 'function') define('heapBytes', Object.assign(costly(shrunken(gc, gcparam)), { atOnce: () => gcparam('gcBytes') }));
    else if (measure) define('heapBytes', costly(() => then(measure({ execution: 'eager' }), estimate)));
    else define('heapBytes', () => null);
    return shellArguments();
  };

  const words = isHost ? useHost() : useShell();
  const forward = words.slice();
  const options = {};
  for (let found; (found = /^(\w+)=(.*)$/.exec(words[0])) !== null; words.shift()) options[found[1]] = found[2];
  const [guest, ...scripts] = words;
  const lib = options.lib || 'js/lib/';
  // In SpiderMonkey's inner global: what inner_global.js gives it. In a browser: what page.js does.
  const { outer, page } = global;
  delete global.outer;
  delete global.page;

  // Resolves in a later turn of the event loop, before which an engine may run
  // finalizers. SpiderMonkey's shell has no timers, and runs finalizers only
  // once its job queue is drained, which a job can start.
  const later = typeof setTimeout === 'function' ? setTimeout : undefined;
  const nextTurn = () => new Promise(resolve => {
    if (outer) outer.turn(resolve);
    else if (later) later(resolve, 0);
    else enqueueJob(() => { drainJobQueue(); resolve(); });
  });
  define('turn', (page && page.turn) || nextTurn);

  // No shell has it, and wasm-bindgen's glue does not start without it. This is the
  // part that the glue needs.
  if (typeof TextDecoder !== 'function' && !options.directory) {
    define('TextDecoder', class {
      decode(bytes = []) {
        return decodeURIComponent(Array.from(bytes, byte => '%' + byte.toString(16).padStart(2, '0')).join(''));
      }
    });
  }

  define('guestPath', guest);
  // watch.js adds to it, and reports what a script throws as it is loaded.
  const { readBinary } = global;
  const { ArrayBuffer: Binary, Uint8Array: Bytes } = global;
  const readFile = path => {
    const found = readBinary(path);
    return found instanceof Binary ? new Bytes(found) : found;
  };
  const harness = { options, outer, page, forward, readFile, print, printErr, script: options.directory ? scripts[scripts.length - 1].split('/').pop() : scripts[scripts.length - 1], threw: error => { throw error; } };
  // Waits for what a function of the program gives, if that is a promise.
  harness.settle = async pending => {
    if (typeof pending !== 'object' || pending === null) return;
    if (harness.timers) await harness.timers.wait(pending);
    else await pending;
  };
  const isOurs = script => script.startsWith(lib);

  // Whether all went well. A page loads a script in a later turn; no shell waits.
  async function loadAll(names) {
    for (const script of names) {
      if (isOurs(script)) define('harness', harness);
      try {
        const loading = load(script);
        if (loading) await loading;
      } catch (error) {
        harness.threw(error);
        return false;
      } finally {
        if (isOurs(script)) delete global.harness;
      }
    }
    return true;
  }

  // A program of the user's: its functions, as they are when its script has been run.
  const NAMES = ['setup', 'test', 'teardown'];
  const evaluate = eval;
  function programOf(get) {
    const program = {};
    for (const name of NAMES) {
      const found = get(name);
      if (typeof found === 'function') program[name] = found;
    }
    return program;
  }

  async function runProgram(script) {
    if (!(await loadAll(scripts.slice(0, -1)))) return;
    const preparing = harness.reader && harness.reader.prepare ? harness.reader.prepare() : undefined;
    if (preparing) await preparing;
    for (const name of ['guestPath', 'turn', 'heapBytes', 'readBinary']) delete global[name];
    // A page of the user's is whole then, and has run its own scripts.
    if (page && page.loaded) await page.loaded;
    let program;
    try {
      if (options.module) {
        const exported = await import(isHost ? `file://${encodeURI(script)}` : script);
        program = programOf(name => exported[name]);
      } else {
        const loading = load(script);
        if (loading) await loading;
        program = programOf(name => evaluate(`typeof ${name} === 'function' ? ${name} : undefined`));
      }
    } catch (error) {
      harness.threw(error);
      return;
    }
    await harness.run(program);
  }

  const hasInner = !isHost && typeof newGlobal === 'function' && typeof Debugger === 'function';
  if (!options.directory) loadAll(scripts);
  else if (hasInner && !outer) loadAll([`${lib}inner_global.js`]);
  else runProgram(scripts[scripts.length - 1]);
})();
