// Only in Firefox: what is alive in a worker, as the driver asks for it. Runs with the browser's
// own rights in the process of the page, whose first worker is looked at by a debugger in
// that worker's thread: firefox_debugger.js.
'use strict';

const OWN = 'js/lib/page.js';
const DEBUGGER = 'resource://wasm-leaks/js/lib/firefox_debugger.js';

const waiting = [];
const answer = given => {
  const done = waiting.shift();
  if (done) done(given);
};

const manager = Cc['@mozilla.org/dom/workers/workerdebuggermanager;1'].getService(Ci.nsIWorkerDebuggerManager);
const worker = [...manager.getWorkerDebuggerEnumerator()].find(({ url }) => url === 'page.js' || url.endsWith(OWN));

if (worker) {
  worker.addListener({
    onMessage: text => answer(JSON.parse(text)),
    onClose: () => answer({ error: 'the worker ended' }),
    onError: (file, line, message) => answer({ error: `${message} (${file}:${line})` }),
  });
  worker.initialize(DEBUGGER);
}

globalThis.answerDriver = (what, done) => {
  if (!worker) {
    done({ error: 'there is no worker' });
    return;
  }
  waiting.push(done);
  worker.postMessage(what);
};
