// m0, but nothing frees the guest's object when a wrapper dies: the wrappers are
// collected, and memory and table still fill up. Compare with m0.
class Unregistered extends WasmObject {
  register() {
    observer.register(this);
  }
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
