// Readings of V8's heap: the live objects that its sampling profiler has seen made, by the
// function that made them and its callers. Every allocation is a sample.
'use strict';

(function () {
  const { places, planted, page, readFile } = harness;
  const { parse, stringify } = JSON;
  const { create } = Object;
  const { defineProperty, getOwnPropertyDescriptor, deleteProperty, set } = Reflect;
  const { Promise: Later, Error: AnyError } = globalThis;
  const decode = page ? new TextDecoder().decode.bind(new TextDecoder()) : undefined;
  const CHUNK = '{"method":"HeapProfiler.addHeapSnapshotChunk"';
  // Where a page's heap is written.
  const WITNESSED = 'witness.heap';
  const bind = method => Function.prototype.call.bind(method);
  const startsWith = bind(String.prototype.startsWith);
  const indexOf = bind(String.prototype.indexOf);
  const slice = bind(String.prototype.slice);
  const charCodeAt = bind(String.prototype.charCodeAt);

  // The parts of a snapshot that is being written.
  let chunks = [];
  async function collectChunks(write) {
    chunks = [];
    await write();
    const all = chunks;
    chunks = [];
    let text = '';
    for (let i = 0; i < all.length; i++) text += all[i];
    return text;
  }

  // What answers `ask(method, parameters)`: the answer, or a promise of it. It is a text where the engine gives one: to parse
  // it makes an object for each sample, all of which the profiler notes.
  function connect() {
    if (page) {
      return async (method, parameters) => {
        if (method !== 'HeapProfiler.takeHeapSnapshot') {
          const text = await page.call(method, parameters);
          return text;
        }
        if (!(await page.ask('own-snapshot', WITNESSED))) throw new AnyError('the browser did not write its heap');
        chunks[0] = decode(readFile(page.base + WITNESSED));
        return {};
      };
    }
    if (typeof process === 'object') {
      const { Session } = process.getBuiltinModule('node:inspector');
      const session = new Session();
      const post = session.post.bind(session);
      session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => { chunks[chunks.length] = params.chunk; });
      session.connect();
      return (method, parameters) => new Later((resolve, reject) => {
        post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
      });
    }
    // d8 calls a global function of this name. A script may have one as well.
    const { send } = globalThis;
    deleteProperty(globalThis, 'send');
    let number = 0;
    let answer;
    const receive = text => {
      if (startsWith(text, `{"id":${number},`)) answer = text;
      else if (startsWith(text, CHUNK)) chunks[chunks.length] = parse(text).params.chunk;
    };
    // There from the start, as a script may freeze the global object.
    defineProperty(globalThis, 'receive', { value: receive, configurable: true, writable: true });
    return (method, parameters) => {
      const id = ++number;
      const before = getOwnPropertyDescriptor(globalThis, 'receive');
      const isTheirs = before === undefined || before.value !== receive;
      // One that is declared by `var` can only be assigned.
      const isDefined = isTheirs && defineProperty(globalThis, 'receive', { value: receive, configurable: true, writable: true });
      if (isTheirs && !isDefined) set(globalThis, 'receive', receive);
      send(stringify({ id, method, params: parameters }));
      if (isTheirs && !isDefined) set(globalThis, 'receive', before.value);
      else if (isTheirs && before) defineProperty(globalThis, 'receive', before);
      // An answer that stays is among what is counted next.
      const text = answer;
      answer = undefined;
      return text;
    };
  }

  const isHere = page ? page.browser === 'chromium' : typeof process === 'object' ? typeof Bun !== 'object' : typeof send === 'function';
  if (!isHere) return;
  const ask = connect();

  // Functions of ours that keep something of what a script makes.
  const isOurs = name => startsWith(name, 'note');

  // What a key stands for.
  const facts = create(null);

  // The nodes by number, each with the functions of the user's files that led there.
  function visit(node, frames, ours, nodes) {
    const { functionName: name, url, lineNumber, columnNumber } = node.callFrame;
    const file = places.fileOf(url);
    let own = ours;
    let stack = frames;
    if (file !== undefined) {
      stack = places.pushed({ name, file, line: lineNumber + 1, column: columnNumber + 1 }, frames);
      own = '';
    } else if (url !== '') {
      // What such a function calls is ours as well.
      own = planted.makers[name] || (isOurs(name) || ours === 'ours' ? 'ours' : '');
    }
    nodes[node.id] = { stack, planted: own, builtin: file === undefined && url === '' ? name : '', key: undefined };
    for (let i = 0; i < node.children.length; i++) visit(node.children[i], stack, own, nodes);
  }

  function keyOf({ stack, planted, builtin }) {
    let key = planted || builtin;
    for (let i = 0; i < stack.length; i++) {
      const { name, file, line, column } = stack[i];
      key += `<${name}@${file}:${line}:${column}`;
    }
    if (!facts[key]) facts[key] = { planted, builtin, stack };
    return key;
  }

  // Calls `add(number of the node, bytes)` for each sample of a profile that is a text. There is no object for each, nor a
  // string: each character is looked at.
  const [QUOTE, COMMA, END, ZERO, NINE, NODE_ID, SIZE] = [34, 44, 125, 48, 57, 110, 115];
  function eachSample(text, from, add) {
    let [key, value, node, size] = [0, 0, 0, 0];
    for (let i = from; i < text.length; i++) {
      const code = charCodeAt(text, i);
      if (code >= ZERO && code <= NINE) {
        value = 10 * value + code - ZERO;
      } else if (code === QUOTE) {
        // A key begins where there is none; each begins with a letter of its own.
        if (key === 0) key = charCodeAt(text, i + 1);
      } else if (code === COMMA || code === END) {
        if (key === NODE_ID) node = value;
        if (key === SIZE) size = value;
        // The last brackets, too, close something: nothing is known then.
        if (code === END && key !== 0) add(node, size);
        [key, value] = [0, 0];
      }
    }
  }

  // Of an answer to `getSamplingProfile`: the first node of the tree, and what calls a function for each sample.
  const SAMPLES = ',"samples":[';
  const HEAD = '"head":';
  function readProfile(answer) {
    if (typeof answer !== 'string') {
      const { head, samples } = answer.profile;
      return { head, each: add => { for (let i = 0; i < samples.length; i++) add(samples[i].nodeId, samples[i].size); } };
    }
    // No string has these, for its quotes are escaped.
    const end = indexOf(answer, SAMPLES);
    const head = parse(slice(answer, indexOf(answer, HEAD) + HEAD.length, end));
    return { head, each: add => eachSample(answer, end + SAMPLES.length, add) };
  }

  // The kinds by key: the frames of the user's files, and the built-in function.
  function collectKinds({ head, each }) {
    const kinds = create(null);
    const nodes = create(null);
    visit(head, [], '', nodes);
    each((id, size) => {
      const node = nodes[id];
      if (!node || node.planted === 'ours' || (node.stack.length === 0 && node.planted === '')) return;
      if (node.key === undefined) node.key = keyOf(node);
      if (!kinds[node.key]) kinds[node.key] = { count: 0, bytes: 0 };
      const kind = kinds[node.key];
      kind.count++;
      kind.bytes += size;
    });
    return places.flat(kinds);
  }

  harness.reader = {
    engine: 'v8',
    start: async () => {
      await ask('HeapProfiler.enable', {});
      await ask('HeapProfiler.startSampling', { samplingInterval: 1 });
    },
    read: async () => collectKinds(readProfile(await ask('HeapProfiler.getSamplingProfile', {}))),
    facts: key => facts[key],
    // For witness_v8.js.
    ask, collectChunks, keyOf, startsWith, indexOf, slice,
    // Beside its objects a function has others of the engine's: compiled code, feedback.
    stays: 64,
  };
})();
