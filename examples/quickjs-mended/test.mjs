import { getQuickJS } from 'quickjs-emscripten';

const context = (await getQuickJS()).newContext();

function lengthOf(text) {
  const handle = context.newString(text);
  const { length } = context.getString(handle);
  handle.dispose();
  return length;
}

export function test(n) {
  for (let i = 0; i < n; i++) lengthOf('hello');
}
