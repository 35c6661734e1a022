// Checks of what js/lib gives scripts where the engine lacks it. Run in a shell or host in
// the directory of the checkout; prints a line for each check that fails, and `ok N` after
// N that hold. Hosts have most of it themselves: there the checks are checked.
'use strict';

var LIBRARY = ['web', 'console', 'timers', 'events', 'text_coding', 'url_query', 'url', 'clone', 'fetch'];

(function () {
  const global = globalThis;
  const isHost = typeof process === 'object';
  const isBun = typeof Bun === 'object';

  const fs = isHost ? process.getBuiltinModule('node:fs') : null;
  const readFile = isHost ? path => fs.readFileSync(path) : path => new Uint8Array(read(path, 'binary'));
  const loadScript = isHost
    ? path => process.getBuiltinModule('node:vm').runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path })
    : load;
  const say = isHost ? console.log.bind(console) : print;

  // What the scripts that are checked print and throw is kept.
  function newHarness() {
    const printed = [];
    const thrown = [];
    const guarded = (where, callback, given) => (...others) => {
      try {
        Reflect.apply(callback, undefined, given || others);
      } catch (error) {
        thrown[thrown.length] = `${where}: ${error}`;
      }
    };
    const print = line => { printed[printed.length] = line; };
    const printErr = line => { printed[printed.length] = `! ${line}`; };
    return { readFile, say, printed, thrown, guarded, print, printErr };
  }

  // SpiderMonkey: the scripts are loaded into another global, and the harness stays here.
  if (typeof newGlobal === 'function' && typeof harness === 'undefined') {
    const inner = newGlobal({ newCompartment: true });
    const outer = newHarness();
    inner.harness = outer;
    inner.load('xtask/tests/web.js');
    drainJobQueue();
    while (outer.timers.run() > 0) drainJobQueue();
    return;
  }

  const ours = typeof harness === 'object' ? harness : newHarness();
  const { printed, thrown } = ours;
  // Not by the names of its properties: jsc lists not all.
  const NAMES = ['atob', 'window', 'document', 'importScripts', 'location', 'WorkerGlobalScope', 'process', 'require',
    'module', 'navigator', 'global'];
  const before = NAMES.filter(name => name in global);
  const isNative = name => before.includes(name);
  const enumerableBefore = Object.keys(global);
  global.harness = ours;
  for (const name of LIBRARY) loadScript(`js/lib/${name}.js`);
  delete global.harness;

  let held = 0;
  let failed = 0;

  function shown(value) {
    try {
      if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${Array.from(value)}`;
      return typeof value === 'string' ? JSON.stringify(value) : String(value);
    } catch (error) {
      return typeof value;
    }
  }

  function same(what, actual, expected) {
    if (Object.is(actual, expected)) held++;
    else {
      failed++;
      ours.say(`${what}: ${shown(actual)}, not ${shown(expected)}`);
    }
  }

  const is = (what, holds) => same(what, !!holds, true);
  const list = (what, actual, expected) => same(what, Array.from(actual).join(), expected.join());

  function throws(what, action, name) {
    try {
      action();
    } catch (error) {
      return name === undefined ? held++ : same(`${what} throws`, error.name, name);
    }
    same(what, 'nothing', 'thrown');
  }

  async function rejects(what, action, name, part) {
    try {
      await action();
    } catch (error) {
      same(`${what} rejects`, error.name, name);
      is(`${what} says ${part}: ${error.message}`, part === undefined || error.message.includes(part));
      return;
    }
    same(what, 'nothing', 'rejected');
  }

  const bytes = (...values) => Uint8Array.from(values);
  const utf8 = text => new TextEncoder().encode(text);
  const checks = {};

  checks.globals = () => {
    const enumerable = Object.keys(global).filter(name => !enumerableBefore.includes(name) && name !== 'LIBRARY');
    same('what is enumerable', enumerable.join(), '');
    for (const name of ['setTimeout', 'TextDecoder', 'URL', 'fetch', 'print', 'quit', 'readbuffer']) {
      const { writable, configurable, get } = Object.getOwnPropertyDescriptor(global, name);
      is(`${name} can be replaced`, configurable && (writable || get));
    }
    for (const name of ['window', 'document', 'importScripts', 'location', 'WorkerGlobalScope']) {
      is(`${name} is not made up`, isNative(name) || typeof global[name] === 'undefined');
    }
    if (!isHost) for (const name of ['process', 'require', 'module', 'navigator', 'global'])
      is(`${name} is not made up`, isNative(name) || typeof global[name] === 'undefined');
  };

  checks.encoder = () => {
    list('ASCII', utf8('abc'), [97, 98, 99]);
    list('two, three and four bytes', utf8('é€😀'), [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]);
    list('surrogates alone', utf8('\ud800a\udc00'), [0xef, 0xbf, 0xbd, 97, 0xef, 0xbf, 0xbd]);
    list('the last is high', utf8('a\udbff'), [97, 0xef, 0xbf, 0xbd]);
    same('nothing', new TextEncoder().encode().length, 0);
    list('a number', new TextEncoder().encode(12), [49, 50]);
    is('the class', utf8('') instanceof Uint8Array);
    same('encoding', new TextEncoder().encoding, 'utf-8');
    const into = new Uint8Array(5);
    const done = new TextEncoder().encodeInto('a€😀', into);
    same('read', done.read, 2);
    same('written', done.written, 4);
    list('what is written', into, [97, 0xe2, 0x82, 0xac, 0]);
    const all = new TextEncoder().encodeInto('😀', new Uint8Array(4));
    same('units read', all.read, 2);
    // Bun's own writes to any view.
    if (!isBun) throws('to no Uint8Array', () => new TextEncoder().encodeInto('a', new Uint16Array(2)), 'TypeError');
  };

  checks.decoder = () => {
    const decode = (source, options, label) => new TextDecoder(label, options).decode(source);
    same('all lengths', decode(utf8('aé€😀')), 'aé€😀');
    same('nothing', new TextDecoder().decode(), '');
    same('an ArrayBuffer', decode(utf8('abc').buffer), 'abc');
    same('a part', decode(utf8('abcdef').subarray(2, 4)), 'cd');
    same('a DataView', decode(new DataView(utf8('abcdef').buffer, 1, 3)), 'bcd');
    same('units of 16 bits', decode(new Uint16Array([0x6261])), 'ab');
    const shared = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 4, 3);
    shared.set([120, 121, 122]);
    // Bun's own refuses it.
    if (!isBun) same('shared memory', decode(shared), 'xyz');
    const bad = [
      [[0x80], '\ufffd'],
      [[0xff, 97], '\ufffda'],
      [[0xc0, 0x80], '\ufffd\ufffd'],
      [[0xc3], '\ufffd'],
      [[0xc3, 97], '\ufffda'],
      [[0xe2, 0x82], '\ufffd'],
      [[0xe2, 0x82, 97], '\ufffda'],
      [[0xe0, 0x80, 0x80], '\ufffd\ufffd\ufffd'],
      [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
      [[0xf0, 0x9f, 0x98], '\ufffd'],
      [[0xf0, 0x9f, 0xc3, 0xa9], '\ufffdé'],
      [[0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
      [[0xf5, 0x80], '\ufffd\ufffd'],
    ];
    for (const [source, expected] of bad) {
      same(`malformed ${source}`, decode(bytes(...source)), expected);
      throws(`malformed ${source}`, () => decode(bytes(...source), { fatal: true }), 'TypeError');
    }
    same('a mark is dropped', decode(bytes(0xef, 0xbb, 0xbf, 97)), 'a');
    same('only the first', decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)), '\ufeff');
    same('a mark is kept', decode(bytes(0xef, 0xbb, 0xbf, 97), { ignoreBOM: true }), '\ufeffa');
    const stream = new TextDecoder();
    same('the first part', stream.decode(bytes(97, 0xf0, 0x9f), { stream: true }), 'a');
    same('the second', stream.decode(bytes(0x98), { stream: true }), '');
    same('the third', stream.decode(bytes(0x80, 98), { stream: true }), '😀b');
    same('the end', stream.decode(bytes(0xe2)), '\ufffd');
    same('after the end', stream.decode(bytes(97)), 'a');
    stream.decode(bytes(0xef, 0xbb), { stream: true });
    same('a mark in two parts', stream.decode(bytes(0xbf, 97)), 'a');
    const strict = new TextDecoder('utf-8', { fatal: true });
    throws('a strict one', () => strict.decode(bytes(0xff)), 'TypeError');
    same('goes on', strict.decode(bytes(97)), 'a');
    is('fatal', strict.fatal && !strict.ignoreBOM);
    for (const [label, name] of [['utf8', 'utf-8'], [' UTF-8\n', 'utf-8'], ['ucs-2', 'utf-16le'], ['utf-16', 'utf-16le'],
      ['latin1', 'windows-1252'], ['ascii', 'windows-1252'], ['iso-8859-1', 'windows-1252'], ['unicode-1-1-utf-8', 'utf-8']])
      same(`the label ${label}`, new TextDecoder(label).encoding, name);
    throws('an unknown label', () => new TextDecoder('klingon'), 'RangeError');
    throws('no bytes', () => decode('abc'), 'TypeError');
    same('utf-16', decode(bytes(0xff, 0xfe, 97, 0, 0x3d, 0xd8, 0, 0xde), {}, 'utf-16le'), 'a😀');
    same('utf-16, malformed', decode(bytes(0x3d, 0xd8, 97, 0, 0, 0xdc, 98), {}, 'utf-16le'), '\ufffda\ufffd\ufffd');
    const halves = new TextDecoder('utf-16le');
    same('half a unit', halves.decode(bytes(97), { stream: true }) + halves.decode(bytes(0)), 'a');
    // Where native decoders take it for Latin-1, they are at fault.
    if (!isHost) same('windows-1252', decode(bytes(0x80, 0x81, 0x9f, 0xa0, 0xe9), {}, 'latin1'), '€\x81Ÿ\xa0é');
    same('Latin-1', decode(bytes(0x41, 0xa0, 0xe9, 0xff), {}, 'latin1'), 'A\xa0éÿ');
    for (const size of [4095, 4096, 4097, 9000]) {
      const text = 'é'.repeat(size - 1) + '😀';
      is(`${size} characters`, decode(utf8(text)) === text);
    }
  };

  checks.largeText = () => {
    const text = 'wasm-leaks é€😀 '.repeat(1 << 16);
    is('a megabyte', new TextDecoder().decode(utf8(text)) === text);
    const latin = 'leak'.repeat(1 << 18);
    is('a megabyte of Base64', atob(btoa(latin)) === latin);
  };

  checks.base64 = () => {
    for (const [plain, code] of [['', ''], ['a', 'YQ=='], ['ab', 'YWI='], ['abc', 'YWJj'], ['\xff\xfe\xfd', '//79']]) {
      same(`btoa ${code}`, btoa(plain), code);
      same(`atob ${code}`, atob(code), plain);
    }
    same('without padding', atob('YWI'), 'ab');
    same('with spaces', atob(' Y W\tI\n=\r\f '), 'ab');
    same('superfluous bits', atob('YR'), 'a');
    for (const code of ['a', 'YQ=', 'Y===', '=', 'YQ==YQ==', 'Y-Q=', 'YWJj=', 'YQ==='])
      throws(`atob ${code}`, () => atob(code));
    throws('btoa of more than bytes', () => btoa('€'));
    if (!isNative('atob')) throws('the name of the error', () => atob('a'), 'InvalidCharacterError');
    same('a number', atob(1234), '\xd7m\xf8');
  };

  checks.url = () => {
    const href = (text, base) => new URL(text, base).href;
    for (const [text, base, expected] of [
      ['http://Example.com', undefined, 'http://example.com/'],
      ['http://a:80/b/../c/./d?e#f', undefined, 'http://a/c/d?e#f'],
      ['https://u:p@h:8443/x', undefined, 'https://u:p@h:8443/x'],
      ['http://[::1]:3000/', undefined, 'http://[::1]:3000/'],
      ['file:///a/b c', undefined, 'file:///a/b%20c'],
      ['file:/a', undefined, 'file:///a'],
      ['file://localhost/a', undefined, 'file:///a'],
      [' http://a/\n', undefined, 'http://a/'],
      ['HTTP:\\\\a\\b', undefined, 'http://a/b'],
      ['x.wasm', 'file:///p/q/r.js', 'file:///p/q/x.wasm'],
      ['./x.wasm', 'file:///p/q/r.js?v=1#h', 'file:///p/q/x.wasm'],
      ['../x.wasm?a=b', 'file:///p/q/r.js', 'file:///p/x.wasm?a=b'],
      ['../../../../x', 'file:///p/q/r.js', 'file:///x'],
      ['/x', 'https://h:1/p/q', 'https://h:1/x'],
      ['//k/x', 'https://h/p/q', 'https://k/x'],
      ['?z', 'https://h/p/q?y#f', 'https://h/p/q?z'],
      ['#z', 'https://h/p/q?y', 'https://h/p/q?y#z'],
      ['', 'https://h/p?y#f', 'https://h/p?y'],
      ['..', 'https://h/p/q/r', 'https://h/p/'],
      ['.', 'https://h/p/q/r', 'https://h/p/q/'],
      ['https://other/x', 'file:///p', 'https://other/x'],
      ['%2e%2E/x', 'https://h/p/q/r', 'https://h/p/x'],
      ['é€😀', 'https://h/', 'https://h/%C3%A9%E2%82%AC%F0%9F%98%80'],
      ['a%zz"<>', 'https://h/', 'https://h/a%zz%22%3C%3E'],
      ["?a='b c\"", 'https://h/', 'https://h/?a=%27b%20c%22'],
      ['data:text/plain,a b', undefined, 'data:text/plain,a b'],
      ['data:application/wasm;base64,AGFzbQ==', 'file:///x', 'data:application/wasm;base64,AGFzbQ=='],
      ['blob:https://h/1-2', undefined, 'blob:https://h/1-2'],
      ['custom://Host/a/../b', undefined, 'custom://Host/b'],
    ]) same(`${text} at ${base}`, href(text, base), expected);
    for (const [text, base] of [['x', undefined], ['http://', undefined], ['http://a b/', undefined], ['http://a:99999/', undefined],
      ['x', 'data:text/plain,x'], ['x', 'y'], ['', undefined], ['http://a:b/', undefined]])
      throws(`${text} at ${base}`, () => new URL(text, base), 'TypeError');
    const url = new URL('https://u:p@h:8443/a/b?c=d&e#f');
    for (const [name, expected] of Object.entries({ protocol: 'https:', username: 'u', password: 'p', host: 'h:8443',
      hostname: 'h', port: '8443', pathname: '/a/b', search: '?c=d&e', hash: '#f', origin: 'https://h:8443' }))
      same(`its ${name}`, url[name], expected);
    same('as text', `${url}`, JSON.parse(JSON.stringify(url)));
    url.pathname = 'x y';
    url.search = 'z=1';
    url.hash = '';
    same('changed', url.href, 'https://u:p@h:8443/x%20y?z=1');
    same('its parameters', url.searchParams.get('z'), '1');
    url.searchParams.append('k', 'a b');
    same('with another', url.search, '?z=1&k=a+b');
    url.search = '?n=2';
    same('that follow', url.searchParams.get('n'), '2');
    url.port = '';
    url.hostname = 'other';
    url.protocol = 'http';
    same('another host', url.href, 'http://u:p@other/x%20y?n=2');
    same('of a file', new URL('file:///a').origin, 'null');
    if (URL.canParse) is('canParse', URL.canParse('a:b') && !URL.canParse('b'));
    if (!isHost) {
      same('a path as base', href('x.wasm', '/p/q#/r 1.js'), 'file:///p/q%23/x.wasm');
      same('a path over a path', href('../a', '/p/q/r.js'), 'file:///p/a');
    }
  };

  checks.query = () => {
    const query = new URLSearchParams('?a=1&b=x+y%26&a=2&c&%zz=%');
    same('get', query.get('b'), 'x y&');
    list('getAll', query.getAll('a'), ['1', '2']);
    same('without value', query.get('c'), '');
    same('missing', query.get('d'), null);
    same('no digits', query.get('%zz'), '%');
    same('as text', `${query}`, 'a=1&b=x+y%26&a=2&c=&%25zz=%25');
    query.set('a', 3);
    query.delete('%zz');
    query.append('é', "~!'()*-._");
    same('changed', `${query}`, 'a=3&b=x+y%26&c=&%C3%A9=%7E%21%27%28%29*-._');
    list('keys', query.keys(), ['a', 'b', 'c', 'é']);
    same('of an object', `${new URLSearchParams({ x: 1, y: 'z' })}`, 'x=1&y=z');
    same('of pairs', `${new URLSearchParams([['x', 1], ['x', 2]])}`, 'x=1&x=2');
    same('of another', `${new URLSearchParams(new URLSearchParams('q=1'))}`, 'q=1');
    const sorted = new URLSearchParams('b=1&a=2&b=0');
    sorted.sort();
    same('sorted', `${sorted}`, 'a=2&b=1&b=0');
    is('has', sorted.has('a') && !sorted.has('z'));
  };

  checks.clone = () => {
    const source = { a: [1, , 'x'], d: new Date(5), r: /x/gi, m: new Map([['k', { v: 1n }]]), s: new Set([1]), u: undefined, n: null };
    source.self = source;
    const copy = structuredClone(source);
    is('another object', copy !== source && copy.a !== source.a);
    same('a cycle', copy.self, copy);
    same('an array', `${copy.a.length} ${1 in copy.a} ${copy.a[2]}`, '3 false x');
    same('a date', copy.d.getTime(), 5);
    same('an expression', `${copy.r}`, '/x/gi');
    same('a map', copy.m.get('k').v, 1n);
    is('another map', copy.m.get('k') !== source.m.get('k'));
    is('a set', copy.s.has(1) && copy.s.size === 1);
    is('undefined', 'u' in copy && copy.n === null);
    const buffer = bytes(1, 2, 3, 4).buffer;
    const views = structuredClone({ a: new Uint8Array(buffer, 1, 2), b: new DataView(buffer), f: new Float64Array(2) });
    list('a view', views.a, [2, 3]);
    is('of one buffer', views.a.buffer === views.b.buffer && views.a.buffer !== buffer);
    same('a DataView', views.b.getUint8(3), 4);
    same('floats', views.f.length, 2);
    const error = structuredClone(new RangeError('far', { cause: { deep: 1 } }));
    is('an error', error instanceof RangeError && error.message === 'far');
    same('a boxed number', structuredClone(Object(3)).valueOf(), 3);
    class Special { x = 1; }
    const plain = structuredClone(new Special());
    is('an instance is plain', plain.x === 1 && Object.getPrototypeOf(plain) === Object.prototype);
    for (const value of [() => {}, Symbol('x'), { f() {} }, new WeakMap(), Promise.resolve()])
      throws(`of ${typeof value}`, () => structuredClone(value), 'DataCloneError');
    for (const value of [1, 'x', true, null, undefined, 2n]) same('a primitive', structuredClone(value), value);
  };

  checks.random = () => {
    const filled = crypto.getRandomValues(new Uint8Array(64));
    is('random bytes', filled.some(byte => byte !== filled[0]));
    const part = new Uint32Array(8);
    crypto.getRandomValues(part.subarray(2, 4));
    is('a part alone', part[0] === 0 && part[7] === 0 && part[2] + part[3] > 0);
    throws('floats', () => crypto.getRandomValues(new Float64Array(2)), 'TypeMismatchError');
    if (!isBun) throws('too much', () => crypto.getRandomValues(new Uint8Array(65537)), 'QuotaExceededError');
    is('a UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
    is('another', crypto.randomUUID() !== crypto.randomUUID());
  };

  checks.clock = () => {
    const first = performance.now();
    is('it goes on', performance.now() >= first && typeof first === 'number');
    const offset = performance.timeOrigin + performance.now() - Date.now();
    is(`its origin, off by ${offset}`, Math.abs(offset) < 60000);
    performance.mark('a');
    performance.measure('b', 'a');
    performance.clearMarks();
    performance.clearMeasures();
  };

  checks.events = () => {
    const target = new EventTarget();
    const seen = [];
    const note = event => seen.push(event.type);
    target.addEventListener('x', note);
    target.addEventListener('x', note);
    target.addEventListener('x', { handleEvent: event => seen.push(event.target === target) });
    target.addEventListener('x', () => seen.push('once'), { once: true });
    target.dispatchEvent(new Event('x'));
    target.removeEventListener('x', note);
    target.dispatchEvent(new Event('x'));
    list('listeners', seen, ['x', true, 'once', true]);
    target.addEventListener('y', event => event.preventDefault());
    same('prevented', target.dispatchEvent(new Event('y', { cancelable: true })), false);
    same('not to be', target.dispatchEvent(new Event('y')), true);
    const controller = new AbortController();
    const { signal } = controller;
    const aborts = [];
    signal.addEventListener('abort', () => aborts.push('listener'));
    signal.onabort = () => aborts.push('handler');
    target.addEventListener('z', () => aborts.push('after'), { signal });
    signal.throwIfAborted();
    controller.abort();
    controller.abort();
    target.dispatchEvent(new Event('z'));
    list('aborted', aborts, ['listener', 'handler']);
    same('the reason', signal.reason.name, 'AbortError');
    is('a DOMException', signal.reason instanceof DOMException && signal.reason instanceof Error && signal.reason.code === 20);
    throws('thrown', () => signal.throwIfAborted(), 'AbortError');
    same('at once', AbortSignal.abort('why').reason, 'why');
    throws('by hand', () => new AbortSignal(), 'TypeError');
  };

  checks.timers = async () => {
    const order = [];
    await new Promise(done => {
      setTimeout((a, b) => {
        order.push(`late ${a}${b}`);
        done();
      }, 40, 1, 2);
      setTimeout(() => order.push('early'), 1);
      clearTimeout(setTimeout(() => order.push('never'), 5));
      queueMicrotask(() => order.push('microtask'));
      order.push('first');
    });
    list('in order', order, ['first', 'microtask', 'early', 'late 12']);
    let rounds = 0;
    await new Promise(done => {
      const interval = setInterval(() => {
        if (++rounds < 3) return;
        clearInterval(interval);
        setTimeout(done, 20);
      }, 2);
    });
    same('rounds', rounds, 3);
    const [due, ids] = [[], []];
    await new Promise(done => {
      for (let i = 0; i < 60; i++) ids[i] = setTimeout(() => due.push(i), (i * 7 % 10) * 20 + 20);
      for (let i = 0; i < 60; i += 2) clearTimeout(ids[(i * 11) % 60]);
      setTimeout(done, 400);
    });
    const left = Array.from({ length: 30 }, (_, i) => 2 * i + 1);
    list('of many, those that are not cleared', due, left.sort((a, b) => (a * 7 % 10) - (b * 7 % 10) || a - b));
    throws('no function', () => queueMicrotask(1), 'TypeError');
    clearTimeout(undefined);
    clearTimeout(123456789);
    if (isHost) return;
    is('a number', typeof setTimeout(() => {}) === 'number');
    throws('no callback', () => setTimeout('1'), 'TypeError');
  };

  checks.console = () => {
    if (isHost) return;
    const cyclic = { name: 'c' };
    cyclic.self = cyclic;
    const hostile = new Proxy({}, { ownKeys() { throw 1; }, getPrototypeOf() { throw 2; } });
    const logged = (expected, ...given) => {
      printed.length = 0;
      console.log(...given);
      same('logged', printed.join('|'), expected);
    };
    logged('a 1 true null undefined', 'a', 1, true, null, undefined);
    logged('');
    logged("[ 1, \"x\", [ 2 ] ]", [1, 'x', [2]]);
    logged('{ a: 1, "b-c": [Function: f] }', { a: 1, 'b-c': function f() {} });
    logged('{ name: "c", self: [Circular] }', cyclic);
    logged('{ a: { b: { c: [Object] } } }', { a: { b: { c: { d: 1 } } } });
    logged('Map(1) { "k" => Set(1) { 1 } }', new Map([['k', new Set([1])]]));
    logged('Uint8Array(2) [ 1, 2 ]', bytes(1, 2));
    logged('Symbol(s) 5n -0', Symbol('s'), 5n, -0);
    logged('{ x: [Getter] }', { get x() { throw 3; } });
    logged('[an object that cannot be shown]', hostile);
    logged('[Object: null prototype] {}', Object.create(null));
    logged('{ e: TypeError: t }', { e: new TypeError('t') });
    logged('7 of x is 50% {} %d', '%d of %s is 50%% %o %d', 7, 'x', {});
    printed.length = 0;
    for (const name of ['warn', 'error']) console[name](name);
    console.assert(true, 'no');
    console.assert(false, 'yes');
    console.count();
    console.count();
    console.group('g');
    console.info('in');
    console.groupEnd();
    console.debug('out');
    same('the rest', printed.join('|'), '! warn|! error|! Assertion failed: yes|default: 1|default: 2|g|  in|out');
    printed.length = 0;
    console.trace('t');
    console.time();
    console.timeEnd();
    is('a trace', printed[0].startsWith('! Trace: t\n'));
    is('a time', /^default: \d+\.\d+ms$/.test(printed[1]));
    console.error(new RangeError('r'));
    is('an error with its place', printed[2].startsWith('! RangeError: r\n') && printed[2].includes('web.js'));
  };

  const MODULE = 'AGFzbQEAAAABBQFgAAF/AwIBAAcHAQNnZXQAAAoGAQQAQQcL';

  checks.fetch = async () => {
    const own = 'xtask/tests/web.js';
    const response = await fetch(own);
    is('a file', response.ok && response.status === 200 && (await response.text()).includes('checks.fetch'));
    is('its type', response.headers.get('Content-Type').startsWith('text/javascript'));
    is('is used', response.bodyUsed);
    await rejects('again', () => response.text(), 'TypeError');
    const query = await fetch(`${own}?v=1`);
    is('with a query', query.ok);
    await rejects('a missing file', () => fetch('no/such.wasm'), 'TypeError', 'no/such.wasm');
    await rejects('a missing URL', () => fetch('file:///no/such.wasm'), 'TypeError', isHost ? undefined : '/no/such.wasm');
    if (!isHost) await rejects('the network', () => fetch('https://example.com/x'), 'TypeError', 'network');
    const data = await fetch('data:text/plain,a%20b');
    same('data', await data.text(), 'a b');
    const coded = await fetch(new URL(`data:application/wasm;base64,${MODULE}`));
    same('data in Base64', (await coded.clone().arrayBuffer()).byteLength, 36);
    same('their type', coded.headers.get('content-type'), 'application/wasm');
    const both = new Response('{"a":[1]}', { status: 201, headers: { 'X-Y': 'z' } });
    const copy = both.clone();
    same('json', (await both.json()).a[0], 1);
    same('of a copy', await copy.text(), '{"a":[1]}');
    same('a header', copy.headers.get('x-y'), 'z');
    is('an empty body', new Response().body === null || isHost);
    const source = bytes(1, 2, 3);
    const buffered = new Response(source.subarray(1));
    source[1] = 9;
    list('bytes', new Uint8Array(await buffered.arrayBuffer()), [2, 3]);
    is('not ok', !new Response('', { status: 404 }).ok);
    const headers = new Headers({ A: '1' });
    headers.append('a', ' 2 ');
    same('headers', headers.get('A'), '1, 2');
    same('listed', JSON.stringify([...headers]), '[["a","1, 2"]]');
    const request = new Request('http://h/x', { method: 'post', body: 'b' });
    same('a request', `${request.method} ${request.url}`, 'POST http://h/x');
    same('its body', await request.text(), 'b');
    await rejects('aborted', () => fetch(own, { signal: AbortSignal.abort() }), 'AbortError');
  };

  checks.streaming = async () => {
    const url = `data:application/wasm;base64,${MODULE}`;
    const { instance, module } = await WebAssembly.instantiateStreaming(fetch(url), {});
    same('instantiated', instance.exports.get(), 7);
    is('a module', module instanceof WebAssembly.Module);
    const compiled = await WebAssembly.compileStreaming(new Response(Uint8Array.from(atob(MODULE), c => c.charCodeAt(0))));
    same('compiled', new WebAssembly.Instance(compiled).exports.get(), 7);
    await rejects('no response', () => WebAssembly.compileStreaming(1), 'TypeError');
    await rejects('no module', () => WebAssembly.compileStreaming(new Response('x')), 'CompileError');
    await rejects('no file', () => WebAssembly.instantiateStreaming(fetch('no/such.wasm')), 'TypeError');
  };

  checks.files = () => {
    const own = 'xtask/tests/web.js';
    const buffer = readbuffer(own);
    is('a buffer', buffer instanceof ArrayBuffer && buffer.byteLength > 1000);
    same('its bytes', new Uint8Array(read(own, 'binary')).length, buffer.byteLength);
    is('its text', read(own).startsWith('// Checks of'));
    throws('a missing file', () => readbuffer('no/such'));
    is('load and quit', typeof load === 'function' && typeof quit === 'function');
  };

  checks.errors = async () => {
    if (isHost) return;
    const failing = () => { throw new RangeError('r'); };
    queueMicrotask(failing);
    const target = new EventTarget();
    target.addEventListener('x', failing);
    target.dispatchEvent(new Event('x'));
    setTimeout(failing, 1);
    await new Promise(done => setTimeout(done, 2));
    list('errors of callbacks', thrown, Array(3).fill('callback: RangeError: r'));
  };

  // What a script replaces does not reach what it is given. Last, and undone.
  checks.replaced = async () => {
    if (isHost) return;
    const [pairs, items] = [new Map([[1, 2]]), { a: [new Set([1])] }];
    const undo = [];
    const broken = () => { throw new Error('replaced'); };
    for (const { prototype } of [Array, String, Uint8Array, Map, Set, WeakMap, ArrayBuffer, RegExp]) {
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const found = Object.getOwnPropertyDescriptor(prototype, name);
        // The engine itself replaces by `exec` and splits by `flags`.
        if (typeof found.value !== 'function' || name === 'constructor' || name === 'exec') continue;
        undo[undo.length] = () => Object.defineProperty(prototype, name, found);
        prototype[name] = broken;
      }
    }
    const seen = [];
    printed.length = 0;
    let error;
    try {
      console.log('%s', pairs, /x/, bytes);
      seen[0] = new TextDecoder().decode(new TextEncoder().encode('é'));
      seen[1] = atob(btoa('x'));
      seen[2] = new URL('../y?z=1', 'file:///a/b/c').href;
      const query = new URLSearchParams('a=1&b=2&a=3');
      query.set('a', 4);
      seen[3] = `${query}`;
      seen[4] = structuredClone(items).a[0].size;
      const response = await fetch('data:text/plain,d');
      seen[5] = await response.text();
      const target = new EventTarget();
      target.addEventListener('x', () => { seen[6] = 'event'; });
      target.dispatchEvent(new Event('x'));
      await new Promise(done => {
        clearTimeout(setTimeout(broken, 5));
        setTimeout(() => { seen[7] = 'timer'; done(); }, 5);
      });
    } catch (thrown) {
      error = thrown;
    }
    for (let i = 0; i < undo.length; i++) undo[i]();
    same(`after replacements ${error && error.stack}`, error, undefined);
    list('seen', seen, ['é', 'x', 'file:///a/y?z=1', 'a=4&b=2', 1, 'd', 'event', 'timer']);
    same('printed', printed[0], 'Map(1) { 1 => 2 } /x/ [Function: bytes]');
  };

  // The very last: afterwards there are no timers.
  checks.stop = () => {
    if (isHost) return;
    const { timers } = ours;
    same('timers before', timers.pending(), 0);
    same('no next', timers.next(), undefined);
    const interval = setInterval(() => {}, 30000);
    setTimeout(() => {}, 60000);
    same('timers', timers.pending(), 2);
    is(`the next in ${timers.next()}`, timers.next() > 0 && timers.next() <= 30000);
    same('one runs', timers.run(), 1);
    same('and is set again', timers.pending(), 2);
    clearInterval(interval);
    same('is cleared', timers.pending(), 1);
    timers.stop();
    same('stopped', timers.pending(), 0);
    setTimeout(() => {}, 1);
    same('none is set', timers.pending(), 0);
    same('none runs', timers.run(), 0);
  };

  (async () => {
    for (const name of Object.keys(checks)) {
      try {
        await checks[name]();
      } catch (error) {
        same(`${name}, which threw ${error} ${error.stack}`, 'thrown', 'nothing');
      }
    }
    if (failed === 0) ours.say(`ok ${held}`);
    // jsc waits for its native timers, whoever dropped ours.
    if (!isHost) quit(0);
  })();
})();
