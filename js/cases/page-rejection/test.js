// A promise is rejected with an error that refers to the wrapper. It is handled in the
// next turn, by when the browser has reported it as one that nobody caught.
// Compare with page-console.
async function test(n) {
  let rejected = [];
  for (let i = 0; i < n; i++) {
    let error = new Error('mine');
    error.wasm = new WasmObject(instance);
    rejected.push(Promise.reject(error));
  }
  await turn();
  for (let promise of rejected) promise.catch(() => {});
  await turn();
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
