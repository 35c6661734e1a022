// m1's cycle through WasmGC structs, but each is also stored in a global array of
// the guest: reachable objects are not collected. Compare with wasm-gc-cycle.
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
