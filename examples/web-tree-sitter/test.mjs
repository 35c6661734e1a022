import { Language, Parser } from 'web-tree-sitter';

const bytes = path => new Uint8Array(readbuffer(`../node_modules/${path}`));
await Parser.init({ wasmBinary: bytes('web-tree-sitter/tree-sitter.wasm') });
const parser = new Parser();
parser.setLanguage(await Language.load(bytes('tree-sitter-json/tree-sitter-json.wasm')));

function isJson(text) {
  const tree = parser.parse(text);
  // `tree.delete()` is forgotten here.
  return !tree.rootNode.hasError;
}

export function test(n) {
  for (let i = 0; i < n; i++) isJson('{ "fruit": ["apple", "pear"] }');
}
