export class Clock {
  constructor() {
    this.listeners = new Set();
  }

  listen(listener) {
    this.listeners.add(listener);
  }

  unlisten(listener) {
    this.listeners.delete(listener);
  }

  tick(now) {
    for (const listener of this.listeners) listener(now);
  }
}
