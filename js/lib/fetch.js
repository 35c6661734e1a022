// fetch for files, and what belongs to it: Headers, Request, Response, and compiling a
// Response. Loaded after the others.
//
// A file is named by a path, a file: URL or a URL object. Node.js's own fetch reads none,
// and no host's reads a path: in hosts only these are read here, by the host's own
// Response. In shells there are data: URLs besides, and no network.
'use strict';

(function () {
  const global = globalThis;
  const { bind, getterOf, isHost, put, define, bytesOf } = harness.web;
  const { TypeError: WrongType, Uint8Array: Bytes, ArrayBuffer: Buffer, Promise: Pledge, RangeError: OutOfRange } = global;
  const { URL: Locator, URLSearchParams: Query, TextEncoder: Encoder, TextDecoder: Decoder, atob: fromBase64 } = global;
  const { decodeURIComponent: decodeText } = global;
  const { parse, stringify } = JSON;
  const { isView } = Buffer;
  const { compile, instantiate } = WebAssembly;
  const { defineProperty, entries } = Object;
  const then = bind(Pledge.prototype.then);
  const resolved = Pledge.resolve.bind(Pledge);
  const rejected = Pledge.reject.bind(Pledge);
  const search = bind(RegExp.prototype.exec);
  const replace = bind(String.prototype.replace);
  const lower = bind(String.prototype.toLowerCase);
  const upper = bind(String.prototype.toUpperCase);
  const filter = bind(Array.prototype.filter);
  const sort = bind(Array.prototype.sort);
  const unitAt = bind(String.prototype.charCodeAt);
  const sliceBytes = bind(Bytes.prototype.slice);
  const bufferOf = getterOf(Object.getPrototypeOf(Bytes.prototype), 'buffer');
  const encoder = new Encoder();
  const encode = encoder.encode.bind(encoder);
  const decoder = new Decoder();
  const decode = decoder.decode.bind(decoder);

  // Names in lower case, with their values.
  const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

  class Headers {
    #pairs = [];

    constructor(given = []) {
      const isList = typeof given[Symbol.iterator] === 'function';
      for (const [name, value] of isList ? given : entries(given)) this.append(name, value);
    }

    #find(name) {
      const wanted = lower(`${name}`);
      return filter(this.#pairs, pair => pair[0] === wanted)[0];
    }

    append(name, value) {
      const found = this.#find(name);
      const trimmed = replace(`${value}`, /^[\t\n\r ]+|[\t\n\r ]+$/g, '');
      if (!search(/^[\w!#$%&'*+.^`|~-]+$/, `${name}`)) throw new WrongType(`\`${name}\` is no name of a header`);
      if (found) found[1] += `, ${trimmed}`;
      else this.#pairs[this.#pairs.length] = [lower(`${name}`), trimmed];
    }

    delete(name) {
      const found = this.#find(name);
      this.#pairs = filter(this.#pairs, pair => pair !== found);
    }

    get(name) {
      const found = this.#find(name);
      return found ? found[1] : null;
    }

    has(name) {
      return this.#find(name) !== undefined;
    }

    set(name, value) {
      this.delete(name);
      this.append(name, value);
    }

    forEach(callback, receiver) {
      for (const [name, value] of this) callback.call(receiver, value, name, this);
    }

    *entries() {
      const sorted = sort(filter(this.#pairs, () => true), byName);
      for (let i = 0; i < sorted.length; i++) yield [sorted[i][0], sorted[i][1]];
    }

    *keys() {
      for (const [name] of this) yield name;
    }

    *values() {
      for (const [, value] of this) yield value;
    }

    [Symbol.iterator]() {
      return this.entries();
    }
  }

  // A body's bytes are a copy, and its type is what a header says unless the script does.
  function bodyOf(given) {
    if (given === null || given === undefined) return { bytes: new Bytes(0), type: null };
    if (given instanceof Buffer) return { bytes: sliceBytes(new Bytes(given)), type: null };
    if (isView(given)) {
      const bytes = new Bytes(given.buffer, given.byteOffset, given.byteLength);
      return { bytes: sliceBytes(bytes), type: null };
    }
    const isQuery = given instanceof Query;
    const type = isQuery ? 'application/x-www-form-urlencoded' : 'text/plain';
    return { bytes: encode(`${given}`), type: `${type};charset=UTF-8` };
  }

  // What requests and responses have in common.
  class Message {
    #bytes;
    #isUsed = false;
    #headers;

    constructor(given, headers) {
      const { bytes, type } = bodyOf(given);
      this.#bytes = bytes;
      this.#headers = new Headers(headers);
      if (type !== null && !this.#headers.has('content-type')) this.#headers.set('content-type', type);
    }

    get headers() {
      return this.#headers;
    }

    get body() {
      return null;
    }

    get bodyUsed() {
      return this.#isUsed;
    }

    // Lets go of the bytes.
    #take(convert) {
      if (this.#isUsed) return rejected(new WrongType('the body is used already'));
      const bytes = this.#bytes;
      this.#bytes = null;
      this.#isUsed = true;
      return then(resolved(bytes), convert);
    }

    static copyOf(message) {
      if (message.#isUsed) throw new WrongType('the body is used already');
      return message.#bytes;
    }

    arrayBuffer() {
      return this.#take(bufferOf);
    }

    bytes() {
      return this.#take(bytes => bytes);
    }

    text() {
      return this.#take(bytes => decode(bytes));
    }

    json() {
      return this.#take(bytes => parse(decode(bytes)));
    }
  }
  const { copyOf } = Message;
  delete Message.copyOf;

  class Response extends Message {
    #status;
    #statusText;

    constructor(body = null, options = {}) {
      const { status = 200, statusText = '', headers } = options || {};
      if (!(status >= 200 && status <= 599)) throw new OutOfRange('a status is from 200 to 599');
      super(body, headers);
      this.#status = +status;
      this.#statusText = `${statusText}`;
    }

    static json(value, options = {}) {
      const headers = new Headers(options.headers);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
      return new Response(stringify(value), { ...options, headers });
    }

    get ok() {
      return this.#status <= 299;
    }

    get status() {
      return this.#status;
    }

    get statusText() {
      return this.#statusText;
    }

    get type() {
      return 'default';
    }

    get url() {
      return '';
    }

    get redirected() {
      return false;
    }

    clone() {
      const { status, statusText, headers, url } = this;
      return locate(new Response(copyOf(this), { status, statusText, headers }), url);
    }
  }

  class Request extends Message {
    #url;
    #method;
    #signal;

    constructor(input, options = {}) {
      const from = input instanceof Request ? input : {};
      const { method = from.method || 'GET', headers = from.headers, body, signal = from.signal } = options || {};
      super(body === undefined && input instanceof Request ? copyOf(input) : body, headers);
      this.#url = addressOf(input);
      this.#method = replace(`${method}`, /^(?:delete|get|head|options|post|put)$/i, name => upper(name));
      this.#signal = signal;
    }

    get url() {
      return this.#url;
    }

    get method() {
      return this.#method;
    }

    get signal() {
      return this.#signal;
    }

    clone() {
      return new Request(this);
    }
  }

  define('Headers', Headers);
  define('Response', Response);
  define('Request', Request);
  const { Response: AnyResponse, Request: AnyRequest } = global;

  function locate(response, url) {
    return url === '' ? response : defineProperty(response, 'url', { value: url, configurable: true });
  }

  const addressOf = input => (input instanceof AnyRequest ? input.url : `${input}`);

  const TYPES = {
    __proto__: null,
    wasm: 'application/wasm', json: 'application/json', js: 'text/javascript', mjs: 'text/javascript',
    html: 'text/html', css: 'text/css', txt: 'text/plain', svg: 'image/svg+xml', png: 'image/png',
  };

  function headersOf(path) {
    const found = search(/\.(\w+)$/, path);
    const type = found && TYPES[lower(found[1])];
    return type ? { 'content-type': type } : {};
  }

  // Of a relative path nobody knows here where it begins: the response has it as it is.
  function fileResponse(path, url) {
    return locate(new AnyResponse(bytesOf(path), { headers: headersOf(path) }), url);
  }

  function unreadable(path) {
    return new WrongType(`failed to fetch \`${path}\`: the file cannot be read`);
  }

  // A query is no part of the name, unless there is a file with it.
  function fetchPath(path, url) {
    try {
      return fileResponse(path, url);
    } catch (error) {
      const bare = replace(path, /[?#].*$/s, '');
      if (bare === path || bare === '') throw unreadable(path);
      return fetchBare(bare, path, url);
    }
  }

  function fetchBare(bare, path, url) {
    try {
      return fileResponse(bare, url);
    } catch (error) {
      throw unreadable(path);
    }
  }

  // Windows has paths as `/C:/file` in URLs.
  function fetchFile(address) {
    const { href, pathname } = new Locator(address);
    const path = replace(decodeText(pathname), /^\/(?=[A-Za-z]:)/, '');
    return fetchBare(path, path, replace(href, /#.*$/s, ''));
  }

  function fetchData(address) {
    const url = replace(new Locator(address).href, /#.*$/s, '');
    const found = search(/^data:([^,]*?)(;\s*base64)?,(.*)$/is, url);
    if (!found) throw new WrongType('failed to fetch a data: URL: it has no comma');
    const type = found[1] === '' || found[1][0] === ';' ? `text/plain${found[1] || ';charset=US-ASCII'}` : found[1];
    const bytes = unescaped(found[3]);
    return locate(new AnyResponse(found[2] ? base64(bytes) : bytes, { headers: { 'content-type': type } }), url);
  }

  function unescaped(text) {
    const bytes = encode(text);
    let size = 0;
    for (let i = 0; i < bytes.length; i++) {
      const found = bytes[i] === 37 ? search(/^[0-9a-f]{2}$/i, text[i + 1] + text[i + 2]) : null;
      bytes[size++] = found ? +`0x${found[0]}` : bytes[i];
      if (found) i += 2;
    }
    return sliceBytes(bytes, 0, size);
  }

  function base64(bytes) {
    const text = fromBase64(decode(bytes));
    const decoded = new Bytes(text.length);
    for (let i = 0; i < text.length; i++) decoded[i] = unitAt(text, i);
    return decoded;
  }

  // A scheme has two letters at least: one alone is a drive of Windows.
  const schemeOf = address => {
    const found = search(/^\s*([a-z][a-z0-9+.-]+):/i, address);
    return found ? lower(found[1]) : null;
  };

  function fetchHere(address, scheme) {
    if (scheme === null) return fetchPath(address, address);
    if (scheme === 'file') return fetchFile(address);
    if (scheme === 'data') return fetchData(address);
    throw new WrongType(`failed to fetch \`${address}\`: the network is not available here`);
  }

  const nativeFetch = isHost ? global.fetch : undefined;
  put(global, 'fetch', function fetch(input, options) {
    return new Pledge(resolve => {
      const address = addressOf(input);
      const scheme = schemeOf(address);
      if (nativeFetch && scheme !== null && scheme !== 'file') return resolve(nativeFetch(input, options));
      const signal = (options && options.signal) || (input instanceof AnyRequest && input.signal);
      if (signal && signal.aborted) throw signal.reason;
      resolve(fetchHere(address, scheme));
    });
  });

  // Everywhere: SpiderMonkey's own take something else than a Response, Node.js's insist on
  // a type, and none goes by what WebAssembly.instantiate was replaced with before.
  function streamed(source, use) {
    return then(resolved(source), response => {
      if (typeof response !== 'object' || response === null || typeof response.arrayBuffer !== 'function')
        throw new WrongType('WebAssembly streams a Response');
      if (response.ok === false) throw new WrongType(`failed to fetch \`${response.url}\`: status ${response.status}`);
      return then(resolved(response.arrayBuffer()), use);
    });
  }

  put(WebAssembly, 'compileStreaming', function compileStreaming(source) {
    return streamed(source, bytes => compile(bytes));
  });
  put(WebAssembly, 'instantiateStreaming', function instantiateStreaming(source, imports) {
    return streamed(source, bytes => instantiate(bytes, imports));
  });
})();
