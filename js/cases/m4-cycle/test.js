// m1's cycle, all of it in the JavaScript heap: no table, no root.
// Compare with m1 and m4.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new HeapObject(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
