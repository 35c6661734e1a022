// page-observer, but each observer is disconnected. Compare the two.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    let changes = new MutationObserver(() => print(`Changed beside ${obj}.`));
    changes.observe(document.body, { attributes: true });
    changes.disconnect();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
