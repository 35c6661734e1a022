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

  function protoOf(object) {
    try {
      return object.proto;
    } catch (error) {
      return null;
    }
  }

  // Of the objects with this prototype.
  function constructorName(proto) {
    try {
      const described = proto && proto.getOwnPropertyDescriptor('constructor');
      const maker = described && described.value;
      // That of `const Widget = class {…}` is inferred.
      return (maker && (maker.name || maker.displayName)) || 'Object';
    } catch (error) {
      return 'Object';
    }
  }

  // The counts below this key, made if there are none.
  function below(counts, key) {
    let found = counts.get(key);
    if (!found) counts.set(key, found = new Map());
    return found;
  }

  // How many objects there are by their prototypes and the stacks that made them. Both are few, of many objects: what costs
  // time is asked once of each.
  function countByMaker(objects) {
    const counts = new Map();
    for (const object of objects) {
      const { allocationSite } = object;
      if (!allocationSite) continue;
      const ofProto = below(counts, protoOf(object));
      ofProto.set(allocationSite, (ofProto.get(allocationSite) || 0) + 1);
    }
    return counts;
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
      const rows = [];
      for (const [proto, stacks] of countByMaker(debug.findObjects({ class: 'Object' }))) {
        const name = constructorName(proto);
        for (const [stack, count] of stacks) rows[rows.length] = { class: name, stack: textOf(stack), count };
      }
      return stringify(rows);
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
