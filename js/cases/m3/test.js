// The table is an externref table inside the guest, with a free list of the
// guest's own. Compare with m0.
slots = () => instance.exports.slots_in_use();

function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new RefObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
