// What V8's sampling profiler does not report: the classes of the objects that a function
// makes. After the readings, some more calls are made while the engine notes where each
// object is made, and its heap is looked at once.
'use strict';

(function () {
  const { reader, places } = harness;
  // Deno's inspector never answers when it is asked for the heap.
  if (!reader || reader.engine !== 'v8' || typeof Deno === 'object') return;
  const { ask, collectChunks, keyOf, indexOf, slice } = reader;
  const { parse } = JSON;
  const { create } = Object;

  // The engine's own: code, shapes, and storage that objects have of their own.
  const SKIPPED = { hidden: true, code: true, native: true, synthetic: true, array: true, 'object shape': true };
  const TEXTS = { string: true, 'concatenated string': true, 'sliced string': true };

  // A snapshot without its edges, most of it. No string has these keys, for its quotes are escaped.
  const EDGES = '"edges":[';
  const NEXT = '"trace_function_infos":[';
  function withoutEdges(text) {
    const [from, to] = [indexOf(text, EDGES), indexOf(text, NEXT)];
    return from < 0 || to < from ? text : slice(text, 0, from) + slice(text, to);
  }

  // The columns of a row by their names.
  function columnsOf(names) {
    const found = create(null);
    for (let i = 0; i < names.length; i++) found[names[i]] = i;
    return found;
  }

  // Where a function of the user's is written, as file:line:column, by the place of its node among the numbers. The names of
  // scripts are those of the functions that made something.
  function locationsOf({ snapshot, locations, trace_function_infos: infos, strings }) {
    const found = create(null);
    const { location_fields: fields, trace_function_info_fields: infoFields } = snapshot.meta;
    const [at, info] = [columnsOf(fields), columnsOf(infoFields)];
    const files = create(null);
    for (let i = 0; i < infos.length; i += infoFields.length) {
      const script = infos[i + info.script_id];
      if (!(script in files)) files[script] = places.fileOf(strings[infos[i + info.script_name]]);
    }
    for (let i = 0; i < locations.length; i += fields.length) {
      const file = files[locations[i + at.script_id]];
      if (file !== undefined) found[locations[i + at.object_index]] = `${file}:${locations[i + at.line] + 1}:${locations[i + at.column] + 1}`;
    }
    return found;
  }

  // The user's functions that led to each node of the tree of calls.
  function stacksOf({ snapshot, trace_function_infos: infos, trace_tree: tree, strings }) {
    const { trace_function_info_fields: infoFields, trace_node_fields: nodeFields } = snapshot.meta;
    const [info, node] = [columnsOf(infoFields), columnsOf(nodeFields)];
    const stacks = create(null);
    const visit = (nodes, callers) => {
      for (let i = 0; i < nodes.length; i += nodeFields.length) {
        const at = nodes[i + node.function_info_index] * infoFields.length;
        const url = strings[infos[at + info.script_name]];
        const file = places.fileOf(url);
        const name = strings[infos[at + info.name]];
        // Unlike those of the sampling profiler these begin with 1.
        const frame = { name, file, line: infos[at + info.line], column: infos[at + info.column] };
        const isBuiltin = file === undefined && url === '';
        const stack = file === undefined ? callers : places.pushed(frame, callers);
        stacks[nodes[i + node.id]] = { stack, planted: '', builtin: isBuiltin ? name : '' };
        visit(nodes[i + node.children], stack);
      }
    };
    visit(tree, []);
    return stacks;
  }

  function className(type, name, place) {
    if (TEXTS[type]) return 'string';
    if (type === 'closure') return place === undefined ? 'function' : `function (${place})`;
    if (name === 'system / Context') return 'scope';
    if (type === 'number' || type === 'bigint' || type === 'symbol' || type === 'regexp') return type;
    return reader.startsWith(name, 'system / ') ? undefined : name;
  }

  // How many of each class are alive of those that were made meanwhile, and how many there are of all, by the key of the
  // kind. All are what the sampling profiler counts.
  function classesOf(heap) {
    const { node_fields: fields, node_types: types } = heap.snapshot.meta;
    const at = columnsOf(fields);
    const locations = locationsOf(heap);
    const stacks = stacksOf(heap);
    const found = create(null);
    for (let i = 0; i < heap.nodes.length; i += fields.length) {
      const made = stacks[heap.nodes[i + at.trace_node_id]];
      const type = types[at.type][heap.nodes[i + at.type]];
      if (!made || made.stack.length === 0) continue;
      const key = keyOf(made);
      if (!found[key]) found[key] = { all: 0, classes: create(null) };
      found[key].all++;
      const name = heap.strings[heap.nodes[i + at.name]];
      if (SKIPPED[type] && name !== 'system / Context') continue;
      const known = className(type, name, locations[i]);
      if (known === undefined) continue;
      const { classes } = found[key];
      classes[known] = (classes[known] || 0) + 1;
    }
    return found;
  }

  // `callMore` makes some more calls, and returns how many.
  reader.witness = async callMore => {
    // While the sampling profiler is on, compiled code asks for each object; without it V8 14 makes
    // objects that nobody notes.
    await ask('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
    const calls = await callMore();
    await ask('HeapProfiler.stopSampling', {});
    const text = await collectChunks(() => ask('HeapProfiler.takeHeapSnapshot', {}));
    // To end the tracking by its own command has the engine write its heap once more.
    await ask('HeapProfiler.disable', {});
    const found = classesOf(parse(withoutEdges(text)));
    for (const key in found) {
      const facts = reader.facts(key);
      if (!facts) continue;
      const { all, classes } = found[key];
      facts.noted = all / calls;
      facts.classes = [];
      for (const name in classes) facts.classes[facts.classes.length] = [name, classes[name] / calls];
    }
  };
})();
