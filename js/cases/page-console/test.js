// The browser's own console keeps what it is given, to show it once somebody looks.
// Compare with page-rejection.
function test(n) {
  for (let i = 0; i < n; i++) console.log(new WasmObject(instance));
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
