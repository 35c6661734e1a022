import { WTerm } from '@wterm/dom';
import '@wterm/dom/css';

// A terminal of its own for each text, as a page has that shows one output after the other.
async function show(text) {
  const element = document.createElement('div');
  document.body.append(element);
  const terminal = new WTerm(element);
  await terminal.init();
  terminal.write(text);
  // `terminal.destroy()` is forgotten here.
  element.remove();
}

export async function test(n) {
  for (let i = 0; i < n; i++) await show('hello\r\n');
}
