// Timers for the shells: SpiderMonkey's has none, d8's calls back at once whatever the
// delay, jsc's has no way to cancel and passes on no arguments. Loaded after web.js.
//
// Gives `harness.timers`:
//
// - `pending()`: how many timers there are.
// - `next()`: the milliseconds until the earliest is due, or undefined.
// - `run()`: runs the earliest, without waiting, and returns how many ran: 0 or 1.
// - `stop()`: drops all, and takes no more.
// - `isDriven`: whether the shell's event loop runs them. If not, the caller does.
//
// Time is virtual where nobody waits: a timer that runs puts the clock forward to when it
// is due. So timers run in their order.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const { bind, put, guarded, isHost } = ours.web;
  if (isHost) return;

  const { TypeError: WrongType } = global;
  const { floor, max } = Math;
  const splice = bind(Array.prototype.splice);
  const realTime = performance.now.bind(performance);
  const native = global.setTimeout;
  const isD8 = typeof Realm === 'object' && typeof version === 'function';
  const waits = typeof native === 'function' && !isD8;
  const LONGEST = 2 ** 31 - 1;

  // By when they are due; of the same time, by when they were set. A timer that has run or
  // is cleared is in no list, and neither is what it would have called.
  const timers = [];
  let ids = 0;
  let stopped = false;
  let virtual = 0;
  const time = waits ? realTime : () => virtual;

  function insert(timer) {
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = floor((low + high) / 2);
      if (timers[middle].due > timer.due) high = middle;
      else low = middle + 1;
    }
    splice(timers, low, 0, timer);
    arm();
  }

  function set(callback, delay, given, repeats) {
    if (typeof callback !== 'function') throw new WrongType('a timer takes a function');
    if (stopped) return 0;
    // At least one, as in Node.js: a timer that a timer sets is for a later time.
    let wait = max(1, +delay || 0);
    if (wait > LONGEST) wait = 1;
    const call = guarded('callback', callback, given);
    const id = ++ids;
    insert({ id, due: time() + wait, every: repeats ? wait : 0, call });
    return id;
  }

  function clear(id) {
    const wanted = +id;
    for (let i = 0; i < timers.length; i++) {
      if (timers[i].id !== wanted) continue;
      splice(timers, i, 1);
      return;
    }
  }

  function run() {
    if (timers.length === 0) return 0;
    const timer = splice(timers, 0, 1)[0];
    virtual = max(virtual, timer.due);
    // Set again before it is called, so that the callback can clear it.
    if (timer.every > 0) {
      timer.due = time() + timer.every;
      insert(timer);
    }
    timer.call();
    return 1;
  }

  // How the shell's event loop runs them: d8 has a task for each, which runs the earliest.
  // In jsc the one that is due first has a native timer; those that are cleared leave theirs
  // behind, and so `armed`, when each native one fires, keeps them few.
  const armed = [];
  let arm = () => {};
  if (isD8) {
    arm = () => native(run, 0);
  } else if (waits) {
    const wake = () => {
      splice(armed, 0, 1);
      try {
        if (timers.length > 0 && timers[0].due - realTime() < 1) run();
      } finally {
        arm();
      }
    };
    arm = () => {
      if (timers.length === 0 || (armed.length > 0 && armed[0] <= timers[0].due)) return;
      const { due } = timers[0];
      splice(armed, 0, 0, due);
      native(wake, max(0, due - realTime()));
    };
  }

  put(global, 'setTimeout', function setTimeout(callback, delay, ...given) {
    return set(callback, delay, given, false);
  });
  put(global, 'setInterval', function setInterval(callback, delay, ...given) {
    return set(callback, delay, given, true);
  });
  put(global, 'clearTimeout', function clearTimeout(id) {
    clear(id);
  });
  put(global, 'clearInterval', function clearInterval(id) {
    clear(id);
  });

  ours.timers = {
    isDriven: typeof native === 'function',
    pending: () => timers.length,
    next: () => (timers.length > 0 ? max(0, timers[0].due - time()) : undefined),
    run,
    stop: () => {
      stopped = true;
      timers.length = 0;
    },
  };
})();
