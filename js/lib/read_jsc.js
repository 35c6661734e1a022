// Readings of JavaScriptCore's heap: all objects, by class. It has no places. In WebKitGTK its
// driver counts them.
'use strict';

(function () {
  const { planted, ownRecords, page } = harness;
  const { parse } = JSON;
  const { max } = Math;
  const { Float64Array: Numbers } = globalThis;
  const matches = (exec => (pattern, text) => exec(pattern, text) !== null)(Function.prototype.call.bind(RegExp.prototype.exec));

  const indexOf = Function.prototype.call.bind(String.prototype.indexOf);
  const slice = Function.prototype.call.bind(String.prototype.slice);

  // A snapshot with its nodes and classes alone: most of it is edges. In a string the quotes of
  // such a name would be escaped.
  function head(text) {
    const end = indexOf(text, '],"edges":[');
    return end < 0 ? text : `${slice(text, 0, end)}]}`;
  }

  const isBun = typeof Bun === 'object';
  const isHere = page ? page.browser === 'webkitgtk' : isBun || typeof generateHeapSnapshotForGCDebugging === 'function';
  if (!isHere) return;
  const generate = page ? undefined : isBun
    ? process.getBuiltinModule('bun:jsc').generateHeapSnapshotForDebugging
    : (ask => () => parse(head(ask())))(generateHeapSnapshotForGCDebugging);

  // The engine's own: code as it is compiled, and the shapes of objects.
  const ENGINES = /^(?:<root>|Structure.*|PropertyTable|.*Executable|.*CodeBlock|SymbolTable|NativeExecutable|.*SourceCode|GetterSetter|CustomGetterSetter|DOMAttributeGetterSetter|JSPropertyNameEnumerator|Callee|.*ModuleRecord|Module.*|ScopedArguments.*|SparseArrayValueMap|StructureRareData|InternalFieldTuple|global|.*Prototype)$/;

  // Numbers of a node: its own, bytes, class, and others.
  const NODE = 7;

  // No object for each class: these would be among those that are counted next.
  function countNodes({ nodes, nodeClassNames }) {
    const values = new Numbers(2 * nodeClassNames.length);
    for (let i = 0; i < nodes.length; i += NODE) {
      values[2 * nodes[i + 2]]++;
      values[2 * nodes[i + 2] + 1] += nodes[i + 1];
    }
    return { nodeClassNames, values };
  }

  function collectKinds({ nodeClassNames, values }) {
    const { refs, objects } = ownRecords();
    for (let i = 0; i < nodeClassNames.length; i++) {
      const name = nodeClassNames[i];
      if (matches(ENGINES, name)) values[2 * i] = 0;
      if (name === 'WeakRef') values[2 * i] = max(values[2 * i] - refs, 0);
      if (name === 'Object') values[2 * i] = max(values[2 * i] - objects, 0);
    }
    return { keys: nodeClassNames, values };
  }

  harness.reader = {
    engine: 'jsc',
    // Whatever was made before, too.
    countsAll: true,
    start: () => {},
    read: page ? async () => collectKinds(await page.census('census')) : () => collectKinds(countNodes(generate())),
    facts: name => ({ class: name, planted: planted.classes[name] || '', stack: [] }),
    // What this script and others of ours make is among it.
    stays: 32,
  };
})();
