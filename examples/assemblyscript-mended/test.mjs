import { closeDocument, openDocument, write } from '../assemblyscript/build/documents.js';

export function test(n) {
  for (let i = 0; i < n; i++) {
    const id = openDocument('a letter');
    write(id, 'dear reader');
    closeDocument(id);
  }
}
