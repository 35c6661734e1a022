// Nothing refers to the observer but the node that it observes, which stays. Compare
// with page-observer-stop.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    let changes = new MutationObserver(() => print(`Changed beside ${obj}.`));
    changes.observe(document.body, { attributes: true });
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
