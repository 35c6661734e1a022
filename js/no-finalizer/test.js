// m0, but nobody is told when a wrapper dies: the guest's objects are never
// freed, though the wrappers are collected. Compare with m0.
class Unregistered extends WasmObject {
  register() {}
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new Unregistered(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
