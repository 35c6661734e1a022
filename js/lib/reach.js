// What scripts can reach, told with addresses. JavaScriptCore keeps to itself what a Map,
// Set, WeakMap or typed array holds, and has no places of functions: so those that scripts
// can reach are looked into, from the global variables on. Closures cannot be entered; no
// getter and no trap is run. Loaded before a case, which may replace whatever it likes.
'use strict';

(function () {
  // No more than this is watched, looked at, or told.
  const MOST_WATCHED = 20000;
  const MOST_SEEN = 50000;
  const MOST_TOLD = 20000;
  const MOST_SLOTS = 5000;

  const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { stringify } = JSON;
  const { Map, Set, WeakRef, WebAssembly, ArrayBuffer, eval: evaluate } = globalThis;
  const { isView } = ArrayBuffer;
  const getterOf = (prototype, name) => getOwnPropertyDescriptor(prototype, name).get;
  const { deref } = WeakRef.prototype;
  const { exec } = RegExp.prototype;
  const { slice } = String.prototype;
  const { toString: sourceOf } = Function.prototype;
  const { get: mapGet, set: mapSet, forEach: mapForEach } = Map.prototype;
  const { has: setHas, add: setAdd, clear: setClear, forEach: setForEach } = Set.prototype;
  const { get: weakMapGet } = WeakMap.prototype;
  const { get: tableGet } = WebAssembly.Table.prototype;
  const tableLength = getterOf(WebAssembly.Table.prototype, 'length');
  const exportsOf = getterOf(WebAssembly.Instance.prototype, 'exports');
  const bufferOfView = getterOf(getPrototypeOf(Uint8Array.prototype), 'buffer');
  const bufferOfDataView = getterOf(DataView.prototype, 'buffer');

  const { telemetry, script, attempt, options, snapshot: { describe, readText } } = harness;
  // A user's own script has no runtime of ours.
  const isOwn = options.directory !== undefined;
  const runtime = isOwn ? {} : { table, instance };
  let watching = true;

  const read = weak => apply(deref, weak, []);
  const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';

  const addressOf = object => {
    const found = apply(exec, /0x[0-9a-f]+/, [describe(object)]);
    return found ? found[0] : null;
  };

  // Callbacks that a guest, a timer or a registry has, where no script can look.
  const callbacks = harness.newNotes();
  if (describe && !isOwn) {
    harness.noteCallback = callback => {
      if (watching && typeof callback === 'function' && callbacks.length < MOST_WATCHED)
        callbacks[callbacks.length] = new WeakRef(callback);
    };
    const { noteCallback } = harness;
    for (const { prototype } of [WasmObject, RefObject]) {
      const install = prototype.installCallback;
      prototype.installCallback = function (callback) {
        noteCallback(callback);
        apply(install, this, [callback]);
      };
    }
  }

  // In a user's own script closures and modules hold what no script can reach. So each
  // collection is noted, once, when something is put into it.
  const collections = harness.newNotes();
  if (describe && isOwn) {
    const noted = new WeakSet();
    const { has, add } = WeakSet.prototype;
    const watch = (prototype, name) => {
      const put = prototype[name];
      prototype[name] = { [name](...given) {
        if (watching && collections.length < MOST_WATCHED && isObject(this) && !apply(has, noted, [this])) {
          apply(add, noted, [this]);
          collections[collections.length] = new WeakRef(this);
        }
        return apply(put, this, given);
      } }[name];
    };
    watch(Map.prototype, 'set');
    watch(Set.prototype, 'add');
    watch(WeakMap.prototype, 'set');
  }

  // The names that the case's own script has.
  function namesInScript() {
    const text = attempt(readText, '', script);
    const found = new Set();
    const word = /[A-Za-z_$][\w$]*/g;
    for (let match; (match = apply(exec, word, [text])) !== null;) apply(setAdd, found, [match[0]]);
    return found;
  }

  // Tells what holds what, and the sources of functions. `asked` are WeakRefs to start
  // from as well; `wantsBuffers` is whether one of them is a buffer.
  function tellReachable(asked, wantsBuffers) {
    const seen = new Set();
    const queue = [];
    const weakMaps = [];
    const references = [];
    const functions = [];
    const sources = [];
    const sourceNumbers = new Map();
    const global = globalThis;

    const visit = value => {
      if (!isObject(value) || value === global || value === asked) return;
      if (queue.length >= MOST_SEEN || apply(setHas, seen, [value])) return;
      apply(setAdd, seen, [value]);
      queue[queue.length] = value;
    };

    const hold = (from, to, kind, label, map) => {
      if (!isObject(to)) return;
      if (references.length < MOST_TOLD)
        references[references.length] = [addressOf(from), addressOf(to), kind, label, map ? addressOf(map) : null];
      visit(to);
    };

    const keyText = key => {
      if (typeof key === 'string') return stringify(apply(slice, key, [0, 60]));
      return typeof key === 'number' || typeof key === 'boolean' ? `${key}` : null;
    };

    const tellFunction = value => {
      const source = apply(sourceOf, value, []);
      if (functions.length >= MOST_TOLD || apply(exec, /\[native code\]\s*\}\s*$/, [source])) return;
      let number = apply(mapGet, sourceNumbers, [source]);
      if (number === undefined) {
        number = sources.length;
        sources[number] = apply(slice, source, [0, 2000]);
        apply(mapSet, sourceNumbers, [source, number]);
      }
      functions[functions.length] = [addressOf(value), number];
    };

    const enter = value => {
      const structure = apply(exec, /Structure [^[]*\[[^,]*, ([^,]+),/, [describe(value)]);
      const kind = structure ? structure[1] : '';
      if (kind === 'ProxyObject' || kind === 'Proxy') return;
      if (typeof value === 'function') attempt(tellFunction, undefined, value);
      if (kind === 'Map')
        apply(mapForEach, value, [(item, key) => {
          hold(value, item, 'map-value', keyText(key), null);
          hold(value, key, 'map-key', null, null);
        }]);
      else if (kind === 'Set') apply(setForEach, value, [item => hold(value, item, 'set-element', null, null)]);
      else if (kind === 'WeakMap') {
        // Its prototype has the same name, and is none.
        apply(weakMapGet, value, [value]);
        weakMaps[weakMaps.length] = value;
      }
      else if (kind === 'WebAssembly.Instance') hold(value, apply(exportsOf, value, []), 'property', 'exports', null);
      else if (kind === 'WebAssembly.Table') {
        const length = apply(tableLength, value, []);
        for (let slot = 0; slot < length && slot < MOST_SLOTS; slot++)
          hold(value, apply(tableGet, value, [slot]), 'table-slot', `${slot}`, null);
      } else if (isView(value)) {
        const get = kind === 'DataView' ? bufferOfDataView : bufferOfView;
        if (wantsBuffers) hold(value, apply(get, value, []), 'internal', null, null);
        return;
      }
      const keys = ownKeys(value);
      for (let i = 0; i < keys.length; i++) {
        const descriptor = getOwnPropertyDescriptor(value, keys[i]);
        if (descriptor && 'value' in descriptor) visit(descriptor.value);
      }
      visit(getPrototypeOf(value));
    };

    apply(setForEach, namesInScript(), [name => {
      const descriptor = getOwnPropertyDescriptor(global, name);
      if (descriptor && 'value' in descriptor) visit(descriptor.value);
      else if (!descriptor && !(name in global)) visit(attempt(evaluate, undefined, name));
    }]);
    visit(runtime.table);
    visit(runtime.instance);
    for (let i = 0; i < callbacks.length; i++) visit(read(callbacks[i]));
    for (let i = 0; i < collections.length; i++) visit(read(collections[i]));
    for (let i = 0; i < asked.length; i++) visit(read(asked[i]));
    // What a WeakMap holds is known by its keys only: each is asked for each object, once.
    const asking = [];
    for (let at = 0; at < queue.length;) {
      for (; at < queue.length; at++) attempt(enter, undefined, queue[at]);
      const keys = queue.length;
      for (let i = 0; i < weakMaps.length; i++) {
        for (let key = asking[i] || 0; key < keys && key < MOST_TOLD; key++)
          hold(queue[key], apply(weakMapGet, weakMaps[i], [queue[key]]), 'weak-map-value', null, weakMaps[i]);
        asking[i] = keys;
      }
    }
    telemetry('reachable', { references, functions, sources });
    // The compiler may still have this scope.
    queue.length = 0;
    weakMaps.length = 0;
    apply(setClear, seen, []);
  }

  harness.reach = {
    addressOf: describe ? addressOf : () => null,
    tell: describe ? tellReachable : () => {},
    stopWatching: () => { watching = false; },
  };
})();
