// TextEncoder, TextDecoder, atob and btoa, as the Encoding Standard and HTML have them.
// Loaded after web.js.
'use strict';

(function () {
  const global = globalThis;
  const { bind, getterOf, define } = harness.web;
  const { apply } = Reflect;
  const { isView } = ArrayBuffer;
  const { DOMException: Refusal, RangeError: OutOfRange, TypeError: WrongType } = global;
  const { Uint8Array: Bytes, Uint16Array: Units, ArrayBuffer: Buffer, SharedArrayBuffer: Shared } = global;
  const { fromCharCode } = String;
  const unitAt = bind(String.prototype.charCodeAt);
  const slice = bind(String.prototype.slice);
  const lower = bind(String.prototype.toLowerCase);
  const search = bind(RegExp.prototype.exec);
  const part = bind(Units.prototype.subarray);
  const typeOf = getterOf(Object.getPrototypeOf(Bytes.prototype), Symbol.toStringTag);
  const REPLACEMENT = 0xfffd;
  const BOM = 0xfeff;

  // Text is put together from its UTF-16 units, a piece at a time: adding each to a string
  // makes a string for each. There is one text at a time, so that one piece serves all.
  const PIECE = 4096;
  const piece = new Units(PIECE);
  let units = 0;
  let text = '';

  function flush() {
    text += apply(fromCharCode, null, units === PIECE ? piece : part(piece, 0, units));
    units = 0;
  }

  function put(unit) {
    piece[units++] = unit;
    if (units === PIECE) flush();
  }

  function putPoint(point) {
    if (point < 0x10000) return put(point);
    put(0xd800 + ((point - 0x10000) >> 10));
    put(0xdc00 + ((point - 0x10000) & 0x3ff));
  }

  function begin() {
    text = '';
    units = 0;
  }

  function takeText() {
    flush();
    const taken = text;
    text = '';
    return taken;
  }

  // Encoding: UTF-8 alone.
  const lengthOfPoint = point => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);

  // The point at a place of a string. One outside of the basic plane takes two units.
  function pointAt(string, at) {
    const unit = unitAt(string, at);
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    const next = unit < 0xdc00 && at + 1 < string.length ? unitAt(string, at + 1) : 0;
    if (next < 0xdc00 || next > 0xdfff) return REPLACEMENT;
    return 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
  }

  function sizeOf(string) {
    let size = 0;
    for (let i = 0; i < string.length; i++) {
      const point = pointAt(string, i);
      if (point > 0xffff) i++;
      size += lengthOfPoint(point);
    }
    return size;
  }

  function putBytes(point, bytes, at) {
    const length = lengthOfPoint(point);
    if (length === 1) {
      bytes[at] = point;
      return 1;
    }
    for (let i = length - 1; i > 0; i--) {
      bytes[at + i] = 0x80 | (point & 0x3f);
      point >>= 6;
    }
    bytes[at] = (0xf00 >> length) & 0xff | point;
    return length;
  }

  // Encodes as many whole points as there is room for.
  function encodeInto(string, bytes) {
    const room = bytes.length;
    let read = 0;
    let written = 0;
    while (read < string.length) {
      const point = pointAt(string, read);
      if (written + lengthOfPoint(point) > room) break;
      written += putBytes(point, bytes, written);
      read += point > 0xffff ? 2 : 1;
    }
    return { read, written };
  }

  define('TextEncoder', class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(string = '') {
      const source = `${string}`;
      const bytes = new Bytes(sizeOf(source));
      encodeInto(source, bytes);
      return bytes;
    }

    encodeInto(string, bytes) {
      if (!isView(bytes) || typeOf(bytes) !== 'Uint8Array') throw new WrongType('encodeInto writes to a Uint8Array');
      return encodeInto(`${string}`, bytes);
    }
  });

  // Decoders take bytes and keep what is unfinished; `bad` is called for what is malformed.
  // Each has `finish` for the end of a stream.
  class FromUtf8 {
    needed = 0;
    point = 0;
    least = 0x80;
    most = 0xbf;

    decode(bytes, bad) {
      const { length } = bytes;
      for (let i = 0; i < length; i++) {
        const byte = bytes[i];
        if (this.needed === 0) {
          if (byte < 0x80) put(byte);
          else if (!this.lead(byte)) bad();
        } else if (!this.trail(byte)) {
          bad();
          // It may begin the next.
          i--;
        }
      }
    }

    // The bounds of the second byte leave out what has a shorter form, surrogates, and what
    // lies beyond Unicode.
    lead(byte) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      this.needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      this.point = byte & (0x3f >> this.needed);
      if (byte === 0xe0) this.least = 0xa0;
      if (byte === 0xed) this.most = 0x9f;
      if (byte === 0xf0) this.least = 0x90;
      if (byte === 0xf4) this.most = 0x8f;
      return true;
    }

    trail(byte) {
      const fits = byte >= this.least && byte <= this.most;
      this.least = 0x80;
      this.most = 0xbf;
      if (!fits) {
        this.needed = 0;
        return false;
      }
      this.point = (this.point << 6) | (byte & 0x3f);
      if (--this.needed === 0) putPoint(this.point);
      return true;
    }

    finish(bad) {
      if (this.needed > 0) bad();
      this.needed = 0;
    }
  }

  class FromUtf16 {
    first = -1;
    high = -1;

    decode(bytes, bad) {
      for (let i = 0; i < bytes.length; i++) {
        if (this.first < 0) this.first = bytes[i];
        else {
          this.unit(this.first + bytes[i] * 256, bad);
          this.first = -1;
        }
      }
    }

    unit(unit, bad) {
      const isLow = unit >= 0xdc00 && unit <= 0xdfff;
      if (this.high >= 0) {
        if (isLow) put(this.high);
        else bad();
        this.high = -1;
        if (isLow) return put(unit);
      }
      if (unit >= 0xd800 && unit < 0xdc00) this.high = unit;
      else if (isLow) bad();
      else put(unit);
    }

    finish(bad) {
      if (this.first >= 0 || this.high >= 0) bad();
      this.first = this.high = -1;
    }
  }

  // Windows-1252 is Latin-1, but for what stands at 0x80 to 0x9f.
  const WINDOWS =
    '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
  class FromWindows1252 {
    decode(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i];
        put(byte >= 0x80 && byte < 0xa0 ? unitAt(WINDOWS, byte - 0x80) : byte);
      }
    }

    finish() {}
  }

  const ENCODINGS = [
    {
      name: 'utf-8',
      Decoder: FromUtf8,
      labels: /^(?:unicode-1-1-utf-8|(?:unicode11|unicode20|x-unicode20)utf8|utf-?8)$/,
    },
    {
      name: 'utf-16le',
      Decoder: FromUtf16,
      labels: /^(?:csunicode|iso-10646-ucs-2|ucs-2|unicode|unicodefeff|utf-16|utf-16le)$/,
    },
    {
      name: 'windows-1252',
      Decoder: FromWindows1252,
      labels: new RegExp('^(?:ansi_x3\\.4-1968|(?:us-)?ascii|(?:x-)?cp1252|cp819|csisolatin1|ibm819|' +
        'iso[-_]8859-1|iso-ir-100|iso8859-?1|iso_8859-1:1987|l1|latin1|windows-1252)$'),
    },
  ];

  function encodingOf(label) {
    const name = search(/^[\t\n\f\r ]*(.*?)[\t\n\f\r ]*$/s, lower(`${label}`))[1];
    for (let i = 0; i < ENCODINGS.length; i++) if (search(ENCODINGS[i].labels, name)) return ENCODINGS[i];
    throw new OutOfRange(`there is no decoder for \`${label}\``);
  }

  // Bytes of memory that workers share are copied: they may change at any time.
  function bytesOf(source) {
    if (source === undefined) return new Bytes(0);
    if (isView(source)) return new Bytes(source.buffer, source.byteOffset, source.byteLength);
    if (source instanceof Buffer || (Shared && source instanceof Shared)) return new Bytes(source);
    throw new WrongType('decode takes an ArrayBuffer or a view of one');
  }

  const malformed = () => {
    throw new WrongType('the bytes are not valid in this encoding');
  };
  const replaced = () => put(REPLACEMENT);

  define('TextDecoder', class TextDecoder {
    #encoding;
    #Decoder;
    #bad;
    #ignoreBOM;
    #decoder;
    #isBegun = false;
    #goesOn = false;

    constructor(label = 'utf-8', options = {}) {
      const { fatal, ignoreBOM } = options === null ? {} : options;
      const encoding = encodingOf(label);
      this.#encoding = encoding.name;
      this.#Decoder = encoding.Decoder;
      this.#bad = fatal ? malformed : replaced;
      this.#ignoreBOM = !!ignoreBOM;
    }

    get encoding() {
      return this.#encoding;
    }

    get fatal() {
      return this.#bad === malformed;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    decode(source, options = {}) {
      const bytes = bytesOf(source);
      if (!this.#goesOn) {
        this.#decoder = new this.#Decoder();
        this.#isBegun = false;
      }
      this.#goesOn = !!(options && options.stream);
      begin();
      this.#decoder.decode(bytes, this.#bad);
      if (!this.#goesOn) this.#decoder.finish(this.#bad);
      return this.#withoutBOM(takeText());
    }

    #withoutBOM(decoded) {
      if (this.#isBegun || decoded === '') return decoded;
      this.#isBegun = true;
      const isMarked = unitAt(decoded, 0) === BOM && this.#Decoder !== FromWindows1252;
      return isMarked && !this.#ignoreBOM ? slice(decoded, 1) : decoded;
    }
  });

  // Base64.
  const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const values = new Bytes(128).fill(255);
  for (let i = 0; i < 64; i++) values[unitAt(DIGITS, i)] = i;
  const digits = Bytes.from(DIGITS, digit => unitAt(digit, 0));
  const EQUALS = 61;
  const isSpace = unit => unit === 32 || unit === 9 || unit === 10 || unit === 12 || unit === 13;

  function invalid(what) {
    return new Refusal(what, 'InvalidCharacterError');
  }

  define('atob', function atob(given) {
    const source = `${given}`;
    const notBase64 = () => invalid('atob takes Base64');
    let count = 0;
    let bits = 0;
    let padding = 0;
    begin();
    for (let i = 0; i < source.length; i++) {
      const unit = unitAt(source, i);
      if (isSpace(unit)) continue;
      if (unit === EQUALS) {
        padding++;
        continue;
      }
      const value = unit < 128 ? values[unit] : 255;
      if (value === 255 || padding > 0) throw notBase64();
      bits = ((bits << 6) | value) & 0xffff;
      if (count++ % 4 > 0) put((bits >> (6 - 2 * ((count - 1) % 4))) & 0xff);
    }
    if (count % 4 === 1 || padding > 2 || (padding > 0 && (count + padding) % 4 !== 0)) throw notBase64();
    return takeText();
  });

  define('btoa', function btoa(given) {
    const source = `${given}`;
    const byteAt = at => {
      const unit = at < source.length ? unitAt(source, at) : 0;
      if (unit > 255) throw invalid('btoa takes bytes: characters below U+0100');
      return unit;
    };
    begin();
    for (let i = 0; i < source.length; i += 3) {
      const bits = (byteAt(i) << 16) | (byteAt(i + 1) << 8) | byteAt(i + 2);
      put(digits[bits >> 18]);
      put(digits[(bits >> 12) & 63]);
      put(i + 1 < source.length ? digits[(bits >> 6) & 63] : EQUALS);
      put(i + 2 < source.length ? digits[bits & 63] : EQUALS);
    }
    return takeText();
  });
})();
