// An animation without end, with a listener for its end. The element is removed, so
// that nobody can see it. Compare with page-animation-finished.
function test(n) {
  for (let i = 0; i < n; i++) {
    let element = document.createElement('div');
    let obj = new WasmObject(instance);
    document.body.append(element);
    let animation = element.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 1000, iterations: Infinity });
    animation.onfinish = () => print(`The end of ${obj}.`);
    element.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
