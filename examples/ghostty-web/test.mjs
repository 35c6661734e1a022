import { init, Terminal } from 'ghostty-web';

await init();

function show(text) {
  const element = document.createElement('div');
  document.body.append(element);
  const terminal = new Terminal();
  terminal.open(element);
  terminal.write(text);
  // The package forgets two listeners here, which it has added to `document`.
  terminal.dispose();
  element.remove();
}

export function test(n) {
  for (let i = 0; i < n; i++) show('hello\r\n');
}
