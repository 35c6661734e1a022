// URL for the shells, as far as glue needs it: file:, http:, https:
// and ws: with hosts in ASCII, and data:, blob: and others. Loaded after url_query.js.
//
// d8 and SpiderMonkey give modules a path as `import.meta.url`. So an absolute path is a
// base like the file: URL of it.
'use strict';

(function () {
  const { bind, define, isHost, percent, queries } = harness.web;
  if (isHost) return;

  const { TypeError: WrongType, URLSearchParams: Query } = globalThis;
  const { percented, encoded, unpercented } = percent;
  const { setPairs, setOwner } = queries;
  const search = bind(RegExp.prototype.exec);
  const replace = bind(String.prototype.replace);
  const lower = bind(String.prototype.toLowerCase);
  const slice = bind(String.prototype.slice);
  const indexIn = bind(String.prototype.indexOf);
  const split = bind(String.prototype.split);
  const join = bind(Array.prototype.join);

  const PORTS = { __proto__: null, 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'file:': '' };
  const isSpecial = protocol => PORTS[protocol] !== undefined;

  // What has to be encoded, by the part of the URL.
  const IN_PATH = /[^\x21\x24-\x3b\x3d\x40-\x5d\x5f\x61-\x7a\x7c\x7e]/gu;
  const IN_QUERY = /[^\x21\x24-\x3b\x3d\x3f-\x7e]/gu;
  const IN_SPECIAL_QUERY = /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/gu;
  const IN_FRAGMENT = /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu;
  const IN_USER = /[^\x21\x24-\x2e\x30-\x39\x41-\x5a\x5f\x61-\x7a\x7e]/gu;
  const CONTROL = /[^\x20-\x7e]/gu;

  function invalid(url) {
    const error = new WrongType(`\`${url}\` is no valid URL`);
    error.code = 'ERR_INVALID_URL';
    return error;
  }

  // The parts of a URL, as they are written: those that are missing are undefined.
  const PARTS = /^(?:([a-z][a-z0-9+.-]*):)?([^?#]*)(\?[^#]*)?(#.*)?$/is;

  function partsOf(text) {
    const clean = replace(replace(text, /^[\x00-\x20]+|[\x00-\x20]+$/g, ''), /[\t\n\r]/g, '');
    const found = search(PARTS, clean);
    return { protocol: found[1] && `${lower(found[1])}:`, rest: found[2], query: found[3], fragment: found[4] };
  }

  function baseOf(text) {
    if (search(/^\//, text)) return parsed(`file://${replace(text, /[%?#]/g, percented)}`);
    return parsed(text);
  }

  // The fields of a URL. Its path is text, or opaque if it begins with no slash.
  function parsed(text, base) {
    const { protocol, rest, query, fragment } = partsOf(text);
    if (protocol === undefined && base === undefined) throw invalid(text);
    // A special one without two slashes after the scheme is relative, if the base has that scheme.
    const isRelative = protocol === undefined ||
      (isSpecial(protocol) && base !== undefined && base.protocol === protocol && !search(/^\/\//, rest));
    const url = isRelative ? relative(text, { rest, query, fragment }, base) : absolute(text, protocol, rest);
    if (query !== undefined) url.query = queryOf(url.protocol, slice(query, 1));
    url.fragment = fragment === undefined ? '' : fragmentOf(slice(fragment, 1));
    return url;
  }

  // An empty one is kept with its mark, which only `href` shows.
  const queryOf = (protocol, text) => `?${encoded(text, isSpecial(protocol) ? IN_SPECIAL_QUERY : IN_QUERY)}`;
  const fragmentOf = text => `#${encoded(text, IN_FRAGMENT)}`;
  const shown = part => (part.length > 1 ? part : '');

  function absolute(text, protocol, rest) {
    const url = { protocol, user: '', password: '', host: undefined, port: '', path: '', query: '', fragment: '' };
    const special = isSpecial(protocol);
    const slashed = special ? replace(rest, /\\/g, '/') : rest;
    if (protocol === 'file:') return withAuthority(text, url, search(/^\/\//, slashed) ? slashed : `//${pathFrom(slashed)}`);
    if (special) return withAuthority(text, url, `//${replace(slashed, /^\/+/, '')}`);
    if (search(/^\/\//, slashed)) return withAuthority(text, url, slashed);
    url.path = search(/^\//, slashed) ? normal(encoded(slashed, IN_PATH), false) : encoded(slashed, CONTROL);
    return url;
  }

  const pathFrom = text => (search(/^\//, text) ? text : `/${text}`);

  function withAuthority(text, url, slashed) {
    const special = isSpecial(url.protocol);
    const found = search(/^\/\/(?:(.*)@)?((?:\[[^\]/]*\]|[^:/])*)(?::([0-9]*))?(\/.*)?$/s, slashed);
    const [, user, host, port, path = ''] = found || [];
    // An `@` after a slash belongs to the path.
    if (user !== undefined && indexIn(user, '/') >= 0) return withPath(text, url, slashed);
    const isFile = url.protocol === 'file:';
    const isBare = user === undefined && port === undefined;
    const lacksHost = host === '' && (!isBare || (special && !isFile));
    if (!found || lacksHost || (isFile && !isBare) || +port > 65535) throw invalid(text);
    if (user !== undefined) {
      const colon = indexIn(user, ':');
      url.user = encoded(colon < 0 ? user : slice(user, 0, colon), IN_USER);
      url.password = colon < 0 ? '' : encoded(slice(user, colon + 1), IN_USER);
    }
    url.host = hostOf(text, host, url.protocol);
    url.port = port === undefined || port === '' || `${+port}` === PORTS[url.protocol] ? '' : `${+port}`;
    url.path = normal(encoded(path, IN_PATH), special);
    return url;
  }

  function withPath(text, url, slashed) {
    const found = search(/^(\/\/[^/]*)(.*)$/s, slashed);
    const whole = withAuthority(text, url, found[1]);
    whole.path = normal(encoded(found[2], IN_PATH), isSpecial(url.protocol));
    return whole;
  }

  function hostOf(text, written, protocol) {
    const host = isSpecial(protocol) ? lower(unpercented(written)) : encoded(written, CONTROL);
    if (search(/^\[[0-9a-f:.]+\]$/i, host)) return host;
    const bad = isSpecial(protocol) ? /[\x00-\x20#/:<>?@[\\\]^|%\x7f]/ : /[\x00 #/:<>?@[\\\]^|]/;
    if (search(bad, host)) throw invalid(text);
    return protocol === 'file:' && host === 'localhost' ? '' : host;
  }

  // Without `.` and `..`.
  function normal(path, special) {
    if (path === '') return special ? '/' : '';
    const names = split(slice(path, 1), '/');
    const kept = [''];
    for (let i = 0; i < names.length; i++) {
      const isLast = i === names.length - 1;
      const name = replace(names[i], /%2e/gi, '.');
      if (name === '..' && kept.length > 1) kept.length--;
      if (name !== '.' && name !== '..') kept[kept.length] = names[i];
      else if (isLast) kept[kept.length] = '';
    }
    return join(kept, '/');
  }

  const isOpaque = url => url.host === undefined && !search(/^\//, url.path);

  function relative(text, { rest, query, fragment }, base) {
    if (isOpaque(base) && (rest !== '' || query !== undefined || fragment === undefined)) throw invalid(text);
    const url = { ...base, fragment: '' };
    const special = isSpecial(base.protocol);
    const slashed = special ? replace(rest, /\\/g, '/') : rest;
    if (search(/^\/\//, slashed)) return absolute(text, base.protocol, slashed);
    if (slashed === '') return url;
    url.query = '';
    const directory = replace(base.path, /[^/]*$/, '') || '/';
    url.path = normal(encoded(search(/^\//, slashed) ? slashed : directory + slashed, IN_PATH), special);
    return url;
  }

  function hostAndPort(url) {
    if (url.host === undefined) return '';
    return url.host + (url.port === '' ? '' : `:${url.port}`);
  }

  function hrefOf(url) {
    const password = url.password === '' ? '' : `:${url.password}`;
    const user = url.user === '' && password === '' ? '' : `${url.user}${password}@`;
    const authority = url.host === undefined ? '' : `//${user}${hostAndPort(url)}`;
    return url.protocol + authority + url.path + url.query + url.fragment;
  }

  class URL {
    #url;
    #params;

    constructor(text, base) {
      this.#url = parsed(`${text}`, base === undefined ? undefined : baseOf(`${base}`));
    }

    static canParse(text, base) {
      return URL.parse(text, base) !== null;
    }

    static parse(text, base) {
      try {
        return new URL(text, base);
      } catch (error) {
        return null;
      }
    }

    get href() {
      return hrefOf(this.#url);
    }

    set href(text) {
      this.#url = parsed(`${text}`);
      this.#queryChanged();
    }

    get origin() {
      const { protocol, path } = this.#url;
      if (protocol === 'blob:') return URL.canParse(path) ? new URL(path).origin : 'null';
      if (!isSpecial(protocol) || protocol === 'file:') return 'null';
      return `${protocol}//${this.host}`;
    }

    get protocol() {
      return this.#url.protocol;
    }

    set protocol(text) {
      const found = search(/^([a-z][a-z0-9+.-]*):?/i, `${text}`);
      const protocol = found && `${lower(found[1])}:`;
      if (protocol && isSpecial(protocol) === isSpecial(this.#url.protocol)) this.#url.protocol = protocol;
    }

    get username() {
      return this.#url.user;
    }

    set username(text) {
      if (this.#url.host) this.#url.user = encoded(`${text}`, IN_USER);
    }

    get password() {
      return this.#url.password;
    }

    set password(text) {
      if (this.#url.host) this.#url.password = encoded(`${text}`, IN_USER);
    }

    get host() {
      return hostAndPort(this.#url);
    }

    set host(text) {
      this.#setAuthority(`${text}`);
    }

    get hostname() {
      return this.#url.host || '';
    }

    set hostname(text) {
      if (!search(/:/, `${text}`)) this.#setAuthority(`${text}`);
    }

    #setAuthority(text) {
      const found = search(/^(\[[^\]]*\]|[^:/?#]*)(?::([0-9]*))?/, text);
      if (isOpaque(this.#url) || (found[1] === '' && isSpecial(this.#url.protocol))) return;
      this.#url.host = hostOf(text, found[1], this.#url.protocol);
      if (found[2]) this.port = found[2];
    }

    get port() {
      return this.#url.port;
    }

    set port(text) {
      const found = search(/^[0-9]*/, `${text}`)[0];
      if (!this.#url.host || this.#url.protocol === 'file:' || +found > 65535) return;
      this.#url.port = found === '' || `${+found}` === PORTS[this.#url.protocol] ? '' : `${+found}`;
    }

    get pathname() {
      return this.#url.path;
    }

    set pathname(text) {
      if (isOpaque(this.#url)) return;
      const special = isSpecial(this.#url.protocol);
      const slashed = special ? replace(`${text}`, /\\/g, '/') : `${text}`;
      this.#url.path = normal(replace(encoded(pathFrom(slashed), IN_PATH), /[?#]/g, percented), special);
    }

    get search() {
      return shown(this.#url.query);
    }

    set search(text) {
      const query = replace(replace(`${text}`, /^\?/, ''), /#/g, '%23');
      this.#url.query = `${text}` === '' ? '' : queryOf(this.#url.protocol, query);
      this.#queryChanged();
    }

    get searchParams() {
      if (!this.#params) {
        this.#params = new Query(this.#url.query);
        setOwner(this.#params, query => {
          this.#url.query = query === '' ? '' : `?${query}`;
        });
      }
      return this.#params;
    }

    #queryChanged() {
      if (this.#params) setPairs(this.#params, slice(this.#url.query, 1));
    }

    get hash() {
      return shown(this.#url.fragment);
    }

    set hash(text) {
      this.#url.fragment = `${text}` === '' ? '' : fragmentOf(replace(`${text}`, /^#/, ''));
    }

    toString() {
      return this.href;
    }

    toJSON() {
      return this.href;
    }
  }

  define('URL', URL);
})();
