// The code that the cases share: linear memory, the table that turns callbacks
// into numbers, the wrapper of a guest's object with its finalizer, the loop of
// rounds, and the final check.
'use strict';

const ROUNDS = 100;
const OBJECTS_A_ROUND = 1000;

// JavaScriptCore scans the stack conservatively, so an object can outlive its
// last use by a round or two, and V8 in Node.js sometimes runs finalizers a
// turn later: in the end the collector gets more than one chance.
const LAST_CHANCES = 10;
const IN_VAIN = 2;

// The most objects that may be live in the end: a hundredth of a round.
const RESIDUE = 10;

const PAGES = { initial: 2, maximum: 10 };

// The number of wrappers made, and of those finalized.
let nalloc = 0;
let nfinalized = 0;
let maxLive = 0;

const live = () => nalloc - nfinalized;

// A line for the judge, which is not part of the transcript.
const started = Date.now();
function telemetry(type, facts) {
  print('@ ' + JSON.stringify({ type, ...facts }));
}

function counts() {
  return {
    allocated: nalloc,
    finalized: nfinalized,
    live: live(),
    slots: slots(),
    pages: memory.buffer.byteLength / 65536,
    ms: Date.now() - started,
  };
}

// Ends the case. The intended exit status is reported first, because jsc always
// exits with 0.
function finish(status) {
  telemetry('quit', { status });
  quit(status);
}

// Ends it with an unexpected error.
function fail(error) {
  print(`error: ${error.message}`);
  printErr(error.stack);
  finish(1);
}

class OutOfMemory extends Error {}

// Errors that may stop a case in mid-round, after which it still settles. A guest
// that cannot report that its memory is full traps: for lack of the two pages that
// a table needs when it doubles, or of fewer. Any other trap is an error.
const ASKED_AT_ONCE = 2;

function howItStopped(error) {
  if (error instanceof OutOfMemory) return { type: 'out-of-memory', line: 'error: out of linear memory' };
  const room = PAGES.maximum - counts().pages;
  if (error instanceof WebAssembly.RuntimeError && room <= ASKED_AT_ONCE)
    return { type: 'trapped', line: 'error: the guest trapped' };
  return undefined;
}

// Refers to JavaScript objects by numbers, because linear memory can hold nothing
// else. To the collector everything in the table is alive.
class ObjectTable {
  constructor() {
    this.objects = [];
    this.free = [];
  }

  get used() {
    return this.objects.length - this.free.length;
  }

  add(object) {
    const handle = this.free.length > 0 ? this.free.pop() : this.objects.length;
    this.objects[handle] = object;
    return handle;
  }

  get(handle) {
    const object = this.objects[handle];
    if (object === undefined) throw new Error(`handle ${handle} is not in use`);
    return object;
  }

  release(handle) {
    this.get(handle);
    this.objects[handle] = undefined;
    this.free.push(handle);
  }
}

const table = new ObjectTable();

// The used slots of the table that roots callbacks, wherever it is kept.
let slots = () => table.used;

const memory = new WebAssembly.Memory(PAGES);

const imports = {
  env: { memory },
  rt: {
    release: handle => table.release(handle),
    invoke: handle => { table.get(handle)(); },
    call: callback => { callback(); },
    out_of_memory: () => { throw new OutOfMemory(); },
    new_object: () => ({ callback: null }),
    get_callback: object => object.callback,
    set_callback: (object, callback) => { object.callback = callback; },
  },
};

// The glue of a wasm-bindgen guest, loaded before, starts the guest.
const module = new WebAssembly.Module(readBinary(guestPath));
const instance = typeof wasm_bindgen === 'undefined'
  ? new WebAssembly.Instance(module, imports)
  : { exports: wasm_bindgen.initSync({ module, memory }) };

// Called by each wrapper at its birth, with itself, which only explain.js uses;
// and by its finalizer, or by the code that frees it.
function born() {
  nalloc++;
  maxLive = Math.max(maxLive, live());
}

