// The memories, tables and instances that scripts make or get: how many are alive, how
// large they are, and which module they belong to. Loaded after watch.js.
'use strict';

(function () {
  const global = globalThis;
  const { replace } = harness;
  const bind = method => Function.prototype.call.bind(method);
  const getterOf = (prototype, name) => bind(Object.getOwnPropertyDescriptor(prototype, name).get);

  const { create, keys } = Object;
  const { imul } = Math;
  const { ArrayBuffer: Buffer, Uint8Array: Bytes, Int32Array: Words, WeakRef: Weak, WeakSet: Known, WeakMap: Notes } = global;
  const { Memory, Table, Instance, Module } = WebAssembly;
  const { instantiate, compile, instantiateStreaming, compileStreaming } = WebAssembly;
  const deref = Weak && bind(Weak.prototype.deref);
  const then = bind(Promise.prototype.then);
  const bufferOf = getterOf(Memory.prototype, 'buffer');
  const bytesOf = getterOf(Buffer.prototype, 'byteLength');
  const lengthOf = getterOf(Table.prototype, 'length');
  const [note, noteOf] = [bind(Notes.prototype.set), bind(Notes.prototype.get)];
  const isView = Buffer.isView;

  // Those of our own guest are held; others are watched weakly. No memory tells the most
  // pages that it may have: whoever makes one says so.
  const held = [];
  const PAGE = 65536;
  const pagesOf = memory => bytesOf(bufferOf(memory)) / PAGE;
  const { newNotes } = harness;
  let weak = newNotes();
  let instances = newNotes();
  const kept = (notes, isKept) => {
    const found = newNotes();
    for (let i = 0; i < notes.length; i++) if (isKept(notes[i])) found[found.length] = notes[i];
    return found;
  };
  let memories = 0;
  let tables = 0;
  let made = 0;
  const known = Known && new Known();

  const isWatched = object => object instanceof Memory || object instanceof Table;
  const mayGrowTo = (memory, maximum) => (pagesOf(memory) < maximum ? maximum : undefined);

  // `owner` says where it comes from: the number of a module, and a name in it.
  // What is made in functions that begin with `note` is our own, and no reader counts it.
  function noteObject(object, maximum, owner) {
    if (!Weak || known.has(object)) return;
    known.add(object);
    const isMemory = object instanceof Memory;
    if (isMemory) memories++;
    else tables++;
    weak[weak.length] = {
      object: new Weak(object),
      buffer: isMemory ? new Weak(bufferOf(object)) : null,
      number: memories,
      maximum: isMemory ? mayGrowTo(object, maximum) : undefined,
      owner,
    };
  }

  function noteInstance(instance, module) {
    made++;
    const number = module && noteOf(numbers, module);
    if (Weak) instances[instances.length] = { object: new Weak(instance), number };
    const { exports } = instance;
    const names = keys(exports);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (isWatched(exports[name])) noteObject(exports[name], undefined, { module: number, name });
    }
  }

  function hold(object, maximum) {
    if (known) known.add(object);
    const most = object instanceof Memory ? mayGrowTo(object, maximum) : undefined;
    held[held.length] = { object, maximum: most };
    weak = kept(weak, watched => deref(watched.object) !== object);
  }

  // Modules by number, each with the size and a digest of its bytes, so that the file that
  // has these bytes can be named.
  const numbers = new Notes();
  const modules = [];
  const knownModules = create(null);
  let modulesMade = 0;
  function noteModule(module, bytes) {
    if (noteOf(numbers, module) !== undefined) return module;
    modulesMade++;
    const key = bytes ? `${bytes.size} ${bytes.digest}` : '';
    if (knownModules[key] === undefined) {
      knownModules[key] = modules.length;
      modules[modules.length] = bytes;
    }
    note(numbers, module, knownModules[key]);
    return module;
  }

  // FNV-1a, 32 bits: of one module the same in every engine.
  function noteDigest(source) {
    try {
      const bytes = isView(source) ? new Bytes(source.buffer, source.byteOffset, source.byteLength) : new Bytes(source);
      let hash = 0x811c9dc5;
      for (let i = 0; i < bytes.length; i++) hash = imul(hash ^ bytes[i], 0x01000193);
      return { size: bytes.length, digest: hash >>> 0 };
    } catch (error) {
      return undefined;
    }
  }

  // What an engine throws when it can make no more memories: one may say no more than
  // `out of memory`, which a case may throw as well.
  let ofMemory;
  function attempted(make, given) {
    try {
      return make(...given);
    } catch (error) {
      ofMemory = { error };
      throw error;
    }
  }

  for (const name of ['Memory', 'Table']) {
    replace(WebAssembly, name, (make, given) => {
      const object = attempted(make, given);
      noteObject(object, name === 'Memory' && given[0] ? given[0].maximum : undefined);
      return object;
    });
  }
  replace(WebAssembly, 'Module', (make, given) => noteModule(make(...given), noteDigest(given[0])));
  replace(WebAssembly, 'Instance', (make, given) => {
    const instance = attempted(make, given);
    noteInstance(instance, given[0]);
    return instance;
  });
  const instantiated = (source, bytes, found) => {
    const module = found instanceof Instance ? source : noteModule(found.module, bytes);
    noteInstance(found instanceof Instance ? found : found.instance, module);
    return found;
  };
  const digestOf = source => (source instanceof Module ? undefined : noteDigest(source));
  WebAssembly.instantiate = (source, imports) => {
    const bytes = digestOf(source);
    return then(instantiate(source, imports), found => instantiated(source, bytes, found));
  };
  WebAssembly.compile = source => {
    const bytes = digestOf(source);
    return then(compile(source), module => noteModule(module, bytes));
  };
  // A response is read once: by the engine, which gives a module without its bytes.
  if (typeof instantiateStreaming === 'function') {
    WebAssembly.instantiateStreaming = (source, imports) =>
      then(instantiateStreaming(source, imports), found => instantiated(null, undefined, found));
    WebAssembly.compileStreaming = source =>
      then(compileStreaming(source), module => noteModule(module, undefined));
  }

  // The most pages that a module's own memory may have, by its memory section: flags, the
  // least, the most, after the sections' lengths. Binary format, 5.5.
  function ownMaximum(bytes) {
    let at = 8;
    const unsigned = () => {
      let value = 0;
      for (let shift = 1; ; shift *= 128) {
        const byte = bytes[at++];
        value += (byte % 128) * shift;
        if (!(byte >= 128)) return value;
      }
    };
    while (at < bytes.length) {
      const section = bytes[at++];
      const end = unsigned() + at;
      if (section === 5 && unsigned() > 0) {
        const flags = bytes[at++];
        unsigned();
        return flags % 2 === 1 ? unsigned() : undefined;
      }
      at = end;
    }
    return undefined;
  }

  // The size of what is alive, and how many there are. Looking at those that are watched
  // weakly keeps them alive until the turn is over.
  function sizes() {
    const found = { pages: 0, memories: 0, full: 0, entries: 0, tables: 0 };
    visit((pages, maximum) => {
      found.memories++;
      found.pages += pages;
      if (pages >= maximum) found.full++;
    }, entries => {
      found.tables++;
      found.entries += entries;
    });
    return found;
  }

  // Calls `memory` with the pages, maximum and owner of each memory that is alive, and
  // `table` with the length and owner of each table.
  function visit(memory, table) {
    const add = ({ maximum, owner }, object) => {
      if (object instanceof Memory) memory(pagesOf(object), maximum, owner);
      else table(lengthOf(object), owner);
    };
    for (let i = 0; i < held.length; i++) add(held[i], held[i].object);
    const alive = newNotes();
    for (let i = 0; i < weak.length; i++) {
      const watched = weak[i];
      const object = deref(watched.object);
      // A view keeps the bytes of a memory whose object is gone. One that grows gets
      // another buffer.
      const buffer = watched.buffer === null ? undefined : deref(watched.buffer);
      if (object === undefined && buffer === undefined) continue;
      if (object === undefined) memory(bytesOf(buffer) / PAGE, undefined, watched.owner);
      else add(watched, object);
      if (object instanceof Memory && bufferOf(object) !== buffer) watched.buffer = new Weak(bufferOf(object));
      alive[alive.length] = watched;
    }
    weak = alive;
  }

  // Bytes of linear memory that were ever written, by blocks: finer than pages, and known of
  // a memory that is large from the start. Of many memories, or very large ones, null.
  const BLOCK = 4096;
  const MOST_MEMORIES = 8;
  const MOST_SCANNED = 1 << 28;
  function touched() {
    let blocks = 0;
    let found = 0;
    for (let i = 0; i < weak.length; i++) {
      const watched = weak[i];
      const memory = watched.buffer && deref(watched.object);
      if (!memory) continue;
      const buffer = bufferOf(memory);
      if (++found > MOST_MEMORIES || bytesOf(buffer) > MOST_SCANNED) return null;
      if (!watched.blocks || watched.blocks.length * BLOCK < bytesOf(buffer)) growBlocks(watched, bytesOf(buffer) / BLOCK);
      blocks += countTouched(watched.blocks, new Words(buffer));
    }
    return blocks * BLOCK;
  }

  function growBlocks(watched, count) {
    const blocks = new Bytes(count);
    for (let i = 0; watched.blocks && i < watched.blocks.length; i++) blocks[i] = watched.blocks[i];
    watched.blocks = blocks;
  }

  function countTouched(blocks, words) {
    const size = BLOCK / 4;
    let count = 0;
    for (let i = 0; i < blocks.length; i++) {
      for (let at = i * size; blocks[i] === 0 && at < (i + 1) * size; at++) if (words[at] !== 0) blocks[i] = 1;
      count += blocks[i];
    }
    return count;
  }

  function countInstances() {
    instances = kept(instances, ({ object }) => deref(object) !== undefined);
    return instances.length;
  }

  // Memories that are watched weakly and are alive: each by its object, or else by its
  // buffer. Looking at them keeps them alive until the turn is over.
  function weakMemories() {
    const found = [];
    for (let i = 0; i < weak.length; i++) {
      const { object, buffer, number } = weak[i];
      if (buffer === null) continue;
      if (deref(object) !== undefined) found[found.length] = { number, weak: object, class: 'WebAssembly.Memory' };
      else if (deref(buffer) !== undefined) found[found.length] = { number, weak: buffer, class: 'ArrayBuffer' };
    }
    return found;
  }

  Object.assign(harness, {
    isOfMemory: error => ofMemory !== undefined && ofMemory.error === error,
    memoriesMade: () => memories,
    // Of which an engine can have some thousand at once.
    instancesMade: () => made + memories + tables + modulesMade,
    // What is kept here of those that are alive, for an engine that counts it with the rest.
    ownRecords: () => {
      let refs = instances.length;
      for (let i = 0; i < weak.length; i++) refs += weak[i].buffer ? 2 : 1;
      return { refs, objects: weak.length + instances.length };
    },
    touched,
    modules,
    hold, ownMaximum, sizes, visit, countInstances, weakMemories,
    watchesWeakly: () => weak.length > 0,
  });
})();
