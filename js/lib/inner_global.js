// Only in SpiderMonkey's shell: runs the other scripts in a global object of their own, so
// that a debugger can tell where they made what is alive; and turns the event loop there,
// which this shell does not have.
'use strict';

(function () {
  const { stringify } = JSON;
  const { print, quit } = globalThis;

  const BREAKDOWN = {
    by: 'coarseType',
    objects: {
      by: 'objectClass',
      then: {
        by: 'allocationStack',
        then: { by: 'count', count: true, bytes: true },
        noStack: { by: 'count', count: true, bytes: true },
      },
    },
    scripts: { by: 'count', count: false, bytes: false },
    strings: { by: 'count', count: true, bytes: true },
    other: { by: 'internalType', then: { by: 'count', count: true, bytes: true } },
  };

  // The engine's own: shapes of objects, frames of stacks, compiled code.
  const ENGINES = /^(?:SavedFrame|PromiseDebugInfo|other|js::(?:GetterSetter|PropMap|Shape|BaseShape|jit::.*|.*Script.*|RegExpShared|frontend.*|ScriptSourceObject)|JSScript|ScriptSource)$/;

  const inner = newGlobal({ newCompartment: true });
  const { memory } = new Debugger(inner);
  memory.trackingAllocationSites = true;
  memory.maxAllocationsLogLength = 1;

  // The rows of a census, as JSON: the inner global reads no objects of this one.
  function census() {
    const { objects, strings, other } = memory.takeCensus({ breakdown: BREAKDOWN });
    const rows = [];
    const add = (name, stack, { count, bytes }) => {
      if (!ENGINES.test(name)) rows[rows.length] = { class: name, stack, count, bytes };
    };
    for (const [name, found] of Object.entries(objects)) {
      if (found instanceof Map) for (const [stack, counted] of found) add(name, stack === 'noStack' ? '' : String(stack), counted);
      else add(name, '', found);
    }
    add('string', '', strings);
    for (const [name, counted] of Object.entries(other)) add(name, '', counted);
    return stringify(rows);
  }

  const turns = [];
  let timers = null;
  let ended = false;
  inner.outer = {
    census,
    turn: resolve => { turns[turns.length] = resolve; },
    setTimers: given => { timers = given; },
    end: () => { ended = true; },
  };
  inner.scriptArgs = harness.forward;
  inner.load(harness.options.lib + 'shell.js');

  // Only with nothing else on the stack are all jobs run, and then finalizers.
  for (;;) {
    drainJobQueue();
    if (ended) break;
    if (turns.length > 0) {
      const resolve = turns.shift();
      if (timers && timers.pending() > 0) timers.run();
      resolve();
    } else if (timers && timers.pending() > 0) {
      timers.run();
    } else {
      break;
    }
  }
})();
