// Event, EventTarget, AbortController and AbortSignal for the shells. Loaded after web.js
// and timers.js.
'use strict';

(function () {
  const { bind, define, guarded } = harness.web;
  const { DOMException: Refusal, TypeError: WrongType, setTimeout: later } = globalThis;
  const { apply } = Reflect;
  const now = performance.now.bind(performance);
  const splice = bind(Array.prototype.splice);
  const filter = bind(Array.prototype.filter);
  const findIndex = bind(Array.prototype.findIndex);

  // What dispatchEvent changes of an event.
  const stateOf = new WeakMap();
  const [getState, setState] = [bind(stateOf.get), bind(stateOf.set)];
  const state = event => getState(stateOf, event);

  class Event {
    constructor(type, options) {
      const { bubbles, cancelable, composed } = options || {};
      setState(stateOf, this, {
        type: `${type}`, bubbles: !!bubbles, cancelable: !!cancelable, composed: !!composed,
        target: null, isPrevented: false, isStopped: false, isPassive: false, time: now(),
      });
    }

    get type() { return state(this).type; }
    get bubbles() { return state(this).bubbles; }
    get cancelable() { return state(this).cancelable; }
    get composed() { return state(this).composed; }
    get target() { return state(this).target; }
    get currentTarget() { return state(this).target; }
    get defaultPrevented() { return state(this).isPrevented; }
    get timeStamp() { return state(this).time; }
    get isTrusted() { return false; }

    preventDefault() {
      if (this.cancelable && !state(this).isPassive) state(this).isPrevented = true;
    }

    // There is no tree of targets.
    stopPropagation() {}

    stopImmediatePropagation() {
      state(this).isStopped = true;
    }
  }

  function call(listener, target, event) {
    const { callback } = listener;
    const isFunction = typeof callback === 'function';
    guarded('callback', isFunction
      ? given => apply(callback, target, [given])
      : given => callback.handleEvent(given), [event])();
  }

  class EventTarget {
    #listeners = [];

    #find(type, callback, capture) {
      return findIndex(this.#listeners, known =>
        known.type === type && known.callback === callback && known.capture === capture);
    }

    addEventListener(type, callback, options) {
      if (callback === null || callback === undefined) return;
      const { once, passive, signal } = typeof options === 'object' && options !== null ? options : {};
      const capture = captureOf(options);
      if (this.#find(`${type}`, callback, capture) >= 0 || (signal && signal.aborted)) return;
      const listeners = this.#listeners;
      const listener = { type: `${type}`, callback, capture, once: !!once, passive: !!passive, isRemoved: false };
      listeners[listeners.length] = listener;
      if (signal) signal.addEventListener('abort', () => this.removeEventListener(type, callback, options), { once: true });
    }

    removeEventListener(type, callback, options) {
      const at = this.#find(`${type}`, callback, captureOf(options));
      if (at < 0) return;
      this.#listeners[at].isRemoved = true;
      splice(this.#listeners, at, 1);
    }

    dispatchEvent(event) {
      const dispatched = state(event);
      if (!dispatched) throw new WrongType('dispatchEvent takes an Event');
      dispatched.target = this;
      // Those that are added meanwhile have to wait for the next.
      const called = filter(this.#listeners, known => known.type === dispatched.type);
      for (let i = 0; i < called.length && !dispatched.isStopped; i++) {
        const listener = called[i];
        if (listener.isRemoved) continue;
        if (listener.once) this.removeEventListener(listener.type, listener.callback, listener.capture);
        dispatched.isPassive = listener.passive;
        call(listener, this, event);
      }
      dispatched.isStopped = dispatched.isPassive = false;
      return !dispatched.isPrevented;
    }
  }

  const captureOf = options => !!(typeof options === 'object' && options !== null ? options.capture : options);

  define('Event', Event);
  define('EventTarget', EventTarget);
  const { Event: AnyEvent, EventTarget: Target } = globalThis;

  // Only a controller, and AbortSignal's own functions, make and abort signals.
  const KEY = {};
  let abort;

  class AbortSignal extends Target {
    #isAborted = false;
    #reason = undefined;
    #handler = null;

    constructor(key) {
      if (key !== KEY) throw new WrongType('an AbortSignal comes from an AbortController');
      super();
    }

    static {
      abort = (signal, reason) => {
        if (signal.#isAborted) return;
        signal.#isAborted = true;
        signal.#reason = reason === undefined ? new Refusal('the operation was aborted', 'AbortError') : reason;
        signal.dispatchEvent(new AnyEvent('abort'));
      };
    }

    static abort(reason) {
      const signal = new AbortSignal(KEY);
      abort(signal, reason);
      return signal;
    }

    static timeout(delay) {
      const signal = new AbortSignal(KEY);
      later(() => abort(signal, new Refusal('the time is over', 'TimeoutError')), delay);
      return signal;
    }

    static any(signals) {
      const signal = new AbortSignal(KEY);
      for (const source of signals) {
        if (source.aborted) abort(signal, source.reason);
        else source.addEventListener('abort', () => abort(signal, source.reason), { once: true, signal });
      }
      return signal;
    }

    get aborted() { return this.#isAborted; }
    get reason() { return this.#reason; }
    get onabort() { return this.#handler; }

    set onabort(handler) {
      if (this.#handler) this.removeEventListener('abort', this.#handler);
      this.#handler = typeof handler === 'function' ? handler : null;
      if (this.#handler) this.addEventListener('abort', this.#handler);
    }

    throwIfAborted() {
      if (this.#isAborted) throw this.#reason;
    }
  }

  define('AbortSignal', AbortSignal);
  define('AbortController', class AbortController {
    #signal = new AbortSignal(KEY);

    get signal() {
      return this.#signal;
    }

    abort(reason) {
      abort(this.#signal, reason);
    }
  });
})();
