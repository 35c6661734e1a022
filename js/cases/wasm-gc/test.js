// The guest's objects are WasmGC structs with an externref field: no table, and
// no import to allocate them. Compare with m0.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new HeapObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
