// m1's cycle through the field of a WasmGC struct, which the collector traces.
// Compare with m1 and wasm-gc.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new HeapObject(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
