// page-window, but each listener is removed by the signal of an AbortController. Compare the two.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    let controller = new AbortController();
    window.addEventListener('resize', () => print(`Resized with ${obj}.`), { signal: controller.signal });
    controller.abort();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
