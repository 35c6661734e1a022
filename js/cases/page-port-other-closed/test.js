// page-port, but the other end is closed. Compare with page-port-closed.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    let { port1, port2 } = new MessageChannel();
    port1.onmessage = () => print(`A message for ${obj}.`);
    port2.close();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
