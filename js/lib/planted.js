// Leaks that the census has to find, and what is none: in the same process, with the same
// code, beside what is judged. If one of these is judged wrong, nothing else is believed.
'use strict';

(function () {
  const LEAK_IN = 100;
  const CACHE = 400;
  const BATCH = 3001;

  class PlantedLeak { constructor(number) { this.number = number; } }
  class PlantedCache { constructor(number) { this.number = number; } }
  class PlantedBatch { constructor(number) { this.number = number; } }

  const leaked = [];
  const cached = [];
  const batch = [];
  let calls = 0;

  function plantedLeak() { leaked[leaked.length] = new PlantedLeak(calls); }
  function plantedCache() { cached[cached.length] = new PlantedCache(calls); }
  function plantedBatch() { batch[batch.length] = new PlantedBatch(calls); }

  function callPlanted(times) {
    for (let i = 0; i < times; i++, calls++) {
      if (calls % LEAK_IN === 0) plantedLeak();
      if (cached.length < CACHE) plantedCache();
      if (batch.length === BATCH) batch.length = 0;
      plantedBatch();
    }
  }

  harness.planted = {
    call: callPlanted,
    // What makes them, and their classes: an engine tells the one or the other.
    makers: { plantedLeak: 'leak', plantedCache: 'cache', plantedBatch: 'batch' },
    classes: { PlantedLeak: 'leak', PlantedCache: 'cache', PlantedBatch: 'batch' },
  };
})();