function died() {
  nfinalized++;
}

const registry = new FinalizationRegistry(obj => {
  died();
  instance.exports.free_obj(obj);
});

// The JavaScript side of an object in linear memory, which it owns.
class WasmObject {
  constructor(instance) {
    this.instance = instance;
    this.obj = instance.exports.make_obj();
    born(this);
    this.register();
  }

  register() {
    registry.register(this, this.obj);
  }

  installCallback(callback) {
    this.instance.exports.attach_callback(this.obj, table.add(callback));
  }

  invokeCallback() {
    this.instance.exports.invoke_callback(this.obj);
  }
}

// V8 drops the hidden class of the wrappers with the last of them, which is after
// each round, and throws away the code compiled for it: that was half of m0's
// time. One more wrapper, which is never released or counted, keeps it.
const keepsake = instance.exports.make_obj && new WasmObject(instance);
nalloc = maxLive = 0;

// A wrapper whose guest holds the callback itself, as an externref.
class RefObject extends WasmObject {
  installCallback(callback) {
    this.instance.exports.attach_callback(this.obj, callback);
  }
}

// Counts wrappers that own nothing to free.
const observer = new FinalizationRegistry(died);

// Counts wrappers of which both halves must die.
const halves = new FinalizationRegistry(both => {
  if (--both.alive === 0) died();
});

// A wrapper whose guest keeps nothing in linear memory: there is nothing to free,
// and the collector owns both the wrapper and the guest's own object.
class HeapObject extends RefObject {
  register() {
    const both = { alive: 2 };
    halves.register(this, both);
    halves.register(this.obj, both);
  }
}

// The number of slots of a WebAssembly table that hold a function.
function functionsIn(table) {
  let count = 0;
  for (let slot = 0; slot < table.length; slot++) if (typeof table.get(slot) === 'function') count++;
  return count;
}

// Finalizers never run within the job that collected: yield to let them run.
async function collect() {
  gc();
  await turn();
}

async function rounds(test, between) {
  for (let round = 1; round <= ROUNDS; round++) {
    // Only a promise is awaited, because awaiting yields.
    const pending = test(OBJECTS_A_ROUND);
    if (pending) await pending;
    telemetry('round', { round, ...counts() });
    const collecting = between();
    if (collecting) await collecting;
  }
}

// Live objects, or callbacks in the table, whichever are more: each exists for the
// other, and they may go in different turns.
const remaining = () => Math.max(live(), slots());

// Nothing more is allocated: everything that remains after this is the residue.
async function settle() {
  let inVain = 0;
  for (let chance = 0; chance < LAST_CHANCES && remaining() > 0 && inVain < IN_VAIN; chance++) {
    const before = remaining();
    await collect();
    inVain = remaining() < before ? 0 : inVain + 1;
  }
  telemetry('settled', counts());
}

// Where memory ran out but nothing remains, there must be room again.
function fillAgain() {
  try {
    for (let i = 0; i < OBJECTS_A_ROUND; i++) instance.exports.make_obj();
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    telemetry('still-full', counts());
  }
}

// Runs a case: `test(n)` makes n objects and releases them, and `between` lets
// the collector run after each round.
async function main(test, between = collect) {
  telemetry('start', { objects: OBJECTS_A_ROUND, ...PAGES });
  try {
    let stopped = false;
    try {
      await rounds(test, between);
    } catch (error) {
      const how = howItStopped(error);
      if (!how) throw error;
      stopped = true;
      telemetry(how.type, counts());
      print(how.line);
    }
    await settle();
    if (stopped && remaining() <= RESIDUE) fillAgain();
    if (stopped) return finish(1);
    if (remaining() > RESIDUE) throw new Error(`${remaining()} of ${nalloc} objects were not finalized`);
    print(`Success; max ${maxLive} objects live.`);
    finish(0);
  } catch (error) {
    fail(error);
  }
}
