// In AssemblyScript, built by `asc`. A document is open until it is closed.

class Document {
  constructor(public title: string, public words: i32 = 0) {}
}

const open = new Map<i32, Document>();
let next: i32 = 0;

export function openDocument(title: string): i32 {
  open.set(next, new Document(title));
  return next++;
}

export function write(id: i32, text: string): i32 {
  const document = open.get(id);
  document.words += text.split(' ').length;
  return document.words;
}

export function closeDocument(id: i32): void {
  open.delete(id);
}
