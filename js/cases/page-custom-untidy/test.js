// A custom element that owns an object of the guest's, and adds a listener to window
// each time that it is connected. Compare with page-custom-tidy.
customElements.define('untidy-element', class extends HTMLElement {
  constructor() {
    super();
    this.wasm = new WasmObject(instance);
  }

  connectedCallback() {
    window.addEventListener('resize', () => print(`Resized with ${this.wasm}.`));
  }
});

function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('untidy-element');
    document.body.append(element);
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
