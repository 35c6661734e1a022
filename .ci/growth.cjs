// Whether what grows in each example is what its `expected-growth.txt` says. Each line:
//
//     BYTES BLOCKS FUNCTION < FUNCTION (FILE:LINE) < …     blocks of linear memory, and bytes in them, a call
//     +COUNT CLASS FUNCTION < FUNCTION (FILE:LINE) < …     objects of a class a call
//
// Rates are compared to two places. Other functions may be between these; one without a place may have any: engines differ in
// them. All blocks that stay have to be named, in an example without the file none. Of objects many more may stay, and only V8
// knows both the class and the place.
//
//     node .ci/growth.cjs RESULTS.json...
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const frameOf = text => {
  const [, name, place] = /^(.*?)(?: \(([^()]*:\d+)\))?$/.exec(text);
  return { name, place };
};

// `rates` are those of blocks, or that of a class.
function expectedRows(directory) {
  const path = join(directory, 'expected-growth.txt');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return lines.map(line => {
    const [, first, second, stack] = /^(\S+) (\S+) (.*)$/.exec(line);
    const isObject = first.startsWith('+');
    return { line, class: isObject ? second : null, rates: isObject ? [first] : [first, second], stack: stack.split(' < ').map(frameOf) };
  });
}

// The blocks that grow, by their stacks.
function foundBlocks(grows) {
  const rows = new Map();
  for (const { kind, per_call } of grows) {
    if (kind.what !== 'blocks' && kind.what !== 'block-bytes') continue;
    const stack = stackOf(kind);
    const key = JSON.stringify(stack);
    if (!rows.has(key)) rows.set(key, { class: null, stack, rates: ['0.00', '0.00'] });
    rows.get(key).rates[kind.what === 'blocks' ? 1 : 0] = per_call.toFixed(2);
  }
  return [...rows.values()];
}

// The objects that grow, each class of each place.
function foundObjects(grows) {
  const rows = [];
  for (const { kind } of grows) {
    if (kind.what !== 'objects') continue;
    for (const [name, rate] of kind.classes) rows.push({ class: name, stack: stackOf(kind), rates: [rate.toFixed(2)] });
  }
  return rows;
}

const stackOf = kind => kind.stack.map(({ name, file, line }) => ({ name: name.replace(/^new /, ''), place: `${file}:${line}` }));

function fits(expected, found) {
  if (expected.class !== found.class || expected.rates.some((rate, i) => Number(rate) !== Number(found.rates[i]))) return false;
  let next = 0;
  for (const { name, place } of found.stack) {
    const wanted = expected.stack[next];
    if (wanted && wanted.name === name && (!wanted.place || wanted.place === place)) next++;
  }
  return next === expected.stack.length;
}

const shown = ({ rates, stack }) => `${rates.join(' ')} ${stack.map(({ name, place }) => `${name} (${place})`).join(' < ')}`;

let [cellCount, differences, lines] = [0, 0, 0];
for (const file of process.argv.slice(2)) {
  const { cells, programs } = JSON.parse(readFileSync(file, 'utf8'));
  for (const cell of cells.filter(({ outcome }) => outcome !== 'skipped')) {
    const program = programs[cell.program];
    const grows = cell.census ? cell.census.grows : [];
    const blocks = foundBlocks(grows);
    const objects = foundObjects(grows);
    const hasBoth = program.engine === 'v8';
    const missing = expectedRows(cell.directory).filter(expected => {
      if (expected.class !== null && !hasBoth) return false;
      const found = expected.class === null ? blocks : objects;
      const at = found.findIndex(row => fits(expected, row));
      if (at >= 0) found.splice(at, 1);
      lines++;
      return at < 0;
    });
    const where = `${cell.title} on ${program.title ?? program.version ?? cell.program}`;
    for (const { line } of missing) console.log(`${where}: does not grow: ${line}`);
    for (const row of blocks) console.log(`${where}: grows, and is not expected: ${shown(row)}`);
    differences += missing.length + blocks.length;
    cellCount++;
  }
}
console.log(`${cellCount} cells, ${lines} lines of expected growth, ${differences} differences`);
process.exitCode = differences === 0 && cellCount > 0 ? 0 : 1;
