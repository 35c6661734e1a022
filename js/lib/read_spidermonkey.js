// Readings of SpiderMonkey's heap: its census, by class and by the stack that made it. The
// debugger lives in another global: inner_global.js passes on what it answers.
'use strict';

(function () {
  const { outer, planted, places } = harness;
  if (!outer) return;

  const MOST_FRAMES = 8;

  // What a key stands for.
  const facts = new Map();

  function collectKinds(rows) {
    const kinds = new Map();
    for (let i = 0; i < rows.length; i++) {
      const { class: name, stack: text, count, bytes } = rows[i];
      const stack = places.framesOf(text).slice(0, MOST_FRAMES);
      const maker = /^(planted\w+)@/.exec(text);
      const ours = (maker && planted.makers[maker[1]]) || '';
      // What our own scripts made.
      if (/^note\w*@/.test(text) || (stack.length === 0 && ours === '' && text !== '')) continue;
      const key = ours ? `${ours} ${name}` : name + keyOf(stack);
      const kind = kinds.get(key);
      if (kind) {
        kind.count += count;
        kind.bytes += bytes;
      } else {
        kinds.set(key, { count, bytes });
        if (!facts.has(key)) facts.set(key, { class: name, planted: ours, stack, most: 0 });
      }
      // The line that made most of them.
      const fact = facts.get(key);
      if (count >= fact.most) [fact.stack, fact.most] = [stack, count];
    }
    return kinds;
  }

  // By functions: one place has two lines or columns once its code is compiled.
  const keyOf = stack => {
    let key = '';
    for (let i = 0; i < stack.length; i++) {
      const { name, file, line } = stack[i];
      key += name ? ` < ${name}@${file}` : ` < ${file}:${line}`;
    }
    return key;
  };

  harness.reader = {
    engine: 'spidermonkey',
    start: () => {},
    read: () => collectKinds(JSON.parse(outer.census())),
    facts: key => facts.get(key),
    stays: 32,
  };
})();
