// What the experiments of wasm-leaks are made of, without its own bookkeeping: linear
// memory, the table that turns callbacks into numbers, and the wrapper of a guest's object
// with its finalizer. A census counts what stays alive.
//
// This file is yours: change it as you like.

const ROUNDS = Infinity;
const OBJECTS_A_ROUND = 1000;

// How many wrappers were made, and how many of them were finalized.
var nalloc = 0;
var nfinalized = 0;
var born = () => { nalloc++; };
function died() { nfinalized++; }

// Refers to JavaScript objects by numbers, because linear memory can hold nothing else.
// To the collector all that is in the table is alive.
class ObjectTable {
  constructor() {
    this.objects = [];
    this.free = [];
  }

  add(object) {
    const handle = this.free.length > 0 ? this.free.pop() : this.objects.length;
    this.objects[handle] = object;
    return handle;
  }

  get(handle) { return this.objects[handle]; }

  release(handle) {
    this.objects[handle] = undefined;
    this.free.push(handle);
  }
}
var table = new ObjectTable();
var slots = () => table.objects.length - table.free.length;

// What the guest imports. It takes at most ten pages of 64 KiB.
var memory = new WebAssembly.Memory({ initial: 2, maximum: 10 });
var imports = {
  env: { memory },
  rt: {
    release: handle => table.release(handle),
    invoke: handle => { table.get(handle)(); },
    call: callback => { callback(); },
    out_of_memory: () => { throw new RangeError('linear memory: out of memory'); },
    new_object: () => ({ callback: null }),
    get_callback: object => object.callback,
    set_callback: (object, callback) => { object.callback = callback; },
  },
};
var module = new WebAssembly.Module(readbuffer('guest.wasm'));
var instance = new WebAssembly.Instance(module, imports);

// Frees the guest's object once its wrapper was collected.
var registry = new FinalizationRegistry(obj => {
  died();
  instance.exports.free_obj(obj);
});
// Counts wrappers that own nothing to free.
var observer = new FinalizationRegistry(died);

// The JavaScript side of an object in linear memory, which it owns.
var WasmObject = class WasmObject {
  constructor(instance) {
    this.instance = instance;
    this.obj = instance.exports.make_obj();
    born(this);
    this.register();
  }

  register() { registry.register(this, this.obj); }

  installCallback(callback) {
    this.instance.exports.attach_callback(this.obj, table.add(callback));
  }

  invokeCallback() { this.instance.exports.invoke_callback(this.obj); }
};

// One whose guest holds the callback itself, as an externref.
var RefObject = class RefObject extends WasmObject {
  installCallback(callback) { this.instance.exports.attach_callback(this.obj, callback); }
};

// One whose guest keeps nothing in linear memory: there is nothing to free.
var HeapObject = class HeapObject extends RefObject {
  register() { observer.register(this); }
};

// `test(n)` is called by the census, which collects garbage between its rounds.
function main() {}
