// Milestone 0: the callback does not mention the wrapper, so that nothing but
// the round's own variables keeps the wrapper alive. All is collected.
// Compare with m1.
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
