// m0, but the rounds never yield: gc() collects, but no finalizer can run until
// the event loop turns, after memory has run out. Compare with m0.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test, () => { gc(); });
