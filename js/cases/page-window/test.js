// A listener on window captures the wrapper, and is never removed. Compare with
// page-window-abort.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    window.addEventListener('resize', () => print(`Resized with ${obj}.`));
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
