// One face for every shell and host: after this script the global object has
// print, printErr, quit, load, readBinary, turn, TextDecoder, and gc where the
// engine lets scripts ask for a collection. Then the scripts named on the command
// line run:
//
//     SHELL js/lib/shell.js [--] GUEST [GLUE] js/lib/runtime.js js/cases/CASE/test.js
//
// GUEST, the path of a WebAssembly module, is left in `guestPath`.
(function () {
  'use strict';

  const global = globalThis;
  // Deno, Bun and Node.js all have Node.js's `process`; no shell has.
  const isHost = typeof process === 'object';
  const define = (name, value) => {
    Object.defineProperty(global, name, { value, writable: true, configurable: true });
  };

  // d8 and jsc keep their script arguments in a global variable that hides
  // behind each function's own `arguments`; SpiderMonkey's is `scriptArgs`.
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
    // the next one, which those of an indirect eval are not.
    define('load', path => {
      vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path });
    });
    if (typeof gc !== 'function' && typeof Bun === 'object')
      define('gc', () => Bun.gc(true));
    return process.argv.slice(2);
  };

  const useShell = () => {
    define('readBinary', path => read(path, 'binary'));
    // jsc drops a rejection that nobody handles and exits with 0.
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
  // once its job queue is drained, which a job may ask for.
  define('turn', () => new Promise(resolve => {
    if (typeof setTimeout === 'function') setTimeout(resolve, 0);
    else enqueueJob(() => { drainJobQueue(); resolve(); });
  }));

  // No shell has it, and wasm-bindgen's glue will not start without. Of what it
  // can do this does what the glue asks for.
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
