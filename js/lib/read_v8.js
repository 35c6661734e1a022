// Readings of V8's heap: the live objects that its sampling profiler has seen made, by the
// function that made them and its callers. Every allocation is a sample.
'use strict';

(function () {
  const { places, planted } = harness;
  const { parse, stringify } = JSON;
  const { defineProperty, getOwnPropertyDescriptor, deleteProperty } = Reflect;
  const { min } = Math;
  const startsWith = Function.prototype.call.bind(String.prototype.startsWith);

  // What answers `ask(method, parameters)`: the answer, or a promise of it.
  function connect() {
    if (typeof process === 'object') {
      const { Session } = process.getBuiltinModule('node:inspector');
      const session = new Session();
      session.connect();
      return (method, parameters) => new Promise((resolve, reject) => {
        session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
      });
    }
    // d8 calls a global function of this name. A script may have one as well.
    const { send } = globalThis;
    deleteProperty(globalThis, 'send');
    let number = 0;
    return (method, parameters) => {
      const id = ++number;
      let answer;
      const before = getOwnPropertyDescriptor(globalThis, 'receive');
      defineProperty(globalThis, 'receive', {
        value: text => {
          const message = parse(text);
          if (message.id === id) answer = message;
        },
        configurable: true,
        writable: true,
      });
      send(stringify({ id, method, params: parameters }));
      if (before) defineProperty(globalThis, 'receive', before);
      else deleteProperty(globalThis, 'receive');
      return answer.result;
    };
  }

  const isHere = typeof process === 'object' ? typeof Bun !== 'object' : typeof send === 'function';
  if (!isHere) return;
  const ask = connect();

  const MOST_FRAMES = 8;

  // Functions of ours that keep something of what a script makes.
  const isOurs = name => startsWith(name, 'note');

  // What a key stands for.
  const facts = new Map();

  // The kinds by key: the frames of the user's files, the innermost first.
  function collectKinds(head, samples) {
    const kinds = new Map();
    const byNode = new Map();
    const visit = (node, frames, ours) => {
      const { functionName: name, url, lineNumber, columnNumber } = node.callFrame;
      const file = places.fileOf(url);
      let own = ours;
      let stack = frames;
      if (file !== undefined) {
        stack = [{ name, file, line: lineNumber + 1, column: columnNumber + 1 }, ...frames];
        own = '';
      }
      else if (url !== '') own = planted.makers[name] || (isOurs(name) ? 'ours' : '');
      byNode.set(node.id, { stack, planted: own, builtin: file === undefined && url === '' ? name : '' });
      for (let i = 0; i < node.children.length; i++) visit(node.children[i], stack, own);
    };
    visit(head, [], '');
    for (let i = 0; i < samples.length; i++) {
      const { nodeId, size } = samples[i];
      const node = byNode.get(nodeId);
      if (!node || node.planted === 'ours' || (node.stack.length === 0 && node.planted === '')) continue;
      node.key ??= keyOf(node);
      let kind = kinds.get(node.key);
      if (!kind) kinds.set(node.key, kind = { count: 0, bytes: 0 });
      kind.count++;
      kind.bytes += size;
    }
    return kinds;
  }

  const keyOf = ({ stack, planted, builtin }) => {
    let key = planted || builtin;
    for (let i = 0; i < min(stack.length, MOST_FRAMES); i++) {
      const { name, file, line, column } = stack[i];
      key += `<${name}@${file}:${line}:${column}`;
    }
    if (!facts.has(key)) facts.set(key, { planted, builtin, stack: stack.slice(0, MOST_FRAMES) });
    return key;
  };

  harness.reader = {
    engine: 'v8',
    start: async () => {
      await ask('HeapProfiler.enable', {});
      await ask('HeapProfiler.startSampling', { samplingInterval: 1 });
    },
    read: async () => {
      const { profile } = await ask('HeapProfiler.getSamplingProfile', {});
      return collectKinds(profile.head, profile.samples);
    },
    facts: key => facts.get(key),
    // Beside its objects a function has others of the engine's: compiled code, feedback.
    stays: 64,
  };
})();
