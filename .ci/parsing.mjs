// Milliseconds to parse 1 MB of JSON with web-tree-sitter: by its module as it is, and by the one that reports, of which
// the stacks of none, some and all blocks are taken. The best of some runs each, in turns.
import { Parser, Language } from './web-tree-sitter.js';
import { watchBlocks } from './out.blocks.mjs';

const say = typeof process === 'object' ? console.log : print;
const clock = typeof performance === 'object' ? () => performance.now() : Date.now;

function bytesOf(path) {
  if (typeof process === 'object') return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(path));
  if (typeof os === 'object' && os.file) return os.file.readFile(path, 'binary');
  return typeof readbuffer === 'function' ? new Uint8Array(readbuffer(path)) : new Uint8Array(readFile(path, 'binary'));
}

// A parser with a module of its own.
async function parserOf(path, reports) {
  await Parser.init({
    instantiateWasm(imports, done) {
      const module = new WebAssembly.Module(bytesOf(path));
      done(new WebAssembly.Instance(module, { ...imports, ...reports }), module);
      return {};
    },
  });
  const parser = new Parser();
  parser.setLanguage(await Language.load(bytesOf('tree-sitter-json.wasm')));
  return parser;
}

function document() {
  const rows = [];
  for (let i = 0; i < 7700; i++)
    rows.push({ id: i, name: `user ${i}`, tags: ['a', 'b', 'c'], nested: { x: i * 1.5, y: null, z: true }, text: 'lorem ipsum '.repeat(4) });
  return JSON.stringify(rows);
}

const text = document();
const [which, runs] = [globalThis.which, globalThis.runs];
const parser = which === 'plain' ? await parserOf('web-tree-sitter.wasm', {}) : await parserOf('out.wasm', watchBlocks({ every: which }).imports);
let best = Infinity;
for (let run = 0; run < runs; run++) {
  const begun = clock();
  const tree = parser.parse(text);
  best = Math.min(best, clock() - begun);
  if (tree.rootNode.hasError || text.length < 1e6) throw new Error('it is no JSON, or too small');
  tree.delete();
}
say(`${best.toFixed(0)}`);
