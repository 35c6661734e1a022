// The price of weak-table: where nothing in JavaScript holds the callback, it is
// collected while the guest's object still needs it.
// Compare with weak-table.
class TooWeaklyHeld extends WasmObject {
  installCallback(callback) {
    const weak = new WeakRef(callback);
    super.installCallback(() => {
      const callback = weak.deref();
      if (callback) callback();
      else print('The callback that was still wanted is gone.');
    });
  }
}

// A WeakRef keeps its object until the job that made it is over, and the next
// collection comes a round later: so each is used after two rounds.
const kept = [];

function test(n) {
  if (kept.length == 2) kept.shift().invokeCallback();
  for (let i = 0; i < n; i++) {
    let obj = new TooWeaklyHeld(instance);
    obj.installCallback(
      () => print(`Callback from ${obj} after ${nalloc} allocated.`));
    if (i == 0) {
      obj.invokeCallback();
      kept.push(obj);
    }
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
  if (nalloc == ROUNDS * OBJECTS_A_ROUND) kept.length = 0;
}

main(test);
