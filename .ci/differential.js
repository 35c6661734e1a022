// Runs a module and the one that reports its blocks, and says whether they do the same: for `.ci/differential`, which
// puts `types` before it, and `endless`, the calls that are left out. Plain JavaScript for every shell; the two modules
// are in the current directory.
'use strict';

const say = typeof print === 'function' && typeof process !== 'object' ? print : console.log;

const MOST_MILLISECONDS = 2000;
const MOST_IMPORT_CALLS = 20000;
const MOST_FUNCTIONS = 400;
const VALUES = [0, 1, 40];

function bytesOf(path) {
  if (typeof process === 'object') return process.getBuiltinModule('node:fs').readFileSync(path);
  if (typeof os === 'object' && os.file) return os.file.readFile(path, 'binary');
  return typeof readbuffer === 'function' ? new Uint8Array(readbuffer(path)) : new Uint8Array(readFile(path, 'binary'));
}

// What happened, as a digest, and its last steps, to be shown if something differs.
function newLog() {
  return { digest: 0, steps: 0, last: [] };
}

function note(log, text) {
  log.steps++;
  for (let i = 0; i < text.length; i++) log.digest = Math.imul(log.digest ^ text.charCodeAt(i), 0x01000193);
  log.last.push(`${log.digest} ${text}`);
  if (log.last.length > 5000) log.last.splice(0, 2500);
}

function shown(value) {
  if (typeof value === 'function') return 'function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(shown)}]`;
  return Object.is(value, -0) ? '-0' : `${value}`;
}

