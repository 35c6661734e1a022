// Milestone 1 as a user would write it: an object in linear memory with a callback, its
// wrapper, and a finalizer that frees it. The callback mentions the wrapper.
'use strict';

const memory = new WebAssembly.Memory({ initial: 2, maximum: 10 });

// Linear memory can hold only numbers: callbacks are known to it by their index.
const callbacks = [];
const free = [];

function keep(callback) {
  const handle = free.length > 0 ? free.pop() : callbacks.length;
  callbacks[handle] = callback;
  return handle;
}

function release(handle) {
  callbacks[handle] = undefined;
  free.push(handle);
}

const imports = {
  env: { memory },
  rt: {
    release,
    invoke: handle => callbacks[handle](),
    out_of_memory: () => { throw new Error('the guest is full'); },
  },
};
const module = new WebAssembly.Module(readbuffer('guest.wasm'));
const guest = new WebAssembly.Instance(module, imports).exports;

const finalizers = new FinalizationRegistry(address => guest.free_obj(address));

class WasmObject {
  constructor() {
    this.address = guest.make_obj();
    finalizers.register(this, this.address);
  }

  onEvent(callback) {
    guest.attach_callback(this.address, keep(callback));
  }

  fire() {
    guest.invoke_callback(this.address);
  }
}

let fired = 0;

function test(n) {
  for (let i = 0; i < n; i++) {
    const object = new WasmObject();
    object.onEvent(() => { if (object.address) fired++; });
    if (i === 0) object.fire();
  }
}
