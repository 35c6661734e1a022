// The glue is that of `asc --bindings esm`, unchanged.
import { openDocument, write } from './build/documents.js';

export function test(n) {
  for (let i = 0; i < n; i++) {
    const id = openDocument('a letter');
    write(id, 'dear reader');
    // `closeDocument(id)` is forgotten here.
  }
}
