// The blocks of linear memory that a module made by `wasm-leaks instrument` reports: which are
// alive, by the stack that asked for them. For pages and servers, and for the engines' shells:
//
//     import { watchBlocks } from './app.blocks.mjs';
//
//     const blocks = watchBlocks();
//     const { instance } = await WebAssembly.instantiate(bytes, { ...imports, ...blocks.imports });
//     const before = blocks.mark();
//     … what should leave nothing behind …
//     console.log(blocks.since(before));
//
// SPDX-License-Identifier: MIT OR Apache-2.0

const harness = {};
// js/lib/ledger.js

const { ledger } = harness;
const NOTHING = { counts: [], bytes: [] };

// A stack from the first function of the module on: what stands before is of this file, which only the
// module calls. Bun names no function of a module.
function withoutOurs(text) {
  const first = text.search(/wasm-function\[|at unknown/);
  return first < 0 ? text : text.slice(text.lastIndexOf('\n', first) + 1).trimEnd();
}

// Watches the blocks of one memory. Of one in `every` blocks, drawn at random, the stack is taken: of
// all if it is 1, of none if it is 0.
export function watchBlocks({ every = 1 } = {}) {
  if (!Number.isSafeInteger(every) || every < 0)
    throw new RangeError(`watchBlocks: \`every\` has to be a whole number, and 0 or more, not ${String(every)}`);
  const watched = ledger.open(undefined, { blocks: every, frees: every, shown: withoutOurs });

  // How many are alive now, and their bytes, by the number of the stack.
  function mark() {
    ledger.write(watched);
    return { counts: watched.counts.slice(), bytes: watched.bytes.slice() };
  }

  return {
    // What the module imports, to be spread into the imports.
    imports: { 'wasm-leaks': ledger.reportsTo(watched) },
    // The blocks that are alive, as `{ blocks, bytes, stack }`, the largest first; all whose stack was
    // not taken together, with the stack null.
    living: () => differences(mark(), NOTHING),
    // What is alive now, for `since`.
    mark,
    // What is alive now and was not at the mark, in the same way: numbers below 0 where it has become less.
    since: before => differences(mark(), before),
    // Addresses that were freed and were no block's, as `{ twice, stack, first }`: `stack` freed it. It
    // is `twice` if it was a block's, and freed by `first`, null if that stack was not taken.
    mistakes: () => watched.mistakes.map(({ isTwice, again, first }) => ({ twice: isTwice, stack: again, first })),
    // How many blocks were freed in a way that the module does not report: there is a new one at the
    // address, or within the block.
    unseen: () => watched.unseen + ledger.overlaps(watched),
  };
}

function differences(now, before) {
  const rows = [];
  for (let number = 0; number < now.counts.length; number++) {
    const blocks = now.counts[number] - (before.counts[number] ?? 0);
    const bytes = now.bytes[number] - (before.bytes[number] ?? 0);
    if (blocks !== 0 || bytes !== 0) rows.push({ blocks, bytes, stack: ledger.textOf(number) || null });
  }
  return rows.sort((one, other) => other.bytes - one.bytes || other.blocks - one.blocks);
}
