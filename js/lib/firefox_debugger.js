// Only in Firefox: the debugger of a worker, in whose thread it runs. It answers
// firefox_worker.js.
'use strict';

loadSubScript('resource://wasm-leaks/js/lib/debugger_census.js');

const debug = new Debugger();
// Compiled as without a debugger.
debug.allowUnobservedWasm = true;
debug.allowUnobservedAsmJS = true;
const watched = debug.addDebuggee(global);

// Here a stack has no properties: it belongs to the worker, which makes the text. Once for each,
// because that leaves strings there.
const texts = new Map();
const textOf = stack => {
  if (!texts.has(stack)) {
    const made = watched.executeInGlobalWithBindings('`${stack}`', { stack: watched.makeDebuggeeValue(stack) });
    texts.set(stack, made.return || '');
  }
  return texts.get(stack);
};
const census = debuggerCensus(debug, textOf);

globalThis.onmessage = ({ data: what }) => {
  let answer;
  try {
    const value = census[what]();
    answer = { value: value === undefined ? null : value };
  } catch (error) {
    answer = { error: `${error}` };
  }
  postMessage(JSON.stringify(answer));
};
