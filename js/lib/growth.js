// How a kind of object grows with the calls: the census goes on while that is not clear;
// the judge decides by the same rule, in measure/growth.rs, from the telemetry.
'use strict';

(function () {
  const { floor } = Math;

  // The least growth of a leak: in all, and for each call.
  const LEAST = { objects: 16, bytes: 16384, heap: 262144, touched: 32768, texts: 4096 };
  const LEAST_RATE = { objects: 0.0002, bytes: 0.5, heap: 2, touched: 0.02, texts: 0.0002 };
  // Fewer objects than these are an engine's own, unless there are so many for each call: code
  // and feedback come late, and are few.
  const FEW = 48;
  const RATE_OF_FEW = 0.02;
  // So few objects, or so little of the heap, have to come at one rate: code that is compiled anew,
  // ever more rarely, leaves as much at its places.
  const LITTLE = { objects: 256, bytes: 0, heap: 1048576, touched: 0, texts: 0 };
  const FIT_OF_LITTLE = 0.9;
  // Fewer strings are a leak too if there are so many in all and for each call, and a line fits so well: an engine makes its
  // own at no such rate.
  const STEADY_TEXTS = { least: 256, rate: 0.5, fit: 0.999 };
  // The rate of the later half of the calls, against that of the earlier one.
  const STEADY = 0.8;
  const SLOWING = 0.3;
  // The least of the last two rates against the one before, if the rate was higher only at first.
  const STEADY_NOW = 0.9;
  // So much of what grew has to be there at the last reading but one.
  const LAST_BUT_ONE = 0.1;

  function most(values, from, to) {
    let found = -Infinity;
    for (let i = from; i < to; i++) if (values[i] > found) found = values[i];
    return found;
  }

  function least(values, from, to) {
    let found = Infinity;
    for (let i = from; i < to; i++) if (values[i] < found) found = values[i];
    return found;
  }

  const rate = (calls, values, from, to) => (values[to] - values[from]) / (calls[to] - calls[from]);

  // The reading at which about half of the calls since that one had been made.
  function middle(calls, since) {
    const half = (calls[since] + calls[calls.length - 1]) / 2;
    let found = since + 1;
    while (found < calls.length - 2 && calls[found + 1] <= half) found++;
    return found;
  }

  // The last two rates: of the first and the second part of the later half. The rate falls once,
  // and stays, where an engine compiles code that then makes fewer objects a call.
  function latestRates(calls, values, half) {
    const last = values.length - 1;
    // If one interval is the later half, the one before it tells.
    const from = last - half === 1 ? half - 1 : half;
    const to = last - half === 1 ? half : middle(calls, half);
    return { before: rate(calls, values, from, to), now: rate(calls, values, to, last) };
  }

  // How well a line fits: r², from 0 to 1.
  function fit(calls, values) {
    let [x, y] = [0, 0];
    for (let i = 0; i < calls.length; i++) {
      x += calls[i] / calls.length;
      y += values[i] / calls.length;
    }
    let [both, callsOnly, valuesOnly] = [0, 0, 0];
    for (let i = 0; i < calls.length; i++) {
      both += (calls[i] - x) * (values[i] - y);
      callsOnly += (calls[i] - x) ** 2;
      valuesOnly += (values[i] - y) ** 2;
    }
    return (both * both) / (callsOnly * valuesOnly);
  }

  // 'grows', 'flat', 'slows' (it grew, and then less), or 'unclear'. Values are those at
  // readings after so many calls. What is let go of now and then is compared by its least
  // values: it grows if all that is left at last is more than there ever was before.
  function growth(calls, values, unit) {
    const last = values.length - 1;
    if (last < 3) return 'unclear';
    const grown = values[last] - values[0];
    const latest = last + 1 - floor(values.length / 3);
    const leastRate = unit === 'objects' && grown < FEW ? RATE_OF_FEW : LEAST_RATE[unit];
    const perCall = rate(calls, values, 0, last);
    const isSteadyText = unit === 'texts' && grown >= STEADY_TEXTS.least && perCall >= STEADY_TEXTS.rate && fit(calls, values) >= STEADY_TEXTS.fit;
    const enough = isSteadyText || (grown >= LEAST[unit] && perCall >= leastRate);
    if (!enough || values[last] <= most(values, 0, last)) return 'flat';
    if (least(values, latest, last + 1) <= most(values, 0, latest)) return 'unclear';
    if (grown < LITTLE[unit] && fit(calls, values) < FIT_OF_LITTLE) return 'unclear';
    const half = middle(calls, 0);
    const share = rate(calls, values, half, last) / rate(calls, values, 0, half);
    // Capacity doubles: later growth comes in fewer, larger steps.
    if (unit !== 'objects' && unit !== 'texts') {
      if (values[last - 1] - values[0] < LAST_BUT_ONE * grown) return 'unclear';
      return share >= SLOWING ? 'grows' : 'slows';
    }
    if (share >= STEADY) return 'grows';
    const { before, now } = latestRates(calls, values, half);
    if (share >= SLOWING) return now >= STEADY_NOW * before ? 'grows' : 'unclear';
    return now >= STEADY * before ? 'unclear' : 'slows';
  }

  harness.growth = growth;
})();
