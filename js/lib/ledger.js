// The living blocks of a linear memory, with the size of each and the stack that asked for it,
// as a module reports them (see the crate `instrument`). Loaded before blocks.js; and part of
// what `wasm-leaks instrument` writes, so that it finds no more in `harness` than it puts there.
'use strict';

(function () {
  const { Error: AnyError } = globalThis;
  const { create } = Object;
  const { set: setValue } = Reflect;
  const { floor, imul, max } = Math;
  const bind = method => Function.prototype.call.bind(method);
  const sort = bind(Array.prototype.sort);

  // Frames of a stack: those of the guest are many.
  const MOST_FRAMES = 48;
  const MOST_STACKS = 20000;
  const MOST_ERRORS = 4096;
  const RECENT = 256;
  const MOST_MISTAKES = 8;
  const WARM_UP = 3000;

  // Stacks, each text once. The first is that of blocks whose stack was not taken.
  const texts = [''];
  const numbers = create(null);

  function noteStack({ policy }, error) {
    const text = policy.shown(textOf(error));
    let number = numbers[text];
    if (number === undefined) {
      if (texts.length >= MOST_STACKS) return 0;
      number = texts.length;
      numbers[text] = number;
      texts[number] = text;
    }
    return number;
  }

  // A script may have its own way to write stacks, or want few frames of them.
  function noteError() {
    const { stackTraceLimit } = AnyError;
    if (stackTraceLimit === MOST_FRAMES) return new AnyError();
    setValue(AnyError, 'stackTraceLimit', MOST_FRAMES);
    const error = new AnyError();
    setValue(AnyError, 'stackTraceLimit', stackTraceLimit);
    return error;
  }

  function textOf(error) {
    const { prepareStackTrace } = AnyError;
    if (prepareStackTrace === undefined) return `${error.stack}`;
    setValue(AnyError, 'prepareStackTrace', undefined);
    const text = `${error.stack}`;
    setValue(AnyError, 'prepareStackTrace', prepareStackTrace);
    return text;
  }

  // A ledger: the living blocks of one memory, by address, in an open table. An error
  // stands for a stack until the round is over, or there are too many: to write it takes longer
  // than to take it, and most blocks are gone by then. No longer, for it may hold what the
  // program has let go of, and takes up to 2 KB.
  //
  // Its policy, which may change meanwhile, says of how many blocks the stack of one is taken
  // (`blocks`), and of how many that are freed (`frees`): of none if it is 0; and what of a stack is
  // `shown`.
  //
  // A slot of the table is two numbers side by side, for it is the memory's speed that counts: the
  // address, and the size with the number of the stack above it. No function returns one of them: V8 does not
  // inline here, and would make an object for it.
  const GONE = -1;
  const EMPTY = 0;
  const SIZES = 2 ** 38;

  function noteLedger(module, policy) {
    return {
      module,
      policy,
      // Reports until the next stack is taken, and what that is drawn from.
      turns: 1,
      drawn: 1,
      slots: noteZeros(2 * 256),
      errors: noteHoles(256),
      // Errors that were put there since the last time that all became stacks.
      pending: 0,
      alive: 0,
      used: 0,
      // By the number of the stack, of blocks whose error has become one.
      counts: noteZeros(64),
      bytes: noteZeros(64),
      // The last ones that were freed, and where, if that is wanted.
      recent: noteZeros(RECENT),
      by: [],
      next: 0,
      mistakes: [],
      mistaken: 0,
      unseen: 0,
    };
  }

  // Plain arrays: JavaScriptCore, which counts by class, has the storage of others among a program's.
  function noteZeros(length) {
    const zeros = [];
    // An engine then keeps numbers in it, and no objects for what a guest gives as `f64`.
    for (let i = 0; i < length; i++) zeros[i] = 0.5;
    for (let i = 0; i < length; i++) zeros[i] = 0;
    return zeros;
  }

  // One without elements would be kept as a map by an engine.
  function noteHoles(length) {
    const holes = [];
    for (let i = 0; i < length; i++) holes[i] = undefined;
    return holes;
  }

  // Where the block at an address is in the table; or -1 less where it would be. Blocks of the same
  // 256 bytes have 16 slots side by side: one that is asked for after another is near it.
  function slotOf({ slots }, address) {
    const mask = slots.length - 2;
    const unit = (address / 16) | 0;
    let at = ((imul(unit >>> 4, 0x9e3779b1) >>> 6 << 5) + ((unit & 15) << 1)) & mask;
    let free = -1;
    for (;;) {
      const found = slots[at];
      if (found === address) return at;
      if (found === EMPTY) return free < 0 ? -1 - at : -1 - free;
      if (found === GONE && free < 0) free = at;
      at = (at + 2) & mask;
    }
  }

  function noteRoom(ledger) {
    const { slots, errors } = ledger;
    // Two thirds of the slots, each of two numbers.
    if (ledger.used * 3 < slots.length) return;
    let length = slots.length;
    while (ledger.alive * 4 >= length) length *= 2;
    ledger.slots = noteZeros(length);
    ledger.errors = noteHoles(length / 2);
    ledger.used = ledger.alive;
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i] <= 0) continue;
      const at = -1 - slotOf(ledger, slots[i]);
      ledger.slots[at] = slots[i];
      ledger.slots[at + 1] = slots[i + 1];
      ledger.errors[at / 2] = errors[i / 2];
    }
  }

  function noteBlock(ledger, address, size, error) {
    if (ledger.used * 3 >= ledger.slots.length) noteRoom(ledger);
    let at = slotOf(ledger, address);
    if (at >= 0) {
      // It was given back in a way that is not seen.
      ledger.unseen++;
      remove(ledger, at);
      at = slotOf(ledger, address);
    }
    at = -1 - at;
    const { slots } = ledger;
    if (slots[at] === EMPTY) ledger.used++;
    ledger.alive++;
    slots[at] = address;
    slots[at + 1] = size < SIZES ? size : SIZES - 1;
    if (error === undefined) {
      ledger.counts[0]++;
      ledger.bytes[0] += slots[at + 1];
      return;
    }
    ledger.errors[at >> 1] = error;
    if (++ledger.pending >= MOST_ERRORS) noteWritten(ledger);
  }

  function remove(ledger, at) {
    const { slots, errors, counts, bytes } = ledger;
    if (ledger.pending > 0 && errors[at >> 1] !== undefined) {
      errors[at >> 1] = undefined;
    } else if (slots[at + 1] < SIZES) {
      counts[0]--;
      bytes[0] -= slots[at + 1];
    } else {
      const stack = floor(slots[at + 1] / SIZES);
      counts[stack]--;
      bytes[stack] -= slots[at + 1] % SIZES;
    }
    ledger.alive--;
    slots[at] = GONE;
    // What comes after an empty slot is not searched for before it.
    const mask = slots.length - 2;
    if (slots[(at + 2) & mask] !== EMPTY) return;
    for (let i = at; slots[i] === GONE; i = (i - 2) & mask) {
      slots[i] = EMPTY;
      ledger.used--;
    }
  }

  function add(ledger, stack, count, size) {
    if (stack >= ledger.counts.length) {
      ledger.counts = noteLonger(ledger.counts, stack);
      ledger.bytes = noteLonger(ledger.bytes, stack);
    }
    ledger.counts[stack] += count;
    ledger.bytes[stack] += size;
  }

  function noteLonger(numbers, index) {
    const longer = noteZeros(max(2 * numbers.length, index + 1));
    for (let i = 0; i < numbers.length; i++) longer[i] = numbers[i];
    return longer;
  }

  // Errors become stacks.
  function noteWritten(ledger) {
    const { errors, slots, by } = ledger;
    for (let i = 0; ledger.pending > 0 && i < errors.length; i++) {
      if (errors[i] === undefined) continue;
      const stack = noteStack(ledger, errors[i]);
      const size = slots[2 * i + 1];
      errors[i] = undefined;
      slots[2 * i + 1] = stack * SIZES + size;
      add(ledger, stack, 1, size);
    }
    ledger.pending = 0;
    for (let i = 0; i < by.length; i++) if (typeof by[i] === 'object') by[i] = noteStack(ledger, by[i]);
  }

  // And what was freed is not kept in mind.
  function noteSettled(ledger) {
    noteWritten(ledger);
    ledger.by = [];
    for (let i = 0; i < RECENT; i++) ledger.recent[i] = 0;
    ledger.next = 0;
  }

  // What a module reports. By chance: what a program does by turns would be seen in part.
  function noteTaken(ledger, every) {
    if (every === 1) return noteError();
    if (every === 0 || --ledger.turns > 0) return undefined;
    ledger.drawn = imul(ledger.drawn, 0x5bd1e995) + 1 | 0;
    ledger.turns = 1 + floor((ledger.drawn >>> 0) / 0x100000000 * (2 * every - 1));
    return noteError();
  }

  function noteFreed(ledger, address) {
    const at = slotOf(ledger, address);
    if (at < 0) {
      noteMistake(ledger, address);
      return;
    }
    remove(ledger, at);
    ledger.recent[ledger.next] = address;
    ledger.by[ledger.next] = noteTaken(ledger, ledger.policy.frees);
    ledger.next = (ledger.next + 1) % RECENT;
  }

  // A block was freed that is none: twice, if it was one shortly before.
  function noteMistake(ledger, address) {
    let isTwice = false;
    let by;
    for (let i = 0; i < RECENT; i++) {
      // The last one comes last: an allocator hands out again what was just freed.
      const at = (ledger.next + i) % RECENT;
      if (ledger.recent[at] !== address) continue;
      isTwice = true;
      by = ledger.by[at];
    }
    const isKnown = by !== undefined;
    const { mistakes, policy } = ledger;
    // For the next one to be shown with the one before it.
    if (policy.frees === 0) policy.frees = 1;
    ledger.mistaken++;
    // One with both stacks is worth more than the first one.
    if (mistakes.length >= MOST_MISTAKES && !isKnown) return;
    if (mistakes.length >= MOST_MISTAKES) mistakes.length = MOST_MISTAKES - 1;
    const again = policy.shown(textOf(noteError()));
    const mistake = { isTwice, again, first: isKnown ? texts[typeof by === 'number' ? by : noteStack(ledger, by)] : null };
    if (isKnown) for (let i = mistakes.length; i > 0; i--) mistakes[i] = mistakes[i - 1];
    mistakes[isKnown ? 0 : mistakes.length] = mistake;
  }

  // How many blocks begin within another one: that was given back in a way that is not seen, or
  // these are no blocks, and the functions no allocator's.
  function noteOverlaps({ slots }) {
    const living = [];
    for (let at = 0; at < slots.length; at += 2) if (slots[at] > 0) living[living.length] = at;
    sort(living, (one, other) => slots[one] - slots[other]);
    let [count, end] = [0, 0];
    for (let i = 0; i < living.length; i++) {
      const address = slots[living[i]];
      if (address < end) count++;
      end = max(end, address + slots[living[i] + 1] % SIZES);
    }
    return count;
  }

  // The size of the block that an address is in, at its beginning or later; undefined if it is in none.
  function noteSizeAt({ slots }, address) {
    for (let at = 0; at < slots.length; at += 2) {
      const size = slots[at + 1] % SIZES;
      if (slots[at] > 0 && address >= slots[at] && address < slots[at] + max(size, 1)) return size;
    }
    return undefined;
  }

  function noteReports(ledger) {
    return {
      allocated: function noteAllocatedReport(address, size) {
        if (address !== 0) noteBlock(ledger, address, size, noteTaken(ledger, ledger.policy.blocks));
      },
      freed: function noteFreedReport(address) {
        noteFreed(ledger, address);
      },
      // With one thread nobody else gets the block meanwhile.
      reallocating: function noteReallocatingReport() {},
      reallocated: function noteReallocatedReport(before, address, size) {
        // The block stays where it is if there is no room for another.
        if (address === 0 && size !== 0) return;
        if (before !== 0) noteFreed(ledger, before);
        if (address !== 0) noteBlock(ledger, address, size, noteTaken(ledger, ledger.policy.blocks));
      },
    };
  }

  // What an engine keeps of these functions once they were called is made here, and not while
  // the program runs, among whose objects it would be.
  function noteWarmedUp(policy) {
    const ledger = noteLedger({ digest: 0, size: 0 }, policy);
    const { allocated, freed, reallocating, reallocated } = noteReports(ledger);
    for (let i = 1; i <= WARM_UP; i++) {
      allocated(8 * i, i);
      reallocating(8 * i);
      reallocated(8 * i, 8 * i + 8, i);
      freed(8 * i + 8);
    }
    noteSettled(ledger);
  }

  harness.ledger = { open: noteLedger, write: noteWritten, settle: noteSettled, overlaps: noteOverlaps, sizeAt: noteSizeAt, reportsTo: noteReports, warmUp: noteWarmedUp, textOf: stack => texts[stack] };
})();
