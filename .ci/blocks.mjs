// Nanoseconds for each block that is allocated and freed: by a module as it is, and by the one that reports, of which
// the stacks of none, some and all blocks are taken.
import { watchBlocks } from './out.blocks.mjs';
import { plain, reporting } from './modules.mjs';

const say = globalThis.print ?? console.log;
const clock = typeof performance === 'object' ? () => performance.now() : Date.now;

function exportsOf(bytes, imports) {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

// A widget has two blocks.
function measure({ widget_new, widget_free }, count) {
  const run = widgets => {
    for (let i = 0; i < widgets; i++) widget_free(widget_new(24));
  };
  run(count / 10);
  const begun = clock();
  run(count);
  return ((clock() - begun) * 1e6 / count / 2).toFixed(0);
}

const found = [`without ${measure(exportsOf(plain), 1e6)}`];
for (const [every, count] of [[0, 1e6], [1000, 1e6], [100, 3e5], [1, 5e4]])
  found.push(`every ${every}: ${measure(exportsOf(reporting, watchBlocks({ every }).imports), count)}`);
say(found.join(', '));
