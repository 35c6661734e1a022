// m1's cycle through m3's table: a table is a root to the collector wherever it
// is kept. Compare with m1 and m3.
slots = () => instance.exports.slots_in_use();

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new RefObject(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
