// Whether the blocks of linear memory that stay in each example are those of its `expected-growth.txt`: bytes and blocks a
// call, to two places, and the functions that asked for them; in an example without that file, none. Each line:
//
//     BYTES BLOCKS FUNCTION < FUNCTION (FILE:LINE) < …
//
// Others may be between these functions. A function without a place may have any: engines differ in them.
//
//     node .ci/growth.cjs RESULTS.json
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const frameOf = text => {
  const [, name, place] = /^(.*?)(?: \(([^()]*:\d+)\))?$/.exec(text);
  return { name, place };
};

function expectedRows(directory) {
  const path = join(directory, 'expected-growth.txt');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return lines.map(line => {
    const [, bytes, blocks, stack] = /^(\S+) (\S+) (.*)$/.exec(line);
    return { line, bytes, blocks, stack: stack.split(' < ').map(frameOf) };
  });
}

// What grows, by its stack.
function foundRows({ census }) {
  const rows = new Map();
  for (const { kind, per_call } of census ? census.grows : []) {
    if (kind.what !== 'blocks' && kind.what !== 'block-bytes') continue;
    const stack = kind.stack.map(({ name, file, line }) => ({ name: name.replace(/^new /, ''), place: `${file}:${line}` }));
    const key = JSON.stringify(stack);
    if (!rows.has(key)) rows.set(key, { stack, bytes: '0.00', blocks: '0.00' });
    rows.get(key)[kind.what === 'blocks' ? 'blocks' : 'bytes'] = per_call.toFixed(2);
  }
  return [...rows.values()];
}

function fits(expected, found) {
  if (Number(expected.bytes) !== Number(found.bytes) || Number(expected.blocks) !== Number(found.blocks)) return false;
  let next = 0;
  for (const { name, place } of found.stack) {
    const wanted = expected.stack[next];
    if (wanted && wanted.name === name && (!wanted.place || wanted.place === place)) next++;
  }
  return next === expected.stack.length;
}

const shown = ({ bytes, blocks, stack }) => `${bytes} ${blocks} ${stack.map(({ name, place }) => `${name} (${place})`).join(' < ')}`;

const { cells, programs } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let [differences, lines] = [0, 0];
for (const cell of cells) {
  const found = foundRows(cell);
  const missing = expectedRows(cell.directory).filter(expected => {
    const at = found.findIndex(row => fits(expected, row));
    if (at >= 0) found.splice(at, 1);
    lines++;
    return at < 0;
  });
  const where = `${cell.title} on ${programs[cell.program].version ?? cell.program}`;
  for (const { line } of missing) console.log(`${where}: does not grow: ${line}`);
  for (const row of found) console.log(`${where}: grows, and is not expected: ${shown(row)}`);
  differences += missing.length + found.length;
}
console.log(`${cells.length} cells, ${lines} lines of expected growth, ${differences} differences`);
process.exitCode = differences === 0 && cells.length > 0 ? 0 : 1;
