// Modules whose allocators report, in place of those that a script compiles; and how many
// blocks are alive at each reading, by the stack that asked for them. memories.js asks for the
// modules, and census.js for the readings.
'use strict';

(function () {
  const global = globalThis;
  const { options, readFile, telemetry, print: say, places, ledger, newNotes, growth } = harness;
  const bind = method => Function.prototype.call.bind(method);

  const { Uint8Array: Bytes, WeakRef: Weak, WeakMap: Notes } = global;
  const { isView } = ArrayBuffer;
  const { create } = Object;
  const { Memory, Module } = global.WebAssembly;
  const { imports: importsOf, customSections: namesOf } = Module;
  const { max, min } = Math;
  const { now } = Date;
  const deref = Weak && bind(Weak.prototype.deref);
  const [note, noteOf] = [bind(Notes.prototype.set), bind(Notes.prototype.get)];
  const sort = bind(Array.prototype.sort);
  const [split, slice] = [bind(String.prototype.split), bind(String.prototype.slice)];
  const codeAt = bind(String.prototype.charCodeAt);
  const [indexOf, lastIndexOf] = [bind(String.prototype.indexOf), bind(String.prototype.lastIndexOf)];

  // As `instrument` has them.
  const MODULE = 'wasm-leaks';
  const MOST_ROWS = 200;
  const ANSWER_MILLISECONDS = 30000;
  const PART = 30000;

  // ---- Modules in place of others. The command answers on the stage: nothing else can be
  // waited for without a turn of the event loop.
  const answers = create(null);
  const mark = `@? ${options.key} `;
  const pathOf = name => `${options.lib}../modules/${name}`;

  function answerTo(name) {
    for (const begun = now(); now() - begun < ANSWER_MILLISECONDS;) {
      const found = readOrNothing(pathOf(`${name}.wasm`));
      if (found) return found;
      if (readOrNothing(pathOf(`${name}.send`))) return 'send';
    }
    return undefined;
  }

  function readOrNothing(path) {
    try {
      return readFile(path);
    } catch (error) {
      return undefined;
    }
  }

  const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  function base64(bytes, from, to) {
    let text = '';
    for (let i = from; i < to; i += 3) {
      const three = (bytes[i] << 16) | ((i + 1 < to ? bytes[i + 1] : 0) << 8) | (i + 2 < to ? bytes[i + 2] : 0);
      text += DIGITS[three >> 18] + DIGITS[(three >> 12) & 63];
      text += (i + 1 < to ? DIGITS[(three >> 6) & 63] : '=') + (i + 2 < to ? DIGITS[three & 63] : '=');
    }
    return text;
  }

  // The module that reports, instead of the one with these bytes; undefined if there is none.
  function noteReplacement(source, { size, digest }) {
    const name = `${digest}-${size}`;
    if (answers[name] !== undefined) return answers[name] || undefined;
    answers[name] = null;
    say(`${mark}ask ${name}`);
    let answer = answerTo(name);
    if (answer === 'send') {
      const bytes = isView(source) ? new Bytes(source.buffer, source.byteOffset, source.byteLength) : new Bytes(source);
      for (let at = 0; at < bytes.length; at += PART)
        say(`${mark}part ${name} ${base64(bytes, at, at + PART < bytes.length ? at + PART : bytes.length)}`);
      say(`${mark}end ${name}`);
      do answer = answerTo(name); while (answer === 'send');
    }
    // One byte says that there is none.
    if (answer && answer.length > 1) answers[name] = answer;
    return answers[name] || undefined;
  }

  // Stacks are taken once blocks get more: of a program of which no block stays they would be for
  // nothing, and cost more than all else. And those of frees once one was wrong.
  const every = options.blocks === undefined ? 1 : +options.blocks;
  const policy = { blocks: 0, frees: 0, shown: withoutOurs };
  ledger.warmUp(policy);

  // What called the program is ours, too, and of another place now and then.
  function withoutOurs(text) {
    const wasm = lastIndexOf(text, 'wasm-function[');
    const unknown = lastIndexOf(text, 'at unknown');
    const from = wasm < 0 ? unknown : wasm;
    const ours = from < 0 ? -1 : indexOf(text, options.lib, indexOf(text, '\n', from));
    return ours < 0 ? text : slice(text, 0, lastIndexOf(text, '\n', ours));
  }

  // The ledger of each memory that several instances share.
  const shared = new Notes();
  let ledgers = newNotes();

  // What an instance of the module imports: what the program gives, and what it reports to.
  function withReports(digest, imports, module) {
    const memory = memoryIn(imports, importsOf(module));
    let found = memory && noteOf(shared, memory);
    if (!found) {
      found = ledger.open(digest, policy);
      ledgers[ledgers.length] = new Weak(found);
      if (memory) note(shared, memory, found);
    }
    const all = create(imports === undefined ? null : imports, { [MODULE]: { value: ledger.reportsTo(found), enumerable: true } });
    if (collectsByItself(module)) note(collected, all, found);
    return all;
  }

  // AssemblyScript's incremental runtime frees what nobody refers to at some later call: at a
  // reading nothing may wait for that. Its other collector runs only if the program calls
  // `__collect`: what it leaves to it stays. https://www.assemblyscript.org/runtime.html
  const COLLECTOR = [...'~lib/rt/itcms/'];
  for (let i = 0; i < COLLECTOR.length; i++) COLLECTOR[i] = codeAt(COLLECTOR[i], 0);
  const collected = new Notes();
  const collectors = new Notes();

  function collectsByItself(module) {
    const names = namesOf(module, 'name');
    const bytes = names.length > 0 ? new Bytes(names[0]) : [];
    for (let i = 0; i < bytes.length; i++) {
      let same = 0;
      while (same < COLLECTOR.length && bytes[i + same] === COLLECTOR[same]) same++;
      if (same === COLLECTOR.length) return true;
    }
    return false;
  }

  // There is an instance with these imports.
  function noteMade(all, { exports: { __collect: collect } }) {
    const found = noteOf(collected, all);
    if (found && typeof collect === 'function') note(collectors, found, collect);
  }

  function collect(found) {
    const collect = noteOf(collectors, found);
    if (collect === undefined) return;
    try {
      collect();
    } catch (error) {
      note(collectors, found, undefined);
    }
  }

  function memoryIn(imports, natives) {
    for (let i = 0; i < natives.length; i++) {
      const { kind, module, name } = natives[i];
      if (kind !== 'memory') continue;
      const found = imports && imports[module] && imports[module][name];
      if (found instanceof Memory) return found;
    }
    return undefined;
  }

  // ---- Readings.
  // From the first reading on at which there are any: JavaScriptCore counts these with the program's.
  const columns = [];
  const NONE = create(null);
  let readings = 0;
  let first = 0;
  const columnAt = i => (i < first ? NONE : columns[i - first]);
  // The reading from which on stacks are taken.
  let since = -1;
  const RISES = 2;

  function eachLedger(visit) {
    const alive = newNotes();
    for (let i = 0; i < ledgers.length; i++) {
      const found = deref(ledgers[i]);
      if (found === undefined) continue;
      alive[alive.length] = ledgers[i];
      visit(found);
    }
    ledgers = alive;
  }

  // By module and stack: how many blocks are alive, and their bytes.
  function noteReading() {
    readings++;
    if (columns.length === 0 && ledgers.length === 0) {
      first = readings;
      return;
    }
    const column = create(null);
    const count = (key, blocks, bytes) => {
      if (!column[key]) column[key] = [0, 0];
      column[key][0] += blocks;
      column[key][1] += bytes;
    };
    eachLedger(found => {
      collect(found);
      ledger.settle(found);
      const { module: { digest, size }, counts, bytes, alive } = found;
      const name = `${digest}-${size}`;
      let all = 0;
      for (let stack = 0; stack < counts.length; stack++) {
        all += bytes[stack];
        // One stands for as many.
        if (counts[stack] !== 0 && stack > 0) count(`${name} ${stack}`, counts[stack] * every, bytes[stack] * every);
      }
      count(name, alive, all);
    });
    columns[columns.length] = column;
    if (since < 0 && isRising()) {
      since = readings - 1;
      policy.blocks = every;
    }
  }

  // Bytes of all blocks that are alive, at readings from one on.
  function totals(from) {
    const found = [];
    for (let i = from; i < readings; i++) {
      found[i - from] = 0;
      for (const key in columnAt(i)) if (indexOf(key, ' ') < 0) found[i - from] += columnAt(i)[key][1];
    }
    return found;
  }

  // The first reading is before any call.
  function isRising() {
    const found = totals(1);
    if (found.length <= RISES) return false;
    for (let i = found.length - RISES; i < found.length; i++) if (found[i] <= found[i - 1]) return false;
    return true;
  }

  // Whether blocks get more for all that is known of where they were asked for.
  function grows(calls) {
    if (since < 0) return false;
    const later = [];
    for (let i = since - 1; i < calls.length; i++) later[later.length] = calls[i];
    return growth(later, totals(since), 'bytes') === 'grows';
  }

  function report() {
    const keys = create(null);
    for (let i = 0; i < readings; i++) for (const key in columnAt(i)) keys[key] = true;
    const rows = [];
    for (const key in keys) {
      const counts = [];
      const bytes = [];
      const { 0: module, 1: stack } = split(key, ' ');
      const from = stack === undefined ? 0 : since;
      let [least, most] = [Infinity, 0];
      for (let i = from; i < readings; i++) {
        const found = columnAt(i)[key];
        counts[i - from] = found ? found[0] : 0;
        bytes[i - from] = found ? found[1] : 0;
        [least, most] = [min(least, bytes[i - from]), max(most, bytes[i - from])];
      }
      const weight = stack === undefined ? Infinity : most - least;
      rows[rows.length] = { module: moduleOf(module), stack: stack === undefined ? null : places.shortened(ledger.textOf(stack)), counts, bytes, weight };
    }
    sort(rows, (one, other) => (one.weight === other.weight ? 0 : other.weight - one.weight));
    for (let i = 0; i < rows.length && i < MOST_ROWS; i++) {
      const { module, stack, counts, bytes } = rows[i];
      telemetry('blocks', { module, stack, counts, bytes, every: stack === null ? 1 : every });
    }
    eachLedger(found => {
      const { module, mistakes, mistaken } = found;
      const unseen = found.unseen + ledger.overlaps(found);
      const shown = [];
      for (let i = 0; i < mistakes.length; i++) {
        const { isTwice, again, first } = mistakes[i];
        shown[i] = { twice: isTwice, again: places.shortened(again), first: first === null ? null : places.shortened(first) };
      }
      if (unseen > 0 || mistaken > 0) telemetry('ledger', { module, unseen, mistaken, mistakes: shown });
    });
  }

  function moduleOf(name) {
    const { 0: digest, 1: size } = split(name, '-');
    return { digest: Number(digest), size: Number(size) };
  }

  harness.blocks = {
    replacement: noteReplacement, withReports, made: noteMade, read: noteReading, settle: () => eachLedger(ledger.settle), grows, report,
    // What an engine keeps for these functions.
    stays: () => (ledgers.length > 0 ? 32 : 0),
  };
})();
