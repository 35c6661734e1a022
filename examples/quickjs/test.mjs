import { getQuickJS } from 'quickjs-emscripten';

const context = (await getQuickJS()).newContext();

function lengthOf(text) {
  const handle = context.newString(text);
  // `handle.dispose()` is forgotten here: the string stays in the memory of QuickJS.
  return context.getString(handle).length;
}

export function test(n) {
  for (let i = 0; i < n; i++) lengthOf('hello');
}