// By words that engines have for one kind of trap. Functions are named in some, and numbers of them differ.
function kindOf(error) {
  if (error === SPENT) return 'spent';
  const name = error && error.name;
  const text = `${error && error.message}`.replace(/\(evaluating.*|'[^']*'|[0-9]+/gs, '');
  return name === 'RangeError' || name === 'InternalError' ? 'overflow' : `${name} ${text}`;
}

// ---- Imports.
const SPENT = new Error('too many calls of imports');
const NOTHING = { i32: 0, i64: 0n, f32: 0, f64: 0, anyfunc: null, externref: null };

function importsFor(state) {
  const imports = {};
  for (const each of types.imports) {
    if (!imports[each.module]) imports[each.module] = {};
    if (imports[each.module][each.name] === undefined) imports[each.module][each.name] = stub(each, state);
  }
  return imports;
}

function stub(each, state) {
  const { kind, name, initial, maximum } = each;
  switch (kind) {
    case 'function': {
      const results = each.results.map(type => NOTHING[type]);
      const result = results.length > 1 ? results : results[0];
      return (...given) => {
        if (++state.calls > MOST_IMPORT_CALLS) throw SPENT;
        note(state.log, `${name}(${given.map(shown)})`);
        return result;
      };
    }
    case 'memory': {
      const limits = maximum === undefined ? { initial } : { initial, maximum };
      const memory = new WebAssembly.Memory(each.shared ? { ...limits, shared: true } : limits);
      state.memories.push(memory);
      return memory;
    }
    case 'table':
      return new WebAssembly.Table(maximum === undefined ? { element: each.element, initial } : { element: each.element, initial, maximum });
    case 'global':
      return new WebAssembly.Global({ value: each.value, mutable: each.mutable }, NOTHING[each.value]);
    default:
      return new WebAssembly.Tag({ parameters: each.params });
  }
}

// What a report has to be, whatever the program gives.
function reportsFor(state) {
  const report = (...given) => {
    state.reports++;
    for (const number of given) if (!(typeof number === 'number' && number >= 0)) throw new Error(`report of ${number}`);
  };
  return { allocated: report, freed: report, reallocating: report, reallocated: report };
}

// ---- What is left.
function noteState(log, exports, memories) {
  for (const name of Object.keys(exports)) {
    const object = exports[name];
    if (object instanceof WebAssembly.Memory) memories.push(object);
    else if (object instanceof WebAssembly.Global) note(log, `${name} = ${valueOf(object)}`);
    else if (object instanceof WebAssembly.Table) note(log, `${name}: ${tableText(object)}`);
  }
  for (const memory of memories) note(log, `memory of ${memory.buffer.byteLength}: ${digestOf(memory)}`);
}

function valueOf(object) {
  try {
    return shown(object.value);
  } catch (error) {
    return 'v128';
  }
}

function tableText(table) {
  let text = '';
  for (let i = 0; i < table.length && i < 2000; i++) text += table.get(i) === null ? '-' : 'f';
  return text;
}

function digestOf(memory) {
  const words = new Int32Array(memory.buffer);
  let digest = 0;
  for (let i = 0; i < words.length; i++) digest = Math.imul(digest ^ words[i], 0x01000193);
  return digest;
}

// ---- A run. `calls` is how many to make; without it, as many as there is time for.
function run(path, calls) {
  const log = newLog();
  const state = { log, calls: 0, reports: 0, memories: [] };
  let module;
  try {
    module = new WebAssembly.Module(bytesOf(path));
  } catch (error) {
    return { log, state, made: 0, refused: `${error}` };
  }
  const names = WebAssembly.Module.exports(module).map(({ name, kind }) => `${kind} ${name}`);
  note(log, names.join());
  let exports;
  try {
    exports = new WebAssembly.Instance(module, { ...importsFor(state), 'wasm-leaks': reportsFor(state) }).exports;
  } catch (error) {
    note(log, `no instance: ${kindOf(error)}`);
    return { log, state, made: 0, refused: undefined, unlinked: `${error}` };
  }
  const made = callAll(exports, state, calls);
  if (!made.overflowed) noteState(log, exports, state.memories);
  return { log, state, ...made };
}

function argument(type, value) {
  if (type === 'i64') return BigInt(value);
  if (type === 'f32' || type === 'f64') return value + 0.5;
  return type === 'i32' ? value : null;
}

function callAll(exports, state, calls) {
  const begun = Date.now();
  let made = 0;
  for (const { name, params } of types.exports.slice(0, MOST_FUNCTIONS)) {
    for (const value of params.length > 0 ? VALUES : [0]) {
      if (calls === undefined ? Date.now() - begun > MOST_MILLISECONDS : made >= calls) return { made };
      made++;
      if (endless.includes(`${name} ${value}`)) continue;
      if (calls === undefined) say(`calls ${name} ${value}`);
      state.calls = 0;
      try {
        note(state.log, `${name}(${value}): ${shown(exports[name](...params.map(type => argument(type, value))))}`);
      } catch (error) {
        const kind = kindOf(error);
        note(state.log, `${name}(${value}) threw ${kind}`);
        // How deep it was then depends on the size of frames, and so does what is in memory.
        if (kind === 'overflow') return { made, overflowed: true };
      }
    }
  }
  return { made };
}

function firstDifference(one, other) {
  for (let i = 0; i < one.last.length && i < other.last.length; i++)
    if (one.last[i] !== other.last[i]) return `\`${one.last[i]}\`, and of the one that reports \`${other.last[i]}\``;
  return `${one.steps} steps, and of the one that reports ${other.steps}`;
}

const plain = run('plain.wasm', undefined);
if (plain.refused) {
  say(`refused ${plain.refused.replace(/\s+/g, ' ').slice(0, 200)}`);
} else {
  // From here on what does not end is the other's fault.
  say('ran');
  let [one, other] = [plain, run('reporting.wasm', plain.made)];
  const full = [one, other].filter(({ overflowed }) => overflowed);
  // In which call a stack is full depends on what is compiled by then: what was called before is compared.
  if (full.length > 0) {
    const before = Math.min(...full.map(({ made }) => made)) - 1;
    [one, other] = [run('plain.wasm', before), run('reporting.wasm', before)];
  }
  const same = one.log.digest === other.log.digest && one.log.steps === other.log.steps;
  if (other.refused || !same) say(`differs ${other.refused || firstDifference(one.log, other.log).slice(0, 600)}`);
  else if (one.unlinked) say(`unlinked ${one.unlinked.replace(/\s+/g, ' ').slice(0, 200)}`);
  else say(`same ${one.made} calls, ${other.state.reports} reports${full.length > 0 ? ', until the stack was full' : ''}`);
}
