// page-interval, but each is cleared. Compare the two.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    clearInterval(setInterval(() => { obj.ticks = (obj.ticks || 0) + 1; }, 1000));
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
