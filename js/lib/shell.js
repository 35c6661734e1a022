// The same interface for every shell and host: after this script the global object
// has print, printErr, quit, load, readBinary, turn, TextDecoder, and gc where the
// engine lets scripts start a collection. Then the scripts named on the command
// line run:
//
//     SHELL js/lib/shell.js [--] GUEST [GLUE] js/lib/runtime.js js/cases/CASE/test.js
//
// `guestPath` is set to GUEST, the path of a WebAssembly module.
(function () {
  'use strict';

  const global = globalThis;
  // Deno, Bun and Node.js all have Node.js's `process`; no shell has.
  const isHost = typeof process === 'object';
  const define = (name, value) => {
    Object.defineProperty(global, name, { value, writable: true, configurable: true });
  };

  // d8 and jsc keep their script arguments in a global variable that each function's
  // own `arguments` shadows; SpiderMonkey's is `scriptArgs`.
  const shellArguments = () =>
    typeof scriptArgs === 'object' ? scriptArgs : (0, eval)('arguments');

  const useHost = () => {
    const builtin = typeof require === 'function' ? require : process.getBuiltinModule;
    const fs = builtin('node:fs');
    const vm = builtin('node:vm');
    define('print', line => console.log(line));
    define('printErr', line => console.error(line));
    define('quit', status => process.exit(status));
    define('readBinary', path => fs.readFileSync(path));
    // A classic script, as in the shells: its `let` and `class` are visible to
    // the next one, unlike those of an indirect eval.
    define('load', path => {
      vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path });
    });
    if (typeof gc !== 'function' && typeof Bun === 'object')
      define('gc', () => Bun.gc(true));
    return process.argv.slice(2);
  };

  const useShell = () => {
    define('readBinary', path => read(path, 'binary'));
    // jsc ignores an unhandled rejection and exits with 0.
    if (typeof setUnhandledRejectionCallback === 'function') {
      setUnhandledRejectionCallback((promise, reason) => {
        print(`error: unhandled rejection: ${reason}`);
        quit(1);
      });
    }
    return shellArguments();
  };

  const [guest, ...scripts] = isHost ? useHost() : useShell();

  // Resolves in a later turn of the event loop, before which an engine may run
  // finalizers. SpiderMonkey's shell has no timers, and runs finalizers only
  // once its job queue is drained, which a job can start.
  define('turn', () => new Promise(resolve => {
    if (typeof setTimeout === 'function') setTimeout(resolve, 0);
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
  for (const script of scripts) load(script);
})();
