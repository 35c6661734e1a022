// Calls a program's `test(n)` as the census does, and makes the engine write its heap three
// times, with as many calls between them: what is new in the last one, and was born before
// the second one as often as after it, is what grows. The judge finds what keeps it alive.
'use strict';

(function () {
  const { telemetry, fail, finish, describe, snapshot, reach, options, outer, timers, settle } = harness;
  const { gc, turn, Error: AnyError } = globalThis;
  const { apply } = Reflect;
  const { min } = Math;
  const { now } = Date;

  const SNAPSHOTS = 3;
  // Chances for the collector before each.
  const CHANCES = 4;
  // Calls between two snapshots, and in a round.
  const CALLS = +options.calls;
  const ROUND = +options.round;
  // No round begins after this many milliseconds.
  const TIME = options.milliseconds === undefined ? Infinity : +options.milliseconds;

  const started = now();
  const files = [];
  const calls = [];
  let called = 0;

  // A separate function, so that nothing of it is on the stack later.
  async function callTest(program, times) {
    await settle(apply(program.test, undefined, [times]));
    called += times;
  }

  async function callMany(program) {
    for (let left = CALLS; left > 0 && now() - started < TIME; left -= ROUND) {
      await callTest(program, min(ROUND, left));
      await turn();
      gc();
      await turn();
    }
  }

  async function collect() {
    for (let i = 0; i < CHANCES; i++) {
      gc();
      await turn();
    }
  }

  // The files lie beside `js/lib`.
  const nameOf = number => `heap.${number}`;
  const directory = apply(String.prototype.slice, options.lib, [0, -'js/lib/'.length]);

  async function write() {
    const number = files.length;
    if (number === SNAPSHOTS - 1) {
      reach.tell([], false);
      await turn();
      await collect();
    }
    const writing = snapshot.write(directory + nameOf(number));
    if (writing) await writing;
    files[number] = nameOf(number);
    calls[number] = called;
    await turn();
  }

  async function run(program) {
    if (program.setup) await settle(apply(program.setup, undefined, []));
    let stopped = null;
    for (let number = 0; number < SNAPSHOTS; number++) {
      try {
        await callMany(program);
      } catch (error) {
        // Of what there is until then something may be told.
        if (number === 0) throw error;
        stopped = describe(error);
      }
      await collect();
      await write();
      if (stopped !== null) break;
    }
    telemetry('heaps', { files, calls, stopped });
  }

  if (outer && timers && !timers.isDriven) outer.setTimers(timers);

  harness.run = async program => {
    if (timers) timers.hold();
    try {
      telemetry('program', {});
      if (!program.test) throw new AnyError('the script defines no function `test(n)`, or does not export it');
      if (snapshot.write) await run(program);
      else telemetry('no-snapshot', { reason: snapshot.reason });
      finish(0);
    } catch (error) {
      fail(error, called);
    }
  };
})();
