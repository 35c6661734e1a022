// The memories, tables and instances that scripts make or get: how many are alive, how
// large they are, and which module they belong to. Loaded after watch.js.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const { replace } = ours;
  const bind = method => Function.prototype.call.bind(method);
  const getterOf = (prototype, name) => bind(Object.getOwnPropertyDescriptor(prototype, name).get);

  const { create, keys } = Object;
  const { imul } = Math;
  const { ArrayBuffer: Buffer, SharedArrayBuffer: SharedBuffer, Uint8Array: Bytes, Int32Array: Words, WeakRef: Weak, WeakSet: Known, WeakMap: Notes } = global;
  const { Memory, Table, Instance, Module } = WebAssembly;
  const { instantiate, compile, instantiateStreaming, compileStreaming } = WebAssembly;
  const { imports: importsOf } = Module;
  const deref = Weak && bind(Weak.prototype.deref);
  const then = bind(Promise.prototype.then);
  const bufferOf = getterOf(Memory.prototype, 'buffer');
  const ownBytesOf = getterOf(Buffer.prototype, 'byteLength');
  const sharedBytesOf = SharedBuffer && getterOf(SharedBuffer.prototype, 'byteLength');
  const bytesOf = buffer => (buffer instanceof Buffer ? ownBytesOf(buffer) : sharedBytesOf(buffer));
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

  function noteInstance(instance, module, imports) {
    made++;
    const number = module && noteOf(numbers, module);
    if (number !== undefined && imports) noteImported(module, number, imports);
    if (Weak) instances[instances.length] = { object: new Weak(instance), number };
    const { exports } = instance;
    const names = keys(exports);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (isWatched(exports[name])) noteObject(exports[name], undefined, { module: number, name });
    }
  }

  // What a script made belongs to the first module that imports it.
  function noteImported(module, number, imports) {
    let unowned = 0;
    for (let i = 0; i < weak.length; i++) if (weak[i].owner === undefined) unowned++;
    const wanted = unowned > 0 ? importsOf(module) : [];
    for (let i = 0; i < wanted.length; i++) {
      const { kind, module: from, name } = wanted[i];
      if (kind !== 'memory' && kind !== 'table') continue;
      const object = imports[from][name];
      for (let j = 0; j < weak.length; j++)
        if (weak[j].owner === undefined && deref(weak[j].object) === object) weak[j].owner = { module: number, name };
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
  // Where blocks are counted, instances are made of modules that report them. The module that a
  // program has is its own: it may ask what it imports, or give it to a worker.
  const instead = new Notes();
  // One for all that have the same bytes.
  const replaced = create(null);
  const replacementFor = (source, bytes) => (ours.blocks && bytes ? ours.blocks.replacement(source, bytes) : undefined);
  function noteReplaced(module, replacement, bytes) {
    if (replacement) note(instead, module, { replacement, bytes });
    return module;
  }

  // What to make an instance of, and what it imports.
  function reporting(module, imports) {
    const found = module instanceof Module ? noteOf(instead, module) : undefined;
    if (found === undefined) return { module, imports };
    const { replacement, bytes: { digest, size } } = found;
    const key = `${digest}-${size}`;
    if (!replaced[key]) replaced[key] = new Module(replacement);
    return { module: replaced[key], imports: ours.blocks.withReports(found.bytes, imports, module) };
  }

  replace(WebAssembly, 'Module', (make, given) => {
    const bytes = noteDigest(given[0]);
    const replacement = replacementFor(given[0], bytes);
    return noteReplaced(noteModule(make(...given), bytes), replacement, bytes);
  });
  replace(WebAssembly, 'Instance', (make, given) => {
    const { module, imports } = reporting(given[0], given[1]);
    const instance = attempted(make, module === given[0] ? given : [module, imports]);
    if (module !== given[0]) ours.blocks.made(imports, instance);
    noteInstance(instance, given[0], given[1]);
    return instance;
  });
  const ofModule = (module, given) => {
    const { module: other, imports } = reporting(module, given);
    return then(instantiate(other, imports), instance => {
      if (other !== module) ours.blocks.made(imports, instance);
      noteInstance(instance, module, given);
      return instance;
    });
  };
  const compiled = (source, bytes, replacement) =>
    then(compile(source), module => noteReplaced(noteModule(module, bytes), replacement, bytes));
  const ofBytes = (found, bytes, imports) => {
    noteInstance(found.instance, noteModule(found.module, bytes), imports);
    return found;
  };
  WebAssembly.compile = source => {
    const bytes = noteDigest(source);
    return compiled(source, bytes, replacementFor(source, bytes));
  };
  WebAssembly.instantiate = (source, imports) => {
    if (source instanceof Module) return ofModule(source, imports);
    const bytes = noteDigest(source);
    const replacement = replacementFor(source, bytes);
    if (!replacement) return then(instantiate(source, imports), found => ofBytes(found, bytes, imports));
    return then(compiled(source, bytes, replacement), module => then(ofModule(module, imports), instance => ({ module, instance })));
  };
  // A response is read once: by the engine, which gives a module without its bytes.
  if (typeof instantiateStreaming === 'function') {
    WebAssembly.instantiateStreaming = (source, imports) =>
      then(instantiateStreaming(source, imports), found => ofBytes(found, undefined, imports));
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
