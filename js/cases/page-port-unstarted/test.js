// A listener, but no start(): addEventListener() does not start a port, as onmessage
// does. No message can ever come. Compare with page-port.
function test(n) {
  for (let i = 0; i < n; i++) {
    let obj = new WasmObject(instance);
    let { port1 } = new MessageChannel();
    port1.addEventListener('message', () => print(`A message for ${obj}.`));
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
