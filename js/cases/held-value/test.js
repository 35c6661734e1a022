// m0, but the registry's held value refers to the wrapper. A registry keeps its
// held values alive, so this one keeps its own target alive. Compare with m0.
const holder = new FinalizationRegistry(held => {
  died();
  instance.exports.free_obj(held.wrapper.obj);
});

class HeldObject extends WasmObject {
  register() {
    holder.register(this, { wrapper: this });
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new HeldObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
