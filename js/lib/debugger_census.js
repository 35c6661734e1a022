// What a debugger of SpiderMonkey sees of another global object's heap: what is alive, by class
// and by the stack that made it. Loaded where that debugger is: in the shell beside
// inner_global.js; in Firefox by the driver, in the process of the page or beside its worker.
'use strict';

(function () {
  const { stringify } = JSON;

  const COUNTS = { by: 'count', count: true, bytes: true };
  const BREAKDOWN = {
    by: 'coarseType',
    objects: { by: 'objectClass', then: { by: 'allocationStack', then: COUNTS, noStack: COUNTS } },
    scripts: { by: 'count', count: false, bytes: false },
    strings: COUNTS,
    other: { by: 'internalType', then: COUNTS },
  };

  // The engine's own: shapes of objects, frames of stacks, compiled code; and the debugger's
  // links to what it has named.
  const ENGINES = /^(?:SavedFrame|DebuggerDebuggeeLink|PromiseDebugInfo|other|js::(?:GetterSetter|PropMap|Shape|BaseShape|jit::.*|.*Script.*|RegExpShared|frontend.*|ScriptSourceObject)|JSScript|ScriptSource)$/;

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

  // The answers are JSON: what is looked at reads no objects of this global. `textOf` gives the
  // text of a stack.
  globalThis.debuggerCensus = (debug, textOf) => {
    const { memory } = debug;
    memory.maxAllocationsLogLength = 1;

    // The rows of a census.
    function census() {
      const { objects, strings, other } = memory.takeCensus({ breakdown: BREAKDOWN });
      const rows = [];
      const add = (name, stack, { count, bytes }) => {
        if (!ENGINES.test(name)) rows[rows.length] = { class: name, stack, count, bytes };
      };
      for (const [name, found] of Object.entries(objects)) {
        if (found instanceof Map) for (const [stack, counted] of found) add(name, stack === 'noStack' ? '' : textOf(stack), counted);
        else add(name, '', found);
      }
      add('string', '', strings);
      for (const [name, counted] of Object.entries(other)) add(name, '', counted);
      return stringify(rows);
    }

    // The classes of living objects by the stack that made them: the names of their
    // constructors, which the census does not have.
    function classes() {
      const counts = new Map();
      for (const object of debug.findObjects({ class: 'Object' })) {
        const { allocationSite } = object;
        if (!allocationSite) continue;
        const stack = textOf(allocationSite);
        const name = constructorName(object);
        const key = `${name}\n${stack}`;
        const known = counts.get(key);
        if (known) known.count++;
        else counts.set(key, { class: name, stack, count: 1 });
      }
      return stringify([...counts.values()]);
    }

    return {
      census,
      classes,
      // Each object with a stack costs time at each collection.
      track: () => { memory.trackingAllocationSites = true; },
      pause: () => { memory.trackingAllocationSites = false; },
      // Of all that is alive, as a number.
      bytes: () => memory.takeCensus({ breakdown: COUNTS }).bytes,
    };
  };
})();
