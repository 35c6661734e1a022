// Places in the user's files: what engines report of them, as `{name, file, line, column}`
// with the file relative to the directory of the script; and what is ours, or the engine's.
'use strict';

(function () {
  const { options, page } = harness;
  const bind = method => Function.prototype.call.bind(method);
  const startsWith = bind(String.prototype.startsWith);
  const slice = bind(String.prototype.slice);
  const indexOf = bind(String.prototype.indexOf);
  const lastIndexOf = bind(String.prototype.lastIndexOf);
  const split = bind(String.prototype.split);
  const search = bind(RegExp.prototype.exec);

  // Of a long stack the innermost functions are kept, and the outermost ones: the user's own, that called a package.
  const INNERMOST = 8;
  const OUTERMOST = 2;

  // The directory of js/lib, the root of the user's files, and the script's directory, all
  // absolute and with a slash at the end; and that root where the user has it, to which hosts
  // follow links to packages.
  const { lib, root, directory, home } = options;

  // The user's file, or undefined: ours, the engine's or the host's.
  function fileOf(url) {
    if (typeof url !== 'string' || url === '') return undefined;
    const path = startsWith(url, 'file://') ? decodeURI(slice(url, 7)) : url;
    if (startsWith(path, lib) || startsWith(path, 'wasm-function[')) return undefined;
    if (startsWith(path, directory)) return named(slice(path, directory.length));
    if (startsWith(path, root)) return up() + named(slice(path, root.length));
    if (home && startsWith(path, home)) return up() + slice(path, home.length);
    const packages = lastIndexOf(path, '/node_modules/');
    if (packages >= 0 && path[0] === '/') return slice(path, packages + 1);
    if (path[0] === '/' || search(/^[\w-]+:/, path) !== null) return undefined;
    // As it was loaded, from the directory.
    return search(/^(?:<|\[|\()/, path) === null ? path : undefined;
  }

  // In a page all of these are addresses.
  const { decodeURI: decode } = globalThis;
  const named = path => (page ? decode(path) : path);

  const up = () => {
    let steps = '';
    for (let i = root.length; i < directory.length; i++) if (directory[i] === '/') steps += '../';
    return steps;
  };

  // A text with the user's files by their short names, for the full ones may have spaces.
  // Ours are no files of the user's.
  function shortened(text) {
    const prefixes = [[lib, 'ours:'], [directory, ''], [root, up()], [home || root, up()]];
    let short = text;
    for (let i = 0; i < prefixes.length; i++) {
      const { 0: prefix, 1: name } = prefixes[i];
      short = joined(split(short, `file://${encodeURI(prefix)}`), name);
      short = joined(split(short, prefix), name);
    }
    return short;
  }

  function joined(parts, between) {
    let text = parts[0];
    for (let i = 1; i < parts.length; i++) text += between + parts[i];
    return text;
  }

  // A frame of SpiderMonkey's stacks, `name@file:line:column`, or undefined.
  function frameOf(line) {
    const at = indexOf(line, '@');
    const found = search(/^(.*):(\d+):(\d+)$/, at < 0 ? '' : slice(line, at + 1));
    if (found === null) return undefined;
    const file = fileOf(found[1]);
    if (file === undefined) return undefined;
    const name = slice(line, lastIndexOf(slice(line, 0, at), '*') + 1, at);
    return { name, file, line: Number(found[2]), column: Number(found[3]) };
  }

  // The innermost first; the frame is one farther out.
  function addOuter(frames, frame) {
    if (frames.length === INNERMOST + OUTERMOST) {
      for (let i = INNERMOST; i < frames.length - 1; i++) frames[i] = frames[i + 1];
      frames.length--;
    }
    frames[frames.length] = frame;
  }

  // The stack, the innermost first, with one more function that it has called.
  function pushed(frame, stack) {
    const longer = [frame];
    const isFull = stack.length === INNERMOST + OUTERMOST;
    for (let i = 0; i < stack.length; i++) if (!isFull || i !== INNERMOST - 1) longer[longer.length] = stack[i];
    return longer;
  }

  function framesOf(text) {
    const lines = split(text, '\n');
    const frames = [];
    for (let i = 0; i < lines.length; i++) {
      const frame = frameOf(lines[i]);
      if (frame) addOuter(frames, frame);
    }
    return frames;
  }

  // Kinds by key, as readings.js takes them: keys, and count and bytes of each.
  function flat(kinds) {
    const found = { keys: [], values: [] };
    for (const key in kinds) {
      const at = found.keys.length;
      found.keys[at] = key;
      found.values[2 * at] = kinds[key].count;
      found.values[2 * at + 1] = kinds[key].bytes;
    }
    return found;
  }

  harness.places = { fileOf, framesOf, pushed, flat, shortened };
})();
