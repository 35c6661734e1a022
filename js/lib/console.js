// The console of the shells: jsc has none, SpiderMonkey's has only `log`, d8's prints
// warnings on standard output, shows objects by their own `toString`, and throws when an
// assertion fails. So theirs is replaced; and so is that of a page, which prints nowhere. Loaded after web.js.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const { bind, getterOf, isHost, put } = ours.web;
  if (isHost && !ours.page) return;

  const { print: say, printErr: sayError } = ours;
  const { Error: AnyError, String: text, Map: Table, Set: Group, RegExp: Pattern, Date: Day } = global;
  const { Promise: Pledge, Symbol: Sign, BigInt: Big, parseInt: toInteger, parseFloat: toFloat } = global;
  const { ArrayBuffer: Buffer, WeakMap: WeakTable, WeakSet: WeakGroup } = global;
  const { getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
  const { isArray } = Array;
  const { isView } = Buffer;
  const { stringify } = JSON;
  const slice = bind(String.prototype.slice);
  const repeat = bind(String.prototype.repeat);
  const search = bind(Pattern.prototype.exec);
  const nameOf = bind(Sign.prototype.toString);
  const sourceOf = bind(Pattern.prototype.toString);
  const timeOf = bind(Day.prototype.getTime);
  const dateOf = bind(Day.prototype.toISOString);
  const eachOf = bind(Table.prototype.forEach);
  const eachIn = bind(Group.prototype.forEach);
  const sizeOf = getterOf(Buffer.prototype, 'byteLength');
  const fixed = bind(Number.prototype.toFixed);
  const [get, set, remove] = [bind(Table.prototype.get), bind(Table.prototype.set), bind(Table.prototype.delete)];
  const now = performance.now.bind(performance);

  // How far an object is shown.
  const DEEPEST = 2;
  const MOST_ITEMS = 100;
  const LONGEST_LINE = 72;

  // Text for any value, however it is made: a proxy, a property or a name that throws.
  function inspect(value, parents = []) {
    try {
      if (typeof value === 'string') return parents.length > 0 ? stringify(value) : value;
      if (typeof value === 'symbol') return nameOf(value);
      if (typeof value === 'bigint') return `${value}n`;
      if (typeof value === 'function') return showFunction(value);
      if (typeof value !== 'object' || value === null) return 1 / value === -Infinity ? '-0' : text(value);
      return showObject(value, parents);
    } catch (error) {
      return '[an object that cannot be shown]';
    }
  }

  function dataOf(object, name) {
    const found = getOwnPropertyDescriptor(object, name);
    return found ? found.value : undefined;
  }

  function showFunction(value) {
    const name = dataOf(value, 'name');
    return typeof name === 'string' && name !== '' ? `[Function: ${name}]` : '[Function (anonymous)]';
  }

  function classOf(object) {
    const prototype = getPrototypeOf(object);
    if (prototype === null) return '[Object: null prototype]';
    const made = dataOf(prototype, 'constructor');
    const name = typeof made === 'function' ? dataOf(made, 'name') : undefined;
    return typeof name === 'string' && name !== '' ? name : 'Object';
  }

  function showObject(object, parents) {
    for (let i = 0; i < parents.length; i++) if (parents[i] === object) return '[Circular]';
    if (object instanceof AnyError) return showError(object, parents);
    if (object instanceof Pattern) return sourceOf(object);
    if (object instanceof Day) return showDate(object);
    const name = classOf(object);
    if (object instanceof Buffer) return `${name} { byteLength: ${sizeOf(object)} }`;
    if (object instanceof Pledge || object instanceof WeakTable || object instanceof WeakGroup) return `${name} {}`;
    if (parents.length > DEEPEST) return isArray(object) ? '[Array]' : `[${name}]`;
    // Own and new, so that a setter on Array.prototype is not called.
    const inner = [...parents, object];
    if (isArray(object)) return joined(itemsOf(object, inner), object.length, '[', ']');
    if (isView(object) && typeof object.length === 'number')
      return `${name}(${object.length}) ${joined(itemsOf(object, inner), object.length, '[', ']')}`;
    if (object instanceof Table) return showTable(object, inner);
    if (object instanceof Group) return showGroup(object, inner);
    const names = keys(object);
    return (name === 'Object' ? '' : `${name} `) + joined(propertiesOf(object, names, inner), names.length, '{', '}');
  }

  const showDate = date => (timeOf(date) === timeOf(date) ? dateOf(date) : 'Invalid Date');

  // Only V8's stacks begin with the message. Inside of objects it is enough.
  function showError(error, parents) {
    const message = `${error.name}: ${error.message}`;
    const { stack } = error;
    if (parents.length > 0 || typeof stack !== 'string' || stack === '') return message;
    return slice(stack, 0, message.length) === message ? stack : `${message}\n${stack}`;
  }

  function itemsOf(array, inner) {
    const shown = [];
    for (let i = 0; i < array.length && i < MOST_ITEMS; i++) shown[i] = inspect(array[i], inner);
    return shown;
  }

  function propertiesOf(object, names, inner) {
    const shown = [];
    for (let i = 0; i < names.length && i < MOST_ITEMS; i++) {
      const found = getOwnPropertyDescriptor(object, names[i]);
      const name = search(/^[A-Za-z_$][\w$]*$/, names[i]) ? names[i] : stringify(names[i]);
      shown[i] = `${name}: ${found && found.get ? '[Getter]' : inspect(found && found.value, inner)}`;
    }
    return shown;
  }

  function showTable(map, inner) {
    const shown = [];
    let size = 0;
    eachOf(map, (value, key) => {
      if (size++ < MOST_ITEMS) shown[size - 1] = `${inspect(key, inner)} => ${inspect(value, inner)}`;
    });
    return `Map(${size}) ${joined(shown, size, '{', '}')}`;
  }

  function showGroup(values, inner) {
    const shown = [];
    let size = 0;
    eachIn(values, value => {
      if (size++ < MOST_ITEMS) shown[size - 1] = inspect(value, inner);
    });
    return `Set(${size}) ${joined(shown, size, '{', '}')}`;
  }

  // On one line, if it is short.
  function joined(shown, size, open, close) {
    if (size === 0) return open + close;
    let line = '';
    let lines = '';
    for (let i = 0; i < shown.length; i++) {
      line += (i > 0 ? ', ' : '') + shown[i];
      lines += (i > 0 ? ',\n  ' : '') + indented(shown[i], '  ');
    }
    const more = size > shown.length ? `, … ${size - shown.length} more` : '';
    if (line.length <= LONGEST_LINE && search(/\n/, line) === null) return `${open} ${line}${more} ${close}`;
    return `${open}\n  ${lines}${more}\n${close}`;
  }

  function indented(lines, indent) {
    let shown = '';
    for (let i = 0; i < lines.length; i++) shown += lines[i] === '\n' ? `\n${indent}` : lines[i];
    return shown;
  }

  // What a `%` in the first argument makes of another, by its letter.
  const formats = {
    __proto__: null,
    s: value => (typeof value === 'object' && value !== null ? inspect(value, [undefined]) : inspect(value)),
    d: value => (typeof value === 'bigint' ? `${value}n` : number(value, Number)),
    i: value => (typeof value === 'bigint' ? `${value}n` : number(value, toInteger)),
    f: value => number(value, toFloat),
    o: value => inspect(value, [undefined]),
    O: value => inspect(value, [undefined]),
    j: value => stringify(value),
    c: () => '',
  };

  function number(value, convert) {
    return typeof value === 'symbol' || typeof value === 'object' ? 'NaN' : text(convert(value));
  }

  // The arguments after `format` that have no `%` in it follow.
  function formatted(format, given) {
    let line = '';
    let used = 1;
    for (let i = 0; i < format.length; i++) {
      const letter = format[i + 1];
      if (format[i] !== '%' || (letter !== '%' && !(formats[letter] && used < given.length))) line += format[i];
      else {
        line += letter === '%' ? '%' : formats[letter](given[used++]);
        i++;
      }
    }
    return line + separated(given, used);
  }

  function separated(given, from) {
    let line = '';
    for (let i = from; i < given.length; i++) line += (i > 0 ? ' ' : '') + inspect(given[i]);
    return line;
  }

  let indent = '';
  function lineOf(given) {
    const isFormat = given.length > 1 && typeof given[0] === 'string';
    const line = isFormat ? formatted(given[0], given) : separated(given, 0);
    return indent === '' ? line : indent + indented(line, indent);
  }

  const log = (...given) => say(lineOf(given));
  const error = (...given) => sayError(lineOf(given));

  const counts = new Table();
  const begun = new Table();
  const labelOf = label => (label === undefined ? 'default' : text(label));
  const sinceOf = name => `${fixed(now() - get(begun, name), 3)}ms`;

  function withTimer(label, use) {
    const name = labelOf(label);
    if (get(begun, name) === undefined) error(`Warning: there is no timer \`${name}\``);
    else use(name);
  }

  const methods = {
    log, info: log, debug: log, table: log, dirxml: log, dir: value => log(value), warn: error, error,
    trace(...given) {
      const { stack } = new AnyError();
      sayError(`${lineOf(['Trace:', ...given])}\n${stack}`);
    },
    assert(holds, ...given) {
      if (!holds) error(given.length > 0 ? 'Assertion failed:' : 'Assertion failed', ...given);
    },
    count(label) {
      const name = labelOf(label);
      const count = (get(counts, name) || 0) + 1;
      set(counts, name, count);
      log(`${name}: ${count}`);
    },
    countReset: label => void remove(counts, labelOf(label)),
    time: label => void set(begun, labelOf(label), now()),
    timeLog: (label, ...given) => withTimer(label, name => log(`${name}: ${sinceOf(name)}`, ...given)),
    timeEnd: label => withTimer(label, name => {
      log(`${name}: ${sinceOf(name)}`);
      remove(begun, name);
    }),
    group(...given) {
      if (given.length > 0) log(...given);
      indent += '  ';
    },
    groupEnd() {
      indent = repeat(' ', indent.length > 2 ? indent.length - 2 : 0);
    },
    clear() {},
    timeStamp() {},
    profile() {},
    profileEnd() {},
  };
  methods.groupCollapsed = methods.group;

  // A new object, whose own methods are enumerable, as they are on real ones.
  put(global, 'console', { ...methods });
})();
