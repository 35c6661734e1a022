// Proves that this engine can be judged: after gc() and a turn, nearly all objects
// that are known to be dead are finalized, no object that is known to be alive is,
// and WeakRefs agree.
(async function () {
  'use strict';

  const OBJECTS = 100;
  // A conservative scan of the stack may keep one or two dead objects.
  const KEPT_BY_CHANCE = 5;
  const CHANCES = 10;

  const tell = reason => {
    print('@ ' + JSON.stringify({ type: 'canary', reason }));
    quit(0);
  };

  if (typeof gc !== 'function') return tell('it has no gc()');
  if (typeof FinalizationRegistry !== 'function') return tell('it has no FinalizationRegistry');

  const finalized = { dead: 0, alive: 0 };
  const registry = new FinalizationRegistry(kind => { finalized[kind]++; });
  const make = kind => Array.from({ length: OBJECTS }, (_, index) => {
    const object = { index };
    registry.register(object, kind);
    return object;
  });
  const watch = objects => objects.map(object => new WeakRef(object));
  const gone = weak => weak.filter(weak => weak.deref() === undefined).length;

  const alive = make('alive');
  const weakAlive = watch(alive);
  const weakDead = watch(make('dead'));
  // A WeakRef keeps its object until the job that made it is over.
  await turn();
  for (let chance = 0; chance < CHANCES && finalized.dead < OBJECTS; chance++) {
    gc();
    await turn();
  }

  const enough = OBJECTS - KEPT_BY_CHANCE;
  const { dead } = finalized;
  if (dead < enough) return tell(`of ${OBJECTS} dead objects ${dead} were finalized`);
  if (gone(weakDead) < enough) return tell(`of ${OBJECTS} dead objects ${gone(weakDead)} were gone to their WeakRefs`);
  if (finalized.alive > 0) return tell(`of ${OBJECTS} live objects ${finalized.alive} were finalized`);
  if (gone(weakAlive) > 0) return tell(`of ${OBJECTS} live objects ${gone(weakAlive)} were gone to their WeakRefs`);
  // Used again, so that they were alive until now.
  if (alive.some(({ index }) => index < 0)) return tell('its objects have changed');
  tell(null);
})();
