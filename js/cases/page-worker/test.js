// A worker answers once, and is dropped without terminate(). It has nothing to do any
// more. Compare with page-worker-terminated.
const script = URL.createObjectURL(new Blob(['onmessage = event => postMessage(event.data)'], { type: 'text/javascript' }));

async function test(n) {
  for (let i = 0; i < n; i++) await answered(new WasmObject(instance));
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

function answered(obj) {
  return new Promise(resolve => {
    const worker = new Worker(script);
    worker.onmessage = () => {
      obj.isAnswered = true;
      resolve();
    };
    worker.postMessage(0);
  });
}

main(test);
