// m0, but the callbacks are made in an async function. SpiderMonkey is known to
// have kept all of its variables alive for such a closure (its bugs 1542660 and
// 1664463); no version that we have does. Compare with m0.
async function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
