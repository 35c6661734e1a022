// A listener on an element captures the wrapper, and the wrapper has the element: a
// cycle through the DOM, which every browser's collector follows. Compare with
// page-table-element.
function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('button');
    let obj = new WasmObject(instance);
    obj.element = element;
    element.addEventListener('click', () => { element.title = `${obj}`; });
    document.body.append(element);
    element.click();
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
