// What scripts, and the glue that toolchains write, expect of a browser or of Node.js,
// where the engine lacks it. Loaded into the global object of the script, before it.
//
// This file comes first: what a host is asked for (print, read, load, quit), DOMException,
// the clock, microtasks and random numbers. Those for one noun each follow it: console.js,
// timers.js, events.js, text_coding.js, url.js, clone.js, fetch.js.
//
// Needs of `harness`: readFile (a path's bytes, or it throws), print and printErr (a line);
// guarded, if it is there, makes callbacks that report what they throw.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const { print: say, printErr: sayError, readFile } = ours;
  const { apply } = Reflect;
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { floor, random } = Math;
  const { now: today } = Date;
  const { Error: AnyError, String: text, TypeError: WrongType, Uint8Array: Bytes } = global;
  const isView = ArrayBuffer.isView;

  // What the other files share. Natives are taken now, because a script may replace them.
  const bind = method => Function.prototype.call.bind(method);
  const getterOf = (prototype, name) => bind(getOwnPropertyDescriptor(prototype, name).get);
  const isHost = typeof process === 'object';

  // As real globals are: a script may replace them, and no loop over the global sees them.
  function put(owner, name, value) {
    defineProperty(owner, name, { value, writable: true, configurable: true });
  }

  function define(name, value) {
    if (typeof global[name] === 'undefined') put(global, name, value);
  }

  const unguarded = (where, callback, given) => (...others) => apply(callback, undefined, given || others);
  const guarded = ours.guarded || unguarded;

  // A copy of this global's own class: the harness may live in another, of which even the
  // buffer would be, if the copy were made from the original (SpiderMonkey 102).
  const setBytes = bind(Bytes.prototype.set);
  function bytesOf(path) {
    const source = readFile(path);
    const bytes = new Bytes(source.length);
    setBytes(bytes, source);
    return bytes;
  }

  // A page has what hosts have, too.
  ours.web = { bind, getterOf, isHost: isHost || ours.page !== undefined, put, define, guarded, bytesOf };

  function inOneLine(words) {
    let line = words.length > 0 ? text(words[0]) : '';
    for (let i = 1; i < words.length; i++) line += ` ${text(words[i])}`;
    return line;
  }

  define('print', (...words) => say(inOneLine(words)));
  define('printErr', (...words) => sayError(inOneLine(words)));
  define('readbuffer', path => bytesOf(path).buffer);

  if (isHost) {
    const builtin = typeof require === 'function' ? require : process.getBuiltinModule;
    const { runInThisContext } = builtin('node:vm');
    const { createRequire } = builtin('node:module');
    const { resolve, dirname } = builtin('node:path');
    const exit = process.exit.bind(process);
    const decoder = new TextDecoder();
    const decode = decoder.decode.bind(decoder);
    define('quit', status => exit(status));
    define('read', (path, kind) => (kind === 'binary' ? bytesOf(path) : decode(bytesOf(path))));
    // A classic script, as in the shells: its `let` and `class` are visible to the next.
    define('load', path => {
      runInThisContext(decode(bytesOf(path)), { filename: path });
    });
    // Emscripten's glue sees Node.js by its `process`, and then reads files by these, which
    // belong to modules and are missing in a classic script.
    const script = resolve(ours.script || 'script.js');
    define('require', createRequire(script));
    define('__filename', script);
    define('__dirname', dirname(script));
  } else {
    // Older glue of Go and TinyGo starts only with `global`, `window` or `self`; the first two
    // would make other glue take the shell for Node.js or for a page.
    define('self', global);
  }

  // The numbers of those names that had one before names were all there is.
  const CODES = {
    __proto__: null,
    IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
    NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
    InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
    InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
    URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24,
    DataCloneError: 25,
  };
  define('DOMException', class DOMException extends AnyError {
    constructor(message = '', name = 'Error') {
      super(message);
      put(this, 'name', text(name));
    }
    get code() {
      return CODES[this.name] || 0;
    }
  });
  const { DOMException: Refusal } = global;

  // The clock. SpiderMonkey's `now` counts from 1970, the others' from their start.
  if (!isHost && !ours.page) {
    const begun = today();
    define('performance', {});
    const clock = performance;
    const add = (name, value) => {
      if (!(name in clock)) put(clock, name, value);
    };
    add('now', () => today() - begun);
    const now = clock.now.bind(clock);
    add('timeOrigin', today() - now());
    // Nothing is recorded: a list of marks would grow with use.
    const entry = entryType => name => ({ name: text(name), entryType, startTime: now(), duration: 0, detail: null });
    add('mark', entry('mark'));
    add('measure', entry('measure'));
    for (const name of ['clearMarks', 'clearMeasures']) add(name, () => {});
    for (const name of ['getEntries', 'getEntriesByName', 'getEntriesByType']) add(name, () => []);
  }

  const then = bind(Promise.prototype.then);
  const settled = Promise.resolve();
  define('queueMicrotask', function queueMicrotask(callback) {
    if (typeof callback !== 'function') throw new WrongType('queueMicrotask takes a function');
    then(settled, guarded('callback', callback, []));
  });

  // Random numbers, not fit for secrets.
  const typeOf = getterOf(getPrototypeOf(Bytes.prototype), Symbol.toStringTag);
  const MOST_RANDOM = 65536;

  function fill(bytes) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = floor(random() * 256);
    return bytes;
  }

  class Crypto {
    getRandomValues(view) {
      const type = isView(view) ? typeOf(view) : undefined;
      if (type === undefined || type[0] === 'F')
        throw new Refusal('getRandomValues takes an array of integers', 'TypeMismatchError');
      if (view.byteLength > MOST_RANDOM)
        throw new Refusal(`getRandomValues fills at most ${MOST_RANDOM} bytes`, 'QuotaExceededError');
      fill(new Bytes(view.buffer, view.byteOffset, view.byteLength));
      return view;
    }

    // Version 4: random, but for the version and the variant.
    randomUUID() {
      const bytes = fill(new Bytes(16));
      bytes[6] = 0x40 | (bytes[6] & 0x0f);
      bytes[8] = 0x80 | (bytes[8] & 0x3f);
      const DIGITS = '0123456789abcdef';
      let uuid = '';
      for (let i = 0; i < 16; i++) {
        if (i === 4 || i === 6 || i === 8 || i === 10) uuid += '-';
        uuid += DIGITS[bytes[i] >> 4] + DIGITS[bytes[i] & 15];
      }
      return uuid;
    }
  }
  define('crypto', new Crypto());
})();
