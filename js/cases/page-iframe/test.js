// page-iframe-instance, but the page keeps nothing of the frame. Compare the two.
const bytes = readBinary(guestPath);

function instanceIn(realm) {
  const memory = new realm.WebAssembly.Memory({ initial: 2, maximum: 10 });
  const rt = { release() {}, invoke() {}, out_of_memory() {} };
  const module = new realm.WebAssembly.Module(bytes);
  return new realm.WebAssembly.Instance(module, { env: { memory }, rt });
}

function loaded() {
  return new Promise(resolve => {
    const frame = document.createElement('iframe');
    frame.srcdoc = '<p>A frame.';
    frame.onload = () => {
      frame.onload = null;
      resolve(frame);
    };
    document.body.append(frame);
  });
}

async function test(n) {
  for (let i = 0; i < n; i++) {
    let frame = await loaded();
    let realm = frame.contentWindow;
    realm.wasm = new WasmObject(instance);
    instanceIn(realm);
    frame.remove();
  }
  print(`${nalloc} total allocated, ${nalloc - nfinalized} still live.`);
}

main(test);
