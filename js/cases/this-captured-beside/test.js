// this-captured, but a second closure in the same method does mention `this`.
// Closures made side by side share an environment, with all captured variables.
// Compare with this-captured.
const finalizers = new FinalizationRegistry(finalize => finalize());

class Capturing extends WasmObject {
  register() {
    const obj = this.obj;
    const describe = () => `object at ${this.obj}`;
    if (nalloc == 1) print(describe().replace(obj, 'its address'));
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
