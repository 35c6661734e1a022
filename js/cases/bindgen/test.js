// A guest as Rust users write it: a struct that wasm-bindgen exports, with the
// class, the table and the finalizer that it generates. Compare with m0.
slots = () => functionsIn(instance.exports.__wbindgen_externrefs);

// Only counts: the generated class's own finalizer frees the guest's object.
class Counted extends wasm_bindgen.Obj {
  constructor() {
    super();
    born(this);
    observer.register(this);
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new Counted();
    obj.attach(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invoke();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
