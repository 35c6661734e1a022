// Only in SpiderMonkey's shell: runs the other scripts in a global object of their own, so
// that a debugger can tell where they made what is alive; and turns the event loop there,
// which this shell does not have.
'use strict';

(function () {
  const { lib } = harness.options;
  load(`${lib}debugger_census.js`);

  const inner = newGlobal({ newCompartment: true });
  const turns = [];
  let timers = null;
  let ended = false;
  inner.outer = {
    ...debuggerCensus(new Debugger(inner), String),
    turn: resolve => { turns[turns.length] = resolve; },
    setTimers: given => { timers = given; },
    end: () => { ended = true; },
  };
  inner.scriptArgs = harness.forward;
  inner.load(`${lib}shell.js`);

  // Only with nothing else on the stack are all jobs run, and then finalizers.
  for (;;) {
    drainJobQueue();
    if (ended) break;
    if (turns.length > 0) {
      const resolve = turns.shift();
      // All that are due, each with nothing else on the stack.
      while (timers && timers.tick() > 0) drainJobQueue();
      resolve();
    } else if (timers && timers.pending() > 0) {
      timers.run();
    } else {
      break;
    }
  }
})();
