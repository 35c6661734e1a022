// Readings of JavaScriptCore's heap: all objects, by class. It has no places.
'use strict';

(function () {
  const { planted } = harness;
  const { parse } = JSON;

  const isBun = typeof Bun === 'object';
  if (!isBun && typeof generateHeapSnapshotForGCDebugging !== 'function') return;
  const generate = isBun
    ? process.getBuiltinModule('bun:jsc').generateHeapSnapshotForDebugging
    : (ask => () => parse(ask()))(generateHeapSnapshotForGCDebugging);

  // The engine's own: code as it is compiled, and the shapes of objects.
  const ENGINES = /^(?:<root>|Structure.*|PropertyTable|.*Executable|.*CodeBlock|SymbolTable|NativeExecutable|.*SourceCode|GetterSetter|CustomGetterSetter|DOMAttributeGetterSetter|JSPropertyNameEnumerator|Callee|.*ModuleRecord|Module.*|ScopedArguments.*|SparseArrayValueMap|StructureRareData|InternalFieldTuple|global|.*Prototype)$/;

  const NODE = 7;

  function collectKinds({ nodes, nodeClassNames }) {
    const byClass = [];
    for (let i = 0; i < nodes.length; i += NODE) {
      const name = nodes[i + 2];
      byClass[name] ??= { count: 0, bytes: 0 };
      byClass[name].count++;
      byClass[name].bytes += nodes[i + 1];
    }
    const kinds = new Map();
    for (let i = 0; i < byClass.length; i++) {
      const name = nodeClassNames[i];
      if (!byClass[i] || ENGINES.test(name)) continue;
      kinds.set(name, byClass[i]);
    }
    return kinds;
  }

  harness.reader = {
    engine: 'jsc',
    start: () => {},
    read: () => collectKinds(generate()),
    facts: name => ({ class: name, planted: planted.classes[name] || '', stack: [] }),
    // What this script and others of ours make is among it.
    stays: 32,
    staysText: 256,
  };
})();
