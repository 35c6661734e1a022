// m0, but each finalizer is a closure made in a method of the wrapper, where
// `this` may be captured though it is not mentioned. Compare with m0.
const finalizers = new FinalizationRegistry(finalize => finalize());

class Capturing extends WasmObject {
  register() {
    const obj = this.obj;
    finalizers.register(this, () => {
      died();
      instance.exports.free_obj(obj);
    });
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new Capturing(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
