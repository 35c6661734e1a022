// Readings of SpiderMonkey's heap: its census, by class and by the stack that made it. The
// debugger lives in another global: in the shell inner_global.js passes on what it answers, in
// Firefox the driver does.
'use strict';

(function () {
  const { outer, page, planted, places } = harness;
  if (page ? page.browser !== 'firefox' : !outer) return;

  const { parse } = JSON;
  // The answer, or a promise of it.
  const debug = page ? what => page.census(what) : what => outer[what]();
  const { create } = Object;
  const search = Function.prototype.call.bind(RegExp.prototype.exec);

  // What a key stands for.
  const facts = create(null);

  function collectKinds(rows) {
    const kinds = create(null);
    for (let i = 0; i < rows.length; i++) {
      const { class: name, stack: text, count, bytes } = rows[i];
      const stack = places.framesOf(text);
      const maker = search(/^(planted\w+)@/, text);
      const ours = maker ? planted.makers[maker[1]] || '' : '';
      // What our own scripts made.
      if (search(/^note\w*@/, text) !== null || (stack.length === 0 && ours === '' && text !== '')) continue;
      const key = ours ? `${ours} ${name}` : name + keyOf(stack);
      if (!kinds[key]) kinds[key] = { count: 0, bytes: 0 };
      kinds[key].count += count;
      kinds[key].bytes += bytes;
      noteFacts(key, { class: name, planted: ours, stack, most: count });
    }
    return places.flat(kinds);
  }

  // The line that made most of them.
  function noteFacts(key, found) {
    if (!facts[key] || found.most >= facts[key].most) facts[key] = found;
  }

  // By functions: one place has two lines or columns once its code is compiled.
  function keyOf(stack) {
    let key = '';
    for (let i = 0; i < stack.length; i++) {
      const { name, file, line } = stack[i];
      key += name ? ` < ${name}@${file}` : ` < ${file}:${line}`;
    }
    return key;
  }

  function mostOf(counts) {
    let most = 'Object';
    for (const name in counts) if (counts[name] > (counts[most] || 0)) most = name;
    return most;
  }

  harness.reader = {
    engine: 'spidermonkey',
    // The program is loaded next: an array that grows may be made there.
    prepare: () => debug('track'),
    // What is made by `setup` is told by class alone: it may be much, and is not what grows.
    pause: () => debug('pause'),
    start: async () => {
      await debug('track');
      // The first answer leaves some hundred strings of the engine's own in a worker.
      if (page) collectKinds(parse(await debug('census')));
    },
    read: async () => collectKinds(parse(await debug('census'))),
    facts: key => facts[key],
    // A class of a script is `Object` to the census: the constructors have the names.
    witness: async () => {
      const rows = parse(await debug('classes'));
      const names = create(null);
      for (let i = 0; i < rows.length; i++) {
        const key = `Object${keyOf(places.framesOf(rows[i].stack))}`;
        if (!facts[key]) continue;
        if (!names[key]) names[key] = create(null);
        names[key][rows[i].class] = (names[key][rows[i].class] || 0) + rows[i].count;
      }
      for (const key in names) facts[key].class = mostOf(names[key]);
    },
    // In a page the engine makes functions of its own late.
    stays: page ? 64 : 32,
  };
})();
