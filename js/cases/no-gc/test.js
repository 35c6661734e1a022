// m0, but the engine decides when to collect: it does not see how much linear
// memory hangs on each small wrapper. Compare with m0.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test, turn);
