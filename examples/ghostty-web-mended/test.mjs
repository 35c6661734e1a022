import { init, Terminal } from 'ghostty-web';

await init();

// One terminal for all texts.
const element = document.createElement('div');
document.body.append(element);
const terminal = new Terminal();
terminal.open(element);

function show(text) {
  terminal.reset();
  terminal.write(text);
}

export function test(n) {
  for (let i = 0; i < n; i++) show('hello\r\n');
}
