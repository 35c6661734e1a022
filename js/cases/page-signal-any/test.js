// AbortSignal.any() of a signal that lives as long as the page and of one that does
// not, as a function makes it that can be cancelled from outside and by a time limit.
// Compare with page-window-abort.
const ofPage = new AbortController();

function test(n) {
  for (let i = 0; i < n; i++) {
    let own = new AbortController();
    let either = AbortSignal.any([ofPage.signal, own.signal]);
    either.wasm = new WasmObject(instance);
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
