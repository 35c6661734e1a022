// A wasm-bindgen Closure that captures an element and, through it, itself; only the
// next call is cancelled: https://github.com/RustForWeb/floating-ui/issues/349.
// Compare with bindgen-cycle and bindgen-closure-stop.
slots = () => functionsIn(instance.exports.__wbindgen_externrefs);

// Stands in for an element of a page, which calls back once for the next frame.
class Element {
  constructor() {
    this.onframe = null;
    this.onclick = null;
  }

  tick() {
    const callback = this.onframe;
    this.onframe = null;
    if (callback) callback();
  }
}

// Only counts: the generated class's own finalizer frees the guest's object.
class Counted extends wasm_bindgen.Watch {
  constructor(element) {
    super(element);
    born(this);
    observer.register(this);
  }
}

function test(n) {
  for (let i = 0; i < n; i++) {
    let element = new Element();
    let watch = new Counted(element);
    element.onclick =
      () => print(`Click on ${watch} after ${nalloc} allocated.`);
    watch.start(element);
    element.tick();
    if (i == 0) element.onclick();
    element.onframe = null;
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
