// The example in expected/readme.txt, which explains the format: a small m0.
// Compare with m0.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    obj.installCallback(() => print(`Callback after ${nalloc} allocated.`));
    if (i == 0) obj.invokeCallback();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

print('The format is explained in expected/readme.txt.');
main(test);
