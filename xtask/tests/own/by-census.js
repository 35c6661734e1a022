// Loads a case and its runtime with nothing that reports: not `born` and `died`, but the
// census says what stays. The case's `test(n)` is called by the census, too.
'use strict';

const nothing = () => {};
globalThis.harness = {
  options: {},
  telemetry: nothing,
  describe: String,
  finish: nothing,
  hold: nothing,
  ownMaximum: nothing,
  sizes: nothing,
  watchesWeakly: nothing,
  isOfMemory: nothing,
  elapsed: nothing,
};
globalThis.guestPath = 'guest.wasm';
globalThis.readBinary = readbuffer;
globalThis.turn = nothing;
globalThis.print = nothing;

load('runtime.js');
globalThis.main = nothing;
load('case.js');
