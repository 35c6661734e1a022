// m1 through the DOM: the callback in the table mentions an element, and a listener
// of that mentions the wrapper. The table is a root, and only the wrapper's finalizer
// would empty its slot. Compare with page-listener.
function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('button');
    let obj = new WasmObject(instance);
    obj.installCallback(callbackOf(element));
    element.addEventListener('click', () => obj.invokeCallback());
    document.body.append(element);
    element.click();
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

// In a scope of its own, without the wrapper.
function callbackOf(element) {
  return () => { element.title = 'called back'; };
}

main(test);
