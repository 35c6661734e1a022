// What each run of a case is watched by: telemetry, and the errors that nobody caught.
// Loaded before all that is the case's, and what is used here is taken now, because a
// case may replace it.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const bind = method => Function.prototype.call.bind(method);

  const { stringify } = JSON;
  const { now } = Date;
  const { apply, construct, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { assign, create, defineProperty } = Object;
  const { print: say, printErr: sayError, quit: end } = global;
  const { Error: AnyError, ReferenceError: NotDefined, String: text } = global;
  const search = bind(RegExp.prototype.exec);
  const [split, indexOf] = [bind(String.prototype.split), bind(String.prototype.indexOf)];

  // Telemetry: lines for the judge, which are no part of the transcript. They have the
  // run's own key and are numbered, so that a case does not forge or double one easily.
  const { key } = ours.options;
  let lines = 0;
  function telemetry(type, facts) {
    const mark = key === undefined ? {} : { key, n: ++lines };
    say('@ ' + stringify(assign(create(null), mark, { type }, facts)));
  }

  // What we note of a program's objects: a heap snapshot shows by this part that it is ours.
  class HarnessNotes {}
  const tag = new HarnessNotes();

  // Errors. Whatever a script throws, describing it throws nothing.
  const isError = error =>
    error instanceof AnyError || (typeof error === 'object' && error !== null && 'message' in error);

  function describe(error) {
    try {
      return isError(error) ? `${error.name}: ${error.message}` : text(error);
    } catch (again) {
      return 'a value that cannot be shown';
    }
  }

  function stackOf(error) {
    try {
      return error.stack === undefined ? '' : text(error.stack);
    } catch (again) {
      return '';
    }
  }

  // Where an error was made: the first place in the case's directory, as
  // path:line:column, or null.
  function placeOf(error) {
    if (ours.places) return placeInFiles(error);
    const places = [];
    try {
      if (error.fileName) places[0] = `${error.fileName}:${error.lineNumber}:${error.columnNumber}`;
      const pattern = /(?:[^\s()@:]*[/\\])?[^\s()@:/\\]+:\d+(?::\d+)?/g;
      for (let found; (found = search(pattern, stackOf(error))) !== null;) places[places.length] = found[0];
      if (error.sourceURL) places[places.length] = `${error.sourceURL}:${error.line}:${error.column}`;
    } catch (again) {
      // It may be anything.
    }
    const directory = ours.script.slice(0, ours.script.lastIndexOf('/') + 1);
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      const at = place.lastIndexOf(directory);
      if (directory !== '' && at >= 0) return place.slice(at);
    }
    return null;
  }

  // The first place in the user's own files, of a case that is one.
  function placeInFiles(error) {
    try {
      const own = error.fileName || error.sourceURL;
      const line = error.lineNumber || error.line;
      const column = error.columnNumber || error.column;
      const text = ours.places.shortened(`${own ? `${own}:${line}${column ? `:${column}` : ''}\n` : ''}${stackOf(error)}`);
      const pattern = /(?:^|[\s(@])([^\s()@]+?):(\d+(?::\d+)?)(?=[\s)]|$)/g;
      for (let found; (found = search(pattern, text)) !== null;) {
        const file = ours.places.fileOf(found[1]);
        if (file) return `${file}:${found[2]}`;
      }
    } catch (again) {
      // It may be anything.
    }
    return null;
  }

  function isThrownError(error) {
    try {
      return isError(error);
    } catch (again) {
      return false;
    }
  }

  // What stopped the case. `missing` is a global name that is not defined here.
  function threw(error, calls) {
    const message = describe(error);
    const pattern = /: (?:Can't find variable: )?([\w$]+)(?: is not defined)?$/;
    const found = error instanceof NotDefined ? search(pattern, message) : null;
    const place = placeOf(error) || ours.script || null;
    const told = isThrownError(error) ? message : `the script threw ${message}`;
    telemetry('threw', { text: told, place, missing: found ? found[1] : null, calls: calls || null });
    const stack = ours.places ? withoutOurs(stackOf(error)) : stackOf(error);
    if (stack !== '') sayError(stack);
  }

  // The lines of a stack that are not of js/lib.
  function withoutOurs(stack) {
    const lines = split(stack, '\n');
    let left = '';
    for (let i = 0; i < lines.length; i++)
      if (indexOf(lines[i], ours.options.lib) < 0) left += `${left === '' ? '' : '\n'}${lines[i]}`;
    return left;
  }

  // What nobody caught, though the run goes on: the first of each kind is told.
  const told = create(null);
  function report(where, description, place) {
    if (told[where]) return;
    told[where] = true;
    telemetry('uncaught', { where, text: description, place });
  }

  // `given` stands for what the callback is called with.
  function guarded(where, callback, given) {
    ours.noteCallback(callback);
    return (...others) => {
      if (ended) return;
      try {
        apply(callback, undefined, given || others);
      } catch (error) {
        report(where, describe(error), placeOf(error));
      }
    };
  }

  // A rejection that is handled later is none, as the judge finds out. Promises and
  // reasons are not kept.
  const MOST_REJECTIONS = 1000;
  let rejections = 0;
  const rejected = new WeakMap();
  const [numberOf, setNumber] = [bind(rejected.get), bind(rejected.set)];
  function noteRejection(promise, reason) {
    if (ended || rejections === MOST_REJECTIONS) return;
    setNumber(rejected, promise, ++rejections);
    telemetry('rejected', { number: rejections, text: describe(reason), place: placeOf(reason) });
  }

  function noteHandled(promise) {
    const number = numberOf(rejected, promise);
    if (number !== undefined) telemetry('rejection-handled', { number });
  }

  if (ours.page) {
    const thrown = error => report('callback', describe(error), placeOf(error));
    ours.page.listen({ thrown, rejected: noteRejection, handled: noteHandled });
  } else if (typeof process === 'object') {
    process.on('unhandledRejection', (reason, promise) => noteRejection(promise, reason));
    process.on('rejectionHandled', noteHandled);
    // Deno tells only those who listen to this.
    if (typeof Deno === 'object') global.addEventListener('rejectionhandled', () => {});
    process.on('uncaughtException', error => report('callback', describe(error), placeOf(error)));
  } else if (typeof setUnhandledRejectionCallback === 'function') {
    setUnhandledRejectionCallback(noteRejection);
  }

  // Ends the run. The intended exit status is reported first, because jsc always exits
  // with 0. d8 ends by itself: only then does it tell of rejections.
  const isD8 = typeof Realm === 'object' && typeof version === 'function';
  let ended = false;
  function finish(status) {
    ended = true;
    telemetry('quit', { status });
    if (!isD8) end(status);
  }

  // A line of it may begin as telemetry does.
  const asTranscript = message => {
    let text = '';
    for (let i = 0; i < message.length; i++)
      text += message[i] === '\n' && message[i + 1] === '@' ? '\n ' : message[i];
    return text;
  };

  function fail(error, calls) {
    threw(error, calls);
    if (!ours.places) say(`error: ${asTranscript(describe(error))}`);
    finish(1);
  }

  // Replaces a class by one whose instances are the engine's own, made by `make`.
  function replace(owner, name, make) {
    const Native = owner[name];
    if (typeof Native !== 'function') return;
    const Replacement = function (...given) {
      if (!new.target) return Native(...given);
      return make((...native) => construct(Native, native, new.target), given);
    };
    const names = ownKeys(Native);
    for (let i = 0; i < names.length; i++) {
      const described = getOwnPropertyDescriptor(Native, names[i]);
      if (described.configurable) defineProperty(Replacement, names[i], described);
    }
    defineProperty(Replacement, 'name', { value: name, configurable: true });
    defineProperty(Replacement, 'length', { value: Native.length, configurable: true });
    defineProperty(Replacement, 'prototype', { value: Native.prototype, writable: false });
    defineProperty(Native.prototype, 'constructor', { value: Replacement, writable: true, configurable: true });
    defineProperty(owner, name, { value: Replacement, writable: true, configurable: true });
  }

  // One rule for all engines: a finalizer that throws is an error of the case, and the
  // others of its batch run all the same. By themselves engines print it and go on (d8),
  // end (jsc, Node.js), or drop the rest of the batch (SpiderMonkey 140).
  let registries = 0;
  replace(global, 'FinalizationRegistry', (make, [callback]) => {
    registries++;
    return make(typeof callback === 'function' ? guarded('finalizer', callback) : callback);
  });

  // The shells' timers: an error in a callback is no end of the run. d8 calls back at
  // once, whatever the delay, so that a script that waits cannot be judged there.
  const A_WAIT = 1000;
  // In a scope of their own, so that no callback of a finalizer seems to hold all timers.
  (function () {
    const nativeTimer = global.setTimeout;
    if (typeof process === 'object' || typeof nativeTimer !== 'function') return;
    global.setTimeout = function setTimeout(callback, delay, ...given) {
      if (typeof callback !== 'function') return nativeTimer(callback, delay);
      if (isD8 && delay >= A_WAIT) {
        telemetry('lacks', { feature: 'timers' });
        throw new AnyError('this shell does not wait for timers');
      }
      return nativeTimer(guarded('callback', callback, given), delay);
    };
  })();

  assign(ours, {
    noteCallback: () => {},
    newNotes: () => assign([], { tag }),
    registries: () => registries,
    telemetry, describe, placeOf, stackOf, finish, fail, guarded, replace,
    elapsed: (started => () => now() - started)(now()),
    threw: error => {
      threw(error);
      finish(1);
    },
  });
})();
