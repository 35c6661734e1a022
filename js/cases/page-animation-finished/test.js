// The promise of an animation's end is awaited, and then the element is removed.
// Compare with page-animation.
async function test(n) {
  let animations = [];
  for (let i = 0; i < n; i++) animations.push(finished());
  await Promise.all(animations);
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

async function finished() {
  let element = document.createElement('div');
  let obj = new WasmObject(instance);
  document.body.append(element);
  let animation = element.animate([{ opacity: 0 }, { opacity: 1 }], 1);
  animation.onfinish = () => { obj.isFinished = true; };
  await animation.finished;
  element.remove();
}

main(test);
