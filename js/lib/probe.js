// Prints in one line what runs it: the engine, by its wording of an error; the shell
// or host, by the globals that only it has; and the features.
(function () {
  'use strict';

  const wording = (() => {
    try {
      return null.x;
    } catch (error) {
      return error.message;
    }
  })();
  const engine =
    wording.startsWith('Cannot read propert') ? 'v8' :
    wording.includes('is not an object') ? 'jsc' :
    /can't access property|has no properties/.test(wording) ? 'spidermonkey' :
    'unknown';

  // Bun and Deno have Node.js's globals too, so they come first.
  const hosts = [
    ['deno', () => Deno.version.deno, () => Deno.version.v8],
    ['bun', () => Bun.version, () => process.versions.webkit],
    ['node', () => process.versions.node, () => process.versions.v8],
  ];
  // Only jsc does not report its version; SpiderMonkey prints it for a flag.
  const shells = {
    v8: ['d8', () => version()],
    jsc: ['jsc', () => undefined],
    spidermonkey: ['js', () => undefined],
  };

  const attempt = ask => {
    try {
      return ask();
    } catch (error) {
      return undefined;
    }
  };
  const browser = typeof harness === 'object' ? harness.page : undefined;
  const host = browser ? [browser.browser, () => browser.version, () => browser.engineVersion] : hosts.find(([, hostVersion]) => attempt(hostVersion) !== undefined);
  const [shell, shellVersion, engineVersion] = host || shells[engine] || ['unknown'];

  const module = bytes => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]));
  const features = {
    'gc': () => typeof gc === 'function' || typeof Bun === 'object',
    'finalization-registry': () => typeof FinalizationRegistry === 'function',
    // (module (table 1 externref))
    'externref-tables': () => module([4, 4, 1, 0x6f, 0, 1]) !== undefined,
    // (module
    //   (type (struct (field i32)))
    //   (func (export "f") (result i32)
    //     i32.const 7  struct.new 0  struct.get 0 0))
    // Run it, because the opcodes were renumbered before they were final.
    'wasm-gc': () => new WebAssembly.Instance(module([
      1, 9, 2, 0x5f, 1, 0x7f, 0, 0x60, 0, 1, 0x7f,
      3, 2, 1, 1,
      7, 5, 1, 1, 0x66, 0, 0,
      10, 13, 1, 11, 0, 0x41, 7, 0xfb, 0, 0, 0xfb, 2, 0, 0, 0x0b,
    ])).exports.f() === 7,
    // (module (type (func)) (func (param (ref null 0))))
    'function-references': () => module([1, 9, 2, 96, 0, 0, 96, 1, 99, 0, 0, 3, 2, 1, 1, 10, 4, 1, 2, 0, 11]) !== undefined,
    // (module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))
    'relaxed-simd': () => module([1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 11, 1, 9, 0, 32, 0, 32, 0, 253, 128, 2, 11]) !== undefined,
    // (module (func (param v128)))
    'simd': () => module([1, 5, 1, 96, 1, 123, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 11]) !== undefined,
    // (module (func (return_call 0)))
    'tail-calls': () => module([1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 18, 0, 11]) !== undefined,
    // (module (func (try_table)))
    'exceptions': () => module([1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11]) !== undefined,
    // (module (func try end))
    'legacy-exceptions': () => module([1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 7, 1, 5, 0, 6, 64, 11, 11]) !== undefined,
    // (module (memory i64 1))
    'memory64': () => module([5, 3, 1, 4, 1]) !== undefined,
    // (module (memory 1) (memory 1))
    'multi-memory': () => module([5, 5, 2, 0, 1, 0, 1]) !== undefined,
    // (module (global i32 (i32.add (i32.const 1) (i32.const 1))))
    'extended-const': () => module([6, 9, 1, 127, 0, 65, 1, 65, 1, 106, 11]) !== undefined,
    // (module (memory 1 1 shared))
    'atomics': () => module([5, 4, 1, 3, 1, 1]) !== undefined,
    'microtasks': () => typeof queueMicrotask === 'function',
    'event-target': () => new EventTarget() !== undefined,
    'abort-controller': () => new AbortController() !== undefined,
    'message-channel': () => typeof MessageChannel === 'function',
    'structured-clone': () => typeof structuredClone === 'function',
    'performance': () => typeof performance.now() === 'number',
    'text-encoder': () => new TextEncoder() !== undefined,
    'url': () => new URL('a:b') !== undefined,
    'crypto': () => typeof crypto.getRandomValues === 'function',
    'fetch': () => typeof fetch === 'function',
    'worker': () => typeof Worker === 'function',
    'console': () => typeof console.log === 'function',
    'process': () => typeof process.exit === 'function',
    'document': () => document.createElement('p').tagName === 'P',
    // d8 calls back at once, whatever the delay.
    'timers': () => waited === true,
  };

  function answer() {
    const found = {
      type: 'probe',
      engine,
      shell,
      version: attempt(() => shellVersion()),
      engineVersion: attempt(() => engineVersion()),
      features: Object.keys(features).filter(name => attempt(features[name]) === true),
    };
    (typeof print === 'function' ? print : console.log)('@ ' + JSON.stringify(found));
    // A page does not end by itself.
    if (browser) quit(0);
  }

  let waited = false;
  if (typeof setTimeout !== 'function') return answer();
  // A timer that waits must not run before a later one that does not.
  waited = true;
  const LONG = 1e6;
  const timer = setTimeout(() => { waited = false; }, LONG);
  setTimeout(() => {
    answer();
    if (typeof clearTimeout === 'function') clearTimeout(timer);
    else if (typeof quit === 'function') quit(0);
  }, 0);
  return undefined;
})();
