// page-resize-shared, but each element is unobserved before it goes. Compare the two.
const sizes = new ResizeObserver(() => {});

async function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('div');
    element.wasm = new WasmObject(instance);
    document.body.append(element);
    sizes.observe(element);
    sizes.unobserve(element);
    element.remove();
  }
  // In which an observer is told what it waits for.
  await new Promise(requestAnimationFrame);
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
