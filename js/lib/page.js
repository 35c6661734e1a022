// Gives a page, or a dedicated worker of one, what a shell has: print, printErr, quit,
// read, load, scriptArgs, and a gc that collects when no script runs. Then it loads
// shell.js, as `SHELL js/lib/shell.js …` does. In a page of the user's it is the first
// script, and all of ours are loaded before the next one: what that makes is watched. What is printed goes to the server that the
// page came from, a request after the other; so do wishes that only the browser's driver
// can fulfil. Loaded before all that is the case's, and what is used here is taken now,
// because a case may replace it.
'use strict';

(async function () {
  const global = globalThis;
  const isPage = typeof document === 'object';
  // This script is js/lib/page.js. A page of the user's is left as it would be without it.
  const element = isPage ? document.currentScript : null;
  const base = new URL('../../', element ? element.src : location.href).href;
  const isUsers = element !== null && element.dataset.page !== undefined;
  if (isUsers) {
    element.remove();
    // A page may have itself in a frame: scripts run in the outermost.
    if (global.top !== global) return;
    // One would stand between this page and its server, and pages do without where there are none.
    delete Navigator.prototype.serviceWorker;
  }
  // Of a path on the stage, in which these characters mean what they do in a path; or of one
  // that is relative to the directory of a user's own script.
  const { encodeURI: encode, URL: Locator } = global;
  let directory = base;
  const startsWith = Function.prototype.call.bind(String.prototype.startsWith);
  const replaceIn = Function.prototype.call.bind(String.prototype.replace);
  const hrefOf = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Locator.prototype, 'href').get);
  const escaped = path => replaceIn(encode(path), /[?#]/g, found => (found === '?' ? '%3F' : '%23'));
  const addressOf = path => (startsWith(path, base) ? path : hrefOf(new Locator(escaped(path), directory)));

  const { fetch, Promise, XMLHttpRequest: Request, Uint8Array: Bytes, Error: AnyError, String: text } = global;
  const { stringify } = JSON;
  const bind = method => Function.prototype.call.bind(method);
  const then = bind(Promise.prototype.then);
  const { open, send, overrideMimeType } = Request.prototype;
  const [openRequest, sendRequest, asText] = [bind(open), bind(send), bind(overrideMimeType)];
  const [getText, getStatus] = ['responseText', 'status'].map(name => bind(Object.getOwnPropertyDescriptor(Request.prototype, name).get));
  const charCodeAt = bind(String.prototype.charCodeAt);
  const define = (name, value) => Object.defineProperty(global, name, { value, writable: true, configurable: true });

  // Waits until there is an answer, and nothing else runs meanwhile. Bytes come as the
  // lower halves of characters, unless the answer is to be text.
  function wait(method, address, body, isText) {
    const request = new Request();
    openRequest(request, method, address, false);
    if (!isText) asText(request, 'text/plain; charset=x-user-defined');
    sendRequest(request, body);
    const status = getStatus(request);
    if (status !== 200) throw new AnyError(`cannot read ${address}: status ${status}`);
    return getText(request);
  }

  // Lines. Each report has a number, so that one that is sent twice counts once.
  const REPORT = `${base}-/report`;
  const MUCH = 1 << 20;
  const TRIES = 3;
  let lines = [];
  let characters = 0;
  let number = 0;
  // The page of a worker reports beside it: its reports have no number.
  let isApart = false;
  let underway = null;
  let isOver = false;

  function nextReport(end) {
    const report = stringify({ number: isApart ? 0 : ++number, lines, ...end });
    lines = [];
    characters = 0;
    return report;
  }

  const post = body => fetch(REPORT, { method: 'POST', body });

  // One report at a time; what is printed meanwhile is the next one.
  function report() {
    if (underway !== null || lines.length === 0) return;
    underway = nextReport();
    deliver(underway, TRIES);
  }

  function deliver(body, tries) {
    then(post(body), () => {
      underway = null;
      report();
    }, () => {
      if (tries > 1) deliver(body, tries - 1);
    });
  }

  function say(stream, line) {
    if (isOver) return;
    lines[lines.length] = [stream, line];
    characters += line.length;
    // A script that does not yield must not pile up what it prints.
    if (characters > MUCH) wait('POST', REPORT, nextReport());
    else report();
  }

  // The last report does not wait for the one before: the script may go on for ever.
  function end(how) {
    if (isOver) return;
    isOver = true;
    post(nextReport(how));
  }

  function inOneLine(words) {
    let line = words.length > 0 ? text(words[0]) : '';
    for (let i = 1; i < words.length; i++) line += ` ${text(words[i])}`;
    return line;
  }

  // Errors that nobody caught: of a script that is being loaded, else for watch.js.
  const loadings = new WeakMap();
  const [loadingOf, setLoading] = [bind(loadings.get), bind(loadings.set)];
  let listener = null;
  global.addEventListener('error', event => {
    // An element that cannot load what it names has no message.
    if (typeof event.message !== 'string') return;
    const error = event.error === undefined || event.error === null ? new AnyError(event.message) : event.error;
    event.preventDefault();
    const loading = isPage && document.currentScript ? loadingOf(loadings, document.currentScript) : undefined;
    if (loading) loading.thrown = { error };
    else if (listener) listener.thrown(error);
    else say(2, `${event.message}`);
  });
  global.addEventListener('unhandledrejection', event => {
    event.preventDefault();
    if (listener) listener.rejected(event.promise, event.reason);
    else say(2, `${event.reason}`);
  });
  global.addEventListener('rejectionhandled', event => {
    if (listener) listener.handled(event.promise);
  });

  const whenLoaded = (element, path) => new Promise((resolve, reject) => {
    const loading = { thrown: null };
    setLoading(loadings, element, loading);
    const finish = thrown => {
      element.remove();
      if (thrown) reject(thrown.error);
      else resolve();
    };
    element.onload = () => finish(loading.thrown);
    element.onerror = () => finish({ error: new AnyError(`cannot load ${path}`) });
  });

  // A classic script, whose `let` and `class` the next one sees.
  function loadInPage(path) {
    const element = document.createElement('script');
    const loading = whenLoaded(element, path);
    element.src = addressOf(path);
    document.head.append(element);
    return loading;
  }

  // One of ours in a page of the user's. The parser waits for what it is given by a script
  // that it waits for, or in the turn in which that was loaded, so that the page's own come
  // after all of ours. Profiles name no script that is evaluated, or has its text in the page.
  function loadBefore(path) {
    document.write(`<script src="${path}"></script>`);
    const { scripts } = document;
    return whenLoaded(scripts[scripts.length - 1], path);
  }

  // The driver looks at the page then: not while that waits for an answer.
  const tellLoaded = () => fetch(`${base}-/loaded`, { method: 'POST', body: '' });

  // A promise that is returned or resolved with is asked for its `then`, which a page may have replaced: what comes of one
  // is awaited here, and never returned.

  // A page has its own scripts, which may wait for what they load.
  const loaded = isUsers && new Promise(resolve => {
    global.addEventListener('load', () => then(tellLoaded(), resolve, resolve), { once: true });
  });

  const OURS = `${base}js/lib/`;
  const loadInUsersPage = path => {
    const address = addressOf(path);
    return startsWith(address, OURS) ? loadBefore(address) : loadInPage(path);
  };

  // Nodes in a window's document and in those of its frames; not in shadow trees. No object is made for one.
  const evaluate = isPage && bind(Document.prototype.evaluate);
  const numberOf = isPage && bind(Object.getOwnPropertyDescriptor(XPathResult.prototype, 'numberValue').get);
  const NUMBER_TYPE = 1;
  function nodesIn(view) {
    let count = 0;
    try {
      const { document: own } = view;
      count = numberOf(evaluate(own, 'count(//node())', own, null, NUMBER_TYPE, null));
    } catch (error) {
      // It is of another origin.
      return 0;
    }
    for (let i = 0; i < view.length; i++) count += nodesIn(view[i]);
    return count;
  }

  // What is on its way when a page is left may be lost: it is sent again.
  function whenLeft() {
    global.addEventListener('pagehide', () => {
      if (isOver) return;
      isOver = true;
      if (underway !== null) navigator.sendBeacon(REPORT, underway);
      navigator.sendBeacon(REPORT, nextReport({ left: 'was left or closed' }));
    });
  }

  // Of a user's own script the places are addresses, as engines report them.
  const PLACES = ['lib', 'root', 'directory'];
  function withAddresses(words) {
    const options = words.findIndex(word => !/^\w+=/.test(word));
    const given = Object.fromEntries(words.slice(0, options).map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
    if (given.directory === undefined) return words;
    const found = words.map((word, index) => {
      if (index > options && word.startsWith(given.lib)) return addressOf(word);
      const name = index < options ? PLACES.find(place => word.startsWith(`${place}=`)) : undefined;
      return name ? `${name}=${addressOf(given[name])}` : word;
    });
    if (given.module) found.push(addressOf(found.pop()));
    directory = addressOf(given.directory);
    return found;
  }

  async function begin({ place, words, script, browser, version, engineVersion, writesHeap }) {
    define('print', (...given) => say(1, inOneLine(given)));
    define('printErr', (...given) => say(2, inOneLine(given)));
    define('quit', status => end({ quit: status === undefined ? 0 : Number(status) }));
    const main = addressOf(script);
    define('scriptArgs', withAddresses(words));
    define('load', isUsers ? loadInUsersPage : isPage ? loadInPage : path => { importScripts(addressOf(path)); });
    define('read', (path, kind) => {
      // What is waited for may be the answer to what was printed.
      if (lines.length > 0) wait('POST', REPORT, nextReport());
      const found = wait('GET', addressOf(path), null);
      const bytes = new Bytes(found.length);
      for (let i = 0; i < found.length; i++) bytes[i] = charCodeAt(found, i) & 0xff;
      return kind === 'binary' ? bytes : new TextDecoder().decode(bytes);
    });
    const ask = async (what, body) => {
      const answer = await fetch(`${base}-/${what}`, { method: 'POST', body });
      if (answer.ok) return answer;
      say(2, `${what}: ${await answer.text()}`);
      return undefined;
    };
    // Only the driver can collect, or V8 between two scripts: a turn comes after that. Within a
    // script V8 takes for alive what stale addresses on the stack lead to, which at times are
    // all observers of many rounds.
    const { setTimeout, gc: ownGc } = global;
    const BETWEEN_SCRIPTS = { type: 'major', execution: 'async' };
    let collecting = null;
    const turn = () => new Promise(resolve => {
      const pending = collecting;
      collecting = null;
      if (pending) then(pending, () => { setTimeout(resolve, 0); });
      else setTimeout(resolve, 0);
    });
    // V8's cannot be defined again, only assigned to.
    if (typeof ownGc === 'function') global.gc = () => { collecting = ownGc(BETWEEN_SCRIPTS); };
    else define('gc', () => { collecting = ask('collect', ''); });
    let hasHeap = true;
    const heapBytes = async () => {
      const answer = hasHeap ? await ask('heap', '') : undefined;
      const bytes = answer && await answer.json();
      hasHeap = typeof bytes === 'number';
      return hasHeap ? bytes : null;
    };
    // What the page has beside objects of scripts: nodes, of which some are in the document, listeners and documents.
    let hasDom = true;
    const domCounts = async () => {
      const found = hasDom ? await ask('dom', '') : null;
      const counts = found ? await found.json() : null;
      hasDom = counts !== null;
      return { nodes: null, listeners: null, documents: null, ...counts, attached: nodesIn(global) };
    };
    // A command of the browser's own protocol; the answer is a promise of its result, a text.
    const call = async (method, parameters) => {
      const answer = await ask('call', stringify({ method, parameters }));
      if (!answer) throw new AnyError(`the browser did not answer \`${method}\``);
      const result = await answer.text();
      return result;
    };
    // What the driver counts of what is alive.
    const census = async what => {
      const answer = await ask('census', what);
      if (!answer) throw new AnyError('the browser did not count what is alive');
      const counts = await answer.json();
      return counts;
    };
    define('page', {
      browser, version, engineVersion, writesHeap, place, ask, call, census, heapBytes, turn, base, loaded,
      domCounts: isPage ? domCounts : null,
      listen: given => { listener = given; },
    });
    if (isPage) whenLeft();
    // Nobody is there to answer.
    if (isPage) {
      for (const [name, answer] of [['alert', undefined], ['confirm', true], ['prompt', '']]) define(name, () => answer);
    }
    // Nobody is told that a worker has ended.
    if (!isPage) define('close', () => end({ left: 'closed its worker' }));
    await global.load(main);
  }

  // Each request would leave an entry there, the page's first 250.
  if (typeof performance === 'object' && performance.setResourceTimingBufferSize) performance.setResourceTimingBufferSize(0);

  async function start() {
    if (!isPage) {
      await begin(await new Promise(resolve => {
        global.addEventListener('message', ({ data }) => resolve(data), { once: true });
      }));
      return;
    }
    if (isUsers) {
      await begin(JSON.parse(wait('GET', `${base}-/configuration`, null, true)));
      return;
    }
    const answer = await fetch(`${base}-/configuration`);
    if (!answer.ok) return;
    const configuration = await answer.json();
    if (!(await tellLoaded()).ok) return;
    if (configuration.place === 'page') {
      await begin(configuration);
      return;
    }
    isApart = true;
    const worker = new Worker('page.js');
    worker.addEventListener('error', event => {
      if (typeof event.message === 'string') say(2, event.message);
      else end({ left: 'cannot start its worker' });
    });
    whenLeft();
    worker.postMessage(configuration);
  }

  try {
    await start();
  } catch (error) {
    say(2, `${error}`);
    end({ left: 'does not start' });
  }
})();
