// m1's cycle, but the table holds the callback weakly, and the wrapper holds it
// too: no root remains in the cycle. Compare with m1 and weak-table-early.
class WeaklyHeld extends WasmObject {
  installCallback(callback) {
    this.callback = callback;
    const weak = new WeakRef(callback);
    super.installCallback(() => weak.deref()());
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WeaklyHeld(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
