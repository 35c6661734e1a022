// Timers for the shells: SpiderMonkey's has none, d8's calls back at once whatever the
// delay, jsc's has no way to cancel and passes on no arguments. Loaded after web.js.
//
// Gives `harness.timers`:
//
// - `pending()`: how many timers there are.
// - `next()`: the milliseconds until the earliest is due, or undefined.
// - `run()`: runs the earliest, without waiting, and returns how many ran: 0 or 1.
// - `tick()`: the same, if it is due.
// - `stop()`: drops all, and takes no more.
// - `isDriven`: whether the shell's event loop runs them. If not, the caller does.
// - `hold()`: from now on the caller has turns of its own, and timers are due by the clock, as in a browser: in a turn all
//   run that are due when it begins. To run one a turn would pile up those that a script sets, and to run what is due in an
//   hour would let go of what it holds.
// - `wait(pending)`: waits for a promise of the script's, which may depend on timers.
//
// Time is virtual where nobody waits: a timer that runs puts the clock forward to when it
// is due. So timers run in their order. A caller that holds it puts it forward by the time that has passed.
'use strict';

(function () {
  const global = globalThis;
  const ours = harness;
  const { bind, put, guarded, isHost } = ours.web;
  if (isHost) return;

  const { TypeError: WrongType } = global;
  const { max } = Math;
  const [get, enter, drop, clearAll] = ['get', 'set', 'delete', 'clear'].map(name => bind(Map.prototype[name]));
  const splice = bind(Array.prototype.splice);
  const realTime = performance.now.bind(performance);
  const native = global.setTimeout;
  const isD8 = typeof Realm === 'object' && typeof version === 'function';
  const waits = typeof native === 'function' && !isD8;
  const LONGEST = 2 ** 31 - 1;

  // A heap: the first is due first, and each before those at twice its place and one or two more. One that has run or is
  // cleared is not in it, and neither is what it would have called.
  const timers = [];
  // The timers by their ids.
  const known = new Map();
  let ids = 0;
  let orders = 0;
  let stopped = false;
  let virtual = 0;
  const time = waits ? realTime : () => virtual;
  let held = false;
  let awaited = 0;
  // The real time of the last turn.
  let seen = 0;

  // Of the same time the one that was set first.
  const isBefore = (one, other) => one.due < other.due || (one.due === other.due && one.order < other.order);

  function moveTo(timer, place) {
    timers[place] = timer;
    timer.place = place;
  }

  // Puts a timer where it belongs, above or below a place that is free.
  function sift(timer, free) {
    let place = free;
    for (let above; place > 0 && isBefore(timer, timers[above = (place - 1) >> 1]); place = above) moveTo(timers[above], place);
    for (;;) {
      let below = 2 * place + 1;
      if (below + 1 < timers.length && isBefore(timers[below + 1], timers[below])) below++;
      if (below >= timers.length || !isBefore(timers[below], timer)) break;
      moveTo(timers[below], place);
      place = below;
    }
    moveTo(timer, place);
  }

  function insert(timer) {
    timer.order = ++orders;
    enter(known, timer.id, timer);
    sift(timer, timers.length);
    arm();
  }

  function remove(timer) {
    drop(known, timer.id);
    const last = timers[timers.length - 1];
    timers.length--;
    if (last !== timer) sift(last, timer.place);
  }

  function set(callback, delay, given, repeats) {
    if (typeof callback !== 'function') throw new WrongType('a timer takes a function');
    if (stopped) return 0;
    // At least one, as in Node.js: a timer that a timer sets is for a later time.
    let after = max(1, +delay || 0);
    if (after > LONGEST) after = 1;
    const call = guarded('callback', callback, given);
    const id = ++ids;
    insert({ id, due: time() + after, every: repeats ? after : 0, call, order: 0, place: 0 });
    return id;
  }

  function clear(id) {
    const timer = get(known, +id);
    if (timer) remove(timer);
  }

  function run() {
    if (timers.length === 0) return 0;
    const timer = timers[0];
    remove(timer);
    virtual = max(virtual, timer.due);
    // Set again before it is called, so that the callback can clear it.
    if (timer.every > 0) {
      timer.due = time() + timer.every;
      insert(timer);
    }
    timer.call();
    return 1;
  }

  function tick() {
    return timers.length > 0 && timers[0].due <= time() ? run() : 0;
  }

  // How the shell's event loop runs them: d8 has a task at a time, which runs the earliest.
  // In jsc the one that is due first has a native timer; those that are cleared leave theirs
  // behind, and so `armed`, when each native one fires, keeps them few.
  const armed = [];
  let arm = () => {};
  if (isD8) {
    let isArmed = false;
    const isFree = () => !held || awaited > 0;
    const wake = () => {
      isArmed = false;
      try {
        if (isFree()) run();
        else tick();
      } finally {
        arm();
      }
    };
    arm = () => {
      if (isArmed || timers.length === 0 || !(isFree() || timers[0].due <= time())) return;
      isArmed = true;
      native(wake, 0);
    };
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

  const { turn: nextTurn } = global;

  async function turn() {
    if (held && !waits) {
      const now = realTime();
      virtual += now - seen;
      seen = now;
    }
    const due = held ? time() : -Infinity;
    do {
      arm();
      await nextTurn();
    } while (timers.length > 0 && timers[0].due <= due);
    // The time that the timers took is none in which others come to be due: many would never be done.
    if (held) seen = realTime();
  }

  // The caller's alone: a script does not see it.
  if (nextTurn) put(global, 'turn', turn);

  async function wait(pending) {
    awaited++;
    arm();
    try {
      await pending;
    } finally {
      awaited--;
    }
  }

  ours.timers = {
    isDriven: typeof native === 'function',
    pending: () => timers.length,
    next: () => (timers.length > 0 ? max(0, timers[0].due - time()) : undefined),
    run,
    tick,
    hold: () => {
      held = true;
      seen = realTime();
    },
    wait,
    stop: () => {
      stopped = true;
      timers.length = 0;
      clearAll(known);
    },
  };
})();
