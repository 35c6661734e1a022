// m1's cycle through a WasmGC struct that owns a buffer in linear memory, which
// the finalizer of the struct frees. Compare with m1 and wasm-gc-cycle.
class BufferObject extends RefObject {
  register() {
    registry.register(this.obj, this.instance.exports.buffer_of(this.obj));
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new BufferObject(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
