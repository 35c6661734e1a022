// An interval captures the wrapper, and nobody clears it. Compare with
// page-interval-cleared.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    setInterval(() => { obj.ticks = (obj.ticks || 0) + 1; }, 1000);
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
