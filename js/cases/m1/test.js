// Milestones 0 and 1: the callback does not mention the wrapper (m0), or does
// (m1). Nothing else keeps the wrapper alive, and that is enough.
// Compare m0 and m1: they differ in that one statement.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
