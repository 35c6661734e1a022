// page-custom-untidy, but the listener is removed in disconnectedCallback(). Compare the two.
customElements.define('tidy-element', class extends HTMLElement {
  constructor() {
    super();
    this.wasm = new WasmObject(instance);
    this.resized = () => print(`Resized with ${this.wasm}.`);
  }

  connectedCallback() {
    window.addEventListener('resize', this.resized);
  }

  disconnectedCallback() {
    window.removeEventListener('resize', this.resized);
  }
});

function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('tidy-element');
    document.body.append(element);
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
