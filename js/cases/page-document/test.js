// A widget that waits for clicks outside of it: the listener is on document, and stays
// when the widget is removed. Compare with page-window.
function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('div');
    let obj = new WasmObject(instance);
    document.addEventListener('click', event => {
      if (!element.contains(event.target)) print(`Clicked beside ${obj}.`);
    });
    document.body.append(element);
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
