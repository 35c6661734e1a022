// structuredClone for the shells: plain data, and the built-in classes that it copies.
// What is transferred is copied where an ArrayBuffer cannot be. Loaded after web.js.
'use strict';

(function () {
  const global = globalThis;
  const { bind, getterOf, define } = harness.web;
  const { DOMException: Refusal, Error: AnyError, Date: Day, RegExp: Pattern, Map: Table, Set: Group } = global;
  const { ArrayBuffer: Buffer, SharedArrayBuffer: Shared, DataView: View, Uint8Array: Bytes } = global;
  const { Array: List, Object: Plain, WeakMap: WeakTable, WeakSet: WeakGroup, WeakRef: Weak } = global;
  const { Promise: Pledge, Symbol: Sign } = global;
  const { Module, Memory, Table: Functions, Instance, Global } = WebAssembly;
  const { isArray } = List;
  const { isView } = Buffer;
  const { defineProperty, getPrototypeOf, keys } = Plain;
  const typeOf = getterOf(getPrototypeOf(Bytes.prototype), Sign.toStringTag);
  const sliceBuffer = bind(Buffer.prototype.slice);
  const transferBuffer = Buffer.prototype.transfer && bind(Buffer.prototype.transfer);
  const timeOf = bind(Day.prototype.getTime);
  const [get, set] = [bind(Table.prototype.get), bind(Table.prototype.set)];
  const eachOf = bind(Table.prototype.forEach);
  const eachIn = bind(Group.prototype.forEach);
  const add = bind(Group.prototype.add);

  const ERRORS = {};
  for (const name of ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'])
    ERRORS[name] = global[name];
  const VIEWS = { DataView: View };
  for (const name of Object.getOwnPropertyNames(global))
    if (/^(?:Big)?(?:Int|Uint|Float)\w*Array$/.test(name)) VIEWS[name] = global[name];

  const refuse = what => {
    throw new Refusal(`${what} cannot be cloned`, 'DataCloneError');
  };

  // What has no copy, and what is its own.
  const KEPT = [Module, Shared].filter(Boolean);
  const REFUSED = [WeakTable, WeakGroup, Weak, Pledge, Memory, Functions, Instance, Global].filter(Boolean);
  const isOneOf = (object, classes) => {
    for (let i = 0; i < classes.length; i++) if (object instanceof classes[i]) return true;
    return false;
  };

  // `known` has the copy of each object that was met, and so cycles end.
  function clone(value, known) {
    if (typeof value === 'symbol') refuse('a symbol');
    if (typeof value === 'function') refuse('a function');
    if (typeof value !== 'object' || value === null) return value;
    const met = get(known, value);
    if (met !== undefined) return met;
    if (isOneOf(value, KEPT)) return value;
    if (isOneOf(value, REFUSED)) refuse('an object of its class');
    const copy = emptyCopy(value, known);
    set(known, value, copy);
    fill(copy, value, known);
    return copy;
  }

  function emptyCopy(value, known) {
    if (isArray(value)) return new List(value.length);
    if (value instanceof Table) return new Table();
    if (value instanceof Group) return new Group();
    if (value instanceof Day) return new Day(timeOf(value));
    if (value instanceof Pattern) return new Pattern(value.source, value.flags);
    if (value instanceof Buffer) return sliceBuffer(value, 0);
    if (isView(value)) return viewOf(value, known);
    if (value instanceof AnyError) return errorOf(value, known);
    if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt)
      return Plain(value.valueOf());
    return {};
  }

  function viewOf(view, known) {
    const Class = VIEWS[typeOf(view) || 'DataView'];
    return new Class(clone(view.buffer, known), view.byteOffset, view.length === undefined ? view.byteLength : view.length);
  }

  function errorOf(error, known) {
    const Class = ERRORS[error.name] || AnyError;
    const copy = new Class(error.message);
    put(copy, 'stack', error.stack);
    if ('cause' in error) put(copy, 'cause', clone(error.cause, known));
    return copy;
  }

  function put(object, name, value) {
    defineProperty(object, name, { value, writable: true, configurable: true });
  }

  function fill(copy, value, known) {
    if (value instanceof Table) {
      // Those of a copy: a getter may change the map meanwhile.
      const pairs = [];
      eachOf(value, (inner, key) => { pairs[pairs.length] = { key, inner }; });
      for (let i = 0; i < pairs.length; i++) set(copy, clone(pairs[i].key, known), clone(pairs[i].inner, known));
    } else if (value instanceof Group) {
      const items = [];
      eachIn(value, item => { items[items.length] = item; });
      for (let i = 0; i < items.length; i++) add(copy, clone(items[i], known));
    } else if (isArray(value) || isPlain(value)) {
      const names = keys(value);
      for (let i = 0; i < names.length; i++) {
        const inner = clone(value[names[i]], known);
        defineProperty(copy, names[i], { value: inner, writable: true, configurable: true, enumerable: true });
      }
    }
  }

  const OTHERS = [Day, Pattern, Buffer, AnyError, Boolean, Number, String, BigInt];
  const isPlain = value => !isView(value) && !isOneOf(value, OTHERS);

  define('structuredClone', function structuredClone(value, options) {
    const known = new Table();
    const transferred = (options && options.transfer) || [];
    for (const buffer of transferred) {
      if (!(buffer instanceof Buffer)) refuse('what is transferred');
      set(known, buffer, transferBuffer ? transferBuffer(buffer) : sliceBuffer(buffer, 0));
    }
    return clone(value, known);
  });
})();
