// One ResizeObserver for the whole page, as libraries have it. The elements are
// removed, but nobody calls unobserve(). Compare with page-resize-unobserved.
const sizes = new ResizeObserver(() => {});

async function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('div');
    element.wasm = new WasmObject(instance);
    document.body.append(element);
    sizes.observe(element);
    element.remove();
  }
  // In which an observer is told what it waits for.
  await new Promise(requestAnimationFrame);
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
