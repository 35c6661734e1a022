// Percent-encoding and URLSearchParams for the shells. Loaded after text_coding.js, before
// url.js, which uses `harness.web.percent` and `harness.web.queries`.
'use strict';

(function () {
  const { bind, define, isHost } = harness.web;
  if (isHost) return;

  const { TypeError: WrongType, TextEncoder: Encoder, TextDecoder: Decoder, Uint8Array: Bytes } = globalThis;
  const { encodeURIComponent: encode } = globalThis;
  const { keys } = Object;
  const replace = bind(String.prototype.replace);
  const slice = bind(String.prototype.slice);
  const indexIn = bind(String.prototype.indexOf);
  const split = bind(String.prototype.split);
  const join = bind(Array.prototype.join);
  const sort = bind(Array.prototype.sort);
  const filter = bind(Array.prototype.filter);
  const map = bind(Array.prototype.map);
  const findIndex = bind(Array.prototype.findIndex);
  const part = bind(Bytes.prototype.subarray);
  const encoder = new Encoder();
  const bytesOf = encoder.encode.bind(encoder);
  const decoder = new Decoder('utf-8', { ignoreBOM: true });
  const textOf = decoder.decode.bind(decoder);

  const DIGITS = '0123456789ABCDEF';

  function percented(character) {
    const bytes = bytesOf(character);
    let shown = '';
    for (let i = 0; i < bytes.length; i++) shown += `%${DIGITS[bytes[i] >> 4]}${DIGITS[bytes[i] & 15]}`;
    return shown;
  }

  const encoded = (text, what) => replace(text, what, percented);

  // A `%` that no two digits follow is itself.
  function unpercented(text) {
    if (indexIn(text, '%') < 0) return text;
    const bytes = bytesOf(text);
    let size = 0;
    for (let i = 0; i < bytes.length; i++) {
      const high = bytes[i] === 37 ? digit(bytes[i + 1]) : -1;
      const low = high < 0 ? -1 : digit(bytes[i + 2]);
      if (low < 0) bytes[size++] = bytes[i];
      else {
        bytes[size++] = high * 16 + low;
        i += 2;
      }
    }
    return textOf(part(bytes, 0, size));
  }

  function digit(byte) {
    if (byte >= 48 && byte <= 57) return byte - 48;
    const letter = byte | 32;
    return letter >= 97 && letter <= 102 ? letter - 87 : -1;
  }

  // Queries: pairs of a name and a value.
  const fromForm = text => unpercented(replace(text, /\+/g, ' '));
  const toForm = text =>
    replace(replace(encode(wellFormed(text)), /[!'()~]/g, percented), /%20/g, '+');
  const wellFormed = text => textOf(bytesOf(text));

  function pairsOf(query) {
    const pairs = [];
    const fields = split(query, '&');
    for (let i = 0; i < fields.length; i++) {
      if (fields[i] === '') continue;
      const at = indexIn(fields[i], '=');
      const name = at < 0 ? fields[i] : slice(fields[i], 0, at);
      pairs[pairs.length] = [fromForm(name), at < 0 ? '' : fromForm(slice(fields[i], at + 1))];
    }
    return pairs;
  }

  function pairsFrom(given) {
    if (typeof given !== 'object' || given === null) return pairsOf(replace(`${given}`, /^\?/, ''));
    const pairs = [];
    if (typeof given[Symbol.iterator] === 'function') {
      for (const [name, value, ...others] of given) {
        if (value === undefined || others.length > 0) throw new WrongType('a query takes pairs');
        pairs[pairs.length] = [`${name}`, `${value}`];
      }
    } else {
      for (const name of keys(given)) pairs[pairs.length] = [name, `${given[name]}`];
    }
    return pairs;
  }

  // Which URL has it.
  const ownerOf = new WeakMap();
  const [ownerFor, setOwner] = [bind(ownerOf.get), bind(ownerOf.set)];

  class URLSearchParams {
    #pairs;

    constructor(given = '') {
      this.#pairs = pairsFrom(given);
    }

    // The URL whose query this is gets what it has become.
    #changed() {
      const changed = ownerFor(ownerOf, this);
      if (changed) changed(this.toString());
    }

    // Only for the URL that has it.
    static replacePairs(params, query) {
      params.#pairs = pairsOf(query);
    }

    #without(name, value) {
      return filter(this.#pairs, pair => pair[0] !== name || (value !== undefined && pair[1] !== `${value}`));
    }

    get size() {
      return this.#pairs.length;
    }

    #find(name) {
      return findIndex(this.#pairs, pair => pair[0] === name);
    }

    append(name, value) {
      this.#pairs[this.#pairs.length] = [`${name}`, `${value}`];
      this.#changed();
    }

    delete(name, value) {
      this.#pairs = this.#without(`${name}`, value);
      this.#changed();
    }

    get(name) {
      const at = this.#find(`${name}`);
      return at < 0 ? null : this.#pairs[at][1];
    }

    getAll(name) {
      const wanted = `${name}`;
      return map(filter(this.#pairs, pair => pair[0] === wanted), pair => pair[1]);
    }

    has(name, value) {
      return this.#without(`${name}`, value).length < this.#pairs.length;
    }

    // The first gets the value, the others go.
    set(name, value) {
      const wanted = `${name}`;
      const at = this.#find(wanted);
      if (at < 0) return this.append(wanted, value);
      this.#pairs[at] = [wanted, `${value}`];
      this.#pairs = filter(this.#pairs, (pair, i) => pair[0] !== wanted || i === at);
      this.#changed();
    }

    sort() {
      sort(this.#pairs, (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      this.#changed();
    }

    forEach(callback, receiver) {
      for (const [name, value] of this) callback.call(receiver, value, name, this);
    }

    *entries() {
      for (let i = 0; i < this.#pairs.length; i++) yield [this.#pairs[i][0], this.#pairs[i][1]];
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

    toString() {
      return join(map(this.#pairs, pair => `${toForm(pair[0])}=${toForm(pair[1])}`), '&');
    }
  }
  const { replacePairs } = URLSearchParams;
  delete URLSearchParams.replacePairs;

  harness.web.percent = { percented, encoded, unpercented };
  harness.web.queries = {
    setPairs: replacePairs,
    setOwner: (params, changed) => setOwner(ownerOf, params, changed),
  };
  define('URLSearchParams', URLSearchParams);
})();
