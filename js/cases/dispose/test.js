// m1's cycle, but each object is freed by hand after its use, which empties its
// slot in the table. Compare with m1.
class Disposable extends WasmObject {
  register() {
    observer.register(this);
  }

  dispose() {
    this.instance.exports.free_obj(this.obj);
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new Disposable(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
    obj.dispose();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
