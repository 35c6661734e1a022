// The end of a classic script that is bundled, where its functions are no global ones: they
// become so.
if (typeof setup === 'function') globalThis.setup = setup;
if (typeof test === 'function') globalThis.test = test;
if (typeof teardown === 'function') globalThis.teardown = teardown;
