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
  const debug = new Debugger(inner);
  const { memory } = debug;
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

  // The classes of living objects by the stack that made them, as JSON: the names of their
  // constructors, which the census does not have.
  function classes() {
    const counts = new Map();
    for (const object of debug.findObjects({ class: 'Object' })) {
      const { allocationSite } = object;
      if (!allocationSite) continue;
      const stack = String(allocationSite);
      const name = constructorName(object);
      const key = `${name}\n${stack}`;
      const known = counts.get(key);
      if (known) known.count++;
      else counts.set(key, { class: name, stack, count: 1 });
    }
    return stringify([...counts.values()]);
  }

  function constructorName(object) {
    try {
      const described = object.proto && object.proto.getOwnPropertyDescriptor('constructor');
      const maker = described && described.value;
      // That of `const Widget = class {…}` is inferred.
      return (maker && (maker.name || maker.displayName)) || 'Object';
    } catch (error) {
      return 'Object';
    }
  }

  const turns = [];
  let timers = null;
  let ended = false;
  inner.outer = {
    census,
    classes,
    // Each object with a stack costs time at each collection.
    track: isTracked => { memory.trackingAllocationSites = isTracked; },
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
