// What the cases share: linear memory, the table that makes callbacks into
// numbers, the wrapper of a guest's object with its finalizer, the loop of
// rounds, and the final check.
'use strict';

const ROUNDS = 100;
const OBJECTS_A_ROUND = 1000;
const LAST_CHANCES = 10;

// How many wrappers were made, and how many of them were finalized.
let nalloc = 0;
let nfinalized = 0;
let maxLive = 0;

const live = () => nalloc - nfinalized;

// A line for the judge, which is no part of the transcript.
const started = Date.now();
function telemetry(type, facts) {
  print('@ ' + JSON.stringify({ type, ...facts }));
}

function counts() {
  return {
    allocated: nalloc,
    finalized: nfinalized,
    live: live(),
    slots: table.used,
    pages: memory.buffer.byteLength / 65536,
    ms: Date.now() - started,
  };
}

// Ends the case. What it means to exit with is told first, for jsc exits with 0
// whatever it is asked.
function finish(status) {
  telemetry('quit', { status });
  quit(status);
}

class OutOfMemory extends Error {}

// Refers to JavaScript objects by numbers, which is all that linear memory can
// hold. To the collector whatever is in the table is alive.
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

const memory = new WebAssembly.Memory({ initial: 2, maximum: 10 });

const instance = new WebAssembly.Instance(
  new WebAssembly.Module(readBinary(guestPath)),
  {
    env: { memory },
    rt: {
      release: handle => table.release(handle),
      invoke: handle => { table.get(handle)(); },
      out_of_memory: () => { throw new OutOfMemory(); },
    },
  });

const registry = new FinalizationRegistry(obj => {
  nfinalized++;
  instance.exports.free_obj(obj);
});

// The JavaScript side of an object in linear memory, which it owns.
class WasmObject {
  constructor(instance) {
    this.instance = instance;
    this.obj = instance.exports.make_obj();
    nalloc++;
    maxLive = Math.max(maxLive, live());
    registry.register(this, this.obj);
  }

  installCallback(callback) {
    this.instance.exports.attach_callback(this.obj, table.add(callback));
  }

  invokeCallback() {
    this.instance.exports.invoke_callback(this.obj);
  }
}

// Finalizers never run within the job that collected: yield, so that they can.
async function collect() {
  gc();
  await turn();
}

async function rounds(test) {
  for (let round = 1; round <= ROUNDS; round++) {
    test(OBJECTS_A_ROUND);
    telemetry('round', { round, ...counts() });
    await collect();
  }
}

// JavaScriptCore scans the stack conservatively, so that an object can outlive
// its last use by a round or two: give the collector more than one chance.
async function settle() {
  for (let chance = 0; chance < LAST_CHANCES && live() > 0; chance++) await collect();
}

// Runs a case: `test(n)` makes n objects and lets go of them.
async function main(test) {
  try {
    await rounds(test);
    await settle();
    telemetry('final', counts());
    if (live() !== 0) throw new Error(`${live()} of ${nalloc} objects were not finalized`);
    print(`Success; max ${maxLive} objects live.`);
    finish(0);
  } catch (error) {
    if (error instanceof OutOfMemory) {
      telemetry('out-of-memory', counts());
      print('error: out of linear memory');
    } else {
      print(`error: ${error.message}`);
      printErr(error.stack);
    }
    finish(1);
  }
}
