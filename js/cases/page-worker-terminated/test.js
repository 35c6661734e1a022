// page-worker, but each worker is terminated. Compare the two.
const script = URL.createObjectURL(new Blob(['onmessage = event => postMessage(event.data)'], { type: 'text/javascript' }));

async function test(n) {
  for (let i = 0; i < n; i++) (await answered(new WasmObject(instance))).terminate();
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

function answered(obj) {
  return new Promise(resolve => {
    const worker = new Worker(script);
    worker.onmessage = () => {
      obj.isAnswered = true;
      resolve(worker);
    };
    worker.postMessage(0);
  });
}

main(test);
